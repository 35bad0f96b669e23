package agent

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vigia/packaging/winetest"
)

// The tests of the agent's packages pass on Windows too: files are replaced and
// locked, keys are kept and reports delivered there as here.
func TestOnWindows(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a Wine session is not for -short")
	}
	s := winetest.Start(t)
	for _, pkg := range []string{"spool", "identity", "schedule", "deliver", "proxy", "."} {
		t.Run(pkg, func(t *testing.T) {
			exe := filepath.Join(t.TempDir(), "agent.test.exe")
			build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", s.Overlay, "-o", exe, ".")
			build.Dir = pkg
			build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("build the tests for Windows: %v\n%s", err, out)
			}
			run := s.Command(t.Context(), exe, "-test.short")
			run.Dir = pkg // where its testdata are
			if out, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}
