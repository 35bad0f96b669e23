package findings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vigia/collector/storage"
)

// spell is a stretch of time during which a machine reported, with no silence
// in between.
type spell struct {
	from, last int64
	silence    int64 // after last, in microseconds
}

// silentFrom is when the machine counts as silent if nothing follows.
func (s spell) silentFrom() int64 { return s.last + s.silence }

// heard notes that a machine reported at a time. It returns the time from which
// the machine's silence in the past looks otherwise than before, forever when
// it looks the same.
func (s *Store) heard(ctx context.Context, tx *storage.Tx, m Machine, at, silence int64) (changed int64, err error) {
	if _, err := tx.Exec(ctx, `INSERT INTO findings_machines (machine, department, ended_at) VALUES ($1, $2, $3)
		ON CONFLICT (machine) DO UPDATE SET department = excluded.department`, m.ID, m.Department, int64(forever)); err != nil {
		return 0, fmt.Errorf("note that %s reported: %w", m.ID, err)
	}
	var was spell
	err = tx.QueryRow(ctx, `SELECT from_at, last_at, silence FROM findings_heard WHERE machine = $1 AND from_at <= $2
		ORDER BY from_at DESC LIMIT 1`, m.ID, at).Scan(&was.from, &was.last, &was.silence)
	first := errors.Is(err, sql.ErrNoRows)
	if err != nil && !first {
		return 0, fmt.Errorf("read when %s reported: %w", m.ID, err)
	}
	switch {
	case !first && at <= was.last:
		return forever, nil
	case !first && at <= was.silentFrom() && silence == was.silence:
		_, err = tx.Exec(ctx, `UPDATE findings_heard SET last_at = $3 WHERE machine = $1 AND from_at = $2`, m.ID, was.from, at)
		changed = forever
		if next, nextErr := s.nextSpell(ctx, tx, m, at); nextErr != nil {
			return 0, nextErr
		} else if next < forever {
			changed = was.silentFrom() // a silence of the past is shorter now
		}
	default:
		_, err = tx.Exec(ctx, `INSERT INTO findings_heard (machine, from_at, last_at, silence) VALUES ($1, $2, $2, $3)`, m.ID, at, silence)
		changed = at
		if !first {
			changed = min(at, was.silentFrom())
		}
	}
	if err != nil {
		return 0, fmt.Errorf("note that %s reported: %w", m.ID, err)
	}
	return changed, nil
}

// nextSpell is when a machine began to report again after a time.
func (s *Store) nextSpell(ctx context.Context, tx *storage.Tx, m Machine, at int64) (int64, error) {
	var next int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MIN(from_at), $3) FROM findings_heard WHERE machine = $1 AND from_at > $2`,
		m.ID, at, int64(forever)).Scan(&next); err != nil {
		return 0, fmt.Errorf("read when %s reported: %w", m.ID, err)
	}
	return next, nil
}

// Join begins to expect reports of a machine that has just enrolled: if none
// comes, it is silent.
func (s *Store) Join(ctx context.Context, tx *storage.Tx, m Machine) error {
	if _, err := s.heard(ctx, tx, m, micros(m.EnrolledAt), defaultSilence.Microseconds()); err != nil {
		return fmt.Errorf("expect reports of %s: %w", m.ID, err)
	}
	return nil
}

// End closes everything about a machine that was revoked or retired: from then
// on it has no state.
func (s *Store) End(ctx context.Context, tx *storage.Tx, m Machine, at time.Time) error {
	a := &application{Store: s, tx: tx, in: Input{Machine: m}, changed: map[string]int64{}}
	if err := a.load(ctx); err != nil {
		return err
	}
	for _, parts := range a.open {
		for _, r := range parts {
			a.end(r, micros(at))
		}
	}
	if err := a.write(ctx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO findings_machines (machine, department, ended_at) VALUES ($1, $2, $3)
		ON CONFLICT (machine) DO UPDATE SET ended_at = excluded.ended_at`, m.ID, m.Department, micros(at)); err != nil {
		return fmt.Errorf("end the states of %s: %w", m.ID, err)
	}
	// A silence that reached up to now belongs to the past from now on, so it
	// counts in the steps.
	spells, err := spellsOf(ctx, tx, m.ID, micros(at))
	if err != nil {
		return err
	}
	gap := micros(at)
	if n := len(spells); n > 0 && spells[n-1].silentFrom() < gap {
		gap = spells[n-1].silentFrom()
		if _, err := tx.Exec(ctx, `INSERT INTO findings_heard (machine, from_at, last_at, silence) VALUES ($1, $2, $2, 0)`, m.ID, micros(at)); err != nil {
			return fmt.Errorf("end the states of %s: %w", m.ID, err)
		}
	}
	return s.updateControls(ctx, tx, m, a.changed, gap, micros(at))
}
