package agent

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/personaldata/scan"
	"vigia/packaging/winetest"
)

// A scan under Windows finds what one under Linux finds, and both through a worker.
func TestScanOnWindows(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a Wine session is not for -short")
	}
	s := winetest.Start(t)
	root := t.TempDir()
	for name, text := range map[string]string{
		"carta.txt":       "Estimado vecino: no hay nada que decir.\n",
		"padron.csv":      "nombre;dni\nAna;12345678Z\nLuis;54362315K\n",
		"curp/ficha.txt":  "CURP: HEGG560427MVZRRL04\n",
		"curp/binary.bin": "\x00\x01\x02\x03",
		"largo.txt":       strings.Repeat("Nada que decir.\n", 200_000) + "CURP: HEGG560427MVZRRL04\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	linux := filepath.Join(t.TempDir(), "vigia-agent")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", linux, "./cmd/vigia-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	arguments := func(root string) []string {
		return []string{"scan", root, "--no-cache", "--format", "json", "--jobs", "2"}
	}
	want, wantSum := scanLines(t, exec.CommandContext(t.Context(), linux, arguments(root)...), root)
	windows := s.WindowsPath(root)
	got, gotSum := scanLines(t, s.Command(t.Context(), s.Build(t, "./agent/cmd/vigia-agent"), arguments(windows)...), windows)
	if len(want) != 5 {
		t.Errorf("%d files, want 5", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-Linux +Windows):\n%s", diff)
	}
	for _, is := range []struct {
		system string
		sum    scan.Summary
		kept   string
	}{{"Linux", wantSum, "system_calls"}, {"Windows", gotSum, "group"}} {
		t.Logf("%s: kept from %v", is.system, is.sum.Confinement)
		if !slices.Contains(is.sum.Confinement, is.kept) {
			t.Errorf("%s: no worker with %s: %v", is.system, is.kept, is.sum.Confinement)
		}
	}
}

// scanLines runs a scan and returns its lines by path below root, and the summary.
func scanLines(t *testing.T, cmd *exec.Cmd, root string) (map[string]scan.FileResult, scan.Summary) {
	t.Helper()
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != exitNo {
		t.Fatalf("scan: exit code %d, %v\n%s", code, err, out)
	}
	lines := map[string]scan.FileResult{}
	var end struct{ Summary *scan.Summary }
	for line := range strings.Lines(string(out)) {
		if err := json.Unmarshal([]byte(line), &end); err == nil && end.Summary != nil {
			break
		}
		var r scan.FileResult
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		r.Path = strings.ReplaceAll(strings.TrimPrefix(r.Path, root), `\`, "/")
		lines[r.Path] = r
	}
	if end.Summary == nil {
		t.Fatalf("no summary after %v", slices.Sorted(maps.Keys(lines)))
	}
	return lines, *end.Summary
}
