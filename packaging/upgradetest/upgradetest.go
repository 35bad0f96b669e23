// Package upgradetest proves that programs of one version and of the version before work
// together and read each other's data folders. Those of before are built from the history
// of the project; testdata/script says, as an administrator meets it, what is tried.
package upgradetest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// before is the commit of the version before this one: the last one at which packages
// were handed to somebody. Whoever releases moves it.
const before = "3a97ae710c128f73ab84a34fc8cf2b1d6c76bd88"

// Before is a folder with the module as it was in the version before; root is that of the
// module as it is. Where the history of the project is not, the test is skipped.
func Before(t *testing.T, root string) string {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "git", "-C", root, "cat-file", "-e", before+"^{commit}").Run(); err != nil {
		Untried(t, fmt.Sprintf("%s: the history of the project, with commit %.7s, is not here", t.Name(), before))
	}
	folder := t.TempDir()
	run(t, root, "sh", "-c", `git archive "$0" | tar -x -C "$1"`, before, folder)
	return folder
}

// Untried skips the test and notes it, for packaging/tools/test.sh to say at its end: of a
// test that is skipped the go command says nothing.
func Untried(t *testing.T, what string) {
	t.Helper()
	if name := os.Getenv("VIGIA_TEST_UNTRIED"); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintln(f, what)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	t.Skip(what)
}

func run(t *testing.T, folder string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
