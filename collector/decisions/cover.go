package decisions

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"vigia/collector/storage"
)

// named is a finding as a decision names it.
type named struct {
	decision int64
	opened   int64 // microseconds
}

// covers are all decisions and what each names.
type covers struct {
	last    int64                 // the newest decision that was read
	byCause map[string][]Decision // the newest last
	byID    map[int64]Decision
	// names lists, by cause and member, the decisions that name it, the newest last.
	names map[string]map[id][]named
}

func newCovers() covers {
	return covers{byCause: map[string][]Decision{}, byID: map[int64]Decision{}, names: map[string]map[id][]named{}}
}

// load reads the decisions that are newer than the last one read.
func (c *covers) load(ctx context.Context, tx *storage.Tx) error {
	from := c.last
	if err := c.loadTaken(ctx, tx); err != nil || c.last == from {
		return err
	}
	return c.loadMembers(ctx, tx, from)
}

// loadTaken is load without what the decisions name.
func (c *covers) loadTaken(ctx context.Context, tx *storage.Tx) error {
	from := c.last
	found, err := tx.Query(ctx, `SELECT id, leaf, record FROM decisions_taken WHERE id > $1 ORDER BY id`, from)
	if err != nil {
		return fmt.Errorf("read decisions: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var number, leaf int64
		var text string
		var r Record
		if err := found.Scan(&number, &leaf, &text); err != nil {
			return fmt.Errorf("read decisions: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return fmt.Errorf("read decision %d: %w", number, err)
		}
		d := r.decision(leaf)
		c.byCause[d.Key] = append(c.byCause[d.Key], d)
		c.byID[d.ID], c.last = d, d.ID
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("read decisions: %w", err)
	}
	return nil
}

func (c *covers) loadMembers(ctx context.Context, tx *storage.Tx, from int64) error {
	found, err := tx.Query(ctx, `SELECT decision, machine, entry, part, opened FROM decisions_members WHERE decision > $1 ORDER BY decision`, from)
	if err != nil {
		return fmt.Errorf("read what was decided on: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var n named
		var m id
		if err := found.Scan(&n.decision, &m.machine, &m.entry, &m.part, &n.opened); err != nil {
			return fmt.Errorf("read what was decided on: %w", err)
		}
		key := c.byID[n.decision].Key
		if c.names[key] == nil {
			c.names[key] = map[id][]named{}
		}
		c.names[key][m] = append(c.names[key][m], n)
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("read what was decided on: %w", err)
	}
	return nil
}

// of finds the decision that covers a member of a cause at a time, and since when the
// member waits when none does.
func (c *covers) of(key string, m Member, at time.Time, zone *time.Location) (d Decision, covered bool, waits time.Time) {
	opened := m.Opened.UnixMicro()
	waits = m.Opened
	names := c.names[key][m.id()]
	for _, name := range slices.Backward(names) {
		d := c.byID[name.decision]
		if name.opened != opened || d.At.After(at) {
			continue
		}
		// The newest decision that names it is the one that counts.
		if end := d.ends(zone); !end.IsZero() && !at.Before(end) {
			return Decision{}, false, end
		}
		return d, true, time.Time{}
	}
	for _, d := range slices.Backward(c.byCause[key]) {
		if d.At.After(at) {
			continue
		}
		if !d.later(m, zone) {
			if d.Again {
				break
			}
			continue
		}
		if end := d.ends(zone); !end.IsZero() && !at.Before(end) {
			if end.After(waits) {
				waits = end
			}
			return Decision{}, false, waits
		}
		return d, true, time.Time{}
	}
	return Decision{}, false, waits
}

// ends is when a decision stops to cover anything; zero: never.
func (d Decision) ends(zone *time.Location) time.Time {
	switch d.Kind {
	case Fix, Ask, Plan:
		return endOf(d.Due, zone)
	case Waive:
		return endOf(d.Until, zone)
	case Incident, Dismiss:
		return time.Time{}
	default:
		return time.Time{}
	}
}

// later tells whether a decision covers a member of its cause that it does not name.
func (d Decision) later(m Member, zone *time.Location) bool {
	back := m.Again && m.Opened.After(d.At) // it was put right since, and came back
	switch d.Kind {
	case Fix:
		return !back
	case Waive:
		return d.Department == "" || d.Department == m.Department
	case Plan:
		end := endOf(d.Until, zone)
		return !back && !end.IsZero() && m.Opened.Before(end)
	case Ask, Incident, Dismiss:
		return false
	default:
		return false
	}
}

// endOf is the end of a day, given as a midnight of UTC, in a zone; zero for none.
func endOf(day time.Time, zone *time.Location) time.Time {
	if day.IsZero() {
		return time.Time{}
	}
	return time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone)
}

// concern notes which decisions are about a member's department.
func (c *covers) concern(g *Group, m Member, zone *time.Location) {
	about := func(d Decision) {
		if g.Concerns == nil {
			g.Concerns = map[int64]map[string]bool{}
		}
		if g.Concerns[d.ID] == nil {
			g.Concerns[d.ID] = map[string]bool{}
		}
		g.Concerns[d.ID][m.Department] = true
	}
	for _, name := range c.names[g.Key][m.id()] {
		about(c.byID[name.decision])
	}
	for _, d := range c.byCause[g.Key] {
		if d.later(m, zone) {
			about(d)
		}
	}
}

// group joins a cause with what was decided on it.
func (s *Store) group(cause Cause, from *look, c covers, at time.Time) Group {
	key := cause.Key()
	g := Group{
		Key: key, Control: cause.Control, Code: cause.Code, Severity: cause.Severity, Status: cause.Status,
		Reason: cause.Members[0].Reason, Title: cause.Title, Do: cause.Do,
		Members: make([]Member, 0, len(cause.Members)),
	}
	var decided []Member
	var newest Decision
	var places []int // of the machines
	departments := map[string]bool{}
	for _, m := range cause.Members {
		if place, ok := from.places[m.Machine]; ok {
			m.Department = from.machines[place].Department
			places = append(places, place)
		}
		departments[m.Department] = true
		c.concern(&g, m, s.opts.Zone)
		g.Varied = g.Varied || !maps.Equal(m.Reason.Args, g.Reason.Args)
		if g.Since.IsZero() || m.Opened.Before(g.Since) {
			g.Since = m.Opened
		}
		d, covered, waits := c.of(key, m, at, s.opts.Zone)
		if covered {
			decided = append(decided, m)
			if d.ID > newest.ID {
				newest = d
			}
			continue
		}
		g.Members = append(g.Members, m)
		if g.Waits.IsZero() || waits.Before(g.Waits) {
			g.Waits = waits
		}
	}
	g.Undecided = len(g.Members)
	g.Members = append(g.Members, decided...)
	if g.Undecided == 0 {
		g.Decision = &newest
	}
	delete(departments, "")
	g.Departments = slices.Sorted(maps.Keys(departments))
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		g.Machines = append(g.Machines, from.machines[place])
	}
	for _, d := range slices.Backward(c.byCause[key]) {
		if !d.At.After(at) {
			g.Past = append(g.Past, d)
		}
	}
	g.Overdue = g.Asks() && severityRank(g.Severity) <= 1 && s.waited(g.Waits, at) > DecideWithin
	return g
}

// waited is for how long something waits, by the hours that count.
func (s *Store) waited(from, at time.Time) time.Duration {
	if s.opts.Hours == nil {
		return at.Sub(from)
	}
	return s.opts.Hours.HoursBetween(from, at)
}
