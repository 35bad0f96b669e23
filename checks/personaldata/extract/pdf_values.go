package extract

import (
	"bytes"
	"math"
	"slices"
)

// pdfKind is what a pdfValue is (ISO 32000-1, 7.3).
type pdfKind uint8

const (
	pdfNull pdfKind = iota
	pdfNumber
	pdfString
	pdfName
	pdfArray
	pdfDict
	pdfRef
	pdfWord // true, false, an operator, a lone bracket
	pdfEnd  // nothing is left
)

// A pdfValue is one value of a PDF. Its bytes may be those of the buffer it was read
// from. The zero value is null, and every question to a value of the wrong kind gets
// an empty answer: in a damaged file anything may be of the wrong kind.
type pdfValue struct {
	kind pdfKind
	gen  uint16
	num  float64    // a number; the object number of a reference
	text []byte     // of a string, of a name without its slash, of a word
	list []pdfValue // of an array; of a dictionary name, value, name, value
}

// get returns what a dictionary has under a name. Of doubles the last one counts.
func (v pdfValue) get(name string) pdfValue {
	if v.kind == pdfDict {
		for i := len(v.list) - 2; i >= 0; i -= 2 {
			if string(v.list[i].text) == name {
				return v.list[i+1]
			}
		}
	}
	return pdfValue{}
}

// is tells whether v is the name.
func (v pdfValue) is(name string) bool { return v.kind == pdfName && string(v.text) == name }

// items returns the elements of an array.
func (v pdfValue) items() []pdfValue {
	if v.kind == pdfArray {
		return v.list
	}
	return nil
}

// int returns a number as an integer within ±2^31, or 0.
func (v pdfValue) int() int {
	if v.kind != pdfNumber || !(math.Abs(v.num) < 1<<31) {
		return 0
	}
	return int(v.num)
}

// number returns a number, or 0.
func (v pdfValue) number() float64 {
	if v.kind != pdfNumber {
		return 0
	}
	return v.num
}

// pdfValues is how many values one object may have: the widths of a font with all of
// Unicode are 65,536, and a value takes 72 bytes.
const pdfValues = 1 << 17

// pdfNesting is how deep arrays and dictionaries may stand within each other.
const pdfNesting = 32

// The classes of a byte (ISO 32000-1, 7.2.2).
const (
	pdfRegular = iota
	pdfSpace
	pdfDelimiter
	pdfDigit // or sign or point: it begins a number
)

// pdfClass is indexed by byte.
var pdfClass = [256]uint8{
	0: pdfSpace, '\t': pdfSpace, '\n': pdfSpace, '\f': pdfSpace, '\r': pdfSpace, ' ': pdfSpace,
	'(': pdfDelimiter, ')': pdfDelimiter, '<': pdfDelimiter, '>': pdfDelimiter, '[': pdfDelimiter,
	']': pdfDelimiter, '{': pdfDelimiter, '}': pdfDelimiter, '/': pdfDelimiter, '%': pdfDelimiter,
	'0': pdfDigit, '1': pdfDigit, '2': pdfDigit, '3': pdfDigit, '4': pdfDigit, '5': pdfDigit, '6': pdfDigit,
	'7': pdfDigit, '8': pdfDigit, '9': pdfDigit, '+': pdfDigit, '-': pdfDigit, '.': pdfDigit,
}

// A pdfLexer takes values out of bytes. It accepts everything: what makes no sense is
// a word.
type pdfLexer struct {
	b    []byte
	pos  int
	left int        // values that may still be made
	open []pdfValue // those of the lists that are not closed
}

// pdfParse returns the value at the beginning of b.
func pdfParse(b []byte) pdfValue {
	l := pdfLexer{b: b, left: pdfValues}
	return l.value(0)
}

// space skips white space and comments.
func (l *pdfLexer) space() {
	for l.pos < len(l.b) {
		c := l.b[l.pos]
		switch {
		case pdfClass[c] == pdfSpace:
			l.pos++
		case c == '%':
			end := bytes.IndexAny(l.b[l.pos:], "\r\n")
			if end < 0 {
				l.pos = len(l.b)
				return
			}
			l.pos += end
		default:
			return
		}
	}
}

// value reads a value with all that is in it.
func (l *pdfLexer) value(depth int) pdfValue {
	v := l.token()
	if l.left--; l.left < 0 {
		l.pos = len(l.b)
		return pdfValue{kind: pdfEnd}
	}
	switch v.kind {
	case pdfNumber:
		return l.reference(v)
	case pdfWord:
		switch string(v.text) {
		case "[":
			return pdfValue{kind: pdfArray, list: l.until("]", depth+1)}
		case "<<":
			return pdfValue{kind: pdfDict, list: pairs(l.until(">>", depth+1))}
		case "null":
			return pdfValue{}
		}
	case pdfNull, pdfString, pdfName, pdfArray, pdfDict, pdfRef, pdfEnd:
	}
	return v
}

// until reads values up to a closing bracket. The words that end an object end it too:
// the bracket is missing then, and the word is left for the caller.
func (l *pdfLexer) until(closing string, depth int) []pdfValue {
	base := len(l.open)
	for depth <= pdfNesting {
		before := l.pos
		v := l.value(depth)
		if v.kind == pdfEnd {
			break
		}
		if v.kind == pdfWord {
			if string(v.text) == closing {
				break
			}
			if pdfEndsObject(v.text) {
				l.pos = before
				break
			}
		}
		l.open = append(l.open, v)
	}
	list := slices.Clone(l.open[base:])
	l.open = l.open[:base]
	return list
}

// pdfEndsObject tells whether a word cannot stand within an array or dictionary.
func pdfEndsObject(word []byte) bool {
	switch string(word) {
	case "endobj", "stream", "obj", "]", ">>":
		return true
	}
	return false
}

// pairs makes name, value, name, value of what stood in a dictionary, and skips
// values without a name.
func pairs(list []pdfValue) []pdfValue {
	whole := len(list)%2 == 0
	for i := 0; whole && i < len(list); i += 2 {
		whole = list[i].kind == pdfName
	}
	if whole {
		return list
	}
	var kept []pdfValue
	for i := 0; i+1 < len(list); i++ {
		if list[i].kind == pdfName {
			kept = append(kept, list[i], list[i+1])
			i++
		}
	}
	return kept
}

// reference looks whether the number v begins a reference: 12 0 R.
func (l *pdfLexer) reference(v pdfValue) pdfValue {
	b, i := l.b, l.pos
	if v.num < 1 || v.num >= pdfObjects || i+3 >= len(b) || pdfClass[b[i]] != pdfSpace {
		return v
	}
	for i < len(b) && pdfClass[b[i]] == pdfSpace {
		i++
	}
	gen, digits := 0, i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' && i-digits < 6 {
		gen = gen*10 + int(b[i]-'0')
		i++
	}
	space := i
	for i < len(b) && pdfClass[b[i]] == pdfSpace {
		i++
	}
	if digits == space || space == i || i >= len(b) || b[i] != 'R' || pdfWordLen(b[i+1:]) > 0 {
		return v
	}
	l.pos = i + 1
	return pdfValue{kind: pdfRef, num: math.Trunc(v.num), gen: uint16(gen)}
}

// token reads a number, string, name or word.
func (l *pdfLexer) token() pdfValue {
	l.space()
	if l.pos >= len(l.b) {
		return pdfValue{kind: pdfEnd}
	}
	b, start := l.b, l.pos
	switch c := b[start]; c {
	case '(':
		text, _, n := pdfLiteral(nil, b[start:])
		l.pos += n
		return pdfValue{kind: pdfString, text: text}
	case '/':
		l.pos = start + 1 + pdfWordLen(b[start+1:])
		return pdfValue{kind: pdfName, text: pdfUnescape(b[start+1 : l.pos])}
	case '<':
		if start+1 < len(b) && b[start+1] == '<' {
			l.pos += 2
			return pdfValue{kind: pdfWord, text: b[start:l.pos]}
		}
		text, n := pdfHex(nil, b[start:])
		l.pos += n
		return pdfValue{kind: pdfString, text: text}
	case '>':
		l.pos++
		if start+1 < len(b) && b[start+1] == '>' {
			l.pos++
		}
		return pdfValue{kind: pdfWord, text: b[start:l.pos]}
	case ')', '[', ']', '{', '}':
		l.pos++
		return pdfValue{kind: pdfWord, text: b[start:l.pos]}
	default:
		if pdfClass[c] == pdfDigit {
			if num, n := pdfNumberAt(b[start:]); n > 0 {
				l.pos += n
				return pdfValue{kind: pdfNumber, num: num}
			}
		}
		l.pos += max(1, pdfWordLen(b[start:]))
		return pdfValue{kind: pdfWord, text: b[start:l.pos]}
	}
}

// pdfWordLen returns how many bytes at the beginning of b make a name or word.
func pdfWordLen(b []byte) int {
	for i, c := range b {
		if k := pdfClass[c]; k == pdfSpace || k == pdfDelimiter {
			return i
		}
	}
	return len(b)
}

// pdfNumberAt reads the number at the beginning of b and returns its length, 0 when
// there is none. Signs within a number, which some writers leave, end it and are
// skipped.
func pdfNumberAt(b []byte) (num float64, n int) {
	i, negative := 0, false
	for i < len(b) && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	whole, start := int64(0), i
	for i < len(b) && b[i]-'0' < 10 {
		if i-start < 18 {
			whole = whole*10 + int64(b[i]-'0')
		}
		i++
	}
	digits := i - start
	num = float64(whole)
	if i < len(b) && b[i] == '.' {
		i++
		start, whole = i, 0
		for i < len(b) && b[i]-'0' < 10 {
			if i-start < 15 {
				whole = whole*10 + int64(b[i]-'0')
			}
			i++
		}
		places := min(i-start, 15)
		digits += i - start
		num += float64(whole) / pdfTens[places]
	}
	if digits == 0 {
		return 0, 0
	}
	for i < len(b) && (b[i] == '-' || b[i] == '.' || b[i]-'0' < 10) {
		i++
	}
	if negative {
		num = -num
	}
	return num, i
}

// pdfTens are the powers of ten.
var pdfTens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// pdfLiteral reads the string in parentheses at the beginning of b and returns its
// length with them. Without escapes it is a part of b; with them it is put behind dst,
// which is returned too.
func pdfLiteral(dst, b []byte) (text, behind []byte, n int) {
	i, depth := 1, 1
	for ; i < len(b); i++ {
		switch b[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return b[1:i], dst, i + 1
			}
		case '\\', '\r':
			from := len(dst)
			dst, n = pdfEscaped(dst, b, i, depth)
			return dst[from:], dst, n
		}
	}
	return b[1:], dst, len(b)
}

// pdfEscaped reads the rest of a literal string from its first escape, at i, on.
func pdfEscaped(dst, b []byte, i, depth int) ([]byte, int) {
	dst = append(dst, b[1:i]...)
	for ; i < len(b); i++ {
		c := b[i]
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return dst, i + 1
			}
		case '\r':
			c = '\n'
			if i+1 < len(b) && b[i+1] == '\n' {
				i++
			}
		case '\\':
			i++
			if i >= len(b) {
				return dst, len(b)
			}
			switch c = b[i]; c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case 'b':
				c = '\b'
			case 'f':
				c = '\f'
			case '\n':
				continue
			case '\r':
				if i+1 < len(b) && b[i+1] == '\n' {
					i++
				}
				continue
			case '0', '1', '2', '3', '4', '5', '6', '7':
				octal := c - '0'
				for k := 0; k < 2 && i+1 < len(b) && b[i+1]-'0' < 8; k++ {
					i++
					octal = octal<<3 | (b[i] - '0')
				}
				c = octal
			}
		}
		dst = append(dst, c)
	}
	return dst, len(b)
}

// pdfHex reads the string in angle brackets at the beginning of b, puts it behind dst,
// and returns dst and the length with the brackets.
func pdfHex(dst, b []byte) ([]byte, int) {
	i := 1
	for i+1 < len(b) { // pairs of digits, as nearly all are
		high, low := pdfHexDigits[b[i]], pdfHexDigits[b[i+1]]
		if high|low > 15 {
			break
		}
		dst = append(dst, high<<4|low)
		i += 2
	}
	half, nibble := byte(0), 0
	for ; i < len(b); i++ {
		c := b[i]
		if c == '>' {
			if nibble == 1 {
				dst = append(dst, half<<4)
			}
			return dst, i + 1
		}
		d := pdfHexDigits[c]
		if d > 15 {
			continue
		}
		if nibble == 1 {
			dst = append(dst, half<<4|d)
		}
		half, nibble = d, 1-nibble
	}
	return dst, len(b)
}

// pdfHexDigits is indexed by byte; 255 is no digit.
var pdfHexDigits = hexDigits()

func hexDigits() (table [256]uint8) {
	for i := range table {
		switch c := byte(i); {
		case c-'0' < 10:
			table[i] = c - '0'
		case (c|0x20)-'a' < 6:
			table[i] = (c | 0x20) - 'a' + 10
		default:
			table[i] = 255
		}
	}
	return table
}

// pdfUnescape resolves #20 in a name.
func pdfUnescape(name []byte) []byte {
	if bytes.IndexByte(name, '#') < 0 {
		return name
	}
	var out []byte
	for i := 0; i < len(name); i++ {
		if name[i] == '#' && i+2 < len(name) {
			high, low := pdfHexDigits[name[i+1]], pdfHexDigits[name[i+2]]
			if high|low <= 15 {
				out = append(out, high<<4|low)
				i += 2
				continue
			}
		}
		out = append(out, name[i])
	}
	return out
}
