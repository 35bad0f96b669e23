package upgradetest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// unknown is what a program of before is without, for a script in which it meets a rule
// that it does not know: a domain of checks, out of the list of all.
const unknown = "directory"

// limit is how long all scripts together may take.
const limit = 8 * time.Minute

func TestUpgrades(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs of two versions")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	buildAll(t, root, bin)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(limit),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("VIGIA_DATA", filepath.Join(env.WorkDir, "collector"))
			env.Setenv("VIGIA_AGENT_DATA", filepath.Join(env.WorkDir, "agent"))
			env.Setenv("VIGIA_ORGANISATION", "Ayuntamiento de Prueba")
			env.Setenv("VIGIA_TIME_ZONE", "Europe/Madrid")
			env.Setenv("VIGIA_PASSPHRASE", "una frase de paso larga")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"ready": ready,
			"ends":  ends,
		},
	})
}

// buildAll makes vigia and vigia-agent of now, vigia-old and vigia-agent-old, and
// vigia-agent-unaware, an old one that does not know the checks of a domain.
func buildAll(t *testing.T, root, bin string) {
	t.Helper()
	old := Before(t, root)
	const agent, collector = "./agent/cmd/vigia-agent", "./collector/cmd/vigia"
	for _, p := range []struct{ from, pkg, name, version string }{
		{root, collector, "vigia", "2.0.0"},
		{root, agent, "vigia-agent", "2.0.0"},
		{old, collector, "vigia-old", "1.0.0"},
		{old, agent, "vigia-agent-old", "1.0.0"},
		{old, agent, "vigia-agent-unaware", "1.0.0"},
	} {
		if p.name == "vigia-agent-unaware" {
			if err := forget(filepath.Join(old, "checks", "catalog", "catalog.go")); err != nil {
				t.Fatal(err)
			}
		}
		// Without the folder in what is built, the cache of the go command serves.
		run(t, p.from, "go", "build", "-trimpath", "-buildvcs=false", "-pgo=off", "-tags", "grpcnotrace",
			"-ldflags", "-s -w -X main.version="+p.version, "-o", filepath.Join(bin, p.name), p.pkg)
	}
}

// forget takes a domain out of the list of all checks.
func forget(catalog string) error {
	text, err := os.ReadFile(catalog)
	if err != nil {
		return err
	}
	var left []byte
	for line := range bytes.Lines(text) {
		if s := string(bytes.TrimSpace(line)); s != unknown+".Checks()," && s != `"vigia/checks/`+unknown+`"` {
			left = append(left, line...)
		}
	}
	if bytes.Equal(left, text) {
		return fmt.Errorf("%s does not list %s", catalog, unknown)
	}
	return os.WriteFile(catalog, left, 0o600)
}

// ready FILE waits until a collector has written there that it serves, and sets AGENTS and
// PORTAL to its addresses.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready FILE")
	}
	file := ts.MkAbs(args[0])
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(file)
		if err != nil {
			if time.Now().After(deadline) {
				ts.Fatalf("the collector did not start within a minute")
			}
			continue
		}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			ts.Setenv(strings.TrimPrefix(name, "VIGIA_READY_"), value)
		}
		ts.Check(os.Remove(file))
		return
	}
}

// ends CODE PROGRAM ARGS... runs a program, which must end with that exit code.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: ends CODE PROGRAM [ARGS...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("ended %d, want %d", got, want)
	}
}
