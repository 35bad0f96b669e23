package extract

import (
	"unicode/utf16"
)

// pdfCodes is how many codes one CMap may map: ranges make many of a few bytes.
const pdfCodes = 1 << 17

// A pdfCMap takes character codes to text (ISO 32000-1, 9.10.3).
type pdfCMap struct {
	set  func(code int, text []rune) // called for each code that is mapped
	left int
	text []rune
}

// pdfReadCMap reads a CMap, and calls set for each code, a single one 65,536 times at
// the most.
func pdfReadCMap(b []byte, set func(code int, text []rune)) {
	m := pdfCMap{set: set, left: pdfCodes}
	l := pdfLexer{b: b, left: pdfValues}
	for {
		v := l.token()
		if v.kind == pdfEnd || m.left <= 0 {
			return
		}
		if v.kind != pdfWord {
			continue
		}
		switch string(v.text) {
		case "beginbfchar":
			for code, ok := m.code(&l); ok; code, ok = m.code(&l) {
				m.map1(pdfCode(code), l.value(0))
			}
		case "beginbfrange":
			for low, ok := m.code(&l); ok; low, ok = m.code(&l) {
				high := l.token()
				m.mapRange(pdfCode(low), pdfCode(high.text), l.value(0))
			}
		}
	}
}

// code reads a code, unless a word ends the list.
func (m *pdfCMap) code(l *pdfLexer) ([]byte, bool) {
	v := l.token()
	m.left--
	return v.text, v.kind == pdfString && m.left > 0
}

// pdfCode returns the number of a code of up to four bytes.
func pdfCode(b []byte) int {
	n := 0
	for _, c := range b[:min(len(b), 4)] {
		n = n<<8 | int(c)
	}
	return n
}

// map1 maps one code to a string in UTF-16, or to the name of a glyph.
func (m *pdfCMap) map1(code int, to pdfValue) {
	m.left--
	m.text = m.text[:0]
	switch to.kind {
	case pdfName:
		m.text = append(m.text, pdfGlyphRune(string(to.text)))
	case pdfString:
		m.text = pdfUTF16(m.text, to.text[:min(len(to.text), 64)])
	case pdfNull, pdfNumber, pdfArray, pdfDict, pdfRef, pdfWord, pdfEnd:
	}
	if len(m.text) > 0 {
		m.set(code, m.text)
	}
}

// mapRange maps codes from low to high: each to its own of an array, or to what follows
// on a first string.
func (m *pdfCMap) mapRange(low, high int, to pdfValue) {
	high = min(high, low+1<<16-1)
	if to.kind == pdfArray {
		for i, v := range to.list {
			if low+i > high || m.left <= 0 {
				return
			}
			m.map1(low+i, v)
		}
		return
	}
	first := pdfUTF16(nil, to.text[:min(len(to.text), 64)])
	if len(first) == 0 {
		return
	}
	for code := low; code <= high && m.left > 0; code++ {
		m.left--
		m.set(code, first)
		first[len(first)-1]++
	}
}

// pdfUTF16 puts the characters of UTF-16, most significant byte first, behind dst. A
// single byte, which some writers leave, stands for itself.
func pdfUTF16(dst []rune, b []byte) []rune {
	if len(b) == 1 {
		return append(dst, rune(b[0]))
	}
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(b[i])<<8 | rune(b[i+1])
		if utf16.IsSurrogate(r) && i+3 < len(b) {
			if pair := utf16.DecodeRune(r, rune(b[i+2])<<8|rune(b[i+3])); pair != 0xFFFD {
				r = pair
				i += 2
			}
		}
		dst = append(dst, r)
	}
	return dst
}
