// Package sqlite reads the tables of an SQLite database file, row by row, without a
// database engine: https://www.sqlite.org/fileformat2.html.
//
// It reads what is committed, be it in the file or still in the write-ahead log beside
// it, and knows no query, no index and no table WITHOUT ROWID. It never writes, takes no
// lock and makes no file: a writer at work may change pages under it, which shows as
// ErrDamaged or as a row of before or after, never as a crash. Each page is read once at
// most, so the work is bounded by the size of the file whatever its pages point at.
package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"unicode/utf16"
)

var (
	// ErrFormat is wrapped by the error for bytes that are no database this package reads.
	ErrFormat = errors.New("not a readable SQLite database")
	// ErrDamaged is wrapped by the error for a page or record that makes no sense.
	ErrDamaged = errors.New("damaged SQLite database")
	// ErrNoTable is wrapped by the error of Rows for a table that does not exist.
	ErrNoTable = errors.New("no such table")
)

// Limits on input.
const (
	// MaxValue is how many bytes of a text or blob are returned; a longer one is cut.
	MaxValue   = 256 << 10
	maxColumns = 2000
	maxSchema  = 10_000 // tables and indexes
	maxDepth   = 32     // levels of a b-tree; no real one has as many
)

// A Kind is the type of a Value.
type Kind int

// The storage classes.
const (
	Null Kind = iota
	Integer
	Real
	Text
	Blob
)

// A Value is one value of a row; the field of its Kind is set.
type Value struct {
	Kind    Kind
	Integer int64
	Real    float64
	Text    string
	Blob    []byte
	// Cut tells that a text or blob is longer than MaxValue, or that the record ended
	// before it did.
	Cut bool
}

// A Row is one row of a table. A column declared INTEGER PRIMARY KEY is Null in Values:
// its value is ID. A row written before columns were added has fewer Values.
type Row struct {
	ID     int64
	Values []Value
}

// A Table is one table of the schema.
type Table struct {
	Name string
	SQL  string // its CREATE TABLE statement
	root int64
}

// A DB is an open database. It is not safe for concurrent use.
type DB struct {
	file     io.ReaderAt
	page     int
	usable   int // bytes of a page without those reserved for extensions
	pages    int64
	utf16    binary.ByteOrder   // nil: texts are UTF-8
	newer    map[int64]logFrame // pages of the log, which hold instead of the file's
	log      io.ReaderAt
	seen     []uint64 // a bit for each page that the walk at hand has read
	overflow []byte
}

// Open reads the header of a database of size bytes, and of its write-ahead log of
// logSize bytes; log may be nil.
func Open(file io.ReaderAt, size int64, log io.ReaderAt, logSize int64) (*DB, error) {
	var h [headerSize]byte
	if size < headerSize {
		return nil, fmt.Errorf("%w: shorter than a header", ErrFormat)
	}
	if err := readFull(file, h[:], 0); err != nil {
		return nil, fmt.Errorf("read header: %w", err)
	}
	if string(h[:16]) != "SQLite format 3\x00" {
		return nil, fmt.Errorf("%w: another beginning", ErrFormat)
	}
	db := &DB{file: file, log: log, page: int(binary.BigEndian.Uint16(h[16:]))}
	if db.page == 1 {
		db.page = 1 << 16
	}
	db.usable = db.page - int(h[20])
	if db.page < 512 || db.page&(db.page-1) != 0 || db.usable < 480 {
		return nil, fmt.Errorf("%w: page size", ErrFormat)
	}
	switch binary.BigEndian.Uint32(h[56:]) {
	case 0, 1:
	case 2:
		db.utf16 = binary.LittleEndian
	case 3:
		db.utf16 = binary.BigEndian
	default:
		return nil, fmt.Errorf("%w: text encoding", ErrFormat)
	}
	db.pages = size / int64(db.page)
	if log != nil && logSize > 0 {
		if err := db.readLog(logSize); err != nil {
			return nil, err
		}
	}
	return db, nil
}

const headerSize = 100

// readFull is ReadAt of all of b; the end of the file is damage.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: the file ends early", ErrDamaged)
	}
	return err
}

// Tables lists the tables of the schema, without views, indexes and virtual tables.
func (db *DB) Tables() ([]Table, error) {
	var out []Table
	n := 0
	for row, err := range db.rows(1) {
		if err != nil {
			return out, fmt.Errorf("read schema: %w", err)
		}
		if n++; n > maxSchema {
			return out, fmt.Errorf("read schema: %w: too many tables", ErrFormat)
		}
		if v := row.Values; len(v) >= 5 && v[0].Text == "table" && v[3].Integer > 0 {
			out = append(out, Table{Name: v[1].Text, SQL: v[4].Text, root: v[3].Integer})
		}
	}
	return out, nil
}

// Rows yields the rows of a table in the order of their ids. After an error that wraps
// ErrDamaged it goes on with what can be read; after any other it ends.
func (db *DB) Rows(table string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		tables, err := db.Tables()
		for _, t := range tables {
			if strings.EqualFold(t.Name, table) {
				for row, err := range db.rows(t.root) {
					if err != nil {
						err = fmt.Errorf("read table %s: %w", t.Name, err)
					}
					if !yield(row, err) {
						return
					}
				}
				return
			}
		}
		if err == nil {
			err = fmt.Errorf("%w: %s", ErrNoTable, table)
		}
		yield(Row{}, err)
	}
}

// rows walks the b-tree of a table.
func (db *DB) rows(root int64) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		db.seen = make([]uint64, db.pages/64+1)
		if root != 1 {
			db.seen[0] = 1 << 1 // the schema's page is of no table
		}
		db.walk(root, 0, yield)
	}
}

// walk visits the b-tree below a page, and tells whether to go on.
func (db *DB) walk(number int64, depth int, yield func(Row, error) bool) bool {
	b := make([]byte, db.page)
	if depth == maxDepth {
		return yield(Row{}, fmt.Errorf("%w: a tree without end", ErrDamaged))
	}
	if err := db.read(b, number); err != nil {
		return yield(Row{}, err) && errors.Is(err, ErrDamaged)
	}
	at := 0
	if number == 1 {
		at = headerSize
	}
	const interior, leaf = 0x05, 0x0D
	kind, cells := b[at], int(binary.BigEndian.Uint16(b[at+3:]))
	pointers := at + 8
	if kind == interior {
		pointers += 4
	}
	if kind != interior && kind != leaf || pointers+2*cells > db.usable {
		return yield(Row{}, fmt.Errorf("%w: page %d is not of a table", ErrDamaged, number))
	}
	for i := range cells {
		cell := int(binary.BigEndian.Uint16(b[pointers+2*i:]))
		if cell < pointers+2*cells || cell+4 > db.usable {
			if !yield(Row{}, fmt.Errorf("%w: page %d, cell %d", ErrDamaged, number, i)) {
				return false
			}
			continue
		}
		if kind == interior {
			if !db.walk(int64(binary.BigEndian.Uint32(b[cell:])), depth+1, yield) {
				return false
			}
			continue
		}
		row, err := db.row(b[cell:db.usable])
		if !yield(row, err) || err != nil && !errors.Is(err, ErrDamaged) {
			return false
		}
	}
	if kind == interior {
		return db.walk(int64(binary.BigEndian.Uint32(b[at+8:])), depth+1, yield)
	}
	return true
}

// read reads a page, which no other part of the walk at hand may have read.
func (db *DB) read(b []byte, number int64) error {
	if number < 1 || number > db.pages || db.seen[number/64]&(1<<(number%64)) != 0 {
		return fmt.Errorf("%w: page %d is missing or used twice", ErrDamaged, number)
	}
	db.seen[number/64] |= 1 << (number % 64)
	if at, ok := db.newer[number]; ok {
		return db.readFrame(b, at)
	}
	return readFull(db.file, b, (number-1)*int64(db.page))
}

// row reads one cell of a leaf: size, id and record, of which the end may be in other pages.
func (db *DB) row(cell []byte) (Row, error) {
	size, n := varint(cell)
	cell = cell[n:]
	id, m := varint(cell)
	cell = cell[m:]
	if n == 0 || m == 0 || size < 0 || size > db.pages*int64(db.page) {
		return Row{}, fmt.Errorf("%w: a cell", ErrDamaged)
	}
	local := db.local(size)
	if local > len(cell) || int64(local) < size && local+4 > len(cell) {
		return Row{}, fmt.Errorf("%w: a cell beyond its page", ErrDamaged)
	}
	record := cell[:local]
	if int64(local) < size {
		var err error
		if record, err = db.spilled(record, size, int64(binary.BigEndian.Uint32(cell[local:]))); err != nil {
			return Row{}, err
		}
	}
	values, err := db.values(record, int64(len(record)) < size)
	return Row{ID: id, Values: values}, err
}

// local tells how many bytes of a record are in its own page.
func (db *DB) local(size int64) int {
	u := int64(db.usable)
	if size <= u-35 {
		return int(size)
	}
	least := (u-12)*32/255 - 23
	if k := least + (size-least)%(u-4); k <= u-35 {
		return int(k)
	}
	return int(least)
}

// spilled puts a record together, as far as values of it are returned.
func (db *DB) spilled(first []byte, size, next int64) ([]byte, error) {
	size = min(size, 2*MaxValue)
	record := make([]byte, 0, size)
	record = append(record, first[:min(int64(len(first)), size)]...)
	if db.overflow == nil {
		db.overflow = make([]byte, db.page)
	}
	for int64(len(record)) < size {
		if err := db.read(db.overflow, next); err != nil {
			return nil, err
		}
		record = append(record, db.overflow[4:4+min(int64(db.usable-4), size-int64(len(record)))]...)
		next = int64(binary.BigEndian.Uint32(db.overflow))
	}
	return record, nil
}

// values takes a record apart. What cut brings along beyond the record is Cut.
func (db *DB) values(record []byte, cut bool) ([]Value, error) {
	size, n := varint(record)
	if n == 0 || size < int64(n) || size > int64(len(record)) {
		return nil, fmt.Errorf("%w: a record's header", ErrDamaged)
	}
	head, body := record[n:size], record[size:]
	var out []Value
	for len(head) > 0 {
		kind, n := varint(head)
		if n == 0 || kind < 0 || kind == 10 || kind == 11 || len(out) == maxColumns {
			return nil, fmt.Errorf("%w: a value's type", ErrDamaged)
		}
		head = head[n:]
		length := lengthOf(kind)
		have := body[:min(length, int64(len(body)))]
		body = body[len(have):]
		if int64(len(have)) < length && (!cut || kind < 12) {
			if !cut {
				return nil, fmt.Errorf("%w: a record is too short", ErrDamaged)
			}
			out = append(out, Value{Cut: true})
			continue
		}
		out = append(out, db.value(kind, have, length))
	}
	return out, nil
}

// lengthOf tells the bytes of a value by its serial type.
func lengthOf(kind int64) int64 {
	switch {
	case kind >= 12:
		return (kind - 12) / 2
	case kind == 5:
		return 6
	case kind == 6, kind == 7:
		return 8
	case kind > 7:
		return 0
	default:
		return kind
	}
}

func (db *DB) value(kind int64, b []byte, length int64) Value {
	switch {
	case kind == 0:
		return Value{}
	case kind == 7:
		return Value{Kind: Real, Real: math.Float64frombits(binary.BigEndian.Uint64(b))}
	case kind == 8, kind == 9:
		return Value{Kind: Integer, Integer: kind - 8}
	case kind < 8:
		n := int64(int8(b[0])) // the first byte has the sign
		for _, c := range b[1:] {
			n = n<<8 | int64(c)
		}
		return Value{Kind: Integer, Integer: n}
	}
	b = b[:min(len(b), MaxValue)]
	v := Value{Kind: Blob, Cut: int64(len(b)) < length}
	if kind%2 == 0 {
		v.Blob = append([]byte{}, b...) // the page is used again
		return v
	}
	v.Kind = Text
	if db.utf16 == nil {
		v.Text = string(b)
		return v
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = db.utf16.Uint16(b[2*i:])
	}
	v.Text = string(utf16.Decode(units))
	return v
}

// varint reads a number of 1 to 9 bytes; n is 0 when there is none.
func varint(b []byte) (v int64, n int) {
	for n < len(b) {
		c := b[n]
		n++
		if n == 9 {
			return v<<8 | int64(c), n
		}
		v = v<<7 | int64(c&0x7F)
		if c < 0x80 {
			return v, n
		}
	}
	return 0, 0
}
