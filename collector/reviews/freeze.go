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

	"google.golang.org/protobuf/proto"

	"vigia/checks"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
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
	for _, step := range []func() error{f.readMachines, f.readStates, f.readFindings, f.prove, f.controls, f.trend, f.notes} {
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
}

// readMachines reads the machines that were or might have been measured.
func (f *freezing) readMachines() error {
	machines, err := f.Enroll.Machines(f.ctx, f.tx)
	if err != nil {
		return err
	}
	f.machines = map[string]enroll.Machine{}
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
	unknown, silent, last := map[string]bool{}, map[string]bool{}, map[string]time.Time{}
	for _, s := range f.states {
		if s.Last.After(last[s.Machine]) {
			last[s.Machine] = s.Last
		}
		silent[s.Machine] = silent[s.Machine] || s.Silent
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
			row.State = Silent
		case unknown[m.ID]:
			row.State = Partly
		default:
			row.State = Measured
		}
		f.out.Coverage.Machines = append(f.out.Coverage.Machines, row)
	}
	for _, k := range enroll.WithoutAgent(known, all, f.out.At) {
		row := Machine{Hostname: k.Hostname, Department: k.Department, State: Agentless, Why: k.Note}
		if k.Excluded {
			row.State = Excluded
		}
		f.out.Coverage.Machines = append(f.out.Coverage.Machines, row)
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
		f.out.Findings = append(f.out.Findings, x)
	}
	return nil
}

// prove turns the whole states into rows with their evidence.
func (f *freezing) prove() error {
	f.leaves = map[int64]bool{0: true} // the genesis entry
	byMachine := map[string][]findings.State{}
	for _, s := range f.states {
		if s.Key == "" && s.Control != findings.ControlAgent && f.machines[s.Machine].ActiveAt(f.out.At) {
			byMachine[s.Machine] = append(byMachine[s.Machine], s)
		}
	}
	for _, machine := range slices.Sorted(maps.Keys(byMachine)) {
		p, err := f.prover(machine)
		if err != nil {
			return err
		}
		for _, s := range byMachine[machine] {
			row := State{State: s, Hostname: f.machines[machine].Hostname, Facts: -1, PolicyLeaf: -1}
			if err := p.prove(&row); err != nil {
				return err
			}
			f.out.States = append(f.out.States, row)
		}
	}
	restores, err := f.positions(evidence.Restore)
	if err != nil {
		return err
	}
	for _, index := range restores {
		f.leaves[index] = true
	}
	f.out.Leaves = slices.Sorted(maps.Keys(f.leaves))
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
	var bad *evidence.BadEntryError
	if errors.As(err, &bad) {
		return nil
	}
	return err
}

// prover finds the evidence of one machine's states.
type prover struct {
	*freezing
	reports  map[uint64]int64 // leaf by sequence number
	policies []evidence.Position
	decoded  map[int64]*apiv1.Report // by leaf; nil when it could not be read
}

func (f *freezing) prover(machine string) (*prover, error) {
	p := &prover{freezing: f, reports: map[uint64]int64{}, decoded: map[int64]*apiv1.Report{}}
	reports, err := f.Log.Positions(f.ctx, f.tx, evidence.Report, machine)
	if err != nil {
		return nil, err
	}
	for _, r := range reports {
		p.reports[r.Sequence] = r.Index
	}
	if p.policies, err = f.Log.Positions(f.ctx, f.tx, evidence.Policy, machine); err != nil {
		return nil, err
	}
	enrolments, err := f.Log.Positions(f.ctx, f.tx, evidence.Enrolment, machine)
	if err != nil {
		return nil, err
	}
	for _, e := range enrolments {
		f.leaves[e.Index] = true
	}
	return p, nil
}

// prove names the leaves of a state: its last report, the report with the facts
// and the policy it was judged by.
func (p *prover) prove(row *State) error {
	report, err := p.report(row.Leaf)
	if err != nil || report == nil {
		return err
	}
	p.leaves[row.Leaf] = true
	row.Facts = p.facts(row.Leaf, row.Entry)
	if row.Facts >= 0 {
		p.leaves[row.Facts] = true
	}
	if row.PolicyLeaf = p.policyOf(report, row.Leaf); row.PolicyLeaf >= 0 {
		p.leaves[row.PolicyLeaf] = true
	}
	return nil
}

// facts follows "as in report N" to the leaf that holds the facts, -1 when it
// leads nowhere.
func (p *prover) facts(leaf int64, entry string) int64 {
	for range maxHops {
		report, err := p.report(leaf)
		if err != nil || report == nil {
			return -1
		}
		i := slices.IndexFunc(report.GetResults(), func(r *apiv1.Result) bool { return r.GetEntry() == entry })
		if i < 0 {
			return -1
		}
		same := report.GetResults()[i].GetSameAs()
		if same == 0 {
			return leaf
		}
		next, ok := p.reports[same]
		if !ok || next >= leaf {
			return -1
		}
		leaf = next
	}
	return -1
}

// maxHops bounds a chain of references; a full report is sent every day.
const maxHops = 10_000

// report decodes the report of a leaf; nil when the leaf holds none.
func (p *prover) report(leaf int64) (*apiv1.Report, error) {
	if r, ok := p.decoded[leaf]; ok || leaf < 0 {
		return r, nil
	}
	e, err := p.Log.Entry(p.ctx, p.tx, leaf)
	if errors.Is(err, evidence.ErrNoEntry) || err != nil && tolerate(err) == nil {
		// Altered evidence still goes into the package, to show as such.
		p.leaves[leaf], p.decoded[leaf] = err == nil || tolerate(err) == nil && !errors.Is(err, evidence.ErrNoEntry), nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p.decoded[leaf] = decodeReport(e.Payload)
	return p.decoded[leaf], nil
}

// decodeReport reads the report in a leaf's payload, nil when there is none.
func decodeReport(payload []byte) *apiv1.Report {
	var signed apiv1.SignedReport
	var report apiv1.Report
	if proto.Unmarshal(payload, &signed) != nil || proto.Unmarshal(signed.GetReport(), &report) != nil || len(signed.GetReport()) == 0 {
		return nil
	}
	return &report
}

// policyOf finds the leaf of the policy that a report names, or else the last
// one that its machine had been given before: as the states were judged.
func (p *prover) policyOf(report *apiv1.Report, leaf int64) int64 {
	last := int64(-1)
	for _, pos := range p.policies {
		if pos.Epoch == report.GetPolicyEpoch() && pos.Sequence == report.GetPolicyVersion() {
			return pos.Index
		}
		if pos.Index < leaf {
			last = pos.Index
		}
	}
	return last
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
		if e.Header.Kind == evidence.Policy && e.Header.Subject != "source" {
			return nil // a machine's share of what was imported
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
