package evidence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/storage"
)

// Verify recomputes the whole log from its leaves: every payload against its
// hash, every hash of the tree, every kept checkpoint, and the head. It returns
// a *BadEntryError for the first entry that is not what was appended, and a
// *BadCheckpointError when only a checkpoint was altered. What it cannot see is
// a log cut back to an earlier head that was signed: compare with a checkpoint
// kept elsewhere (TreeHash, ProveConsistency). progress may be nil.
func (l *Log) Verify(ctx context.Context, tx *storage.Tx, progress func(done, total int64)) error {
	if err := l.verify(ctx, tx, progress); err != nil {
		return fmt.Errorf("verify evidence: %w", err)
	}
	return nil
}

func (l *Log) verify(ctx context.Context, tx *storage.Tx, progress func(done, total int64)) error {
	h, err := readHead(ctx, tx)
	if err != nil {
		return err
	}
	v := &verification{verifier: l.key.Verifier(), head: h, headErr: h.verify(l.key.Verifier()), tree: &edge{}}
	if v.prunings, err = readPrunings(ctx, tx); err != nil {
		return err
	}
	err = eachRecord(ctx, tx, Filter{}, func(page []record) error {
		if err := v.page(ctx, tx, page); err != nil {
			return err
		}
		if progress != nil {
			progress(v.tree.size, h.size)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.end(ctx, tx)
}

// verification is how far a Verify has come. An error about a checkpoint waits
// until the end: it says that something is wrong, a bad entry says what.
type verification struct {
	verifier string
	prunings []pruning
	head     head
	headErr  error

	tree          *edge // of the entries found good so far
	last          Header
	epoch         uint64
	proven        int64 // size of the last kept checkpoint that was met
	checkpointErr error
}

func badEntry(index int64, why Defect) *BadEntryError {
	return &BadEntryError{Index: index, Last: index, Why: why}
}

// page verifies the next rows.
func (v *verification) page(ctx context.Context, tx *storage.Tx, page []record) error {
	first, end := v.tree.size, v.tree.size+int64(len(page))
	hashes, err := hashRange(ctx, tx, tlog.StoredHashIndex(0, first), tlog.StoredHashIndex(0, end))
	if err != nil {
		return err
	}
	kept, err := keptCheckpoints(ctx, tx, v.head.origin, first, end)
	if err != nil {
		return err
	}
	for i := range page {
		if bad := v.record(&page[i], hashes); bad != nil {
			return bad
		}
		if len(kept) > 0 && kept[0].size == v.tree.size {
			if bad := v.checkpoint(kept[0]); bad != nil {
				return bad
			}
			kept = kept[1:]
		}
	}
	return nil
}

// record verifies the row that must hold the next entry.
func (v *verification) record(r *record, hashes map[int64][]byte) *BadEntryError {
	index := v.tree.size
	switch {
	case r.index != index:
		return badEntry(index, Missing)
	case v.headErr == nil && index >= v.head.size:
		return badEntry(index, Extra)
	}
	e, bad := r.entry()
	if bad != nil {
		return bad
	}
	if e.Pruned() && !v.mayBePruned(e) {
		return badEntry(index, PayloadErased)
	}
	if e.Header.Kind == Genesis || e.Header.Kind == Restore {
		v.epoch++
	}
	if e.Header.Epoch != v.epoch {
		return badEntry(index, EpochAltered)
	}
	v.last = e.Header
	at := tlog.StoredHashIndex(0, index)
	for i, h := range v.tree.add(e.Hash) {
		if string(hashes[at+int64(i)]) == string(h[:]) {
			continue
		}
		if i == 0 {
			return badEntry(index, HashAltered)
		}
		return badEntry(index, TreeAltered)
	}
	return nil
}

func (v *verification) mayBePruned(e Entry) bool {
	for _, p := range v.prunings {
		if p.covers(e) {
			return true
		}
	}
	return false
}

// checkpoint compares a kept checkpoint with the tree of its size.
func (v *verification) checkpoint(c head) *BadEntryError {
	err := c.verify(v.verifier)
	if err == nil && !c.signedAt.Equal(v.last.Received) {
		err = &BadCheckpointError{Size: c.size, Err: errors.New("its time is not its last entry's")}
	}
	if err != nil {
		if v.checkpointErr == nil {
			v.checkpointErr = err
		}
		return nil
	}
	if c.hash != v.tree.root() {
		return &BadEntryError{Index: v.proven, Last: c.size - 1, Why: Rewritten}
	}
	v.proven = c.size
	return nil
}

// end verifies what stands above and beside the entries.
func (v *verification) end(ctx context.Context, tx *storage.Tx) error {
	size := v.tree.size
	if v.headErr == nil && size < v.head.size {
		return badEntry(size, Missing)
	}
	var stray sql.Null[int64]
	if err := tx.QueryRow(ctx, "SELECT min(idx) FROM evidence_entries WHERE idx < 0").Scan(&stray); err != nil {
		return err
	}
	if stray.Valid {
		return badEntry(stray.V, Extra)
	}
	if size == 0 {
		return errEmpty
	}
	if v.headErr == nil {
		if bad := v.checkpoint(v.head); bad != nil {
			return bad
		}
	}
	err := tx.QueryRow(ctx, "SELECT max(idx) FROM evidence_hashes WHERE idx < 0 OR idx >= $1",
		tlog.StoredHashIndex(0, size)).Scan(&stray)
	if err != nil {
		return err
	}
	if stray.Valid {
		return badEntry(size-1, TreeAltered)
	}
	if err := tx.QueryRow(ctx, "SELECT max(size) FROM evidence_checkpoints WHERE size < 1 OR size > $1", size).Scan(&stray); err != nil {
		return err
	}
	switch {
	case v.headErr != nil:
		return v.headErr
	case v.checkpointErr != nil:
		return v.checkpointErr
	case stray.Valid:
		return &BadCheckpointError{Size: stray.V, Err: fmt.Errorf("the log has %d entries", size)}
	case v.head.epoch != v.epoch:
		return &BadCheckpointError{Size: v.head.size, Err: errors.New("its epoch is not its last entry's")}
	}
	return nil
}

// hashRange reads the stored hashes from index first to before end, as they are.
func hashRange(ctx context.Context, tx *storage.Tx, first, end int64) (map[int64][]byte, error) {
	rows, err := tx.Query(ctx, "SELECT idx, hash FROM evidence_hashes WHERE idx >= $1 AND idx < $2", first, end)
	if err != nil {
		return nil, fmt.Errorf("read tree hashes: %w", err)
	}
	defer rows.Close()
	hashes := make(map[int64][]byte)
	for rows.Next() {
		var index int64
		var hash []byte
		if err := rows.Scan(&index, &hash); err != nil {
			return nil, fmt.Errorf("read tree hashes: %w", err)
		}
		hashes[index] = hash
	}
	return hashes, rows.Err()
}

// keptCheckpoints reads the checkpoints of sizes after first, up to end.
func keptCheckpoints(ctx context.Context, tx *storage.Tx, origin string, first, end int64) ([]head, error) {
	rows, err := tx.Query(ctx, `SELECT size, hash, signed, signed_at FROM evidence_checkpoints
		WHERE size > $1 AND size <= $2 ORDER BY size`, first, end)
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	defer rows.Close()
	var kept []head
	for rows.Next() {
		c, err := scanCheckpoint(rows, origin)
		if err != nil {
			return nil, fmt.Errorf("read checkpoints: %w", err)
		}
		kept = append(kept, c)
	}
	return kept, rows.Err()
}
