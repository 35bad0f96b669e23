package detect

import "encoding/binary"

// Most long numbers are nobody's, and their digits say so: a CLABE has one of a hundred
// banks, a card an issuer, a telephone with its country's prefix that prefix. To know
// that costs less than to read the number as one and to look at what stands beside it.

// checkedRules are those that checked can take away.
const checkedRules = ruleNSS | ruleCCC | ruleCLABE | ruleCard | ruleNUSS | rulePhone | ruleINENumber

// checked is what the digits of the run b[p:e], which no other group follows, leave
// possible. It keeps whatever its rule must look at itself.
func checked(b []byte, p, e int) rule {
	d := b[p:e]
	var rules rule
	switch len(d) {
	case 9:
		if d[0] >= '6' {
			rules = rulePhone
		}
		rules |= ruleINENumber
	case 10:
		if d[0] >= '2' {
			rules = rulePhone
		}
		rules |= ruleINENumber
	case 11:
		if luhnRun(b, p, e) {
			rules = ruleNSS
		}
		if mod97Run(d) {
			rules |= ruleNUSS
		}
		if d[0] == '3' && d[1] == '4' {
			rules |= rulePhone
		}
	case 12:
		if mod97Run(d) {
			rules = ruleNUSS
		}
		if d[0] == '5' && d[1] == '2' || d[0] == '0' && d[1] == '1' {
			rules |= rulePhone
		}
		rules |= ruleINENumber
	case 13:
		if d[0] == '0' || d[0] == '5' {
			rules = rulePhone
		}
		rules |= ruleINENumber
		if luhnRun(b, p, e) {
			rules |= ruleCard
		}
	case 14, 15:
		if d[0] == '0' && d[1] == '0' {
			rules = rulePhone
		}
		if luhnRun(b, p, e) {
			rules |= ruleCard
		}
	case 16, 19:
		if d[0] >= '2' && d[0] <= '6' && luhnRun(b, p, e) {
			rules = ruleCard
		}
	case 18:
		if isBank(d) {
			rules = ruleCLABE
		}
	case 20:
		if d[8] == cccDigit(d[:8]) {
			rules = ruleCCC
		}
	default:
		return allRules
	}
	return rules | ^checkedRules
}

// digitValues masks the values of eight digits.
const digitValues = 0x0f0f0f0f0f0f0f0f

// luhnRun is luhn for a run of digits within b.
func luhnRun(b []byte, p, e int) bool {
	n := e - p
	if n < 8 || n > 16 || e < 16 {
		return luhn(b[p:e])
	}
	const doubled = 0x00ff00ff00ff00ff // every second digit from the last one, in bytes that begin with the first
	low := binary.LittleEndian.Uint64(b[e-16:]) >> (8 * (16 - n) % 64) << (8 * (16 - n) % 64)
	if n == 8 {
		low = 0
	}
	high := binary.LittleEndian.Uint64(b[e-8:])
	sum := uint64(0)
	for _, w := range [2]uint64{low & digitValues, high & digitValues} {
		w += w & doubled
		over := (w + carryAt) & highBits >> 7 // of ten and more
		w -= over * 9
		sum += w * lowOnes >> 56
	}
	return sum%10 == 0
}

// mod97Run tells whether the last two of eleven or twelve digits are those of a NUSS.
func mod97Run(d []byte) bool {
	province := number(d[:2])
	if province < 1 || province > 53 && province != 66 {
		return false
	}
	w := binary.LittleEndian.Uint64(d[len(d)-10:]) & digitValues
	if len(d) == 11 {
		w &^= 0xff // a digit of the province
	}
	n := eightDigits(w)
	if n < 1e7 {
		n += uint64(province) * 1e7
	} else {
		n += uint64(province) * 1e8
	}
	return n%97 == uint64(number(d[len(d)-2:]))
}

// eightDigits is the number whose digits are the bytes of w, the first one lowest.
func eightDigits(w uint64) uint64 {
	w = w*10 + w>>8 // pairs, in every second byte
	hi, lo := w&0x000000ff000000ff, w>>16&0x000000ff000000ff
	return (hi*(100+1000000<<32) + lo*(1+10000<<32)) >> 32
}
