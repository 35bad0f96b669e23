package detect

import (
	"hash/maphash"
)

// Sizes of the scanner's buffer. The margins are more than the longest identifier
// with its words on that side.
const (
	windowBytes = 32 << 10 // small enough for the first cache to keep
	behindBytes = 128
	aheadBytes  = 128
)

// A Scanner finds identifiers in one text after another. Give it a text in blocks of
// any size with Scan, and end it with Finish. It is not safe for concurrent use.
type Scanner struct {
	seed maphash.Seed
	enc  Encoding

	buf   []byte // what is left of the blocks so far, as single bytes
	n     int    // bytes in buf
	used  int    // bytes of buf that may hold text, to be wiped
	from  int    // index in buf of the first byte that is not scanned
	base  int64  // offset of buf[0] in the text, in bytes of buf
	skip  int64  // offset before which the digits are used up
	begun bool   // the header has been looked for

	half     byte // first half of a UTF-16 unit that a block cut in two
	haveHalf bool

	columns columns
	near    near
}

// NewScanner returns a Scanner for texts in Bytes encoding. The seed keys the tags of
// its matches: all scanners whose matches meet in one Tally need the same one. It must
// come from maphash.MakeSeed in this process.
func NewScanner(seed maphash.Seed) *Scanner { return newScanner(seed, windowBytes) }

func newScanner(seed maphash.Seed, window int) *Scanner {
	return &Scanner{seed: seed, buf: make([]byte, behindBytes+window+aheadBytes)}
}

// Reset wipes what the scanner holds and makes it ready for a new text.
func (s *Scanner) Reset(enc Encoding) {
	clear(s.buf[:s.used])
	s.enc = enc
	s.n, s.used, s.from = 0, 0, 0
	s.base, s.skip = 0, 0
	s.begun, s.haveHalf, s.half = false, false, 0
	s.columns = columns{}
	s.near = near{}
}

// Scan takes the next block of the text and emits the matches that are certain by now,
// in order. It does not keep block.
func (s *Scanner) Scan(block []byte, emit func(Match)) {
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
			s.window(s.n-aheadBytes, emit)
			s.slide()
		}
	}
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
	s.window(s.n, emit)
	s.near.flush(emit)
	s.Reset(s.enc)
}

// window looks for identifiers whose first digits lie in buf[from:to].
func (s *Scanner) window(to int, emit func(Match)) {
	b := s.buf[:s.n]
	if !s.begun {
		s.begun = true
		s.columns.readHeader(b)
	}
	var h hit
	r := newRuns(b, s.from, to, int(max(s.skip-s.base, 0)))
	for {
		p, e, ok := r.next()
		if !ok {
			break
		}
		if !h.identify(b, p, e, false) || h.outcome == DigitWrong && !h.typo {
			continue
		}
		r.use(h.end)
		s.skip = max(s.skip, s.base+int64(h.end))
		s.columns.advance(b, s.base, s.base+int64(h.start))
		s.take(b, &h, emit)
	}
	s.columns.advance(b, s.base, s.base+int64(to))
	s.from = to
}

// take weighs a hit and hands it to the candidates if anything could make it a match.
func (s *Scanner) take(b []byte, h *hit, emit func(Match)) {
	points := weigh(b, h, s.columns.at(b, h.start, h.end))
	strong := h.outcome == Valid && !h.company && h.base >= strongFrom
	if !strong && points+pointsNeighbour+pointsSamePerson < Review {
		return
	}
	unit := s.enc.unit()
	c := candidate{
		match: Match{
			Type:    typeOf[h.kind],
			Start:   (s.base + int64(h.start)) * unit,
			End:     (s.base + int64(h.end)) * unit,
			Outcome: h.outcome,
			kind:    h.kind,
			tag:     s.tag(h.kind, h.value[:h.n]),
		},
		points: points,
		strong: strong,
	}
	switch {
	case h.company:
	case h.root > 0:
		c.match.person = s.tag(kinds, h.value[:h.root])
		c.person = true
	default:
		c.match.person = c.match.tag
	}
	s.near.add(c, emit)
}

// tag is the keyed hash of a value of kind k.
func (s *Scanner) tag(k kind, value []byte) uint64 {
	var keyed [33]byte
	keyed[0] = byte(k)
	return maphash.Bytes(s.seed, keyed[:1+copy(keyed[1:], value)])
}

// slide moves what later windows need to the front of the buffer.
func (s *Scanner) slide() {
	keep := s.from - behindBytes
	s.n = copy(s.buf, s.buf[keep:s.n])
	s.base += int64(keep)
	s.from = behindBytes
}
