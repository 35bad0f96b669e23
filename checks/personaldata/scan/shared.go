package scan

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vigia/checks/host"
)

// Shared is a PersonalData for checks that ask for the same search one after the
// other: they get the answer of one. It is safe for concurrent use; one search runs at
// a time.
type Shared struct {
	PersonalData
	// For is how long an answer is good for the next that asks.
	For time.Duration

	mu      sync.Mutex
	answers map[string]answer
}

type answer struct {
	summary host.ScanSummary
	at      time.Time
}

var _ host.PersonalData = (*Shared)(nil)

// Scan implements host.PersonalData.
func (s *Shared) Scan(ctx context.Context, req host.ScanRequest) (host.ScanSummary, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := fmt.Sprintf("%q %d %d %v", req.Roots, req.MaxFiles, req.MaxBytes, req.Credentials)
	if a, ok := s.answers[key]; ok && time.Since(a.at) < s.For {
		return a.summary, nil
	}
	sum, err := s.PersonalData.Scan(ctx, req)
	if err == nil && sum.Stopped == "" {
		if s.answers == nil {
			s.answers = make(map[string]answer)
		}
		for k, a := range s.answers { // roots are few, and change with a policy
			if time.Since(a.at) >= s.For {
				delete(s.answers, k)
			}
		}
		s.answers[key] = answer{sum, time.Now()}
	}
	return sum, err
}
