package extract

import (
	"encoding/binary"
	"math"
	"strconv"
)

// sheet reads the sheet that begins at a place in the stream.
func (w *workbook) sheet(at int64) {
	w.r.seek(at)
	if !w.r.next() || w.r.kind&^0xFE00 != biffBOF2 && w.r.kind != biffBOF {
		w.why = Damaged
		return
	}
	w.out.begin()
	depth := 1 // charts stand within sheets
	for depth > 0 && w.out.stop == "" {
		if !w.r.next() {
			w.why = Damaged // without end
			return
		}
		switch w.r.kind {
		case biffBOF:
			depth++
		case biffEOF:
			depth--
		case biffFilePass:
			w.why = Encrypted
			return
		default:
			if depth == 1 {
				w.record(w.r.data)
			}
		}
		if len(w.r.have) < 4 && w.out.stop == "" {
			w.out.stop = w.o.d.x.spent()
		}
	}
	if len(w.beside) > 0 {
		w.out.begin()
		w.out.put(w.beside)
		w.beside = w.beside[:0]
	}
}

// aside keeps a line for the text after the cells. When those are many they come at
// once, among the cells.
func (w *workbook) aside(b []byte) {
	w.beside = append(append(w.beside, b...), '\n')
	if len(w.beside) > 1<<20 {
		w.out.line()
		w.out.put(w.beside)
		w.beside = w.beside[:0]
	}
}

// record reads one record of a sheet.
func (w *workbook) record(b []byte) {
	switch w.r.kind {
	case biffLabelSST:
		if len(b) >= 10 && w.place(b) {
			w.shared(int(binary.LittleEndian.Uint32(b[6:])))
		}
	case biffLabel, biffRString:
		if len(b) >= 8 && w.place(b) {
			w.r.data = b[6:]
			w.text(2)
		}
	case biffNumber:
		if len(b) >= 14 && w.place(b) {
			w.number(math.Float64frombits(binary.LittleEndian.Uint64(b[6:])), w.formAt(b[4:]))
		}
	case biffRK:
		if len(b) >= 10 && w.place(b) {
			w.number(rkNumber(binary.LittleEndian.Uint32(b[6:])), w.formAt(b[4:]))
		}
	case biffMulRK:
		w.numbers(b)
	case biffFormula2, biffFormula3, biffFormula4:
		at := 6
		if w.r.kind == biffFormula2 && w.o.c == nil && len(w.cells) == 0 && len(b) < 20 {
			at = 7 // of BIFF2
		}
		if len(b) >= at+8 && w.place(b) {
			w.result(b[at:at+8], w.formAt(b[4:]))
		}
	case biffHeader, biffFooter:
		if len(b) >= 3 {
			w.aside(w.decode(2 - w.narrow()))
		}
	case biffText:
		w.drawn(b)
	case biffNote:
		w.note(b)
	case biffHyperlink:
		w.single = appendUTF16(w.single[:0], b[min(len(b), 32):])
		for from, to := range runs(w.single) {
			w.aside(w.single[from:to])
		}
	case biffInteger2, biffNumber2, biffLabel2:
		w.old(b)
	default:
		w.setting(b)
	}
}

// narrow is 1 when counts of characters take one byte (BIFF5) where BIFF8 has two.
func (w *workbook) narrow() int {
	if w.biff8 {
		return 0
	}
	return 1
}

// place goes to the cell of a record.
func (w *workbook) place(b []byte) bool {
	w.out.at(int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:])))
	return w.out.stop == ""
}

// formAt returns the form of the numbers of a cell.
func (w *workbook) formAt(xf []byte) numberFormat {
	if i := int(binary.LittleEndian.Uint16(xf)); i < len(w.cells) {
		return w.cells[i]
	}
	return numberFormat{}
}

// shared writes a text of the table.
func (w *workbook) shared(i int) {
	if i < 0 || i >= len(w.ends) {
		w.why = Damaged
		return
	}
	begin := uint32(0)
	if i > 0 {
		begin = w.ends[i-1]
	}
	w.out.cell(w.strings[begin:w.ends[i]])
}

// text writes the text that the record at hand goes on with, whose count of characters
// has n bytes.
func (w *workbook) text(n int) { w.out.cell(w.decode(n)) }

// decode returns that text, good until the next call.
func (w *workbook) decode(n int) []byte {
	w.single = w.single[:0]
	count, ok := w.r.number(n)
	if w.biff8 {
		var flags uint32
		if flags, ok = w.r.number(1); ok && flags&^1 == 0 {
			w.single, ok = w.r.chars(w.single[:0], int(count), flags&1 != 0)
		} else {
			ok = false
		}
	} else if ok {
		k := min(int(count), len(w.r.data))
		ok = k == int(count)
		w.single = w.page.append(w.single[:0], w.r.data[:k])
	}
	if !ok {
		w.why = Damaged
	}
	return w.single
}

// rkNumber decodes a number in 32 bits ([MS-XLS] 2.5.217).
func rkNumber(v uint32) float64 {
	var f float64
	if v&2 != 0 {
		f = float64(int32(v) >> 2) // it is a signed number
	} else {
		f = math.Float64frombits(uint64(v&^3) << 32)
	}
	if v&1 != 0 {
		f /= 100
	}
	return f
}

// numbers reads a run of cells: row, first column, a format and a number each, last column.
func (w *workbook) numbers(b []byte) {
	if len(b) < 6 {
		return
	}
	row, col := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
	for b = b[4:]; len(b) >= 6+2; b = b[6:] {
		w.out.at(row, col)
		w.number(rkNumber(binary.LittleEndian.Uint32(b[2:])), w.formAt(b))
		col++
	}
}

// number writes a number, in full, or the day that it means.
func (w *workbook) number(f float64, form numberFormat) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return
	}
	var full, b [400]byte
	w.out.cell(form.append(b[:0], strconv.AppendFloat(full[:0], f, 'f', -1, 64), w.since04))
}

// result writes the result of a formula. A text comes in a record of its own.
func (w *workbook) result(b []byte, form numberFormat) {
	if b[6] != 0xFF || b[7] != 0xFF {
		w.number(math.Float64frombits(binary.LittleEndian.Uint64(b)), form)
		return
	}
	if b[0] != 0 {
		return // true or false, an error, nothing
	}
	for range 3 { // the formula may be shared, an array or a table
		if w.r.isNext(biffString) || w.r.isNext(biffString2) {
			w.r.next()
			w.text(2 - b2i(w.r.kind == biffString2 && !w.biff8))
			return
		}
		if w.r.isNext(biffEOF) || !w.r.next() {
			return
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// drawn writes the text of a text box or comment, which stands in the records that
// continue its own: one with characters, one with formats.
func (w *workbook) drawn(b []byte) {
	switch {
	case w.biff8 && len(b) >= 12:
		n := int(binary.LittleEndian.Uint16(b[10:]))
		w.r.data = nil
		if n == 0 || !w.r.isNext(biffContinue) {
			return
		}
		var ok bool
		if w.single, ok = w.r.chars(w.single[:0], n, false); !ok {
			w.why = Damaged
		}
		w.aside(w.single)
	case !w.biff8 && len(b) > 18: // BIFF5 has it in the record
		w.aside(w.page.append(w.single[:0], b[18:]))
	}
}

// note keeps a comment: of BIFF5 its text, of BIFF8 the name of its author.
func (w *workbook) note(b []byte) {
	switch {
	case w.biff8 && len(b) >= 11:
		w.r.data = b[8:]
		w.aside(w.decode(2))
	case !w.biff8 && len(b) >= 6:
		w.aside(w.page.append(w.single[:0], b[6:]))
	}
}

// old reads a cell of BIFF2: row, column, three bytes of attributes, value.
func (w *workbook) old(b []byte) {
	if len(b) < 8 || w.biff8 {
		return
	}
	switch {
	case w.r.kind == biffInteger2 && len(b) >= 9 && w.place(b):
		w.number(float64(binary.LittleEndian.Uint16(b[7:])), numberFormat{})
	case w.r.kind == biffNumber2 && len(b) >= 15 && w.place(b):
		w.number(math.Float64frombits(binary.LittleEndian.Uint64(b[7:])), numberFormat{})
	case w.r.kind == biffLabel2 && w.place(b):
		w.r.data = b[7:]
		w.text(1)
	}
}
