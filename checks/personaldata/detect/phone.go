package detect

// Telephone numbers of Mexico (ten digits) and Spain (nine, from 6 on), with or without
// the prefix of the country, in the groups that people write. They have no check digit
// and count only with a word or a column name beside them; a country's prefix helps.
//
// Source: the national numbering plans of the IFT and the CNMC.

func phoneMexicoExamples() examples {
	return examples{
		found: []string{
			"tel. (222) 909-0546",
			"Teléfono: (55) 6463-7669",
			"cel +52 33 5671 5988",
			"Tel. 4420311700",
			"WhatsApp 664 437 6954",
			"móvil: 044 55 1234 5678",
			"tel 01 722 255 6729",
			"celular +52 1 55 2040 1571",
			"Tel: +52 (55) 2040-1571",
			"tel. 0052 998 997 4638",
			"Tel. 55 2040 1571 ext. 123",
			"tel 5520401571x12",
			"Tels. 7222556729 / 7222556730",
			"tel. 7222556729/7222556730",
			"nombre;celular\nAna;8120414830",
		},
		missed: []string{
			"4420311700",                // no word beside it
			"tel 1234567890",            // no area begins with 1
			"tel 44203117001",           // a digit more
			"tel 0.4420311700",          // a decimal
			"Intel 4420311700",          // words are whole words
			"tel 5555555555",            //
			"folio 4420311700",          //
			"pedido del hotel 81204148", // eight digits
			"tel 2026-01-31",            // a date
			"tel a4420311700",           // part of a code
			"phone 555-555-0000",        // of the United States
			"cells 3200000000 Hz",       //
			"tel 664 437 6954 1207",     // the groups go on
			"tel (+98) 914 492 1058",    // of other countries
			"Tel: +1 - 2506792821",      //
		},
	}
}

func phoneSpainExamples() examples {
	return examples{
		found: []string{
			"tel. +34 716 467 220",
			"Teléfono 624510614",
			"Tfno: 91 123 45 67",
			"móvil 647 66 41 86",
			"fax 937.171.005",
			"Tel. 0034 912949078",
			"telf.: 34 93 211 45 13",
			"tel. 0034937171005",
			"tlf (+34) 911155094",
			"llamar al teléfono 912-352-973.",
			"nombre;telefono\nAna;911155094",
			"tel:+34911155094",
		},
		missed: []string{
			"624510614",            // no word beside it
			"tel 524510614",        // no number begins with 5
			"tel 6245106141234",    // digits more
			"tel 666666666",        //
			"hotel 624510614",      // words are whole words
			"lote 624510614",       //
			"tel 624510614,50",     // a decimal
			"tel 192.168.10.20",    // an address of the network
			"tel 912 352 973 112",  // the groups go on
			"Tel: +27 83  2797047", // of another country
			"ISBN 978 84 376 0494", //
		},
	}
}

// phoneDigits are the groups of a telephone number as far as they go.
type phoneDigits struct {
	digits [16]byte
	n      int
	ends   [8]int   // in the buffer, after each group
	counts [8]uint8 // digits up to there
	parts  int
	round  bool // parentheses
}

// read takes groups of digits from i on, with a separator or a parenthesis between.
func (d *phoneDigits) read(b []byte, i int) {
	d.n, d.parts, d.round = 0, 0, false
	for d.parts < len(d.ends) {
		e := i
		for e < len(b) && isDigit(b[e]) && e-i <= len(d.digits) {
			e++
		}
		if e == i || e-i > len(d.digits)-d.n {
			return
		}
		d.n += copy(d.digits[d.n:], b[i:e])
		d.ends[d.parts], d.counts[d.parts] = e, uint8(d.n)
		d.parts++
		_, w := separatorAt(b, e)
		i = e + w
		if i < len(b) && (b[i] == ')' && w == 0 || b[i] == '(') {
			d.round = true
			i++
			_, w = separatorAt(b, i)
			i += w
		} else if w == 0 {
			return
		}
	}
}

// nationalPhone tells of which country the digits are a number, without its prefix, and
// whether they had the prefix of the country.
func nationalPhone(d []byte) (national []byte, k kind, prefix bool) {
	k = kinds
	switch len(d) {
	case 9:
		national, k = d, kindPhoneSpain
	case 10:
		national, k = d, kindPhoneMexico
	case 11:
		if d[0] == '3' && d[1] == '4' {
			national, k, prefix = d[2:], kindPhoneSpain, true
		}
	case 12:
		if d[0] == '5' && d[1] == '2' || d[0] == '0' && d[1] == '1' {
			national, k, prefix = d[2:], kindPhoneMexico, d[0] == '5'
		}
	case 13:
		switch {
		case string(d[:4]) == "0034":
			national, k, prefix = d[4:], kindPhoneSpain, true
		case string(d[:3]) == "521", string(d[:3]) == "044", string(d[:3]) == "045":
			national, k, prefix = d[3:], kindPhoneMexico, d[0] == '5'
		}
	case 14:
		if string(d[:4]) == "0052" {
			national, k, prefix = d[4:], kindPhoneMexico, true
		}
	case 15:
		if string(d[:5]) == "00521" {
			national, k, prefix = d[5:], kindPhoneMexico, true
		}
	}
	switch {
	case k == kindPhoneSpain && national[0] < '6', k == kindPhoneMexico && national[0] < '2':
		return nil, kinds, false
	case k != kinds && allEqual(national[1:]):
		return nil, kinds, false
	}
	return national, k, prefix
}

// phoneBegins tells whether the first group of a number may be that of a telephone, by
// the digits that nationalPhone asks for.
func phoneBegins(d []byte) bool {
	switch {
	case d[0] >= '2' || len(d) < 2:
		return true
	case d[0] == '1':
		return false
	case d[1] == '0':
		return len(d) < 4 || d[2] == '3' && d[3] == '4' || d[2] == '5' && d[3] == '2'
	}
	return d[1] == '1' || d[1] == '4'
}

// matchPhone reads a telephone number that begins with the first group of g.
func (h *hit) matchPhone(b []byte, g *digitGroups, loose bool) bool {
	start := g.start
	round := start > 0 && b[start-1] == '('
	if g.n < 9 && !round && (g.end >= len(b) || b[g.end] != ' ' && b[g.end] != '(' && b[g.end] != ')') {
		return false
	}
	if round {
		start--
	}
	plus := start > 0 && b[start-1] == '+'
	if plus {
		start--
		if start > 0 && b[start-1] == '(' { // "(+34) 911..."
			start--
		}
	}
	if g.parts == 1 && !round && !plus && g.end < len(b) && b[g.end] < 0x80 && beside[b[g.end]] == 0 && b[g.end] != '(' && !loose {
		return h.matchBarePhone(b, g) // the cell of a table
	}
	var d phoneDigits
	d.read(b, g.start)
	if d.n < 9 {
		return false
	}
	if !loose && (wordBefore(b, start) || joinedBefore(b, start) || !plus && abroad(b, start)) {
		return false
	}
	for k := d.parts - 1; k >= 0; k-- {
		n, end := int(d.counts[k]), d.ends[k]
		national, kd, prefix := nationalPhone(d.digits[:n])
		if kd == kinds || !d.plausible(k, plus || prefix || round) {
			continue
		}
		if !loose && (phoneGoesOn(b, end) || k > 0 && groupGoesOn(b, end, n-int(d.counts[k-1]))) {
			return false
		}
		*h = hit{kind: kd, start: start, end: end, base: 20, outcome: ShapeOnly}
		if plus && prefix {
			h.base = 30
		}
		h.addAll(national)
		return true
	}
	return false
}

// abroad tells whether the prefix of another country stands before the number at b[i].
func abroad(b []byte, i int) bool {
	from := i
	for i > 0 && from-i < 3 && (b[i-1] == ' ' || b[i-1] == '-' || b[i-1] == ')') {
		i--
	}
	e := i
	for i > 0 && e-i < 4 && isDigit(b[i-1]) {
		i--
	}
	if i == e || i == 0 || b[i-1] != '+' {
		return false
	}
	switch string(b[i:e]) {
	case "52", "521", "34":
		return false
	}
	return true
}

// matchBarePhone is matchPhone for one group of digits with nothing of a number around.
func (h *hit) matchBarePhone(b []byte, g *digitGroups) bool {
	if g.n < 9 || g.n > 15 || wordBefore(b, g.start) || joinedBefore(b, g.start) || abroad(b, g.start) {
		return false
	}
	national, kd, _ := nationalPhone(g.digits[:g.n])
	if kd == kinds || phoneGoesOn(b, g.end) {
		return false
	}
	*h = hit{kind: kd, start: g.start, end: g.end, base: 20, outcome: ShapeOnly}
	h.addAll(national)
	return true
}

// plausible tells whether people write telephone numbers in the groups up to k. The
// cities whose area is two digits are never written in groups that begin with three:
// that is a number of the United States.
func (d *phoneDigits) plausible(k int, marked bool) bool {
	if k == 0 {
		return true
	}
	if !marked && d.counts[0] == 3 && d.counts[k] == 10 {
		switch string(d.digits[:2]) {
		case "55", "56", "33", "81":
			return false
		}
	}
	from := 0
	for i := range k + 1 {
		size := int(d.counts[i]) - from
		from = int(d.counts[i])
		switch {
		case size > 8 && (i != 1 || !marked), size > 4 && i == 0:
			return i == k && size <= 10 && marked
		case size == 1 && !marked:
			return false
		}
	}
	return true
}

// phoneGoesOn tells whether what ends at i is part of a longer number or code. An
// extension, or a second number after a slash, is none.
func phoneGoesOn(b []byte, i int) bool {
	if i >= len(b) {
		return false
	}
	if b[i] == '/' && digitsEnd(b[:min(len(b), i+8)], i+1) >= i+8 {
		return false
	}
	if b[i]|0x20 == 'x' || b[i]|0x20 == 'e' && i+2 < len(b) && b[i+1]|0x20 == 'x' && b[i+2]|0x20 == 't' {
		return false
	}
	return wordAt(b, i) || joinedAfter(b, i)
}
