package storage

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
)

// Compiling a statement takes SQLite longer than running it, and components run
// the same few again and again; pgx keeps its prepared statements by itself.
// This wrapper of SQLite's driver does as much: each connection keeps the
// statements that it has compiled. It adds nothing else.

// maxStatements bounds the statements that a connection keeps.
const maxStatements = 256

// sqliteConn is what SQLite's driver gives.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type keepingConnector struct{ driver.Connector }

func (c keepingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(sqliteConn)
	if !ok {
		return conn, nil // another version of the driver: correct, and slower
	}
	return &keepingConn{sqliteConn: inner, idle: make(map[string]driver.Stmt)}, nil
}

// keepingConn is used by one goroutine at a time, as database/sql promises.
type keepingConn struct {
	sqliteConn
	idle map[string]driver.Stmt // a statement in use is not here
}

// kept tells whether a statement may be run again as compiled. A PRAGMA may not:
// it can read its value while it is compiled.
func kept(query string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToUpper(word) {
	case "SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE", "ROLLBACK":
		return true
	}
	return false
}

func (c *keepingConn) take(ctx context.Context, query string) (driver.Stmt, error) {
	if s, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return s, nil
	}
	return c.PrepareContext(ctx, query)
}

func (c *keepingConn) giveBack(query string, s driver.Stmt) error {
	if _, twice := c.idle[query]; twice {
		return s.Close()
	}
	var err error
	if len(c.idle) >= maxStatements {
		for other, old := range c.idle { // any: those in use come back
			delete(c.idle, other)
			err = old.Close()
			break
		}
	}
	c.idle[query] = s
	return err
}

// ExecContext implements driver.ExecerContext.
func (c *keepingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !kept(query) {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	run, ok := s.(driver.StmtExecContext)
	if !ok {
		_ = s.Close() // nothing was run
		return nil, driver.ErrSkip
	}
	result, err := run.ExecContext(ctx, args)
	if err != nil {
		_ = s.Close() // repeats the error
		return nil, err
	}
	return result, c.giveBack(query, s)
}

// QueryContext implements driver.QueryerContext.
func (c *keepingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !kept(query) {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	run, ok := s.(driver.StmtQueryContext)
	if !ok {
		_ = s.Close() // nothing was run
		return nil, driver.ErrSkip
	}
	rows, err := run.QueryContext(ctx, args)
	if err != nil {
		_ = s.Close() // repeats the error
		return nil, err
	}
	return &keepingRows{Rows: rows, conn: c, query: query, stmt: s}, nil
}

// Close closes what is kept and the connection.
func (c *keepingConn) Close() error {
	var errs []error
	for _, s := range c.idle {
		errs = append(errs, s.Close())
	}
	clear(c.idle)
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}

// keepingRows gives its statement back when it is closed.
type keepingRows struct {
	driver.Rows
	conn  *keepingConn
	query string
	stmt  driver.Stmt // nil once closed
}

func (r *keepingRows) Close() error {
	if r.stmt == nil {
		return nil
	}
	s := r.stmt
	r.stmt = nil
	if err := r.Rows.Close(); err != nil {
		return errors.Join(err, s.Close())
	}
	return r.conn.giveBack(r.query, s)
}
