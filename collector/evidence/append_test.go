package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

func TestAppendRefuses(t *testing.T) {
	rows := []struct {
		name   string
		leaves []evidence.Leaf
	}{
		{"nothing", nil},
		{"its own kind", []evidence.Leaf{{Kind: evidence.Restore, Subject: "x"}}},
		{"no kind", []evidence.Leaf{{Subject: "x"}}},
		{"kind with a line break", []evidence.Leaf{{Kind: "report\nepoch", Subject: "x"}}},
		{"no subject", []evidence.Leaf{{Kind: evidence.Report}}},
		{"subject with a line break", []evidence.Leaf{{Kind: evidence.Report, Subject: "x\nepoch: 9"}}},
		{"subject not UTF-8", []evidence.Leaf{{Kind: evidence.Report, Subject: "x\xff"}}},
		{"subject with a line separator", []evidence.Leaf{{Kind: evidence.Report, Subject: "x\u2028y"}}},
		{"subject with spaces around", []evidence.Leaf{{Kind: evidence.Report, Subject: " x"}}},
		{"long subject", []evidence.Leaf{{Kind: evidence.Report, Subject: strings.Repeat("x", evidence.MaxSubject+1)}}},
		{"huge sequence", []evidence.Leaf{{Kind: evidence.Report, Subject: "x", Sequence: 1 << 63}}},
		{"huge payload", []evidence.Leaf{{Kind: evidence.Report, Subject: "x", Payload: make([]byte, evidence.MaxPayload+1)}}},
		{"too many", make([]evidence.Leaf, evidence.MaxBatch+1)},
		{"a bad one after a good one", []evidence.Leaf{{Kind: evidence.Report, Subject: "x"}, {Kind: evidence.Report}}},
	}
	db := storagetest.Open(t, storagetest.SQLite(t), evidence.Schema())
	log := open(t, db)
	for _, row := range rows {
		err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, err := log.Append(ctx, tx, row.leaves...)
			return err
		})
		if err == nil {
			t.Errorf("%s was appended", row.name)
		}
	}
	if first := appendLeaves(t, db, log, reports(1, 1)...); first != 1 {
		t.Errorf("after the refusals the next entry is %d, want 1", first)
	}
	err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := log.Append(ctx, tx, reports(1, 1)...)
		return err
	})
	if err == nil {
		t.Error("a Read appended")
	}
}

// Concurrent callers share transactions; some of them fail. Every entry that was
// acknowledged is there once, and the log verifies.
func TestConcurrentAppends(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db)
		const callers, times = 16, 6
		refused := errors.New("refused")
		var mu sync.Mutex
		acknowledged := make(map[int64]string)
		var wg sync.WaitGroup
		for c := range callers {
			wg.Go(func() {
				for i := range times {
					subject := fmt.Sprintf("machine-%d-%d", c, i)
					var first int64
					err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
						first, err = log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Report, Subject: subject},
							evidence.Leaf{Kind: evidence.Report, Subject: subject})
						if err == nil && i%3 == 2 {
							return refused
						}
						return err
					})
					if i%3 == 2 {
						if !errors.Is(err, refused) {
							t.Errorf("%s: got %v, want refused", subject, err)
						}
						continue
					}
					if err != nil {
						t.Errorf("%s: %v", subject, err)
					}
					mu.Lock()
					acknowledged[first], acknowledged[first+1] = subject, subject
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			n := 0
			err := log.Entries(ctx, tx, evidence.Filter{First: 1}, func(e evidence.Entry) error {
				n++
				if acknowledged[e.Index] != e.Header.Subject {
					t.Errorf("entry %d is of %s, acknowledged to %q", e.Index, e.Header.Subject, acknowledged[e.Index])
				}
				return nil
			})
			if n != len(acknowledged) {
				t.Errorf("%d entries, %d acknowledged", n, len(acknowledged))
			}
			return errors.Join(err, log.Verify(ctx, tx, nil))
		})
	})
}

// A log whose head was altered signs nothing more, nor one whose tree was, when
// it must read the tree from the database. (When it remembers the tree it signs
// the true one, and verification finds the altered row.)
func TestAppendSignsNothingOnTopOfAnAlteredLog(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db)
		appendLeaves(t, db, log, reports(1, 6)...)
		rows := []struct {
			change   string
			remember bool // refused by the log that appended last too
		}{
			{"UPDATE evidence_hashes SET hash = (SELECT hash FROM evidence_hashes WHERE idx = 0) WHERE idx > 0", false},
			{"DELETE FROM evidence_hashes WHERE idx > 1", false},
			{"UPDATE evidence_head SET hash = (SELECT hash FROM evidence_hashes WHERE idx = 0)", true},
			{"UPDATE evidence_head SET size = 4, hash = (SELECT hash FROM evidence_hashes WHERE idx = 6)", true},
		}
		for _, row := range rows {
			again := open(t, db)
			for _, l := range []*evidence.Log{log, again} {
				if l == log && !row.remember {
					continue
				}
				err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
					if _, err := tx.Exec(ctx, row.change); err != nil {
						return err
					}
					if _, err := l.Append(ctx, tx, reports(7, 1)...); err == nil {
						t.Errorf("after %q the log was extended", row.change)
					}
					return errUndo
				})
				if !errors.Is(err, errUndo) {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestOpenAgain(t *testing.T) {
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		db := storagetest.Open(t, dsn, evidence.Schema())
		log := open(t, db)
		appendLeaves(t, db, log, reports(1, 3)...)
		again := open(t, db)
		if got := appendLeaves(t, db, again, reports(4, 1)...); got != 4 {
			t.Errorf("after opening again the next entry is %d, want 4", got)
		}
		if _, err := evidence.Open(ctx, db, evidence.Options{Key: newKey(t, 9)}); err == nil || !strings.Contains(err.Error(), "put back the keys folder") {
			t.Errorf("with another key: got %v", err)
		}
		write(t, db, func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE evidence_head SET size = 2")
			return err
		})
		var bad *evidence.BadCheckpointError
		if _, err := evidence.Open(ctx, db, evidence.Options{Key: newKey(t, 1)}); !errors.As(err, &bad) {
			t.Errorf("with an altered head: got %v, want a bad checkpoint", err)
		}
	})
}

func TestGenesisIsMadeOnce(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := evidence.Open(t.Context(), db, evidence.Options{Key: newKey(t, 1)}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		log := open(t, db)
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			c, err := log.Checkpoint(ctx, tx)
			if c.Size != 1 {
				t.Errorf("log of size %d, want the genesis alone", c.Size)
			}
			return err
		})
	})
}

func TestEntriesByFilter(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	rows := []struct {
		name   string
		filter evidence.Filter
		want   string
	}{
		{"all", evidence.Filter{}, "0 1 2 3 4 5 6"},
		{"kinds", evidence.Filter{Kinds: []evidence.Kind{evidence.Gap, evidence.Genesis}}, "0 4 5"},
		{"subject", evidence.Filter{Subject: "b"}, "3 4"},
		{"from", evidence.Filter{From: noon.Add(3 * time.Minute)}, "4 5 6"},
		{"to", evidence.Filter{To: noon.Add(3 * time.Minute)}, "0 1 2 3"},
		{"indexes", evidence.Filter{First: 2, End: 4}, "2 3"},
		{"together", evidence.Filter{Kinds: []evidence.Kind{evidence.Report}, Subject: "a", First: 2}, "2 6"},
		{"none", evidence.Filter{Subject: "nobody"}, ""},
	}
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db) // genesis at 12:01
		appendLeaves(t, db, log, evidence.Leaf{Kind: evidence.Report, Subject: "a"}, evidence.Leaf{Kind: evidence.Report, Subject: "a"},
			evidence.Leaf{Kind: evidence.Report, Subject: "b"}) // 12:02
		appendLeaves(t, db, log, evidence.Leaf{Kind: evidence.Gap, Subject: "b"}, evidence.Leaf{Kind: evidence.Gap, Subject: "c"},
			evidence.Leaf{Kind: evidence.Report, Subject: "a"}) // 12:03
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			for _, row := range rows {
				var got []string
				err := log.Entries(ctx, tx, row.filter, func(e evidence.Entry) error {
					got = append(got, fmt.Sprint(e.Index))
					_, err := log.Epoch(ctx, tx) // fn may use tx
					return err
				})
				if err != nil {
					return err
				}
				if strings.Join(got, " ") != row.want {
					t.Errorf("%s: got %v, want %s", row.name, got, row.want)
				}
			}
			return nil
		})
	})
}

func TestLargePayloadsComeInSmallPages(t *testing.T) {
	db := storagetest.Open(t, storagetest.SQLite(t), evidence.Schema())
	log := open(t, db)
	want := bytes.Repeat([]byte("x"), evidence.MaxPayload)
	for range 6 {
		appendLeaves(t, db, log, evidence.Leaf{Kind: evidence.Report, Subject: "a", Payload: want})
	}
	n := 0
	read(t, db, func(ctx context.Context, tx *storage.Tx) error {
		return log.Entries(ctx, tx, evidence.Filter{First: 1}, func(e evidence.Entry) error {
			n++
			if !bytes.Equal(e.Payload, want) {
				t.Errorf("entry %d came back altered", e.Index)
			}
			return nil
		})
	})
	if n != 6 {
		t.Errorf("got %d entries, want 6", n)
	}
}

func TestRestoredBeginsAnEpoch(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db)
		appendLeaves(t, db, log, reports(1, 2)...)
		write(t, db, func(ctx context.Context, tx *storage.Tx) error {
			epoch, err := log.Restored(ctx, tx, "the operator")
			if epoch != 2 {
				t.Errorf("got epoch %d, want 2", epoch)
			}
			return err
		})
		appendLeaves(t, db, log, reports(2, 1)...)
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			e, err := log.Entry(ctx, tx, 3)
			if err != nil {
				return err
			}
			if want := `{"old_epoch":1,"new_epoch":2,"size":3,"by":"the operator"}`; string(e.Payload) != want || e.Header.Kind != evidence.Restore {
				t.Errorf("got %s %s, want %s", e.Header.Kind, e.Payload, want)
			}
			for index, want := range map[int64]uint64{2: 1, 3: 2, 4: 2} {
				e, err := log.Entry(ctx, tx, index)
				if err != nil {
					return err
				}
				if e.Header.Epoch != want {
					t.Errorf("entry %d is of epoch %d, want %d", index, e.Header.Epoch, want)
				}
			}
			if epoch, err := log.Epoch(ctx, tx); epoch != 2 || err != nil {
				t.Errorf("epoch %d, %v; want 2", epoch, err)
			}
			return log.Verify(ctx, tx, nil)
		})
	})
}

func TestPruneKeepsEveryProof(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db) // genesis at 12:01
		appendLeaves(t, db, log, reports(1, 2)...)
		appendLeaves(t, db, log, evidence.Leaf{Kind: evidence.Policy, Subject: "source", Payload: []byte("keep me")})
		appendLeaves(t, db, log, reports(3, 2)...) // 12:04
		before := time.Date(2026, 11, 21, 12, 4, 0, 0, time.UTC)
		var pruned int64
		write(t, db, func(ctx context.Context, tx *storage.Tx) (err error) {
			pruned, err = log.Prune(ctx, tx, before, evidence.Report)
			return err
		})
		if pruned != 2 {
			t.Errorf("pruned %d payloads, want 2", pruned)
		}
		appendLeaves(t, db, log, reports(5, 1)...)
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			if err := checkProofs(ctx, tx, log); err != nil {
				t.Error(err)
			}
			var erased []int64
			err := log.Entries(ctx, tx, evidence.Filter{}, func(e evidence.Entry) error {
				if e.Pruned() {
					erased = append(erased, e.Index)
					if e.Salt != nil {
						t.Errorf("entry %d keeps its salt, with which the payload can be guessed", e.Index)
					}
				}
				return nil
			})
			if fmt.Sprint(erased) != "[1 2]" {
				t.Errorf("pruned entries %v, want [1 2]", erased)
			}
			return errors.Join(err, log.Verify(ctx, tx, nil))
		})
		// Erasing more than the prune entry says is tampering.
		for index, want := range map[int64]evidence.Defect{3: evidence.PayloadErased, 4: evidence.PayloadErased, 7: evidence.PayloadErased, 6: evidence.PayloadErased} {
			err := tampered(t, db, log, func(ctx context.Context, tx *storage.Tx) error {
				_, err := tx.Exec(ctx, "UPDATE evidence_entries SET payload = NULL, salt = NULL WHERE idx = $1", index)
				return err
			})
			var bad *evidence.BadEntryError
			if !errors.As(err, &bad) || bad.Why != want || (bad.Index != index && index != 6) {
				t.Errorf("entry %d erased: got %v, want %s", index, err, want)
			}
		}
		write(t, db, func(ctx context.Context, tx *storage.Tx) error {
			if n, err := log.Prune(ctx, tx, before, evidence.Report); n != 0 || err != nil {
				t.Errorf("pruning again: %d, %v; want nothing", n, err)
			}
			if _, err := log.Prune(ctx, tx, before, evidence.Genesis); err == nil {
				t.Error("the genesis was pruned")
			}
			return nil
		})
	})
}

func TestCheckpointAt(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db) // entry n at 12:01 + n minutes
		for i := range 130 {
			appendLeaves(t, db, log, reports(i, 1)...)
		}
		noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			for at, want := range map[time.Duration]int64{time.Hour: 59, 2 * time.Hour: 119, 3 * time.Hour: 131} {
				c, err := log.CheckpointAt(ctx, tx, noon.Add(at))
				if err != nil {
					return err
				}
				if _, err := evidence.VerifyCheckpoint(c.Signed, log.Verifier()); err != nil || c.Size != want {
					t.Errorf("at %v: size %d, %v; want %d", at, c.Size, err, want)
				}
			}
			if _, err := log.CheckpointAt(ctx, tx, noon); !errors.Is(err, evidence.ErrNoEntry) {
				t.Errorf("before the log: got %v, want ErrNoEntry", err)
			}
			return nil
		})
	})
}
