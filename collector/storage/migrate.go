package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

// migration is one released step of a component's tables.
type migration struct {
	version int64
	name    string // of the file
	sql     string
	digest  string // SHA-256 of the file, hex
}

// migrationsOf reads a component's files. Numbers run from 1 without holes.
func migrationsOf(s Schema) ([]migration, error) {
	if s.Name == "" || s.Files == nil {
		return nil, fmt.Errorf("schema %q: a name and files are needed", s.Name)
	}
	names, err := fs.Glob(s.Files, "*.sql") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", s.Name, err)
	}
	var all []migration
	for _, name := range names {
		number, _, ok := strings.Cut(path.Base(name), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if !ok || err != nil || len(number) != 4 || version != int64(len(all)+1) {
			return nil, fmt.Errorf("schema %s: %s must be named %04d_what.sql", s.Name, name, len(all)+1)
		}
		b, err := fs.ReadFile(s.Files, name)
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", s.Name, err)
		}
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) // a checkout on Windows is the same migration
		sum := sha256.Sum256(b)
		all = append(all, migration{version: version, name: name, sql: string(b), digest: hex.EncodeToString(sum[:])})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("schema %s: there are no migrations", s.Name)
	}
	return all, nil
}

// applied is a row of the versions table.
type applied struct {
	Component string `json:"component"`
	Version   int64  `json:"version"`
	Name      string `json:"name"`
	Digest    string `json:"sha256"`
}

// migrate applies what is missing, all or nothing, and checks what is there.
func (db *DB) migrate(ctx context.Context, schemas []Schema) error {
	var done []applied
	err := db.Write(ctx, func(ctx context.Context, tx *Tx) error {
		done = nil
		if err := createVersions(ctx, tx); err != nil {
			return err
		}
		var err error
		done, err = upgrade(ctx, tx, schemas, nil)
		if err != nil {
			return err
		}
		_, err = componentTables(ctx, db.engine, tx.tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("bring the database's tables up to date: %w", err)
	}
	for _, a := range done {
		db.log.InfoContext(ctx, "tables brought up to date", "component", a.Component, "migration", a.Name)
	}
	return nil
}

func createVersions(ctx context.Context, tx *Tx) error {
	_, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS schema_versions (
		component TEXT NOT NULL,
		version BIGINT NOT NULL,
		name TEXT NOT NULL,
		digest TEXT NOT NULL,
		applied_at BIGINT NOT NULL,
		PRIMARY KEY (component, version))`)
	return err
}

// versions reads what was applied, by component and version.
func versions(ctx context.Context, e engine, tx *Tx) ([]applied, error) {
	rows, err := tx.Query(ctx, "SELECT component, version, name, digest FROM schema_versions ORDER BY "+
		e.collate("component")+", version")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []applied
	for rows.Next() {
		var a applied
		if err := rows.Scan(&a.Component, &a.Version, &a.Name, &a.Digest); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, errorsOf(rows)
}

// upgrade applies the migrations that are missing, up to the versions in limit
// (nil: all), and returns those.
func upgrade(ctx context.Context, tx *Tx, schemas []Schema, limit map[string]int64) ([]applied, error) {
	var done []applied
	seen := make(map[string]bool)
	for _, s := range schemas {
		if seen[s.Name] {
			return nil, fmt.Errorf("schema %s is given twice", s.Name)
		}
		seen[s.Name] = true
		all, err := migrationsOf(s)
		if err != nil {
			return nil, err
		}
		had, err := versionsOf(ctx, tx, s.Name)
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", s.Name, err)
		}
		if len(had) > len(all) {
			return nil, fmt.Errorf("%w (tables of %s: version %d, known here: %d)", ErrNewer, s.Name, len(had), len(all))
		}
		for i, m := range all {
			if i < len(had) {
				if had[i] != m.digest {
					return nil, fmt.Errorf("schema %s: %s is not the file that this database was made with", s.Name, m.name)
				}
				continue
			}
			if limit != nil && m.version > limit[s.Name] {
				break
			}
			if err := m.apply(ctx, tx, s.Name); err != nil {
				return nil, fmt.Errorf("schema %s: apply %s: %w", s.Name, m.name, err)
			}
			done = append(done, applied{Component: s.Name, Version: m.version, Name: m.name, Digest: m.digest})
		}
	}
	return done, nil
}

// versionsOf returns the digests of a component's applied migrations in order.
func versionsOf(ctx context.Context, tx *Tx, component string) ([]string, error) {
	rows, err := tx.Query(ctx, "SELECT version, digest FROM schema_versions WHERE component = $1 ORDER BY version", component)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var digests []string
	for rows.Next() {
		var version int64
		var digest string
		if err := rows.Scan(&version, &digest); err != nil {
			return nil, err
		}
		if version != int64(len(digests)+1) {
			return nil, fmt.Errorf("schema_versions lacks version %d", len(digests)+1)
		}
		digests = append(digests, digest)
	}
	return digests, errorsOf(rows)
}

func (m migration) apply(ctx context.Context, tx *Tx, component string) error {
	if _, err := tx.Exec(ctx, m.sql); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO schema_versions (component, version, name, digest, applied_at)
		VALUES ($1, $2, $3, $4, $5)`, component, m.version, m.name, m.digest, time.Now().UnixMicro())
	return err
}
