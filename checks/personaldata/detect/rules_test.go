package detect

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// ruleExamples are those of the rules for what stands on a number or an '@'.
func ruleExamples() map[Type]examples {
	return map[Type]examples{
		CLABE: clabeExamples(), INE: ineExamples(), PassportMexico: passportMexicoExamples(), PhoneMexico: phoneMexicoExamples(),
		ISSEMYM: issemymExamples(), PlateMexico: plateMexicoExamples(), DNI: nifExamples(), CIF: cifExamples(), NUSS: nussExamples(),
		IBAN: ibanExamples(), CCC: cccExamples(), PassportSpain: passportSpainExamples(), PhoneSpain: phoneSpainExamples(),
		PlateSpain: plateSpainExamples(), MRZ: mrzExamples(), Card: cardExamples(), Email: emailExamples(),
		BirthDate: birthColumnExamples(),
	}
}

func TestRuleExamples(t *testing.T) {
	for typ, ex := range ruleExamples() {
		for _, text := range ex.found {
			if !reported(text, typ) {
				t.Errorf("%s: missed %q: %v", typ, text, scanAll(text))
			}
		}
		for _, text := range ex.missed {
			if reported(text, typ) {
				t.Errorf("%s: reported %q: %v", typ, text, scanAll(text))
			}
		}
	}
}

// numberVectors reads testdata/numbers.tsv.
func numberVectors(t testing.TB) []vector {
	t.Helper()
	f, err := os.Open("testdata/numbers.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []vector
	for lines := bufio.NewScanner(f); lines.Scan(); {
		cells := strings.Split(lines.Text(), "\t")
		if len(cells) == 3 {
			all = append(all, vector{Type(cells[0]), cells[1], cells[2]})
		}
	}
	if len(all) != 252 {
		t.Fatalf("%d vectors, want 252", len(all))
	}
	return all
}

func TestNumberVectors(t *testing.T) {
	keyword := map[Type]string{
		Card: "Tarjeta", CIF: "CIF", CLABE: "CLABE", INE: "clave de elector", Email: "correo", IBAN: "IBAN", NUSS: "NUSS",
		PassportSpain: "pasaporte", PassportMexico: "Pasaporte", PlateSpain: "matrícula", PhoneSpain: "tel.", PhoneMexico: "Teléfono",
	}
	for _, v := range numberVectors(t) {
		texts := map[string]string{
			"sentence": fmt.Sprintf("Persona con %s %s, vecina de este municipio.", keyword[v.typ], v.value),
			"csv":      fmt.Sprintf("alta;%s;baja\n17;%s;2020-01-31\n18;;2020-02-01\n", strings.ToLower(keyword[v.typ]), v.value),
			"json":     fmt.Sprintf(`{"titular":{"%s":"%s"}}`, keyword[v.typ], v.value),
			"bare":     v.value + "\n",
		}
		for form, text := range texts {
			want := v.class != "near"
			if form == "bare" {
				want = want && (v.typ == IBAN || v.typ == INE || v.typ == Email)
			}
			if got := reported(text, v.typ); got != want {
				t.Errorf("%s %s in %s: reported %v, want %v: %v", v.typ, v.class, form, got, want, scanAll(text))
			}
		}
	}
}

// A number whose only evidence is its check digit counts for nothing without a word.
func TestNumberNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var text []byte
	for len(text) < 4<<20 {
		switch r.IntN(8) {
		case 0:
			text = fmt.Appendf(text, "%016d,%018d;%012d\n", r.Int64N(1e16), r.Int64N(1e18), r.Int64N(1e12))
		case 1:
			text = fmt.Appendf(text, "%04d %04d %04d %04d\t%020d\n", r.IntN(1e4), r.IntN(1e4), r.IntN(1e4), r.IntN(1e4), r.Int64N(1e18))
		case 2:
			text = fmt.Appendf(text, "%c%07d%c %c%08d\n", 'A'+r.IntN(26), r.IntN(1e7), 'A'+r.IntN(26), 'A'+r.IntN(26), r.IntN(1e8))
		case 3:
			text = fmt.Appendf(text, "2026-01-31T12:%02d:56.%03dZ %d.%d.%d.%d pid=%d\n", r.IntN(60), r.IntN(1000), r.IntN(256), r.IntN(256),
				r.IntN(256), r.IntN(256), r.IntN(1e9))
		case 4:
			text = fmt.Appendf(text, "%08x-%04x-%04x-%04x-%012x\n", r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<16), r.Int64N(1<<48))
		case 5:
			text = fmt.Appendf(text, "%04d %c%c%c %c%c%c%06d %02d/%08d/%02d\n", r.IntN(1e4), 'V'+r.IntN(5), 'V'+r.IntN(5), 'V'+r.IntN(5),
				'V'+r.IntN(5), 'V'+r.IntN(5), 'V'+r.IntN(5), r.IntN(1e6), r.IntN(54), r.IntN(1e8), r.IntN(97))
		case 6:
			text = fmt.Appendf(text, "lat %.7f lon -%.11f %d,%d\n", r.Float64()*90, r.Float64()*180, r.IntN(1e9), r.IntN(1e9))
		default:
			text = fmt.Appendf(text, "%d %d-%d %010d +%011d\n", r.IntN(1e6), r.IntN(1e5), r.IntN(1e5), r.Int64N(1e10), r.Int64N(1e11))
		}
	}
	counts := map[Type]int{}
	for _, m := range scanAll(string(text)) {
		if m.Score >= Report {
			counts[m.Type]++
			t.Logf("%v: %q", m, text[max(0, m.Start-60):min(int64(len(text)), m.End+30)])
		}
	}
	if len(counts) > 0 {
		t.Errorf("in %d MB of noise: %v", len(text)>>20, counts)
	}
}

// Values that are known from documentation and tests are nobody's.
func TestKnownValues(t *testing.T) {
	for _, text := range []string{
		"tarjeta 4111111111111111", "tarjeta 4242-4242-4242-4242", "tarjeta 378282246310005", "tarjeta 5555 5555 5555 4444",
		"CLABE 002010077777777771", "IBAN ES91 2100 0418 4502 0005 1332", "RFC XAXX010101000", "RFC XEXX010101000",
		"correo alguien@example.com",
	} {
		for _, m := range scanAll(text) {
			if m.Score >= Review {
				t.Errorf("%q: %v", text, m)
			}
		}
	}
}

func TestCheckDigits(t *testing.T) {
	valid := Valid
	tests := []struct {
		name string
		got  Outcome
		want Outcome
	}{
		{"CLABE", clabeOutcome([]byte("032180000118359719")), valid},
		{"CLABE digit", clabeOutcome([]byte("032180000118359710")), DigitWrong},
		{"CLABE bank", clabeOutcome([]byte("033180000118359719")), 0},
		{"CLABE of documentation", clabeOutcome([]byte("012180026050783858")), valid},
		{"card", cardOutcome([]byte("4012888888881881")), valid},
		{"card issuer", cardOutcome([]byte("9111111111111111")), 0},
		{"IBAN", ibanOutcome([]byte("9121000418450200051332")), valid},
		{"IBAN, account wrong", ibanOutcome([]byte("2121000418450200051331")), DigitWrong},
		{"CIF", cifOutcome([]byte("J99216582")), valid},
		{"CIF of a company", cifOutcome([]byte("A13585625")), valid},
		{"CIF digit", cifOutcome([]byte("A11111118")), DigitWrong},
		{"NIF L", nifOutcome([]byte("L1111111G")), valid},
		{"NIF letter", nifOutcome([]byte("L1111111C")), DigitWrong},
		{"clave", claveOutcome([]byte("HRGRJN82050602H900")), ShapeOnly},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
	for _, tt := range []struct {
		digits  string
		want    Outcome
		company bool
	}{{"281234567840", Valid, false}, {"281234567841", DigitWrong, false}, {"28123456742", Valid, true}, {"541234567840", 0, false}} {
		if got, company := nussOutcome([]byte(tt.digits)); got != tt.want || company != tt.company {
			t.Errorf("NUSS %s: %v %v, want %v %v", tt.digits, got, company, tt.want, tt.company)
		}
	}
	if got := mrzDigit([]byte("L898902C3")); got != '6' { // ICAO's specimen
		t.Errorf("MRZ digit %c, want 6", got)
	}
}

// FuzzMatchers calls every rule on every run of digits and '@': none may read beyond
// the text or give a hit of impossible bounds.
func FuzzMatchers(f *testing.F) {
	for _, ex := range ruleExamples() {
		for _, text := range append(ex.found, ex.missed...) {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for i := 0; i < len(b); i++ {
			if b[i] == '@' {
				var h hit
				checkHit(t, b, &h, h.matchEmail(b, i))
			}
			e := digitsEnd(b, i)
			if e == i {
				continue
			}
			var g digitGroups
			g.read(b, i, e)
			for _, loose := range []bool{false, true} {
				for _, match := range []func(h *hit) bool{
					func(h *hit) bool { return h.matchCLABE(b, &g, loose) },
					func(h *hit) bool { return h.matchCard(b, &g, loose) },
					func(h *hit) bool { return h.matchIBAN(b, &g, loose) },
					func(h *hit) bool { return h.matchCCC(b, &g, loose) },
					func(h *hit) bool { return h.matchNUSS(b, &g, loose) },
					func(h *hit) bool { return h.matchINENumber(b, &g, loose) },
					func(h *hit) bool { return h.matchPhone(b, &g, loose) },
					func(h *hit) bool { return h.matchCIF(b, i, e, loose) },
					func(h *hit) bool { return h.matchNIF(b, i, e, loose) },
					func(h *hit) bool { return h.matchClave(b, i, e, loose) },
					func(h *hit) bool { return h.matchMRZ(b, i, e, loose) },
					func(h *hit) bool { return h.matchPassport(b, i, e, loose) },
					func(h *hit) bool { return h.matchPlate(b, i, e, loose) },
					func(h *hit) bool { return h.matchISSEMYM(b, i, e, loose) },
				} {
					var h hit
					checkHit(t, b, &h, match(&h))
				}
			}
			dateAt(b, i, e)
			i = e
		}
	})
}

func checkHit(t *testing.T, b []byte, h *hit, ok bool) {
	t.Helper()
	if ok && (h.start < 0 || h.end <= h.start || h.end > len(b) || h.kind >= kinds || h.outcome == 0 || h.n == 0 || h.base <= 0) {
		t.Fatalf("%q: %+v", b, *h)
	}
}
