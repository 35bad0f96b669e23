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

// issemymBefore tells whether the institute's name stands before the number at p. Any
// number might be a key, so this is looked at before anything else.
func issemymBefore(b []byte, p int) bool {
	from := max(0, p-wordsBefore)
	return nameAt(b, from, p, 'Y') || nameAt(b, from, p, 'y')
}

// nameAt looks for the name by its y, the rarest of its letters, in b[from:to].
func nameAt(b []byte, from, to int, y byte) bool {
	for {
		k := bytes.IndexByte(b[from:to], y)
		if k < 0 {
			return false
		}
		from += k + 1
		if from >= 6 && from < to && hasFold(b[from-6:to], "issemym") {
			return true
		}
	}
}
