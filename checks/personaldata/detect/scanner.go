package detect

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// Sizes of the scanner's buffer. The margins are more than the longest identifier
// with what is read on that side.
const (
	windowBytes  = 32 << 10
	stretchBytes = 16 << 10 // masks are made for so much at once: small enough for the first cache to keep
	behindBytes  = 256
	aheadBytes   = 256
	seamBytes    = behindBytes + aheadBytes // of a block are copied, to scan over its beginning
)

// A Scanner finds identifiers in one text after another. Give it a text in blocks of
// any size with Scan, and end it with Finish. It is not safe for concurrent use.
type Scanner struct {
	tags tagger
	simd simd
	enc  Encoding
	unit int64 // bytes of a character of enc

	buf   []byte // what is left of the blocks so far, as single bytes
	n     int    // bytes in buf
	used  int    // bytes of buf that may hold text, to be wiped
	from  int    // index in buf of the first byte that is not scanned
	base  int64  // offset of buf[0] in the text, in bytes of buf
	skip  int64  // offset before which the digits are used up
	begun bool   // the header has been looked for

	groups int64 // offset before which numbers in groups have been looked at
	tries  int   // since then

	half     byte // first half of a UTF-16 unit that a block cut in two
	haveHalf bool

	found func(Match) // takes the matches, unless tally does
	tally *Tally

	reading   reading
	hits      [2]hit // the best one and the one that is read
	columns   columns
	mentions  mentions
	sightings sightings
	waiting   waiting
	held      waiting // for their column to become certain
	vicinity  vicinity

	digits, ats [stretchBytes/blockBytes + 2]uint64
	crowd       crowd
}

// NewScanner returns a Scanner for texts in Bytes encoding. The seed keys the tags of
// its matches: all scanners whose matches meet in one Tally need the same one. It must
// come from maphash.MakeSeed in this process.
func NewScanner(seed maphash.Seed) *Scanner { return newScanner(seed, windowBytes, bestSIMD()) }

func newScanner(seed maphash.Seed, window int, how simd) *Scanner {
	s := &Scanner{tags: newTagger(seed), simd: how, buf: make([]byte, behindBytes+window+aheadBytes)}
	s.columns.simd = how
	s.unit = s.enc.unit()
	return s
}

// Reset wipes what the scanner holds and makes it ready for a new text.
func (s *Scanner) Reset(enc Encoding) {
	clear(s.buf[:s.used])
	s.enc, s.unit = enc, enc.unit()
	s.n, s.used, s.from = 0, 0, 0
	s.base, s.skip = 0, 0
	s.groups, s.tries = 0, 0
	s.crowd.reset()
	s.begun, s.haveHalf, s.half = false, false, 0
	s.reading = reading{}
	s.hits = [2]hit{}
	s.columns.reset()
	s.mentions.reset()
	s.sightings = sightings{}
	s.waiting.reset()
	s.held.reset()
	s.vicinity = vicinity{}
}

// Scan takes the next block of the text and emits the matches that are certain by now.
// A match comes once its evidence is there, so matches that lie near each other may come
// in any order. It does not keep block.
func (s *Scanner) Scan(block []byte, emit func(Match)) {
	s.found = emit
	s.scan(block)
	s.found = nil
}

// Count is Scan for a Tally that wants the matches and nothing else.
func (s *Scanner) Count(block []byte, t *Tally) {
	s.tally = t
	s.scan(block)
	s.tally = nil
}

func (s *Scanner) scan(block []byte) {
	if s.enc == Bytes && len(block) > headerBytes+2*seamBytes {
		block = s.inPlace(block)
	}
	for len(block) > 0 {
		if s.enc == Bytes {
			k := copy(s.buf[s.n:], block)
			s.n += k
			block = block[k:]
		} else {
			block = s.takeUTF16(block)
		}
		s.used = max(s.used, s.n)
		if s.n == len(s.buf) {
			s.window(s.buf, s.base, s.from, s.n-aheadBytes)
			s.from = s.n - aheadBytes
			s.slide()
		}
	}
}

// inPlace scans a large block where it lies, but for its beginning, which is scanned
// with the end of the block before, and its end, which it returns.
func (s *Scanner) inPlace(block []byte) (rest []byte) {
	from := 0 // in block
	if s.n > 0 {
		if s.n+seamBytes > len(s.buf) {
			return block
		}
		copy(s.buf[s.n:], block[:seamBytes])
		s.used = max(s.used, s.n+seamBytes)
		from = behindBytes
		s.window(s.buf[:s.n+seamBytes], s.base, s.from, s.n+from)
	}
	base := s.base + int64(s.n) // of block
	to := len(block) - aheadBytes
	s.window(block, base, from, to)
	keep := to - behindBytes
	s.n, s.from, s.base = 0, behindBytes, base+int64(keep)
	return block[keep:]
}

// takeUTF16 narrows as much of block as fits into the buffer and returns the rest.
func (s *Scanner) takeUTF16(block []byte) []byte {
	if s.haveHalf {
		pair := [2]byte{s.half, block[0]}
		s.n += narrow(s.buf[s.n:], pair[:], s.enc)
		s.haveHalf, s.half = false, 0
		return block[1:]
	}
	k := narrow(s.buf[s.n:], block, s.enc)
	s.n += k
	block = block[2*k:]
	if len(block) == 1 {
		s.half, s.haveHalf = block[0], true
		return nil
	}
	return block
}

// Finish ends the text: it emits the remaining matches and wipes the buffer. The
// scanner is then ready for another text in the same encoding.
func (s *Scanner) Finish(emit func(Match)) {
	s.found = emit
	s.finish()
	s.found = nil
}

// FinishCount is Finish after Count.
func (s *Scanner) FinishCount(t *Tally) {
	s.tally = t
	s.finish()
	s.tally = nil
}

func (s *Scanner) finish() {
	s.window(s.buf[:s.n], s.base, s.from, s.n)
	s.flush()
	s.Reset(s.enc)
}

// give hands over a match.
func (s *Scanner) give(m *Match) {
	if s.tally != nil {
		s.tally.add(m)
		return
	}
	s.found(*m)
}

// window looks for identifiers whose first digits lie in b[from:to]; b begins at
// offset base of the text.
func (s *Scanner) window(b []byte, base int64, from, to int) {
	if !s.begun {
		s.begun = true
		s.columns.begin(b)
		s.reading.checks = !s.columns.names(saysCLABE | saysNSS | saysNUSS | saysCard)
		s.columns.born = s.columns.names(saysBirthDate)
		s.reading.commas = s.columns.table && s.columns.delim == ','
	}
	s.reading.institute.base = base
	for from < to {
		next := min(to, from+stretchBytes)
		s.stretch(b, base, from, next)
		from = next
	}
	s.columns.pass(b, base, base+int64(to))
}

// stretch is window for as much as masks are made at once. An identifier has a run of
// two digits or more, or an '@'.
func (s *Scanner) stretch(b []byte, base int64, from, to int) {
	n := s.simd.anchors(b[from:min(len(b), to+blockBytes)], s.digits[:], s.ats[:])
	s.digits[n] = 0
	carry := uint64(0)
	if from > 0 && isDigit(b[from-1]) {
		carry = 1
	}
	skip := int(max(s.skip-base, 0))
	if s.columns.named {
		s.reading.nameless = s.crowd.runs >= crowded && !s.reading.institute.within(b, from, to)
	} else {
		s.reading.nameless = s.crowd.look(s.simd, b, from, to, &s.reading.institute)
	}
	runs := 0
	for i := range (to - from + blockBytes - 1) / blockBytes {
		m := s.digits[i]
		anchors := m &^ (m<<1 | carry) & (m>>1 | s.digits[i+1]<<63)
		carry = m >> 63
		if anchors != 0 {
			runs += bits.OnesCount64(anchors)
			if s.crowd.n > 0 {
				anchors &^= s.crowd.bare(b, from, i, anchors, s.digits[:])
			}
		}
		anchors |= s.ats[i]
		for ; anchors != 0; anchors &= anchors - 1 {
			bit := bits.TrailingZeros64(anchors)
			p := from + i*blockBytes + bit
			if p < skip {
				continue
			}
			if p >= to {
				break
			}
			length := bits.TrailingZeros64(^(m >> bit))
			if length == 0 {
				if s.mail(b, base, p) {
					skip = int(s.skip - base)
				}
				continue
			}
			e := p + length
			if bit+length == blockBytes {
				e = digitsEnd(b, e)
			}
			if s.columns.named {
				s.columns.advance(b, base, base+int64(p))
				f := min(s.columns.field, maxColumns-1)
				if s.columns.plain[f] != plainNone && e-p <= maxRun && s.cell(b, base, p, e) {
					skip = int(s.skip - base)
					continue
				}
				s.reading.born = s.columns.says[f]&saysBirthDate != 0
				s.reading.issemym = s.columns.says[f]&saysISSEMYM != 0
			}
			if e-p == 2 && e < len(b) && b[e] == '/' && !s.reading.born && isSlashDate(b, p) {
				skip = p + len("02/01/2006")
				continue
			}
			if e-p <= 5 && (!s.reading.born || groupBefore(b, p)) && standsBare(b, p, e) &&
				(e-p < 5 || !s.reading.issemym && (s.reading.nameless || !s.reading.institute.before(b, p))) {
				continue
			}
			if s.reading.begin(b, p, e, false) && (s.columns.named || s.reading.rules&^namedRules != 0 || s.simd.mayAnnounce(b, p)) && s.number(b, base) {
				skip = int(s.skip - base)
			}
		}
	}
	s.crowd.runs = runs
}

// number weighs what the digits that are being read may be, and takes what is most
// likely. It tells whether it did.
func (s *Scanner) number(b []byte, base int64) bool {
	r := &s.reading
	short := r.e-r.p <= 5
	if short && base+int64(r.p) < s.groups {
		if s.tries++; s.tries > 2 {
			return false // in the midst of a long table of numbers
		}
	}
	h, best := &s.hits[0], &s.hits[1]
	var most evidence
	weak := r.rules & namedRules
	r.rules &^= weak
	for {
		for most.points < Report && r.next(h) {
			if h.outcome == DigitWrong && !h.typo || base+int64(h.start) < s.skip {
				continue
			}
			if e := s.weigh(b, base, h); e.points > most.points {
				h, best, most = best, h, e
			}
		}
		if weak == 0 || most.points >= Report {
			break
		}
		r.rules, weak = s.named(b, base, r.p, weak), 0
	}
	if most.points < Report && !s.reading.checks && r.e-r.p >= 10 {
		if says := s.columnAt(b, base, r.p); h.numericCell(b, r.p, r.e, says) && base+int64(h.start) >= s.skip {
			best, most = h, s.weigh(b, base, h)
		}
	}
	if most.points <= 0 {
		if short && r.read && base+int64(r.off+r.g.end) > s.groups {
			s.groups, s.tries = base+int64(r.off+r.g.end), 0
			if r.g.n < 9 || r.g.sep != ' ' && r.g.sep != mixed {
				s.tries = 2
			}
		}
		return false
	}
	s.skip = base + int64(best.end)
	s.mentions.pos = max(s.mentions.pos, s.skip) // no words in there
	s.take(b, base, best, most)
	return true
}

// named keeps of rules whose identifiers look like any number those that the words
// before p, or the name of a column, announce.
func (s *Scanner) named(b []byte, base int64, p int, weak rule) rule {
	column := s.columnAt(b, base, p)
	all := column
	if weak != ruleBirthDate && (column&saysKind == 0 || !s.columns.edge(b, p-1, -1)) { // a sentence with a comma may look like a table
		if s.simd.mayAnnounce(b, p) {
			at := base + int64(p)
			s.mentions.read(b, base, at-wordsBefore, at)
			said, _ := s.mentions.between(at-wordsBefore-aroundDigits, at)
			all |= said
		}
	}
	keep := rule(0)
	if column&saysBirthDate != 0 {
		keep |= ruleBirthDate
	}
	if all&saysPhone != 0 {
		keep |= rulePhone
	}
	if all&saysINE != 0 {
		keep |= ruleINENumber
	}
	if all&saysPassport != 0 {
		keep |= rulePassport
	}
	return keep & weak
}

// columnAt is what the header says of the column of b[p].
func (s *Scanner) columnAt(b []byte, base int64, p int) words {
	if !s.columns.named {
		return 0
	}
	s.columns.advance(b, base, base+int64(p))
	if s.columns.field >= maxColumns {
		return 0
	}
	return s.columns.says[s.columns.field]
}

// mail looks for an address around the '@' at b[at].
func (s *Scanner) mail(b []byte, base int64, at int) bool {
	h := &s.hits[0]
	if !h.matchEmail(b, at) || base+int64(h.start) < s.skip {
		return false
	}
	e := s.weigh(b, base, h)
	s.skip = base + int64(h.end)
	s.mentions.pos = max(s.mentions.pos, s.skip)
	s.take(b, base, h, e)
	return true
}

// A tagger makes tags. A table has a value in 26 bytes, so it multiplies numbers that
// only this process knows, which is many times faster than a hash of bytes in turn.
type tagger [5]uint64

func newTagger(seed maphash.Seed) (t tagger) {
	for i := range t {
		t[i] = maphash.Bytes(seed, []byte{byte(i)})
	}
	return t
}

// tag is the keyed hash of a value of kind k, filled up with zeros.
func (t *tagger) tag(k kind, value *[32]byte) uint64 {
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(value[:])^t[0], binary.LittleEndian.Uint64(value[8:])^t[1])
	up, down := bits.Mul64(binary.LittleEndian.Uint64(value[16:])^t[2], binary.LittleEndian.Uint64(value[24:])^t[3])
	hi, lo = bits.Mul64(hi^lo^t[3], up^down^t[4]^uint64(k))
	return hi ^ lo
}

// root is the tag of the first ten characters of a value, of persons and not of a kind.
func (t *tagger) root(value *[32]byte) uint64 {
	var first [32]byte
	copy(first[:rootLength], value[:rootLength])
	return t.tag(kinds, &first)
}

// slide moves what later windows need to the front of the buffer.
func (s *Scanner) slide() {
	keep := s.from - behindBytes
	s.n = copy(s.buf, s.buf[keep:s.n])
	s.base += int64(keep)
	s.from = behindBytes
}
