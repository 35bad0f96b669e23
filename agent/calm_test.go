package agent

import (
	"testing"
	"time"

	"vigia/agent/schedule"
	"vigia/checks/policy"
)

// woken tells whether a delivery was asked for since the last time.
func (a *Agent) woken() bool {
	select {
	case <-a.wake:
		return true
	default:
		return false
	}
}

func TestReportsWithoutNewsWait(t *testing.T) {
	p := enrolled(t)
	a := p.open(t)
	defer a.Close()
	if err := a.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.woken()
	write := func(due schedule.Due) {
		t.Helper()
		if err := a.reporter.write(t.Context(), due); err != nil {
			t.Fatal(err)
		}
	}
	write(schedule.Partial)
	if a.woken() {
		t.Error("a report that says nothing new is delivered at once")
	}
	write(schedule.Full)
	if !a.woken() {
		t.Error("a full report waits")
	}
	a.reporter.note("agent.started", nil)
	write(schedule.Partial)
	if !a.woken() {
		t.Error("an event waits")
	}
	results := a.ledger.Newest()
	changed := results[0]
	changed.Status = changed.GetStatus()%4 + 1
	a.ledger.Observe(changed)
	write(schedule.Partial)
	if !a.woken() {
		t.Error("a change of state waits")
	}
}

func TestAnyway(t *testing.T) {
	p := enrolled(t)
	a := p.open(t)
	defer a.Close()
	for _, row := range []struct {
		report, silence, want time.Duration
	}{
		{time.Hour, 48 * time.Hour, 6 * time.Hour},
		{0, 48 * time.Hour, 6 * time.Hour},
		{6 * time.Hour, 48 * time.Hour, 12 * time.Hour},
		{time.Minute, 48 * time.Hour, 6 * time.Minute},
		{time.Hour, 2 * time.Hour, time.Hour}, // nobody may seem silent
		{time.Hour, 0, time.Hour},
	} {
		a.policies.current.Schedule.Report = policy.Duration(row.report)
		a.policies.current.Schedule.Silence = policy.Duration(row.silence)
		if got := a.anyway(); got != row.want {
			t.Errorf("report %v, silence %v: got %v, want %v", row.report, row.silence, got, row.want)
		}
	}
}
