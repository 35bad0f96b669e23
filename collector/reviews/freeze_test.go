package reviews_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/collector/findings"
	"vigia/collector/reviews"
	"vigia/collector/reviews/reviewtest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// A quarter of the small town: each machine stands where it should, each state
// names its evidence, and what changed the rules is told.
func TestFreeze(t *testing.T) {
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		w := reviewtest.New(t, dsn)
		s := w.Live(reviewtest.Middle())
		snap := w.Freeze(reviewtest.Quarter, reviewtest.Middle())
		var rows []string
		for _, m := range snap.Coverage.Machines {
			rows = append(rows, m.Hostname+" "+string(m.State))
		}
		want := []string{"alcaldia-01 partly", "biblioteca-01 never", "cultura-01 agentless", "obras-01 agentless", "obras-01 departed", "padron-01 partly",
			"policia-01 silent", "srv-ficheros partly", "tesoreria-01 partly", "torno-entrada excluded"}
		slices.Sort(rows)
		if !slices.Equal(rows, want) {
			t.Errorf("coverage:\n got %q\nwant %q", rows, want)
		}
		if snap.Final || !snap.Coverage.Listed || !snap.At.Equal(reviewtest.Middle()) {
			t.Errorf("final %v, listed %v, at %s", snap.Final, snap.Coverage.Listed, snap.At)
		}
		for _, x := range snap.States {
			if x.Machine == s.Revoked.ID || x.Machine == s.Never.ID || x.Key != "" || x.Control == findings.ControlAgent {
				t.Errorf("there is a state of %s, %s %q", x.Hostname, x.Entry, x.Key)
			}
			if x.Machine == s.Silent.ID && (x.Status == checks.Pass || !x.Silent) {
				t.Errorf("%s of a silent machine is %s", x.Entry, x.Status)
			}
			if x.Machine == s.Worse.ID && x.Status == checks.Fail && !x.Differs() {
				t.Errorf("%s: that the agent said otherwise is lost", x.Entry)
			}
			for name, leaf := range map[string]int64{"report": x.Leaf, "facts": x.Facts, "policy": x.PolicyLeaf} {
				if _, found := slices.BinarySearch(snap.Leaves, leaf); leaf <= 0 || !found {
					t.Errorf("%s of %s: the %s is entry %d, which is not among the evidence", x.Entry, x.Hostname, name, leaf)
				}
			}
		}
		measured, core := 0, 0
		for _, c := range snap.Controls {
			if c.Measured {
				measured++
			} else if c.Core {
				core++
			}
		}
		if measured == 0 || core == 0 {
			t.Errorf("%d controls measured, %d core ones not", measured, core)
		}
		var notes []string
		for _, n := range snap.Notes {
			notes = append(notes, string(n.Kind)+" "+n.Subject+" "+n.By+" "+n.Why)
		}
		if got, want := strings.Join(notes, "; "), "policy source secretaria politica.yaml; revocation obras-01 informatica equipo robado"; got != want {
			t.Errorf("notes: got %q, want %q", got, want)
		}
		if n := len(snap.Trend); n != 9 || !snap.Trend[n-1].At.After(snap.Trend[n-2].At) {
			t.Errorf("%d points of trend: %v", n, snap.Trend)
		}
	})
}

// What comes after the end of a quarter, and what comes late, changes nothing
// but what it is about.
func TestFreezeGoesBack(t *testing.T) {
	w := reviewtest.New(t, storagetest.SQLite(t))
	a := w.Admit(reviewtest.Good("alcaldia-01", "Alcaldía"))
	w.Now = reviewtest.End().Add(-time.Hour)
	w.Report(a)
	before := w.Freeze(reviewtest.Quarter, reviewtest.End())
	for range 5 {
		w.Now = w.Now.Add(24 * time.Hour)
		w.Report(a)
	}
	after := w.Freeze(reviewtest.Quarter, w.Now)
	if len(before.States) == 0 || len(before.States) != len(after.States) {
		t.Fatalf("%d states, then %d", len(before.States), len(after.States))
	}
	for i, want := range before.States {
		got := after.States[i]
		if got.Leaf != want.Leaf || got.Facts != want.Facts || !got.Last.Equal(want.Last) || got.Status != want.Status {
			t.Errorf("%s: got entry %d of %s, want %d of %s", got.Entry, got.Leaf, got.Last, want.Leaf, want.Last)
		}
	}
	if !slices.Equal(before.Leaves, after.Leaves) {
		t.Errorf("evidence: got %v, want %v", after.Leaves, before.Leaves)
	}
	if !after.Coverage.Machines[0].LastSeen.Equal(before.Coverage.Machines[0].LastSeen) {
		t.Errorf("last measured: got %s, want %s", after.Coverage.Machines[0].LastSeen, before.Coverage.Machines[0].LastSeen)
	}
}

func TestFreezeRefusesTheFuture(t *testing.T) {
	w := reviewtest.New(t, storagetest.SQLite(t))
	p, err := reviews.ParsePeriod("2027Q1", reviewtest.Zone())
	if err != nil {
		t.Fatal(err)
	}
	w.Read(func(ctx context.Context, tx *storage.Tx) error {
		if _, err := w.Sources().Freeze(ctx, tx, p, p.Begin().Add(-time.Second)); !errors.Is(err, reviews.ErrFuture) {
			t.Errorf("got %v, want ErrFuture", err)
		}
		_, err := w.Sources().Freeze(ctx, tx, p, p.Begin())
		return err
	})
}
