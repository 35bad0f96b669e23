package extract

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// Places in the file information block of a Word document ([MS-DOC] 2.5). Those of
// Word 6 and 95 differ from those of Word 97.
const (
	wordFIB         = 0x382 // bytes that are looked at
	wordMagic97     = 0xA5EC
	wordMagic95     = 0xA5DC
	wordComplex     = 0x0004 // flags: the text is in pieces (Word 6 and 95)
	wordEncrypted   = 0x0100
	wordTable1      = 0x0200
	wordPieceNarrow = 1 << 30 // piece of single bytes
)

// readDOC reads a Word document of 6.0 to 2003: all its pieces of text in their order,
// which are the body, footnotes, headers, comments, endnotes and text boxes.
func readDOC(o *ole) Reason {
	s := o.stream("WordDocument")
	if s == nil {
		return Damaged
	}
	fib := make([]byte, wordFIB)
	n, err := s.ReadAt(fib, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return reasonOf(err)
	}
	if n < 0x80 {
		return Damaged
	}
	flags := binary.LittleEndian.Uint16(fib[0x0A:])
	if flags&wordEncrypted != 0 {
		return Encrypted
	}
	w := word{o: o, s: s, out: lines{d: o.d}, fib: fib}
	w.page, _ = codepageOf(1252)
	var why Reason
	switch magic := binary.LittleEndian.Uint16(fib); {
	case magic == wordMagic97 && n >= 0x1AA:
		why = w.read97(flags)
	case magic == wordMagic95:
		why = w.read95(flags)
	default:
		return Damaged
	}
	w.out.end()
	if w.out.stop != "" {
		return w.out.stop
	}
	if !s.whole && why == "" {
		why = Damaged
	}
	if stop := o.objects("ObjectPool"); stop != "" {
		return stop
	}
	return why
}

// word is a Word document that is being read.
type word struct {
	o    *ole
	s    *stream // WordDocument
	fib  []byte
	out  lines
	page *codepage
	ends []cellEnd // of paragraphs in tables, sorted
	next int       // of ends, that is looked for
	para int       // where the paragraph begins in the collected text; -1 when that has gone
	in   bool      // a table: each is a text of its own
}

func (w *word) u32(at int) uint32 { return binary.LittleEndian.Uint32(w.fib[at:]) }

// read97 reads the pieces of Word 97 to 2003.
func (w *word) read97(flags uint16) Reason {
	name := "0Table"
	if flags&wordTable1 != 0 {
		name = "1Table"
	}
	t := w.o.stream(name)
	if t == nil {
		return Damaged
	}
	clx, why := w.section(t, w.u32(0x1A2), w.u32(0x1A6))
	if why != "" {
		return why
	}
	if bins, why := w.section(t, w.u32(0x102), w.u32(0x106)); why == "" {
		w.findCells(bins, 4)
	}
	pieces, ok := pieceTable(clx)
	if !ok {
		return Damaged
	}
	return w.readPieces(pieces, true)
}

// read95 reads Word 6 and 95, where the tables stand in the document's own stream.
func (w *word) read95(flags uint16) Reason {
	if bins, why := w.section(w.s, w.u32(0xC0), w.u32(0xC4)); why == "" {
		w.findCells(bins, 2)
	}
	if flags&wordComplex != 0 {
		clx, why := w.section(w.s, w.u32(0x160), w.u32(0x164))
		if why != "" {
			return why
		}
		if pieces, ok := pieceTable(clx); ok {
			return w.readPieces(pieces, false)
		}
		return Damaged
	}
	begin, end := w.u32(0x18), w.u32(0x1C)
	if end < begin {
		return Damaged
	}
	w.out.begin()
	return w.piece(int64(begin), int64(end-begin), false)
}

// section reads a part of a stream.
func (w *word) section(t *stream, off, n uint32) ([]byte, Reason) {
	if int64(off)+int64(n) > t.size || n == 0 {
		return nil, Damaged
	}
	if int64(n) > w.o.d.x.limits.Held {
		return nil, LimitHeld
	}
	b := make([]byte, n)
	if _, err := t.ReadAt(b, int64(off)); err != nil && !errors.Is(err, io.EOF) {
		return nil, reasonOf(err)
	}
	return b, ""
}

// pieceTable finds the table of pieces in a Clx ([MS-DOC] 2.9.38).
func pieceTable(clx []byte) ([]byte, bool) {
	for len(clx) >= 5 {
		switch clx[0] {
		case 1: // properties of a piece
			n := int(binary.LittleEndian.Uint16(clx[1:]))
			if n+3 > len(clx) {
				return nil, false
			}
			clx = clx[3+n:]
		case 2:
			n := int64(binary.LittleEndian.Uint32(clx[1:]))
			clx = clx[5:]
			if n > int64(len(clx)) || n < 4 {
				return nil, false
			}
			return clx[:n], true
		default:
			return nil, false
		}
	}
	return nil, false
}

// readPieces gives the pieces of a PlcPcd ([MS-DOC] 2.8.35): n+1 places in the text,
// then n descriptors of 8 bytes. Word 97 marks the narrow ones; before, all are.
func (w *word) readPieces(plc []byte, marked bool) Reason {
	count := (len(plc) - 4) / 12
	var why Reason
	w.out.begin()
	left := 2*w.s.size + 1 // no more text than that can be in the stream
	for i := range count {
		begin, end := binary.LittleEndian.Uint32(plc[4*i:]), binary.LittleEndian.Uint32(plc[4*i+4:])
		at := int64(binary.LittleEndian.Uint32(plc[4*(count+1)+8*i+2:]))
		if end < begin {
			why = Damaged
			continue
		}
		n := int64(end - begin)
		wide := marked && at&wordPieceNarrow == 0
		if marked && !wide {
			at = at &^ wordPieceNarrow / 2
		}
		if wide {
			n *= 2
		}
		if left -= n; left < 0 {
			return Damaged
		}
		if r := w.piece(at, n, wide); r != "" {
			why = r
		}
		if w.out.stop != "" {
			return w.out.stop
		}
	}
	return why
}

// piece gives n bytes of the stream, which are characters of one or two bytes.
func (w *word) piece(at, n int64, wide bool) Reason {
	var why Reason
	if at+n > w.s.size {
		n, why = max(0, w.s.size-at), Damaged
	}
	block := w.o.d.x.block
	for n > 0 && w.out.stop == "" {
		b := block[:min(int64(len(block)), n)]
		k, err := w.s.ReadAt(b, at)
		w.o.d.x.used = max(w.o.d.x.used, k)
		w.text(b[:k], at, wide)
		at += int64(k)
		n -= int64(k)
		if k < len(b) {
			if err != nil && !errors.Is(err, io.EOF) {
				return reasonOf(err)
			}
			return Damaged
		}
	}
	return why
}

// text writes characters that stand at a place in the stream.
func (w *word) text(b []byte, at int64, wide bool) {
	scratch := &w.o.d.x.scratch
	w.next, _ = slices.BinarySearchFunc(w.ends, at, func(e cellEnd, at int64) int { return cmp.Compare(int64(e.at), at) })
	step := 1
	if wide {
		step = 2
		b = b[:len(b)&^1]
	}
	from := 0
	for i := 0; i < len(b); i += step {
		if b[i] >= 0x20 || wide && b[i+1] != 0 {
			continue
		}
		scratch.text = w.run(scratch.text, b[from:i], wide)
		from = i + step
		switch c := b[i]; c {
		case 0x07, 0x0C, 0x0D:
			w.endParagraph(at+int64(i), at+int64(from), c)
		default:
			if c := wordControl[c]; c != 0 {
				scratch.text = append(scratch.text, c)
			}
		}
		w.room()
	}
	scratch.text = w.run(scratch.text, b[from:], wide)
	w.room()
}

// room flushes when the buffer is full, and then no longer knows where the paragraph begins.
func (w *word) room() {
	if len(w.o.d.x.scratch.text) >= linesBytes {
		w.out.flush()
		w.para = -1
	}
}

// endParagraph ends a paragraph, cell or row by the mark that stands at a place. A
// paragraph that goes into a table or out of one begins a text.
func (w *word) endParagraph(at, after int64, mark byte) {
	for w.next < len(w.ends) && int64(w.ends[w.next].at) < at {
		w.next++
	}
	in := w.next < len(w.ends) && int64(w.ends[w.next].at) < after
	scratch := &w.o.d.x.scratch
	if in != w.in && w.para >= 0 {
		w.in = in
		w.split()
		w.para = 0
	}
	switch {
	case in && w.ends[w.next].row:
		if k := len(scratch.text); k > 0 && scratch.text[k-1] == '\t' {
			scratch.text = scratch.text[:k-1] // the last cell ends with the row
		}
		scratch.text = append(scratch.text, '\n')
	case mark == 0x07:
		scratch.text = append(scratch.text, '\t')
	case in:
		scratch.text = append(scratch.text, ' ')
		return
	default:
		scratch.text = append(scratch.text, '\n')
	}
	if !in || w.ends[w.next].row {
		w.para = len(scratch.text)
	}
}

// split begins a text with the paragraph at hand.
func (w *word) split() {
	scratch := &w.o.d.x.scratch
	if w.para == 0 && !w.o.d.x.work.inText {
		return
	}
	last := slices.Clone(scratch.text[w.para:])
	scratch.text = scratch.text[:w.para]
	w.out.begin()
	scratch.text = append(scratch.text, last...)
	clear(last)
}

// run appends characters without control codes among them.
func (w *word) run(dst, b []byte, wide bool) []byte {
	if wide {
		return appendUTF16(dst, b)
	}
	return w.page.append(dst, b)
}

// wordControl says what a control character of Word becomes; 0: nothing.
var wordControl = [32]byte{
	0x03: '\n', 0x04: '\n', // separators of footnotes
	0x09: '\t',
	0x0A: '\n', 0x0B: '\n', 0x0E: '\n', // ends of lines and columns
	0x13: ' ', 0x14: ' ', // begin of a field, and of its result
	0x1E: '-', // hyphen that does not break
}

// cellEnd is the place of the last byte of a paragraph in a table.
type cellEnd struct {
	at  uint32
	row bool // it ends the row
}

// Opcodes of the properties that say that a paragraph is in a table and that it ends a
// row; a byte follows.
const (
	wordInTable97, wordRowEnd97 = 0x2416, 0x2417 // sprmPFInTable, sprmPFTtp
	wordInTable95, wordRowEnd95 = 0x18, 0x19
)

// findCells looks for the paragraphs in tables: the properties of paragraphs
// stand in pages of 512 bytes ([MS-DOC] 2.9.175), listed in bins. Without them only the
// shape of the tables is lost, so damage here is no reason.
func (w *word) findCells(bins []byte, wide int) {
	count := (len(bins) - 4) / (4 + wide)
	var page [512]byte
	for i := range count {
		number := uint32(binary.LittleEndian.Uint16(bins[4*(count+1)+wide*i:]))
		if wide == 4 {
			number = binary.LittleEndian.Uint32(bins[4*(count+1)+4*i:]) & 0x3FFFFF
		}
		if n, _ := w.s.ReadAt(page[:], int64(number)*512); n < len(page) {
			continue
		}
		w.pageCells(&page, wide)
	}
	slices.SortFunc(w.ends, func(a, b cellEnd) int { return cmp.Compare(a.at, b.at) })
}

// pageCells adds those of one page of paragraph properties.
func (w *word) pageCells(page *[512]byte, wide int) {
	runs := int(page[511])
	entry := 13 // BxPap
	if wide == 2 {
		entry = 7
	}
	if 4*(runs+1)+entry*runs > 511 {
		return
	}
	for i := range runs {
		at := 2 * int(page[4*(runs+1)+entry*i])
		if at == 0 {
			continue
		}
		n := 2 * int(page[at])
		if wide == 4 {
			n-- // the count takes a byte of its words
			if page[at] == 0 {
				at++
				n = 2 * int(page[at])
			}
		}
		at++
		skip := 2 // the style
		if wide == 2 {
			skip = 1
		}
		if n <= skip || at+n > 511 {
			continue
		}
		in, row := tableProps(page[at+skip:at+n], wide == 4)
		if end := binary.LittleEndian.Uint32(page[4*(i+1):]); end > 0 && (in || row) {
			w.ends = append(w.ends, cellEnd{end - 1, row})
		}
	}
}

// tableProps tells what a list of properties says about tables. The properties of Word
// 95 are not walked through: their sizes need a table, and those that are looked for
// come near the beginning.
func tableProps(props []byte, is97 bool) (in, row bool) {
	if !is97 {
		return bytes.Contains(props, []byte{wordInTable95, 1}), bytes.Contains(props, []byte{wordRowEnd95, 1})
	}
	for len(props) >= 3 {
		op := int(binary.LittleEndian.Uint16(props))
		switch op {
		case wordInTable97:
			in = props[2] != 0
		case wordRowEnd97:
			row = props[2] != 0
		}
		n := 2
		switch op >> 13 { // spra: the operand's size
		case 0, 1:
			n += 1
		case 2, 4, 5:
			n += 2
		case 3:
			n += 4
		case 7:
			n += 3
		case 6:
			n += 1 + int(props[2])
			if op == 0xD608 && len(props) >= 4 { // sprmTDefTable counts in two bytes
				n = 3 + int(binary.LittleEndian.Uint16(props[2:]))
			}
		}
		if n > len(props) {
			break
		}
		props = props[n:]
	}
	return in, row
}
