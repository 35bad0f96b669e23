package bdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// load has the library itself make a database, in the format of its own tool.
func load(tb testing.TB, order string, page int, records map[string]string) []byte {
	tb.Helper()
	if _, err := exec.LookPath("db5.3_load"); err != nil {
		tb.Fatal("this test needs db5.3_load: apt-get install --no-install-recommends db5.3-util")
	}
	var in strings.Builder
	fmt.Fprintf(&in, "VERSION=3\nformat=bytevalue\ntype=hash\ndb_lorder=%s\ndb_pagesize=%d\nHEADER=END\n", order, page)
	for k, v := range records {
		fmt.Fprintf(&in, " %x\n %x\n", k, v)
	}
	in.WriteString("DATA=END\n")
	file := filepath.Join(tb.TempDir(), "Packages")
	cmd := exec.Command("db5.3_load", file)
	cmd.Stdin = strings.NewReader(in.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("db5.3_load: %v\n%s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// all reads every record, and how many made no sense.
func all(r io.ReaderAt, size int64) (records map[string]string, damaged int, err error) {
	db, err := Open(r, size)
	if err != nil {
		return nil, 0, err
	}
	records = map[string]string{}
	for r, err := range db.Records() {
		switch {
		case errors.Is(err, ErrDamaged):
			damaged++
		case err != nil:
			return records, damaged, err
		default:
			records[string(r.Key)] = string(r.Value)
		}
	}
	return records, damaged, nil
}

// What the library wrote is read, whatever the size of its pages and the order of its
// bytes: small values in pages, large ones in chains of pages, and tables that grew.
func TestRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, tt := range []struct {
		order string
		page  int
		count int
	}{{"1234", 4096, 1}, {"1234", 512, 700}, {"4321", 4096, 900}, {"1234", 65536, 300}} {
		want := map[string]string{}
		for i := range tt.count {
			value := make([]byte, []int{0, 4, 90, 3000, 40_000}[rnd.IntN(5)])
			for k := range value {
				value[k] = byte(rnd.Uint32())
			}
			want[string(binary.LittleEndian.AppendUint32(nil, uint32(i)))] = string(value)
		}
		b := load(t, tt.order, tt.page, want)
		got, damaged, err := all(bytes.NewReader(b), int64(len(b)))
		if !maps.Equal(want, got) || damaged != 0 || err != nil {
			t.Errorf("%+v: %d records of %d, %d damaged, %v", tt, len(got), len(want), damaged, err)
		}
	}
	long := map[string]string{"a": strings.Repeat("x", MaxValue+1), "b": strings.Repeat("y", MaxValue)}
	b := load(t, "1234", 4096, long)
	db, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range db.Records() {
		if cut := string(r.Key) == "a"; err != nil || len(r.Value) != MaxValue || r.Cut != cut {
			t.Errorf("%q: %d bytes, cut %v, %v", r.Key, len(r.Value), r.Cut, err)
		}
	}
}

// sample is a small database that db5.3_load made: testdata/README.
func sample(tb testing.TB) []byte {
	tb.Helper()
	b, err := os.ReadFile("testdata/Packages")
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestSample(t *testing.T) {
	b := sample(t)
	got, damaged, err := all(bytes.NewReader(b), int64(len(b)))
	want := map[string]string{"uno": "1", "dos": strings.Repeat("dos", 300), "vacío": ""}
	if !maps.Equal(want, got) || damaged != 0 || err != nil {
		t.Errorf("got %q, %d damaged, %v", got, damaged, err)
	}
}

func TestDamage(t *testing.T) {
	b := sample(t)
	with := func(at int, v ...byte) []byte {
		c := bytes.Clone(b)
		copy(c[at:], v)
		return c
	}
	table, chain := 0, 0
	for at := 512; at < len(b); at += 512 {
		switch b[at+25] {
		case typeHash, typeUnsorted:
			if binary.LittleEndian.Uint16(b[at+20:]) > 0 {
				table = at
			}
		case typeOverflow:
			if chain == 0 {
				chain = at
			}
		}
	}
	for _, tt := range []struct {
		name    string
		b       []byte
		want    error // of Open
		damaged bool
	}{
		{"empty", nil, ErrFormat, false},
		{"a text", bytes.Repeat([]byte("no es una base "), 100), ErrFormat, false},
		{"of a newer kind", with(16, 11), ErrFormat, false},
		{"a tree", with(25, 9), ErrFormat, false},
		{"encrypted", with(24, 1), ErrFormat, false},
		{"with checksums", with(26, 1), ErrFormat, false},
		{"pages of an odd size", with(20, 1), ErrFormat, false},
		{"cut off", b[:len(b)-1], ErrDamaged, false},
		{"a page of another number", with(table+8, 77), nil, true},
		{"an odd item", with(table+20, 1), nil, true},
		{"more items than fit", with(table+20, 0xFE, 0xFF), nil, true},
		{"an item outside", with(table+26, 0xFF, 0xFF), nil, true},
		{"a chain that goes on", with(chain+22, 1), nil, true},
		{"a chain through itself", with(chain+16, b[chain+8], 0, 0, 0), nil, true},
		{"a chain into the table", with(chain+25, typeHash), nil, true},
	} {
		_, damaged, err := all(bytes.NewReader(tt.b), int64(len(tt.b)))
		if !errors.Is(err, tt.want) || (damaged > 0) != tt.damaged {
			t.Errorf("%s: got %v and %d damaged", tt.name, err, damaged)
		}
	}
	broken := errors.New("disco")
	if _, _, err := all(failing{broken, 0, nil}, 1<<20); !errors.Is(err, broken) {
		t.Errorf("an error of reading: got %v", err)
	}
	if _, _, err := all(failing{broken, 600, b}, int64(len(b))); !errors.Is(err, broken) {
		t.Errorf("an error of reading a page: got %v", err)
	}
}

// failing is a file that cannot be read from somewhere on.
type failing struct {
	err  error
	from int64
	b    []byte
}

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > f.from {
		return iotest.ErrReader(f.err).Read(b)
	}
	return copy(b, f.b[at:]), nil
}

func FuzzRecords(f *testing.F) {
	f.Add(sample(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		records, _, err := all(bytes.NewReader(b), int64(len(b)))
		total := 0
		for k, v := range records {
			total += len(k) + len(v)
		}
		if err == nil && total > 2*len(b) {
			t.Errorf("%d bytes of records in %d", total, len(b))
		}
	})
}
