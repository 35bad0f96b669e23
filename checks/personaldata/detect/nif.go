package detect

// NIF of natural persons without a DNI: K (Spaniards under fourteen), L (Spaniards
// abroad) or M (foreigners without a NIE), seven digits and the letter of a DNI.
//
// Source: Orden EHA/451/2008 (BOE-A-2008-3580).

func nifExamples() examples {
	return examples{
		found: []string{
			"NIF L1111111G",
			"N.I.F. K-0867756-N",
			"nif m0867756n",
			"nombre;nif\nAna;K0867756N",
		},
		missed: []string{
			"L1111111G",      // no word beside it
			"NIF L1111111C",  // letter
			"NIF K0000000T",  // nobody's
			"NIF L11111111G", // a digit more
			"NIF XL1111111G", // inside a longer word
			"L1 111111 G",    //
			"sku L1111111G",  //
		},
	}
}

// nifOutcome validates K, L or M, seven digits and a letter, in upper case.
func nifOutcome(v []byte) Outcome {
	if len(v) != 9 || v[0] < 'K' || v[0] > 'M' || !isUpper(v[8]) {
		return 0
	}
	n := number(v[1:8])
	if n == 0 {
		return 0
	}
	if dniLetters[n%23] != v[8] {
		return DigitWrong
	}
	return Valid
}

// matchNIF reads a NIF whose seven digits are the run b[p:e]. It counts as a DNI.
func (h *hit) matchNIF(b []byte, p, e int, loose bool) bool {
	if e-p != 7 {
		return false
	}
	at, _ := letterBefore(b, p, loose)
	if at < 0 {
		return false
	}
	end := e
	if s, w := separatorAt(b, e); s == '-' {
		end += w
	}
	if end >= len(b) || !isLetter(b[end]) || !loose && wordAt(b, end+1) {
		return false
	}
	*h = hit{kind: kindDNI, start: at, end: end + 1, base: 35}
	h.add(upper(b[at]))
	h.addAll(b[p:e])
	h.add(upper(b[end]))
	h.outcome = nifOutcome(h.value[:h.n])
	return h.outcome != 0
}
