package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/storage"
)

// Stored is a row of the log as the database holds it, altered or not, beside
// the hash that the tree keeps for it. It is what goes into a package for an
// auditor: nothing is corrected on the way and nothing is left out.
type Stored struct {
	Index       int64
	HeaderBytes []byte
	Salt        []byte // nil when pruned
	Payload     []byte // nil when pruned
	PayloadHash []byte
	// Tree is the leaf hash that the tree holds; nil when it is missing.
	Tree []byte
}

// Hash computes the leaf hash from what the row holds now: it equals Tree
// unless one of them was altered.
func (s Stored) Hash() tlog.Hash {
	sum := [sha256.Size]byte{}
	copy(sum[:], s.PayloadHash)
	if s.Payload != nil {
		sum = PayloadHash(s.Salt, s.Payload)
	}
	return LeafHash(s.HeaderBytes, sum)
}

// Altered tells that the row is not what was appended.
func (s Stored) Altered() bool {
	h := s.Hash()
	return string(s.Tree) != string(h[:])
}

// EachStored calls fn with every row below size in order, and stops at its
// first error. A row that is missing is passed over: its index shows it.
func (l *Log) EachStored(ctx context.Context, tx *storage.Tx, size int64, fn func(Stored) error) error {
	return eachRecord(ctx, tx, Filter{End: size}, func(page []record) error {
		first, last := page[0].index, page[len(page)-1].index
		hashes, err := hashRange(ctx, tx, tlog.StoredHashIndex(0, first), tlog.StoredHashIndex(0, last)+1)
		if err != nil {
			return err
		}
		for i := range page {
			r := &page[i]
			err := fn(Stored{Index: r.index, HeaderBytes: r.header, Salt: r.salt, Payload: r.payload,
				PayloadHash: r.payloadHash, Tree: hashes[tlog.StoredHashIndex(0, r.index)]})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Position is where an entry stands in the log.
type Position struct {
	Index           int64
	Sequence, Epoch uint64
}

// Positions lists the entries of a kind about a subject in order, without
// reading their payloads.
func (l *Log) Positions(ctx context.Context, tx *storage.Tx, kind Kind, subject string) ([]Position, error) {
	rows, err := tx.Query(ctx, `SELECT idx, sequence, epoch FROM evidence_entries WHERE subject = $1 AND kind = $2 ORDER BY idx`,
		subject, string(kind))
	if err != nil {
		return nil, fmt.Errorf("read the %s entries of %s: %w", kind, subject, err)
	}
	defer rows.Close()
	var out []Position
	for rows.Next() {
		var p Position
		var sequence, epoch int64
		if err := rows.Scan(&p.Index, &sequence, &epoch); err != nil {
			return nil, fmt.Errorf("read the %s entries of %s: %w", kind, subject, err)
		}
		p.Sequence, p.Epoch = uint64(sequence), uint64(epoch)
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the %s entries of %s: %w", kind, subject, err)
	}
	return out, nil
}

// statement is the first line of a signed statement; no checkpoint begins so.
const statement = "vigia-statement/1"

// Sign signs the SHA-256 of data with the log's key, as a note of three lines:
// what it is, what it is about, and the sum in hexadecimal. about is one line.
func (l *Log) Sign(about string, data []byte) ([]byte, error) {
	if strings.ContainsAny(about, "\n\r") || about == "" {
		return nil, fmt.Errorf("sign: %q is not one line", about)
	}
	signed, err := note.Sign(&note.Note{Text: statementText(about, data)}, l.key.signer)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", about, err)
	}
	return signed, nil
}

func statementText(about string, data []byte) string {
	sum := sha256.Sum256(data)
	return fmt.Sprintf("%s\n%s\n%s\n", statement, about, hex.EncodeToString(sum[:]))
}

// VerifyStatement checks that signed is what Sign made for about and data with
// the key of the verifier string.
func VerifyStatement(signed []byte, verifier, about string, data []byte) error {
	if len(signed) > maxCheckpoint {
		return fmt.Errorf("verify signature: %d bytes, at most %d", len(signed), maxCheckpoint)
	}
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return fmt.Errorf("verify signature: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return fmt.Errorf("verify signature: %w", err)
	}
	if n.Text != statementText(about, data) {
		return fmt.Errorf("verify signature: it is about other bytes")
	}
	return nil
}

// RootOf computes the root of a tree from all its leaf hashes in order.
func RootOf(leaves []tlog.Hash) tlog.Hash {
	e := &edge{}
	for _, h := range leaves {
		e.add(h)
	}
	return e.root()
}
