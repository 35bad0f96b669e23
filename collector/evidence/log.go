package evidence

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/storage"
)

// Options are what a Log needs from outside.
type Options struct {
	Key  *Key             // of this log: LoadKey or LoadOrCreateKey
	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // where salts come from; nil: crypto/rand
}

// Log is the Merkle log in a database. Its methods are safe for concurrent use,
// each in its own transaction.
type Log struct {
	key  *Key
	now  func() time.Time
	rand io.Reader

	mu   sync.Mutex
	last signedTree // the last head whose signature was seen to hold
}

// signedTree is a head with, perhaps, the edge of its tree, so that the next
// append need not read it. What another process appended, or a transaction that
// was undone, makes it another head's, and it is read again.
type signedTree struct {
	checkpointText
	edge *edge // nil when it was not read
}

// checkpointText is what a checkpoint's signature covers, apart from the origin.
type checkpointText struct {
	size int64
	hash tlog.Hash
}

// head is where the log stands: the row of evidence_head.
type head struct {
	checkpointText
	origin   string
	epoch    uint64
	signed   []byte
	signedAt time.Time
}

// genesis is the payload of the first entry.
type genesis struct {
	Format string `json:"format"`
	Origin string `json:"origin"`
	Key    string `json:"key"`
}

// restore is the payload of a restore entry.
type restore struct {
	OldEpoch uint64 `json:"old_epoch"`
	NewEpoch uint64 `json:"new_epoch"`
	Size     int64  `json:"size"` // entries that the backup held
	By       string `json:"by"`
}

const logFormat = "vigia-log/1"

// errEmpty: no genesis entry yet.
var errEmpty = errors.New("the evidence log was not begun")

// Open opens the log, or begins it with its genesis entry. The key must be the
// one that the log was begun with.
func Open(ctx context.Context, db *storage.DB, opts Options) (*Log, error) {
	if opts.Key == nil {
		return nil, errors.New("open evidence log: no key was given")
	}
	l := &Log{key: opts.Key, now: opts.Now, rand: opts.Rand}
	if l.now == nil {
		l.now = time.Now
	}
	if l.rand == nil {
		l.rand = rand.Reader
	}
	err := db.Read(ctx, l.checkHead)
	if errors.Is(err, errEmpty) {
		err = db.Write(ctx, l.begin)
	}
	if err != nil {
		return nil, fmt.Errorf("open evidence log: %w", err)
	}
	return l, nil
}

// checkHead verifies that the stored head was signed by the key.
func (l *Log) checkHead(ctx context.Context, tx *storage.Tx) error {
	h, err := readHead(ctx, tx)
	if err != nil {
		return err
	}
	if h.origin != l.key.Origin() {
		return fmt.Errorf("%s is the key of %s and the database holds %s: put back the keys folder that belongs to it",
			KeyFile, l.key.Origin(), h.origin)
	}
	return l.trust(h)
}

// begin appends the genesis entry to an empty log.
func (l *Log) begin(ctx context.Context, tx *storage.Tx) error {
	if _, err := readHead(ctx, tx); !errors.Is(err, errEmpty) {
		return err // another process was first, or nothing can be read
	}
	payload, err := json.Marshal(genesis{Format: logFormat, Origin: l.key.Origin(), Key: l.key.Verifier()})
	if err != nil {
		return err
	}
	_, err = l.append(ctx, tx, head{origin: l.key.Origin(), epoch: 1},
		[]Leaf{{Kind: Genesis, Subject: l.key.Origin(), Payload: payload}})
	return err
}

// Origin is the log's name.
func (l *Log) Origin() string { return l.key.Origin() }

// Verifier returns the verifier string of the key that signs.
func (l *Log) Verifier() string { return l.key.Verifier() }

// Append adds leaves in the caller's transaction and returns the index of the
// first; the others follow.
func (l *Log) Append(ctx context.Context, tx *storage.Tx, leaves ...Leaf) (first int64, err error) {
	for _, leaf := range leaves {
		if slices.Contains([]Kind{Genesis, Restore, Prune}, leaf.Kind) {
			return 0, fmt.Errorf("append evidence: a %s entry is the log's own", leaf.Kind)
		}
	}
	if err := tx.Lock(ctx, "evidence"); err != nil {
		return 0, fmt.Errorf("append evidence: %w", err)
	}
	h, err := readHead(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("append evidence: %w", err)
	}
	if first, err = l.append(ctx, tx, h, leaves); err != nil {
		return 0, fmt.Errorf("append evidence: %w", err)
	}
	return first, nil
}

// append writes entries, tree hashes and the new signed head after the head h.
func (l *Log) append(ctx context.Context, tx *storage.Tx, h head, leaves []Leaf) (int64, error) {
	if len(leaves) == 0 || len(leaves) > MaxBatch {
		return 0, fmt.Errorf("%d leaves: 1 to %d may be appended at once", len(leaves), MaxBatch)
	}
	tree, err := l.tree(ctx, tx, h)
	if err != nil {
		return 0, err
	}
	first, now := h.size, l.now().UTC().Truncate(time.Microsecond)
	entries := make([]Entry, len(leaves))
	var hashes []tlog.Hash
	for i, leaf := range leaves {
		e, err := l.entry(leaf, first+int64(i), now, h.epoch)
		if err != nil {
			return 0, err
		}
		entries[i] = e
		hashes = append(hashes, tree.add(e.Hash)...)
	}
	if err := insertEntries(ctx, tx, entries); err != nil {
		return 0, err
	}
	if err := insertHashes(ctx, tx, tlog.StoredHashIndex(0, first), hashes); err != nil {
		return 0, err
	}
	if err := keepHead(ctx, tx, h, now); err != nil {
		return 0, err
	}
	h.checkpointText = checkpointText{size: tree.size, hash: tree.root()}
	h.signedAt = now
	if h.signed, err = signCheckpoint(h.origin, h.checkpointText, l.key.signer); err != nil {
		return 0, err
	}
	if err := writeHead(ctx, tx, h); err != nil {
		return 0, err
	}
	l.mu.Lock()
	l.last = signedTree{h.checkpointText, tree}
	l.mu.Unlock()
	return first, nil
}

// tree returns the edge of the tree that the head signs, for the caller to add
// to. Nothing is signed on top of another tree than the one signed last.
func (l *Log) tree(ctx context.Context, tx *storage.Tx, h head) (*edge, error) {
	if h.size == 0 {
		return &edge{}, nil
	}
	if err := l.trust(h); err != nil {
		return nil, err
	}
	l.mu.Lock()
	known := l.last
	l.mu.Unlock()
	if known.checkpointText == h.checkpointText && known.edge != nil {
		return known.edge.clone(), nil
	}
	tree, err := readEdge(ctx, tx, h.size)
	if err != nil {
		return nil, err
	}
	if tree.root() != h.hash {
		return nil, fmt.Errorf("the stored tree of %d entries is not the one that was signed: verify the log", h.size)
	}
	return tree, nil
}

// trust verifies the head's signature, unless it was the last one seen.
func (l *Log) trust(h head) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last.checkpointText == h.checkpointText {
		return nil
	}
	if err := h.verify(l.key.Verifier()); err != nil {
		return err
	}
	l.last = signedTree{checkpointText: h.checkpointText}
	return nil
}

// verify tells whether the head is what was signed.
func (h head) verify(verifiers ...string) error {
	c, err := VerifyCheckpoint(h.signed, verifiers...)
	switch {
	case err != nil:
		return &BadCheckpointError{Size: h.size, Err: err}
	case c.Origin != h.origin || c.Size != h.size || c.Hash != h.hash:
		return &BadCheckpointError{Size: h.size, Err: errors.New("its columns differ from the signed text")}
	}
	return nil
}

// entry makes the entry of a leaf.
func (l *Log) entry(leaf Leaf, index int64, now time.Time, epoch uint64) (Entry, error) {
	if len(leaf.Payload) > MaxPayload {
		return Entry{}, fmt.Errorf("payload of %d bytes: at most %d", len(leaf.Payload), MaxPayload)
	}
	e := Entry{
		Index:   index,
		Header:  Header{Kind: leaf.Kind, Subject: leaf.Subject, Received: now, Epoch: epoch, Sequence: leaf.Sequence},
		Payload: leaf.Payload,
		Salt:    make([]byte, SaltSize),
	}
	if e.Payload == nil {
		e.Payload = []byte{} // nil means pruned
	}
	var err error
	if e.HeaderBytes, err = e.Header.Marshal(); err != nil {
		return Entry{}, err
	}
	if _, err := io.ReadFull(l.rand, e.Salt); err != nil {
		return Entry{}, fmt.Errorf("make salt: %w", err)
	}
	e.PayloadHash = PayloadHash(e.Salt, e.Payload)
	e.Hash = LeafHash(e.HeaderBytes, e.PayloadHash)
	return e, nil
}

// Checkpoint returns the signed state of the log as tx sees it.
func (l *Log) Checkpoint(ctx context.Context, tx *storage.Tx) (Checkpoint, error) {
	h, err := readHead(ctx, tx)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	return Checkpoint{Origin: h.origin, Size: h.size, Hash: h.hash, Signed: h.signed}, nil
}

// CheckpointAt returns the last checkpoint signed before a time; exact for a
// time on the hour, else that of the hour's beginning may stand for it. It is
// ErrNoEntry when the log is younger.
func (l *Log) CheckpointAt(ctx context.Context, tx *storage.Tx, at time.Time) (Checkpoint, error) {
	h, err := readHead(ctx, tx)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	if !h.signedAt.Before(at) {
		row := tx.QueryRow(ctx, `SELECT size, hash, signed, signed_at FROM evidence_checkpoints
			WHERE signed_at < $1 ORDER BY size DESC LIMIT 1`, at.UnixMicro())
		h, err = scanCheckpoint(row, h.origin)
		if errors.Is(err, sql.ErrNoRows) {
			return Checkpoint{}, fmt.Errorf("read checkpoint of %s: %w", at.UTC().Format(time.RFC3339), ErrNoEntry)
		}
		if err != nil {
			return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
		}
	}
	return Checkpoint{Origin: h.origin, Size: h.size, Hash: h.hash, Signed: h.signed}, nil
}

// Epoch returns the current epoch: 1 plus the number of restores.
func (l *Log) Epoch(ctx context.Context, tx *storage.Tx) (uint64, error) {
	h, err := readHead(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("read epoch: %w", err)
	}
	return h.epoch, nil
}

// Restored begins a new epoch and appends the entry that says so, as the last
// step of a restore from a backup. By is who asked for it.
func (l *Log) Restored(ctx context.Context, tx *storage.Tx, by string) (epoch uint64, err error) {
	if err := tx.Lock(ctx, "evidence"); err != nil {
		return 0, fmt.Errorf("begin epoch: %w", err)
	}
	h, err := readHead(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("begin epoch: %w", err)
	}
	payload, err := json.Marshal(restore{OldEpoch: h.epoch, NewEpoch: h.epoch + 1, Size: h.size, By: by})
	if err != nil {
		return 0, fmt.Errorf("begin epoch: %w", err)
	}
	h.epoch++
	if _, err := l.append(ctx, tx, h, []Leaf{{Kind: Restore, Subject: h.origin, Payload: payload}}); err != nil {
		return 0, fmt.Errorf("begin epoch: %w", err)
	}
	return h.epoch, nil
}

func signCheckpoint(origin string, text checkpointText, signer note.Signer) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: formatCheckpoint(origin, text)}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}
