package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Tx is the transaction that Write and Read hand to their function. It is valid
// until that function returns, and for one goroutine.
//
// Arguments are strings, integers and byte slices, or nil, pointers to them and
// driver.Valuer that yield them; the rest is refused here, for the two databases
// would store it differently. A string must be UTF-8 without NUL, as PostgreSQL wants it.
type Tx struct {
	tx      *sql.Tx
	dialect Dialect
	write   bool
	ended   bool
	failed  error // the first statement that went wrong
	trace   *Trace
}

var (
	errEnded    = errors.New("the transaction has ended")
	errReadOnly = errors.New("the transaction only reads")
)

// Trace is told of a statement before it runs. It must not run another.
type Trace func(query string, args []any)

// Trace has every statement of the transactions that begin from now on told to fn, from
// several goroutines at once; nil ends that. It is for tests and measurements: how many
// statements a page makes tells more surely than a clock whether it grows with the data.
func (db *DB) Trace(fn Trace) {
	if fn == nil {
		db.trace.Store(nil)
		return
	}
	db.trace.Store(&fn)
}

func (tx *Tx) end() { tx.ended = true }

// Exec runs a statement.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, err := tx.prepare(ctx, query, args)
	if err != nil {
		return nil, err
	}
	result, err := tx.tx.ExecContext(ctx, query, args...)
	tx.note(err)
	return result, err
}

// Query runs a query. Close the rows before the next statement.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := tx.prepare(ctx, query, args)
	if err != nil {
		return nil, err
	}
	rows, err := tx.tx.QueryContext(ctx, query, args...)
	tx.note(err)
	return rows, err
}

// QueryRow runs a query for at most one row; its Scan gives sql.ErrNoRows when
// there is none.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	ctx, err := tx.prepare(ctx, query, args)
	if err != nil {
		tx.note(err)
		// A Row cannot be made here, and one from a context that has ended
		// carries the error without touching the connection.
		dead, cancel := context.WithCancelCause(ctx)
		cancel(err)
		ctx = dead
	}
	return tx.tx.QueryRowContext(ctx, query, args...)
}

// Lock says that what follows must be the only writer of name. A write
// transaction is the only one of its database, on PostgreSQL too, so it is; in
// a Read it is an error.
func (tx *Tx) Lock(ctx context.Context, name string) error {
	if _, err := tx.prepare(ctx, "", nil); err != nil {
		return err
	}
	if !tx.write {
		return fmt.Errorf("lock %s: %w", name, errReadOnly)
	}
	return nil
}

// Dialect tells the engine.
func (tx *Tx) Dialect() Dialect { return tx.dialect }

// prepare checks that a statement may begin and returns its context. In a Write
// that one cannot be cancelled: SQLite answers an interrupted statement, and
// PostgreSQL's driver a cancelled context, by losing the whole transaction, and
// with it the work of the callers who share it.
func (tx *Tx) prepare(ctx context.Context, query string, args []any) (context.Context, error) {
	if tx.ended {
		return ctx, errEnded
	}
	if err := ctx.Err(); err != nil {
		return ctx, err
	}
	for i, a := range args {
		if err := checkArgument(a); err != nil {
			err = fmt.Errorf("argument $%d: %w", i+1, err)
			tx.note(err)
			return ctx, err
		}
	}
	if tx.trace != nil && query != "" {
		(*tx.trace)(query, args)
	}
	if tx.write {
		ctx = context.WithoutCancel(ctx)
	}
	return ctx, nil
}

// note keeps the first failure, so that a function that ignores one does not
// commit half of its work.
func (tx *Tx) note(err error) {
	if err != nil && tx.failed == nil {
		tx.failed = err
	}
}

func checkArgument(a any) error {
	switch v := a.(type) {
	case nil, []byte, int64:
		return nil
	case string:
		return checkText(v)
	case driver.Valuer:
		rv := reflect.ValueOf(a)
		if rv.Kind() == reflect.Pointer && rv.IsNil() {
			return nil
		}
		value, err := v.Value()
		if err != nil {
			return err
		}
		return checkArgument(value)
	}
	rv := reflect.ValueOf(a)
	if rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			return nil
		}
		return checkArgument(rv.Elem().Interface())
	}
	switch rv.Kind() {
	case reflect.String:
		return checkText(rv.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if rv.Uint() > 1<<63-1 {
			return errors.New("the number does not fit in a BIGINT")
		}
		return nil
	case reflect.Slice:
		if rv.Type().Elem().Kind() == reflect.Uint8 {
			return nil
		}
	}
	return fmt.Errorf("a %T is not TEXT, BIGINT or BYTEA", a)
}

func checkText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("the text is not valid UTF-8")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return errors.New("the text holds a NUL character")
	}
	return nil
}
