package extract

import (
	"bytes"
	"html"
	"unicode/utf8"
)

const maxEntity = 40 // bytes of the longest that has a name

// decodeEntities appends b with its entities as the characters they stand for. What is
// no entity stays as it is.
func decodeEntities(dst, b []byte) []byte {
	for {
		amp := bytes.IndexByte(b, '&')
		if amp < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:amp]...)
		b = b[amp:]
		r, n := entity(b)
		switch {
		case n == 0:
			dst = append(dst, '&')
			b = b[1:]
			continue
		case r == 0xA0:
			dst = append(dst, ' ') // a blank, to who looks for numbers
		case r == 0xAD || r == 0x200B:
			// may break a line, and is not seen
		case r == 0:
			var name [maxEntity]byte
			k := copy(name[:], b[:n])
			dst = append(dst, html.UnescapeString(string(name[:k]))...)
		default:
			dst = utf8.AppendRune(dst, r)
		}
		b = b[n:]
	}
}

// entity tells the character that the entity at the beginning of b stands for, and its
// length; 0 and a length for one that only the full list knows.
func entity(b []byte) (r rune, n int) {
	end := 1
	for end < len(b) && end < maxEntity && (isLetter(b[end]) || b[end]-'0' <= 9 || b[end] == '#') {
		end++
	}
	if end == 1 {
		return 0, 0
	}
	name := b[1:end]
	n = end
	if end < len(b) && b[end] == ';' {
		n++
	}
	if name[0] == '#' {
		r, ok := numbered(name[1:])
		if !ok {
			return 0, 0
		}
		return r, n
	}
	if n == end {
		return 0, 0 // without ; it is as likely a parameter of an address
	}
	switch string(name) {
	case "amp":
		return '&', n
	case "lt":
		return '<', n
	case "gt":
		return '>', n
	case "quot":
		return '"', n
	case "apos":
		return '\'', n
	case "nbsp":
		return 0xA0, n
	case "aacute":
		return 'á', n
	case "eacute":
		return 'é', n
	case "iacute":
		return 'í', n
	case "oacute":
		return 'ó', n
	case "uacute":
		return 'ú', n
	case "ntilde":
		return 'ñ', n
	case "Ntilde":
		return 'Ñ', n
	}
	return 0, n
}

// numbered reads the number of a character, as it stands after &#.
func numbered(b []byte) (rune, bool) {
	base := rune(10)
	if len(b) > 0 && b[0]|0x20 == 'x' {
		base, b = 16, b[1:]
	}
	r := rune(0)
	for _, c := range b {
		v := rune(99)
		switch {
		case c-'0' <= 9:
			v = rune(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = rune(c|0x20-'a') + 10
		}
		if v >= base || r > utf8.MaxRune {
			return 0, false
		}
		r = r*base + v
	}
	if len(b) == 0 || r == 0 || !utf8.ValidRune(r) {
		return 0, false
	}
	if r >= 0x80 && r < 0xA0 { // Windows-1252, as browsers take them
		return utf8.RuneError, true
	}
	return r, true
}
