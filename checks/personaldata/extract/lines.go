package extract

import (
	"unicode/utf16"
	"unicode/utf8"
)

const (
	linesBytes = 64 << 10 // collected before they go to the sink
	maxColumns = 256      // of a sheet of BIFF8; a cell farther to the right is told apart by one tab
)

// lines collects decoded text of a document and gives it to the sink in blocks. Its
// buffer is the scratch of the Extractor: flush it before another document is read.
type lines struct {
	d        *document
	row, col int    // of the cell that is written
	broken   bool   // what went to the sink last did not end a row
	stop     Reason // why no more must be written
}

// begin starts a text.
func (l *lines) begin() {
	l.flush()
	l.d.beginText(Bytes)
	l.row, l.col, l.broken = 0, 0, false
}

// end ends the text.
func (l *lines) end() {
	l.flush()
	l.d.endText()
}

// flush gives to the sink what was collected.
func (l *lines) flush() {
	s := &l.d.x.scratch
	if len(s.text) > 0 {
		l.d.x.work.made += int64(len(s.text))
		l.d.write(s.text)
		l.broken = s.text[len(s.text)-1] != '\n'
		s.text = s.text[:0]
	}
	if l.stop == "" {
		l.stop = l.d.x.spent()
	}
}

// room flushes when the buffer is full.
func (l *lines) room() {
	if len(l.d.x.scratch.text) >= linesBytes {
		l.flush()
	}
}

// byte writes one byte.
func (l *lines) byte(c byte) {
	l.d.x.scratch.text = append(l.d.x.scratch.text, c)
}

// put writes bytes as they are.
func (l *lines) put(b []byte) {
	for len(b) > linesBytes {
		l.d.x.scratch.text = append(l.d.x.scratch.text, b[:linesBytes]...)
		b = b[linesBytes:]
		l.flush()
	}
	l.d.x.scratch.text = append(l.d.x.scratch.text, b...)
	l.room()
}

// at moves to the cell of a row and column, both from zero: what lies before it in its
// row becomes tabs, and rows without cells are left out.
func (l *lines) at(row, col int) {
	if row != l.row || col < l.col {
		l.line()
		l.row, l.col = row, 0
	}
	for range min(col, maxColumns) - min(l.col, maxColumns) {
		l.byte('\t')
	}
	if col > maxColumns && col > l.col {
		l.byte('\t')
	}
	l.col = col
}

// next moves to the next cell of the row.
func (l *lines) next() {
	l.byte('\t')
	l.col++
}

// line ends the row, if something is in it.
func (l *lines) line() {
	if n := len(l.d.x.scratch.text); n > 0 && l.d.x.scratch.text[n-1] != '\n' || n == 0 && l.broken {
		l.newline()
	}
}

// newline ends the row.
func (l *lines) newline() {
	l.byte('\n')
	l.row++
	l.col = 0
	l.room()
}

// cell writes the text of a cell, which must not end the cell or the row.
func (l *lines) cell(b []byte) {
	at := len(l.d.x.scratch.text)
	for len(b) > linesBytes {
		l.d.x.scratch.text = append(l.d.x.scratch.text, b[:linesBytes]...)
		flatten(l.d.x.scratch.text[at:])
		b = b[linesBytes:]
		l.flush()
		at = len(l.d.x.scratch.text)
	}
	l.d.x.scratch.text = append(l.d.x.scratch.text, b...)
	flatten(l.d.x.scratch.text[at:])
	l.room()
}

// flatten takes from a cell what would end it or its row, or open quotes.
func flatten(b []byte) {
	for i, c := range b {
		switch {
		case c < 0x20:
			b[i] = ' '
		case c == '"':
			b[i] = '\''
		}
	}
}

// appendUTF16 appends UTF-16, least significant byte first, as UTF-8. A half surrogate
// becomes U+FFFD, an odd byte at the end is dropped.
func appendUTF16(dst, b []byte) []byte {
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(b[i]) | rune(b[i+1])<<8
		switch {
		case r < utf8.RuneSelf:
			dst = append(dst, byte(r))
			continue
		case utf16.IsSurrogate(r) && i+3 < len(b):
			if pair := utf16.DecodeRune(r, rune(b[i+2])|rune(b[i+3])<<8); pair != utf8.RuneError {
				r = pair
				i += 2
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// swapped returns UTF-16 with its bytes in the other order.
func swapped(b []byte) []byte {
	s := make([]byte, len(b)&^1)
	for i := 0; i+1 < len(b); i += 2 {
		s[i], s[i+1] = b[i+1], b[i]
	}
	return s
}

// appendLatin appends bytes that are the low halves of UTF-16 (so Latin-1) as UTF-8.
func appendLatin(dst, b []byte) []byte {
	for _, c := range b {
		if c < utf8.RuneSelf {
			dst = append(dst, c)
		} else {
			dst = utf8.AppendRune(dst, rune(c))
		}
	}
	return dst
}

// printable writes the runs of at least four printable characters of b, one a line:
// what is left to do with bytes of which only that is known.
func (l *lines) printable(b []byte) {
	for from, to := range runs(b) {
		l.put(b[from:to])
		l.newline()
	}
}

// appendPrintable appends the runs of printable characters of b, with blanks between.
func appendPrintable(dst, b []byte) []byte {
	for from, to := range runs(b) {
		dst = append(append(dst, b[from:to]...), ' ')
	}
	return dst
}

// runs gives the places of printable characters in b, at least four together.
func runs(b []byte) func(yield func(from, to int) bool) {
	return func(yield func(from, to int) bool) {
		start := -1
		for i := 0; i <= len(b); i++ {
			if i < len(b) && (b[i] >= 0x20 && b[i] != 0x7F || b[i] == '\t') {
				if start < 0 {
					start = i
				}
				continue
			}
			if start >= 0 && i-start >= 4 && !yield(start, i) {
				return
			}
			start = -1
		}
	}
}
