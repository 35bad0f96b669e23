// Package bdb reads the records of a hash database of Berkeley DB from its file alone,
// without the library: as rpm kept its packages up to version 4.15 (Red Hat 7 and 8,
// openSUSE Leap). The layout is that of the library's src/dbinc/db_page.h.
//
// It reads what is in the file. What a process at work holds in its cache, or has in a
// log, is not there yet: the records are then those of before, or a page makes no sense,
// which shows as ErrDamaged. It never writes, takes no lock and knows neither keys in
// order nor duplicates, nor encrypted files. The pages of the table are read once, and
// each record has a limit, so the work is bounded by the size of the file.
package bdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
)

var (
	// ErrFormat is wrapped by the error for bytes that are no hash database, or one of a
	// kind that is not read.
	ErrFormat = errors.New("not a readable Berkeley DB hash database")
	// ErrDamaged is wrapped by the error for a page or a record that makes no sense.
	ErrDamaged = errors.New("damaged Berkeley DB database")
)

// MaxValue is how many bytes of a key or value are returned; a longer one is cut.
const MaxValue = 256 << 10

// Of the library.
const (
	hashMagic     = 0x061561
	oldestVersion = 8 // of the layout; rpm wrote 8 to 10
	newestVersion = 10
	minPage       = 512
	maxPage       = 64 << 10

	pageHeader    = 26
	typeUnsorted  = 2 // pages of a hash table whose keys are in no order
	typeOverflow  = 7
	typeHashMeta  = 8
	typeHash      = 13
	itemInPage    = 1
	itemOffPage   = 3
	flagChecksums = 1
)

// A Record is one entry of the table.
type Record struct {
	Key, Value []byte
	// Cut tells that one of them is longer than MaxValue.
	Cut bool
}

// A DB is an open database.
type DB struct {
	r     io.ReaderAt
	order binary.ByteOrder // of the machine that made it
	page  int              // bytes
	pages uint32
}

// Open reads the first page of a file of size bytes.
func Open(r io.ReaderAt, size int64) (*DB, error) {
	var meta [72]byte
	if n, err := r.ReadAt(meta[:], 0); n < len(meta) {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: too short", ErrFormat)
		}
		return nil, fmt.Errorf("read Berkeley DB: %w", err)
	}
	db := &DB{r: r, order: binary.LittleEndian}
	if db.order.Uint32(meta[12:]) != hashMagic {
		db.order = binary.BigEndian
	}
	version, page := db.order.Uint32(meta[16:]), db.order.Uint32(meta[20:])
	encrypted, kind, flags := meta[24], meta[25], meta[26]
	switch {
	case db.order.Uint32(meta[12:]) != hashMagic || kind != typeHashMeta:
		return nil, fmt.Errorf("%w: no hash table", ErrFormat)
	case version < oldestVersion || version > newestVersion:
		return nil, fmt.Errorf("%w: version %d", ErrFormat, version)
	case encrypted != 0 || flags&flagChecksums != 0:
		return nil, fmt.Errorf("%w: encrypted, or with checksums", ErrFormat)
	case page < minPage || page > maxPage || page&(page-1) != 0:
		return nil, fmt.Errorf("%w: pages of %d bytes", ErrFormat, page)
	}
	db.page = int(page)
	last := db.order.Uint32(meta[32:])
	if (int64(last)+1)*int64(page) > size {
		return nil, fmt.Errorf("%w: %d pages of %d bytes in a file of %d", ErrDamaged, last, page, size)
	}
	db.pages = last
	return db, nil
}

// Records yields the records in no order, and an error in the place of each that makes
// no sense. After an error of reading it ends.
func (db *DB) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		b := make([]byte, db.page)
		// No page is part of two records: however the chains go, they are no longer in all
		// than the file.
		left := int64(db.pages)
		for n := uint32(1); n <= db.pages; n++ {
			if err := db.read(n, b); err != nil {
				yield(Record{}, err)
				return
			}
			if b[25] != typeHash && b[25] != typeUnsorted {
				continue
			}
			for r, err := range db.table(b, &left) {
				if !yield(r, err) || err != nil && !errors.Is(err, ErrDamaged) {
					return
				}
			}
		}
	}
}

// read reads a page.
func (db *DB) read(n uint32, b []byte) error {
	if got, err := db.r.ReadAt(b, int64(n)*int64(db.page)); got < len(b) {
		return fmt.Errorf("read page %d of Berkeley DB: %w", n, err)
	}
	if got := db.order.Uint32(b[8:]); got != n && b[25] != 0 {
		return fmt.Errorf("%w: page %d says to be %d", ErrDamaged, n, got)
	}
	return nil
}

// table yields the records of one page of the table: keys and values by turns, each item
// ending where the one before it begins.
func (db *DB) table(b []byte, left *int64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		count := int(db.order.Uint16(b[20:]))
		if count%2 != 0 || pageHeader+2*count > db.page {
			yield(Record{}, fmt.Errorf("%w: %d items in a page", ErrDamaged, count))
			return
		}
		end := db.page
		for i := 0; i < count; i += 2 {
			var r Record
			for k, to := range []*[]byte{&r.Key, &r.Value} {
				at := int(db.order.Uint16(b[pageHeader+2*(i+k):]))
				if at < pageHeader+2*count || at >= end {
					yield(Record{}, fmt.Errorf("%w: an item outside its page", ErrDamaged))
					return
				}
				value, cut, err := db.item(b[at:end], left)
				if err != nil {
					if !yield(Record{}, err) || !errors.Is(err, ErrDamaged) {
						return
					}
					r = Record{}
				}
				*to, r.Cut = value, r.Cut || cut
				end = at
			}
			if r.Key != nil && r.Value != nil && !yield(r, nil) {
				return
			}
		}
	}
}

// item is what an item holds, or what the chain of pages does that it leads to.
func (db *DB) item(item []byte, left *int64) (value []byte, cut bool, err error) {
	switch item[0] {
	case itemInPage:
		return append([]byte{}, item[1:]...), false, nil
	case itemOffPage:
	default:
		return nil, false, fmt.Errorf("%w: an item of type %d", ErrDamaged, item[0])
	}
	if len(item) != 12 {
		return nil, false, fmt.Errorf("%w: a reference of %d bytes", ErrDamaged, len(item))
	}
	next, size := db.order.Uint32(item[4:]), db.order.Uint32(item[8:])
	want := int(min(size, MaxValue))
	value = make([]byte, 0, min(want, int(db.pages)*db.page))
	b := make([]byte, db.page)
	before := uint32(0) // page; each tells which one it follows
	for len(value) < want {
		if *left--; *left < 0 || next == 0 || next > db.pages {
			return nil, false, fmt.Errorf("%w: a chain of pages that does not end", ErrDamaged)
		}
		if err := db.read(next, b); err != nil {
			return nil, false, err
		}
		n := int(db.order.Uint16(b[22:])) // bytes of the value in this page
		if b[25] != typeOverflow || n == 0 || db.order.Uint32(b[12:]) != before || pageHeader+n > db.page {
			return nil, false, fmt.Errorf("%w: page %d is no part of a value", ErrDamaged, next)
		}
		value = append(value, b[pageHeader:pageHeader+min(n, want-len(value))]...)
		before, next = next, db.order.Uint32(b[16:])
	}
	return value, size > MaxValue, nil
}
