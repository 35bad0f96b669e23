package detect

// DNI: the Spanish identity number, eight digits and a letter that is the number
// modulo 23. One random letter in 23 is right, so a DNI counts only with a word or a
// column name beside it.
//
// Source: Real Decreto 1553/2005; Orden EHA/451/2008 for the letter.

func dniExamples() examples {
	return examples{
		found: []string{
			"DNI 12345678Z",
			"D.N.I. n.º 12.345.678-Z",
			"dni: 12345678 z.",
			"NIF 54362315K",
			"con DNI núm. 11111111-H, mayor de edad",
			"De una parte, D. Luis, con DNI 12345678Z, y de otra parte",
			"<dni>12345678Z</dni>",
			"{\"dni\":\"12345678Z\"}",
			"documento de identidad 12345678Z",
			"nombre;dni;alta\nAna;12345678Z;2020-01-01",
			"\"Nombre\",\"D.N.I.\"\n\"Ana\",\"12345678Z\"",
			"nombre;dni\n\"Ana;1\nLuis Alberto de la Concepción y Valdés Domínguez;54362315K\n", // a stray quote
			"num_dni\n12345678Z\n",
		},
		missed: []string{
			"12345678Z",             // no word beside it
			"DNI 11111111T",         // letter
			"DNI 1234567Z",          // seven digits
			"DNI 123456789Z",        // nine
			"DNI 0.12345678Z",       // a decimal
			"DNI 12-12345678Z",      // part of a code
			"DNI 12345678Zeta",      // part of a word
			"DNI 00000000T",         // nobody's
			"Expediente 12345678Z",  // another number
			"DNI, lote 12345678Z",   // the nearest word says otherwise
			"indnización 12345678Z", // words are whole words
			"12345678-e29b-41d4-a716-446655440000",
		},
	}
}

// dniLetters is indexed by the number modulo 23.
const dniLetters = "TRWAGMYFPDXBNJZSQVHLCKE"

// matchDNI reads a DNI that begins with the run of digits b[p:e]: eight digits, or two
// with a dot after them.
func (h *hit) matchDNI(b []byte, p, e int, loose bool) bool {
	if !loose && (wordBefore(b, p) || joinedBefore(b, p)) {
		return false
	}
	*h = hit{kind: kindDNI, start: p, base: 35}
	end, ok := h.addDotted(b, p, e, 8)
	return ok && h.closeWithLetter(b, end, loose)
}

// addDotted adds the digits of a number of want digits that begins with the run
// b[p:e], in one piece or with dots at the thousands, and returns where it ends.
func (h *hit) addDotted(b []byte, p, e, want int) (end int, ok bool) {
	h.addAll(b[p:e])
	for have := e - p; have < want; have += 3 {
		if e+4 > len(b) || b[e] != '.' || digitsEnd(b[:min(len(b), e+5)], e+1) != e+4 {
			return 0, false
		}
		for _, c := range b[e+1 : e+4] {
			h.add(c)
		}
		e += 4
	}
	return e, true
}

// closeWithLetter reads the control letter of a DNI or NIE at i and validates it.
func (h *hit) closeWithLetter(b []byte, i int, loose bool) bool {
	sep, w := separatorAt(b, i)
	if sep != '-' && sep != ' ' {
		w = 0
	}
	i += w
	if i >= len(b) || !isLetter(b[i]) || !loose && wordAt(b, i+1) {
		return false
	}
	letter := upper(b[i])
	h.end = i + 1
	n, digits := 0, 0
	for _, c := range h.value[:h.n] {
		switch c {
		case 'X':
			c = '0'
		case 'Y':
			c = '1'
		case 'Z':
			c = '2'
		}
		n = n*10 + int(c-'0')
		digits |= int(c - '0')
	}
	if digits == 0 {
		return false
	}
	h.outcome = DigitWrong
	if dniLetters[n%23] == letter {
		h.outcome = Valid
	}
	if sep == ' ' && (h.outcome != Valid || isConjunction(b[i])) {
		return false // "12345678 y": a letter apart is a word unless it is right
	}
	h.add(letter)
	return true
}

// isConjunction tells whether a lower-case letter is a word of Spanish by itself.
func isConjunction(c byte) bool { return c == 'a' || c == 'e' || c == 'y' }
