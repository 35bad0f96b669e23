package extract

import (
	"bytes"
	"strconv"
)

// fullNumber appends a number of a cell to dst without exponent, as long as it has at
// most 40 digits: a bank account that a sheet holds as 1.24574718306011E+017 has its 18
// digits again, the last of them zeros as the sheet lost them. What is no number is
// appended as it is.
func fullNumber(dst, v []byte) []byte {
	const most = 40
	if len(v) > most {
		return append(dst, v...)
	}
	var buf [2 * most]byte
	digits := buf[:0]
	point, exponent := -1, 0
	rest := v
	negative := len(rest) > 0 && rest[0] == '-'
	if negative {
		rest = rest[1:]
	}
scan:
	for i, c := range rest {
		switch {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case c == '.' && point < 0:
			point = len(digits)
		case (c == 'e' || c == 'E') && len(digits) > 0:
			n, err := strconv.Atoi(string(bytes.TrimPrefix(rest[i+1:], []byte("+"))))
			if err != nil || n < -most || n > most {
				return append(dst, v...)
			}
			exponent = n
			break scan
		default:
			return append(dst, v...)
		}
	}
	if len(digits) == 0 {
		return append(dst, v...)
	}
	if point < 0 {
		point = len(digits)
	}
	point += exponent
	if point > most || point < -most/2 {
		return append(dst, v...)
	}
	if negative {
		dst = append(dst, '-')
	}
	from := len(dst)
	for i := range max(point, 0) {
		if i < len(digits) {
			dst = append(dst, digits[i])
		} else {
			dst = append(dst, '0')
		}
	}
	if exponent != 0 && len(dst)-from > 1 && dst[from] == '0' {
		dst = append(dst[:from], bytes.TrimLeft(dst[from:], "0")...)
	}
	if len(dst) == from {
		dst = append(dst, '0')
	}
	fraction := bytes.TrimRight(digits[min(max(point, 0), len(digits)):], "0")
	if len(fraction) == 0 {
		return dst
	}
	dst = append(dst, '.')
	for range -min(point, 0) {
		dst = append(dst, '0')
	}
	return append(dst, fraction...)
}

// A numberFormat says how a cell shows its number, as far as that matters here.
type numberFormat struct {
	date  bool
	width uint8 // digits that it has at least, zeros before them
}

// builtinFormat returns the format behind a number of ECMA-376 part 1, 18.8.30.
func builtinFormat(id int) numberFormat {
	switch {
	case id >= 14 && id <= 17, id == 22, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return numberFormat{date: true}
	}
	return numberFormat{}
}

// parseFormat reads a format code: dd/mm/yyyy is a date, 00000000000 a number of eleven
// digits. A time without a date is neither.
func parseFormat(code []byte) numberFormat {
	if k := bytes.IndexByte(code, ';'); k >= 0 {
		code = code[:k] // of positive numbers
	}
	if bytes.EqualFold(code, []byte("general")) || bytes.EqualFold(code, []byte("standard")) {
		return numberFormat{}
	}
	var zeros uint8
	whole := true // only zeros
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			k := bytes.IndexByte(code[i+1:], '"')
			if k < 0 {
				return numberFormat{}
			}
			i += k + 1
		case '[':
			k := bytes.IndexByte(code[i:], ']')
			if k < 0 {
				return numberFormat{}
			}
			i += k
		case '\\', '_', '*':
			i++
		case 'y', 'Y', 'd', 'D':
			return numberFormat{date: true}
		case '0':
			zeros = min(zeros+1, 30)
		case ' ', '-', '/':
		default:
			whole = false
		}
	}
	if !whole || zeros < 2 {
		return numberFormat{}
	}
	return numberFormat{width: zeros}
}

// append appends the number v as a cell in this format shows it. Since1904 says from when
// days are counted.
func (n numberFormat) append(dst, v []byte, since1904 bool) []byte {
	from := len(dst)
	if n.date {
		if days, ok := sheetDays(v); ok {
			return appendDate(dst, days, since1904)
		}
	}
	dst = fullNumber(dst, v)
	if missing := int(n.width) - (len(dst) - from); missing > 0 && allDigits(dst[from:]) {
		const zeros = "000000000000000000000000000000"
		dst = append(dst, zeros[:missing]...)
		copy(dst[from+missing:], dst[from:])
		copy(dst[from:], zeros[:missing])
	}
	return dst
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// sheetDays returns the whole days of a date: a number of at least one day, and of no
// day after the year 9999.
func sheetDays(v []byte) (int, bool) {
	if k := bytes.IndexByte(v, '.'); k >= 0 {
		if !allDigits(v[k+1:]) {
			return 0, false
		}
		v = v[:k]
	}
	days, ok := decimal(v)
	return days, ok && days >= 1 && days < 2_957_000
}

// appendDate appends the day that is so many days after the end of 1899, or after the
// beginning of 1904. The first count has a 29th of February of 1900.
func appendDate(dst []byte, days int, since1904 bool) []byte {
	switch {
	case since1904:
		days += 1462
	case days < 60:
		days++
	}
	// Of the calendar that begins with a March, in eras of 400 years.
	const eraDays, untilMarch1900 = 146_097, 61
	z := days - untilMarch1900 + 693_960 // days since the first of March of the year 0
	era := z / eraDays
	day := z % eraDays
	year := (day - day/1460 + day/36_524 - day/146_096) / 365
	day -= 365*year + year/4 - year/100
	month := (5*day + 2) / 153
	day -= (153*month+2)/5 - 1
	year += 400 * era
	if month += 3; month > 12 {
		month -= 12
		year++
	}
	two := func(n int) { dst = append(dst, byte('0'+n/10%10), byte('0'+n%10)) }
	two(year / 100)
	two(year)
	dst = append(dst, '-')
	two(month)
	dst = append(dst, '-')
	two(day)
	return dst
}
