package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// The fault tests run this test binary again, under strace, as a small program
// that writes boxes and says on a marker file which were acknowledged. Its
// settings come by environment.
const helperKey = "VIGIA_STORAGE_HELPER"

// TestHelper is that program. On its own it does nothing.
func TestHelper(t *testing.T) {
	scenario := os.Getenv(helperKey)
	if scenario == "" {
		return
	}
	// One thread, so that strace counts its calls in one place.
	runtime.LockOSThread()
	dir := os.Getenv(helperKey + "_DIR")
	marker, err := os.OpenFile(filepath.Join(dir, "marker"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	say := func(format string, args ...any) {
		if _, err := fmt.Fprintf(marker, format+"\n", args...); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, storage.FileName)
	var db *storage.DB
	if synchronous, ok := strings.CutPrefix(scenario, "weakened "); ok {
		db, err = storage.OpenWeakened(t.Context(), path, synchronous, boxes()...)
	} else {
		db, err = storage.Open(t.Context(), storage.Options{DSN: path}, boxes()...)
	}
	if err != nil {
		say("open: %v", err)
		return
	}
	say("opened")
	if scenario == "small" {
		fillSmallDisk(t, db, dir, say)
		return
	}
	if scenario == "group" {
		runtime.UnlockOSThread()
		var wg sync.WaitGroup
		for id := range 12 {
			wg.Go(func() {
				err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, id) })
				if err == nil {
					say("ack %d", id)
				}
			})
		}
		wg.Wait()
		return
	}
	for id := range 12 {
		err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, id) })
		switch {
		case err == nil:
			say("ack %d", id)
		case errors.Is(err, storage.ErrBroken):
			say("broken %d", id)
			err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 1000+id) })
			say("then %v", errors.Is(err, storage.ErrBroken))
			if err := db.Reopen(t.Context()); err != nil {
				say("reopen: %v", err)
				continue
			}
			say("reopened")
		case errors.Is(err, storage.ErrFull):
			say("full %d", id)
		default:
			say("failed %d: %v", id, err)
		}
	}
	say("closed %v", db.Close())
}

// outcome is what the helper's marker tells.
type outcome struct {
	acknowledged     []int64
	broken, full     int
	reopened, failed int
}

func outcomeOf(t *testing.T, marker []string) outcome {
	t.Helper()
	var o outcome
	for _, line := range marker {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "ack":
			var id int64
			if _, err := fmt.Sscan(rest, &id); err != nil {
				t.Fatal(err)
			}
			o.acknowledged = append(o.acknowledged, id)
		case "broken":
			o.broken++
		case "full":
			o.full++
		case "reopened":
			o.reopened++
		case "then":
			if rest != "true" {
				t.Error("a broken database took another write")
			}
		case "failed", "open:", "reopen:":
			o.failed++
		}
	}
	return o
}

// checkKept opens the database again, as a new process would.
func checkKept(t *testing.T, dir string, o outcome) {
	t.Helper()
	db := storagetest.Open(t, filepath.Join(dir, storage.FileName), boxes()...)
	found := ids(t, db)
	for _, id := range o.acknowledged {
		if !slices.Contains(found, id) {
			t.Errorf("box %d was acknowledged and is lost", id)
		}
	}
	for _, id := range found {
		if id >= 1000 {
			t.Errorf("box %d was written to a broken database", id)
		}
	}
	err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 5000) })
	if err != nil {
		t.Errorf("writing afterwards: %v", err)
	}
}

// Whichever fsync fails, nothing acknowledged is lost, the call that met it is
// not acknowledged, and nothing is written until the database was reopened.
func TestFailedSync(t *testing.T) {
	needsStrace(t)
	var all outcome
	for n := 1; n <= 22; n++ {
		dir := realTempDir(t)
		marker := helper(t, "plain", dir, "-o", os.DevNull, "-e", "trace=fsync,fdatasync",
			"-e", fmt.Sprintf("inject=fsync,fdatasync:error=EIO:when=%d", n))
		o := outcomeOf(t, marker)
		checkKept(t, dir, o)
		if o.broken > 0 && (o.reopened != 1 || len(o.acknowledged) != 11) {
			t.Errorf("fsync %d failed: %q, want one call broken, one reopening, 11 acknowledged", n, marker)
		}
		all.broken += o.broken
		all.failed += o.failed
	}
	if all.broken < 10 || all.failed < 3 {
		t.Errorf("%d calls were broken and %d openings failed: the faults did not hit", all.broken, all.failed)
	}
}

// A disk that fails for good: reopening fails, reads and writes say so, and the
// acknowledged is there when the disk is back.
func TestFailedForGood(t *testing.T) {
	needsStrace(t)
	dir := realTempDir(t)
	o := outcomeOf(t, helper(t, "plain", dir, "-o", os.DevNull, "-e", "trace=fsync,fdatasync,pwrite64",
		"-e", "inject=fsync,fdatasync,pwrite64:error=EIO:when=40+"))
	if o.broken == 0 || o.failed == 0 || len(o.acknowledged) == 0 {
		t.Errorf("%+v: want some acknowledged, then a broken database that cannot be reopened", o)
	}
	checkKept(t, dir, o)
}

// A disk that is full for a while refuses, keeps what it has, and takes the rest
// later without being reopened.
func TestFullDiskForAWhile(t *testing.T) {
	needsStrace(t)
	dir := realTempDir(t)
	o := outcomeOf(t, helper(t, "plain", dir, "-o", os.DevNull, "-e", "trace=pwrite64",
		"-e", "inject=pwrite64:error=ENOSPC:when=40..46"))
	if o.full == 0 || o.broken > 0 || o.failed > 0 || len(o.acknowledged)+o.full != 12 {
		t.Errorf("%+v: want some refused as full, the others acknowledged", o)
	}
	if last := o.acknowledged[len(o.acknowledged)-1]; last != 11 {
		t.Errorf("the last acknowledged is %d: it did not recover", last)
	}
	checkKept(t, dir, o)
}

// fillSmallDisk writes until the disk of the ballast is full, then throws the
// ballast off and writes again.
func fillSmallDisk(t *testing.T, db *storage.DB, dir string, say func(string, ...any)) {
	t.Helper()
	content := make([]byte, 50_000)
	write := func(id int) error {
		return db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO boxes (id, content) VALUES ($1, $2)", id, content)
			return err
		})
	}
	id, refused := 0, 0
	for ; refused < 5 && id < 500; id++ {
		switch err := write(id); {
		case err == nil:
			say("ack %d", id)
		case errors.Is(err, storage.ErrFull):
			refused++
			say("full %d", id)
		default:
			refused++
			say("failed %d: %v", id, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	for end := id + 5; id < end; id++ {
		if err := write(id); err != nil {
			say("failed %d: %v", id, err)
			continue
		}
		say("ack %d", id)
	}
	found := make(map[int64]bool)
	for _, id := range ids(t, db) {
		found[id] = true
	}
	marker, err := os.ReadFile(filepath.Join(dir, "marker"))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range outcomeOf(t, strings.Split(string(marker), "\n")).acknowledged {
		if !found[id] {
			say("failed: box %d is lost", id)
		}
	}
	say("closed %v", db.Close())
}

// A disk that is really full: a small one in memory, in a name space of its own.
func TestSmallDisk(t *testing.T) {
	needsStrace(t) // not for strace: for Linux, and for the time it takes
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Fatal("unshare is missing: apt-get install util-linux")
	}
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "marker")
	const script = `mount -t tmpfs -o size=3m tmpfs "$1"; head -c 1000000 /dev/zero > "$1/ballast"
		"$2" -test.run '^TestHelper$'; cp "$1/marker" "$3"`
	args := []string{"--mount", "sh", "-eu", "-c", script, "sh", dir, os.Args[0], out}
	if os.Getuid() != 0 {
		args = append([]string{"--map-root-user"}, args...)
	}
	cmd := exec.CommandContext(t.Context(), unshare, args...)
	cmd.Env = append(os.Environ(), helperKey+"=small", helperKey+"_DIR="+dir)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run on a small disk: %v\n%s", err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	o := outcomeOf(t, strings.Split(strings.TrimSpace(string(b)), "\n"))
	if o.full != 5 || o.failed > 0 || len(o.acknowledged) < 10 {
		t.Errorf("%+v: want some acknowledged, five refused as full, five more acknowledged:\n%s", o, b)
	}
}

// A process that is killed in the middle of its work leaves all that it
// acknowledged, and a database that opens.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("runs processes")
	}
	for range 5 {
		dir := realTempDir(t)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestHelper$")
		cmd.Env = append(os.Environ(), helperKey+"=group", helperKey+"_DIR="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var marker []byte
		for deadline := time.Now().Add(20 * time.Second); !strings.Contains(string(marker), "ack") && time.Now().Before(deadline); {
			marker, _ = os.ReadFile(filepath.Join(dir, "marker")) // not there at first
		}
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
		marker, err := os.ReadFile(filepath.Join(dir, "marker"))
		if err != nil {
			t.Fatal(err)
		}
		checkKept(t, dir, outcomeOf(t, strings.Split(strings.TrimSpace(string(marker)), "\n")))
	}
}
