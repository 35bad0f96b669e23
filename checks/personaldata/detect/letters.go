package detect

// Text arrives as bytes that may be ASCII, UTF-8 or Windows-1252, and is read as it
// is: what matters in an identifier is ASCII but for Ñ, and a byte sequence of one
// encoding that reads as a letter of the other is too rare to change a result.

// enye stands for Ñ in normalised values; it is its byte in Windows-1252.
const enye = 0xD1

func isUpper(c byte) bool  { return c-'A' < 26 }
func isLower(c byte) bool  { return c-'a' < 26 }
func isLetter(c byte) bool { return c|0x20-'a' < 26 }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }

// upper folds an ASCII letter to upper case and leaves any other byte alone.
func upper(c byte) byte {
	if isLower(c) {
		return c - 0x20
	}
	return c
}

// latinFold gives the plain lower-case letter of the Latin-1 letters 0xC0..0xFF, or 0.
const latinFold = "aaaaaaaceeeeiiiidnooooo\x00ouuuuypsaaaaaaaceeeeiiiidnooooo\x00ouuuuypy"

// foldLetter reads the letter at b[i]: its plain lower-case form, or 0 when it is no
// letter, and the number of bytes it takes.
func foldLetter(b []byte, i int) (letter byte, width int) {
	c := b[i]
	if c < 0x80 {
		if isLetter(c) {
			return c | 0x20, 1
		}
		return 0, 1
	}
	if c < 0xC0 {
		return 0, 1
	}
	if i+1 < len(b) && b[i+1]&0xC0 == 0x80 { // a UTF-8 sequence
		if c == 0xC3 {
			return latinFold[b[i+1]&0x3F], 2
		}
		return 0, 2
	}
	return latinFold[c-0xC0], 1
}

// wordBefore tells whether a letter or a digit ends just before i.
func wordBefore(b []byte, i int) bool {
	if i <= 0 {
		return false
	}
	c := b[i-1]
	switch {
	case c < 0x80:
		return isAlnum(c)
	case c < 0xC0: // the last byte of a UTF-8 sequence
		return i >= 2 && b[i-2] == 0xC3 && latinFold[c&0x3F] != 0
	}
	return latinFold[c-0xC0] != 0
}

// wordAt tells whether a letter or a digit begins at i.
func wordAt(b []byte, i int) bool {
	if i >= len(b) {
		return false
	}
	if isDigit(b[i]) {
		return true
	}
	letter, _ := foldLetter(b, i)
	return letter != 0
}

// separatorAt reads one separator of an identifier's groups at i: its plain form
// (space, '-', '.', '/') and width, or width 0. A no-break space counts as a space
// and the typographic hyphens and dashes as '-'.
func separatorAt(b []byte, i int) (sep byte, width int) {
	if i >= len(b) {
		return 0, 0
	}
	switch b[i] {
	case '-':
		return '-', 1 + lineEndAt(b, i+1) // a number broken at its hyphen
	case ' ', '.', '/':
		return b[i], 1
	case 0xA0:
		return ' ', 1
	case 0x96, 0x97: // Windows-1252 dashes
		return '-', 1
	case 0xC2:
		if i+1 < len(b) && b[i+1] == 0xA0 {
			return ' ', 2
		}
	case 0xE2:
		if i+2 < len(b) && b[i+1] == 0x80 && b[i+2] >= 0x90 && b[i+2] <= 0x94 {
			return '-', 3
		}
	}
	return 0, 0
}

// lineEndAt is the width of a line end at i, or 0.
func lineEndAt(b []byte, i int) int {
	switch {
	case i < len(b) && b[i] == '\n':
		return 1
	case i+1 < len(b) && b[i] == '\r' && b[i+1] == '\n':
		return 2
	}
	return 0
}

// separatorBefore is separatorAt for a separator that ends just before i.
func separatorBefore(b []byte, i int) (sep byte, width int) {
	for w := 1; w <= 3 && w <= i; w++ {
		if s, n := separatorAt(b, i-w); n == w {
			if w == 1 && b[i-1] >= 0x80 && i >= 2 && b[i-2] >= 0x80 {
				continue // the tail of a longer sequence
			}
			return s, w
		}
	}
	return 0, 0
}

// joinedBefore tells whether the digits that begin at i go on a longer number or code:
// "0.12345678", "34-12345678". A comma may as well stand between two fields.
func joinedBefore(b []byte, i int) bool {
	if i < 2 {
		return false
	}
	switch b[i-1] {
	case '.', '-', '/':
		return isDigit(b[i-2])
	case '+', '$':
		return true
	case ',':
		k := i - 1
		for k > 0 && i-k < 5 && isDigit(b[k-1]) {
			k--
		}
		if k == i-1 || i-k == 5 {
			return false // no number before it, or one too long for thousands and degrees
		}
		return k > 0 && b[k-1] != ',' && b[k-1] != '\n' && !isLetter(b[k-1]) // an RFC ends with a digit'
	}
	return false
}

// joinedAfter tells whether the digits that end at i go on as a longer number or code.
func joinedAfter(b []byte, i int) bool {
	if i+1 >= len(b) {
		return false
	}
	switch b[i] {
	case '.', '-', '/':
		return isDigit(b[i+1])
	case ',':
		k := i + 1
		for k < len(b) && k-i < 5 && isDigit(b[k]) {
			k++
		}
		if k == i+1 || k-i == 5 {
			return false
		}
		return k == len(b) || b[k] == ' ' || b[k] == '.'
	}
	return false
}

// validDate tells whether yymmdd digits are a day of the calendar in 1900..2099; leap
// tells whether year yy has a 29 February.
func validDate(d []byte, leap func(yy int) bool) bool {
	yy := int(d[0]-'0')*10 + int(d[1]-'0')
	mm := int(d[2]-'0')*10 + int(d[3]-'0')
	dd := int(d[4]-'0')*10 + int(d[5]-'0')
	switch mm {
	case 1, 3, 5, 7, 8, 10, 12:
		return dd >= 1 && dd <= 31
	case 4, 6, 9, 11:
		return dd >= 1 && dd <= 30
	case 2:
		return dd >= 1 && (dd <= 28 || dd == 29 && leap(yy))
	}
	return false
}

func leapEither(yy int) bool { return yy%4 == 0 }            // 2000 was one
func leap1900(yy int) bool   { return yy%4 == 0 && yy != 0 } // 1900 was none
