package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// machine returns a journal that systemd wrote, see testdata/make.sh.
func machine(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", name+".journal.zst"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	data, err := d.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var (
	begin    = time.Unix(1763700000, 0).UTC()
	failures = Query{Any: []Match{{"SYSLOG_FACILITY", "10"}}, Fields: []string{"MESSAGE", "SYSLOG_IDENTIFIER"}}
)

// find collects what Each yields, at most limit entries.
func (f *File) find(ctx context.Context, q Query, limit int) (entries []Entry, more bool, err error) {
	err = f.Each(ctx, q, func(e Entry) bool {
		if more = len(entries) >= limit; !more {
			entries = append(entries, e)
		}
		return !more
	})
	return entries, more, err
}

func TestEach(t *testing.T) {
	t.Parallel()
	with := func(change func(*Query)) Query {
		q := failures
		change(&q)
		return q
	}
	for _, name := range []string{"old", "compact", "online"} {
		f, err := Open(bytes.NewReader(machine(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			name  string
			query Query
			limit int
			want  int
			more  bool
		}{
			{"one value", failures, 1000, 20, false},
			{"two values", with(func(q *Query) { q.Any = append(q.Any, Match{"SYSLOG_FACILITY", "4"}) }), 1000, 23, false},
			{"one of them twice", with(func(q *Query) { q.Any = append(q.Any, Match{"SYSLOG_IDENTIFIER", "sshd"}) }), 1000, 20, false},
			{"most entries", with(func(q *Query) { q.Any = []Match{{"SYSLOG_IDENTIFIER", "demonio"}} }), 1000, 57, false},
			{"but one of another", with(func(q *Query) {
				q.None = []Match{{"MESSAGE", "Failed password for usuario01 from 192.0.2.8 port 40008 ssh2"}}
			}), 1000, 19, false},
			{"but all of them", with(func(q *Query) { q.None = []Match{{"SYSLOG_IDENTIFIER", "sshd"}} }), 1000, 0, false},
			{"but none that is there", with(func(q *Query) { q.None = []Match{{"SYSLOG_IDENTIFIER", "nadie"}} }), 1000, 20, false},
			{"no such value", with(func(q *Query) { q.Any = []Match{{"SYSLOG_IDENTIFIER", "nadie"}} }), 1000, 0, false},
			{"from a time on", with(func(q *Query) { q.Since = begin.Add(40 * time.Second) }), 1000, 10, false},
			{"later than all", with(func(q *Query) { q.Since = begin.Add(time.Hour) }), 1000, 0, false},
			{"as many as there are", failures, 20, 20, false},
			{"too many", failures, 7, 7, true},
		} {
			got, more, err := f.find(t.Context(), row.query, row.limit)
			if err != nil || len(got) != row.want || more != row.more {
				t.Errorf("%s: %s: got %d entries, %v, %v; want %d, %v", name, row.name, len(got), more, err, row.want, row.more)
				continue
			}
			if !slices.IsSortedFunc(got, func(a, b Entry) int { return b.Time.Compare(a.Time) }) {
				t.Errorf("%s: %s: not newest first", name, row.name)
			}
		}
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"old", "compact", "online"} {
		f, err := Open(bytes.NewReader(machine(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := f.find(t.Context(), failures, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range got {
			n := 76 - 4*i
			want := Entry{Time: begin.Add(time.Duration(n) * time.Second), Sequence: uint64(n + 1), Fields: map[string]string{
				"SYSLOG_IDENTIFIER": "sshd",
				"MESSAGE":           fmt.Sprintf("Failed password for usuario01 from 192.0.2.%d port %d ssh2", n, 40000+n),
			}}
			if fmt.Sprint(e) != fmt.Sprint(want) {
				t.Errorf("%s: got %v, want %v", name, e, want)
			}
		}
		long, _, err := f.find(t.Context(), Query{Any: []Match{{"SYSLOG_IDENTIFIER", "largo"}}, Fields: []string{"MESSAGE"}}, 9)
		if err != nil || len(long) != 3 {
			t.Fatalf("%s: %d long messages, %v", name, len(long), err)
		}
		if m := long[2].Fields["MESSAGE"]; !strings.HasPrefix(m, "largo 1 palabra0") || !strings.HasSuffix(m, "palabra0") || len(m) != 1087 {
			t.Errorf("%s: a compressed message came out as %d bytes, %.40q", name, len(m), m)
		}
	}
}

func TestInfo(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]State{"old": Offline, "compact": Offline, "online": Online} {
		f, err := Open(bytes.NewReader(machine(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		got := f.Info()
		if got.State != state || got.Head != 1 || got.Tail != 80 || got.Entries != 80 || len(got.Sequence) != 32 ||
			!got.First.Equal(begin) || !got.Last.Equal(begin.Add(79*time.Second)) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// Only what was asked for comes out: command lines stand beside the messages.
func TestNothingElseIsRead(t *testing.T) {
	t.Parallel()
	f, err := Open(bytes.NewReader(machine(t, "compact")))
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := f.find(t.Context(), failures, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprint(got), "secreto") {
		t.Error("a field that was not asked for was read")
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		damage func([]byte) []byte
	}{
		{"empty", func([]byte) []byte { return nil }},
		{"cut in the header", func(b []byte) []byte { return b[:100] }},
		{"another file", func([]byte) []byte { return make([]byte, 4096) }},
		{"cut in the hash table", func(b []byte) []byte { return b[:4096] }},
		{"cut before the entries", func(b []byte) []byte {
			return b[:binary.LittleEndian.Uint64(b[104:])+binary.LittleEndian.Uint64(b[112:])]
		}},
		{"objects overwritten", func(b []byte) []byte {
			from := binary.LittleEndian.Uint64(b[128:]) + 100
			for i := range b[from:] {
				b[from+uint64(i)] = 0xff
			}
			return b
		}},
		{"hash table outside", func(b []byte) []byte { binary.LittleEndian.PutUint64(b[104:], 1<<39); return b }},
	} {
		f, err := Open(bytes.NewReader(row.damage(machine(t, "compact"))))
		if err == nil {
			_, _, err = f.find(t.Context(), Query{Any: []Match{{"SYSLOG_FACILITY", "10"}, {"SYSLOG_FACILITY", "3"}}, Fields: failures.Fields}, 100)
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v", row.name, err)
		}
	}
	b := machine(t, "compact")
	b[12] |= 0x80
	if _, err := Open(bytes.NewReader(b)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("an unknown flag: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f, err := Open(bytes.NewReader(machine(t, "compact")))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.find(ctx, failures, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: got %v", err)
	}
}

// The vectors are of the papers and of the reference implementations.
func TestHashes(t *testing.T) {
	t.Parallel()
	var key [16]byte
	message := make([]byte, 15)
	for i := range key {
		key[i] = byte(i)
	}
	for i := range message {
		message[i] = byte(i)
	}
	if got := sipHash(key, string(message)); got != 0xa129ca6149be45e5 {
		t.Errorf("SipHash: got %x", got)
	}
	if got := lookup3(""); got != 0xdeadbeefdeadbeef {
		t.Errorf("lookup3 of nothing: got %x", got)
	}
	if got := lookup3("Four score and seven years ago"); got != 0x17770551ce7226e6 {
		t.Errorf("lookup3: got %x", got)
	}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	text := "MESSAGE=" + strings.Repeat("palabra ", 200)
	// The block that `lz4 -9` makes of it.
	block, err := hex.DecodeString("ff014d4553534147453d70616c61627261200800ffffffffffff26506162726120")
	if err != nil {
		t.Fatal(err)
	}
	size := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	var packedXZs bytes.Buffer
	w, err := xz.NewWriter(&packedXZs)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	yes := func([]byte) string { return "MESSAGE" }
	no := func([]byte) string { return "" }
	var u unpacker
	for _, row := range []struct {
		name   string
		flags  byte
		packed []byte
	}{{"xz", packedXZ, packedXZs.Bytes()}, {"lz4", packedLZ4, slices.Concat(size, block)}} {
		got, err := u.start(row.flags, row.packed, maxValue, yes)
		if err != nil || string(got) != text {
			t.Errorf("%s: got %d bytes of %d, %v: %.50q", row.name, len(got), len(text), err, got)
		}
		if got, err := u.start(row.flags, row.packed, maxValue, no); err != nil || len(got) != 64 {
			t.Errorf("%s, another field: got %d bytes, %v", row.name, len(got), err)
		}
		for n := range len(row.packed) {
			if got, err := u.start(row.flags, row.packed[:n], maxValue, yes); err == nil && len(got) > len(text) {
				t.Errorf("%s cut at %d: got %d bytes", row.name, n, len(got))
			}
		}
	}
	if _, err := u.start(packedXZ|packedZstd, nil, 1, yes); !errors.Is(err, ErrUnsupported) {
		t.Errorf("two methods: got %v", err)
	}
}

// FuzzEach changes a journal at one place.
func FuzzEach(f *testing.F) {
	whole := machine(f, "compact")
	f.Add(uint32(88), []byte{0xff, 0xff})
	f.Add(uint32(4096), []byte{1, 2, 3, 4, 5, 6, 7, 8})
	le := binary.LittleEndian
	tail := le.Uint64(whole[136:])
	f.Add(uint32(tail+8), []byte{0xff})
	whole = whole[:tail+1<<16]
	le.PutUint64(whole[96:], uint64(len(whole))-le.Uint64(whole[88:]))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		b := slices.Clone(whole)
		copy(b[int(at)%len(b):], patch[:min(len(patch), 64)])
		file, err := Open(bytes.NewReader(b))
		if err != nil {
			return
		}
		got, _, _ := file.find(t.Context(), Query{
			Any: []Match{{"SYSLOG_FACILITY", "10"}, {"SYSLOG_FACILITY", "4"}}, Fields: failures.Fields,
		}, 50)
		if len(got) > 50 {
			t.Errorf("%d entries", len(got))
		}
	})
}
