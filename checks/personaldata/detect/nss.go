package detect

// NSS: the social security number of the IMSS, eleven digits: subdelegation (2), year
// of registration (2), year of birth (2), serial (4) and a Luhn check digit over all.
//
// One random number of eleven digits in ten has a right digit, so an NSS counts only
// with a word or a column name beside it. The years say nothing: both have two digits,
// and a grandmother registered in 2012 looks like a child of the next century.
//
// Source: IMSS affiliation manual.

func nssExamples() examples {
	return examples{
		found: []string{
			"NSS 92919084431",
			"NSS: 92-91-90-8443-1",
			"N.S.S. 92 91 90 8443 1",
			"Núm. de Seguridad Social: 9291908443-1",
			"NSS 92-91-90-\n8443-1", // broken by a line end
			"NSS 92-91-90-8443-\r\n1",
			"Afiliación IMSS 9291-90-8443-1",
			"numSeguroSocial=\"92919084431\"",
			"nombre|nss\nAna|92919084431",
			"numero de parte de NSS 92919084431", // the nearest word wins
		},
		missed: []string{
			"92919084431",                 // no word beside it
			"NSS 92919084432",             // check digit
			"NSS 92-91-90-8443-2",         //
			"NSS folio 92919084431",       // the nearest word says otherwise
			"NSS 00000000000",             //
			"NSS 0.92919084431",           // a decimal
			"NSS 92919084431.5",           //
			"NSS 192919084431",            // twelve digits
			"NSS a92919084431",            // part of a code
			"NSS 92-91-90-8443-1-7",       // the groups go on
			"imssx 92919084431",           // words are whole words
			"tel +92919084431 imss",       //
			"guia de rastreo 92919084431", //
		},
	}
}

// matchNSS reads an NSS that begins with the run of digits b[p:e]: in one piece, or in
// the groups 2-2-2-4-1, 4-2-4-1 or 10-1 with one kind of separator.
func (h *hit) matchNSS(b []byte, p, e int, loose bool) bool {
	*h = hit{kind: kindNSS, start: p, end: e, base: 20}
	h.addAll(b[p:e])
	var sep byte
	for h.n < 11 {
		s, w := separatorAt(b, h.end)
		if s != '-' && s != ' ' || sep != 0 && s != sep {
			return false
		}
		sep = s
		from := h.end + w
		to := digitsEnd(b, min(from, len(b)))
		if to-from != nssGroup(e-p, h.n) {
			return false
		}
		for _, c := range b[from:to] {
			h.add(c)
		}
		h.end = to
	}
	if !loose {
		if wordBefore(b, p) || joinedBefore(b, p) || wordAt(b, h.end) || joinedAfter(b, h.end) {
			return false
		}
		if sep == ' ' { // the groups must not go on on either side
			if s, w := separatorAt(b, h.end); s == ' ' && h.end+w < len(b) && isDigit(b[h.end+w]) {
				return false
			}
			if s, w := separatorBefore(b, p); s == ' ' && p > w && isDigit(b[p-w-1]) {
				return false
			}
		}
	}
	v := h.value[:11]
	if allEqual(v) {
		return false
	}
	h.outcome = DigitWrong
	if luhn(v) {
		h.outcome = Valid
	}
	return true
}

// nssGroup is the length of the group that follows the first have digits when the
// first group is first long, or -1.
func nssGroup(first, have int) int {
	switch {
	case have == 10:
		return 1
	case first == 2 && (have == 2 || have == 4), first == 4 && have == 4:
		return 2
	case have == 6 && first != 10:
		return 4
	}
	return -1
}

// luhn tells whether the last digit of v is the Luhn check digit of the others.
func luhn(v []byte) bool {
	sum := 0
	for i := range v {
		d := int(v[len(v)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func allEqual(v []byte) bool {
	for _, c := range v {
		if c != v[0] {
			return false
		}
	}
	return true
}
