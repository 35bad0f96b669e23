// Package upgradetest proves that programs of one version and of the version before work
// together and read each other's data folders. Those of before are built from the history
// of the project; testdata/script says, as an administrator meets it, what is tried.
package upgradetest

import (
	"bytes"
	"context"
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

// before is the commit of the version before this one: the last one at which packages
// were handed to somebody. Whoever releases moves it.
const before = "3a97ae710c128f73ab84a34fc8cf2b1d6c76bd88"

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
	if err := buildAll(t, root, bin); errors.Is(err, errNoHistory) {
		tell(t, "upgrades from the version before: "+err.Error())
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
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

// tell notes what was not tried, for packaging/tools/test.sh to say at its end: of a test
// that is skipped the go command says nothing.
func tell(t *testing.T, untried string) {
	t.Helper()
	name := os.Getenv("VIGIA_TEST_UNTRIED")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintln(f, untried)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// errNoHistory: the commit is not in this checkout.
var errNoHistory = errors.New("the history of the project is not here")

// buildAll makes vigia and vigia-agent of now, vigia-old and vigia-agent-old, and
// vigia-agent-unaware, an old one that does not know the checks of a domain.
func buildAll(t *testing.T, root, bin string) error {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "git", "-C", root, "cat-file", "-e", before+"^{commit}").Run(); err != nil {
		return fmt.Errorf("%w: commit %.7s", errNoHistory, before)
	}
	old := t.TempDir()
	if err := run(t.Context(), root, "sh", "-c", `git archive "$0" | tar -x -C "$1"`, before, old); err != nil {
		return err
	}
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
				return err
			}
		}
		// Without the folder in what is built, the cache of the go command serves.
		if err := run(t.Context(), p.from, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "grpcnotrace",
			"-ldflags", "-s -w -X main.version="+p.version, "-o", filepath.Join(bin, p.name), p.pkg); err != nil {
			return err
		}
	}
	return nil
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

func run(ctx context.Context, folder string, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
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
