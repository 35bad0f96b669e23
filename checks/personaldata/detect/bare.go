package detect

import "encoding/binary"

// Most numbers of any text are short, and nothing: the count of a cell, the day of a date,
// an amount. What stands right beside them says so, before anything is read.

// Classes of the two characters on each side of a run of up to five digits: where no bit
// is set in both, they make nothing of it.
const (
	makesPlate = 1 << iota // a capital, or a separator and a capital
	makesGroup             // a separator and a digit
	makesArea              // a parenthesis and what may be digits
)

// nearChars is indexed by byte: what it may make as the character right before, right
// after, one further before and one further after a run of digits.
var nearChars = func() (t struct{ before, after, second, then [256]uint8 }) {
	for i := range t.before {
		c := byte(i)
		if isUpper(c) {
			t.before[i] |= makesArea // whatever stands before it
			t.second[i] |= makesPlate
			t.after[i] |= makesPlate
			t.then[i] |= makesPlate
		}
		t.second[i] |= makesArea
		switch {
		case c == '-', c == ' ':
			t.before[i] |= makesPlate
			t.after[i] |= makesPlate | makesGroup
		case c == '.', c == '/', c >= 0x80:
			t.after[i] |= makesGroup
		case c == ')':
			t.after[i] |= makesArea
		}
		if isDigit(c) || c >= 0x80 || c == '\n' || c == '\r' { // a number may be broken at its hyphen
			t.then[i] |= makesGroup
		}
		if isDigit(c) || c == ' ' || c >= 0x80 {
			t.then[i] |= makesArea
		}
	}
	return t
}()

// standsBare tells whether nothing stands beside the run b[p:e] of up to five digits that
// could make it more: the number of a cell, or the day of a date.
func standsBare(b []byte, p, e int) bool {
	if p < 2 || e+fewReach >= len(b) {
		return false
	}
	t := &nearChars
	if before := t.before[b[p-1]]; before != 0 && before&t.second[b[p-2]] != 0 {
		return false
	}
	after := t.after[b[e]]
	if after == 0 {
		return true
	}
	if after &= t.then[b[e+1]]; after&^makesGroup != 0 {
		return false
	}
	if after == 0 || e-p == 5 { // five digits are at most those of a plate
		return true
	}
	if fewDigits(b, p, e) {
		return true
	}
	if b[e] != '/' || b[p-1] == ' ' || b[p-1] == '-' {
		return false
	}
	switch e - p { // the group that follows in "28/12345678/42" and "2100/0418"
	case 2:
		return !isDigit(b[e+7])
	case 4:
		return !isDigit(b[e+4])
	}
	return true
}

// fewReach is how far fewDigits may look.
const fewReach = 20

// fewDigits tells whether the groups of digits that follow the run b[p:e] end before they
// are nine digits in all, or seven with dots between, as those of an amount, a date and a
// version do.
func fewDigits(b []byte, p, e int) bool {
	t := &nearChars
	dots := 0
	if e-p == 3 && b[p-1] == '.' {
		dots = 4 // "1.234.567": the first digit is no run
	}
	for digits, i := e-p, e; ; {
		c, next := b[i], b[i+1]
		if t.after[c]&t.then[next]&makesGroup == 0 {
			return dots < 2 || digits+dots < 9
		}
		if c == '.' {
			dots++
		}
		if c >= 0x80 || !isDigit(next) {
			return false // a sign of several bytes, or a line end
		}
		for i++; isDigit(b[i]); i++ {
			if digits++; digits == 9 {
				// A second group of eleven digits is the fraction of a number.
				return c == '.' && i < e+9 && digitBytes(binary.LittleEndian.Uint64(b[e+4:])) == highBits
			}
		}
	}
}

// isSlashDate tells whether digits as those of 02/01/2006 begin with the run of two at
// b[p] and a slash, and stand apart from what follows. They are part of no identifier.
func isSlashDate(b []byte, p int) bool {
	if p+10 >= len(b) || b[p+5] != '/' {
		return false
	}
	for _, i := range [...]int{3, 4, 6, 7, 8, 9} {
		if !isDigit(b[p+i]) {
			return false
		}
	}
	after := b[p+10]
	return !isDigit(after) && after != '/' && after != '-' && after != '.'
}
