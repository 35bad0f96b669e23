package activity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

var madrid = time.FixedZone("CET", 3600)

// each runs a test with an empty log on every database.
func each(t *testing.T, fn func(t *testing.T, l *Log, now *time.Time)) {
	t.Helper()
	storagetest.Each(t, []storage.Schema{evidence.Schema(), Schema()}, func(t *testing.T, db *storage.DB) {
		now := time.Date(2026, 11, 2, 9, 0, 0, 0, madrid)
		clock := func() time.Time { return now }
		key, err := evidence.NewKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		log, err := evidence.Open(t.Context(), db, evidence.Options{Key: key, Now: clock})
		if err != nil {
			t.Fatal(err)
		}
		fn(t, Open(Options{DB: db, Log: log, Zone: madrid, Now: clock, Keep: 30 * 24 * time.Hour}), &now)
	})
}

func (l *Log) all(t *testing.T, f Filter) (out []Entry) {
	t.Helper()
	if err := l.Entries(t.Context(), f, func(e Entry) error { out = append(out, e); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func look(who, record string) Entry {
	return Entry{Who: who, Role: "officer", Source: "10.0.0.5", Act: Look, Route: "GET " + record, Record: record, Result: 200}
}

func TestFilters(t *testing.T) {
	each(t, func(t *testing.T, l *Log, now *time.Time) {
		ctx := t.Context()
		for i, e := range []Entry{look("ana", "/equipos/a"), look("luis", "/equipos/b"), look("ana", "/cuentas/ana"), {Who: "ana", Act: Change, Record: "/equipos/a", Result: 303}} {
			*now = now.Add(time.Duration(i) * time.Hour)
			if err := l.Note(ctx, e); err != nil {
				t.Fatal(err)
			}
		}
		for _, row := range []struct {
			name string
			f    Filter
			want []int64
		}{
			{"all, the newest first", Filter{}, []int64{4, 3, 2, 1}},
			{"a person", Filter{Who: "ana"}, []int64{4, 3, 1}},
			{"a record", Filter{Record: "/equipos/a"}, []int64{4, 1}},
			{"all below", Filter{Record: "/equipos/"}, []int64{4, 2, 1}},
			{"an act", Filter{Act: Change}, []int64{4}},
			{"a page", Filter{Limit: 2}, []int64{4, 3}},
			{"the next page", Filter{Limit: 2, Before: 3}, []int64{2, 1}},
			{"a time", Filter{From: now.Add(-5 * time.Hour), To: now.Add(-3 * time.Hour)}, []int64{2}},
			{"nothing", Filter{Who: "eva"}, nil},
		} {
			var got []int64
			for _, e := range l.all(t, row.f) {
				got = append(got, e.ID)
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("%s: got %v, want %v", row.name, got, row.want)
			}
		}
		if whos, err := l.Whos(ctx); err != nil || !slices.Equal(whos, []string{"ana", "luis"}) {
			t.Errorf("got %v, %v; want ana and luis", whos, err)
		}
	})
}

// What is recorded is there for another process at once, with all that was noted before.
func TestRecordIsDurable(t *testing.T) {
	each(t, func(t *testing.T, l *Log, _ *time.Time) {
		if err := l.Note(t.Context(), look("ana", "/")); err != nil {
			t.Fatal(err)
		}
		other := Open(l.Options)
		if got := other.all(t, Filter{}); len(got) != 0 {
			t.Errorf("only looked at: got %d entries already, want 0", len(got))
		}
		if err := l.Record(t.Context(), Entry{Who: "ana", Act: Change, Record: "/cuentas"}); err != nil {
			t.Fatal(err)
		}
		if got := other.all(t, Filter{}); len(got) != 2 {
			t.Errorf("changed: got %d entries, want 2", len(got))
		}
	})
}

// What cannot be written waits, and is not lost.
func TestWaitsForTheDatabase(t *testing.T) {
	each(t, func(t *testing.T, l *Log, _ *time.Time) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Record(ended, look("ana", "/")); err == nil {
			t.Fatal("a write that cannot be was taken for good")
		}
		if got := l.all(t, Filter{}); len(got) != 1 {
			t.Errorf("got %d entries, want 1", len(got))
		}
	})
}

func TestTextsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, l *Log, _ *time.Time) {
		if err := l.Record(t.Context(), Entry{Act: Look, Record: "/" + strings.Repeat("ñ", 400), Route: "a\x00b\n\xff"}); err != nil {
			t.Fatal(err)
		}
		got := l.all(t, Filter{})[0]
		if len(got.Record) > maxText || !strings.HasSuffix(got.Record, "ñ") || got.Route != "a?b??" {
			t.Errorf("got %d bytes and %q", len(got.Record), got.Route)
		}
	})
}

// days fills five days and seals those that ended.
func days(t *testing.T, l *Log, now *time.Time) {
	t.Helper()
	for day := range 5 {
		for i := range 3 {
			if err := l.Record(t.Context(), look("ana", fmt.Sprintf("/equipos/%d-%d", day, i))); err != nil {
				t.Fatal(err)
			}
		}
		*now = now.Add(24 * time.Hour)
	}
	*now = now.Add(-24 * time.Hour)
	if err := l.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestSeal(t *testing.T) {
	each(t, func(t *testing.T, l *Log, now *time.Time) {
		days(t, l, now)
		if got, err := l.State(t.Context()); err != nil || got != (State{Days: 4, Last: "2026-11-05", Open: 3}) {
			t.Errorf("got %+v, %v; want 4 days and 3 open entries", got, err)
		}
		if n, err := l.Verify(t.Context()); err != nil || n != 4 {
			t.Errorf("verify: got %d, %v; want 4", n, err)
		}
		if err := l.Seal(t.Context()); err != nil { // again changes nothing
			t.Fatal(err)
		}
		if n, err := l.Verify(t.Context()); err != nil || n != 4 {
			t.Errorf("verify once more: got %d, %v; want 4", n, err)
		}
	})
}

// A clock that goes back leaves no entry outside of a seal.
func TestSealWithAClockThatGoesBack(t *testing.T) {
	each(t, func(t *testing.T, l *Log, now *time.Time) {
		days(t, l, now)
		*now = now.Add(-72 * time.Hour)
		if err := l.Record(t.Context(), look("luis", "/")); err != nil {
			t.Fatal(err)
		}
		*now = now.Add(120 * time.Hour)
		if err := l.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := l.State(t.Context()); err != nil || got.Open != 0 {
			t.Errorf("got %+v, %v; want nothing open", got, err)
		}
		if _, err := l.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Whoever changes the table is found out, by day.
func TestVerifyFindsChanges(t *testing.T) {
	for _, row := range []struct{ name, statement, day string }{
		{"an entry changed", `UPDATE activity_entries SET who = 'luis' WHERE id = 5`, "2026-11-03"},
		{"a time changed", `UPDATE activity_entries SET at_us = at_us + 1 WHERE id = 1`, "2026-11-02"},
		{"an entry gone", `DELETE FROM activity_entries WHERE id = 8`, "2026-11-04"},
		{"all gone, as if erased", `DELETE FROM activity_entries WHERE id <= 12`, "2026-11-02"},
		{"an entry put in its place", `UPDATE activity_entries SET record = '/otra' WHERE id = 12`, "2026-11-05"},
	} {
		t.Run(row.name, func(t *testing.T) {
			each(t, func(t *testing.T, l *Log, now *time.Time) {
				days(t, l, now)
				err := l.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
					_, err := tx.Exec(ctx, row.statement)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				_, err = l.Verify(t.Context())
				if bad, ok := errors.AsType[*BadDayError](err); !ok || bad.Day != row.day {
					t.Errorf("got %v, want the day %s", err, row.day)
				}
			})
		})
	}
}

// What is past its term goes, its seals stay and still prove the rest; its numbers are not
// given again.
func TestTermEnds(t *testing.T) {
	each(t, func(t *testing.T, l *Log, now *time.Time) {
		days(t, l, now)
		*now = now.Add(28 * 24 * time.Hour)
		if err := l.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := l.all(t, Filter{})
		if len(got) != 9 || got[len(got)-1].ID != 7 {
			t.Fatalf("got %d entries, want the 9 of the last three days", len(got))
		}
		if n, err := l.Verify(t.Context()); err != nil || n != 5 {
			t.Errorf("verify: got %d, %v; want 5", n, err)
		}
		*now = now.Add(60 * 24 * time.Hour)
		if err := l.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := l.Record(t.Context(), look("ana", "/")); err != nil {
			t.Fatal(err)
		}
		if got := l.all(t, Filter{}); len(got) != 1 || got[0].ID != 16 {
			t.Errorf("got %+v, want entry 16 alone", got)
		}
		if _, err := l.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Run writes what waits when it is told to end.
func TestRun(t *testing.T) {
	each(t, func(t *testing.T, l *Log, _ *time.Time) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		if err := l.Note(t.Context(), look("ana", "/")); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got := Open(l.Options).all(t, Filter{}); len(got) != 1 {
			t.Errorf("got %d entries, want 1", len(got))
		}
	})
}
