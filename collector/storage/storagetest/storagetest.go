// Package storagetest gives a test real databases: a new SQLite file, and a new
// schema on a private PostgreSQL server that the test binary starts once, as
// durable as in production. Each is the way to hold a component to
// the one rule of package storage: one behaviour on both.
package storagetest

import (
	"testing"

	"vigia/collector/storage"
)

// Each runs test on every database, as subtests sqlite and postgresql. With
// -short it is SQLite alone.
func Each(t *testing.T, schemas []storage.Schema, test func(t *testing.T, db *storage.DB)) {
	t.Helper()
	EachDSN(t, func(t *testing.T, dsn string) {
		test(t, Open(t, dsn, schemas...))
	})
}

// EachDSN runs test with the DSN of an empty database on every engine, for
// tests that open and close it themselves.
func EachDSN(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	if testing.Short() {
		return
	}
	t.Run("postgresql", func(t *testing.T) { test(t, PostgreSQL(t)) })
}

// Open opens the database for the length of the test.
func Open(t testing.TB, dsn string, schemas ...storage.Schema) *storage.DB {
	t.Helper()
	db, err := storage.Open(t.Context(), storage.Options{DSN: dsn}, schemas...)
	if err != nil {
		t.Fatalf("open the test's database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the test's database: %v", err)
		}
	})
	return db
}

// SQLite returns the path of a database that does not exist yet.
func SQLite(t testing.TB) string { return t.TempDir() + "/" + storage.FileName }
