package detect

import "encoding/binary"

// IBAN of a Spanish account, "ES" and 22 digits: two check digits over all, modulo 97,
// and the account number (CCC) of 20 digits with two check digits of its own. Both must
// hold, so an IBAN needs no word beside it; the CCC alone does.
//
//	CCC  bank (4), office (4), check digits (2), account (10)
//
// Source: ISO 13616; the rules of the CCC by the Consejo Superior Bancario.

func ibanExamples() examples {
	return examples{
		found: []string{
			"ES0701825966139101781480",
			"ES04 0128 6659 1215 0766 2767",
			"es0701825966139101781480",
			"ES04-0128-6659-1215-0766-2767",
			"IBAN:ES3421002170474976640129.",
			"domiciliar en ES04 0128 6659 12 1507662767",
			"ES3421002170474976640129;Ana",
			"ES07 0182 5966 1391 0178 1480 1 de abril",
		},
		missed: []string{
			"ES0801825966139101781480",       // check digits
			"ES0801824785217144117346",       // those of the account
			"IBAN ES2121000418450200051331",  // modulo 97 alone
			"ES9121000418450200051332",       // the example of every document
			"ES07018259661391017814801",      // a digit more
			"YES0701825966139101781480",      // inside a longer word
			"IBAN ES0000000000000000000000",  //
			"ES07 0182 5966 1391 0178 148",   //
			"es de 0701825966139101781480",   //
			"FR0701825966139101781480",       // another country
			"DE89 3704 0044 0532 0130 00",    //
			"ES07:0182:5966:1391:0178:1480:", // not how an account is written
		},
	}
}

func cccExamples() examples {
	return examples{
		found: []string{
			"CCC 0182 5966 13 9101781480",
			"Número de cuenta: 0182-5966-13-9101781480",
			"cuenta bancaria 01825966139101781480",
			"c.c.c.: 2100 2170 47 4976640129",
			"titular;cuenta\nAna;21002170474976640129",
		},
		missed: []string{
			"01825966139101781480",           // no word beside it
			"cuenta 0182 5966 14 9101781480", // check digits
			"cuenta 018259661391017814801",   // a digit more
			"cuenta 00000000000000000000",    //
			"cuenta 2100 0418 45 0200051332", // the example of every document
			"folio 01825966139101781480",     //
			"cuenta 0.01825966139101781480",  // a decimal
		},
	}
}

// ibanOutcome validates the 22 digits after "ES".
func ibanOutcome(d []byte) Outcome {
	if len(d) != 22 || allEqual(d[2:]) {
		return 0
	}
	rest := eightDigits(binary.LittleEndian.Uint64(d[2:])&digitValues) % 97
	rest = (rest*1e8 + eightDigits(binary.LittleEndian.Uint64(d[10:])&digitValues)) % 97
	rest = (rest*1e4 + uint64(number(d[18:22]))) % 97
	rest = (rest*1e6 + 142800 + uint64(number(d[:2]))) % 97 // E is 14, S is 28
	if rest != 1 || cccOutcome(d[2:]) != Valid {
		return DigitWrong
	}
	return Valid
}

// cccWeights are those of ten digits; the bank and the office have two zeros before them.
var cccWeights = [10]byte{1, 2, 4, 8, 5, 10, 9, 7, 3, 6}

// cccOutcome validates the 20 digits of an account.
func cccOutcome(d []byte) Outcome {
	if len(d) != 20 || allEqual(d[:8]) || allEqual(d[10:]) {
		return 0
	}
	if d[8] != cccDigit(d[:8]) || d[9] != cccDigit(d[10:]) {
		return DigitWrong
	}
	return Valid
}

// cccDigit computes the check digit of the last digits of ten.
func cccDigit(d []byte) byte {
	sum := 0
	for i, c := range d {
		sum += int(c-'0') * int(cccWeights[10-len(d)+i])
	}
	switch r := 11 - sum%11; r {
	case 10:
		return '1'
	case 11:
		return '0'
	default:
		return byte('0' + r)
	}
}

// isSampleAccount tells whether an account is the one that documents show.
func isSampleAccount(ccc []byte) bool {
	switch string(ccc) {
	case "21000418450200051332", "21000418401234567891", "00491500051234567892", "23100001180000012345":
		return true
	}
	return false
}

// matchIBAN reads "ES" before the digits of g and an account from its first groups.
func (h *hit) matchIBAN(b []byte, g *digitGroups, loose bool) bool {
	if g.n < 22 {
		return false
	}
	i := g.start
	if s, w := separatorBefore(b, i); s == ' ' || s == '-' {
		i -= w
	}
	if i < 2 || upper(b[i-2]) != 'E' || upper(b[i-1]) != 'S' || !loose && wordBefore(b, i-2) {
		return false
	}
	_, end, sep, ok := g.prefix(b, 22, true)
	if !ok || sep == mixed || sep == '/' || !loose && (wordAt(b, end) || joinedAfter(b, end)) {
		return false
	}
	d := g.digits[:22]
	*h = hit{kind: kindIBAN, start: i - 2, end: end, base: 80, outcome: ibanOutcome(d)}
	h.addAll(d)
	return h.outcome != 0 && !isSampleAccount(d[2:])
}

// matchCCC reads an account without IBAN from the first groups of g.
func (h *hit) matchCCC(b []byte, g *digitGroups, loose bool) bool {
	if g.n < 20 {
		return false
	}
	parts, end, sep, ok := g.prefix(b, 20, loose)
	if !ok || sep == mixed {
		return false
	}
	if parts > 1 && g.sizes[0] != 4 && g.sizes[0] != 8 {
		return false
	}
	d := g.digits[:20]
	*h = hit{kind: kindCCC, start: g.start, end: end, base: 35, outcome: cccOutcome(d)}
	h.addAll(d)
	return h.outcome != 0 && !isSampleAccount(d)
}
