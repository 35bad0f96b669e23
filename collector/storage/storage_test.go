package storage_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// label is a named string, as components have.
type label string

func TestValuesComeBack(t *testing.T) {
	null := sql.NullString{}
	rows := []struct {
		name    string
		label   any
		content any
		want    string
		bytes   []byte
		isNull  bool
	}{
		{"plain", "box", []byte("abc"), "box", []byte("abc"), false},
		{"named types", label("box"), json("abc"), "box", []byte("abc"), false},
		{"empty", "", []byte{}, "", []byte{}, false},
		{"Spanish", "Ñandú «€»", []byte{0, 255}, "Ñandú «€»", []byte{0, 255}, false},
		{"number as text stays text", "007", []byte("007"), "007", []byte("007"), false},
		{"NULL", nil, nil, "", nil, true},
		{"NULL by Valuer and nil slice", null, []byte(nil), "", nil, true},
		{"NULL by pointer", (*string)(nil), nil, "", nil, true},
	}
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		for i, row := range rows {
			err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO boxes (id, label, content) VALUES ($1, $2, $3)", i, row.label, row.content)
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", row.name, err)
				continue
			}
			var got sql.NullString
			var content []byte
			var isNull int
			err = db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				return tx.QueryRow(ctx, "SELECT label, content, CASE WHEN content IS NULL THEN 1 ELSE 0 END FROM boxes WHERE id = $1", i).
					Scan(&got, &content, &isNull)
			})
			if err != nil || got.String != row.want || got.Valid == row.isNull || !bytes.Equal(content, row.bytes) || (isNull == 1) != row.isNull {
				t.Errorf("%s: got %q %v %v (null %d), %v", row.name, got.String, got.Valid, content, isNull, err)
			}
		}
	})
}

type json []byte

func TestArgumentsThatWouldDifferAreRefused(t *testing.T) {
	text := "x\x00y"
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		for _, arg := range []any{true, 1.5, time.Now(), "\xff", "a\x00b", label("\xff"), &text, uint64(1 << 63), []string{"a"}, struct{}{},
			sql.NullBool{Bool: true, Valid: true}, sql.NullString{String: "\xff", Valid: true}} {
			for name, statement := range map[string]func(ctx context.Context, tx *storage.Tx) error{
				"Exec": func(ctx context.Context, tx *storage.Tx) error {
					_, err := tx.Exec(ctx, "INSERT INTO boxes (id, label) VALUES (1, $1)", arg)
					return err
				},
				"Query": func(ctx context.Context, tx *storage.Tx) error {
					rows, err := tx.Query(ctx, "SELECT id FROM boxes WHERE label = $1", arg)
					if err == nil {
						err = errors.Join(rows.Err(), rows.Close())
					}
					return err
				},
				"QueryRow": func(ctx context.Context, tx *storage.Tx) error {
					return tx.QueryRow(ctx, "SELECT id FROM boxes WHERE label = $1", arg).Scan(new(int))
				},
			} {
				err := db.Write(t.Context(), statement)
				if err == nil || errors.Is(err, sql.ErrNoRows) {
					t.Errorf("%s took a %T %q", name, arg, arg)
				}
			}
		}
	})
}

func TestReadIsASnapshotAndReadsOnly(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		count := func(ctx context.Context, tx *storage.Tx) (n int) {
			t.Helper()
			if err := tx.QueryRow(ctx, "SELECT count(*) FROM boxes").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			before := count(ctx, tx)
			err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 1) })
			if err != nil {
				return err
			}
			if after := count(ctx, tx); after != before {
				t.Errorf("the snapshot grew from %d to %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		err = db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 2) })
		if err == nil {
			t.Error("a Read wrote")
		}
		err = db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return tx.Lock(ctx, "boxes") })
		if err == nil {
			t.Error("a Read locked")
		}
		if got := ids(t, db); len(got) != 1 {
			t.Errorf("boxes %v, want one", got)
		}
	})
}

func TestTransactionsDoNotNestOrOutlive(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		nothing := func(context.Context, *storage.Tx) error { return nil }
		err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return db.Write(ctx, nothing) })
		if !errors.Is(err, storage.ErrNested) {
			t.Errorf("Write in Write: got %v, want ErrNested", err)
		}
		err = db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return db.Read(ctx, nothing) })
		if !errors.Is(err, storage.ErrNested) {
			t.Errorf("Read in Write: got %v, want ErrNested", err)
		}
		err = db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return db.Write(ctx, nothing) })
		if !errors.Is(err, storage.ErrNested) {
			t.Errorf("Write in Read: got %v, want ErrNested", err)
		}
		var escaped *storage.Tx
		if err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { escaped = tx; return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := escaped.Exec(t.Context(), "DELETE FROM boxes"); err == nil {
			t.Error("a transaction was used after its end")
		}
	})
}

func TestMigrations(t *testing.T) {
	first := fstest.MapFS{"0001_a.sql": {Data: []byte("CREATE TABLE a (id BIGINT PRIMARY KEY);")}}
	second := fstest.MapFS{"0001_a.sql": first["0001_a.sql"], "0002_b.sql": {Data: []byte("ALTER TABLE a ADD COLUMN note TEXT;")}}
	with := func(name, sql string) fs.FS {
		return fstest.MapFS{"0001_a.sql": first["0001_a.sql"], name: {Data: []byte(sql)}}
	}
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		open := func(files fs.FS) error {
			db, err := storage.Open(t.Context(), storage.Options{DSN: dsn}, storage.Schema{Name: "a", Files: files})
			if err != nil {
				return err
			}
			return db.Close()
		}
		if err := open(first); err != nil {
			t.Fatal(err)
		}
		// What is refused changes nothing: each of these meets version 1.
		for name, row := range map[string]struct {
			files fs.FS
			want  string
		}{
			"bad SQL after good":   {with("0002_b.sql", "CREATE TABLE b (id BIGINT PRIMARY KEY); CREATE TABEL c;"), "apply 0002_b.sql"},
			"a hole":               {with("0003_b.sql", "SELECT 1;"), "must be named 0002_what.sql"},
			"no number":            {with("b.sql", "SELECT 1;"), "must be named 0002_what.sql"},
			"no files":             {fstest.MapFS{}, "there are no migrations"},
			"an edited file":       {fstest.MapFS{"0001_a.sql": {Data: []byte("CREATE TABLE a (id BIGINT PRIMARY KEY, x TEXT);")}}, "is not the file that this database was made with"},
			"a type of one engine": {with("0002_b.sql", "CREATE TABLE b (id BIGINT PRIMARY KEY, at INTEGER);"), "only TEXT, BIGINT and BYTEA"},
			"no primary key":       {with("0002_b.sql", "CREATE TABLE b (id BIGINT);"), "no primary key"},
		} {
			if err := open(row.files); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: got %v, want %q", name, err, row.want)
			}
		}
		if err := open(second); err != nil {
			t.Errorf("the next version: %v", err)
		}
		if err := open(second); err != nil {
			t.Errorf("the same version again: %v", err)
		}
		crlf := fstest.MapFS{"0001_a.sql": first["0001_a.sql"], "0002_b.sql": {Data: append(bytes.Clone(second["0002_b.sql"].Data), '\r', '\n')}}
		if err := open(crlf); err == nil {
			t.Error("another file of the same number was taken")
		}
		if err := open(first); !errors.Is(err, storage.ErrNewer) {
			t.Errorf("an older program: got %v, want ErrNewer", err)
		}
		db, err := storage.Open(t.Context(), storage.Options{DSN: dsn}, storage.Schema{Name: "a", Files: second}, storage.Schema{Name: "a", Files: second})
		if err == nil {
			t.Errorf("a schema given twice was taken: %v", db.Close())
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	notADatabase := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(notADatabase, bytes.Repeat([]byte("not a database\n"), 500), 0o600); err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]string{
		"":                                "neither a DSN nor a data folder",
		":memory:":                        "give the path of a file",
		"file:x.db?_pragma=synchronous=0": "give the path of a file",
		"/nonexistent/folder/vigia.db":    "no such file or directory",
		notADatabase:                      "not a database",
		"postgres://u:secret@127.0.0.1:1/x?connect_timeout=1": "connect",
		"host=127.0.0.1 port=notaport password=secret":        "parse",
	} {
		db, err := storage.Open(t.Context(), storage.Options{DSN: dsn}, boxes()...)
		if err == nil {
			t.Errorf("%q was opened: %v", dsn, db.Close())
			continue
		}
		if !strings.Contains(err.Error(), want) && runtime.GOOS != "windows" {
			t.Errorf("%q: got %v, want %q", dsn, err, want)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestSQLiteFilesAreTheOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has access lists in the place of modes")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "con espacios, ?tildes=á & 100%25#.db")
	db := storagetest.Open(t, path, boxes()...)
	if err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 1) }); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, e.Name())
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", e.Name(), info.Mode().Perm())
		}
	}
	if len(names) != 3 || names[0] != filepath.Base(path) {
		t.Errorf("the folder holds %q, want the database, -shm and -wal", names)
	}
}

func TestLockFolder(t *testing.T) {
	dir := t.TempDir()
	release, err := storage.LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = storage.LockFolder(dir)
	if !errors.Is(err, storage.ErrLocked) || !strings.Contains(err.Error(), "process "+pid()) {
		t.Errorf("got %v, want ErrLocked naming process %s", err, pid())
	}
	release()
	again, err := storage.LockFolder(dir)
	if err != nil {
		t.Fatalf("after release: %v", err)
	}
	again()
	if _, err := storage.LockFolder(filepath.Join(dir, "missing")); err == nil || errors.Is(err, storage.ErrLocked) {
		t.Errorf("a missing folder: got %v", err)
	}
}

func TestClosed(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		nothing := func(context.Context, *storage.Tx) error { return nil }
		if err := db.Write(t.Context(), nothing); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("Write: got %v, want ErrClosed", err)
		}
		if err := db.Read(t.Context(), nothing); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("Read: got %v, want ErrClosed", err)
		}
		if err := db.Reopen(t.Context()); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("Reopen: got %v, want ErrClosed", err)
		}
	})
}

func TestReopenKeepsEverything(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		for id := range 3 {
			if err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, id) }); err != nil {
				t.Fatal(err)
			}
			if err := db.Reopen(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := ids(t, db); len(got) != 3 {
			t.Errorf("boxes %v, want three", got)
		}
	})
}

func pid() string { return strconv.Itoa(os.Getpid()) }
