// Package hivetest writes small registry hives, so that a test can have the
// NTUSER.DAT that it needs without Windows. libhivex reads and edits what it
// writes. It is for tests only: it trusts its input and does not aim at what
// Windows itself would accept.
package hivetest

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"
)

// A Key is a key of a hive to be written.
type Key struct {
	Name    string
	Values  []Value
	Subkeys []Key
	// List is the signature of the list of subkeys: "lf", "lh" (the default),
	// "li", or "ri" for an index of lists of two.
	List string
}

// A Value is a value of a key. Type is as in winnt.h.
type Value struct {
	Name string
	Type uint32
	Data []byte
}

// SZ makes a string value (REG_SZ).
func SZ(name, text string) Value { return Value{name, 1, UTF16(text + "\x00")} }

// ExpandSZ makes a string value with %VARIABLES% (REG_EXPAND_SZ).
func ExpandSZ(name, text string) Value { return Value{name, 2, UTF16(text + "\x00")} }

// DWORD makes a 32-bit value (REG_DWORD).
func DWORD(name string, n uint32) Value {
	return Value{name, 4, binary.LittleEndian.AppendUint32(nil, n)}
}

// QWORD makes a 64-bit value (REG_QWORD).
func QWORD(name string, n uint64) Value {
	return Value{name, 11, binary.LittleEndian.AppendUint64(nil, n)}
}

// MultiSZ makes a list of strings (REG_MULTI_SZ).
func MultiSZ(name string, texts ...string) Value {
	return Value{name, 7, UTF16(strings.Join(append(slices.Clip(texts), "", ""), "\x00"))}
}

// UTF16 encodes text as the registry does.
func UTF16(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// Ticks is the time at which everything in a written hive was modified, in units
// of 100 ns since 1601: 2 October 2026, 12:00 UTC.
const Ticks = 134354160000000000

const (
	baseSize = 4096
	noCell   = 0xffffffff
	segment  = 16344
)

// Build writes a hive with the given root key and the current version, 1.5.
func Build(root Key) []byte {
	w := &writer{bins: make([]byte, 32)}
	sk := w.cell(security())
	binary.LittleEndian.PutUint32(w.bins[sk+8:], sk) // it is the only one of its ring
	binary.LittleEndian.PutUint32(w.bins[sk+12:], sk)
	w.sk = sk
	top := w.key(root, noCell, true)
	binary.LittleEndian.PutUint32(w.bins[sk+16:], w.keys)
	return w.finish(top)
}

// Seal sets the checksum of a hive's base block, which a test may have changed.
func Seal(hive []byte) {
	sum := uint32(0)
	for i := 0; i < 508; i += 4 {
		sum ^= binary.LittleEndian.Uint32(hive[i:])
	}
	if sum == 0 {
		sum = 1
	}
	binary.LittleEndian.PutUint32(hive[508:], sum)
}

// writer fills one hive bin; offsets count from its beginning.
type writer struct {
	bins []byte
	sk   uint32
	keys uint32
}

// cell appends a cell in use and returns its offset.
func (w *writer) cell(content []byte) uint32 {
	off := uint32(len(w.bins))
	size := (4 + len(content) + 7) / 8 * 8
	w.bins = binary.LittleEndian.AppendUint32(w.bins, uint32(-int32(size)))
	w.bins = append(w.bins, content...)
	w.bins = append(w.bins, make([]byte, size-4-len(content))...)
	return off
}

func (w *writer) key(k Key, parent uint32, root bool) uint32 {
	le := binary.LittleEndian
	name, latin := encodeName(k.Name)
	b := make([]byte, 76, 76+len(name))
	copy(b, "nk")
	flags := uint16(0)
	if latin {
		flags |= 1 << 5
	}
	if root {
		flags |= 1<<2 | 1<<3 // the hive's entry, and not to be deleted
	}
	le.PutUint16(b[2:], flags)
	le.PutUint64(b[4:], Ticks)
	le.PutUint32(b[16:], parent)
	for _, at := range []int{28, 32, 40, 48} { // no lists, no class
		le.PutUint32(b[at:], noCell)
	}
	le.PutUint32(b[44:], w.sk)
	le.PutUint16(b[72:], uint16(len(name)))
	off := w.cell(append(b, name...))
	w.keys++
	at := off + 4

	if len(k.Subkeys) > 0 {
		var offsets []uint32
		longest := 0
		for _, sub := range k.Subkeys {
			offsets = append(offsets, w.key(sub, off, false))
			longest = max(longest, 2*len(sub.Name))
		}
		list := w.list(k, offsets)
		le.PutUint32(w.bins[at+20:], uint32(len(offsets)))
		le.PutUint32(w.bins[at+28:], list)
		le.PutUint32(w.bins[at+52:], uint32(longest))
	}
	if len(k.Values) > 0 {
		var offsets []byte
		longestName, longestData := 0, 0
		for _, v := range k.Values {
			offsets = le.AppendUint32(offsets, w.value(v))
			longestName, longestData = max(longestName, 2*len(v.Name)), max(longestData, len(v.Data))
		}
		list := w.cell(offsets)
		le.PutUint32(w.bins[at+36:], uint32(len(k.Values)))
		le.PutUint32(w.bins[at+40:], list)
		le.PutUint32(w.bins[at+60:], uint32(longestName))
		le.PutUint32(w.bins[at+64:], uint32(longestData))
	}
	return off
}

func (w *writer) list(k Key, offsets []uint32) uint32 {
	le := binary.LittleEndian
	kind := k.List
	if kind == "" {
		kind = "lh"
	}
	b := []byte(kind)
	if kind == "ri" {
		b = le.AppendUint16(b, uint16((len(offsets)+1)/2))
		for i := 0; i < len(offsets); i += 2 {
			part := Key{Subkeys: k.Subkeys[i:min(i+2, len(offsets))]}
			b = le.AppendUint32(b, w.list(part, offsets[i:min(i+2, len(offsets))]))
		}
		return w.cell(b)
	}
	b = le.AppendUint16(b, uint16(len(offsets)))
	for i, off := range offsets {
		b = le.AppendUint32(b, off)
		switch kind {
		case "lh":
			b = le.AppendUint32(b, hash(k.Subkeys[i].Name))
		case "lf":
			b = append(b, append([]byte(k.Subkeys[i].Name), 0, 0, 0, 0)[:4]...)
		}
	}
	return w.cell(b)
}

// hash is that of "lh" lists, right for ASCII names.
func hash(name string) uint32 {
	h := uint32(0)
	for _, c := range []byte(name) {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		h = h*37 + uint32(c)
	}
	return h
}

func (w *writer) value(v Value) uint32 {
	le := binary.LittleEndian
	name, latin := encodeName(v.Name)
	b := make([]byte, 20, 20+len(name))
	copy(b, "vk")
	le.PutUint16(b[2:], uint16(len(name)))
	size := uint32(len(v.Data))
	switch {
	case size <= 4:
		copy(b[8:], v.Data)
		size |= 1 << 31
	case size > segment:
		le.PutUint32(b[8:], w.segments(v.Data))
	default:
		le.PutUint32(b[8:], w.cell(v.Data))
	}
	le.PutUint32(b[4:], size)
	le.PutUint32(b[12:], v.Type)
	if latin && v.Name != "" {
		le.PutUint16(b[16:], 1)
	}
	return w.cell(append(b, name...))
}

func (w *writer) segments(data []byte) uint32 {
	le := binary.LittleEndian
	var list []byte
	n := 0
	for ; len(data) > 0; n++ {
		m := min(segment, len(data))
		list = le.AppendUint32(list, w.cell(append(data[:m:m], 0, 0, 0, 0)))
		data = data[m:]
	}
	b := le.AppendUint16([]byte("db"), uint16(n))
	return w.cell(le.AppendUint32(b, w.cell(list)))
}

// encodeName returns a name as Latin-1 if it can be, else as UTF-16.
func encodeName(name string) (b []byte, latin bool) {
	for _, r := range name {
		if r > 0xff {
			return UTF16(name), false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// security is the content of an "sk" cell with an empty descriptor.
func security() []byte {
	b := make([]byte, 40)
	copy(b, "sk")
	binary.LittleEndian.PutUint32(b[16:], 20)
	b[20] = 1                                    // revision
	binary.LittleEndian.PutUint16(b[22:], 1<<15) // self-relative
	return b
}

// finish adds the free rest of the hive bin and the base block.
func (w *writer) finish(root uint32) []byte {
	le := binary.LittleEndian
	rest := (len(w.bins)+8+4095)/4096*4096 - len(w.bins)
	w.bins = le.AppendUint32(w.bins, uint32(rest))
	w.bins = append(w.bins, make([]byte, rest-4)...)
	copy(w.bins, "hbin")
	le.PutUint32(w.bins[8:], uint32(len(w.bins)))
	le.PutUint64(w.bins[20:], Ticks)

	b := make([]byte, baseSize)
	copy(b, "regf")
	le.PutUint32(b[4:], 1)
	le.PutUint32(b[8:], 1)
	le.PutUint64(b[12:], Ticks)
	le.PutUint32(b[20:], 1)
	le.PutUint32(b[24:], 5)
	le.PutUint32(b[32:], 1)
	le.PutUint32(b[36:], root)
	le.PutUint32(b[40:], uint32(len(w.bins)))
	le.PutUint32(b[44:], 1)
	Seal(b)
	return append(b, w.bins...)
}
