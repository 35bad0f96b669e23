package findings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"vigia/collector/storage"
)

// Observed returns the facts on which the state of a whole rests, as JSON in the check's
// own form, for who shows more of them than the verdict says. ok is false when they are not
// kept: of each entry the last few are, and of a report that was erased by its retention
// term none.
func (s *Store) Observed(ctx context.Context, tx *storage.Tx, of State) (observed []byte, ok bool, err error) {
	err = tx.QueryRow(ctx, `SELECT observed FROM findings_facts
		WHERE machine = $1 AND entry = $2 AND sequence <= $3 AND last_sequence >= $3 ORDER BY sequence DESC LIMIT 1`,
		of.Machine, of.Entry, int64(of.Sequence)).Scan(&observed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("read the facts of %s on %s: %w", of.Entry, of.Machine, err)
	}
	return observed, len(observed) > 0, nil
}
