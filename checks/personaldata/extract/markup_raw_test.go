package extract

import (
	"strings"
	"testing"
)

func TestMayMatter(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"", false},
		{"<p>Acta del 12/03/2024, versión 1.2.3, 1500 piezas, 4.7 %</p>", false},
		{"<td>12</td><td>34567</td><td>2022-11-22</td>", false},
		{"<a href=\"#ff0033\">color</a> &aacute; &#225;", false},
		{"el 01.02 de 2003", false},
		{"ana@ejemplo.mx", true},
		{"CURP HEGG560427MVZRRL04", true},
		{"RFC GODE-561231-GR8", true},
		{"DNI 12345678Z", true},
		{"DNI 12.345.678-Z", true},
		{"NIE X1234567L", true},
		{"tel. 55 12 34 56 78", true},
		{"4152 3104 7110 4811", true},
		{"pasaporte AAB123456", true},
		{"<td><b>1234</b>5<i>6789</i></td>", true},
		{"<td>1234</td><td>56789</td>", false},
		{"&#49;23", true},
		{"&#x31;", true},
		{"&#X31;", true},
		{"&#00049;23", true},
		{"&#064;", true},
		{"&#0493;23", false},
		{"el 12.03.2024, 2024-03-12 10:15:00 y 12/03/2024 9:05", false},
		{"2024-03-12 10 15", true},
		{"tel. <b>55</b> 1234 <i>5678</i>", true},
		{"tel. 55 <b>1234</b> 5678", true},
		{"tel. 55&nbsp;1234&#160;5678", true},
		{"<li>1234</li><li>56789</li>", false},
		{"<p>1234</p><p>56789</p>", false},
		{"RFC PE&Ntilde;A800101", true},
		{"no es\x00texto", true},
		{strings.Repeat("y nada más ", 100) + "12345678" + strings.Repeat(" y nada más", 100), true},
	}
	for name, s := range map[string]spotter{"portable": {}, "this processor's": newSpotter()} {
		x := Extractor{spot: s}
		for _, tt := range tests {
			for before := range strideBytes + 8 { // wherever the blocks begin
				text := strings.Repeat("y", before) + " " + tt.text
				if got := x.mayMatter([]byte(text)); got != tt.want {
					t.Errorf("%s: %q: %v, want %v", name, text, got, tt.want)
					break
				}
			}
		}
	}
}
