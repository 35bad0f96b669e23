package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// writerLock is the advisory lock that every write transaction holds, so that
// there is one at a time as in SQLite. The number says "vigia" in ASCII.
const writerLock int64 = 0x7669676961

// postgresReaders bounds the connections that read.
const postgresReaders = 8

// postgresEngine is a database of a PostgreSQL server, version 13 or later.
type postgresEngine struct {
	config *pgx.ConnConfig
}

func newPostgreSQL(dsn string, lockWait time.Duration) (*postgresEngine, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// pgx blanks the password in what it quotes.
		return nil, fmt.Errorf("open database: %w", err)
	}
	for name, value := range map[string]string{
		"application_name":                    "vigia",
		"lock_timeout":                        fmt.Sprint(lockWait.Milliseconds()),
		"idle_in_transaction_session_timeout": "600000", // a hung collector must not keep the lock
	} {
		if _, ok := config.RuntimeParams[name]; !ok {
			config.RuntimeParams[name] = value
		}
	}
	return &postgresEngine{config: config}, nil
}

func (e *postgresEngine) dialect() Dialect { return PostgreSQL }

func (e *postgresEngine) open(ctx context.Context) (*handles, error) {
	h := &handles{write: e.pool(1), read: e.pool(postgresReaders)}
	if err := e.check(ctx, h); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s on %s: %w", e.config.Database, e.config.Host, err), h.close())
	}
	return h, nil
}

func (e *postgresEngine) pool(size int) *sql.DB {
	db := stdlib.OpenDB(*e.config, stdlib.OptionAfterConnect(enforceSynchronousCommit))
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}

// enforceSynchronousCommit overrides what ALTER ROLE or ALTER DATABASE set for
// the session, except the stronger remote_apply.
func enforceSynchronousCommit(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', false)
		WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')`)
	return err
}

func (e *postgresEngine) check(ctx context.Context, h *handles) error {
	tx, err := h.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	var encoding string
	if err := tx.QueryRowContext(ctx, "SELECT current_setting('server_encoding')").Scan(&encoding); err != nil {
		return fmt.Errorf("read server_encoding: %w", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database's encoding is %s and must be UTF8: create it with ENCODING 'UTF8' TEMPLATE template0", encoding)
	}
	return e.durable(ctx, tx)
}

func (e *postgresEngine) begin(ctx context.Context, h *handles) (*sql.Tx, error) {
	// READ COMMITTED: each statement sees what was committed before it, and
	// after the lock nothing else is.
	tx, err := h.write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", writerLock); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the database: %w", err), tx.Rollback())
	}
	return tx, nil
}

func (e *postgresEngine) durable(ctx context.Context, tx *sql.Tx) error {
	var synchronousCommit, fsync, fullPageWrites string
	err := tx.QueryRowContext(ctx, `SELECT current_setting('synchronous_commit'),
		current_setting('fsync'), current_setting('full_page_writes')`).
		Scan(&synchronousCommit, &fsync, &fullPageWrites)
	if err != nil {
		return fmt.Errorf("read synchronous_commit: %w", err)
	}
	switch {
	case synchronousCommit != "on" && synchronousCommit != "remote_apply":
		return fmt.Errorf("%w: synchronous_commit is %s and must be on", ErrNotDurable, synchronousCommit)
	case fsync != "on":
		return fmt.Errorf("%w: the server's fsync is %s and must be on", ErrNotDurable, fsync)
	case fullPageWrites != "on":
		return fmt.Errorf("%w: the server's full_page_writes is %s and must be on", ErrNotDurable, fullPageWrites)
	}
	return nil
}

// fault classifies by SQLSTATE. PostgreSQL deals with a failed fsync itself: it
// restarts and recovers from its log, and the connection is lost.
func (e *postgresEngine) fault(err error) fault {
	if err == nil {
		return faultNone
	}
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		var ce *pgconn.ConnectError
		if errors.As(err, &ce) || pgconn.SafeToRetry(err) || errors.Is(err, pgx.ErrTxCommitRollback) {
			return faultNone // nothing was sent, or all of it was undone
		}
		return faultUncertain
	}
	switch pe.Code {
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return faultConflict
	case "53100": // disk_full
		return faultFull
	case "55P03": // lock_not_available
		return faultBusy
	}
	if strings.HasPrefix(pe.Code, "08") || strings.HasPrefix(pe.Code, "57P") { // connection, shutdown
		return faultUncertain
	}
	return faultNone
}

func (e *postgresEngine) collate(expression string) string { return expression + ` COLLATE "C"` }
