package collector

import (
	"context"
	"slices"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/notify"
	"vigia/collector/storage"
)

// What the collector itself has to tell is told once, and survives that it is begun again.
func TestRemindersOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	open := func() *Collector {
		t.Helper()
		col, err := Open(t.Context(), Options{Dir: dir, Config: DefaultConfig(), Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return col
	}
	col := open()
	if err := col.Access.Add(t.Context(), "eva", access.Administrator, "una frase de prueba", "test"); err != nil {
		t.Fatal(err)
	}
	kinds := func() []string {
		t.Helper()
		runner, err := col.runner()
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := col.tellOnce(t.Context(), runner); err != nil {
				t.Fatal(err)
			}
		}
		var out []string
		if err := col.DB.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			notices, err := col.Notify.Inbox(ctx, tx, "eva", false, 100)
			for _, n := range notices {
				out = append(out, n.Kind)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(out)
		return out
	}
	before := kinds()
	if err := col.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := col.Notify.Queue(ctx, tx, notify.Message{Key: "x", Kind: "x", Accounts: []string{"eva"},
			Subject: message.Text{ES: "a", EN: "a"}, Body: message.Text{ES: "a", EN: "a"}})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := col.Close(); err != nil {
		t.Fatal(err)
	}
	col = open()
	defer col.Close()
	after := kinds()
	if len(after) != len(before)+1 || !slices.Contains(after, "x") {
		t.Errorf("got %v, then %v after it was begun again: want one more, what was queued", before, after)
	}
}
