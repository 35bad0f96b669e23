package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"testing"
	"time"

	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/storage"
)

// crowd writes the states of many machines and controls as reports would have left them: of
// each machine four controls fail, in one of three ways, and one is unknown.
func (w *townHall) crowd(machines, controls int) {
	w.t.Helper()
	laws := w.laws.Controls[:min(controls, len(w.laws.Controls))]
	opened := w.now.AddDate(0, 0, -20).UnixMicro()
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		for m := range machines {
			id := fmt.Sprintf("machine%04d", m)
			for i, law := range laws {
				status, code, times, severity := "pass", "ok", 0, law.Severity
				if (m+i)%10 == 0 {
					status, code, times = "fail", []string{"speed.a", "speed.b", "speed.c"}[m%3], 1
				} else if (m+i)%40 == 3 {
					status, code, times = "unknown", "speed.unread", 1
				}
				if severity == "" {
					severity = policy.Medium
				}
				if _, err := tx.Exec(ctx, `INSERT INTO findings_states (machine, entry, part, from_at, sequence, until_at, since, last_at, last_sequence, leaf,
					control, check_id, severity, status, agent_status, reason_code, reason_args, gone, late, fresh, settled, first_seen, opened, resolved, times)
					VALUES ($1, $2, '', $3, 1, $4, $3, $5, 1, 1, $2, 'x', $6, $7, '', $8, '', 0, 0, $9, $3, $3, $3, 0, $10)`,
					id, law.ID, opened, int64(math.MaxInt64), w.now.UnixMicro(), string(severity), status, code, int64(1<<50), times); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// TestQueueIsQuick shows the pages of the queue with many machines and half of it decided:
// two thousand machines and forty controls, and a tenth of a second, when speed is measured.
func TestQueueIsQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a large town hall: make test runs it")
	}
	machines, times := 200, 1
	if *measure {
		machines, times = 2000, 40
	}
	w, key := crowdedQueue(t, machines, 40)
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	for _, path := range []string{"/pendientes", "/pendientes?estado=todos&area=%C3%81rea+3", "/pendientes/" + key, "/pendientes/linea-base", "/plan", "/plan/brechas"} {
		ask := func(i int) {
			w.now = w.now.Add(20 * time.Second) // as somebody reads
			if i%4 == 0 {
				w.must(w.db.Read(t.Context(), w.decisions.Refresh)) // as the collector does beside
			}
			if got := b.get(path); got.status != http.StatusOK {
				t.Fatalf("%s: got %d", path, got.status)
			}
		}
		if *measure {
			paced(t, path, times, ask)
		} else {
			ask(0)
		}
	}
}
