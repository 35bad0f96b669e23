package lz4

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// text is what the files of testdata hold; they were made by lz4 1.9.4 as their names
// say: -B4 or -B7, with -BD for linked blocks, -BX for checksums of blocks.
func text() string {
	var b strings.Builder
	for i := range 6000 {
		b.WriteString("Package: ejemplo")
		b.WriteString(strings.Repeat("x", i%41))
		b.WriteString("\nVersion: 1.")
		b.WriteByte(byte('0' + i*i%10))
		b.WriteString("\n\n")
	}
	return b.String()
}

func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.lz4")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := text()
		if got, err := io.ReadAll(NewReader(bytes.NewReader(bytes.Repeat(b, 2)))); err != nil || string(got) != want+want {
			t.Errorf("%s twice: %v, %d bytes, want %d", name, err, len(got), 2*len(want))
		}
		for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b))} {
			got, err := io.ReadAll(NewReader(r))
			if err != nil || string(got) != want {
				t.Errorf("%s: %v, %d bytes, want %d", name, err, len(got), len(want))
			}
		}
		for cut := range len(b) {
			if cut%97 != 0 || cut == 0 {
				continue
			}
			if _, err := io.ReadAll(NewReader(bytes.NewReader(b[:cut]))); !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrFormat) {
				t.Fatalf("%s cut at %d: %v", name, cut, err)
			}
		}
	}
}

func TestOtherThings(t *testing.T) {
	for name, row := range map[string]struct {
		data string
		want error
	}{
		"nothing":                {"", nil},
		"text":                   {"Package: a\n", ErrFormat},
		"skippable":              {"\x50\x2a\x4d\x18\x03\x00\x00\x00abc", nil},
		"skippable, cut":         {"\x50\x2a\x4d\x18\x03\x00\x00\x00a", io.ErrUnexpectedEOF},
		"another version":        {"\x04\x22\x4d\x18\x80\x40\x00", ErrFormat},
		"dictionary":             {"\x04\x22\x4d\x18\x61\x40\x00", ErrFormat},
		"block over its size":    {"\x04\x22\x4d\x18\x60\x40\x00\xff\xff\xff\x00", ErrFormat},
		"match before the start": {"\x04\x22\x4d\x18\x60\x40\x00\x04\x00\x00\x00\x10a\x05\x00", ErrFormat},
		"literals that are not":  {"\x04\x22\x4d\x18\x60\x40\x00\x01\x00\x00\x00\x40", ErrFormat},
		"length without an end":  {"\x04\x22\x4d\x18\x60\x40\x00\x02\x00\x00\x00\xf0\xff", ErrFormat},
		"no end of the frame":    {"\x04\x22\x4d\x18\x60\x40\x00\x02\x00\x00\x80ab", io.ErrUnexpectedEOF},
		"as it is, with an end":  {"\x04\x22\x4d\x18\x60\x40\x00\x02\x00\x00\x80ab\x00\x00\x00\x00", nil},
	} {
		if _, err := io.ReadAll(NewReader(strings.NewReader(row.data))); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"\x04\x22\x4d\x18\x60\x40\x00\x02\x00\x00\x80ab\x00\x00\x00\x00",
		"\x04\x22\x4d\x18\x40\x40\x00\x07\x00\x00\x00\x1fa\x01\x00\x05\x10b\x00\x00\x00\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := io.Copy(io.Discard, io.LimitReader(NewReader(bytes.NewReader(b)), 64<<20))
		// Four bits and bytes of 255 say a length: that is as far as it can grow.
		if n > int64(len(b))*256+16 {
			t.Fatalf("%d bytes of %d, %v", n, len(b), err)
		}
	})
}
