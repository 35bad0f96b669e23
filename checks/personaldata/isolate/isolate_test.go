package isolate

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// As a worker, the test program does what the message asks for; see parts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(work())
	}
	goleak.VerifyTestMain(m)
}

// part is what a worker of these tests can do; it returns what to answer.
type part func(files []File) string

func work() int {
	c, err := Enter()
	if err != nil {
		return 2
	}
	buf := make([]byte, MaxMessage)
	parts := parts()
	for {
		msg, files, err := c.Receive(buf, nil)
		if err != nil {
			return 0
		}
		do, ok := parts[string(msg)]
		if !ok {
			return 3
		}
		reply := do(files)
		for _, f := range files {
			_ = f.Close()
		}
		if c.Send([]byte(reply)) != nil {
			return 4
		}
	}
}

// parts are what a worker can be asked for on any system; those of one are added to them.
func parts() map[string]part {
	all := map[string]part{
		"read": func(files []File) string {
			var all strings.Builder
			for _, f := range files {
				b, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<20))
				if err != nil {
					return err.Error()
				}
				all.Write(b)
			}
			return "read " + all.String()
		},
		"environment": func([]File) string { return "environment " + strings.Join(os.Environ(), " ") },
		"crash":       func([]File) string { panic("as asked") },
		"hang": func([]File) string {
			n := uint64(1)
			for n != 0 {
				n |= 1
			}
			return "did not"
		},
		"hog": func([]File) string {
			var held [][]byte
			for range 1 << 10 {
				b := make([]byte, 8<<20)
				for i := 0; i < len(b); i += 4096 {
					b[i] = 1
				}
				held = append(held, b)
			}
			return "held " + string(rune('0'+len(held)%10))
		},
		"work": func([]File) string { // threads, timers, collections: what the runtime does of itself
			done := make(chan int)
			for i := range 8 {
				go func() {
					kept := 0
					for j := range 200 {
						kept += len(make([]byte, 1+i*j*100))
						if j%50 == 0 {
							time.Sleep(time.Millisecond)
							runtime.GC()
						}
					}
					done <- kept
				}()
			}
			for range 8 {
				<-done
			}
			go func() {
				runtime.LockOSThread() // a thread that ends with it
				close(done)
			}()
			<-done
			return "worked"
		},
	}
	maps.Copy(all, partsOfSystem())
	return all
}

func start(t testing.TB, p Program) *Worker {
	t.Helper()
	p.Args = []string{"worker"}
	w, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

// ask sends a message and returns the answer.
func ask(t testing.TB, w *Worker, msg string, files ...File) (string, error) {
	t.Helper()
	if err := w.Send([]byte(msg), files); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, w.Kill)
	defer late.Stop()
	answer, err := w.Receive(make([]byte, MaxMessage))
	return string(answer), err
}

func mustAsk(t testing.TB, w *Worker, msg string, files ...File) string {
	t.Helper()
	answer, err := ask(t, w, msg, files...)
	if err != nil {
		t.Fatalf("%s: %v", msg, err)
	}
	return answer
}

func writeFile(t testing.TB, content string) File {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return openFile(t, folder, "file")
}

// openFile opens a file as the scan does.
func openFile(t testing.TB, folder, name string) File {
	t.Helper()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var dir Dir
	if err := dir.Open(root); err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	var facts Facts
	f, err := dir.Take([]byte(name), &facts)
	if err != nil {
		t.Fatal(err)
	}
	if !facts.Mode.IsRegular() {
		t.Fatalf("opened %s %v", name, facts.Mode)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// A name that could lead elsewhere is none.
func TestDirRefusesPaths(t *testing.T) {
	folder := t.TempDir()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var dir Dir
	if err := dir.Open(root); err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	var facts Facts
	for _, name := range []string{"", ".", "..", "../x", "/etc/passwd", "a/b", "a\x00b"} {
		if f, err := dir.Take([]byte(name), &facts); err == nil {
			t.Errorf("%q was opened", name)
			_ = f.Close()
		}
		if err := dir.Look([]byte(name), &facts); err == nil {
			t.Errorf("%q was looked at", name)
		}
	}
}

// A directory tells all that it holds, and what each is.
func TestDir(t *testing.T) {
	folder := t.TempDir()
	want := map[string]int64{} // size; directories have none
	for i := range 3000 {
		name := strings.Repeat("n", i%100) + strconv.Itoa(i)
		if i%100 == 99 {
			want[name] = -1
			if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want[name] = int64(i % 7)
		if err := os.WriteFile(filepath.Join(folder, name), make([]byte, i%7), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var dir Dir
	for range 2 { // again, with the memory of before
		if err := dir.Open(root); err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for {
			entries, err := dir.Read()
			for _, e := range entries {
				var facts, opened Facts
				if err := dir.Look(e.Name, &facts); err != nil {
					t.Fatal(err)
				}
				if facts.Mode.IsDir() {
					got[string(e.Name)] = -1
					continue
				}
				got[string(e.Name)] = facts.Size
				f, err := dir.Take(e.Name, &opened)
				if err != nil {
					t.Fatal(err)
				}
				_ = f.Close()
				if opened.Size != facts.Size || !opened.Modified.Equal(facts.Modified) || !facts.Same(&opened) {
					t.Fatalf("looked: %+v, opened: %+v", facts, opened)
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("listed (-want +got):\n%s", diff)
		}
		if err := dir.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadsWhatItIsHanded(t *testing.T) {
	w := start(t, Program{})
	if got, want := mustAsk(t, w, "read"), "read "; got != want {
		t.Errorf("no file: got %q, want %q", got, want)
	}
	var files []File
	want := "read "
	for i := range MaxFiles {
		text := strings.Repeat(string(rune('a'+i%26)), i)
		files = append(files, writeFile(t, text))
		want += text
	}
	for range 20 { // more than it may have open at a time, in all
		if got := mustAsk(t, w, "read", files...); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	if err := w.Send(nil, make([]File, MaxFiles+1)); err == nil {
		t.Error("too many files were sent")
	}
	if err := w.Send(make([]byte, MaxMessage+1), nil); err == nil {
		t.Error("too large a message was sent")
	}
}

func TestRuntimeWorks(t *testing.T) {
	w := start(t, Program{Processors: 4, Background: true})
	for range 5 {
		if got, want := mustAsk(t, w, "work"), "worked"; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// Nothing of the environment of the parent gets in.
func TestEnvironment(t *testing.T) {
	t.Setenv("VIGIA_TEST_SECRET", "invented")
	w := start(t, Program{})
	got := mustAsk(t, w, "environment")
	if strings.Contains(got, "SECRET") || strings.Contains(got, "PATH=") || strings.Contains(got, "HOME=") {
		t.Errorf("got %q", got)
	}
}

// However a worker ends, its parent learns it and goes on.
func TestEnds(t *testing.T) {
	for _, how := range []string{"crash", "hog", "unknown"} {
		t.Run(how, func(t *testing.T) {
			if how == "hog" && (raceDetector || !limitsMemory) {
				t.Skip("memory has no bound here")
			}
			w := start(t, Program{})
			if got, err := ask(t, w, how); err == nil {
				t.Errorf("got %q", got)
			}
			w.Stop()
			if _, err := w.Receive(make([]byte, MaxMessage)); err == nil {
				t.Error("received from a worker that was stopped")
			}
		})
	}
	t.Run("hang", func(t *testing.T) {
		w := start(t, Program{})
		time.AfterFunc(50*time.Millisecond, w.Kill)
		if got, err := ask(t, w, "hang"); err == nil {
			t.Errorf("got %q", got)
		}
	})
}

func TestEnterNotAsAWorker(t *testing.T) {
	if _, err := Enter(); err == nil {
		t.Error("entered")
	}
}

func TestProgramsThatAreNoWorkers(t *testing.T) {
	p := Program{Args: []string{"-test.run=^$"}} // ends at once, and says nothing that was asked
	if w, err := p.Start(t.Context()); err == nil {
		w.Stop()
		t.Error("started")
	}
}

func TestConfinementBits(t *testing.T) {
	all := Confinement{}
	all.add(^uint32(0))
	for _, c := range []Confinement{{}, all, {Files: true, Background: true}} {
		var got Confinement
		got.add(c.bits())
		if got != c {
			t.Errorf("got %+v, want %+v", got, c)
		}
	}
	if got, want := len(all.List()), 11; got != want {
		t.Errorf("%d names, want %d: %v", got, want, all)
	}
}

func TestSettings(t *testing.T) {
	want := settings{build: 7, memory: 1 << 40, processors: 3, background: true}
	got, ok := decodeSettings(want.encode())
	if !ok || got != want {
		t.Errorf("got %+v %v, want %+v", got, ok, want)
	}
	if _, ok := decodeSettings(want.encode()[1:]); ok {
		t.Error("a short message passed")
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		w, err := Program{Args: []string{"worker"}}.Start(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		w.Stop()
	}
}
