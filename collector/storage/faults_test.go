package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

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
