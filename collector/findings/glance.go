package findings

import (
	"context"
	"sync"
	"time"

	"vigia/collector/storage"
)

// Bounds of what pages are told from memory.
const (
	// manyStates is from how many on they are remembered: reading them takes longer than a
	// page may. With fewer, everything is seen at once.
	manyStates = 20_000
	// oldest is how old what is remembered may be.
	oldest = 90 * time.Second
)

// glance remembers the states of a large organisation.
type glance struct {
	mu     sync.Mutex // guards the rest
	states []State    // nil: nothing is remembered
	at     time.Time
}

// Glance is StatesAt of now for pages: in a large organisation it is up to a minute and a half
// old. Do not change what it returns.
func (s *Store) Glance(ctx context.Context, tx *storage.Tx, now time.Time) ([]State, error) {
	g := &s.glance
	g.mu.Lock()
	defer g.mu.Unlock()
	if age := now.Sub(g.at); g.states != nil && age >= 0 && age <= oldest {
		return g.states, nil
	}
	states, err := s.StatesAt(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	g.keep(states, now, s.many)
	return states, nil
}

// Refresh reads anew what is remembered, so that no page has to wait for it. Whoever serves
// pages calls it about every minute.
func (s *Store) Refresh(ctx context.Context, tx *storage.Tx, now time.Time) error {
	s.glance.mu.Lock()
	remembered := s.glance.states != nil
	s.glance.mu.Unlock()
	if !remembered {
		return nil // pages read by themselves
	}
	states, err := s.StatesAt(ctx, tx, now)
	if err != nil {
		return err
	}
	s.glance.mu.Lock()
	defer s.glance.mu.Unlock()
	s.glance.keep(states, now, s.many)
	return nil
}

// keep remembers states if they are many. The caller holds the lock.
func (g *glance) keep(states []State, at time.Time, many int) {
	g.states, g.at = nil, at
	if len(states) >= many {
		g.states = states
	}
}

// forget is called when the states are made anew.
func (g *glance) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.states = nil
}
