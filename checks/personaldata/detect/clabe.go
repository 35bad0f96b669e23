package detect

// CLABE: the Mexican account number for transfers, 18 digits: bank (3), town of the
// branch (3), account (11) and a check digit with the weights 3, 7, 1.
//
// One number of eighteen digits in eighty passes, so a CLABE alone is a weak finding.
//
// Source: the banks' association's rules for the CLABE; the participants of the SPEI as
// the Banco de México publishes them, and banks that have gone.

func clabeExamples() examples {
	return examples{
		found: []string{
			"CLABE 032180000118359719",
			"CLABE interbancaria: 032 180 00011835971 9",
			"cuenta clabe 646-180-11040000000-7",
			"CLABE: 0321 8000 0118 3597 19",
			"nombre;banco;clabe\nAna;X;141770661843889362",
			"{\"clabe\":\"160101065128749917\"}",
			"Depositar en la cuenta 614623019530627160 (CLABE)",
		},
		missed: []string{
			"032180000118359719",                   // no word beside it
			"CLABE 032180000118359718",             // check digit
			"CLABE 999180000118359717",             // no such bank
			"CLABE 0321800001183597190",            // nineteen digits
			"CLABE 1.032180000118359719",           // part of a longer number
			"CLABE 002010077777777771",             // the example of the documentation
			"CLABE 000000000000000000",             //
			"guía de rastreo 032180000118359719",   //
			"clabes032180000118359719",             // glued to a word
			"550e8400-032180000118359719-446655",   // part of a code
			"transacción 20260131032180000118359",  //
			"CLABE 646180110400000007-032180-0001", // the groups go on
		},
	}
}

// speiBanks has bit k of word k/64 set when some CLABE begins with the three digits of k.
var speiBanks = [16]uint64{
	0: 1<<1 | 1<<2 | 1<<6 | 1<<9 | 1<<12 | 1<<14 | 1<<19 | 1<<21 | 1<<22 | 1<<30 | 1<<32 | 1<<36 | 1<<37 | 1<<42 |
		1<<44 | 1<<58 | 1<<59 | 1<<60 | 1<<62,
	1: 1<<(72-64) | 1<<(102-64) | 1<<(103-64) | 1<<(106-64) | 1<<(108-64) | 1<<(110-64) | 1<<(112-64) | 1<<(113-64) |
		1<<(116-64) | 1<<(124-64) | 1<<(126-64) | 1<<(127-64),
	2: 1<<0 | 1<<(129-128) | 1<<(130-128) | 1<<(131-128) | 1<<(132-128) | 1<<(133-128) | 1<<(134-128) |
		1<<(135-128) | 1<<(136-128) | 1<<(137-128) | 1<<(138-128) | 1<<(139-128) | 1<<(140-128) | 1<<(141-128) |
		1<<(143-128) | 1<<(145-128) | 1<<(147-128) | 1<<(148-128) | 1<<(149-128) | 1<<(150-128) | 1<<(151-128) |
		1<<(152-128) | 1<<(154-128) | 1<<(155-128) | 1<<(156-128) | 1<<(157-128) | 1<<(158-128) | 1<<(159-128) |
		1<<(160-128) | 1<<(165-128) | 1<<(166-128) | 1<<(167-128) | 1<<(168-128) | 1<<(169-128) | 1<<(170-128) |
		1<<(171-128),
	9: 1<<(600-576) | 1<<(601-576) | 1<<(602-576) | 1<<(604-576) | 1<<(605-576) | 1<<(606-576) | 1<<(607-576) |
		1<<(608-576) | 1<<(610-576) | 1<<(611-576) | 1<<(613-576) | 1<<(614-576) | 1<<(615-576) | 1<<(616-576) |
		1<<(617-576) | 1<<(618-576) | 1<<(619-576) | 1<<(620-576) | 1<<(621-576) | 1<<(622-576) | 1<<(623-576) |
		1<<(624-576) | 1<<(626-576) | 1<<(627-576) | 1<<(628-576) | 1<<(629-576) | 1<<(630-576) | 1<<(631-576) |
		1<<(632-576) | 1<<(633-576) | 1<<(634-576) | 1<<(636-576) | 1<<(637-576) | 1<<(638-576),
	10: 1<<0 | 1<<(642-640) | 1<<(646-640) | 1<<(647-640) | 1<<(648-640) | 1<<(649-640) | 1<<(651-640) |
		1<<(652-640) | 1<<(653-640) | 1<<(655-640) | 1<<(656-640) | 1<<(659-640) | 1<<(661-640) | 1<<(670-640) |
		1<<(674-640) | 1<<(677-640) | 1<<(679-640) | 1<<(680-640) | 1<<(683-640) | 1<<(684-640) | 1<<(685-640) |
		1<<(686-640) | 1<<(688-640) | 1<<(689-640) | 1<<(699-640) | 1<<(703-640),
	11: 1<<(706-704) | 1<<(710-704) | 1<<(714-704) | 1<<(715-704) | 1<<(720-704) | 1<<(721-704) | 1<<(722-704) |
		1<<(723-704) | 1<<(725-704) | 1<<(727-704) | 1<<(728-704) | 1<<(729-704) | 1<<(730-704) | 1<<(732-704) |
		1<<(734-704) | 1<<(738-704),
	12: 1<<(812-768) | 1<<(814-768),
	14: 1<<(901-896) | 1<<(902-896) | 1<<(903-896),
}

// number is the value of up to nine digits.
func number(d []byte) int {
	n := 0
	for _, c := range d {
		n = n*10 + int(c-'0')
	}
	return n
}

// isBank tells whether a CLABE that begins with the digits d is of a known bank.
func isBank(d []byte) bool {
	bank := number(d[:3])
	return speiBanks[bank/64]>>(bank%64)&1 != 0
}

// clabeOutcome validates the digits of a CLABE; 0 means that they are none.
func clabeOutcome(d []byte) Outcome {
	if len(d) != 18 {
		return 0
	}
	town := number(d[3:6])
	if !isBank(d) || town < 10 || town > 989 || allEqual(d[6:17]) && d[6] == '0' {
		return 0
	}
	if d[17] != clabeDigit(d) {
		return DigitWrong
	}
	return Valid
}

// clabeWeights are those of the first 17 digits. That only the last digit of each product
// is to be added makes no difference to the last digit of the sum.
var clabeWeights = [17]int{3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7}

// clabeDigit computes the check digit of the first 17 digits.
func clabeDigit(d []byte) byte {
	sum := 0
	for i, weight := range clabeWeights {
		sum += int(d[i]-'0') * weight
	}
	return byte('0' + (10-sum%10)%10)
}

// matchCLABE reads a CLABE from the first groups of g.
func (h *hit) matchCLABE(b []byte, g *digitGroups, loose bool) bool {
	if g.n < 18 {
		return false
	}
	parts, end, sep, ok := g.prefix(b, 18, loose)
	if !ok || sep == mixed || sep == '/' || sep == '.' {
		return false
	}
	if parts > 1 {
		switch g.sizes[0] {
		case 3, 4, 6, 17:
		default:
			return false
		}
	}
	d := g.digits[:18]
	*h = hit{kind: kindCLABE, start: g.start, end: end, base: 35, outcome: clabeOutcome(d)}
	h.addAll(d)
	return h.outcome != 0 && string(d) != sampleCLABE
}

// sampleCLABE is the one that documents show.
const sampleCLABE = "002010077777777771"
