package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// fillBoxes writes rows of every kind of value.
func fillBoxes(t testing.TB, db *storage.DB) {
	t.Helper()
	err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		for _, row := range [][]any{
			{1, "plain", []byte("abc")},
			{int64(math.MinInt64), "", []byte{}},
			{int64(math.MaxInt64), "Ñandú «€» <&>\u2028\"\\\n\t\u0001", []byte{0, 10, 255}},
			{2, nil, nil},
			{3, "Z", bytes.Repeat([]byte{7}, 100_000)},
		} {
			if _, err := tx.Exec(ctx, "INSERT INTO boxes (id, label, content) VALUES ($1, $2, $3)", row...); err != nil {
				return err
			}
		}
		for i := range 1000 {
			if _, err := tx.Exec(ctx, "INSERT INTO box_notes (box, line, note) VALUES (1, $1, $2)", i, fmt.Sprint("note ", i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// words is a component whose key is text, which the databases sort differently.
func words() []storage.Schema {
	return append(boxes(), storage.Schema{Name: "words", Files: fstest.MapFS{
		"0001_words.sql": {Data: []byte("CREATE TABLE words (word TEXT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (n, word));")},
	}})
}

func dump(t testing.TB, db *storage.DB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := db.Dump(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What one database dumps the other loads, and dumps again as the same bytes.
func TestDumpsMoveBetweenDatabases(t *testing.T) {
	if testing.Short() {
		t.Skip("starts PostgreSQL")
	}
	from := storagetest.Open(t, storagetest.SQLite(t), words()...)
	fillBoxes(t, from)
	err := from.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		for _, w := range []string{"zorro", "ñandú", "Árbol", "arbol", "B", "a b", "ab", "_"} {
			if _, err := tx.Exec(ctx, "INSERT INTO words (word, n) VALUES ($1, 1)", w); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := dump(t, from)
	for _, dsn := range []string{storagetest.PostgreSQL(t), storagetest.SQLite(t), storagetest.PostgreSQL(t)} {
		db, err := storage.Load(t.Context(), storage.Options{DSN: dsn}, bytes.NewReader(want), words()...)
		if err != nil {
			t.Fatal(err)
		}
		got := dump(t, db)
		if !bytes.Equal(got, want) {
			t.Errorf("%s dumps other bytes:\n%.300s\nwant\n%.300s", db.Dialect(), got, want)
		}
		if err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, 77) }); err != nil {
			t.Errorf("%s: writing to what was loaded: %v", db.Dialect(), err)
		}
		want = func() []byte { // without the last write
			if err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				_, err := tx.Exec(ctx, "DELETE FROM boxes WHERE id = 77")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return dump(t, db)
		}()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestDumpIsASnapshot(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		var writer sync.WaitGroup
		writer.Go(func() {
			for id := 0; ctx.Err() == nil; id++ {
				// A box and its note come together.
				err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
					if err := insert(ctx, tx, id); err != nil {
						return err
					}
					_, err := tx.Exec(ctx, "INSERT INTO box_notes (box, line, note) VALUES ($1, 1, 'x')", id)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		for range 20 {
			text := string(dump(t, db))
			if b, n := strings.Count(text, `,"box `), strings.Count(text, `,1,"x"]`); b != n {
				t.Errorf("the dump has %d boxes and %d notes", b, n)
			}
		}
		cancel()
		writer.Wait()
	})
}

// A dump that was cut or altered anywhere loads nowhere, and leaves nothing.
func TestDamagedDumps(t *testing.T) {
	source := storagetest.Open(t, storagetest.SQLite(t), boxes()...)
	err := source.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		return errors.Join(insert(ctx, tx, 1), insert(ctx, tx, 2))
	})
	if err != nil {
		t.Fatal(err)
	}
	good := dump(t, source)
	cases := map[string][]byte{
		"empty":           nil,
		"more at the end": append(bytes.Clone(good), '\n'),
		"a row twice":     bytes.Replace(good, []byte("[1,"), []byte("[1,\"box 1\",null]\n[1,"), 1),
		"long line":       append(bytes.Repeat([]byte("x"), 20<<20), good...),
	}
	for i := 0; i < len(good); i += 31 {
		cases[fmt.Sprint("cut at ", i)] = good[:i]
		flipped := bytes.Clone(good)
		flipped[i] ^= 1
		cases[fmt.Sprint("flipped at ", i)] = flipped
	}
	for _, change := range [][2]string{
		{`["id bigint"`, `["id text"`}, {`"box_notes"`, `"box_nodes"`}, {`{"rows":2}`, `{"rows":3}`}, {`{"rows":2}`, `{"rows":2,"x":1}`},
		{`[1,"box 1",null]`, `[1,"box 1"]`}, {`[1,"box 1",null]`, `[1,"box 1",7]`}, {`[1,"box 1",null]`, `[1.5,"box 1",null]`},
		{`[1,"box 1",null]`, `[99999999999999999999,"box 1",null]`}, {`[1,"box 1",null]`, `[1,"box 1","?"]`}, {`[1,"box 1",null]`, `[1,"box 1",null`},
		{`[1,"box 1",null]`, `[1,"box\u00001",null]`}, {`vigia-dump/1`, `vigia-dump/2`}, {`"version":1`, `"version":2`}, {`"boxes","version"`, `"crates","version"`},
	} {
		altered := bytes.Replace(good, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(altered, good) {
			t.Fatalf("the dump does not hold %s", change[0])
		}
		cases[change[1]] = altered
	}
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		for name, b := range cases {
			db, err := storage.Load(t.Context(), storage.Options{DSN: dsn}, bytes.NewReader(b), boxes()...)
			if err == nil {
				t.Errorf("%s: loaded", name)
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
		// The database is still empty: the good dump loads.
		db, err := storage.Load(t.Context(), storage.Options{DSN: dsn}, bytes.NewReader(good), boxes()...)
		if err != nil {
			t.Fatalf("the good dump, after the others: %v", err)
		}
		if got := fmt.Sprint(ids(t, db)); got != "[1 2]" {
			t.Errorf("boxes %s, want [1 2]", got)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if _, err := storage.Load(t.Context(), storage.Options{DSN: dsn}, bytes.NewReader(good), boxes()...); !errors.Is(err, storage.ErrNotEmpty) {
			t.Errorf("into a database with data: got %v, want ErrNotEmpty", err)
		}
	})
}

func TestDumpsOfOtherVersions(t *testing.T) {
	first := fstest.MapFS{"0001_a.sql": {Data: []byte("CREATE TABLE a (id BIGINT PRIMARY KEY);")}}
	second := fstest.MapFS{"0001_a.sql": first["0001_a.sql"],
		"0002_b.sql": {Data: []byte("ALTER TABLE a ADD COLUMN note TEXT; UPDATE a SET note = 'from before';")}}
	schema := func(files fstest.MapFS) storage.Schema { return storage.Schema{Name: "a", Files: files} }
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		old := storagetest.Open(t, storagetest.SQLite(t), schema(first))
		err := old.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO a (id) VALUES (5)")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		recent := storagetest.Open(t, storagetest.SQLite(t), schema(second), boxes()[0])
		for name, schemas := range map[string][]storage.Schema{"older tables": {schema(first), boxes()[0]}, "fewer components": {schema(second)}} {
			_, err := storage.Load(t.Context(), storage.Options{DSN: dsn}, bytes.NewReader(dump(t, recent)), schemas...)
			if !errors.Is(err, storage.ErrNewer) {
				t.Errorf("a program with %s: got %v, want ErrNewer", name, err)
			}
		}
		db, err := storage.Load(t.Context(), storage.Options{DSN: dsn}, bytes.NewReader(dump(t, old)), schema(second), boxes()[0])
		if err != nil {
			t.Fatalf("an older dump: %v", err)
		}
		var note string
		err = db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			return tx.QueryRow(ctx, "SELECT note FROM a WHERE id = 5").Scan(&note)
		})
		if err != nil || note != "from before" {
			t.Errorf("got %q, %v; want the row brought up to date", note, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzLoad(f *testing.F) {
	db := storagetest.Open(f, storagetest.SQLite(f), boxes()...)
	f.Add(dump(f, db))
	fillBoxes(f, db)
	f.Add(dump(f, db)[:2000])
	f.Add([]byte(`{"format":"vigia-dump/1","migrations":[]}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dsn := storagetest.SQLite(t)
		db, err := storage.Load(t.Context(), storage.Options{DSN: dsn}, bytes.NewReader(b), boxes()...)
		if err != nil {
			return
		}
		if again := dump(t, db); len(again) < 100 {
			t.Errorf("loaded from %q: %q", b, again)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzParseRow(f *testing.F) {
	for _, line := range []string{`[1,"a","AAAA"]`, `[null,null,null]`, `[-9223372036854775808,"\u0001","/w=="]`, `[1.5,"a",""]`, `[]`, `[[[[[`} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		row, err := storage.ParseRow(line)
		if err != nil {
			return
		}
		for i, v := range row {
			switch v.(type) {
			case nil:
			case int64:
				if i != 0 {
					t.Errorf("%q: a number in column %d", line, i)
				}
			case string:
				if i != 1 {
					t.Errorf("%q: a text in column %d", line, i)
				}
			case []byte:
				if i != 2 {
					t.Errorf("%q: bytes in column %d", line, i)
				}
			default:
				t.Errorf("%q: a %T", line, v)
			}
		}
	})
}
