package spool

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestViewBesideTheOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "spool")
	if v, err := View(path); err != nil || v.Stats().Last != 0 {
		t.Fatalf("a spool that does not exist: %v", err)
	}
	fsys, err := Dir(path)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	q, err := Open(fsys, Options{Now: func() time.Time { at = at.Add(time.Hour); return at }})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	add := func() {
		t.Helper()
		if _, err := q.Append(t.Context(), 0, func(uint64, Hash) (Signed, error) {
			return Signed{Message: []byte("informe"), Signature: []byte("firma")}, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		add()
	}
	if err := q.Ack(1); err != nil {
		t.Fatal(err)
	}
	// What is half written is not seen, and what the owner does next is no damage.
	segment := filepath.Join(path, segmentName(1))
	whole, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	before := len(whole)
	add()
	if whole, err = os.ReadFile(segment); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(segment, whole[:before+(len(whole)-before)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := View(path)
	if err != nil {
		t.Fatal(err)
	}
	got := v.Stats()
	if got.Last != 3 || got.Acked != 1 || got.Waiting != 2 || got.Damaged != 0 || got.Oldest.IsZero() {
		t.Errorf("got %+v, want 2 of 3 waiting", got)
	}
	records, err := v.Unacked(0, 10, 1<<20)
	if err != nil || len(records) != 2 || records[0].First != 2 {
		t.Errorf("got %d records (%v), want 2 and 3", len(records), err)
	}
	if after, err := os.ReadFile(segment); err != nil || len(after) != before+(len(whole)-before)/2 {
		t.Errorf("looking at it changed it (%v)", err)
	}
}
