package checktest

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

type facts struct {
	Hostname string `json:"hostname"`
}

type params struct {
	Want string `json:"want"`
}

// named passes when the machine is called as its parameter says.
func named() checks.Check {
	observe := func(ctx context.Context, h *host.Host) (facts, error) {
		data, err := h.Files.ReadFile(ctx, "/etc/hostname", 100)
		return facts{Hostname: strings.TrimSpace(string(data))}, err
	}
	judge := func(f facts, p params, _ time.Time) checks.Verdict {
		if f.Hostname == p.Want {
			return checks.Verdict{Status: checks.Pass, Reason: checks.Because("named", "name", f.Hostname)}
		}
		return checks.Verdict{Status: checks.Fail, Reason: checks.Because("other_name", "name", f.Hostname)}
	}
	return checks.New(checks.Info{ID: "test.named"}, params{Want: "equipo01"}, checks.On[facts]{host.Linux: observe}, judge)
}

// moody passes only when it judges for the first time.
func moody() checks.Check {
	calls := 0
	observe := func(context.Context, *host.Host) (facts, error) { return facts{Hostname: "equipo01"}, nil }
	judge := func(facts, params, time.Time) checks.Verdict {
		if calls++; calls > 1 {
			return checks.Verdict{Status: checks.Fail, Reason: checks.Because("named", "name", "equipo01")}
		}
		return checks.Verdict{Status: checks.Pass, Reason: checks.Because("named", "name", "equipo01")}
	}
	return checks.New(checks.Info{ID: "test.named"}, params{}, checks.On[facts]{host.Linux: observe}, judge)
}

func TestGolden(t *testing.T) {
	t.Parallel()
	Golden(t, named(), "", filepath.Join("testdata", "servidor"))
}

func TestGoldenFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	const machine = "testdata/servidor"
	empty := t.TempDir()
	if err := os.CopyFS(empty, os.DirFS(machine)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(empty, "test.named.golden.json")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, params, dir string
		check             checks.Check
		want              string
	}{
		{"another result", `{"want": "x"}`, machine, named(), "-want +got"},
		{"another verdict from the evidence", "", machine, moody(), "gives another verdict"},
		{"no golden", "", empty, named(), "run this test with -update"},
		{"no recording", "", t.TempDir(), named(), "recording.json"},
	} {
		problems := compare(t.Context(), tt.check, json.RawMessage(tt.params), tt.dir, false)
		if len(problems) != 1 || !strings.Contains(problems[0].Error(), tt.want) {
			t.Errorf("%s: got %v, want one problem with %q", tt.name, problems, tt.want)
		}
	}
	if problems := compare(t.Context(), named(), nil, empty, true); len(problems) != 0 {
		t.Errorf("update: got %v", problems)
	}
	if problems := compare(t.Context(), named(), nil, empty, false); len(problems) != 0 {
		t.Errorf("after an update: got %v", problems)
	}
}
