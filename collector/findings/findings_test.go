package findings

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// scale is a check for the tests: a weight, and those of some boxes, against a
// maximum. Half of the maximum is recommended.
type scale struct {
	Weight int            `json:"weight"`
	Boxes  map[string]int `json:"boxes,omitempty"`
}

type scaleParams struct {
	Max int `json:"max"`
}

const scaleID = "test.scale"

func weigh(weight, limit int) (checks.Status, checks.Reason) {
	switch args := []string{"weight", fmt.Sprint(weight)}; {
	case weight < 0:
		return checks.Unknown, checks.Because("scale.unread", args...)
	case weight > limit:
		return checks.Fail, checks.Because("scale.heavy", args...)
	case weight > limit/2:
		return checks.Warn, checks.Because("scale.heavyish", args...)
	default:
		return checks.Pass, checks.Because("scale.light", args...)
	}
}

type catalogue map[string]checks.Check

func (c catalogue) Lookup(id string) (checks.Check, bool) {
	check, ok := c[id]
	return check, ok
}

func testChecks() catalogue {
	judge := func(seen scale, p scaleParams, _ time.Time) checks.Verdict {
		var v checks.Verdict
		v.Status, v.Reason = weigh(seen.Weight, p.Max)
		for key, weight := range seen.Boxes {
			f := checks.Finding{Key: key}
			f.Status, f.Reason = weigh(weight, p.Max)
			v.Findings = append(v.Findings, f)
			v.Status = checks.Worst(v.Status, f.Status)
		}
		return v
	}
	return catalogue{scaleID: checks.New(checks.Info{ID: scaleID}, scaleParams{Max: 100}, checks.On[scale]{host.Linux: nil}, judge)}
}

// day0 is a Monday at midnight in the town's zone.
var zone = time.FixedZone("CET", 3600)

var day0 = time.Date(2026, 11, 2, 0, 0, 0, 0, zone)

// at is a time of the tests: days and hours after day0.
func at(day int, hours ...float64) time.Time {
	t := day0.AddDate(0, 0, day)
	for _, h := range hours {
		t = t.Add(time.Duration(h * float64(time.Hour)))
	}
	return t
}

func testPolicy(entries ...string) policy.Policy {
	p := policy.Policy{Epoch: 1, Version: 1, Schedule: policy.Schedule{
		Report: policy.Duration(time.Hour), Snapshot: policy.Duration(24 * time.Hour), Silence: policy.Duration(48 * time.Hour),
	}}
	for _, id := range entries {
		control, _, _ := strings.Cut(id, "@")
		p.Entries = append(p.Entries, policy.Entry{ID: id, Control: control, Check: scaleID, Every: policy.Duration(time.Hour), Severity: policy.High})
	}
	return p
}

// town is a Store with its database and the machines that report to it.
type town struct {
	t     testing.TB
	db    *storage.DB
	store *Store
	pol   policy.Policy
	seq   map[string]uint64
	leaf  int64
}

func newTown(t testing.TB, db *storage.DB) *town {
	return &town{
		t: t, db: db, store: NewStore(Options{Checks: testChecks(), Location: zone}),
		pol: testPolicy("W-1", "W-2"), seq: map[string]uint64{},
	}
}

func onEach(t *testing.T, test func(t *testing.T, w *town)) {
	t.Helper()
	storagetest.Each(t, []storage.Schema{Schema()}, func(t *testing.T, db *storage.DB) { test(t, newTown(t, db)) })
}

// result is one result of a report: an entry's weight.
func result(entry string, weight int, boxes ...any) *apiv1.Result {
	seen := scale{Weight: weight}
	for i := 0; i+1 < len(boxes); i += 2 {
		if seen.Boxes == nil {
			seen.Boxes = map[string]int{}
		}
		seen.Boxes[boxes[i].(string)] = boxes[i+1].(int)
	}
	observed, err := json.Marshal(seen)
	if err != nil {
		observed = nil
	}
	status, _ := weigh(weight, 100)
	control, _, _ := strings.Cut(entry, "@")
	return &apiv1.Result{Entry: entry, Control: control, Check: scaleID, Status: apiv1.StatusOf(string(status)), Observed: observed}
}

// report applies a report of machine m that was made and observed at a time.
func (w *town) report(m string, when time.Time, full bool, results ...*apiv1.Result) {
	w.t.Helper()
	w.deliver(m, when, when.Add(time.Second), full, results...)
}

// deliver is report with a time of receipt.
func (w *town) deliver(m string, when, received time.Time, full bool, results ...*apiv1.Result) {
	w.t.Helper()
	for _, r := range results {
		if r.GetObservedAt() == 0 {
			r.ObservedAt = when.UnixMicro()
		}
	}
	w.seq[m]++
	w.leaf++
	in := Input{
		Machine: Machine{ID: m, Department: "Obras", EnrolledAt: at(-1)}, Leaf: w.leaf, ReceivedAt: received, Policy: w.pol,
		Report: &apiv1.Report{AgentId: m, Sequence: w.seq[m], CreatedAt: when.UnixMicro(), Full: full, Results: results},
	}
	w.write(func(ctx context.Context, tx *storage.Tx) error { return w.store.Apply(ctx, tx, in) })
}

func (w *town) write(fn func(ctx context.Context, tx *storage.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) read(fn func(ctx context.Context, tx *storage.Tx) error) {
	w.t.Helper()
	if err := w.db.Read(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) states(when time.Time) (out []State) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = w.store.StatesAt(ctx, tx, when)
		return err
	})
	return out
}

func (w *town) findings(when time.Time) (out []Finding) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = w.store.FindingsAt(ctx, tx, when)
		return err
	})
	return out
}

func sayStates(states []State) (out []string) {
	for _, s := range states {
		line := fmt.Sprintf("%s %s:%s %s %s since %s", s.Machine, s.Entry, s.Key, s.Status, s.Reason.Code, s.Since.In(zone).Format("02T15"))
		if s.Late {
			line += " late"
		}
		out = append(out, line)
	}
	return out
}

func sayFindings(findings []Finding) (out []string) {
	for _, f := range findings {
		line := fmt.Sprintf("%s %s:%s %s %s first %s opened %s times %d", f.Machine, f.Entry, f.Key, f.Phase, f.Status,
			f.FirstSeen.In(zone).Format("02T15"), f.OpenedAt.In(zone).Format("02T15"), f.Times)
		if !f.ResolvedAt.IsZero() {
			line += " resolved " + f.ResolvedAt.In(zone).Format("02T15")
		}
		if f.Silent {
			line += " silent"
		}
		out = append(out, line)
	}
	return out
}

func (w *town) wantStates(when time.Time, want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, sayStates(w.states(when))); diff != "" {
		w.t.Errorf("states at %s (-want +got)\n%s", when.In(zone).Format("02T15:04"), diff)
	}
}

func (w *town) wantFindings(when time.Time, want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, sayFindings(w.findings(when))); diff != "" {
		w.t.Errorf("findings at %s (-want +got)\n%s", when.In(zone).Format("02T15:04"), diff)
	}
}

func TestAFindingsLife(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		w.report("pc", at(0, 8), false, result("W-1", 10))
		w.report("pc", at(0, 9), false, result("W-1", 200))
		w.report("pc", at(0, 10), false, result("W-1", 210)) // the reason's argument differs, the state does not
		w.report("pc", at(0, 11), false, result("W-1", 10))  // debounce: once is no cure
		w.report("pc", at(0, 12), false, result("W-1", 70))
		w.report("pc", at(0, 13), false, result("W-1", 10))
		w.report("pc", at(0, 14), false, result("W-1", 10))
		w.report("pc", at(0, 15), false, result("W-1", 200))
		w.report("pc", at(0, 16), true, result("W-1", 10)) // a full report cures at once

		w.wantStates(at(0, 7))
		w.wantFindings(at(0, 8))
		w.wantFindings(at(0, 9.5), "pc W-1: new fail first 02T09 opened 02T09 times 1")
		w.wantFindings(at(0, 10.5), "pc W-1: persistent fail first 02T09 opened 02T09 times 1")
		w.wantStates(at(0, 11.5), "pc W-1: pass scale.light since 02T11")
		w.wantFindings(at(0, 11.5), "pc W-1: persistent fail first 02T09 opened 02T09 times 1")
		w.wantFindings(at(0, 12.5), "pc W-1: persistent warn first 02T09 opened 02T09 times 1")
		w.wantFindings(at(0, 13.5), "pc W-1: persistent warn first 02T09 opened 02T09 times 1")
		w.wantFindings(at(0, 14.5), "pc W-1: resolved warn first 02T09 opened 02T09 times 1 resolved 02T13")
		w.wantFindings(at(0, 15.5), "pc W-1: reappeared fail first 02T09 opened 02T15 times 2")
		w.wantFindings(at(0, 16.5), "pc W-1: resolved fail first 02T09 opened 02T15 times 2 resolved 02T16")
		w.wantStates(at(0, 10.5), "pc W-1: fail scale.heavy since 02T09")
	})
}

func TestPartsComeAndGo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		w.report("pc", at(0, 8), true, result("W-1", 10, "ana", 200, "luis", 20))
		w.report("pc", at(0, 9), false, result("W-1", 10, "ana", 200, "luis", 200))
		w.report("pc", at(0, 10), false, result("W-1", -1)) // nothing read: absence proves nothing
		w.report("pc", at(0, 11), false, result("W-1", 10, "luis", 20))
		w.report("pc", at(0, 12), false, result("W-1", 10, "luis", 20))
		w.report("pc", at(0, 13), false, result("W-1", 10, "ana", 200, "luis", 20))

		w.wantStates(at(0, 8.5), "pc W-1: fail scale.light since 02T08", "pc W-1:ana fail scale.heavy since 02T08", "pc W-1:luis pass scale.light since 02T08")
		w.wantFindings(at(0, 9.5),
			"pc W-1:ana persistent fail first 02T08 opened 02T08 times 1",
			"pc W-1:luis new fail first 02T09 opened 02T09 times 1")
		w.wantStates(at(0, 10.5), "pc W-1: unknown scale.unread since 02T10", "pc W-1:ana unknown scale.unread since 02T10", "pc W-1:luis unknown scale.unread since 02T10")
		w.wantStates(at(0, 11.5), "pc W-1: pass scale.light since 02T11", "pc W-1:luis pass scale.light since 02T11")
		w.wantFindings(at(0, 11.5),
			"pc W-1:ana persistent unknown first 02T08 opened 02T08 times 1",
			"pc W-1:luis persistent unknown first 02T09 opened 02T09 times 1")
		w.wantFindings(at(0, 12.5),
			"pc W-1:ana resolved unknown first 02T08 opened 02T08 times 1 resolved 02T11",
			"pc W-1:luis resolved unknown first 02T09 opened 02T09 times 1 resolved 02T11")
		w.wantFindings(at(0, 13.5),
			"pc W-1:ana reappeared fail first 02T08 opened 02T13 times 2",
			"pc W-1:luis resolved unknown first 02T09 opened 02T09 times 1 resolved 02T11")
	})
}

// A part that was gone for so long that nothing is kept open about it keeps the
// day it was first seen.
func TestAPartThatComesBackAfterALongTime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		w.report("pc", at(0), true, result("W-1", 10, "ana", 200))
		for day := 1; day < 130; day++ {
			w.report("pc", at(day), true, result("W-1", 10))
		}
		w.wantFindings(at(129))
		w.report("pc", at(130), true, result("W-1", 10, "ana", 200))
		w.wantFindings(at(130, 1), "pc W-1:ana reappeared fail first 02T00 opened 12T00 times 2")
	})
}

func TestSilence(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.report("pc", at(0, 8), true, result("W-1", 10), result("W-2", 200))
		w.report("pc", at(0, 9), true, result("W-1", 10), result("W-2", 200))
		fresh := []string{"pc W-1: pass scale.light since 02T08", "pc W-2: fail scale.heavy since 02T08"}
		silent := []string{"pc W-1: unknown machine.silent since 04T09", "pc W-2: fail scale.heavy since 02T08"}
		w.wantStates(at(2, 8.9), fresh...)
		w.wantStates(at(2, 9), silent...)
		w.wantStates(at(9), silent...)
		w.wantFindings(at(2, 9),
			"pc W-2: persistent fail first 02T08 opened 02T08 times 1 silent",
			"pc vigia.silence: persistent unknown first 04T09 opened 04T09 times 1 silent")
		// A week later it is back. What was silent stays so in history.
		w.report("pc", at(9, 8), true, result("W-1", 10), result("W-2", 200))
		w.wantStates(at(2, 8.9), fresh...)
		w.wantStates(at(5), silent...)
		w.wantStates(at(9, 9), "pc W-1: pass scale.light since 02T08", "pc W-2: fail scale.heavy since 02T08")
		w.wantFindings(at(9, 9), "pc W-2: persistent fail first 02T08 opened 02T08 times 1")
		// A spool that was brought by hand fills a hole of the past.
		w.deliver("pc", at(3), at(9, 10), false)
		w.wantStates(at(4), "pc W-1: unknown result.stale since 05T09", "pc W-2: fail scale.heavy since 02T08")
		w.wantStates(at(6), "pc W-1: unknown machine.silent since 07T00", "pc W-2: fail scale.heavy since 02T08")
		w.wantStates(at(9, 9), fresh...)
	})
}

func TestAResultThatIsNotRepeatedGetsStale(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.report("pc", at(0, 8), true, result("W-1", 10), result("W-2", 200))
		for day := 1; day < 8; day++ {
			w.report("pc", at(day, 8), false, result("W-2", 200))
		}
		w.wantStates(at(3, 7), "pc W-1: pass scale.light since 02T08", "pc W-2: fail scale.heavy since 02T08")
		stale := []string{"pc W-1: unknown result.stale since 05T08", "pc W-2: fail scale.heavy since 02T08"}
		w.wantStates(at(3, 9), stale...)
		w.report("pc", at(8, 8), false, result("W-1", 10))
		w.wantStates(at(6), stale...)
		w.wantStates(at(8, 9), "pc W-1: pass scale.light since 02T08", "pc W-2: fail scale.heavy since 02T08")
	})
}

func TestLateEvidence(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		w.report("pc", at(0, 8), false, result("W-1", 10))
		w.report("pc", at(0, 12), false, result("W-1", 10))
		w.report("pc", at(0, 16), false, result("W-1", 200))
		now := at(0, 20)
		present := sayStates(w.states(now))
		findings := sayFindings(w.findings(now))
		rows := []struct {
			name string
			when time.Time
			res  *apiv1.Result
			at   time.Time
			want string
		}{
			{"before all", at(0, 6), result("W-1", 70), at(0, 7), "pc W-1: warn scale.heavyish since 02T06 late"},
			{"the same again", at(0, 10), result("W-1", 10), at(0, 10.5), "pc W-1: pass scale.light since 02T08"},
			{"worse, between two that agree", at(0, 9), result("W-1", 200), at(0, 11), "pc W-1: fail scale.heavy since 02T09 late"},
			{"it was over sooner", at(0, 10), result("W-1", 10), at(0, 11), "pc W-1: pass scale.light since 02T10 late"},
			{"after the last of its row", at(0, 14), result("W-1", 70), at(0, 15), "pc W-1: warn scale.heavyish since 02T14 late"},
		}
		for _, row := range rows {
			w.deliver("pc", row.when, now.Add(-time.Minute), false, row.res)
			w.wantStates(row.at, row.want)
			if diff := cmp.Diff(present, sayStates(w.states(now))); diff != "" {
				t.Errorf("%s: the present changed (-before +after)\n%s", row.name, diff)
			}
			if diff := cmp.Diff(findings, sayFindings(w.findings(now))); diff != "" {
				t.Errorf("%s: the present findings changed (-before +after)\n%s", row.name, diff)
			}
		}
		w.wantStates(at(0, 8.5), "pc W-1: pass scale.light since 02T08")
		w.wantStates(at(0, 12.5), "pc W-1: pass scale.light since 02T08")
	})
}

func TestWhatCannotBeJudgedIsUnknown(t *testing.T) {
	t.Parallel()
	edit := func(change func(*apiv1.Result)) *apiv1.Result {
		r := result("W-1", 10)
		change(r)
		return r
	}
	reason := func(code string) *apiv1.Reason { return &apiv1.Reason{Code: code, Args: map[string]string{"a": "b"}} }
	rows := []struct {
		name   string
		result *apiv1.Result
		want   string // status and reason
		agent  checks.Status
	}{
		{"an entry that the policy does not ask", edit(func(r *apiv1.Result) { r.Entry = "X-9" }), "unknown policy.entry_not_known", checks.Pass},
		{"another check than was asked", edit(func(r *apiv1.Result) { r.Check = "test.other" }), "unknown check.not_the_one_asked", checks.Pass},
		{"a pass without facts", edit(func(r *apiv1.Result) { r.Observed = nil }), "unknown result.no_facts", checks.Pass},
		{"not applicable without facts", edit(func(r *apiv1.Result) {
			r.Observed, r.Status = nil, apiv1.Status_STATUS_NOT_APPLICABLE
		}), "unknown result.no_facts", checks.NotApplicable},
		{"unknown, with the agent's reason", edit(func(r *apiv1.Result) {
			r.Observed, r.Status, r.Reason = nil, apiv1.Status_STATUS_UNKNOWN, reason("check.timed_out")
		}), "unknown check.timed_out", checks.Unknown},
		{"unknown, with prose for a reason", edit(func(r *apiv1.Result) {
			r.Observed, r.Status, r.Reason = nil, apiv1.Status_STATUS_UNKNOWN, reason("All is <b>well</b>")
		}), "unknown result.no_facts", checks.Unknown},
		{"facts that are no JSON", edit(func(r *apiv1.Result) { r.Observed = []byte("\x00{") }), "unknown result.facts_unreadable", checks.Pass},
		{"facts of another kind", edit(func(r *apiv1.Result) { r.Observed = []byte(`{"weight":"ten"}`) }), "unknown result.facts_unreadable", checks.Pass},
		{"facts of a report that is not there", edit(func(r *apiv1.Result) { r.Observed, r.SameAs = nil, 7 }), "unknown result.facts_missing", checks.Pass},
		{"a status that is none", edit(func(r *apiv1.Result) { r.Status = 77 }), "pass scale.light", ""},
		{"a fail that the agent calls a pass", edit(func(r *apiv1.Result) { r.Observed = result("W-1", 200).GetObserved() }), "fail scale.heavy", checks.Pass},
	}
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		for i, row := range rows {
			m := fmt.Sprintf("pc-%02d", i)
			w.report(m, at(0, 8), false, row.result)
			states := slices.DeleteFunc(w.states(at(0, 9)), func(s State) bool { return s.Machine != m })
			if len(states) != 1 {
				t.Errorf("%s: got %d states, want 1", row.name, len(states))
				continue
			}
			s := states[0]
			if got := string(s.Status) + " " + s.Reason.Code; got != row.want || s.AgentStatus != row.agent {
				t.Errorf("%s: got %s (agent %q), want %s (agent %q)", row.name, got, s.AgentStatus, row.want, row.agent)
			}
			if got, want := s.Differs(), row.agent != "" && row.agent != s.Status; got != want {
				t.Errorf("%s: differs: got %v, want %v", row.name, got, want)
			}
		}
	})
}

func TestAnUnknownCheckIsUnknown(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		w.pol.Entries[0].Check = "test.of_a_newer_agent"
		r := result("W-1", 10)
		r.Check = "test.of_a_newer_agent"
		w.report("pc", at(0, 8), true, r)
		w.wantStates(at(0, 9), "pc W-1: unknown check.not_known since 02T08")
	})
}

func TestParametersOfThePolicyJudge(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1", "W-1@strict")
		w.pol.Entries[1].Params = json.RawMessage(`{"max":5}`)
		w.report("pc", at(0, 8), true, result("W-1", 10), result("W-1@strict", 10))
		w.wantStates(at(0, 9), "pc W-1: pass scale.light since 02T08", "pc W-1@strict: fail scale.heavy since 02T08")
		if !w.states(at(0, 9))[1].Differs() {
			t.Error("the agent's own judgement is not told apart")
		}
	})
}

func TestSameAs(t *testing.T) {
	t.Parallel()
	same := func(sequence uint64) *apiv1.Result {
		return &apiv1.Result{Entry: "W-1", Control: "W-1", Check: scaleID, SameAs: sequence}
	}
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		w.report("pc", at(0, 1), true, result("W-1", 200, "ana", 200)) // 1
		w.report("pc", at(0, 2), false, same(1))                       // 2
		w.report("pc", at(0, 3), false, same(1))                       // 3: the origin again
		w.report("pc", at(0, 4), false, same(3))                       // 4: the last that referred
		w.wantStates(at(0, 5), "pc W-1: fail scale.heavy since 02T01", "pc W-1:ana fail scale.heavy since 02T01")
		if s := w.states(at(0, 5))[0]; s.Sequence != 4 || !s.Last.Equal(at(0, 4)) || s.AgentStatus != checks.Fail {
			t.Errorf("state: got %+v, want the last report's number and time, and the agent's status of the first", s)
		}
		w.report("pc", at(0, 5), false, result("W-1", 10)) // 5
		w.report("pc", at(0, 6), false, same(4))           // 6: back to what was
		w.wantStates(at(0, 6), "pc W-1: fail scale.heavy since 02T06", "pc W-1:ana fail scale.heavy since 02T06")
		w.report("pc", at(0, 7), false, same(2)) // 7: that number is no name of facts
		w.wantStates(at(0, 7), "pc W-1: unknown result.facts_missing since 02T07", "pc W-1:ana unknown result.facts_missing since 02T07")
		w.report("pc", at(0, 8), false, same(8)) // 8: itself
		w.wantStates(at(0, 8), "pc W-1: unknown result.facts_missing since 02T07", "pc W-1:ana unknown result.facts_missing since 02T07")
		unread := &apiv1.Result{Entry: "W-1", Check: scaleID, Status: apiv1.Status_STATUS_UNKNOWN, Reason: &apiv1.Reason{Code: "check.timed_out"}}
		w.report("pc", at(0, 9), false, unread)   // 9
		w.report("pc", at(0, 10), false, same(9)) // 10: could not be measured, still
		w.wantStates(at(0, 10), "pc W-1: unknown check.timed_out since 02T07", "pc W-1:ana unknown check.timed_out since 02T07")
	})
}

func TestAFullReportTellsWhatLacks(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.report("pc", at(0, 8), true, result("W-1", 10), result("W-2", 10))
		w.report("pc", at(0, 9), false, result("W-1", 10))
		w.wantStates(at(0, 9.5), "pc W-1: pass scale.light since 02T08", "pc W-2: pass scale.light since 02T08")
		w.report("pc", at(0, 10), true, result("W-1", 10))
		w.wantStates(at(0, 10.5), "pc W-1: pass scale.light since 02T08", "pc W-2: unknown result.missing since 02T10")
		w.pol = testPolicy("W-1") // W-2 is no longer asked for
		w.report("pc", at(0, 11), true, result("W-1", 10))
		w.wantStates(at(0, 11.5), "pc W-1: pass scale.light since 02T08")
		w.wantStates(at(0, 10.5), "pc W-1: pass scale.light since 02T08", "pc W-2: unknown result.missing since 02T10")
	})
}
