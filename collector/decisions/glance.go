package decisions

import (
	"context"
	"sync"
	"time"

	"vigia/collector/storage"
)

// Bounds of what a page is told from memory.
const (
	// cheap is how long asking the sources may take for it to be done whenever something
	// has changed: small organisations see everything at once.
	cheap = 25 * time.Millisecond
	// oldest is how old an answer of the sources may be otherwise.
	oldest = 90 * time.Second
	// rejoin is how often groups are made anew because time has passed: terms end at
	// midnight.
	rejoin = 5 * time.Minute
)

// glance remembers what the queue is made of, so that every page can count it.
type glance struct {
	mu     sync.Mutex // guards the rest
	seen   *look
	size   int64         // of the evidence log when the sources were asked
	took   time.Duration // asking them
	covers covers
	// groups are of seen, of the decisions up to last and of a time.
	groups []Group
	last   int64
	then   time.Time
}

func (g *glance) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen, g.groups, g.covers = nil, nil, newCovers()
}

// Glance is Queue of now for pages: decisions are always the newest, what the sources say is
// up to a minute and a half old in large organisations. Call it in a Read, and do not change what
// it returns. The time is that of the sources' answer.
func (s *Store) Glance(ctx context.Context, tx *storage.Tx) ([]Group, time.Time, error) {
	now := s.opts.Now()
	g := &s.glance
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := s.look(ctx, tx, now); err != nil {
		return nil, time.Time{}, err
	}
	if err := s.join(ctx, tx, now); err != nil {
		return nil, time.Time{}, err
	}
	return g.groups, g.seen.at, nil
}

// join makes the groups when something has changed. The caller holds the lock.
func (s *Store) join(ctx context.Context, tx *storage.Tx, now time.Time) error {
	g := &s.glance
	if err := g.covers.load(ctx, tx); err != nil {
		g.covers = newCovers() // it may have read a part
		return err
	}
	then := now.Truncate(rejoin)
	if g.groups == nil || g.last != g.covers.last || !g.then.Equal(then) {
		g.groups, g.last, g.then = s.groups(g.seen, g.covers, now), g.covers.last, then
	}
	return nil
}

// Refresh asks the sources anew, so that no page has to wait for them. Whoever serves
// pages calls it about every minute.
func (s *Store) Refresh(ctx context.Context, tx *storage.Tx) error {
	s.glance.mu.Lock()
	last := s.glance.took
	s.glance.mu.Unlock()
	if last <= cheap {
		return nil // pages ask by themselves
	}
	now := s.opts.Now()
	size, err := s.size(ctx, tx)
	if err != nil {
		return err
	}
	began := time.Now()
	seen, err := s.observe(ctx, tx, now)
	if err != nil {
		return err
	}
	s.glance.mu.Lock()
	defer s.glance.mu.Unlock()
	s.glance.keep(seen, size, time.Since(began))
	return s.join(ctx, tx, now)
}

// look asks the sources when that is due. The caller holds the lock.
func (s *Store) look(ctx context.Context, tx *storage.Tx, now time.Time) error {
	g := &s.glance
	size, err := s.size(ctx, tx)
	if err != nil {
		return err
	}
	age := time.Duration(0)
	if g.seen != nil {
		age = now.Sub(g.seen.at)
	}
	switch {
	case g.seen == nil, age < 0, age > oldest:
	case size == g.size, g.took > cheap:
		return nil
	}
	began := time.Now()
	seen, err := s.observe(ctx, tx, now)
	if err != nil {
		return err
	}
	g.keep(seen, size, time.Since(began))
	return nil
}

func (g *glance) keep(seen *look, size int64, took time.Duration) {
	g.seen, g.size, g.took, g.groups = seen, size, took, nil
}

// size is how far the evidence log has come: every report and every change of a book is a
// leaf of it.
func (s *Store) size(ctx context.Context, tx *storage.Tx) (int64, error) {
	if s.opts.Size == nil {
		return 0, nil
	}
	return s.opts.Size(ctx, tx)
}

// Waiting counts the groups that ask for a decision, of one department or, when that is
// empty, of all.
func Waiting(groups []Group, department string) int {
	n := 0
	for _, g := range groups {
		if g.Asks() && (department == "" || g.In(department)) {
			n++
		}
	}
	return n
}
