package pe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What a resource compiler and a linker made is read again; see testdata/make.sh.
func TestReadVersion(t *testing.T) {
	want := Version{
		Product: "Notas del Valle", Company: "Informática del Valle, S. A.", Description: "Editor de notas",
		Original: "notas.exe", Internal: "notas", File: "2.1.0.7",
	}
	for _, name := range []string{"notas.exe", "notas32.exe"} {
		got, err := ReadVersion(bytes.NewReader(read(t, name)))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestNoVersion(t *testing.T) {
	file := read(t, "notas.exe")
	at := int(binary.LittleEndian.Uint32(file[60:]))
	with := func(at int, v ...byte) []byte {
		b := bytes.Clone(file)
		copy(b[at:], v)
		return b
	}
	slot := at + 24 + 112 + 16
	sections := at + 24 + int(binary.LittleEndian.Uint16(file[at+20:]))
	for _, tt := range []struct {
		name string
		b    []byte
		want error
	}{
		{"empty", nil, ErrFormat},
		{"a text", []byte("MZ, se dijo, y no era un programa: era un texto que empieza así y sigue."), ErrFormat},
		{"DOS header alone", file[:64], ErrFormat},
		{"a header far away", with(60, 0, 0, 0, 0x7F), ErrFormat},
		{"another signature", with(at, 'N', 'E'), ErrFormat},
		{"another optional header", with(at+24, 7), ErrFormat},
		{"no sections", with(at+6, 0, 0), ErrFormat},
		{"resources of size and place 0", with(slot, 0, 0, 0, 0), ErrNoVersion},
		{"fewer directories", with(at+24+108, 2), ErrNoVersion},
		{"resources outside", with(slot, 0xFF, 0xFF, 0xFF, 0x7F), ErrFormat},
		{"cut in the headers", file[:sections+10], ErrFormat},
		{"cut in the resource", file[:len(file)-600], ErrFormat},
	} {
		if _, err := ReadVersion(bytes.NewReader(tt.b)); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	broken := errors.New("disco")
	if _, err := ReadVersion(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("an error of reading: got %v", err)
	}
}

type failing struct{ err error }

func (f failing) ReadAt(b []byte, _ int64) (int, error) { return iotest.ErrReader(f.err).Read(b) }

// counting tells how much of a file was asked for.
type counting struct {
	io.ReaderAt
	n int
}

func (c *counting) ReadAt(b []byte, at int64) (int, error) {
	c.n += len(b)
	return c.ReaderAt.ReadAt(b, at)
}

// A large program costs no more than a small one.
func TestReadsLittle(t *testing.T) {
	file := append(read(t, "notas.exe"), make([]byte, 10<<20)...)
	c := &counting{ReaderAt: bytes.NewReader(file)}
	if _, err := ReadVersion(c); err != nil || c.n > 8<<10 {
		t.Errorf("read %d bytes, %v", c.n, err)
	}
}

func FuzzReadVersion(f *testing.F) {
	f.Add(read(f, "notas.exe"))
	f.Add(read(f, "notas32.exe"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &counting{ReaderAt: bytes.NewReader(b)}
		v, err := ReadVersion(c)
		if err != nil && v != (Version{}) {
			t.Errorf("an error and %+v", v)
		}
		if c.n > 1<<20 {
			t.Errorf("asked for %d bytes", c.n)
		}
	})
}
