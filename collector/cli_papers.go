package collector

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vigia/checks/catalog"
	"vigia/checks/policy"
	"vigia/collector/papers"
	"vigia/collector/storage"
)

func (c *cli) papersCommand() *cobra.Command {
	var country, format string
	cmd := &cobra.Command{
		Use:   "papers DIR",
		Short: "Escribe los documentos que hacen falta antes del primer agente",
		Long: `Escribe en una carpeta los documentos que la organización necesita para Vigía
antes de medir el primer equipo: lista de tareas con plazos, circular al
personal, aviso de privacidad o información del RGPD, ficha del inventario o
registro de actividades, evaluación de impacto, y el anexo que dice campo por
campo qué sale de cada equipo.

Rellena lo que sabe: el nombre de la organización y la zona horaria de
vigia.yaml, y los controles de los paquetes en vigor. Lo demás queda entre
corchetes, en amarillo, para que lo rellene una persona.

No hace falta que el colector exista todavía. Nunca escribe sobre un archivo
que ya está: puede haberlo rellenado alguien.`,
		Example: `  vigia papers documentos                  los de México y los de España
  vigia papers documentos --country mx     solo los de México
  vigia papers anexo-nuevo --format md     para comparar el anexo tras actualizar`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.papers(cmd.Context(), args[0], country, format)
		},
	}
	cmd.Flags().StringVar(&country, "country", "", "mx o es; los dos si no se indica")
	cmd.Flags().StringVar(&format, "format", string(papers.DOCX), "docx o md")
	for name, values := range map[string][]string{"country": {"mx", "es"}, "format": {"docx", "md"}} {
		// It errors only for a flag that is not there.
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func (c *cli) papers(ctx context.Context, dir, country, format string) error {
	countries := papers.Countries()
	if country != "" {
		if !slices.Contains(countries, papers.Country(country)) {
			return fmt.Errorf("--country %q: escriba mx o es", country)
		}
		countries = []papers.Country{papers.Country(country)}
	}
	if !slices.Contains([]string{string(papers.DOCX), string(papers.Markdown)}, format) {
		return fmt.Errorf("--format %q: escriba docx o md", format)
	}
	in, err := c.papersInput(ctx)
	if err != nil {
		return err
	}
	made, err := papers.Make(in, countries...)
	if err != nil {
		return err
	}
	names, err := papers.Write(dir, papers.Format(format), in, made)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: no se escribe sobre lo que ya está; indique otra carpeta", err)
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		fmt.Fprintln(c.Stdout, name)
	}
	if in.Organisation == "" {
		fmt.Fprintln(c.Stderr, "Falta el nombre de la organización: póngalo en vigia.yaml (organisation) y vuelva a escribirlos en otra carpeta.")
	}
	fmt.Fprintf(c.Stderr, "Empiece por %s: dice qué hacer, en qué orden y quién firma.\n", firstPaper(names))
	return nil
}

// firstPaper is the list of what to do.
func firstPaper(names []string) string {
	for _, name := range names {
		if strings.HasPrefix(filepath.Base(name), "0-") {
			return name
		}
	}
	return names[0]
}

// papersInput is what the papers can say of the organisation: by its configuration, and by
// the policy of its collector where there is one already.
func (c *cli) papersInput(ctx context.Context) (papers.Input, error) {
	cfg, err := LoadConfig(c.config, c.dir, c.Environ)
	if err != nil {
		return papers.Input{}, err
	}
	laws, err := policy.Laws()
	if err != nil {
		return papers.Input{}, err
	}
	packs, err := policy.Packs()
	if err != nil {
		return papers.Input{}, err
	}
	in := papers.Input{Organisation: cfg.Organisation, Zone: cfg.TimeZone.String(), Packs: cfg.Packs, Version: c.Version,
		Catalog: catalog.New(), Laws: laws, AllPacks: packs}
	if _, err := os.Stat(filepath.Join(c.dir, KeysDir)); err != nil {
		return in, nil //nolint:nilerr // there is no collector yet, or none of ours: its configuration is all there is
	}
	err = c.with(ctx, func(ctx context.Context, col *Collector) error {
		return col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
			source, _, err := col.Assign.Source(ctx, tx)
			if err != nil {
				return err
			}
			in.Packs, in.Folders = source.Packs, source.Scan
			in.AllPacks, err = col.Assign.PacksInForce(ctx, tx) // with those that were imported
			return err
		})
	})
	return in, err
}
