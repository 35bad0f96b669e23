package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"

	"vigia/collector/storage"
)

// Create writes a backup of the database, the data folder's keys and the
// configuration to w, encrypted to the recipients. Others may go on writing. The
// caller makes the file durable; when Create fails what was written is of no use.
func Create(ctx context.Context, db *storage.DB, src Source, w io.Writer, now time.Time, recipients ...age.Recipient) (Manifest, error) {
	m, err := create(ctx, db, src, w, now, recipients)
	if err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

func create(ctx context.Context, db *storage.DB, src Source, w io.Writer, now time.Time, recipients []age.Recipient) (Manifest, error) {
	if len(recipients) == 0 {
		return Manifest{}, errors.New("a backup holds keys and must be encrypted: give a passphrase or a recipient")
	}
	files, contents, err := src.collect()
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{Format: format, Created: now.UTC().Truncate(time.Second), Database: string(db.Dialect()), Files: files}
	manifest, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return Manifest{}, err
	}
	encrypted, err := age.Encrypt(w, recipients...)
	if err != nil {
		return Manifest{}, fmt.Errorf("encrypt: %w", err)
	}
	out := &archive{tar: tar.NewWriter(encrypted), modified: m.Created}
	if err := out.add(manifestName, manifest); err != nil {
		return Manifest{}, err
	}
	for i, f := range files {
		if err := out.add(f.Name, contents[i]); err != nil {
			return Manifest{}, err
		}
	}
	compressed := gzip.NewWriter(&out.part)
	if err := db.Dump(ctx, &partWriter{archive: out, compressed: compressed}); err != nil {
		return Manifest{}, err
	}
	if err := compressed.Close(); err != nil {
		return Manifest{}, err
	}
	if err := out.flush(); err != nil {
		return Manifest{}, err
	}
	if err := out.tar.Close(); err != nil {
		return Manifest{}, err
	}
	return m, encrypted.Close()
}

// archive is the tar being written.
type archive struct {
	tar      *tar.Writer
	modified time.Time
	part     bytes.Buffer // compressed, not yet in the archive
	parts    int
}

func (a *archive) add(name string, content []byte) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: a.modified, Format: tar.FormatPAX}
	if err := a.tar.WriteHeader(header); err != nil {
		return err
	}
	_, err := a.tar.Write(content)
	return err
}

// flush writes what is compressed as the next part: tar wants to know a size
// before it sees the bytes.
func (a *archive) flush() error {
	if a.part.Len() == 0 {
		return nil
	}
	err := a.add(partName(a.parts), a.part.Bytes())
	a.part.Reset()
	a.parts++
	return err
}

func partName(n int) string { return fmt.Sprintf("%s%06d", databaseParts, n) }

// partWriter takes the dump.
type partWriter struct {
	archive    *archive
	compressed *gzip.Writer
}

func (p *partWriter) Write(b []byte) (int, error) {
	n, err := p.compressed.Write(b)
	if err == nil && p.archive.part.Len() >= partBytes {
		err = p.archive.flush()
	}
	return n, err
}
