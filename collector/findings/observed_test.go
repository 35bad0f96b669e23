package findings

import (
	"context"
	"testing"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/storage"
)

func TestObserved(t *testing.T) {
	t.Parallel()
	same := func(sequence uint64) *apiv1.Result {
		return &apiv1.Result{Entry: "W-1", Control: "W-1", Check: scaleID, SameAs: sequence}
	}
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		wants := func(hour float64, want string) {
			t.Helper()
			state := w.states(at(0, hour))[0]
			w.read(func(ctx context.Context, tx *storage.Tx) error {
				got, ok, err := w.store.Observed(ctx, tx, state)
				if string(got) != want || ok != (want != "") {
					t.Errorf("at %v: got %q, %v, want %q", hour, got, ok, want)
				}
				return err
			})
		}
		heavy, light := result("W-1", 200), result("W-1", 10)
		w.report("pc", at(0, 1), true, heavy)    // 1
		w.report("pc", at(0, 2), false, same(1)) // 2
		wants(2, string(heavy.GetObserved()))
		w.report("pc", at(0, 3), false, light) // 3
		wants(3, string(light.GetObserved()))
		w.report("pc", at(0, 4), false, same(2)) // 4: back to what was
		wants(4, string(heavy.GetObserved()))
		w.report("pc", at(0, 5), false, same(99)) // 5: facts that are not here
		wants(5, "")
		w.report("pc", at(0, 6), false, &apiv1.Result{Entry: "W-1", Check: scaleID, Status: apiv1.Status_STATUS_UNKNOWN, Reason: &apiv1.Reason{Code: "check.timed_out"}})
		wants(6, "")
	})
}
