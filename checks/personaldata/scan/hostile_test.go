package scan

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/personaldata/isolate"
)

// unixOnly ends a test whose subject other systems do not have.
func unixOnly(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no FIFOs, devices, links or users by number here")
	}
}

// command runs a program that the test needs.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s (install coreutils and util-linux; device nodes need root)", name, args, err, out)
	}
	return string(out)
}

// Nothing but a regular file is ever opened: a FIFO would block, a device might act.
func TestSpecialFiles(t *testing.T) {
	unixOnly(t)
	root := tree(t, map[string]string{"z.txt": person})
	command(t, "mkfifo", filepath.Join(root, "fifo"))
	want := []string{"fifo skipped file.special", "z.txt found"}
	if os.Geteuid() == 0 {
		command(t, "mknod", filepath.Join(root, "null"), "c", "1", "3")
		command(t, "mknod", filepath.Join(root, "zero"), "c", "1", "5")
		want = slices.Insert(want, 1, "null skipped file.special")
		want = append(want, "zero skipped file.special")
	}
	results, _ := run(t, Options{Roots: []string{root}, Jobs: 1})
	if diff := cmp.Diff(sorted(want), verdicts(root, results)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	results, _ = run(t, Options{Roots: []string{"/dev/zero"}})
	if diff := cmp.Diff([]string{"dev/zero skipped file.special"}, verdicts("/", results)); diff != "" {
		t.Errorf("a device as root (-want +got):\n%s", diff)
	}
}

// What takes a file's place between looking and opening is not read.
func TestOpenNoticesAReplacement(t *testing.T) {
	unixOnly(t)
	outside := tree(t, map[string]string{"secret": person})
	replace := map[string]func(path string) error{
		"another file":   func(p string) error { return os.Rename(p+".other", p) },
		"link outside":   func(p string) error { _ = os.Remove(p); return os.Symlink(filepath.Join(outside, "secret"), p) },
		"link inside":    func(p string) error { _ = os.Remove(p); return os.Symlink(filepath.Base(p)+".other", p) },
		"FIFO":           func(p string) error { _ = os.Remove(p); command(t, "mkfifo", p); return nil },
		"directory":      func(p string) error { _ = os.Remove(p); return os.Mkdir(p, 0o755) },
		"device of ours": func(p string) error { _ = os.Remove(p); return os.Symlink("/dev/zero", p) },
	}
	for name, by := range replace {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{"f": letters, "f.other": person})
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			info, err := root.Lstat("f")
			if err != nil {
				t.Fatal(err)
			}
			if err := by(filepath.Join(dir, "f")); err != nil {
				t.Fatal(err)
			}
			if reason := openAgain(t, root, info); reason != ReasonChanged {
				t.Errorf("reason %q, want %q", reason, ReasonChanged)
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		dir := tree(t, map[string]string{"f": letters})
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		info, err := root.Lstat("f")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "f")); err != nil {
			t.Fatal(err)
		}
		if reason := openAgain(t, root, info); reason != ReasonGone {
			t.Errorf("reason %q, want %q", reason, ReasonGone)
		}
	})
}

// openAgain opens the file f, of which info was known before.
func openAgain(t *testing.T, root *os.Root, info fs.FileInfo) Reason {
	t.Helper()
	var dir isolate.Dir
	if err := dir.Open(root); err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	file, reason := open(&found{dir: &dir, name: []byte("f"), facts: isolate.FactsOf(info), looked: true})
	if reason == "" {
		_ = file.Close()
	}
	return reason
}

func TestOpenRootNoticesAReplacement(t *testing.T) {
	unixOnly(t)
	outside := tree(t, map[string]string{"secret": person})
	replace := map[string]func(path string) error{
		"another folder": func(p string) error { return os.Rename(p+".other", p) },
		"link outside":   func(p string) error { return os.Symlink(outside, p) },
		"link inside":    func(p string) error { return os.Symlink(filepath.Base(p)+".other", p) },
		"link to itself": func(p string) error { return os.Symlink(".", p) },
		"file":           func(p string) error { return os.WriteFile(p, nil, 0o644) },
	}
	for name, by := range replace {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{"d/f": letters, "d.other/f": person})
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			info, err := root.Lstat("d")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(dir, "d"), filepath.Join(dir, "gone")); err != nil {
				t.Fatal(err)
			}
			if err := by(filepath.Join(dir, "d")); err != nil {
				t.Fatal(err)
			}
			if got, reason := openRoot(root, "d", info); got != nil || reason != ReasonChanged {
				t.Errorf("opened %v, reason %q, want %q", got != nil, reason, ReasonChanged)
			}
		})
	}
}

// While someone keeps swapping a file and a folder for links that lead outside, nothing
// outside is ever read.
func TestLinksFlippedDuringTheWalk(t *testing.T) {
	unixOnly(t)
	want := int64(100_000)
	if testing.Short() {
		want = 2000
	}
	var flips atomic.Int64
	outside := tree(t, map[string]string{"f": person, "d/f": person})
	root := tree(t, map[string]string{"f.real": letters, "d.real/f": letters})
	f, d := filepath.Join(root, "f"), filepath.Join(root, "d")
	flip := func(at, truth, lie string) error {
		if err := os.Rename(truth, at); err != nil {
			return err
		}
		if err := os.Rename(at, truth); err != nil {
			return err
		}
		if err := os.Symlink(lie, at); err != nil {
			return err
		}
		return os.Remove(at)
	}
	stop, done := make(chan struct{}), make(chan error)
	go func() {
		var err error
		for err == nil {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err = flip(f, f+".real", filepath.Join(outside, "f")); err == nil {
				err = flip(d, d+".real", filepath.Join(outside, "d"))
			}
			flips.Add(2)
		}
		<-stop
		done <- err
	}()
	rounds := 0
	for ; flips.Load() < want; rounds++ {
		results, sum := run(t, Options{Roots: []string{root}, Jobs: 1})
		if sum.Files[Found] != 0 {
			t.Errorf("read outside the root: %+v", results)
			break
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d walks while links were flipped %d times", rounds, flips.Load())
}

func TestSparseFile(t *testing.T) {
	root := tree(t, map[string]string{"text": strings.Repeat(letters, 1000), "zeros": ""})
	for _, name := range []string{"text", "zeros"} {
		if err := os.Truncate(filepath.Join(root, name), 1<<40); err != nil {
			t.Fatalf("a sparse file of 1 TiB: %v", err)
		}
	}
	start := time.Now()
	results, sum := run(t, Options{Roots: []string{root}, Jobs: 1, File: FileLimits{Bytes: 8 << 20}})
	want := []string{"text incomplete limit.file_bytes", "zeros incomplete limit.file_bytes"}
	if diff := cmp.Diff(sorted(want), verdicts(root, results)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if sum.Bytes > 17<<20 || time.Since(start) > 20*time.Second {
		t.Errorf("%d bytes in %v", sum.Bytes, time.Since(start))
	}
}

// What this user may not read is unreadable, and the scan is not complete.
func TestUnreadable(t *testing.T) {
	unixOnly(t)
	const again = "VIGIA_TEST_UNREADABLE_ROOT"
	if root := os.Getenv(again); root != "" { // as nobody, see below
		results, sum := run(t, Options{Roots: []string{root}, Jobs: 1})
		want := []string{"closed.txt unreadable access.denied", "open.txt clean", "d unreadable access.denied"}
		if diff := cmp.Diff(sorted(want), verdicts(root, results)); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		if sum.Complete {
			t.Error("complete, though a folder was closed")
		}
		return
	}
	root := tree(t, map[string]string{"closed.txt": person, "open.txt": letters, "d/x": person})
	for name, mode := range map[string]fs.FileMode{"closed.txt": 0, "d": 0, ".": 0o755, "..": 0o755} {
		if err := os.Chmod(filepath.Join(root, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "d"), 0o755) })
	// Root reads everything, so the test runs again as nobody, from a copy that nobody may execute.
	program := filepath.Join(root, "..", "test")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, self, program)
	args := []string{program, "-test.run=^TestUnreadable$"}
	if os.Geteuid() == 0 {
		args = append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, args...)
	}
	t.Setenv(again, root)
	t.Chdir("/")
	command(t, args[0], args[1:]...)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// Other file systems are left alone unless asked for.
func TestMounts(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("devices are numbered, and /proc is there, on Linux alone")
	}
	results := map[string]FileResult{}
	_, err := Run(t.Context(), Options{Roots: []string{"/"}, Jobs: 1, MaxDepth: 1}, func(r FileResult) error {
		results[r.Path] = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/proc", "/sys", "/dev"} {
		if r := results[path]; r.Status != Skipped || r.Reason != ReasonVirtual {
			t.Errorf("%s: %s %s, want skipped", path, r.Status, r.Reason)
		}
	}
	rootInfo, err := os.Lstat("/")
	if err != nil {
		t.Fatal(err)
	}
	procInfo, err := os.Lstat("/proc/self")
	if err != nil {
		t.Fatal(err)
	}
	rootFacts, procFacts := isolate.FactsOf(rootInfo), isolate.FactsOf(procInfo)
	if !rootFacts.Numbered || !procFacts.Numbered || rootFacts.Device == procFacts.Device {
		t.Errorf("devices of / and /proc: %+v, %+v", rootFacts, procFacts)
	}
	// A walk that began elsewhere notices the border by the device alone.
	var reported []string
	w := &walker{depth: 1, report: func(path string, r FileResult) error {
		reported = append(reported, fmt.Sprint(path, " ", r.Status, " ", r.Reason))
		return nil
	}}
	root, err := os.OpenRoot("/")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	here := place{root: root, path: "/", actual: "/elsewhere", device: rootFacts.Device, hasDevice: true}
	if _, err := w.descend(here, "proc"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/proc skipped mount.other"}, reported); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}
