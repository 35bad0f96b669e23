package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"

	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// boxes is a small component to test with.
func boxes() []storage.Schema {
	return []storage.Schema{{Name: "boxes", Files: fstest.MapFS{
		"0001_boxes.sql": {Data: []byte(`
			CREATE TABLE boxes (id BIGINT PRIMARY KEY, label TEXT, content BYTEA);
			CREATE TABLE box_notes (box BIGINT NOT NULL REFERENCES boxes (id), line BIGINT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (box, line));`)},
	}}}
}

func insert(ctx context.Context, tx *storage.Tx, id int) error {
	_, err := tx.Exec(ctx, "INSERT INTO boxes (id, label) VALUES ($1, $2)", id, fmt.Sprint("box ", id))
	return err
}

func ids(t *testing.T, db *storage.DB) []int64 {
	t.Helper()
	var all []int64
	err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		all = nil
		rows, err := tx.Query(ctx, "SELECT id FROM boxes ORDER BY id")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return err
			}
			all = append(all, id)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatalf("read boxes: %v", err)
	}
	return all
}

func TestManyWriters(t *testing.T) {
	storagetest.Each(t, boxes(), func(t *testing.T, db *storage.DB) {
		const writers, each = 32, 8
		odd := errors.New("odd boxes are refused")
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					id := w*each + i
					err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
						if err := insert(ctx, tx, id); err != nil {
							return err
						}
						if id%2 == 1 {
							return odd
						}
						return nil
					})
					if id%2 == 1 && !errors.Is(err, odd) || id%2 == 0 && err != nil {
						t.Errorf("write %d: %v", id, err)
					}
				}
			})
		}
		wg.Wait()
		got := ids(t, db)
		if len(got) != writers*each/2 {
			t.Errorf("got %d boxes, want %d", len(got), writers*each/2)
		}
		for i, id := range got {
			if id != int64(2*i) {
				t.Fatalf("box %d has id %d: an error undid another's work", i, id)
			}
		}
	})
}
