package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"vigia/checks/message"
	"vigia/collector/compare"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// proposedWhy is the reason of rows that were confirmed without another.
const proposedWhy = "propuesto por lo medido"

func (c *cli) registersPropose() *cobra.Command {
	var apply bool
	var reason, format string
	cmd := &cobra.Command{
		Use:   "propose LIBRO",
		Short: "Lo que han medido los equipos y falta en un libro; con --apply, lo añade",
		Long: `Dice qué filas le faltan a un libro según lo que han medido los equipos: cuentas sin
dueño, equipos que no están en el inventario, programas, soportes, carpetas con datos
personales en servidores y permisos de administración.

Sin --apply no escribe nada. Con --apply las añade todas de una vez, con el motivo de
--reason y a nombre de quien lo ejecuta; después se corrigen o completan una a una en el portal.

Conviene este orden: ` + strings.Join(compare.ProposedBooks(), ", ") + `.

Códigos de salida: 0 bien, haya o no propuestas; 2 error.`,
		Example: `  vigia registers propose assets
  vigia registers propose people --apply`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return compare.ProposedBooks(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		b, err := bookOf(args[0])
		if err != nil {
			return err
		}
		if !compare.Proposes(b.Name) {
			return fmt.Errorf("para el libro %s no se propone nada\n  → se propone para: %s", b.Name, strings.Join(compare.ProposedBooks(), ", "))
		}
		if err := checkFormat(format, "text", "json"); err != nil {
			return err
		}
		return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
			return c.propose(ctx, col, b, apply, registers.Act{By: c.by, Why: reason, Via: registers.Command}, format)
		})
	}
	cmd.Flags().BoolVar(&apply, "apply", false, "añade todas las propuestas al libro")
	cmd.Flags().StringVar(&reason, "reason", proposedWhy, "por qué; queda en la historia de cada fila")
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	offer(cmd, "format", "text", "json")
	return cmd
}

// propose lists the proposals of a book, or adds them.
func (c *cli) propose(ctx context.Context, col *Collector, b *registers.Book, apply bool, act registers.Act, format string) error {
	var all []compare.Proposal
	err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		all, err = col.Compare.Proposals(ctx, tx, b, col.now())
		return err
	})
	if err != nil {
		return err
	}
	added := 0
	if apply {
		err = col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
			added, err = col.Compare.Confirm(ctx, tx, col.Registers, b, col.now(), nil, act)
			return err
		})
		if err != nil {
			return err
		}
	}
	if format == "json" {
		type row struct {
			Values   registers.Values `json:"values"`
			Machines []string         `json:"machines"`
		}
		doc := struct {
			Book  string `json:"book"`
			Added int    `json:"added"`
			Rows  []row  `json:"rows"`
		}{b.Name, added, []row{}}
		for _, p := range all {
			doc.Rows = append(doc.Rows, row{p.Values, p.Machines})
		}
		return json.NewEncoder(c.Stdout).Encode(doc)
	}
	if err := c.proposalTable(col, b, all); err != nil {
		return err
	}
	if apply {
		fmt.Fprintf(c.Stderr, "%d filas añadidas a «%s»\n", added, b.Title.ES)
	} else {
		fmt.Fprintf(c.Stderr, "%d propuestas para «%s»; con --apply se añaden\n", len(all), b.Title.ES)
	}
	return nil
}

// proposalTable writes the first fields of what is proposed, and where it was seen.
func (c *cli) proposalTable(col *Collector, b *registers.Book, all []compare.Proposal) error {
	const columns = 4
	var fields []registers.Field
	var heading []string
	for _, f := range b.Fields {
		if len(fields) < columns && slices.ContainsFunc(all, func(p compare.Proposal) bool { return p.Values[f.Name] != "" }) {
			fields, heading = append(fields, f), append(heading, strings.ToUpper(f.Label.ES))
		}
	}
	if len(all) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(heading, "\t")+"\tEQUIPOS")
	for _, p := range all {
		for _, f := range fields {
			text := strings.ReplaceAll(f.Show(p.Values[f.Name], message.Spanish, col.Config.TimeZone.Location), "\n", ", ")
			fmt.Fprint(w, dash(text), "\t")
		}
		fmt.Fprintln(w, len(p.Machines))
	}
	return w.Flush()
}
