package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteReaders bounds the snapshots read at the same time.
const sqliteReaders = 8

// sqliteEngine is one SQLite file, with its write-ahead log beside it.
type sqliteEngine struct {
	path        string
	lockWait    time.Duration
	synchronous string // FULL: the log is synced at every commit
}

func newSQLite(path string, lockWait time.Duration) (*sqliteEngine, error) {
	if strings.HasPrefix(path, ":memory:") || strings.HasPrefix(path, "file:") {
		return nil, fmt.Errorf("open database %s: give the path of a file or a postgres:// URL", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return &sqliteEngine{path: abs, lockWait: lockWait, synchronous: "FULL"}, nil
}

func (e *sqliteEngine) dialect() Dialect { return SQLite }

// dsn names the file and the settings of every connection.
func (e *sqliteEngine) dsn(extra url.Values) string {
	values := url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {e.synchronous},
		"_busy_timeout": {fmt.Sprint(e.lockWait.Milliseconds())},
		"_foreign_keys": {"1"},
		"_dqs":          {"0"},
		"_defensive":    {"1"},
		// What is deleted or pruned is overwritten, not only forgotten.
		"_pragma": {"secure_delete(1)", "trusted_schema(0)", "cell_size_check(1)"},
	}
	maps.Copy(values, extra)
	path := filepath.ToSlash(e.path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/data becomes file:///C:/data
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: values.Encode()}).String()
}

func (e *sqliteEngine) open(ctx context.Context) (*handles, error) {
	h, err := e.connect()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(e.check(ctx, h), SyncFolder(filepath.Dir(e.path))); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", e.path, err), h.close())
	}
	return h, nil
}

// connect makes the file and the connections, unchecked.
func (e *sqliteEngine) connect() (*handles, error) {
	// Made here so that the file, and the log files that take its mode, are
	// the owner's alone.
	f, err := os.OpenFile(e.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	write, err := e.pool(url.Values{"_txlock": {"immediate"}}, 1)
	if err != nil {
		return nil, err
	}
	read, err := e.pool(url.Values{"_query_only": {"1"}}, sqliteReaders)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return &handles{write: write, read: read}, nil
}

func (e *sqliteEngine) pool(extra url.Values, size int) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(e.dsn(extra))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", e.path, err)
	}
	db := sql.OpenDB(keepingConnector{connector})
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

// check reads the settings back: a file system without shared memory, say,
// leaves the journal in another mode without an error.
func (e *sqliteEngine) check(ctx context.Context, h *handles) error {
	var mode string
	if err := h.write.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return fmt.Errorf("read journal_mode: %w", err)
	}
	if mode != "wal" {
		return fmt.Errorf("%w: journal_mode is %s and must be wal", ErrNotDurable, mode)
	}
	tx, err := h.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	return errors.Join(e.durable(ctx, tx), tx.Rollback())
}

func (e *sqliteEngine) begin(ctx context.Context, h *handles) (*sql.Tx, error) {
	return h.write.BeginTx(ctx, nil) // BEGIN IMMEDIATE, by _txlock
}

func (e *sqliteEngine) durable(ctx context.Context, tx *sql.Tx) error {
	var synchronous int
	if err := tx.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return fmt.Errorf("read synchronous: %w", err)
	}
	const full = 2
	if synchronous < full {
		return fmt.Errorf("%w: synchronous is %d and must be %d (FULL)", ErrNotDurable, synchronous, full)
	}
	return nil
}

// fault classifies by SQLite's result codes. What SQLite does not report is a
// failed automatic checkpoint, and need not: the log keeps every page until a
// checkpoint has synced them into the database file.
func (e *sqliteEngine) fault(err error) fault {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return faultNone
	}
	switch se.Code() {
	case sqlite3.SQLITE_IOERR_SHMSIZE: // the index of the log could not grow
		return faultFull
	case sqlite3.SQLITE_READONLY_DBMOVED: // the file was moved or removed
		return faultBroken
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return faultFull
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return faultBusy
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return faultBroken
	}
	return faultNone
}

func (e *sqliteEngine) collate(expression string) string { return expression } // BINARY by default
