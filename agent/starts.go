package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// A program that dies again and again soon after it starts has met something that it
// cannot bear: a policy, a document, a device. What it does without is then what is most
// likely to be that, and it still tells how the machine is.
const (
	crashes     = 3                // starts without an orderly end,
	crashesIn   = time.Hour        // within this,
	steadyAfter = 10 * time.Minute // none of which lasted so long
	// safeFor is how long safe mode lasts: then the program ends, whoever looks after it
	// starts it again, and it tries everything once more.
	safeFor = 12 * time.Hour
)

// errTryAgain ends a safe mode that has lasted long enough.
var errTryAgain = errors.New("safe mode has ended, everything is tried again at the next start")

// starts is the memory of how the program ended before.
type starts struct {
	store interface {
		Load() ([]byte, error)
		Save([]byte) error
	}
	now    func() time.Time
	logger *slog.Logger
}

// startsKept is what is kept of them, as JSON.
type startsKept struct {
	// Since are the starts that no orderly end followed, the oldest first.
	Since []time.Time `json:"since"`
}

// begin notes a start and tells whether it must be a safe one: too many before it ended
// badly. A memory that is damaged is none.
func (s *starts) begin() (safe bool, err error) {
	var kept startsKept
	b, err := s.store.Load()
	if err != nil {
		return false, fmt.Errorf("read how the agent ended before: %w", err)
	}
	if err := json.Unmarshal(b, &kept); b != nil && err != nil {
		s.logger.Warn("memory of starts is damaged", "error", err)
	}
	now := s.now()
	var recent []time.Time
	for _, at := range kept.Since {
		if ago := now.Sub(at); ago >= 0 && ago < crashesIn {
			recent = append(recent, at)
		}
	}
	safe = len(recent) >= crashes
	kept.Since = append(recent, now)
	kept.Since = kept.Since[max(0, len(kept.Since)-crashes-1):]
	return safe, s.save(kept)
}

// end forgets all starts: this one ends as it should, or has lasted.
func (s *starts) end() error { return s.save(startsKept{}) }

func (s *starts) save(kept startsKept) error {
	b, err := json.Marshal(kept)
	if err == nil {
		err = s.store.Save(b)
	}
	if err != nil {
		return fmt.Errorf("keep how the agent ended: %w", err)
	}
	return nil
}
