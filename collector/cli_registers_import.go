package collector

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"vigia/checks/message"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// importFlags are the options of an import.
type importFlags struct {
	yes, dryRun, good, replace bool
	reason, format             string
}

func (c *cli) registersImport() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import KIND FILE",
		Short: "Importa una lista en un libro, y antes muestra qué cambiaría",
		Long: `Importa un archivo CSV o XLSX en un libro. Primero muestra qué se añadiría, qué cambiaría y
qué está mal, con el número de línea del archivo; en un terminal pregunta antes de escribir.
Se escribe todo en una sola operación, o nada.

Una línea con folio trata de esa fila; sin él, de la que tiene la misma clave; si no hay
ninguna, es una fila nueva. Las columnas que no estén en el archivo no se tocan; una celda
vacía borra lo que hubiera. «vigia registers template» da los encabezados.

Si hay líneas con algo mal no se escribe nada, salvo con --only-good.

Códigos de salida: 0 escrito, o nada que escribir; 1 hay líneas mal, o se respondió que no;
2 error.`,
		Example: `  vigia registers import people personal.xlsx
  vigia registers import permits permisos.csv --dry-run --format json
  vigia registers import software programas.csv --replace --yes --reason "inventario de noviembre"`,
		Args: cobra.ExactArgs(2), ValidArgsFunction: completeBooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(f.format, "text", "json"); err != nil {
				return err
			}
			b, err := bookOf(args[0])
			if err != nil {
				return err
			}
			sheet, err := c.readSheet(b, args[1])
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return c.importSheet(ctx, col, b, args[1], sheet, f)
			})
		},
	}
	cmd.Flags().BoolVar(&f.yes, "yes", false, "escribe sin preguntar")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "solo muestra qué cambiaría")
	cmd.Flags().BoolVar(&f.good, "only-good", false, "escribe las líneas buenas y deja fuera las que están mal")
	cmd.Flags().BoolVar(&f.replace, "replace", false, "quita del libro las filas que no están en el archivo")
	cmd.Flags().StringVar(&f.reason, "reason", "", "de dónde viene la lista; queda en la historia de cada fila")
	cmd.Flags().StringVar(&f.format, "format", "text", "text o json")
	offer(cmd, "format", "text", "json")
	cmd.MarkFlagsMutuallyExclusive("only-good", "replace")
	cmd.MarkFlagsMutuallyExclusive("yes", "dry-run")
	return cmd
}

// readSheet reads a table from a file of at most the size that is taken.
func (c *cli) readSheet(b *registers.Book, name string) (sheet registers.Sheet, err error) {
	file, err := os.Open(filepath.Clean(name))
	if err != nil {
		return sheet, fmt.Errorf("leer la lista: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	data, err := io.ReadAll(io.LimitReader(file, registers.MaxSheetBytes+1))
	if err != nil {
		return sheet, fmt.Errorf("leer la lista: %w", err)
	}
	sheet, err = registers.ReadSheet(data)
	if line, ok := errors.AsType[*registers.LineError](err); ok {
		return sheet, fmt.Errorf("%s: %s", name, lineText(b, *line))
	}
	return sheet, err
}

// lineText words what is wrong with a line.
func lineText(b *registers.Book, e registers.LineError) string {
	say := b.Say(message.Spanish, e.Problem)
	if f, ok := b.Field(e.Field); ok {
		say = f.Label.ES + ": " + say
	}
	if e.Line > 0 {
		return fmt.Sprintf("línea %d: %s", e.Line, say)
	}
	return say
}

// importSheet shows what an import would do, asks, and does it.
func (c *cli) importSheet(ctx context.Context, col *Collector, b *registers.Book, name string, sheet registers.Sheet, f importFlags) error {
	opts := registers.PlanOptions{Zone: col.Config.TimeZone.Location, Replace: f.replace, Good: f.good}
	var plan registers.Plan
	if err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		plan, err = col.Registers.Plan(ctx, tx, b, sheet, opts)
		return err
	}); err != nil {
		return err
	}
	if f.format == "text" {
		c.printPlan(col, b, plan)
	}
	write := plan.Carries() && !f.dryRun
	if in, ok := c.Stdin.(*os.File); write && !f.yes && f.format == "text" && ok && term.IsTerminal(int(in.Fd())) {
		fmt.Fprint(c.Stdout, "\n¿Escribir en el libro? Escriba sí: ")
		line, err := bufio.NewReader(io.LimitReader(c.Stdin, 64)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("leer la respuesta: %w", err)
		}
		if answer := registers.Fold(line); answer != "si" && answer != "s" {
			fmt.Fprintln(c.Stdout, "No se ha escrito nada.")
			return errNo
		}
	}
	written := 0
	if write {
		reason := f.reason
		if reason == "" {
			reason = "importado de «" + filepath.Base(name) + "»"
		}
		if err := col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
			rows, err := col.Registers.Carry(ctx, tx, b, plan, registers.Act{By: c.by, Why: reason, Via: registers.Import})
			written = len(rows)
			return err
		}); err != nil {
			return c.carryError(b, err)
		}
	}
	if f.format == "json" {
		if err := c.planJSON(b, name, plan, written); err != nil {
			return err
		}
	} else {
		c.printOutcome(plan, f, written)
	}
	if plan.Bad > 0 || plan.Unreadable {
		return errNo
	}
	return nil
}

// carryError words what the book refused although the preview did not see it.
func (c *cli) carryError(b *registers.Book, err error) error {
	if invalid, ok := errors.AsType[*registers.InvalidError](err); ok {
		return fmt.Errorf("no se ha escrito nada: %s", lineText(b, registers.LineError{Problem: invalid.Problems[0]}))
	}
	return err
}

// mostPrinted bounds the changes that a preview lists on a terminal.
const mostPrinted = 50

func (c *cli) printPlan(col *Collector, b *registers.Book, plan registers.Plan) {
	zone := col.Config.TimeZone.Location
	for _, e := range plan.Problems {
		fmt.Fprintf(c.Stdout, "✗ %s\n", lineText(b, e))
	}
	for i, change := range plan.Changes {
		if i == mostPrinted {
			fmt.Fprintf(c.Stdout, "  … y %d cambios más (--format json los da todos)\n", len(plan.Changes)-i)
			break
		}
		if change.Action == registers.Added {
			var says []string
			for _, f := range b.Fields {
				if value := change.New[f.Name]; value != "" && len(says) < 4 {
					says = append(says, inLine(f.Show(value, message.Spanish, zone), 40))
				}
			}
			fmt.Fprintf(c.Stdout, "+ línea %d: %s\n", change.Line, strings.Join(says, " · "))
			continue
		}
		fmt.Fprintf(c.Stdout, "~ línea %d: %s\n", change.Line, b.FolioText(change.Folio))
		c.differences(b, change.Differences, zone)
	}
	if plan.Replace {
		for i, r := range plan.Missing {
			if i == mostPrinted {
				fmt.Fprintf(c.Stdout, "  … y %d filas más\n", len(plan.Missing)-i)
				break
			}
			fmt.Fprintf(c.Stdout, "- %s\n", b.FolioText(r.Folio))
		}
	}
	gone := ""
	if plan.Replace {
		gone = fmt.Sprintf(", %d se quitan", len(plan.Missing))
	} else if n := len(plan.Missing); n > 0 && !b.AppendOnly {
		gone = fmt.Sprintf(", %d del libro no están en el archivo y se quedan", n)
	}
	fmt.Fprintf(c.Stdout, "%s: %d nuevas, %d con cambios%s, %d ya estaban igual, %d líneas con algo mal\n",
		b.Title.ES, plan.Count(registers.Added), plan.Count(registers.Changed), gone, plan.Same, plan.Bad)
}

func (c *cli) printOutcome(plan registers.Plan, f importFlags, written int) {
	switch {
	case written > 0:
		fmt.Fprintf(c.Stdout, "Escritas %d filas.\n", written)
	case f.dryRun:
		fmt.Fprintln(c.Stdout, "Era un ensayo: no se ha escrito nada.")
	case plan.Unreadable:
		fmt.Fprintln(c.Stdout, "No se ha escrito nada: el archivo no se puede leer así.")
	case plan.Bad > 0 && !f.good:
		fmt.Fprintln(c.Stdout, "No se ha escrito nada: corrija esas líneas, o repita con --only-good.")
	default:
		fmt.Fprintln(c.Stdout, "No hay nada que escribir.")
	}
}

// planJSON prints a plan and what came of it.
func (c *cli) planJSON(b *registers.Book, name string, plan registers.Plan, written int) error {
	type problem struct {
		Line  int               `json:"line"`
		Field string            `json:"field,omitempty"`
		Code  string            `json:"code"`
		Args  map[string]string `json:"args,omitempty"`
		Text  string            `json:"text"`
	}
	type change struct {
		Line   int              `json:"line,omitempty"`
		Action registers.Action `json:"action"`
		Folio  string           `json:"folio,omitempty"`
		Old    registers.Values `json:"old,omitempty"`
		New    registers.Values `json:"new,omitempty"`
	}
	out := struct {
		Book     string    `json:"book"`
		File     string    `json:"file"`
		Added    int       `json:"added"`
		Changed  int       `json:"changed"`
		Removed  int       `json:"removed"`
		Same     int       `json:"same"`
		Missing  int       `json:"missing"`
		Bad      int       `json:"bad"`
		Written  int       `json:"written"`
		Problems []problem `json:"problems"`
		Changes  []change  `json:"changes"`
	}{Book: b.Name, File: name, Added: plan.Count(registers.Added), Changed: plan.Count(registers.Changed), Same: plan.Same,
		Missing: len(plan.Missing), Bad: plan.Bad, Written: written, Problems: []problem{}, Changes: []change{}}
	for _, e := range plan.Problems {
		out.Problems = append(out.Problems, problem{e.Line, e.Field, e.Code, e.Args, lineText(b, e)})
	}
	for _, p := range plan.Changes {
		one := change{Line: p.Line, Action: p.Action, Old: p.Old, New: p.New}
		if p.Folio > 0 {
			one.Folio = b.FolioText(p.Folio)
		}
		out.Changes = append(out.Changes, one)
	}
	if plan.Replace {
		out.Removed = len(plan.Missing)
		for _, r := range plan.Missing {
			out.Changes = append(out.Changes, change{Action: registers.Removed, Folio: b.FolioText(r.Folio), Old: r.Values})
		}
	}
	return json.NewEncoder(c.Stdout).Encode(out)
}
