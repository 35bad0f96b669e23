package detect

import "bytes"

// A vicinity is what stands around the matches of a text: names, addresses, dates of
// birth and special categories, which mean nothing elsewhere. Each byte is looked at
// once at most. A file is no worse for its second three hundred names, so after the first
// one only the surroundings of some matches are read.
type vicinity struct {
	pos   int64 // up to which the text has been looked at
	names int   // found so far
}

const (
	vicinityBefore = 192 // bytes before a match: the lines of a form that begins with the name
	vicinityReach  = 128 // bytes after it: the rest of a row, or some lines
	vicinityNames  = 300
	vicinityStep   = 8 << 10 // bytes between two samples
	namesReach     = 48      // in which a name speaks for a candidate
)

// around looks for what stands around the match b[lo:hi], reports it, and returns the
// special categories that it speaks of.
func (s *Scanner) around(b []byte, base int64, lo, hi int, emit func(Match)) Category {
	v := &s.vicinity
	if v.names >= vicinityNames && base+int64(lo) < v.pos+vicinityStep {
		return 0
	}
	from := max(lo-vicinityBefore, int(max(v.pos-base, 0)), 0)
	to := min(hi+vicinityReach, len(b))
	if from >= to {
		return 0
	}
	if to < len(b) { // not in the midst of a row, or of a word
		if i := bytes.LastIndexByte(b[hi:to], '\n'); i >= vicinityReach/2 {
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
	surroundings(b, from, to, &r)
	if r.names == 0 && s.columns.people {
		r.names = s.columns.namedRows(b, from, to)
	}
	if s.columns.born {
		r.birthDates = 0 // found in their column
	}
	v.names += r.names
	unit := s.enc.unit()
	for _, found := range [...]struct {
		kind kind
		n    int
	}{{kindName, r.names}, {kindAddress, r.addresses}, {kindBirthDate, r.birthDates}} {
		if found.n > 0 {
			emit(Match{
				Type: typeOf[found.kind], Start: (base + int64(from)) * unit, End: (base + int64(to)) * unit,
				Outcome: ShapeOnly, Score: Report, kind: found.kind, count: uint32(found.n),
			})
		}
	}
	return r.categories
}

// namesBeside tells whether a person's name stands beside b[lo:hi].
func namesBeside(b []byte, lo, hi int) bool {
	var r surrounding
	surroundings(b, max(0, lo-namesReach), lo, &r)
	if r.names == 0 {
		surroundings(b, hi, min(len(b), hi+namesReach), &r)
	}
	return r.names > 0
}
