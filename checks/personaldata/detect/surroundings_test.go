package detect

import (
	"slices"
	"strings"
	"testing"
)

func lookAround(text string) surrounding {
	var r surrounding
	surroundings(bestSIMD(), []byte(text), 0, len(text), &r)
	return r
}

func TestNames(t *testing.T) {
	tests := []struct {
		text string
		want int
	}{
		{"comparece María García López, vecina", 1},
		{"JOSÉ LUIS HERNÁNDEZ DE LA CRUZ", 1},
		{"José Antonio de la Fuente y Martínez", 1},
		{"GARCÍA LÓPEZ, María del Carmen", 1},
		{"Jos\xe9 N\xfa\xf1ez", 1},
		{"Jose\u0301 Nu\u0301n\u0303ez", 1},
		{"Ana;García;López\nLuis;Pérez;Gómez\n", 2},
		{"\"Ana\",\"García\",\"López\"", 1},
		{"nombre: Ximena", 1},
		{"Xóchitl Moctezuma y Iñaki Etxebarria", 1},
		{"Firmado: Montserrat Puig i Ferrer", 1},
		{"Uxía Piñeiro. Jordi Vila.", 2},
		{"la señora García llegó", 0},
		{"garcía lópez maría", 0},
		{"Rosa Cruz Flores Reyes", 0}, // words, every one
		{"Santa Cruz de Tenerife", 0},
		{"San Juan del Río", 0},
		{"calle Benito Juárez", 0},
		{"Escuela Primaria Miguel Hidalgo", 0},
		{"Instituto María Moliner", 0},
		{"avenida de Andrés Manuel Soto", 0},
		{"Nuevo León, Sonora, Hidalgo, Durango", 0},
		{"El Mar y la Luz", 0},
		{"Madrid Toledo Sevilla", 0},
		{"", 0},
	}
	for _, tt := range tests {
		if got := lookAround(tt.text).names; got != tt.want {
			t.Errorf("%q: %d names, want %d", tt.text, got, tt.want)
		}
	}
}

func TestDictionarySize(t *testing.T) {
	given, surnames := 0, 0
	l := theLexicon()
	for i := range l.table {
		if l.table[i].roles&roleGiven != 0 {
			given++
		}
		if l.table[i].roles&roleSurname != 0 {
			surnames++
		}
	}
	if given < 600 || surnames < 900 {
		t.Errorf("%d given names and %d surnames, want 600 and 900", given, surnames)
	}
	for line := range strings.Lines(namesText) {
		for i, c := range []byte(line) {
			if !isLower(c) && c != ' ' && c != '\n' && c != '#' {
				t.Fatalf("names.txt: byte %d of %q is no plain letter", i, line)
			}
		}
	}
	for _, s := range slices.Concat(l.stems[:]...) {
		if len(s.text) < stemLength {
			t.Errorf("stem %q is shorter than %d letters", s.text, stemLength)
		}
	}
}

func TestIsName(t *testing.T) {
	for cell, want := range map[string]bool{"Ximena": true, " HERNÁNDEZ ": true, "Rosa": false, "Juan Pérez": true, "17": false, "mesa": false, "": false} {
		if got := isName(bestSIMD(), []byte(cell), 0, len(cell)); got != want {
			t.Errorf("%q: %v, want %v", cell, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, text := range addressExamples().found {
		if lookAround(text).addresses == 0 {
			t.Errorf("missed %q", text)
		}
	}
	for _, text := range addressExamples().missed {
		if lookAround(text).addresses != 0 {
			t.Errorf("found one in %q", text)
		}
	}
}

func TestBirthDates(t *testing.T) {
	for _, text := range birthDateExamples().found {
		if lookAround(text).birthDates != 1 {
			t.Errorf("missed %q", text)
		}
	}
	for _, text := range birthDateExamples().missed {
		if lookAround(text).birthDates != 0 {
			t.Errorf("found one in %q", text)
		}
	}
}

func TestCategories(t *testing.T) {
	tests := []struct {
		text string
		want Category
	}{
		{"Ana Pérez, diagnosticada de esquizofrenia", Health},
		{"Diagnóstico: E11.9", Health},
		{"CIE-10 F32", Health},
		{"Luis padece diabetes mellitus", Health},
		{"expediente clínico de Ana", Health},
		{"Historia cl\xednica 123", Health},
		{"discapacidad reconocida del 33 %", Health},
		{"grado de discapacidad: 65%", Health},
		{"baja médica desde el lunes", Health},
		{"paciente con insuficiencia renal", Health},
		{"VIH positivo", Health},
		{"grupo sanguíneo O+", Health},
		{"profesa la religión católica", Religion},
		{"Religión: evangélica", Religion},
		{"afiliación sindical: CCOO", Union},
		{"cuota del sindicato SUTEYM", Union},
		{"trabajador sindicalizado", Union},
		{"de etnia gitana", Ethnicity},
		{"origen étnico: mazahua", Ethnicity},
		{"hablante de lengua otomí", Ethnicity},
		{"orientación: homosexual", Orientation},
		{"su orientación sexual", Orientation},
		{"afiliado al partido PRI", Politics},
		{"militante de Morena", Politics},
		{"ideología política", Politics},
		{"huella dactilar del trabajador", Biometrics},
		{"plantilla de reconocimiento facial", Biometrics},
		{"tiene antecedentes penales", Criminal},
		{"condenado por un delito de robo", Criminal},
		{"carpeta de investigación 12/2026", Criminal},
		{"Ana padece asma. Afiliación sindical: UGT", Health | Union},

		{"El Pleno aprobó la partida de gastos", 0},
		{"la sentencia del partido judicial", 0},
		{"cálculo renal", 0},
		{"el iris de la cámara", 0},
		{"carrera de perros de raza", 0},
		{"Prohibida la discriminación por raza, religión u orientación sexual", 0},
		{"sin distinción de origen étnico, afiliación sindical, ni orientación sexual", 0},
		{"Requisitos: aportar certificado de antecedentes penales", 0},
		{"los datos biométricos y los de afiliación sindical (artículo 9 del RGPD)", 0},
		{"origen étnico, opiniones políticas, convicciones religiosas, afiliación sindical, huella dactilar, orientación sexual", 0},
		{"El sindicato firmó el convenio", 0},
		{"La Iglesia católica cede el local", 0},
		{"campaña contra la diabetes", 0},
		{"centro médico municipal", 0},
		{"El voto del concejal fue negativo", 0},
		{"delito", 0},
		{"IVA del 21 % de la factura C21", 0},
		{"se abre el expediente de contratación", 0},
		{"el padrón de habitantes", 0},
		{"pan y leche para el comedor", 0},
		{"la cuota del comedor escolar", 0},
		{"orden de pago 33", 0},
	}
	for _, tt := range tests {
		if got := lookAround(tt.text).categories; got != tt.want {
			t.Errorf("%q: %v, want %v", tt.text, got.Names(), tt.want.Names())
		}
	}
}

func TestColumnCategories(t *testing.T) {
	for name, want := range map[string]Category{
		"diagnostico": Health, "Religión": Religion, "SINDICATO": Union, "etnia": Ethnicity, "tipo_sangre": Health,
		"orientacion_sexual": Orientation, "partido": Politics, "huella": Biometrics, "antecedentes_penales": Criminal,
		"discapacidad": Health, "raza": Ethnicity, "partido judicial": 0, "origen": 0, "uso": 0, "baja": 0, "identidad": 0,
		"nombre": 0, "folio": 0, "importe": 0,
	} {
		if got := columnCategories(bestSIMD(), []byte(name)); got != want {
			t.Errorf("%q: %v, want %v", name, got.Names(), want.Names())
		}
	}
}

func TestSurroundingsAllocatesNothing(t *testing.T) {
	text := []byte(strings.Repeat("María García, calle Mayor 12, 28013 Madrid, nacida el 3/4/1980, padece diabetes. ", 20))
	theLexicon()
	var r surrounding
	if got := testing.AllocsPerRun(10, func() { surroundings(bestSIMD(), text, 0, len(text), &r) }); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func FuzzSurroundings(f *testing.F) {
	for _, ex := range []examples{addressExamples(), birthDateExamples()} {
		for _, text := range append(ex.found, ex.missed...) {
			f.Add([]byte(text), uint16(0), uint16(1000))
		}
	}
	f.Add([]byte("GARC\xcdA L\xd3PEZ, Mar\xeda; C/ Mayor, 12, 3\xba; CIE F32.1 33 %"), uint16(3), uint16(40))
	f.Add([]byte("Jose\u0301 Nu\u0301n\u0303ez\xc3"), uint16(0), uint16(20))
	f.Fuzz(func(t *testing.T, b []byte, lo, hi uint16) {
		var r surrounding
		surroundings(bestSIMD(), b, int(lo), int(hi), &r)
		if r.names < 0 || r.names > len(b) || r.addresses > len(b) || r.birthDates > len(b) {
			t.Fatalf("%q: %+v", b, r)
		}
		isName(bestSIMD(), b, int(lo), int(hi))
		columnCategories(bestSIMD(), b)
	})
}

func BenchmarkSurroundings(b *testing.B) {
	for _, bm := range []struct{ name, text string }{
		{"prose", "El Ayuntamiento aprobó en sesión ordinaria la propuesta de la Comisión de Hacienda, y acordó dar traslado " +
			"del acuerdo a las personas interesadas, que podrán alegar lo que estimen oportuno en el plazo de quince días hábiles. "},
		{"persons", "Ana;García López;calle Mayor 12;28013;Madrid;12/03/1984;600123456;diabetes\n"},
	} {
		text := []byte(strings.Repeat(bm.text, 1000))
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var r surrounding
				surroundings(bestSIMD(), text, 0, len(text), &r)
			}
		})
	}
}
