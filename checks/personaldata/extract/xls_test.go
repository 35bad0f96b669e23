package extract

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// biffRecords writes records of a workbook.
type biffRecords struct{ bytes.Buffer }

func (w *biffRecords) record(kind int, parts ...any) {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = binary.LittleEndian.AppendUint16(b, uint16(p))
		case byte:
			b = append(b, p)
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		case float64:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p))
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, p)
		}
	}
	_ = binary.Write(w, binary.LittleEndian, []uint16{uint16(kind), uint16(len(b))})
	w.Write(b)
}

// workbookOf makes a workbook of BIFF8 with one sheet.
func workbookOf(globals, sheet func(w *biffRecords)) []byte {
	var g, s biffRecords
	g.record(biffBOF, 0x600, 5, 0, 0)
	globals(&g)
	at := uint32(g.Len() + 4 + 4 + 2 + 2 + 1 + 4)
	g.record(biffBoundSheet, at, 0, byte(1), byte(0), "H")
	g.record(biffEOF)
	g.Write(make([]byte, int(at)-g.Len()))
	s.record(biffBOF, 0x600, 0x10, 0, 0)
	sheet(&s)
	s.record(biffEOF)
	g.Write(s.Bytes())
	return g.Bytes()
}

func inOLE(workbook []byte) []byte {
	return cfbFile(streamOf("Workbook", append(workbook, make([]byte, max(0, 4096-len(workbook)))...)))
}

func TestXLSCells(t *testing.T) {
	file := workbookOf(func(w *biffRecords) {
		w.record(biffFormat, 164, 11, byte(0), "00000000000")
		w.record(biffFormat, 165, 10, byte(0), "dd/mm/yyyy")
		for _, form := range []int{0, 164, 165, 14} {
			w.record(biffXF, 0, form, make([]byte, 16))
		}
	}, func(w *biffRecords) {
		w.record(biffLabel, 0, 0, 0, 4, byte(0), "a\xe9\"\n")
		w.record(biffLabel, 0, 2, 0, 2, byte(1), wideOf("Ωñ"))
		w.record(biffNumber, 1, 0, 0, 124574718306011000.0)
		w.record(biffNumber, 1, 1, 1, 345678903.0)
		w.record(biffNumber, 1, 2, 2, 30318.0)
		w.record(biffRK, 1, 3, 0, uint32(12345<<2|3))
		w.record(biffMulRK, 2, 1, 0, uint32(7<<2|2), 3, uint32(30318<<2|2), 2)
		w.record(biffFormula2, 3, 0, 0, 2.5, 0, 0, 0)
		w.record(biffFormula2, 3, 1, 0, []byte{0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 0, 0, 0)
		w.record(biffString, 5, byte(0), "texto")
		w.record(biffFormula2, 3, 2, 0, []byte{2, 0, 7, 0, 0, 0, 0xFF, 0xFF}, 0, 0, 0)
		w.record(biffRString, 3, 3, 0, 3, byte(0), "rst", 1, 0, 0)
		w.record(biffText, 0, 0, 0, 0, 0, 5, 0, 0, 0)
		w.record(biffContinue, byte(0), "notas")
	})
	const want = "--- text\na\u00e9' \t\tΩñ\n124574718306011000\t00345678903\t1983-01-02\t123.45\n\t7\t1983-01-02\n2.5\ttexto\t\trst\n--- text\nnotas\n\n"
	for name, f := range map[string][]byte{"ole": inOLE(file), "raw": append([]byte{}, file...)} {
		text, out := extractOf(t, Limits{}, f)
		if diff := cmp.Diff(want, text); diff != "" || out.Format != "xls" || out.Reason != "" {
			t.Errorf("%s: got %s %q (-want +got):\n%s", name, out.Format, out.Reason, diff)
		}
	}
}

// Strings of the shared table may end one record and go on in the next, at any place,
// and change between one and two bytes a character there.
func TestSSTAcrossRecords(t *testing.T) {
	var all []byte
	all = append(all, 5, 0, 8, 2, 0)
	all = append(all, "holas\x00\x00\x01\x00\x02\x00\x01\x00"...)
	all = append(all, 3, 0, 4, 4, 0, 0, 0)
	all = append(all, "abcEXTR"...)
	all = append(all, 4, 0, 0)
	all = append(all, "CURP"...)
	for cut := range all {
		file := workbookOf(func(w *biffRecords) {
			first, rest := all[:cut], all[cut:]
			for begin, n := range map[int]int{5: 5, 25: 3, 35: 4} { // characters
				if cut > begin && cut < begin+n {
					rest = append(append([]byte{1}, wideOf(string(all[cut:begin+n]))...), all[begin+n:]...)
				}
			}
			if cut == 5 || cut == 25 || cut == 35 {
				rest = append([]byte{0}, rest...)
			}
			w.record(biffSST, uint32(3), uint32(3), first)
			w.record(biffContinue, rest)
		}, func(w *biffRecords) {
			for i := range 3 {
				w.record(biffLabelSST, 0, i, 0, uint32(i))
			}
		})
		text, out := extractOf(t, Limits{}, inOLE(file))
		if want := "--- text\nholas\tabc\tCURP\n"; text != want || out.Reason != "" {
			t.Errorf("cut at %d: got %q %q, want %q", cut, text, out.Reason, want)
		}
	}
}

func TestXLSReasons(t *testing.T) {
	none := func(*biffRecords) {}
	encrypted := workbookOf(func(w *biffRecords) { w.record(biffFilePass, 1, 1) }, none)
	bomb := workbookOf(func(w *biffRecords) {
		w.record(biffSST, uint32(1), uint32(1), 8000, byte(0), strings.Repeat("x", 8000))
	}, func(w *biffRecords) {
		for i := range 20_000 {
			w.record(biffLabelSST, i, 0, 0, uint32(0))
		}
	})
	whole := workbookOf(none, func(w *biffRecords) { w.record(biffNumber, 0, 0, 0, 1.0) })
	tests := map[string]struct {
		file []byte
		want Reason
	}{
		"encrypted":  {inOLE(encrypted), Encrypted},
		"bomb":       {inOLE(bomb), LimitRatio},
		"cut":        {whole[:len(whole)-6], Damaged},
		"no sheets":  {inOLE([]byte{9, 8, 4, 0, 0, 6, 5, 0, 10, 0, 0, 0}), Damaged},
		"empty book": {inOLE(nil), Damaged},
		"bad string": {inOLE(workbookOf(none, func(w *biffRecords) { w.record(biffLabelSST, 0, 0, 0, uint32(9)) })), Damaged},
	}
	for name, tt := range tests {
		if _, out := extractOf(t, Limits{}, tt.file); out.Reason != tt.want {
			t.Errorf("%s: got %q, want %q", name, out.Reason, tt.want)
		}
	}
}

// What a few lines of a script write when they make "an Excel file": a sheet alone, of
// texts in one byte a character.
func TestXLSOfScripts(t *testing.T) {
	var w biffRecords
	w.record(biffBOF, 0, 0x10, 0, 0)
	w.record(biffLabel, 0, 0, 0, 4, "Pe\xf1a")
	w.record(biffNumber, 0, 1, 0, 12345678903.0)
	w.record(biffEOF)
	text, out := extractOf(t, Limits{}, w.Bytes())
	if want := "--- text\nPeña\t12345678903\n"; text != want || out.Reason != "" {
		t.Errorf("got %q %q, want %q", text, out.Reason, want)
	}
}
