package enroll

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits of enrolments and renewals from one source address. A whole town hall
// may enrol behind one address in one morning, so asking is cheap; a token that
// is not known costs much more, and 128 bits leave nothing to guess anyway.
const (
	callsPerSecond = 2
	callBurst      = 40
	unknownCost    = 10
	maxSources     = 4096
)

// sources limits calls by source address, with bounded memory.
type sources struct {
	now func() time.Time

	mu   sync.Mutex // guards seen
	seen map[netip.Prefix]*rate.Limiter
}

func newSources(now func() time.Time) *sources {
	return &sources{now: now, seen: make(map[netip.Prefix]*rate.Limiter)}
}

// allow tells whether an address may make a call now.
func (s *sources) allow(addr net.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	return s.limiter(addr, now).AllowN(now, 1)
}

// penalise takes the price of a wrong secret from an address, on credit.
func (s *sources) penalise(addr net.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.limiter(addr, now).ReserveN(now, unknownCost)
}

// limiter is that of an address. s.mu is held.
func (s *sources) limiter(addr net.Addr, now time.Time) *rate.Limiter {
	from := sourceOf(addr)
	limiter := s.seen[from]
	if limiter == nil {
		s.makeRoom(now)
		limiter = rate.NewLimiter(callsPerSecond, callBurst)
		s.seen[from] = limiter
	}
	return limiter
}

// sampled is how many sources makeRoom looks at: enough that one which is at its
// limit is as good as never the one with the most left.
const sampled = 64

// makeRoom forgets, of some sources taken at random, the one that has the most
// of its allowance left, so that an attacker with many addresses evicts his own.
func (s *sources) makeRoom(now time.Time) {
	if len(s.seen) < maxSources {
		return
	}
	var idlest netip.Prefix
	most, looked := -float64(callBurst*unknownCost), 0
	for from, limiter := range s.seen { // in random order
		if left := limiter.TokensAt(now); left > most {
			idlest, most = from, left
		}
		if looked++; looked == sampled {
			break
		}
	}
	delete(s.seen, idlest)
}

// sourceOf is the address of a peer, of IPv6 its /64: one host has all of that.
func sourceOf(addr net.Addr) netip.Prefix {
	ip := addressOf(addr)
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// addressOf is the address of a peer as networks are written: an IPv4 peer of a
// listener for both is no IPv6 one, and no address has a zone. It is not valid
// where the peer has none.
func addressOf(addr net.Addr) netip.Addr {
	if addr == nil {
		return netip.Addr{}
	}
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}
