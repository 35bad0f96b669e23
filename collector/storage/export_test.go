package storage

import (
	"context"
	"database/sql"
	"time"
)

// OpenWeakened opens an SQLite database with another synchronous setting and
// without the checks that would refuse it, so that a test can show that it
// finds a database that is not durable.
func OpenWeakened(ctx context.Context, path, synchronous string, schemas ...Schema) (*DB, error) {
	e, err := newSQLite(path, time.Second)
	if err != nil {
		return nil, err
	}
	e.synchronous = synchronous
	return openEngine(ctx, unchecked{e}, nil, schemas)
}

// OpenSynchronous is OpenWeakened with the checks.
func OpenSynchronous(ctx context.Context, path, synchronous string, schemas ...Schema) (*DB, error) {
	e, err := newSQLite(path, time.Second)
	if err != nil {
		return nil, err
	}
	e.synchronous = synchronous
	return openEngine(ctx, e, nil, schemas)
}

type unchecked struct{ *sqliteEngine }

func (unchecked) durable(context.Context, *sql.Tx) error { return nil }

func (u unchecked) open(context.Context) (*handles, error) { return u.connect() }

// Waiting tells how many calls of Write wait for their turn.
func Waiting(db *DB) int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return len(db.queue)
}

// Weaken changes the setting of the open connection, as a mistake in a
// component's SQL would.
func Weaken(ctx context.Context, db *DB) error {
	_, err := db.handles.write.ExecContext(ctx, "PRAGMA synchronous = NORMAL")
	return err
}

// OpenBreaking opens an SQLite database that takes every ordinary error for one
// of the disk.
func OpenBreaking(ctx context.Context, path string, schemas ...Schema) (*DB, error) {
	e, err := newSQLite(path, time.Second)
	if err != nil {
		return nil, err
	}
	return openEngine(ctx, breaking{e}, nil, schemas)
}

type breaking struct{ *sqliteEngine }

func (breaking) fault(err error) fault {
	if err == nil {
		return faultNone
	}
	return faultBroken
}

// ParseRow reads a line of a dump as a row of three columns, one of each type.
func ParseRow(line []byte) ([]any, error) {
	return parseRow(table{columns: []column{{dataType: "bigint"}, {dataType: "text"}, {dataType: "bytea"}}}, line)
}

// SetClock replaces the clock by which a broken database is reopened.
func SetClock(db *DB, now func() time.Time) { db.now = now }
