package detect

import "strconv"

// Spreadsheets keep numbers with fifteen digits: a CLABE that was typed as a number has
// lost its last three digits and its leading zeros, an NSS or NUSS its leading zero and
// a card its last digit. In a column of their name such numbers count all the same.

const significant = 15 // digits that a number in a spreadsheet has

// numericCell reads the cell around b[p:e] as a number of a spreadsheet, in plain
// digits or as 1.24574718306011E+017, in a column that says what it holds.
func (h *hit) numericCell(b []byte, p, e int, says words) bool {
	lo, hi := p, e
	for lo > 0 && p-lo < 24 && (isDigit(b[lo-1]) || b[lo-1] == '.') {
		lo--
	}
	for hi < len(b) && hi-e < 24 && (isDigit(b[hi]) || b[hi] == '.' || b[hi] == '+' || b[hi]|0x20 == 'e') {
		hi++
	}
	var d [24]byte
	n, point, power, exponent := 0, -1, 0, false
	for _, c := range b[lo:hi] {
		switch {
		case isDigit(c) && exponent:
			if power = power*10 + int(c-'0'); power > 99 {
				return false
			}
		case isDigit(c):
			if n == len(d) {
				return false
			}
			d[n] = c
			n++
		case c == '.' && point < 0 && !exponent:
			point = n
		case c|0x20 == 'e' && !exponent:
			exponent = true
		case c == '+' && exponent:
		default:
			return false
		}
	}
	if exponent {
		if point < 0 {
			point = n
		}
		whole := point + power
		if whole < n || whole > 18 {
			return false
		}
		for n < whole {
			d[n] = '0'
			n++
		}
	} else if point >= 0 {
		for n > point && d[n-1] == '0' { // "8220470127.0"
			n--
		}
		if n > point {
			return false
		}
	}
	sheet := lo > 0 && b[lo-1] == '\t' || hi < len(b) && b[hi] == '\t' // readers of spreadsheets put tabs between cells
	return h.numeric(d[:n], lo, hi, exponent, sheet, says)
}

// numeric reads a whole number as what a column says it is. One card in ten ends with
// a zero, so a card counts as rounded only when it had an exponent.
func (h *hit) numeric(d []byte, lo, hi int, exponent, sheet bool, says words) bool {
	*h = hit{start: lo, end: hi, outcome: ShapeOnly, base: 25}
	var padded [18]byte
	switch n := len(d); {
	case says.announces(kindCLABE) && n >= 16 && n <= 18: // three banks begin with two zeros
		padded[0], padded[1] = '0', '0'
		copy(padded[18-n:], d)
		h.kind = kindCLABE
		switch clabeOutcome(padded[:]) {
		case Valid:
			h.outcome = Valid
		case DigitWrong:
			if !rounded(d) && (!sheet || !isFloat(d)) {
				return false
			}
		case ShapeOnly:
			return false
		default:
			return false
		}
		h.addAll(padded[:])
	case says.announces(kindNSS) && n == 10:
		padded[0] = '0'
		copy(padded[1:], d)
		if h.kind = kindNSS; !luhn(padded[:11]) || allEqual(d) {
			return false
		}
		h.outcome = Valid
		h.addAll(padded[:11])
	case says.announces(kindNUSS) && !says.announces(kindNSS) && n == 11:
		padded[0] = '0'
		copy(padded[1:], d)
		h.kind = kindNUSS
		if h.outcome, _ = nussOutcome(padded[:12]); h.outcome != Valid {
			return false
		}
		h.addAll(padded[:12])
	case says.announces(kindCard) && n == 16:
		if h.kind = kindCard; !exponent || !rounded(d) || cardOutcome(d) == 0 {
			return false
		}
		h.addAll(d)
	default:
		return false
	}
	return true
}

// isFloat tells whether a number is one that a sheet may have made of another, for it
// keeps them with 53 bits and shows as many digits as tell them apart.
func isFloat(d []byte) bool {
	n := uint64(0)
	for _, c := range d {
		n = n*10 + uint64(c-'0')
	}
	var shortest [24]byte
	return n >= 1<<53 && (uint64(float64(n)) == n || string(strconv.AppendFloat(shortest[:0], float64(n), 'f', -1, 64)) == string(d))
}

// rounded tells whether a number has no more digits than a spreadsheet keeps.
func rounded(d []byte) bool {
	for _, c := range d[significant:] {
		if c != '0' {
			return false
		}
	}
	return true
}
