package agent

import (
	"errors"
	"io/fs"
	"testing"

	"vigia/agent/schedule"
	apiv1 "vigia/collector/api/v1"
)

// Each run of an entry is told what its own last run observed, and no other's.
func TestPast(t *testing.T) {
	ledger := schedule.NewLedger(nil)
	ledger.SetPolicy([]string{"BK-DAILY", "BK-DAILY@es"}, schedule.Terms{})
	ledger.Observe(&apiv1.Result{Entry: "BK-DAILY", Observed: []byte(`{"datasets":[]}`)})
	got, err := past{ledger, "BK-DAILY"}.Observed(t.Context())
	if err != nil || string(got) != `{"datasets":[]}` {
		t.Errorf("its own: got %s, %v", got, err)
	}
	if got, err := (past{ledger, "BK-DAILY@es"}).Observed(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another: got %s, %v; want none", got, err)
	}
}
