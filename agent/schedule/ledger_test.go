package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	apiv1 "vigia/collector/api/v1"
)

// desk is a Ledger with a clock and the reports that it made.
type desk struct {
	*Ledger
	now     time.Time
	reports []*apiv1.Report
}

func newDesk(entries ...string) *desk {
	d := &desk{now: time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)}
	d.Ledger = NewLedger(func() time.Time { return d.now })
	d.SetPolicy(entries, Terms{})
	return d
}

func (d *desk) measure(entry string, status apiv1.Status, facts string) {
	d.now = d.now.Add(time.Second)
	d.Observe(&apiv1.Result{
		Entry: entry, Status: status, Observed: []byte(facts), ObservedAt: d.now.UnixMicro(), TookMs: int64(d.now.Second()),
		Reason: &apiv1.Reason{Code: "x", Args: map[string]string{"facts": facts}},
	})
}

// report makes what is due durable and tells it as a line.
func (d *desk) report() string {
	due := d.Due()
	if due == Nothing {
		return "nothing"
	}
	var parts []string
	for _, draft := range d.Draft(due) {
		r := &apiv1.Report{
			Sequence: uint64(len(d.reports) + 1), CreatedAt: d.now.UnixMicro(), Full: draft.Full, Results: draft.Results,
		}
		d.reports = append(d.reports, r)
		d.Commit(draft, r.GetSequence())
		parts = append(parts, line(r))
	}
	return strings.Join(parts, " + ")
}

func line(r *apiv1.Report) string {
	words := []string{"partial"}
	if r.GetFull() {
		words[0] = "full"
	}
	for _, res := range r.GetResults() {
		w := fmt.Sprintf("%s:%s:%s", res.GetEntry(), res.GetStatus().Word(), res.GetObserved())
		if res.GetSameAs() > 0 {
			w = fmt.Sprintf("%s:%s=%d", res.GetEntry(), res.GetStatus().Word(), res.GetSameAs())
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// restart forgets all but what is durable.
func (d *desk) restart(entries ...string) {
	d.Ledger = NewLedger(func() time.Time { return d.now })
	for _, r := range slices.Backward(d.reports) {
		if !d.Recall(r) {
			break
		}
	}
	d.SetPolicy(entries, Terms{})
}

const (
	pass = apiv1.Status_STATUS_PASS
	fail = apiv1.Status_STATUS_FAIL
)

func TestLedgerReportsWhatIsDue(t *testing.T) {
	for _, row := range []struct {
		name  string
		steps func(d *desk, say func())
		want  []string
	}{
		{"first in full", func(d *desk, say func()) {
			d.measure("A", pass, "1")
			d.measure("B", fail, "1")
			say()
			say()
		}, []string{"full A:pass:1 B:fail:1", "nothing"}},
		{"a part while a heavy entry is not measured yet, then in full", func(d *desk, say func()) {
			d.measure("A", pass, "1")
			say()
			d.measure("B", pass, "1")
			say()
		}, []string{"partial A:pass:1", "full A:pass:1 B:pass:1"}},
		{"a change of state at once", func(d *desk, say func()) {
			d.measure("A", pass, "1")
			d.measure("B", pass, "1")
			say()
			d.measure("A", fail, "2")
			d.measure("B", pass, "1")
			say()
		}, []string{"full A:pass:1 B:pass:1", "partial A:fail:2 B:pass=1"}},
		{"other facts with the same state wait for the hour", func(d *desk, say func()) {
			d.measure("A", pass, "1")
			d.measure("B", pass, "1")
			say()
			d.measure("A", pass, "2")
			say()
			d.now = d.now.Add(time.Hour)
			say()
			d.measure("A", pass, "2")
			d.now = d.now.Add(time.Hour)
			say()
		}, []string{"full A:pass:1 B:pass:1", "nothing", "partial A:pass:2", "partial A:pass=2"}},
		{"an hour without a measurement", func(d *desk, say func()) {
			d.measure("A", pass, "1")
			d.measure("B", pass, "1")
			say()
			d.now = d.now.Add(time.Hour)
			say()
		}, []string{"full A:pass:1 B:pass:1", "partial"}},
		{"in full each day", func(d *desk, say func()) {
			d.measure("A", pass, "1")
			d.measure("B", pass, "1")
			say()
			d.now = d.now.Add(24 * time.Hour)
			d.measure("A", pass, "1")
			say()
		}, []string{"full A:pass:1 B:pass:1", "full A:pass:1 B:pass:1"}},
		{"after a restart as in the reports before it", func(d *desk, say func()) {
			d.measure("A", pass, "1")
			d.measure("B", pass, "1")
			say()
			d.now = d.now.Add(time.Hour)
			d.measure("A", pass, "2")
			say()
			d.now = d.now.Add(time.Hour)
			d.measure("A", pass, "2")
			say()
			d.restart("A", "B")
			d.measure("A", pass, "2")
			d.measure("B", pass, "1")
			say()
			d.now = d.now.Add(time.Hour)
			say()
		}, []string{"full A:pass:1 B:pass:1", "partial A:pass:2", "partial A:pass=2", "nothing", "partial A:pass=2 B:pass=1"}},
		{"after a restart a change shows", func(d *desk, say func()) {
			d.measure("A", pass, "1")
			d.measure("B", pass, "1")
			say()
			d.restart("A", "B")
			d.measure("A", fail, "1")
			say()
		}, []string{"full A:pass:1 B:pass:1", "partial A:fail:1"}},
		{"another policy", func(d *desk, say func()) {
			d.measure("A", pass, "1")
			d.measure("B", pass, "1")
			say()
			d.SetPolicy([]string{"A", "C"}, Terms{})
			d.NeedFull()
			d.measure("B", pass, "9")
			say()
			d.measure("C", pass, "1")
			say()
		}, []string{"full A:pass:1 B:pass:1", "nothing", "full A:pass:1 C:pass:1"}},
		{"the clock was set back", func(d *desk, say func()) {
			d.measure("A", pass, "1")
			d.measure("B", pass, "1")
			say()
			d.now = d.now.Add(-20 * 365 * 24 * time.Hour)
			d.restart("A", "B")
			d.measure("A", pass, "1")
			d.measure("B", pass, "1")
			say()
		}, []string{"full A:pass:1 B:pass:1", "full A:pass:1 B:pass:1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := newDesk("A", "B")
			var got []string
			row.steps(d, func() { got = append(got, d.report()) })
			if !slices.Equal(got, row.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(row.want, "\n  "))
			}
		})
	}
}

func TestAReportThatIsNotDurableChangesNothing(t *testing.T) {
	d := newDesk("A")
	d.measure("A", fail, "1")
	first := d.Draft(d.Due()) // and the spool refuses it
	second := d.Draft(d.Due())
	if got, want := line(&apiv1.Report{Full: second[0].Full, Results: second[0].Results}), "full A:fail:1"; got != want || len(first) != 1 {
		t.Errorf("the next draft is %q, want %q", got, want)
	}
	if got := second[0].Severity; got != severityFail {
		t.Errorf("severity %d, want %d", got, severityFail)
	}
}

func TestAMeasurementDuringTheReportStaysFresh(t *testing.T) {
	d := newDesk("A")
	d.measure("A", pass, "1")
	drafts := d.Draft(d.Due())
	d.measure("A", fail, "2")
	d.Commit(drafts[0], 1)
	if got, want := d.report(), "partial A:fail:2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLargeReportsComeInParts(t *testing.T) {
	d := newDesk("A", "B", "C")
	half := strings.Repeat("x", maxDraftBytes/4)
	for _, e := range []string{"A", "B", "C"} {
		d.measure(e, pass, half)
	}
	if got := strings.Count(d.report(), "partial"); got != 2 && got != 3 {
		t.Errorf("%d parts, want 2 or 3", got)
	}
	if got := d.Due(); got != Nothing {
		t.Errorf("after all parts %v is due, want nothing", got)
	}
	d.measure("A", pass, strings.Repeat("x", MaxResultBytes+1))
	if got, want := d.report(), "partial A:unknown:"; got != want {
		t.Errorf("a result too large: %.60q, want %q", got, want)
	}
	for _, r := range d.reports {
		if len(r.String()) > apiv1.MaxReportBytes {
			t.Errorf("a report of %d bytes", len(r.String()))
		}
	}
}

// A check that looks again where it found something must be told of it after a restart,
// too.
func TestLast(t *testing.T) {
	d := newDesk("a", "b", "c")
	if got := d.Last("a"); got != nil {
		t.Errorf("nothing measured: got %q", got)
	}
	d.measure("a", apiv1.Status_STATUS_FAIL, "first")
	d.measure("b", apiv1.Status_STATUS_PASS, strings.Repeat("x", maxBefore+1))
	d.report()
	d.measure("a", apiv1.Status_STATUS_FAIL, "second")
	if got := string(d.Last("a")); got != "second" {
		t.Errorf("in this process: got %q, want the newest", got)
	}
	d.now = d.now.Add(2 * DefaultReport)
	d.report()
	d.restart("a", "b", "c")
	if got := string(d.Last("a")); got != "second" {
		t.Errorf("after a restart: got %q, want what was durable", got)
	}
	if got := d.Last("b"); got != nil {
		t.Errorf("large evidence: %d bytes were kept", len(got))
	}
	d.SetPolicy([]string{"b"}, Terms{})
	if got := d.Last("a"); got != nil {
		t.Errorf("no longer in the policy: got %q", got)
	}
}
