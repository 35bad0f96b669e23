package corpustest

import (
	"encoding/binary"
	"unicode/utf16"
)

// UTF16LE is text in UTF-16, least significant byte first, with its mark.
func UTF16LE(text string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// Windows1252 is text in that code page; the corpus writes no character that it lacks.
func Windows1252(text string) []byte {
	b := make([]byte, 0, len(text))
	for _, c := range text {
		if c > 0xff {
			c = '?'
		}
		b = append(b, byte(c))
	}
	return b
}
