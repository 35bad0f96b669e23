package extract

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

type nowhere struct{}

func (nowhere) Begin(Encoding) {}
func (nowhere) Write([]byte)   {}
func (nowhere) End()           {}

// benchmarkOffice reports megabytes of inflated XML per second.
func benchmarkOffice(b *testing.B, doc []byte) {
	b.Helper()
	x := New(Limits{}, nowhere{})
	o := x.File(b.Context(), bytes.NewReader(doc), int64(len(doc)))
	if !o.Whole() {
		b.Fatalf("got reasons %v, want none", o.Reasons)
	}
	b.SetBytes(o.Made)
	b.ReportAllocs()
	for b.Loop() {
		x.File(context.Background(), bytes.NewReader(doc), int64(len(doc)))
	}
}

// prose makes a Word document of paragraphs in a few runs each, as Word writes them.
func prose(size int) string {
	words := strings.Fields("el la de que y a en un ser se no haber por con su para como estar tener le lo todo pero más hacer o poder decir este ir otro ese si me ya ver porque dar cuando él muy sin vez mucho saber qué sobre mi alguno mismo yo también hasta año dos querer entre así primero desde grande eso ni nos llegar pasar tiempo ella sí día uno bien poco deber entonces poner cosa tanto hombre parecer nuestro tan donde ahora parte después vida quedar siempre creer hablar llevar dejar nada cada seguir menos nuevo encontrar")
	r := rand.New(rand.NewPCG(1, 2))
	var s strings.Builder
	s.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	for s.Len() < size {
		fmt.Fprintf(&s, `<w:p w:rsidR="00%06X" w:rsidRDefault="00%06X"><w:pPr><w:pStyle w:val="Normal"/><w:jc w:val="both"/></w:pPr>`, r.IntN(1<<24), r.IntN(1<<24))
		for range 1 + r.IntN(4) {
			s.WriteString(`<w:r><w:rPr><w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:cs="Arial"/><w:sz w:val="22"/><w:szCs w:val="22"/></w:rPr><w:t xml:space="preserve">`)
			for range 5 + r.IntN(30) {
				s.WriteString(words[r.IntN(len(words))])
				s.WriteByte(' ')
			}
			s.WriteString(`</w:t></w:r>`)
		}
		s.WriteString(`</w:p>`)
	}
	s.WriteString(`</w:body></w:document>`)
	return s.String()
}

func BenchmarkDOCX(b *testing.B) {
	benchmarkOffice(b, zipOf(b, "[Content_Types].xml", "<Types/>", "word/document.xml", prose(16<<20)))
}

func BenchmarkXLSX(b *testing.B) { benchmarkOffice(b, benchXLSX(b)) }

// benchXLSX makes a workbook of names, numbers and dates.
func benchXLSX(t testing.TB) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var s, strs strings.Builder
	s.WriteString(`<worksheet><sheetData>`)
	strs.WriteString(`<sst>`)
	for row := 1; s.Len() < 16<<20; row++ {
		fmt.Fprintf(&s, `<row r="%d" spans="1:5"><c r="A%d" t="s"><v>%d</v></c><c r="B%d" s="1"><v>%d</v></c><c r="C%d"><v>%d.%dE+017</v></c><c r="D%d" s="2"><v>%d</v></c><c r="E%d" t="s"><v>%d</v></c></row>`,
			row, row, 2*row-2, row, r.Int64N(90000000000), row, 1+r.IntN(8), r.Int64N(90000000000000), row, r.IntN(45000), row, 2*row-1)
		fmt.Fprintf(&strs, `<si><t>Persona inventada %d</t></si><si><t xml:space="preserve">Calle %d </t></si>`, r.IntN(1<<30), r.IntN(1000))
	}
	s.WriteString(`</sheetData></worksheet>`)
	strs.WriteString(`</sst>`)
	return zipOf(t, "xl/workbook.xml", "<workbook/>", "xl/worksheets/sheet1.xml", s.String(), "xl/sharedStrings.xml", strs.String(),
		"xl/styles.xml", `<styleSheet><cellXfs><xf/><xf numFmtId="1"/><xf numFmtId="14"/></cellXfs></styleSheet>`)
}
