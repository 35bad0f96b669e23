package detect

// Passport numbers: Mexico a letter and eight digits, Spain three letters and six
// digits. Neither has a check digit, so they count only beside their word; the
// machine-readable zone is in mrz.go.
//
// Source: the passports of both countries as ICAO Doc 9303 lays them out.

func passportMexicoExamples() examples {
	return examples{
		found: []string{
			"pasaporte G12970919",
			"Pasaporte mexicano núm. G17739157",
			"passport no. G-36317018",
			"nombre;pasaporte\nAna;G40195207",
			"pasaporte n12345678",
		},
		missed: []string{
			"G12970919",                // no word beside it
			"pasaporte G1297091",       // seven digits
			"pasaporte G129709190",     // nine
			"pasaporte AG12970919",     // two letters
			"pasaporte G00000000",      //
			"folio G12970919",          //
			"pasaporte G12970919-0001", // a code that goes on
		},
	}
}

func passportSpainExamples() examples {
	return examples{
		found: []string{
			"pasaporte DOI915324",
			"Pasaporte español n.º DPB-380701",
			"passport: gki828313",
			"nombre;pasaporte\nAna;HGM415046",
			"PASAPORTE PAA 123456",
		},
		missed: []string{
			"DOI915324",             // no word beside it
			"pasaporte DO915324",    // two letters
			"pasaporte XDOI915324",  // four
			"pasaporte DOI9153240",  // seven digits
			"part number ABC123456", //
			"pasaporte DOI000000",   //
			"pasaporte con 123456",  // a word, not letters
		},
	}
}

// matchPassport reads a passport number that ends with the run of digits b[p:e].
func (h *hit) matchPassport(b []byte, p, e int, loose bool) bool {
	var letters int
	switch e - p {
	case 8:
		letters = 1
	case 6:
		letters = 3
	default:
		return false
	}
	i := p
	sep, w := separatorBefore(b, i)
	if sep == ' ' || sep == '-' {
		i -= w
	} else {
		sep = 0
	}
	start := i - letters
	if start < 0 || allEqual(b[p:e]) || !loose && (wordBefore(b, start) || wordAt(b, e) || joinedAfter(b, e)) {
		return false
	}
	*h = hit{kind: kindPassportMexico, start: start, end: e, base: 20, outcome: ShapeOnly}
	if letters == 3 {
		h.kind = kindPassportSpain
	}
	for _, c := range b[start:i] {
		if !isLetter(c) || sep == ' ' && isLower(c) { // "con 123456" is prose
			return false
		}
		h.add(upper(c))
	}
	h.addAll(b[p:e])
	return true
}
