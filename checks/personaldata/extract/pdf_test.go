package extract

import (
	"bytes"
	"compress/zlib"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var updatePDF = flag.Bool("update-pdf", false, "write testdata/pdf/*.txt")

// pdfTexts is a sink that keeps all texts, each with a line of its own before it.
type pdfTexts struct{ strings.Builder }

func (s *pdfTexts) Begin(Encoding)     { s.WriteString("== text\n") }
func (s *pdfTexts) Write(block []byte) { s.Builder.Write(block) }
func (s *pdfTexts) End()               { s.WriteByte('\n') }

// readAsPDF returns the texts of a file, told to be a PDF or not.
func readAsPDF(t testing.TB, file []byte) (string, Outcome) {
	t.Helper()
	var sink pdfTexts
	o := New(Limits{}, &sink).File(t.Context(), bytes.NewReader(file), int64(len(file)))
	return sink.String(), o
}

func pdfSamples(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/pdf/*.pdf")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files in testdata/pdf: %v", err)
	}
	files := make(map[string][]byte)
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = b
	}
	return files
}

// The files were made by LibreOffice, Chromium, Ghostscript and qpdf.
func TestPDFFiles(t *testing.T) {
	for name, file := range pdfSamples(t) {
		t.Run(name, func(t *testing.T) {
			got, o := readAsPDF(t, file)
			if locked := name == "locked.pdf"; locked != (o.Reason == Encrypted) || !locked && !o.Whole() {
				t.Errorf("got reasons %v", o.Reasons)
			}
			golden := filepath.Join("testdata/pdf", strings.TrimSuffix(name, ".pdf")+".txt")
			if *updatePDF {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestPDFWords compares with what Poppler reads.
func TestPDFWords(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Fatal("pdftotext is missing: install poppler-utils")
	}
	for name, file := range pdfSamples(t) {
		if name == "locked.pdf" || name == "ghostscript.pdf" {
			continue // Poppler does not mend the ligatures of Ghostscript 10.00
		}
		out, err := exec.CommandContext(t.Context(), "pdftotext", filepath.Join("testdata/pdf", name), "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		got, _ := readAsPDF(t, file)
		want := wordsOf(string(out))
		found, all := 0, 0
		have := wordsOf(got)
		for word, n := range want {
			all += n
			found += min(n, have[word])
		}
		if all < 20 || found*100 < all*99 {
			t.Errorf("%s: got %d of %d words", name, found, all)
		}
	}
}

func wordsOf(s string) map[string]int {
	words := make(map[string]int)
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		words[w]++
	}
	return words
}

// pdfOf makes a PDF of a content stream, with a page of it and fonts F1 (Helvetica in
// WinAnsiEncoding), F2 (Latin Modern's accents by name) and F3 (two bytes, with a map).
func pdfOf(content string, more ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	object := func(n int, s string) { fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, s) }
	stream := func(n int, s string) {
		object(n, fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(s), s))
	}
	object(1, "<< /Type /Catalog /Pages 2 0 R >>")
	object(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object(3, "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 6 0 R /F3 7 0 R >> /XObject << /X1 10 0 R /X2 11 0 R >> >> /Annots [12 0 R 13 0 R] >>")
	stream(4, content)
	object(5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	object(6, "<< /Type /Font /Subtype /Type1 /BaseFont /LMRoman10 /FirstChar 0 /Widths [500 500 500 500 500 500] /Encoding << /Differences [0 /acute /dieresis /a /dotlessi /fi /uni00F1] >> >>")
	object(7, "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [8 0 R] /ToUnicode 9 0 R >>")
	object(8, "<< /Type /Font /Subtype /CIDFontType2 /DW 600 /W [1 [500 500] 3 9 500] >>")
	stream(9, "1 begincodespacerange <0000> <FFFF> endcodespacerange 2 beginbfchar <0001> <00C1> <0002> <006E0303> endbfchar 2 beginbfrange <0003> <0005> <0061> <0006> <0007> [<00660069> <D83DDE00>] endbfrange")
	for _, m := range more {
		b.WriteString(m)
	}
	b.WriteString("trailer << /Root 1 0 R >>\n%%EOF\n")
	return b.Bytes()
}

func TestPDFContent(t *testing.T) {
	const image = "10 0 obj << /Subtype /Image /Width 900 /Height 900 /Length 4 >> stream\nabcd\nendstream endobj\n"
	for _, test := range []struct {
		name    string
		content string
		more    string
		want    string
		why     Reason
	}{
		{"string", "BT /F1 12 Tf 10 700 Td (Hola \\361and\\372 \\(s\\355\\)) Tj ET", "", "Hola ñandú (sí)", ""},
		{"kerning and words", "BT /F1 10 Tf 10 700 Td [(Mu)20(\\361oz)-300(Pe)-50(\\361a)] TJ ET", "", "Muñoz Peña", ""},
		{"lines", "BT /F1 10 Tf 12 TL 10 700 Td (uno) Tj T* (dos) Tj (tres) ' ET", "", "uno\ndos\ntres", ""},
		{"cells", "BT /F1 10 Tf 1 0 0 1 10 700 Tm (Nombre) Tj 1 0 0 1 100 700 Tm (CURP) Tj 1 0 0 1 10 688 Tm (Ana) Tj 1 0 0 1 100 688 Tm (X1) Tj ET", "", "Nombre\tCURP\nAna\tX1", ""},
		{"cells out of order", "BT /F1 10 Tf 1 0 0 1 100 700 Tm (CURP) Tj 1 0 0 1 10 700 Tm (Nombre) Tj ET", "", "Nombre\tCURP", ""},
		{"a cell of two lines", "BT /F1 10 Tf 1 0 0 1 10 700 Tm (Ana) Tj 1 0 0 1 10 688 Tm (Mar\\355a) Tj 1 0 0 1 100 700 Tm (X1) Tj ET", "", "Ana\tX1\nMaría", ""},
		{"spaces for columns", "BT /F1 10 Tf 10 700 Td (Ana      X1) Tj ET", "", "Ana\tX1", ""},
		{"accents of TeX", "BT /F2 10 Tf 10 700 Td [<00> 500 <02>] TJ <05> Tj [<00> 500 <03>] TJ <04> Tj ET", "", "áñífi", ""},
		{"two bytes", "BT /F3 10 Tf 10 700 Td <000100020003000400060007> Tj ET", "", "Áñabfi😀", ""},
		{"written twice", "BT /F1 10 Tf 10 700 Td (Ana) Tj 0.3 0 Td (Ana) Tj ET", "", "Ana", ""},
		{"turned", "BT /F1 10 Tf 0 1 -1 0 50 50 Tm (de lado) Tj ET", "", "de lado", ""},
		{"soft hyphen", "BT /F1 10 Tf 12 TL 10 700 Td (pala) Tj /S <</ActualText <FEFF00AD>>> BDC (-) Tj EMC T* (bra) Tj ET", "", "palabra", ""},
		{"replacement", "BT /F1 10 Tf 10 700 Td /S <</ActualText (\\376\\377\\0\\361u)>> BDC (x) Tj (y) Tj EMC ( z) Tj ET", "", "ñ z", ""},
		{"form", "/X2 Do", "11 0 obj << /Subtype /Form /Length 40 >> stream\nBT /F1 10 Tf 10 700 Td (sello) Tj ET\nendstream endobj\n", "sello", ""},
		{"form within itself", "BT /F1 10 Tf 10 700 Td (a) Tj ET /X2 Do", "11 0 obj << /Subtype /Form /Length 7 >> stream\n/X2 Do\nendstream endobj\n", "a", LimitDepth},
		{"image", "/X1 Do", image, "", NoText},
		{"text over an image", "/X1 Do BT 3 Tr /F1 10 Tf 10 700 Td (le\\355do) Tj ET", image, "leído", ""},
		{"inline image", "BI /W 2 /H 2 ID \x00\xff EI \nBT /F1 10 Tf 10 700 Td (pie) Tj ET", "", "pie", ""},
		{"blank", "q Q", "", "", ""},
		{"no map", "BT /F4 10 Tf 10 700 Td (visto) Tj ET", "", "visto", ""},
		{"note", "", "12 0 obj << /Subtype /Text /Contents (Ojo: \\(DNI\\)) >> endobj\n", "Ojo: (DNI)", ""},
		{"field", "", "13 0 obj << /Subtype /Widget /V <FEFF004D0075006E0308> /Parent << /T (curp) >> >> endobj\n", "curp\tMun\u0308", ""},
		{"unknown characters", "BT /F2 10 Tf 10 700 Td (\\201\\202\\203\\204\\205\\206) Tj ET", "", "", Undecoded},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, o := readAsPDF(t, pdfOf(test.content, test.more))
			got = strings.TrimSpace(strings.TrimPrefix(got, "== text\n"))
			if got != test.want || o.Reason != test.why {
				t.Errorf("got %q %q, want %q %q", got, o.Reason, test.want, test.why)
			}
		})
	}
}

// TestPDFByColumns reads a table whose columns were written one after the other.
func TestPDFByColumns(t *testing.T) {
	var b, want strings.Builder
	b.WriteString("BT /F1 10 Tf ")
	for column, name := range []string{"nombre", "clave"} {
		for row := range 12 {
			fmt.Fprintf(&b, "1 0 0 1 %d %d Tm (%s%d) Tj ", 20+200*column, 700-12*row, name, row)
		}
	}
	b.WriteString("ET")
	for row := range 12 {
		fmt.Fprintf(&want, "nombre%d\tclave%d\n", row, row)
	}
	got, _ := readAsPDF(t, pdfOf(b.String()))
	if diff := cmp.Diff("== text\n"+want.String()+"\n\n", got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPDFFilters(t *testing.T) {
	const content = "BT /F1 10 Tf 10 700 Td (texto) Tj ET "
	deflated := func(s string) string {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, _ = w.Write([]byte(s)) // to memory
		_ = w.Close()
		return b.String()
	}
	var rows strings.Builder // the PNG filters Sub and Up, four bytes a row
	above := make([]byte, 4)
	for i := 0; i+4 <= len(content); i += 4 {
		row := content[i : i+4]
		rows.WriteByte(2)
		for k := range 4 {
			rows.WriteByte(row[k] - above[k])
		}
		copy(above, row)
	}
	for _, test := range []struct{ name, dict, data string }{
		{"hex", "/Filter /ASCIIHexDecode", fmt.Sprintf("%x>", content)},
		{"run length", "/Filter [/RL]", "\x24" + content[:37] + "\x80"},
		{"flate", "/Filter /FlateDecode", deflated(content)},
		{"flate with rows", "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 4 >>", deflated(rows.String())},
		{"two", "/Filter [/ASCIIHexDecode /FlateDecode]", fmt.Sprintf("%X>", deflated(content))},
		{"wrong length", "/Filter /FlateDecode /Length 5", deflated(content)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(test.dict, "Length") {
				test.dict += fmt.Sprintf(" /Length %d", len(test.data))
			}
			got, o := readAsPDF(t, pdfOf("", "4 0 obj << "+test.dict+" >> stream\n"+test.data+"\nendstream endobj\n"))
			if !strings.Contains(got, "texto") || !o.Whole() {
				t.Errorf("got %q %v", got, o.Reasons)
			}
		})
	}
	if got := string(pdfASCII85([]byte("<~87cURD]j7BEbo80~>"))); got != "Hello world!" {
		t.Errorf("ASCII85: got %q", got)
	}
	// The example of ISO 32000-1, 7.4.4.2.
	got, whole := pdfLZW([]byte{0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01}, 100, true)
	if want := []byte{45, 45, 45, 45, 45, 65, 45, 45, 45, 66}; !bytes.Equal(got, want) || !whole {
		t.Errorf("LZW: got %v, want %v", got, want)
	}
}

// TestInflate compares with what the standard library packs.
func TestInflate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for size := 0; size < 200_000; size = size*3/2 + 1 {
		for level := -2; level <= 9; level++ {
			want := make([]byte, size)
			for i := range want {
				want[i] = byte(random.IntN(1 + size%64))
				if i > 300 && random.IntN(8) > 0 {
					want[i] = want[i-1-random.IntN(300)]
				}
			}
			var b bytes.Buffer
			w, err := zlib.NewWriterLevel(&b, level)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = w.Write(want) // to memory
			_ = w.Close()
			var f inflater
			got, whole := f.inflate(nil, b.Bytes()[2:], size+1)
			if !bytes.Equal(got, want) || !whole {
				t.Fatalf("size %d, level %d: got %d bytes, whole %v", size, level, len(got), whole)
			}
			if cut, whole := f.inflate(nil, b.Bytes()[2:2+b.Len()/2], size+1); size > 20 && (!bytes.HasPrefix(want, cut[:max(0, len(cut)-2)]) || whole) { // the last two may be of bits that are not there
				t.Fatalf("size %d, level %d, cut: got %d bytes, whole %v", size, level, len(cut), whole)
			}
		}
	}
}

// manyPages makes a PDF with as many pages, each with its number in words of its own.
func manyPages(pages int) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n2 0 obj << /Type /Pages /Kids [")
	for i := range pages {
		fmt.Fprintf(&b, "%d 0 R ", 10+2*i)
	}
	b.WriteString("] >> endobj\n3 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> endobj\n")
	random := rand.New(rand.NewPCG(3, 4))
	vocabulary := strings.Fields("expediente municipal solicitud vecina calle plaza Mu\\361oz Pe\\361a Guti\\351rrez tr\\341mite con de la el en para fecha registro oficio")
	var c bytes.Buffer
	w, _ := zlib.NewWriterLevel(&c, zlib.BestSpeed) // a level that there is
	for i := range pages {
		c.Reset()
		w.Reset(&c)
		fmt.Fprintf(w, "BT /F1 10 Tf 12 TL 50 780 Td (pagina%d) Tj T* ", i)
		for range 45 {
			_, _ = w.Write([]byte("[(")) // to memory
			for k := range 10 {
				if k > 0 {
					fmt.Fprintf(w, ")-%d( ", 5+random.IntN(30))
				}
				_, _ = w.Write([]byte(vocabulary[random.IntN(len(vocabulary))]))
			}
			_, _ = w.Write([]byte(")] TJ T*\n"))
		}
		_, _ = w.Write([]byte("ET"))
		_ = w.Close()
		fmt.Fprintf(&b, "%d 0 obj << /Type /Page /Parent 2 0 R /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> >> >> endobj\n", 10+2*i, 11+2*i)
		fmt.Fprintf(&b, "%d 0 obj << /Length %d /Filter /FlateDecode >> stream\n%s\nendstream endobj\n", 11+2*i, c.Len(), c.Bytes())
	}
	fmt.Fprintf(&b, "xref\n0 0\ntrailer << /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n", 10+2*pages, b.Len())
	return b.Bytes()
}

// TestPDFDamaged reads files that were cut, overwritten and misled.
func TestPDFDamaged(t *testing.T) {
	files := [][]byte{manyPages(20)}
	for _, name := range []string{"libreoffice.pdf", "linearized.pdf", "chromium.pdf", "ghostscript.pdf"} {
		files = append(files, pdfSamples(t)[name])
	}
	random := rand.New(rand.NewPCG(5, 6))
	replace := func(b []byte, old, by string) []byte { return bytes.ReplaceAll(b, []byte(old), []byte(by)) }
	damages := map[string]func(b []byte) []byte{
		"cut": func(b []byte) []byte { return b[:len(b)*9/10] },
		"random bytes": func(b []byte) []byte {
			for range 20 {
				b[1100+random.IntN(len(b)-1100)] = byte(random.Uint32())
			}
			return b
		},
		"no startxref": func(b []byte) []byte { return replace(b, "startxref", "sta123ref") },
		"bad root":     func(b []byte) []byte { return replace(b, "/Root", "/Roof") },
		"no lengths":   func(b []byte) []byte { return replace(b, "/Length", "/Lentgh") },
		"4 KiB of noise": func(b []byte) []byte {
			at := len(b)/2 + random.IntN(len(b)/3)
			for i := at; i < min(at+4096, len(b)); i++ {
				b[i] = byte(random.Uint32())
			}
			return b
		},
	}
	recovered, all := 0, 0
	for i, file := range files {
		for name, damage := range damages {
			all++
			text, o := readAsPDF(t, damage(bytes.Clone(file)))
			if len(wordsOf(text)) > 12 {
				recovered++
			} else {
				t.Logf("file %d, %s: nothing, %v", i, name, o.Reasons)
				if o.Whole() {
					t.Errorf("file %d, %s: without text, and called whole", i, name)
				}
			}
		}
	}
	if recovered*30 < all*28 {
		t.Errorf("got text of %d of %d damaged files", recovered, all)
	}
}

// TestPDFLarge reads a file that is not held in memory whole.
func TestPDFLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	file := manyPages(5000)
	if len(file) <= pdfWhole {
		t.Fatalf("the file has only %d bytes", len(file))
	}
	text, o := readAsPDF(t, file)
	words := wordsOf(text)
	for i := range 5000 {
		if words[fmt.Sprintf("pagina%d", i)] != 1 {
			t.Fatalf("page %d is missing", i)
		}
	}
	if !o.Whole() {
		t.Errorf("got reasons %v", o.Reasons)
	}
}

func BenchmarkPDF(b *testing.B) {
	const pages = 500
	file := manyPages(pages)
	x := New(Limits{}, &pdfNothing{})
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if o := x.File(b.Context(), bytes.NewReader(file), int64(len(file))); !o.Whole() {
			b.Fatal(o.Reasons)
		}
	}
	b.ReportMetric(float64(pages*b.N)/b.Elapsed().Seconds(), "pages/s")
}

// pdfNothing is a sink that drops everything.
type pdfNothing struct{}

func (*pdfNothing) Begin(Encoding) {}
func (*pdfNothing) Write([]byte)   {}
func (*pdfNothing) End()           {}
