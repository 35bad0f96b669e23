package detect

import "bytes"

// MaskPath returns path with every character of an identifier replaced by '*', for
// people name files and folders after the persons in them. It hides more than a
// Scanner would report: identifiers without context, with a wrong check digit, glued to
// other letters and digits, and the first ten characters of a person's CURP or RFC
// alone. The result has as many bytes as path.
func MaskPath(path string) string { return maskPath(path, false) }

// maskPath is MaskPath; all: it reads even the digits that can be nothing, for tests.
func maskPath(path string, all bool) string {
	if !all && fewDigitsIn(path) {
		return path
	}
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
	for i := bytes.IndexByte(b, '@'); i >= 0; {
		if from, to := addressAround(b, i); from < to {
			hide(from, to)
		}
		next := bytes.IndexByte(b[i+1:], '@')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	const weakBase = 20 // telephones, plates, passports: any number looks like one
	var h hit
	r := newRuns(b, 0, len(b), 0)
	for {
		p, e, ok := r.next()
		if !ok {
			break
		}
		switch {
		case !all && harmlessRun(b, p, e):
			continue
		case h.identify(b, p, e, false) && (h.outcome != ShapeOnly || h.base > weakBase):
		case h.identify(b, p, e, true) && (h.outcome == Valid || h.kind == kindCURP):
			// Glued: of the others a right digit is asked for, or any word and number would do.
		case isRoot(b, p, e):
			h.start, h.end = p-4, e
		default:
			continue
		}
		hide(h.start, h.end)
		r.use(h.end)
	}
	if masked == nil {
		return path
	}
	return string(masked)
}

// addressAround is where an e-mail address may lie around the '@' at b[at], or nothing.
// An ending of a file's name that follows is hidden with it.
func addressAround(b []byte, at int) (from, to int) {
	from, to = at, at+1
	for from > 0 && (isLocalPart(b[from-1]) || b[from-1] >= 0x80) {
		from--
	}
	dot := 0
	for to < len(b) && (isAlnum(b[to]) || b[to] == '-' || b[to] == '.' || b[to] >= 0x80) {
		if b[to] == '.' {
			dot = to
		}
		to++
	}
	if from == at || dot == 0 || dot == to-1 || isDigit(b[to-1]) { // a version is "name@1.2"
		return 0, 0
	}
	return from, to
}

// isRoot tells whether the run b[p:e] is the date in the first ten characters of a
// person's CURP or RFC, standing alone.
func isRoot(b []byte, p, e int) bool {
	if e-p != 6 || p < 4 || !validDate(b[p:e], leapEither) || wordBefore(b, p-4) || wordAt(b, e) {
		return false
	}
	for _, c := range b[p-4 : p] {
		if !isLetter(c) {
			return false
		}
	}
	return true
}

// fewDigitsIn tells whether a path has no address of mail, and fewer digits than the first
// six of an identifier. Most have.
func fewDigitsIn(path string) bool {
	digits := 0
	for i := range len(path) {
		switch c := path[i]; {
		case isDigit(c):
			digits++
		case c == '@':
			return false
		}
	}
	return digits < 6
}

// harmlessRun tells whether the run of digits b[p:e] of a path is too short to be part of
// an identifier, with the groups after it, and no letter stands with it. Most numbers of
// files and folders are such.
func harmlessRun(b []byte, p, e int) bool {
	if e-p > 8 || p > 0 && joinsLetter(b, p-1, -1) || e < len(b) && joinsLetter(b, e, +1) {
		return false
	}
	digits, dots, slashes := e-p, 0, true
	for i := e; i+1 < len(b) && isDigit(b[i+1]); {
		switch b[i] {
		case '/':
		case '.':
			dots++
			slashes = false
		case ' ', '-':
			slashes = false
		default:
			return true
		}
		next := digitsEnd(b, i+1)
		if digits += next - i - 1; digits >= 11 || !slashes && digits >= 9 || dots > 0 && digits >= 7 {
			return false
		}
		if i = next; i < len(b) && joinsLetter(b, i, +1) {
			return false
		}
	}
	return true
}

// joinsLetter tells whether b[i] is a letter, or a sign that may stand between letters and
// digits of an identifier with one behind it in direction step.
func joinsLetter(b []byte, i, step int) bool {
	switch c := b[i]; {
	case isLetter(c), c >= 0x80, c == '&', c == ';', c == '<', c == '\n', c == '\r':
		return true
	case c == '-', c == ' ':
		i += step
		return i >= 0 && i < len(b) && (isLetter(b[i]) || b[i] >= 0x80 || b[i] == ';' || b[i] == '\n' || b[i] == '\r')
	}
	return false
}
