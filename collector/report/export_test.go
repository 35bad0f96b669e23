package report

import (
	"bytes"
	"context"
	"testing"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/reviews/reviewtest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// A package of a real quarter is proved step by step, on every database, while
// the quarter runs and after it.
func TestExportVerifies(t *testing.T) {
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		w := reviewtest.New(t, dsn)
		w.Live(reviewtest.Middle())
		b, sum := exportTown(t, w, reviewtest.Middle())
		if len(sum.Warnings) > 0 {
			t.Errorf("warnings: %q", sum.Warnings)
		}
		res := verifyBytes(t, b)
		wantVerified(t, res)
		if res.Key != sum.Key || res.Document.Final {
			t.Errorf("verified key %q, want %q; final %v, want false", res.Key, sum.Key, res.Document.Final)
		}
		again, _ := exportTown(t, w, reviewtest.Middle())
		if !bytes.Equal(again, b) {
			t.Error("the same data at the same time gave other bytes")
		}
		for _, s := range res.Steps {
			if s.Skipped == "" && s.Count == 0 {
				t.Errorf("step %s proved nothing", s.Step)
			}
		}
	})
}

// After its end a quarter is final: whenever it is exported, and whatever comes
// in later about the next one, its numbers are the same.
func TestExportFinal(t *testing.T) {
	longer(t)
	w := reviewtest.New(t, storagetest.SQLite(t))
	s := w.Live(reviewtest.End())
	first, sum := exportTown(t, w, reviewtest.End())
	if d := sum.Document; !d.Final || !d.At.Equal(reviewtest.End().Add(-time.Microsecond)) {
		t.Errorf("final %v as of %s", d.Final, d.At)
	}
	again, _ := exportTown(t, w, reviewtest.End().Add(time.Hour))
	if !bytes.Equal(first, again) {
		t.Error("a closed quarter gives other bytes an hour later")
	}
	wantVerified(t, verifyBytes(t, first))
	for d := range 12 {
		w.Now = reviewtest.End().Add(time.Duration(d)*24*time.Hour + 9*time.Hour)
		if d == 10 {
			s.Well.Length = 0
			w.Report(s.Silent)
		}
		w.Report(s.Well, s.Fixed, s.Worse, s.Server)
	}
	late, later := exportTown(t, w, w.Now)
	wantVerified(t, verifyBytes(t, late))
	a, b := sum.Document, later.Document
	a.Log, b.Log = Log{}, Log{}
	x, err := a.encode()
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		t.Errorf("reports of the next quarter changed the numbers of this one:\n%s", firstDifferentLine(x, y))
	}
}

// With nothing at all there is still an honest package.
func TestExportEmpty(t *testing.T) {
	w := reviewtest.New(t, storagetest.SQLite(t))
	b, sum := exportTown(t, w, reviewtest.Middle())
	wantVerified(t, verifyBytes(t, b))
	if len(sum.Document.States) != 0 || len(sum.Document.Controls) == 0 {
		t.Errorf("%d states, %d controls", len(sum.Document.States), len(sum.Document.Controls))
	}
}

// A checkpoint that an agent kept shows whether the log is the same one.
func TestKeptCheckpoint(t *testing.T) {
	longer(t)
	w := reviewtest.New(t, storagetest.SQLite(t))
	early := checkpointOf(t, w)
	w.Live(reviewtest.Middle())
	b, _ := exportTown(t, w, reviewtest.Middle())
	now := checkpointOf(t, w)
	w.Now = w.Now.Add(time.Hour)
	w.Admit(reviewtest.Good("nuevo-01", "Obras"))
	after := checkpointOf(t, w)
	for _, row := range []struct {
		name string
		kept []byte
		ok   bool
	}{
		{"from before", early.Signed, true},
		{"the same", now.Signed, true},
		{"from after", after.Signed, false},
		{"of another log", checkpointOf(t, reviewtest.New(t, storagetest.SQLite(t))).Signed, false},
		{"none at all", []byte("nothing"), false},
	} {
		res := verifyBytes(t, b, func(o *VerifyOptions) { o.Kept = row.kept })
		step, err := failedStep(res)
		if res.OK() != row.ok || !row.ok && step != StepKept {
			t.Errorf("%s: ok %v, want %v; step %q: %v", row.name, res.OK(), row.ok, step, err)
		}
	}
}

func checkpointOf(t testing.TB, w *reviewtest.Town) (c evidence.Checkpoint) {
	t.Helper()
	w.Read(func(ctx context.Context, tx *storage.Tx) (err error) {
		c, err = w.Log.Checkpoint(ctx, tx)
		return err
	})
	return c
}
