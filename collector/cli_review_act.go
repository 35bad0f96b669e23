package collector

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// who is the person at the keyboard, for the evidence.
func (c *cli) who(why string) registers.Act {
	return registers.Act{By: c.by, Why: why, Via: registers.Command}
}

// act reads an act of which the command line names the period.
func (c *cli) act(ctx context.Context, col *Collector, id string) (*reviews.Act, error) {
	a, err := col.FindAct(ctx, strings.ToUpper(id))
	if err == nil && a == nil {
		err = fmt.Errorf("%s: %w", id, reviews.ErrNoAct)
	}
	return a, err
}

func (c *cli) reviewOpenCommand() *cobra.Command {
	var period string
	cmd := &cobra.Command{
		Use:   "open",
		Short: "Congela los números de un trimestre y abre su revisión",
		Long: `Congela los números de un trimestre y abre su revisión: nueve secciones con las
líneas que hay que decidir, treinta como mucho. Lo que llegue después se anota
como tardío y no cambia los números. Una revisión no se abre dos veces.`,
		Example: "  vigia review open --period 2026Q4",
		Args:    cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			p, err := reviews.ParsePeriod(period, col.Config.TimeZone.Location)
			if err != nil {
				return err
			}
			a, err := col.OpenReview(ctx, p, c.who(""))
			if err != nil {
				return err
			}
			n := a.Count()
			fmt.Fprintf(c.Stdout, "Revisión %s abierta: %d decisiones, %d de ellas críticas.\nDecídala en el portal, en /revisiones/%s, o con «vigia review decide».\n", a.ID, n.Lines, n.Critical, a.ID)
			return nil
		}),
	}
	cmd.Flags().StringVar(&period, "period", "", "trimestre, como 2026Q4")
	_ = cmd.MarkFlagRequired("period") // the flag is the line above
	return cmd
}

func (c *cli) reviewListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Lista las revisiones y cómo están", Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			var list []reviews.Heading
			if err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				list, err = col.Reviews.List(ctx, tx)
				return err
			}); err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "REVISIÓN\tESTADO\tABIERTA\tCERRADA\tENMIENDA")
			for _, h := range list {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", h.ID, stageText(h.Stage), col.local(h.Opened), col.local(h.Closed), dash(h.Amends))
			}
			return w.Flush()
		}),
	}
}

func stageText(s reviews.Stage) string {
	switch s {
	case reviews.Deciding:
		return "en revisión"
	case reviews.Signed:
		return "falta la segunda firma"
	case reviews.Locked:
		return "firmada y cerrada"
	case reviews.OnPaper:
		return "firmada en papel"
	}
	return string(s)
}

func (c *cli) reviewShowCommand() *cobra.Command {
	var period, format string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Muestra una revisión: lo medido, lo decidido y lo firmado",
		Long: `Muestra una revisión. Con --format json, el acta entera como un documento JSON.

Códigos de salida: 0 está firmada y cerrada; 1 aún no; 2 error.`,
		Example: "  vigia review show --period 2026Q4",
		Args:    cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			a, err := c.act(ctx, col, period)
			if err != nil {
				return err
			}
			act, err := report.NewAct(a, message.Spanish)
			if err != nil {
				return err
			}
			switch format {
			case "json":
				enc := json.NewEncoder(c.Stdout)
				enc.SetIndent("", " ")
				if err := enc.Encode(act); err != nil {
					return err
				}
			case "text":
				if err := c.printAct(a, act); err != nil {
					return err
				}
			default:
				return fmt.Errorf("--format %q: use text o json", format)
			}
			if !a.Stage.Closed() {
				return errNo
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&period, "period", "", "revisión, como 2026Q4 o 2026Q4.1")
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	_ = cmd.MarkFlagRequired("period")                                                                                                 // the flags are those above
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp)) // the same
	return cmd
}

func (c *cli) printAct(a *reviews.Act, act report.Act) error {
	n := a.Count()
	fmt.Fprintf(c.Stdout, "Revisión %s: %s. %d de %d decisiones; críticas, %d de %d.\n", a.ID, stageText(a.Stage), n.Decided, n.Lines, n.CriticalDecided, n.Critical)
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LÍNEA\tGRAVEDAD\tEQUIPOS\tDECISIÓN\tQUIÉN\tPARA\tASUNTO")
	for _, s := range act.Sections {
		for _, l := range s.Lines {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", l.ID, report.Label(message.Spanish, string(l.Severity)), l.Machines,
				report.ChoiceWord(message.Spanish, l.Choice), dash(l.Owner), dash(l.Due), l.Title)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, s := range act.Signatures {
		fmt.Fprintf(c.Stdout, "Firma: %s, %s, %s\n", s.Name, s.By, s.At.In(a.Period.Zone).Format("02/01/2006 15:04"))
	}
	_, err := fmt.Fprintf(c.Stdout, "Lo que se firma: %s\n", act.Statement)
	return err
}

func (c *cli) reviewDecideCommand() *cobra.Command {
	var period string
	var d reviews.Decision
	var choice string
	cmd := &cobra.Command{
		Use:   "decide LINE",
		Short: "Decide una línea de una revisión abierta",
		Long: `Decide una línea de una revisión abierta. Los nombres de las líneas los da
«vigia review show». Decisiones: confirm (conforme), plan (corregir: pide --owner y
--due), waive (excepción: pide --words y --due), incident y dismiss (piden --words).`,
		Example: `  vigia review decide passwords-1 --period 2026Q4 --choice plan --owner informatica \
    --due 2027-02-15 --words "cambiar la directiva"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				a, err := c.act(ctx, col, period)
				if err != nil {
					return err
				}
				d.Line, d.Choice = args[0], reviews.Choice(choice)
				section, _, _ := strings.Cut(args[0], "-")
				one := reviews.Decided{Section: section, Words: a.Words(section), Lines: []reviews.Decision{d}}
				if err := col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
					a, err = col.Reviews.Decide(ctx, tx, a.ID, one, c.who(""))
					return err
				}); err != nil {
					return err
				}
				n := a.Count()
				fmt.Fprintf(c.Stdout, "%s: %s. Quedan %d decisiones, %d críticas.\n", d.Line, report.ChoiceWord(message.Spanish, d.Choice), n.Left(), n.Critical-n.CriticalDecided)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&period, "period", "", "revisión, como 2026Q4 o 2026Q4.1")
	cmd.Flags().StringVar(&choice, "choice", "", "decisión: confirm, plan, waive, incident o dismiss")
	cmd.Flags().StringVar(&d.Owner, "owner", "", "quién lo hace")
	cmd.Flags().StringVar(&d.Due, "due", "", "para qué día, como 2027-02-15")
	cmd.Flags().StringVar(&d.Words, "words", "", "qué se hará, o el motivo")
	_ = cmd.MarkFlagRequired("period") // the flags are those above
	_ = cmd.MarkFlagRequired("choice")
	var choices []string
	for _, x := range reviews.Choices() {
		choices = append(choices, string(x))
	}
	_ = cmd.RegisterFlagCompletionFunc("choice", cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *cli) reviewSignCommand() *cobra.Command {
	var period, account, name, post string
	cmd := &cobra.Command{
		Use:   "sign",
		Short: "Firma una revisión con una cuenta del portal",
		Long: `Firma una revisión con una cuenta del portal, cuya contraseña y segundo factor se
leen de la entrada estándar, en dos líneas. La cuenta de responsable de seguridad
firma primero; la de responsable del tratamiento, después, y el acta queda cerrada.
No se puede firmar con líneas críticas sin decidir, y firman dos personas.`,
		Example: `  vigia review sign --period 2026Q4 --user seguridad --name "Ana Ruiz Sanz"`,
		Args:    cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			a, err := c.act(ctx, col, period)
			if err != nil {
				return err
			}
			user, err := c.authenticate(ctx, col, account)
			if err != nil {
				return err
			}
			sign := col.Reviews.Sign
			if user.Role == access.Head {
				sign = col.Reviews.Countersign
			} else if user.Role != access.Officer {
				return fmt.Errorf("%s: %w", account, errMaySign)
			}
			err = col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
				late, err := col.Reviews.Late(ctx, tx, a)
				if err != nil {
					return err
				}
				_, statement, err := a.Statement(late)
				if first, ok := a.Signature(reviews.StepSigned); ok {
					statement = first.Signature.Statement
				}
				if err != nil {
					return err
				}
				a, err = sign(ctx, tx, a.ID, reviews.Signer{Act: registers.Act{By: user.Name, Via: registers.Command}, Name: name, Post: post, Statement: statement})
				return err
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Stdout, "Revisión %s: %s.\n", a.ID, stageText(a.Stage))
			return nil
		}),
	}
	cmd.Flags().StringVar(&period, "period", "", "revisión, como 2026Q4 o 2026Q4.1")
	cmd.Flags().StringVar(&account, "user", "", "cuenta del portal que firma")
	cmd.Flags().StringVar(&name, "name", "", "nombre y apellidos de quien firma")
	cmd.Flags().StringVar(&post, "post", "", "su cargo")
	for _, flag := range []string{"period", "user", "name"} {
		_ = cmd.MarkFlagRequired(flag) // the flags are those above
	}
	return cmd
}

// errMaySign: the account is of a role that does not sign.
var errMaySign = errors.New("firman la persona responsable de seguridad y la responsable del tratamiento")

// authenticate proves an account of the portal by two lines: its password and a code.
func (c *cli) authenticate(ctx context.Context, col *Collector, account string) (access.User, error) {
	in := bufio.NewReader(io.LimitReader(c.Stdin, access.MaxPassword+64))
	password, err := in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return access.User{}, fmt.Errorf("leer la contraseña: %w", err)
	}
	user, err := col.Access.Authenticate(ctx, account, strings.TrimRight(password, "\r\n"), "command")
	if err != nil {
		return access.User{}, err
	}
	code, err := in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return access.User{}, fmt.Errorf("leer el código: %w", err)
	}
	return user, col.Access.Prove(ctx, user.Name, strings.TrimSpace(code), "command")
}

func (c *cli) reviewAmendCommand() *cobra.Command {
	var period, why string
	cmd := &cobra.Command{
		Use:   "amend",
		Short: "Abre una enmienda de un acta firmada",
		Long: `Abre una enmienda de un acta firmada: otra acta, con los mismos números congelados
y las mismas decisiones para empezar, que nombra a la que corrige. Un acta firmada
no se reabre.`,
		Example: `  vigia review amend --period 2026Q4 --why "faltó una acción en la sección 9"`,
		Args:    cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			var a *reviews.Act
			err := col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				a, err = col.Reviews.Amend(ctx, tx, strings.ToUpper(period), c.who(why))
				return err
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Stdout, "Enmienda %s abierta: decídala y fírmela.\n", a.ID)
			return nil
		}),
	}
	cmd.Flags().StringVar(&period, "period", "", "acta que se enmienda, como 2026Q4")
	cmd.Flags().StringVar(&why, "why", "", "motivo de la enmienda")
	_ = cmd.MarkFlagRequired("period") // the flags are those above
	_ = cmd.MarkFlagRequired("why")
	return cmd
}
