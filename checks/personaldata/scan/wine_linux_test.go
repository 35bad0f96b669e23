package scan

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vigia/packaging/winetest"
)

// Workers, and what may happen to them, are the same under Windows.
func TestWorkersOnWindows(t *testing.T) {
	if testing.Short() {
		t.Skip("a Wine session is not for -short")
	}
	s := winetest.Start(t)
	exe := filepath.Join(t.TempDir(), "scan.test.exe")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", s.Overlay, "-o", exe, ".")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the tests for Windows: %v\n%s", err, out)
	}
	out, err := s.Command(t.Context(), exe, "-test.v", "-test.short", "-test.run=^TestWorker", "-test.timeout=4m").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
