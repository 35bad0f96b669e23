package detect

// CIF: the Spanish tax number of a legal person, a letter that says of what kind it
// is, seven digits and a control that is a digit or a letter, as the kind demands.
// It is a company's, an association's or a town hall's: reported, and no person.
//
// Source: Orden EHA/451/2008 (BOE-A-2008-3580).

func cifExamples() examples {
	return examples{
		found: []string{
			"CIF A40199325",
			"C.I.F.: A-40199325",
			"NIF G20777124",
			"CIF Q2441568I del Ayuntamiento",
			"cif: p-2807900-b",
			"empresa;cif\nX;B64717838",
			"CIF B-64.717.838",
		},
		missed: []string{
			"A40199325",       // no word beside it
			"CIF A40199326",   // control
			"CIF B01466896",   //
			"CIF S0641815D",   // letter
			"CIF I40199325",   // no such kind
			"CIF A4019932E",   // a digit is due
			"CIF AA40199325",  // inside a longer word
			"CIF A401993251",  // a digit more
			"CIF A00000000",   //
			"pieza A40199325", //
			"sku A40199325",   //
			"A4 0199325",      // a size of paper
			"cifra A40199325", // words are whole words
		},
	}
}

// cifLetters is indexed by the control digit.
const cifLetters = "JABCDEFGHI"

// cifOutcome validates a letter, seven digits and a control, in upper case.
func cifOutcome(v []byte) Outcome {
	if len(v) != 9 || !isCIFKind(v[0]) {
		return 0
	}
	sum, all := 0, byte(0)
	for i, c := range v[1:8] {
		n := int(c - '0')
		all |= c - '0'
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	control := (10 - sum%10) % 10
	if all == 0 {
		return 0
	}
	digit := v[8] == byte('0'+control)
	letter := v[8] == cifLetters[control]
	switch v[0] {
	case 'A', 'B', 'E', 'H':
		letter = letter && v[1] == '0' && v[2] == '0' // not of a Spanish province
	case 'N', 'P', 'Q', 'R', 'S', 'W':
		digit = false
	}
	if !digit && !letter {
		return DigitWrong
	}
	return Valid
}

func isCIFKind(c byte) bool {
	switch c {
	case 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'N', 'P', 'Q', 'R', 'S', 'U', 'V', 'W':
		return true
	}
	return false
}

// matchCIF reads a CIF whose digits begin with the run b[p:e]: seven and a control
// letter, eight, or two with dots at the thousands.
func (h *hit) matchCIF(b []byte, p, e int, loose bool) bool {
	if e-p != 7 && e-p != 8 && (e-p != 2 || !dottedAt(b, e)) {
		return false
	}
	at, sep := letterBefore(b, p, loose)
	if at < 0 || !isCIFKind(upper(b[at])) {
		return false
	}
	*h = hit{kind: kindCIF, start: at, base: 25, company: true}
	h.add(upper(b[at]))
	end := e
	if e-p == 2 {
		var ok bool
		if end, ok = h.addDotted(b, p, e, 8); !ok {
			return false
		}
	} else {
		h.addAll(b[p:e])
	}
	if h.n == 8 { // the control stands apart, or is a letter
		if s, w := separatorAt(b, end); s == '-' || s == ' ' && sep == ' ' {
			end += w
		}
		if end >= len(b) || !isAlnum(b[end]) {
			return false
		}
		h.add(upper(b[end]))
		end++
	}
	h.end = end
	if !loose && (wordAt(b, end) || joinedAfter(b, end)) {
		return false
	}
	h.outcome = cifOutcome(h.value[:h.n])
	return h.outcome != 0
}
