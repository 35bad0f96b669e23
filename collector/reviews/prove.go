package reviews

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sort"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
	"vigia/collector/findings"
)

// prove turns the whole states into rows with their evidence.
func (f *freezing) prove() error {
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

// prover finds the evidence of one machine's states.
type prover struct {
	*freezing
	inOrder  []evidence.Position
	reports  map[uint64]int64 // leaf by sequence number
	policies []evidence.Position
	decoded  map[int64]*apiv1.Report  // by leaf; nil when it could not be read
	policy   map[int64][]policy.Entry // by leaf
}

func (f *freezing) prover(machine string) (*prover, error) {
	if p, ok := f.provers[machine]; ok {
		return p, nil
	}
	p := &prover{freezing: f, reports: map[uint64]int64{}, decoded: map[int64]*apiv1.Report{}, policy: map[int64][]policy.Entry{}}
	var err error
	if p.inOrder, err = f.Log.Positions(f.ctx, f.tx, evidence.Report, machine); err != nil {
		return nil, err
	}
	for _, r := range p.inOrder {
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
	f.provers[machine] = p
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
		result := resultOf(report, entry)
		if result == nil {
			return -1
		}
		same := result.GetSameAs()
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

// rewind makes a state what it was at Snapshot.At when it was observed again
// after that: a stretch of time in one state goes on, and the view keeps its
// last observation only. A closed quarter must not change with what comes later.
func (p *prover) rewind(s *findings.State) error {
	if s.Leaf < 0 || s.Last.Before(p.out.At) {
		return nil
	}
	at := p.out.At.UnixMicro()
	var failed error
	after := sort.Search(len(p.inOrder), func(i int) bool {
		r, err := p.report(p.inOrder[i].Index)
		failed = errors.Join(failed, err)
		return r.GetCreatedAt() > at
	})
	for i := after - 1; i >= max(0, after-maxRewind) && failed == nil; i-- {
		leaf := p.inOrder[i].Index
		r, err := p.report(leaf)
		if err != nil {
			return err
		}
		if res := resultOf(r, s.Entry); res != nil && res.GetObservedAt() <= at {
			s.Leaf, s.Sequence, s.Last = leaf, r.GetSequence(), time.UnixMicro(res.GetObservedAt()).UTC()
			return p.reword(s, r, res)
		}
	}
	return failed
}

// maxRewind bounds the reports that are looked through for an entry: a full one
// comes every day.
const maxRewind = 500

// reword takes the arguments of a state's reason from the observation that
// rewind went back to: an age in days is less by then.
func (p *prover) reword(s *findings.State, r *apiv1.Report, res *apiv1.Result) error {
	if p.Checks == nil {
		return nil
	}
	facts, err := p.report(p.facts(s.Leaf, s.Entry))
	if err != nil {
		return err
	}
	check, known := p.Checks.Lookup(s.Check)
	entry, err := p.entry(p.policyOf(r, s.Leaf), s.Entry)
	if err != nil || entry == nil || !known || entry.Check != s.Check {
		return err
	}
	v, err := check.Judge(resultOf(facts, s.Entry).GetObserved(), entry.Params, time.UnixMicro(res.GetObservedAt()).UTC())
	if err != nil {
		return nil //nolint:nilerr // it was judged unknown, in words without arguments
	}
	reason, status := v.Reason, v.Status
	for _, f := range v.Findings {
		if s.Key != "" && f.Key == s.Key {
			reason, status = f.Reason, f.Status
		}
	}
	if status == s.Status && reason.Code == s.Reason.Code {
		s.Reason = reason
	}
	return nil
}

// entry finds an entry in the policy of a leaf; nil when it is not there.
func (p *prover) entry(leaf int64, id string) (*policy.Entry, error) {
	if leaf < 0 {
		return nil, nil
	}
	pol, ok := p.policy[leaf]
	if !ok {
		e, err := p.Log.Entry(p.ctx, p.tx, leaf)
		if err != nil && !errors.Is(err, evidence.ErrNoEntry) && tolerate(err) != nil {
			return nil, err
		}
		var signed apiv1.SignedPolicy
		if err == nil && proto.Unmarshal(e.Payload, &signed) == nil {
			var decoded policy.Policy
			if json.Unmarshal(signed.GetPolicy(), &decoded) == nil {
				pol = decoded.Entries
			}
		}
		p.policy[leaf] = pol
	}
	if i := slices.IndexFunc(pol, func(e policy.Entry) bool { return e.ID == id }); i >= 0 {
		return &pol[i], nil
	}
	return nil, nil
}

func resultOf(r *apiv1.Report, entry string) *apiv1.Result {
	for _, x := range r.GetResults() {
		if x.GetEntry() == entry {
			return x
		}
	}
	return nil
}
