package corpustest_test

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vigia/checks/personaldata/corpustest"
	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/scan"
)

// How much of a corpus must be found, and how much of what is found must be in it.
const (
	minRecall    = 0.999
	minPrecision = 0.999
)

// TestMain lets the program of the tests be the worker of a scan, as the agent is.
func TestMain(m *testing.M) {
	if slices.Equal(os.Args[1:], []string{scan.WorkerCommand}) {
		if err := scan.Work(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A planted file is a file on the disk with the corpus file whose text it holds.
type planted struct {
	path string
	of   corpustest.File
}

// plant writes content as a file below dir.
func plant(t testing.TB, dir, name string, content []byte, of corpustest.File) planted {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return planted{path, of}
}

// scanned runs the product's scan over dir and returns the results by path.
func scanned(t testing.TB, dir string) map[string]scan.FileResult {
	t.Helper()
	results := map[string]scan.FileResult{}
	if _, err := scan.Run(t.Context(), scan.Options{Roots: []string{dir}, Worker: scan.Worker()}, func(r scan.FileResult) error {
		results[r.Path] = r
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return results
}

// A tally counts, of one type written in one way, what stands in the files and what of it was found.
type tally struct{ stand, missed, more int }

// soft is the class of the types of which a file holds some: those count as one a file.
const soft corpustest.Class = "soft"

type row struct {
	typ   corpustest.Type
	class corpustest.Class
}

// judged compares the counts that the scan gave with what the files hold.
type judged struct {
	rows     map[row]*tally
	failures []string
}

func (j *judged) at(t corpustest.Type, c corpustest.Class) *tally {
	if j.rows == nil {
		j.rows = map[row]*tally{}
	}
	if j.rows[row{t, c}] == nil {
		j.rows[row{t, c}] = &tally{}
	}
	return j.rows[row{t, c}]
}

// file judges one file. What is missed of a type counts for the classes in which the file
// holds it, one after the other; what is found too much for the first of them.
func (j *judged) file(p planted, r scan.FileResult) {
	if r.Status == "" || r.Reason != "" {
		j.failures = append(j.failures, fmt.Sprintf("%s: %s %s %s", filepath.Base(p.path), r.Status, r.Reason, r.Format))
	}
	classes := map[corpustest.Type]corpustest.Class{}
	fallback := corpustest.OK
	wrong := false
	lack := map[corpustest.Type]int{}
	for _, truth := range p.of.Truths {
		fallback = truth.Class
		if _, seen := classes[truth.Type]; !seen {
			classes[truth.Type] = truth.Class
			lack[truth.Type] = p.of.Count(truth.Type) - r.Counts[detect.Type(truth.Type)]
		}
		n := j.at(truth.Type, truth.Class)
		n.stand++
		if truth.Class != corpustest.Near && lack[truth.Type] > 0 {
			lack[truth.Type]--
			n.missed++
			wrong = true
		}
	}
	for typ, got := range r.Counts {
		t := corpustest.Type(typ)
		if slices.Contains(p.of.Soft, t) {
			continue
		}
		if want := p.of.Count(t); got > want {
			j.at(t, cmp.Or(classes[t], fallback)).more += got - want
			wrong = true
		}
	}
	for _, t := range p.of.Soft {
		if r.Counts[detect.Type(t)] == 0 && (t == corpustest.Address || t == corpustest.Birth || t == corpustest.Name) {
			j.at(t, soft).missed++
			wrong = true
		}
		j.at(t, soft).stand++
	}
	if wrong {
		why := explain(p.of)
		if why == p.of.Name {
			why += fmt.Sprintf("\n\tthe detector alone is right about its text; the scan counts %v", r.Counts)
		}
		j.failures = append(j.failures, filepath.Base(p.path)+" of "+why)
	}
}

// matches is what the detector alone finds in a text.
func matches(text string) []detect.Match {
	s := detect.NewScanner(maphash.MakeSeed())
	var all []detect.Match
	emit := func(m detect.Match) {
		if m.Score >= detect.Report {
			all = append(all, m)
		}
	}
	s.Reset(detect.Bytes)
	s.Scan([]byte(text), emit)
	s.Finish(emit)
	return all
}

// around is a part of a text with a little of what stands about it.
func around(text string, start, end int) string {
	return text[max(start-48, 0):start] + "[" + text[start:end] + "]" + text[end:min(end+24, len(text))]
}

// explain says which values of a file the detector alone misses, and what else it
// finds: everything in a corpus is invented, so a test may show it.
func explain(f corpustest.File) string {
	found := matches(f.Text)
	is := func(m detect.Match, truth corpustest.Truth) bool {
		return truth.Class != corpustest.Near && string(m.Type) == string(truth.Type) &&
			int(m.Start) < truth.Offset+len(truth.Value) && int(m.End) > truth.Offset
	}
	var b strings.Builder
	b.WriteString(f.Name)
	for _, truth := range f.Truths {
		if truth.Class != corpustest.Near && !slices.ContainsFunc(found, func(m detect.Match) bool { return is(m, truth) }) {
			fmt.Fprintf(&b, "\n\tmissed %s %s at %d: %q", truth.Type, truth.Class, truth.Offset, around(f.Text, truth.Offset, truth.Offset+len(truth.Value)))
		}
	}
	for _, m := range found {
		if !slices.Contains(f.Soft, corpustest.Type(m.Type)) && !slices.ContainsFunc(f.Truths, func(truth corpustest.Truth) bool { return is(m, truth) }) {
			fmt.Fprintf(&b, "\n\tfalse %v: %q", m, around(f.Text, int(m.Start), int(m.End)))
		}
	}
	return b.String()
}

// report fails for each row under the bars and for all rows together, and shows what is wrong.
func (j *judged) report(t *testing.T) {
	t.Helper()
	var all tally
	for _, k := range slices.SortedFunc(maps.Keys(j.rows), func(a, b row) int { return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.typ, b.typ)) }) {
		n := j.rows[k]
		if testing.Verbose() {
			t.Logf("%-5s %-12s %7d stand %6d missed %6d false", k.class, k.typ, n.stand, n.missed, n.more)
		}
		if k.class == corpustest.Near {
			if n.more > 0 {
				t.Errorf("near %s: %d of %d near misses taken for identifiers", k.typ, n.more, n.stand)
			}
			all.more += n.more
			continue
		}
		if k.class != soft {
			all.stand, all.missed, all.more = all.stand+n.stand, all.missed+n.missed, all.more+n.more
		}
		if recall, precision := n.rates(); recall < minRecall || precision < minPrecision {
			t.Errorf("%s %s: recall %.4f, precision %.4f (%d stand, %d missed, %d false)", k.class, k.typ, recall, precision, n.stand, n.missed, n.more)
		}
	}
	recall, precision := all.rates()
	t.Logf("recall %.5f, precision %.5f of %d", recall, precision, all.stand)
	if recall < minRecall || precision < minPrecision {
		t.Errorf("all: recall %.5f, precision %.5f; want %.3f of both", recall, precision, minRecall)
	}
	const show = 25
	if t.Failed() {
		t.Logf("%d files are not as they should be:\n%s", len(j.failures), strings.Join(j.failures[:min(show, len(j.failures))], "\n"))
	}
}

func (n *tally) rates() (recall, precision float64) {
	found := n.stand - n.missed
	recall, precision = 1, 1
	if n.stand > 0 {
		recall = float64(found) / float64(n.stand)
	}
	if n.more > 0 {
		precision = float64(found) / float64(found+n.more)
	}
	return recall, precision
}

// encodings are the ways to store a text.
func encodings() []struct {
	name string
	of   func(string) []byte
} {
	return []struct {
		name string
		of   func(string) []byte
	}{
		{"utf8", func(s string) []byte { return []byte(s) }},
		{"1252", corpustest.Windows1252},
		{"utf16", corpustest.UTF16LE},
	}
}

// Every identifier of a text is found in every encoding, and nothing else is.
func TestTexts(t *testing.T) {
	letters := 400
	if testing.Short() {
		letters = 40
	}
	dir := t.TempDir()
	m := corpustest.NewMaker(1)
	var all []planted
	write := func(f corpustest.File) {
		for _, enc := range encodings() {
			all = append(all, plant(t, dir, enc.name+" "+f.Name, enc.of(f.Text), f))
		}
	}
	for i := range letters {
		for _, class := range []corpustest.Class{corpustest.OK, corpustest.Alone, corpustest.Loose, corpustest.Ctx, corpustest.Near} {
			write(m.Prose(fmt.Sprintf("%s %d.txt", class, i), 12_000, class))
		}
		if i%4 == 0 {
			write(m.Card(fmt.Sprintf("card %d.txt", i)))
			write(m.Zones(fmt.Sprintf("zones %d.txt", i)))
			write(m.Letters(fmt.Sprintf("letters %d.txt", i), 20_000))
			write(m.Staff(fmt.Sprintf("staff mx %d.csv", i), 30, ",", false, false))
			write(m.Staff(fmt.Sprintf("staff es %d.csv", i), 30, ";", true, true))
			write(m.Padron(fmt.Sprintf("padron %d.txt", i), 40, true))
			write(m.Padron(fmt.Sprintf("padron bare %d.txt", i), 40, false))
			write(m.Page(fmt.Sprintf("page %d.html", i), 12))
			write(m.Tables(fmt.Sprintf("tables %d.html", i), 20_000))
			write(m.Code(fmt.Sprintf("code %d.c", i), 20_000))
		}
	}
	results := scanned(t, dir)
	var j judged
	for _, p := range all {
		j.file(p, results[detect.MaskPath(p.path)])
	}
	j.report(t)
}

// None of many numbers that are wrong by a digit, a date, a bank or a state is taken for
// one, although each stands beside the word that announces it. The right ones of the same
// kinds are all found.
func TestNearMisses(t *testing.T) {
	files := 250
	if testing.Short() {
		files = 25
	}
	dir := t.TempDir()
	m := corpustest.NewMaker(4)
	var all []planted
	for i := range files {
		for _, class := range []corpustest.Class{corpustest.Near, corpustest.OK, corpustest.Loose} {
			f := m.Dense(fmt.Sprintf("%s %d.txt", class, i), 84, class)
			all = append(all, plant(t, dir, f.Name, []byte(f.Text), f))
		}
	}
	results := scanned(t, dir)
	var j judged
	for _, p := range all {
		j.file(p, results[detect.MaskPath(p.path)])
	}
	j.report(t)
}

// Numbers that are nobody's give next to nothing.
func TestNoise(t *testing.T) {
	const maxPerMB = 0.1
	megabytes := 64
	if testing.Short() {
		megabytes = 4
	}
	dir := t.TempDir()
	m := corpustest.NewMaker(2)
	for i := range megabytes * 4 {
		f := m.Noise(fmt.Sprintf("noise %d.txt", i), 250_000)
		plant(t, dir, f.Name, []byte(f.Text), f)
	}
	hits, size := 0, 0.0
	byType := map[detect.Type]int{}
	for path, r := range scanned(t, dir) {
		size += float64(r.Bytes) / 1e6
		for typ, n := range r.Counts {
			hits += n
			byType[typ] += n
		}
		if r.Status == scan.Found {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(explain(corpustest.File{Name: filepath.Base(path), Text: string(b)}))
		}
	}
	if got := float64(hits) / size; got > maxPerMB {
		t.Errorf("%.3f false hits in a MB, want %.1f at most: %v in %.0f MB", got, maxPerMB, byType, size)
	}
}
