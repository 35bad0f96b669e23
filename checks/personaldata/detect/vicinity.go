package detect

import "bytes"

// A vicinity is what stands around the matches of a text: names, addresses, dates of
// birth and special categories, which mean nothing elsewhere. Each byte is looked at
// once at most. A text is no worse for its second hundred of people, so that after some
// matches less is read, and after many names only beside some.
type vicinity struct {
	pos   int64 // up to which the text has been looked at
	looks int   // matches whose surroundings have been looked at
	names int   // found so far
	held  seen  // beside the last address of mail
}

const (
	vicinityBefore = 192 // bytes before a match: the lines of a form that begins with the name
	vicinityReach  = 128 // bytes after it: the rest of a row, or some lines
	vicinityLooks  = 32  // matches around which so much is read
	vicinityNear   = 48  // bytes on both sides of the others
	vicinityNames  = 100
	vicinityStep   = 8 << 10 // bytes between two samples
	namesReach     = 48      // in which a name speaks for a candidate
)

// around looks for what stands around the match b[lo:hi], reports it, and returns the
// special categories that it speaks of. An address of mail says so little of its person
// that the names, streets and dates beside it are nobody's: they count once an
// identifier of a person stands near them too, or in a table that has a column of names.
func (s *Scanner) around(b []byte, base int64, lo, hi int, mail bool) Category {
	v := &s.vicinity
	if v.names >= vicinityNames && base+int64(lo) < v.pos+vicinityStep {
		return 0
	}
	before, after := vicinityBefore, vicinityReach
	if v.looks++; v.looks > vicinityLooks {
		before, after = vicinityNear, vicinityNear
	}
	mail = mail && !s.columns.people
	if held := v.held; held.to > 0 && !mail {
		if v.held = (seen{}); base+int64(lo-before) <= held.to {
			s.tellOf(&held)
		}
	}
	from := max(lo-before, int(max(v.pos-base, 0)), 0)
	to := min(hi+after, len(b))
	if from >= to {
		return 0
	}
	if to < len(b) { // not in the midst of a row, or of a word
		if i := bytes.LastIndexByte(b[hi:to], '\n'); i >= after/2 {
			to = hi + i
		} else if i := bytes.LastIndexByte(b[hi:to], ' '); i > 0 {
			to = hi + i
		}
	}
	if from >= to {
		return 0
	}
	v.pos = base + int64(to)
	var r surrounding
	surroundings(s.simd, b, from, to, &r)
	if r.names == 0 && s.columns.people {
		r.names = s.columns.namedRows(b, from, to)
	}
	if s.columns.born {
		r.birthDates = 0 // found in their column
	}
	near := seen{names: r.names, addresses: r.addresses, birthDates: r.birthDates, from: base + int64(from), to: v.pos}
	if mail {
		v.held = near
	} else {
		s.tellOf(&near)
	}
	return r.categories
}

// A seen is what has been seen between two offsets.
type seen struct {
	names, addresses, birthDates int
	from, to                     int64
}

// tellOf reports what has been seen.
func (s *Scanner) tellOf(x *seen) {
	s.vicinity.names += x.names
	for _, found := range [...]struct {
		kind kind
		n    int
	}{{kindName, x.names}, {kindAddress, x.addresses}, {kindBirthDate, x.birthDates}} {
		if found.n > 0 {
			s.give(&Match{
				Type: typeOf[found.kind], Start: x.from * s.unit, End: x.to * s.unit,
				Outcome: ShapeOnly, Score: Report, kind: found.kind, count: uint32(found.n),
			})
		}
	}
}

// namesBeside tells whether a person's name stands beside b[lo:hi].
func namesBeside(v simd, b []byte, lo, hi int) bool {
	var r surrounding
	surroundings(v, b, max(0, lo-namesReach), lo, &r)
	if r.names == 0 {
		surroundings(v, b, hi, min(len(b), hi+namesReach), &r)
	}
	return r.names > 0
}
