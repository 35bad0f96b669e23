package detect

// CURP: 18 characters that the RENAPO makes from the name, the birth and a check digit.
//
//	0..3    first letter and first inner vowel of the first surname, first letter of
//	        the second one and of the name; X where there is none
//	4..9    birth, YYMMDD
//	10      H man, M woman, X non-binary
//	11..12  birth state, NE for abroad
//	13..15  first inner consonants of surnames and name
//	16      a digit if born before 2000, else a letter
//	17      check digit
//
// Source: DOF 23/11/2009 (note 5121057) and RENAPO's instructions for it.

func curpExamples() examples {
	return examples{
		found: []string{
			"BOXW310820HNERXN09",
			"HEGG560427MVZRRL04",
			"BEML920313HMCLNS09",
			"PEGL890909MJCRMS08",
			"AAAA000101HDFCCC09",
			"AAPR630321HDFLRC09",
			"curp=pegl890909mjcrms08;",
			"CURP_HEGG560427MVZRRL04.pdf",
			"HEGG 560427 MVZRRL 04",
			"HEGG-560427-MVZRRL-04",
			"CURP: BACA890909MJCRMS05", // a word that is never given: a typo or a fake, found with a word beside it
			"por parte de HEGG560427MVZRRL04",
		},
		missed: []string{
			"BOXW310820HNERXN08",       // check digit
			"CURP: BOXW310820HNERXN08", // also with a word beside it
			"BACA890909MJCRMS05",       // inconvenient word, alone
			"PEGL891313MJCRMS01",       // no such month
			"PEGL890909QJCRMS02",       // no such sex
			"PEGL890909MQQRMS06",       // no such state
			"PEGL890909MJCARS08",       // a vowel among the consonants
			"PRGL890909MJCRMS08",       // second letter
			"XHEGG560427MVZRRL04",      // inside a longer word
			"HEGG560427MVZRRL041",      //
			"AAAA000229HDFCCC01",       // 1900 had no 29 February
			"550e8400-e29b-41d4-a716-446655440000",
		},
	}
}

// matchCURP reads a CURP around the run of six digits b[p:p+6]. Groups may be set
// apart by single spaces or hyphens.
func (h *hit) matchCURP(b []byte, p int, loose bool) bool {
	i := p
	if s, w := separatorBefore(b, i); w > 0 && (s == ' ' || s == '-') {
		i -= w
	}
	if i < 4 {
		return false
	}
	if !isLetter(b[i-1]) {
		return false
	}
	*h = hit{kind: kindCURP, start: i - 4}
	for _, c := range b[h.start:i] {
		if !isLetter(c) {
			return false
		}
		h.value[h.n] = c &^ 0x20
		h.n++
	}
	if !isVowelOrX(h.value[1]) || !loose && wordBefore(b, h.start) {
		return false
	}
	h.addAll(b[p : p+6])
	i = skipGroupSeparator(b, p+6)
	if i+8 > len(b) || !isLetter(b[i]) { // as an RFC goes on
		return false
	}
	for _, c := range b[i : i+6] {
		h.add(upper(c))
	}
	i = skipGroupSeparator(b, i+6)
	if i+2 > len(b) {
		return false
	}
	h.add(upper(b[i]))
	h.add(b[i+1])
	h.end = i + 2
	if !loose && wordAt(b, h.end) {
		return false
	}
	v := h.value[:18]
	switch v[10] {
	case 'H', 'M', 'X':
	default:
		return false
	}
	leap := leap1900
	if isLetter(v[16]) {
		leap = leapEither
	} else if !isDigit(v[16]) {
		return false
	}
	if !isDigit(v[17]) || !validDate(v[4:10], leap) || !isState(v[11], v[12]) ||
		!isConsonant(v[13]) || !isConsonant(v[14]) || !isConsonant(v[15]) {
		return false
	}
	h.outcome = DigitWrong
	if v[17] == curpDigit(v) {
		h.outcome = Valid
	}
	h.base = 80
	if isInconvenient(string(v[:4])) {
		h.base -= 30
	}
	h.root = true
	return true
}

// skipGroupSeparator returns the index after a space or hyphen at i, or i.
func skipGroupSeparator(b []byte, i int) int {
	if s, w := separatorAt(b, i); s == ' ' || s == '-' {
		return i + w
	}
	return i
}

// curpDigit computes the check digit of the first 17 characters of v.
func curpDigit(v []byte) byte {
	sum := 0
	for i, c := range v[:17] {
		sum += int(curpValues[c]) * (18 - i)
	}
	return byte('0' + (10-sum%10)%10)
}

// curpValue is the number that the check digit gives to a digit or upper-case letter:
// its place among the digits and then the letters of the Spanish alphabet.
func curpValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c <= 'N':
		return int(c-'A') + 10
	}
	return int(c-'A') + 11 // Ñ has a place of its own, though it never appears
}

// curpValues is curpValue by table.
var curpValues = func() (t [256]uint8) {
	for _, c := range []byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c] = uint8(curpValue(c))
	}
	return t
}()

func isVowelOrX(c byte) bool {
	switch c {
	case 'A', 'E', 'I', 'O', 'U', 'X':
		return true
	}
	return false
}

func isConsonant(c byte) bool {
	switch c {
	case 'A', 'E', 'I', 'O', 'U':
		return false
	}
	return isUpper(c)
}

// isState tells whether two letters are the code of a state of Mexico or NE, born abroad.
func isState(a, b byte) bool {
	switch string([]byte{a, b}) {
	case "AS", "BC", "BS", "CC", "CL", "CM", "CS", "CH", "DF", "DG", "GT", "GR", "HG", "JC", "MC", "MN", "MS",
		"NT", "NL", "OC", "PL", "QT", "QR", "SP", "SL", "SR", "TC", "TS", "TL", "VZ", "YN", "ZS", "NE":
		return true
	}
	return false
}

// isInconvenient tells whether four letters are a word that the RENAPO never gives:
// it puts an X in place of the second letter.
func isInconvenient(w string) bool {
	switch w {
	case "BACA", "BAKA", "BUEI", "BUEY", "CACA", "CACO", "CAGA", "CAGO", "CAKA", "CAKO", "COGE", "COGI", "COJA", "COJE",
		"COJI", "COJO", "COLA", "CULO", "FALO", "FETO", "GETA", "GUEI", "GUEY", "JETA", "JOTO", "KACA", "KACO", "KAGA",
		"KAGO", "KAKA", "KAKO", "KOGE", "KOGI", "KOJA", "KOJE", "KOJI", "KOJO", "KOLA", "KULO", "LILO", "LOCA", "LOCO",
		"LOKA", "LOKO", "MAME", "MAMO", "MEAR", "MEAS", "MEON", "MIAR", "MION", "MOCO", "MOKO", "MULA", "MULO", "NACA",
		"NACO", "PEDA", "PEDO", "PENE", "PIPI", "PITO", "POPO", "PUTA", "PUTO", "QULO", "RATA", "ROBA", "ROBE", "ROBO",
		"RUIN", "SENO", "TETA", "VACA", "VAGA", "VAGO", "VAKA", "VUEI", "VUEY", "WUEI", "WUEY":
		return true
	}
	return false
}
