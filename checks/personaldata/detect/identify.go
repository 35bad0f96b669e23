package detect

// A hit is a text that has the shape of an identifier.
type hit struct {
	start, end int // bounds in the buffer
	kind       kind
	outcome    Outcome
	company    bool     // an RFC of a legal person
	base       int      // points for the shape with a right check digit
	typo       bool     // a wrong check digit is common enough to be reported with context
	root       bool     // its first rootLength characters tell a person apart in CURP and RFC alike
	n          int      // length of value
	value      [32]byte // normalised: upper case, no separators, Ñ as enye
}

// rootLength is how many first characters the CURP and the RFC of a person share.
const rootLength = 10

// add appends a character to the normalised value. What is longer than value is folded
// into it: only its tag is needed.
func (h *hit) add(c byte) {
	if h.n < len(h.value) {
		h.value[h.n] = c
		h.n++
		return
	}
	for i := range h.value {
		h.value[i], c = h.value[i]*31+c, h.value[i]^c
	}
}

// examples are texts in which a rule must, and must not, report its type.
type examples struct{ found, missed []string }

// A rule is one way to read the text around a run of digits. The strong and long
// identifiers come first.
type rule uint32

const (
	ruleMRZ rule = 1 << iota
	ruleIBAN
	ruleCURP
	ruleRFC
	ruleClave
	ruleDNI
	ruleNIE
	ruleNIF
	ruleNSS
	ruleCCC
	ruleCLABE
	ruleCard
	ruleNUSS
	ruleCIF
	rulePassport
	rulePhone
	ruleINENumber
	rulePlate
	ruleISSEMYM
	ruleBirthDate

	allRules rule = 1<<iota - 1
)

const maxRun = 22 // digits in the longest run that is one number

// alone is indexed by the length of a run of digits: what the run may be part of by
// itself. What is not here is left alone before any neighbour is looked at.
var alone = [maxRun + 1]rule{
	6:  ruleCURP | ruleRFC | rulePassport,
	7:  ruleMRZ | ruleRFC | ruleNIE | ruleNIF | ruleCIF,
	8:  ruleRFC | ruleClave | ruleDNI | ruleCIF | rulePassport,
	9:  ruleMRZ | ruleRFC | ruleINENumber | rulePhone,
	10: ruleMRZ | ruleINENumber | rulePhone,
	11: ruleNSS | ruleNUSS | rulePhone,
	12: ruleNUSS | rulePhone | ruleINENumber,
	13: ruleCard | rulePhone | ruleINENumber,
	14: ruleCard | rulePhone,
	15: ruleMRZ | ruleCard | rulePhone,
	16: ruleCard,
	17: ruleCLABE, // without its leading zero, see numericCell
	18: ruleCLABE,
	19: ruleCard,
	20: ruleCCC,
	22: ruleIBAN,
}

// groupRules is what a run of n digits may be part of that ends at e, where another
// group follows after a separator. Dates, times and prices are such numbers too, and
// far more of them, so it looks at the length of what follows before any of it is read.
func groupRules(b []byte, e, n int) rule {
	sep, w := separatorAt(b, e)
	i := e + w
	next := digitsEnd(b[:min(len(b), i+12)], i)
	if n+next-i < 9 && !groupAt(b, next) {
		return 0 // "52.006" is no more than that
	}
	var rules rule
	switch second := next - i; n {
	case 2:
		switch second {
		case 1, 3:
			rules = rulePhone
		case 2:
			if _, w := separatorAt(b, next); w > 0 && digitsEnd(b[:min(len(b), next+w+3)], min(len(b), next+w)) == next+w+2 {
				rules = ruleNSS | rulePhone
			}
		case 4:
			rules = ruleIBAN | rulePhone
		case 7, 10:
			rules = ruleNUSS
		case 8:
			rules = ruleNUSS | rulePhone
		}
	case 3:
		switch second {
		case 2, 4, 6, 7:
			rules = rulePhone
		case 3:
			rules = ruleCLABE | rulePhone
		}
	case 4:
		switch second {
		case 2:
			if _, w := separatorAt(b, next); w > 0 && digitsEnd(b[:min(len(b), next+w+5)], min(len(b), next+w)) == next+w+4 {
				rules = ruleNSS
			}
		case 3, 6:
			rules = ruleCard
		case 4:
			rules = ruleCard | ruleCCC | ruleCLABE | rulePhone
		}
	case 6:
		if second >= 4 {
			rules = ruleCLABE
		}
	case 8:
		if second == 2 {
			rules = ruleCCC
		}
	case 10:
		if second <= 2 {
			rules = ruleNSS | ruleNUSS
		}
	case 17:
		rules = ruleCLABE
	}
	if sep == '/' {
		rules &= ruleNUSS | ruleCCC
	}
	if rules&rulePhone != 0 && !phoneBegins(b[e-n:e]) {
		rules &^= rulePhone
	}
	if rules&ruleCard != 0 && (b[e-n] < '2' || b[e-n] > '6') {
		rules &^= ruleCard
	}
	if rules&ruleCLABE != 0 && !isBank(b[e-n:]) {
		rules &^= ruleCLABE
	}
	if rules&ruleCCC != 0 && n == 4 && !accountGoesOn(b[e-4:e], b[i:next], b, next) {
		rules &^= ruleCCC
	}
	if rules&summedRules != 0 {
		rules &= bySums(b, next, n+next-i)
	}
	return rules
}

// summedRules are those that want a number of digits which groups make up exactly.
const summedRules = ruleNSS | ruleCCC | ruleCLABE | ruleCard | ruleNUSS

// bySums is what is possible by the numbers of digits that the groups up to b[i], which are
// of so many, and those after them make up.
func bySums(b []byte, i, digits int) rule {
	sums := uint32(1) << min(digits, 31)
	for digits < 20 {
		_, w := separatorAt(b, i)
		if w == 0 || i+w >= len(b) || !isDigit(b[i+w]) {
			break
		}
		i += w
		from := i
		for i < len(b) && isDigit(b[i]) && i-from < 20 {
			i++
		}
		digits += i - from
		sums |= 1 << min(digits, 31)
	}
	rules := ^summedRules
	if sums>>18&1 == 1 {
		rules |= ruleCLABE
	}
	if sums>>20&1 == 1 {
		rules |= ruleCCC
	}
	if sums>>13&0x7f != 0 {
		rules |= ruleCard
	}
	if sums>>11&3 != 0 {
		rules |= ruleNSS | ruleNUSS
	}
	return rules
}

// accountGoesOn tells whether the digit that checks the bank and the office of an account,
// four digits each, begins the group that follows them at i.
func accountGoesOn(bank, office, b []byte, i int) bool {
	_, w := separatorAt(b, i)
	if w == 0 || i+w >= len(b) {
		return false
	}
	return b[i+w] == cccDigit([]byte{bank[0], bank[1], bank[2], bank[3], office[0], office[1], office[2], office[3]})
}

const (
	// namedRules read what looks like any number, and counts where its name stands.
	namedRules = rulePassport | rulePhone | ruleINENumber | ruleBirthDate
	// aroundDigits is how far before its digits such a thing may begin.
	aroundDigits = 8
)

// What neighbours leave possible.
const (
	afterLetter   = ruleMRZ | ruleIBAN | ruleCURP | ruleRFC | ruleClave | ruleNIE | ruleNIF | ruleCIF | rulePassport | ruleINENumber | rulePlate
	afterNoLetter = ruleDNI | ruleNSS | ruleCCC | ruleCLABE | ruleCard | ruleNUSS | rulePhone | ruleINENumber | rulePlate
	beforeLetter  = ruleMRZ | ruleCURP | ruleRFC | ruleClave | ruleDNI | ruleNIE | ruleNIF | ruleCIF | rulePhone | rulePlate
	beforeOther   = allRules &^ (ruleCURP | ruleClave | ruleDNI | ruleNIE | ruleNIF)
)

// neighbours is what the characters beside a run of digits leave possible.
func neighbours(b []byte, p, e int) rule {
	rules := allRules
	if p == 0 {
		rules = afterNoLetter
	} else if c := b[p-1]; isLetter(c) {
		rules = afterLetter
		if p >= 2 && isDigit(b[p-2]) { // a key in hexadecimal: no identifier has its first letters there
			rules = ruleMRZ
		}
	} else if (c == '.' || c == '-' || c == '/') && p >= 2 && isDigit(b[p-2]) {
		return 0 // the fraction of a number, or a later group: see joinedBefore
	} else if c != ' ' && c != '-' && c != '&' && c != ';' && c < 0x80 {
		rules = afterNoLetter
	}
	if e >= len(b) {
		return rules & beforeOther
	}
	switch c := b[e]; {
	case isLetter(c):
		rules &= beforeLetter
	case c == ' ', c == '-', c >= 0x80:
	default:
		rules &= beforeOther
	}
	return rules
}

// Classes of characters beside a run of up to four digits, without which it is nothing.
const (
	besideBefore = 1 << iota // before it
	besideAfter              // after it
)

// beside is indexed by byte.
var beside = func() (t [256]uint8) {
	for i := range t {
		switch c := byte(i); {
		case isUpper(c), c == '-', c == ' ':
			t[i] = besideBefore | besideAfter
		case c == '.', c == '/', c == ')', c >= 0x80:
			t[i] = besideAfter
		}
	}
	return t
}()

// groupBefore tells whether two digits and a slash stand before p: what follows them has
// been looked at with them.
func groupBefore(b []byte, p int) bool {
	return p >= 3 && b[p-1] == '/' && isDigit(b[p-2]) && isDigit(b[p-3])
}

// shortRules is what a run of up to five digits may be part of. Most numbers of any text
// are such runs and nothing, so it decides by the bytes next to them.
func shortRules(b []byte, p, e int) rule {
	n := e - p
	if e >= len(b) || n == 5 {
		return shortPlate(b, p, e)
	}
	c := b[e]
	if n == 3 && p >= 3 && b[p-1] == '.' && c == '.' && isDigit(b[p-2]) && !isDigit(b[p-3]) {
		return ruleNIE
	}
	switch {
	case isLetter(c), isDigit(c):
		return shortPlate(b, p, e)
	case c == '.' && n <= 2 && dottedAt(b, e) && dottedAt(b, e+4):
		if n == 1 {
			return ruleNIE
		}
		return ruleDNI | ruleCIF | rulePhone
	case c == ')':
		if n <= 3 && e+2 < len(b) && (isDigit(b[e+1]) || isDigit(b[e+2])) { // "(55) 1234"
			return rulePhone
		}
	}
	rules := rule(0)
	if p > 0 && isLetter(b[p-1]) { // "e71-9157": all but an account stand apart
		if n == 2 && b[p-1]|0x20 == 's' && groupAt(b, e) {
			rules = groupRules(b, e, n) & ruleIBAN
		}
	} else if groupAt(b, e) {
		rules = groupRules(b, e, n)
	}
	return rules | shortPlate(b, p, e)
}

// shortPlate is rulePlate when capitals stand beside the digits b[p:e].
func shortPlate(b []byte, p, e int) rule {
	if p > 0 {
		switch c := b[p-1]; {
		case isUpper(c):
			if e < len(b) && b[e] < 0x80 && beside[b[e]]&besideBefore == 0 { // nothing follows: ABC123, ABC1234, AB12345
				if n := e - p; n < 3 || p < 3 || !isUpper(b[p-2]) || n < 5 && !isUpper(b[p-3]) {
					return 0
				}
			}
			return rulePlate
		case (c == '-' || c == ' ') && p >= 3 && isUpper(b[p-2]) && isUpper(b[p-3]):
			return rulePlate
		}
	}
	if e+2 >= len(b) || e-p > 4 {
		return 0
	}
	i := e
	if b[i] == '-' || b[i] == ' ' {
		i++
	}
	if isUpper(b[i]) && isUpper(b[i+1]) {
		return rulePlate
	}
	return 0
}

// identify looks for any identifier around the run of digits b[p:e], and describes the
// first one in h.
func (h *hit) identify(b []byte, p, e int, loose bool) bool {
	var r reading
	return r.begin(b, p, e, loose) && r.next(h)
}

// dottedAt tells whether a group of three digits after a dot may begin at i.
func dottedAt(b []byte, i int) bool {
	return i+3 < len(b) && b[i] == '.' && isDigit(b[i+1]) && isDigit(b[i+3])
}

// groupAt tells whether a separator and a digit stand at i.
func groupAt(b []byte, i int) bool {
	if i+1 >= len(b) {
		return false
	}
	switch c := b[i]; {
	case c == ' ', c == '.', c == '/', c == '-' && b[i+1] > '\r':
		return isDigit(b[i+1])
	case c < 0x80 && c != '-':
		return false
	}
	_, w := separatorAt(b, i)
	return w > 0 && i+w < len(b) && isDigit(b[i+w])
}
