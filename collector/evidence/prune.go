package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"vigia/collector/storage"
)

// prune is the payload of a prune entry: what was erased.
type prune struct {
	Kinds  []Kind `json:"kinds"`
	Before int64  `json:"before"` // received before, microseconds since 1970 UTC
	Count  int64  `json:"count"`  // payloads erased
}

// Prune erases payload and salt of the entries of some kinds that were received
// before a time, and appends the entry that says so: verification accepts a
// missing payload only under such an entry. Proofs stay valid; the headers stay.
// It returns how many payloads were erased; when there are none it appends
// nothing.
func (l *Log) Prune(ctx context.Context, tx *storage.Tx, before time.Time, kinds ...Kind) (int64, error) {
	if len(kinds) == 0 {
		return 0, fmt.Errorf("prune evidence: no kind was given")
	}
	for _, k := range kinds {
		if slices.Contains([]Kind{Genesis, Restore, Prune, KeyChange}, k) {
			return 0, fmt.Errorf("prune evidence: a %s entry is kept for ever", k)
		}
	}
	if err := tx.Lock(ctx, "evidence"); err != nil {
		return 0, fmt.Errorf("prune evidence: %w", err)
	}
	h, err := readHead(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("prune evidence: %w", err)
	}
	where, args := Filter{Kinds: kinds, To: before}.where()
	result, err := tx.Exec(ctx, "UPDATE evidence_entries SET payload = NULL, salt = NULL WHERE payload IS NOT NULL AND "+where, args...)
	if err != nil {
		return 0, fmt.Errorf("prune evidence: %w", err)
	}
	n, err := result.RowsAffected()
	if err != nil || n == 0 {
		return 0, err
	}
	payload, err := json.Marshal(prune{Kinds: kinds, Before: before.UnixMicro(), Count: n})
	if err != nil {
		return 0, fmt.Errorf("prune evidence: %w", err)
	}
	if _, err := l.append(ctx, tx, h, []Leaf{{Kind: Prune, Subject: h.origin, Payload: payload}}); err != nil {
		return 0, fmt.Errorf("prune evidence: %w", err)
	}
	return n, nil
}

// pruning is a prune entry with its place.
type pruning struct {
	prune
	index int64
}

func (p pruning) covers(e Entry) bool {
	return e.Index < p.index && e.Header.Received.UnixMicro() < p.Before && slices.Contains(p.Kinds, e.Header.Kind)
}

// readPrunings reads every prune entry, unverified.
func readPrunings(ctx context.Context, tx *storage.Tx) ([]pruning, error) {
	var all []pruning
	err := eachRecord(ctx, tx, Filter{Kinds: []Kind{Prune}}, func(page []record) error {
		for _, r := range page {
			p := pruning{index: r.index}
			if json.Unmarshal(r.payload, &p.prune) == nil { // an altered one covers nothing, and is found as such
				all = append(all, p)
			}
		}
		return nil
	})
	return all, err
}
