package findings

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"vigia/checks"
	"vigia/collector/storage"
)

// step is a stretch of time in which a control has one status on one machine.
type step struct {
	from, until int64
	department  string
	status      checks.Status
}

// steps works out the status of one control from a time on: the worst of its
// entries' wholes, unknown while the machine was silent or an observation stale
// (but a fail stays one). A silence or staleness that nothing has ended yet
// counts if it began by the horizon, the time that is known about.
func steps(wholes []row, spells []spell, from, horizon int64, department string) []step {
	turns := []int64{from}
	turn := func(t int64) {
		if t > from && t < forever {
			turns = append(turns, t)
		}
	}
	for _, r := range wholes {
		turn(r.from)
		turn(r.until)
		turn(r.staleFrom())
	}
	for i, sp := range spells {
		turn(sp.from)
		if i+1 < len(spells) || sp.silentFrom() <= horizon {
			turn(sp.silentFrom())
		}
	}
	slices.Sort(turns)
	turns = slices.Compact(turns)
	var out []step
	for i, t := range turns {
		until := int64(forever)
		if i+1 < len(turns) {
			until = turns[i+1]
		}
		status := statusAt(wholes, spells, t, horizon)
		switch {
		case status == "":
		case len(out) > 0 && out[len(out)-1].until == t && out[len(out)-1].status == status:
			out[len(out)-1].until = until
		default:
			out = append(out, step{from: t, until: until, department: department, status: status})
		}
	}
	return out
}

// statusAt is the status at a time, empty when there is none.
func statusAt(wholes []row, spells []spell, t, horizon int64) checks.Status {
	silent := false
	for i, sp := range spells {
		if sp.from <= t {
			last := i+1 == len(spells)
			silent = t >= sp.silentFrom() && (!last || sp.silentFrom() <= horizon)
		}
	}
	var all []checks.Status
	for _, r := range wholes {
		if r.from > t || r.until <= t {
			continue
		}
		stale := t >= r.staleFrom() && (r.until < forever || r.staleFrom() <= horizon)
		if (silent || stale) && r.status != checks.Fail {
			all = append(all, checks.Unknown)
		} else {
			all = append(all, r.status)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return checks.Worst(all...)
}

// updateControls makes the steps of a machine's controls anew: of those in
// changed from the time told there, and of all from the time gap.
func (s *Store) updateControls(ctx context.Context, tx *storage.Tx, m Machine, changed map[string]int64, gap, horizon int64) error {
	from := maps.Clone(changed)
	if gap < forever {
		known, err := controlsOf(ctx, tx, m.ID)
		if err != nil {
			return err
		}
		for _, control := range known {
			if at, ok := from[control]; !ok || gap < at {
				from[control] = gap
			}
		}
	}
	if len(from) == 0 {
		return nil
	}
	earliest := slices.Min(slices.Collect(maps.Values(from)))
	wholes, err := wholesOf(ctx, tx, m.ID, earliest)
	if err != nil {
		return err
	}
	before := earliest
	for control := range from {
		for _, r := range wholes[control] {
			// What turned stale before may not be in the stored steps yet.
			from[control] = min(from[control], max(r.from, r.staleFrom()))
		}
		earliest = min(earliest, from[control])
	}
	if earliest < before {
		if wholes, err = wholesOf(ctx, tx, m.ID, earliest); err != nil {
			return err
		}
	}
	spells, err := spellsOf(ctx, tx, m.ID, earliest)
	if err != nil {
		return err
	}
	deltas := map[dayKey]int64{}
	for _, control := range slices.Sorted(maps.Keys(from)) {
		fresh := steps(wholes[control], spells, from[control], horizon, m.Department)
		if err := s.restep(ctx, tx, m.ID, control, from[control], fresh, deltas); err != nil {
			return fmt.Errorf("update control %s of %s: %w", control, m.ID, err)
		}
	}
	return addDeltas(ctx, tx, deltas)
}

// restep replaces the stored steps of a control from a time on.
func (s *Store) restep(ctx context.Context, tx *storage.Tx, machine, control string, from int64, fresh []step, deltas map[dayKey]int64) error {
	old, err := storedSteps(ctx, tx, machine, control, from)
	if err != nil {
		return err
	}
	if len(old) > 0 && old[0].from < from { // what was before stays
		head := old[0]
		head.until = from
		if len(fresh) > 0 && fresh[0].from == from && fresh[0].status == head.status && fresh[0].department == head.department {
			fresh[0].from = head.from
		} else {
			fresh = append([]step{head}, fresh...)
		}
	}
	if slices.Equal(old, fresh) {
		return nil
	}
	if _, err := tx.Exec(ctx, `DELETE FROM findings_controls WHERE machine = $1 AND control = $2 AND until_at > $3`, machine, control, from); err != nil {
		return err
	}
	for _, st := range old {
		s.count(deltas, control, st, -1)
	}
	for _, st := range fresh {
		s.count(deltas, control, st, +1)
		if _, err := tx.Exec(ctx, `INSERT INTO findings_controls (machine, control, from_at, until_at, department, status)
			VALUES ($1, $2, $3, $4, $5, $6)`, machine, control, st.from, st.until, st.department, string(st.status)); err != nil {
			return err
		}
	}
	return nil
}

// dayKey names one count of one day.
type dayKey struct {
	day                 int64
	control, department string
	status              checks.Status
}

// count adds a step n times to the changes of each day's counts.
func (s *Store) count(deltas map[dayKey]int64, control string, st step, n int64) {
	deltas[dayKey{s.day(st.from), control, st.department, st.status}] += n
	if st.until < forever {
		deltas[dayKey{s.day(st.until), control, st.department, st.status}] -= n
	}
}

// day numbers the days of the organisation's time zone.
func (s *Store) day(us int64) int64 {
	y, m, d := time.UnixMicro(us).In(s.location).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / int64(24*time.Hour/time.Second)
}

func (s *Store) dayStart(day int64) time.Time {
	y, m, d := time.Unix(day*int64(24*time.Hour/time.Second), 0).UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, s.location)
}

func addDeltas(ctx context.Context, tx *storage.Tx, deltas map[dayKey]int64) error {
	for key, n := range deltas {
		if n == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO findings_days (day, control, department, status, delta) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (day, control, department, status) DO UPDATE SET delta = findings_days.delta + excluded.delta`,
			key.day, key.control, key.department, string(key.status), n); err != nil {
			return fmt.Errorf("count the day: %w", err)
		}
	}
	return nil
}

func controlsOf(ctx context.Context, tx *storage.Tx, machine string) ([]string, error) {
	found, err := tx.Query(ctx, `SELECT DISTINCT control FROM findings_controls WHERE machine = $1`, machine)
	if err != nil {
		return nil, fmt.Errorf("list the controls of %s: %w", machine, err)
	}
	defer found.Close()
	var out []string
	for found.Next() {
		var control string
		if err := found.Scan(&control); err != nil {
			return nil, fmt.Errorf("list the controls of %s: %w", machine, err)
		}
		out = append(out, control)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("list the controls of %s: %w", machine, err)
	}
	return out, nil
}

// wholesOf returns the rows of a machine's wholes that reach beyond a time, by
// control.
func wholesOf(ctx context.Context, tx *storage.Tx, machine string, from int64) (map[string][]row, error) {
	out := map[string][]row{}
	err := rows(ctx, tx, func(r row) { out[r.control] = append(out[r.control], r) },
		selectRows+`WHERE machine = $1 AND until_at > $2 AND part = '' AND control <> '`+ControlAgent+`'`, machine, from)
	return out, err
}

// spellsOf returns a machine's spells from the one that holds a time on, in
// order.
func spellsOf(ctx context.Context, tx *storage.Tx, machine string, from int64) ([]spell, error) {
	found, err := tx.Query(ctx, `SELECT from_at, last_at, silence FROM findings_heard WHERE machine = $1 AND from_at >=
		COALESCE((SELECT MAX(from_at) FROM findings_heard WHERE machine = $1 AND from_at <= $2), 0) ORDER BY from_at`, machine, from)
	if err != nil {
		return nil, fmt.Errorf("read when %s reported: %w", machine, err)
	}
	defer found.Close()
	var out []spell
	for found.Next() {
		var sp spell
		if err := found.Scan(&sp.from, &sp.last, &sp.silence); err != nil {
			return nil, fmt.Errorf("read when %s reported: %w", machine, err)
		}
		out = append(out, sp)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read when %s reported: %w", machine, err)
	}
	return out, nil
}

// storedSteps returns the stored steps of a control that reach beyond a time,
// in order.
func storedSteps(ctx context.Context, tx *storage.Tx, machine, control string, from int64) ([]step, error) {
	found, err := tx.Query(ctx, `SELECT from_at, until_at, department, status FROM findings_controls
		WHERE machine = $1 AND control = $2 AND until_at > $3 ORDER BY from_at`, machine, control, from)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var out []step
	for found.Next() {
		var st step
		var status string
		if err := found.Scan(&st.from, &st.until, &st.department, &status); err != nil {
			return nil, err
		}
		st.status = checks.Status(status)
		out = append(out, st)
	}
	return out, found.Err()
}
