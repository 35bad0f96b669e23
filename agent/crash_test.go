package agent

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// envDie has this test's program die as a service does, see TestCrashLeavesATrace.
const envDie = "VIGIA_TEST_DIES"

func TestCrashLeavesATrace(t *testing.T) {
	if how := os.Getenv(envDie); how != "" {
		_, _ = keepCrashes(".", slog.New(slog.DiscardHandler))
		none := []int{}
		_ = none[len(how)] // a bad end
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^TestCrashLeavesATrace$")
	cmd.Env = append(os.Environ(), envDie+"=now")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Fatalf("it lives:\n%s", out)
	}
	last, stop, err := folder(dir).keepCrash()
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if last == nil || !strings.Contains(last.What, "index out of range") || !strings.Contains(last.Where, "TestCrashLeavesATrace crash_test.go:") {
		t.Errorf("got %+v", last)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "log", "vigia-agent.crash.old"))
	if err != nil || !strings.Contains(string(kept), "goroutine ") {
		t.Errorf("kept %q, %v", kept, err)
	}
	if last, stop, err = folder(dir).keepCrash(); err != nil || last != nil {
		t.Errorf("after an orderly end: %+v, %v", last, err)
	} else if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "log", "vigia-agent.crash.old")); err != nil {
		t.Errorf("the trace is gone: %v", err)
	}
}

// What died may have had anything in its hands: none of it is told.
func TestReadCrash(t *testing.T) {
	const stack = "\n\ngoroutine 41 [running]:\nencoding/json.Marshal(...)\n\t/usr/local/go/src/encoding/json/encode.go:161\nvigia/agent.(*reporter).sign(0xc0001, {0x1, 0x2})\n\t/src/agent/report.go:138 +0x1d\nvigia/agent.Main()\n\t/src/agent/cli.go:70\n"
	for _, row := range []struct{ name, text, what, where string }{
		{"of the runtime", "panic: runtime error: index out of range [3] with length 3" + stack, "panic: runtime error: index out of range [3] with length 3", "vigia/agent.(*reporter).sign report.go:138"},
		{"with a value", "panic: CURP GOMC850101HDFXXX01" + stack, "panic", "vigia/agent.(*reporter).sign report.go:138"},
		{"of a program for Windows", "fatal error: concurrent map writes\r\n" + strings.ReplaceAll(strings.ReplaceAll(stack, "/src/agent/", `D:\src\agent\`), "\n", "\r\n"), "fatal error: concurrent map writes", "vigia/agent.(*reporter).sign report.go:138"},
		{"cut short", "panic: x\n\ngoroutine 1 [running]:\nvigia/agent.Main(", "panic", ""},
		{"something else", "\x00\x01", "panic", ""},
	} {
		if got, want := readCrash([]byte(row.text)), (crash{row.what, row.where}); got != want {
			t.Errorf("%s: got %+v, want %+v", row.name, got, want)
		}
	}
}

func FuzzReadCrash(f *testing.F) {
	f.Add([]byte("fatal error: x\nvigia/a.b(\n\tc.go:1"))
	f.Add([]byte("panic: secret\n\nvigia/(\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c := readCrash(text); len(c.What) > maxEventArg || len(c.Where) > maxEventArg || c.What == "" {
			t.Errorf("got %+v", c)
		}
	})
}
