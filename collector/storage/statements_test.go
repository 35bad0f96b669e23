package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// Compiled statements are kept, and nobody can tell but by the time.
func TestKeptStatements(t *testing.T) {
	db := storagetest.Open(t, storagetest.SQLite(t), boxes()...)
	const query = "SELECT id FROM boxes WHERE id > $1 ORDER BY id"
	err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		for id := range 5 {
			if err := insert(ctx, tx, id); err != nil {
				return err
			}
		}
		// The same statement inside itself.
		rows, err := tx.Query(ctx, query, 1)
		if err != nil {
			return err
		}
		defer rows.Close()
		var got []string
		for rows.Next() {
			var outer, inner int
			if err := rows.Scan(&outer); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, query, outer-1).Scan(&inner); err != nil {
				return err
			}
			got = append(got, fmt.Sprint(outer, "=", inner))
		}
		if want := "[2=2 3=3 4=4]"; fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	// A statement that failed, and one whose table changed.
	for _, statement := range []string{"INSERT INTO boxes (id) VALUES (1)", "INSERT INTO boxes (id) VALUES (1)"} {
		err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.Exec(ctx, statement)
			return err
		})
		if err == nil {
			t.Error("the same key was inserted twice")
		}
	}
	columns := func() (n int) {
		err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			rows, err := tx.Query(ctx, "SELECT * FROM boxes")
			if err != nil {
				return err
			}
			defer rows.Close()
			names, err := rows.Columns()
			n = len(names)
			for rows.Next() {
				into := make([]any, n)
				for i := range into {
					into[i] = new(any)
				}
				if err := rows.Scan(into...); err != nil {
					return err
				}
			}
			return errors.Join(err, rows.Err())
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := columns()
	err = db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Exec(ctx, "ALTER TABLE boxes ADD COLUMN weight BIGINT")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if after := columns(); after != before+1 {
		t.Errorf("a table with one more column shows %d, before %d", after, before)
	}
	// More than are kept.
	for i := range 600 {
		err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			var got int
			err := tx.QueryRow(ctx, fmt.Sprintf("SELECT %d + count(*) FROM boxes", i)).Scan(&got)
			if got != i+5 {
				t.Errorf("statement %d gives %d", i, got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestStatementsAreTold(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		var told []string
		write := func(id int) error {
			return db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return insert(ctx, tx, id) })
		}
		db.Trace(func(query string, args []any) { told = append(told, fmt.Sprint(query, args)) })
		if err := write(1); err != nil {
			t.Fatal(err)
		}
		if err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			var n int
			return tx.QueryRow(ctx, "SELECT COUNT(*) FROM boxes WHERE id > $1", 0).Scan(&n)
		}); err != nil {
			t.Fatal(err)
		}
		db.Trace(nil)
		if err := write(2); err != nil {
			t.Fatal(err)
		}
		if len(told) != 2 || told[1] != "SELECT COUNT(*) FROM boxes WHERE id > $1[0]" {
			t.Errorf("got %q", told)
		}
	})
}
