package detect

// A hit is a text that has the shape of an identifier.
type hit struct {
	start, end int // bounds in the buffer
	kind       kind
	outcome    Outcome
	company    bool     // an RFC of a legal person
	base       int      // points for the shape with a right check digit
	typo       bool     // a wrong check digit is common enough to be reported with context
	root       int      // so many first characters tell a person apart in CURP and RFC alike, 0 elsewhere
	n          int      // length of value
	value      [32]byte // normalised: upper case, no separators, Ñ as enye
}

// add appends a character to the normalised value. What is longer than value is folded
// into it: only its tag is needed.
func (h *hit) add(c byte) {
	if h.n < len(h.value) {
		h.value[h.n] = c
		h.n++
		return
	}
	for i := range h.value {
		h.value[i], c = h.value[i]*31+c, h.value[i]^c
	}
}

// examples are texts in which a rule must, and must not, report its type.
type examples struct{ found, missed []string }

// identify looks for an identifier around the run of digits b[p:e], and describes it in
// h. The length of the run says which ones are possible, before any neighbour is looked
// at. A loose search also finds identifiers glued to other letters and digits: right
// for hiding, too eager for reporting.
func (h *hit) identify(b []byte, p, e int, loose bool) bool {
	switch e - p {
	case 1:
		return dottedAt(b, e) && h.matchNIE(b, p, e, loose)
	case 2:
		return dottedAt(b, e) && h.matchDNI(b, p, e, loose) ||
			groupAt(b, e) && h.matchNSS(b, p, e, loose)
	case 4:
		return groupAt(b, e) && h.matchNSS(b, p, e, loose)
	case 6:
		return h.matchCURP(b, p, loose) || h.matchRFC(b, p, e, loose)
	case 7:
		return h.matchRFC(b, p, e, loose) || h.matchNIE(b, p, e, loose)
	case 8:
		return h.matchRFC(b, p, e, loose) || h.matchDNI(b, p, e, loose)
	case 9:
		return h.matchRFC(b, p, e, loose)
	case 10, 11:
		return h.matchNSS(b, p, e, loose)
	}
	return false
}

// dottedAt tells whether a group of three digits after a dot may begin at i.
func dottedAt(b []byte, i int) bool {
	return i+3 < len(b) && b[i] == '.' && isDigit(b[i+1]) && isDigit(b[i+3])
}

// groupAt tells whether a group of two digits or more after a separator may begin at
// i. Dates, times and prices begin like this too, so it looks before anything is built.
func groupAt(b []byte, i int) bool {
	if i+2 >= len(b) || b[i] < 0x80 && b[i] != ' ' && b[i] != '-' {
		return false
	}
	_, w := separatorAt(b, i)
	return w > 0 && i+w+1 < len(b) && isDigit(b[i+w]) && isDigit(b[i+w+1])
}
