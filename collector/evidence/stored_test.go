package evidence_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// storedAfter lists the rows as a package gets them, after a change that is
// undone, each as "index" or "index altered".
func storedAfter(t *testing.T, db *storage.DB, log *evidence.Log, size int64, query string, args ...any) (out []string, root tlog.Hash) {
	t.Helper()
	err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		if query != "" {
			if _, err := tx.Exec(ctx, query, args...); err != nil {
				return err
			}
		}
		var hashes []tlog.Hash
		err := log.EachStored(ctx, tx, size, func(s evidence.Stored) error {
			text := fmt.Sprint(s.Index)
			if s.Altered() {
				text += " altered"
			}
			out, hashes = append(out, text), append(hashes, s.Hash())
			return nil
		})
		root = evidence.RootOf(hashes)
		return errors.Join(err, errUndo)
	})
	if !errors.Is(err, errUndo) || strings.Count(err.Error(), "\n") > 0 {
		t.Fatal(err)
	}
	return out, root
}

// What is stored is handed out as it is, altered or not, and says so.
func TestEachStored(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db)
		appendLeaves(t, db, log, reports(1, 4)...)
		var c evidence.Checkpoint
		read(t, db, func(ctx context.Context, tx *storage.Tx) (err error) {
			c, err = log.Checkpoint(ctx, tx)
			return err
		})
		const entries = "UPDATE evidence_entries SET "
		for _, row := range []struct {
			name, query string
			size        int64
			args        []any
			want        string
		}{
			{"as appended", "", 5, nil, "0 1 2 3 4"},
			{"an older log", "", 3, nil, "0 1 2"},
			{"payload", entries + "payload = $1 WHERE idx = 2", 5, []any{[]byte("x")}, "0 1 2 altered 3 4"},
			{"salt", entries + "salt = $1 WHERE idx = 2", 5, []any{make([]byte, 32)}, "0 1 2 altered 3 4"},
			{"header", entries + "header = $1 WHERE idx = 4", 5, []any{[]byte("x")}, "0 1 2 3 4 altered"},
			{"hash in the tree", "UPDATE evidence_hashes SET hash = $1 WHERE idx = $2", 5,
				[]any{make([]byte, 32), tlog.StoredHashIndex(0, 1)}, "0 1 altered 2 3 4"},
			{"hash gone", "DELETE FROM evidence_hashes WHERE idx = $1", 5, []any{tlog.StoredHashIndex(0, 1)}, "0 1 altered 2 3 4"},
			{"pruned", entries + "salt = NULL, payload = NULL WHERE idx = 2", 5, nil, "0 1 2 3 4"},
			{"row gone", "DELETE FROM evidence_entries WHERE idx = 3", 5, nil, "0 1 2 4"},
			{"all gone", "DELETE FROM evidence_entries", 5, nil, ""},
		} {
			rows, root := storedAfter(t, db, log, row.size, row.query, row.args...)
			if got := strings.Join(rows, " "); got != row.want {
				t.Errorf("%s: got %q, want %q", row.name, got, row.want)
			}
			if good := row.want == "0 1 2 3 4"; good && row.name != "hash in the tree" && root != c.Hash {
				t.Errorf("%s: the root is not the one that was signed", row.name)
			}
		}
		want := errors.New("enough")
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			if err := log.EachStored(ctx, tx, 5, func(evidence.Stored) error { return want }); !errors.Is(err, want) {
				t.Errorf("got %v, want the function's own error", err)
			}
			return nil
		})
	})
}

func TestPositions(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db)
		leaf := func(kind evidence.Kind, subject string, n uint64) evidence.Leaf {
			return evidence.Leaf{Kind: kind, Subject: subject, Sequence: n, Payload: []byte("x")}
		}
		appendLeaves(t, db, log, leaf(evidence.Report, "a", 1), leaf(evidence.Report, "b", 1), leaf(evidence.Policy, "a", 7), leaf(evidence.Report, "a", 2))
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			got, err := log.Positions(ctx, tx, evidence.Report, "a")
			if want := []evidence.Position{{Index: 1, Sequence: 1, Epoch: 1}, {Index: 4, Sequence: 2, Epoch: 1}}; !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			none, errNone := log.Positions(ctx, tx, evidence.Report, "c")
			if len(none) != 0 {
				t.Errorf("got %v for nobody", none)
			}
			return errors.Join(err, errNone)
		})
	})
}

// A statement is about its own words and bytes and of its own key, and nothing
// else that is signed is one.
func TestStatements(t *testing.T) {
	db := storagetest.Open(t, storagetest.SQLite(t), evidence.Schema())
	log := open(t, db)
	other, err := evidence.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := log.Sign("review 2026Q4", []byte("data"))
	if err != nil {
		t.Fatal(err)
	}
	var c evidence.Checkpoint
	read(t, db, func(ctx context.Context, tx *storage.Tx) (err error) {
		c, err = log.Checkpoint(ctx, tx)
		return err
	})
	for _, row := range []struct {
		name            string
		signed          []byte
		verifier, about string
		data            string
		ok              bool
	}{
		{"as signed", signed, log.Verifier(), "review 2026Q4", "data", true},
		{"other data", signed, log.Verifier(), "review 2026Q4", "date", false},
		{"about another thing", signed, log.Verifier(), "review 2026Q3", "data", false},
		{"another key", signed, other.Verifier(), "review 2026Q4", "data", false},
		{"no key", signed, "", "review 2026Q4", "data", false},
		{"a byte changed", bytes.Replace(signed, []byte("review"), []byte("Review"), 1), log.Verifier(), "review 2026Q4", "data", false},
		{"nothing", nil, log.Verifier(), "review 2026Q4", "data", false},
		{"too long", bytes.Repeat([]byte("a"), 1<<20), log.Verifier(), "review 2026Q4", "data", false},
		{"a checkpoint", c.Signed, log.Verifier(), "review 2026Q4", "data", false},
	} {
		if err := evidence.VerifyStatement(row.signed, row.verifier, row.about, []byte(row.data)); (err == nil) != row.ok {
			t.Errorf("%s: got %v, want ok %v", row.name, err, row.ok)
		}
	}
	for _, about := range []string{"", "two\nlines", "a\rb"} {
		if _, err := log.Sign(about, nil); err == nil {
			t.Errorf("Sign(%q): got no error", about)
		}
	}
	if _, err := evidence.VerifyCheckpoint(signed, log.Verifier()); err == nil {
		t.Error("a statement passes for a checkpoint")
	}
}

// Whoever hands in a tree gives its leaves; the root is the log's own.
func TestRootOf(t *testing.T) {
	var leaves []tlog.Hash
	for n := range 70 {
		if n > 0 {
			storedHashes := map[int64]tlog.Hash{}
			for i, leaf := range leaves {
				hashes, err := tlog.StoredHashesForRecordHash(int64(i), leaf, hashReader(storedHashes))
				if err != nil {
					t.Fatal(err)
				}
				for j, h := range hashes {
					storedHashes[tlog.StoredHashIndex(0, int64(i))+int64(j)] = h
				}
			}
			want, err := tlog.TreeHash(int64(n), hashReader(storedHashes))
			if err != nil {
				t.Fatal(err)
			}
			if got := evidence.RootOf(leaves); got != want {
				t.Errorf("%d leaves: got %v, want %v", n, got, want)
			}
		}
		leaves = append(leaves, tlog.RecordHash([]byte{byte(n)}))
	}
}

func hashReader(stored map[int64]tlog.Hash) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = stored[index]
		}
		return out, nil
	})
}
