package detect

// maskedRun is the length from which a run of digits in a name is hidden even when no
// rule knows it: telephones, accounts and cards are written in file names too.
const maskedRun = 7

// MaskPath returns path with every character of an identifier replaced by '*', for
// people name files and folders after the persons in them. It hides more than a
// Scanner would report: identifiers glued to other letters, with a wrong check digit
// or without context, the first ten characters of a CURP or RFC alone, and any run of
// seven digits or more but for a date of eight.
func MaskPath(path string) string {
	var masked []byte
	b := []byte(path)
	hide := func(from, to int) {
		if masked == nil {
			masked = []byte(path)
		}
		for i := from; i < to; i++ {
			masked[i] = '*'
		}
	}
	var h hit
	r := newRuns(b, 0, len(b), 0)
	for {
		p, e, ok := r.next()
		if !ok {
			break
		}
		if h.identify(b, p, e, true) {
			hide(h.start, h.end)
			r.use(h.end)
			continue
		}
		if e-p >= 6 && e-p <= 9 && validDate(b[p:p+6], leapEither) && p >= 4 &&
			isLetter(b[p-1]) && isLetter(b[p-2]) && isLetter(b[p-3]) && isLetter(b[p-4]) {
			hide(p-4, e)
		}
		if e-p >= maskedRun && !isFullDate(b[p:e]) {
			hide(p, e)
		}
	}
	if masked == nil {
		return path
	}
	return string(masked)
}

// isFullDate tells whether digits are a day of 1900..2099 as YYYYMMDD or DDMMYYYY.
func isFullDate(d []byte) bool {
	if len(d) != 8 {
		return false
	}
	century := func(c []byte) bool { return string(c) == "19" || string(c) == "20" }
	if century(d[:2]) && validDate(d[2:], leapEither) {
		return true
	}
	turned := []byte{d[6], d[7], d[2], d[3], d[0], d[1]}
	return century(d[4:6]) && validDate(turned, leapEither)
}
