package storage_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vigia/collector/storage/storagetest"
)

// A kill -9 says nothing about durability, for what was written lives on in the
// page cache. These tests take the power away: they follow every write and every
// fsync of the program, and keep of each file only what was synced.

// disk is what a disk holds if the power goes now.
type disk struct {
	folder string
	files  map[string]*file
}

// file is a file as the program sees it and as it would be found again.
type file struct {
	seen, synced []byte
	named        bool // its folder was synced since it appeared
}

func (d *disk) file(path string) *file {
	f := d.files[path]
	if f == nil {
		f = &file{}
		d.files[path] = f
	}
	return f
}

func (d *disk) write(path string, data []byte, at int) {
	f := d.file(path)
	if need := at + len(data); need > len(f.seen) {
		f.seen = append(f.seen, make([]byte, need-len(f.seen))...)
	}
	copy(f.seen[at:], data)
}

func (d *disk) truncate(path string, size int) {
	f := d.file(path)
	if size > len(f.seen) {
		f.seen = append(f.seen, make([]byte, size-len(f.seen))...)
	}
	f.seen = f.seen[:size]
}

func (d *disk) sync(path string) {
	if path != d.folder {
		f := d.file(path)
		f.synced = slices.Clone(f.seen)
		return
	}
	for _, f := range d.files {
		f.named = true
	}
}

// survivors writes what is left after the power cut into a new folder.
func (d *disk) survivors(t *testing.T) (path string) {
	t.Helper()
	dir := t.TempDir()
	for name, f := range d.files {
		if !f.named || strings.HasSuffix(name, "-shm") {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), f.synced, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "vigia.db")
}

var (
	lineOfWrite    = regexp.MustCompile(`^pwrite64\(\d+<([^>]*)>, "([^"]*)", \d+, (\d+)\) += (\d+)$`)
	lineOfTruncate = regexp.MustCompile(`^ftruncate\(\d+<([^>]*)>, (\d+)\) += 0$`)
	lineOfSync     = regexp.MustCompile(`^(?:fsync|fdatasync)\(\d+<([^>]*)>\) += 0$`)
	lineOfUnlink   = regexp.MustCompile(`^unlink(?:at)?\((?:[^"]*)"([^"]*)".*\) += 0$`)
	lineOfMarker   = regexp.MustCompile(`^write\(\d+<([^>]*)>, "([^"]*)", \d+\) += \d+$`)
)

// replay follows a trace and calls acknowledged whenever the program said so.
func replay(t *testing.T, trace, folder string, acknowledged func(d *disk, id int64)) {
	t.Helper()
	in, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	d := &disk{folder: folder, files: make(map[string]*file)}
	text := func(hexed string) string {
		b, err := hex.DecodeString(strings.ReplaceAll(hexed, `\x`, ""))
		if err != nil {
			t.Fatalf("the trace holds %q: %v", hexed, err)
		}
		return string(b)
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	ours := func(hexed string) (string, bool) {
		path := text(hexed)
		return path, path == folder || filepath.Dir(path) == folder
	}
	unfinished := make(map[string]string)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		thread, call, _ := strings.Cut(lines.Text(), " ")
		call = strings.TrimLeft(call, " ")
		if before, ok := strings.CutSuffix(call, " <unfinished ...>"); ok {
			unfinished[thread] = before
			continue
		}
		if strings.HasPrefix(call, "<... ") {
			_, after, _ := strings.Cut(call, " resumed>")
			call = unfinished[thread] + after
		}
		if m := lineOfWrite.FindStringSubmatch(call); m != nil {
			if path, ok := ours(m[1]); ok {
				d.write(path, []byte(text(m[2]))[:number(m[4])], number(m[3]))
			}
		} else if m := lineOfTruncate.FindStringSubmatch(call); m != nil {
			if path, ok := ours(m[1]); ok {
				d.truncate(path, number(m[2]))
			}
		} else if m := lineOfSync.FindStringSubmatch(call); m != nil {
			if path, ok := ours(m[1]); ok {
				d.sync(path)
			}
		} else if m := lineOfUnlink.FindStringSubmatch(call); m != nil {
			if path, ok := ours(m[1]); ok {
				delete(d.files, path)
			}
		} else if m := lineOfMarker.FindStringSubmatch(call); m != nil {
			var id int64
			if _, err := fmt.Sscanf(text(m[2]), "ack %d\n", &id); err == nil {
				acknowledged(d, id)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// helper runs TestHelper under strace and returns the lines of its marker.
func helper(t *testing.T, scenario, dir string, straceOptions ...string) []string {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is missing: apt-get install strace")
	}
	args := append(slices.Clone(straceOptions), "-f", os.Args[0], "-test.run", "^TestHelper$")
	cmd := exec.CommandContext(t.Context(), strace, args...)
	cmd.Env = append(os.Environ(), helperKey+"="+scenario, helperKey+"_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strace: %v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "marker"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func needsStrace(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("strace is a Linux program; the code under test is the same here")
	}
	if testing.Short() {
		t.Skip("runs many processes")
	}
}

// Whatever Write acknowledged is found again after a power cut at that moment.
// That the test can tell is shown by the settings that SQLite also offers.
func TestPowerCutAfterAcknowledgement(t *testing.T) {
	needsStrace(t)
	for _, row := range []struct {
		scenario string
		durable  bool
	}{
		{"plain", true},
		{"group", true}, // many callers: the acknowledgement of each, not only of who commits
		{"weakened FULL", true},
		{"weakened NORMAL", false},
		{"weakened OFF", false},
	} {
		t.Run(row.scenario, func(t *testing.T) {
			dir := realTempDir(t)
			trace := filepath.Join(t.TempDir(), "trace")
			helper(t, row.scenario, dir, "-y", "-xx", "-s", "70000", "-o", trace,
				"-e", "trace=fsync,fdatasync,pwrite64,write,ftruncate,unlink,unlinkat")
			lost := 0
			var acknowledged []int64
			replay(t, trace, dir, func(d *disk, id int64) {
				acknowledged = append(acknowledged, id)
				found := ids(t, storagetest.Open(t, d.survivors(t), boxes()...))
				for _, want := range acknowledged {
					if !slices.Contains(found, want) {
						lost++
					}
				}
			})
			if len(acknowledged) != 12 {
				t.Fatalf("followed %d acknowledgements, want 12", len(acknowledged))
			}
			if row.durable && lost > 0 {
				t.Errorf("power cuts lost %d acknowledged rows", lost)
			}
			if !row.durable && lost == 0 {
				t.Error("power cuts lost nothing: this test would not notice a database that is not durable")
			}
		})
	}
}

// realTempDir is a temporary folder by the name that the system gives it.
func realTempDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
