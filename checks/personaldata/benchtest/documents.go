package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"vigia/checks/personaldata/corpustest"
)

// pdfs writes documents of many pages and returns how many pages they have.
func pdfs(s settings, dir string) (int, error) {
	m := corpustest.NewMaker(s.seed)
	pages := 0
	for i := range 20 {
		pdf := fpdf.New("P", "mm", "A4", "")
		pdf.SetFont("Helvetica", "", 11)
		pdf.AddPage()
		pdf.MultiCell(170, 5, string(corpustest.Windows1252(m.Prose("", 400_000, corpustest.OK).Text)), "", "L", false)
		pages += pdf.PageNo()
		if err := pdf.OutputFileAndClose(filepath.Join(dir, fmt.Sprintf("%d.pdf", i))); err != nil {
			return 0, fmt.Errorf("write PDF: %w", err)
		}
	}
	return pages, nil
}

// documents writes Word documents and returns how large their parts are inflated.
func documents(s settings, dir string) (int64, error) {
	m := corpustest.NewMaker(s.seed)
	var inflated int64
	for i := range 40 {
		n, err := document(filepath.Join(dir, fmt.Sprintf("%d.docx", i)), m.Prose("", 1_500_000, corpustest.OK).Text)
		if err != nil {
			return 0, err
		}
		inflated += n
	}
	return inflated, nil
}

// document writes a text as a Word document.
func document(path, text string) (inflated int64, err error) {
	var body bytes.Buffer
	body.WriteString(`<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	for line := range strings.Lines(text) {
		fmt.Fprintf(&body, `<w:p><w:pPr><w:jc w:val="both"/></w:pPr><w:r><w:rPr><w:lang w:val="es-MX"/></w:rPr><w:t xml:space="preserve">%s</w:t></w:r></w:p>`, strings.TrimRight(line, "\n"))
	}
	body.WriteString(`</w:body></w:document>`)
	return packed(path, map[string][]byte{
		"[Content_Types].xml": []byte(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`),
		"_rels/.rels":         []byte(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`),
		"word/document.xml":   body.Bytes(),
	}, "[Content_Types].xml", "_rels/.rels", "word/document.xml")
}

// packed writes a ZIP file with members in an order.
func packed(path string, members map[string][]byte, order ...string) (inflated int64, err error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range order {
		w, err := z.Create(name)
		if err != nil {
			return 0, fmt.Errorf("write %s: %w", path, err)
		}
		if _, err := w.Write(members[name]); err != nil {
			return 0, fmt.Errorf("write %s: %w", path, err)
		}
		inflated += int64(len(members[name]))
	}
	if err := z.Close(); err != nil {
		return 0, fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return 0, fmt.Errorf("write document: %w", err)
	}
	return inflated, nil
}

// heavy writes files that cost a reader memory: bombs, huge tables of strings, huge
// parts, archives within archives.
func heavy(s settings, dir string) error {
	m := corpustest.NewMaker(s.seed)
	var shared bytes.Buffer
	shared.WriteString(`<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`)
	for i := range 1_200_000 {
		fmt.Fprintf(&shared, "<si><t>Concepto de la partida número %d del ejercicio</t></si>", i)
	}
	shared.WriteString("</sst>")
	var sheet bytes.Buffer
	sheet.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	for i := range 600_000 {
		fmt.Fprintf(&sheet, `<row r="%d"><c r="A%[1]d" t="s"><v>%[1]d</v></c></row>`, i+1)
	}
	sheet.WriteString("</sheetData></worksheet>")
	if _, err := packed(filepath.Join(dir, "strings.xlsx"), map[string][]byte{
		"[Content_Types].xml":      []byte(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`),
		"xl/workbook.xml":          []byte(`<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets><sheet name="Hoja1" sheetId="1"/></sheets></workbook>`),
		"xl/sharedStrings.xml":     shared.Bytes(),
		"xl/worksheets/sheet1.xml": sheet.Bytes(),
	}, "[Content_Types].xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"); err != nil {
		return err
	}
	if _, err := document(filepath.Join(dir, "large.docx"), m.Letters("", 60<<20).Text); err != nil {
		return err
	}
	inner := filepath.Join(dir, "bomb.zip")
	if _, err := packed(inner, map[string][]byte{"ceros.txt": make([]byte, 1<<29)}, "ceros.txt"); err != nil {
		return err
	}
	for range 4 {
		b, err := os.ReadFile(inner)
		if err != nil {
			return fmt.Errorf("read %s: %w", inner, err)
		}
		inner = strings.TrimSuffix(inner, ".zip") + "b.zip"
		if _, err := packed(inner, map[string][]byte{"a.zip": b, "b.zip": b}, "a.zip", "b.zip"); err != nil {
			return err
		}
	}
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetFont("Helvetica", "", 11)
	pdf.AddPage()
	pdf.MultiCell(170, 5, string(corpustest.Windows1252(m.Letters("", 8<<20).Text)), "", "L", false)
	f, err := os.Create(filepath.Join(dir, "large.pdf"))
	if err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	if err := pdf.Output(io.Writer(f)); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	return nil
}
