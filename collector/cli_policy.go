package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"vigia/collector/assign"
	"vigia/collector/storage"
)

func (c *cli) policyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Lo que se exige a los equipos"}
	imp := &cobra.Command{
		Use:   "import FILE.yaml",
		Short: "Importa lo que la organización decide: paquetes, permisos, copias, programas",
		Long: `Importa el archivo de política de la organización. Se comprueba entero antes de
aceptarlo; un error dice archivo, línea y clave. Los equipos reciben la política
nueva, firmada, en su siguiente informe.`,
		Example: `  packs: [mx-general]
  datasets:
    - name: Padrón de agua
      machine: SRV-01
      source: D:\padron
      copies: E:\copias\padron
      every: 24h
      min_bytes: 1000000
  permits:
    - folder: /srv/padron
      purpose: Cobro del agua
      by: Tesorería
      until: 2027-03-31`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := readLimited(args[0], assign.MaxSourceBytes)
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				var info assign.SourceInfo
				err := col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
					info, err = col.Assign.Import(ctx, tx, filepath.Base(args[0]), data, c.by)
					return err
				})
				if err != nil {
					return err
				}
				fmt.Fprintf(c.Stdout, "Política importada: versión %d (%s)\n", info.Version, info.File)
				return nil
			})
		},
	}
	show := &cobra.Command{
		Use: "show", Short: "Muestra la política importada", Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			return col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
				source, info, err := col.Assign.Source(ctx, tx)
				if err != nil {
					return err
				}
				if info.Version == 0 {
					fmt.Fprintln(c.Stderr, "No se ha importado ninguna; rige la de fábrica:")
				} else {
					fmt.Fprintf(c.Stderr, "Versión %d, %s, importada %s por %s:\n", info.Version, info.File, col.local(info.ImportedAt), info.ImportedBy)
				}
				enc := json.NewEncoder(c.Stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(source)
			})
		}),
	}
	cmd.AddCommand(imp, show)
	return cmd
}

// readLimited reads a file that a person gave, up to a limit.
func readLimited(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s tiene más de %d bytes", name, limit)
	}
	return data, nil
}
