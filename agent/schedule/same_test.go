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
