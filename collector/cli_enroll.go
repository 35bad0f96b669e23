package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/storage"
)

func (c *cli) tokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Códigos de alta de equipos"}
	req := enroll.TokenRequest{}
	var quiet bool
	create := &cobra.Command{
		Use:   "create",
		Short: "Crea un código de un solo uso para dar de alta un equipo",
		Long: `Crea un código de alta. Sirve una sola vez y caduca (72 horas si no se indica
otra cosa). Lleva dentro la huella de este colector, de modo que el equipo no
puede ser engañado por otro. Trátelo como una contraseña hasta que se use.`,
		Example: "  vigia token create --host PC-014 --department Tesorería",
		Args:    cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			var token apiv1.Token
			req.By = c.by
			err := col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				token, err = col.Enroll.CreateToken(ctx, tx, req)
				return err
			})
			if err != nil {
				return err
			}
			if quiet {
				fmt.Fprintln(c.Stdout, token)
				return nil
			}
			life := req.Lifetime
			if life == 0 {
				life = enroll.TokenLifetime
			}
			fmt.Fprintf(c.Stdout, "Código de alta, de un solo uso, válido hasta %s:\n\n  %s\n\nEn el equipo:\n\n  vigia-agent enroll --collector %s --token CÓDIGO\n",
				c.Now().Add(life).In(col.Config.TimeZone.Location).Format("02/01/2006 15:04"), token, col.Config.Agents.Listen)
			return nil
		}),
	}
	create.Flags().StringVar(&req.Hostname, "host", "", "solo para el equipo con este nombre")
	create.Flags().StringVar(&req.Department, "department", "", "departamento del equipo")
	create.Flags().DurationVar(&req.Lifetime, "ttl", 0, "vigencia, como 24h (72h si no se indica)")
	create.Flags().BoolVarP(&quiet, "quiet", "q", false, "escribe solo el código")

	list := &cobra.Command{
		Use: "list", Short: "Lista los códigos y qué fue de ellos", Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			var tokens []enroll.TokenInfo
			err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				tokens, err = col.Enroll.Tokens(ctx, tx)
				return err
			})
			if err != nil {
				return err
			}
			states := map[enroll.TokenState]string{enroll.TokenOpen: "abierto", enroll.TokenUsed: "usado",
				enroll.TokenExpired: "caducado", enroll.TokenRevoked: "retirado"}
			w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tESTADO\tEQUIPO\tDEPARTAMENTO\tCREADO\tCADUCA\tPOR")
			for _, t := range tokens {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, states[t.State(c.Now())], dash(t.Hostname), dash(t.Department),
					col.local(t.CreatedAt), col.local(t.ExpiresAt), t.CreatedBy)
			}
			return w.Flush()
		}),
	}
	revoke := &cobra.Command{
		Use: "revoke ID", Short: "Retira un código que no se ha usado", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
					return col.Enroll.RevokeToken(ctx, tx, args[0], c.by)
				})
			})
		},
	}
	cmd.AddCommand(create, list, revoke)
	return cmd
}

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
		sub.Flags().StringVar(&why, "why", "", "motivo, que queda en el registro")
		_ = sub.MarkFlagRequired("why") // the flag is the line above
		return sub
	}
	cmd.AddCommand(list,
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
		Enrolled   time.Time `json:"enrolled_at"`
		LastSeen   time.Time `json:"last_seen,omitzero"`
		NotAfter   time.Time `json:"certificate_not_after"`
	}
	rows := make([]row, 0, len(machines))
	for _, m := range machines {
		rows = append(rows, row{m.ID, m.Hostname, string(m.Status), m.Department, m.OS, m.OSName, m.OSVersion,
			m.AgentVersion, m.EnrolledAt, m.LastSeen, m.CertNotAfter})
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
En «excluded» se escribe por qué un equipo queda fuera; vacío si no queda fuera.`,
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
