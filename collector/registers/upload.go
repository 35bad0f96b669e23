package registers

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vigia/collector/storage"
)

// UploadTerm is how long an uploaded file waits for somebody to confirm it.
const UploadTerm = 24 * time.Hour

// maxUploads are so many of one person; a further one takes the place of the oldest.
const maxUploads = 5

// ErrNoUpload means that the file was confirmed, has expired, or is somebody else's.
var ErrNoUpload = errors.New("there is no such upload any more")

// Upload is a file that was read and waits.
type Upload struct {
	ID, Name string
	Sheet    Sheet
	At       time.Time
}

// KeepUpload keeps a table that somebody wants to import, and drops what has expired.
func (s *Store) KeepUpload(ctx context.Context, tx *storage.Tx, b *Book, name string, sheet Sheet, by string) (Upload, error) {
	now := s.opts.Now().UTC().Truncate(time.Microsecond)
	out := Upload{ID: rand.Text(), Name: name, Sheet: sheet, At: now}
	data, err := json.Marshal(sheet)
	if err != nil {
		return Upload{}, fmt.Errorf("encode an upload: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM registers_uploads WHERE at < $1`, now.Add(-UploadTerm).UnixMicro()); err != nil {
		return Upload{}, fmt.Errorf("drop expired uploads: %w", err)
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(`DELETE FROM registers_uploads WHERE id IN
		(SELECT id FROM registers_uploads WHERE by_name = $1 ORDER BY at DESC, id LIMIT 1000 OFFSET %d)`, maxUploads-1), by); err != nil {
		return Upload{}, fmt.Errorf("drop old uploads: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO registers_uploads (id, book, name, data, by_name, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		out.ID, b.Name, name, data, by, now.UnixMicro()); err != nil {
		return Upload{}, fmt.Errorf("keep an upload: %w", err)
	}
	return out, nil
}

// Upload is a file that by uploaded for a book, or ErrNoUpload.
func (s *Store) Upload(ctx context.Context, tx *storage.Tx, b *Book, id, by string) (Upload, error) {
	out := Upload{ID: id}
	var data []byte
	var at int64
	err := tx.QueryRow(ctx, `SELECT name, data, at FROM registers_uploads WHERE id = $1 AND book = $2 AND by_name = $3 AND at >= $4`,
		id, b.Name, by, s.opts.Now().Add(-UploadTerm).UnixMicro()).Scan(&out.Name, &data, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Upload{}, ErrNoUpload
	case err != nil:
		return Upload{}, fmt.Errorf("read an upload: %w", err)
	}
	out.At = time.UnixMicro(at).UTC()
	if err := json.Unmarshal(data, &out.Sheet); err != nil {
		return Upload{}, fmt.Errorf("read an upload: %w", err)
	}
	return out, nil
}

// DropUpload forgets an upload, which may be gone already.
func (s *Store) DropUpload(ctx context.Context, tx *storage.Tx, id string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM registers_uploads WHERE id = $1`, id); err != nil {
		return fmt.Errorf("drop an upload: %w", err)
	}
	return nil
}
