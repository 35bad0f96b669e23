package corpustest

import (
	"fmt"
	"strconv"
	"strings"
)

// The check digits, written from their published definitions without a look at package
// detect: what both get wrong in the same way would not be seen.

// curpDigit is the eighteenth character of a CURP: weights 18 to 2, complement to ten.
func curpDigit(first17 string) string {
	sum := 0
	for i, c := range first17 {
		value := strings.IndexRune("0123456789ABCDEFGHIJKLMN", c)
		if value < 0 {
			value = 25 + strings.IndexRune("OPQRSTUVWXYZ", c) // Ñ has 24 for itself
		}
		sum += value * (18 - i)
	}
	return strconv.Itoa((10 - sum%10) % 10)
}

// rfcDigit is the last character of an RFC of 12 characters (a company has a blank
// before its three letters): weights 13 to 2, complement to eleven.
func rfcDigit(first12 string) string {
	sum, weight := 0, 13
	for _, c := range first12 {
		value := 0
		switch {
		case c >= '0' && c <= '9':
			value = int(c - '0')
		case c >= 'A' && c <= 'N':
			value = int(c-'A') + 10
		case c == '&':
			value = 24
		case c >= 'O' && c <= 'Z':
			value = int(c-'O') + 25
		case c == ' ':
			value = 37
		case c == 'Ñ':
			value = 38
		}
		sum += value * weight
		weight--
	}
	switch rest := 11 - sum%11; rest {
	case 11:
		return "0"
	case 10:
		return "A"
	default:
		return strconv.Itoa(rest)
	}
}

// homoclave is the two characters that tell apart those who would have the same RFC.
func homoclave(fullName string) string {
	code := func(c rune) int {
		switch {
		case c >= '0' && c <= '9':
			return int(c - '0')
		case c == '&':
			return 10
		case c >= 'A' && c <= 'I':
			return int(c-'A') + 11
		case c >= 'J' && c <= 'R':
			return int(c-'J') + 21
		case c >= 'S' && c <= 'Z':
			return int(c-'S') + 32
		case c == 'Ñ':
			return 40
		}
		return 0
	}
	digits := []int{0}
	for _, c := range fullName {
		digits = append(digits, code(c)/10, code(c)%10)
	}
	sum := 0
	for i := range len(digits) - 1 {
		sum += (10*digits[i] + digits[i+1]) * digits[i+1]
	}
	const table = "123456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
	sum %= 1000
	return string(table[sum/34]) + string(table[sum%34])
}

// luhn is the digit that makes a number divisible by ten as Luhn adds it up.
func luhn(number string) string {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return strconv.Itoa((10 - sum%10) % 10)
}

// clabeDigit is the last digit of a CLABE: weights 3, 7, 1.
func clabeDigit(first17 string) string {
	sum := 0
	for i := range len(first17) {
		sum += int(first17[i]-'0') * [3]int{3, 7, 1}[i%3] % 10
	}
	return strconv.Itoa((10 - sum%10) % 10)
}

// dniLetter is the letter of a Spanish number.
func dniLetter(number int) string { return string("TRWAGMYFPDXBNJZSQVHLCKE"[number%23]) }

// cifControl is the control digit of the seven digits of a company's number.
func cifControl(seven string) int {
	sum := 0
	for i := range len(seven) {
		d := int(seven[i] - '0')
		if i%2 == 0 {
			d *= 2
			d = d/10 + d%10
		}
		sum += d
	}
	return (10 - sum%10) % 10
}

// nussControl is the last two digits of a Spanish social security number.
func nussControl(province, number int) string {
	v := number + province*100_000_000
	if number < 10_000_000 {
		v = number + province*10_000_000
	}
	return fmt.Sprintf("%02d", v%97)
}

// accountDigit is one of the two control digits of a Spanish bank account: of the ten
// digits, bank and office being given with two zeros before them.
func accountDigit(ten string) string {
	sum := 0
	for i, weight := range [10]int{1, 2, 4, 8, 5, 10, 9, 7, 3, 6} {
		sum += int(ten[i]-'0') * weight
	}
	switch c := 11 - sum%11; c {
	case 11:
		return "0"
	case 10:
		return "1"
	default:
		return strconv.Itoa(c)
	}
}

// ibanDigits are the two check digits of a Spanish account as an IBAN.
func ibanDigits(account string) string {
	rest := 0
	for _, c := range account + "142800" { // ES00
		rest = (rest*10 + int(c-'0')) % 97
	}
	return fmt.Sprintf("%02d", 98-rest)
}

// icao is the check digit of a field of a machine-readable zone.
func icao(field string) string {
	sum := 0
	for i, c := range field {
		value := 0
		switch {
		case c >= '0' && c <= '9':
			value = int(c - '0')
		case c >= 'A' && c <= 'Z':
			value = int(c-'A') + 10
		}
		sum += value * [3]int{7, 3, 1}[i%3]
	}
	return strconv.Itoa(sum % 10)
}

// digitChanged returns s with its digit at i, counted from the end when negative,
// replaced by another.
func digitChanged(r *random, s string, i int) string {
	if i < 0 {
		i += len(s)
	}
	return s[:i] + string('0'+(s[i]-'0'+byte(r.between(1, 9)))%10) + s[i+1:]
}
