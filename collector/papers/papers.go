// Package papers writes what an organisation needs on paper before the first machine
// reports to Vigía: the circular to the staff, the privacy notices, the entry of the
// inventory or of the record of processing activities, the impact assessment, the list of
// what to file and when, and the annex that says field by field what leaves a machine.
//
// The texts are templates with blanks in brackets, for a person of the organisation to
// fill in and sign; what the program knows it fills in itself. The annex is made of the
// types of the checks' facts and of the wire contract, so that it cannot say less than
// what is sent: a field that nobody described is an error (see Describe), and a test
// holds each of them.
package papers

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"vigia/checks/catalog"
	"vigia/checks/policy"
	"vigia/collector/paper"
)

//go:embed texts texts/_evaluacion.md
var texts embed.FS

// Country selects the law that the papers follow.
type Country string

// The countries. Papers of both are written where it is not said.
const (
	Mexico Country = "mx"
	Spain  Country = "es"
)

// Countries lists them.
func Countries() []Country { return []Country{Mexico, Spain} }

// Input is what is known of the organisation. What is empty stays a blank.
type Input struct {
	Organisation string
	Zone         string // IANA name
	Packs        []string
	// Folders are those in which documents are searched; none: where people keep files.
	Folders []string
	// Version is that of the program.
	Version  string
	Catalog  *catalog.Catalog
	Laws     policy.LawBook
	AllPacks []policy.Pack
}

// Paper is one document.
type Paper struct {
	// Name is its place, without what says the format: "mx/2-aviso-de-privacidad".
	Name string
	// Markdown is its text: headings, paragraphs, lists, tables, quotations and bold.
	Markdown string
}

// fragment is the part that the impact assessments of all countries share.
const fragment = "_evaluacion.md"

// annex is the paper that is made and not filled in.
const annex = "anexo-que-se-mide"

// Make fills the papers in: those common to all, and those of the countries.
func Make(in Input, countries ...Country) ([]Paper, error) {
	if len(countries) == 0 {
		countries = Countries()
	}
	made, err := makeAnnex(in)
	if err != nil {
		return nil, err
	}
	evaluation, err := texts.ReadFile("texts/" + fragment)
	if err != nil {
		return nil, err
	}
	shared := strings.NewReplacer("{{_evaluacion}}", strings.TrimSpace(string(evaluation)))
	fill := strings.NewReplacer(
		"{{organización}}", cmp.Or(in.Organisation, "[nombre de la organización]"),
		"{{zona}}", cmp.Or(in.Zone, "[zona horaria]"),
		"{{paquetes}}", strings.Join(in.Packs, ", "),
		"{{versión}}", cmp.Or(in.Version, "[versión]"),
		"{{controles}}", controlsTable(in),
		"{{carpetas}}", cmp.Or(cell(strings.Join(in.Folders, ", ")), "las de las personas (en Windows, C:\\Users; en Linux, /home, /root y /srv)"),
		"{{categorías}}", kindsTable(),
		"{{fuera}}", neverList(),
	)
	out := []Paper{{Name: annex, Markdown: made}}
	err = fs.WalkDir(texts, "texts", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == fragment {
			return err
		}
		short := strings.TrimSuffix(strings.TrimPrefix(name, "texts/"), ".md")
		if dir := path.Dir(short); dir != "." && !slices.Contains(countries, Country(dir)) {
			return nil
		}
		b, err := texts.ReadFile(name)
		if err != nil {
			return err
		}
		text := fill.Replace(shared.Replace(string(b)))
		if i := strings.Index(text, "{{"); i >= 0 {
			return fmt.Errorf("paper %s: nothing fills in %.30q", short, text[i:])
		}
		out = append(out, Paper{Name: short, Markdown: text})
		return nil
	})
	slices.SortFunc(out, func(a, b Paper) int { return strings.Compare(a.Name, b.Name) })
	return out, err
}

// Format is a kind of file.
type Format string

// The formats: DOCX to fill in and sign, Markdown to keep beside other texts.
const (
	DOCX     Format = "docx"
	Markdown Format = "md"
)

// Write writes the papers into a folder, which is made. It never writes over a file, since
// a person may have filled it in: then it writes nothing at all.
func Write(dir string, format Format, in Input, papers []Paper) ([]string, error) {
	var names []string
	for _, p := range papers {
		name := filepath.Join(dir, filepath.FromSlash(p.Name)+"."+string(format))
		if _, err := os.Lstat(name); err == nil {
			return nil, fmt.Errorf("%s: %w", name, fs.ErrExist)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		names = append(names, name)
	}
	for i, p := range papers {
		b := []byte(p.Markdown)
		if format == DOCX {
			var err error
			if b, err = paper.DOCX(p.Markdown, in.Organisation); err != nil {
				return nil, fmt.Errorf("paper %s: %w", p.Name, err)
			}
		}
		if err := os.MkdirAll(filepath.Dir(names[i]), 0o755); err != nil { //nolint:gosec // a person opens them, who is not root
			return nil, err
		}
		if err := os.WriteFile(names[i], b, 0o644); err != nil { //nolint:gosec // as above
			return nil, err
		}
	}
	return names, nil
}

// measuredBy lists, in the catalogue's order of laws, the controls of the packs in force and
// the checks that measure them.
func measuredBy(in Input) (controls []policy.Control, checks map[string][]string) {
	checks = map[string][]string{}
	for _, p := range in.AllPacks {
		if !slices.Contains(in.Packs, p.Name) {
			continue
		}
		for _, r := range p.Rules {
			if !slices.Contains(checks[r.Control], r.Check) {
				checks[r.Control] = append(checks[r.Control], r.Check)
			}
		}
	}
	for _, c := range in.Laws.Controls {
		if len(checks[c.ID]) > 0 {
			controls = append(controls, c)
		}
	}
	return controls, checks
}

func controlsTable(in Input) string {
	var b strings.Builder
	b.WriteString("| Control | Qué comprueba | Cómo se llama la medida |\n|---|---|---|\n")
	controls, by := measuredBy(in)
	for _, c := range controls {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", c.ID, cell(c.Title.ES), strings.Join(by[c.ID], ", "))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// cell is a text inside a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "/") }
