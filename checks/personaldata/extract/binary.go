package extract

import (
	"errors"
	"io"
	"math/bits"
	"unicode/utf8"
)

const (
	minRun  = 6    // characters of text in a row that are worth a look
	overlap = 1024 // of a run are looked at again when a block cuts it
)

// readBinary gives the plain text in a file of an unknown format to the sink: runs of
// characters of one byte, and of two bytes as UTF-16 has them, each as a line.
func readBinary(why Reason) func(d *document) Reason {
	return func(d *document) Reason {
		buf := d.x.scratch.look()
		have := 0
		for {
			n, err := io.ReadFull(d.r, buf[have:])
			end := have + n
			last := err != nil
			used := d.runs(buf[:end], last)
			if !last {
				have = copy(buf, buf[used:end])
				continue
			}
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				d.x.note(reasonOf(err))
			}
			return why
		}
	}
}

// runs gives the runs of text in b to the sink and returns how much of b is done: all
// of it when it is the last, but for the run at its end otherwise.
func (d *document) runs(b []byte, last bool) (used int) {
	out := d.x.scratch.text[:0]
	used = len(b)
	for i := nextRun(b, 0); i < len(b); i = nextRun(b, i) {
		if !printable(b, i) {
			i++
			continue
		}
		start := i
		wide := printableWide(b, i) && printableWide(b, i+2)
		if wide {
			for printableWide(b, i) {
				i += 2
			}
		} else {
			for i < len(b) && printable(b, i) {
				i++
			}
		}
		if i+1 >= len(b) && !last && len(b)-start < overlap {
			used = start
			break
		}
		switch {
		case wide && (i-start)/2 >= minRun:
			for k := start; k < i; k += 2 {
				out = utf8.AppendRune(out, rune(b[k])) // what two bytes are in UTF-16 when the second is zero
			}
			out = append(out, '\n')
		case !wide && i-start >= minRun:
			out = append(out, b[start:i]...)
			if last || i < len(b) {
				out = append(out, '\n')
			}
		}
	}
	d.x.scratch.text = out
	if len(out) > 0 {
		d.write(out)
	}
	return used
}

// printable tells whether b[i] may stand in a text: ASCII, or a letter that Latin
// languages have, in UTF-8 or Windows-1252.
func printable(b []byte, i int) bool {
	c := b[i]
	switch {
	case c-0x20 < 0x7F-0x20, c == '\t':
		return true
	case c < 0x80:
		return false
	case c == 0xC3 || c == 0xC2:
		return i+1 < len(b) && b[i+1]&0xC0 == 0x80
	case c&0xC0 == 0x80 && i > 0 && (b[i-1] == 0xC3 || b[i-1] == 0xC2):
		return true
	}
	switch c {
	case 0xC1, 0xC9, 0xCD, 0xD1, 0xD3, 0xDA, 0xDC, 0xE1, 0xE9, 0xED, 0xF1, 0xF3, 0xFA, 0xFC:
		return i > 0 && isLetter(b[i-1]) || i+1 < len(b) && isLetter(b[i+1])
	}
	return false
}

// printableWide tells whether b[i] and the zero behind it may stand in a text in UTF-16.
func printableWide(b []byte, i int) bool {
	if i+1 >= len(b) || b[i+1] != 0 {
		return false
	}
	c := b[i]
	return c-0x20 < 0x7F-0x20 || c >= 0xC0 || c == '\t'
}

// What a byte may be in a text.
const (
	runASCII  = 1 << iota // printable, or a tab
	runLetter             // of ASCII
	runLatin              // a letter in Windows-1252
	runLead               // first of two bytes of UTF-8
	runFollow             // second of them
	runWide               // a character, when a zero follows
	runZero
)

// runBytes says of each byte what it may be.
var runBytes = func() (table [256]uint8) {
	for c := range table {
		b := byte(c)
		is := func(bit uint8, yes bool) {
			if yes {
				table[c] |= bit
			}
		}
		is(runASCII, printable([]byte{b}, 0))
		is(runLetter, isLetter(b))
		is(runLatin, printable([]byte{'a', b}, 1) && b >= 0x80)
		is(runLead, printable([]byte{b, 0x80}, 0) && b >= 0x80)
		is(runFollow, b&0xC0 == 0x80)
		is(runWide, printableWide([]byte{b, 0}, 0))
		is(runZero, b == 0)
	}
	return table
}()

// nextRun returns a place in b, from i on, before which no run of text begins that is
// long enough. It looks at 64 bytes together, of which a program or what is compressed
// has none most of the time: one bit for each says what it is.
func nextRun(b []byte, i int) int {
	const looked = 64 - 2*minRun // of which it is known: a run that begins there is long enough within the 64
	for ; i+64 <= len(b); i += looked {
		var ascii, letter, latin, lead, follow, wide, zero uint64
		block := b[i : i+64]
		for k := 0; k < 64; k += 8 {
			e := block[k : k+8 : k+8]
			x := uint64(runBytes[e[0]]) | uint64(runBytes[e[1]])<<8 | uint64(runBytes[e[2]])<<16 | uint64(runBytes[e[3]])<<24 |
				uint64(runBytes[e[4]])<<32 | uint64(runBytes[e[5]])<<40 | uint64(runBytes[e[6]])<<48 | uint64(runBytes[e[7]])<<56
			ascii |= lowBits(x) << k
			letter |= lowBits(x>>1) << k
			latin |= lowBits(x>>2) << k
			lead |= lowBits(x>>3) << k
			follow |= lowBits(x>>4) << k
			wide |= lowBits(x>>5) << k
			zero |= lowBits(x>>6) << k
		}
		// What stands before the first of the 64 is not known, nor behind the last.
		const first, last = 1, 1 << 63
		text := ascii | lead&(follow>>1|last) | follow&(lead<<1|first) | latin&(letter<<1|letter>>1|first|last)
		text &= text >> 1
		text &= text >> 2 & (text >> 4) // six in a row
		wide &= zero >> 1
		wide &= wide >> 2
		wide &= wide >> 4 & (wide >> 8)
		if begins := (text | wide) & (1<<looked - 1); begins != 0 {
			return i + bits.TrailingZeros64(begins)
		}
	}
	return i
}

// lowBits returns the lowest bits of the eight bytes of x, the first in the lowest.
func lowBits(x uint64) uint64 {
	return x & 0x0101010101010101 * 0x0102040810204080 >> 56
}
