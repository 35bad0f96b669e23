package detect

import (
	"encoding/binary"
	"math/bits"
)

// Telephones, plates, passports and the numbers of a voter's card look like any number,
// and most numbers have no word for one of them before them. To know that by the first
// letters of the words costs less than to read these.

// A wordSet is a set of the first four letters of words, or of three where there are no
// more. It may hold others too.
type wordSet [1 << 6]uint64

// add takes a word of three letters or more.
func (a *wordSet) add(word string) {
	h := firstLetters(binary.LittleEndian.Uint32([]byte(word + "\x00")[:4]))
	a[h>>6] |= 1 << (h & 63)
}

// firstLetters hashes the first letters of the four that are the bytes of x, in any case.
func firstLetters(x uint32) uint32 {
	x |= 0x20202020
	if byte(x>>24)-'a' >= 26 {
		x &= 0xffffff
	}
	return x * 0x9E3779B1 >> 20
}

// announcing are the words that may announce one of namedRules, or a plate.
const announcing = saysPhone | englishPhone | saysPassport | saysINE | saysPlate | saysBirthDate | halfIFE | halfCredencial | halfIdentificador | halfCiudadano

// theAnnouncers are the words of announcing, and columnWords those by which a column may
// be known. Of a phrase one half is enough.
var theAnnouncers, columnWords = func() (a, c wordSet) {
	for _, m := range wordMeanings {
		if m.says&announcing != 0 {
			a.add(m.word)
		}
		if m.says&(saysKind|englishPhone|halfPoblacion|halfFederal|halfSeguro|halfNacional|halfFiscal|halfCiudadano|halfCredencial) != 0 {
			c.add(m.word)
		}
	}
	return a, c
}()

// foldedLetters are the first four letters of the word at b[i], without accents, as the
// bytes of a number that ends in a zero byte where there are no more.
func foldedLetters(b []byte, i int) (x uint32) {
	for shift := 0; shift < 32 && i < len(b); {
		if b[i] == 0xCC && i+1 < len(b) && b[i+1]&0xC0 == 0x80 { // a combining accent
			i += 2
			continue
		}
		letter, width := foldLetter(b, i)
		if letter == 0 {
			break
		}
		x |= uint32(letter) << shift
		shift += 8
		i += width
	}
	return x
}

// mayAnnounce tells whether one of the words in the blockBytes before b[p] may announce
// such a number.
func (v simd) mayAnnounce(b []byte, p int) bool {
	return p < blockBytes || v.mayHold(b, p-blockBytes, p, &theAnnouncers)
}

// mayHold tells whether one of the words that begin in b[from:to] may be in a set.
func (v simd) mayHold(b []byte, from, to int, set *wordSet) bool {
	if to+4 > len(b) {
		return true
	}
	for ; from < to; from += blockBytes {
		letters, _, capitals := v.words(b[from:])
		if n := to - from; n < blockBytes {
			letters &= 1<<n - 1
		}
		small := letters &^ capitals
		starts := letters & (^(letters << 1) | capitals&(small<<1)) // numTel
		for m := starts &^ (letters >> 1); m != 0; m &= m - 1 {
			if i := from + bits.TrailingZeros64(m); b[i+1] == '.' || i+1 == from+blockBytes && isLetter(b[i+1]) {
				return true // T.E.L., or a word that the block cuts
			}
		}
		for m := starts & (letters >> 1); m != 0; m &= m - 1 {
			i := from + bits.TrailingZeros64(m)
			x := binary.LittleEndian.Uint32(b[i:])
			if x&0x80808080 != 0 {
				x = foldedLetters(b, i)
			}
			if h := firstLetters(x); set[h>>6]>>(h&63)&1 == 1 {
				return true
			}
		}
	}
	return false
}
