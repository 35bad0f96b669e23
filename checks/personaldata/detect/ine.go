package detect

// The numbers of Mexico's voter card (INE, before it IFE).
//
//	clave de elector  18 characters: first letter and first inner consonant of both
//	                  surnames and the name (3 x 2), birth YYMMDD, state (2 digits), sex
//	                  H or M, a check digit whose rule is not public, homonym (2)
//	OCR               12 or 13 digits: electoral section (4) and a serial
//	CIC               9 digits, and the citizen's identifier of as many
//
// The clave has a shape that nothing else has. The others are bare digits, and count
// only beside their names.
//
// Source: the INE's description of the voter card and its models.

func ineExamples() examples {
	return examples{
		found: []string{
			"HRGRJN82050602H900",
			"clave de elector crgtlc22011432m300",
			"ALAVEN84051209M300", // initials that are vowels
			"HRGRJN 82050602 H 900",
			"HRGRJN-82050602-H900",
			"CIC 123456789",
			"IDMEX 1234567897",
			"credencial para votar con folio OCR 0747116375842",
			"OCR: 074711637584",
			"identificador del ciudadano 087654321, INE",
			"nombre|clave_elector\nAna|PXFRXN59122029H700",
		},
		missed: []string{
			"HRGRJN82130602H900",  // no such month
			"HRGRJN82050699H900",  // no such state
			"HRGRJN82050602X900",  // no such sex
			"HEGRJN82050602H900",  // a vowel among the consonants
			"XHRGRJN82050602H900", // inside a longer word
			"HRGRJN82050602H9001", //
			"123456789",           // no word beside it
			"0747116375842",       //
			"cic 12345678",        // eight digits
			"tic 123456789",       // words are whole words
			"CIC 111111111",       //
		},
	}
}

// claveOutcome validates the 18 characters of a clave de elector in upper case.
func claveOutcome(v []byte) Outcome {
	if len(v) != 18 {
		return 0
	}
	for i, c := range v[:6] {
		if c != enye && !isUpper(c) || i%2 == 1 && c != enye && !isConsonant(c) {
			return 0
		}
	}
	for i, c := range v[6:] {
		if i == 8 {
			if c != 'H' && c != 'M' {
				return 0
			}
		} else if !isDigit(c) {
			return 0
		}
	}
	switch state := number(v[12:14]); {
	case state >= 1 && state <= 33, state == 87, state == 88: // the last ones abroad
	default:
		return 0
	}
	if !validDate(v[6:12], leapEither) {
		return 0
	}
	return ShapeOnly
}

// matchClave reads a clave de elector around its run of eight digits b[p:e].
func (h *hit) matchClave(b []byte, p, e int, loose bool) bool {
	if e-p != 8 || e >= len(b) {
		return false
	}
	i := p
	if s, w := separatorBefore(b, i); s == ' ' || s == '-' {
		i -= w
	}
	if i < 6 || !isLetter(b[i-1]) || !isLetter(b[i-6]) || !loose && wordBefore(b, i-6) {
		return false
	}
	*h = hit{kind: kindINE, start: i - 6, base: 70}
	for _, c := range b[i-6 : i] {
		h.add(upper(c))
	}
	h.addAll(b[p:e])
	i = skipGroupSeparator(b, e)
	if i >= len(b) {
		return false
	}
	h.add(upper(b[i]))
	i = skipGroupSeparator(b, i+1)
	if i+3 > len(b) || !loose && wordAt(b, i+3) {
		return false
	}
	h.addAll(b[i : i+3])
	h.end = i + 3
	h.outcome = claveOutcome(h.value[:h.n])
	return h.outcome != 0
}

// ineNumberOutcome validates the digits of a CIC (9), its form in the machine-readable
// zone (10, with a check digit) or an OCR (12, 13).
func ineNumberOutcome(d []byte) Outcome {
	if allEqual(d) {
		return 0
	}
	switch len(d) {
	case 9, 12:
		return ShapeOnly
	case 13:
		if number(d[:4]) == 0 { // no electoral section
			return 0
		}
		return ShapeOnly
	}
	return 0
}

// matchINENumber reads a CIC or an OCR that is a bare run of digits.
func (h *hit) matchINENumber(b []byte, g *digitGroups, loose bool) bool {
	length := int(g.sizes[0])
	if length != 9 && length != 10 && length != 12 && length != 13 {
		return false
	}
	_, end, _, ok := g.prefix(b, length, loose)
	if !ok {
		return false
	}
	d := g.digits[:length]
	if length == 10 { // "IDMEX1234567897": the check digit follows
		if mrzDigit(d[:9]) != d[9] {
			return false
		}
		d = d[:9]
	}
	*h = hit{kind: kindINE, start: g.start, end: end, base: 20, outcome: ineNumberOutcome(d)}
	h.addAll(d)
	return h.outcome != 0
}
