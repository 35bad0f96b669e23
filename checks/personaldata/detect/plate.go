package detect

// Number plates of vehicles. Spain: four digits and three letters that are no vowels,
// or the older letters of a province, four digits and one or two letters. Mexico: the
// states differ; three letters with three or four digits and their kin. They count only
// beside their word.
//
// Source: Real Decreto 2822/1998, annex XVIII; NOM-001-SCT-2-2016.

func plateMexicoExamples() examples {
	return examples{
		found: []string{
			"placas ABC-12-34",
			"placas NAB-123-C",
			"Placa: 123-ABC",
			"placas A12-BCD",
			"vehículo con placas ABC1234",
			"nombre;placas\nAna;LTX-45-67",
			"placas AB-12-345",
		},
		missed: []string{
			"ABC-12-34",             // no word beside it
			"placas ABC",            //
			"placa 3",               //
			"placas ABC-123-45-678", // more than a plate holds
			"emplacas ABC-12-34",    // words are whole words
			"placa abc 12",          //
			"placas de 1234 Kg",     //
			"IMG-2301 placas",       //
		},
	}
}

func plateSpainExamples() examples {
	return examples{
		found: []string{
			"matrícula 0021 LMZ",
			"matricula: 1265-YNS",
			"vehículo matrícula 2073PRK",
			"nombre;matricula\nAna;2563 CNC",
			"matrícula M-1234-AB",
			"matrícula GI 1234 B",
		},
		missed: []string{
			"0021 LMZ",                // no word beside it
			"matrícula 0021 LAZ",      // a vowel
			"matrícula 0021 LMZX",     // a letter more
			"matrícula 10021 LMZ",     // a digit more
			"matrícula 2025 del",      // a word
			"folio 0021 LMZ",          //
			"matrícula en el 2025 CD", //
		},
	}
}

// matchPlate reads a number plate around the run of digits b[p:e], its first one.
func (h *hit) matchPlate(b []byte, p, e int, loose bool) bool {
	if e-p > 5 {
		return false
	}
	start := plateLettersBefore(b, p)
	if start == p && (e >= len(b) || e-p > 4) || !loose && (wordBefore(b, start) || joinedBefore(b, start) || start > 0 && b[start-1] == '_') {
		return false
	}
	*h = hit{start: start, base: 20, outcome: ShapeOnly}
	var shape [4]byte // lengths of letters and digits in turn, letters first
	parts := 1
	for i := start; i < p; i++ {
		if isUpper(b[i]) {
			h.add(b[i])
			shape[0]++
		}
	}
	i := start + int(shape[0])
	if shape[0] > 0 {
		i += plateSeparator(b, i)
	}
	for h.n < 8 {
		from := i
		for i < len(b) && i-from < 6 && isDigit(b[i]) {
			h.add(b[i])
			i++
		}
		digits := i > from
		if !digits {
			for i < len(b) && i-from < 4 && isUpper(b[i]) {
				h.add(b[i])
				i++
			}
		}
		if i == from {
			break
		}
		if isDigits := parts%2 == 1; digits != isDigits && digits {
			// digits after digits: one number in two groups
		} else if digits == isDigits {
			parts++
		}
		if parts > len(shape) || parts == 1 {
			return false
		}
		shape[parts-1] += byte(i - from)
		h.end = i
		w := plateSeparator(b, i)
		if w == 0 && (i >= len(b) || !isAlnum(b[i])) {
			break
		}
		if w > 0 && (i+w >= len(b) || !isDigit(b[i+w]) && !isUpper(b[i+w])) {
			break
		}
		i += w
	}
	if !loose && (wordAt(b, h.end) || joinedAfter(b, h.end) || h.end+1 < len(b) && (b[h.end] == '-' && isAlnum(b[h.end+1]) || b[h.end] == '_')) {
		return false
	}
	h.kind = plateKind(shape, h.value[:h.n])
	return h.kind != kinds
}

// plateLettersBefore returns where up to three capitals before the digits at p begin,
// or p.
func plateLettersBefore(b []byte, p int) int {
	i := p
	if i > 0 && (b[i-1] == '-' || b[i-1] == ' ') {
		i--
	}
	start := i
	for start > 0 && i-start < 4 && isUpper(b[start-1]) {
		start--
	}
	if start == i || i-start > 3 || wordBefore(b, start) {
		return p
	}
	return start
}

// plateSeparator is the width of a space or hyphen at i.
func plateSeparator(b []byte, i int) int {
	if s, w := separatorAt(b, i); s == ' ' || s == '-' {
		return w
	}
	return 0
}

// plateKind tells whose plates have a shape: letters, digits, letters, digits.
func plateKind(shape [4]byte, value []byte) kind {
	switch string(shape[:]) {
	case "\x00\x04\x03\x00":
		for _, c := range value[4:7] {
			if !isConsonant(c) || c == 'Q' {
				return kinds
			}
		}
		return kindPlateSpain
	case "\x01\x04\x01\x00", "\x01\x04\x02\x00", "\x02\x04\x01\x00", "\x02\x04\x02\x00":
		return kindPlateSpain
	case "\x03\x04\x00\x00", "\x03\x03\x01\x00", "\x03\x03\x00\x00", "\x01\x02\x03\x00", "\x00\x03\x03\x00",
		"\x01\x03\x03\x00", "\x02\x05\x00\x00", "\x03\x02\x01\x00":
		return kindPlateMexico
	}
	return kinds
}
