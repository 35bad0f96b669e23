package spool

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// realDiskKey makes this test binary the program that the test follows.
const realDiskKey = "SPOOL_TEST_REAL_DISK"

// The modelled disk of the other tests stands for the real one: there too each
// flush is a call to the system. Append flushes its segment and, once, the
// folder; Ack flushes the file that replaces the old one, and the folder.
func TestRealDiskIsFlushed(t *testing.T) {
	if folder := os.Getenv(realDiskKey); folder != "" {
		appendAndAcknowledge(t, folder)
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("strace is a Linux program")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is missing: apt-get install strace")
	}
	temp, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	folder, trace := filepath.Join(temp, "spool"), filepath.Join(temp, "trace")
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", trace,
		os.Args[0], "-test.run", "^TestRealDiskIsFlushed$")
	cmd.Env = append(os.Environ(), realDiskKey+"="+folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strace: %v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		_, rest, opened := strings.Cut(line, "<")
		path, _, closed := strings.Cut(rest, ">")
		if name, ours := strings.CutPrefix(path, folder); opened && closed && ours {
			if strings.HasSuffix(name, segmentSuffix) {
				name = "segment"
			}
			got = append(got, strings.TrimPrefix(name, "/"))
		}
	}
	want := []string{"segment", "", "segment", ackedName + tempSuffix, ""}
	if !slices.Equal(got, want) {
		t.Errorf("flushed: got %q, want %q", got, want)
	}
}

func appendAndAcknowledge(t *testing.T, folder string) {
	t.Helper()
	fsys, err := Dir(folder)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Open(fsys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := q.Append(context.Background(), Severity(0), func(uint64, Hash) (Signed, error) {
			return Signed{[]byte("report"), []byte("signature")}, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Ack(1); err != nil {
		t.Fatal(err)
	}
}
