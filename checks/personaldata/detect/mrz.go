package detect

// Machine-readable zones of Mexican and Spanish passports (TD3, two lines of 44) and
// identity cards (TD1, three lines of 30).
//
//	TD1 line 1  ID, country (3), number (9), digit, optional (15)
//	TD1 line 2  birth (6), digit, sex, expiry (6), digit, nationality (3), optional (11), digit over all
//	TD3 line 2  number (9), digit, nationality (3), birth (6), digit, sex, expiry (6), digit, personal (14), digit, digit over all
//
// In the Mexican card the number is the CIC and the optional part the OCR; in the
// Spanish one the optional part is the DNI. With all its check digits right, a zone
// needs no word beside it.
//
// Source: ICAO Doc 9303, parts 3, 4 and 5.

func mrzExamples() examples {
	return examples{
		found: []string{
			"IDMEX1234567897<<0747116375842\n8405128M3112319MEX<01<<12345<3\nPRUEBA<FICTICIA<<EVA<<<<<<<<<<",
			"IDESPBAA000589599999999R<<<<<<\r\n8001014F3106176ESP<<<<<<<<<<<9\r\nPRUEBA<FICTICIA<<EVA<<<<<<<<<<",
			"P<MEXPRUEBA<FICTICIA<<EVA<<<<<<<<<<<<<<<<<<<\nG123456786MEX8405128F3112319<<<<<<<<<<<<<<<8",
			"P<ESPPRUEBA<FICTICIA<<EVA<<<<<<<<<<<<<<<<<<<\r\nXDB1234566ESP8405128F3112319A9999999900<<<46",
		},
		missed: []string{
			"P<MEXPRUEBA<FICTICIA<<EVA<<<<<<<<<<<<<<<<<<<\nG123456785MEX8405128F3112319<<<<<<<<<<<<<<<8", // digit of the number
			"P<MEXPRUEBA<FICTICIA<<EVA<<<<<<<<<<<<<<<<<<<\nG123456786MEX8405128F3112319<<<<<<<<<<<<<<<9", // digit over all
			"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10", // ICAO's own Utopia
			"IDMEX1234567897<<0747116375842\n8405128M3112319MEX<01<<12345<4\nPRUEBA<FICTICIA<<EVA<<<<<<<<<<",
			"IDMEX1234567897<<0747116375842",
			"G123456786MEX",
		},
	}
}

// mrzValue is the number that the check digits give to a character, or -1.
func mrzValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case isUpper(c):
		return int(c-'A') + 10
	case c == '<':
		return 0
	}
	return -1
}

// mrzDigit computes the check digit over the characters of all parts in turn, or 0
// (no digit) when one of them has no place in a zone.
func mrzDigit(parts ...[]byte) byte {
	weights := [3]int{7, 3, 1}
	sum, i := 0, 0
	for _, part := range parts {
		for _, c := range part {
			v := mrzValue(c)
			if v < 0 {
				return 0
			}
			sum += v * weights[i%3]
			i++
		}
	}
	return byte('0' + sum%10)
}

// td3Outcome validates the 44 characters of the second line of a passport.
func td3Outcome(l []byte) Outcome {
	if len(l) != 44 || !isMRZCountry(l[10:13]) || !isMRZSex(l[20]) || !validDate6(l[13:19]) || !validDate6(l[21:27]) {
		return 0
	}
	personal := mrzDigit(l[28:42])
	if mrzDigit(l[:9]) != l[9] || mrzDigit(l[13:19]) != l[19] || mrzDigit(l[21:27]) != l[27] ||
		personal != l[42] && (personal != '0' || l[42] != '<') ||
		mrzDigit(l[0:10], l[13:20], l[21:43]) != l[43] {
		return DigitWrong
	}
	return Valid
}

// td1Outcome validates the first two lines, of 30 characters each, of a card.
func td1Outcome(first, second []byte) Outcome {
	if len(first) != 30 || len(second) != 30 || first[0] != 'I' || first[1] != 'D' || !isMRZCountry(first[2:5]) ||
		!isMRZSex(second[7]) || !validDate6(second[0:6]) || !validDate6(second[8:14]) {
		return 0
	}
	if mrzDigit(first[5:14]) != first[14] || mrzDigit(second[0:6]) != second[6] || mrzDigit(second[8:14]) != second[14] ||
		mrzDigit(first[5:30], second[0:7], second[8:15], second[18:29]) != second[29] {
		return DigitWrong
	}
	return Valid
}

func isMRZCountry(c []byte) bool { return string(c) == "MEX" || string(c) == "ESP" }

func isMRZSex(c byte) bool { return c == 'F' || c == 'M' || c == 'H' || c == 'X' || c == '<' }

// validDate6 is validDate for bytes that may be no digits.
func validDate6(d []byte) bool {
	for _, c := range d {
		if !isDigit(c) {
			return false
		}
	}
	return validDate(d, leapEither)
}

// matchMRZ reads a zone whose number holds the run of digits b[p:e], its first one.
func (h *hit) matchMRZ(b []byte, p, e int, loose bool) bool {
	return h.matchTD3(b, e, loose) || h.matchTD1(b, p, loose)
}

// matchTD3 takes the run for the end of number and check digit in the second line of a
// passport, "G12345678" + digit + "MEX", and e for its end.
func (h *hit) matchTD3(b []byte, e int, loose bool) bool {
	start := e - 10
	if e+34 > len(b) || start < 0 || !isMRZCountry(b[e:e+3]) || !loose && (wordBefore(b, start) || wordAt(b, start+44)) {
		return false
	}
	line := b[start : start+44]
	if td3Outcome(line) != Valid {
		return false
	}
	*h = hit{kind: kindMRZ, start: start, end: start + 44, base: 80, outcome: Valid}
	h.addAll(line[:9])
	h.addAll(line[13:19])
	return true
}

// matchTD1 takes p for the first digit of the number in the first line of a card.
func (h *hit) matchTD1(b []byte, p int, loose bool) bool {
	start := p - 5
	if start >= 3 && b[start] != 'I' {
		start -= 3 // Spanish numbers begin with three letters
	}
	if start < 0 || start+60 > len(b) || b[start] != 'I' || b[start+1] != 'D' || !isMRZCountry(b[start+2:start+5]) ||
		!loose && wordBefore(b, start) {
		return false
	}
	next := start + 30
	for next < start+34 && next < len(b) && (b[next] == '\n' || b[next] == '\r' || b[next] == ' ') {
		next++
	}
	if next+30 > len(b) || !loose && wordAt(b, next+30) {
		return false
	}
	first, second := b[start:start+30], b[next:next+30]
	if td1Outcome(first, second) != Valid {
		return false
	}
	*h = hit{kind: kindMRZ, start: start, end: next + 30, base: 80, outcome: Valid}
	h.addAll(first[5:14])
	h.addAll(second[0:6])
	return true
}
