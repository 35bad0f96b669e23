package deliver

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checkpoint is a state of the collector's evidence log: how many leaves it
// has and their Merkle root.
type checkpoint struct {
	size   int64
	hash   tlog.Hash
	signed string
}

// maxCheckpoint bounds a signed checkpoint, in bytes.
const maxCheckpoint = 16 << 10

// openCheckpoint verifies a signed checkpoint (c2sp.org/tlog-checkpoint) with
// the log's key.
func openCheckpoint(signed []byte, logKey string) (checkpoint, error) {
	if len(signed) > maxCheckpoint {
		return checkpoint{}, fmt.Errorf("%w: it is over %d bytes", ErrCheckpoint, maxCheckpoint)
	}
	verifier, err := note.NewVerifier(logKey)
	if err != nil {
		return checkpoint{}, fmt.Errorf("log key: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c.signed = string(signed)
	return c, nil
}

// parseCheckpoint reads origin, size and root hash, each on its line; lines
// after them are extensions.
func parseCheckpoint(text string) (checkpoint, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 || lines[0] == "" {
		return checkpoint{}, errors.New("checkpoint has too few lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return checkpoint{}, errors.New("checkpoint has no valid size")
	}
	hash, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(hash) != tlog.HashSize {
		return checkpoint{}, errors.New("checkpoint has no valid hash")
	}
	return checkpoint{size: size, hash: tlog.Hash(hash)}, nil
}

const (
	historyVersion = 1
	// One checkpoint a day is kept for more than a year, and each that does
	// not agree with the one before it.
	maxDaily     = 400
	maxConflicts = 50
)

// history is the checkpoints that were kept, oldest first: evidence against a
// collector that would change what it once signed.
type history struct {
	Version int    `json:"version"`
	Epoch   uint64 `json:"epoch"`
	Kept    []kept `json:"checkpoints"`
	// Told is when a contradiction was last reported.
	Told time.Time `json:"told,omitzero"`
	// SeenEpoch and SeenSize are those of the newest answer that came by hand;
	// its checkpoint may not be among the kept ones.
	SeenEpoch uint64 `json:"seen_epoch,omitempty"`
	SeenSize  int64  `json:"seen_size,omitempty"`
}

// tellEvery bounds how often contradictions are reported: a collector that
// contradicts itself in every answer must not fill the evidence with it.
const tellEvery = time.Hour

func (h *history) mayTell(now time.Time) bool {
	since := now.Sub(h.Told)
	return since < 0 || since >= tellEvery
}

type kept struct {
	At    time.Time `json:"at"`
	Epoch uint64    `json:"epoch"`
	Size  int64     `json:"size"`
	Hash  tlog.Hash `json:"hash"`
	Note  string    `json:"note"` // verbatim, signed
	// Conflict marks a checkpoint that the next one contradicts.
	Conflict bool `json:"conflict,omitempty"`
}

func decodeHistory(b []byte) (*history, error) {
	h := &history{Version: historyVersion}
	if len(b) == 0 {
		return h, nil
	}
	if err := json.Unmarshal(b, h); err != nil {
		return nil, err
	}
	if h.Version != historyVersion {
		return nil, fmt.Errorf("version %d", h.Version)
	}
	for _, k := range h.Kept {
		if k.Size < 0 {
			return nil, errors.New("negative size")
		}
	}
	return h, nil
}

func (h *history) encode() ([]byte, error) { return json.Marshal(h) }

func (h *history) newest() *kept {
	if len(h.Kept) == 0 {
		return nil
	}
	return &h.Kept[len(h.Kept)-1]
}

func (h *history) size() uint64 {
	if k := h.newest(); k != nil {
		return uint64(k.Size)
	}
	return 0
}

// contradicts tells in which way a checkpoint does not contain what was kept;
// empty if it does, or if a new epoch says that the log was restored.
func (h *history) contradicts(next checkpoint, epoch uint64, proof [][]byte) string {
	last := h.newest()
	switch {
	case last == nil || epoch > h.Epoch:
		return ""
	case epoch < h.Epoch:
		return "epoch"
	case next.size < last.Size:
		return "size"
	case next.size == last.Size:
		if next.hash != last.Hash {
			return "hash"
		}
		return ""
	case last.Size == 0:
		return ""
	}
	hashes := make(tlog.TreeProof, 0, len(proof))
	for _, p := range proof {
		if len(p) != tlog.HashSize {
			return "proof"
		}
		hashes = append(hashes, tlog.Hash(p))
	}
	if tlog.CheckTree(hashes, next.size, next.hash, last.Size, last.Hash) != nil {
		return "proof"
	}
	return ""
}

// keep adds a checkpoint and tells whether anything changed. Of one day the
// first and the newest stay, of one epoch at least the last.
func (h *history) keep(next checkpoint, epoch uint64, now time.Time, conflict bool) bool {
	last := h.newest()
	if last != nil && !conflict && epoch == h.Epoch && next.size == last.Size {
		return false
	}
	if last != nil && conflict {
		last.Conflict = true
	}
	if n := len(h.Kept); n >= 2 && !last.Conflict && last.Epoch == epoch && day(last.At) == day(h.Kept[n-2].At) && h.Kept[n-2].Epoch == epoch {
		h.Kept = h.Kept[:n-1]
	}
	h.Epoch = epoch
	h.Kept = append(h.Kept, kept{At: now.UTC().Truncate(time.Second), Epoch: epoch, Size: next.size, Hash: next.hash, Note: next.signed})
	h.prune()
	return true
}

// prune drops the oldest of what is over the bounds, never the newest.
func (h *history) prune() {
	conflicts, daily := 0, 0
	drop := map[int]bool{}
	for i := len(h.Kept) - 1; i >= 0; i-- {
		if h.Kept[i].Conflict {
			conflicts++
			drop[i] = conflicts > maxConflicts
		} else {
			daily++
			drop[i] = daily > maxDaily
		}
	}
	i := -1
	h.Kept = slices.DeleteFunc(h.Kept, func(kept) bool { i++; return drop[i] })
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
