package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
)

func TestProcessesOfThisMachine(t *testing.T) {
	t.Parallel()
	list, err := New(Options{}).Running.Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if p.PID == os.Getpid() {
			if p.Path != exe || p.Name != filepath.Base(exe)[:min(15, len(filepath.Base(exe)))] {
				t.Errorf("got %+v, want %s", p, exe)
			}
			return
		}
	}
	t.Errorf("this process is not among %d", len(list))
}

func TestProcessesOfProc(t *testing.T) {
	t.Parallel()
	status := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	proc := fstest.MapFS{
		"uptime":     status("1 1"),
		"1/status":   status("Name:\tsystemd\nUid:\t0\t0\t0\t0\nVmSize:\t1 kB\n"),
		"2/status":   status("Name:\tkthreadd\nUid:\t0\t0\t0\t0\n"),
		"700/status": status("Name:\tclamd\nUid:\t111\t111\t111\t111\nVmSize:\t1 kB\n"),
		"700/exe":    {Data: []byte("/usr/sbin/clamd (deleted)"), Mode: os.ModeSymlink},
		"900/comm":   status("ended\n"),
	}
	got, err := processes(t.Context(), proc)
	want := []host.Process{{PID: 1, Name: "systemd", Owner: "0"}, {PID: 700, Name: "clamd", Path: "/usr/sbin/clamd", Owner: "111"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	delete(proc, "1/status")
	if got, err := processes(t.Context(), proc); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("the processes of others hidden: got %v, %v", got, err)
	}
}
