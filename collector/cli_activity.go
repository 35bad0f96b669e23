package collector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"vigia/collector/activity"
)

func (c *cli) activityCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "activity", Short: "Registro de actividad: quién consultó o cambió qué"}
	cmd.AddCommand(c.activityListCommand(), &cobra.Command{
		Use:   "verify",
		Short: "Comprueba que nadie ha cambiado el registro de actividad",
		Long: `Compara cada día cerrado del registro de actividad con su sello en el registro de
evidencias. Termina con 1, y dice el primer día que no coincide, si alguien
cambió, quitó o añadió algo. El día en curso aún no tiene sello.`,
		Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			days, err := col.Activity.Verify(ctx)
			if bad, ok := errors.AsType[*activity.BadDayError](err); ok {
				fmt.Fprintf(c.Stdout, "MAL: el registro de actividad del %s no es el que se selló (%s).\n", bad.Day, bad.Why)
				return errNo
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Stdout, "Bien: %d días sellados, ninguno ha cambiado.\n", days)
			return nil
		}),
	})
	return cmd
}

func (c *cli) activityListCommand() *cobra.Command {
	var who, record, from, to string
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Muestra lo último que se hizo, como JSON por líneas",
		Example: `  vigia activity list --who ana --from 2026-11-01
  vigia activity list --record /equipos/ --limit 1000`,
		Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			f := activity.Filter{Who: who, Record: record, Limit: limit}
			for _, day := range []struct {
				text string
				out  *time.Time
				add  int
			}{{from, &f.From, 0}, {to, &f.To, 1}} {
				if day.text == "" {
					continue
				}
				at, err := time.ParseInLocation(time.DateOnly, day.text, col.Config.TimeZone.Location)
				if err != nil {
					return fmt.Errorf("%q no es un día: escríbalo como 2026-12-31", day.text)
				}
				*day.out = at.AddDate(0, 0, day.add)
			}
			enc := json.NewEncoder(c.Stdout)
			return col.Activity.Entries(ctx, f, func(e activity.Entry) error {
				return enc.Encode(struct {
					ID     int64        `json:"id"`
					At     time.Time    `json:"at"`
					Who    string       `json:"who"`
					Role   string       `json:"role,omitempty"`
					Source string       `json:"source"`
					Act    activity.Act `json:"act"`
					Route  string       `json:"route"`
					Record string       `json:"record,omitempty"`
					Result int          `json:"result"`
				}{e.ID, e.At, e.Who, e.Role, e.Source, e.Act, e.Route, e.Record, e.Result})
			})
		}),
	}
	cmd.Flags().StringVar(&who, "who", "", "cuenta")
	cmd.Flags().StringVar(&record, "record", "", "dirección del registro; con barra final, todo lo que cuelga de ella")
	cmd.Flags().StringVar(&from, "from", "", "primer día, como 2026-11-01")
	cmd.Flags().StringVar(&to, "to", "", "último día")
	cmd.Flags().IntVar(&limit, "limit", 100, "cuántas anotaciones como mucho; 0, todas")
	return cmd
}

// took notes a command that somebody ran at the console. What it printed or was told is not
// noted. A database that takes no more entries keeps nobody from looking.
func (c *cli) took(ctx context.Context, col *Collector, result error) error {
	e := activity.Entry{Who: c.by, Source: "console", Act: activity.Command, Route: c.command, Record: c.about}
	switch {
	case result == nil:
	case errors.Is(result, errNo):
		e.Result = exitNo
	default:
		e.Result = exitError
	}
	if err := col.Activity.Record(context.WithoutCancel(ctx), e); err != nil {
		fmt.Fprintf(c.Stderr, "vigia: aviso: la orden no quedó en el registro de actividad: %v\n", err)
	}
	return result
}
