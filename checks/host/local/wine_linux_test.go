package local

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
	plugIn(t, s, "1A2B3C4D")
	exe := filepath.Join(t.TempDir(), "local.test.exe")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", s.Overlay, "-o", exe, ".")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the tests for Windows: %v\n%s", err, out)
	}
	cmd := s.Command(t.Context(), exe, "-test.v")
	cmd.Env = append(cmd.Env, "VIGIA_TEST_STICK=1A2B-3C4D")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// plugIn makes a folder a removable drive of the machine, with a volume of this number, as
// mount points of Wine are described in its user's guide. Wine looks at that when it
// starts.
func plugIn(t *testing.T, s *winetest.Session, volume string) {
	t.Helper()
	stick := t.TempDir()
	if err := os.WriteFile(filepath.Join(stick, ".windows-serial"), []byte(volume+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(stick, filepath.Join(s.Prefix, "dosdevices", "e:")); err != nil {
		t.Fatal(err)
	}
	s.ImportRegistry(t, "[HKEY_LOCAL_MACHINE\\Software\\Wine\\Drives]\n\"e:\"=\"floppy\"\n")
	end := exec.CommandContext(t.Context(), "wineserver", "-k")
	end.Env = s.Env()
	if out, err := end.CombinedOutput(); err != nil {
		t.Fatalf("end Wine's server: %v\n%s", err, out)
	}
}
