package detect

// Birth dates: a date that stands after a word for birth, or in a column of that name.
// Day first, as in both countries, or year first as computers write it.

func birthDateExamples() examples {
	return examples{
		found: []string{
			"nacido el 12 de marzo de 1984",
			"Fecha de nacimiento: 12/03/1984",
			"F. Nac. 12-03-84",
			"fecha_nac=1984-03-12",
			"born 1984/03/12",
			"nació el 1 de enero de 2001",
			"fecha de nacimiento 12.03.1984",
			"nacimiento: 12-MAR-1984",
		},
		missed: []string{
			"12/03/1984",                // no word beside it
			"nacimiento: 12/13/1984",    // no such month
			"nacimiento: 32/03/1984",    // no such day
			"nacimiento: 12/03/1884",    // nobody is that old
			"nacional 12/03/1984",       // words are whole words
			"renacimiento 12/03/1984",   //
			"nacimiento 3.12.1984.7",    // a version
			"acta de nacimiento 127/84", //
		},
	}
}

// birthColumnExamples are tables, where the name of the column stands far above the date.
func birthColumnExamples() examples {
	return examples{
		found: []string{
			"nombre;fecha_nacimiento\nAna;5/3/1984",
			"nombre;FechaNacimiento\nAna;05.03.1984\n",
			"nombre|fec_nac|alta\nAna|1984-03-12 00:00:00|2020-01-31",
			"nombre|fec_nac|alta\nAna|1984-03-12T00:00:00.000Z|2020-01-31",
			"nombre|nacimiento\nAna|19840312",
			"nombre\tfecha de nacimiento\nAna\t12-mar-1984\n",
		},
		missed: []string{
			"nombre|nacimiento|alta\nAna||2020-01-31", // another column
			"nombre|nacimiento\nAna|19841312",         // no such month
			"nombre|lugar de nacimiento\nAna|Toluca",
			"nombre|alta\nAna|1984-03-12",
		},
	}
}

// matchBirthDate reads a cell of a column of dates of birth: a date, with a time perhaps,
// or eight digits. Its first run of two digits or more is b[p:e].
func (h *hit) matchBirthDate(b []byte, p, e int) bool {
	start := p
	for start > 0 && p-start < 6 && (isDigit(b[start-1]) || b[start-1] == '/' || b[start-1] == '-' || b[start-1] == '.') {
		start--
	}
	end := e
	var ok bool
	if e-p == 8 {
		ok = start == p && (isBirthDay(number(b[p:p+4]), number(b[p+4:p+6]), number(b[p+6:e])) ||
			isBirthDay(number(b[p+4:e]), number(b[p+2:p+4]), number(b[p:p+2])))
	} else {
		end, ok = dateAt(b, start, digitsEnd(b[:min(len(b), start+5)], start))
	}
	if !ok {
		return false
	}
	*h = hit{kind: kindBirthDate, start: start, end: timeEnd(b, end), base: 20, outcome: ShapeOnly}
	h.addAll(b[start:end])
	return true
}

// timeEnd skips the time of day that a database writes after the date that ends at i.
func timeEnd(b []byte, i int) int {
	if i+6 > len(b) || b[i] != ' ' && b[i] != 'T' || !isDigit(b[i+1]) {
		return i
	}
	end := i + 1
	for end < len(b) && end-i < 20 && (isDigit(b[end]) || b[end] == ':' || b[end] == '.') {
		end++
	}
	if end < len(b) && b[end] == 'Z' {
		end++
	}
	return end
}

// Years of birth of living persons.
const (
	firstBirthYear = 1900
	lastBirthYear  = 2049
)

// dateAt reads a date that begins with the run of digits b[p:e] and returns where it
// ends, or false when there is none.
func dateAt(b []byte, p, e int) (end int, ok bool) {
	if e >= len(b) {
		return 0, false
	}
	switch e - p {
	case 4: // 1984-03-12
		year := number(b[p:e])
		month, i := dateNumber(b, e, b[e], 2)
		if i == 0 || i >= len(b) || b[i] != b[e] {
			return 0, false
		}
		day, i := dateNumber(b, i, b[e], 2)
		return i, i > 0 && isBirthDay(year, month, day) && !wordAtDigits(b, i)
	case 1, 2:
		day := number(b[p:e])
		if b[e] == ' ' || b[e] == '-' || b[e] == '/' {
			if end, ok = writtenDate(b, e, day); ok {
				return end, true
			}
		}
		month, i := dateNumber(b, e, b[e], 2)
		if i == 0 || i >= len(b) || b[i] != b[e] {
			return 0, false
		}
		year, i := dateNumber(b, i, b[i], 4)
		if i == 0 || joinedAfter(b, i) {
			return 0, false
		}
		return i, isBirthDay(fullYear(year, b, i), month, day) && !wordAtDigits(b, i)
	}
	return 0, false
}

// dateNumber reads the separator sep at i and up to most digits; next is 0 without them.
func dateNumber(b []byte, i int, sep byte, most int) (n, next int) {
	switch sep {
	case '/', '-', '.':
	default:
		return 0, 0
	}
	if i >= len(b) || b[i] != sep {
		return 0, 0
	}
	next = digitsEnd(b[:min(len(b), i+2+most)], i+1)
	if next == i+1 || next > i+1+most || most == 4 && next != i+3 && next != i+5 {
		return 0, 0
	}
	return number(b[i+1 : next]), next
}

// fullYear gives a year of two digits its century.
func fullYear(year int, b []byte, end int) int {
	if end >= 3 && !isDigit(b[end-3]) {
		if year > lastBirthYear%100 {
			return 1900 + year
		}
		return 2000 + year
	}
	return year
}

func wordAtDigits(b []byte, i int) bool { return i < len(b) && isDigit(b[i]) }

func isBirthDay(year, month, day int) bool {
	if year < firstBirthYear || year > lastBirthYear || month < 1 || month > 12 || day < 1 {
		return false
	}
	d := [6]byte{
		byte('0' + year/10%10), byte('0' + year%10),
		byte('0' + month/10), byte('0' + month%10),
		byte('0' + min(day, 99)/10), byte('0' + min(day, 99)%10),
	}
	return validDate(d[:], leapEither)
}

// writtenDate reads " de marzo de 1984" or "-MAR-1984" at i, after a day.
func writtenDate(b []byte, i, day int) (end int, ok bool) {
	i = skipOf(b, i+1)
	start := i
	for i < len(b) && i-start < 12 && isLetter(b[i]) {
		i++
	}
	if i-start < 3 {
		return 0, false
	}
	month := monthOf(b[start:i])
	if month == 0 || i >= len(b) {
		return 0, false
	}
	switch b[i] {
	case ' ', '-', '/', '.', ',':
	default:
		return 0, false
	}
	i = skipOf(b, i+1)
	e := digitsEnd(b[:min(len(b), i+5)], i)
	if e-i != 4 {
		return 0, false
	}
	return e, isBirthDay(number(b[i:e]), month, day)
}

// skipOf skips spaces, "de" and "del" at i.
func skipOf(b []byte, i int) int {
	for range 2 {
		for n := 0; n < 3 && i < len(b) && b[i] == ' '; n++ {
			i++
		}
		if i+2 >= len(b) || b[i]|0x20 != 'd' || b[i+1]|0x20 != 'e' {
			return i
		}
		j := i + 2
		if b[j]|0x20 == 'l' {
			j++
		}
		if j >= len(b) || b[j] != ' ' {
			return i
		}
		i = j
	}
	return i
}

// monthOf is the number of a month in Spanish or English, by its first three letters,
// or 0.
func monthOf(word []byte) int {
	w := [3]byte{word[0] | 0x20, word[1] | 0x20, word[2] | 0x20}
	switch string(w[:]) {
	case "ene", "jan":
		return 1
	case "feb":
		return 2
	case "mar":
		return 3
	case "abr", "apr":
		return 4
	case "may":
		return 5
	case "jun":
		return 6
	case "jul":
		return 7
	case "ago", "aug":
		return 8
	case "sep", "set":
		return 9
	case "oct":
		return 10
	case "nov":
		return 11
	case "dic", "dec":
		return 12
	}
	return 0
}
