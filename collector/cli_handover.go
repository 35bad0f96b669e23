package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"vigia/collector/handover"
	"vigia/collector/storage/backup"
)

func (c *cli) handoverCommand() *cobra.Command {
	var out, file, place, from, to, witness, notes string
	var done []string
	var encrypt bool
	cmd := &cobra.Command{
		Use:   "handover",
		Short: "Entrega-recepción: los libros, las cuentas y las claves pasan a otra administración",
		Long: `Hace el paquete sellado de un cambio de administración: todos los libros en CSV y
XLSX, las cuentas del portal, las huellas de las claves, el punto de control del
registro de pruebas y el acta para firmar. La entrega queda en el registro.

Los puntos comprobados se dan con --done; los demás salen en el acta como
pendientes. Son: ` + strings.Join(checklistCodes(), ", ") + `.
En el portal, /entrega guía paso a paso.`,
		Example: `  vigia handover --from "Ana Ruiz, Alcaldesa" --to "Luis Gil, Alcalde" --out entrega.zip \
    --done accounts.new --done backup --done backup.opened
  vigia handover verify entrega.zip`,
		Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			if from == "" || to == "" {
				return errors.New("diga quién entrega con --from y quién recibe con --to, como --from \"Ana Ruiz, Alcaldesa\"")
			}
			act := handover.Act{By: c.by, Place: place, From: party(from), To: party(to), Witness: party(witness), Notes: notes}
			for _, code := range done {
				if !slices.Contains(checklistCodes(), code) {
					return fmt.Errorf("--done %q: use uno de %s", code, strings.Join(checklistCodes(), ", "))
				}
				act.Answers = append(act.Answers, handover.Answer{Code: code, Done: true})
			}
			phrase := ""
			if encrypt || file != "" {
				var err error
				if phrase, err = c.passphrase(file, true); err != nil {
					return err
				}
			}
			if out == "" {
				out = "entrega-" + c.Now().Format("2006-01-02") + ".zip"
				if phrase != "" {
					out += ".age"
				}
			}
			return c.handOver(ctx, col, act, out, phrase)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "archivo que se escribe (entrega-FECHA.zip si no se indica)")
	f.StringVar(&from, "from", "", "quién entrega: nombre y, tras una coma, cargo")
	f.StringVar(&to, "to", "", "quién recibe: nombre y, tras una coma, cargo")
	f.StringVar(&witness, "witness", "", "testigo: nombre y, tras una coma, cargo")
	f.StringVar(&place, "place", "", "lugar del acto")
	f.StringVar(&notes, "notes", "", "observaciones para el acta")
	f.StringArrayVar(&done, "done", nil, "punto comprobado; se repite")
	f.BoolVar(&encrypt, "encrypt", false, "cifra el paquete con una frase de paso (formato age)")
	f.StringVar(&file, "passphrase-file", "", "archivo cuya primera línea es la frase de paso; cifra el paquete")
	completes(cmd, "done", checklistCodes()...)
	cmd.AddCommand(c.handoverVerifyCommand())
	return cmd
}

func checklistCodes() []string {
	var out []string
	for _, item := range handover.Checklist() {
		out = append(out, item.Code)
	}
	return out
}

func party(text string) handover.Party {
	name, post, _ := strings.Cut(text, ",")
	return handover.Party{Name: strings.TrimSpace(name), Post: strings.TrimSpace(post)}
}

// handOver writes the package, which appears only when it is whole.
func (c *cli) handOver(ctx context.Context, col *Collector, act handover.Act, out, phrase string) (err error) {
	if _, err := os.Stat(out); err == nil {
		return fmt.Errorf("%s ya está, y no se escribe encima: indique otro con --out", out)
	}
	f, err := os.CreateTemp(filepath.Dir(out), ".entrega-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	receipt, err := col.HandOver(ctx, f, act, phrase)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	if err := os.Rename(f.Name(), out); err != nil {
		return err
	}
	fmt.Fprintf(c.Stdout, "Paquete: %s (%d archivos)\nHuella del manifiesto: %s\nImprima y firmen el acta (%s, dentro del paquete): lleva esa huella.\n", out, receipt.Files, receipt.Manifest, handover.ActFile)
	if missing := len(handover.Checklist()) - len(act.Answers); missing > 0 {
		fmt.Fprintf(c.Stderr, "%d puntos salen como pendientes en el acta\n", missing)
	}
	return nil
}

func (c *cli) handoverVerifyCommand() *cobra.Command {
	var file, manifest string
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Comprueba un paquete de entrega, sin colector ni red",
		Long: `Comprueba que cada archivo del paquete es el de su lista, y muestra la huella de la
lista para compararla con la del acta firmada. Con --manifest la compara.

Códigos de salida: 0 todo es como se entregó; 1 algo cambió; 2 no es un paquete.`,
		Example: "  vigia handover verify entrega.zip",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return c.verifyHandover(args[0], file, manifest)
		},
	}
	cmd.Flags().StringVar(&manifest, "manifest", "", "huella del manifiesto que dice el acta firmada")
	cmd.Flags().StringVar(&file, "passphrase-file", "", "archivo cuya primera línea es la frase de paso, si está cifrado")
	return cmd
}

func (c *cli) verifyHandover(name, phraseFile, manifest string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(name, ".age") {
		phrase, err := c.passphrase(phraseFile, false)
		if err != nil {
			return err
		}
		_, identity, err := backup.Passphrase(phrase)
		if err != nil {
			return err
		}
		if in, err = age.Decrypt(f, identity); err != nil {
			return fmt.Errorf("%w: %w", backup.ErrPassphrase, err)
		}
	}
	const most = 2 << 30 // bytes
	data, err := io.ReadAll(io.LimitReader(in, most))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	got, err := handover.Verify(strings.NewReader(string(data)), int64(len(data)))
	if err != nil {
		return err
	}
	if manifest = strings.ToLower(strings.ReplaceAll(manifest, " ", "")); manifest != "" && manifest != got.Manifest {
		got.Wrong = append(got.Wrong, "la huella del manifiesto no es la del acta")
	}
	for _, wrong := range got.Wrong {
		fmt.Fprintf(c.Stdout, "✘ %s\n", wrong)
	}
	fmt.Fprintf(c.Stdout, "Huella del manifiesto: %s\n", got.Manifest)
	if len(got.Wrong) > 0 {
		fmt.Fprintln(c.Stdout, "RESULTADO: el paquete NO es el que se entregó.")
		return errNo
	}
	fmt.Fprintf(c.Stdout, "RESULTADO: %d archivos como en su lista. Compare la huella con la del acta firmada.\n", got.Files)
	return nil
}
