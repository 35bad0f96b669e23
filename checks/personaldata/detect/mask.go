package detect

// MaskPath returns path with every character of an identifier replaced by '*', for
// people name files and folders after the persons in them. It hides more than a
// Scanner would report: identifiers without context, with a wrong check digit, glued to
// other letters and digits, and the first ten characters of a person's CURP or RFC
// alone. The result has as many bytes as path.
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
	const weakBase = 20 // telephones, plates, passports: any number looks like one
	var h hit
	r := newRuns(b, 0, len(b), 0)
	for {
		p, e, ok := r.next()
		if !ok {
			break
		}
		switch {
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
