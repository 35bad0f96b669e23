package collector

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"vigia/agent"
	"vigia/agent/identity"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/ingest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// The scripts run these programs, which are this test binary under other names.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"vigia": func() { main(ingest.Steps{}) },
		// vigia, whose power switch is in the way of a delivery.
		"vigia-crash": func() { main(crash(os.Getenv("VIGIA_TEST_CRASH"))) },
		"vigia-agent": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			code := agent.Main(ctx, os.Args[1:], agent.Env{
				Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Version: "prueba",
			})
			stop()
			os.Exit(code)
		},
		// An enrolled machine that reports what no check measures.
		"vigia-agent-odd": func() {
			if err := oddReport(context.Background(), os.Getenv("VIGIA_AGENT_DATA")); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(exitError)
			}
		},
	})
}

// main is that of the program vigia, whose clock may be off by VIGIA_TEST_CLOCK.
func main(steps ingest.Steps) {
	var off time.Duration
	if text := os.Getenv("VIGIA_TEST_CLOCK"); text != "" {
		var err error
		if off, err = time.ParseDuration(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitError)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Main(ctx, os.Args[1:], Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Version: "prueba", steps: steps,
		Now: func() time.Time { return time.Now().Add(off) },
	})
	stop()
	os.Exit(code)
}

// crash ends the process as kill -9 does, at the given time that a delivery
// comes to a step: "committed 2" is the second, after its commit and before its
// answer.
func crash(when string) ingest.Steps {
	var step string
	var at, count int64
	if _, err := fmt.Sscanf(when, "%s %d", &step, &at); err != nil {
		fmt.Fprintf(os.Stderr, "VIGIA_TEST_CRASH %q: %v\n", when, err)
		os.Exit(exitError)
	}
	pass := func(name string) {
		if name == step && atomic.AddInt64(&count, 1) == at {
			fmt.Fprintln(os.Stderr, "killed when "+step)
			killMyself()
		}
	}
	return ingest.Steps{
		Appended:  func(context.Context) error { pass("appended"); return nil },
		Committed: func(context.Context) { pass("committed") },
	}
}

// oddReport delivers, as the machine enrolled in the folder, the result of a
// check that nobody knows.
func oddReport(ctx context.Context, folder string) error {
	id, err := identity.Load(filepath.Join(folder, "identity"), nil)
	if err != nil {
		return err
	}
	m, err := connect(id)
	if err != nil {
		return err
	}
	item, err := m.next(&apiv1.Result{Entry: "AC-NADIE", Control: "AC-NADIE", Check: "nobody.knows", Status: apiv1.Status_STATUS_PASS,
		Observed: []byte(`{"value":1}`), ObservedAt: time.Now().UnixMicro()})
	return errors.Join(err, m.deliver(ctx, item), m.conn.Close())
}

// scriptLimit is how long all scripts together may take: minutes, and many times that on a
// slow machine that runs other tests beside them.
const scriptLimit = 30 * time.Minute

// The scripts are the product as an administrator meets it: collector and
// agents as processes, a real database, real certificates. See each for what it
// shows.
func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	runScripts(t, filepath.Join("testdata", "script", "*.txtar"), "")
}

// What is true of a crash and of the golden path is true on PostgreSQL too.
func TestScriptsOnPostgreSQL(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	for _, name := range []string{"golden", "crash"} {
		t.Run(name, func(t *testing.T) {
			runScripts(t, filepath.Join("testdata", "script", name+".txtar"), storagetest.PostgreSQL(t))
		})
	}
}

func runScripts(t *testing.T, pattern, dsn string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts at %s: %v", pattern, err)
	}
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(scriptLimit),
		Setup:               func(env *testscript.Env) error { return setupScript(env, dsn) },
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"ready":   readyCommand,
			"ends":    endsCommand,
			"entries": entriesCommand,
			"alter":   alterCommand,
			"forge":   forgeCommand,
			"ids":     idsCommand,
			"waiting": waitingCommand,
			"pair":    pairCommand,
			"unpack":  unpackCommand,

			"approveall": approveAllCommand,
			"bite":       biteCommand,
		},
	})
}

// setupScript gives a script its two data folders and a policy file that keeps
// the search for personal data in a folder of the script's own.
func setupScript(env *testscript.Env, dsn string) error {
	env.Setenv("VIGIA_DATA", filepath.Join(env.WorkDir, "collector"))
	env.Setenv("VIGIA_AGENT_DATA", filepath.Join(env.WorkDir, "agent"))
	env.Setenv("VIGIA_ORGANISATION", "Ayuntamiento de Prueba")
	env.Setenv("VIGIA_TIME_ZONE", "Europe/Madrid")
	if dsn != "" {
		env.Setenv("VIGIA_DATABASE_DSN", dsn)
	}
	search := filepath.Join(env.WorkDir, "documentos")
	if err := os.MkdirAll(search, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(search, "leeme.txt"), []byte("Aquí no hay datos de nadie.\n"), 0o600); err != nil {
		return err
	}
	// The machine's own temporary folders hold whatever other tests leave there.
	text := fmt.Sprintf("packs: [es-rgpd, mx-general]\nscan: [%q]\noverrides:\n"+
		"  - {control: TMP-CLEAN-Q, params: {only: [%q]}, why: prueba, by: prueba}\n", search, search)
	return os.WriteFile(filepath.Join(env.WorkDir, "politica.yaml"), []byte(text), 0o600)
}

// ready FILE waits until a collector has written there that it serves, and sets
// AGENTS and PORTAL to its addresses.
func readyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready FILE")
	}
	file := ts.MkAbs(args[0])
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(file)
		if err != nil {
			if time.Now().After(deadline) {
				ts.Fatalf("the collector did not start within 3 minutes")
			}
			continue
		}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			ts.Setenv(strings.TrimPrefix(name, "VIGIA_READY_"), value)
		}
		ts.Check(os.Remove(file)) // the next collector writes it anew
		return
	}
}

// ends CODE PROGRAM ARGS... runs a program, which must end with that exit code.
func endsCommand(ts *testscript.TestScript, neg bool, args []string) {
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

// openScript opens the collector of a script beside its server.
func openScript(ts *testscript.TestScript) (*Collector, error) {
	cfg := DefaultConfig()
	cfg.Database.DSN = ts.Getenv("VIGIA_DATABASE_DSN")
	return Open(context.Background(), Options{Dir: ts.Getenv("VIGIA_DATA"), Config: cfg})
}

// entries KIND... writes "INDEX KIND SEQUENCE" of each such entry of the
// evidence log, in order.
func entriesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: entries KIND...")
	}
	col, err := openScript(ts)
	ts.Check(err)
	filter := evidence.Filter{}
	for _, kind := range args {
		filter.Kinds = append(filter.Kinds, evidence.Kind(kind))
	}
	out := ts.Stdout() // of this command, also when nothing is written
	err = col.DB.Read(context.Background(), func(ctx context.Context, tx *storage.Tx) error {
		return col.Log.Entries(ctx, tx, filter, func(e evidence.Entry) error {
			_, err := fmt.Fprintf(out, "%d %s %d\n", e.Index, e.Header.Kind, e.Header.Sequence)
			return err
		})
	})
	ts.Check(errors.Join(err, col.Close()))
}

// alter KIND changes one byte in the payload of the first such entry, as
// somebody with the database's file in his hands can, and sets INDEX to the
// entry's index.
func alterCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: alter KIND")
	}
	col, err := openScript(ts)
	ts.Check(err)
	var index int64
	err = col.DB.Write(context.Background(), func(ctx context.Context, tx *storage.Tx) error {
		var payload []byte
		if err := tx.QueryRow(ctx, `SELECT idx, payload FROM evidence_entries WHERE kind = $1 ORDER BY idx LIMIT 1`, args[0]).Scan(&index, &payload); err != nil {
			return err
		}
		payload[len(payload)/2] ^= 1
		_, err := tx.Exec(ctx, `UPDATE evidence_entries SET payload = $1 WHERE idx = $2`, payload, index)
		return err
	})
	ts.Check(errors.Join(err, col.Close()))
	ts.Setenv("INDEX", strconv.FormatInt(index, 10))
}

// forge TOKEN FILE writes a token with the fingerprint of another and a secret
// that no collector made.
func forgeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: forge TOKEN FILE")
	}
	token, err := apiv1.ParseToken(ts.ReadFile(args[0]))
	ts.Check(err)
	token.Secret[0] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(token.String()), 0o600))
}

// ids sets MACHINE to the id of the one machine that is enrolled.
func idsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: ids")
	}
	col, err := openScript(ts)
	ts.Check(err)
	var machines []enroll.Machine
	err = col.DB.Read(context.Background(), func(ctx context.Context, tx *storage.Tx) (err error) {
		machines, err = col.Enroll.Machines(ctx, tx)
		return err
	})
	ts.Check(errors.Join(err, col.Close()))
	if len(machines) != 1 {
		ts.Fatalf("%d machines, want 1", len(machines))
	}
	ts.Setenv("MACHINE", machines[0].ID)
}

// unpack takes the imported packs out of the database, as an old copy of it would be
// without them.
func unpackCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: unpack")
	}
	col, err := openScript(ts)
	ts.Check(err)
	err = col.DB.Write(context.Background(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM assign_packs`)
		return err
	})
	ts.Check(errors.Join(err, col.Close()))
}

// killMyself ends the process at once, as a power cut does: nothing is flushed
// and nobody is told.
func killMyself() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // until it is gone
}
