package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"testing"

	"vigia/collector/reviews/reviewtest"
	"vigia/collector/storage/storagetest"
)

// What is no package ends with ErrPackage, and soon.
func TestHostilePackages(t *testing.T) {
	w := reviewtest.New(t, storagetest.SQLite(t))
	b, _ := exportTown(t, w, w.Now.AddDate(0, 1, 0))
	whole := unzip(t, b)
	with := func(e ...entry) []byte { return zipEntries(t, append(entriesOf(whole), e...)...) }
	many := entriesOf(whole)
	for i := range maxFiles {
		many = append(many, entry{fmt.Sprintf("revision-2026Q4/x%d", i), nil})
	}
	without := maps.Clone(whole)
	delete(without, fileTree)
	for _, row := range []struct {
		name string
		zip  []byte
	}{
		{"empty", nil},
		{"no zip", []byte("revision")},
		{"a zip of nothing", zipEntries(t)},
		{"cut", b[:len(b)-30]},
		{"cut in the middle", b[:len(b)/2]},
		{"path above", with(entry{"revision-2026Q4/../../etc/passwd", nil})},
		{"absolute path", with(entry{"/etc/passwd", nil})},
		{"path with backslashes", with(entry{`revision-2026Q4\..\x`, nil})},
		{"a name for the terminal", with(entry{"revision-2026Q4/\x1b[2Jx", nil})},
		{"no folder", with(entry{"x", nil})},
		{"another folder", with(entry{"other/x", nil})},
		{"a folder", with(entry{"revision-2026Q4/datos/", nil})},
		{"the same file twice", with(entry{"revision-2026Q4/" + fileDocument, whole[fileDocument]})},
		{"too many files", zipEntries(t, many...)},
		{"a bomb", with(entry{"revision-2026Q4/bomb", make([]byte, 64<<20)})},
		{"a file that every package has is missing", zipped(t, without)},
	} {
		res, err := Verify(t.Context(), bytes.NewReader(row.zip), int64(len(row.zip)), VerifyOptions{Catalog: w.Catalog})
		if !errors.Is(err, ErrPackage) {
			t.Errorf("%s: got %v and %+v, want ErrPackage", row.name, err, res.Steps)
		}
	}
	lying := bytes.Clone(b) // every size in the directory says 4 GB
	for i := 0; ; {
		n := bytes.Index(lying[i:], []byte("PK\x01\x02"))
		if n < 0 {
			break
		}
		i += n
		copy(lying[i+20:], []byte{0xfe, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff})
		i += 4
	}
	if _, err := Verify(t.Context(), bytes.NewReader(lying), int64(len(lying)), VerifyOptions{Catalog: w.Catalog}); !errors.Is(err, ErrPackage) {
		t.Errorf("lying sizes: got %v, want ErrPackage", err)
	}
	if _, err := Verify(t.Context(), failing{}, 1000, VerifyOptions{Catalog: w.Catalog}); err == nil {
		t.Error("a disk that fails: got no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, bytes.NewReader(b), int64(len(b)), VerifyOptions{Catalog: w.Catalog}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, io.ErrUnexpectedEOF }
