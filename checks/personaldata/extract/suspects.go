package extract

import (
	"encoding/binary"
	"math/bits"
)

// Markup is looked at in blocks of 64 bytes, for places where something may begin that is
// looked at closer: see suspects.
const (
	blockBits    = 64
	strideBytes  = 52            // blocks begin so far apart: what makes a suspect is shorter than what is left of one
	suspectBytes = blockBits + 3 // what follows the last byte of a block is looked at too
	sevenBits    = 0x7f7f7f7f7f7f7f7f
	eighthBits   = 0x8080808080808080
	gather       = 0x0102040810204080 // moves bit 8i to bit 56+i
)

// eachByte is a word of eight times c.
func eachByte(c byte) uint64 { return uint64(c) * 0x0101010101010101 }

// zeroBytes sets the high bit of each byte of w that is zero and clears all else.
func zeroBytes(w uint64) uint64 { return ^((w&sevenBits + sevenBits) | w) & eighthBits }

// anyZero is zero when no byte of w is. It takes less than zeroBytes, and does not tell which.
func anyZero(w uint64) uint64 { return (w - eachByte(1)) &^ w & eighthBits }

// digitBytes sets the high bit of each byte of w that is an ASCII digit and clears all else.
func digitBytes(w uint64) uint64 {
	y := w ^ eachByte('0')
	return ^((y&sevenBits + eachByte(0x7f-9)) | y) & eighthBits
}

// suspects tells the places in the first 64 bytes of b that are to be looked at: where
// six digits begin, or ten of digits and what may join them; a digit before a tag, maybe
// with what joins between, or an entity, unless the tag ends a cell or row of a table; an @, a # and a zero byte.
func suspects(b *[suspectBytes]byte) (at uint64) {
	var digits uint64
	for i := 0; i < blockBits; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		if m := digitBytes(w); m != 0 {
			digits |= m >> 7 * gather >> 56 << i
		}
		if ats, hashes := w^eachByte('@'), w^eachByte('#'); anyZero(w)|anyZero(ats)|anyZero(hashes) != 0 {
			at |= (zeroBytes(w) | zeroBytes(ats) | zeroBytes(hashes)) >> 7 * gather >> 56 << i
		}
	}
	if digits == 0 {
		return at
	}
	two := digits & (digits >> 1)
	at |= two & (two >> 2) & (two >> 4)
	chain := digits
	for ends := digits &^ (digits >> 1); ends != 0; ends &= ends - 1 {
		i := bits.TrailingZeros64(ends)
		switch c := b[i+1]; {
		case (c == '&' || c == '<') && (b[i+2] != '/' || b[i+3] != 't'):
			at |= 1 << i
		case joins(c) && b[i+2] == '<':
			at |= 1 << i
		case joins(c) && digits>>i>>2&1 != 0:
			chain |= 1 << (i + 1)
		}
	}
	two = chain & (chain >> 1)
	return at | two&(two>>2)&(two>>4)&(two>>6)&(two>>8)
}

// A spotter goes through the suspects of a text, with the kernel of this processor or, as
// everywhere and in tests, without.
type spotter struct{ avx2 bool }

// newSpotter returns the fastest spotter that this processor has.
func newSpotter() spotter { return spotter{avx2: cpuHasAVX2()} }

// next returns the beginning of the next block of b that has suspects, from one that
// begins at from, and which they are. There are none when it is len(b) or more.
func (s spotter) next(b []byte, from int) (block int, at uint64) {
	if whole := (len(b) - from - suspectBytes + strideBytes) / strideBytes; whole > 0 {
		if s.avx2 {
			n, at := suspectsAVX2(&b[from], whole)
			from += n * strideBytes
			if at != 0 {
				return from, at
			}
		} else {
			for range whole {
				if at := suspects((*[suspectBytes]byte)(b[from:])); at != 0 {
					return from, at
				}
				from += strideBytes
			}
		}
	}
	for ; from < len(b); from += strideBytes {
		var last [suspectBytes]byte // of blanks: nothing joins them
		for i := range last {
			last[i] = '\n'
		}
		copy(last[:], b[from:])
		at := suspects(&last)
		clear(last[:])
		if at != 0 {
			return from, at
		}
	}
	return from, 0
}
