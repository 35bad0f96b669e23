package extract

import (
	"bytes"
	"encoding/binary"
)

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
