package report

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/checks"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
)

// bundle is a decoded entry that holds a report.
type bundle struct {
	signed *apiv1.SignedReport
	report *apiv1.Report
}

// enrolment is what an enrolment's entry must tell.
type enrolment struct {
	Agent     string `json:"agent"`
	Hostname  string `json:"hostname"`
	ReportKey []byte `json:"report_key"`

	At time.Time `json:"at"`
}

// reports checks that each report was signed by the machine that it says, with
// the key of its enrolment.
func (v *verification) reports() (int, error) {
	if v.entries == nil {
		return 0, afterFailure
	}
	keys := map[string]ed25519.PublicKey{}
	v.enrolled = map[string]time.Time{}
	for _, index := range slices.Sorted(maps.Keys(v.entries)) {
		e := v.entries[index]
		if e.Header.Kind != evidence.Enrolment || e.Payload == nil {
			continue
		}
		var x enrolment
		if err := json.Unmarshal(e.Payload, &x); err != nil || x.Agent != e.Header.Subject {
			return 0, problem(nil, "entry.enrolment", "index", fmt.Sprint(index))
		}
		if _, twice := keys[x.Agent]; twice {
			return 0, problem(nil, "entry.again", "index", fmt.Sprint(index))
		}
		keys[x.Agent], v.enrolled[x.Agent] = x.ReportKey, x.At
	}
	v.bundles = map[int64]*bundle{}
	for _, index := range slices.Sorted(maps.Keys(v.entries)) {
		e := v.entries[index]
		if e.Header.Kind != evidence.Report || e.Payload == nil {
			continue
		}
		b, err := openReport(e, keys[e.Header.Subject])
		if err != nil {
			v.bundles = nil
			return 0, problem(err, "entry", "index", fmt.Sprint(index))
		}
		v.bundles[index] = b
	}
	return len(v.bundles), nil
}

func openReport(e evidence.Entry, key ed25519.PublicKey) (*bundle, error) {
	b := &bundle{signed: &apiv1.SignedReport{}, report: &apiv1.Report{}}
	if err := proto.Unmarshal(e.Payload, b.signed); err != nil {
		return nil, problem(nil, "report.none")
	}
	if key == nil {
		return nil, problem(nil, "report.enrolment")
	}
	if !apiv1.Verify(key, apiv1.DomainReport, b.signed.GetReport(), b.signed.GetSignature()) {
		return nil, problem(nil, "report.signature")
	}
	if err := proto.Unmarshal(b.signed.GetReport(), b.report); err != nil {
		return nil, problem(nil, "report.none")
	}
	if b.report.GetAgentId() != e.Header.Subject || b.report.GetSequence() != e.Header.Sequence {
		return nil, problem(nil, "report.other")
	}
	return b, nil
}

// states judges every state again.
func (v *verification) states() (int, error) {
	if v.doc == nil || v.bundles == nil {
		return 0, afterFailure
	}
	policies := map[int64]*policy.Policy{}
	for i, s := range v.doc.States {
		if err := v.state(s, policies); err != nil {
			return i, problem(err, "state", "entry", s.Entry, "machine", s.Hostname)
		}
	}
	return len(v.doc.States), nil
}

// state judges one state from the facts of its entry, with the parameters of
// its policy, and compares.
func (v *verification) state(s State, policies map[int64]*policy.Policy) error {
	if s.Leaf < 0 && s.Status == checks.Unknown {
		return nil // says that nothing is known
	}
	last, ok := v.bundles[s.Leaf]
	if !ok || last.report.GetAgentId() != s.Machine {
		return problem(nil, "state.report")
	}
	p, err := v.policyAt(s.Policy, s.Machine, policies)
	if err != nil {
		return err
	}
	want, err := v.judgement(s, last, p)
	if err != nil {
		return err
	}
	if want.Status == s.Status && (want.Reason.Code == s.Reason.Code || s.Silent) {
		return nil
	}
	if s.Status == checks.Unknown && want.Status != checks.Fail && v.notBelieved(s, p) {
		return nil
	}
	return problem(nil, "state.judged", "says", string(s.Status), "code", s.Reason.Code, "gives", string(want.Status), "because", want.Reason.Code)
}

// notBelieved tells that a state is unknown because of what came after its
// last observation: silence, or an observation that grew stale. Turning what
// was good into unknown hides nothing, so the code is enough here.
func (v *verification) notBelieved(s State, p *policy.Policy) bool {
	switch s.Reason.Code {
	case "machine.silent", "machine.away", "result.stale":
	default:
		return false
	}
	return p != nil && !s.Last.Add(time.Duration(p.Schedule.Silence)/4).After(v.doc.At)
}

func (v *verification) policyAt(index int64, machine string, known map[int64]*policy.Policy) (*policy.Policy, error) {
	if p, ok := known[index]; ok && index >= 0 {
		return p, nil
	}
	e, ok := v.entries[index]
	if !ok || e.Payload == nil || e.Header.Kind != evidence.Policy || e.Header.Subject != machine {
		return nil, problem(nil, "state.policy")
	}
	p, err := policyOf(e.Payload)
	if err != nil {
		return nil, err
	}
	known[index] = p
	return p, nil
}

// judgement finds the facts of a state and judges them.
func (v *verification) judgement(s State, last *bundle, p *policy.Policy) (checks.Verdict, error) {
	i := slices.IndexFunc(p.Entries, func(e policy.Entry) bool { return e.ID == s.Entry })
	result := resultOf(last.report, s.Entry)
	if i < 0 || result == nil {
		return checks.Verdict{Status: checks.Unknown, Reason: s.Reason}, nil // nothing measured it: only unknown may stand
	}
	entry := p.Entries[i]
	if entry.Control != s.Control || entry.Check != s.Check {
		return checks.Verdict{}, problem(nil, "state.asked")
	}
	check, ok := v.Catalog.Lookup(entry.Check)
	if !ok {
		return checks.Verdict{Status: checks.Unknown, Reason: s.Reason}, nil
	}
	facts := result
	if b, ok := v.bundles[s.Facts]; ok && b.report.GetAgentId() == s.Machine {
		if facts = resultOf(b.report, s.Entry); facts == nil {
			return checks.Verdict{}, problem(nil, "state.facts")
		}
	}
	if len(bytes.TrimSpace(facts.GetObserved())) == 0 {
		return checks.Verdict{Status: checks.Unknown, Reason: s.Reason}, nil
	}
	verdict, err := check.Judge(facts.GetObserved(), entry.Params, v.observedAt(s, result))
	if err != nil {
		return checks.Verdict{Status: checks.Unknown, Reason: s.Reason}, nil //nolint:nilerr // facts that cannot be judged are unknown
	}
	return verdict, nil
}

// observedAt is when a result counts as observed: when the machine says, unless
// that is after its report came or a day before it enrolled.
func (v *verification) observedAt(s State, r *apiv1.Result) time.Time {
	claimed, received := time.UnixMicro(r.GetObservedAt()).UTC(), v.entries[s.Leaf].Header.Received
	if r.GetObservedAt() <= 0 || claimed.After(received) || claimed.Before(v.enrolled[s.Machine].Add(-24*time.Hour)) {
		return received
	}
	return claimed
}

func resultOf(r *apiv1.Report, entry string) *apiv1.Result {
	for _, x := range r.GetResults() {
		if x.GetEntry() == entry {
			return x
		}
	}
	return nil
}

// tables renders everything again from the states and compares.
func (v *verification) tables() (int, error) {
	if v.doc == nil || v.man == nil {
		return 0, afterFailure
	}
	if err := v.counts(); err != nil {
		return 0, err
	}
	tables, err := v.doc.tables(v.man.Lang)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		if !bytes.Equal(tables[name], v.files[name]) {
			return n, problem(nil, "file.says", "file", name, "other", fileDocument)
		}
		n++
	}
	if v.doc.Program != v.Program {
		return n, nil // another version draws the PDF another way
	}
	pdf, err := v.doc.pdf(v.out.Key, v.man.Lang)
	if err != nil {
		return n, err
	}
	if name := pdfName(v.doc.Period); !bytes.Equal(pdf, v.files[name]) {
		return n, problem(nil, "file.says", "file", name, "other", fileDocument)
	}
	return n + 1, nil
}

// counts recomputes the totals of controls and coverage.
func (v *verification) counts() error {
	worst := map[[2]string]checks.Status{}
	for _, s := range v.doc.States {
		key := [2]string{s.Control, s.Machine}
		if old, ok := worst[key]; ok {
			worst[key] = checks.Worst(old, s.Status)
		} else {
			worst[key] = s.Status
		}
	}
	counts := map[string]map[checks.Status]int{}
	for key, status := range worst {
		if counts[key[0]] == nil {
			counts[key[0]] = map[checks.Status]int{}
		}
		counts[key[0]][status]++
	}
	for _, c := range v.doc.Controls {
		if !maps.Equal(counts[c.ID], c.Counts) {
			return problem(nil, "totals.control", "control", c.ID)
		}
		delete(counts, c.ID)
	}
	if len(counts) > 0 {
		return problem(nil, "totals.missing")
	}
	coverage := v.doc.Coverage
	coverage.count()
	if coverage.Measured != v.doc.Coverage.Measured || coverage.Partly != v.doc.Coverage.Partly || coverage.Silent != v.doc.Coverage.Silent ||
		coverage.Never != v.doc.Coverage.Never || coverage.Excluded != v.doc.Coverage.Excluded ||
		coverage.Agentless != v.doc.Coverage.Agentless || coverage.Departed != v.doc.Coverage.Departed {
		return problem(nil, "totals.coverage")
	}
	return nil
}

// policyOf reads the policy in an entry. Its checks are looked up when they
// judge, so that one which this version does not know spoils no other.
func policyOf(payload []byte) (*policy.Policy, error) {
	var signed apiv1.SignedPolicy
	var p policy.Policy
	if err := proto.Unmarshal(payload, &signed); err != nil || json.Unmarshal(signed.GetPolicy(), &p) != nil {
		return nil, problem(nil, "state.unreadable")
	}
	return &p, nil
}
