// Package evidence is the collector's Merkle log: what was reported and what was
// done is appended as a leaf, every state of the log is signed as a checkpoint,
// and anyone can verify that a leaf is in the log and that nothing before it
// changed. It stores leaves and proves things about them; it does not know what
// a payload means (FORMAT.md describes every byte).
//
// What always holds: an entry never changes once appended, save that its payload
// can be pruned (the salt with it) while all proofs stay valid; entries are
// appended in the caller's transaction, so a derived row and its evidence exist
// together or not at all.
package evidence

import (
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/storage"
)

// Kind says what a leaf is evidence of.
type Kind string

// The kinds of leaves.
const (
	Genesis    Kind = "genesis" // the first entry of a log
	Report     Kind = "report"
	Gap        Kind = "gap"
	Enrolment  Kind = "enrolment"
	Renewal    Kind = "renewal"
	Revocation Kind = "revocation"
	Retirement Kind = "retirement"
	Policy     Kind = "policy"
	Token      Kind = "token"
	Restore    Kind = "restore" // the log was restored from a backup: a new epoch
	Register   Kind = "register"
	Alarm      Kind = "alarm"
	KeyChange  Kind = "key"
	Prune      Kind = "prune" // payloads were erased after their retention term
)

// Leaf is what a caller appends.
type Leaf struct {
	Kind Kind
	// Subject says whom or what it concerns: an agent id, "source", a register's
	// name. 1 to 200 bytes of printable UTF-8 without line breaks, no personal data: it is never pruned.
	Subject string
	// Sequence is the subject's own number (a report's), or 0.
	Sequence uint64
	// Payload is the verbatim evidence, at most MaxPayload bytes.
	Payload []byte
}

// MaxPayload bounds one payload in bytes.
const MaxPayload = 4 << 20

// Header is what a leaf says in clear, for ever.
type Header struct {
	Kind     Kind
	Subject  string
	Received time.Time // microseconds, UTC
	Epoch    uint64
	Sequence uint64
}

// Entry is a leaf of the log.
type Entry struct {
	Index       int64
	Header      Header
	HeaderBytes []byte
	Salt        []byte // 32 random bytes, nil when pruned
	Payload     []byte // nil when pruned; an empty payload is not nil
	PayloadHash [32]byte
	Hash        tlog.Hash
}

// Checkpoint is a signed state of the log.
type Checkpoint struct {
	Origin string
	Size   int64
	Hash   tlog.Hash
	Signed []byte // c2sp.org/tlog-checkpoint: text and signature
}

// Filter selects entries; the zero Filter selects all.
type Filter struct {
	Kinds    []Kind
	Subject  string    // "" for all
	From, To time.Time // received in [From, To); zero for no bound
	First    int64     // indexes >= First
	End      int64     // indexes < End; 0 for no bound
}

// Options are what a Log needs from outside.
type Options struct {
	Key  *Key             // the log key: LoadKey or CreateKey
	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // source of salts; nil: crypto/rand
}

// Key signs checkpoints.
type Key struct {
}

// KeyFile is the log key inside the keys folder, mode 0600.
const KeyFile = "log.key"

// LoadOrCreateKey reads KeyFile in dir, or makes a new key there.
func LoadOrCreateKey(dir string) (*Key, error) { return nil, errors.New("being built") }

// Verifier returns the note verifier string: vigia-<8 hex>+<hash>+<key>.
func (k *Key) Verifier() string { return "" }

// Schema is the log's tables.
func Schema() storage.Schema { return storage.Schema{Name: "evidence"} }

// Log is the Merkle log in a database.
type Log struct {
}

// Open opens the log, or begins it with its genesis entry. The key must be the
// one that the log was begun with (or that a key entry announced).
func Open(ctx context.Context, db *storage.DB, opts Options) (*Log, error) {
	return nil, errors.New("being built")
}

// Verifier returns the verifier string of the key that signs now.
func (l *Log) Verifier() string { return "" }

// Append adds leaves in the caller's transaction and returns the index of the first.
func (l *Log) Append(ctx context.Context, tx *storage.Tx, leaves ...Leaf) (first int64, err error) {
	return 0, errors.New("being built")
}

// Checkpoint returns the signed state of the log as of tx.
func (l *Log) Checkpoint(ctx context.Context, tx *storage.Tx) (Checkpoint, error) {
	return Checkpoint{}, errors.New("being built")
}

// Epoch returns the current epoch: 1 plus the number of restores.
func (l *Log) Epoch(ctx context.Context, tx *storage.Tx) (uint64, error) {
	return 0, errors.New("being built")
}

// ProveInclusion proves that entry index is in the log of size.
func (l *Log) ProveInclusion(ctx context.Context, tx *storage.Tx, index, size int64) (tlog.RecordProof, error) {
	return nil, errors.New("being built")
}

// ProveConsistency proves that the log of size begins with the log of old.
func (l *Log) ProveConsistency(ctx context.Context, tx *storage.Tx, old, size int64) (tlog.TreeProof, error) {
	return nil, errors.New("being built")
}

// Entry returns one entry, or ErrNoEntry.
func (l *Log) Entry(ctx context.Context, tx *storage.Tx, index int64) (Entry, error) {
	return Entry{}, errors.New("being built")
}

// Entries calls fn with each selected entry in order. fn may use tx.
func (l *Log) Entries(ctx context.Context, tx *storage.Tx, filter Filter, fn func(Entry) error) error {
	return errors.New("being built")
}

// Verify recomputes the whole log and returns a *BadEntryError for the first
// entry that is not what was appended. progress may be nil.
func (l *Log) Verify(ctx context.Context, tx *storage.Tx, progress func(done, total int64)) error {
	return errors.New("being built")
}

// Restored begins a new epoch after a restore and appends its leaf.
func (l *Log) Restored(ctx context.Context, tx *storage.Tx, by string) (epoch uint64, err error) {
	return 0, errors.New("being built")
}

// BadEntryError names the first entry that is not what was appended.
type BadEntryError struct {
	Index int64
	Why   string
}

func (e *BadEntryError) Error() string { return e.Why }

// ErrNoEntry: the log has no entry with that index.
var ErrNoEntry = errors.New("no such entry")

// VerifyCheckpoint checks a signed checkpoint against the verifier strings of
// the log; one valid signature is enough.
func VerifyCheckpoint(signed []byte, verifiers ...string) (Checkpoint, error) {
	return Checkpoint{}, errors.New("being built")
}

// VerifyEntry checks an entry against itself and, with its proof, against a
// checkpoint. A pruned entry is checked by its payload hash.
func VerifyEntry(e Entry, proof tlog.RecordProof, c Checkpoint) error {
	return errors.New("being built")
}

// VerifyConsistency checks that the newer checkpoint's log begins with the older's.
func VerifyConsistency(older, newer Checkpoint, proof tlog.TreeProof) error {
	return errors.New("being built")
}

// ParseHeader reads the canonical bytes of a header.
func ParseHeader(b []byte) (Header, error) { return Header{}, errors.New("being built") }
