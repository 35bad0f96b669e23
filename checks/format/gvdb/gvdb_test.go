package gvdb

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func parseFile(t testing.TB, name string) *Database {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(b)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

// dump prints a database for a golden file, using each accessor that fits.
func dump(d *Database) string {
	var sb strings.Builder
	for _, k := range d.Keys() {
		v, _ := d.Lookup(k)
		fmt.Fprintf(&sb, "%s %s %s\n", k, v.Type(), show(v))
	}
	for _, k := range d.Locks() {
		fmt.Fprintf(&sb, "lock %s\n", k)
	}
	return sb.String()
}

func show(v Value) string {
	if b, err := v.Bool(); !errors.Is(err, ErrType) {
		return fmt.Sprint(b, err)
	}
	if n, err := v.Int(); !errors.Is(err, ErrType) {
		return fmt.Sprint(n, err)
	}
	if x, err := v.Float(); !errors.Is(err, ErrType) {
		return fmt.Sprint(x, err)
	}
	if s, err := v.Text(); !errors.Is(err, ErrType) {
		return fmt.Sprintf("%q %v", s, err)
	}
	s, err := v.Strings()
	if errors.Is(err, ErrType) {
		return "unread"
	}
	return fmt.Sprintf("%q %v", s, err)
}

// The databases that dconf itself wrote (testdata/compile.sh) read as dconf
// would print them.
func TestRealDatabases(t *testing.T) {
	for _, name := range []string{"system", "user"} {
		t.Run(name, func(t *testing.T) {
			got := dump(parseFile(t, name))
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		})
	}
}

func TestLookup(t *testing.T) {
	d := parseFile(t, "system")
	if _, ok := d.Lookup("/org/gnome/desktop/session/"); ok {
		t.Error("a directory has a value")
	}
	if _, ok := d.Lookup("/org/gnome/desktop/session/idle"); ok {
		t.Error("part of a key has a value")
	}
	v, ok := d.Lookup("/org/gnome/desktop/session/idle-delay")
	if !ok {
		t.Fatal("idle-delay is missing")
	}
	if n, err := v.Int(); n != 600 || err != nil {
		t.Errorf("idle-delay = %d, %v, want 600", n, err)
	}
	for name, err := range map[string]error{
		"Bool":    second(v.Bool()),
		"Float":   second(v.Float()),
		"Text":    second(v.Text()),
		"Strings": second(v.Strings()),
	} {
		if !errors.Is(err, ErrType) {
			t.Errorf("%s of a uint32: got %v, want ErrType", name, err)
		}
	}
	u, _ := d.Lookup("/org/example/types/uint64")
	if _, err := u.Int(); !errors.Is(err, ErrType) {
		t.Errorf("Int of 2^64-1: got %v, want ErrType", err)
	}
}

func second[T any](_ T, err error) error { return err }

// A big-endian machine's file holds the same tables and swapped values.
func TestBigEndian(t *testing.T) {
	be := binary.BigEndian
	b := build(be, []entry{
		{"/a/u", "u", be.AppendUint32(nil, 900)},
		{"/a/i", "i", be.AppendUint32(nil, 1<<32-5)},
		{"/a/b", "b", []byte{1}},
		{"/a/s", "s", []byte("hola\x00")},
		{"/a/as", "as", []byte("uno\x00dos\x00\x04\x08")},
		{"/a/t", "t", be.AppendUint64(nil, 1<<40)},
	}, []string{"/a/u"})
	d, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	want := `/a/as as ["uno" "dos"] <nil>
/a/b b true <nil>
/a/i i -5 <nil>
/a/s s "hola" <nil>
/a/t t 1099511627776 <nil>
/a/u u 900 <nil>
lock /a/u
`
	if diff := cmp.Diff(want, dump(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLongArray(t *testing.T) {
	for _, n := range []int{40, 300, 30_000} { // offsets of 1, 2 and 4 bytes
		var data, offsets []byte
		width := map[int]int{40: 1, 300: 2, 30_000: 4}[n]
		for range n {
			data = append(data, "xy\x00"...)
			offsets = append(offsets, binary.LittleEndian.AppendUint32(nil, uint32(len(data)))[:width]...)
		}
		v := Value{typ: "as", data: append(data, offsets...), order: binary.LittleEndian}
		got, err := v.Strings()
		if err != nil || len(got) != n || got[n-1] != "xy" {
			t.Errorf("array of %d: got %d strings, %v", n, len(got), err)
		}
	}
}

func TestAbnormalValues(t *testing.T) {
	tests := []struct{ typ, data string }{
		{"b", ""}, {"b", "\x02"}, {"b", "\x00\x00"},
		{"y", ""}, {"n", "\x00"}, {"q", "\x00"}, {"i", "\x00\x00"}, {"u", "12345"}, {"x", "1234567"}, {"t", ""}, {"d", "1234"},
		{"s", ""}, {"s", "no end"}, {"s", "in\x00side\x00"}, {"s", "\xff\x00"},
		{"as", "\xff"}, {"as", "a\x00\x00"}, {"as", "a\x00\x01"}, {"as", "ab\x03"}, {"as", "a\x00b\x00\x04\x02"},
	}
	for _, tt := range tests {
		v := Value{typ: tt.typ, data: []byte(tt.data), order: binary.LittleEndian}
		if got := show(v); !strings.Contains(got, ErrFormat.Error()) {
			t.Errorf("%s %q reads as %s, want ErrFormat", tt.typ, tt.data, got)
		}
	}
}

func TestMalformed(t *testing.T) {
	le := binary.LittleEndian
	good := build(le, []entry{{"/a/b", "b", []byte{1}}, {"/a/c", "u", le.AppendUint32(nil, 7)}}, []string{"/a/b"})
	if _, err := Parse(good); err != nil {
		t.Fatal(err)
	}
	patch := func(at int, b ...byte) []byte {
		out := append([]byte(nil), good...)
		copy(out[at:], b)
		return out
	}
	root := int(le.Uint32(good[16:]))
	items := root + 8 + 4*int(le.Uint32(good[root+4:]))
	far := le.AppendUint32(nil, 1<<31)
	tests := []struct {
		name string
		b    []byte
	}{
		{"empty", nil},
		{"one byte", []byte("G")},
		{"magic", patch(0, 'X')},
		{"invalidated", patch(0, 0, 0, 0, 0, 0, 0, 0, 0)}, // how dconf marks a replaced file
		{"version", patch(8, 1)},
		{"root outside", patch(20, far...)},
		{"root backwards", patch(16, far...)},
		{"bloom beyond", patch(root, 0xff, 0xff, 0xff, 0x07)},
		{"buckets beyond", patch(root+4, far...)},
		{"bloom denies", patch(root, 1)}, // the first bucket word becomes an empty filter
		{"hash", patch(items, 1, 2, 3, 4)},
		{"parent outside", patch(items+4, 0xee, 0, 0, 0)},
		{"parent is itself", patch(items+4, 0, 0, 0, 0)},
		{"key outside", patch(items+8, far...)},
		{"key size", patch(items+12, 0xff, 0xff)},
		{"value outside", patch(items+16, far...)},
		{"value end outside", patch(items+20, far...)},
		{"bucket", patch(root+8, 9)},
		{"key twice", build(le, []entry{{"/a", "b", []byte{1}}, {"/a", "b", []byte{0}}}, nil)},
		{"no type", build(le, []entry{{"/a", "", []byte{1}}}, nil)},
		{"bad type", build(le, []entry{{"/a", "!", []byte{1}}}, nil)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse(tt.b); !errors.Is(err, ErrFormat) {
				t.Errorf("got %v, want ErrFormat", err)
			}
		})
	}
	t.Run("cut short anywhere", func(t *testing.T) {
		for n := range len(good) {
			if _, err := Parse(good[:n]); err == nil {
				t.Errorf("the first %d of %d bytes parse", n, len(good))
			}
		}
	})
	t.Run("too large", func(t *testing.T) {
		if _, err := Parse(make([]byte, MaxSize+1)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v, want ErrTooLarge", err)
		}
	})
}

type entry struct {
	key, typ string
	data     []byte
}

// build writes a database whose values are already in the given order. Keys have
// no parent, which GVDB allows; the fixtures of dconf have them.
func build(values binary.ByteOrder, entries []entry, locks []string) []byte {
	le := binary.LittleEndian
	b := make([]byte, headerSize)
	copy(b, "GVariant")
	if values == binary.BigEndian {
		copy(b, "raVGtnai")
	}
	table := func(entries []entry, sub map[string][]byte) []byte {
		keys := make([]string, 0, len(entries)+1)
		for _, e := range entries {
			keys = append(keys, e.key)
		}
		for k := range sub {
			keys = append(keys, k)
		}
		n := len(keys)
		t := make([]byte, 8, 8+4*n+itemSize*n)
		le.PutUint32(t[4:], uint32(n))
		var items []byte
		for bucket := range n {
			t = le.AppendUint32(t, uint32(len(items)/itemSize))
			for i, key := range keys {
				if int(djb2(key)%uint32(n)) != bucket {
					continue
				}
				item := le.AppendUint32(nil, djb2(key))
				item = le.AppendUint32(item, noParent)
				item = le.AppendUint32(item, uint32(len(b)))
				item = le.AppendUint16(item, uint16(len(key)))
				b = append(b, key...)
				for len(b)%8 != 0 {
					b = append(b, 0)
				}
				if p, ok := sub[key]; ok {
					item = append(append(item, 'H', 0), p...)
				} else {
					item = append(item, 'v', 0)
					item = le.AppendUint32(item, uint32(len(b)))
					b = append(append(append(b, entries[i].data...), 0), entries[i].typ...)
					item = le.AppendUint32(item, uint32(len(b)))
				}
				items = append(items, item...)
			}
		}
		for len(b)%8 != 0 {
			b = append(b, 0)
		}
		p := le.AppendUint32(nil, uint32(len(b)))
		b = append(append(b, t...), items...)
		return le.AppendUint32(p, uint32(len(b)))
	}
	sub := map[string][]byte{}
	if locks != nil {
		var es []entry
		for _, l := range locks {
			es = append(es, entry{l, "b", []byte{1}})
		}
		sub[locksTable] = table(es, nil)
	}
	root := table(entries, sub)
	copy(b[16:], root)
	return b
}

func FuzzParse(f *testing.F) {
	le := binary.LittleEndian
	for _, name := range []string{"system", "user"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(build(binary.BigEndian, []entry{{"/a", "as", []byte("a\x00b\x00\x02\x04")}}, []string{"/a"}))
	f.Add(build(le, []entry{{"/a/u", "u", le.AppendUint32(nil, 5)}, {"/b", "s", []byte("x\x00")}}, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse(b)
		if err != nil {
			if d != nil || !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("got %v, %v", d, err)
			}
			return
		}
		for _, k := range d.Keys() {
			v, ok := d.Lookup(k)
			if !ok {
				t.Errorf("%q is listed and not found", k)
			}
			_ = show(v)
		}
		Resolve([]Source{{DB: d}, {DB: d}}, "/a")
	})
}
