package access

import (
	"sync"
	"time"
)

// Bars of one source address: sourceBurst attempts at once, then one every
// sourceEvery. Sources are forgotten when they rest, and at most maxSources
// are remembered: beyond that all strangers share one allowance.
const (
	sourceBurst = 10
	sourceEvery = 30 * time.Second
	maxSources  = 10_000
)

// throttle limits log-on attempts by source address. It is in memory only: a
// restart forgives.
type throttle struct {
	mu    sync.Mutex
	spent map[string]allowance
}

type allowance struct {
	used float64
	at   time.Time
}

func newThrottle() *throttle { return &throttle{spent: map[string]allowance{}} }

// allow takes one attempt from the source's allowance, if there is one left.
func (t *throttle) allow(source string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.spent[source]; !known && len(t.spent) >= maxSources {
		t.clean(now)
		if len(t.spent) >= maxSources {
			source = "" // every stranger beyond the limit
		}
	}
	a := t.spent[source]
	a = a.later(now)
	if a.used+1 > sourceBurst {
		t.spent[source] = a
		return false
	}
	a.used++
	t.spent[source] = a
	return true
}

// forget clears a source that proved itself.
func (t *throttle) forget(source string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.spent, source)
}

func (t *throttle) clean(now time.Time) {
	for source, a := range t.spent {
		if a.later(now).used == 0 {
			delete(t.spent, source)
		}
	}
}

// later is the allowance as it stands at a later time. A clock that went back
// gives nothing.
func (a allowance) later(now time.Time) allowance {
	if passed := now.Sub(a.at); passed > 0 {
		a.used = max(0, a.used-float64(passed)/float64(sourceEvery))
	}
	a.at = now
	return a
}
