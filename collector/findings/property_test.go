package findings

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigia/checks"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// observation is what the naive model remembers: everything.
type observation struct {
	at     time.Time
	status checks.Status
}

// model tells states by looking at every observation there ever was. It knows
// reports that come in the order in which they were made.
type model struct {
	seen  map[[2]string][]observation // by machine and entry
	heard map[string][]time.Time
	ended map[string]time.Time
}

const (
	silence = 48 * time.Hour
	fresh   = 72 * time.Hour
)

func (m *model) statusAt(machine, entry string, t time.Time) checks.Status {
	if end, ok := m.ended[machine]; ok && !t.Before(end) {
		return ""
	}
	var last observation
	for _, o := range m.seen[[2]string{machine, entry}] {
		if !o.at.After(t) {
			last = o
		}
	}
	var heard time.Time
	for _, h := range m.heard[machine] {
		if !h.After(t) {
			heard = h
		}
	}
	if last.status == "" || last.status == checks.Fail {
		return last.status
	}
	if t.Sub(heard) >= silence || t.Sub(last.at) > fresh {
		return checks.Unknown
	}
	return last.status
}

// history draws some weeks of reports of a few machines, applies them, and
// remembers them. late also draws reports that were made before others that
// have come.
func (w *town) history(rt *rapid.T, late bool) *model {
	w.pol = testPolicy("W-1", "W-2", "W-2@other")
	m := &model{seen: map[[2]string][]observation{}, heard: map[string][]time.Time{}, ended: map[string]time.Time{}}
	now := map[string]time.Time{"a": at(0, 8), "b": at(0, 8)}
	for range rapid.IntRange(1, 25).Draw(rt, "reports") {
		id := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "machine")
		if _, gone := m.ended[id]; gone {
			continue
		}
		now[id] = now[id].Add(time.Duration(rapid.SampledFrom([]int{1, 1, 5, 20, 47, 48, 49, 80, 200}).Draw(rt, "hours")) * time.Hour)
		made := now[id]
		if late && rapid.IntRange(0, 3).Draw(rt, "late") == 0 {
			made = made.Add(-time.Duration(rapid.IntRange(1, 100).Draw(rt, "behind")) * time.Hour)
		}
		if rapid.IntRange(0, 20).Draw(rt, "end") == 0 {
			m.ended[id] = now[id]
			w.write(func(ctx context.Context, tx *storage.Tx) error {
				return w.store.End(ctx, tx, Machine{ID: id, Department: "Obras"}, now[id])
			})
			continue
		}
		var results []*apiv1.Result
		for _, entry := range []string{"W-1", "W-2", "W-2@other"} {
			if rapid.Bool().Draw(rt, entry) {
				weight := rapid.SampledFrom([]int{10, 10, 70, 200, -1}).Draw(rt, "weight")
				results = append(results, result(entry, weight))
				status, _ := weigh(weight, 100)
				key := [2]string{id, entry}
				m.seen[key] = append(m.seen[key], observation{made, status})
			}
		}
		m.heard[id] = append(m.heard[id], made)
		w.deliver(id, made, now[id].Add(time.Minute), false, results...)
	}
	return m
}

// Whatever was reported in order, the states at any time are those that a look
// at every single observation gives.
func TestStatesAgreeWithEveryObservation(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		rapid.Check(t, func(rt *rapid.T) {
			w.forget()
			m := w.history(rt, false)
			for range 10 {
				when := at(0, float64(rapid.IntRange(0, 24*60).Draw(rt, "when"))).Add(30 * time.Second)
				got := map[[2]string]checks.Status{}
				for _, s := range w.states(when) {
					got[[2]string{s.Machine, s.Entry}] = s.Status
				}
				want := map[[2]string]checks.Status{}
				for key := range m.seen {
					if status := m.statusAt(key[0], key[1], when); status != "" {
						want[key] = status
					}
				}
				if d := diff.Diff(want, got); d != "" {
					rt.Fatalf("states at %s (-want +got)\n%s", when, d)
				}
			}
		})
	})
}

// The running counts of every day are those of the states at its end, late
// evidence, silence and departures included.
func TestTrendAgreesWithStates(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		rapid.Check(t, func(rt *rapid.T) {
			w.forget()
			w.history(rt, true)
			from, to := at(0), at(rapid.IntRange(1, 40).Draw(rt, "days")).Add(-time.Microsecond)
			var counts []Count
			w.read(func(ctx context.Context, tx *storage.Tx) (err error) {
				counts, err = w.store.Trend(ctx, tx, from, to)
				return err
			})
			var want []string
			for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
				want = append(want, w.countStates(day, day.AddDate(0, 0, 1).Add(-time.Microsecond))...)
			}
			var got []string
			for _, c := range counts {
				got = append(got, fmt.Sprintf("%s %s %s %s %d", c.Day.Format(time.DateOnly), c.Control, c.Department, c.Status, c.Machines))
			}
			slices.Sort(want)
			slices.Sort(got)
			if d := diff.Diff(want, got); d != "" {
				rt.Fatalf("trend (-want +got)\n%s", d)
			}
		})
	})
}

// countStates counts machines by control and status at a time.
func (w *town) countStates(day, when time.Time) []string {
	worst := map[[2]string][]checks.Status{}
	for _, s := range w.states(when) {
		if s.Key == "" && s.Control != ControlAgent {
			worst[[2]string{s.Machine, s.Control}] = append(worst[[2]string{s.Machine, s.Control}], s.Status)
		}
	}
	counts := map[string]int{}
	for key, all := range worst {
		counts[fmt.Sprintf("%s %s Obras %s", day.Format(time.DateOnly), key[1], checks.Worst(all...))]++
	}
	var out []string
	for what, n := range counts {
		out = append(out, fmt.Sprintf("%s %d", what, n))
	}
	return out
}

func (w *town) forget() {
	w.write(w.store.Reset)
	w.seq, w.leaf = map[string]uint64{}, 0
}

// Stored rows never overlap, and those of one track touch in order.
func TestRowsNeverOverlap(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		rapid.Check(t, func(rt *rapid.T) {
			w.forget()
			w.history(rt, true)
			tracks := map[track][]row{}
			w.read(func(ctx context.Context, tx *storage.Tx) error {
				return rows(ctx, tx, func(r row) { tracks[r.track] = append(tracks[r.track], r) }, selectRows)
			})
			for name, all := range tracks {
				slices.SortFunc(all, func(a, b row) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.until, b.until)) })
				for i, r := range all {
					if r.from > r.last || r.last > r.until || r.since > r.from {
						rt.Fatalf("%v: row from %d since %d last %d until %d", name, r.from, r.since, r.last, r.until)
					}
					if i > 0 && all[i-1].until > r.from {
						rt.Fatalf("%v: rows overlap", name)
					}
				}
			}
		})
	})
}

// Whatever a machine signs can be taken: a report that made this package err
// would stop its agent for good.
func TestNoReportIsRefused(t *testing.T) {
	storagetest.Each(t, []storage.Schema{Schema()}, func(t *testing.T, db *storage.DB) {
		w := newTown(t, db)
		text := rapid.OneOf(
			rapid.SampledFrom([]string{"W-1", "W-2", "W-1@x", "", "vigia.gap", scaleID, "a\x00b", "\n", strings.Repeat("ñ", 5000), "check.timed_out"}),
			rapid.String(),
		)
		number := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, -1, 1, at(0, 8).UnixMicro(), at(90).UnixMicro(), 1 << 62}))
		facts := rapid.OneOf(
			rapid.SampledFrom([][]byte{nil, {}, []byte(`{"weight":200,"boxes":{"a\u0000b":200,"":1,"\ud800":3}}`), []byte(`{"weight":1e400}`), []byte("\xff\x00")}),
			rapid.SliceOfN(rapid.Byte(), 0, 64),
		)
		reason := rapid.Custom(func(rt *rapid.T) *apiv1.Reason {
			return &apiv1.Reason{Code: text.Draw(rt, "code"), Args: rapid.MapOfN(text, text, 0, 4).Draw(rt, "args")}
		})
		drawn := rapid.Custom(func(rt *rapid.T) *apiv1.Result {
			return &apiv1.Result{
				Entry: text.Draw(rt, "entry"), Control: text.Draw(rt, "control"), Check: text.Draw(rt, "check"),
				Status: apiv1.Status(rapid.Int32Range(-1, 9).Draw(rt, "status")), Reason: reason.Draw(rt, "reason"),
				Observed: facts.Draw(rt, "observed"), ObservedAt: number.Draw(rt, "observed_at"), TookMs: number.Draw(rt, "took"),
				SameAs: rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 5)).Draw(rt, "same_as"),
			}
		})
		rapid.Check(t, func(rt *rapid.T) {
			w.forget()
			for i := range rapid.IntRange(1, 4).Draw(rt, "reports") {
				in := Input{
					Machine: Machine{ID: "pc", Department: "Obras", EnrolledAt: at(0)}, Leaf: int64(i), ReceivedAt: at(i, 9), Policy: w.pol,
					Report: &apiv1.Report{
						Sequence: uint64(i + 1), CreatedAt: number.Draw(rt, "created_at"), Full: rapid.Bool().Draw(rt, "full"),
						Results: rapid.SliceOfN(drawn, 0, 8).Draw(rt, "results"),
					},
				}
				w.write(func(ctx context.Context, tx *storage.Tx) error { return w.store.Apply(ctx, tx, in) })
			}
			for _, s := range w.states(at(5)) {
				if s.Status == checks.Pass && s.Entry != "W-1" && s.Entry != "W-2" && !ownEntry(s.Entry) {
					rt.Fatalf("a pass of what nobody asked: %+v", s)
				}
			}
			w.findings(at(5))
		})
	})
}

// Two towns that took the same reports hold the same rows, whatever came before.
func TestTheSameReportsGiveTheSameRows(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, []storage.Schema{Schema()}, func(t *testing.T, db *storage.DB) {
		w := newTown(t, db)
		play := func() []string {
			w.forget()
			w.report("pc", at(0, 8), true, result("W-1", 10, "ana", 200), result("W-2", 10))
			w.deliver("pc", at(0, 2), at(0, 9), false, result("W-1", 70))
			w.report("pc", at(4, 8), true, result("W-1", 10), result("W-2", 200))
			return w.dump()
		}
		first := play()
		w.report("other", at(0, 8), true, result("W-1", 10))
		if d := diff.Diff(first, play()); d != "" {
			t.Errorf("(-first +second)\n%s", d)
		}
	})
}

// dump is every row of every table, as text.
func (w *town) dump() []string {
	w.t.Helper()
	var out []string
	columns := map[string]string{
		"findings_states":   rowColumns,
		"findings_facts":    "machine, entry, sequence, last_sequence, observed, agent_status, reason",
		"findings_heard":    "machine, from_at, last_at, silence",
		"findings_machines": "machine, department, ended_at",
		"findings_controls": "machine, control, from_at, until_at, department, status",
		"findings_days":     "day, control, department, status, delta",
	}
	w.read(func(ctx context.Context, tx *storage.Tx) error {
		for _, table := range slices.Sorted(maps.Keys(columns)) {
			found, err := tx.Query(ctx, "SELECT "+columns[table]+" FROM "+table)
			if err != nil {
				return err
			}
			names, err := found.Columns()
			if err != nil {
				return err
			}
			for found.Next() {
				values := make([]any, len(names))
				into := make([]any, len(names))
				for i := range values {
					into[i] = &values[i]
				}
				if err := found.Scan(into...); err != nil {
					return err
				}
				line := fmt.Sprint(table, values)
				if table != "findings_days" || values[4] != int64(0) {
					out = append(out, line)
				}
			}
			if err := found.Err(); err != nil {
				return err
			}
			if err := found.Close(); err != nil {
				return err
			}
		}
		return nil
	})
	slices.Sort(out)
	return out
}
