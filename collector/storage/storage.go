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
// since 1970 UTC, JSON is TEXT); a primary key in every table; a name prefix of
// the component in every table's name. The order of TEXT differs between
// databases: ORDER BY numbers, or sort in Go. Close the rows of one query before
// the next: PostgreSQL has one conversation per transaction.
package storage

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
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

// Errors that callers tell apart with errors.Is. What Write returns may wrap
// one of them and the cause.
var (
	// ErrFull: the disk, the quota or the database's size limit is reached.
	// Nothing of the call was kept; the same call works once there is space.
	ErrFull = errors.New("the database has no space left: free some and try again")
	// ErrBroken: an I/O error made the state on disk uncertain. No write is
	// accepted until Reopen; nothing acknowledged before is lost.
	ErrBroken = errors.New("the database stopped after an I/O error")
	// ErrBusy: another process held the database for too long.
	ErrBusy = errors.New("another process is writing to the database")
	// ErrUncertain: the connection was lost while committing. The call may or
	// may not have happened; it was not acknowledged.
	ErrUncertain = errors.New("the connection was lost while committing")
	// ErrNotDurable: the server or file does not have the settings with which a
	// commit survives a power cut.
	ErrNotDurable = errors.New("the database's settings would lose acknowledged data in a power cut")
	// ErrNewer: the database was made by a newer version of the program.
	ErrNewer = errors.New("the database was made by a newer version of vigia")
	// ErrClosed: the DB was closed.
	ErrClosed = errors.New("the database is closed")
	// ErrNested: Write or Read was called inside the function of another.
	ErrNested = errors.New("a transaction inside a transaction")
)

// Schema is one component's tables: SQL files at the root of Files, named
// NNNN_what.sql, run once each in the order of their numbers. A released file
// never changes; a change is another file.
type Schema struct {
	Name  string // the component, lower case: evidence
	Files fs.FS
}

// Options say which database.
type Options struct {
	// DSN is a PostgreSQL URL (postgres://…) or keyword string (host=…), the
	// path of an SQLite file, or "" for FileName in Folder.
	DSN string
	// Folder is the data folder, used when DSN is "".
	Folder string
	// Logger may be nil.
	Logger *slog.Logger
}

// DB is the database. Its methods are safe for concurrent use.
type DB struct {
}

// Open opens the database, makes its settings durable, and brings every schema
// to its newest version.
func Open(ctx context.Context, opts Options, schemas ...Schema) (*DB, error) {
	return nil, errors.New("being built")
}

// Write runs fn in a write transaction and returns after its durable commit.
//
// Calls that arrive while another commits share the next transaction, each in
// its own savepoint: an error of fn undoes fn alone and is returned as it is.
// fn runs on the goroutine of its caller, and may be run again (after another
// call spoiled the shared transaction, or a conflict), so it must have no effect outside
// tx, and assign results rather than append to them. The ctx that fn gets stops
// statements only before they begin: a statement is never interrupted, for that
// would undo the work of others.
func (db *DB) Write(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return errors.New("being built")
}

// Read runs fn on a snapshot that no writer disturbs and that cannot write.
func (db *DB) Read(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return errors.New("being built")
}

// Dialect tells the engine.
func (db *DB) Dialect() Dialect { return SQLite }

// Reopen closes and opens the database again, after ErrBroken.
func (db *DB) Reopen(ctx context.Context) error { return errors.New("being built") }

// Close waits for the transactions under way and closes the database.
func (db *DB) Close() error { return nil }

// Tx is the transaction that Write and Read hand to their function. It is valid
// until that function returns and for one goroutine.
type Tx struct {
}

// Exec runs a statement.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return nil, errors.New("being built")
}

// Query runs a query. Close the rows before the next statement.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return nil, errors.New("being built")
}

// QueryRow runs a query for at most one row.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row { return nil }

// Lock says that the rest of the function needs to be the only writer of name.
// A write transaction is the only one of its database, so it always is; in a
// Read it is an error.
func (tx *Tx) Lock(ctx context.Context, name string) error { return nil }

// Dialect tells the engine.
func (tx *Tx) Dialect() Dialect { return SQLite }

// LockFolder makes this process the only `vigia serve` of the data folder. The
// error names the process that holds it. release gives the folder back.
func LockFolder(dir string) (release func(), err error) { return nil, errors.New("being built") }
