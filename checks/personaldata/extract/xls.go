package extract

import (
	"encoding/binary"
	"math"
	"strconv"
)

// workbook is a workbook that is being read.
type workbook struct {
	o       *ole
	r       records
	out     lines
	biff8   bool
	page    *codepage
	strings []byte   // the texts of all cells of BIFF8, as UTF-8
	ends    []uint32 // of each in strings
	sheets  []uint32 // where they begin
	formats map[int]numberFormat
	cells   []numberFormat // by the number of their format record (XF)
	since04 bool           // days count from 1904, not 1900
	single  []byte         // one text
	beside  []byte         // headers, comments and links of a sheet, which come after its cells
	why     Reason
}

// readXLS reads a workbook of Excel 5 to 2003, each sheet as a text.
func readXLS(o *ole) Reason {
	s := o.stream("Workbook")
	if s == nil {
		s = o.stream("Book")
	}
	if s == nil {
		return Damaged
	}
	why := readBIFF(o, s)
	if why == Encrypted || o.d.x.spent() != "" {
		return why
	}
	if stop := readPivotCaches(o); stop != "" {
		return stop
	}
	if stop := o.objects("MBD"); stop != "" {
		return stop
	}
	return why
}

// readRawBIFF reads a workbook that is not in a compound file: of Excel 2 to 4, or as
// many programs write them.
func readRawBIFF(d *document) Reason {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	s := &stream{at: at, size: size, whole: true, parts: []part{{0, 0, size}}}
	return readBIFF(&ole{d: d}, s)
}

func readBIFF(o *ole, s *stream) Reason {
	w := &workbook{o: o, out: lines{d: o.d}, formats: make(map[int]numberFormat)}
	w.page, _ = codepageOf(1252)
	w.r.s = s
	w.r.seek(0)
	defer func() {
		clear(w.strings[:cap(w.strings)])
		clear(w.single[:cap(w.single)])
		clear(w.r.buf)
	}()
	if !w.r.next() {
		return Damaged
	}
	globals := w.r.kind == biffBOF && len(w.r.data) >= 4 && binary.LittleEndian.Uint16(w.r.data[2:]) == 5
	w.biff8 = len(w.r.data) >= 2 && w.r.kind == biffBOF && binary.LittleEndian.Uint16(w.r.data) == 0x0600
	switch {
	case !globals: // a single sheet
		w.sheet(0)
	case !w.globals():
		return w.why
	default:
		for _, at := range w.sheets {
			w.sheet(int64(at))
			if w.out.stop != "" {
				break
			}
		}
	}
	w.out.end()
	switch {
	case w.out.stop != "":
		return w.out.stop
	case w.r.why != "":
		return w.r.why
	case !s.whole || w.r.odd:
		return Damaged
	}
	return w.why
}

// globals reads what is of the whole workbook.
func (w *workbook) globals() bool {
	for w.r.next() && w.r.kind != biffEOF {
		b := w.r.data
		switch {
		case w.r.kind == biffFilePass:
			w.why = Encrypted
			return false
		case w.r.kind == biffSST && len(b) >= 8:
			if w.why = w.readStrings(); w.why != "" && w.why != Damaged {
				return false
			}
		case w.r.kind == biffBoundSheet && len(b) >= 4:
			w.sheets = append(w.sheets, binary.LittleEndian.Uint32(b))
		default:
			w.setting(b)
		}
		if w.out.stop = w.spentEvery(); w.out.stop != "" {
			return true
		}
	}
	if len(w.sheets) == 0 {
		w.why = Damaged
	}
	return true
}

// spentEvery asks for the limits once for each block of the stream.
func (w *workbook) spentEvery() Reason {
	if len(w.r.have) < 4 {
		return w.o.d.x.spent()
	}
	return ""
}

// setting takes a record that says how to understand others.
func (w *workbook) setting(b []byte) {
	switch {
	case w.r.kind == biffCodepage && len(b) >= 2:
		w.codepage(int(binary.LittleEndian.Uint16(b)))
	case w.r.kind == biffDateMode && len(b) >= 2 && b[0] == 1:
		w.since04 = true
	case w.r.kind == biffFormat && len(b) >= 3:
		if w.biff8 {
			if len(b) < 5 {
				return
			}
			w.r.data = b[2:]
			form, _ := w.r.rich(nil)
			w.formats[int(binary.LittleEndian.Uint16(b))] = parseFormat(form)
		} else {
			w.formats[int(binary.LittleEndian.Uint16(b))] = parseFormat(b[3:])
		}
	case w.r.kind == biffXF && len(b) >= 4:
		w.cells = append(w.cells, w.form(int(binary.LittleEndian.Uint16(b[2:]))))
	}
}

func (w *workbook) codepage(number int) {
	if w.biff8 {
		return // its texts are in Unicode
	}
	page, ok := codepageOf(number)
	if !ok {
		w.o.d.x.note(Undecoded)
	}
	w.page = page
}

func (w *workbook) form(number int) numberFormat {
	if f, ok := w.formats[number]; ok {
		return f
	}
	return builtinFormat(number)
}

// readStrings reads the table of texts.
func (w *workbook) readStrings() Reason {
	count := binary.LittleEndian.Uint32(w.r.data[4:])
	w.r.data = w.r.data[8:]
	var held int64
	for range count {
		var ok bool
		if w.strings, ok = w.r.rich(w.strings); !ok {
			return Damaged // what came is used
		}
		w.ends = append(w.ends, uint32(len(w.strings))) // held below
		for int64(cap(w.strings))+4*int64(cap(w.ends)) > held {
			if why := w.o.d.hold(1 << 20); why != "" {
				return why
			}
			held += 1 << 20
		}
		if len(w.ends)%1024 == 0 {
			if why := w.o.d.x.spent(); why != "" {
				return why
			}
		}
	}
	w.o.d.x.work.made += int64(len(w.strings))
	return ""
}

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

// readPivotCaches reads the copies of cells that pivot tables keep, even of sheets that
// are gone: each text and number on a line.
func readPivotCaches(o *ole) Reason {
	id, ok := o.c.find(0, "_SX_DB_CUR")
	if !ok || o.storage != 0 {
		return ""
	}
	for _, id := range o.c.children(id) {
		w := &workbook{o: o, out: lines{d: o.d}, biff8: true}
		w.r.s = o.c.open(id)
		w.r.seek(0)
		w.out.begin()
		for w.r.next() && w.out.stop == "" {
			switch {
			case w.r.kind == biffCacheText:
				w.text(2)
				w.out.newline()
			case w.r.kind == biffCacheNumber && len(w.r.data) >= 8:
				w.number(math.Float64frombits(binary.LittleEndian.Uint64(w.r.data)), numberFormat{})
				w.out.newline()
			}
		}
		w.out.end()
		if w.out.stop != "" {
			return w.out.stop
		}
	}
	return ""
}
