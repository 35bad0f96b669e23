package collector

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vigia/checks/message"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

func (c *cli) registersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "registers",
		Short: "Los libros de registro: personas, permisos, soportes, solicitudes...",
		Long: `Los libros de registro de la organización. Cada fila tiene un folio (PER-0007) y guarda
todas sus versiones: quién la escribió, cuándo y por qué. Nada se borra ni se reescribe.

El portal hace lo mismo en /libros, con formularios.`,
	}
	cmd.AddCommand(c.registersList(), c.registersShow(), c.registersImport(), c.registersExport(), c.registersTemplate(), c.registersPropose())
	return cmd
}

// completeBooks completes the first argument with the names of the books.
func completeBooks(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		var out []string
		for _, b := range Books() {
			out = append(out, b.Name+"\t"+b.Title.ES)
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	default:
		return nil, cobra.ShellCompDirectiveDefault
	}
}

// bookOf finds a book by its name, or by the prefix of its folios.
func bookOf(name string) (*registers.Book, error) {
	var names []string
	for _, b := range Books() {
		if strings.EqualFold(b.Name, name) || strings.EqualFold(b.Prefix, name) {
			return b, nil
		}
		names = append(names, b.Name)
	}
	return nil, fmt.Errorf("no hay un libro %q\n  → los libros son: %s", name, strings.Join(names, ", "))
}

// checkFormat refuses a format that is not offered.
func checkFormat(format string, offered ...string) error {
	if slices.Contains(offered, format) {
		return nil
	}
	return fmt.Errorf("--format no puede ser «%s»: use %s", format, strings.Join(offered, " o "))
}

func (c *cli) registersList() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Lista los libros, con cuántas filas tienen y qué les falta", Args: cobra.NoArgs,
		Example: "  vigia registers list",
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			if err := checkFormat(format, "text", "json"); err != nil {
				return err
			}
			now := c.Now().In(col.Config.TimeZone.Location)
			var sums map[string]registers.Summary
			const month = 30 * 24 * time.Hour
			if err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				sums, err = col.Registers.Summaries(ctx, tx, Books(), now.Format(time.DateOnly), now.Add(month).Format(time.DateOnly), false, "")
				return err
			}); err != nil {
				return err
			}
			if format == "json" {
				return c.registersListJSON(sums)
			}
			w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "LIBRO\tTÍTULO\tFILAS\tVENCIDAS\tPOR COMPLETAR\tÚLTIMO CAMBIO")
			for _, b := range Books() {
				s := sums[b.Name]
				fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\n", b.Name, b.Title.ES, s.Rows, s.Ended, s.Incomplete, col.local(s.Last))
			}
			return w.Flush()
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	offer(cmd, "format", "text", "json")
	return cmd
}

func (c *cli) registersListJSON(sums map[string]registers.Summary) error {
	type book struct {
		Name       string    `json:"name"`
		Prefix     string    `json:"prefix"`
		Title      string    `json:"title"`
		Rows       int       `json:"rows"`
		Ended      int       `json:"ended"`
		Ending     int       `json:"ending"`
		Incomplete int       `json:"incomplete"`
		Last       time.Time `json:"last_change,omitzero"`
	}
	out := []book{}
	for _, b := range Books() {
		s := sums[b.Name]
		out = append(out, book{b.Name, b.Prefix, b.Title.ES, s.Rows, s.Ended, s.Ending, s.Incomplete, s.Last})
	}
	return json.NewEncoder(c.Stdout).Encode(out)
}

// dayEnd is the last instant of a day that somebody typed, zero for none.
func (col *Collector) dayEnd(day string) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, day, col.Config.TimeZone.Location)
	if err != nil {
		return time.Time{}, fmt.Errorf("--at %q: escriba un día como 2026-09-30", day)
	}
	return at.AddDate(0, 0, 1).Add(-time.Microsecond), nil
}

func (c *cli) registersShow() *cobra.Command {
	var at, filter, format string
	cmd := &cobra.Command{
		Use:   "show KIND [FOLIO]",
		Short: "Muestra las filas de un libro, o una con su historia",
		Long: `Muestra las filas en vigor de un libro, o las de un día pasado con --at. Con un folio,
esa fila y todas sus versiones, también si se quitó.`,
		Example: `  vigia registers show people
  vigia registers show permits --at 2026-09-30 --filter tesorería
  vigia registers show people PER-0007`,
		Args: cobra.RangeArgs(1, 2), ValidArgsFunction: completeBooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, "text", "json"); err != nil {
				return err
			}
			b, err := bookOf(args[0])
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				if len(args) == 2 {
					return c.showRow(ctx, col, b, args[1], format)
				}
				return c.showBook(ctx, col, b, at, filter, format)
			})
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "el libro como estaba al acabar este día (2026-09-30)")
	cmd.Flags().StringVar(&filter, "filter", "", "solo las filas que tienen todas estas palabras")
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	offer(cmd, "format", "text", "json")
	return cmd
}

// rowJSON is a row as programs read it.
type rowJSON struct {
	Folio   string           `json:"folio"`
	Version int64            `json:"version"`
	Values  registers.Values `json:"values"`
	At      time.Time        `json:"at"`
	Until   time.Time        `json:"until,omitzero"`
	Removed bool             `json:"removed,omitempty"`
	By      string           `json:"by"`
	Why     string           `json:"why,omitempty"`
	Via     registers.Via    `json:"via"`
	Leaf    int64            `json:"leaf"`
}

func rowsJSON(b *registers.Book, rows []registers.Row) []rowJSON {
	out := []rowJSON{}
	for _, r := range rows {
		out = append(out, rowJSON{Folio: b.FolioText(r.Folio), Version: r.Version, Values: r.Values, At: r.At, Until: r.Until, Removed: r.Removed,
			By: r.Act.By, Why: r.Act.Why, Via: r.Act.Via, Leaf: r.Leaf})
	}
	return out
}

// bookRows reads a book as of the end of a day, or as it is.
func (col *Collector) bookRows(ctx context.Context, b *registers.Book, day, filter string) (rows []registers.Row, err error) {
	at, err := col.dayEnd(day)
	if err != nil {
		return nil, err
	}
	err = col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		rows, _, err = col.Registers.Find(ctx, tx, b, registers.Query{At: at, Text: filter, Names: true})
		return err
	})
	return rows, err
}

func (c *cli) showBook(ctx context.Context, col *Collector, b *registers.Book, day, filter, format string) error {
	rows, err := col.bookRows(ctx, b, day, filter)
	if err != nil {
		return err
	}
	if format == "json" {
		return json.NewEncoder(c.Stdout).Encode(rowsJSON(b, rows))
	}
	// As many columns as a terminal holds; the rest is on the row's own page.
	const columns = 5
	fields := b.Fields[:min(len(b.Fields), columns)]
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	head := []string{"FOLIO"}
	for _, f := range fields {
		head = append(head, strings.ToUpper(f.Label.ES))
	}
	fmt.Fprintln(w, strings.Join(head, "\t"))
	for _, r := range rows {
		cells := []string{b.FolioText(r.Folio)}
		for _, f := range fields {
			cells = append(cells, dash(inLine(f.Show(r.Values[f.Name], message.Spanish, col.Config.TimeZone.Location), 40)))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(c.Stderr, "%d filas\n", len(rows))
	return nil
}

// inLine keeps a text to one line of so many characters.
func inLine(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

func (c *cli) showRow(ctx context.Context, col *Collector, b *registers.Book, text, format string) error {
	folio, ok := b.ParseFolio(text)
	if !ok {
		return fmt.Errorf("%q no es un folio de %s: escriba uno como %s", text, b.Name, b.FolioText(1))
	}
	var all []registers.Row
	if err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		all, err = col.Registers.History(ctx, tx, b, folio)
		return err
	}); err != nil {
		return err
	}
	if format == "json" {
		return json.NewEncoder(c.Stdout).Encode(rowsJSON(b, all))
	}
	now := all[len(all)-1]
	fmt.Fprintf(c.Stdout, "%s, %s\n", b.FolioText(folio), b.Title.ES)
	if now.Removed {
		fmt.Fprintln(c.Stdout, "Esta fila se quitó del libro.")
	}
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	for _, f := range b.Fields {
		if value := now.Values[f.Name]; value != "" {
			fmt.Fprintf(w, "  %s\t%s\n", f.Label.ES, inLine(f.Show(value, message.Spanish, col.Config.TimeZone.Location), 200))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(c.Stdout, "Historia:")
	var before registers.Values
	for _, r := range all {
		fmt.Fprintf(c.Stdout, "  %s  %s por %s%s\n", col.local(r.At), actionWord(registers.Written{Row: r}.Action()), r.Act.By, why(r.Act.Why))
		if r.Version > 1 && !r.Removed {
			c.differences(b, registers.Differences(before, r.Values), col.Config.TimeZone.Location)
		}
		before = r.Values
	}
	return nil
}

func why(text string) string {
	if text == "" {
		return ""
	}
	return ": " + inLine(text, 120)
}

func actionWord(a registers.Action) string {
	switch a {
	case registers.Added:
		return "anotada"
	case registers.Removed:
		return "quitada"
	case registers.Changed:
	}
	return "cambiada"
}

func (c *cli) differences(b *registers.Book, all []registers.Difference, zone *time.Location) {
	for _, d := range all {
		if f, ok := b.Field(d.Field); ok {
			fmt.Fprintf(c.Stdout, "      %s: %s → %s\n", f.Label.ES, dash(inLine(f.Show(d.Old, message.Spanish, zone), 60)), dash(inLine(f.Show(d.New, message.Spanish, zone), 60)))
		}
	}
}

func (c *cli) registersExport() *cobra.Command {
	var at, filter, format, out string
	cmd := &cobra.Command{
		Use:   "export KIND",
		Short: "Exporta un libro como CSV, XLSX o JSON",
		Long: `Exporta las filas en vigor de un libro, o las de un día pasado. Lo exportado se puede
corregir en una hoja de cálculo e importar otra vez: los folios dicen qué fila es cada una.`,
		Example: `  vigia registers export people --out personal.xlsx
  vigia registers export permits --at 2026-09-30 --format csv --out permisos.csv`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeBooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := bookOf(args[0])
			if err != nil {
				return err
			}
			format, err := sheetFormat(format, out, "csv", "xlsx", "json")
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				rows, err := col.bookRows(ctx, b, at, filter)
				if err != nil {
					return err
				}
				return c.outFile(out, func(w io.Writer) error {
					if format == "json" {
						return json.NewEncoder(w).Encode(rowsJSON(b, rows))
					}
					return b.Export(w, registers.Format(format), rows, message.Spanish, col.Config.TimeZone.Location)
				})
			})
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "el libro como estaba al acabar este día (2026-09-30)")
	cmd.Flags().StringVar(&filter, "filter", "", "solo las filas que tienen todas estas palabras")
	cmd.Flags().StringVar(&format, "format", "", "csv, xlsx o json; si no se indica, lo dice el nombre de --out")
	cmd.Flags().StringVar(&out, "out", "", "archivo que se escribe; si no se indica, la salida")
	offer(cmd, "format", "csv", "xlsx", "json")
	return cmd
}

func (c *cli) registersTemplate() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use:   "template KIND",
		Short: "Escribe una hoja vacía con los encabezados de un libro",
		Long: `Escribe una hoja vacía para llenarla e importarla. La de XLSX trae las listas de opciones
en las celdas y una segunda hoja que explica cada columna.`,
		Example: "  vigia registers template people --out personal.xlsx",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeBooks,
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := bookOf(args[0])
			if err != nil {
				return err
			}
			format, err := sheetFormat(format, out, "csv", "xlsx")
			if err != nil {
				return err
			}
			return c.outFile(out, func(w io.Writer) error { return b.Template(w, registers.Format(format), message.Spanish) })
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "xlsx o csv; si no se indica, lo dice el nombre de --out")
	cmd.Flags().StringVar(&out, "out", "", "archivo que se escribe; si no se indica, la salida")
	offer(cmd, "format", "xlsx", "csv")
	return cmd
}

// sheetFormat is the format that was asked for, or that a file's name tells; else CSV.
func sheetFormat(format, out string, offered ...string) (string, error) {
	if format == "" {
		if format = strings.ToLower(strings.TrimPrefix(filepath.Ext(out), ".")); !slices.Contains(offered, format) {
			format = "csv"
		}
	}
	return format, checkFormat(format, offered...)
}

// outFile writes to a file, all of it or none, or to the output.
func (c *cli) outFile(name string, write func(io.Writer) error) error {
	var all bytes.Buffer
	if err := write(&all); err != nil {
		return err
	}
	if name == "" {
		_, err := all.WriteTo(c.Stdout)
		return err
	}
	const private = 0o600
	if err := os.WriteFile(name, all.Bytes(), private); err != nil {
		return fmt.Errorf("escribir %s: %w", name, err)
	}
	fmt.Fprintf(c.Stderr, "%s\n", name)
	return nil
}
