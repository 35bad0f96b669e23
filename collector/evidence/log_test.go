package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// seeded is a source of randomness that gives the same bytes again.
func seeded(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func newKey(t testing.TB, seed byte) *evidence.Key {
	t.Helper()
	key, err := evidence.NewKey(seeded(seed))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// clock begins at noon and moves a minute at every reading.
func clock() func() time.Time {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Minute)
		return now
	}
}

func open(t testing.TB, db *storage.DB) *evidence.Log {
	t.Helper()
	log, err := evidence.Open(t.Context(), db, evidence.Options{Key: newKey(t, 1), Now: clock(), Rand: seeded(2)})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func write(t testing.TB, db *storage.DB, fn func(ctx context.Context, tx *storage.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, db *storage.DB, fn func(ctx context.Context, tx *storage.Tx) error) {
	t.Helper()
	if err := db.Read(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func appendLeaves(t testing.TB, db *storage.DB, log *evidence.Log, leaves ...evidence.Leaf) int64 {
	t.Helper()
	var first int64
	write(t, db, func(ctx context.Context, tx *storage.Tx) (err error) {
		first, err = log.Append(ctx, tx, leaves...)
		return err
	})
	return first
}

func reports(from, n int) []evidence.Leaf {
	leaves := make([]evidence.Leaf, n)
	for i := range leaves {
		leaves[i] = evidence.Leaf{
			Kind: evidence.Report, Subject: "machine-7", Sequence: uint64(from + i),
			Payload: fmt.Appendf(nil, "report %d", from+i),
		}
	}
	return leaves
}

func each(t *testing.T, test func(t *testing.T, db *storage.DB)) {
	t.Helper()
	storagetest.Each(t, []storage.Schema{evidence.Schema()}, test)
}

func TestEveryProofVerifies(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db)
		var checkpoints []evidence.Checkpoint
		for i, n := 0, 1; i < 7; i, n = i+1, n+3 {
			first := appendLeaves(t, db, log, reports(i*100, n)...)
			read(t, db, func(ctx context.Context, tx *storage.Tx) error {
				c, err := log.Checkpoint(ctx, tx)
				if err != nil {
					return err
				}
				if c.Size != first+int64(n) {
					t.Errorf("checkpoint of size %d after entry %d", c.Size, first+int64(n)-1)
				}
				verified, err := evidence.VerifyCheckpoint(c.Signed, log.Verifier())
				if err != nil {
					return err
				}
				checkpoints = append(checkpoints, verified)
				return nil
			})
		}
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			for i, newer := range checkpoints {
				for _, older := range checkpoints[:i+1] {
					proof, err := log.ProveConsistency(ctx, tx, older.Size, newer.Size)
					if err != nil {
						return err
					}
					if err := evidence.VerifyConsistency(older, newer, proof); err != nil {
						t.Error(err)
					}
				}
				err := log.Entries(ctx, tx, evidence.Filter{End: newer.Size}, func(e evidence.Entry) error {
					proof, err := log.ProveInclusion(ctx, tx, e.Index, newer.Size)
					if err != nil {
						return err
					}
					return evidence.VerifyEntry(e, proof, newer)
				})
				if err != nil {
					t.Errorf("size %d: %v", newer.Size, err)
				}
			}
			return log.Verify(ctx, tx, nil)
		})
	})
}

func TestProofsOutsideTheLog(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db)
		appendLeaves(t, db, log, reports(1, 4)...)
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			for _, row := range []struct{ index, size int64 }{{0, 0}, {0, 6}, {-1, 5}, {5, 5}, {3, 3}, {0, -1}, {1 << 62, 1 << 62}} {
				if _, err := log.ProveInclusion(ctx, tx, row.index, row.size); !errors.Is(err, evidence.ErrNoEntry) {
					t.Errorf("inclusion %+v: got %v, want ErrNoEntry", row, err)
				}
			}
			for _, row := range []struct{ older, size int64 }{{6, 5}, {-1, 5}, {1, 6}, {1, 0}} {
				if _, err := log.ProveConsistency(ctx, tx, row.older, row.size); !errors.Is(err, evidence.ErrNoEntry) {
					t.Errorf("consistency %+v: got %v, want ErrNoEntry", row, err)
				}
			}
			if _, err := log.Entry(ctx, tx, 5); !errors.Is(err, evidence.ErrNoEntry) {
				t.Errorf("entry 5: got %v, want ErrNoEntry", err)
			}
			return nil
		})
	})
}

func TestRootIsTlogs(t *testing.T) {
	db := storagetest.Open(t, storagetest.SQLite(t), evidence.Schema())
	log := open(t, db)
	appendLeaves(t, db, log, reports(1, 70)...)
	read(t, db, func(ctx context.Context, tx *storage.Tx) error {
		var stored []tlog.Hash
		return log.Entries(ctx, tx, evidence.Filter{}, func(e evidence.Entry) error {
			reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
				var out []tlog.Hash
				for _, i := range indexes {
					out = append(out, stored[i])
				}
				return out, nil
			})
			hashes, err := tlog.StoredHashesForRecordHash(e.Index, e.Hash, reader)
			if err != nil {
				return err
			}
			stored = append(stored, hashes...)
			want, err := tlog.TreeHash(e.Index+1, reader)
			if err != nil {
				return err
			}
			got, err := log.TreeHash(ctx, tx, e.Index+1)
			if got != want {
				t.Errorf("size %d: got root %v, want %v", e.Index+1, got, want)
			}
			return err
		})
	})
}
