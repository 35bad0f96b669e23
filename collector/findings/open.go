package findings

import (
	"context"
	"slices"

	"time"

	"vigia/checks"
	"vigia/collector/storage"
)

// ProblemsAt tells what was observed to be wrong at a time: FindingsAt without what is
// resolved and without what was seen in order since, be it once only. It reads no more
// than that, and is what to ask with thousands of machines.
func (s *Store) ProblemsAt(ctx context.Context, tx *storage.Tx, at time.Time) ([]Finding, error) {
	t := micros(at)
	spells, err := spellsAt(ctx, tx, t, "")
	if err != nil {
		return nil, err
	}
	away, err := s.absencesAt(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	var out []Finding
	err = rows(ctx, tx, func(r row) {
		f, ok := findingOf(r, t, nil)
		if !ok || !r.problem() || r.gone {
			return
		}
		sp, known := spells[f.Machine]
		f.Silent = known && t >= sp.silentFrom() && !ownEntry(f.Entry)
		out = append(out, f)
	}, selectRows+`WHERE from_at <= $1 AND until_at > $1 AND times > 0
		AND status <> '`+string(checks.Pass)+`' AND status <> '`+string(checks.NotApplicable)+`'`, t)
	if err != nil {
		return nil, err
	}
	out = withoutWholes(out)
	for id, sp := range spells {
		if _, expected := awayAt(away[id], t, sp); t >= sp.silentFrom() && !expected {
			out = append(out, s.silenceOf(id, sp))
		}
	}
	slices.SortFunc(out, func(a, b Finding) int { return compareStates(a.State, b.State) })
	return out, nil
}
