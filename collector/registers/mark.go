package registers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vigia/collector/storage"
)

// Mark names how far books were written: two marks are equal when nothing was written in
// between. The zero Mark is that of empty books.
type Mark struct {
	leaf int64 // of the last version
	at   int64 // its time: leaves of what was undone are given again
}

// At is when the last version was written, zero for empty books.
func (m Mark) At() time.Time {
	if m == (Mark{}) {
		return time.Time{}
	}
	return time.UnixMicro(m.at).UTC()
}

// Mark is that of books, so that what was made from them is known to be current without
// reading them.
func (s *Store) Mark(ctx context.Context, tx *storage.Tx, books ...*Book) (Mark, error) {
	var mark Mark
	for _, b := range books {
		var m Mark
		// Several versions may bear one time: when many are written at once, and when
		// the clock goes back.
		err := tx.QueryRow(ctx, `SELECT leaf, from_at FROM registers_rows
			WHERE book = $1 AND from_at = (SELECT MAX(from_at) FROM registers_rows WHERE book = $1)
			ORDER BY leaf DESC LIMIT 1`, b.Name).Scan(&m.leaf, &m.at)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return Mark{}, fmt.Errorf("read the mark of %s: %w", b.Name, err)
		}
		if m.leaf >= mark.leaf {
			mark = m
		}
	}
	return mark, nil
}
