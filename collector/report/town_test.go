package report

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/collector/evidence"
	"vigia/collector/reviews"
	"vigia/collector/reviews/reviewtest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

const testProgram = "0.1.0-test"

// export makes the package of the town's quarter as of a time.
func exportTown(t testing.TB, w *reviewtest.Town, at time.Time) ([]byte, Summary) {
	t.Helper()
	p, err := reviews.ParsePeriod(reviewtest.Quarter, reviewtest.Zone())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	var sum Summary
	w.Read(func(ctx context.Context, tx *storage.Tx) error {
		snap, err := w.Sources().Freeze(ctx, tx, p, at)
		if err != nil {
			return err
		}
		sum, err = Export(ctx, tx, &b, Input{Snapshot: snap, Log: w.Log, Catalog: w.Catalog, Lang: message.Spanish, Program: testProgram})
		return err
	})
	return b.Bytes(), sum
}

func verifyBytes(t testing.TB, b []byte, change ...func(*VerifyOptions)) Result {
	t.Helper()
	opts := VerifyOptions{Catalog: catalog.New(), Program: testProgram}
	for _, c := range change {
		c(&opts)
	}
	res, err := Verify(t.Context(), bytes.NewReader(b), int64(len(b)), opts)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// failedStep is the first step that failed, and why.
func failedStep(r Result) (Step, error) {
	for _, s := range r.Steps {
		if s.Err != nil {
			return s.Step, s.Err
		}
	}
	return "", nil
}

func wantVerified(t testing.TB, r Result) {
	t.Helper()
	for _, s := range r.Steps {
		if s.Err != nil {
			t.Errorf("step %s: %v", s.Step, s.Err)
		}
	}
}

// firstDifferentLine shows where two texts part.
func firstDifferentLine(a, b []byte) string {
	x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(x), len(y)) {
		if !bytes.Equal(x[i], y[i]) {
			return fmt.Sprintf("line %d:\n- %s\n+ %s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}

// made is a package of the small town in the middle of its quarter.
type made struct {
	zip []byte
	sum Summary
	log *evidence.Log // signs; its database may be closed
}

var shared struct {
	once sync.Once
	made made
}

// middle makes it once for all tests that only read it.
func middle(t testing.TB) made {
	t.Helper()
	shared.once.Do(func() {
		w := reviewtest.New(t, storagetest.SQLite(t))
		w.Live(reviewtest.Middle())
		shared.made.zip, shared.made.sum = exportTown(t, w, w.Now)
		shared.made.log = w.Log
	})
	if shared.made.zip == nil {
		t.Fatal("the package of the small town was not made")
	}
	return shared.made
}

// longer leaves a test of seconds out of the short run.
func longer(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds")
	}
}
