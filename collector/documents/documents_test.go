package documents

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

func TestHandIn(t *testing.T) {
	storagetest.Each(t, []storage.Schema{evidence.Schema(), Schema()}, func(t *testing.T, db *storage.DB) {
		now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		key, err := evidence.LoadOrCreateKey(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		log, err := evidence.Open(t.Context(), db, evidence.Options{Key: key, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		store := NewStore(log, func() time.Time { return now })
		page := []byte("%PDF-1.4 acta firmada")
		write := func(fn func(ctx context.Context, tx *storage.Tx) error) {
			t.Helper()
			if err := db.Write(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
		}

		var first, second Document
		write(func(ctx context.Context, tx *storage.Tx) (err error) {
			if first, err = store.Add(ctx, tx, `C:\actas\T4.pdf`, page, "review/2026Q4", "lucia"); err != nil {
				return err
			}
			second, err = store.Add(ctx, tx, "otra vez.pdf", page, "incident/3", "raul")
			return err
		})
		if first.Name != "T4.pdf" || first.Type != "application/pdf" || first.Leaf == second.Leaf || first.SHA256 != second.SHA256 {
			t.Errorf("got %+v and %+v", first, second)
		}
		write(func(ctx context.Context, tx *storage.Tx) error {
			got, err := store.About(ctx, tx, "review/2026Q4")
			if diff := cmp.Diff([]Document{first}, got); err != nil || diff != "" {
				t.Errorf("About: %v (-want +got):\n%s", err, diff)
			}
			last, err := store.Find(ctx, tx, first.SHA256)
			if diff := cmp.Diff(second, last); err != nil || diff != "" {
				t.Errorf("Find: %v (-want +got):\n%s", err, diff)
			}
			data, err := store.Content(ctx, tx, first.SHA256)
			if err != nil || !bytes.Equal(data, page) {
				t.Errorf("Content: %q, %v", data, err)
			}
			if _, err := store.Content(ctx, tx, strings.Repeat("0", 64)); !errors.Is(err, ErrNoDocument) {
				t.Errorf("no content: %v, want %v", err, ErrNoDocument)
			}
			if err := store.Erase(ctx, tx, first.SHA256); err != nil {
				return err
			}
			if _, err := store.Content(ctx, tx, first.SHA256); !errors.Is(err, ErrErased) {
				t.Errorf("erased: %v, want %v", err, ErrErased)
			}
			return nil
		})
		for name, row := range map[string]struct {
			data []byte
			want error
		}{
			"a page that would run":       {[]byte("<html><script>1</script>"), ErrType},
			"a program":                   {[]byte("MZ\x90\x00"), ErrType},
			"nothing":                     {nil, ErrSize},
			"more than there is room for": {append([]byte("%PDF-"), make([]byte, MaxSize)...), ErrSize},
		} {
			err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				_, err := store.Add(ctx, tx, "x.pdf", row.data, "", "lucia")
				return err
			})
			if !errors.Is(err, row.want) {
				t.Errorf("%s: %v, want %v", name, err, row.want)
			}
		}
	})
}

func TestCleanName(t *testing.T) {
	for text, want := range map[string]string{
		"acta.pdf": "acta.pdf", "../../etc/passwd": "passwd", `..\x`: "x", "": "documento", "...": "documento",
		"a\x00b\n.pdf": "a_b_.pdf", `"x"<y>.pdf`: "_x__y_.pdf", "/": "documento",
	} {
		if got := cleanName(text); got != want {
			t.Errorf("cleanName(%q) = %q, want %q", text, got, want)
		}
	}
}
