package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vigia/packaging/winetest"
)

// TestOnWindows runs this package's tests for Windows on a machine under Wine.
func TestOnWindows(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a Wine session is not for -short")
	}
	s := winetest.Start(t)
	exe := filepath.Join(t.TempDir(), "service.test.exe")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", s.Overlay, "-o", exe, ".")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the tests for Windows: %v\n%s", err, out)
	}
	out, err := s.Command(t.Context(), exe, "-test.v", "-test.run", "MakeFolder").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
