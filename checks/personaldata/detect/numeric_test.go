package detect

import "testing"

func TestNumericCells(t *testing.T) {
	tests := []struct {
		name, text string
		typ        Type
		want       bool
	}{
		{"CLABE with exponent", "nombre\tclabe\nAna\t1.41770661843889E+017\n", CLABE, true},
		{"CLABE with short exponent", "nombre\tclabe\nAna\t1.41770661843889E+17\n", CLABE, true},
		{"CLABE rounded", "nombre\tclabe\nAna\t141770661843889000\n", CLABE, true},
		{"CLABE without its zero", "nombre\tclabe\nAna\t3.2180000118359E+16\n", CLABE, true},
		{"CLABE rounded, without its zero", "nombre\tclabe\nAna\t32180000118359700\n", CLABE, true},
		{"CLABE without two zeros", "nombre\tclabe\nAna\t2180000118359700\n", CLABE, true},
		{"CLABE of no bank", "nombre\tclabe\nAna\t9.99770661843889E+017\n", CLABE, false},
		{"CLABE with a wrong digit", "nombre\tclabe\nAna\t141770661843889361\n", CLABE, false},
		{"CLABE of 53 bits, without its zero", "nombre\tclabe\nAna\t21680030440158948\n", CLABE, true},
		{"CLABE of 53 bits, in its shortest digits", "nombre\tclabe\nAna\t127180041911841980\n", CLABE, true},
		{"CLABE of more bits", "nombre\tclabe\nAna\t21680030440158947\n", CLABE, false},
		{"no CLABE column", "nombre\timporte\nAna\t1.41770661843889E+017\n", CLABE, false},
		{"NSS without its zero", "nombre\tnss\nAna\t1234567897\n", NSS, true},
		{"NSS as a float", "nombre\tnss\nAna\t1234567897.0\n", NSS, true},
		{"NSS with a wrong digit", "nombre\tnss\nAna\t1234567898\n", NSS, false},
		{"NUSS without its zero", "nombre\tnuss\nAna\t28410426693\n", NUSS, true},
		{"NUSS with a wrong digit", "nombre\tnuss\nAna\t28410426694\n", NUSS, false},
		{"NSS in a column of NUSS", "Ana Gomez Ruiz\tnuss\nAna Gomez Ruiz\t92919084431\n", NSS, false},
		{"card of another digit", "nombre\ttarjeta\nAna\t4152144059056780\n", Card, false},
		{"card with exponent", "nombre\ttarjeta\nAna\t4.15214405905678E+15\n", Card, true},
		{"card of no issuer", "nombre\ttarjeta\nAna\t9152144059056780\n", Card, false},
	}
	for _, tt := range tests {
		if got := reported(tt.text, tt.typ); got != tt.want {
			t.Errorf("%s: reported %v, want %v: %v", tt.name, got, tt.want, scanAll(tt.text))
		}
	}
}
