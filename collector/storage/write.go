package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// maxGroup bounds how many calls share one transaction: beyond this the fsync is
// already spread thin, and an early caller should not wait for more.
const maxGroup = 128

// maxAttempts bounds how often a call is run again after a conflict with another
// process.
const maxAttempts = 8

// fault is what an error of the driver means for a transaction.
type fault int

const (
	faultNone      fault = iota // an ordinary error: a constraint, a syntax error
	faultConflict               // the transaction may succeed when run again
	faultFull                   // no space
	faultBusy                   // another process holds the database
	faultBroken                 // the state on disk is uncertain
	faultUncertain              // the connection is gone
)

// call is one Write waiting for its transaction.
//
// The callers commit each other's work: whoever finds nobody leading leads. The
// leader begins a transaction, gives every call of its group a turn on the
// call's own goroutine, commits, tells the outcome, and hands over to the first
// call that came meanwhile. So there is no goroutine to own, and a panic in a
// caller's function unwinds the caller.
type call struct {
	fn       func(tx *Tx) error // with the caller's context
	gaveUp   func() error       // that context's error
	wake     chan signal        // one slot: the leader never waits for a caller here
	ran      chan error         // one slot: how the turn went
	attempts int                // owned by the leader of the moment
	finished bool               // owned by the leader of the moment
	err      error              // owned by the leader of the moment
}

// signal is what a leader tells a waiting call: take your turn on this
// transaction, lead, or (neither) this is the outcome.
type signal struct {
	turn *sql.Tx
	lead bool
	err  error
}

// errUnwound is how a turn went whose function panicked or ended its goroutine.
var errUnwound = errors.New("the function did not return")

// Write runs fn in a write transaction and returns after its durable commit.
//
// Calls that arrive while another commits share the next transaction, each in
// its own savepoint: an error of fn undoes fn alone, and Write returns it (with
// ErrFull, ErrBroken and so on joined when the database was the reason). fn runs
// on the goroutine of its caller and may be run again, after a conflict or when
// another call spoiled the shared transaction: it must have no effect outside
// tx, and assign its results rather than add to them. A statement that failed
// fails the call, even when fn ignores its error.
//
// When ctx ends while the call waits for its turn, nothing happened. Once its
// turn came the outcome is waited for, so that the error is never a guess; the
// context that fn gets keeps further statements from beginning, but interrupts none.
func (db *DB) Write(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if inside(ctx) {
		return ErrNested
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &call{
		fn:     func(tx *Tx) error { return fn(enter(ctx), tx) },
		gaveUp: ctx.Err,
		wake:   make(chan signal, 1),
		ran:    make(chan error, 1),
	}
	if db.enter(c) {
		return db.lead(ctx, c)
	}
	cancelled := ctx.Done()
	for {
		select {
		case s := <-c.wake:
			switch {
			case s.turn != nil:
				db.turn(c, s.turn)
			case s.lead:
				return db.lead(ctx, c)
			default:
				return s.err
			}
		case <-cancelled:
			if db.withdraw(c) {
				return ctx.Err()
			}
			cancelled = nil // its turn has come: the outcome will follow
		}
	}
}

// enter puts the call in the queue, or tells its caller to lead.
func (db *DB) enter(c *call) (lead bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if !db.leading {
		db.leading = true
		return true
	}
	db.queue = append(db.queue, c)
	return false
}

// withdraw takes the call out of the queue; false when a leader has it already.
func (db *DB) withdraw(c *call) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	for i, q := range db.queue {
		if q == c {
			db.queue = append(db.queue[:i], db.queue[i+1:]...)
			return true
		}
	}
	return false
}

// lead commits groups until the leader's own call is finished, then hands over.
func (db *DB) lead(ctx context.Context, own *call) error {
	defer db.handOver()
	// What follows is for the group, not for the leader: it outlives the
	// leader's patience.
	ctx = context.WithoutCancel(ctx)
	db.revive(ctx)
	db.gate.RLock()
	defer db.gate.RUnlock()
	for !own.finished {
		db.commit(ctx, own, db.take(own))
	}
	return own.err
}

// take forms a group of the leader's call and those that wait.
func (db *DB) take(own *call) []*call {
	db.mu.Lock()
	defer db.mu.Unlock()
	n := min(len(db.queue), maxGroup-1)
	group := append([]*call{own}, db.queue[:n]...)
	db.queue = append([]*call(nil), db.queue[n:]...)
	return group
}

// giveBack returns calls without an outcome to the front of the queue.
func (db *DB) giveBack(own *call, calls []*call) {
	var waiting []*call
	for _, c := range calls {
		if c != own && !c.finished {
			waiting = append(waiting, c)
		}
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.queue = append(waiting, db.queue...)
}

// handOver makes the first waiting call the leader.
func (db *DB) handOver() {
	db.mu.Lock()
	defer db.mu.Unlock()
	if len(db.queue) == 0 {
		db.leading = false
		return
	}
	next := db.queue[0]
	db.queue = db.queue[1:]
	next.wake <- signal{lead: true}
}

// finish tells a call its outcome.
func (c *call) finish(own *call, err error) {
	c.finished, c.err = true, err
	if c != own {
		c.wake <- signal{err: err}
	}
}

// commit runs the group in one transaction. Every call is then finished, or back
// in the queue, or (the leader's own) to be run again.
func (db *DB) commit(ctx context.Context, own *call, group []*call) {
	// Also when the leader's own function panics, which ends this frame early.
	defer func() { db.giveBack(own, group) }()
	finishAll := func(calls []*call, err error) {
		for _, c := range calls {
			if !c.finished {
				c.finish(own, err)
			}
		}
	}
	if err := db.state(); err != nil {
		finishAll(group, err)
		return
	}
	tx, err := db.engine.begin(ctx, db.handles)
	if err != nil {
		finishAll(group, db.failure(ctx, "begin", err))
		return
	}
	open := true
	defer func() {
		if open {
			_ = tx.Rollback() // after an error; the error is what is told
		}
	}()

	var kept []*call
	for _, c := range group {
		err := db.run(ctx, own, c, tx, len(group) > 1)
		if err == nil {
			kept = append(kept, c)
			continue
		}
		var lost *lostError
		if !errors.As(err, &lost) {
			c.finish(own, err)
			continue
		}
		// The transaction is gone, and with it the work of the calls before,
		// which will be run again; so will this one after a conflict.
		if c.attempts++; db.engine.fault(lost.cause) != faultConflict || c.attempts >= maxAttempts {
			c.finish(own, db.failure(ctx, "", lost.cause))
		}
		return
	}
	if len(kept) == 0 {
		return
	}
	if err := db.stopped(); err != nil { // one of the calls met an I/O error
		finishAll(kept, err)
		return
	}
	if err := db.engine.durable(ctx, tx); err != nil {
		finishAll(kept, db.failure(ctx, "check durability before commit", err))
		return
	}
	open = false
	if err := tx.Commit(); err != nil {
		if db.engine.fault(err) == faultConflict && kept[0].attempts < maxAttempts {
			for _, c := range kept {
				c.attempts++
			}
			return
		}
		finishAll(kept, db.failure(ctx, "commit", err))
		return
	}
	finishAll(kept, nil)
}

// lostError says that a call did not only fail but took the transaction with it.
type lostError struct{ cause error }

func (e *lostError) Error() string { return e.cause.Error() }
func (e *lostError) Unwrap() error { return e.cause }

// run gives the call its turn. A plain error undid this call alone.
func (db *DB) run(ctx context.Context, own, c *call, tx *sql.Tx, shared bool) error {
	if err := c.gaveUp(); err != nil {
		return err
	}
	if shared {
		if _, err := tx.ExecContext(ctx, "SAVEPOINT turn"); err != nil {
			return &lostError{fmt.Errorf("begin savepoint: %w", err)}
		}
	}
	if c == own {
		db.turn(c, tx)
	} else {
		c.wake <- signal{turn: tx}
	}
	err := <-c.ran
	if err == nil && shared {
		_, err = tx.ExecContext(ctx, "RELEASE SAVEPOINT turn")
	}
	if err == nil {
		return nil
	}
	if !shared || db.engine.fault(err) == faultConflict {
		return &lostError{err}
	}
	if _, back := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT turn"); back != nil {
		return &lostError{err} // the database ended the transaction itself
	}
	if _, back := tx.ExecContext(ctx, "RELEASE SAVEPOINT turn"); back != nil {
		return &lostError{err}
	}
	return db.failure(ctx, "", err)
}

// turn runs the call's function on the goroutine of its caller.
func (db *DB) turn(c *call, sqlTx *sql.Tx) {
	tx := &Tx{tx: sqlTx, dialect: db.Dialect(), write: true, trace: db.trace.Load()}
	err := errUnwound
	defer func() {
		tx.end()
		c.ran <- err
	}()
	err = c.fn(tx)
	if tx.failed == nil || errors.Is(err, tx.failed) {
		return
	}
	if err == nil {
		err = fmt.Errorf("a statement's error was ignored: %w", tx.failed)
		return
	}
	if db.engine.fault(tx.failed) != faultNone {
		err = fmt.Errorf("%w (%w)", err, tx.failed) // fn hid why
	}
}

// failure turns an error of the driver into what Write returns, and stops the
// database when the disk can no longer be trusted.
func (db *DB) failure(ctx context.Context, doing string, err error) error {
	if doing != "" {
		err = fmt.Errorf("%s: %w", doing, err)
	}
	switch db.engine.fault(err) {
	case faultFull:
		return fmt.Errorf("%w (%w)", ErrFull, err)
	case faultBusy, faultConflict:
		return fmt.Errorf("%w (%w)", ErrBusy, err)
	case faultUncertain:
		if doing == "commit" {
			return fmt.Errorf("%w (%w)", ErrUncertain, err)
		}
	case faultBroken:
		db.stop(ctx, err)
		return fmt.Errorf("%w (%w)", ErrBroken, err)
	case faultNone:
	}
	return err
}
