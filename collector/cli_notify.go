package collector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vigia/checks/message"
	"vigia/collector/notify"
	"vigia/collector/storage"
)

func (c *cli) notifyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "notify", Short: "Avisos: probar el correo, ver qué se entregó"}
	cmd.AddCommand(c.notifyTestCommand(), c.notifyListCommand(), c.notifyRetryCommand())
	return cmd
}

func (c *cli) notifyTestCommand() *cobra.Command {
	var channel, to string
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Envía un mensaje de prueba y dice qué pasó",
		Long: `Envía ahora un mensaje de prueba por los medios que tiene vigia.yaml (smtp, webhook,
syslog) y dice qué pasó en cada uno. Por correo hace falta --to con la dirección
que lo recibe. El mensaje no queda guardado.

Códigos de salida: 0 todos aceptaron; 1 alguno no; 2 no hay ninguno, o hay un error.`,
		Example: "  vigia notify test --channel mail --to ana@ayuntamiento.example",
		Args:    cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			if to != "" {
				if err := notify.CheckAddress(to); err != nil {
					return err
				}
			}
			channels, err := col.channels()
			if err != nil {
				return err
			}
			if channel != "" {
				channels = slices.DeleteFunc(channels, func(n notify.Channel) bool { return n.Name() != channel })
			}
			if len(channels) == 0 {
				return errors.New("la configuración no tiene ese medio: escriba smtp, webhook o syslog en vigia.yaml (la guía: avisos.md)")
			}
			return c.testChannels(ctx, channels, to)
		}),
	}
	cmd.Flags().StringVar(&channel, "channel", "", "solo por este medio: mail, webhook o syslog; todos si no se indica")
	cmd.Flags().StringVar(&to, "to", "", "dirección de correo que recibe la prueba")
	completes(cmd, "channel", notify.ChannelNames()...)
	return cmd
}

// completes offers fixed values for a flag.
func completes(cmd *cobra.Command, flag string, values ...string) {
	// The only error is a flag that does not exist, which a test would show.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

func (c *cli) testChannels(ctx context.Context, channels []notify.Channel, to string) error {
	bad := false
	for _, channel := range channels {
		name := notify.ChannelName(channel.Name()).In(message.Spanish)
		if channel.Name() == notify.Mail && to == "" {
			return errors.New("para probar el correo indique quién recibe la prueba, con --to DIRECCIÓN")
		}
		err := notify.Test(ctx, channel, to, c.Now())
		if trouble, ok := errors.AsType[*notify.Trouble](err); ok {
			bad = true
			fmt.Fprintf(c.Stdout, "✘ %s: %s\n", name, trouble.Say(message.Spanish))
			continue
		}
		if err != nil {
			return err
		}
		switch channel.Name() {
		case notify.Mail:
			fmt.Fprintf(c.Stdout, "✔ %s: el servidor aceptó el mensaje para %s. Compruebe que llegó.\n", name, to)
		case notify.Syslog:
			fmt.Fprintf(c.Stdout, "✔ %s: enviado. Syslog no responde: compruebe allí que llegó.\n", name)
		default:
			fmt.Fprintf(c.Stdout, "✔ %s: el otro sistema lo aceptó.\n", name)
		}
	}
	if bad {
		return errNo
	}
	return nil
}

func (c *cli) notifyListCommand() *cobra.Command {
	var state, format string
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lista las entregas de avisos y lo que falta por entregar",
		Long: `Lista las entregas por correo, webhook y syslog: las que están en camino, con el
último problema y cuándo se intenta de nuevo; las que esperan a un resumen; y las
que no se pudieron entregar. Lo que no se entrega sigue en el portal, en Avisos.

Códigos de salida: 0 nada quedó sin entregar; 1 algo no se pudo entregar.`,
		Example: "  vigia notify list --state given_up",
		Args:    cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			states := []notify.State{notify.Waiting, notify.Held, notify.GivenUp}
			if state != "" {
				states = []notify.State{notify.State(state)}
				if notify.StateName(states[0]).ES == state {
					return fmt.Errorf("--state %q: use waiting, held, digest, delivered o given_up", state)
				}
			}
			var found []notify.Delivery
			if err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				found, err = col.Notify.Find(ctx, tx, states, limit)
				return err
			}); err != nil {
				return err
			}
			if err := c.printDeliveries(col, found, format); err != nil {
				return err
			}
			if slices.ContainsFunc(found, func(d notify.Delivery) bool { return d.State == notify.GivenUp }) {
				return errNo
			}
			return nil
		}),
	}
	const most = 100
	cmd.Flags().StringVar(&state, "state", "", "waiting, held, digest, delivered o given_up; las que faltan si no se indica")
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	cmd.Flags().IntVar(&limit, "limit", most, "cuántas de cada estado como mucho")
	completes(cmd, "state", string(notify.Waiting), string(notify.Held), string(notify.InDigest), string(notify.Delivered), string(notify.GivenUp))
	completes(cmd, "format", "text", "json")
	return cmd
}

func (c *cli) printDeliveries(col *Collector, found []notify.Delivery, format string) error {
	if format == "json" {
		type row struct {
			ID       int64        `json:"id"`
			Channel  string       `json:"channel"`
			To       string       `json:"to,omitempty"`
			State    notify.State `json:"state"`
			Subject  string       `json:"subject"`
			Urgent   bool         `json:"urgent"`
			Created  time.Time    `json:"created"`
			Next     time.Time    `json:"next,omitzero"`
			Attempts int          `json:"attempts"`
			Trouble  string       `json:"trouble,omitempty"`
			Detail   string       `json:"detail,omitempty"`
			Done     time.Time    `json:"done,omitzero"`
		}
		rows := make([]row, 0, len(found))
		for _, d := range found {
			r := row{d.ID, d.Channel, d.Recipient, d.State, d.Subject.ES, d.Urgent, d.Created, d.Next, d.Attempts, d.Trouble.Code, d.Trouble.Detail, d.Done}
			if d.State != notify.Waiting {
				r.Next = time.Time{}
			}
			rows = append(rows, r)
		}
		return json.NewEncoder(c.Stdout).Encode(rows)
	}
	if len(found) == 0 {
		fmt.Fprintln(c.Stdout, "No hay entregas de esas.")
		return nil
	}
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "N.º\tESTADO\tMEDIO\tPARA\tAVISO\tINTENTOS\tPRÓXIMO\tQUÉ PASÓ")
	for _, d := range found {
		next, why := "", ""
		if d.State == notify.Waiting {
			next = col.local(d.Next)
		}
		if d.Trouble.Code != "" {
			why = strings.ReplaceAll(d.Trouble.Say(message.Spanish), "\n", " ")
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", d.ID, notify.StateName(d.State).In(message.Spanish), notify.ChannelName(d.Channel).In(message.Spanish),
			dash(d.Recipient), d.Subject.ES, d.Attempts, dash(next), dash(why))
	}
	return w.Flush()
}

func (c *cli) notifyRetryCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "retry ID...",
		Short: "Vuelve a intentar una entrega que se dio por perdida",
		Long: `Vuelve a poner en camino entregas que no se pudieron hacer, por su número (véalo con
«vigia notify list»). El servicio las intenta en el minuto siguiente.`,
		Example: "  vigia notify retry 12 13",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
					for _, text := range args {
						id, err := strconv.ParseInt(text, 10, 64)
						if err != nil {
							return fmt.Errorf("%q: escriba el número que muestra «vigia notify list»", text)
						}
						if err := col.Notify.Retry(ctx, tx, id); err != nil {
							return fmt.Errorf("%d: %w", id, err)
						}
					}
					return nil
				})
			})
		},
	}
}
