package reviews

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/storage"
)

// Sources are what a review is read from.
type Sources struct {
	Organisation string
	Log          *evidence.Log
	Enroll       *enroll.Store
	Findings     *findings.Store
	Laws         policy.LawBook
	Packs        []policy.Pack
	// Checks judge what was observed before Snapshot.At where the last
	// observation of a state came after it; nil leaves the later words.
	Checks findings.Checks
}

// Freeze reads the numbers of a quarter as of now, or as of its end when it is
// over, in the caller's transaction.
func (s Sources) Freeze(ctx context.Context, tx *storage.Tx, period Period, now time.Time) (Snapshot, error) {
	if now.Before(period.Begin()) {
		return Snapshot{}, fmt.Errorf("the quarter %s begins on %s: %w", period, period.Begin().Format(time.DateOnly), ErrFuture)
	}
	f := &freezing{Sources: s, ctx: ctx, tx: tx, out: Snapshot{Organisation: s.Organisation, Period: period, At: now.UTC()}}
	if !now.Before(period.End()) {
		f.out.At, f.out.Final = period.End().Add(-time.Microsecond).UTC(), true
	}
	for _, step := range []func() error{f.readMachines, f.readStates, f.prove, f.readFindings, f.controls, f.trend, f.notes} {
		if err := step(); err != nil {
			return Snapshot{}, fmt.Errorf("freeze %s: %w", period, err)
		}
	}
	return f.out, nil
}

// ErrFuture means that the quarter has not begun.
var ErrFuture = errors.New("it has not begun")

// freezing is one Freeze under way.
type freezing struct {
	Sources
	ctx context.Context //nolint:containedctx // lives for one call of Freeze
	tx  *storage.Tx
	out Snapshot

	machines map[string]enroll.Machine
	states   []findings.State
	leaves   map[int64]bool
	provers  map[string]*prover // by machine
}

// readMachines reads the machines that were or might have been measured.
func (f *freezing) readMachines() error {
	machines, err := f.Enroll.Machines(f.ctx, f.tx)
	if err != nil {
		return err
	}
	f.machines, f.provers = map[string]enroll.Machine{}, map[string]*prover{}
	f.leaves = map[int64]bool{0: true} // the genesis entry
	for _, m := range machines {
		if !m.EnrolledAt.After(f.out.At) {
			f.machines[m.ID] = m
		}
	}
	return nil
}

// readStates reads the states and fills the coverage from them.
func (f *freezing) readStates() error {
	var err error
	if f.states, err = f.Findings.StatesAt(f.ctx, f.tx, f.out.At); err != nil {
		return err
	}
	unknown, silent, last, away := map[string]bool{}, map[string]bool{}, map[string]time.Time{}, map[string]string{}
	for i := range f.states {
		s := &f.states[i]
		if s.Control == findings.ControlAgent {
			continue // says what the machine is worth, and not what was measured
		}
		if s.Key == "" {
			p, err := f.prover(s.Machine)
			if err != nil {
				return err
			}
			if err := p.rewind(s); err != nil {
				return err
			}
		}
		if s.Key == "" && s.Last.After(last[s.Machine]) {
			last[s.Machine] = s.Last
		}
		silent[s.Machine] = silent[s.Machine] || s.Silent
		if s.Reason.Code == findings.CodeAway {
			away[s.Machine] = s.Reason.Args["why"]
		}
		unknown[s.Machine] = unknown[s.Machine] || s.Key == "" && s.Status == checks.Unknown
	}
	known, err := f.Enroll.Known(f.ctx, f.tx)
	if err != nil {
		return err
	}
	f.out.Coverage.Listed = len(known) > 0
	var all []enroll.Machine
	for _, m := range f.machines {
		all = append(all, m)
		row := Machine{ID: m.ID, Hostname: m.Hostname, Department: m.Department, OS: strings.TrimSpace(m.OSName + " " + m.OSVersion),
			LastSeen: last[m.ID], Enrolled: m.EnrolledAt}
		switch {
		case !m.ActiveAt(f.out.At):
			if m.StatusSince.Before(f.out.Period.Begin()) {
				continue // gone before the quarter
			}
			row.State, row.Why = Departed, m.StatusWhy
		case last[m.ID].IsZero():
			row.State = Never
		case silent[m.ID]:
			row.State, row.Why = Silent, away[m.ID]
		case unknown[m.ID]:
			row.State = Partly
		default:
			row.State = Measured
		}
		f.out.Coverage.Machines = append(f.out.Coverage.Machines, row)
	}
	for _, k := range enroll.WithoutAgent(known, all, f.out.At) {
		f.out.Coverage.Machines = append(f.out.Coverage.Machines,
			Machine{Hostname: k.Hostname, Department: k.Department, State: Agentless, Why: k.Note})
	}
	for _, k := range known {
		if k.Excluded {
			f.out.Coverage.Machines = append(f.out.Coverage.Machines,
				Machine{Hostname: k.Hostname, Department: k.Department, State: Excluded, Why: k.Note})
		}
	}
	slices.SortFunc(f.out.Coverage.Machines, func(a, b Machine) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Hostname), strings.ToLower(b.Hostname)), strings.Compare(a.ID, b.ID))
	})
	return nil
}

func (f *freezing) readFindings() error {
	all, err := f.Findings.FindingsAt(f.ctx, f.tx, f.out.At)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Phase == findings.Resolved && x.ResolvedAt.Before(f.out.Period.Begin()) {
			continue
		}
		switch {
		case x.Entry == findings.EntrySilence:
			x.Leaf = -1 // no entry shows what did not come
		case x.Control != findings.ControlAgent && x.Phase != findings.Resolved:
			p, err := f.prover(x.Machine)
			if err != nil {
				return err
			}
			if err := p.rewind(&x.State); err != nil {
				return err
			}
		}
		f.out.Findings = append(f.out.Findings, x)
	}
	return nil
}

// positions lists the entries of a kind, whatever their subject.
func (f *freezing) positions(kind evidence.Kind) ([]int64, error) {
	var out []int64
	err := f.Log.Entries(f.ctx, f.tx, evidence.Filter{Kinds: []evidence.Kind{kind}}, func(e evidence.Entry) error {
		out = append(out, e.Index)
		return nil
	})
	return out, tolerate(err)
}

// tolerate lets a review go on over altered evidence: the package is made with
// what is there, and its verification names the entry.
func tolerate(err error) error {
	if _, altered := errors.AsType[*evidence.BadEntryError](err); altered {
		return nil
	}
	return err
}

// controls counts the states by control and adds the core duties that nothing
// measures.
func (f *freezing) controls() error {
	packs := map[string][]string{}
	for _, pack := range f.Packs {
		for _, rule := range pack.Rules {
			if !slices.Contains(packs[rule.Control], pack.Name) {
				packs[rule.Control] = append(packs[rule.Control], pack.Name)
			}
		}
	}
	counts := map[string]map[checks.Status]int{}
	worst := map[[2]string]checks.Status{} // one status a machine and control, over its entries
	for _, s := range f.out.States {
		key := [2]string{s.Control, s.Machine}
		if old, ok := worst[key]; ok {
			worst[key] = checks.Worst(old, s.Status)
		} else {
			worst[key] = s.Status
		}
	}
	for key, status := range worst {
		if counts[key[0]] == nil {
			counts[key[0]] = map[checks.Status]int{}
		}
		counts[key[0]][status]++
	}
	before, err := f.before()
	if err != nil {
		return err
	}
	for _, law := range f.Laws.Controls {
		c := Control{Control: law, Packs: packs[law.ID], Counts: counts[law.ID], Before: before[law.ID], Measured: len(counts[law.ID]) > 0}
		if c.Measured || law.Core || len(c.Packs) > 0 {
			f.out.Controls = append(f.out.Controls, c)
		}
		delete(counts, law.ID)
	}
	// A machine may have signed that it measured what no law of ours names. It is
	// shown under its bare name, for totals leave no state out.
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		f.out.Controls = append(f.out.Controls, Control{Control: policy.Control{ID: id}, Counts: counts[id], Before: before[id], Measured: true})
	}
	return nil
}

// before counts the controls at the end of the quarter before.
func (f *freezing) before() (map[string]map[checks.Status]int, error) {
	at := f.out.Period.Begin().Add(-time.Microsecond)
	counts, err := f.Findings.Trend(f.ctx, f.tx, at, at)
	if err != nil {
		return nil, err
	}
	out := map[string]map[checks.Status]int{}
	for _, c := range counts {
		if out[c.Control] == nil {
			out[c.Control] = map[checks.Status]int{}
		}
		out[c.Control][c.Status] += c.Machines
	}
	return out, nil
}

// trend has one point a week from the beginning of the quarter, and one now.
func (f *freezing) trend() error {
	counts, err := f.Findings.Trend(f.ctx, f.tx, f.out.Period.Begin(), f.out.At)
	if err != nil {
		return err
	}
	days := map[time.Time]map[checks.Status]int{}
	for _, c := range counts {
		if c.Control == findings.ControlAgent {
			continue
		}
		if days[c.Day] == nil {
			days[c.Day] = map[checks.Status]int{}
		}
		days[c.Day][c.Status] += c.Machines
	}
	sorted := slices.SortedFunc(maps.Keys(days), time.Time.Compare)
	for i, day := range sorted {
		if i == len(sorted)-1 || i%7 == 0 {
			f.out.Trend = append(f.out.Trend, Point{At: day.UTC(), Counts: days[day]})
		}
	}
	return nil
}

// notes lists what changed the rules or the fleet within the quarter, from the
// log itself.
func (f *freezing) notes() error {
	filter := evidence.Filter{From: f.out.Period.Begin(), To: f.out.At.Add(time.Microsecond),
		Kinds: []evidence.Kind{evidence.Revocation, evidence.Retirement, evidence.Alarm, evidence.Gap, evidence.Restore,
			evidence.Register, evidence.Prune, evidence.KeyChange, evidence.Policy}}
	err := f.Log.Entries(f.ctx, f.tx, filter, func(e evidence.Entry) error {
		if e.Header.Kind == evidence.Policy && e.Header.Subject != "source" && e.Header.Subject != "packs" {
			return nil // a machine's share of what was imported
		}
		if strings.HasPrefix(e.Header.Subject, "register/") {
			return nil // a row of a book: what changed there stands with the book
		}
		n := Note{At: e.Header.Received, Kind: e.Header.Kind, Subject: e.Header.Subject, Leaf: e.Index}
		if m, ok := f.machines[n.Subject]; ok {
			n.Subject = m.Hostname
		}
		var words struct {
			By   string `json:"by"`
			Why  string `json:"why"`
			File string `json:"file"`
		}
		if json.Unmarshal(e.Payload, &words) == nil {
			n.By, n.Why = words.By, cmp.Or(words.Why, words.File)
		}
		f.out.Notes = append(f.out.Notes, n)
		return nil
	})
	return tolerate(err)
}
