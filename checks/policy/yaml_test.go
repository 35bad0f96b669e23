package policy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
)

// sample has every kind of field that the files of this package use.
type sample struct {
	Name   string          `json:"name"`
	Count  int             `json:"count"`
	Big    int64           `json:"big"`
	Core   bool            `json:"core"`
	Every  checks.Duration `json:"every"`
	Params json.RawMessage `json:"params"`
	List   []string        `json:"list"`
	Inner  *inner          `json:"inner"`
	Rows   []row           `json:"rows"`
	Hidden string          `json:"-"`
}

type inner struct {
	Deep string `json:"deep"`
}

type row struct {
	Place string `json:"place"`
	inner
}

func TestDecodeYAML(t *testing.T) {
	const file = `# a comment
name: "uno"
count: 0x10
big: 9007199254740993
core: true
every: 36h
params:
  b: [1, 2.5, true, null, "x", 2027-01-31, {z: 1}]
  a: {n: 9007199254740993}
list: [2027-01-31, dos]
inner: {deep: sea}
rows:
  - place: here
    deep: well
`
	var got sample
	doc, err := decodeYAML("a.yaml", []byte(file), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := sample{
		Name: "uno", Count: 16, Big: 9007199254740993, Core: true, Every: Duration(36 * 3600e9),
		Params: json.RawMessage(`{"a":{"n":9007199254740993},"b":[1,2.5,true,null,"x","2027-01-31",{"z":1}]}`),
		List:   []string{"2027-01-31", "dos"}, Inner: &inner{"sea"}, Rows: []row{{Place: "here", inner: inner{"well"}}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for path, line := range map[string]string{
		"rows[0].deep": "a.yaml:14: rows[0].deep: x", "rows[0].gone": "a.yaml:13: rows[0].gone: x",
		"params.a.n": "a.yaml:9: params.a.n: x", "gone": "a.yaml: gone: x", "": "a.yaml: x",
	} {
		if got := doc.errorf(path, "x").Error(); got != line {
			t.Errorf("%s: got %q, want %q", path, got, line)
		}
	}
}

func TestDecodeYAMLRefuses(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"nothing", "", "a.yaml: the file is empty"},
		{"only a comment", "# nothing\n", "a.yaml: the file is empty"},
		{"broken", "name: [a\nb: c\n", "a.yaml:1: did not find expected ',' or ']'"},
		{"a tab", "name:\n\tx: y\n", "a.yaml:2: found character that cannot start any token"},
		{"a list", "- a\n", "a.yaml: want keys with values, got a list"},
		{"unknown key", "name: a\nnmae: b\n", "a.yaml:2: nmae: unknown key"},
		{"a key that files do not have", "Hidden: a\n", "a.yaml:1: Hidden: unknown key"},
		{"unknown key in a row", "rows:\n  - place: a\n    palce: b\n", "a.yaml:3: rows[0].palce: unknown key"},
		{"twice", "name: a\nname: b\n", "a.yaml:2: name: the key is there twice"},
		{"twice in parameters", "params:\n  x: 1\n  x: 2\n", "a.yaml:3: params.x: the key is there twice"},
		{"a number for text", "name: 12\n", "a.yaml:1: name: want text, got 12: put it in quotes"},
		{"text for a number", "count: many\n", `a.yaml:1: count: want a whole number, got "many"`},
		{"a fraction for a number", "count: 1.5\n", `a.yaml:1: count: want a whole number, got "1.5"`},
		{"a number that is too big", "big: 99999999999999999999\n", `a.yaml:1: big: want a whole number, got "99999999999999999999"`},
		{"text for yes or no", "core: yes please\n", `a.yaml:1: core: want true or false, got "yes please"`},
		{"text for a list", "list: a\n", `a.yaml:1: list: want a list, got "a"`},
		{"a list for text", "name: [a]\n", "a.yaml:1: name: want a value, got a list"},
		{"keys for a duration", "every: {h: 1}\n", "a.yaml:1: every: want a value, got keys with values"},
		{"a negative duration", "every: -1h\n", `a.yaml:1: every: duration "-1h" is negative`},
		{"an anchor", "name: &a x\n", "a.yaml:1: name: anchors and aliases are not allowed"},
		{"an alias", "params:\n  x: &a 1\n  y: *a\n", "a.yaml:2: params.x: anchors and aliases are not allowed"},
		{"a merge key", "params:\n  <<: {x: 1}\n", "a.yaml:2: params: tags and merge keys are not allowed"},
		{"a tag", "params:\n  x: !!binary aGk=\n", "a.yaml:2: params.x: tags and merge keys are not allowed"},
		{"a key that is no text", "params:\n  1: x\n", "a.yaml:2: params: a key must be text"},
		{"not a number", "params:\n  x: .nan\n", `a.yaml:2: params.x: the value ".nan" cannot be used here`},
		{"two documents", "name: a\n---\nname: b\n", "a.yaml: more than one YAML document"},
		{"too large", "name: " + strings.Repeat("a", maxFile), "a.yaml: larger than 1048576 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got sample
			_, err := decodeYAML("a.yaml", []byte(tt.file), &got)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func FuzzLoadSource(f *testing.F) {
	f.Add([]byte("packs: [es-rgpd]\n"))
	f.Add([]byte(fullSource))
	f.Add([]byte(`{"packs":["mx-general"],"overrides":[{"control":"BK-DAILY","params":{"every":"1h"},"why":"a","by":"b"}]}`))
	f.Add([]byte("packs: &a [*a]\n"))
	f.Add([]byte("overrides:\n- params: {a: {b: [1, .inf]}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		source, err := LoadSource("f.yaml", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.yaml") || strings.ContainsRune(err.Error(), '\n') {
				t.Errorf("%q: the error does not begin with the file or has two lines", err)
			}
			return
		}
		if len(source.Packs) == 0 {
			t.Error("a source without packs was accepted")
		}
	})
}
