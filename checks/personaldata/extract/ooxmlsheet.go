package extract

import (
	"bytes"
)

const maxStyles = 64 << 10 // Excel's own limit is 65,490

// sheet is what the sheets of a workbook share.
type sheet struct {
	since1904 bool
	formats   []numberFormat // by cell style
	strings   sharedStrings
	pivots    []pivotNames
	value     []byte // of the cell at hand
}

func (s *sheet) wipe() {
	s.strings.wipe()
	for i := range s.pivots {
		clear(s.pivots[i].names)
	}
	clear(s.value[:cap(s.value)])
}

// stringsBytes is how much memory the shared strings take at a time.
const stringsBytes = 1 << 20

// sharedStrings holds the strings that cells name by number, in pieces of memory: growing
// copies nothing, and a string is whole in one.
type sharedStrings struct {
	pieces [][]byte
	ends   []uint32 // of each string: its piece and its place there, as stringsBytes counts
	begin  int      // of the string at hand, in the last piece
	full   bool     // not all are held
}

func (s *sharedStrings) wipe() {
	for _, piece := range s.pieces {
		clear(piece)
	}
}

// at returns a string by its number, or nil.
func (s *sharedStrings) at(n int) []byte {
	if n < 0 || n >= len(s.ends) {
		return nil
	}
	end, from := s.ends[n], uint32(0)
	if n > 0 && s.ends[n-1]/stringsBytes == end/stringsBytes {
		from = s.ends[n-1] % stringsBytes
	}
	if end%stringsBytes == from {
		return nil
	}
	return s.pieces[end/stringsBytes][from : end%stringsBytes]
}

// size is the memory that is used.
func (s *sharedStrings) size() int64 {
	return int64(len(s.pieces))*stringsBytes + 4*int64(len(s.ends))
}

// add adds to the string at hand, and tells whether there was room for it.
func (s *sharedStrings) add(b []byte, held int64) bool {
	last := len(s.pieces) - 1
	if last >= 0 && len(s.pieces[last])+len(b) < stringsBytes {
		s.pieces[last] = append(s.pieces[last], b...)
		return true
	}
	begun := s.current()
	if s.size()+stringsBytes > held || len(begun)+len(b) >= stringsBytes {
		return false
	}
	piece := append(append(make([]byte, 0, stringsBytes), begun...), b...)
	clear(begun)
	if last >= 0 {
		s.pieces[last] = s.pieces[last][:s.begin]
	}
	s.pieces, s.begin = append(s.pieces, piece), 0
	return true
}

// current is what there is of the string at hand.
func (s *sharedStrings) current() []byte {
	if len(s.pieces) == 0 {
		return nil
	}
	return s.pieces[len(s.pieces)-1][s.begin:]
}

// end ends a string. Those that hold nothing cost memory too: behind too many of them no
// string has a number any more.
func (s *sharedStrings) end(held int64) {
	if s.size() >= held {
		return
	}
	place := 0
	if last := len(s.pieces) - 1; last >= 0 {
		s.begin = len(s.pieces[last])
		place = last*stringsBytes + s.begin
	}
	s.ends = append(s.ends, uint32(place))
}

// sharedStrings reads the strings of the workbook. Those that are too many to hold go to
// the sink at once, as lines: what they say is seen, but not the column they stand in.
func (p *parts) sharedStrings() Reason {
	x, s := &p.xml, &p.sheet.strings
	held := min(p.d.x.limits.Held, 1<<30) // so that places fit
	phonetic := false
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		switch t {
		case xmlOpen:
			switch string(x.name) {
			case "t":
				x.wantText = !x.empty && !phonetic
			case "rPh":
				phonetic = !x.empty
			case "si":
				if x.empty {
					s.end(held)
				}
			}
		case xmlClose:
			switch string(x.name) {
			case "t":
				x.wantText = false
			case "rPh":
				phonetic = false
			case "si":
				if s.full {
					p.flow.endParagraph()
				} else {
					s.end(held)
				}
			}
		case xmlText:
			if s.full {
				p.flow.text(x.text)
				continue
			}
			if !s.add(x.text, held) {
				s.full = true
				p.d.x.note(LimitHeld)
				p.flow.text(s.current())
				p.flow.text(x.text)
			}
		case xmlEnd:
		}
	}
	p.flow.finish()
	return x.why()
}

// styleSheet reads which cell style shows a number as a date or with zeros before it.
func (p *parts) styleSheet() Reason {
	x, s := &p.xml, &p.sheet
	own := make(map[int]numberFormat)
	cells := false
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		switch t {
		case xmlOpen:
			switch string(x.name) {
			case "numFmt":
				if id := x.number("numFmtId", -1, 1<<20); id >= 0 && len(own) < maxStyles {
					own[id] = parseFormat(x.attr("formatCode"))
				}
			case "cellXfs":
				cells = !x.empty
			case "xf":
				if !cells || len(s.formats) >= maxStyles {
					continue
				}
				id := x.number("numFmtId", 0, 1<<20)
				format, ok := own[id]
				if !ok {
					format = builtinFormat(id)
				}
				s.formats = append(s.formats, format)
			}
		case xmlClose:
			if string(x.name) == "cellXfs" {
				cells = false
			}
		case xmlEnd, xmlText:
		}
	}
	return x.why()
}

// workbook reads the names of sheets and what names stand for.
func (p *parts) workbook() Reason {
	x, f := &p.xml, &p.flow
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		switch t {
		case xmlOpen:
			switch string(x.name) {
			case "workbookPr":
				v := string(x.attr("date1904"))
				p.sheet.since1904 = v == "1" || v == "true"
			case "sheet":
				f.value(nil, x.attr("name"))
			case "definedName":
				x.wantText = !x.empty
			}
		case xmlText:
			f.text(x.text)
		case xmlClose:
			if string(x.name) == "definedName" {
				x.wantText = false
				f.endParagraph()
			}
		case xmlEnd:
		}
	}
	f.finish()
	return x.why()
}

// A cell says in its attribute t what its value is.
type cellKind uint8

const (
	cellNumber cellKind = iota
	cellShared          // the number of a shared string
	cellText            // a string of its own, or a date as text
	cellOther           // a boolean or an error
)

func kindOfCell(t []byte) cellKind {
	switch string(t) {
	case "", "n":
		return cellNumber
	case "s":
		return cellShared
	case "b", "e":
		return cellOther
	}
	return cellText
}

// worksheet reads a sheet, or the values that a workbook keeps of another one: each
// table as a text, and then what stands around it.
func (p *parts) worksheet() Reason {
	x, f, s := &p.xml, &p.flow, &p.sheet
	var (
		kind   cellKind
		style  int
		inCell bool
		beside bool // text that is in no cell
	)
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		switch t {
		case xmlOpen:
			switch string(x.name) {
			case "c", "cell":
				if x.empty {
					continue
				}
				var ref, styled, typed []byte
				for rest := x.attrs; len(rest) > 0; {
					var name, value []byte
					name, value, rest = nextAttr(rest)
					if len(name) != 1 {
						continue
					}
					switch name[0] {
					case 'r':
						ref = value
					case 's':
						styled = value
					case 't':
						typed = value
					}
				}
				kind, inCell = kindOfCell(typed), true
				style, _ = decimal(styled)
				if n := columnOf(ref); n >= 0 {
					f.column(n)
				}
				s.value = s.value[:0]
			case "v":
				x.wantText = inCell && !x.empty
			case "t":
				x.wantText = inCell && !x.empty
				kind = cellText
			case "rPh":
				x.skip()
			case "sheetData":
				if !x.empty {
					f.openTable()
				}
			case "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter", "formula1", "formula2":
				beside = !x.empty
				x.wantText = beside
			case "hyperlink":
				f.value(nil, x.attr("display"))
				f.value(nil, x.attr("tooltip"))
			}
		case xmlText:
			switch {
			case beside:
				f.text(x.text)
			case kind == cellText:
				f.text(plainEscapes(x.text))
			case len(s.value)+len(x.text) <= 256: // no number is longer
				s.value = append(s.value, x.text...)
			}
		case xmlClose:
			switch string(x.name) {
			case "v", "t":
				x.wantText = false
			case "c", "cell":
				p.cellValue(kind, style)
				f.endCell(1)
				inCell = false
			case "row":
				f.endRow()
			case "sheetData":
				f.closeTable()
			default:
				if beside {
					beside, x.wantText = false, false
					f.endParagraph()
				}
			}
		case xmlEnd:
		}
	}
	f.finish()
	return x.why()
}

// cellValue gives a cell's value to the table. That of a text has been given.
func (p *parts) cellValue(kind cellKind, style int) {
	s := &p.sheet
	switch kind {
	case cellShared:
		if n, ok := decimal(bytes.TrimSpace(s.value)); ok {
			p.flow.text(plainEscapes(s.strings.at(n)))
		}
	case cellNumber:
		v := bytes.TrimSpace(s.value)
		if len(v) == 0 {
			return
		}
		var format numberFormat
		if style < len(s.formats) {
			format = s.formats[style]
		}
		n := len(s.value)
		s.value = format.append(s.value, v, s.since1904)
		p.flow.text(s.value[n:])
	case cellText, cellOther:
	}
}

// columnOf returns the column of a reference such as AB12, from 0, or -1. There are no
// more than XFD, 16384.
func columnOf(ref []byte) int {
	n := 0
	for i, c := range ref {
		c &^= 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		n = n*26 + int(c-'A') + 1
		if i == 2 {
			break
		}
	}
	return min(n, 16384) - 1
}

// plainEscapes makes blanks, in place, of the _x000D_ that strings hold for characters
// that XML does not allow.
func plainEscapes(b []byte) []byte {
	k := bytes.Index(b, []byte("_x00"))
	if k < 0 {
		return b
	}
	for ; k+7 <= len(b); k++ {
		if b[k] == '_' && b[k+1] == 'x' && b[k+2] == '0' && b[k+3] == '0' && b[k+6] == '_' && (b[k+4] == '0' || b[k+4] == '1') {
			copy(b[k:k+7], "       ")
			k += 6
		}
	}
	return b
}
