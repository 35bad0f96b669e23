package extract

import (
	"encoding/binary"
	"math"
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
