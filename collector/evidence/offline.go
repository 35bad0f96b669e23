package evidence

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// What follows needs no database and trusts nothing that it is given: it is what
// an auditor's copy of the program runs on a package made by someone else.

// Limits of what is verified offline.
const (
	maxCheckpoint = 8 << 10 // bytes
	maxProof      = 64      // hashes: no tree is higher
)

// VerifyCheckpoint checks a signed checkpoint against the verifier strings of
// the log: one valid signature of a key that bears the log's name is enough.
func VerifyCheckpoint(signed []byte, verifiers ...string) (Checkpoint, error) {
	if len(signed) > maxCheckpoint {
		return Checkpoint{}, fmt.Errorf("verify checkpoint: %d bytes, at most %d", len(signed), maxCheckpoint)
	}
	known := make([]note.Verifier, len(verifiers))
	for i, text := range verifiers {
		v, err := note.NewVerifier(text)
		if err != nil {
			return Checkpoint{}, fmt.Errorf("verify checkpoint: verifier key %d: %w", i+1, err)
		}
		known[i] = v
	}
	n, err := note.Open(signed, note.VerifierList(known...))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("verify checkpoint: %w", err)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("verify checkpoint: %w", err)
	}
	for _, s := range n.Sigs {
		if s.Name == c.Origin {
			c.Signed = signed
			return c, nil
		}
	}
	return Checkpoint{}, fmt.Errorf("verify checkpoint: no signature by a key of %q", c.Origin)
}

// formatCheckpoint writes the text that is signed.
func formatCheckpoint(origin string, text checkpointText) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, text.size, base64.StdEncoding.EncodeToString(text.hash[:]))
}

// parseCheckpoint reads the text; lines after the third belong to later versions.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return Checkpoint{}, errors.New("the text does not have three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, errors.New("the second line is not a size")
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(hash) != tlog.HashSize {
		return Checkpoint{}, errors.New("the third line is not a hash")
	}
	if lines[0] == "" {
		return Checkpoint{}, errors.New("the first line does not name a log")
	}
	return Checkpoint{Origin: lines[0], Size: size, Hash: tlog.Hash(hash)}, nil
}

// VerifyEntry checks an entry against itself and, by its proof, against a
// checkpoint that was verified before. A pruned entry is checked by its payload
// hash. What does not agree with itself is a *BadEntryError.
func VerifyEntry(e Entry, proof tlog.RecordProof, c Checkpoint) error {
	r := record{
		index: e.Index, kind: string(e.Header.Kind), subject: e.Header.Subject,
		received: e.Header.Received.UnixMicro(), epoch: int64(e.Header.Epoch), sequence: int64(e.Header.Sequence),
		header: e.HeaderBytes, salt: e.Salt, payload: e.Payload, pruned: e.Pruned(), payloadHash: e.PayloadHash[:],
	}
	if len(e.Payload) > MaxPayload {
		return fmt.Errorf("verify entry %d: payload of %d bytes, at most %d", e.Index, len(e.Payload), MaxPayload)
	}
	want, bad := r.entry()
	if bad != nil {
		return bad
	}
	if e.Hash != want.Hash {
		return &BadEntryError{Index: e.Index, Last: e.Index, Why: HashAltered}
	}
	if len(proof) > maxProof {
		return fmt.Errorf("verify entry %d: proof of %d hashes, at most %d", e.Index, len(proof), maxProof)
	}
	if err := tlog.CheckRecord(proof, c.Size, c.Hash, e.Index, e.Hash); err != nil {
		return fmt.Errorf("verify entry %d in the log of size %d: %w", e.Index, c.Size, err)
	}
	return nil
}

// VerifyConsistency checks that the log of the newer checkpoint begins with the
// log of the older one.
func VerifyConsistency(older, newer Checkpoint, proof tlog.TreeProof) error {
	switch {
	case older.Origin != newer.Origin:
		return fmt.Errorf("verify consistency: the checkpoints are of %q and %q", older.Origin, newer.Origin)
	case len(proof) > maxProof:
		return fmt.Errorf("verify consistency: proof of %d hashes, at most %d", len(proof), maxProof)
	case older.Size == 0:
		return nil // every log begins with nothing
	}
	if err := tlog.CheckTree(proof, newer.Size, newer.Hash, older.Size, older.Hash); err != nil {
		return fmt.Errorf("verify consistency of sizes %d and %d: %w", older.Size, newer.Size, err)
	}
	return nil
}
