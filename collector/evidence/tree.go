package evidence

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/storage"
)

// edge is the right border of a tree: the roots of the complete subtrees that
// cover it, the largest first. Adding a leaf and hashing the root need no other
// hash.
type edge struct {
	size  int64
	roots []tlog.Hash
}

// edgeIndexes are the stored hash indexes of the edge of a tree.
func edgeIndexes(size int64) []int64 {
	var indexes []int64
	var start int64
	for level := 62; level >= 0; level-- {
		if size&(1<<level) != 0 {
			indexes = append(indexes, tlog.StoredHashIndex(level, start>>level))
			start += 1 << level
		}
	}
	return indexes
}

func (e *edge) clone() *edge { return &edge{size: e.size, roots: slices.Clone(e.roots)} }

// add appends a leaf and returns the hashes that it completes, which are those
// to store from tlog.StoredHashIndex(0, size before) on.
func (e *edge) add(leaf tlog.Hash) []tlog.Hash {
	completed := []tlog.Hash{leaf}
	h := leaf
	for n := e.size; n&1 == 1; n >>= 1 {
		left := e.roots[len(e.roots)-1]
		e.roots = e.roots[:len(e.roots)-1]
		h = tlog.NodeHash(left, h)
		completed = append(completed, h)
	}
	e.roots = append(e.roots, h)
	e.size++
	return completed
}

// root is the hash of the whole tree.
func (e *edge) root() tlog.Hash {
	if e.size == 0 {
		return sha256.Sum256(nil) // RFC 6962, 2.1
	}
	h := e.roots[len(e.roots)-1]
	for i := len(e.roots) - 2; i >= 0; i-- {
		h = tlog.NodeHash(e.roots[i], h)
	}
	return h
}

// hashesPerQuery bounds the placeholders of one query.
const hashesPerQuery = 500

// readHashes reads stored hashes in as few queries as may be.
func readHashes(ctx context.Context, tx *storage.Tx, indexes []int64) ([]tlog.Hash, error) {
	found := make(map[int64]tlog.Hash, len(indexes))
	for part := range slices.Chunk(indexes, hashesPerQuery) {
		if err := readHashesInto(ctx, tx, part, found); err != nil {
			return nil, fmt.Errorf("read tree hashes: %w", err)
		}
	}
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		h, ok := found[index]
		if !ok {
			_, n := tlog.SplitStoredHashIndex(index)
			return nil, fmt.Errorf("read tree hashes: hash %d (above entry %d) is missing: verify the log", index, n)
		}
		hashes[i] = h
	}
	return hashes, nil
}

func readHashesInto(ctx context.Context, tx *storage.Tx, indexes []int64, found map[int64]tlog.Hash) error {
	args := make([]any, len(indexes))
	for i, index := range indexes {
		args[i] = index
	}
	rows, err := tx.Query(ctx, "SELECT idx, hash FROM evidence_hashes WHERE idx IN ("+placeholders(1, len(args))+")", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var index int64
		var b []byte
		if err := rows.Scan(&index, &b); err != nil {
			return err
		}
		if len(b) != tlog.HashSize {
			return fmt.Errorf("hash %d has %d bytes", index, len(b))
		}
		found[index] = tlog.Hash(b)
	}
	return rows.Err()
}

// placeholders writes $first, $first+1, ... n times.
func placeholders(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	return b.String()
}

// readEdge reads the edge of the tree of a size.
func readEdge(ctx context.Context, tx *storage.Tx, size int64) (*edge, error) {
	roots, err := readHashes(ctx, tx, edgeIndexes(size))
	if err != nil {
		return nil, err
	}
	return &edge{size: size, roots: roots}, nil
}

// hashReader lets tlog read the stored hashes, each once.
func hashReader(ctx context.Context, tx *storage.Tx) tlog.HashReader {
	known := make(map[int64]tlog.Hash)
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var missing []int64
		for _, index := range indexes {
			if _, ok := known[index]; !ok {
				missing = append(missing, index)
			}
		}
		hashes, err := readHashes(ctx, tx, missing)
		if err != nil {
			return nil, err
		}
		for i, index := range missing {
			known[index] = hashes[i]
		}
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = known[index]
		}
		return out, nil
	})
}

// ProveInclusion proves that the entry is in the log as it was at a size.
func (l *Log) ProveInclusion(ctx context.Context, tx *storage.Tx, index, size int64) (tlog.RecordProof, error) {
	proofs, err := l.ProveInclusions(ctx, tx, []int64{index}, size)
	if err != nil {
		return nil, err
	}
	return proofs[0], nil
}

// ProveInclusions proves many entries at once, reading each hash of the tree
// only once.
func (l *Log) ProveInclusions(ctx context.Context, tx *storage.Tx, indexes []int64, size int64) ([]tlog.RecordProof, error) {
	if err := l.checkSize(ctx, tx, size); err != nil {
		return nil, err
	}
	r := hashReader(ctx, tx)
	proofs := make([]tlog.RecordProof, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= size {
			return nil, fmt.Errorf("prove entry %d in the log of size %d: %w", index, size, ErrNoEntry)
		}
		proof, err := tlog.ProveRecord(size, index, r)
		if err != nil {
			return nil, fmt.Errorf("prove entry %d in the log of size %d: %w", index, size, err)
		}
		proofs[i] = proof
	}
	return proofs, nil
}

// ProveConsistency proves that the log of one size begins with the log of an
// older, smaller or equal size. From size 0 the proof is empty: every log begins
// with nothing.
func (l *Log) ProveConsistency(ctx context.Context, tx *storage.Tx, older, size int64) (tlog.TreeProof, error) {
	if err := l.checkSize(ctx, tx, size); err != nil {
		return nil, err
	}
	if older == 0 {
		return tlog.TreeProof{}, nil
	}
	if older < 0 || older > size {
		return nil, fmt.Errorf("prove the log of size %d from size %d: %w", size, older, ErrNoEntry)
	}
	proof, err := tlog.ProveTree(size, older, hashReader(ctx, tx))
	if err != nil {
		return nil, fmt.Errorf("prove the log of size %d from size %d: %w", size, older, err)
	}
	return proof, nil
}

// TreeHash returns the root of the log as it was at a size, for comparison with
// a checkpoint kept elsewhere.
func (l *Log) TreeHash(ctx context.Context, tx *storage.Tx, size int64) (tlog.Hash, error) {
	if err := l.checkSize(ctx, tx, size); err != nil {
		return tlog.Hash{}, err
	}
	e, err := readEdge(ctx, tx, size)
	if err != nil {
		return tlog.Hash{}, err
	}
	return e.root(), nil
}

func (l *Log) checkSize(ctx context.Context, tx *storage.Tx, size int64) error {
	h, err := readHead(ctx, tx)
	if err != nil {
		return err
	}
	if size < 1 || size > h.size {
		return fmt.Errorf("the log has %d entries, not %d: %w", h.size, size, ErrNoEntry)
	}
	return nil
}
