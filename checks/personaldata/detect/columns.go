package detect

import (
	"bytes"
	"math/bits"
)

// A delimited text (CSV, pipe padrón, tab table) says what its columns hold in its
// first lines, and that speaks for every value that fills a field of the column. Where
// it says nothing, the values of a column speak for each other: that most of them have a
// right check digit is no accident.
const (
	headerBytes = 4 << 10 // the header lies within so many first bytes
	headerLines = 10      // and within so many first lines that hold anything
	maxCell     = 64      // a longer cell is no column name
	maxDigits   = 5       // in a column name: a year, and a number
	maxAlone    = 32      // a longer first line is no name of its only column
	maxColumns  = 256

	certainFrom = 5 // so many valid values, and four cells in five of the column, make it certain
)

// columns knows which column the scan is in.
type columns struct {
	simd  simd
	words mentions // of a line that may hold names
	block cellMasks
	slow  bool // no cell is read at once: for tests
	place
	says   [maxColumns]words
	plain  [maxColumns]plain // how their cells are read at once
	filled [maxColumns]column
}

// cellMasks are the masks of up to blockBytes from offset from to offset to.
type cellMasks struct {
	from, to              int64
	lines, delims, quotes uint64
}

// A place is a point in a table, and what is known of the table.
type place struct {
	delim  byte // 0 where each line is a cell of its own
	table  bool // fields are worth following
	read   bool // names have been looked for, so that says may hold some
	named  bool // a header says what some of them hold
	count  bool // cells are counted, for some column has valid values and no name
	quoted bool // pos is inside quotes
	field  int  // column of pos
	pos    int64
	cell   int64    // where the cell at pos begins, if cells are counted
	people bool     // some columns are of names
	born   bool     // some columns are of dates of birth
	speaks Category // of what the names of the columns speak
}

// A column counts what it holds.
type column struct {
	kind  kind  // of the first valid value
	valid int32 // values of this kind
	cells int32 // that hold anything
}

// begin looks at the beginning of a text for a table and its column names.
func (c *columns) begin(b []byte) {
	c.readHeader(b)
	if !c.table {
		c.delim = delimiter(b[:min(len(b), headerBytes)])
		c.table = c.delim != 0
	}
	if !c.named {
		c.readLayout(b[:min(len(b), headerBytes)])
	}
	c.people = c.names(saysName)
	if !c.named || c.slow {
		return
	}
	for i, says := range c.says {
		c.plain[i] = plainOf(says)
	}
}

// reset forgets the table. Each table of a document is a text of its own, so it clears
// only what has been written.
func (c *columns) reset() {
	if c.named || c.read {
		clear(c.says[:])
		clear(c.plain[:])
	}
	if c.count {
		clear(c.filled[:])
	}
	c.place, c.block = place{}, cellMasks{}
}

// names tells whether some column is named by one of the words.
func (c *columns) names(w words) bool {
	if !c.named {
		return false
	}
	for _, says := range c.says {
		if says&w != 0 {
			return true
		}
	}
	return false
}

// readHeader looks for column names in the beginning of a text. A header is a line
// with a name that announces an identifier and no number of its own.
func (c *columns) readHeader(b []byte) {
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
			if c.simd.mayHold(b, at, end, &columnWords) && c.readNames(head[at:end], seen == 0) {
				c.pos = int64(end)
				return
			}
			seen++
		}
		at = end + 1
	}
}

// delimiters are what may stand between the fields of a table.
const delimiters = "|;\t,"

// readNames reads a line of column names. A line of one name is a header only when it
// is the first.
func (c *columns) readNames(line []byte, first bool) bool {
	most, delim := 0, byte(0)
	for _, d := range []byte(delimiters) {
		if n := bytes.Count(line, []byte{d}); n > most {
			most, delim = n, d
		}
	}
	if most == 0 && (!first || len(line) > maxAlone) || len(line) > (most+1)*maxCell {
		return false // a sentence, or a paragraph
	}
	for i := 0; i < len(line); i++ {
		if end := digitsEnd(line, i); end > i {
			if end-i >= 5 {
				return false
			}
			i = end
		}
	}
	c.words.reset()
	c.words.read(line, 0, 0, int64(len(line)))
	if all, _ := c.words.between(0, int64(len(line))); all&(saysKind|englishPhone) == 0 && c.words.n < len(c.words.last) {
		return false // as the rows of most tables, before it is cut into fields
	}
	named, cells := false, line
	c.speaks, c.read = 0, true
	for field := range maxColumns {
		name, rest, more := line, []byte(nil), false
		if most > 0 {
			name, rest, more = bytes.Cut(line, []byte{delim})
		}
		c.says[field] = 0
		if digitsIn(name) > maxDigits {
			c.says, c.speaks = [maxColumns]words{}, 0
			return false // a date, or a number in groups
		}
		if len(name) <= maxCell {
			var all words
			if all, c.says[field] = readWords(name); all&englishPhone != 0 {
				c.says[field] |= saysPhone
			}
			named = named || c.says[field]&saysKind != 0
		}
		if !more {
			break
		}
		line = rest
	}
	if !named {
		clear(c.says[:])
		return false
	}
	for more := most > 1; more; {
		var name []byte
		if name, cells, more = bytes.Cut(cells, []byte{delim}); len(name) <= maxCell {
			c.speaks |= columnCategories(c.simd, name)
		}
	}
	c.table, c.named, c.delim = true, true, delim
	return true
}

func digitsIn(b []byte) (n int) {
	for _, c := range b {
		if isDigit(c) {
			n++
		}
	}
	return n
}

// delimiter returns what stands between the fields of a table without names: the sign
// that its first lines all have, as many times each; or 0.
func delimiter(head []byte) (delim byte) {
	most := 1 // a single comma is nothing
	for _, d := range []byte(delimiters) {
		lines, fields := 0, 0
		for rest := head; lines < headerLines; lines++ {
			line, after, more := bytes.Cut(rest, []byte("\n"))
			if !more {
				break
			}
			n := bytes.Count(line, []byte{d})
			if lines > 0 && n != fields {
				fields = 0
			} else {
				fields = n
			}
			if fields == 0 {
				break
			}
			rest = after
		}
		if lines >= 3 && fields > most {
			most, delim = fields, d
		}
	}
	return delim
}

// advance counts fields up to offset, which must not go back; b begins at offset base.
func (c *columns) advance(b []byte, base, offset int64) {
	if !c.table && !c.count {
		return
	}
	for c.pos < offset {
		if c.pos >= c.block.to || c.pos < c.block.from {
			c.look(b, base)
		}
		n := min(c.block.to, offset) - c.pos
		past, keep := c.pos-c.block.from, ^uint64(0)>>(blockBytes-n)
		lines, delims, quotes := c.block.lines>>past&keep, c.block.delims>>past&keep, c.block.quotes>>past&keep
		if (quotes != 0 || c.quoted) && !c.count {
			inside := between(quotes)
			if c.quoted {
				inside = ^inside
			}
			if lines&inside&keep != 0 { // a line end within quotes, or a stray one
				c.step(lines, delims, quotes)
				c.pos += n
				continue
			}
			delims &^= inside
			c.quoted = c.quoted != (bits.OnesCount64(quotes)&1 == 1)
		}
		switch {
		case c.count:
			c.step(lines, delims, quotes)
		case lines != 0:
			c.field = bits.OnesCount64(delims >> lastBit(lines))
		default:
			c.field += bits.OnesCount64(delims)
		}
		c.pos += n
	}
}

// between sets the bits from each odd bit of m up to the next one.
func between(m uint64) uint64 {
	m ^= m << 1
	m ^= m << 2
	m ^= m << 4
	m ^= m << 8
	m ^= m << 16
	return m ^ m<<32
}

// look makes the masks of what follows.
func (c *columns) look(b []byte, base int64) {
	i, m := int(c.pos-base), &c.block
	m.from, m.to = c.pos, min(c.pos+blockBytes, base+int64(len(b)))
	if i+blockBytes <= len(b) {
		m.lines, m.delims, m.quotes = c.simd.cells((*[blockBytes]byte)(b[i:]), c.delim)
	} else {
		var last [blockBytes]byte
		copy(last[:], b[i:])
		m.lines, m.delims, m.quotes = c.simd.cells(&last, c.delim)
	}
	if c.delim == 0 {
		m.delims, m.quotes = 0, 0
	}
}

// step counts fields and cells in a block, sign by sign.
func (c *columns) step(lines, delims, quotes uint64) {
	for m := lines | delims | quotes; m != 0; m &= m - 1 {
		bit := m & -m
		at := c.pos + int64(bits.TrailingZeros64(bit))
		switch {
		case bit&quotes != 0:
			c.quoted = !c.quoted
		case bit&lines != 0: // ends the row even inside quotes: one stray quote must not spoil the rest
			c.endCell(at)
			c.field, c.quoted = 0, false
		case !c.quoted:
			c.endCell(at)
			c.field++
		}
	}
}

func (c *columns) endCell(at int64) {
	if c.count {
		if c.field < maxColumns && at-c.cell > 1 {
			c.filled[c.field].cells++
		}
		c.cell = at + 1
	}
}

// pass goes on to offset, where a buffer ends. Rows without candidates need no counting.
func (c *columns) pass(b []byte, base, offset int64) {
	if c.table && !c.count && c.pos < offset {
		if i := bytes.LastIndexByte(b[c.pos-base:offset-base], '\n'); i >= 0 {
			c.field, c.quoted = 0, false
			c.pos += int64(i) + 1
		}
	}
	c.advance(b, base, offset)
}

// at returns the column of the value b[lo:hi] and what the header says of it, if the
// value fills its field; else -1. The scan must have advanced to lo.
func (c *columns) at(b []byte, lo, hi int) (field int, says words) {
	if c.table && c.field >= maxColumns || !c.edge(b, lo-1, -1) || !c.edge(b, hi, +1) {
		return -1, 0
	}
	if !c.table {
		return 0, 0
	}
	return c.field, c.says[c.field]
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

// note counts a valid value of kind k that fills the cell of a column at offset.
func (c *columns) note(k kind, field int, offset int64) {
	if !c.count {
		c.count, c.cell, c.pos = true, offset, max(c.pos, offset)
	}
	f := &c.filled[field]
	if f.valid == 0 {
		f.kind, f.cells = k, 0
	}
	if f.kind == k {
		f.valid++
	}
}

// certain tells whether the values of a column speak for each other.
func (c *columns) certain(k kind, field int) bool {
	f := &c.filled[field]
	return f.kind == k && f.valid >= certainFrom && f.valid*5 >= f.cells*4
}
