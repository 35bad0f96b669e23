package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// errUndo ends a transaction whose changes nobody wants.
var errUndo = errors.New("undo")

// tampered runs change and then Verify on the log, and undoes both.
func tampered(t testing.TB, db *storage.DB, log *evidence.Log, change func(ctx context.Context, tx *storage.Tx) error) error {
	t.Helper()
	var verdict error
	err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		if err := change(ctx, tx); err != nil {
			return err
		}
		verdict = log.Verify(ctx, tx, nil)
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	return verdict
}

func TestVerifyNamesTheFirstBadEntry(t *testing.T) {
	// A payload and hashes that agree with each other, but not with the tree.
	salt, payload := make([]byte, evidence.SaltSize), []byte("all is well")
	forged := evidence.PayloadHash(salt, payload)
	rows := []struct {
		name  string
		sql   string
		args  []any
		index int64
		why   evidence.Defect
	}{
		{"payload altered", "UPDATE evidence_entries SET payload = $1 WHERE idx IN (4, 6)", []any{[]byte("report 9")}, 4, evidence.PayloadAltered},
		{"payload and its hash altered", "UPDATE evidence_entries SET salt = $1, payload = $2, payload_hash = $3 WHERE idx = 4",
			[]any{salt, payload, forged[:]}, 4, evidence.HashAltered},
		{"payload hash altered", "UPDATE evidence_entries SET payload_hash = $1 WHERE idx = 3", []any{forged[:]}, 3, evidence.PayloadAltered},
		{"payload erased", "UPDATE evidence_entries SET payload = NULL, salt = NULL WHERE idx = 5", nil, 5, evidence.PayloadErased},
		{"payload erased, salt kept", "UPDATE evidence_entries SET payload = NULL WHERE idx = 5", nil, 5, evidence.SaltAltered},
		{"salt altered", "UPDATE evidence_entries SET salt = $1 WHERE idx = 2", []any{salt}, 2, evidence.PayloadAltered},
		{"salt cut", "UPDATE evidence_entries SET salt = $1 WHERE idx = 2", []any{salt[:31]}, 2, evidence.SaltAltered},
		{"header altered", "UPDATE evidence_entries SET header = $1 WHERE idx = 7",
			[]any{[]byte("vigia-leaf/1\nkind: report\nsubject: other\nreceived: 1\nepoch: 1\nsequence: 7\n\n")}, 7, evidence.HeaderAltered},
		{"column altered", "UPDATE evidence_entries SET subject = 'machine-8' WHERE idx = 1", nil, 1, evidence.HeaderAltered},
		{"time column altered", "UPDATE evidence_entries SET received = received + 1 WHERE idx = 1", nil, 1, evidence.HeaderAltered},
		{"leaf hash altered", "UPDATE evidence_hashes SET hash = $1 WHERE idx = $2", []any{forged[:], tlog.StoredHashIndex(0, 6)}, 6, evidence.HashAltered},
		{"inner hash altered", "UPDATE evidence_hashes SET hash = $1 WHERE idx = $2", []any{forged[:], tlog.StoredHashIndex(2, 1)}, 7, evidence.TreeAltered},
		{"inner hash missing", "DELETE FROM evidence_hashes WHERE idx = $1", []any{tlog.StoredHashIndex(1, 1)}, 3, evidence.TreeAltered},
		{"extra hash", "INSERT INTO evidence_hashes (idx, hash) VALUES (99, $1)", []any{forged[:]}, 10, evidence.TreeAltered},
		{"row missing", "DELETE FROM evidence_entries WHERE idx = 6", nil, 6, evidence.Missing},
		{"first row missing", "DELETE FROM evidence_entries WHERE idx = 0", nil, 0, evidence.Missing},
		{"last row missing", "DELETE FROM evidence_entries WHERE idx = 10", nil, 10, evidence.Missing},
		{"all rows missing", "DELETE FROM evidence_entries", nil, 0, evidence.Missing},
		{"two rows swapped", "UPDATE evidence_entries SET idx = CASE idx WHEN 6 THEN -1 ELSE idx END", nil, 6, evidence.Missing},
		{"extra row", `INSERT INTO evidence_entries SELECT 11, kind, subject, received, epoch, sequence, header, salt, payload, payload_hash
			FROM evidence_entries WHERE idx = 10`, nil, 11, evidence.Extra},
		{"extra row before", `INSERT INTO evidence_entries SELECT -5, kind, subject, received, epoch, sequence, header, salt, payload, payload_hash
			FROM evidence_entries WHERE idx = 10`, nil, -5, evidence.Extra},
	}
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db)
		appendLeaves(t, db, log, reports(1, 10)...)
		for _, row := range rows {
			err := tampered(t, db, log, func(ctx context.Context, tx *storage.Tx) error {
				_, err := tx.Exec(ctx, row.sql, row.args...)
				return err
			})
			var bad *evidence.BadEntryError
			if !errors.As(err, &bad) {
				t.Errorf("%s: got %v, want a bad entry", row.name, err)
				continue
			}
			if bad.Index != row.index || bad.Last != row.index || bad.Why != row.why {
				t.Errorf("%s: got entry %d (%s), want %d (%s)", row.name, bad.Index, bad.Why, row.index, row.why)
			}
		}
		read(t, db, func(ctx context.Context, tx *storage.Tx) error { return log.Verify(ctx, tx, nil) })
	})
}

func TestVerifySeesAlteredCheckpoints(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db)
		for i := range 130 { // more than two hours
			appendLeaves(t, db, log, reports(i, 1)...)
		}
		for _, change := range []string{
			"UPDATE evidence_head SET size = 130", "UPDATE evidence_head SET epoch = 2", "UPDATE evidence_head SET signed_at = signed_at + 1",
			"UPDATE evidence_head SET origin = 'vigia-00000000'",
			"UPDATE evidence_head SET hash = (SELECT hash FROM evidence_hashes WHERE idx = 0)",
			"UPDATE evidence_head SET signed = (SELECT signed FROM evidence_checkpoints ORDER BY size LIMIT 1)",
			"UPDATE evidence_checkpoints SET signed = (SELECT signed FROM evidence_head)",
			"UPDATE evidence_checkpoints SET size = size + 1", "UPDATE evidence_checkpoints SET size = size + 100000",
			"UPDATE evidence_checkpoints SET signed_at = signed_at - 1",
			"UPDATE evidence_checkpoints SET hash = (SELECT hash FROM evidence_hashes WHERE idx = 0)",
		} {
			err := tampered(t, db, log, func(ctx context.Context, tx *storage.Tx) error {
				_, err := tx.Exec(ctx, change)
				return err
			})
			if _, ok := errors.AsType[*evidence.BadCheckpointError](err); !ok {
				t.Errorf("%s: got %v, want a bad checkpoint", change, err)
			}
		}
	})
}

// A history rewritten by someone with the database and the log key is still
// caught by a checkpoint kept from before, and placed between two of them.
func TestVerifyPlacesARewrittenHistory(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		log := open(t, db)
		for i := range 130 {
			appendLeaves(t, db, log, reports(i, 1)...)
		}
		other := storagetest.Open(t, storagetest.SQLite(t), evidence.Schema())
		forger := open(t, other)
		for i := range 130 {
			leaf := reports(i, 1)
			if i == 70 {
				leaf[0].Payload = []byte("all is well")
			}
			appendLeaves(t, other, forger, leaf...)
		}
		// The honest checkpoints stand above the forger's entries and head.
		type kept struct {
			size, at     int64
			hash, signed []byte
		}
		var honest []kept
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			rows, err := tx.Query(ctx, "SELECT size, signed_at, hash, signed FROM evidence_checkpoints ORDER BY size")
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var k kept
				if err := rows.Scan(&k.size, &k.at, &k.hash, &k.signed); err != nil {
					return err
				}
				honest = append(honest, k)
			}
			return rows.Err()
		})
		err := tampered(t, other, forger, func(ctx context.Context, tx *storage.Tx) error {
			for _, k := range honest {
				if _, err := tx.Exec(ctx, "UPDATE evidence_checkpoints SET hash = $1, signed = $2 WHERE size = $3 AND signed_at = $4",
					k.hash, k.signed, k.size, k.at); err != nil {
					return err
				}
			}
			return nil
		})
		var bad *evidence.BadEntryError
		if !errors.As(err, &bad) || bad.Why != evidence.Rewritten || bad.Index > 71 || bad.Last < 71 || bad.Last-bad.Index > 60 {
			t.Errorf("got %v, want an hour of entries around 71", err)
		}
	})
}

// bits are the columns of the log that hold bytes or numbers.
var bits = []struct{ table, key, column, kind string }{
	{"evidence_entries", "idx", "idx", "number"}, {"evidence_entries", "idx", "kind", "text"}, {"evidence_entries", "idx", "subject", "text"},
	{"evidence_entries", "idx", "received", "number"}, {"evidence_entries", "idx", "epoch", "number"}, {"evidence_entries", "idx", "sequence", "number"},
	{"evidence_entries", "idx", "header", "bytes"}, {"evidence_entries", "idx", "salt", "bytes"}, {"evidence_entries", "idx", "payload", "bytes"},
	{"evidence_entries", "idx", "payload_hash", "bytes"},
	{"evidence_hashes", "idx", "idx", "number"}, {"evidence_hashes", "idx", "hash", "bytes"},
	{"evidence_head", "id", "id", "number"}, {"evidence_head", "id", "origin", "text"}, {"evidence_head", "id", "epoch", "number"},
	{"evidence_head", "id", "size", "number"}, {"evidence_head", "id", "hash", "bytes"}, {"evidence_head", "id", "signed", "bytes"},
	{"evidence_head", "id", "signed_at", "number"},
	{"evidence_checkpoints", "size", "size", "number"}, {"evidence_checkpoints", "size", "hash", "bytes"},
	{"evidence_checkpoints", "size", "signed", "bytes"}, {"evidence_checkpoints", "size", "signed_at", "number"},
}

// Whatever is appended, every proof verifies; and then, whatever bit of the
// stored log is flipped, verification fails and names the entry that it belongs to.
func TestAnyFlippedBitIsFound(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		minutes := 0
		log, err := evidence.Open(t.Context(), db, evidence.Options{Key: newKey(t, 1), Rand: seeded(2), Now: func() time.Time {
			return time.UnixMicro(1_790_000_000_000_000).Add(time.Duration(minutes) * time.Minute)
		}})
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(rt *rapid.T) {
			err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				for range rapid.IntRange(1, 6).Draw(rt, "appends") {
					minutes += rapid.IntRange(0, 90).Draw(rt, "minutes")
					leaves := rapid.SliceOfN(leaf(), 1, 7).Draw(rt, "leaves")
					if _, err := log.Append(ctx, tx, leaves...); err != nil {
						return err
					}
				}
				if err := checkProofs(ctx, tx, log); err != nil {
					return err
				}
				if err := log.Verify(ctx, tx, nil); err != nil {
					return err
				}
				want, ok, err := flip(ctx, rt, tx)
				if err != nil || !ok {
					return errors.Join(err, errUndo)
				}
				err = log.Verify(ctx, tx, nil)
				var bad *evidence.BadEntryError
				switch {
				case err == nil:
					return errors.New("the flipped bit was not found")
				case want >= 0 && (!errors.As(err, &bad) || bad.Index != want):
					return fmt.Errorf("got %w, want bad entry %d", err, want)
				case want < 0 && errors.As(err, &bad) && bad.Why != evidence.Extra:
					return fmt.Errorf("a good entry was blamed: %w", err)
				}
				return errUndo
			})
			if !errors.Is(err, errUndo) {
				rt.Fatal(err)
			}
		})
	})
}

func leaf() *rapid.Generator[evidence.Leaf] {
	return rapid.Custom(func(t *rapid.T) evidence.Leaf {
		return evidence.Leaf{
			Kind:     rapid.SampledFrom([]evidence.Kind{evidence.Report, evidence.Gap, evidence.Enrolment, evidence.Policy}).Draw(t, "kind"),
			Subject:  rapid.SampledFrom([]string{"a", "machine-7", "Registro de atención"}).Draw(t, "subject"),
			Sequence: rapid.Uint64Range(0, 1<<63-1).Draw(t, "sequence"),
			Payload:  rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "payload"),
		}
	})
}

func checkProofs(ctx context.Context, tx *storage.Tx, log *evidence.Log) error {
	signed, err := log.Checkpoint(ctx, tx)
	if err != nil {
		return err
	}
	c, err := evidence.VerifyCheckpoint(signed.Signed, log.Verifier())
	if err != nil {
		return err
	}
	return log.Entries(ctx, tx, evidence.Filter{}, func(e evidence.Entry) error {
		inclusion, err := log.ProveInclusion(ctx, tx, e.Index, c.Size)
		if err != nil {
			return err
		}
		if err := evidence.VerifyEntry(e, inclusion, c); err != nil {
			return err
		}
		consistency, err := log.ProveConsistency(ctx, tx, e.Index+1, c.Size)
		if err != nil {
			return err
		}
		root, err := log.TreeHash(ctx, tx, e.Index+1)
		if err != nil {
			return err
		}
		return evidence.VerifyConsistency(evidence.Checkpoint{Origin: c.Origin, Size: e.Index + 1, Hash: root}, c, consistency)
	})
}

// flip flips one bit of one value, and returns the entry that it belongs to, -1
// when it belongs to none. ok is false when there is nothing to flip.
func flip(ctx context.Context, rt *rapid.T, tx *storage.Tx) (entry int64, ok bool, err error) {
	at := rapid.SampledFrom(bits).Draw(rt, "column")
	var keys []int64
	rows, err := tx.Query(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE %s IS NOT NULL ORDER BY %s", at.key, at.table, at.column, at.key))
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var key int64
		if err := rows.Scan(&key); err != nil {
			return 0, false, err
		}
		keys = append(keys, key)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(keys) == 0 {
		return 0, false, err
	}
	key := rapid.SampledFrom(keys).Draw(rt, "row")
	value := tx.QueryRow(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE %s = $1", at.column, at.table, at.key), key)
	var flipped any
	switch at.kind {
	case "number":
		var n int64
		if err := value.Scan(&n); err != nil {
			return 0, false, err
		}
		n ^= 1 << rapid.IntRange(0, 63).Draw(rt, "bit")
		flipped = n
		if at.column == at.key {
			var taken int
			if err := tx.QueryRow(ctx, fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = $1", at.table, at.key), n).Scan(&taken); err != nil || taken > 0 {
				return 0, false, err
			}
		}
	default:
		var b []byte
		if err := value.Scan(&b); err != nil || len(b) == 0 {
			return 0, false, err
		}
		width := 8
		if at.kind == "text" {
			width = 7 // a database does not take what is not UTF-8
		}
		i := rapid.IntRange(0, len(b)-1).Draw(rt, "byte")
		b[i] ^= 1 << rapid.IntRange(0, width-1).Draw(rt, "bit")
		flipped = b
		if at.kind == "text" {
			if b[i] == 0 || b[i] >= 0x80 {
				return 0, false, nil
			}
			flipped = string(b)
		}
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf("UPDATE %s SET %s = $1 WHERE %s = $2", at.table, at.column, at.key), flipped, key); err != nil {
		return 0, false, err
	}
	switch at.table {
	case "evidence_entries":
		return key, true, nil
	case "evidence_hashes":
		n := int64(0)
		for tlog.StoredHashIndex(0, n+1) <= key {
			n++
		}
		return n, true, nil
	}
	return -1, true, nil
}
