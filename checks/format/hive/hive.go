// Package hive reads Windows registry hives offline: the NTUSER.DAT of a profile
// that nobody is using, or the SOFTWARE, SYSTEM and SAM files of a mounted disk.
//
// The format has no public document from Microsoft; this reader follows Maxim
// Suhanov's "Windows registry file format specification" and what libhivex
// writes. It is our own, and not one of the Go libraries, because of what happens
// on bad input, which a user's own NTUSER.DAT may be: the ones we tried answer a
// damaged cell with an empty name or no value, and a setting that cannot be read
// must not look like one that is absent. Here a key or value is absent
// (ErrNotExist) only if every cell on the way to it is sound; all else is
// ErrFormat. Every offset and length is checked against the file and against a
// limit before it is used, so that no input makes it read outside the hive, loop or
// allocate more than the limits say.
//
// Transaction logs (NTUSER.DAT.LOG1 and the like) are not replayed: Dirty tells
// when there may be something newer in them. Volatile keys, such as
// CurrentControlSet, do not exist on disk.
package hive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
	"unicode/utf16"
)

// Limits on input.
const (
	MaxSize    = 2 << 30  // bytes of a hive, the format's own limit
	MaxSubkeys = 250_000  // keys directly below one key
	MaxValues  = 100_000  // values of one key
	MaxData    = 16 << 20 // bytes of one value

	maxNames   = 32 << 20 // bytes of the names that one look-up goes through
	maxKeyName = 512      // bytes of the name of a key, a little over the format's 255 characters
)

var (
	// ErrNotExist is wrapped by the error for a key or value that the hive does
	// not have. It wraps fs.ErrNotExist.
	ErrNotExist = fmt.Errorf("no such key or value: %w", fs.ErrNotExist)
	// ErrFormat is wrapped by the error for a file that is no sound hive, or a
	// part of it that is not sound.
	ErrFormat = errors.New("not a sound registry hive")
	// ErrTooLarge is wrapped by the error for a hive, or a part of it, beyond the
	// limits.
	ErrTooLarge = errors.New("hive is larger than the reader's limit")
	// ErrType is wrapped by the error of an accessor that does not fit a value.
	ErrType = errors.New("value has another type")
)

const (
	baseSize = 4096 // the base block, before the first hive bin
	noCell   = 0xffffffff
	bigData  = 16344   // bytes of a segment of a value that is stored in several
	inline   = 1 << 31 // in a data size: the data is in the offset's place
	latinKey = 1 << 5  // flag of a key whose name is Latin-1, not UTF-16
	latinVal = 1       // the same of a value
)

// A Hive is an open hive. It may be used by several goroutines if its reader may.
type Hive struct {
	r       io.ReaderAt
	bins    uint32 // bytes of the hive bins, which follow the base block
	root    uint32
	minor   uint32
	dirty   bool
	written time.Time
}

// Open reads the base block of a hive of size bytes. r is read further with each
// look-up and must not change meanwhile.
func Open(r io.ReaderAt, size int64) (*Hive, error) {
	if size > MaxSize {
		return nil, fmt.Errorf("hive of %d bytes: %w", size, ErrTooLarge)
	}
	if size < baseSize {
		return nil, malformed("base block is cut short")
	}
	b := make([]byte, 512)
	if err := readFull(r, b, 0); err != nil {
		return nil, fmt.Errorf("read base block: %w", err)
	}
	le := binary.LittleEndian
	sum := uint32(0)
	for i := 0; i < 508; i += 4 {
		sum ^= le.Uint32(b[i:])
	}
	switch sum { // two values are reserved
	case 0:
		sum = 1
	case 0xffffffff:
		sum = 0xfffffffe
	}
	h := &Hive{
		r:       r,
		minor:   le.Uint32(b[24:]),
		root:    le.Uint32(b[36:]),
		bins:    le.Uint32(b[40:]),
		dirty:   le.Uint32(b[4:]) != le.Uint32(b[8:]),
		written: fileTime(le.Uint64(b[12:])),
	}
	switch {
	case string(b[:4]) != "regf":
		return nil, malformed("signature is missing")
	case le.Uint32(b[508:]) != sum:
		return nil, malformed("checksum of the base block is wrong")
	case le.Uint32(b[20:]) != 1 || h.minor < 3 || h.minor > 6:
		return nil, malformed("version is not 1.3 to 1.6")
	case le.Uint32(b[28:]) != 0 || le.Uint32(b[32:]) != 1:
		return nil, malformed("file is not a primary hive")
	case h.bins == 0 || h.bins%4096 != 0 || int64(h.bins) > size-baseSize:
		return nil, malformed("file is shorter than its base block says")
	}
	if _, err := h.key(h.root); err != nil {
		return nil, fmt.Errorf("root key: %w", err)
	}
	return h, nil
}

// Dirty reports whether Windows was not done writing the hive when the file was
// left: newer settings may be in its transaction logs. A hive in use is often so.
func (h *Hive) Dirty() bool { return h.dirty }

// Written returns when the hive was last written, as its base block says.
func (h *Hive) Written() time.Time { return h.written }

// Subkeys lists the names of the keys directly below a key, in the order of the
// hive (Windows keeps them sorted). A key is a path of names joined by
// backslashes, such as `Control Panel\Desktop`; the empty path is the root. Letter
// case does not count.
func (h *Hive) Subkeys(key string) ([]string, error) {
	k, err := h.find(key)
	if err != nil {
		return nil, err
	}
	var names []string
	err = h.eachSubkey(k, func(sub keyNode) bool {
		names = append(names, sub.name)
		return true
	})
	return names, err
}

// Values lists the names of a key's values. The default value has the empty name.
func (h *Hive) Values(key string) ([]string, error) {
	k, err := h.find(key)
	if err != nil {
		return nil, err
	}
	var names []string
	err = h.eachValue(k, func(v valueNode) bool {
		names = append(names, v.name)
		return true
	})
	return names, err
}

// Value returns a value of a key; the empty name is its default value.
func (h *Hive) Value(key, name string) (Value, error) {
	k, err := h.find(key)
	if err != nil {
		return Value{}, err
	}
	var found *valueNode
	err = h.eachValue(k, func(v valueNode) bool {
		if strings.EqualFold(v.name, name) {
			found = &v
		}
		return found == nil
	})
	switch {
	case err != nil:
		return Value{}, err
	case found == nil:
		return Value{}, fmt.Errorf("hive: value: %w", ErrNotExist)
	}
	data, err := h.data(*found)
	if err != nil {
		return Value{}, err
	}
	return Value{Type: found.kind, Data: data}, nil
}

// Modified returns when a key or one of its values last changed.
func (h *Hive) Modified(key string) (time.Time, error) {
	k, err := h.find(key)
	return k.modified, err
}

// find follows a path from the root.
func (h *Hive) find(path string) (keyNode, error) {
	k, err := h.key(h.root)
	if err != nil || path == "" {
		return k, err
	}
	for name := range strings.SplitSeq(path, `\`) {
		if name == "" {
			return keyNode{}, fmt.Errorf("hive: path with an empty name: %w", fs.ErrInvalid)
		}
		var next *keyNode
		err := h.eachSubkey(k, func(sub keyNode) bool {
			if strings.EqualFold(sub.name, name) {
				next = &sub
			}
			return next == nil
		})
		switch {
		case err != nil:
			return keyNode{}, err
		case next == nil:
			return keyNode{}, fmt.Errorf("hive: key: %w", ErrNotExist)
		}
		k = *next
	}
	return k, nil
}

func malformed(problem string) error { return fmt.Errorf("hive: %s: %w", problem, ErrFormat) }

// readFull fills b from off. A file that ends before is no sound hive.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return malformed("file ends early")
	}
	return err
}

// fileTime converts 100 ns ticks since 1601, of which those after the year 9999
// stand for no time.
func fileTime(ticks uint64) time.Time {
	const (
		last   = 2650467743999999999
		second = 10_000_000
		toUnix = 11644473600 // seconds from 1601 to 1970
	)
	if ticks > last {
		return time.Time{}
	}
	return time.Unix(int64(ticks/second)-toUnix, int64(ticks%second)*100).UTC()
}

// decodeName decodes the name of a key or value.
func decodeName(b []byte, latin1 bool) (string, error) {
	if !latin1 {
		if len(b)%2 != 0 {
			return "", malformed("name ends inside a character")
		}
		return utf16Text(b), nil
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes), nil
}

// utf16Text decodes little-endian UTF-16, without a lone last byte.
func utf16Text(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
