package storage_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

func TestWeakenedSQLiteIsRefused(t *testing.T) {
	for synchronous, refused := range map[string]bool{"FULL": false, "EXTRA": false, "NORMAL": true, "OFF": true} {
		db, err := storage.OpenSynchronous(t.Context(), filepath.Join(t.TempDir(), storage.FileName), synchronous, boxes()...)
		if refused != errors.Is(err, storage.ErrNotDurable) {
			t.Errorf("synchronous %s: got %v", synchronous, err)
		}
		if err == nil {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	db := storagetest.Open(t, storagetest.SQLite(t), boxes()...)
	if err := storage.Weaken(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 1) })
	if !errors.Is(err, storage.ErrNotDurable) {
		t.Errorf("weakened while open: got %v, want ErrNotDurable", err)
	}
	if got := ids(t, db); len(got) != 0 {
		t.Errorf("boxes %v were committed without durability", got)
	}
}

func TestWeakenedPostgreSQLIsOverruledOrRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("starts PostgreSQL")
	}
	dsn, name := storagetest.PostgreSQLDatabase(t)
	synchronousCommit := func(db *storage.DB) (got string) {
		t.Helper()
		err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			return tx.QueryRow(ctx, "SHOW synchronous_commit").Scan(&got)
		})
		if err != nil {
			t.Error(err)
		}
		return got
	}
	for _, row := range []struct{ setting, want string }{{"off", "on"}, {"local", "on"}, {"remote_write", "on"}, {"remote_apply", "remote_apply"}} {
		storagetest.Administer(t, dsn, "ALTER DATABASE "+name+" SET synchronous_commit = "+row.setting)
		storagetest.Administer(t, dsn, "ALTER ROLE postgres SET synchronous_commit = "+row.setting)
		if got := synchronousCommit(storagetest.Open(t, dsn, boxes()...)); got != row.want {
			t.Errorf("set to %s by the administrator: commits with %s, want %s", row.setting, got, row.want)
		}
		if got := synchronousCommit(storagetest.Open(t, dsn+" synchronous_commit=off", boxes()...)); got != "on" {
			t.Errorf("set to off by the DSN: commits with %s, want on", got)
		}
	}
	storagetest.Administer(t, dsn, "ALTER ROLE postgres RESET synchronous_commit")
	storagetest.Administer(t, dsn, "ALTER DATABASE "+name+" RESET synchronous_commit")

	db := storagetest.Open(t, dsn, boxes()...)
	err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL synchronous_commit = off"); err != nil {
			return err
		}
		return insert(ctx, tx, 1)
	})
	if !errors.Is(err, storage.ErrNotDurable) {
		t.Errorf("turned off in a transaction: got %v, want ErrNotDurable", err)
	}

	for _, setting := range []string{"fsync", "full_page_writes"} {
		storagetest.Administer(t, dsn, "ALTER SYSTEM SET "+setting+" = off")
		storagetest.Administer(t, dsn, "SELECT pg_reload_conf()")
		insertOne := func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 1) }
		deadline := time.Now().Add(10 * time.Second)
		for err = nil; err == nil && time.Now().Before(deadline); { // the server reads its settings when it gets to it
			err = db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				if err := insertOne(ctx, tx); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, "DELETE FROM boxes")
				return err
			})
		}
		if !errors.Is(err, storage.ErrNotDurable) || !strings.Contains(err.Error(), setting) {
			t.Errorf("%s off while open: got %v, want ErrNotDurable", setting, err)
		}
		if _, err := storage.Open(t.Context(), storage.Options{DSN: dsn}, boxes()...); !errors.Is(err, storage.ErrNotDurable) {
			t.Errorf("%s off: opened with %v, want ErrNotDurable", setting, err)
		}
		storagetest.Administer(t, dsn, "ALTER SYSTEM RESET "+setting)
		storagetest.Administer(t, dsn, "SELECT pg_reload_conf()")
	}
	if got := ids(t, db); len(got) != 0 {
		t.Errorf("boxes %v were committed without durability", got)
	}
}

// A connection that is lost while committing leaves the outcome open; Write says
// so, and does not run the function again.
func TestConnectionLostWhileCommitting(t *testing.T) {
	if testing.Short() {
		t.Skip("starts PostgreSQL")
	}
	dsn := storagetest.PostgreSQL(t)
	db := storagetest.Open(t, dsn, boxes()...)
	storagetest.Administer(t, dsn, `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'`)
	storagetest.Administer(t, dsn, `CREATE CONSTRAINT TRIGGER die AFTER INSERT ON boxes DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW WHEN (NEW.id = 13) EXECUTE FUNCTION die()`)
	runs := 0
	err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { runs++; return insert(ctx, tx, 13) })
	if !errors.Is(err, storage.ErrUncertain) || runs != 1 {
		t.Errorf("ran %d times, %v; want once and ErrUncertain", runs, err)
	}
	if err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 14) }); err != nil {
		t.Errorf("the next write: %v", err)
	}
}
