package detect

import (
	"hash/maphash"
	"strings"
	"testing"
)

// tallied is what a scanner finds in a text.
func tallied(text string) *Tally {
	var t Tally
	s := NewScanner(maphash.MakeSeed())
	s.Reset(Bytes)
	s.Scan([]byte(text), t.Add)
	s.Finish(t.Add)
	return &t
}

func TestLayouts(t *testing.T) {
	row := "AM101|1234567|T|ANA|GARCIA|LOPEZ|M|12/03/1984|GALA840312AB1|31/12/2027\n"
	tests := []struct {
		name, text  string
		keys, dates int
	}{
		{"padrón", row + strings.ReplaceAll(row, "1984", "1985"), 2, 2},
		{"padrón of one row", row, 1, 1},
		{"padrón that Windows wrote", "\xef\xbb\xbf" + strings.ReplaceAll(row, "\n", "\r\n"), 1, 1},
		{"eleven fields", "x|" + row, 0, 0},
		{"no date of birth", strings.ReplaceAll(row, "12/03/1984", "12/13/1984"), 0, 0},
		{"other letters", strings.ReplaceAll(row, "|M|", "|MUJER|"), 0, 0},
	}
	for _, tt := range tests {
		got := tallied(tt.text).Counts()
		if got[ISSEMYM] != tt.keys || got[BirthDate] != tt.dates {
			t.Errorf("%s: %v, want %d keys and %d dates", tt.name, got, tt.keys, tt.dates)
		}
	}
}

func TestNameColumns(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       int
	}{
		{"one name a row", "nombre;curp\nXimena;HEGG560427MVZRRL04\nMesa;RARJ450719HSRMJR81\n", 1},
		{"in quotes", "\"nombre\",\"curp\"\n\"Ximena, Xyz\",\"HEGG560427MVZRRL04\"\n", 1},
		{"no column of names", "cosa;curp\nXimena;HEGG560427MVZRRL04\n", 0},
	} {
		if got := tallied(tt.text).Counts()[Name]; got != tt.want {
			t.Errorf("%s: %d names, want %d", tt.name, got, tt.want)
		}
	}
}

func TestCategoriesOfColumns(t *testing.T) {
	for text, want := range map[string]Category{
		"nombre;curp;diagnostico\nAna;HEGG560427MVZRRL04;x\n":        Health,
		"nombre;curp;Religión;sindicato\nAna;HEGG560427MVZRRL04;;\n": Religion | Union,
		"nombre;curp;diagnostico\nAna;HEGG560427MVZRRL00;x\n":        0, // nobody is in it
		"nombre;curp;origen;baja\nAna;HEGG560427MVZRRL04;;\n":        0,
	} {
		if got := tallied(text).Categories(); got != want {
			t.Errorf("%q: %v, want %v", text, got.Names(), want.Names())
		}
	}
}

// In a table with commas no number goes on after one.
func TestCommas(t *testing.T) {
	got := tallied("domicilio,NSS,CLABE,salario,celular\nCalle 5,92919084431,032180000118359719,12.5,5520401571\n" +
		"Calle,92919084431,032180000118359719,12,5520401571\n,92919084431,12,032180000118359719,12.50,5520401571\n").Counts()
	for typ, want := range map[Type]int{NSS: 3, CLABE: 2, PhoneMexico: 2} {
		if got[typ] != want {
			t.Errorf("%d %s, want %d", got[typ], typ, want)
		}
	}
}
