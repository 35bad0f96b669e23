package report

import (
	"archive/zip"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits of a package that somebody hands in. The largest that Export makes,
// of thousands of machines, is far below.
const (
	maxFiles    = 64
	maxFile     = 512 << 20 // bytes, inflated
	maxPackage  = 1 << 30   // bytes, inflated, all files together
	maxInflated = 200       // times its compressed size
)

// readPackage inflates the files of a package, by their names inside its
// folder.
func readPackage(r io.ReaderAt, size int64) (map[string][]byte, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be opened as a zip file", ErrPackage)
	}
	if len(z.File) == 0 || len(z.File) > maxFiles {
		return nil, fmt.Errorf("%w: it holds %d files", ErrPackage, len(z.File))
	}
	files, folder, total := map[string][]byte{}, "", int64(0)
	for _, f := range z.File {
		first, name, ok := strings.Cut(f.Name, "/")
		if !ok || name == "" || path.Clean(name) != name || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "..") || printable(f.Name) != f.Name {
			return nil, fmt.Errorf("%w: it holds a file where none belongs", ErrPackage)
		}
		if folder == "" {
			folder = first
		}
		if first != folder || files[name] != nil {
			return nil, fmt.Errorf("%w: it holds %s twice, or in two folders", ErrPackage, name)
		}
		b, err := inflate(f, min(maxFile, maxPackage-total))
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrPackage, name, err)
		}
		total += int64(len(b))
		files[name] = b
	}
	for _, name := range []string{fileManifest, fileSums, fileSignature, fileDocument, fileCheckpoint, fileKey, fileTree, fileLeaves} {
		if _, ok := files[name]; !ok {
			return nil, fmt.Errorf("%w: %s is missing", ErrPackage, name)
		}
	}
	return files, nil
}

// inflate reads one file. What it says of its size is not believed.
func inflate(f *zip.File, limit int64) ([]byte, error) {
	limit = min(limit, int64(f.CompressedSize64+1)*maxInflated)
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("cannot be read")
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("is damaged")
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("inflates to more than %d bytes", limit)
	}
	if b == nil {
		b = []byte{}
	}
	return b, nil
}
