package registers

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Limits of an imported file.
const (
	MaxSheetBytes = 8 << 20
	MaxSheetRows  = 20_000
	maxColumns    = 100
	// A workbook is a ZIP file; this much may come out of it.
	maxUnzipped = 200 << 20
)

// Sheet is a table that somebody wants to import.
type Sheet struct {
	Header []string
	Lines  []SheetLine
	// Workbook tells that days and times may be the serial numbers of spreadsheets.
	Workbook bool
}

// SheetLine is one line of a Sheet.
type SheetLine struct {
	Number int // in the file, from 1
	Cells  []string
}

// ReadSheet reads a CSV file (UTF-8, UTF-16 with its mark, or Windows-1252 as older
// spreadsheets write it; comma, semicolon or tab) or the first sheet of an XLSX workbook.
// Empty lines do not count. The error is a *LineError where a line is to blame.
func ReadSheet(data []byte) (Sheet, error) {
	if len(data) > MaxSheetBytes {
		return Sheet{}, &LineError{Problem: Problem{Code: "sheet.size", Args: map[string]string{"most": fmt.Sprint(MaxSheetBytes >> 20)}}}
	}
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return readWorkbook(data)
	}
	return readCSV(data)
}

// LineError says what is wrong with a line of a file, or with the whole file.
type LineError struct {
	Line int // 0: the file
	Problem
}

// Error says it in a line, for logs.
func (e *LineError) Error() string {
	if e.Line == 0 {
		return "the file: " + e.String()
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
}

func readCSV(data []byte) (Sheet, error) {
	text, err := decodeText(data)
	if err != nil {
		return Sheet{}, err
	}
	records := csv.NewReader(bytes.NewReader(text))
	records.Comma = separator(text)
	records.FieldsPerRecord = -1 // told with our own words
	records.LazyQuotes = false
	var out Sheet
	for {
		cells, err := records.Read()
		if errors.Is(err, io.EOF) {
			return out, out.check()
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			return Sheet{}, &LineError{Line: parse.Line, Problem: Problem{Code: "sheet.quotes"}}
		}
		if err != nil {
			return Sheet{}, fmt.Errorf("read the file: %w", err)
		}
		line, _ := records.FieldPos(0)
		if err := out.add(line, cells); err != nil {
			return Sheet{}, err
		}
	}
}

// decodeText makes UTF-8 of what spreadsheets call text.
func decodeText(data []byte) ([]byte, error) {
	if rest, ok := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); ok && utf8.Valid(rest) {
		return rest, nil
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return nil, &LineError{Problem: Problem{Code: codeText}}
		}
		return text, nil
	case utf8.Valid(data):
		return data, nil
	default:
		text, err := charmap.Windows1252.NewDecoder().Bytes(data)
		if err != nil {
			return nil, &LineError{Problem: Problem{Code: codeText}}
		}
		return text, nil
	}
}

// separator is what stands most often in the first line outside of quotes.
func separator(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	best, most, quoted := ',', 0, false
	counts := map[rune]int{}
	for _, r := range string(first) {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(",;\t", r):
			if counts[r]++; counts[r] > most {
				best, most = r, counts[r]
			}
		}
	}
	return best
}

func readWorkbook(data []byte) (out Sheet, err error) {
	bad := func() error { return &LineError{Problem: Problem{Code: "sheet.workbook"}} }
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped,
	})
	if err != nil {
		return Sheet{}, bad() // its words are about XML, and no help
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	names := book.GetSheetList()
	if len(names) == 0 {
		return Sheet{}, bad()
	}
	rows, err := book.Rows(names[0])
	if err != nil {
		return Sheet{}, bad()
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out.Workbook = true
	for line := 1; rows.Next(); line++ {
		cells, err := rows.Columns()
		if err != nil {
			return Sheet{}, &LineError{Line: line, Problem: Problem{Code: "sheet.workbook"}}
		}
		if err := out.add(line, cells); err != nil {
			return Sheet{}, err
		}
	}
	if rows.Error() != nil {
		return Sheet{}, bad()
	}
	return out, out.check()
}

// add takes one line: the first is the heading.
func (s *Sheet) add(line int, cells []string) error {
	empty := true
	for i, cell := range cells {
		cells[i] = bare(strings.TrimSpace(cell))
		empty = empty && cells[i] == ""
	}
	switch {
	case empty:
		return nil
	case s.Header == nil:
		for len(cells) > 0 && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		if len(cells) > maxColumns {
			return &LineError{Line: line, Problem: Problem{Code: "sheet.columns", Args: map[string]string{"most": fmt.Sprint(maxColumns)}}}
		}
		s.Header = cells
		return nil
	case len(s.Lines) >= MaxSheetRows:
		return &LineError{Line: line, Problem: Problem{Code: "sheet.rows", Args: map[string]string{"most": fmt.Sprint(MaxSheetRows)}}}
	}
	for len(cells) > len(s.Header) && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	s.Lines = append(s.Lines, SheetLine{Number: line, Cells: cells})
	return nil
}

func (s *Sheet) check() error {
	if s.Header == nil || len(s.Lines) == 0 {
		return &LineError{Problem: Problem{Code: "sheet.empty"}}
	}
	return nil
}

// bare takes away the apostrophe that inert put before a cell.
func bare(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && inert(rest) != rest {
		return rest
	}
	return cell
}

// inert keeps a spreadsheet from taking a cell for a formula (CWE-1236).
func inert(cell string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \n\u00a0'"))
	if strings.ContainsRune("=+-@\t\r＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}
