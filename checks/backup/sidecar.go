package backup

import (
	"bytes"
	"context"
	"crypto/md5"  //nolint:gosec // what is beside the copy
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"
	"strings"

	"vigia/checks"
	"vigia/checks/format/intact"
	"vigia/checks/host"
)

// maxSidecar bounds a file of checksums, as sha256sum writes it.
const maxSidecar = 64 << 10

// sidecar is the checksum that somebody put beside a copy: padron.bak.sha256. It verifies
// what the copy's own format does not.
type sidecar struct {
	path string
	new  func() hash.Hash
}

// beside finds the checksum of a copy, the strongest one.
func (l *looker) beside(name string, names map[string]host.FileInfo) *sidecar {
	for _, s := range []sidecar{{".sha512", sha512.New}, {".sha256", sha256.New}, {".sha1", sha1.New}, {".md5", md5.New}} {
		if e, ok := names[l.fold(name+s.path)]; ok && e.Mode.IsRegular() && e.Size <= maxSidecar {
			return &sidecar{join(l.h.OS, l.d.Copies, e.Name), s.new}
		}
	}
	return nil
}

// compareSum compares a copy with the checksum beside it. A file that holds none says
// nothing.
func (l *looker) compareSum(ctx context.Context, p part, res intact.Result) (intact.Result, string) {
	text, err := l.h.Files.ReadRange(ctx, p.sum.path, 0, maxSidecar)
	if err != nil {
		return res, ""
	}
	sum := p.sum.new()
	want := sumIn(text, sum.Size(), lastPart(l.h.OS, p.path))
	if want == nil {
		return res, ""
	}
	at := &reader{ctx: ctx, files: l.h.Files, path: p.path, size: p.size}
	if _, err := io.Copy(sum, io.NewSectionReader(at, 0, p.size)); err != nil {
		return res, checks.WhyUnread(err)
	}
	if !bytes.Equal(sum.Sum(nil), want) {
		res.Damage = intact.Checksum
	}
	res.Depth, res.Limit = intact.Whole, ""
	return res, ""
}

// sumIn finds a checksum of so many bytes: that of the line which names the copy, or the
// only one. Both forms are read, "SUM *NAME" and "SHA256 (NAME) = SUM".
func sumIn(text []byte, size int, name string) []byte {
	var only []byte
	n := 0
	for line := range strings.Lines(string(text)) {
		for word := range strings.FieldsSeq(line) {
			sum, err := hex.DecodeString(word)
			if err != nil || len(sum) != size {
				continue
			}
			if strings.Contains(line, name) {
				return sum
			}
			only = sum
			n++
		}
	}
	if n != 1 {
		return nil
	}
	return only
}
