package assign

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// MaxSourceBytes bounds an imported file.
const MaxSourceBytes = 1 << 20

// sourceSubject is the subject of the leaves that hold sources.
const sourceSubject = "source"

// SourceRecord is the payload of a leaf of kind policy and subject "source", as
// JSON.
type SourceRecord struct {
	Version int64  `json:"version"`
	File    string `json:"file"`
	By      string `json:"by"`
	// Text is the imported file, byte by byte.
	Text string `json:"text"`
}

// SourceInfo describes a version of the source.
type SourceInfo struct {
	Version    int64 // 0: nothing was imported, the default holds
	File       string
	ImportedAt time.Time
	ImportedBy string
	Leaf       int64
}

// Import checks a policy file and makes it the source of all policies from now
// on. Importing what is in force already changes nothing. An error names the
// file, the line and the key.
func (s *Service) Import(ctx context.Context, tx *storage.Tx, name string, data []byte, by string) (SourceInfo, error) {
	if len(data) > MaxSourceBytes {
		return SourceInfo{}, fmt.Errorf("%s: %d bytes, more than %d", name, len(data), MaxSourceBytes)
	}
	packs, err := s.PacksInForce(ctx, tx)
	if err != nil {
		return SourceInfo{}, err
	}
	if _, err := policy.LoadSourceWith(name, data, packs); err != nil {
		return SourceInfo{}, err
	}
	info, body, err := newestSource(ctx, tx)
	if err != nil {
		return SourceInfo{}, err
	}
	if info.Version > 0 && bytes.Equal(body, data) {
		return info, nil
	}
	info = SourceInfo{
		Version: info.Version + 1, File: clean(name), ImportedBy: by,
		ImportedAt: s.opts.Now().UTC().Truncate(time.Microsecond),
	}
	payload, err := json.Marshal(SourceRecord{Version: info.Version, File: info.File, By: by, Text: string(data)})
	if err != nil {
		return SourceInfo{}, fmt.Errorf("encode %s: %w", name, err)
	}
	info.Leaf, err = s.opts.Log.Append(ctx, tx, evidence.Leaf{
		Kind: evidence.Policy, Subject: sourceSubject, Sequence: uint64(info.Version), Payload: payload,
	})
	if err != nil {
		return SourceInfo{}, fmt.Errorf("append %s: %w", name, err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO assign_sources (version, name, body, imported_at, imported_by, leaf)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		info.Version, info.File, data, info.ImportedAt.UnixMicro(), by, info.Leaf); err != nil {
		return SourceInfo{}, fmt.Errorf("import %s: %w", name, err)
	}
	return info, nil
}

// Source returns what the organisation decided last, or the default.
func (s *Service) Source(ctx context.Context, tx *storage.Tx) (policy.Source, SourceInfo, error) {
	info, _, err := newestSource(ctx, tx)
	if err != nil {
		return policy.Source{}, SourceInfo{}, err
	}
	packs, err := s.PacksInForce(ctx, tx)
	if err != nil {
		return policy.Source{}, SourceInfo{}, err
	}
	source, err := s.sourceOf(ctx, tx, info.Version, packs)
	return source, info, err
}

// sourceOf parses a version of the source; version 0 is the default.
func (s *Service) sourceOf(ctx context.Context, tx *storage.Tx, version int64, packs []policy.Pack) (policy.Source, error) {
	if version == 0 {
		return s.opts.Default, nil
	}
	name, body, err := readSource(ctx, tx, version)
	if err != nil {
		return policy.Source{}, err
	}
	hash := sha256.Sum256(body)
	s.mu.Lock()
	source, known := s.source, s.sourceHash == hash
	s.mu.Unlock()
	if known {
		return source, nil
	}
	source, err = policy.LoadSourceWith(name, body, packs)
	if err != nil {
		return policy.Source{}, fmt.Errorf("%w: version %d of the source does not suit this program: %w", ErrCompose, version, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source, s.sourceHash = source, hash
	return source, nil
}

// SourceAt returns what the organisation had decided at a time, or the default.
func (s *Service) SourceAt(ctx context.Context, tx *storage.Tx, at time.Time) (policy.Source, error) {
	var version int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(version), 0) FROM assign_sources WHERE imported_at <= $1`, at.UnixMicro()).Scan(&version); err != nil {
		return policy.Source{}, fmt.Errorf("read the version of the policy's source: %w", err)
	}
	if version == 0 {
		return s.opts.Default, nil
	}
	name, body, err := readSource(ctx, tx, version)
	if err != nil {
		return policy.Source{}, err
	}
	// What was decided stays readable when packs have changed since.
	return policy.DecodeSource(name, body)
}

func readSource(ctx context.Context, tx *storage.Tx, version int64) (name string, body []byte, err error) {
	if err := tx.QueryRow(ctx, `SELECT name, body FROM assign_sources WHERE version = $1`, version).Scan(&name, &body); err != nil {
		return "", nil, fmt.Errorf("read version %d of the policy's source: %w", version, err)
	}
	return name, body, nil
}

// newest is the version of the newest source and the number of the last import of a pack,
// 0 when nothing was imported.
func newest(ctx context.Context, tx *storage.Tx) (version, number int64, err error) {
	if err := tx.QueryRow(ctx, `SELECT (SELECT COALESCE(MAX(version), 0) FROM assign_sources), (SELECT COALESCE(MAX(number), 0) FROM assign_packs)`).
		Scan(&version, &number); err != nil {
		return 0, 0, fmt.Errorf("read the version of the policy's source: %w", err)
	}
	return version, number, nil
}

func newestSource(ctx context.Context, tx *storage.Tx) (SourceInfo, []byte, error) {
	var info SourceInfo
	var body []byte
	var at int64
	err := tx.QueryRow(ctx, `SELECT version, name, body, imported_at, imported_by, leaf FROM assign_sources ORDER BY version DESC LIMIT 1`).
		Scan(&info.Version, &info.File, &body, &at, &info.ImportedBy, &info.Leaf)
	if errors.Is(err, sql.ErrNoRows) {
		return SourceInfo{}, nil, nil
	}
	if err != nil {
		return SourceInfo{}, nil, fmt.Errorf("read the policy's source: %w", err)
	}
	info.ImportedAt = time.UnixMicro(at).UTC()
	return info, body, nil
}
