package collector

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vigia/checks/message"
	"vigia/collector/decisions"
	"vigia/collector/registers"
	"vigia/collector/registers/plan"
	"vigia/collector/report"
	"vigia/collector/storage"
	"vigia/collector/web"
)

// queueCommand lists what waits for a decision.
func (c *cli) queueCommand() *cobra.Command {
	var format string
	var all bool
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Lista lo que espera una decisión, agrupado por su causa",
		Long: `Cada línea es una causa, esté en un equipo o en trescientos, y se decide una vez.
La CLAVE es la que pide «vigia findings decide». Termina con 1 si hay algo crítico
o alto que lleva más de 72 horas sin decidir.`,
		Example: `  vigia findings queue
  vigia findings queue --all --format json`,
		Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			var groups []decisions.Group
			err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				groups, err = col.Decisions.Queue(ctx, tx, c.Now())
				return err
			})
			if err != nil {
				return err
			}
			if !all {
				groups = slices.DeleteFunc(groups, func(g decisions.Group) bool { return !g.Asks() })
			}
			if format == "json" {
				err = c.queueJSON(groups)
			} else {
				err = c.queueTable(col, groups)
			}
			if err == nil && slices.ContainsFunc(groups, func(g decisions.Group) bool { return g.Overdue }) {
				return errNo
			}
			return err
		}),
	}
	cmd.Flags().BoolVar(&all, "all", false, "también lo decidido y lo mejorable")
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	return cmd
}

func (c *cli) queueTable(col *Collector, groups []decisions.Group) error {
	voice := report.NewVoice(message.Spanish, col.Catalog)
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CLAVE\tGRAVEDAD\tESTADO\tDÓNDE\tSIN DECIDIR\tDESDE\tQUÉ PASA")
	waiting, overdue := 0, 0
	for _, g := range groups {
		where := fmt.Sprintf("%d equipos", len(g.Machines))
		if len(g.Machines) == 0 {
			where = fmt.Sprint(len(g.Members))
		}
		late := ""
		if g.Overdue {
			late, overdue = " (+72 h)", overdue+1
		}
		if g.Asks() {
			waiting++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d%s\t%s\t%s\n", g.Key, report.Label(voice.Lang, string(g.Severity)), report.Label(voice.Lang, string(g.Status)), where,
			g.Undecided, late, col.local(g.Since), cmp.Or(g.Title.ES, voice.Say(g.Reason)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(c.Stderr, "%d por decidir, %d con más de 72 horas\n", waiting, overdue)
	return nil
}

// queueLine is a group as the command line gives it.
type queueLine struct {
	Key       string    `json:"key"`
	Control   string    `json:"control"`
	Code      string    `json:"code"`
	Severity  string    `json:"severity"`
	Status    string    `json:"status"`
	Since     time.Time `json:"since"`
	Undecided int       `json:"undecided"`
	Overdue   bool      `json:"overdue"`
	Machines  []string  `json:"machines"` // host names
	Members   int       `json:"members"`
	Decision  string    `json:"decision,omitempty"`
	Ref       string    `json:"ref,omitempty"`
}

func (c *cli) queueJSON(groups []decisions.Group) error {
	out := make([]queueLine, 0, len(groups))
	for _, g := range groups {
		line := queueLine{Key: g.Key, Control: g.Control, Code: g.Code, Severity: string(g.Severity), Status: string(g.Status), Since: g.Since.UTC(),
			Undecided: g.Undecided, Overdue: g.Overdue, Machines: []string{}, Members: len(g.Members)}
		for _, m := range g.Machines {
			line.Machines = append(line.Machines, m.Hostname)
		}
		if g.Decision != nil {
			line.Decision, line.Ref = string(g.Decision.Kind), g.Decision.Ref
		}
		out = append(out, line)
	}
	return json.NewEncoder(c.Stdout).Encode(out)
}

// kindNames are the kinds of decision as they are typed.
func kindNames() map[string]decisions.Kind {
	return map[string]decisions.Kind{"arreglar": decisions.Fix, "preguntar": decisions.Ask, "exceptuar": decisions.Waive, "incidencia": decisions.Incident, "descartar": decisions.Dismiss}
}

// decideCommand decides on causes.
func (c *cli) decideCommand() *cobra.Command {
	var kind, owner, due, until, why, department, approver string
	var again bool
	cmd := &cobra.Command{
		Use:   "decide CLAVE... --as DECISIÓN",
		Short: "Decide sobre causas que esperan",
		Long: `Toma una decisión sobre cada causa, que queda en el registro de evidencias con
quien la toma. Lo que cubre cada una:
  arreglar    lo de ahora y lo que aparezca hasta --due; entra en el plan de trabajo
  preguntar   lo de ahora, hasta --due (una semana si no se indica)
  exceptuar   lo de ahora y lo que aparezca hasta --until; entra en su libro
  incidencia  lo de ahora, sin plazo; abre una entrada del libro de incidencias
  descartar   lo de ahora, sin plazo; hace falta --why
Lo que se arregla y vuelve se decide otra vez, salvo que esté exceptuado.`,
		Example: `  vigia findings decide AC-LOCK-15~session.lock_off~high --as arreglar --owner "Luis Mora" --due 2026-12-15
  vigia findings decide VIGIA~vigia.silent~high --as descartar --why "equipos en el almacén"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, keys []string) error {
			choice := decisions.Choice{Kind: kindNames()[kind], Why: why, Owner: owner, Department: department, Approver: approver, Again: again,
				Act: registers.Act{By: c.by, Via: registers.Command}}
			if choice.Kind == "" {
				return fmt.Errorf("--as %q: escriba arreglar, preguntar, exceptuar, incidencia o descartar", kind)
			}
			if choice.Kind == decisions.Ask {
				choice.Who, choice.Owner = owner, ""
			}
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				var err error
				zone := col.Config.TimeZone.Location
				if choice.Due, err = dayFlag("--due", due, zone); err != nil {
					return err
				}
				if choice.Until, err = dayFlag("--until", until, zone); err != nil {
					return err
				}
				var taken []decisions.Decision
				err = col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
					taken, err = col.Decisions.Decide(ctx, tx, keys, choice)
					return err
				})
				if err != nil {
					return err
				}
				for _, d := range taken {
					fmt.Fprintf(c.Stdout, "%s: %s, %d hallazgos, prueba %d%s\n", d.Key, kind, d.Members, d.Leaf, strings.TrimRight(" "+d.Ref, " "))
				}
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&kind, "as", "", "arreglar, preguntar, exceptuar, incidencia o descartar")
	f.StringVar(&owner, "owner", "", "quien responde del arreglo, o a quien se pregunta")
	f.StringVar(&due, "due", "", "último día para arreglar o contestar, como 2026-12-15")
	f.StringVar(&until, "until", "", "último día de la excepción")
	f.StringVar(&why, "why", "", "motivo, o texto para el técnico")
	f.StringVar(&department, "department", "", "área a la que se limita la excepción")
	f.StringVar(&approver, "approver", "", "cuenta de quien aprueba la excepción")
	f.BoolVar(&again, "again", false, "en lugar de lo que se hubiera decidido antes")
	_ = cmd.MarkFlagRequired("as")
	_ = cmd.RegisterFlagCompletionFunc("as", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"arreglar", "preguntar", "exceptuar", "incidencia", "descartar"}, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// dayFlag reads a day of the organisation's zone; nothing is zero.
func dayFlag(name, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %q: escriba un día como 2026-12-15", name, text)
	}
	return t.Add(12 * time.Hour), nil
}

// planCommand lists the work plan.
func (c *cli) planCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "plan", Short: "El plan de trabajo: quién hace qué y para cuándo"}
	var format string
	var all bool
	list := &cobra.Command{
		Use:   "list",
		Short: "Lista las acciones abiertas, las que vencen antes primero",
		Long:  `Termina con 1 si alguna acción está fuera de plazo.`,
		Example: `  vigia plan list
  vigia plan list --all --format json`,
		Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			var rows []plan.Row
			err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
				rows = nil
				found, err := col.Registers.Rows(ctx, tx, plan.Book())
				for _, r := range found {
					row, err := plan.Of(r)
					if err != nil {
						return err
					}
					if all || row.State.Open() {
						rows = append(rows, row)
					}
				}
				return err
			})
			if err != nil {
				return err
			}
			slices.SortStableFunc(rows, func(a, b plan.Row) int { return a.Due.Compare(b.Due) })
			return c.planList(col, rows, format)
		}),
	}
	list.Flags().BoolVar(&all, "all", false, "también las hechas y las descartadas")
	list.Flags().StringVar(&format, "format", "text", "text o json")
	cmd.AddCommand(list)
	return cmd
}

func (c *cli) planList(col *Collector, rows []plan.Row, format string) error {
	type line struct {
		Folio   string `json:"folio"`
		Action  string `json:"action"`
		Control string `json:"control,omitempty"`
		Origin  string `json:"origin,omitempty"`
		Ref     string `json:"origin_ref,omitempty"`
		Area    string `json:"department,omitempty"`
		Owner   string `json:"owner"`
		Due     string `json:"due"`
		State   string `json:"state"`
		Overdue bool   `json:"overdue"`
	}
	book, today := plan.Book(), c.Now().In(col.Config.TimeZone.Location)
	out := make([]line, 0, len(rows))
	late := 0
	for _, r := range rows {
		out = append(out, line{book.FolioText(r.Folio), r.Action, r.Control, string(r.Origin), r.OriginRef, r.Department, r.Owner, r.Due.Format(time.DateOnly), string(r.State), r.Overdue(today)})
		if r.Overdue(today) {
			late++
		}
	}
	if format == "json" {
		if err := json.NewEncoder(c.Stdout).Encode(out); err != nil {
			return err
		}
	} else {
		state, _ := book.Field("state")
		w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "FOLIO\tFECHA\tESTADO\tRESPONSABLE\tÁREA\tACCIÓN")
		for _, l := range out {
			due := l.Due
			if l.Overdue {
				due += " (vencida)"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Folio, due, state.Show(l.State, message.Spanish, today.Location()), l.Owner, dash(l.Area), l.Action)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(c.Stderr, "%d acciones, %d fuera de plazo\n", len(out), late)
	}
	if late > 0 {
		return errNo
	}
	return nil
}

// securityDocumentCommand writes the security document.
func (c *cli) securityDocumentCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "security-document ARCHIVO.docx|CARPETA",
		Short: "Escribe el documento de seguridad con lo que consta y lo que se mide",
		Long: `Reúne en un archivo de Word los siete contenidos del documento de seguridad:
inventario, funciones y obligaciones, análisis de riesgos, análisis de brecha, plan
de trabajo, monitoreo y revisión, y capacitación. Lo que no consta queda como un
hueco marcado, que completa quien lo firma. No reemplaza un archivo que ya exista.`,
		Example: `  vigia security-document documento-de-seguridad.docx
  vigia security-document /srv/documentos`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				opts, err := col.portalOptions()
				if err != nil {
					return err
				}
				data, err := web.Dossier(ctx, opts)
				if err != nil {
					return err
				}
				name := args[0]
				if info, err := os.Stat(name); err == nil && info.IsDir() {
					name = strings.TrimRight(name, "/\\") + "/documento-de-seguridad-" + c.Now().In(col.Config.TimeZone.Location).Format(time.DateOnly) + ".docx"
				}
				f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
				if err != nil {
					return err
				}
				if _, err := f.Write(data); err != nil {
					_ = f.Close()
					return fmt.Errorf("escribir %s: %w", name, err)
				}
				if err := f.Close(); err != nil {
					return fmt.Errorf("escribir %s: %w", name, err)
				}
				fmt.Fprintln(c.Stdout, name)
				return nil
			})
		},
	}
}
