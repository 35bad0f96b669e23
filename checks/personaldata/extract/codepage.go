package extract

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A codepage turns bytes into UTF-8. Its zero value is not ready: use codepageOf.
type codepage struct {
	utf8 bool // is UTF-8 already
	char [128][]byte
}

// codepageOf returns the code page of a Windows or DOS number. One that is not known
// is read as Windows-1252, and ok is false.
func codepageOf(number int) (c *codepage, ok bool) {
	maps := map[int]*charmap.Charmap{
		437: charmap.CodePage437, 850: charmap.CodePage850, 852: charmap.CodePage852, 858: charmap.CodePage858, 860: charmap.CodePage860,
		863: charmap.CodePage863, 865: charmap.CodePage865, 1250: charmap.Windows1250, 1251: charmap.Windows1251,
		1252: charmap.Windows1252, 1253: charmap.Windows1253, 1254: charmap.Windows1254, 1257: charmap.Windows1257,
		10000: charmap.Macintosh, 28591: charmap.Windows1252, 28592: charmap.ISO8859_2, 28605: charmap.ISO8859_15,
		0x8000: charmap.Macintosh, 0x8001: charmap.Windows1252, // of BIFF
		0: charmap.Windows1252, 367: charmap.Windows1252, 20127: charmap.Windows1252,
	}
	if number == 65001 {
		return &codepage{utf8: true}, true
	}
	m, ok := maps[number]
	if !ok {
		m = charmap.Windows1252
	}
	c = &codepage{}
	for i := range c.char {
		c.char[i] = utf8.AppendRune(nil, m.DecodeByte(byte(i)+0x80)) // i is below 128
	}
	return c, ok
}

// append appends b as UTF-8.
func (c *codepage) append(dst, b []byte) []byte {
	if c.utf8 {
		return append(dst, b...)
	}
	from := 0
	for i, v := range b {
		if v >= utf8.RuneSelf {
			dst = append(dst, b[from:i]...)
			dst = append(dst, c.char[v-utf8.RuneSelf]...)
			from = i + 1
		}
	}
	return append(dst, b[from:]...)
}
