package detect

import (
	"encoding/binary"
	"math/bits"
)

// surrounding is what stands around an identity: how many names, postal addresses and
// dates of birth, and of which special categories it speaks.
type surrounding struct {
	names, addresses, birthDates int
	categories                   Category

	// each, unless nil, is told where each name, address and date of birth lies.
	each func(k kind, start, end int)
}

// tell says where something lies.
func (r *surrounding) tell(k kind, start, end int) {
	if r.each != nil {
		r.each(k, start, end)
	}
}

// How far things count that belong together, in bytes.
const (
	birthReach   = 48  // from the word for birth to the date
	illnessReach = 48  // from "diagnóstico" to the code
	addressReach = 120 // over all the marks of one address
	numberReach  = 48  // from the street to the number
	pairReach    = 64  // over both words of a pair
)

// never is a position so far back that nothing reaches to it.
const never = -1 << 30

// notLetter marks the bytes that begin no letter in foldOf.
const notLetter = 0

// foldOf folds each byte that is a letter by itself to plain lower case.
var foldOf = func() (t [256]byte) {
	for c := range t {
		switch {
		case isLetter(byte(c)):
			t[c] = byte(c) | 0x20
		case c >= 0xC0:
			t[c] = latinFold[c-0xC0]
		}
	}
	return t
}()

// surroundings adds what b[lo:hi] speaks of to r. It reads the bytes once, folds case
// and accents of ASCII, UTF-8 and Windows-1252 as it goes, and allocates nothing.
func surroundings(v simd, b []byte, lo, hi int, r *surrounding) {
	hi = min(hi, len(b))
	if lo < 0 || lo >= hi {
		return
	}
	w := walker{lexicon: theLexicon(), simd: v, b: b[:hi], at: r}
	w.begin()
	w.walk(lo)
	w.endName()
	w.settle()
}

// A walker goes through a text word by word and remembers what it met last.
type walker struct {
	lexicon *lexicon
	simd    simd
	b       []byte
	until   int // digits up to here matter
	at      *surrounding
	folded  [32]byte // of a word

	name    nameRun
	address addressMarks
	birth   int // where the last word for birth ended
	illness int // where the last word for an illness ended
	notice  int // where the last word of a notice ended
	percent int // where the last word for a disability ended
	halves  [64 - halfShift]int
	sure    Category // of facts
	said    Category // of words that laws and notices say as well
	saidAt  int
}

func (w *walker) begin() {
	w.birth, w.illness, w.notice, w.percent, w.saidAt = never, never, never, never, never
	w.name.clear()
	w.name.placeEnd, w.name.labelEnd = never, never
	w.address.clear()
	for i := range w.halves {
		w.halves[i] = never
	}
}

// interest is the last position up to which digits matter.
func (w *walker) interest() int {
	return max(w.birth+birthReach, w.illness+illnessReach, w.address.until, w.percent+illnessReach)
}

// walk goes through the text from b[i] on. It finds the words by masks, and most of them
// are up to sixteen letters of ASCII: numbers that need no reading letter by letter.
func (w *walker) walk(i int) {
	b, l := w.b, w.lexicon
	w.until = never
	nextLetters, nextDigits, _ := w.simd.words(b[i:])
	var carryLetters, carryDigits uint64
	for ; i < len(b); i += blockBytes {
		letters, digits := nextLetters, nextDigits
		nextLetters = 0
		if i+blockBytes < len(b) {
			nextLetters, nextDigits, _ = w.simd.words(b[i+blockBytes:])
		}
		starts := letters&^(letters<<1|carryLetters) | digits&^(digits<<1|carryDigits)
		carryLetters, carryDigits = letters>>63, digits>>63
		for ; starts != 0; starts &= starts - 1 {
			k := bits.TrailingZeros64(starts)
			at := i + k
			if letters>>k&1 == 0 {
				if at <= w.until {
					w.digits(at, digitsEnd(b, at))
				}
				continue
			}
			n := bits.TrailingZeros64(^(letters>>k | nextLetters<<(blockBytes-k)))
			if n > 8 || at+8 > len(b) {
				if !w.longWord(at, n) {
					w.letters(at)
				}
				continue
			}
			x := binary.LittleEndian.Uint64(b[at:])
			keep := ^uint64(0) >> (8 * (8 - n) & 63)
			if x &= keep; x&highBits != 0 {
				w.letters(at)
				continue
			}
			first := bits.ReverseBytes64(x | 0x20*lowOnes&keep)
			hash := hashLetters(0, first>>(8*(8-n)&63))
			if n >= 2 && !l.has(hash) && (n < stemLength || !l.mayBeStem(hashLetters(0, first>>(8*(8-stemLength))))) {
				continue // as most words
			}
			w.word(hash, first, at, at+n, n)
		}
	}
}

// longWord takes the word of n letters at b[i] if they are nine to sixteen of ASCII.
func (w *walker) longWord(i, n int) bool {
	b := w.b
	if n > 16 || i+16 > len(b) || n <= 8 {
		return false
	}
	x, y := binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i+8:])
	keep := ^uint64(0) >> (8 * (16 - n) & 63)
	if y &= keep; (x|y)&highBits != 0 {
		return false
	}
	first := bits.ReverseBytes64(x | 0x20*lowOnes)
	key := bits.ReverseBytes64(y|0x20*lowOnes&keep) >> (8 * (16 - n) & 63)
	w.word(hashLetters(hashLetters(0, first), key), first, i, i+n, n)
	return true
}

// letters takes the words that the letters from b[i] on are, of any length and alphabet.
func (w *walker) letters(i int) {
	b := w.b
	for i < len(b) {
		c := b[i]
		letter := foldOf[c]
		if letter == notLetter {
			if c < 0x80 {
				return // where the letters end
			}
			i++
			continue
		}
		if c >= 0x80 && i+1 < len(b) && b[i+1]&0xC0 == 0x80 && latinLetter(b, i) == 0 {
			i += 2
			continue
		}
		// A word: eight letters at a time become a number.
		start, n := i, 0
		var hash, key, first uint64
		for {
			c = b[i]
			letter = foldOf[c]
			if letter == notLetter {
				break
			}
			if c >= 0x80 && i+1 < len(b) && b[i+1]&0xC0 == 0x80 {
				if c != 0xCC { // a combining accent
					if letter = latinLetter(b, i); letter == 0 {
						break
					}
				} else if i += 2; i < len(b) {
					continue
				} else {
					break
				}
				i++
			}
			if n&7 == 0 && n > 0 {
				if n == 8 {
					first = key
				}
				hash, key = hashLetters(hash, key), 0
			}
			key = key<<8 | uint64(letter)
			n++
			if i++; i >= len(b) {
				break
			}
		}
		if n <= 8 {
			first = key << (8 * (8 - n))
		}
		w.word(hashLetters(hash, key), first, start, i, n)
	}
}

// word takes the word b[start:end] of n letters, by its hash and its first eight letters.
func (w *walker) word(hash, first uint64, start, end, n int) {
	l := w.lexicon
	roles := l.lookup(hash)
	if n >= stemLength {
		if head := hashLetters(0, first>>(8*(8-stemLength))); l.mayBeStem(head) {
			roles |= l.stemRoles(head, w.fold(start, end))
		}
	}
	switch {
	case roles == 0:
		if n == 1 && first == 'c'<<56 && w.abbreviation(end) {
			w.until = w.interest()
		}
	case roles == roleLink && w.name.words == 0 && start-w.name.placeEnd > 2: // between no names
	default:
		w.meet(roles, start, end)
		w.until = w.interest()
	}
}

// fold writes the beginning of the word b[start:end] to w.folded.
func (w *walker) fold(start, end int) []byte {
	n := 0
	for i := start; i < end && n < len(w.folded); {
		letter, width := foldLetter(w.b, i)
		if letter != 0 && w.b[i] != 0xCC {
			w.folded[n] = letter
			n++
		}
		i += width
	}
	return w.folded[:n]
}

// latinLetter folds the letter of the UTF-8 sequence at b[i], or returns 0.
func latinLetter(b []byte, i int) byte {
	if b[i] != 0xC3 {
		return 0
	}
	return latinFold[b[i+1]&0x3F]
}

// capital tells whether a word begins with a capital at i.
func (w *walker) capital(i int) bool {
	c := w.b[i]
	if c < 0x80 {
		return isUpper(c)
	}
	if c == 0xC3 && i+1 < len(w.b) && w.b[i+1]&0xC0 == 0x80 {
		return w.b[i+1] < 0xA0
	}
	return c < 0xE0
}

// meet takes the word b[start:end] with its roles.
func (w *walker) meet(roles role, start, end int) {
	if roles&(roleName|roleLink|roleSaint|roleLabel|rolePlace|markWay|markArea) != 0 {
		w.meetName(roles, start, end)
	}
	if roles&roleMarks != 0 {
		w.mark(roles&roleMarks, start, end)
	}
	if roles&(roleBirth|roleIllness|roleNotice) != 0 {
		if roles&roleBirth != 0 {
			w.birth = end
		}
		if roles&roleIllness != 0 {
			w.illness = end
		}
		if roles&roleNotice != 0 {
			w.notice = end
			if start-w.saidAt <= noticeReach {
				w.said = 0
			}
		}
	}
	if roles&(allSays|allHalves) != 0 {
		w.meetCategory(roles, start, end)
	}
}

// digits takes the run b[p:e] near something that digits belong to.
func (w *walker) digits(p, e int) {
	if p <= w.birth+birthReach {
		if end, ok := dateAt(w.b, p, e); ok && (p == 0 || !isAlnum(w.b[p-1])) {
			w.at.birthDates++
			w.at.tell(kindBirthDate, p, end)
			w.birth = never
			return
		}
	}
	if p <= w.illness+illnessReach && isIllnessCode(w.b, p, e) {
		w.sure |= Health
	}
	if p <= w.percent+illnessReach && isPercent(w.b, e) {
		w.sure |= Health
	}
	if p <= w.address.until {
		w.markDigits(p, e)
	}
}
