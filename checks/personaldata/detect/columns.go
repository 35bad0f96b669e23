package detect

import "bytes"

// A delimited text (CSV, pipe padrón, tab table) says what its columns hold in its
// first lines, and that speaks for every value that fills a field of the column.
const (
	headerBytes = 4 << 10 // the header lies within so many first bytes
	headerLines = 10      // and within so many first lines that hold anything
	maxCell     = 64      // a longer cell is no column name
	maxColumns  = 256
)

// columns knows which column the scan is in.
type columns struct {
	active bool
	delim  byte
	says   [maxColumns]words
	field  int   // column of pos
	quoted bool  // pos is inside quotes
	pos    int64 // offset up to which fields have been counted
}

// readHeader looks for column names in the beginning of a text. A header is a line
// with a name that announces an identifier and no number of its own.
func (c *columns) readHeader(b []byte) {
	*c = columns{}
	head := b[:min(len(b), headerBytes)]
	at := 0
	for seen := 0; seen < headerLines && at < len(head); {
		length := bytes.IndexByte(head[at:], '\n')
		if length < 0 {
			length = len(head) - at
			if len(b) > len(head) {
				return // longer than a header may be
			}
		}
		end := at + length
		if len(bytes.TrimSpace(head[at:end])) > 0 {
			if c.readNames(head, at, end, seen == 0) {
				c.pos = int64(end)
				return
			}
			seen++
		}
		at = end + 1
	}
}

// readNames reads b[lo:hi] as a line of column names. A line of one name is a header
// only when it is the first.
func (c *columns) readNames(b []byte, lo, hi int, first bool) bool {
	line := b[lo:hi]
	most := 0
	for _, d := range []byte("|;\t,") {
		if n := bytes.Count(line, []byte{d}); n > most {
			most, c.delim = n, d
		}
	}
	if most == 0 {
		c.delim = 0
		if !first || len(line) > maxCell {
			return false
		}
	}
	for i := 0; i < len(line); i++ {
		if end := digitsEnd(line, i); end > i {
			if end-i >= 5 {
				return false
			}
			i = end
		}
	}
	named := false
	for field := range maxColumns {
		end := hi
		if most > 0 {
			if k := bytes.IndexByte(b[lo:hi], c.delim); k >= 0 {
				end = lo + k
			}
		}
		if end-lo <= maxCell {
			_, c.says[field] = readWords(b, lo, end)
			named = named || c.says[field]&saysKind != 0
		}
		if end == hi {
			break
		}
		lo = end + 1
	}
	c.active = named
	return named
}

// advance counts fields up to offset, which must not go back; b begins at offset base.
func (c *columns) advance(b []byte, base, offset int64) {
	if !c.active || offset <= c.pos {
		return
	}
	for _, ch := range b[c.pos-base : offset-base] {
		switch {
		case ch == '\n': // ends the row even inside quotes: one stray quote must not spoil the rest
			c.field, c.quoted = 0, false
		case ch == '"':
			c.quoted = !c.quoted
		case ch == c.delim && !c.quoted && c.delim != 0:
			c.field++
		}
	}
	c.pos = offset
}

// at returns what the header says of the value b[lo:hi], if that fills its field.
func (c *columns) at(b []byte, lo, hi int) words {
	if !c.active || c.field >= maxColumns || !c.edge(b, lo-1, -1) || !c.edge(b, hi, +1) {
		return 0
	}
	return c.says[c.field]
}

// edge tells whether from b[i] on, in direction step, only blanks and quotes stand
// before the end of the field.
func (c *columns) edge(b []byte, i, step int) bool {
	for range 64 { // fields of fixed width are padded
		if i < 0 || i >= len(b) {
			return true
		}
		switch ch := b[i]; {
		case ch == '\n', ch == c.delim && c.delim != 0:
			return true
		case ch == ' ', ch == '"', ch == '\'', ch == '=', ch == '\r', ch == '\t':
		default:
			return false
		}
		i += step
	}
	return false
}
