package registers

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"vigia/checks/message"
)

// Template writes an empty table with the headings of a book, to be filled in and imported.
// A workbook has the lists of choices in its cells, and a second sheet that says how to
// fill in each column; a CSV file has the headings only.
func (b *Book) Template(w io.Writer, format Format, lang message.Lang) error {
	switch format {
	case CSV:
		return b.exportCSV(w, nil, lang, nil)
	case XLSX:
		return b.templateXLSX(w, lang)
	default:
		return fmt.Errorf("template of the book %s: unknown format %q", b.Name, format)
	}
}

// Words of the second sheet.
func guideWords(lang message.Lang) (sheet string, head []string, needed, choices string) {
	if lang == message.English {
		return "How to fill in", []string{"Column", "Needed", "How to fill it in", "What may be written"}, "yes", "any of, separated by “;”: "
	}
	return "Cómo llenarlo", []string{"Columna", "Hace falta", "Cómo se llena", "Qué se puede escribir"}, "sí", "las que hagan falta, separadas por «;»: "
}

func (b *Book) templateXLSX(w io.Writer, lang message.Lang) (err error) {
	fail := func(err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("template of the book %s: %w", b.Name, err)
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
	rows := book.GetSheetName(0)
	guide, head, needed, several := guideWords(lang)
	if _, err := book.NewSheet(guide); err != nil {
		return fail(err)
	}
	set := func(sheet string, column, row, style int, value string) error {
		at, err := excelize.CoordinatesToCellName(column, row)
		if err != nil {
			return err
		}
		if err := book.SetCellStr(sheet, at, value); err != nil {
			return err
		}
		return book.SetCellStyle(sheet, at, at, style)
	}
	for i, word := range head {
		if err := set(guide, i+1, 1, styles.head, word); err != nil {
			return fail(err)
		}
	}
	for i, f := range b.Fields {
		var labels []string
		for _, o := range f.Options {
			labels = append(labels, o.Label.In(lang))
		}
		must, may := "", strings.Join(labels, "; ")
		if f.Required {
			must = needed
		}
		if f.Kind == Choices {
			may = several + may
		}
		may = cmp.Or(may, f.Kind.example(lang))
		for column, text := range []string{f.Label.In(lang), must, f.Hint.In(lang), may} {
			if err := set(guide, column+1, i+2, styles.text, text); err != nil {
				return fail(err)
			}
		}
		if err := set(rows, i+1, 1, styles.head, f.Label.In(lang)); err != nil {
			return fail(err)
		}
		if err := b.templateColumn(book, rows, styles, i+1, f, labels); err != nil {
			return fail(err)
		}
	}
	const width, wide = 24, 60
	last, err := excelize.ColumnNumberToName(len(b.Fields))
	if err != nil {
		return fail(err)
	}
	if err := book.SetColWidth(rows, "A", last, width); err != nil {
		return fail(err)
	}
	if err := book.SetColWidth(guide, "A", "B", width); err != nil {
		return fail(err)
	}
	if err := book.SetColWidth(guide, "C", "D", wide); err != nil {
		return fail(err)
	}
	if err := book.SetPanes(rows, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return fail(err)
	}
	return fail(book.Write(w))
}

// templateColumn gives the cells of a column the form and the list of choices of its field.
func (b *Book) templateColumn(book *excelize.File, sheet string, styles sheetStyles, number int, f Field, labels []string) error {
	column, err := excelize.ColumnNumberToName(number)
	if err != nil {
		return err
	}
	style := styles.text
	switch f.Kind {
	case Day:
		style = styles.day
	case Moment:
		style = styles.moment
	case Line, Prose, Account, Host, Choice, Choices, Lines, Flag, Number, Folio, Paper:
	}
	const cells = 500
	if err := book.SetCellStyle(sheet, column+"2", fmt.Sprint(column, cells), style); err != nil {
		return err
	}
	if f.Kind == Flag {
		labels = []string{"sí", "no"}
	}
	// A list in a cell may be 255 characters long, and its commas part it.
	if f.Kind != Choice && f.Kind != Flag || len(strings.Join(labels, ",")) > 250 || strings.Contains(strings.Join(labels, ""), ",") {
		return nil
	}
	list := excelize.NewDataValidation(true)
	list.Sqref = fmt.Sprintf("%s2:%s%d", column, column, MaxSheetRows)
	if err := list.SetDropList(labels); err != nil {
		return err
	}
	return book.AddDataValidation(sheet, list)
}

// example is how a value of a kind may be written; empty: as it comes.
func (k Kind) example(lang message.Lang) string {
	es, en := "", ""
	switch k {
	case Day:
		es, en = "22/11/2026", "22/11/2026"
	case Moment:
		es, en = "22/11/2026 13:05", "22/11/2026 13:05"
	case Flag:
		es, en = "sí, o nada", "yes, or nothing"
	case Number:
		es, en = "solo cifras", "digits only"
	case Folio:
		es, en = "un folio, como SIS-0007", "a folio, as SIS-0007"
	case Lines:
		es, en = "varios, separados por «;»", "some, separated by “;”"
	case Host:
		es, en = "el nombre del equipo en la red", "the machine's name in the network"
	case Account:
		es, en = "como se entra, sin espacios", "as one logs on, without spaces"
	case Paper:
		es, en = "se adjunta en el portal: déjelo vacío", "is attached in the portal: leave it empty"
	case Line, Prose, Choice, Choices:
	}
	return message.Text{ES: es, EN: en}.In(lang)
}
