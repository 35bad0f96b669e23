package hive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/format/hive/hivetest"
)

var (
	update  = flag.Bool("update", false, "rewrite the golden files")
	minimal = flag.String("minimal", "", "write a hive of an empty root key to this `file`")
)

func open(t testing.TB, b []byte) *Hive {
	t.Helper()
	h, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// dump prints everything below a key. It ends at the first error.
func dump(w io.Writer, h *Hive, key string, depth int) error {
	names, err := h.Values(key)
	if err != nil {
		return err
	}
	for _, name := range names {
		v, err := h.Value(key, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s%q = %s\n", strings.Repeat("  ", depth), name, show(v))
	}
	subs, err := h.Subkeys(key)
	if err != nil {
		return err
	}
	for _, name := range subs {
		fmt.Fprintf(w, "%s[%s]\n", strings.Repeat("  ", depth), name)
		if depth > 20 {
			return nil
		}
		if err := dump(w, h, strings.TrimPrefix(key+`\`+name, `\`), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func show(v Value) string {
	if s, err := v.Text(); err == nil {
		return fmt.Sprintf("%d %q", v.Type, s)
	}
	if s, err := v.Strings(); err == nil {
		return fmt.Sprintf("%d %q", v.Type, s)
	}
	if n, err := v.Uint(); err == nil {
		return fmt.Sprintf("%d %d", v.Type, n)
	}
	return fmt.Sprintf("%d % x", v.Type, v.Data)
}

func TestMinimal(t *testing.T) {
	b := hivetest.Build(hivetest.Key{Name: "ROOT"})
	if names, err := open(t, b).Subkeys(""); len(names) != 0 || err != nil {
		t.Errorf("got %q, %v", names, err)
	}
	if *minimal != "" {
		if err := os.WriteFile(*minimal, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A hive that libhivex wrote (testdata/merge.sh) holds what its source says.
func TestRealHive(t *testing.T) {
	b, err := os.ReadFile("testdata/ntuser.dat")
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, b)
	var got strings.Builder
	if err := dump(&got, h, "", 0); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/ntuser.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	v, err := h.Value(`control panel\DESKTOP`, "screensavetimeout")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := v.Text(); s != "600" || err != nil {
		t.Errorf("ScreenSaveTimeOut = %q, %v, want 600", s, err)
	}
}

func example() hivetest.Key {
	big := bytes.Repeat([]byte("0123456789abcdef"), 2500) // 40000 bytes, 3 segments
	return hivetest.Key{Name: "ROOT", Values: []hivetest.Value{hivetest.SZ("", "default")}, Subkeys: []hivetest.Key{
		{Name: "Empty"},
		{Name: "Ñandú", List: "ri", Subkeys: []hivetest.Key{{Name: "a"}, {Name: "b"}, {Name: "c", List: "li", Subkeys: []hivetest.Key{{Name: "d"}}}}},
		{Name: "Old", List: "lf", Subkeys: []hivetest.Key{{Name: "x"}, {Name: "yyyyyy"}}},
		{Name: "Παράδειγμα"},
		{Name: "Values", Values: []hivetest.Value{
			hivetest.SZ("sz", "text"), hivetest.ExpandSZ("expand", `%USERPROFILE%\x`), hivetest.DWORD("dword", 900),
			hivetest.QWORD("qword", 1<<40), hivetest.MultiSZ("multi", "uno", "dos"), hivetest.MultiSZ("none"),
			{Name: "be", Type: uint32(DWORDBigEndian), Data: []byte{0, 0, 3, 0x84}},
			{Name: "big", Type: uint32(Binary), Data: big}, {Name: "edge", Type: uint32(Binary), Data: big[:16344]},
			{Name: "empty", Type: uint32(Binary)}, {Name: "rid", Type: 1001},
			{Name: "no NUL", Type: uint32(String), Data: hivetest.UTF16("text")},
			{Name: "odd", Type: uint32(String), Data: []byte{'t', 0, 'x'}},
			{Name: "short", Type: uint32(DWORD), Data: []byte{1}},
			{Name: "€", Type: uint32(None)},
		}},
	}}
}

func TestSubkeys(t *testing.T) {
	h := open(t, hivetest.Build(example()))
	tests := []struct {
		key  string
		want []string
		err  error
	}{
		{"", []string{"Empty", "Ñandú", "Old", "Παράδειγμα", "Values"}, nil},
		{"Empty", nil, nil},
		{"ñANDÚ", []string{"a", "b", "c"}, nil},
		{`Ñandú\c`, []string{"d"}, nil},
		{"old", []string{"x", "yyyyyy"}, nil},
		{"παράδειγμα", nil, nil},
		{"Absent", nil, ErrNotExist},
		{`Empty\Absent`, nil, ErrNotExist},
		{`Empty\`, nil, fs.ErrInvalid},
		{`\Empty`, nil, fs.ErrInvalid},
	}
	for _, tt := range tests {
		got, err := h.Subkeys(tt.key)
		if !errors.Is(err, tt.err) || !cmp.Equal(got, tt.want) {
			t.Errorf("Subkeys(%q) = %q, %v, want %q, %v", tt.key, got, err, tt.want, tt.err)
		}
	}
	if _, err := h.Subkeys("Absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ErrNotExist is not fs.ErrNotExist: %v", err)
	}
}

func TestValues(t *testing.T) {
	h := open(t, hivetest.Build(example()))
	tests := []struct{ name, want string }{
		{"SZ", `1 "text"`},
		{"expand", `2 "%USERPROFILE%\\x"`},
		{"dword", "4 900"},
		{"qword", "11 1099511627776"},
		{"multi", `7 ["uno" "dos"]`},
		{"none", "7 []"},
		{"be", "5 900"},
		{"empty", "3 "},
		{"rid", "1001 "},
		{"no NUL", `1 "text"`},
		{"odd", `1 "t"`},
		{"short", "4 01"},
		{"€", "0 "},
	}
	for _, tt := range tests {
		v, err := h.Value("Values", tt.name)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := show(v); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.name, got, tt.want)
		}
	}
	for name, size := range map[string]int{"big": 40000, "edge": 16344} {
		v, err := h.Value("Values", name)
		if err != nil || !bytes.Equal(v.Data, bytes.Repeat([]byte("0123456789abcdef"), 2500)[:size]) {
			t.Errorf("%s: %d bytes, %v, want %d", name, len(v.Data), err, size)
		}
	}
	if v, err := h.Value("", ""); err != nil || show(v) != `1 "default"` {
		t.Errorf("default value = %s, %v", show(v), err)
	}
	for _, where := range [][2]string{{"Values", ""}, {"Values", "absent"}, {"Empty", "x"}, {"Absent", "x"}} {
		if _, err := h.Value(where[0], where[1]); !errors.Is(err, ErrNotExist) {
			t.Errorf("Value(%q, %q): got %v, want ErrNotExist", where[0], where[1], err)
		}
	}
	if names, err := h.Values("Values"); len(names) != 15 || err != nil {
		t.Errorf("Values lists %d, %v, want 15", len(names), err)
	}
}

func TestAccessorsOfOtherTypes(t *testing.T) {
	for name, err := range map[string]error{
		"Text of a DWORD":    second(Value{DWORD, make([]byte, 4)}.Text()),
		"Strings of a SZ":    second(Value{String, nil}.Strings()),
		"Uint of a SZ":       second(Value{String, make([]byte, 4)}.Uint()),
		"Uint of a long one": second(Value{DWORD, make([]byte, 5)}.Uint()),
		"Uint of 4 as QWORD": second(Value{QWORD, make([]byte, 4)}.Uint()),
	} {
		if !errors.Is(err, ErrType) {
			t.Errorf("%s: got %v, want ErrType", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestTimesAndDirty(t *testing.T) {
	b := hivetest.Build(example())
	h := open(t, b)
	noon := time.Date(2026, 10, 2, 12, 0, 0, 0, time.UTC)
	if got := h.Written(); !got.Equal(noon) {
		t.Errorf("Written() = %v, want %v", got, noon)
	}
	if got, err := h.Modified("Values"); !got.Equal(noon) || err != nil {
		t.Errorf("Modified() = %v, %v, want %v", got, err, noon)
	}
	if _, err := h.Modified("Absent"); !errors.Is(err, ErrNotExist) {
		t.Errorf("Modified() of no key: %v", err)
	}
	if h.Dirty() {
		t.Error("the hive is dirty")
	}
	b[4]++ // the first sequence number: a write was begun
	hivetest.Seal(b)
	if !open(t, b).Dirty() {
		t.Error("the hive is not dirty")
	}
	if got := fileTime(1<<64 - 1); !got.IsZero() {
		t.Errorf("the last FILETIME is %v", got)
	}
	if got := fileTime(0).Year(); got != 1601 {
		t.Errorf("FILETIME begins in %d", got)
	}
}

// Whatever is broken on the way is ErrFormat, never ErrNotExist.
func TestMalformed(t *testing.T) {
	good := hivetest.Build(example())
	le := binary.LittleEndian
	root := int(le.Uint32(good[36:])) + 4096 + 4 // content of the root key's cell
	find := func(sig string, nth int) int {
		at := 4096
		for range nth {
			at += bytes.Index(good[at:], []byte(sig)) + 1
		}
		return at - 1
	}
	subs, vals := int(le.Uint32(good[root+28:]))+4100, int(le.Uint32(good[root+40:]))+4100
	big := find("db\x03\x00", 1)
	tests := []struct {
		name string
		at   int
		with string
		seal bool
	}{
		{"signature", 0, "REGF", true},
		{"checksum", 508, "\x01\x02\x03\x04", false},
		{"major version", 20, "\x02", true},
		{"minor version", 24, "\x02", true},
		{"a log file", 28, "\x01", true},
		{"format", 32, "\x00", true},
		{"root outside", 36, "\xff\xff\xff\x7f", true},
		{"root unaligned", 36, "\x21", true},
		{"root in the bin's header", 36, "\x00\x00\x00\x00", true},
		{"no bins", 40, "\x00\x00\x00\x00", true},
		{"bins beyond the file", 40, "\x00\x00\x00\x01", true},
		{"root cell is free", root - 4, "\x00\x01\x00\x00", false},
		{"root cell ends outside", root - 4, "\x00\x00\x00\x80", false},
		{"root is no key", root, "kn", false},
		{"name of the root cut short", root + 72, "\xff\x01", false},
		{"UTF-16 name of 3 bytes", root + 72, "\x03", false},
		{"list of keys outside", root + 28, "\x00\xff\xff\xff", false},
		{"list of keys is none", subs, "nk", false},
		{"list of keys cut short", subs + 2, "\xff\xff", false},
		{"list within a list", subs, "ri", false},
		{"fewer keys than listed", root + 20, "\x04", false},
		{"more keys than listed", root + 20, "\x06", false},
		{"a key is none", subs + 4, "\x20\x00\x00\x00", false},
		{"list of values outside", root + 40, "\x00\xff\xff\xff", false},
		{"more values than listed", root + 36, "\x40\x00", false},
		{"a value is none", vals, "\x20\x00\x00\x00", false},
		{"segments are none", big, "bd", false},
		{"fewer segments", big + 2, "\x02", false},
		{"list of segments outside", big + 4, "\x00\xff\xff\xff", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bytes.Clone(good)
			if tt.name == "UTF-16 name of 3 bytes" {
				b[root+2] &^= latinKey
			}
			copy(b[tt.at:], tt.with)
			if tt.seal {
				hivetest.Seal(b)
			}
			h, err := Open(bytes.NewReader(b), int64(len(b)))
			if err == nil {
				err = dump(io.Discard, h, "", 0)
			}
			if !errors.Is(err, ErrFormat) || errors.Is(err, ErrNotExist) {
				t.Errorf("got %v, want ErrFormat", err)
			}
		})
	}
}

func TestCutShort(t *testing.T) {
	good := hivetest.Build(example())
	var whole strings.Builder
	if err := dump(&whole, open(t, good), "", 0); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(good); n += 512 {
		if _, err := Open(bytes.NewReader(good[:n]), int64(n)); !errors.Is(err, ErrFormat) {
			t.Errorf("the first %d bytes: got %v, want ErrFormat", n, err)
		}
		// A file that shrinks after its size was taken.
		if h, err := Open(bytes.NewReader(good[:n]), int64(len(good))); err == nil {
			var got strings.Builder
			if err := dump(&got, h, "", 0); !errors.Is(err, ErrFormat) && got.String() != whole.String() {
				t.Errorf("only the first %d bytes are there: got %v, want ErrFormat", n, err)
			}
		}
	}
}

type brokenDisk struct{ *bytes.Reader }

var errDisk = errors.New("disk is broken")

func (d brokenDisk) ReadAt(b []byte, off int64) (int, error) {
	if off > 6000 {
		return 0, errDisk
	}
	return d.Reader.ReadAt(b, off)
}

func TestReadErrors(t *testing.T) {
	b := hivetest.Build(example())
	h, err := Open(brokenDisk{bytes.NewReader(b)}, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := dump(io.Discard, h, "", 0); !errors.Is(err, errDisk) || errors.Is(err, ErrFormat) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func TestLimits(t *testing.T) {
	if _, err := Open(bytes.NewReader(nil), MaxSize+1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("size: got %v, want ErrTooLarge", err)
	}
	le := binary.LittleEndian
	set := func(change func(b []byte, root int)) error {
		b := hivetest.Build(hivetest.Key{Name: "ROOT", Subkeys: []hivetest.Key{{Name: "k"}},
			Values: []hivetest.Value{{Name: "v", Type: 3, Data: make([]byte, 100)}}})
		change(b, int(le.Uint32(b[36:]))+4100)
		return dump(io.Discard, open(t, b), "", 0)
	}
	for name, err := range map[string]error{
		"subkeys": set(func(b []byte, root int) { le.PutUint32(b[root+20:], MaxSubkeys+1) }),
		"values":  set(func(b []byte, root int) { le.PutUint32(b[root+36:], MaxValues+1) }),
		"data": set(func(b []byte, root int) {
			v := le.Uint32(b[4100+le.Uint32(b[root+40:]):])
			le.PutUint32(b[4100+v+4:], MaxData+1)
		}),
	} {
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
	}
}

// A key that is its own child ends nothing but a path that goes on for ever.
func TestLoop(t *testing.T) {
	b := hivetest.Build(hivetest.Key{Name: "ROOT", Subkeys: []hivetest.Key{{Name: "k"}}})
	le := binary.LittleEndian
	root := le.Uint32(b[36:])
	list := le.Uint32(b[4100+root+28:])
	le.PutUint32(b[4100+list+4:], root)
	names, err := open(t, b).Subkeys(strings.TrimSuffix(strings.Repeat(`ROOT\`, 100), `\`))
	if err != nil || !cmp.Equal(names, []string{"ROOT"}) {
		t.Errorf("got %q, %v", names, err)
	}
}

func FuzzHive(f *testing.F) {
	f.Add(hivetest.Build(example())[4096:12288], uint32(4096), true)
	f.Add(hivetest.Build(hivetest.Key{Name: "R", Subkeys: []hivetest.Key{{Name: "k", Values: []hivetest.Value{hivetest.DWORD("d", 1)}}}})[4096:], uint32(0), false)
	f.Fuzz(func(t *testing.T, bins []byte, root uint32, old bool) {
		// The base block is given, so that the fuzzer need not find its checksum.
		b := make([]byte, 4096, 4096+len(bins)+4096)
		b = append(b, bins...)
		b = append(b, make([]byte, (4096-len(bins)%4096)%4096)...)
		le := binary.LittleEndian
		copy(b, "regf")
		le.PutUint32(b[20:], 1)
		le.PutUint32(b[24:], 5)
		if old {
			le.PutUint32(b[24:], 3)
		}
		le.PutUint32(b[32:], 1)
		le.PutUint32(b[36:], root)
		le.PutUint32(b[40:], uint32(len(b)-4096))
		hivetest.Seal(b)
		h, err := Open(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			err = dump(&limited{n: 1 << 16}, h, "", 0)
		}
		if err != nil && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
}

// limited is a writer that takes n bytes and drops the rest.
type limited struct{ n int }

func (l *limited) Write(b []byte) (int, error) { l.n -= len(b); return len(b), nil }
