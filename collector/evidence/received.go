package evidence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vigia/collector/storage"
)

// Received tells when an entry was appended, as its header says for ever. A
// view that dates by it comes out the same when it is made anew from the log.
func (l *Log) Received(ctx context.Context, tx *storage.Tx, index int64) (time.Time, error) {
	var us int64
	err := tx.QueryRow(ctx, "SELECT received FROM evidence_entries WHERE idx = $1", index).Scan(&us)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoEntry
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read when entry %d was received: %w", index, err)
	}
	return time.UnixMicro(us).UTC(), nil
}
