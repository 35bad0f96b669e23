// Package gvdb reads dconf databases, which are GVDB files: a user's
// ~/.config/dconf/user and the compiled system databases of /etc/dconf/db. With
// them and a profile (dconf(7)) it works out the value that a session of a user
// would see, which database decides it, and whether the user can change it
// (Resolve) without a D-Bus session and without running as that user.
//
// The format has no document but its reader, gvdb-reader.c of GLib and dconf; the
// values are GVariant, whose serialisation has a specification. What that reader
// would find, this package finds: where a file is inconsistent, so that the two
// might disagree (a key outside its hash bucket, a wrong hash, a key given twice),
// the file is refused as ErrFormat rather than half believed.
//
// Values can be personal (recent files, account names): none appears in an error,
// and Value has no String method.
package gvdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits on input, far above what dconf writes (a full desktop's database is
// about 100 kB).
const (
	MaxSize  = 16 << 20 // bytes of a database
	MaxItems = 100_000  // entries of one table, directories included

	maxKey      = 4096    // bytes of one full key
	maxKeyBytes = 8 << 20 // bytes of all the keys of a table
	maxDepth    = 64      // links from a key to the root of its table
)

var (
	// ErrFormat is wrapped by every error about a file that is not a well-formed
	// database.
	ErrFormat = errors.New("not a well-formed GVDB database")
	// ErrTooLarge is wrapped by the error for a file beyond the limits.
	ErrTooLarge = errors.New("file is larger than the reader's limit")
)

const (
	headerSize = 24
	itemSize   = 24
	noParent   = 0xffffffff
	locksTable = ".locks"
)

// A Database is one parsed file. It is not modified after Parse.
type Database struct {
	values map[string]Value
	locks  map[string]Value // values are not looked at: a key's presence locks it
}

// Parse reads a whole database of either byte order. The Database does not refer
// to b afterwards.
func Parse(b []byte) (*Database, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("gvdb: %d bytes: %w", len(b), ErrTooLarge)
	}
	if len(b) < headerSize {
		return nil, malformed("header is cut short")
	}
	f := file{b: bytes.Clone(b)}
	// The magic is two host-order words. Of the rest only the values are in host
	// order: the tables are little-endian on every machine.
	switch string(b[:8]) {
	case "GVariant":
		f.values = binary.LittleEndian
	case "raVGtnai":
		f.values = binary.BigEndian
	default:
		return nil, malformed("magic is missing")
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != 0 {
		return nil, malformed("version is not 0")
	}
	root, sub, err := f.table(b[16:24])
	if err != nil {
		return nil, err
	}
	d := &Database{values: root, locks: map[string]Value{}}
	if p, ok := sub[locksTable]; ok {
		if d.locks, _, err = f.table(p); err != nil {
			return nil, fmt.Errorf("%s: %w", locksTable, err)
		}
	}
	return d, nil
}

// Lookup returns the value that this database alone holds for a key, such as
// /org/gnome/desktop/session/idle-delay.
func (d *Database) Lookup(key string) (Value, bool) {
	v, ok := d.values[key]
	return v, ok
}

// Keys lists the keys that have a value, sorted.
func (d *Database) Keys() []string { return slices.Sorted(maps.Keys(d.values)) }

// Locked reports whether this database locks a key against the databases that
// come before it in a profile. Only keys are locked, never whole directories.
func (d *Database) Locked(key string) bool {
	_, ok := d.locks[key]
	return ok
}

// Locks lists the locked keys, sorted.
func (d *Database) Locks() []string { return slices.Sorted(maps.Keys(d.locks)) }

// file is a database being parsed.
type file struct {
	b      []byte
	values binary.ByteOrder
}

func malformed(problem string) error { return fmt.Errorf("gvdb: %s: %w", problem, ErrFormat) }

// deref returns the bytes that an 8-byte pointer (start, end) denotes.
func (f *file) deref(pointer []byte, align uint32) ([]byte, error) {
	start, end := binary.LittleEndian.Uint32(pointer), binary.LittleEndian.Uint32(pointer[4:])
	if start > end || uint64(end) > uint64(len(f.b)) || start%align != 0 {
		return nil, malformed("pointer leads outside the file")
	}
	return f.b[start:end:end], nil
}

// hashTable is the layout of one table: a bloom filter (which dconf leaves empty), the
// index of the first item of each bucket, and the items, bucket after bucket.
type hashTable struct {
	bloom      []byte // 4 bytes a word
	bloomShift uint32
	buckets    []byte // 4 bytes each
	items      []byte // itemSize each
}

func parseHashTable(t []byte) (hashTable, error) {
	if len(t) < 8 {
		return hashTable{}, malformed("table is cut short")
	}
	word := binary.LittleEndian.Uint32(t)
	bloom, buckets := 4*uint64(word&(1<<27-1)), 4*uint64(binary.LittleEndian.Uint32(t[4:]))
	body := t[8:]
	if bloom+buckets > uint64(len(body)) {
		return hashTable{}, malformed("table is smaller than its index")
	}
	h := hashTable{
		bloom:      body[:bloom],
		bloomShift: word >> 27,
		buckets:    body[bloom : bloom+buckets],
		items:      body[bloom+buckets:],
	}
	if len(h.items)%itemSize != 0 {
		return hashTable{}, malformed("table ends inside an item")
	}
	if h.len() > MaxItems {
		return hashTable{}, fmt.Errorf("gvdb: table of %d items: %w", h.len(), ErrTooLarge)
	}
	return h, nil
}

func (h hashTable) len() int          { return len(h.items) / itemSize }
func (h hashTable) item(i int) []byte { return h.items[i*itemSize : (i+1)*itemSize] }

// finds reports whether a look-up of a key with this hash would come across item i.
func (h hashTable) finds(hash uint32, i int) bool {
	if words := uint32(len(h.bloom) / 4); words > 0 {
		mask := uint32(1)<<(hash&31) | uint32(1)<<(hash>>h.bloomShift&31)
		if binary.LittleEndian.Uint32(h.bloom[hash/32%words*4:])&mask != mask {
			return false
		}
	}
	n := uint32(len(h.buckets) / 4)
	if n == 0 {
		return false
	}
	bucket := hash % n
	first, next := binary.LittleEndian.Uint32(h.buckets[bucket*4:]), uint32(h.len())
	if bucket+1 < n {
		next = min(next, binary.LittleEndian.Uint32(h.buckets[bucket*4+4:]))
	}
	return first <= uint32(i) && uint32(i) < next
}

// table reads the table at a pointer: its values, and pointers to its sub-tables.
func (f *file) table(pointer []byte) (values map[string]Value, sub map[string][]byte, err error) {
	t, err := f.deref(pointer, 4)
	if err != nil {
		return nil, nil, err
	}
	h, err := parseHashTable(t)
	if err != nil {
		return nil, nil, err
	}
	values, sub = map[string]Value{}, map[string][]byte{}
	seen := make(map[string]struct{}, h.len())
	total := 0
	for i := range h.len() {
		key, err := f.key(h, i)
		if err != nil {
			return nil, nil, err
		}
		if total += len(key); total > maxKeyBytes {
			return nil, nil, fmt.Errorf("gvdb: keys of a table: %w", ErrTooLarge)
		}
		if _, twice := seen[key]; twice {
			return nil, nil, malformed("key is given twice")
		}
		seen[key] = struct{}{}
		item := h.item(i)
		hash := djb2(key)
		if hash != binary.LittleEndian.Uint32(item) || !h.finds(hash, i) {
			return nil, nil, malformed("item is out of its place")
		}
		switch item[14] {
		case 'v':
			data, err := f.deref(item[16:24], 8)
			if err != nil {
				return nil, nil, err
			}
			if values[key], err = newValue(data, f.values); err != nil {
				return nil, nil, err
			}
		case 'H':
			sub[key] = item[16:24]
		}
		// 'L' lists the children of a directory, which their own keys say as well.
	}
	return values, sub, nil
}

// key joins the parts of an item's key, which lead up to the root of the table.
func (f *file) key(h hashTable, i int) (string, error) {
	var parts []string
	size := 0
	for hops := 0; ; hops++ {
		item := h.item(i)
		start, n := uint64(binary.LittleEndian.Uint32(item[8:])), uint64(binary.LittleEndian.Uint16(item[12:]))
		if start+n > uint64(len(f.b)) {
			return "", malformed("key leads outside the file")
		}
		if size += int(n); size > maxKey || hops == maxDepth {
			return "", malformed("key is too long or has no root")
		}
		parts = append(parts, string(f.b[start:start+n]))
		parent := binary.LittleEndian.Uint32(item[4:])
		if parent == noParent {
			break
		}
		if parent >= uint32(h.len()) {
			return "", malformed("parent of a key is missing")
		}
		i = int(parent)
	}
	slices.Reverse(parts)
	return strings.Join(parts, ""), nil
}

// djb2 is GVDB's hash, on signed bytes.
func djb2(s string) uint32 {
	h := uint32(5381)
	for i := range len(s) {
		h = h*33 + uint32(int8(s[i]))
	}
	return h
}
