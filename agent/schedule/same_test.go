package schedule

import (
	"testing"
	"time"

	apiv1 "vigia/collector/api/v1"
)

// An unchanged result costs little: the collector has its facts and findings.
func TestAnUnchangedResultLeavesOutWhatTheCollectorHas(t *testing.T) {
	d := newDesk("A")
	observe := func() {
		d.now = d.now.Add(time.Second)
		d.Observe(&apiv1.Result{
			Entry: "A", Status: fail, Observed: []byte(`{"idle":0}`), ObservedAt: d.now.UnixMicro(), Reason: &apiv1.Reason{Code: "x"},
			Findings: []*apiv1.Finding{{Key: "ana", Status: fail, Reason: &apiv1.Reason{Code: "never"}}},
		})
	}
	observe()
	d.report()
	d.now = d.now.Add(DefaultReport)
	observe()
	d.report()
	first, second := d.reports[0].GetResults()[0], d.reports[1].GetResults()[0]
	if len(first.GetFindings()) != 1 || len(first.GetObserved()) == 0 {
		t.Errorf("the first is not whole: %v", first)
	}
	if second.GetSameAs() != 1 || len(second.GetFindings()) != 0 || len(second.GetObserved()) != 0 {
		t.Errorf("got %v, want as in 1 and no more", second)
	}
	if second.GetObservedAt() == first.GetObservedAt() || second.GetStatus() != fail {
		t.Errorf("got %v, want a date and a status of its own", second)
	}
	for _, who := range []string{"the same process", "a later one"} {
		observe()
		if due := d.Due(); due != Nothing {
			t.Errorf("%s: %v is due for what was told", who, due)
		}
		if draft := d.Draft(Partial)[0]; draft.Severity != SeverityBeat || draft.Results[0].GetSameAs() != 1 {
			t.Errorf("%s: severity %d, as in %d; want %d, 1", who, draft.Severity, draft.Results[0].GetSameAs(), SeverityBeat)
		}
		d.restart("A")
	}
}

// A full report has what the collector has not, and each entry whole in its turn.
func TestAFullReportLeavesOutWhatWasDelivered(t *testing.T) {
	entries := []string{"A", "B", "C", "D", "E", "F"}
	d := newDesk(entries...)
	delivered := map[uint64]bool{}
	ask := func(sequence uint64) bool { return delivered[sequence] }
	d.SetDelivered(ask)
	day := func() *apiv1.Report {
		t.Helper()
		d.now = d.now.Add(DefaultSnapshot)
		for _, e := range entries {
			d.measure(e, pass, "1")
		}
		d.report()
		r := d.reports[len(d.reports)-1]
		if !r.GetFull() || len(r.GetResults()) != len(entries) {
			t.Fatalf("got %s, want a full report", line(r))
		}
		return r
	}
	whole := func(r *apiv1.Report) (out []string) {
		for _, res := range r.GetResults() {
			if res.GetSameAs() == 0 {
				out = append(out, res.GetEntry())
			}
		}
		return out
	}
	for range 2 {
		if got := whole(day()); len(got) != len(entries) {
			t.Fatalf("nothing was delivered, and whole are %q", got)
		}
	}
	delivered[2] = true
	newest := map[string]int{} // day of the newest whole copy
	for i := range 4 * wholeAfter {
		r := day()
		delivered[r.GetSequence()] = true
		if i%3 == 0 { // what another process knows is what is durable
			d.restart(entries...)
			d.SetDelivered(ask)
		}
		got := whole(r)
		if len(got) > len(entries)/2 {
			t.Errorf("day %d: whole are %q", i, got)
		}
		for _, e := range got {
			newest[e] = i
		}
		for _, e := range entries {
			if i-newest[e] >= wholeAfter {
				t.Errorf("day %d: %s was whole on day %d", i, e, newest[e])
			}
		}
	}
	// A gap took the place of a report, or the collector went back.
	clear(delivered)
	if got := whole(day()); len(got) != len(entries) {
		t.Errorf("nothing is there any more, and whole are %q", got)
	}
}
