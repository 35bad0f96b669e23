package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vigia/collector/enroll"
	"vigia/collector/storage"
)

func (c *cli) agentsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "agents", Short: "Equipos dados de alta"}
	var format string
	list := &cobra.Command{
		Use: "list", Short: "Lista los equipos y cuándo informaron", Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			var machines []enroll.Machine
			err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				machines, err = col.Enroll.Machines(ctx, tx)
				return err
			})
			if err != nil {
				return err
			}
			if format == "json" {
				return c.printMachines(machines)
			}
			states := map[enroll.Status]string{enroll.Active: "activo", enroll.Revoked: "revocado", enroll.Retired: "retirado"}
			w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "EQUIPO\tID\tESTADO\tDEPARTAMENTO\tSISTEMA\tVERSIÓN\tÚLTIMO CONTACTO\tCERTIFICADO HASTA")
			for _, m := range machines {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Hostname, m.ID, states[m.Status], dash(m.Department),
					dash(m.OSName+" "+m.OSVersion), m.AgentVersion, col.local(m.LastSeen), col.local(m.CertNotAfter))
			}
			return w.Flush()
		}),
	}
	list.Flags().StringVar(&format, "format", "text", "text o json")
	offer(list, "format", "text", "json")

	leave := func(use, short, long string, do func(*enroll.Store) func(context.Context, *storage.Tx, string, string, string) error) *cobra.Command {
		var why string
		sub := &cobra.Command{
			Use: use + " ID", Short: short, Long: long, Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
					return col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
						return do(col.Enroll)(ctx, tx, args[0], why, c.by)
					})
				})
			},
		}
		return withWhy(sub, &why)
	}
	cmd.AddCommand(list, c.requestsCommand(), c.approveCommand(), c.rejectCommand(),
		c.duplicatesCommand(), c.mergeCommand(), c.distinctCommand(),
		leave("revoke", "Deja de confiar en un equipo (robo, clave copiada)",
			"Revoca un equipo: no se acepta nada más de él. Para volver necesita un alta nueva.",
			func(s *enroll.Store) func(context.Context, *storage.Tx, string, string, string) error {
				return s.Revoke
			}),
		leave("retire", "Da de baja un equipo que deja de usarse",
			"Retira un equipo en orden: sus datos quedan en el registro y deja de esperarse su informe.",
			func(s *enroll.Store) func(context.Context, *storage.Tx, string, string, string) error {
				return s.Retire
			}))
	return cmd
}

func (c *cli) printMachines(machines []enroll.Machine) error {
	type row struct {
		ID         string    `json:"id"`
		Hostname   string    `json:"hostname"`
		Status     string    `json:"status"`
		Department string    `json:"department,omitempty"`
		OS         string    `json:"os"`
		OSName     string    `json:"os_name"`
		OSVersion  string    `json:"os_version"`
		Agent      string    `json:"agent_version"`
		ReplacedBy string    `json:"replaced_by,omitempty"`
		Enrolled   time.Time `json:"enrolled_at"`
		LastSeen   time.Time `json:"last_seen,omitzero"`
		NotAfter   time.Time `json:"certificate_not_after"`
	}
	rows := make([]row, 0, len(machines))
	for _, m := range machines {
		rows = append(rows, row{m.ID, m.Hostname, string(m.Status), m.Department, m.OS, m.OSName, m.OSVersion,
			m.AgentVersion, m.ReplacedBy, m.EnrolledAt, m.LastSeen, m.CertNotAfter})
	}
	return json.NewEncoder(c.Stdout).Encode(rows)
}

func (c *cli) machinesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "machines", Short: "Equipos que la organización dice tener"}
	imp := &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Importa la relación de equipos, para saber cuáles no tienen agente",
		Long: `Importa la relación de equipos de la organización. La revisión compara con ella
y nombra los equipos conocidos sin agente. La lista sustituye a la anterior.

Columnas (con encabezado, separadas por , o ;): host,department,note,excluded
En «excluded» se escribe sí cuando un equipo queda fuera a propósito, y el porqué en
«note»; si no, se deja vacío.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			list, err := enroll.ParseKnown(f)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				var change enroll.KnownChange
				err := col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
					change, err = col.Enroll.ImportKnown(ctx, tx, list, c.by)
					return err
				})
				if err != nil {
					return err
				}
				fmt.Fprintf(c.Stdout, "%d equipos nuevos, %d cambiados, %d quitados, %d iguales\n", change.Added, change.Changed, change.Removed, change.Same)
				return nil
			})
		},
	}
	cmd.AddCommand(imp)
	return cmd
}

func dash(s string) string {
	if s == "" || s == " " {
		return "—"
	}
	return s
}
