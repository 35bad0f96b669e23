package collector

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/assign"
	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// sources are what reviews are frozen from.
func (c *Collector) sources(ctx context.Context, tx *storage.Tx) (reviews.Sources, error) {
	laws, err := policy.Laws()
	if err != nil {
		return reviews.Sources{}, err
	}
	packs, err := c.Assign.PacksInForce(ctx, tx)
	if err != nil && !errors.Is(err, assign.ErrCompose) { // without the one that cannot be used
		return reviews.Sources{}, err
	}
	return reviews.Sources{Organisation: c.Config.Organisation, Log: c.Log, Enroll: c.Enroll, Findings: c.Findings, Laws: laws, Packs: packs, Checks: c.Catalog}, nil
}

// ExportReview writes the package of a quarter to a file, which appears only
// when it is whole. It holds no act: ExportAct is for those.
func (c *Collector) ExportReview(ctx context.Context, period reviews.Period, at time.Time, file string, progress func(done, total int64)) (report.Summary, error) {
	return c.exportTo(ctx, file, func(ctx context.Context, tx *storage.Tx) (report.Input, error) {
		sources, err := c.sources(ctx, tx)
		if err != nil {
			return report.Input{}, err
		}
		snap, err := sources.Freeze(ctx, tx, period, at)
		return report.Input{Snapshot: snap, Progress: progress}, err
	})
}

// exportTo writes a package to a file; input reads what it is made from, in its snapshot.
func (c *Collector) exportTo(ctx context.Context, file string, input func(ctx context.Context, tx *storage.Tx) (report.Input, error)) (sum report.Summary, err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".revision-*")
	if err != nil {
		return report.Summary{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriter(f)
	err = c.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		in, err := input(ctx, tx)
		if err != nil {
			return err
		}
		in.Log, in.Catalog, in.Lang, in.Program = c.Log, c.Catalog, message.Spanish, c.version
		sum, err = report.Export(ctx, tx, w, in)
		return err
	})
	if err != nil {
		return report.Summary{}, err
	}
	if err := errors.Join(w.Flush(), f.Sync(), f.Chmod(0o644)); err != nil {
		return report.Summary{}, fmt.Errorf("write %s: %w", file, err)
	}
	if err := f.Close(); err != nil {
		return report.Summary{}, fmt.Errorf("write %s: %w", file, err)
	}
	return sum, os.Rename(f.Name(), file)
}

func (c *cli) reviewCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "review", Short: "La revisión trimestral: abrirla, decidirla, firmarla y exportarla"}
	cmd.AddCommand(c.reviewOpenCommand(), c.reviewListCommand(), c.reviewShowCommand(), c.reviewDecideCommand(), c.reviewSignCommand(), c.reviewAmendCommand())
	var period, out, at string
	export := &cobra.Command{
		Use:   "export",
		Short: "Exporta el paquete verificable de un trimestre",
		Long: `Exporta la revisión de un trimestre como un paquete que cualquiera puede verificar
sin este colector: PDF, tablas, los mismos números como datos, las pruebas con
su demostración y COMO-VERIFICAR.txt. Los mismos datos y la misma hora dan los
mismos bytes. Sin --period es el trimestre en curso.

Si el trimestre tiene acta, el paquete es el de sus números congelados y la lleva
en PDF, Excel, CSV y JSON; una enmienda se pide por su nombre, como 2026Q4.1.
Con --at se calculan otra vez los números de esa hora, sin acta.`,
		Example: "  vigia review export --period 2026Q4 --out revision-2026Q4.zip",
		Args:    cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			now := c.Now()
			if at != "" {
				t, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return fmt.Errorf("--at %q: escriba una hora como 2026-12-31T23:59:59Z", at)
				}
				now = t
			}
			p := reviews.PeriodOf(now, col.Config.TimeZone.Location)
			if at == "" {
				a, err := col.FindAct(ctx, cmp.Or(period, p.String()))
				if err != nil {
					return err
				}
				if a != nil {
					return c.exportAct(ctx, col, a.ID, cmp.Or(out, "revision-"+a.ID+".zip"))
				}
			}
			if period != "" {
				var err error
				if p, err = reviews.ParsePeriod(period, col.Config.TimeZone.Location); err != nil {
					return err
				}
			}
			if out == "" {
				out = "revision-" + p.String() + ".zip"
			}
			bar := newProgress(c.Stderr, "Comprobando el registro")
			sum, err := col.ExportReview(ctx, p, now.UTC().Truncate(time.Microsecond), out, bar.step)
			bar.done()
			if err != nil {
				return err
			}
			c.printExport(sum, out)
			return nil
		}),
	}
	export.Flags().StringVar(&period, "period", "", "trimestre, como 2026Q4")
	export.Flags().StringVar(&out, "out", "", "archivo .zip que se escribe")
	export.Flags().StringVar(&at, "at", "", "hora para la que valen los números (RFC 3339); ahora si no se indica")
	cmd.AddCommand(export)
	return cmd
}

// exportAct writes the package of an act.
func (c *cli) exportAct(ctx context.Context, col *Collector, id, out string) error {
	bar := newProgress(c.Stderr, "Comprobando el registro")
	sum, err := col.ExportAct(ctx, id, out, bar.step)
	bar.done()
	if err != nil {
		return err
	}
	c.printExport(sum, out)
	return nil
}

func (c *cli) printExport(sum report.Summary, out string) {
	d := sum.Document
	state := "provisional: el trimestre sigue abierto"
	if d.Final {
		state = "trimestre cerrado"
	}
	measured := 0
	for _, x := range d.Controls {
		if x.Measured {
			measured++
		}
	}
	fmt.Fprintf(c.Stdout, "Revisión %s (%s): %d equipos, %d controles medidos, %d estados, %d hallazgos.\n", d.Period, state,
		d.Coverage.Measured+d.Coverage.Partly+d.Coverage.Silent, measured, len(d.States), len(d.Findings))
	if d.Act != "" {
		fmt.Fprintf(c.Stdout, "Con el acta %s, en PDF, Excel, CSV y JSON.\n", d.Act)
	}
	fmt.Fprintf(c.Stdout, "Paquete: %s\nHuella de la clave del registro: %s\n", out, sum.Key)
	for _, w := range sum.Warnings {
		fmt.Fprintf(c.Stderr, "ATENCIÓN: el registro de pruebas muestra alteraciones: %s\n", w)
	}
}

func (c *cli) verifyCommand() *cobra.Command {
	var kept string
	cmd := &cobra.Command{
		Use:   "verify FILE.zip",
		Short: "Verifica un paquete de revisión, sin colector ni red",
		Long: `Verifica un paquete: archivos, firmas, pruebas, y que cada estado, total y tabla
sale de esas pruebas. No necesita el colector ni la red.

Con --checkpoint compara además con un punto de control guardado en otro sitio,
por ejemplo el que guarda cualquier agente.

Códigos de salida: 0 todo está probado; 1 algo no; 2 no es un paquete o no se
puede leer.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.verify(cmd.Context(), args[0], kept)
		},
	}
	cmd.Flags().StringVar(&kept, "checkpoint", "", "punto de control guardado en otro sitio")
	return cmd
}

func (c *cli) verify(ctx context.Context, file, kept string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	opts := report.VerifyOptions{Catalog: catalog.New(), Program: c.Version}
	if kept != "" {
		if opts.Kept, err = readLimited(kept, 1<<20); err != nil {
			return err
		}
	}
	res, err := report.Verify(ctx, f, info.Size(), opts)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	for _, s := range res.Steps {
		say := report.StepText(message.Spanish, s.Step)
		switch {
		case s.Err != nil:
			fmt.Fprintf(w, "✘ MAL\t%s\t%s\n", say, strings.ReplaceAll(report.Explain(message.Spanish, s.Err), "\n", " "))
		case s.Skipped != "":
			fmt.Fprintf(w, "– no\t%s\t%s\n", say, report.ExplainSkip(message.Spanish, s.Skipped))
		default:
			fmt.Fprintf(w, "✔ bien\t%s\t%d\n", say, s.Count)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(c.Stdout, "Huella de la clave del registro: %s\n", res.Key)
	if !res.OK() {
		fmt.Fprintln(c.Stdout, "RESULTADO: el paquete NO es de fiar.")
		return errNo
	}
	if res.Document.Simulated() {
		fmt.Fprintln(c.Stdout, "ES UN SIMULACRO: el paquete está bien hecho, y nada de lo que contiene es de verdad.")
	}
	fmt.Fprintf(c.Stdout, "RESULTADO: verificado. Revisión %s de %s.\n", res.Document.Period, dash(res.Document.Organisation))
	return nil
}
