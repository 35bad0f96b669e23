package detect

// RFC: the taxpayer number of the SAT.
//
//	person   4 letters + YYMMDD + homoclave (2) + check digit
//	company  3 letters + YYMMDD + homoclave (2) + check digit
//
// Letters are A-Z, Ñ and &. About one and a half in a hundred of the RFC in real use
// have a wrong check digit, so a wrong one with a word beside it still counts. A
// company's RFC is not personal data: it is reported, weaker, and counts as no person.
//
// Source: the SAT's algorithm (document 0610100135506).

func rfcExamples() examples {
	return examples{
		found: []string{
			"GODE561231GR8",
			"CACX7605101P8",
			"KICR630120NX3",
			"FUNK671228PH6",
			"MISC491214B86",
			"IAÑL750210963",
			"IA\xd1L750210963",
			"rfc ia\xf1l750210963",
			"IA&Ntilde;L750210963",
			"WERX631016S30",
			"XOJI740919U48",
			"JUFA7608212V6",
			"KAHO641101B39",
			"CUSC850516316",
			"rfc gode561231gr8",
			"GODE-561231-GR8",
			"GODE 561231 GR8",
			"GODE561231-GR8",
			"Rfc=\"H&amp;E951128469\"", // a company, in the XML of an invoice
			"RFC H&E951128469",
			"R.F.C. MAB9307148T4",
			"RFC: GODE561231GR9",             // wrong digit beside its word
			"rfc;nombre\nGODE561231GR9;Emma", // wrong digit under its column
			"Folio 7\nGODE561231GR8",         // a folio speaks of its own line
			"HEGG560427AA1, de la persona con HEGG560427MVZRRL04",
			"HEGG560427MVZRRL04 HEGG560427AA1", // wrong digit, same person as the CURP beside it
		},
		missed: []string{
			"GODE561231GR9",     // check digit, nothing beside it
			"MAB9307148T4",      // a company alone is a weak finding
			"XAXX010101000",     // the public at large
			"RFC XEXX010101000", // any foreigner
			"RFC: AAA010101AAA", // for tests
			"GODE561331GR8",     // no such month
			"AGODE561231GR8",    // inside a longer word
			"GODE561231GR81",    //
			"IMG-230101-WA0001",
			"casa 991231 era",
			"gode561231gr8", // lower case, nothing beside it
			"AOSF440606HGTCNR12X",
		},
	}
}

// matchRFC reads an RFC whose six digits of a date begin at p, in a run that ends at e.
func (h *hit) matchRFC(b []byte, p, e int, loose bool) bool {
	i := p
	var sep byte
	if s, w := separatorBefore(b, i); w > 0 && (s == ' ' || s == '-') && e-p == 6 {
		sep, i = s, i-w
	}
	var letters [4]byte // from the last to the first
	var starts [4]int
	n := 0
	for n < 4 {
		if i > 0 && isUpper(b[i-1]) {
			i--
			letters[n], starts[n] = b[i], i
			n++
			continue
		}
		c, at := rfcLetterBefore(b, i)
		if c == 0 {
			break
		}
		letters[n], starts[n] = c, at
		i = at
		n++
	}
	if n < 3 || !validDate(b[p:p+6], leapEither) {
		return false
	}
	tail := p + 6
	if e == tail {
		if s, w := separatorAt(b, tail); s == '-' || s == ' ' {
			if s == ' ' {
				sep = s
			}
			tail += w
		}
	}
	end := tail + 3
	if end > len(b) || !loose && wordAt(b, end) {
		return false
	}
	for _, c := range b[tail:end] {
		if !isAlnum(c) || sep == ' ' && isLower(c) {
			return false // words set apart by spaces are prose unless they are all capitals
		}
	}
	if c := upper(b[end-1]); !isDigit(c) && c != 'A' {
		return false
	}
	if n == 4 && !loose && wordBefore(b, starts[3]) {
		if letters[3] != '&' {
			return false
		}
		n = 3 // "...&ABC": the sign before a company
	}
	if n == 3 && !loose && wordBefore(b, starts[2]) {
		return false
	}
	*h = hit{kind: kindRFC, start: starts[n-1], end: end, base: 70, root: true, typo: true}
	if n == 3 {
		h.base, h.company, h.root = 40, true, false
	}
	for k := n - 1; k >= 0; k-- {
		h.add(letters[k])
	}
	lower := false
	for _, i := range starts[:n] {
		lower = lower || isLower(b[i])
	}
	if lower {
		if sep == ' ' {
			return false
		}
		h.base -= 20 // names of programs and their versions look like this
	}
	h.addAll(b[p : p+6])
	for _, c := range b[tail:end] {
		h.add(upper(c))
	}
	v := h.value[:h.n]
	if string(v[n:n+6]) == "010101" {
		switch string(v) {
		case "XAXX010101000", "XEXX010101000", "AAA010101AAA": // generic: nobody's
			return false
		}
	}
	h.outcome = DigitWrong
	if v[len(v)-1] == rfcDigit(v) {
		h.outcome = Valid
	}
	return true
}

// rfcDigit computes the check digit of an RFC of 12 or 13 characters.
func rfcDigit(v []byte) byte {
	sum, weight := 0, 13
	if len(v) == 12 { // a company is padded with a space on the left
		sum, weight = 37*13, 12
	}
	for _, c := range v[:len(v)-1] {
		sum += int(rfcValues[c]) * weight
		weight--
	}
	switch r := sum % 11; r {
	case 0:
		return '0'
	case 1:
		return 'A'
	default:
		return byte('0' + 11 - r)
	}
}

// rfcValue is the number that the check digit gives to a character.
func rfcValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c == '&':
		return 24
	case c == enye:
		return 38
	case c <= 'N':
		return int(c-'A') + 10
	}
	return int(c-'A') + 11
}

// rfcValues is rfcValue by table.
var rfcValues = func() (t [256]uint8) {
	for _, c := range []byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ&\xd1") {
		t[c] = uint8(rfcValue(c))
	}
	return t
}()

// rfcLetterBefore reads the letter of an RFC that ends just before i, in upper case,
// and where it begins. Ñ and & may be written as entities.
func rfcLetterBefore(b []byte, i int) (letter byte, start int) {
	if i == 0 {
		return 0, 0
	}
	c := b[i-1]
	switch {
	case isLetter(c):
		return upper(c), i - 1
	case c == '&', c == enye:
		return c, i - 1
	case c == enye|0x20: // ñ in Windows-1252
		return enye, i - 1
	case (c == 0x91 || c == 0xB1) && i >= 2 && b[i-2] == 0xC3: // Ñ, ñ in UTF-8
		return enye, i - 2
	case c == ';':
		if endsWith(b, i, "&amp;") {
			return '&', i - len("&amp;")
		}
		if endsWith(b, i, "&Ntilde;") || endsWith(b, i, "&ntilde;") {
			return enye, i - len("&Ntilde;")
		}
		if endsWith(b, i, "&#209;") || endsWith(b, i, "&#241;") {
			return enye, i - len("&#209;")
		}
	}
	return 0, i
}

// endsWith tells whether s ends just before i.
func endsWith(b []byte, i int, s string) bool {
	return i >= len(s) && string(b[i-len(s):i]) == s
}
