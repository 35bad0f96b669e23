// Package documents keeps the files that people hand in: a signed page that was scanned, a
// picture of a restore, a letter.
//
// What a file says is not looked at. Each hand-in is a leaf of the evidence log with the
// file's SHA-256, so that its content can be shown to be what was handed in, or be erased
// when its term ends and the rest still proves.
//
// Always true: the content is kept once and never changes; a file is of a kind that
// offices hand in, told by its first bytes and not by its name, and no larger than MaxSize.
package documents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables.
func Schema() storage.Schema { return storage.Embedded("documents", migrations) }

// Bounds of one document.
const (
	MaxSize  = 20 << 20 // bytes
	maxName  = 200      // characters
	maxAbout = 200      // bytes
)

// Document is one hand-in of a file.
type Document struct {
	SHA256 string // of the content, 64 hexadecimal digits
	Name   string // that it came with
	Size   int64  // bytes
	Type   string // media type
	About  string // what it belongs to, as its domain calls it
	By     string // account
	At     time.Time
	Leaf   int64
}

// Record is the payload of a leaf of kind document, as JSON. Its subject is "document/" and
// the first 16 digits of the hash.
type Record struct {
	SHA256 string    `json:"sha256"`
	Name   string    `json:"name"`
	Size   int64     `json:"size"`
	Type   string    `json:"type"`
	About  string    `json:"about,omitempty"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Errors that callers tell apart.
var (
	ErrNoDocument = errors.New("there is no such document")
	// ErrErased: the document was here and its content is erased.
	ErrErased = errors.New("the document's content was erased")
	// ErrType: the file is of none of the kinds that are taken.
	ErrType = errors.New("the file is no PDF, picture, office document or text")
	// ErrSize: the file is empty or larger than MaxSize.
	ErrSize = errors.New("the file is empty or too large")
)

// Log is where evidence goes; *evidence.Log is one.
type Log interface {
	Append(ctx context.Context, tx *storage.Tx, leaves ...evidence.Leaf) (first int64, err error)
}

// Store keeps the documents. Every method works inside the caller's transaction.
type Store struct {
	log Log
	now func() time.Time
}

// NewStore returns a Store on the tables of Schema. now is the clock; nil is time.Now.
func NewStore(log Log, now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	return &Store{log: log, now: now}
}

// Add keeps a file that by handed in about something: "incident/12". The same file may be
// handed in many times. ErrType and ErrSize are wrapped by what is wrong with it.
func (s *Store) Add(ctx context.Context, tx *storage.Tx, name string, data []byte, about, by string) (Document, error) {
	sum := sha256.Sum256(data)
	d := Document{SHA256: hex.EncodeToString(sum[:]), Name: cleanName(name), Size: int64(len(data)), About: about, By: by,
		At: s.now().UTC().Truncate(time.Microsecond)}
	var ok bool
	switch {
	case len(data) == 0 || len(data) > MaxSize:
		return Document{}, fmt.Errorf("%s: %w", d.Name, ErrSize)
	case strings.TrimSpace(by) == "":
		return Document{}, errors.New("keep a document: it must be said who hands it in")
	case len(about) > maxAbout:
		return Document{}, errors.New("keep a document: what it is about is too long")
	}
	if d.Type, ok = sniff(data); !ok {
		return Document{}, fmt.Errorf("%s: %w", d.Name, ErrType)
	}
	payload, err := json.Marshal(Record{d.SHA256, d.Name, d.Size, d.Type, d.About, d.By, d.At})
	if err != nil {
		return Document{}, fmt.Errorf("encode document: %w", err)
	}
	if d.Leaf, err = s.log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Document, Subject: "document/" + d.SHA256[:16], Payload: payload}); err != nil {
		return Document{}, fmt.Errorf("append document: %w", err)
	}
	// Who hands an erased file in again brings its content back.
	if _, err := tx.Exec(ctx, `INSERT INTO documents_content (sha256, size, type, data) VALUES ($1, $2, $3, $4)
		ON CONFLICT (sha256) DO UPDATE SET data = excluded.data`, d.SHA256, d.Size, d.Type, data); err != nil {
		return Document{}, fmt.Errorf("keep document: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO documents_received (leaf, sha256, name, about, by_name, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		d.Leaf, d.SHA256, d.Name, d.About, d.By, d.At.UnixMicro()); err != nil {
		return Document{}, fmt.Errorf("keep document: %w", err)
	}
	return d, nil
}

// Find is the last hand-in of a file by its hash, or ErrNoDocument.
func (s *Store) Find(ctx context.Context, tx *storage.Tx, sha string) (Document, error) {
	found, err := s.query(ctx, tx, `WHERE r.sha256 = $1 ORDER BY r.leaf DESC LIMIT 1`, sha)
	if err == nil && len(found) == 0 {
		err = ErrNoDocument
	}
	if err != nil {
		return Document{}, err
	}
	return found[0], nil
}

// About are the hand-ins that belong to something, the first one first.
func (s *Store) About(ctx context.Context, tx *storage.Tx, about string) ([]Document, error) {
	return s.query(ctx, tx, `WHERE r.about = $1 ORDER BY r.leaf`, about)
}

// Content is that of a file: ErrNoDocument, or ErrErased.
func (s *Store) Content(ctx context.Context, tx *storage.Tx, sha string) ([]byte, error) {
	var data []byte
	err := tx.QueryRow(ctx, `SELECT data FROM documents_content WHERE sha256 = $1`, sha).Scan(&data)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrNoDocument
	case err != nil:
		return nil, fmt.Errorf("read document: %w", err)
	case data == nil:
		return nil, ErrErased
	}
	return data, nil
}

// Erase drops the content of a file, whose hash stays.
func (s *Store) Erase(ctx context.Context, tx *storage.Tx, sha string) error {
	if _, err := tx.Exec(ctx, `UPDATE documents_content SET data = NULL WHERE sha256 = $1`, sha); err != nil {
		return fmt.Errorf("erase document: %w", err)
	}
	return nil
}

func (s *Store) query(ctx context.Context, tx *storage.Tx, where string, args ...any) ([]Document, error) {
	rows, err := tx.Query(ctx, `SELECT r.sha256, r.name, c.size, c.type, r.about, r.by_name, r.at, r.leaf
		FROM documents_received r JOIN documents_content c ON c.sha256 = r.sha256 `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read documents: %w", err)
	}
	defer rows.Close()
	var out []Document
	for rows.Next() {
		var d Document
		var at int64
		if err := rows.Scan(&d.SHA256, &d.Name, &d.Size, &d.Type, &d.About, &d.By, &at, &d.Leaf); err != nil {
			return nil, fmt.Errorf("read documents: %w", err)
		}
		d.At = time.UnixMicro(at).UTC()
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read documents: %w", err)
	}
	return out, nil
}

// cleanName is the last part of a file's name, fit to be shown and saved.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	if utf8.RuneCountInString(name) > maxName {
		runes := []rune(name)
		name = string(runes[:maxName-20]) + "…" + string(runes[len(runes)-19:])
	}
	if name == "" || name == "/" {
		return "documento"
	}
	return name
}

// sniff tells the kind of a file by its first bytes. Pages and scripts are of none: they
// would run in the browser of who opens them.
func sniff(data []byte) (string, bool) {
	for _, kind := range []struct{ magic, mime string }{
		{"%PDF-", "application/pdf"},
		{"\x89PNG\r\n\x1a\n", "image/png"},
		{"\xff\xd8\xff", "image/jpeg"},
		{"II*\x00", "image/tiff"},
		{"MM\x00*", "image/tiff"},
		{"PK\x03\x04", "application/zip"}, // office documents, and archives
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"},
	} {
		if bytes.HasPrefix(data, []byte(kind.magic)) {
			return kind.mime, true
		}
	}
	if mime := http.DetectContentType(data); strings.HasPrefix(mime, "text/plain") && !bytes.ContainsRune(data, 0) {
		return "text/plain", true
	}
	return "", false
}
