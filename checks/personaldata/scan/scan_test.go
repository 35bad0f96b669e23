package scan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vigia/checks/personaldata/detect"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == WorkerCommand {
		os.Exit(workForTest())
	}
	goleak.VerifyTestMain(m)
}

// tree writes files, by slashed path, below a new directory.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// run scans and returns the results in order.
func run(t testing.TB, opts Options) ([]FileResult, Summary) {
	t.Helper()
	var got []FileResult
	sum, err := Run(t.Context(), opts, func(r FileResult) error {
		got = append(got, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, sum
}

// verdicts renders results as "path status reason", relative to root, in order.
func verdicts(root string, results []FileResult) []string {
	var all []string
	for _, r := range results {
		rel, err := filepath.Rel(detect.MaskPath(root), r.Path) // a temporary folder has random digits in its name
		if err != nil {
			rel = r.Path
		}
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", filepath.ToSlash(rel), r.Status, r.Reason)))
	}
	slices.Sort(all)
	return all
}

// sorted returns verdicts in the order in which they are compared: files are looked
// into beside the walk, so their results may come later than it.
func sorted(verdicts []string) []string {
	slices.Sort(verdicts)
	return verdicts
}

// utf16Text is text as UTF-16, least significant byte first.
func utf16Text(text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

const (
	person  = "CURP: HEGG560427MVZRRL04\n"
	letters = "Estimado vecino: no hay nada que decir en esta carta.\n"
)

func TestRun(t *testing.T) {
	root := tree(t, map[string]string{
		"a/clean.txt":   letters,
		"a/empty":       "",
		"b.txt":         person,
		"c.csv":         "nombre;dni\nAna;12345678Z\nLuis;54362315K\nAna;12345678-Z\n",
		"d.txt":         "\xff\xfe" + utf16Text(letters+person),
		"e.txt":         utf16Text(letters + person),
		"f.txt":         "N\xfamero de afiliaci\xf3n 92919084431\n",
		"k.txt":         "\xef\xbb\xbf" + person,
		"l.log":         letters + strings.Repeat("x", 8<<10) + "\x00\x00\x00" + letters,
		"m.log":         strings.Repeat(letters, 800) + "\x00\x00\x00" + person,
		"p.txt":         "RFC MAB9307148T4\n",
		"q/r/s/t/u.txt": letters,
	})
	results, sum := run(t, Options{Roots: []string{root}, Jobs: 1})
	want := []string{
		"b.txt found", "c.csv found", "d.txt found", "e.txt found", "f.txt found",
		"k.txt found", "l.log incomplete content.binary", "m.log found content.binary", "p.txt found",
		"a/clean.txt clean", "a/empty clean", "q/r/s/t/u.txt clean",
	}
	if diff := cmp.Diff(sorted(want), verdicts(root, results)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	byName := map[string]FileResult{}
	for _, r := range results {
		byName[filepath.Base(r.Path)] = r
	}
	c := byName["c.csv"]
	if got, want := c.Counts[detect.DNI], 3; got != want {
		t.Errorf("c.csv: %d DNI, want %d", got, want)
	}
	if got, want := c.Distinct[detect.DNI], 2; got != want || c.Persons != want || c.Level != High {
		t.Errorf("c.csv: %d distinct, %d persons, level %s; want %d, %d, high", got, c.Persons, c.Level, want, want)
	}
	if p := byName["p.txt"]; p.Persons != 0 || p.Level != Basic || p.Counts[detect.RFC] != 1 {
		t.Errorf("p.txt: %+v, want one RFC of no person", p)
	}
	if !sum.Complete || sum.Stopped != "" {
		t.Errorf("summary: complete %v, stopped %q", sum.Complete, sum.Stopped)
	}
	wantFiles := map[Status]int64{Found: 8, Clean: 3, Incomplete: 1, Skipped: 0, Unreadable: 0}
	if diff := cmp.Diff(wantFiles, sum.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	wantCounts := map[detect.Type]int{detect.CURP: 5, detect.DNI: 3, detect.NSS: 1, detect.RFC: 1, detect.Name: 3}
	if diff := cmp.Diff(wantCounts, sum.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if sum.Persons != 3 || sum.Unknown() != 1 {
		t.Errorf("%d persons, %d unknown; want 3, 1", sum.Persons, sum.Unknown())
	}
}

// The JSON of a result is a contract with those who read the agent's output.
func TestResultJSON(t *testing.T) {
	root := tree(t, map[string]string{"HEGG560427MVZRRL04.txt": person, "z": letters})
	results, sum := run(t, Options{Roots: []string{root}, Jobs: 1})
	got, err := json.Marshal(results[0])
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"path":%q,"status":"found","reason":"","bytes":25,"format":"text","counts":{"mx.curp":1},`+
		`"distinct":{"mx.curp":1},"categories":[],"level":"high"}`, filepath.Join(root, "******************.txt"))
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	sum.TookMS = 0
	sum.Roots = []string{"/r"}
	got, err = json.Marshal(sum)
	if err != nil {
		t.Fatal(err)
	}
	want = `{"roots":["/r"],"files":{"clean":1,"found":1,"incomplete":0,"skipped":0,"unreadable":0},"reasons":{},"bytes":79,"unchanged":0,` +
		`"counts":{"mx.curp":1},"distinct":{"mx.curp":1},"persons":1,"complete":true,"stopped":"","took_ms":0}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLimits(t *testing.T) {
	files := map[string]string{"z": person}
	for i := range 20 {
		files[fmt.Sprintf("f%02d", i)] = strings.Repeat(letters, 400)
	}
	size := int64(len(letters) * 400)
	root := tree(t, files)
	tests := []struct {
		name     string
		opts     Options
		files    map[Status]int64
		reasons  map[Reason]int64
		stopped  Reason
		complete bool
	}{
		{"none", Options{}, map[Status]int64{Clean: 20, Found: 1}, nil, "", true},
		{"file of just the limit", Options{File: FileLimits{Bytes: size}}, map[Status]int64{Clean: 20, Found: 1}, nil, "", true},
		{"file one byte over", Options{File: FileLimits{Bytes: size - 1}}, map[Status]int64{Incomplete: 20, Found: 1},
			map[Reason]int64{ReasonFileBytes: 20}, "", true},
		{"files", Options{MaxFiles: 5}, map[Status]int64{Clean: 5}, nil, ReasonFiles, false},
		{"all files", Options{MaxFiles: 21}, map[Status]int64{Clean: 20, Found: 1}, nil, "", true},
		{"bytes", Options{MaxBytes: 2*size + 10}, map[Status]int64{Clean: 2, Incomplete: 1},
			map[Reason]int64{ReasonBytes: 1}, ReasonBytes, false},
		{"time", Options{MaxTime: time.Nanosecond}, nil, nil, ReasonTime, false},
		{"time of a file", Options{File: FileLimits{Time: time.Nanosecond}}, map[Status]int64{Incomplete: 21},
			map[Reason]int64{ReasonFileTime: 21}, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.opts.File.Time > 0 && runtime.GOOS == "windows" {
				t.Skip("the clock stands still for longer than such a file takes")
			}
			opts := tt.opts
			opts.Roots, opts.Jobs = []string{root}, 1
			_, sum := run(t, opts)
			maps.DeleteFunc(sum.Files, func(_ Status, n int64) bool { return n == 0 })
			if tt.files != nil {
				if diff := cmp.Diff(tt.files, sum.Files); diff != "" {
					t.Errorf("files (-want +got):\n%s", diff)
				}
			}
			if tt.reasons != nil {
				if diff := cmp.Diff(tt.reasons, sum.Reasons); diff != "" {
					t.Errorf("reasons (-want +got):\n%s", diff)
				}
			}
			if sum.Stopped != tt.stopped || sum.Complete != tt.complete {
				t.Errorf("stopped %q, complete %v; want %q, %v", sum.Stopped, sum.Complete, tt.stopped, tt.complete)
			}
		})
	}
}

// What was found before a limit stays found, and is said to be a part.
func TestFoundBeforeALimit(t *testing.T) {
	root := tree(t, map[string]string{"a": person + strings.Repeat(letters, 1000)})
	results, _ := run(t, Options{Roots: []string{root}, File: FileLimits{Bytes: 10_000}})
	if r := results[0]; r.Status != Found || r.Reason != ReasonFileBytes || r.Whole() || r.Bytes != 10_000 {
		t.Errorf("got %+v", r)
	}
}

func TestDepth(t *testing.T) {
	deep := strings.Repeat("d/", 300)
	root := tree(t, map[string]string{"a": letters, deep + "z": person})
	results, sum := run(t, Options{Roots: []string{root}, MaxDepth: 100})
	if got, want := len(results), 2; got != want {
		t.Fatalf("%d results, want %d", got, want)
	}
	slices.SortFunc(results, func(a, b FileResult) int { return strings.Compare(a.Path, b.Path) })
	if r := results[1]; r.Status != Incomplete || r.Reason != ReasonDepth || r.Format != "directory" || sum.Complete {
		t.Errorf("got %+v, complete %v", r, sum.Complete)
	}
	if _, sum = run(t, Options{Roots: []string{root}, MaxDepth: 400}); sum.Files[Found] != 1 || !sum.Complete {
		t.Errorf("with more depth: %+v", sum)
	}
}

func TestRoots(t *testing.T) {
	root := tree(t, map[string]string{"a/b/x": person, "a/y": letters, "ab/z": letters})
	tests := []struct {
		name  string
		roots []string
		want  []string
	}{
		{"nested", []string{"a/b", "a", "a/"}, []string{"a/y clean", "a/b/x found"}},
		{"same prefix", []string{"a/b", "ab"}, []string{"a/b/x found", "ab/z clean"}},
		{"a file", []string{"a/b/x"}, []string{"a/b/x found"}},
		{"a file and its folder", []string{"a/y", "a"}, []string{"a/y clean", "a/b/x found"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var roots []string
			for _, r := range tt.roots {
				roots = append(roots, root+string(filepath.Separator)+filepath.FromSlash(r))
			}
			results, _ := run(t, Options{Roots: roots, Jobs: 1})
			if diff := cmp.Diff(sorted(tt.want), verdicts(root, results)); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("relative", func(t *testing.T) {
		t.Chdir(root)
		results, _ := run(t, Options{Roots: []string{"."}, Jobs: 1})
		var got []string
		for _, r := range results {
			got = append(got, filepath.ToSlash(r.Path))
		}
		if diff := cmp.Diff(sorted([]string{"a/y", "a/b/x", "ab/z"}), sorted(got)); diff != "" {
			t.Errorf("paths (-want +got):\n%s", diff)
		}
	})
	t.Run("missing", func(t *testing.T) {
		missing := filepath.Join(root, "HEGG560427MVZRRL04")
		_, err := Run(t.Context(), Options{Roots: []string{root, missing}}, func(FileResult) error { return nil })
		if !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "HEGG") {
			t.Errorf("got %v, want a masked ErrNotExist", err)
		}
	})
	t.Run("none", func(t *testing.T) {
		if _, err := Run(t.Context(), Options{}, nil); err == nil {
			t.Error("no error without roots")
		}
	})
}

func TestJobsDoNotMatter(t *testing.T) {
	files := map[string]string{}
	for i := range 200 {
		content := letters
		if i%3 == 0 {
			content = strings.Repeat(letters, i) + person
		}
		files[fmt.Sprintf("d%d/f%d", i%7, i)] = content
	}
	root := tree(t, files)
	want, wantSum := run(t, Options{Roots: []string{root}, Jobs: 1})
	for _, jobs := range []int{0, 2, 8} {
		got, sum := run(t, Options{Roots: []string{root}, Jobs: jobs})
		byPath := func(a, b FileResult) int { return strings.Compare(a.Path, b.Path) }
		slices.SortFunc(want, byPath)
		slices.SortFunc(got, byPath)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d jobs (-one +many):\n%s", jobs, diff)
		}
		sum.TookMS, wantSum.TookMS = 0, 0
		if diff := cmp.Diff(wantSum, sum); diff != "" {
			t.Errorf("%d jobs, summary (-one +many):\n%s", jobs, diff)
		}
	}
}

func TestEachMayStop(t *testing.T) {
	files := map[string]string{}
	for i := range 100 {
		files[fmt.Sprint(i)] = letters
	}
	root := tree(t, files)
	for _, jobs := range []int{1, 4} {
		stop := errors.New("enough")
		calls := 0
		_, err := Run(t.Context(), Options{Roots: []string{root}, Jobs: jobs}, func(FileResult) error {
			if calls++; calls == 10 {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) || calls != 10 {
			t.Errorf("%d jobs: %v after %d calls, want %v after 10", jobs, err, calls, stop)
		}
	}
}

func TestCancel(t *testing.T) {
	files := map[string]string{}
	for i := range 100 {
		files[fmt.Sprint(i)] = letters
	}
	root := tree(t, files)
	for _, jobs := range []int{1, 4} {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		sum, err := Run(ctx, Options{Roots: []string{root}, Jobs: jobs}, func(FileResult) error {
			if calls++; calls == 5 {
				cancel()
			}
			return nil
		})
		cancel()
		if err != nil || sum.Stopped != ReasonCanceled || sum.Complete || calls > 5+2*jobs {
			t.Errorf("%d jobs: %v, %+v after %d calls", jobs, err, sum, calls)
		}
	}
}

func TestProgress(t *testing.T) {
	root := tree(t, map[string]string{"a": letters, "b": person, "c": "\x00\x01" + strings.Repeat("x", 100_000), "d": ""})
	var last Progress
	calls := 0
	run(t, Options{Roots: []string{root}, Progress: func(p Progress) {
		calls++
		if p.Bytes < last.Bytes || p.Files < last.Files {
			t.Errorf("progress went back from %+v to %+v", last, p)
		}
		last = p
	}})
	if calls == 0 || last.Files != 4 || last.Bytes != int64(len(letters)+len(person)+100_002) {
		t.Errorf("last of %d: %+v", calls, last)
	}
	if last.Counted && (last.TotalFiles != last.Files || last.TotalBytes != last.Bytes) {
		t.Errorf("done and total differ at the end: %+v", last)
	}
}

// A link, however it is made, is reported and never followed.
func TestLinks(t *testing.T) {
	unixOnly(t) // making one takes a privilege elsewhere
	outside := tree(t, map[string]string{"secret.txt": person})
	root := tree(t, map[string]string{"in/a.txt": letters})
	for name, target := range map[string]string{
		"absolute": filepath.Join(outside, "secret.txt"),
		"up":       filepath.Join("..", filepath.Base(outside), "secret.txt"),
		"folder":   outside,
		"loop":     ".",
		"parent":   "..",
		"self":     "self",
		"dangling": "nothing",
		"inside":   filepath.Join("in", "a.txt"),
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	results, sum := run(t, Options{Roots: []string{root}, Jobs: 1})
	want := []string{
		"absolute skipped file.link", "dangling skipped file.link", "folder skipped file.link", "inside skipped file.link",
		"loop skipped file.link", "parent skipped file.link", "self skipped file.link", "up skipped file.link", "in/a.txt clean",
	}
	if diff := cmp.Diff(sorted(want), verdicts(root, results)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if !sum.Complete {
		t.Error("links make a scan incomplete")
	}
	// A root that is a link was asked for.
	if results, _ := run(t, Options{Roots: []string{filepath.Join(root, "folder")}}); len(results) != 1 || results[0].Status != Found {
		t.Errorf("a root that is a link: %+v", results)
	}
}

func TestOddNames(t *testing.T) {
	odd := []string{"-rf", "a b", "\u202egnp.exe", strings.Repeat("ñ", 127), "`$(x)`", "..a", "~", "con tilde e\u0301"}
	if runtime.GOOS != "windows" {
		odd = append(odd, "línea\nnueva", "\x1b[31mrojo", "inv\xe1lido\xff", `a\b`, "a:b")
	}
	root := t.TempDir()
	for _, name := range odd {
		if err := os.WriteFile(filepath.Join(root, name), []byte(person), 0o644); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
	}
	results, _ := run(t, Options{Roots: []string{root}})
	if len(results) != len(odd) {
		t.Fatalf("%d results, want %d", len(results), len(odd))
	}
	for _, r := range results {
		if r.Status != Found {
			t.Errorf("%q is %s %s", r.Path, r.Status, r.Reason)
		}
		if strings.ContainsAny(r.Path, "\n\x1b\u202e") {
			t.Errorf("path %q moves a terminal's cursor", r.Path)
		}
		line, err := json.Marshal(r)
		if err != nil || bytes.ContainsRune(line, '\n') {
			t.Errorf("%q: %v", line, err)
		}
	}
}
