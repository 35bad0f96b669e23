package collector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vigia/checks/message"
	"vigia/collector/incidents"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

func (c *cli) incidentsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "incidents",
		Short: "El libro de incidencias y la bitácora de vulneraciones",
		Long: `El libro de incidencias. Lo anotado no se cambia: lo que se sabe después, y lo que corrige
una anotación, son anotaciones nuevas.

En el portal, /incidencias lleva además los plazos, los avisos y el cierre paso a paso.`,
	}
	cmd.AddCommand(c.incidentsList(), c.incidentsShow(), c.incidentsOpen(), c.incidentsExport())
	return cmd
}

// clockJSON is a term as programs read it.
type clockJSON struct {
	Whom  incidents.Whom  `json:"whom"`
	Title string          `json:"title"`
	State incidents.State `json:"state"`
	From  time.Time       `json:"from,omitzero"`
	Due   time.Time       `json:"due,omitzero"`
	Told  time.Time       `json:"told,omitzero"`
	Share int             `json:"share"`
}

// incidentJSON is an incident as programs read it.
type incidentJSON struct {
	Folio     string             `json:"folio"`
	Opened    time.Time          `json:"opened"`
	Closed    time.Time          `json:"closed,omitzero"`
	Facts     registers.Values   `json:"facts"`
	Assessed  registers.Values   `json:"assessed,omitempty"`
	Recovered registers.Values   `json:"recovered,omitempty"`
	Clocks    []clockJSON        `json:"clocks"`
	Entries   []incidents.Record `json:"entries,omitempty"`
}

func incidentAsJSON(in incidents.Incident, clocks []incidents.Clock, entries bool) incidentJSON {
	out := incidentJSON{Folio: incidents.FolioText(in.Folio), Opened: in.Opened, Closed: in.Closed, Facts: in.Facts, Assessed: in.Assessed,
		Recovered: in.Recovered, Clocks: []clockJSON{}}
	for _, k := range clocks {
		out.Clocks = append(out.Clocks, clockJSON{k.Whom, k.Term.Title.ES, k.State, k.From, k.Due, k.Told, k.Share})
	}
	if entries {
		for _, e := range in.Entries {
			out.Entries = append(out.Entries, incidents.Record{Folio: e.Folio, Number: e.Number, Kind: e.Kind, At: e.At, By: e.Act.By, Why: e.Act.Why,
				Via: e.Act.Via, Corrects: e.Corrects, Values: e.Values})
		}
	}
	return out
}

// termWord says how a term stands.
func (c *Collector) termWord(k incidents.Clock) string {
	switch k.State {
	case incidents.Running:
		return "hasta " + c.local(k.Due)
	case incidents.Overdue:
		return "vencido el " + c.local(k.Due)
	case incidents.Met:
		return "avisado el " + c.local(k.Told)
	case incidents.Late:
		return "avisado tarde, el " + c.local(k.Told)
	case incidents.Exempt:
		return "exento"
	case incidents.Waiting:
		return "aún no corre"
	}
	return string(k.State)
}

// incidentType is the type of an incident in words.
func incidentType(in incidents.Incident, zone *time.Location) string {
	field, _ := incidents.Form(incidents.Open).Field("type")
	return field.Show(in.Facts["type"], message.Spanish, zone)
}

func (c *cli) incidentsList() *cobra.Command {
	var format string
	var open bool
	cmd := &cobra.Command{
		Use: "list", Short: "Lista las incidencias, la última primero, con el plazo que más urge", Args: cobra.NoArgs,
		Example: "  vigia incidents list --open",
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			if err := checkFormat(format, "text", "json"); err != nil {
				return err
			}
			list := []incidentJSON{}
			w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "FOLIO\tANOTADA\tQUÉ PASÓ\tTIPO\tESTADO\tPLAZO")
			err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
				all, err := col.Incidents.Incidents(ctx, tx)
				if err != nil {
					return err
				}
				for _, in := range all {
					if open && !in.Closed.IsZero() {
						continue
					}
					clocks, err := col.Incidents.ClocksOf(ctx, tx, in, c.Now())
					if err != nil {
						return err
					}
					list = append(list, incidentAsJSON(in, clocks, false))
					state, term := "abierta", "—"
					if !in.Closed.IsZero() {
						state = "cerrada"
					} else if len(clocks) > 0 {
						term = col.termWord(clocks[0])
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", incidents.FolioText(in.Folio), col.local(in.Opened), inLine(in.Title(), 40),
						inLine(incidentType(in, col.Config.TimeZone.Location), 30), state, term)
				}
				return nil
			})
			switch {
			case err != nil:
				return err
			case format == "json":
				return json.NewEncoder(c.Stdout).Encode(list)
			case len(list) == 0:
				_, err := fmt.Fprintln(c.Stdout, "No hay incidencias anotadas.")
				return err
			}
			return w.Flush()
		}),
	}
	cmd.Flags().BoolVar(&open, "open", false, "solo las que siguen abiertas")
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	offer(cmd, "format", "text", "json")
	return cmd
}

func (c *cli) incidentsShow() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "show FOLIO", Short: "Muestra una incidencia: sus plazos y todas sus anotaciones", Args: cobra.ExactArgs(1),
		Example: "  vigia incidents show INC-0007",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, "text", "json"); err != nil {
				return err
			}
			folio, ok := incidents.ParseFolio(args[0])
			if !ok {
				return fmt.Errorf("«%s» no es un folio: escriba INC-0007, o 7", args[0])
			}
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				var in incidents.Incident
				var clocks []incidents.Clock
				err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
					if in, err = col.Incidents.Incident(ctx, tx, folio); err == nil {
						clocks, err = col.Incidents.ClocksOf(ctx, tx, in, c.Now())
					}
					return err
				})
				switch {
				case errors.Is(err, incidents.ErrNoIncident):
					return fmt.Errorf("no hay ninguna incidencia %s\n  → vea las que hay con «vigia incidents list»", incidents.FolioText(folio))
				case err != nil:
					return err
				case format == "json":
					return json.NewEncoder(c.Stdout).Encode(incidentAsJSON(in, clocks, true))
				}
				c.showIncident(col, in, clocks)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	offer(cmd, "format", "text", "json")
	return cmd
}

func (c *cli) showIncident(col *Collector, in incidents.Incident, clocks []incidents.Clock) {
	fmt.Fprintf(c.Stdout, "%s  %s\n", incidents.FolioText(in.Folio), inLine(in.Title(), 200))
	for _, k := range clocks {
		fmt.Fprintf(c.Stdout, "  %s: %s\n", k.Term.Title.ES, col.termWord(k))
	}
	for _, e := range in.Entries {
		form := incidents.Form(e.Kind)
		fmt.Fprintf(c.Stdout, "\n%d. %s · %s · %s", e.Number, form.Title.ES, col.local(e.At), e.Act.By)
		if e.Corrects > 0 {
			fmt.Fprintf(c.Stdout, " · corrige la %d", e.Corrects)
		}
		fmt.Fprintln(c.Stdout)
		for _, f := range form.Fields {
			if value, ok := e.Values[f.Name]; ok {
				fmt.Fprintf(c.Stdout, "   %s: %s\n", f.Label.ES, dash(inLine(f.Show(value, message.Spanish, col.Config.TimeZone.Location), 2000)))
			}
		}
	}
}

func (c *cli) incidentsOpen() *cobra.Command {
	typed := map[string]*string{}
	cmd := &cobra.Command{
		Use:   "open",
		Short: "Anota una incidencia nueva y dice su folio",
		Long: `Anota una incidencia nueva. Si no se dice cuándo se detectó ni cuándo se supo, es ahora. Lo
que falte se completa en el portal, donde también se valora si alcanza a datos personales.`,
		Example: `  vigia incidents open --title "Portátil extraviado" --type loss --notifier "Jefa de Catastro" \
    --description "Se quedó en un autobús" --machines pc-catastro-07`,
		Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			form, values := incidents.Form(incidents.Open), registers.Values{}
			zone := col.Config.TimeZone.Location
			for name, text := range typed {
				f, _ := form.Field(name)
				value, problem := f.Parse(*text, zone)
				if problem != nil {
					return fmt.Errorf("--%s: %s", name, form.Say(message.Spanish, *problem))
				}
				if value != "" {
					values[name] = value
				}
			}
			now := c.Now().UTC().Truncate(time.Second).Format(time.RFC3339)
			if values["known"] == "" {
				values["known"] = now
			}
			if values["detected"] == "" {
				values["detected"] = values["known"]
			}
			var in incidents.Incident
			err := col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				in, err = col.Incidents.Open(ctx, tx, values, registers.Act{By: operator(), Via: registers.Command})
				return err
			})
			if invalid := (*registers.InvalidError)(nil); errors.As(err, &invalid) {
				var parts []string
				for _, p := range invalid.Problems {
					parts = append(parts, fmt.Sprintf("--%s: %s", p.Field, form.Say(message.Spanish, p)))
				}
				return errors.New(strings.Join(parts, "\n"))
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.Stdout, "%s anotada. Siga en el portal: /incidencias/%d\n", incidents.FolioText(in.Folio), in.Folio)
			return err
		}),
	}
	for _, flag := range [][2]string{
		{"title", "qué pasó, en una línea"}, {"type", "tipo de incidencia"}, {"description", "descripción detallada"},
		{"notifier", "quién la notifica"}, {"happened", "cuándo ocurrió (22/11/2026 13:05)"}, {"detected", "cuándo se detectó"},
		{"known", "cuándo lo supo la organización"}, {"machines", "equipos, separados por punto y coma"}, {"department", "área"},
	} {
		typed[flag[0]] = cmd.Flags().String(flag[0], "", flag[1])
	}
	var types []string
	for _, t := range incidents.Types() {
		types = append(types, t.Code+"\t"+t.Label.ES)
	}
	offer(cmd, "type", types...)
	return cmd
}

func (c *cli) incidentsExport() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use: "export", Short: "Exporta el libro de incidencias como CSV, XLSX o JSON", Args: cobra.NoArgs,
		Long: `Exporta el libro de incidencias: cada incidencia como consta ahora. JSON lleva además todas
sus anotaciones.`,
		Example: "  vigia incidents export --out incidencias.xlsx",
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			format, err := sheetFormat(format, out, "csv", "xlsx", "json")
			if err != nil {
				return err
			}
			list, rows := []incidentJSON{}, []registers.Row{}
			if err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
				all, err := col.Incidents.Incidents(ctx, tx)
				for _, in := range all {
					clocks, err := col.Incidents.ClocksOf(ctx, tx, in, c.Now())
					if err != nil {
						return err
					}
					list = append(list, incidentAsJSON(in, clocks, true))
					rows = append(rows, registers.Row{Folio: in.Folio, Version: int64(len(in.Entries)), Values: in.Facts, At: in.Opened, Act: in.Entries[0].Act})
				}
				return err
			}); err != nil {
				return err
			}
			return c.outFile(out, func(w io.Writer) error {
				if format == "json" {
					return json.NewEncoder(w).Encode(list)
				}
				return incidents.Form(incidents.Open).Export(w, registers.Format(format), rows, message.Spanish, col.Config.TimeZone.Location)
			})
		}),
	}
	cmd.Flags().StringVar(&format, "format", "", "csv, xlsx o json; si no se indica, lo dice el nombre de --out")
	cmd.Flags().StringVar(&out, "out", "", "archivo que se escribe; si no se indica, la salida")
	offer(cmd, "format", "csv", "xlsx", "json")
	return cmd
}
