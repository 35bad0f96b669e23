package extract

import (
	"bytes"
	"strconv"
	"time"
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
		if day, ok := sheetDate(v, since1904); ok {
			return day.AppendFormat(dst, time.DateOnly)
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

// sheetDate returns the day behind a number of days since the end of 1899 or 1903, of
// the years 1900 to 9999.
func sheetDate(v []byte, since1904 bool) (time.Time, bool) {
	if len(v) > 32 {
		return time.Time{}, false
	}
	days, err := strconv.ParseFloat(string(v), 64)
	if err != nil || !(days >= 1 && days < 2_958_466) {
		return time.Time{}, false
	}
	n := int(days)
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case since1904:
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case n < 60:
		n++ // before the 29th of February of 1900, which sheets believe in
	}
	return start.AddDate(0, 0, n), true
}
