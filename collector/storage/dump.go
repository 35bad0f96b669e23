package storage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A dump is every row of every component, in a form that belongs to neither
// database: what was dumped from SQLite loads into PostgreSQL and the reverse,
// and equal data give equal bytes. It is JSON, one value a line:
//
//	{"format":"vigia-dump/1","migrations":[{"component","version","name","sha256"},...]}
//	{"table":"evidence_entries","columns":["idx bigint","kind text",...]}
//	[0,"genesis",...]            one line a row, by primary key; BYTEA in base64
//	{"rows":1}                   after each table
//	{"end":"vigia-dump/1","tables":4,"sha256":"..."}   of all bytes before this line
//
// Tables come after those that they refer to, and otherwise by name.

const dumpFormat = "vigia-dump/1"

type dumpHeader struct {
	Format     string    `json:"format"`
	Migrations []applied `json:"migrations"`
}

type dumpTable struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

type dumpRows struct {
	Rows int64 `json:"rows"`
}

type dumpEnd struct {
	End    string `json:"end"`
	Tables int    `json:"tables"`
	SHA256 string `json:"sha256"`
}

// Dump writes every row of every component as one snapshot saw them, while
// others go on writing.
func (db *DB) Dump(ctx context.Context, w io.Writer) error {
	err := db.Read(ctx, func(ctx context.Context, tx *Tx) error {
		d := &dumper{out: bufio.NewWriterSize(w, 1<<16), digest: sha256.New()}
		if err := d.dump(ctx, db.engine, tx); err != nil {
			return err
		}
		return d.out.Flush()
	})
	if err != nil {
		return fmt.Errorf("dump database: %w", err)
	}
	return nil
}

// dumper writes lines and keeps the digest of them.
type dumper struct {
	out    *bufio.Writer
	digest hash.Hash
	line   bytes.Buffer
}

func (d *dumper) dump(ctx context.Context, e engine, tx *Tx) error {
	migrations, err := versions(ctx, e, tx)
	if err != nil {
		return err
	}
	if err := d.value(dumpHeader{Format: dumpFormat, Migrations: migrations}); err != nil {
		return err
	}
	tables, err := componentTables(ctx, e, tx.tx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := d.table(ctx, e, tx, t); err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
	}
	sum := hex.EncodeToString(d.digest.Sum(nil))
	return d.value(dumpEnd{End: dumpFormat, Tables: len(tables), SHA256: sum})
}

// value writes a line of JSON.
func (d *dumper) value(v any) error {
	d.line.Reset()
	encoder := json.NewEncoder(&d.line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil { // with the line's end
		return err
	}
	return d.flush()
}

func (d *dumper) flush() error {
	d.digest.Write(d.line.Bytes())
	_, err := d.out.Write(d.line.Bytes())
	return err
}

func (d *dumper) table(ctx context.Context, e engine, tx *Tx, t table) error {
	if err := d.value(dumpTable{Table: t.name, Columns: t.describe()}); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, t.selectAll(e))
	if err != nil {
		return err
	}
	defer rows.Close()
	var n int64
	values := make([]any, len(t.columns))
	targets := make([]any, len(t.columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		if err := d.row(t, values); err != nil {
			return fmt.Errorf("row %d: %w", n+1, err)
		}
		n++
	}
	if err := errorsOf(rows); err != nil {
		return err
	}
	return d.value(dumpRows{Rows: n})
}

func (d *dumper) row(t table, values []any) error {
	d.line.Reset()
	d.line.WriteByte('[')
	for i, v := range values {
		if i > 0 {
			d.line.WriteByte(',')
		}
		if err := d.cell(t.columns[i].dataType, v); err != nil {
			return fmt.Errorf("column %s: %w", t.columns[i].name, err)
		}
	}
	d.line.WriteString("]\n")
	return d.flush()
}

// cell writes a value as its column's type; SQLite may hold another.
func (d *dumper) cell(dataType string, v any) error {
	if v == nil {
		d.line.WriteString("null")
		return nil
	}
	switch v := v.(type) {
	case int64:
		if dataType == "bigint" {
			d.line.WriteString(strconv.FormatInt(v, 10))
			return nil
		}
	case string:
		if dataType == "text" {
			if !utf8.ValidString(v) {
				return fmt.Errorf("the text is not valid UTF-8")
			}
			b, err := marshalText(v)
			d.line.Write(b)
			return err
		}
	case []byte:
		if dataType == "bytea" {
			d.line.WriteByte('"')
			d.line.WriteString(base64.StdEncoding.EncodeToString(v))
			d.line.WriteByte('"')
			return nil
		}
	}
	return fmt.Errorf("the value is a %T in a column of type %s", v, dataType)
}

func marshalText(s string) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(s)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// describe lists the columns with their types, as the dump names them.
func (t table) describe() []string {
	var all []string
	for _, c := range t.columns {
		all = append(all, c.name+" "+c.dataType)
	}
	return all
}

func (t table) names() string {
	var all []string
	for _, c := range t.columns {
		all = append(all, quote(c.name))
	}
	return strings.Join(all, ", ")
}

// selectAll reads the rows in the same order on both databases.
func (t table) selectAll(e engine) string {
	var order []string
	for _, c := range t.keyColumns() {
		expression := quote(c.name)
		if c.dataType == "text" {
			expression = e.collate(expression)
		}
		order = append(order, expression)
	}
	return fmt.Sprintf("SELECT %s FROM %s ORDER BY %s", t.names(), quote(t.name), strings.Join(order, ", "))
}

// same tells whether a dump's table is this one.
func (t table) same(d dumpTable) bool {
	return t.name == d.Table && slices.Equal(t.describe(), d.Columns)
}
