package detect

// NUSS: the Spanish social security number, twelve digits: province (2), number (8) and
// the number modulo 97. A company's account with the social security is eleven digits,
// with a number of seven; it is no person's, and counts where a word says that it is one.
//
// One number of twelve digits in two hundred passes, so a NUSS counts only with a word
// or a column name beside it.
//
// Source: the rules for the number of the Tesorería General de la Seguridad Social.

func nussExamples() examples {
	return examples{
		found: []string{
			"NUSS 281234567840",
			"N.º de afiliación a la Seguridad Social: 02/84104266/93",
			"NAF 08 60418331 07",
			"NASS: 08-77394974-01",
			"Seguridad Social 098281839034",
			"nombre;num_seguridad_social\nAna;111595723473",
			"NUSS 19/89928065-31",
			"nuss=133536072641",
			"código cuenta de cotización 28/1234567/42", // of a company
			"CCC de la Seguridad Social: 28123456843",
		},
		missed: []string{
			"281234567840",               // no word beside it
			"NUSS 281234567841",          // control
			"NUSS 991234567840",          // no such province
			"NUSS 2812345678401",         // a digit more
			"NUSS 000000000000",          //
			"NUSS 02/84104266/93/1",      // the groups go on
			"folio 281234567840",         //
			"annuss 281234567840",        // words are whole words
			"NUSS 02/8410/426693",        // no such groups
			"EAN 281234567840 de la TPV", //
			"NUSS 28123456742",           // a company's account is no number of a person
			"afiliación al IMSS 28123456742",
		},
	}
}

// nussOutcome validates the digits of a NUSS (12) or of a company's account (11).
func nussOutcome(d []byte) (o Outcome, company bool) {
	if len(d) != 12 && len(d) != 11 {
		return 0, false
	}
	company = len(d) == 11
	province := number(d[:2])
	if province < 1 || province > 53 && province != 66 {
		return 0, company
	}
	n := number(d[2 : len(d)-2])
	if n == 0 {
		return 0, company
	}
	v := int64(n)
	if n < 1e7 { // a short number stands right behind the province
		v += int64(province) * 1e7
	} else {
		v += int64(province) * 1e8
	}
	if v%97 != int64(number(d[len(d)-2:])) {
		return DigitWrong, company
	}
	return Valid, company
}

// matchNUSS reads a NUSS, or the account of a company, from the first groups of g.
func (h *hit) matchNUSS(b []byte, g *digitGroups, loose bool) bool {
	if g.n < 11 {
		return false
	}
	var want int
	switch sizes := g.sizes[:g.parts]; {
	case sizes[0] == 12, sizes[0] == 11:
		want = int(sizes[0])
	case len(sizes) >= 2 && sizes[0] == 10 && sizes[1] == 2:
		want = 12
	case len(sizes) >= 2 && sizes[0] == 2 && sizes[1] == 10:
		want = 12
	case len(sizes) >= 3 && sizes[0] == 2 && sizes[1] == 8 && sizes[2] == 2:
		want = 12
	case len(sizes) >= 3 && sizes[0] == 2 && sizes[1] == 7 && sizes[2] == 2:
		want = 11
	default:
		return false
	}
	_, end, _, ok := g.prefix(b, want, loose)
	if !ok {
		return false
	}
	d := g.digits[:want]
	*h = hit{kind: kindNUSS, start: g.start, end: end, base: 35}
	h.outcome, h.company = nussOutcome(d)
	if h.company {
		h.base = 20
	}
	h.addAll(d)
	return h.outcome != 0
}
