package detect

import (
	"encoding/binary"
	"math/bits"
)

// A digit test on the eight bytes of a word at once: after the exclusive or, a digit
// is a byte below ten, and adding 0x76 to the low seven bits leaves its high bit clear.
const (
	lowBits  = 0x7f7f7f7f7f7f7f7f
	highBits = 0x8080808080808080
	zeros    = 0x3030303030303030
	atSigns  = 0x4040404040404040
	lowOnes  = 0x0101010101010101
	carryAt  = 0x7676767676767676
	gather   = 0x0102040810204080 // moves bit 8i to bit 56+i
)

// digitBytes sets the high bit of each byte of w that is an ASCII digit and clears all else.
func digitBytes(w uint64) uint64 {
	y := w ^ zeros
	return ^(((y & lowBits) + carryAt) | y) & highBits
}

// digitMask has bit i set when b[i] is an ASCII digit.
func digitMask(b *[64]byte) uint64 {
	digits, _ := anchorMasks(b)
	return digits
}

// anchorMasks has bit i of digits set when b[i] is an ASCII digit, and of ats when it is '@'.
func anchorMasks(b *[64]byte) (digits, ats uint64) {
	w0 := binary.LittleEndian.Uint64(b[0:])
	w1 := binary.LittleEndian.Uint64(b[8:])
	w2 := binary.LittleEndian.Uint64(b[16:])
	w3 := binary.LittleEndian.Uint64(b[24:])
	w4 := binary.LittleEndian.Uint64(b[32:])
	w5 := binary.LittleEndian.Uint64(b[40:])
	w6 := binary.LittleEndian.Uint64(b[48:])
	w7 := binary.LittleEndian.Uint64(b[56:])
	m0, m1, m2, m3 := digitBytes(w0), digitBytes(w1), digitBytes(w2), digitBytes(w3)
	m4, m5, m6, m7 := digitBytes(w4), digitBytes(w5), digitBytes(w6), digitBytes(w7)
	if m0|m1|m2|m3|m4|m5|m6|m7 != 0 { // else it is as most of any text in words
		digits = m0>>7*gather>>56 |
			m1>>7*gather>>56<<8 |
			m2>>7*gather>>56<<16 |
			m3>>7*gather>>56<<24 |
			m4>>7*gather>>56<<32 |
			m5>>7*gather>>56<<40 |
			m6>>7*gather>>56<<48 |
			m7>>7*gather>>56<<56
	}
	// A word may hold a zero byte below its lowest one only: enough to tell whether
	// there is any, with two operations less.
	a0, a1, a2, a3 := w0^atSigns, w1^atSigns, w2^atSigns, w3^atSigns
	a4, a5, a6, a7 := w4^atSigns, w5^atSigns, w6^atSigns, w7^atSigns
	zero := (a0-lowOnes)&^a0 | (a1-lowOnes)&^a1 | (a2-lowOnes)&^a2 | (a3-lowOnes)&^a3 |
		(a4-lowOnes)&^a4 | (a5-lowOnes)&^a5 | (a6-lowOnes)&^a6 | (a7-lowOnes)&^a7
	if zero&highBits != 0 {
		ats = byteMask(b, '@')
	}
	return digits, ats
}

// runs iterates over the digit runs that start in b[from:to], in order. Each call of
// next gives one run's bounds; a run may end after to, and the digits before skip are
// taken as used up.
type runs struct {
	b    []byte
	to   int
	base int    // where the current block of 64 bytes starts
	mask uint64 // its digits that are not used up
	skip int
}

// newRuns starts an iteration. A run that began before from does not count.
func newRuns(b []byte, from, to, skip int) runs {
	if skip < from {
		skip = from
	}
	if skip == from && from > 0 && isDigit(b[from-1]) {
		skip = digitsEnd(b, from)
	}
	r := runs{b: b, to: to, base: from, skip: skip}
	r.load()
	return r
}

// load computes the mask of the block at r.base.
func (r *runs) load() {
	var m uint64
	if len(r.b)-r.base >= 64 {
		m = digitMask((*[64]byte)(r.b[r.base:]))
	} else if r.base < len(r.b) {
		for i, c := range r.b[r.base:] {
			if isDigit(c) {
				m |= 1 << i
			}
		}
	}
	if used := r.skip - r.base; used > 0 {
		if used >= 64 {
			m = 0
		} else {
			m &= ^uint64(0) << used
		}
	}
	r.mask = m
}

// next returns the bounds of the next run, or false at the end.
func (r *runs) next() (start, end int, ok bool) {
	for r.mask == 0 {
		r.base += 64
		if r.base >= r.to {
			return 0, 0, false
		}
		r.load()
	}
	first := bits.TrailingZeros64(r.mask)
	start = r.base + first
	if start >= r.to {
		return 0, 0, false
	}
	length := bits.TrailingZeros64(^(r.mask >> first))
	end = start + length
	if first+length >= 64 {
		end = digitsEnd(r.b, end)
	}
	r.use(end)
	return start, end, true
}

// use marks the digits before end as used up.
func (r *runs) use(end int) {
	if end > r.skip {
		r.skip = end
	}
	if used := r.skip - r.base; used >= 64 {
		r.mask = 0
	} else if used > 0 {
		r.mask &= ^uint64(0) << used
	}
}

// digitsEnd returns the first index from i on that holds no digit.
func digitsEnd(b []byte, i int) int {
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return c-'0' < 10 }
