package findings

import (
	"context"
	"testing"
	"time"

	"vigia/collector/storage"
)

// A machine that is said to be away is silent without alarm, for as long as it was said
// and until it had time to report again.
func TestAbsence(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.store.absences = func(context.Context, *storage.Tx, time.Time) (map[string][]Absence, error) {
			return map[string][]Absence{"pc": {{From: at(1), Until: at(8), Why: "vacaciones"}}}, nil
		}
		w.report("pc", at(0, 8), true, result("W-1", 10), result("W-2", 200))
		w.report("pc", at(0, 9), true, result("W-1", 10), result("W-2", 200))
		away := []string{"pc W-1: unknown machine.away since 04T09", "pc W-2: fail scale.heavy since 02T08"}
		w.wantStates(at(2, 8.9), "pc W-1: pass scale.light since 02T08", "pc W-2: fail scale.heavy since 02T08")
		w.wantStates(at(3), away...)
		w.wantStates(at(9, 12), away...)
		w.wantFindings(at(5), "pc W-2: persistent fail first 02T08 opened 02T08 times 1 silent")
		// It should be back: now its silence is one.
		w.wantStates(at(10, 1), "pc W-1: unknown machine.silent since 04T09", "pc W-2: fail scale.heavy since 02T08")
		w.wantFindings(at(10, 1),
			"pc W-2: persistent fail first 02T08 opened 02T08 times 1 silent",
			"pc vigia.silence: persistent unknown first 04T09 opened 04T09 times 1 silent")
	})
}
