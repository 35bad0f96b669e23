package intact

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// borgEntryOf is an entry with content and a key of one repeated byte.
func borgEntryOf(tag, key byte, content string) []byte {
	b := make([]byte, 4)
	b = binary.LittleEndian.AppendUint32(b, uint32(borgHeader+borgKey+len(content)))
	b = append(b, tag)
	b = append(b, strings.Repeat(string(rune(key)), borgKey)...)
	return append(b, content...)
}

func TestReadBorgEntry(t *testing.T) {
	seal := func(kind byte, number uint64, content int) string {
		b := append([]byte{kind}, make([]byte, 32)...)
		return string(binary.BigEndian.AppendUint64(b, number)) + strings.Repeat("x", content)
	}
	for _, tt := range []struct {
		name string
		b    []byte
		want BorgEntry
		ok   bool
	}{
		{"a commit", []byte("\x00\x00\x00\x00\x09\x00\x00\x00\x02"), BorgEntry{Size: 9}, true},
		{"a delete", borgEntryOf(borgDelete, 7, ""), BorgEntry{Size: 41, Delete: true}, true},
		{"the end of a manifest", borgEntryOf(borgDelete, 0, ""), BorgEntry{Size: 41, Delete: true, Manifest: true}, true},
		{"data", borgEntryOf(borgPut, 7, seal(3, 100, 33)), BorgEntry{Size: 41 + 41 + 33, Put: true, Sealed: true, First: 100, Next: 103}, true},
		{"a manifest", borgEntryOf(borgPut, 0, seal(5, 103, 16)), BorgEntry{Size: 41 + 41 + 16, Put: true, Manifest: true, Sealed: true, First: 103, Next: 104}, true},
		{"data without a password", borgEntryOf(borgPut, 7, seal(2, 100, 33)), BorgEntry{Size: 41 + 41 + 33, Put: true}, true},
		{"very little data", borgEntryOf(borgPut, 7, "\x03"), BorgEntry{Size: 42, Put: true}, true},
		{"of no kind", borgEntryOf(9, 7, ""), BorgEntry{}, false},
		{"cut", borgEntryOf(borgPut, 7, "")[:30], BorgEntry{}, false},
		{"too short to be one", []byte("\x00\x00\x00\x00\x08\x00\x00\x00\x02"), BorgEntry{}, false},
	} {
		got, ok := ReadBorgEntry(tt.b)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: got %+v, %v, want %+v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestBorgArchives(t *testing.T) {
	const (
		none = "\x82\xa7version\x01\xa8archives\x80"
		one  = "\x82\xa7version\x01\xa8archives\x81\xa3uno\x82\xa2id\xc4\x01x\xa4time\xba2026-11-12T02:00:00.000000"
	)
	made := []time.Time{time.Date(2026, 11, 12, 2, 0, 0, 0, time.UTC)}
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	// A block of LZ4: literals, then a match that repeats them, then literals.
	literals := func(text string) string {
		out, n := "\xf0", len(text)-15
		for ; n >= 255; n -= 255 {
			out += "\xff"
		}
		return out + string([]byte{byte(n)}) + text
	}
	for _, tt := range []struct {
		name, content string
		want          []time.Time
		ok            bool
	}{
		{"none", "\x02\x00\x00" + none, nil, true},
		{"one", "\x02\x00\x00" + one, made, true},
		{"one, in LZ4", "\x02\x01\x00" + literals(one), made, true},
		{"one, in zstd", "\x07\x03\x00" + string(w.EncodeAll([]byte(one), nil)), made, true},
		{"one, in LZ4, cut", "\x02\x01\x00" + literals(one)[:40], nil, false},
		{"in another packing", "\x02\x02\x00" + one, nil, false},
		{"no manifest", "\x02\x00\x00hola", nil, false},
		{"a time that is none", "\x02\x00\x00" + strings.Replace(one, "2026", "20x6", 1), nil, false},
		{"a time that is cut", "\x02\x00\x00" + one[:len(one)-3], nil, false},
		{"nothing", "", nil, false},
	} {
		got, ok := BorgArchives(borgEntryOf(borgPut, 0, tt.content))
		if diff := cmp.Diff(tt.want, got); ok != tt.ok || ok && diff != "" {
			t.Errorf("%s: got %v, %v, want %v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
	if got, ok := unpackLZ4([]byte("\x32abc\x03\x00\x10x"), 100); !ok || string(got) != "abcabcabcx" {
		t.Errorf("a match: got %q, %v", got, ok)
	}
	for _, bad := range []string{"\x32abc\x04\x00", "\x32abc\x00\x00", "\x32ab", "\xf0", "\x32abc\x03"} {
		if got, ok := unpackLZ4([]byte(bad), 100); ok {
			t.Errorf("%q: got %q", bad, got)
		}
	}
	if _, ok := unpackLZ4([]byte("\x3fabc\x03\x00\xff\x20\x10x"), 100); ok {
		t.Error("more than was granted was unpacked")
	}
}

func FuzzBorg(f *testing.F) {
	f.Add(borgEntryOf(borgPut, 0, "\x02\x01\x00\x32abc\x03\x00\x10x"))
	f.Add(borgEntryOf(borgPut, 0, "\x02\x00\x00\xa8archives\x80\xa4time\xba2026-11-12T02:00:00.000000"))
	f.Add(borgEntryOf(borgDelete, 7, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, ok := ReadBorgEntry(b); ok && (e.Size < borgHeader || e.Next < e.First && e.First < 1<<62) {
			t.Errorf("got %+v", e)
		}
		_, _ = BorgArchives(b)
	})
}
