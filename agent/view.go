package agent

import (
	"encoding/json"
	"path/filepath"
	"sync"
	"time"

	"vigia/agent/deliver"
	"vigia/agent/spool"
	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
)

// Status is what `vigia-agent status` shows: a view that a working agent leaves
// in its data folder.
type Status struct {
	AgentID      string           `json:"agent_id"`
	Organisation string           `json:"organisation"`
	Collector    string           `json:"collector"`
	Proxy        string           `json:"proxy,omitempty"` // host:port through which it is reached
	Version      string           `json:"version"`
	EnrolledAt   time.Time        `json:"enrolled_at"`
	Certificate  time.Time        `json:"certificate_expires"`
	WrittenAt    time.Time        `json:"written_at"`
	SafeMode     bool             `json:"safe_mode,omitempty"` // it does with less, after bad ends
	LeftOut      []string         `json:"left_out,omitempty"`  // the entries that it does without then
	Policy       StatusPolicy     `json:"policy"`
	Spool        StatusSpool      `json:"spool"`
	Delivery     StatusDelivery   `json:"delivery"`
	Results      []measuredResult `json:"results"`
	// ByHand: there is no route to the collector, and what is measured goes by hand, as it
	// last did at Exported.
	ByHand   bool      `json:"by_hand,omitempty"`
	Exported time.Time `json:"exported,omitzero"`
}

// StatusPolicy is the policy in force.
type StatusPolicy struct {
	Epoch   uint64           `json:"epoch"`
	Version uint64           `json:"version"`
	Packs   []policy.PackRef `json:"packs"`
	// Portal is where people reach the collector's pages; empty: the policy does not say.
	Portal string `json:"portal,omitempty"`
	// Refused is the one that the collector offered last and that was not taken.
	Refused *StatusRefused `json:"refused,omitempty"`
}

// StatusRefused is a policy that was not taken: the one before it stays in force.
type StatusRefused struct {
	At time.Time `json:"at"`
	// Why is a code of refusalMessages without its prefix, Detail the technical words.
	Why    string `json:"why"`
	Detail string `json:"detail"`
	// Epoch and Version are zero where they could not be read.
	Epoch   uint64 `json:"epoch,omitempty"`
	Version uint64 `json:"version,omitempty"`
}

// StatusSpool is what waits on disk.
type StatusSpool struct {
	Last    uint64 `json:"last"`
	Acked   uint64 `json:"acked"`
	Waiting uint64 `json:"waiting"`
	Damaged uint64 `json:"damaged"`
	Dropped uint64 `json:"dropped"`
	Bytes   int64  `json:"bytes"`
	// Since is when the oldest report that waits was written.
	Since time.Time `json:"waiting_since,omitzero"`
	Error string    `json:"error,omitempty"`
}

// StatusDelivery is how the last calls went.
type StatusDelivery struct {
	Tried     time.Time `json:"tried,omitzero"`
	Succeeded time.Time `json:"succeeded,omitzero"`
	Error     string    `json:"error,omitempty"`
}

// measuredResult is one result as people read it, before it is put in words.
type measuredResult struct {
	Entry    string        `json:"entry"`
	Control  string        `json:"control"`
	Check    string        `json:"check"`
	Status   checks.Status `json:"status"`
	Reason   checks.Reason `json:"reason"`
	Measured time.Time     `json:"observed_at"`
}

// view keeps the status file and the local page as the agent is.
type view struct {
	agent   *Agent
	catalog *catalog.Catalog
	lang    message.Lang

	mu       sync.Mutex
	delivery StatusDelivery
	problem  error // of writing reports
}

func newView(a *Agent, cat *catalog.Catalog, lang message.Lang) *view {
	v := &view{agent: a, catalog: cat, lang: lang}
	if old, err := readStatus(a.folder, a.id.AgentID()); err == nil {
		v.delivery = old.Delivery
	}
	return v
}

// delivered is told how each delivery went.
func (v *view) delivered(_ deliver.Outcome, err error) {
	now := v.agent.opts.Now().UTC().Truncate(time.Second)
	v.mu.Lock()
	v.delivery.Tried, v.delivery.Error = now, ""
	if err != nil {
		v.delivery.Error = newSayer(v.lang).explain(err)
	} else {
		v.delivery.Succeeded = now
	}
	v.mu.Unlock()
	v.write()
}

// spoolState is told whether the last report could be written.
func (v *view) spoolState(err error) {
	v.mu.Lock()
	changed := (err == nil) != (v.problem == nil)
	v.problem = err
	v.mu.Unlock()
	if changed {
		v.write()
	}
}

// measured is told of new results.
func (v *view) measured() { v.write() }

func (v *view) write() {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.status()
	b, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		err = writeView(filepath.Join(v.agent.folder.enrolment(s.AgentID), statusFile), b, 0o600)
	}
	if err != nil {
		v.agent.opts.Logger.Warn("status not written", "error", err)
	}
	if len(s.Results) == 0 {
		return // a page of the last run says more than an empty one
	}
	if err := writeShown(v.agent.folder.page(), page(s, v.catalog, v.lang)); err != nil {
		v.agent.opts.Logger.Warn("local page not written", "error", err)
	}
}

// snapshot is the status now.
func (v *view) snapshot() Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.status()
}

// status is the view's content. v.mu is held.
func (v *view) status() Status {
	a := v.agent
	var through string
	if !a.byHand() {
		var err error
		if through, err = a.proxy.For(a.address()); err != nil {
			through = "?" // each delivery says why
		}
	}
	s := Status{
		Proxy: through, AgentID: a.id.AgentID(), Organisation: a.id.Organisation(), Collector: a.address(), Version: a.opts.Version,
		EnrolledAt: a.id.EnrolledAt(), Certificate: a.id.Expires().UTC(), WrittenAt: a.opts.Now().UTC().Truncate(time.Second), SafeMode: a.safe, LeftOut: a.leftOut(),
		Spool: spoolStatus(a.queue.Stats()), Delivery: v.delivery,
	}
	if s.ByHand = a.byHand(); s.ByHand {
		last, err := lastExport(a.folder, s.AgentID)
		if err != nil {
			a.opts.Logger.Warn("not known when it was last exported", "error", err)
		}
		s.Exported = last
	}
	if v.problem != nil {
		s.Spool.Error = v.problem.Error()
	}
	if p, ok := a.policies.get(); ok {
		s.Policy = StatusPolicy{Epoch: p.Epoch, Version: p.Version, Packs: p.Packs, Portal: p.Portal}
	}
	s.Policy.Refused = a.policies.refusedNow()
	for _, r := range a.ledger.Newest() {
		s.Results = append(s.Results, measuredOf(r))
	}
	return s
}

func spoolStatus(st spool.Stats) StatusSpool {
	return StatusSpool{
		Last: st.Last, Acked: st.Acked, Waiting: st.Waiting, Damaged: st.Damaged, Dropped: st.Dropped, Bytes: st.Bytes,
		Since: st.Oldest.Truncate(time.Second),
	}
}

func measuredOf(r *apiv1.Result) measuredResult {
	return measuredResult{
		Entry: r.GetEntry(), Control: r.GetControl(), Check: r.GetCheck(), Status: checks.Status(r.GetStatus().Word()),
		Reason: reasonOf(r.GetReason()), Measured: time.UnixMicro(r.GetObservedAt()).UTC(),
	}
}

// readStatus reads the view that a working agent left.
func readStatus(f folder, agentID string) (Status, error) {
	fsys, err := spool.Dir(f.enrolment(agentID))
	if err != nil {
		return Status{}, err
	}
	b, err := spool.ReadFile(fsys, statusFile, 16<<20)
	if err != nil {
		return Status{}, err
	}
	var s Status
	return s, json.Unmarshal(b, &s)
}
