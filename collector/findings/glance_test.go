package findings

import (
	"context"
	"slices"
	"testing"
	"time"

	"vigia/collector/storage"
)

// In a large organisation pages see what is up to a minute and a half old, in others what is.
func TestGlance(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		glance := func(when time.Time) (out []string) {
			w.read(func(ctx context.Context, tx *storage.Tx) error {
				states, err := w.store.Glance(ctx, tx, when)
				out = sayStates(states)
				return err
			})
			return out
		}
		now := at(0, 12)
		fresh := func(what string, when time.Time, want bool) {
			t.Helper()
			if got, is := glance(when), sayStates(w.states(when)); slices.Equal(got, is) != want {
				t.Errorf("%s: got %q, and it is %q", what, got, is)
			}
		}
		w.report("pc", at(0, 8), true, result("W-1", 10), result("W-2", 200))
		fresh("few", now, true)
		w.report("pc", at(0, 9), true, result("W-1", 200), result("W-2", 10))
		fresh("few, after a report", now, true)
		w.store.many = 2
		fresh("many", now, true)
		w.report("pc", at(0, 10), true, result("W-1", 10), result("W-2", 200))
		fresh("many, after a report", now.Add(oldest), false)
		fresh("many, later", now.Add(oldest+time.Second), true)
		w.report("pc", at(0, 11), true, result("W-1", 200), result("W-2", 10))
		now = now.Add(2 * oldest)
		w.read(func(ctx context.Context, tx *storage.Tx) error { return w.store.Refresh(ctx, tx, now) })
		fresh("refreshed", now.Add(time.Minute), true)
		w.write(w.store.Reset)
		fresh("made anew", now.Add(time.Minute), true)
	})
}
