package collector

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vigia/checks/message"
	"vigia/collector/registers"
	"vigia/collector/registers/receipts"
	"vigia/collector/storage"
	"vigia/collector/web"
)

func (c *cli) receiptCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "receipt", Short: "Revisa archivos de datos que se entregan y hace su recibo", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(c.receiptCheckCommand(), c.receiptCreateCommand())
	return cmd
}

func (c *cli) receiptCheckCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "check FILE", Short: "Revisa las líneas de un archivo antes de cifrarlo", Args: cobra.ExactArgs(1),
		Long: `Revisa que cada línea tenga los 10 campos separados por «|» y que cada campo tenga
su forma. Dice cuántas líneas están mal, por qué y cuáles son; nunca muestra ni
guarda lo que dicen. Termina con 1 si alguna está mal.`,
		Example: "  vigia receipt check padron-2026-11.txt",
		RunE: func(_ *cobra.Command, args []string) error {
			check, err := c.checkLines(args[0])
			if err != nil {
				return err
			}
			if err := c.printCheck(check, format); err != nil {
				return err
			}
			if !check.Good() {
				return errNo
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	offer(cmd, "format", "text", "json")
	return cmd
}

// checkLines looks at the lines of a file.
func (c *cli) checkLines(name string) (_ receipts.Check, err error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return receipts.Check{}, fmt.Errorf("leer el archivo: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	return receipts.Validate(bufio.NewReader(f), now())
}

func (c *cli) printCheck(check receipts.Check, format string) error {
	if format == "json" {
		type fault struct {
			Kind  receipts.Fault `json:"kind"`
			Count int64          `json:"count"`
			Lines []int64        `json:"lines"`
		}
		out := struct {
			Lines   int64   `json:"lines"`
			Records int64   `json:"records"`
			Good    bool    `json:"good"`
			Faults  []fault `json:"faults"`
		}{check.Lines, check.Records, check.Good(), []fault{}}
		for _, f := range receipts.Faults() {
			if l, ok := check.Faults[f.Fault]; ok {
				out.Faults = append(out.Faults, fault{f.Fault, l.Count, l.First})
			}
		}
		return json.NewEncoder(c.Stdout).Encode(out)
	}
	fmt.Fprintf(c.Stdout, "%d de %d líneas están bien.\n", check.Records, check.Lines)
	for _, f := range receipts.Faults() {
		l, ok := check.Faults[f.Fault]
		if !ok {
			continue
		}
		var numbers []string
		for _, n := range l.First {
			numbers = append(numbers, strconv.FormatInt(n, 10))
		}
		if l.Count > int64(len(l.First)) {
			numbers = append(numbers, "…")
		}
		fmt.Fprintf(c.Stdout, "  %d: %s (línea %s)\n", l.Count, f.Says.ES, strings.Join(numbers, ", "))
	}
	return nil
}

// receiptFlags are those of a new receipt.
type receiptFlags struct {
	values  map[string]*string
	text    string
	out     string
	records int64
}

func (c *cli) receiptCreateCommand() *cobra.Command {
	f := receiptFlags{values: map[string]*string{}}
	cmd := &cobra.Command{
		Use: "create FILE", Short: "Comprueba un archivo cifrado y hace el recibo de su entrega", Args: cobra.ExactArgs(1),
		Long: `Comprueba que FILE es un ZIP o un 7z cifrado entero con AES-256, anota la entrega en
el libro de recibos y escribe el recibo, en PDF o DOCX, para que lo firmen quien
entrega y quien recibe. El recibo lleva fecha, lugar, nombre, tamaño, registros y la
huella SHA-256 del archivo, que no se guarda.

Con --text se revisan y cuentan las líneas del mismo archivo sin cifrar; sin él hay que
decir los registros con --records. Termina con 1, sin anotar nada, si algo está mal.`,
		Example: `  vigia receipt create padron-2026-11.7z --text padron-2026-11.txt --period 2026-11 \
    --place "Villa Ejemplo" --recipient "Instituto estatal" \
    --giver "Ana Ruiz" --giver-post Enlace --receiver "Luis Gil" --receiver-post Analista`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error { return c.createReceipt(ctx, col, args[0], f) })
		},
	}
	for _, flag := range []struct{ name, field, says string }{
		{"place", "place", "lugar de la entrega"}, {"recipient", "recipient", "institución que recibe"},
		{"giver", "giver", "nombre de quien entrega"}, {"giver-post", "giver_post", "cargo de quien entrega"},
		{"receiver", "receiver", "nombre de quien recibe"}, {"receiver-post", "receiver_post", "cargo de quien recibe"},
		{"period", "period", "mes al que corresponde, como 2026-11; vacío en la carga inicial"},
	} {
		f.values[flag.field] = cmd.Flags().String(flag.name, "", flag.says)
		if flag.name != "period" {
			if err := cmd.MarkFlagRequired(flag.name); err != nil {
				return cmd // the flag was defined a line above
			}
		}
	}
	cmd.Flags().StringVar(&f.text, "text", "", "el mismo archivo sin cifrar, para revisar sus líneas")
	cmd.Flags().Int64Var(&f.records, "records", 0, "cuántos registros lleva, si no se da --text")
	cmd.Flags().StringVar(&f.out, "out", "", "archivo del recibo, .pdf o .docx (por defecto, recibo-FOLIO.pdf)")
	return cmd
}

func (c *cli) createReceipt(ctx context.Context, col *Collector, name string, f receiptFlags) error {
	b, zone := receipts.Book(), col.Config.TimeZone.Location
	values := registers.Values{"delivered": col.now().UTC().Truncate(time.Second).Format(time.RFC3339), "file": filepath.Base(name), "checked": "not_read"}
	for field, text := range f.values {
		if text := strings.TrimSpace(*text); text != "" {
			values[field] = text
		}
	}
	said, err := inspectDelivery(name, values)
	if err != nil {
		return err
	}
	if said != "" {
		fmt.Fprintln(c.Stdout, b.Say(message.Spanish, registers.Problem{Code: said}))
		return errNo
	}
	if f.text != "" {
		check, err := c.checkLines(f.text)
		if err != nil {
			return err
		}
		if !check.Good() {
			if err := c.printCheck(check, "text"); err != nil {
				return err
			}
			return errNo
		}
		f.records, values["checked"] = check.Records, "good"
	}
	values["records"] = strconv.FormatInt(max(0, f.records), 10)
	var row registers.Row
	err = col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		row, err = col.Registers.Add(ctx, tx, b, values, registers.Act{By: c.by, Via: registers.Command})
		return err
	})
	if invalid, ok := errors.AsType[*registers.InvalidError](err); ok {
		for _, p := range invalid.Problems {
			field, _ := b.Field(p.Field)
			fmt.Fprintf(c.Stdout, "%s: %s\n", field.Label.ES, b.Say(message.Spanish, p))
		}
		return errNo
	}
	if err != nil {
		return err
	}
	out := f.out
	if out == "" {
		out = "recibo-" + b.FolioText(row.Folio) + ".pdf"
	}
	data, err := web.ReceiptPaper(row, col.Config.Organisation, zone, !strings.EqualFold(filepath.Ext(out), ".docx"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Clean(out), data, 0o600); err != nil {
		return fmt.Errorf("escribir el recibo: %w", err)
	}
	fmt.Fprintf(c.Stdout, "%s anotado: %s bytes, %s registros, SHA-256 %s\nRecibo en %s: imprímalo y fírmenlo los dos.\n",
		b.FolioText(row.Folio), values["bytes"], values["records"], values["hash"], out)
	return nil
}

// inspectDelivery fills in what is known of a container; a code of the book's words tells
// why it is not taken.
func inspectDelivery(name string, into registers.Values) (code string, err error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return "", fmt.Errorf("leer el archivo: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("leer el archivo: %w", err)
	}
	kind, err := receipts.Inspect(f, info.Size())
	if code := receipts.Code(err); code != "" {
		return code, nil
	}
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return "", fmt.Errorf("leer el archivo: %w", err)
	}
	into["container"], into["bytes"], into["hash"] = string(kind), strconv.FormatInt(n, 10), hex.EncodeToString(sum.Sum(nil))
	return "", nil
}
