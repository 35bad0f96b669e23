package detect

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"os"
	"strings"
	"testing"
	"unicode/utf16"
)

// scanAll returns the matches of a text given in one block.
func scanAll(text string) []Match {
	var got []Match
	s := NewScanner(maphash.MakeSeed())
	s.Scan([]byte(text), func(m Match) { got = append(got, m) })
	s.Finish(func(m Match) { got = append(got, m) })
	return got
}

// reported tells whether a text has a match of a type that counts.
func reported(text string, typ Type) bool {
	for _, m := range scanAll(text) {
		if m.Type == typ && m.Score >= Report {
			return true
		}
	}
	return false
}

func TestExamples(t *testing.T) {
	tests := []struct {
		typ      Type
		examples examples
	}{
		{CURP, curpExamples()},
		{RFC, rfcExamples()},
		{NSS, nssExamples()},
		{DNI, dniExamples()},
		{NIE, nieExamples()},
	}
	for _, tt := range tests {
		for _, text := range tt.examples.found {
			if !reported(text, tt.typ) {
				t.Errorf("%s: missed %q: %v", tt.typ, text, scanAll(text))
			}
		}
		for _, text := range tt.examples.missed {
			if got := scanAll(text); reported(text, tt.typ) {
				t.Errorf("%s: reported %q: %v", tt.typ, text, got)
			}
		}
	}
}

// A vector is one line of testdata/vectors.tsv.
type vector struct {
	typ          Type
	class, value string
}

func vectors(t testing.TB) []vector {
	t.Helper()
	f, err := os.Open("testdata/vectors.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []vector
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 3 {
			t.Fatalf("vectors.tsv: %d cells in %q", len(cells), line)
		}
		all = append(all, vector{Type(cells[0]), cells[1], cells[2]})
	}
	return all
}

var keywordOf = map[Type]string{CURP: "CURP", RFC: "R.F.C.", NSS: "Número de seguridad social", DNI: "D.N.I. n.º", NIE: "NIE"}

func TestVectors(t *testing.T) {
	seen := map[string]int{}
	for _, v := range vectors(t) {
		seen[string(v.typ)+" "+v.class]++
		texts := map[string]string{
			"sentence": fmt.Sprintf("Persona con %s %s, vecina de este municipio.", keywordOf[v.typ], v.value),
			"csv":      fmt.Sprintf("clave;%s;alta\n17;%s;2020-01-31\n18;;2020-02-01\n", strings.ToLower(keywordOf[v.typ]), v.value),
			"json":     fmt.Sprintf(`{"titular":{"%s":"%s"}}`, keywordOf[v.typ], v.value),
			"bare":     fmt.Sprintf("%s\n", v.value),
		}
		company := v.typ == RFC && strings.IndexAny(v.value, "0123456789") < 4 || v.typ == RFC && v.value[3] == '-'
		for form, text := range texts {
			want := v.class != "near"
			switch {
			case v.class == "near" && v.typ == RFC && form != "bare":
				// One RFC in seventy has a wrong digit: beside its word it counts, as such,
				// unless it is a company's.
				want = !company
			case form == "bare":
				want = want && (v.typ == CURP || v.typ == RFC && !company)
			}
			if got := reported(text, v.typ); got != want {
				t.Errorf("%s %s in %s: reported %v, want %v: %v", v.typ, v.class, form, got, want, scanAll(text))
			}
			for _, m := range scanAll(text) {
				if m.count > 0 {
					continue // names around it
				}
				if m.Outcome == Valid && v.class == "near" || m.Outcome == DigitWrong && v.class != "near" {
					t.Errorf("%s %s in %s: %v", v.typ, v.class, form, m)
				}
				if got := text[m.Start:m.End]; got != v.value {
					t.Errorf("%s %s in %s: match covers %q", v.typ, v.class, form, got)
				}
			}
		}
	}
	for _, want := range []string{"mx.curp ok", "mx.rfc near", "mx.nss sep", "es.dni ok", "es.nie near"} {
		if seen[want] != 12 {
			t.Errorf("%d vectors of %s, want 12", seen[want], want)
		}
	}
}

// Where false positives have come from: none of these is anyone's identifier.
func TestTraps(t *testing.T) {
	traps := []string{
		"2680 0028 2681 0029",
		"pix-limits = <4224 8192 1920 4224>",
		"Intel cells at 3200000000 Hz tel cel 9780306406157",
		"lat 19.4326077 lon -99.13320801234",
		"550e8400-e29b-41d4-a716-446655440000",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709 e3b0c44298fc1c149afbf4c8996fb924",
		"EAN 4006381333931 factura 20260101-00017",
		"rastreo 1Z9999999999999999, guía 92919084431",
		"part number ABC123456 y 12345678-A",
		"UUID=\"AAAAAAAA-BBBB-CCCC-DDDD-EEEE12345678\"",
		"[12:34:56.789] user@host pid 12345678 e:0x7fff12345678d",
		"2024-01-31T12:34:56Z 20240131123456Z 12345678T000000Z",
		"Copyright 1995-2023 RFC 2616, RFC 7231",
		"IMG-230101-WA0001.jpg DSC_20230101_123456.jpg",
		"el 12.345.678 y 12345678 a 12345678 e",
		"const NSS_VERSION = 92919084432 // nss",
		"version 92-91-90 8443-1 nss",
	}
	for _, trap := range traps {
		for _, m := range scanAll(trap) {
			if m.Score >= Report {
				t.Errorf("%q: %v", trap, m)
			}
		}
	}
}

// A value with a wrong check digit never counts, whatever stands around it, but for RFC.
func TestWrongDigitNeverReported(t *testing.T) {
	for _, v := range vectors(t) {
		if v.class != "near" || v.typ == RFC {
			continue
		}
		k := keywordOf[v.typ]
		text := fmt.Sprintf("%s;otro\n%s;1\n%s %s %s HEGG560427MVZRRL04\n", k, v.value, k, v.value, k)
		for _, m := range scanAll(text) {
			if m.Outcome == DigitWrong && m.Score >= Report {
				t.Errorf("%s: %v", v.typ, m)
			}
		}
	}
}

func TestEncodings(t *testing.T) {
	const text = "El señor José Núñez, con R.F.C. IAÑL750210963 y número de afiliación 92-91-90-8443-1.\n" +
		"D.N.I. 12.345.678\u2011Z\u00a0\u2014 CURP: HEGG560427MVZRRL04"
	want := []string{"mx.rfc", "mx.nss", "es.dni", "mx.curp"}
	units := utf16.Encode([]rune(text))
	var le, be []byte
	for _, u := range units {
		le = binary.LittleEndian.AppendUint16(le, u)
		be = binary.BigEndian.AppendUint16(be, u)
	}
	var latin []byte
	for _, r := range text {
		switch {
		case r < 0x100:
			latin = append(latin, byte(r))
		case r == 0x2011:
			latin = append(latin, 0xAD)
		default:
			latin = append(latin, 0x97)
		}
	}
	latin = bytes.ReplaceAll(latin, []byte{0xAD}, []byte("-"))
	for _, tt := range []struct {
		name string
		enc  Encoding
		text []byte
	}{
		{"UTF-8", Bytes, []byte(text)},
		{"Windows-1252", Bytes, latin},
		{"decomposed", Bytes, []byte(strings.NewReplacer("é", "e\u0301", "ó", "o\u0301", "ú", "u\u0301").Replace(text))},
		{"UTF-16LE", UTF16LE, le},
		{"UTF-16BE", UTF16BE, be},
	} {
		for _, block := range []int{1, 3, 7, 1 << 20} {
			var got []string
			s := NewScanner(maphash.MakeSeed())
			s.Reset(tt.enc)
			emit := func(m Match) {
				if m.Score >= Report && m.Outcome == Valid {
					got = append(got, string(m.Type))
				}
				if tt.enc != Bytes {
					if m.Start%2 != 0 || m.End%2 != 0 || m.End > int64(len(tt.text)) {
						t.Errorf("%s: %v lies between characters of %d bytes", tt.name, m, len(tt.text))
					}
				}
			}
			for rest := tt.text; len(rest) > 0; {
				k := min(block, len(rest))
				s.Scan(rest[:k], emit)
				rest = rest[k:]
			}
			s.Finish(emit)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s in blocks of %d: got %v, want %v", tt.name, block, got, want)
			}
		}
	}
}

func TestTallyPersons(t *testing.T) {
	tests := []struct {
		name, text string
		want       int
	}{
		{"nobody", "nada", 0},
		{"same CURP twice", "HEGG560427MVZRRL04 y hegg560427mvzrrl04", 1},
		{"CURP and RFC of one person", "HEGG560427MVZRRL04,RFC HEGG560427AA1", 1},
		{"two persons", "HEGG560427MVZRRL04 GODE561231GR8", 2},
		{"NSS of the same person", "HEGG560427MVZRRL04 NSS 92919084431", 1},
		{"two NSS and one CURP", "HEGG560427MVZRRL04 NSS 92919084431 NSS 10260195283", 2},
		{"a company", "RFC MAB9307148T4", 0},
		{"accounts", "clabe\n032180000118359719\n646180110400000007\n160101065128749917\n141770661843889362\n", 2},
		{"telephones", "nombre;celular\nAna;5520401571\nEva;4420311700\nIan;8120414830\nLuz;2229090546\nLeo;6644376954\nPaz;7222556729\n", 2},
		{"cards", "tarjeta\n4152310471104811\n4152648067885248\n5579703600831837\n", 1},
		{"mail", "a1@correo.mx b2@correo.mx c3@correo.mx", 1},
		{"dates of birth", "nombre;fecha_nacimiento\nAna;12/03/1984\nEva;13/03/1984\nIan;12/03/1984\n", 2},
		{"Spaniards", "DNI 12345678Z, DNI 54362315-K, NIE X2482300W, dni 12.345.678-z", 3},
	}
	for _, tt := range tests {
		var tally Tally
		for _, m := range scanAll(tt.text) {
			tally.Add(m)
		}
		if got := tally.Persons(); got != tt.want {
			t.Errorf("%s: %d persons, want %d", tt.name, got, tt.want)
		}
		var twice Tally
		twice.Merge(&tally)
		twice.Merge(&tally)
		if got := twice.Persons(); got != tt.want {
			t.Errorf("%s, merged twice: %d persons, want %d", tt.name, got, tt.want)
		}
	}
}

func TestTallyIsBounded(t *testing.T) {
	var tally Tally
	for i := range 3 * MaxDistinct {
		tag := uint64(i) * 0x9E3779B97F4A7C15
		tally.Add(Match{Score: Report, kind: kindCURP, tag: tag, person: tag})
	}
	if got, want := tally.Counts()[CURP], 3*MaxDistinct; got != want {
		t.Errorf("count %d, want %d", got, want)
	}
	if got, want := tally.Distinct()[CURP], MaxDistinct; got != want {
		t.Errorf("distinct %d, want %d", got, want)
	}
	if got := tally.roots.n; got > MaxDistinct {
		t.Errorf("%d roots kept", got)
	}
}

// No way of printing a match shows its tags.
func TestMatchPrintsNoTag(t *testing.T) {
	m := Match{Type: CURP, Start: 1, End: 19, Outcome: Valid, Score: 80, tag: 0xABCDEF0123, person: 0x3210FEDCBA}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		got := strings.ToLower(fmt.Sprintf(verb, m))
		for _, tag := range []uint64{m.tag, m.person} {
			if strings.Contains(got, fmt.Sprint(tag)) || strings.Contains(got, fmt.Sprintf("%x", tag)) {
				t.Errorf("%s shows a tag: %s", verb, got)
			}
		}
	}
}

func TestMaskPath(t *testing.T) {
	tests := []struct{ path, want string }{
		{"/home/ana/Documentos/listado.csv", "/home/ana/Documentos/listado.csv"},
		{"/home/ana/HEGG560427MVZRRL04.pdf", "/home/ana/******************.pdf"},
		{"/home/curpHEGG560427MVZRRL04x/a.txt", "/home/curp******************x/a.txt"},
		{`C:\Users\ana\hegg560427mvzrrl04\a.txt`, `C:\Users\ana\******************\a.txt`},
		{"/exp/GODE561231GR8/a", "/exp/*************/a"},
		{"/exp/GODE561231GR9/a", "/exp/*************/a"},
		{"/exp/GODE561231/a", "/exp/**********/a"},
		{"/exp/IAÑL750210963", "/exp/**************"},
		{"dni 12345678Z.txt", "dni *********.txt"},
		{"dni_12345678A.txt", "dni_*********.txt"},
		{"12.345.678-Z.txt", "************.txt"},
		{"nie-X2482300W", "nie-*********"},
		{"nss 92-91-90-8443-1", "nss ***************"},
		{"tel 5512345678", "tel 5512345678"},
		{"/tmp/TestRun249230982/001/a", "/tmp/TestRun249230982/001/a"},
		{"/tmp/TestRoots1560123123/x", "/tmp/TestRoots1560123123/x"},
		{"/tmp/x12345678/Z/a", "/tmp/x12345678/Z/a"},
		{"foto12345678Zb.jpg", "foto*********b.jpg"},
		{"acta 20240131.pdf", "acta 20240131.pdf"},
		{"acta 31012024.pdf", "acta 31012024.pdf"},
		{"acta 45678901.pdf", "acta 45678901.pdf"},
		{"2024/01/31/0001", "2024/01/31/0001"},
		{"/a/ana.lopez@correo.mx ficha.xml", "/a/******************* ficha.xml"},
		{"/a/ana.lopez@correo.mx/ñandú@b.mx.json", "/a/*******************/*****************"},
		{"/node_modules/@angular/core@1.2.3/a", "/node_modules/@angular/core@1.2.3/a"},
		{"/run/ana@host/a", "/run/ana@host/a"},
	}
	for _, tt := range tests {
		if got := MaskPath(tt.path); got != tt.want {
			t.Errorf("MaskPath(%q) = %q, want %q", tt.path, got, tt.want)
		}
	}
	for _, v := range vectors(t) {
		got := MaskPath("/a/" + v.value + "/b")
		if want := "/a/" + strings.Repeat("*", len(v.value)) + "/b"; got != want && (v.class != "near" || !strings.Contains(got, "*")) {
			t.Errorf("%s %s is masked as %q", v.typ, v.class, got)
		}
	}
}
