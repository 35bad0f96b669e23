package policy

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// coveragePage says to technicians and auditors what is measured and what is not. It is
// made of the laws, the packs, the catalogue and what the tests of each check have shown.
const coveragePage = "../../packaging/guide/cobertura.md"

// TestCoverage demands that every check says what it covers on each of its systems, that
// its tests have shown it there, and that the page in the guide says just that. Run it
// with -update after a change of any of them.
func TestCoverage(t *testing.T) {
	shown := provenByTests(t)
	for _, c := range catalog.New().All() {
		info := c.Info()
		for _, system := range c.Platforms() {
			covers, ok := info.Covers[system]
			if !ok || len(covers.Sources) == 0 || !complete(covers.ByHand) {
				t.Errorf("%s on %s: say where its facts come from and how to repeat them by hand", info.ID, system)
			}
			if (covers.Missing.ES == "") != (covers.Missing.EN == "") {
				t.Errorf("%s on %s: say in both languages what is missing", info.ID, system)
			}
			got, least := shown[info.ID][system], checktest.Least()
			if got.Pass+got.NotApplicable < least.Pass || got.Fail+got.Warn < least.Pass || got.Unknown < least.Unknown {
				t.Errorf("%s on %s: its tests have shown %+v", info.ID, system, got)
			}
		}
	}
	got := renderCoverage(t, shown)
	if checktest.Update() {
		if err := os.WriteFile(coveragePage, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(coveragePage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the catalogue says; run this test with -update (-page +catalogue):\n%s", coveragePage, diff)
	}
}

// provenByTests joins what the tests of all domains have shown.
func provenByTests(t *testing.T) checktest.Proven {
	t.Helper()
	files, err := filepath.Glob("../*/" + checktest.ProvenFile)
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in the domains: %v", checktest.ProvenFile, err)
	}
	all := make(checktest.Proven)
	for _, name := range files {
		p, err := checktest.ReadProven(name)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(all, p)
	}
	return all
}

// use is where the packs ask for a check.
type use struct {
	control string
	packs   []string
}

func renderCoverage(t *testing.T, shown checktest.Proven) []byte {
	t.Helper()
	book, err := Laws()
	if err != nil {
		t.Fatal(err)
	}
	packs, err := Packs()
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string][]use{} // by check
	measuredBy := map[string][]string{}
	for _, p := range packs {
		for _, r := range p.Rules {
			i := slices.IndexFunc(asked[r.Check], func(u use) bool { return u.control == r.Control })
			if i < 0 {
				asked[r.Check] = append(asked[r.Check], use{control: r.Control})
				i = len(asked[r.Check]) - 1
			}
			asked[r.Check][i].packs = append(asked[r.Check][i].packs, p.Name)
			if !slices.Contains(measuredBy[r.Control], r.Check) {
				measuredBy[r.Control] = append(measuredBy[r.Control], r.Check)
			}
		}
	}
	var b bytes.Buffer
	b.WriteString("# Qué mide Vigía y qué no\n\n" +
		"Esta página se genera del catálogo de comprobaciones, de las leyes y de los paquetes de política; una prueba la compara con\n" +
		"ellos. «Demostrado» cuenta los resultados distintos que las pruebas automáticas han visto de cada comprobación en cada\n" +
		"sistema: cumple, mejorable, no cumple, no se sabe.\n\n" +
		"## Los controles\n\n| Control | Qué exige | Núcleo | Quién decide | Lo mide |\n|---|---|---|---|---|\n")
	core := map[bool]string{true: "sí", false: ""}
	mode := map[Mode]string{Automatic: "el programa", Semi: "una persona, con los datos del programa", Manual: "una persona"}
	for _, c := range book.Controls {
		by := "—"
		if checks := measuredBy[c.ID]; len(checks) > 0 {
			links := make([]string, len(checks))
			for i, id := range checks {
				links[i] = fmt.Sprintf("[`%s`](#%s)", id, strings.ReplaceAll(id, ".", ""))
			}
			by = strings.Join(links, ", ")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", c.ID, cell(c.Title.ES), core[c.Core], mode[c.Mode], by)
	}
	b.WriteString("\nDonde no hay comprobación, el deber se lleva en el portal (registros, libro de incidencias, revisión) o con la declaración\n" +
		"de una persona, o todavía no está hecho.\n\n## Las comprobaciones\n")
	for _, c := range catalog.New().All() {
		renderCheck(&b, c, asked[c.Info().ID], shown[c.Info().ID])
	}
	return b.Bytes()
}

func renderCheck(b *bytes.Buffer, c checks.Check, uses []use, shown map[host.OS]checktest.Shown) {
	info := c.Info()
	fmt.Fprintf(b, "\n### %s\n\n", info.ID)
	for _, u := range uses {
		fmt.Fprintf(b, "- **%s** en %s\n", u.control, strings.Join(u.packs, ", "))
	}
	if len(uses) == 0 {
		b.WriteString("- ningún paquete la pide todavía\n")
	}
	names := map[host.OS]string{host.Linux: "Linux", host.Windows: "Windows"}
	for _, system := range c.Platforms() {
		covers, s := info.Covers[system], shown[system]
		fmt.Fprintf(b, "\n**%s.** Lee: `%s`.\n", names[system], strings.Join(covers.Sources, "`, `"))
		if covers.Missing.ES != "" {
			fmt.Fprintf(b, "No cubre: %s.\n", strings.TrimSuffix(covers.Missing.ES, "."))
		}
		fmt.Fprintf(b, "A mano: %s.\n", strings.TrimSuffix(covers.ByHand.ES, "."))
		fmt.Fprintf(b, "Demostrado: %d, %d, %d, %d.\n", s.Pass, s.Warn, s.Fail, s.Unknown)
	}
}

// cell is a text inside a table of Markdown.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
