package registers

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"vigia/checks/message"
)

// Format is a form of exported table.
type Format string

// The formats.
const (
	CSV  Format = "csv"  // UTF-8 with its mark, semicolons: as a spreadsheet in Spanish opens it
	XLSX Format = "xlsx" // days and numbers as what they are
)

// Export writes rows of a book, with their folios and a heading in a language, so that
// ReadSheet and Plan read the same rows again. Times are in zone.
func (b *Book) Export(w io.Writer, format Format, rows []Row, lang message.Lang, zone *time.Location) error {
	switch format {
	case CSV:
		return b.exportCSV(w, rows, lang, zone)
	case XLSX:
		return b.exportXLSX(w, rows, lang, zone)
	default:
		return fmt.Errorf("export the book %s: unknown format %q", b.Name, format)
	}
}

// Headings are the columns of an export.
func (b *Book) headings(lang message.Lang) []string {
	out := []string{"Folio"}
	for _, f := range b.Fields {
		out = append(out, f.Label.In(lang))
	}
	return out
}

func (b *Book) exportCSV(w io.Writer, rows []Row, lang message.Lang, zone *time.Location) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return fmt.Errorf("export the book %s: %w", b.Name, err)
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	write := func(cells []string) {
		for i := range cells {
			cells[i] = inert(cells[i])
		}
		_ = out.Write(cells) // Error tells below
	}
	write(b.headings(lang))
	for _, r := range rows {
		cells := []string{b.FolioText(r.Folio)}
		for _, f := range b.Fields {
			cells = append(cells, f.cell(r.Values[f.Name], lang, zone))
		}
		write(cells)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("export the book %s: %w", b.Name, err)
	}
	return nil
}

// cell is a value as Parse reads it again, in a form that people read.
func (f Field) cell(value string, lang message.Lang, zone *time.Location) string {
	if f.Kind != Choices {
		return f.Show(value, lang, zone)
	}
	var labels []string
	for code := range strings.SplitSeq(value, "\n") {
		labels = append(labels, f.optionLabel(code, lang))
	}
	return strings.Join(labels, "\n")
}

func (b *Book) exportXLSX(w io.Writer, rows []Row, lang message.Lang, zone *time.Location) (err error) {
	fail := func(err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("export the book %s: %w", b.Name, err)
	}
	book := excelize.NewFile()
	defer func() {
		if closing := book.Close(); err == nil {
			err = fail(closing)
		}
	}()
	styles, err := stylesOf(book)
	if err != nil {
		return fail(err)
	}
	sheet := book.GetSheetName(0)
	out, err := book.NewStreamWriter(sheet)
	if err != nil {
		return fail(err)
	}
	const frozen = 1
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: frozen, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return fail(err)
	}
	const width = 24 // characters
	if err := out.SetColWidth(1, len(b.Fields)+1, width); err != nil {
		return fail(err)
	}
	var head []any
	for _, h := range b.headings(lang) {
		head = append(head, excelize.Cell{StyleID: styles.head, Value: h})
	}
	if err := out.SetRow("A1", head); err != nil {
		return fail(err)
	}
	for i, r := range rows {
		cells := []any{b.FolioText(r.Folio)}
		for _, f := range b.Fields {
			cells = append(cells, styles.cell(f, r.Values[f.Name], lang, zone))
		}
		if err := out.SetRow("A"+strconv.Itoa(i+2), cells); err != nil {
			return fail(err)
		}
	}
	if err := out.Flush(); err != nil {
		return fail(err)
	}
	return fail(book.Write(w))
}

// sheetStyles are those of a workbook's cells.
type sheetStyles struct{ head, day, moment, text int }

func stylesOf(book *excelize.File) (sheetStyles, error) {
	dayForm, momentForm := "dd/mm/yyyy", "dd/mm/yyyy hh:mm"
	var out sheetStyles
	var err error
	for _, s := range []struct {
		into  *int
		style excelize.Style
	}{
		{&out.head, excelize.Style{Font: &excelize.Font{Bold: true}}},
		{&out.day, excelize.Style{CustomNumFmt: &dayForm}},
		{&out.moment, excelize.Style{CustomNumFmt: &momentForm}},
		{&out.text, excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}}}, // 49: text
	} {
		if *s.into, err = book.NewStyle(&s.style); err != nil {
			return sheetStyles{}, err
		}
	}
	return out, nil
}

// cell is a value as a cell: days and numbers as what they are, all else as text, which no
// spreadsheet takes for a formula.
func (s sheetStyles) cell(f Field, value string, lang message.Lang, zone *time.Location) any {
	switch f.Kind {
	case Day:
		if at, err := time.Parse(time.DateOnly, value); err == nil {
			return excelize.Cell{StyleID: s.day, Value: at}
		}
	case Moment:
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			at = at.In(zone)
			wall := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
			return excelize.Cell{StyleID: s.moment, Value: wall}
		}
	case Number:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return n
		}
	case Line, Prose, Account, Host, Choice, Choices, Lines, Flag, Folio, Paper:
	}
	if value == "" {
		return nil
	}
	return excelize.Cell{StyleID: s.text, Value: f.cell(value, lang, zone)}
}
