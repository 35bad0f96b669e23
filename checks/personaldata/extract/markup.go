package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

const (
	windowBytes = 64 << 10 // of markup are looked at together: no tag is longer that is taken for one
	maxSpan     = 100      // columns that one cell may stand for
)

// readMarkup reads HTML and XML. A file that holds nothing that could be a number or an
// address of a person goes to the sink as it is, at full speed: see readRaw. Of others the
// sink gets the text: tags left out but for those with something of the kind in them, entities
// decoded, tables as lines of cells. Scripts, styles and comments go to it as they are.
func readMarkup(xml bool) func(d *document) Reason {
	return func(d *document) Reason {
		if raw, why := d.readRaw(); raw {
			return why
		}
		m := markup{d: d, out: d.x.scratch.text[:0], names: xml && !flowing(d.head), prior: '\n'}
		why := m.read(d.r, d.x.scratch.look()[:windowBytes])
		m.endTable()
		m.flush()
		d.x.scratch.text = m.out
		return why
	}
}

// flowing tells whether XML is a text of a word processor, whose elements mean nothing.
func flowing(head []byte) bool {
	return bytes.Contains(head, []byte("w:wordDocument")) || bytes.Contains(head, []byte("office:document")) ||
		bytes.Contains(head, []byte("<pkg:package"))
}

// mayHold tells whether there could be an identifier in b: four digits in a row that are
// neither a colour nor a character by its number, digits with what may stand between
// those of one number, an @, or one of these by its number.
func mayHold(b []byte) bool {
	if !anyDigitOrAt(b) {
		return false
	}
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '@' || c == 'x' && i >= 2 && b[i-1] == '#' && b[i-2] == '&' {
			return true
		}
		if c-'0' > 9 {
			continue
		}
		start := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		if start > 0 && b[start-1] == '#' {
			if start > 1 && b[start-2] == '&' {
				if n := b[start:i]; len(n) == 2 && (n[0] == '4' && n[1] >= '8' || n[0] == '5' && n[1] <= '7' || n[0] == '6' && n[1] == '4') || n[0] == '0' {
					return true // a digit or an @ by its number
				}
				continue
			}
			for i < len(b) && isHex(b[i]) {
				i++
			}
			continue // a colour
		}
		switch {
		case i-start >= 4:
			return true
		case i-start >= 2 && i+1 < len(b) && (b[i] == '<' || b[i] == '&' || (b[i] == '.' || b[i] == '-' || b[i] == ' ') && b[i+1]-'0' <= 9):
			return true
		}
	}
	return false
}

// anyDigitOrAt tells whether b has a digit or an @.
func anyDigitOrAt(b []byte) bool {
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		if digitBytes(w)|zeroBytes(w^eachByte('@')) != 0 {
			return true
		}
		b = b[8:]
	}
	for _, c := range b {
		if c-'0' <= 9 || c == '@' {
			return true
		}
	}
	return false
}

func isHex(c byte) bool { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'f' }

// markup turns HTML and XML into text, one window after another.
type markup struct {
	d     *document
	out   []byte
	until string // the text up to here is given as it is: it ends a script, style or comment
	long  bool   // inside of a tag that is longer than the window
	names bool   // elements name what is in them
	table int    // tables that are open
	fresh bool   // in a table: nothing stands in this row yet
	cell  bool   // in a table: inside of a cell
	span  int    // columns that the cell takes beside its own
	prior byte   // the last byte of what was given to the sink
	gap   bool   // a cell has ended, or white space: a tab or blank is due before the next text
}

// read gives the text of r to the sink.
func (m *markup) read(r io.Reader, window []byte) Reason {
	have := 0
	for {
		n, err := io.ReadFull(r, window[have:])
		have += n
		last := err != nil
		used := m.window(window[:have], last)
		have = copy(window, window[used:have])
		m.flush()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return ""
		case err != nil:
			return reasonOf(err)
		}
	}
}

func (m *markup) flush() {
	if len(m.out) > 0 {
		m.d.x.work.made += int64(len(m.out)) / 16 // of no danger: it is never more than what was read
		m.d.write(m.out)
		m.prior = m.out[len(m.out)-1]
		clear(m.out)
		m.out = m.out[:0]
	}
}

// window turns as much of b into text as is certain, and returns how much that is. It
// is never nothing when b is full.
func (m *markup) window(b []byte, last bool) (used int) {
	i := 0
	for i < len(b) {
		switch {
		case m.until != "":
			end := indexFold(b[i:], m.until)
			if end < 0 {
				keep := 0
				if !last {
					keep = min(len(m.until)-1, len(b)-i)
				}
				m.out = append(m.out, b[i:len(b)-keep]...)
				return len(b) - keep
			}
			m.out = append(m.out, b[i:i+end]...)
			m.out = append(m.out, '\n')
			i += end
			if m.until[0] != '<' {
				i += len(m.until)
			}
			m.until = ""
		case m.long:
			end := bytes.IndexByte(b[i:], '>')
			if end < 0 {
				m.out = append(m.out, b[i:]...)
				return len(b)
			}
			m.out = append(m.out, b[i:i+end]...)
			m.out = append(m.out, '\n')
			i += end + 1
			m.long = false
		case b[i] == '<':
			n := m.tag(b[i:], last)
			if n == 0 {
				if i > 0 && !last {
					return i
				}
				if last {
					m.text(b[i:])
					return len(b)
				}
				m.long = true
				n = 1
			}
			i += n
		default:
			end := bytes.IndexByte(b[i:], '<')
			if end < 0 {
				end = len(b) - i
				if amp := bytes.LastIndexByte(b[i:], '&'); amp >= 0 && end-amp < maxEntity && !last && (i > 0 || amp > 0) {
					end = amp // an entity may be cut here
				}
				m.text(b[i : i+end])
				return i + end
			}
			m.text(b[i : i+end])
			i += end
		}
	}
	return i
}

// text gives what stands between tags.
func (m *markup) text(b []byte) {
	if m.table == 0 && !m.names {
		m.out = decodeEntities(m.out, b)
		return
	}
	for i := 0; i < len(b); {
		if c := b[i]; c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			m.gap = true
			i++
			continue
		}
		if m.gap {
			if c := m.end(); c != '\t' && c != '\n' && c != ' ' {
				m.out = append(m.out, ' ')
			}
			m.gap = false
		}
		start, entities := i, false
		for ; i < len(b); i++ {
			if c := b[i]; c > '&' { // most are
				continue
			} else if c == '&' {
				entities = true
			} else if c == '\t' || c == '\r' || c == '\n' {
				break
			}
		}
		if entities {
			m.out = decodeEntities(m.out, b[start:i])
		} else {
			m.out = append(m.out, b[start:i]...)
		}
	}
}

// tag reads the tag, comment or section at the beginning of b and returns its length;
// 0 when its end is not in b.
func (m *markup) tag(b []byte, last bool) int {
	if len(b) < 12 && !last {
		return 0
	}
	if n := m.bareTag(b); n > 0 {
		return n
	}
	switch {
	case len(b) < 2:
		m.out = append(m.out, '<')
		return 1
	case b[1] == '!' && hasPrefix(b, "<!--"):
		m.until = "-->"
		m.newLine()
		return 4
	case b[1] == '!' && hasPrefixFold(b, "<![cdata["):
		m.until = "]]>"
		return 9
	case b[1] != '/' && b[1] != '!' && b[1] != '?' && !isLetter(b[1]) && b[1] < 0x80 && b[1] != '_':
		m.out = append(m.out, '<')
		return 1
	}
	end := endOfTag(b)
	if end < 0 {
		return 0
	}
	inner := b[1:end]
	closing := inner[0] == '/'
	if closing {
		inner = inner[1:]
	}
	name := nameOfTag(inner)
	if m.names {
		m.named(name, closing)
	} else {
		var folded [15]byte // longer than the longest that is known
		for i, c := range name[:min(len(name), len(folded))] {
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			folded[i] = c
		}
		m.element(kindOf(folded[:min(len(name), len(folded))]), inner, closing)
	}
	if !closing && len(inner) > len(name) && mayHold(inner[len(name):]) {
		m.out = append(m.out, ' ')
		m.out = decodeEntities(m.out, bytes.TrimSuffix(inner, []byte("/")))
		m.out = append(m.out, ' ')
	}
	return end + 1
}

// bareTag reads the tag at the beginning of b if it is one as most are: a short name, no
// attributes. It returns its length, or 0.
func (m *markup) bareTag(b []byte) int {
	from := 1
	if len(b) > 1 && b[1] == '/' {
		from = 2
	}
	var folded [8]byte
	for i, c := range b[from:min(len(b), from+len(folded)+1)] {
		switch {
		case c == '>' && i > 0:
			end := from + i
			if m.names {
				m.named(b[from:end], from == 2)
			} else {
				m.element(kindOf(folded[:i]), nil, from == 2)
			}
			return end + 1
		case i < len(folded) && (isLetter(c) || i > 0 && c-'0' <= 9):
			folded[i] = c | 0x20 // of a digit that is the same
		default:
			return 0
		}
	}
	return 0
}

// endOfTag returns the place of the > that ends a tag, or -1: one in quotes does not, but
// where the quotes do not end, it does.
func endOfTag(b []byte) int {
	for i := 1; i < min(len(b), 32); i++ { // most are short, and have no attributes
		if c := b[i]; c == '>' {
			return i
		} else if c == '=' {
			break
		}
	}
	end := bytes.IndexByte(b, '>')
	if end < 3 || b[end-1] == '"' && b[end-2] != '=' || bytes.IndexByte(b[:end], '=') < 0 {
		return end
	}
	quote := byte(0)
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && b[i-1] == '=':
			quote = c
		case c == '>':
			return i
		}
		if i > end+8<<10 {
			break
		}
	}
	return end
}

func nameOfTag(b []byte) []byte {
	for i, c := range b {
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '/' || c == '>' {
			return b[:i]
		}
	}
	return b
}

// A tagKind is what an element of HTML means for the text in it.
type tagKind uint8

const (
	tagLine tagKind = iota // begins a line; so does any that is not known
	tagPart                // part of a line
	tagTable
	tagRow
	tagCell
	tagScript
	tagStyle
	tagTab
)

// kindOf tells the kind of an element by its name in lower case.
func kindOf(name []byte) tagKind {
	if len(name) == 2 && name[0] == 't' { // most tags of a large file are of a table
		switch name[1] {
		case 'd', 'h':
			return tagCell
		case 'r':
			return tagRow
		}
	}
	switch string(name) {
	case "b", "i", "u", "em", "strong", "span", "font", "a", "small", "big", "sub", "sup", "mark", "wbr", "tt", "code",
		"o:p", "st1:personname", "bdo", "abbr", "ins", "del", "s", "text:span", "w:r", "w:t", "w:rpr", "w:prooferr":
		return tagPart
	case "table":
		return tagTable
	case "script":
		return tagScript
	case "style":
		return tagStyle
	case "w:tab", "text:tab":
		return tagTab
	}
	return tagLine
}

// element writes what a tag means for the text around it.
func (m *markup) element(kind tagKind, inner []byte, closing bool) {
	switch kind {
	case tagPart:
		return
	case tagTable:
		if closing {
			m.endTable()
		} else {
			m.beginTable()
		}
		return
	case tagRow:
		if m.table > 0 && !m.fresh {
			m.newRow()
			return
		}
	case tagCell:
		if m.table > 0 {
			if closing {
				m.cell = false
				return
			}
			m.newCell(inner)
			return
		}
	case tagScript:
		if !closing {
			m.until = "</script"
		}
	case tagStyle:
		if !closing {
			m.until = "</style"
		}
	case tagTab:
		m.out = append(m.out, '\t')
		return
	case tagLine:
	}
	if m.cell {
		m.gap = true // a line within a cell
	} else {
		m.newLine()
	}
}

// named writes the name of an element of XML before what is in it.
func (m *markup) named(name []byte, closing bool) {
	m.newLine()
	m.gap = false
	if closing || len(name) == 0 || name[0] == '!' || name[0] == '?' {
		return
	}
	if colon := bytes.LastIndexByte(name, ':'); colon >= 0 {
		name = name[colon+1:]
	}
	m.out = append(m.out, name...)
	m.out = append(m.out, ": "...)
}

// newLine ends a line that holds something.
func (m *markup) newLine() {
	if m.end() != '\n' {
		m.out = append(m.out, '\n')
	}
}

// end is the last byte of the text so far; a new text begins as after a line.
func (m *markup) end() byte {
	if n := len(m.out); n > 0 {
		return m.out[n-1]
	}
	return m.prior
}

// beginTable makes a table a text of its own.
func (m *markup) beginTable() {
	m.flush()
	m.d.beginText(Bytes)
	m.prior = '\n'
	m.table++
	m.fresh, m.cell, m.gap = true, false, false
}

func (m *markup) endTable() {
	if m.table == 0 {
		return
	}
	m.newLine()
	m.flush()
	m.d.endText()
	m.prior = '\n'
	m.table--
	m.fresh, m.cell, m.gap = true, false, false
	if m.table > 0 {
		m.cell = true // it stood in a cell of the table around it
	}
}

func (m *markup) newRow() {
	m.out = append(m.out, '\n')
	m.fresh, m.cell, m.gap = true, false, false
}

// newCell puts a tab between the cells of a row.
func (m *markup) newCell(inner []byte) {
	if !m.fresh {
		for range m.span + 1 { // what follows stays in its column
			m.out = append(m.out, '\t')
		}
	}
	m.fresh, m.cell, m.gap, m.span = false, true, false, 0
	if len(inner) == 0 {
		return
	}
	if i := indexSpan(inner); i >= 0 {
		span := 0
		for _, c := range bytes.TrimLeft(inner[i:], "=\"' ") {
			if c-'0' > 9 || span > maxSpan {
				break
			}
			span = span*10 + int(c-'0')
		}
		m.span = max(min(span, maxSpan), 1) - 1
	}
}

// indexSpan returns the place after "colspan" in a tag, or -1.
func indexSpan(inner []byte) int {
	const word = " colspan"
	i := indexFold(inner, word)
	if i < 0 {
		return -1
	}
	return i + len(word)
}
