package decisions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/registers"
	"vigia/collector/registers/plan"
	"vigia/collector/storage"
)

// Line is one line of a baseline: causes that are put right together, by one person and
// by one day.
type Line struct {
	Keys []string
	// Control, or of lines of what weighs little the Family, is what it is about.
	Control  string
	Family   string
	Severity policy.Severity
	// Machines and Findings count what the line covers.
	Machines, Findings int

	// Action, Owner and Due make the line of the work plan.
	Action string
	Owner  string
	Due    time.Time
}

// planDays is in how many days a line is proposed to be done, by what weighs most in it.
func planDays(s policy.Severity) int {
	switch s {
	case policy.Critical:
		return 30
	case policy.High:
		return 60
	case policy.Medium:
		return 120
	case policy.Low:
		return 180
	default:
		return 180
	}
}

// Propose makes the lines of a baseline from what waits in the queue: a line for each
// control that is critical or high, and for what weighs less a line for each family of
// duties. So the first day of three hundred old machines is a plan that one can read.
func Propose(groups []Group, laws policy.LawBook, at time.Time) []Line {
	families := map[string]string{}
	for _, c := range laws.Controls {
		families[c.ID] = c.Family
	}
	type about struct{ control, family string }
	places := map[about]int{}
	var out []Line
	machines := map[about]map[string]bool{}
	for _, g := range groups { // the worst first
		if !g.Asks() {
			continue
		}
		a := about{control: g.Control}
		if family, known := families[g.Control]; known && severityRank(g.Severity) > 1 {
			a = about{family: family}
			if i, ok := places[about{control: g.Control}]; ok { // with what weighs more of the same duty
				a = about{control: out[i].Control}
			}
		}
		i, ok := places[a]
		if !ok {
			i = len(out)
			places[a], machines[a] = i, map[string]bool{}
			out = append(out, Line{Control: a.control, Family: a.family, Severity: g.Severity, Due: at.AddDate(0, 0, planDays(g.Severity))})
		}
		out[i].Keys = append(out[i].Keys, g.Key)
		out[i].Findings += g.Undecided
		for _, m := range g.Members[:g.Undecided] {
			if m.Machine != "" {
				machines[a][m.Machine] = true
			}
		}
		out[i].Machines = len(machines[a])
	}
	slices.SortStableFunc(out, func(a, b Line) int { return severityRank(a.Severity) - severityRank(b.Severity) })
	return out
}

// Baseline takes what was found when measuring began into the work plan: a line of the plan
// for each line, and a decision of kind Plan for each of its causes. What is found
// afterwards waits for decisions of its own, but for machines that show the same cause by
// the end of until, which is when installation ends; zero is at once.
func (s *Store) Baseline(ctx context.Context, tx *storage.Tx, lines []Line, until time.Time, act registers.Act) ([]Decision, error) {
	if err := tx.Lock(ctx, "decisions"); err != nil {
		return nil, err
	}
	now := s.opts.Now().UTC().Truncate(time.Microsecond)
	all, err := s.Queue(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]Group, len(all))
	for _, g := range all {
		byKey[g.Key] = g
	}
	var out []Decision
	for _, line := range lines {
		c := Choice{Kind: Plan, Owner: line.Owner, Due: line.Due, Until: until, Action: line.Action, Act: act}
		if err := s.check(&c, now); err != nil {
			return nil, err
		}
		var groups []Group
		for _, key := range line.Keys {
			g, ok := byKey[key]
			if !ok {
				return nil, fmt.Errorf("%s: %w", key, ErrNoGroup)
			}
			if g.Undecided > 0 { // somebody may have decided meanwhile
				groups = append(groups, g)
				g.Undecided = 0 // so that no line takes it twice
				byKey[key] = g
			}
		}
		if len(groups) == 0 {
			continue
		}
		ref, err := s.planned(ctx, tx, groups, plan.Baseline, c)
		if err != nil {
			return nil, err
		}
		for _, g := range groups {
			d, err := s.decide(ctx, tx, g, c, ref, now)
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
	}
	return out, nil
}

// Taken are all decisions that there are, the oldest first.
func (s *Store) Taken(ctx context.Context, tx *storage.Tx) ([]Decision, error) {
	return s.Between(ctx, tx, time.Time{}, time.Time{})
}

// Between are the decisions that were taken from one time to before another, the oldest
// first; a zero time is no bound.
func (s *Store) Between(ctx context.Context, tx *storage.Tx, from, to time.Time) ([]Decision, error) {
	c := newCovers()
	if err := c.loadTaken(ctx, tx); err != nil {
		return nil, err
	}
	var out []Decision
	for _, d := range c.byID {
		if !d.At.Before(from) && (to.IsZero() || d.At.Before(to)) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Decision) int { return int(a.ID - b.ID) })
	return out, nil
}

// Load is what the decisions of a period cost people.
type Load struct {
	// Acts counts what was confirmed at once: ten causes ticked and decided together, or a
	// whole baseline, are one. Lines counts the causes.
	Acts, Lines int
	// Undecided and Overdue are the lines that waited at its end.
	Undecided, Overdue int
}

// LoadOf counts the lines of a period: decided within it, and waiting at its end or, if that
// is yet to come, now. The bar is thirty of both together in a quarter.
func (s *Store) LoadOf(ctx context.Context, tx *storage.Tx, from, to time.Time) (Load, error) {
	taken, err := s.Between(ctx, tx, from, to)
	if err != nil {
		return Load{}, err
	}
	out := Load{Lines: len(taken)}
	acts := map[string]bool{}
	for _, d := range taken {
		acts[d.At.Format(time.RFC3339Nano)+" "+d.By] = true
	}
	out.Acts = len(acts)
	end := to.Add(-time.Microsecond)
	if now := s.opts.Now(); end.After(now) {
		end = now
	}
	groups, err := s.Queue(ctx, tx, end)
	if err != nil {
		return Load{}, err
	}
	out.Undecided = Waiting(groups, "")
	for _, g := range groups {
		if g.Overdue {
			out.Overdue++
		}
	}
	return out, nil
}

// Covered tells of each line of the work plan how many of the findings that it was made
// for are still there, and how many there were, by its folio as people cite it.
func Covered(groups []Group, taken []Decision) map[string]Progress {
	out := map[string]Progress{}
	left := map[string]int{}
	for _, g := range groups {
		left[g.Key] = len(g.Members)
	}
	for _, d := range taken {
		if !strings.HasPrefix(d.Ref, plan.Book().Prefix+"-") {
			continue
		}
		p := out[d.Ref]
		p.Found += d.Members
		p.Left += min(left[d.Key], d.Members)
		p.Keys = append(p.Keys, d.Key)
		out[d.Ref] = p
	}
	return out
}

// Progress is how far what was measured has come.
type Progress struct {
	Found, Left int
	Keys        []string
}
