package detect

// NIE: the Spanish number of a foreigner, X, Y or Z, seven digits and the letter of a
// DNI whose first digit is 0, 1 or 2.
//
// Source: Orden INT/2058/2008; Orden EHA/451/2008 for the letter.

func nieExamples() examples {
	return examples{
		found: []string{
			"NIE X2482300W",
			"N.I.E.: X-5253868-R",
			"nie x2482300w",
			"NIE X-2.482.300-W",
			"NIF del titular: X2482300W",
			"Número de identidad de extranjero X 2482300 W",
			"id,nie\n7,X2482300W\n",
		},
		missed: []string{
			"X2482300W",        // no word beside it
			"NIE X1111111A",    // letter
			"NIE A2482300W",    // first letter
			"NIE XX2482300W",   // inside a longer word
			"NIE X24823001W",   // eight digits
			"NIE X2482300WA",   //
			"niebla X2482300W", // words are whole words
			"sku X2482300W",    //
			"NIE X0000000T",    // nobody's
		},
	}
}

// matchNIE reads a NIE whose digits begin with the run b[p:e]: seven, or one with a
// dot after it.
func (h *hit) matchNIE(b []byte, p, e int, loose bool) bool {
	i := p
	if s, w := separatorBefore(b, i); s == '-' || s == ' ' {
		i -= w
	}
	if i == 0 {
		return false
	}
	first := upper(b[i-1])
	if first != 'X' && first != 'Y' && first != 'Z' || !loose && wordBefore(b, i-1) {
		return false
	}
	*h = hit{kind: kindNIE, start: i - 1, base: 35}
	h.add(first)
	end, ok := h.addDotted(b, p, e, 7)
	return ok && h.closeWithLetter(b, end, loose)
}
