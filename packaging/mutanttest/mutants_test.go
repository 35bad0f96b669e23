// Package mutanttest proves that the tests of durability can fail: it breaks one
// promise at a time in a copy of the code, and demands that the test which
// stands against it notices. The tree itself is never changed (go test -overlay).
//
// It takes minutes, so it runs when asked for: make mutants.
package mutanttest

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var run = flag.Bool("mutants", false, "make the mutants and run the tests that kill them")

// change replaces one piece of a file, which must be there exactly once.
type change struct{ file, old, new string }

// mutant is one broken promise.
type mutant struct {
	name    string
	changes []change
	pkg     string // whose test notices
	test    string
}

func mutants() []mutant {
	const (
		queue     = "agent/spool/spool.go"
		files     = "agent/spool/fs.go"
		sqlite    = "collector/storage/sqlite.go"
		postgres  = "collector/storage/postgresql.go"
		write     = "collector/storage/write.go"
		ingest    = "collector/ingest/ingest.go"
		powerLoss = "TestPowerLossLosesNothingThatWasTaken"
	)
	return []mutant{
		// The agent's spool: every fsync there is.
		{"a report's segment is not flushed",
			[]change{{queue, "q.active.Sync()", "error(nil)"}}, "./agent/spool", powerLoss},
		{"the folder of a new segment is not flushed",
			[]change{{queue, "q.fs.SyncDir()", "error(nil)"}}, "./agent/spool", powerLoss},
		{"an acknowledgement, a rewritten segment is not flushed",
			[]change{{files, "f.Sync(); err != nil {\n\t\treturn fmt.Errorf(\"sync %s", "error(nil); err != nil {\n\t\treturn fmt.Errorf(\"sync %s"}}, "./agent/spool", powerLoss},
		{"the folder of an acknowledgement is not flushed",
			[]change{{files, "fsys.SyncDir()", "error(nil)"}}, "./agent/spool", powerLoss},
		{"the real folder is opened and not flushed",
			[]change{{files, "errors.Join(f.Sync(), f.Close())", "errors.Join(f.Close())"}}, "./agent/spool", "TestRealDiskIsFlushed"},

		// The collector's database.
		{"SQLite: synchronous=NORMAL",
			[]change{{sqlite, `synchronous: "FULL"}`, `synchronous: "NORMAL"}`}}, "./collector/storage", "TestReopenKeepsEverything"},
		{"SQLite: synchronous=NORMAL, and nobody looks",
			[]change{{sqlite, `synchronous: "FULL"}`, `synchronous: "NORMAL"}`}, {sqlite, "const full = 2", "const full = 0"}}, "./collector/storage", "TestPowerCutAfterAcknowledgement"},
		{"SQLite: a weakened connection is not refused",
			[]change{{sqlite, "const full = 2", "const full = 0"}}, "./collector/storage", "TestWeakenedSQLiteIsRefused"},
		{"PostgreSQL: synchronous_commit stays as the database has it",
			[]change{{postgres, "set_config('synchronous_commit', 'on', false)", "set_config('application_name', 'vigia', false)"}}, "./collector/storage", "TestWeakenedPostgreSQLIsOverruledOrRefused"},
		{"PostgreSQL: synchronous_commit=off is not refused",
			[]change{{postgres, `case synchronousCommit != "on" && synchronousCommit != "remote_apply":`, `case synchronousCommit == "":`}}, "./collector/storage", "TestWeakenedPostgreSQLIsOverruledOrRefused"},
		{"a caller is told that all is well before the commit",
			[]change{{write, "\topen = false\n\tif err := tx.Commit(); err != nil {", "\topen = false\n\tfinishAll(kept, nil)\n\tif err := tx.Commit(); err != nil {"}}, "./collector/storage", "TestFailedSync"},

		// The acknowledgement.
		{"a commit that failed is acknowledged",
			[]change{{ingest, "if err := s.opts.DB.Write(ctx, d.write); err != nil {", "if err := s.opts.DB.Write(ctx, d.write); err != nil && d.resp == nil {"}}, "./collector/ingest", "TestNothingIsAcknowledgedBeforeTheCommit"},
		{"a report is acknowledged before the commit",
			[]change{{ingest, "if err := s.opts.DB.Write(ctx, d.write); err != nil {", `written := make(chan error, 99)
	go func() {
		written <- s.opts.DB.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *storage.Tx) error {
			err := d.write(ctx, tx)
			written <- err
			return err
		})
	}()
	if err := <-written; err != nil {`}}, "./collector/ingest", "TestNothingIsAcknowledgedBeforeTheCommit"},
	}
}

// mutantLimit is how long one mutant may take, its build included. A test that
// hangs has noticed.
const mutantLimit = 4 * time.Minute

func TestMutants(t *testing.T) {
	if !*run {
		t.Skip("takes minutes: make mutants")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants() {
		began := time.Now()
		overlay := m.overlay(t, root)
		out, err := m.kill(t.Context(), root, overlay)
		took := time.Since(began).Round(time.Second)
		switch {
		case err == nil:
			t.Errorf("SURVIVED %s: %s does not notice\n%s", m.name, m.test, out)
		case !bytes.Contains(out, []byte("--- FAIL: "+m.test)) && !bytes.Contains(out, []byte("panic: test timed out")):
			t.Errorf("BROKEN   %s: %s did not run\n%s", m.name, m.test, out)
		default:
			fmt.Printf("%-62s → killed by %s (%v)\n", m.name, m.test, took)
		}
	}
}

// overlay writes the broken files, and the list that go test replaces them by.
func (m mutant) overlay(t *testing.T, root string) (list string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for _, c := range m.changes {
		from := filepath.Join(root, c.file)
		read := from
		if done := replace[from]; done != "" {
			read = done
		}
		text, err := os.ReadFile(read)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), c.old); n != 1 {
			t.Fatalf("%s: %q is there %d times in %s, want once: the code has changed, change the mutant", m.name, c.old, n, c.file)
		}
		to := filepath.Join(dir, strings.ReplaceAll(c.file, "/", "_"))
		if err := os.WriteFile(to, []byte(strings.Replace(string(text), c.old, c.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[from] = to
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list = filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return list
}

// kill runs the test that should notice. Its error is what is hoped for.
func (m mutant) kill(ctx context.Context, root, overlay string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, mutantLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-count", "1", "-failfast", "-vet", "off",
		"-timeout", "2m", "-tags", "grpcnotrace", "-run", "^"+m.test+"$", m.pkg)
	cmd.Dir = root
	cmd.WaitDelay = 5 * time.Second
	return cmd.CombinedOutput()
}
