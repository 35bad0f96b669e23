package extract

import (
	"bytes"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16XML tells whether XML that begins with b is in UTF-16, and how long its byte
// order mark is.
func utf16XML(b []byte) (enc Encoding, bom int, ok bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return UTF16LE, 2, true
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return UTF16BE, 2, true
	case bytes.HasPrefix(b, []byte("<\x00")):
		return UTF16LE, 0, true
	case bytes.HasPrefix(b, []byte("\x00<")):
		return UTF16BE, 0, true
	}
	return Bytes, 0, false
}

// utf16Reader turns UTF-16 into UTF-8. Halves of pairs without the other become U+FFFD.
type utf16Reader struct {
	in   io.Reader
	enc  Encoding
	raw  []byte // read and not yet turned
	made []byte // turned and not yet given
	err  error
}

// reset starts to read what head and then r give.
func (u *utf16Reader) reset(enc Encoding, head []byte, r io.Reader) {
	u.in, u.enc, u.err = r, enc, nil
	u.raw = append(u.raw[:0], head...)
	u.made = u.made[:0]
	u.turn()
}

func (u *utf16Reader) wipe() {
	clear(u.raw[:cap(u.raw)])
	clear(u.made[:cap(u.made)])
	u.in = nil
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.made) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		const block = 8 << 10
		n := len(u.raw)
		if cap(u.raw) < n+block {
			grown := make([]byte, n, n+block)
			copy(grown, u.raw)
			clear(u.raw)
			u.raw = grown
		}
		m, err := u.in.Read(u.raw[n : n+block])
		u.raw = u.raw[:n+m]
		u.err = err
		u.turn()
	}
	n := copy(p, u.made)
	u.made = u.made[:copy(u.made, u.made[n:])]
	return n, nil
}

// turn makes UTF-8 of the whole characters in raw.
func (u *utf16Reader) turn() {
	at := func(i int) rune {
		if u.enc == UTF16BE {
			return rune(u.raw[i])<<8 | rune(u.raw[i+1])
		}
		return rune(u.raw[i+1])<<8 | rune(u.raw[i])
	}
	i := 0
	for ; i+2 <= len(u.raw); i += 2 {
		r := at(i)
		if utf16.IsSurrogate(r) {
			if i+4 > len(u.raw) && u.err == nil {
				break
			}
			if i+4 <= len(u.raw) {
				if pair := utf16.DecodeRune(r, at(i+2)); pair != utf8.RuneError {
					u.made = utf8.AppendRune(u.made, pair)
					i += 2
					continue
				}
			}
			r = utf8.RuneError
		}
		u.made = utf8.AppendRune(u.made, r)
	}
	u.raw = u.raw[:copy(u.raw, u.raw[i:])]
}
