package schedule

import (
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	apiv1 "vigia/collector/api/v1"
)

// Terms say when a report is due.
type Terms struct {
	Report   time.Duration // at least one report in this time
	Snapshot time.Duration // at least one full one
}

// Defaults of Terms.
const (
	DefaultReport   = time.Hour
	DefaultSnapshot = 24 * time.Hour
)

// MaxResultBytes bounds one result; a larger one becomes unknown. A draft
// leaves room in the report for the rest.
const (
	MaxResultBytes = 1 << 20
	maxDraftBytes  = apiv1.MaxReportBytes - 512<<10
)

// Due says what is to be reported now.
type Due int

// What may be due, from less to more.
const (
	Nothing Due = iota
	Partial     // what was measured since the last report
	Full        // every entry of the policy
)

// Severities of a draft, as the spool orders them: what changed for the worse
// is kept longest.
const (
	severityBeat = iota
	severityCalm // nothing bad, or a full report
	severityWarn
	severityUnknown
	severityFail
)

// Severities that others know.
const (
	// SeverityBeat is that of a report in which every state is as it was told before.
	SeverityBeat uint8 = severityBeat
	// SeverityEvent is that of a report which tells an event.
	SeverityEvent uint8 = severityUnknown
)

// Ledger knows the newest result of each entry and what was last reported of
// it. Its memory of what was reported changes only by Commit, after the report
// is durable, and is rebuilt from durable reports by Recall. It is safe for
// concurrent use.
type Ledger struct {
	wall func() time.Time

	mu       sync.Mutex
	terms    Terms
	order    []string // entries of the policy
	known    map[string]*known
	reported moment // the last report; zero: never
	snapshot moment // the last full one
	anyEver  bool
	fullEver bool
	// delivered tells whether the collector has a report; nil: it has none.
	delivered func(sequence uint64) bool
}

type known struct {
	newest *apiv1.Result // nil until measured by this process
	fresh  bool          // measured since the last report
	// before is what the last result of an earlier process observed, if it is small.
	before []byte
	sent   sent
}

// sent is what was last reported of an entry.
type sent struct {
	sequence uint64 // the report that holds it whole; 0: none
	whole    moment // when that was made
	content  [sha256.Size]byte
	state    [sha256.Size]byte
	// wanted is set while Recall looks for the report that holds it whole.
	wanted uint64
}

// wholeAfter is how many times Terms.Snapshot the facts of a full report may be those of
// an earlier one: so old is the newest whole copy of each, at most. Each entry has its
// own turn among so many full reports, lest one of them holds all.
const wholeAfter = 7

// maxBefore bounds what is kept of each entry from an earlier process.
const maxBefore = 32 << 10

// Last returns what the last result of an entry observed, in this process or, where it
// is small, in the one before; nil where there is none.
func (l *Ledger) Last(id string) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch k := l.known[id]; {
	case k == nil:
		return nil
	case k.newest != nil:
		return k.newest.GetObserved()
	default:
		return k.before
	}
}

// recall keeps what a durable result holds.
func (k *known) recall(sequence uint64, r *apiv1.Result, when moment) {
	k.sent.sequence, k.sent.content, k.sent.state, k.sent.whole = sequence, content(r), state(r), when
	if b := r.GetObserved(); len(b) <= maxBefore {
		k.before = slices.Clone(b)
	}
}

// Draft is the content of one report to come.
type Draft struct {
	Full     bool
	Results  []*apiv1.Result
	Severity uint8
	states   [][sha256.Size]byte // of each result, before what the collector has was left out
	// snapshot marks the last part of a full report, which may be in several.
	snapshot bool
}

// NewLedger returns a Ledger that remembers nothing. wall is the wall clock;
// nil means time.Now.
func NewLedger(wall func() time.Time) *Ledger {
	if wall == nil {
		wall = time.Now
	}
	return &Ledger{wall: wall, known: map[string]*known{}, terms: Terms{DefaultReport, DefaultSnapshot}}
}

// SetPolicy names the entries that a full report holds, and the terms; zero
// terms mean the defaults. A result of any other entry is forgotten.
func (l *Ledger) SetPolicy(entries []string, terms Terms) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if terms.Report <= 0 {
		terms.Report = DefaultReport
	}
	if terms.Snapshot <= 0 {
		terms.Snapshot = DefaultSnapshot
	}
	l.terms, l.order = terms, slices.Clone(entries)
	for id := range l.known {
		if !slices.Contains(l.order, id) {
			delete(l.known, id)
		}
	}
}

// NeedFull makes a full report due as soon as it can be made, as after a
// change of policy.
func (l *Ledger) NeedFull() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fullEver = false
}

// Observe takes a new result.
func (l *Ledger) Observe(r *apiv1.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.order, r.GetEntry()) {
		return // measured for a policy that is no longer in force
	}
	if proto.Size(r) > MaxResultBytes {
		r = tooBig(r)
	}
	k := l.entry(r.GetEntry())
	k.newest, k.fresh = r, true
}

func (l *Ledger) entry(id string) *known {
	k := l.known[id]
	if k == nil {
		k = &known{}
		l.known[id] = k
	}
	return k
}

// Newest returns the newest results of this process, in the policy's order.
func (l *Ledger) Newest() []*apiv1.Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*apiv1.Result
	for _, id := range l.order {
		if k := l.known[id]; k != nil && k.newest != nil {
			out = append(out, k.newest)
		}
	}
	return out
}

// Due tells what is to be reported now.
func (l *Ledger) Due() Due {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := at(l.wall)
	if l.complete() && (!l.fullEver || l.snapshot.until(now) >= l.terms.Snapshot) {
		return Full
	}
	if !l.anyEver || l.reported.until(now) >= l.terms.Report {
		return Partial
	}
	for _, k := range l.known {
		if k.fresh && state(k.newest) != k.sent.state {
			return Partial
		}
	}
	return Nothing
}

// complete tells whether every entry has a result.
func (l *Ledger) complete() bool {
	for _, id := range l.order {
		if k := l.known[id]; k == nil || k.newest == nil {
			return false
		}
	}
	return len(l.order) > 0
}

// SetDelivered lets the ledger ask whether the collector has a report.
func (l *Ledger) SetDelivered(delivered func(sequence uint64) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delivered = delivered
}

// Draft writes the next report, in as many parts as the size of a report asks
// for; one part at least. Full falls back to partial while an entry has no
// result yet.
func (l *Ledger) Draft(due Due) []Draft {
	l.mu.Lock()
	defer l.mu.Unlock()
	full := due == Full && l.complete()
	drafts := []Draft{{Full: full}}
	bytes := 0
	now := at(l.wall)
	for _, id := range l.order {
		k := l.known[id]
		if k == nil || k.newest == nil || !full && !k.fresh {
			continue
		}
		r := l.wire(k, full, now)
		d := &drafts[len(drafts)-1]
		size := proto.Size(r)
		if bytes+size > maxDraftBytes && len(d.Results) > 0 {
			drafts = append(drafts, Draft{})
			d, bytes = &drafts[len(drafts)-1], 0
		}
		bytes += size
		d.Results, d.states = append(d.Results, r), append(d.states, state(k.newest))
		d.Severity = max(d.Severity, severity(k, r, full))
	}
	if len(drafts) > 1 {
		drafts[0].Full = false // no part holds every result
	}
	drafts[len(drafts)-1].snapshot = full
	return drafts
}

// wire is the result as it is reported: without what the collector has. A full report
// relies only on what was delivered, and not for long: whatever goes astray
// comes again.
func (l *Ledger) wire(k *known, full bool, now moment) *apiv1.Result {
	r := proto.CloneOf(k.newest)
	switch {
	case k.sent.sequence == 0, content(r) != k.sent.content:
		return r
	case full && (l.delivered == nil || !l.delivered(k.sent.sequence) || l.itsTurn(k, now)):
		return r
	}
	r.SameAs = k.sent.sequence
	r.Observed, r.Findings = nil, nil
	return r
}

// itsTurn tells whether a full report holds an entry whole, however it was before.
func (l *Ledger) itsTurn(k *known, now moment) bool {
	if k.sent.whole.until(now) >= wholeAfter*l.terms.Snapshot {
		return true
	}
	h := fnv.New32a()
	h.Write([]byte(k.newest.GetEntry()))
	turn := now.wall.Unix() / max(1, int64(l.terms.Snapshot/time.Second))
	return (turn+int64(h.Sum32()))%wholeAfter == 0
}

// tooBig is the result of facts that no report can carry.
func tooBig(r *apiv1.Result) *apiv1.Result {
	return &apiv1.Result{
		Entry: r.GetEntry(), Control: r.GetControl(), Check: r.GetCheck(),
		Status: apiv1.Status_STATUS_UNKNOWN, ObservedAt: r.GetObservedAt(), TookMs: r.GetTookMs(),
		Reason: &apiv1.Reason{Code: "check.not_observed", Args: map[string]string{"why": "too_big"}},
	}
}

func severity(k *known, r *apiv1.Result, full bool) uint8 {
	if state(k.newest) == k.sent.state {
		if full {
			return severityCalm
		}
		return severityBeat
	}
	switch r.GetStatus() {
	case apiv1.Status_STATUS_FAIL:
		return severityFail
	case apiv1.Status_STATUS_UNKNOWN, apiv1.Status_STATUS_UNSPECIFIED:
		return severityUnknown
	case apiv1.Status_STATUS_WARN:
		return severityWarn
	case apiv1.Status_STATUS_PASS, apiv1.Status_STATUS_NOT_APPLICABLE:
		return severityCalm
	}
	return severityUnknown
}

// Commit remembers that a draft is durable, as the report of that sequence.
func (l *Ledger) Commit(d Draft, sequence uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := at(l.wall)
	l.reported, l.anyEver = now, true
	if d.snapshot {
		l.snapshot, l.fullEver = now, true
	}
	for i, r := range d.Results {
		k := l.known[r.GetEntry()]
		if k == nil {
			continue // the policy changed meanwhile
		}
		k.sent.state = d.states[i]
		if r.GetSameAs() == 0 {
			k.sent.sequence, k.sent.content, k.sent.whole = sequence, content(r), now
		}
		if k.newest.GetObservedAt() == r.GetObservedAt() {
			k.fresh = false
		}
	}
}

// Recall learns from a durable report. Reports are given from the newest to
// the oldest, until it answers false: nothing older is needed.
func (l *Ledger) Recall(r *apiv1.Report) (more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	when := moment{wall: time.UnixMicro(r.GetCreatedAt()).UTC()}
	if !l.anyEver {
		l.reported, l.anyEver = when, true
	}
	for _, res := range r.GetResults() {
		k := l.entry(res.GetEntry())
		switch {
		case k.sent.sequence > 0: // a newer report said it
		case k.sent.wanted == 0 && res.GetSameAs() > 0:
			k.sent.wanted = res.GetSameAs()
		case k.sent.wanted == 0:
			k.recall(r.GetSequence(), res, when)
		case k.sent.wanted == r.GetSequence() && res.GetSameAs() == 0:
			k.recall(r.GetSequence(), res, when)
		}
	}
	if r.GetFull() && !l.fullEver {
		l.snapshot, l.fullEver = when, true
	}
	if !l.fullEver {
		return true
	}
	// Of what a full report refers to, an older one has it whole.
	for _, k := range l.known {
		if k.sent.sequence == 0 && k.sent.wanted > 0 && k.sent.wanted < r.GetSequence() {
			return true
		}
	}
	return false
}

// content identifies all of a result but the times.
func content(r *apiv1.Result) [sha256.Size]byte {
	c := proto.CloneOf(r)
	c.ObservedAt, c.TookMs, c.SameAs = 0, 0, 0
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	if err != nil { // text that is not UTF-8: never the same as anything
		return sha256.Sum256(fmt.Appendf(nil, "%v at %d", err, r.GetObservedAt()))
	}
	return sha256.Sum256(b)
}

// state identifies what a person would call the state: statuses and codes, and
// not the numbers beside them.
func state(r *apiv1.Result) [sha256.Size]byte {
	s := fmt.Appendf(nil, "%d %q", r.GetStatus(), r.GetReason().GetCode())
	for _, f := range r.GetFindings() {
		s = fmt.Appendf(s, "\n%q %d %q", f.GetKey(), f.GetStatus(), f.GetReason().GetCode())
	}
	return sha256.Sum256(s)
}
