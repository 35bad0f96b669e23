package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/enroll"
	"vigia/collector/findings"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// tally counts machines or duties by status.
type tally map[checks.Status]int

// Asked is how many there are that the thing applies to.
func (t tally) Asked() int {
	return t[checks.Pass] + t[checks.Warn] + t[checks.Fail] + t[checks.Unknown]
}

// Met is how many meet the legal bar.
func (t tally) Met() int { return t[checks.Pass] + t[checks.Warn] }

// Percent is the share that meets the legal bar, rounded down so that 100 means
// all; -1 when there is nothing to share.
func (t tally) Percent() int {
	if t.Asked() == 0 {
		return -1
	}
	return t.Met() * 100 / t.Asked()
}

// Of is the count of one status.
func (t tally) Of(status checks.Status) int { return t[status] }

// Worst is the worst status that occurs, Unknown when none does.
func (t tally) Worst() checks.Status {
	for _, status := range checks.Statuses() {
		if t[status] > 0 {
			return status
		}
	}
	return checks.Unknown
}

// town is the organisation at an instant, as the pages show it.
type town struct {
	At       time.Time
	Period   reviews.Period
	Machines []machineRow // that were not retired, by need of attention, then name
	Departed []machineRow
	Agentless,
	Excluded []enroll.KnownMachine
	Listed   bool         // a list of known machines was imported
	Controls []controlRow // that are measured, by need of attention, then in the order of the law book
	// Unmeasured are the core duties that nothing measures.
	Unmeasured []controlRow
	// Whole counts the controls of all machines.
	Whole tally
}

// machineRow is a machine and how it stands.
type machineRow struct {
	enroll.Machine
	Condition reviews.MachineState
	Away      bool      // it is silent, and was expected to be
	Measured  time.Time // of its last measurement; zero for never
	Controls  map[string]checks.Status
	Counts    tally
}

// System names the operating system as the machine does.
func (m machineRow) System() string {
	return cmp.Or(strings.TrimSpace(m.OSName+" "+m.OSVersion), m.OS)
}

// controlRow is a duty over all machines.
type controlRow struct {
	policy.Control
	Packs  []policy.Pack
	Counts tally
}

// Silent, Never and so on count the machines of a condition.
func (t town) Condition(state reviews.MachineState) int {
	n := 0
	for _, m := range t.Machines {
		if m.Condition == state {
			n++
		}
	}
	return n
}

// Reporting counts the machines that report.
func (t town) Reporting() int { return t.Condition(reviews.Measured) + t.Condition(reviews.Partly) }

// rows are what a town is made from, read in one snapshot.
type rows struct {
	machines []enroll.Machine
	known    []enroll.KnownMachine
	states   []findings.State // shared by all who look; in the order of machines
	packs    []Pack
}

func (s *site) readRows(ctx context.Context, tx *storage.Tx, at time.Time) (r rows, err error) {
	if r.machines, err = s.Enroll.Machines(ctx, tx); err != nil {
		return r, err
	}
	if r.known, err = s.Enroll.Known(ctx, tx); err != nil {
		return r, err
	}
	if r.packs, err = s.Packs(ctx, tx); err != nil {
		return r, err
	}
	r.states, err = s.Findings.Glance(ctx, tx, at)
	return r, err
}

// read runs fn in one snapshot and names what was read when it goes wrong.
func (s *site) read(ctx context.Context, what string, fn func(ctx context.Context, tx *storage.Tx) error) error {
	if err := s.DB.Read(ctx, fn); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

// makeTown is pure: the same rows give the same town.
func makeTown(r rows, laws policy.LawBook, at time.Time, zone *time.Location) town {
	packs := packsOf(r.packs)
	t := town{At: at, Period: reviews.PeriodOf(at, zone), Listed: len(r.known) > 0, Whole: tally{}}
	byMachine := map[string][]findings.State{}
	for begin, end := 0, 0; begin < len(r.states); begin = end {
		id := r.states[begin].Machine
		for end < len(r.states) && r.states[end].Machine == id {
			end++
		}
		byMachine[id] = r.states[begin:end]
	}
	counts := map[string]tally{}
	for _, m := range r.machines {
		row := makeMachine(m, byMachine[m.ID], at)
		if row.Condition == reviews.Departed {
			t.Departed = append(t.Departed, row)
			continue
		}
		t.Machines = append(t.Machines, row)
		for control, status := range row.Controls {
			if counts[control] == nil {
				counts[control] = tally{}
			}
			counts[control][status]++
			t.Whole[status]++
		}
	}
	slices.SortStableFunc(t.Machines, func(a, b machineRow) int {
		return cmp.Or(cmp.Compare(urgency(a), urgency(b)), strings.Compare(strings.ToLower(a.Hostname), strings.ToLower(b.Hostname)))
	})
	t.Agentless = enroll.WithoutAgent(r.known, r.machines, at)
	for _, k := range r.known {
		if k.Excluded {
			t.Excluded = append(t.Excluded, k)
		}
	}
	for _, law := range laws.Controls {
		row := controlRow{Control: law, Packs: packs[law.ID], Counts: counts[law.ID]}
		switch {
		case len(row.Counts) > 0:
			t.Controls = append(t.Controls, row)
		case law.Core || len(row.Packs) > 0:
			t.Unmeasured = append(t.Unmeasured, row)
		}
	}
	slices.SortStableFunc(t.Controls, func(a, b controlRow) int {
		return cmp.Or(rank(a.Counts.Worst())-rank(b.Counts.Worst()), b.Counts[checks.Fail]-a.Counts[checks.Fail])
	})
	return t
}

// makeMachine sums up the states of one machine: a control is as bad as the
// worst of its entries.
func makeMachine(m enroll.Machine, states []findings.State, at time.Time) machineRow {
	row := machineRow{Machine: m, Controls: map[string]checks.Status{}, Counts: tally{}}
	silent := false
	for _, s := range states {
		if s.Last.After(row.Measured) {
			row.Measured = s.Last
		}
		silent = silent || s.Silent
		row.Away = row.Away || s.Silent && s.Reason.Code == findings.CodeAway
		if s.Key != "" || s.Control == findings.ControlAgent {
			continue
		}
		if before, ok := row.Controls[s.Control]; ok {
			row.Controls[s.Control] = checks.Worst(before, s.Status)
		} else {
			row.Controls[s.Control] = s.Status
		}
	}
	for _, status := range row.Controls {
		row.Counts[status]++
	}
	switch {
	case !m.ActiveAt(at):
		row.Condition = reviews.Departed
	case row.Measured.IsZero():
		row.Condition = reviews.Never
	case silent:
		row.Condition = reviews.Silent
	case row.Counts[checks.Unknown] > 0:
		row.Condition = reviews.Partly
	default:
		row.Condition = reviews.Measured
	}
	return row
}

// rank orders statuses, the worst first.
func rank(status checks.Status) int { return slices.Index(checks.Statuses(), status) }

// urgency orders machines by what is to be done: first those that nobody hears
// of, for nothing about them is known. It counts no faults: this is no contest.
func urgency(m machineRow) int {
	if m.Condition == reviews.Silent && !m.Away {
		return 0
	}
	if m.Condition == reviews.Never {
		return 1
	}
	return 2 + rank(m.Counts.Worst())
}

// packsOf lists the packs that measure each control.
func packsOf(packs []Pack) map[string][]policy.Pack {
	out := map[string][]policy.Pack{}
	for _, p := range packs {
		for _, rule := range p.Rules {
			if !slices.ContainsFunc(out[rule.Control], func(q policy.Pack) bool { return q.Name == p.Name }) {
				out[rule.Control] = append(out[rule.Control], p.Pack)
			}
		}
	}
	return out
}
