package storage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// ErrDump says that the dump is damaged, cut off, or not a dump.
var ErrDump = errors.New("the dump is damaged")

// ErrNotEmpty says that the database that a dump should be loaded into has
// tables.
var ErrNotEmpty = errors.New("the database is not empty")

// maxDumpLine bounds a line of a dump in bytes: a row with the largest payload
// in base64, and room.
const maxDumpLine = 16 << 20

// maxInsertValues bounds the values of one INSERT.
const maxInsertValues = 900

// Load opens an empty database and fills it from a dump, in one transaction: on
// an error it is as empty as before. A dump of an older version is loaded into
// the tables of that version, which are then brought up to date; one of a newer
// version is refused with ErrNewer.
func Load(ctx context.Context, opts Options, r io.Reader, schemas ...Schema) (*DB, error) {
	e, err := engineFor(opts)
	if err != nil {
		return nil, err
	}
	db, err := connect(ctx, e, opts.Logger)
	if err != nil {
		return nil, err
	}
	begun := false
	err = db.Write(ctx, func(ctx context.Context, tx *Tx) error {
		if begun {
			return errors.New("the database was disturbed: load again from the beginning")
		}
		begun = true
		l := &loader{in: bufio.NewReaderSize(r, 1<<16), digest: sha256.New()}
		return l.load(ctx, db.engine, tx, schemas)
	})
	if err == nil {
		err = db.migrate(ctx, schemas)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load database: %w", err), db.Close())
	}
	return db, nil
}

// loader reads lines and keeps the digest of them.
type loader struct {
	in     *bufio.Reader
	digest hash.Hash
	number int
}

func (l *loader) bad(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrDump, l.number, fmt.Sprintf(format, args...))
}

func (l *loader) load(ctx context.Context, e engine, tx *Tx, schemas []Schema) error {
	existing, err := e.tables(ctx, tx.tx)
	if err != nil {
		return err
	}
	if len(existing) > 0 {
		return fmt.Errorf("%w: it has a table %s", ErrNotEmpty, existing[0].name)
	}
	line, err := l.line()
	if err != nil {
		return err
	}
	var header dumpHeader
	if strict(line, &header) != nil || header.Format != dumpFormat {
		return l.bad("it does not begin as a %s", dumpFormat)
	}
	l.digest.Write(line)
	if err := createVersions(ctx, tx); err != nil {
		return err
	}
	if err := l.migrations(ctx, tx, header.Migrations, schemas); err != nil {
		return err
	}
	tables, err := componentTables(ctx, e, tx.tx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := l.table(ctx, tx, t); err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
	}
	return l.end(len(tables))
}

// migrations makes the tables of the dump's versions.
func (l *loader) migrations(ctx context.Context, tx *Tx, had []applied, schemas []Schema) error {
	limit := make(map[string]int64)
	for _, m := range had {
		if m.Version != limit[m.Component]+1 {
			return l.bad("the migrations of %s have a hole", m.Component)
		}
		limit[m.Component] = m.Version
	}
	done, err := upgrade(ctx, tx, schemas, limit)
	if err != nil {
		return err
	}
	made := make(map[string]bool)
	for _, m := range done {
		made[m.Component+" "+m.Digest] = true
	}
	for _, m := range had {
		if !made[m.Component+" "+m.Digest] {
			return fmt.Errorf("%w (dump of %s with %s)", ErrNewer, m.Component, m.Name)
		}
	}
	return nil
}

func (l *loader) table(ctx context.Context, tx *Tx, t table) error {
	line, err := l.line()
	if err != nil {
		return err
	}
	var d dumpTable
	if strict(line, &d) != nil || !t.same(d) {
		return l.bad("it does not describe this table")
	}
	l.digest.Write(line)
	batch := &inserter{table: t}
	var n int64
	for {
		if line, err = l.line(); err != nil {
			return err
		}
		l.digest.Write(line)
		if line[0] != '[' {
			break
		}
		values, err := parseRow(t, line)
		if err != nil {
			return l.bad("%v", err)
		}
		if err := batch.add(ctx, tx, values, len(line)); err != nil {
			return err
		}
		n++
	}
	if err := batch.flush(ctx, tx); err != nil {
		return err
	}
	var count dumpRows
	if strict(line, &count) != nil || count.Rows != n {
		return l.bad("the table's rows do not end as counted")
	}
	return nil
}

func (l *loader) end(tables int) error {
	sum := hex.EncodeToString(l.digest.Sum(nil))
	line, err := l.line()
	if err != nil {
		return err
	}
	var end dumpEnd
	if strict(line, &end) != nil || end.End != dumpFormat || end.Tables != tables {
		return l.bad("it does not end as a %s", dumpFormat)
	}
	if end.SHA256 != sum {
		return l.bad("the SHA-256 of the dump is %s, not %s", sum, end.SHA256)
	}
	if _, err := l.in.ReadByte(); !errors.Is(err, io.EOF) {
		return l.bad("something follows the end")
	}
	return nil
}

// line reads a line with its end, of at most maxDumpLine bytes.
func (l *loader) line() ([]byte, error) {
	l.number++
	var line []byte
	for {
		part, err := l.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxDumpLine:
			return nil, l.bad("longer than %d bytes", maxDumpLine)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return nil, l.bad("the dump is cut off")
		case err != nil:
			return nil, fmt.Errorf("read dump: %w", err)
		}
		return line, nil
	}
}

// strict decodes one JSON object that has no other fields than v.
func strict(line []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("more than one value")
	}
	return nil
}

// parseRow reads a row by the types of its columns.
func parseRow(t table, line []byte) ([]any, error) {
	var cells []json.RawMessage
	if err := json.Unmarshal(line, &cells); err != nil {
		return nil, errors.New("the row is not JSON")
	}
	if len(cells) != len(t.columns) {
		return nil, fmt.Errorf("the row has %d values for %d columns", len(cells), len(t.columns))
	}
	values := make([]any, len(cells))
	for i, cell := range cells {
		if string(cell) == "null" {
			continue
		}
		v, err := parseCell(t.columns[i].dataType, cell)
		if err != nil {
			return nil, fmt.Errorf("column %s is not %s", t.columns[i].name, t.columns[i].dataType)
		}
		values[i] = v
	}
	return values, nil
}

func parseCell(dataType string, cell json.RawMessage) (any, error) {
	if dataType == "bigint" {
		var n int64
		err := json.Unmarshal(cell, &n)
		return n, err
	}
	var s string
	if err := json.Unmarshal(cell, &s); err != nil || dataType == "text" {
		return s, err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if b == nil {
		b = []byte{}
	}
	return b, err
}

// inserter gathers rows into INSERTs of many.
type inserter struct {
	table table
	args  []any
	bytes int
}

func (i *inserter) add(ctx context.Context, tx *Tx, row []any, size int) error {
	i.args = append(i.args, row...)
	i.bytes += size
	if len(i.args)+len(row) > maxInsertValues || i.bytes > 1<<20 {
		return i.flush(ctx, tx)
	}
	return nil
}

func (i *inserter) flush(ctx context.Context, tx *Tx) error {
	if len(i.args) == 0 {
		return nil
	}
	var q strings.Builder
	fmt.Fprintf(&q, "INSERT INTO %s (%s) VALUES ", quote(i.table.name), i.table.names())
	for n := range i.args {
		switch {
		case n == 0:
			q.WriteString("(")
		case n%len(i.table.columns) == 0:
			q.WriteString("),(")
		default:
			q.WriteString(",")
		}
		fmt.Fprintf(&q, "$%d", n+1)
	}
	q.WriteString(")")
	_, err := tx.Exec(ctx, q.String(), i.args...)
	i.args, i.bytes = nil, 0
	return err
}
