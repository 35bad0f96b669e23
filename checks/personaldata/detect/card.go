package detect

// Payment cards: 13 to 19 digits with an issuer that exists and a Luhn check digit.
//
// About three random numbers of 16 digits in a hundred pass, so a card counts only with
// a word or a column name beside it.
//
// Source: ISO/IEC 7812-1; the ranges that Visa, Mastercard, American Express, Diners,
// JCB, Discover, UnionPay and Carnet (Mexico) publish.

func cardExamples() examples {
	return examples{
		found: []string{
			"tarjeta 4152 3104 7110 4811",
			"Tarjeta de crédito: 4152-6480-6788-5248",
			"Núm. de tarjeta: 5579703600831837, vence 09/28",
			"card number 2223457913978952",
			"visa 4000464785115023",
			"AMEX 3712 345678 95004",
			"nombre,tarjeta\nAna,5062208918890917",
			"PAN=4766442610908659",
		},
		missed: []string{
			"4152144059056782",                    // no word beside it
			"tarjeta 4152144059056783",            // check digit
			"tarjeta 4111111111111111",            // known numbers of tests
			"tarjeta 4242 4242 4242 4242",         //
			"tarjeta 5555555555554444",            //
			"tarjeta 378282246310005",             //
			"tarjeta 0000 0000 0000 0000",         //
			"tarjeta 9152 3104 7110 4816",         // no such issuer
			"tarjeta 4152 3104 7110 4811 2233",    // the groups go on
			"tarjeta 0.4152144059056782",          // a decimal
			"2680 0028 2681 0029",                 // a table of Unicode
			"pix-limits = <4224 8192 1920 4224>",  //
			"discard 4152144059056782",            // words are whole words
			"folio 4152144059056782",              //
			"tarjeta 41 521440590567 82",          // no card is written like this
			"uuid a4152144059056782",              //
			"número de serie 4152 1440 5905 6782", //
		},
	}
}

// issuerTakes tells whether cards with these first six digits exist in a length.
func issuerTakes(iin, length int) bool {
	switch two := iin / 10000; {
	case two >= 40 && two <= 49: // Visa
		return length == 16 || length == 13 || length == 19
	case two >= 51 && two <= 55, iin >= 222100 && iin <= 272099: // Mastercard
		return length == 16
	case two == 34, two == 37: // American Express
		return length == 15
	case two == 36, two == 38, iin >= 300000 && iin <= 305999: // Diners Club
		return length == 14 || length == 16 && two != 38
	case iin >= 352800 && iin <= 358999: // JCB
		return length == 16
	case iin/100 == 6011, iin/1000 >= 644 && iin/1000 <= 649, two == 65: // Discover
		return length == 16 || length == 19
	case two == 62: // UnionPay; Carnet has some of it
		return length >= 16
	case two == 50, two >= 56 && two <= 59, two == 63, two == 67: // Maestro; Carnet below
		return length == 16
	}
	switch iin {
	case 286900, 604622, 606333: // Carnet
		return length == 16
	}
	return false
}

// cardOutcome validates the digits of a card; 0 means that they are none.
func cardOutcome(d []byte) Outcome {
	if len(d) < 13 || len(d) > 19 || !issuerTakes(number(d[:6]), len(d)) || allEqual(d[6:]) {
		return 0
	}
	if !luhn(d) {
		return DigitWrong
	}
	return Valid
}

// isTestCard tells whether a card is one that payment services publish for tests.
func isTestCard(d []byte) bool {
	switch string(d) {
	case "4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "4222222222222",
		"5555555555554444", "5105105105105100", "5200828282828210", "5454545454545454", "2223003122003222",
		"2222420000001113", "2223000048410010", "5431111111111111", "4000000000000002", "4000000000003220",
		"4509953566233704", "5031755734530604", "4075595716483764", "5474925432670366", "4548812049400004",
		"378282246310005", "371449635398431", "378734493671000", "371180303257522",
		"30569309025904", "38520000023237", "3056930009020004", "36227206271667",
		"3530111333300000", "3566002020360505", "6011111111111117", "6011000990139424", "6011000000000004",
		"6200000000000005", "6759649826438453", "5019717010103742":
		return true
	}
	return false
}

// matchCard reads a card from the first groups of g.
func (h *hit) matchCard(b []byte, g *digitGroups, loose bool) bool {
	if g.n < 13 {
		return false
	}
	var want int
	switch sizes := g.sizes[:g.parts]; {
	case sizes[0] >= 13 && sizes[0] <= 19:
		want = int(sizes[0])
	case sizes[0] != 4:
		return false
	case len(sizes) >= 5 && string(sizes[:5]) == "\x04\x04\x04\x04\x03":
		want = 19
	case len(sizes) >= 4 && string(sizes[:4]) == "\x04\x04\x04\x04":
		want = 16
	case len(sizes) >= 3 && string(sizes[:3]) == "\x04\x06\x05":
		want = 15
	case len(sizes) >= 3 && string(sizes[:3]) == "\x04\x06\x04":
		want = 14
	case len(sizes) >= 4 && string(sizes[:4]) == "\x04\x03\x03\x03":
		want = 13
	default:
		return false
	}
	_, end, sep, ok := g.prefix(b, want, loose)
	if !ok || sep == mixed || sep == '/' {
		return false
	}
	d := g.digits[:want]
	*h = hit{kind: kindCard, start: g.start, end: end, base: 25, outcome: cardOutcome(d)}
	h.addAll(d)
	return h.outcome != 0 && !isTestCard(d)
}
