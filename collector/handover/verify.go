package handover

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrPackage says that a file is no package of a handover.
var ErrPackage = errors.New("this is no package of a handover")

// maxFile bounds a file of a package that is read, in bytes.
const maxFile = 1 << 30

// Verified is what became of checking a package.
type Verified struct {
	Manifest string   // SHA-256 of the list, to compare with the signed act
	Files    int      // that are as the list says
	Wrong    []string // what is not, in Spanish
}

// Verify checks the files of a package against its list. That the list is the one that was
// signed, only the act or the evidence log can tell.
func Verify(r io.ReaderAt, size int64) (Verified, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return Verified{}, fmt.Errorf("%w: %w", ErrPackage, err)
	}
	sums := map[string]string{}
	var list []byte
	var out Verified
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			return Verified{}, fmt.Errorf("%s: %w", f.Name, err)
		}
		h := sha256.New()
		var w io.Writer = h
		var kept strings.Builder
		if f.Name == ManifestFile {
			w = io.MultiWriter(h, &kept)
		}
		_, err = io.Copy(w, io.LimitReader(in, maxFile))
		if err = errors.Join(err, in.Close()); err != nil {
			out.Wrong = append(out.Wrong, f.Name+": no se puede leer")
			continue
		}
		if _, twice := sums[f.Name]; twice {
			out.Wrong = append(out.Wrong, f.Name+": está dos veces")
		}
		sums[f.Name] = hex.EncodeToString(h.Sum(nil))
		if f.Name == ManifestFile {
			list = []byte(kept.String())
		}
	}
	if list == nil {
		return Verified{}, fmt.Errorf("%w: it holds no %s", ErrPackage, ManifestFile)
	}
	out.Manifest = sums[ManifestFile]
	delete(sums, ManifestFile)
	delete(sums, ActFile)
	delete(sums, ActDraftFile)
	for line := range strings.Lines(string(list)) {
		want, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		got, there := sums[name]
		switch {
		case !ok:
			out.Wrong = append(out.Wrong, "una línea de la lista no se entiende")
		case !there:
			out.Wrong = append(out.Wrong, name+": falta")
		case got != want:
			out.Wrong = append(out.Wrong, name+": cambió")
		default:
			out.Files++
		}
		delete(sums, name)
	}
	for name := range sums {
		out.Wrong = append(out.Wrong, name+": no está en la lista")
	}
	return out, nil
}
