package decisions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// naive remembers, for each finding, what the comment of its decision's kind promises, and
// knows nothing of keys, tables or orders.
type naive struct {
	taken []naiveDecision
}

type naiveDecision struct {
	choice Choice
	at     time.Time
	cause  string
	named  map[string]bool // member and when it opened
}

func nameOf(m Member) string {
	return fmt.Sprint(m.Machine, "/", m.Entry, "/", m.Part, "@", m.Opened.UnixMicro())
}

// lastDay is the first instant after a day.
func lastDay(t time.Time) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}

// covers tells whether a finding needs no decision at a time.
func (n *naive) covers(cause string, m Member, at time.Time) bool {
	// What was decided on the finding itself last counts.
	for _, d := range slices.Backward(n.taken) {
		if d.cause == cause && d.named[nameOf(m)] {
			return d.holds(at)
		}
	}
	// Else the last decision that promises to take in what comes later.
	for _, d := range slices.Backward(n.taken) {
		if d.cause != cause {
			continue
		}
		reborn := m.Again && m.Opened.After(d.at)
		switch c := d.choice; {
		case c.Kind == Fix && !reborn, c.Kind == Waive && (c.Department == "" || c.Department == departmentOf(m.Machine)),
			c.Kind == Plan && !reborn && !c.Until.IsZero() && m.Opened.Before(lastDay(c.Until)):
			return d.holds(at)
		}
		if d.choice.Again {
			return false
		}
	}
	return false
}

func (d naiveDecision) holds(at time.Time) bool {
	switch c := d.choice; c.Kind {
	case Fix, Plan, Ask:
		return at.Before(lastDay(c.Due))
	case Waive:
		return at.Before(lastDay(c.Until))
	case Incident, Dismiss:
		return true
	default:
		return true
	}
}

// departmentOf is that of the stage's machines.
func departmentOf(machine string) string {
	var n int
	if _, err := fmt.Sscanf(machine, "m%d", &n); err != nil {
		return ""
	}
	return []string{"Obras", "Padrón"}[n%2]
}

// TestNothingIsLost draws weeks of findings that come, go and come back, of decisions of all
// kinds and of time. After each step every finding that is there is in the queue, waits
// exactly when nobody decided on it, and every decision has its leaf; at the end the rows
// are made anew from the leaves and are the same.
func TestNothingIsLost(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		rapid.Check(t, func(rt *rapid.T) {
			s.forget()
			model := &naive{}
			for range rapid.IntRange(1, 20).Draw(rt, "steps") {
				s.now = s.now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 5, 30, 100, 400}).Draw(rt, "hours"))*time.Hour + time.Second)
				if rapid.IntRange(0, 2).Draw(rt, "what") == 0 {
					s.draw(rt, model)
				} else {
					s.happen(rt)
				}
				s.same(rt, model)
			}
			s.rebuilt(rt)
		})
	})
}

// forget begins anew.
func (s *stage) forget() {
	s.t.Helper()
	s.causes, s.now = nil, s.now.AddDate(0, 0, 1)
	err := s.db.Write(s.t.Context(), s.store.Reset)
	if err != nil {
		s.t.Fatal(err)
	}
	s.begun = s.size()
}

// size is how many leaves there are.
func (s *stage) size() int64 {
	s.t.Helper()
	var at evidence.Checkpoint
	err := s.db.Read(s.t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		at, err = s.log.Checkpoint(ctx, tx)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return at.Size
}

// happen makes a finding appear, go, or come back.
func (s *stage) happen(rt *rapid.T) {
	code := rapid.SampledFrom([]string{"a.b", "c.d"}).Draw(rt, "code")
	machine := fmt.Sprint("m", rapid.IntRange(0, 3).Draw(rt, "machine"))
	part := rapid.SampledFrom([]string{"", "p"}).Draw(rt, "part")
	i := slices.IndexFunc(s.causes, func(c Cause) bool { return c.Code == code })
	if i < 0 {
		s.causes = append(s.causes, Cause{Control: "X-1", Code: code, Severity: policy.High, Status: checks.Fail})
		i = len(s.causes) - 1
	}
	members := s.causes[i].Members
	j := slices.IndexFunc(members, func(m Member) bool { return m.Machine == machine && m.Part == part })
	if j >= 0 {
		s.causes[i].Members = slices.Delete(slices.Clone(members), j, j+1)
		return
	}
	opened := s.now.Add(-time.Duration(rapid.SampledFrom([]int{0, 1, 50}).Draw(rt, "late")) * time.Hour)
	s.causes[i].Members = append(slices.Clone(members), Member{Machine: machine, Entry: "X-1", Part: part, Opened: opened, Again: rapid.Bool().Draw(rt, "again")})
}

// draw decides something.
func (s *stage) draw(rt *rapid.T, model *naive) {
	groups := s.queue()
	if len(groups) == 0 {
		return
	}
	g := rapid.SampledFrom(groups).Draw(rt, "group")
	days := func(name string) time.Time { return s.now.AddDate(0, 0, rapid.IntRange(0, 20).Draw(rt, name)) }
	c := Choice{
		Kind: rapid.SampledFrom([]Kind{Fix, Ask, Waive, Dismiss, Plan}).Draw(rt, "kind"), Why: "porque sí", Owner: "Luis", Who: "Luis",
		Due: days("due"), Until: days("until"), Again: rapid.IntRange(0, 3).Draw(rt, "anew") == 0,
	}
	if c.Kind == Waive && rapid.Bool().Draw(rt, "narrow") {
		c.Department = "Obras"
	}
	d := naiveDecision{choice: c, at: s.now.UTC().Truncate(time.Microsecond), cause: g.Key, named: map[string]bool{}}
	for _, m := range g.Members {
		if (c.Again || !model.covers(g.Key, m, s.now)) && (c.Department == "" || departmentOf(m.Machine) == c.Department) {
			d.named[nameOf(m)] = true
		}
	}
	taken, err := s.decide(c, g.Key)
	if (err == nil) != (len(d.named) > 0) {
		rt.Fatalf("decide %+v on %d findings: %v", c, len(d.named), err)
	}
	if err != nil {
		return
	}
	if taken[0].Members != len(d.named) {
		rt.Fatalf("decided on %d findings, want %d", taken[0].Members, len(d.named))
	}
	model.taken = append(model.taken, d)
	err = s.db.Read(s.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		entry, err := s.log.Entry(ctx, tx, taken[0].Leaf)
		if err != nil {
			return err
		}
		var r Record
		if err := json.Unmarshal(entry.Payload, &r); err != nil || entry.Header.Kind != evidence.Decision || r.Cause != g.Key || len(r.Members) != len(d.named) {
			return fmt.Errorf("leaf %d is %s %+v: %w", taken[0].Leaf, entry.Header.Kind, r, err)
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}

// same compares the queue, and what pages are told of it, with the model.
func (s *stage) same(rt *rapid.T, model *naive) {
	want := map[string]bool{}
	for _, c := range s.causes {
		for _, m := range c.Members {
			want[c.Key()+" "+nameOf(m)] = !model.covers(c.Key(), m, s.now)
		}
	}
	s.store.glance.seen = nil // the source is no evidence, so that nothing says that it has changed
	var glanced []Group
	err := s.db.Read(s.t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		glanced, _, err = s.store.Glance(ctx, tx)
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
	for name, groups := range map[string][]Group{"queue": s.queue(), "glance": glanced} {
		got := map[string]bool{}
		for _, g := range groups {
			for i, m := range g.Members {
				got[g.Key+" "+nameOf(m)] = i < g.Undecided
			}
			if (g.Decision == nil) != (g.Undecided > 0) {
				rt.Fatalf("%s: %d undecided and decision %v", g.Key, g.Undecided, g.Decision)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("%s: what waits (-want +got):\n%s", name, diff)
		}
	}
}

// rebuilt makes the rows anew from the leaves.
func (s *stage) rebuilt(rt *rapid.T) {
	before := s.queue()
	err := s.db.Write(s.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		if err := s.store.Reset(ctx, tx); err != nil {
			return err
		}
		return s.log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Decision}, First: s.begun}, func(e evidence.Entry) error {
			return s.store.Replay(ctx, tx, e.Payload, e.Index)
		})
	})
	if err != nil {
		rt.Fatal(err)
	}
	if diff := cmp.Diff(before, s.queue()); diff != "" {
		rt.Fatalf("made anew from the log (-before +after):\n%s", diff)
	}
}
