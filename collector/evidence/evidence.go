// Package evidence is the collector's Merkle log: what was reported and what was
// done is appended as a leaf, every state of the log is signed as a checkpoint,
// and anyone can verify that a leaf is in the log and that nothing before it
// changed. It stores leaves and proves things about them; it does not know what
// a payload means. FORMAT.md describes every byte.
//
// What always holds: an entry never changes once appended, save that its payload
// and salt can be erased when their term ends, with every proof still valid;
// entries are appended in the caller's transaction, so that a derived row and
// its evidence exist together or not at all; nothing is signed that does not
// grow out of what was signed before.
package evidence

import (
	"embed"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/storage"
)

// Kind says what a leaf is evidence of.
type Kind string

// The kinds of leaves. Genesis, Restore and Prune are the log's own: Open,
// Restored and Prune append them.
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
	Request    Kind = "request" // a machine asked to be admitted, and what a person decided
	Carried    Kind = "carried" // a person brought a machine's reports
	Restore    Kind = "restore" // the log was restored from a backup: a new epoch
	Register   Kind = "register"
	Alarm      Kind = "alarm"
	KeyChange  Kind = "key"
	Prune      Kind = "prune"    // payloads were erased when their term ended
	Decision   Kind = "decision" // a person decided on findings
	Incident   Kind = "incident" // an entry of the incident book
	Review     Kind = "review"   // a step of a periodic review: frozen, decided, signed
	Document   Kind = "document" // a file that was handed in, by its hash
	Activity   Kind = "activity" // a day of the portal's activity log was closed
)

// Limits of one leaf and of one Append.
const (
	MaxPayload = 4 << 20 // bytes
	MaxSubject = 200     // bytes
	MaxBatch   = 4096    // leaves
)

// Leaf is what a caller appends.
type Leaf struct {
	Kind Kind
	// Subject says whom or what it concerns: an agent's id, "source", the name
	// of a register. 1 to MaxSubject bytes of UTF-8 without control characters,
	// and nothing personal, for the header is kept for ever.
	Subject string
	// Sequence is the subject's own number, a report's for example, or 0.
	Sequence uint64
	// Payload is the verbatim evidence, at most MaxPayload bytes.
	Payload []byte
}

// Header is what a leaf says in clear, for ever.
type Header struct {
	Kind     Kind
	Subject  string
	Received time.Time // by the collector's clock, microseconds, UTC
	Epoch    uint64    // 1, and one more after each restore from a backup
	Sequence uint64
}

// Entry is a leaf in its place in the log.
type Entry struct {
	Index       int64 // from 0
	Header      Header
	HeaderBytes []byte
	Salt        []byte   // SaltSize random bytes; nil when pruned
	Payload     []byte   // nil when pruned, and only then
	PayloadHash [32]byte // PayloadHash(Salt, Payload)
	Hash        tlog.Hash
}

// Pruned tells whether the payload was erased.
func (e Entry) Pruned() bool { return e.Payload == nil }

// Checkpoint is a signed state of the log.
type Checkpoint struct {
	Origin string // the log's name: vigia-<8 hex>
	Size   int64
	Hash   tlog.Hash // root of the tree
	Signed []byte    // the note, as in c2sp.org/tlog-checkpoint
}

// ErrNoEntry says that the log has no entry with that index, or is not of that
// size.
var ErrNoEntry = errors.New("the log has no such entry")

// Defect says what is wrong with an entry.
type Defect string

// The defects that verification tells apart.
const (
	Missing       Defect = "missing"        // the row is gone
	Extra         Defect = "extra"          // the row is not in the signed log
	HeaderAltered Defect = "header_altered" // the header, or its copy in the columns
	SaltAltered   Defect = "salt_altered"   // the salt is not SaltSize bytes
	// PayloadAltered: payload, salt and payload hash do not belong together.
	PayloadAltered Defect = "payload_altered"
	// PayloadErased: the payload is gone without a prune entry that covers it.
	PayloadErased Defect = "payload_erased"
	// HashAltered: the entry's hash is not the one in the tree.
	HashAltered Defect = "hash_altered"
	// TreeAltered: a hash above the entry is not what its leaves give.
	TreeAltered Defect = "tree_altered"
	// Rewritten: entry and tree agree, and not with a checkpoint signed before.
	Rewritten    Defect = "rewritten"
	EpochAltered Defect = "epoch_altered"
)

// BadEntryError names the first entry that is not what was appended.
type BadEntryError struct {
	Index int64
	// Last is Index, except for Rewritten: there the rewritten entry is one of
	// Index to Last, for only signed checkpoints can tell.
	Last int64
	Why  Defect
}

// Error says it in a line.
func (e *BadEntryError) Error() string {
	if e.Last > e.Index {
		return fmt.Sprintf("the first bad entry is between %d and %d: %s", e.Index, e.Last, e.Why)
	}
	return fmt.Sprintf("the first bad entry is %d: %s", e.Index, e.Why)
}

// BadCheckpointError says that a stored checkpoint is not what was signed.
type BadCheckpointError struct {
	Size int64
	Err  error
}

// Error says it in a line.
func (e *BadCheckpointError) Error() string {
	return fmt.Sprintf("the stored checkpoint of size %d was altered: %v", e.Size, e.Err)
}

// Unwrap gives the cause.
func (e *BadCheckpointError) Unwrap() error { return e.Err }

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the log's tables.
func Schema() storage.Schema { return storage.Embedded("evidence", migrations) }
