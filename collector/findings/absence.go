package findings

import (
	"context"
	"fmt"
	"time"

	"vigia/checks"
	"vigia/collector/storage"
)

// An Absence is a time in which somebody said that a machine would not report: a holiday,
// a PC that is used in the season of taxes only, a portable that is taken home. Its
// silence then is what was expected, and alarms nobody.
type Absence struct {
	From  time.Time
	Until time.Time // its end, the first moment that does not belong to it
	Why   string    // as it was said
}

// Absences tells, as of a time, of the machines that are said to be away, by their ids. A
// machine may have several.
type Absences func(ctx context.Context, tx *storage.Tx, at time.Time) (map[string][]Absence, error)

// absencesAt asks who is away; nobody if nobody is asked.
func (s *Store) absencesAt(ctx context.Context, tx *storage.Tx, at time.Time) (map[string][]Absence, error) {
	if s.absences == nil {
		return nil, nil
	}
	away, err := s.absences(ctx, tx, at)
	if err != nil {
		return nil, fmt.Errorf("read which machines are away: %w", err)
	}
	return away, nil
}

// awayAt is the absence that explains the silence of a machine at t. A machine that is
// expected again has as long to report as any other may be silent.
func awayAt(absences []Absence, t int64, sp spell) (Absence, bool) {
	for _, a := range absences {
		if t >= micros(a.From) && t < micros(a.Until)+sp.silence && sp.last < micros(a.Until) {
			return a, true
		}
	}
	return Absence{}, false
}

// awayReason says that a machine is away.
func (s *Store) awayReason(a Absence) checks.Reason {
	return checks.Because(CodeAway, "until", a.Until.In(s.location).AddDate(0, 0, -1).Format(time.DateOnly), "why", a.Why)
}
