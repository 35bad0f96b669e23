package extract

import "testing"

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
	}
	for _, tt := range tests {
		if got := mayMatter([]byte(tt.text)); got != tt.want {
			t.Errorf("%q: %v, want %v", tt.text, got, tt.want)
		}
	}
}
