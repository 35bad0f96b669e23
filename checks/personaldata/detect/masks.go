package detect

import (
	"encoding/binary"
	"math/bits"
)

// The scan looks at text in blocks of 64 bytes, and of each block at masks: a word with
// bit i set when byte i is of some kind.

const blockBytes = 64

// A simd is how masks are made: with the kernels of this processor or, as everywhere
// and in tests, with eight bytes in a word.
type simd struct{ avx2 bool }

// bestSIMD is the fastest way that this processor has.
func bestSIMD() simd { return simd{avx2: cpuHasAVX2()} }

// anchors makes the masks of the digits and of the '@' in b, and returns how many
// blocks it takes. The last block may be short; digits and ats must be long enough.
func (v simd) anchors(b []byte, digits, ats []uint64) int {
	whole := len(b) / blockBytes
	if whole > 0 {
		if v.avx2 {
			_, _ = digits[whole-1], ats[whole-1]
			anchorsAVX2(&b[0], whole, &digits[0], &ats[0])
		} else {
			anchorsPortable(b, whole, digits, ats)
		}
	}
	if whole*blockBytes == len(b) {
		return whole
	}
	var last [blockBytes]byte
	copy(last[:], b[whole*blockBytes:])
	anchorsPortable(last[:], 1, digits[whole:], ats[whole:])
	return whole + 1
}

// anchorsPortable makes the masks of whole blocks of b.
func anchorsPortable(b []byte, blocks int, digits, ats []uint64) {
	for i := range blocks {
		block := (*[blockBytes]byte)(b[i*blockBytes:])
		digits[i], ats[i] = anchorMasks(block)
	}
}

// cells makes the masks of the line ends, delimiters and quotes of a block.
func (v simd) cells(b *[blockBytes]byte, delim byte) (lines, delims, quotes uint64) {
	if v.avx2 {
		return cellsAVX2(&b[0], delim)
	}
	return byteMask(b, '\n'), byteMask(b, delim), byteMask(b, '"')
}

// words makes the masks of the bytes of letters, of the digits and of the capitals at the
// beginning of b. A byte beyond ASCII counts as one of a letter: it may be.
func (v simd) words(b []byte) (letters, digits, capitals uint64) {
	if len(b) >= blockBytes {
		if v.avx2 {
			return wordsAVX2(&b[0])
		}
		return wordsPortable((*[blockBytes]byte)(b))
	}
	var last [blockBytes]byte
	copy(last[:], b)
	if v.avx2 {
		return wordsAVX2(&last[0])
	}
	return wordsPortable(&last)
}

func wordsPortable(b *[blockBytes]byte) (letters, digits, capitals uint64) {
	for i := 0; i < blockBytes; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		low := w&lowBits | 0x20*lowOnes
		letter := (low+(0x80-'a')*lowOnes)&^(low+(0x7f-'z')*lowOnes) | w
		letters |= letter & highBits >> 7 * gather >> 56 << i
		capitals |= letter &^ (w | w<<2) & highBits >> 7 * gather >> 56 << i
		digits |= digitBytes(w) >> 7 * gather >> 56 << i
	}
	return letters, digits, capitals
}

// byteMask has bit i set when b[i] is c.
func byteMask(b *[blockBytes]byte, c byte) (mask uint64) {
	all := uint64(c) * 0x0101010101010101
	for i := 0; i < blockBytes; i += 8 {
		if m := zeroBytes(binary.LittleEndian.Uint64(b[i:]) ^ all); m != 0 {
			mask |= m >> 7 * gather >> 56 << i
		}
	}
	return mask
}

// zeroBytes sets the high bit of each byte of w that is zero and clears all else.
func zeroBytes(w uint64) uint64 {
	return ^((w&lowBits + lowBits) | w) & highBits
}

// lastBit is the index of the highest bit of a mask that is not 0.
func lastBit(m uint64) int { return 63 - bits.LeadingZeros64(m) }
