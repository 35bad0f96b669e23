package extract

import (
	"bytes"
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
