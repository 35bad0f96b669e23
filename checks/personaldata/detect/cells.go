package detect

import "encoding/binary"

// Most cells of a column that says what it holds are that, written as its office writes
// it: capitals and digits, and the signs between two fields on both sides. Such a cell
// needs no rules, no neighbours and no words. It is read at once; what is written
// otherwise, or is wrong, is left to the rules.

// plain is how the cells of a column are read at once.
type plain uint8

const (
	plainNone plain = iota
	plainCURP
	plainRFC
	plainNSS
	plainCLABE
	plainDNI
	plainNUSS
	plainIBAN
	plainPhone
	plainISSEMYM
	plainBirthDate
)

// plainOf is how a column is read whose name says so much. A name that says several
// things is read as the one of them that a cell of its length can be.
func plainOf(says words) plain {
	for _, p := range [...]struct {
		says words
		plain
	}{
		{saysCURP, plainCURP}, {saysRFC, plainRFC}, {saysNSS, plainNSS}, {saysNUSS, plainNUSS}, {saysCLABE, plainCLABE}, {saysIBAN, plainIBAN},
		{saysDNI, plainDNI}, {saysPhone, plainPhone}, {saysISSEMYM, plainISSEMYM}, {saysBirthDate, plainBirthDate},
	} {
		if says&p.says != 0 {
			return p.plain
		}
	}
	return plainNone
}

// cell takes the identifier that fills the cell around the run of digits b[p:e], when
// its column says what it is, and tells whether it did.
func (s *Scanner) cell(b []byte, base int64, p, e int) bool {
	c := &s.columns
	how := c.plain[c.field]
	h := &s.hits[0]
	lo, hi := p, e
	switch how {
	case plainNone:
		return false
	case plainCURP:
		lo, hi = p-4, p+14
	case plainRFC:
		lo, hi = p-4, p+9
		if lo >= 0 && !isUpper(b[lo]) {
			lo++
		}
	case plainDNI:
		hi = e + 1
	case plainIBAN:
		lo = p - 2
	case plainBirthDate:
		hi = p + len("2006-01-02")
	case plainNSS, plainCLABE, plainNUSS, plainPhone, plainISSEMYM:
	}
	if lo < 0 || hi >= len(b) || !c.fills(b, lo, hi) || !h.readCell(how, b, lo, hi) || !h.announced(c.says[c.field]) {
		return false
	}
	h.start, h.end = lo, hi
	s.skip = base + int64(hi)
	s.mentions.pos = max(s.mentions.pos, s.skip) // no words in there
	s.take(b, base, h, evidence{points: h.base + pointsColumn, field: c.field, plain: true})
	return true
}

// fills tells whether b[lo:hi] lies between two signs that end a field, or between the
// quotes of one.
func (c *columns) fills(b []byte, lo, hi int) bool {
	if after := b[hi]; after == '"' {
		if lo == 0 || b[lo-1] != '"' {
			return false
		}
		lo--
	} else if after != c.delim && after != '\n' && after != '\r' {
		return false
	}
	return lo == 0 || b[lo-1] == c.delim || b[lo-1] == '\n'
}

// readCell describes the cell b[lo:hi] in h, if it is what its column says and right.
func (h *hit) readCell(how plain, b []byte, lo, hi int) bool {
	v := b[lo:hi]
	switch how {
	case plainCURP:
		return h.readCURP(v)
	case plainRFC:
		return h.readRFC(v)
	case plainNSS:
		if len(v) != 11 || !luhnRun(b, lo, hi) || mod97Run(v) || allEqual(v) {
			return false
		}
		*h = hit{kind: kindNSS, base: 20, outcome: Valid}
	case plainCLABE:
		if clabeOutcome(v) != Valid || string(v) == sampleCLABE {
			return false
		}
		*h = hit{kind: kindCLABE, base: 35, outcome: Valid}
	case plainDNI:
		return h.readDNI(v)
	case plainNUSS:
		if len(v) != 12 {
			return false
		}
		outcome, company := nussOutcome(v)
		if outcome != Valid || company {
			return false
		}
		*h = hit{kind: kindNUSS, base: 35, outcome: Valid}
	case plainIBAN:
		if len(v) != 24 || v[0] != 'E' || v[1] != 'S' {
			return false
		}
		v = v[2:]
		if ibanOutcome(v) != Valid || isSampleAccount(v[2:]) {
			return false
		}
		*h = hit{kind: kindIBAN, base: 80, outcome: Valid}
	case plainPhone:
		if len(v) != 9 && len(v) != 10 {
			return false
		}
		national, k, _ := nationalPhone(v)
		if k == kinds {
			return false
		}
		*h = hit{kind: k, base: 20, outcome: ShapeOnly}
		v = national
	case plainISSEMYM:
		if len(v) < 5 || len(v) > 10 || allEqual(v) {
			return false
		}
		*h = hit{kind: kindISSEMYM, base: 20, outcome: ShapeOnly}
	case plainBirthDate:
		if !isPlainDate(v) {
			return false
		}
		*h = hit{kind: kindBirthDate, base: 20, outcome: ShapeOnly}
	case plainNone:
		return false
	}
	h.n = copy(h.value[:], v)
	return true
}

// isPlainDate tells whether a cell is a day that somebody may be born on, as 12/03/1984
// or 1984-03-12.
func isPlainDate(c []byte) bool {
	if len(c) != 10 {
		return false
	}
	pair := func(i int) int {
		hi, lo := c[i]-'0', c[i+1]-'0'
		if hi > 9 || lo > 9 {
			return -1e6
		}
		return int(hi)*10 + int(lo)
	}
	switch sep := c[2]; sep {
	case '/', '-', '.':
		return c[5] == sep && isBirthDay(pair(6)*100+pair(8), pair(3), pair(0))
	}
	sep := c[4]
	return (sep == '-' || sep == '/' || sep == '.') && c[7] == sep && isBirthDay(pair(0)*100+pair(2), pair(5), pair(8))
}

// Classes of characters in a CURP and an RFC.
const (
	classLetter = 1 << iota
	classDigit
	classVowel     // or X
	classConsonant // no vowel
	classSex
)

// classes is indexed by byte.
var classes = func() (t [256]uint8) {
	for i := range t {
		c := byte(i)
		if isUpper(c) {
			t[i] |= classLetter
			if isVowelOrX(c) {
				t[i] |= classVowel
			}
			if isConsonant(c) {
				t[i] |= classConsonant
			}
			if c == 'H' || c == 'M' || c == 'X' {
				t[i] |= classSex
			}
		}
		if isDigit(c) {
			t[i] |= classDigit
		}
	}
	return t
}()

// The class of each character.
const (
	l, d, v, k, x, a = classLetter, classDigit, classVowel, classConsonant, classSex, classLetter | classDigit
)

var (
	curpClasses = [18]uint8{l, v, l, l, d, d, d, d, d, d, x, l, l, k, k, k, a, d}
	rfcClasses  = [13]uint8{l, l, l, l, d, d, d, d, d, d, a, a, a}
)

// readCURP reads a cell that is a CURP.
func (h *hit) readCURP(c []byte) bool {
	if len(c) != 18 {
		return false
	}
	sum := 0
	for i, class := range curpClasses {
		if classes[c[i]]&class == 0 {
			return false
		}
		sum += int(curpValues[c[i]]) * (18 - i)
	}
	leap := leap1900
	if isLetter(c[16]) {
		leap = leapEither
	}
	if sum -= int(c[17] - '0'); c[17] != byte('0'+(10-sum%10)%10) || !validDate(c[4:10], leap) || !isState(c[11], c[12]) || isInconvenient(string(c[:4])) {
		return false
	}
	*h = hit{kind: kindCURP, base: 80, outcome: Valid, root: true, n: 18}
	copy(h.value[:], c)
	return true
}

// readRFC reads a cell that is the RFC of a person, or of a company.
func (h *hit) readRFC(c []byte) bool {
	company := len(c) == 12
	if !company && len(c) != 13 {
		return false
	}
	for i, class := range rfcClasses[13-len(c):] {
		if classes[c[i]]&class == 0 {
			return false
		}
	}
	n := len(c)
	if c[n-1] != rfcDigit(c) || !validDate(c[n-9:n-3], leapEither) || string(c[n-9:n-3]) == "010101" {
		return false
	}
	*h = hit{kind: kindRFC, base: 70, outcome: Valid, root: true, typo: true, n: n}
	if company {
		h.base, h.company, h.root = 40, true, false
	}
	copy(h.value[:], c)
	return true
}

// readDNI reads a cell that is eight digits and their letter.
func (h *hit) readDNI(c []byte) bool {
	if len(c) != 9 {
		return false
	}
	w := binary.LittleEndian.Uint64(c) & digitValues
	if w == 0 || c[8] != dniLetters[eightDigits(w)%23] {
		return false
	}
	*h = hit{kind: kindDNI, base: 35, outcome: Valid, n: 9}
	copy(h.value[:], c)
	return true
}
