// Package storage is the collector's one database: SQLite in the data folder by
// default, PostgreSQL when the configuration names one. It opens, migrates,
// transacts, dumps and loads; what a table means is its owner's business, and
// each component keeps its migrations and queries beside its rules.
//
// What always holds:
//
//   - Write returns nil only after a commit that survives a power cut. The
//     settings that make it so are enforced on every connection and read back
//     before every commit.
//   - There is one write transaction at a time in a database, on PostgreSQL
//     too, whatever the number of callers and processes. Concurrent callers of
//     one process share a transaction and its fsync (group commit).
//   - After an I/O error nothing is written until the database was reopened.
//   - A full disk refuses new work with ErrFull and keeps what it has.
//
// One SQL text runs on both databases: $1 placeholders; the column types TEXT,
// BIGINT and BYTEA only (booleans are BIGINT 0 or 1, times BIGINT microseconds
// since 1970 UTC, JSON is TEXT); a primary key in every table; the component's
// name or subject in every table's name, for all share one name space. TEXT
// sorts differently in the two: ORDER BY numbers, or sort in Go. Close the rows
// of a query before the next statement: PostgreSQL holds one conversation per
// transaction.
package storage

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Dialect names the database engine.
type Dialect string

// The two engines.
const (
	SQLite     Dialect = "sqlite"
	PostgreSQL Dialect = "postgresql"
)

// FileName is the SQLite database inside the data folder.
const FileName = "vigia.db"

// Errors that callers tell apart with errors.Is. What Write returns wraps one of
// them together with the cause.
var (
	// ErrFull: the disk, the quota or the database's size limit is reached.
	// Nothing of the call was kept; the same call works once there is space.
	ErrFull = errors.New("the database has no space left: free some and try again")
	// ErrBroken: an I/O error made the state on disk uncertain. No write is
	// accepted until the database was reopened; nothing acknowledged before is
	// lost, and the call that met the error may or may not have happened.
	ErrBroken = errors.New("the database stopped after an I/O error: look at the disk, then reopen it")
	// ErrBusy: another process held the database for too long.
	ErrBusy = errors.New("another process is writing to the database: try again")
	// ErrUncertain: the connection was lost while committing. The call may or
	// may not have happened; it was not acknowledged.
	ErrUncertain = errors.New("the connection to the database was lost while committing")
	// ErrNotDurable: the server or the file does not have the settings with
	// which a commit survives a power cut.
	ErrNotDurable = errors.New("the database's settings would lose acknowledged data in a power cut")
	// ErrNewer: the database was made by a newer version of the program.
	ErrNewer = errors.New("the database was made by a newer version of vigia: install that version or a later one")
	// ErrClosed: the DB was closed.
	ErrClosed = errors.New("the database is closed")
	// ErrNested: Write or Read was called inside the function of another.
	ErrNested = errors.New("a database transaction was begun inside another")
)

// Schema is one component's tables: SQL files at the root of Files, named
// NNNN_what.sql, run once each in the order of their numbers. A released file
// never changes; a change of the tables is another file.
type Schema struct {
	Name  string // the component, lower case: evidence
	Files fs.FS
}

// Embedded is the Schema of a component whose migrations stand in the folder
// migrations of its embedded files.
func Embedded(name string, files embed.FS) Schema {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil { // cannot be: the name is a good one
		return Schema{Name: name} // Open then says that there are no migrations
	}
	return Schema{Name: name, Files: migrations}
}

// Options say which database.
type Options struct {
	// DSN is a PostgreSQL URL (postgres://...) or keyword string (host=...), the
	// path of an SQLite file, or "" for FileName in Folder.
	DSN string
	// Folder is the data folder, used when DSN is "".
	Folder string
	// LockWait is how long a Write waits for another process that writes, before
	// ErrBusy; 0 is 15 s. A command beside the daemon writes for milliseconds.
	LockWait time.Duration
	// Logger may be nil.
	Logger *slog.Logger
}

const defaultLockWait = 15 * time.Second

// DB is the database. Its methods are safe for concurrent use.
type DB struct {
	engine engine
	log    *slog.Logger

	// gate is held for reading by every transaction, for writing while the
	// handles are replaced.
	gate    sync.RWMutex
	handles *handles // nil when a Reopen did not succeed

	mu      sync.Mutex // guards what follows
	queue   []*call    // calls waiting for a transaction, first come first
	leading bool       // one of the callers is committing
	broken  error      // why no write is accepted, nil when all is well
	retryAt time.Time  // when a write may try to reopen the broken database
	retries int        // how often it has been tried
	closed  bool

	trace atomic.Pointer[Trace] // nil: nobody asks

	now func() time.Time
}

// engine is what the two databases do differently.
type engine interface {
	dialect() Dialect
	// open connects and enforces the settings that make commits durable.
	open(ctx context.Context) (*handles, error)
	// begin starts the write transaction of which there is one at a time.
	begin(ctx context.Context, h *handles) (*sql.Tx, error)
	// durable reads back, inside the transaction, the settings with which it
	// is about to commit.
	durable(ctx context.Context, tx *sql.Tx) error
	// fault classifies an error of the driver.
	fault(err error) fault
	// tables describes every table of the database, in no particular order.
	tables(ctx context.Context, tx *sql.Tx) ([]table, error)
	// collate makes an expression of type TEXT sort by its bytes.
	collate(expression string) string
}

// handles are the connections of an open database: one that writes, some that
// read.
type handles struct {
	write, read *sql.DB
}

func (h *handles) close() error {
	// The writer last: closing SQLite's last connection folds the log into the
	// database file.
	return errors.Join(h.read.Close(), h.write.Close())
}

// Open opens the database, makes its settings durable, and brings every schema
// to its newest version.
func Open(ctx context.Context, opts Options, schemas ...Schema) (*DB, error) {
	e, err := engineFor(opts)
	if err != nil {
		return nil, err
	}
	return openEngine(ctx, e, opts.Logger, schemas)
}

func openEngine(ctx context.Context, e engine, log *slog.Logger, schemas []Schema) (*DB, error) {
	db, err := connect(ctx, e, log)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, schemas); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connect opens the database and leaves its tables alone.
func connect(ctx context.Context, e engine, log *slog.Logger) (*DB, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	h, err := e.open(ctx)
	if err != nil {
		return nil, err
	}
	return &DB{engine: e, log: log, handles: h, now: time.Now}, nil
}

func engineFor(opts Options) (engine, error) {
	dsn, wait := strings.TrimSpace(opts.DSN), opts.LockWait
	if wait <= 0 {
		wait = defaultLockWait
	}
	switch {
	case dsn == "" && opts.Folder == "":
		return nil, errors.New("open database: neither a DSN nor a data folder was given")
	case dsn == "":
		return newSQLite(filepath.Join(opts.Folder, FileName), wait)
	case IsPostgreSQL(dsn):
		return newPostgreSQL(dsn, wait)
	default:
		return newSQLite(dsn, wait)
	}
}

// IsPostgreSQL tells whether a DSN names a PostgreSQL server rather than a file.
func IsPostgreSQL(dsn string) bool {
	dsn = strings.TrimSpace(dsn)
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return true
	}
	key, _, ok := strings.Cut(dsn, "=")
	if !ok {
		return false
	}
	switch strings.TrimSpace(key) {
	case "host", "hostaddr", "port", "dbname", "user", "password", "service", "sslmode":
		return true
	}
	return false
}

// Dialect tells the engine.
func (db *DB) Dialect() Dialect { return db.engine.dialect() }

// Read runs fn on a snapshot that no writer disturbs and that cannot write.
// Nothing that fn reads is newer than its first statement.
func (db *DB) Read(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if inside(ctx) {
		return ErrNested
	}
	db.gate.RLock()
	defer db.gate.RUnlock()
	if db.handles == nil {
		return db.state()
	}
	return db.snapshot(ctx, func(ctx context.Context, tx *sql.Tx) error {
		t := &Tx{tx: tx, dialect: db.Dialect(), trace: db.trace.Load()}
		defer t.end()
		return fn(ctx, t)
	})
}

// snapshot runs fn in a read transaction. The caller holds the gate.
func (db *DB) snapshot(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	tx, err := db.handles.read.BeginTx(ctx, &sql.TxOptions{
		Isolation: db.readIsolation(), ReadOnly: true,
	})
	if err != nil {
		return fmt.Errorf("begin reading the database: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // a read has nothing to keep
	return fn(enter(ctx), tx)
}

func (db *DB) readIsolation() sql.IsolationLevel {
	if db.Dialect() == PostgreSQL {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault // an SQLite transaction is a snapshot
}

// Reopen closes and opens the database again. It is the way back from ErrBroken:
// after a failed fsync the system may have dropped what was not written while
// calling it clean, so that only what is read again from the files can be
// trusted. Transactions under way end first. When it fails the database stays
// broken, and Reopen can be called again. A Write does so by itself, a second
// after the error at the earliest, then ever more seldom, up to once a minute.
func (db *DB) Reopen(ctx context.Context) error {
	db.gate.Lock()
	defer db.gate.Unlock()
	if err := db.state(); errors.Is(err, ErrClosed) {
		return err
	}
	if db.handles != nil {
		if err := db.handles.close(); err != nil {
			// What it could not fold or flush stays in the log file, where the
			// next open reads it.
			db.log.WarnContext(ctx, "closing the broken database", "error", err)
		}
		db.handles = nil
	}
	h, err := db.engine.open(ctx)
	if err != nil {
		err = fmt.Errorf("reopen database: %w", err)
		db.stop(ctx, err)
		return err
	}
	db.handles = h
	db.mu.Lock()
	db.broken, db.retries = nil, 0
	db.mu.Unlock()
	db.log.InfoContext(ctx, "database reopened")
	return nil
}

// Close waits for the transactions under way and closes the database. Calls
// that are still waiting get ErrClosed. Closing again does nothing.
func (db *DB) Close() error {
	db.mu.Lock()
	db.closed = true
	db.mu.Unlock()
	db.gate.Lock()
	defer db.gate.Unlock()
	if db.handles == nil {
		return nil
	}
	err := db.handles.close()
	db.handles = nil
	if err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// state tells why the database takes no writes, nil when it does.
func (db *DB) state() error {
	db.mu.Lock()
	closed := db.closed
	db.mu.Unlock()
	if closed {
		return ErrClosed
	}
	return db.stopped()
}

// stopped tells why the database waits for Reopen, nil when it does not.
func (db *DB) stopped() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.broken == nil {
		return nil
	}
	return fmt.Errorf("%w (%w)", ErrBroken, db.broken)
}

// stop refuses all writes until the database was reopened.
func (db *DB) stop(ctx context.Context, cause error) {
	db.mu.Lock()
	first := db.broken == nil
	db.broken = cause
	db.retryAt = db.now().Add(min(time.Second<<min(db.retries, 10), time.Minute))
	db.mu.Unlock()
	if first {
		db.log.ErrorContext(ctx, "database stopped after an I/O error", "error", cause)
	}
}

// revive reopens a broken database when it is time to try.
func (db *DB) revive(ctx context.Context) {
	db.mu.Lock()
	due := db.broken != nil && !db.closed && !db.now().Before(db.retryAt)
	if due {
		db.retries++
	}
	db.mu.Unlock()
	if due {
		_ = db.Reopen(ctx) // the database stays broken and tells why
	}
}

// insideKey marks the context of a function that runs in a transaction.
type insideKey struct{}

func enter(ctx context.Context) context.Context { return context.WithValue(ctx, insideKey{}, true) }

func inside(ctx context.Context) bool { return ctx.Value(insideKey{}) != nil }
