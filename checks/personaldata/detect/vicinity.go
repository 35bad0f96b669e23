package detect

// A vicinity is what stands around the matches of a text: names, addresses, dates of
// birth and special categories, which mean nothing elsewhere.
type vicinity struct {
	pos int64 // up to which it has been looked at
}

// around looks for what stands around a match. Each byte is looked at once at most.
func (s *Scanner) around(b []byte, base int64, lo, hi int, emit func(Match)) {}

// namesBeside tells whether two names or more stand beside b[lo:hi].
func namesBeside(b []byte, lo, hi int) bool { return false }
