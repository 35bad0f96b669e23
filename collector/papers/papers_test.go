package papers

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/host"
	"vigia/checks/policy"
	"vigia/collector/paper"
)

var update = flag.Bool("update", false, "write the guide's papers anew")

// guide holds the papers of an organisation that nobody has named yet.
const guide = "../../packaging/guide/antes-del-primer-agente"

func input(t testing.TB) Input {
	t.Helper()
	laws, err := policy.Laws()
	if err != nil {
		t.Fatal(err)
	}
	packs, err := policy.Packs()
	if err != nil {
		t.Fatal(err)
	}
	return Input{Packs: policy.DefaultPacks(), Catalog: catalog.New(), Laws: laws, AllPacks: packs}
}

// TestGuide holds the papers of the guide to what the program writes. Run it with -update
// after a change, and read what changed in the annex as an employee would.
func TestGuide(t *testing.T) {
	made, err := Make(input(t))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, p := range made {
		name := filepath.Join(guide, filepath.FromSlash(p.Name)+".md")
		want = append(want, name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(p.Markdown), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(have), p.Markdown); diff != "" {
			t.Errorf("%s is not what the program writes; run this test with -update (-page +program):\n%s", name, diff)
		}
	}
	err = filepath.WalkDir(guide, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !slices.Contains(want, name) {
			t.Errorf("%s: no such paper is written any more", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDescribed demands that the papers say of every text and time among the facts of all
// checks of which kind it is, so that the circular cannot say less than what is sent.
func TestDescribed(t *testing.T) {
	in := input(t)
	used := map[string]bool{}
	for _, c := range in.Catalog.All() {
		fields, err := Describe(c)
		if err != nil {
			t.Errorf("%v", err)
		}
		domain, _, _ := strings.Cut(c.Info().ID, ".")
		for _, f := range fields {
			used[c.Info().ID+" "+f.Path], used[domain+".* "+f.Path] = true, true
		}
	}
	for key := range oneCheck() {
		if !used[key] {
			t.Errorf("%s: there is no such fact any more", key)
		}
	}
}

// A check whose facts gain a field that nobody described makes the papers fail.
func TestUndescribed(t *testing.T) {
	type facts struct {
		Count int             `json:"count"`
		Mail  string          `json:"mail"`
		When  time.Time       `json:"when"`
		By    map[string]bool `json:"who_else"`
		More  []struct {
			Source string `json:"source"`
		} `json:"more"`
	}
	c := checks.New(checks.Info{ID: "test.facts"}, struct{}{}, checks.On[facts]{host.Linux: nil},
		func(facts, struct{}, time.Time) checks.Verdict { return checks.Verdict{} })
	fields, err := Describe(c)
	if !errors.Is(err, ErrUndescribed) {
		t.Fatalf("Describe: %v, want %v", err, ErrUndescribed)
	}
	for _, name := range []string{".mail", ".when", ".who_else{key}"} {
		if !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%v: does not name %s", err, name)
		}
	}
	want := []Field{{".count", number}, {".more[].source", setting}, {".who_else{}", number}}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// Each field of the contract has its words, and no words are of a field that is gone.
func TestEnvelope(t *testing.T) {
	fields, text := Envelope(), envelopeText()
	for message, says := range text {
		for field := range says {
			if !slices.Contains(fields[message], field) {
				t.Errorf("%s.%s: there is no such field any more", message, field)
			}
		}
	}
	for message, names := range fields {
		if !slices.ContainsFunc(envelopeTitles(), func(t [2]string) bool { return t[0] == message }) {
			t.Errorf("%s is not among the titles", message)
		}
		for _, name := range names {
			if text[message][name] == "" {
				t.Errorf("%s.%s: %v", message, name, ErrUndescribed)
			}
		}
	}
}

// What is known is filled in, everywhere, and in a document too.
func TestFilledIn(t *testing.T) {
	in := input(t)
	in.Organisation, in.Zone, in.Packs = "Ayuntamiento de <Villa> & Ejemplo", "America/Monterrey", []string{"mx-general"}
	made, err := Make(in, Mexico)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range made {
		if strings.HasPrefix(p.Name, "es/") {
			t.Errorf("%s is of the other country", p.Name)
		}
		if p.Name != annex && !strings.Contains(p.Markdown, in.Organisation) {
			t.Errorf("%s does not name the organisation", p.Name)
		}
		if strings.Contains(p.Markdown, "[nombre de la organización]") {
			t.Errorf("%s leaves the organisation open", p.Name)
		}
	}
	dir := t.TempDir()
	names, err := Write(dir, DOCX, in, made)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != len(made) {
		t.Errorf("%d files of %d papers", len(names), len(made))
	}
	for i, name := range names {
		got := words(t, name)
		for _, text := range paper.Texts(made[i].Markdown) {
			if !strings.Contains(got, strings.TrimSpace(strings.ReplaceAll(text, ". ", ".\t"))) && !strings.Contains(got, strings.TrimSpace(text)) {
				t.Errorf("%s has lost %q", name, text)
			}
		}
	}
	if _, err := Write(dir, DOCX, in, made); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Write: %v, want %v", err, fs.ErrExist)
	}
}

// words reads the texts of a document, and fails unless all its parts are XML.
func words(t *testing.T, name string) string {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	var text strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		dec := xml.NewDecoder(bytes.NewReader(b))
		for {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s in %s: %v", f.Name, name, err)
			}
			switch token := token.(type) {
			case xml.CharData:
				if f.Name == "word/document.xml" {
					text.Write(token)
				}
			case xml.StartElement:
				switch token.Name.Local {
				case "tab":
					text.WriteString("\t")
				case "p":
					text.WriteString("\n")
				}
			}
		}
	}
	return text.String()
}

// No blank is left open, and no line names what only one who wrote the program knows.
func TestTexts(t *testing.T) {
	made, err := Make(input(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range made {
		if p.Name == annex {
			continue
		}
		for i, line := range strings.Split(p.Markdown, "\n") {
			if strings.Contains(line, ".go") {
				t.Errorf("%s:%d: names a file of the program", p.Name, i+1)
			}
			if strings.HasPrefix(line, "|") && strings.Count(line, "[") != strings.Count(line, "]") {
				t.Errorf("%s:%d: a blank is not closed", p.Name, i+1)
			}
		}
	}
}
