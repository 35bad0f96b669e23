package extract

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"
	"testing/iotest"
	"time"
)

// FuzzPDF reads any bytes as a PDF.
func FuzzPDF(f *testing.F) {
	for _, file := range pdfSamples(f) {
		f.Add(file)
	}
	f.Add(pdfOf("BT /F1 10 Tf 10 700 Td [(a)-300<62>] TJ ET /X2 Do", "11 0 obj << /Subtype /Form /Length 7 >> stream\n/X2 Do\nendstream endobj\n"))
	f.Add(pdfOf("", "4 0 obj << /Length 4 0 R /Filter [/LZW /RL /A85 /AHx /Fl] /DecodeParms [<< /Predictor 15 /Colors 3 >>] >> stream\nabc\nendstream endobj\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		x := New(Limits{Time: 5 * time.Second, Inflated: 32 << 20}, &pdfNothing{})
		x.File(t.Context(), bytes.NewReader(append([]byte("%PDF-1.4\n"), file...)), int64(len(file)+9))
	})
}

// FuzzPDFContent runs any bytes as the content of a page.
func FuzzPDFContent(f *testing.F) {
	f.Add([]byte("BT /F1 10 Tf 1 0 0 1 10 700 Tm [(Mu\\361oz)-300<50>] TJ T* (x) ' 1 2 (y) \" ET"))
	f.Add([]byte("q 1 0 0 1 0 0 cm /X1 Do Q BI /W 1 ID x EI /S <</ActualText(z)>> BDC /F2 9 Tf <000102> Tj EMC"))
	f.Add([]byte("/F3 -1e9 Tf 0 0 0 0 0 0 Tm <00010002> Tj 99999999999 Tc -5 Tz (\\)\\7) Tj"))
	f.Fuzz(func(t *testing.T, content []byte) {
		x := New(Limits{Time: 5 * time.Second, Inflated: 32 << 20}, &pdfNothing{})
		file := pdfOf(string(content))
		x.File(t.Context(), bytes.NewReader(file), int64(len(file)))
	})
}

// FuzzCMap reads any bytes as a map to Unicode, and as a font program.
func FuzzCMap(f *testing.F) {
	f.Add([]byte("1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <01> <00410301> endbfchar 1 beginbfrange <02> <05> [/A <0042>] <0000> <FFFF> <D83DDE00> endbfrange"))
	f.Add([]byte("\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00cmap\x00\x00\x00\x00\x00\x00\x00\x1c\x00\x00\x00\x40\x00\x00\x00\x01\x00\x03\x00\x01\x00\x00\x00\x0c\x00\x04\x00\x20"))
	f.Fuzz(func(t *testing.T, b []byte) {
		font := &pdfFont{composite: true, pages: make([]*[256]pdfGlyph, 256)}
		calls := 0
		pdfReadCMap(b, func(code int, text []rune) {
			calls++
			font.putText(code, text)
		})
		trueTypeChars(b, func(glyph int, r rune) {
			calls++
			font.put(glyph, r)
		})
		if calls > 4*pdfCodes {
			t.Errorf("%d codes of %d bytes", calls, len(b))
		}
	})
}

// FuzzInflate compares with the standard library.
func FuzzInflate(f *testing.F) {
	f.Add([]byte("\x4b\x4c\x4c\x4a\x4e\x01\x92\x00"))
	f.Add([]byte("\x01\x03\x00\xfc\xffabc"))
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9) // a level that there is
	_, _ = w.Write(bytes.Repeat([]byte("el pingüino y la cigüeña, "), 90))
	_ = w.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, src []byte) {
		const most = 1 << 20
		want, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(src)), most))
		var in inflater
		got, whole := in.inflate(nil, src, most)
		if err != nil {
			return // how much of a damaged stream is kept may differ
		}
		if len(want) < most && (!whole || !bytes.Equal(got, want)) {
			t.Errorf("got %d bytes, whole %v; want %d", len(got), whole, len(want))
		}
		var shared scratch
		stream := shared.inflate(iotest.OneByteReader(bytes.NewReader(src)))
		got, err = io.ReadAll(io.LimitReader(stream, most))
		if len(want) < most && (err != nil || !bytes.Equal(got, want)) {
			t.Errorf("got %d bytes of a stream, error %v; want %d", len(got), err, len(want))
		}
	})
}
