package detect

import (
	"strings"
	"testing"
)

// Words that announce a number are never taken for words that do not, however they are
// written and wherever they stand.
func TestMayAnnounce(t *testing.T) {
	for _, v := range []simd{{}, bestSIMD()} {
		for _, m := range wordMeanings {
			if m.says&announcing == 0 {
				continue
			}
			for _, word := range []string{m.word, strings.ToUpper(m.word), "num" + strings.ToUpper(m.word[:1]) + m.word[1:], "x_" + m.word, "(" + m.word} {
				for gap := range 40 {
					text := strings.Repeat("9 ", 60) + word + ": " + strings.Repeat(" ", gap) + "5512345678 y otras cosas"
					if p := strings.Index(text, "5512"); p-strings.Index(text, word) <= blockBytes && !v.mayAnnounce([]byte(text), p) {
						t.Fatalf("%+v: %q is taken for no announcement", v, text[100:p])
					}
				}
			}
		}
		for _, word := range []string{"teléfono", "tele\u0301fono", "MÓVIL", "mo\u0301vil", "M\xd3VIL", "t.e.l.", "Teléfonos"} {
			text := strings.Repeat("9 ", 60) + word + " 5512345678 y otras cosas"
			if !v.mayAnnounce([]byte(text), strings.Index(text, "5512")) {
				t.Errorf("%+v: %q is taken for no announcement", v, word)
			}
		}
		for _, words := range []string{"guía", "según el acta", "folio rastreo", "más año"} {
			text := strings.Repeat("9 ", 60) + words + " 5512345678 y otras cosas"
			if v.mayAnnounce([]byte(text), strings.Index(text, "5512")) {
				t.Errorf("%+v: %q is taken for an announcement", v, words)
			}
		}
	}
}

// The line of column names is never taken for one that holds none.
func TestMayHoldColumnWords(t *testing.T) {
	for _, v := range []simd{{}, bestSIMD()} {
		for _, m := range wordMeanings {
			if m.says&(saysKind|englishPhone) == 0 {
				continue
			}
			for before := range 140 {
				line := strings.Repeat("a", before) + ";" + m.word + ";otra\nxxxx"
				if !v.mayHold([]byte(line), 0, strings.IndexByte(line, '\n'), &columnWords) {
					t.Fatalf("%+v: %q is taken for no column name", v, line)
				}
			}
		}
	}
}
