package storage_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// together makes n calls share one transaction: a first Write is held until the
// others are waiting. It returns what the others return.
func together(t *testing.T, db *storage.DB, fns ...func(ctx context.Context, tx *storage.Tx) error) []error {
	t.Helper()
	hold, held := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := db.Write(t.Context(), func(context.Context, *storage.Tx) error {
			close(held)
			<-hold
			return nil
		})
		if err != nil {
			t.Errorf("the call that holds the others: %v", err)
		}
	})
	<-held
	errs := make([]error, len(fns))
	for i, fn := range fns {
		before := storage.Waiting(db)
		wg.Go(func() { errs[i] = db.Write(t.Context(), fn) })
		for storage.Waiting(db) == before {
			time.Sleep(time.Millisecond)
		}
	}
	close(hold)
	wg.Wait()
	return errs
}

func TestCallsShareATransaction(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		refused := errors.New("refused")
		var ran atomic.Int32
		fn := func(id int) func(context.Context, *storage.Tx) error {
			return func(ctx context.Context, tx *storage.Tx) error {
				ran.Add(1)
				// Those before this one have run, and are not yet committed: a
				// snapshot does not see them, this transaction does.
				var n int
				if err := tx.QueryRow(ctx, "SELECT count(*) FROM boxes").Scan(&n); err != nil {
					return err
				}
				if len(ids(t, db)) != 0 {
					t.Errorf("call %d has a transaction of its own", id)
				}
				if want := map[int]int{0: 0, 1: 1, 2: 2, 3: 2}[id]; n != want {
					t.Errorf("call %d sees %d boxes, want %d", id, n, want)
				}
				if err := insert(ctx, tx, id); err != nil {
					return err
				}
				if id == 2 {
					return refused
				}
				return nil
			}
		}
		errs := together(t, db, fn(0), fn(1), fn(2), fn(3))
		for i, err := range errs {
			if (i == 2) != errors.Is(err, refused) || i != 2 && err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if ran.Load() != 4 {
			t.Errorf("the functions ran %d times, want 4", ran.Load())
		}
		if got := fmt.Sprint(ids(t, db)); got != "[0 1 3]" {
			t.Errorf("boxes %s, want [0 1 3]", got)
		}
	})
}

// One call can lose the whole transaction: SQLite rolls back, a server ends the
// connection. The others do not notice, save that they run again.
func TestOneCallSpoilsTheTransaction(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		spoil := "INSERT OR ROLLBACK INTO boxes (id) VALUES (0)" // 0 exists
		if db.Dialect() == storage.PostgreSQL {
			spoil = "SELECT pg_terminate_backend(pg_backend_pid())"
		}
		simple := func(id int) func(context.Context, *storage.Tx) error {
			return func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, id) }
		}
		errs := together(t, db, simple(0), simple(1), func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.Exec(ctx, spoil)
			return err
		}, simple(3))
		for i, err := range errs {
			if (i == 2) != (err != nil) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if got := fmt.Sprint(ids(t, db)); got != "[0 1 3]" {
			t.Errorf("boxes %s, want [0 1 3]", got)
		}
	})
}

func TestPanicsAndExitsUnwindTheirCaller(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		for name, leave := range map[string]func(){"panic": func() { panic("oh") }, "exit": runtime.Goexit} {
			for _, leads := range []bool{true, false} {
				unwound := make(chan any, 1)
				call := func() {
					defer func() { unwound <- recover() }()
					err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
						if err := insert(ctx, tx, 7); err != nil {
							return err
						}
						leave()
						return nil
					})
					t.Errorf("%s (leads: %v): Write returned %v", name, leads, err)
				}
				if leads {
					go call()
				} else {
					errs := together(t, db, func(context.Context, *storage.Tx) error { go call(); return nil },
						func(context.Context, *storage.Tx) error { return nil })
					if err := errors.Join(errs...); err != nil {
						t.Errorf("%s: a call beside it: %v", name, err)
					}
				}
				if got := <-unwound; (name == "panic") != (got == "oh") {
					t.Errorf("%s (leads: %v): recovered %v", name, leads, got)
				}
				if got := ids(t, db); len(got) != 0 {
					t.Errorf("%s (leads: %v): boxes %v were kept", name, leads, got)
				}
				if err := db.Write(t.Context(), func(context.Context, *storage.Tx) error { return nil }); err != nil {
					t.Errorf("%s (leads: %v): the next write: %v", name, leads, err)
				}
			}
		}
	})
}

func TestCancelledWhileWaiting(t *testing.T) {
	db := storagetest.Open(t, storagetest.SQLite(t), boxes()...)
	ctx, cancel := context.WithCancel(t.Context())
	hold, held, gone := make(chan struct{}), make(chan struct{}), make(chan error)
	var first sync.WaitGroup
	first.Go(func() {
		if err := db.Write(t.Context(), func(context.Context, *storage.Tx) error { close(held); <-hold; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-held
	go func() {
		gone <- db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 1) })
	}()
	for storage.Waiting(db) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled at once", err)
	}
	close(hold)
	first.Wait()
	if got := ids(t, db); len(got) != 0 {
		t.Errorf("boxes %v: a call that was given up has run", got)
	}
}

// A context that ends in the middle stops the next statement and undoes the
// call; it interrupts none, for that would undo the others.
func TestCancelledInTheMiddle(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			cancel()
			return insert(ctx, tx, 2)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if got := ids(t, db); len(got) != 0 {
			t.Errorf("boxes %v, want none", got)
		}
	})
}

func TestAnIgnoredErrorFailsTheCall(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		ignore := func(ctx context.Context, tx *storage.Tx) error {
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			_ = insert(ctx, tx, 1) // taken
			return nil
		}
		for i, err := range append(together(t, db, ignore, ignore), db.Write(t.Context(), ignore)) {
			if err == nil {
				t.Errorf("call %d committed half of its work", i)
			}
		}
		if got := ids(t, db); len(got) != 0 {
			t.Errorf("boxes %v, want none", got)
		}
	})
}

func TestConflictsRunAgain(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		if db.Dialect() == storage.SQLite {
			return // one writer: there are no conflicts
		}
		runs := 0
		conflict := func(limit int) func(ctx context.Context, tx *storage.Tx) error {
			return func(ctx context.Context, tx *storage.Tx) error {
				if runs++; runs < limit {
					_, err := tx.Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $$")
					return err
				}
				return insert(ctx, tx, 1)
			}
		}
		if err := db.Write(t.Context(), conflict(3)); err != nil || runs != 3 {
			t.Errorf("ran %d times, %v; want the third to succeed", runs, err)
		}
		runs = 0
		if err := db.Write(t.Context(), conflict(1000)); !errors.Is(err, storage.ErrBusy) || runs > 100 {
			t.Errorf("ran %d times, %v; want ErrBusy soon", runs, err)
		}
	})
}

func TestBusy(t *testing.T) {
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		first := storagetest.Open(t, dsn, boxes()...)
		second, err := storage.Open(t.Context(), storage.Options{DSN: dsn, LockWait: 50 * time.Millisecond}, boxes()...)
		if err != nil {
			t.Fatal(err)
		}
		err = first.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			err := second.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 1) })
			if !errors.Is(err, storage.ErrBusy) {
				t.Errorf("beside another writer: got %v, want ErrBusy", err)
			}
			return insert(ctx, tx, 2)
		})
		if err != nil {
			t.Error(err)
		}
		if err := second.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 3) }); err != nil {
			t.Errorf("after the other: %v", err)
		}
		if err := second.Close(); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprint(ids(t, first)); got != "[2 3]" {
			t.Errorf("boxes %s, want [2 3]", got)
		}
	})
}

func TestFull(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		fill := "DO $$ BEGIN RAISE EXCEPTION SQLSTATE '53100'; END $$" // disk_full
		if db.Dialect() == storage.SQLite {
			fill = "INSERT INTO boxes (id, content) VALUES (99, zeroblob(10000000))"
			limit(t, db, 200)
		}
		simple := func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 1) }
		errs := together(t, db, simple, func(ctx context.Context, tx *storage.Tx) error {
			if _, err := tx.Exec(ctx, fill); err != nil {
				return errors.New("an error that does not tell why")
			}
			return nil
		})
		if errs[0] != nil {
			t.Errorf("a call that fits: %v", errs[0])
		}
		if !errors.Is(errs[1], storage.ErrFull) {
			t.Errorf("a call that does not fit: got %v, want ErrFull", errs[1])
		}
		if db.Dialect() == storage.SQLite {
			limit(t, db, 1<<30)
		}
		if err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 2) }); err != nil {
			t.Errorf("with space again: %v", err)
		}
		if got := fmt.Sprint(ids(t, db)); got != "[1 2]" {
			t.Errorf("boxes %s, want [1 2]", got)
		}
	})
}

// limit bounds the pages of an SQLite database, as a full disk would.
func limit(t *testing.T, db *storage.DB, pages int) {
	t.Helper()
	err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		return tx.QueryRow(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(new(int))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The bookkeeping of who leads holds whatever order the callers come and go in.
func TestLeadershipIsNeverLost(t *testing.T) {
	db := storagetest.Open(t, storagetest.SQLite(t), boxes()...)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*time.Millisecond)
			defer cancel()
			if i%3 == 0 {
				ctx = t.Context()
			}
			err := db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, i) })
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 1000) }); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	kept := make(map[int64]bool)
	for _, id := range ids(t, db) {
		kept[id] = true
	}
	for i := int64(0); i < 200; i += 3 {
		if !kept[i] {
			t.Errorf("box %d was acknowledged and is not there", i)
		}
	}
}

// A statement under way is not interrupted when its context ends: the
// transaction would be lost to all who share it.
func TestAStatementIsNotInterrupted(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		slow := "SELECT count(*) FROM (SELECT pg_sleep(0.3)) AS s"
		if db.Dialect() == storage.SQLite {
			slow = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) SELECT count(*) FROM n"
		}
		runs := 0
		errs := together(t, db,
			func(ctx context.Context, tx *storage.Tx) error { runs++; return insert(ctx, tx, 1) },
			func(ctx context.Context, tx *storage.Tx) error {
				ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
				return tx.QueryRow(ctx, slow).Scan(new(int64))
			})
		if err := errors.Join(errs...); err != nil || runs != 1 {
			t.Errorf("the call beside it ran %d times, %v; want once", runs, err)
		}
	})
}

// An I/O error of one call stops the others too, even when SQLite could go on.
func TestNothingIsCommittedAfterAnIOError(t *testing.T) {
	db, err := storage.OpenBreaking(t.Context(), storagetest.SQLite(t), boxes()...)
	if err != nil {
		t.Fatal(err)
	}
	simple := func(id int) func(context.Context, *storage.Tx) error {
		return func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, id) }
	}
	for i, err := range together(t, db, simple(1), simple(1), simple(2)) {
		if !errors.Is(err, storage.ErrBroken) {
			t.Errorf("call %d: got %v, want ErrBroken", i, err)
		}
	}
	if err := db.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), simple(3)); err != nil {
		t.Errorf("after reopening: %v", err)
	}
	if got := fmt.Sprint(ids(t, db)); got != "[3]" {
		t.Errorf("boxes %s, want [3]", got)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// A broken database comes back by itself, a while after the error.
func TestBrokenDatabaseIsReopened(t *testing.T) {
	db, err := storage.OpenBreaking(t.Context(), storagetest.SQLite(t), boxes()...)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_790_000_000, 0)
	storage.SetClock(db, func() time.Time { return now })
	simple := func(id int) error {
		return db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, id) })
	}
	for _, row := range []struct {
		after time.Duration
		id    int
		want  error
	}{
		{0, 1, nil}, {0, 1, storage.ErrBroken}, {0, 2, storage.ErrBroken}, {900 * time.Millisecond, 3, storage.ErrBroken},
		{200 * time.Millisecond, 4, nil}, {0, 4, storage.ErrBroken}, {time.Second, 5, nil},
	} {
		now = now.Add(row.after)
		if err := simple(row.id); !errors.Is(err, row.want) {
			t.Errorf("box %d: got %v, want %v", row.id, err, row.want)
		}
	}
	if got := fmt.Sprint(ids(t, db)); got != "[1 4 5]" {
		t.Errorf("boxes %s, want [1 4 5]", got)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
