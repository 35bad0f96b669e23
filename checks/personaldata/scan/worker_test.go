package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/isolate"
)

// testGrace is how long a worker of these tests lets a file hang.
const testGrace = time.Second

// workForTest is Work in which some files are not to be survived.
func workForTest() int {
	if err := work(context.Background(), act, testGrace); err != nil {
		return 2
	}
	return 0
}

// act does what a file asks for by its beginning, as a decoder with a fault would.
func act(f io.ReaderAt) {
	var b [8]byte
	n, _ := f.ReadAt(b[:], 0)
	switch string(b[:n]) {
	case "!crash!\n":
		go panic("as asked") // no recover helps
		time.Sleep(time.Minute)
	case "!exit!!\n":
		os.Exit(0)
	case "!hang!!\n":
		for n := uint64(1); n != 0; n |= 1 {
			continue
		}
	case "!hog!!!\n":
		var held [][]byte
		for range 1 << 10 {
			held = append(held, bytes.Repeat([]byte{1}, 8<<20))
		}
		runtime.KeepAlive(held)
	case "!slow!!\n":
		time.Sleep(100 * time.Millisecond)
	}
}

// byName sorts results by path.
func byName(results []FileResult) []FileResult {
	return slices.SortedFunc(slices.Values(results), func(a, b FileResult) int { return strings.Compare(a.Path, b.Path) })
}

// variety is a tree with a bit of everything.
func variety(t testing.TB, files int) string {
	t.Helper()
	content := map[string]string{
		"utf16.txt": "\xff\xfe" + utf16Text(letters+person),
		"table.csv": "nombre;dni\nAna;12345678Z\nLuis;54362315K\nAna;12345678-Z\n",
		"empty":     "",
		"binary":    "\x00\x01\x02" + person,
		"x.log":     letters + strings.Repeat("x", 8<<10) + "\x00\x00\x00" + letters,
		"large.txt": strings.Repeat(letters, 100_000) + person,
	}
	for i := range files {
		text := strings.Repeat(letters, i%50)
		if i%10 == 0 {
			text += fmt.Sprintf("DNI %08d%c\n", i, "TRWAGMYFPDXBNJZSQVHLCKE"[i%23])
		}
		content[fmt.Sprintf("%02d/%04d.txt", i%17, i)] = text
	}
	return tree(t, content)
}

// A worker says of every file what this process would.
func TestWorkerSaysTheSame(t *testing.T) {
	files := 2000
	if testing.Short() {
		files = 300
	}
	root := variety(t, files)
	want, wantSum := run(t, Options{Roots: []string{root}, Jobs: 2})
	for _, jobs := range []int{1, 2, 5} {
		got, sum := run(t, Options{Roots: []string{root}, Jobs: jobs, Worker: Worker()})
		if diff := cmp.Diff(byName(want), byName(got)); diff != "" {
			t.Errorf("%d jobs: results (-want +got):\n%s", jobs, diff)
		}
		if runtime.GOOS == "linux" && !slices.Contains(sum.Confinement, "system_calls") {
			t.Errorf("confinement: %v", sum.Confinement)
		}
		sum.TookMS, wantSum.TookMS, sum.Confinement = 0, 0, nil
		if diff := cmp.Diff(wantSum, sum); diff != "" {
			t.Errorf("%d jobs: summary (-want +got):\n%s", jobs, diff)
		}
	}
}

func TestWorkerWithNothingToDo(t *testing.T) {
	results, sum := run(t, Options{Roots: []string{t.TempDir()}, Worker: Worker()})
	if len(results) != 0 || !sum.Complete {
		t.Errorf("got %v %+v", results, sum)
	}
}

// A file that ends its worker is unreadable, and every other one is looked into.
func TestWorkerFaults(t *testing.T) {
	for _, fault := range []string{"!crash!\n", "!exit!!\n", "!hang!!\n", "!hog!!!\n"} {
		name := strings.Trim(fault, "!\n")
		t.Run(name, func(t *testing.T) {
			if name == "hog" && (raceDetector() || runtime.GOOS != "linux") {
				t.Skip("memory has no bound under the race detector, nor under Wine")
			}
			if testing.Short() && (name == "hang" || name == "hog") {
				t.Skip("slow")
			}
			root := variety(t, 500)
			want, wantSum := run(t, Options{Roots: []string{root}, Jobs: 2})
			for i := range 3 {
				if err := os.WriteFile(filepath.Join(root, fmt.Sprintf("%02d", 5*i), "bad.txt"), []byte(fault+person), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			results, sum := run(t, Options{Roots: []string{root}, Jobs: 2, Worker: Worker(), File: FileLimits{Time: 2 * time.Second}})
			var got []FileResult
			bad := 0
			for _, r := range results {
				if filepath.Base(r.Path) != "bad.txt" {
					got = append(got, r)
				} else if bad++; r.Status != Unreadable || r.Reason != ReasonWorker {
					t.Errorf("%s: %s %s", r.Path, r.Status, r.Reason)
				}
			}
			if bad != 3 {
				t.Errorf("%d results of bad files, want 3", bad)
			}
			if diff := cmp.Diff(byName(want), byName(got)); diff != "" {
				t.Errorf("the others (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(wantSum.Counts, sum.Counts); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
			if sum.Persons > wantSum.Persons || sum.Persons < 2 || sum.Files[Unreadable] != 3 {
				t.Errorf("persons %d of %d, files %v", sum.Persons, wantSum.Persons, sum.Files)
			}
		})
	}
}

// Too many faults end the scan with an error.
func TestWorkerDiesTooOften(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	files := map[string]string{}
	for i := range maxDeaths {
		files[strconv.Itoa(i)] = "!exit!!\n"
	}
	_, err := Run(t.Context(), Options{Roots: []string{tree(t, files)}, Jobs: 2, Worker: Worker()}, func(FileResult) error { return nil })
	if !errors.Is(err, errDeaths) {
		t.Errorf("got %v, want %v", err, errDeaths)
	}
}

// Whoever kills the worker, and however often, nothing is lost.
func TestWorkerIsKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("finds the worker in /proc")
	}
	root := variety(t, 1000)
	want, _ := run(t, Options{Roots: []string{root}, Jobs: 2})
	killed, seen := 0, 0
	var got []FileResult
	_, err := Run(t.Context(), Options{Roots: []string{root}, Jobs: 2, Worker: Worker()}, func(r FileResult) error {
		got = append(got, r)
		if seen++; seen%200 == 0 {
			for _, p := range children(t) {
				if p.Kill() == nil {
					killed++
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if killed < 4 {
		t.Errorf("killed %d workers", killed)
	}
	if diff := cmp.Diff(byName(want), byName(got)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if left := children(t); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// children are the processes that this one has started, zombies too.
func children(t testing.TB) (all []*os.Process) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			continue // the thread ended
		}
		for id := range strings.FieldsSeq(string(b)) {
			n, err := strconv.Atoi(id)
			if err != nil {
				t.Fatal(err)
			}
			p, err := os.FindProcess(n)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
		}
	}
	return all
}

// The end of the context, of time, or of what may be read ends the worker promptly.
func TestWorkerIsStopped(t *testing.T) {
	slow := map[string]string{}
	for i := range 400 {
		slow[strconv.Itoa(i)] = "!slow!!\n" + person
	}
	root := tree(t, slow)
	t.Run("canceled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		start := time.Now()
		sum, err := Run(ctx, Options{Roots: []string{root}, Jobs: 2, Worker: Worker()}, func(FileResult) error { return nil })
		if err != nil || sum.Stopped != ReasonCanceled || sum.Complete {
			t.Errorf("got %v, %+v", err, sum)
		}
		most := 5 * time.Second // all of it takes 20
		if runtime.GOOS == "windows" {
			most = 12 * time.Second // Wine on a busy machine takes its time
		}
		if took := time.Since(start); took > most {
			t.Errorf("took %v", took)
		}
	})
	t.Run("time", func(t *testing.T) {
		results, sum := run(t, Options{Roots: []string{root}, Jobs: 2, Worker: Worker(), MaxTime: 300 * time.Millisecond})
		if sum.Stopped != ReasonTime || sum.Complete || sum.Files[Found] == 0 {
			t.Errorf("got %+v", sum)
		}
		for _, r := range results {
			if r.Status != Found && r.Reason != ReasonTime {
				t.Errorf("%s: %s %s", r.Path, r.Status, r.Reason)
			}
		}
	})
	t.Run("bytes", func(t *testing.T) {
		root := tree(t, map[string]string{"a": strings.Repeat(letters, 1000), "b": strings.Repeat(letters, 1000), "c": person})
		results, sum := run(t, Options{Roots: []string{root}, Jobs: 1, Worker: Worker(), MaxBytes: 60_000})
		if diff := cmp.Diff([]string{"a clean", "b incomplete limit.bytes"}, verdicts(root, results)); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		if sum.Stopped != ReasonBytes {
			t.Errorf("stopped %q", sum.Stopped)
		}
	})
	t.Run("caller", func(t *testing.T) {
		enough := errors.New("enough")
		_, err := Run(t.Context(), Options{Roots: []string{root}, Jobs: 2, Worker: Worker()}, func(FileResult) error { return enough })
		if !errors.Is(err, enough) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWorkerCannotStart(t *testing.T) {
	_, err := Run(t.Context(), Options{Roots: []string{t.TempDir()}, Worker: &isolate.Program{Args: []string{"-test.run=^$"}}},
		func(FileResult) error { return nil })
	if err == nil {
		t.Error("no error")
	}
}

// A large file shows its progress while it is read.
func TestWorkerProgress(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	root := tree(t, map[string]string{"large": strings.Repeat(letters, 4_000_000)})
	parts := map[int64]bool{}
	opts := Options{
		Roots: []string{root}, Worker: Worker(), Share: 0.02, MaxTime: 4 * time.Second,
		Progress: func(p Progress) { parts[p.Bytes] = true },
	}
	if _, err := Run(t.Context(), opts, func(FileResult) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if len(parts) < 3 {
		t.Errorf("shown: %v", slices.Sorted(maps.Keys(parts)))
	}
}

// On text a worker stays small.
func TestWorkerMemory(t *testing.T) {
	if runtime.GOOS != "linux" || raceDetector() {
		t.Skip("reads /proc; the race detector needs more")
	}
	root := variety(t, 3000)
	var peak int64
	seen := 0
	_, err := Run(t.Context(), Options{Roots: []string{root}, Jobs: 2, Worker: Worker()}, func(FileResult) error {
		if seen++; seen%100 != 0 {
			return nil
		}
		for _, p := range children(t) {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid))
			if err != nil {
				continue
			}
			_, after, _ := strings.Cut(string(b), "VmHWM:")
			var kib int64
			if _, err := fmt.Sscan(after, &kib); err == nil {
				peak = max(peak, kib<<10)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("peak %d MiB", peak>>20)
	if peak == 0 || peak > 64<<20 {
		t.Errorf("peak of %d bytes, want 64 MiB at most", peak)
	}
}

// Every field of a result that a worker fills comes back.
func TestResultFrames(t *testing.T) {
	c := newResults()
	counts, distinct := map[detect.Type]int{}, map[detect.Type]int{}
	for i, kind := range detect.Types() {
		counts[kind], distinct[kind] = i*1000, i
	}
	want := FileResult{
		Status: Found, Reason: ReasonFileBytes, Bytes: 1 << 40, Format: "utf-16", Counts: counts, Distinct: distinct,
		Categories: []string{"health", "union"}, Level: High, Pictures: 3, Persons: 77,
		Path: "", Owner: "", Modified: "", // the parent's to tell
	}
	v := reflect.ValueOf(want)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Path" && name != "Owner" && name != "Modified" {
			t.Errorf("%s: a new field: let frames.go and this test know it", name)
		}
	}
	b := c.append(nil, 9, want)
	b = c.appendDropped(b, 10)
	b = c.append(b, 11, newFileResult(Clean, ""))
	if len(b) > sendAt {
		t.Errorf("a result has %d bytes", len(b))
	}
	f := &frame{rest: b}
	id, got, ok := c.next(f)
	if diff := cmp.Diff(want, got); diff != "" || id != 9 || !ok {
		t.Errorf("task %d %v (-want +got):\n%s", id, ok, diff)
	}
	if id, _, ok := c.next(f); id != 10 || ok {
		t.Errorf("dropped: task %d, %v", id, ok)
	}
	id, got, ok = c.next(f)
	if diff := cmp.Diff(newFileResult(Clean, ""), got); diff != "" || id != 11 || !ok || f.err() != nil {
		t.Errorf("task %d %v %v (-want +got):\n%s", id, ok, f.err(), diff)
	}
}

func TestSetupFrame(t *testing.T) {
	want := setup{jobs: 3, share: 0.05, background: true, passwords: true, limits: FileLimits{}.WithDefaults()}
	got, err := decodeSetup(want.encode())
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// What a worker says is not believed because it says it.
func FuzzResultFrames(f *testing.F) {
	c := newResults()
	f.Add(c.append(nil, 1, newFileResult(Clean, "")))
	f.Add(c.append(nil, 300, FileResult{Status: Found, Format: "pdf", Counts: map[detect.Type]int{detect.CURP: 4}, Categories: []string{"health"}}))
	f.Add(c.appendDropped(nil, 2))
	f.Add([]byte{1, 0, 3, 'A', 'B', 'C', 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		in := frame{rest: b}
		for len(in.rest) > 0 {
			_, r, ok := c.next(&in)
			if in.bad || !ok {
				continue
			}
			if strings.ToLower(r.Format) != r.Format || len(r.Format) > maxWord || r.Bytes < 0 || r.Persons < 0 || len(r.Counts) > len(c.types) {
				t.Errorf("passed: %+v", r)
			}
			again := frame{rest: c.append(nil, 1, r)}
			if _, same, ok := c.next(&again); !ok || !cmp.Equal(r, same) {
				t.Errorf("got %+v, want %+v", same, r)
			}
		}
	})
}
