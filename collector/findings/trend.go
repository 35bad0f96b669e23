package findings

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/collector/storage"
)

// Count is how many machines had a control in a status at the end of a day.
type Count struct {
	Day        time.Time // its beginning, in the organisation's time zone
	Control    string
	Department string
	Status     checks.Status
	Machines   int
}

// Trend counts machines by control, department and status at the end of each
// day from that of from to that of to, which is the present or the end of a day
// before. Counts of zero are left out, and so is ControlAgent. It reads running
// sums that are kept with each report, so it is quick over years.
func (s *Store) Trend(ctx context.Context, tx *storage.Tx, from, to time.Time) ([]Count, error) {
	first, last := s.day(micros(from)), s.day(micros(to))
	if last < first {
		return nil, fmt.Errorf("trend: %s is after %s", from.Format(time.DateOnly), to.Format(time.DateOnly))
	}
	deltas := map[dayKey]int64{}
	found, err := tx.Query(ctx, `SELECT day, control, department, status, delta FROM (
		SELECT CAST($1 AS BIGINT) - 1 AS day, control, department, status, CAST(SUM(delta) AS BIGINT) AS delta FROM findings_days WHERE day < $1 GROUP BY control, department, status
		UNION ALL SELECT day, control, department, status, delta FROM findings_days WHERE day >= $1 AND day <= $2) d`, first, last)
	if err != nil {
		return nil, fmt.Errorf("read the trend: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var key dayKey
		var n int64
		var status string
		if err := found.Scan(&key.day, &key.control, &key.department, &status, &n); err != nil {
			return nil, fmt.Errorf("read the trend: %w", err)
		}
		key.status = checks.Status(status)
		deltas[key] += n
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the trend: %w", err)
	}
	if err := found.Close(); err != nil {
		return nil, fmt.Errorf("read the trend: %w", err)
	}
	if err := s.openSilence(ctx, tx, micros(to), deltas); err != nil {
		return nil, err
	}
	return s.runningSums(deltas, first, last), nil
}

// openSilence corrects the counts by what fell silent or stale up to a time and
// has not come back: the stored steps know only what is over.
func (s *Store) openSilence(ctx context.Context, tx *storage.Tx, to int64, deltas map[dayKey]int64) error {
	machines, err := quiet(ctx, tx, to)
	if err != nil {
		return err
	}
	for _, id := range machines {
		if err := s.openSilenceOf(ctx, tx, id, to, deltas); err != nil {
			return fmt.Errorf("count the silence of %s: %w", id, err)
		}
	}
	return nil
}

func (s *Store) openSilenceOf(ctx context.Context, tx *storage.Tx, machine string, to int64, deltas map[dayKey]int64) error {
	controls, err := controlsOf(ctx, tx, machine)
	if err != nil {
		return err
	}
	open, earliest := map[string]step{}, int64(forever)
	for _, control := range controls {
		stored, err := storedSteps(ctx, tx, machine, control, forever-1)
		if err != nil {
			return err
		}
		for _, st := range stored { // one, or none
			open[control], earliest = st, min(earliest, st.from)
		}
	}
	spells, err := spellsOf(ctx, tx, machine, earliest)
	if err != nil {
		return err
	}
	wholes, err := wholesOf(ctx, tx, machine, earliest)
	if err != nil {
		return err
	}
	for control, st := range open {
		s.count(deltas, control, st, -1)
		for _, seen := range steps(wholes[control], spells, st.from, to, st.department) {
			s.count(deltas, control, seen, +1)
		}
	}
	return nil
}

// quiet lists the machines that are silent at a time, or have a stale whole.
func quiet(ctx context.Context, tx *storage.Tx, t int64) ([]string, error) {
	found, err := tx.Query(ctx, `SELECT h.machine FROM findings_heard h JOIN findings_machines m ON m.machine = h.machine AND m.ended_at = $2
		GROUP BY h.machine HAVING MAX(h.last_at + h.silence) <= $1
		UNION SELECT machine FROM findings_states WHERE until_at = $2 AND part = '' AND gone = 0 AND last_at + fresh < $1`, t, int64(forever))
	if err != nil {
		return nil, fmt.Errorf("list silent machines: %w", err)
	}
	defer found.Close()
	var out []string
	for found.Next() {
		var id string
		if err := found.Scan(&id); err != nil {
			return nil, fmt.Errorf("list silent machines: %w", err)
		}
		out = append(out, id)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("list silent machines: %w", err)
	}
	return out, nil
}

// runningSums turns changes into the counts at the end of each day.
func (s *Store) runningSums(deltas map[dayKey]int64, first, last int64) []Count {
	changes := map[dayKey][]dayKey{} // by series, whose key has day 0
	for key := range deltas {
		series := key
		series.day = 0
		changes[series] = append(changes[series], key)
	}
	var out []Count
	for series, keys := range changes {
		slices.SortFunc(keys, func(a, b dayKey) int { return cmp.Compare(a.day, b.day) })
		var sum int64
		for day, i := first, 0; day <= last; day++ {
			for ; i < len(keys) && keys[i].day <= day; i++ {
				sum += deltas[keys[i]]
			}
			if sum != 0 {
				out = append(out, Count{
					Day: s.dayStart(day), Control: series.control, Department: series.department, Status: series.status, Machines: int(sum),
				})
			}
		}
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(a.Day.Compare(b.Day), strings.Compare(a.Control, b.Control), strings.Compare(a.Department, b.Department),
			severityOf(a.Status)-severityOf(b.Status))
	})
	return out
}
