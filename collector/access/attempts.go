package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"vigia/collector/storage"
)

// lane counts the wrong attempts of an account from one place, or from several together.
type lane struct {
	failures    int64
	last        time.Time
	lockedUntil time.Time
	struck      bool // it was locked since the last good attempt
	suspended   bool
}

// rule is how a lane counts.
type rule struct {
	allowed int64
	// forget is after how long a rest all is forgotten, a suspension too unless it lasts;
	// 0: nothing ever is but by a good attempt.
	forget time.Duration
	lasts  bool
}

// The lanes: an account from places where it logged in, from another place, and from all
// other places together.
const (
	ownPlaces   = ""
	otherPlaces = "*"
)

func ownRule() rule   { return rule{allowed: MaxFailures, lasts: true} }
func placeRule() rule { return rule{allowed: MaxFailures, forget: 24 * time.Hour} }
func otherRule() rule { return rule{allowed: 3 * MaxFailures, forget: 24 * time.Hour, lasts: true} }

// placeKnown is how long a place is the account's own after a log-in there.
const placeKnown = 90 * 24 * time.Hour

// state tells whether an attempt may be made now: nil, ErrThrottled or ErrSuspended.
func (l lane) state(r rule, now time.Time) error {
	l = l.rested(r, now)
	switch {
	case l.suspended:
		return ErrSuspended
	case now.Before(l.lockedUntil):
		return ErrThrottled
	default:
		return nil
	}
}

// rested is the lane after a rest.
func (l lane) rested(r rule, now time.Time) lane {
	if r.forget > 0 && now.Sub(l.last) >= r.forget && (!l.suspended || !r.lasts) {
		return lane{}
	}
	return l
}

// failed is the lane after one more wrong attempt.
func (l lane) failed(r rule, now time.Time) lane {
	l = l.rested(r, now)
	l.last = now
	if l.struck {
		l.suspended = true
		return l
	}
	if l.failures++; l.failures >= r.allowed {
		l.failures, l.lockedUntil, l.struck = 0, now.Add(LockFor), true
	}
	return l
}

// attempt is what counts for one attempt: the lanes of its account and place.
type attempt struct {
	known             bool // the place is the account's own
	own, place, other lane
}

// may tells whether the attempt may be made.
func (a attempt) may(now time.Time) error {
	if err := a.own.state(ownRule(), now); err != nil || a.known {
		return err
	}
	place, other := a.place.state(placeRule(), now), a.other.state(otherRule(), now)
	if errors.Is(other, ErrSuspended) {
		return other
	}
	if place != nil {
		return place
	}
	return other
}

// attemptOf reads the lanes.
func attemptOf(ctx context.Context, tx *storage.Tx, name, source string, now time.Time) (a attempt, err error) {
	var last int64
	err = tx.QueryRow(ctx, `SELECT last_at FROM access_places WHERE name = $1 AND source = $2`, name, source).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return a, err
	}
	a.known = err == nil && now.Sub(moment(last)) < placeKnown
	for _, l := range []struct {
		key string
		out *lane
	}{{ownPlaces, &a.own}, {source, &a.place}, {otherPlaces, &a.other}} {
		var last, until, struck, suspended int64
		err := tx.QueryRow(ctx, `SELECT failures, last_at, locked_until, struck, suspended FROM access_attempts WHERE name = $1 AND source = $2`, name, l.key).
			Scan(&l.out.failures, &last, &until, &struck, &suspended)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return a, err
		}
		l.out.last, l.out.lockedUntil, l.out.struck, l.out.suspended = moment(last), moment(until), struck != 0, suspended != 0
	}
	return a, nil
}

func keepLane(ctx context.Context, tx *storage.Tx, name, key string, l lane) error {
	_, err := tx.Exec(ctx, `INSERT INTO access_attempts (name, source, failures, last_at, locked_until, struck, suspended)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name, source) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at,
		locked_until = excluded.locked_until, struck = excluded.struck, suspended = excluded.suspended`,
		name, key, l.failures, micro(l.last), micro(l.lockedUntil), flag(l.struck), flag(l.suspended))
	return err
}

// may tells whether the account may be tried from the place.
func (s *Store) may(ctx context.Context, name, source string, now time.Time) error {
	var a attempt
	err := s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		a, err = attemptOf(ctx, tx, name, source, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("log on: %w", err)
	}
	return a.may(now)
}

// failed counts a wrong attempt. A lock is evidence when the account exists.
func (s *Store) failed(ctx context.Context, name, source string, exists bool, now time.Time) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		// What rested long enough to mean nothing makes room.
		if _, err := tx.Exec(ctx, `DELETE FROM access_attempts WHERE last_at < $1 AND source <> '' AND (suspended = 0 OR source <> '*')`,
			now.Add(-placeRule().forget).UnixMicro()); err != nil {
			return err
		}
		a, err := attemptOf(ctx, tx, name, source, now)
		if err != nil {
			return err
		}
		type count struct {
			key    string
			before lane
			rule   rule
		}
		counts := []count{{source, a.place, placeRule()}, {otherPlaces, a.other, otherRule()}}
		if a.known {
			counts = []count{{ownPlaces, a.own, ownRule()}}
		}
		for _, c := range counts {
			after := c.before.failed(c.rule, now)
			if err := keepLane(ctx, tx, name, c.key, after); err != nil {
				return err
			}
			if !exists {
				continue
			}
			action := ""
			switch {
			case after.suspended && !c.before.suspended:
				action = "suspended"
			case after.lockedUntil.After(c.before.lockedUntil):
				action = "locked"
			}
			if action == "" {
				continue
			}
			where := map[string]string{ownPlaces: "own: " + source, otherPlaces: "elsewhere"}[c.key]
			if where == "" {
				where = source
			}
			if err := s.record(ctx, tx, change{Action: action, Name: name, Source: where, By: "vigia"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("log on: %w", err)
	}
	return nil
}

// passed notes a whole log-in: the place is the account's own now, and its wrong attempts
// are forgiven.
func (s *Store) passed(ctx context.Context, name, source string, now time.Time) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		return s.passedIn(ctx, tx, name, source, now)
	})
	if err != nil {
		return fmt.Errorf("log on: %w", err)
	}
	s.source.forget(source)
	return nil
}

func (s *Store) passedIn(ctx context.Context, tx *storage.Tx, name, source string, now time.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM access_attempts WHERE name = $1 AND source IN ($2, $3)`, name, ownPlaces, source); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO access_places (name, source, last_at) VALUES ($1, $2, $3)
		ON CONFLICT (name, source) DO UPDATE SET last_at = excluded.last_at`, name, source, now.UnixMicro()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE access_users SET last_login_at = $2 WHERE name = $1`, name, now.UnixMicro())
	return err
}

// turnstile lets attempts on one name pass one by one, so that those that are made at once
// do not all see the count of before.
type turnstile struct {
	mu   sync.Mutex
	gate map[string]*gate // guarded by mu
}

type gate struct {
	open    chan struct{} // holds one value while nobody is inside
	waiting int           // guarded by the turnstile's mu
}

func newTurnstile() *turnstile { return &turnstile{gate: map[string]*gate{}} }

// take waits for the name's turn; leave ends it.
func (t *turnstile) take(ctx context.Context, name string) (leave func(), err error) {
	t.mu.Lock()
	g, ok := t.gate[name]
	if !ok {
		g = &gate{open: make(chan struct{}, 1)}
		g.open <- struct{}{}
		t.gate[name] = g
	}
	g.waiting++
	t.mu.Unlock()
	done := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if g.waiting--; g.waiting == 0 {
			delete(t.gate, name)
		}
	}
	select {
	case <-g.open:
		return func() { g.open <- struct{}{}; done() }, nil
	case <-ctx.Done():
		done()
		return nil, ctx.Err()
	}
}
