package detect

import (
	"encoding/binary"
	"math/bits"
)

// Telephones, plates, passports and the numbers of a voter's card look like any number,
// and most numbers have no word for one of them before them. To know that by the first
// letters of the words costs less than to read these.

// announcers is the set of the first three letters of all words that may announce one.
type announcers [1 << 6]uint64

func (a *announcers) add(word string) {
	h := firstLetters(binary.LittleEndian.Uint32([]byte(word[:3] + "\x00")))
	a[h>>6] |= 1 << (h & 63)
}

// firstLetters hashes the three lower bytes of x, folded to lower case.
func firstLetters(x uint32) uint32 { return (x&0xffffff | 0x202020) * 0x9E3779B1 >> 20 }

// announcing are the words that may announce one of namedRules, or a plate.
const announcing = saysPhone | englishPhone | saysPassport | saysINE | saysPlate | saysBirthDate | halfIFE | halfCredencial | halfIdentificador | halfCiudadano

// mayAnnounce tells whether one of the words in the blockBytes before b[p] may announce
// such a number.
func (v simd) mayAnnounce(b []byte, p int) bool {
	if p < blockBytes || p+4 > len(b) {
		return true
	}
	letters, _, capitals := v.words(b[p-blockBytes : p])
	small := letters &^ capitals
	starts := letters&^(letters<<1) | capitals&(small<<1) // numTel
	alone := starts &^ (letters >> 1)
	if alone != 0 { // T.E.L.
		for m := alone; m != 0; m &= m - 1 {
			if i := p - blockBytes + bits.TrailingZeros64(m); b[i+1] == '.' || b[i] >= 0x80 {
				return true
			}
		}
	}
	for m := starts & (letters >> 1) & (letters >> 2); m != 0; m &= m - 1 {
		x := binary.LittleEndian.Uint32(b[p-blockBytes+bits.TrailingZeros64(m):])
		if x&0x808080 != 0 {
			return true // with an accent
		}
		if h := firstLetters(x); theAnnouncers[h>>6]>>(h&63)&1 == 1 {
			return true
		}
	}
	return false
}
