package corpustest

import "testing"

// The published examples: what these digits are wrong about, the whole corpus is.
func TestDigits(t *testing.T) {
	tests := []struct{ name, got, want string }{
		{"CURP", curpDigit("BOXW310820HNERXN0"), "9"},
		{"CURP of this century", curpDigit("AAAA000101HDFCCC0"), "9"},
		{"RFC of a person", rfcDigit("GODE561231GR"), "8"},
		{"RFC with Ñ", rfcDigit("IAÑL75021096"), "3"},
		{"RFC of a company", rfcDigit(" MAB9307148T"), "4"},
		{"homoclave", homoclave("GOMEZ DIAZ EMMA"), "GR"},
		{"NSS", luhn("9291908443"), "1"},
		{"card", luhn("411111111111111"), "1"},
		{"CLABE", clabeDigit("03218000011835971"), "9"},
		{"DNI", dniLetter(12345678), "Z"},
		{"CIF", string('0' + rune(cifControl("6471783"))), "8"},
		{"NUSS", nussControl(28, 12345678), "40"},
		{"IBAN", ibanDigits("21000418450200051332"), "91"},
		{"account, bank", accountDigit("0021000418"), "4"},
		{"account", accountDigit("0200051332"), "5"},
		{"ICAO", icao("L898902C3"), "6"},
		{"ICAO date", icao("740812"), "2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got %s, want %s", tt.got, tt.want)
			}
		})
	}
}

func TestSameSeedSameFiles(t *testing.T) {
	a, b := NewMaker(7), NewMaker(7)
	if a.Card("x").Text != b.Card("x").Text || a.Prose("y", 5000, Loose).Text != b.Prose("y", 5000, Loose).Text {
		t.Error("two makers of one seed differ")
	}
	if NewMaker(7).Card("x").Text == NewMaker(8).Card("x").Text {
		t.Error("makers of two seeds do not differ")
	}
}

// Every value stands where its truth says.
func TestOffsets(t *testing.T) {
	m := NewMaker(3)
	for _, f := range []File{m.Prose("p", 9000, Near), m.Card("c"), m.Zones("z"), m.Staff("s", 5, ",", true, false), m.Padron("d", 5, true), m.Page("h", 4)} {
		if len(f.Truths) == 0 {
			t.Errorf("%s holds nothing", f.Name)
		}
		for _, truth := range f.Truths {
			if got := f.Text[truth.Offset : truth.Offset+len(truth.Value)]; got != truth.Value {
				t.Errorf("%s: %q stands at %d, want %q", f.Name, got, truth.Offset, truth.Value)
			}
		}
	}
}
