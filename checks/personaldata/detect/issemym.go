package detect

import "bytes"

// ISSEMYM: the key under which the State of Mexico's institute of social security knows
// a public servant. Its form is not published, so five to ten letters and digits count
// as one where the institute's name says so, and nowhere else.

func issemymExamples() examples {
	return examples{
		found: []string{
			"clave ISSEMYM 1234567",
			"ISSEMYM: A123456",
			"nombre;clave_issemym\nAna;0987654",
			"No. ISSEMYM 12345-6",
			"clave ISSEMYM: 12345, de la empleada",
			"nombre;clave_issemym\nAna; 98765 ;",
		},
		missed: []string{
			"1234567",               // no word beside it
			"ISSEMYM 123",           // too short
			"ISSEMYM 12345678901",   // too long
			"issemymx 1234567",      // words are whole words
			"ISSEMYM, 20 de enero",  //
			"ISSEMYM folio 1234567", // the nearest word says otherwise
			"ISSEMYM 12,345.50",     // an amount
			"ISSEMYM $12345",        //
		},
	}
}

// matchISSEMYM reads a key around the run of digits b[p:e], its first one.
func (h *hit) matchISSEMYM(b []byte, p, e int, loose bool) bool {
	if e-p > 10 {
		return false
	}
	start := p
	for start > 0 && p-start < 3 && isLetter(b[start-1]) {
		start--
	}
	end := e
	if end+1 < len(b) && b[end] == '-' && isDigit(b[end+1]) {
		end = digitsEnd(b[:min(len(b), end+8)], end+1)
	}
	if end < len(b) && isLetter(b[end]) {
		end++
	}
	if !loose && (wordBefore(b, start) || joinedBefore(b, start) || wordAt(b, end) || joinedAfter(b, end)) {
		return false
	}
	*h = hit{kind: kindISSEMYM, start: start, end: end, base: 20, outcome: ShapeOnly}
	for _, c := range b[start:end] {
		if isAlnum(c) {
			h.add(upper(c))
		}
	}
	return h.n >= 5 && h.n <= 10 && !allEqual(h.value[:h.n])
}

// An instituteName is where the institute's name stood last. Any number might be a key,
// so this is looked at before anything else, and no byte of a text is read twice for it.
type instituteName struct {
	base int64 // offset in the text of what is read
	pos  int64 // up to which the text has been read
	last int64 // offset after the first byte of the last one, 0 before any
}

// before tells whether the institute's name stands before the number at b[p].
func (n *instituteName) before(b []byte, p int) bool {
	from := max(0, p-wordsBefore)
	if seen := n.pos - n.base; seen > int64(from) {
		from = max(from, min(int(seen), p)-len("issemym")+1)
	}
	n.pos = max(n.pos, n.base+int64(p))
	n.find(b, from, p, 'Y')
	n.find(b, from, p, 'y')
	return n.last > 0 && n.last > n.base+int64(p)-wordsBefore
}

// within tells whether the name stands in b[from:to], or so near before it that it may
// announce a number there.
func (n *instituteName) within(b []byte, from, to int) bool {
	start := max(0, from-wordsBefore)
	if n.last > n.base+int64(start) {
		return true
	}
	look := *n // what before has read stays as it is
	look.last = 0
	look.find(b, start, to, 'Y')
	look.find(b, start, to, 'y')
	return look.last > 0
}

// find looks for the name by its y, the rarest of its letters, in b[from:to].
func (n *instituteName) find(b []byte, from, to int, y byte) {
	for start := from; ; {
		k := bytes.IndexByte(b[from:to], y)
		if k < 0 {
			return
		}
		from += k + 1
		if at := from - len("issemy"); at >= start && from < to && hasFold(b[at:to], "issemym") {
			n.last = max(n.last, n.base+int64(at)+1)
		}
	}
}
