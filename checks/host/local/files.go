package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"vigia/checks/host"
)

// maxEntries bounds one directory: a listing longer than this is
// host.ErrTooBig.
const maxEntries = 500_000

// files is the Files facet over a mount, which is opened for each question: a
// host that is no longer used must not keep a directory open.
type files struct{ mount mount }

type mount interface{ begin() (tree, error) }

// tree is a file system under the names of the machine it belongs to. Every
// name but that of clean has passed through clean. It is used by one question
// and ended by it.
type tree interface {
	end()
	// clean checks that a name is absolute and brings it to one spelling.
	clean(name string) (string, error)
	join(dir, name string) string
	base(name string) string
	// open opens for reading what name leads to, and never blocks.
	open(name string) (*os.File, error)
	stat(name string) (entry, error)
	lstat(name string) (entry, error)
	// access returns the access list of what name leads to.
	access(name string) (host.Access, error)
}

// entry is a FileInfo with the number of the file system that holds it; 0 on
// systems where file systems are told apart by reparse points.
type entry struct {
	info   host.FileInfo
	device uint64
}

// begin opens the file system for a question about name, which comes back
// clean.
func (f files) begin(ctx context.Context, name string) (tree, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	t, err := f.mount.begin()
	if err != nil {
		return nil, "", err
	}
	name, err = t.clean(name)
	if err != nil {
		t.end()
		return nil, "", err
	}
	return t, name, nil
}

// ReadFile implements host.Files. Anything but a regular file is refused.
func (f files) ReadFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	return f.read(ctx, name, func(file *os.File, size int64) ([]byte, error) {
		return readAll(ctx, file, size, limit)
	})
}

// ReadRange implements host.Files. Anything but a regular file is refused.
func (f files) ReadRange(ctx context.Context, name string, offset, length int64) ([]byte, error) {
	if offset < 0 || length < 0 || length > maxRange {
		return nil, fmt.Errorf("read %s: %d bytes at %d: %w", name, length, offset, fs.ErrInvalid)
	}
	return f.read(ctx, name, func(file *os.File, size int64) ([]byte, error) {
		if size > 0 { // files of /proc claim 0
			length = min(length, max(size-offset, 0))
		}
		data := make([]byte, length)
		n, err := file.ReadAt(data, offset)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return data[:n], err
	})
}

// maxRange bounds the part of a file that ReadRange returns, in bytes.
const maxRange = 64 << 20

// read opens a regular file for one of the two.
func (f files) read(ctx context.Context, name string, contents func(file *os.File, size int64) ([]byte, error)) ([]byte, error) {
	t, name, err := f.begin(ctx, name)
	if err != nil {
		return nil, err
	}
	defer t.end()
	// Asked before opening, since opening some devices has effects, and again
	// of what was opened, since the first answer may be out of date by then.
	before, err := t.stat(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, absent(err))
	}
	if !before.info.Mode.IsRegular() {
		return nil, fmt.Errorf("read %s: %w", name, errNotRegular)
	}
	file, err := t.open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, absent(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: %w", name, errNotRegular)
	}
	data, err := contents(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

var (
	errNotRegular   = errors.New("not a regular file")
	errNotDirectory = errors.New("not a directory")
)

// readAll reads r to its end. size is what the file claims: files of /proc
// claim 0, and any file may grow meanwhile.
func readAll(ctx context.Context, r io.Reader, size, limit int64) ([]byte, error) {
	limit = max(limit, 0)
	if size > limit {
		return nil, host.ErrTooBig
	}
	const chunk = 1 << 20
	data := make([]byte, 0, size+1)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(data) == cap(data) {
			data = slices.Grow(data, 4096)
		}
		n, err := r.Read(data[len(data):min(cap(data), len(data)+chunk)])
		data = data[:len(data)+n]
		if int64(len(data)) > limit {
			return nil, host.ErrTooBig
		}
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Stat implements host.Files.
func (f files) Stat(ctx context.Context, name string) (host.FileInfo, error) {
	t, name, err := f.begin(ctx, name)
	if err != nil {
		return host.FileInfo{}, err
	}
	defer t.end()
	e, err := t.stat(name)
	if err != nil {
		return host.FileInfo{}, fmt.Errorf("stat %s: %w", name, absent(err))
	}
	return e.info, nil
}

// ReadDir implements host.Files. An entry that may be listed but not looked at
// has only its name and type.
func (f files) ReadDir(ctx context.Context, name string) ([]host.FileInfo, error) {
	t, name, err := f.begin(ctx, name)
	if err != nil {
		return nil, err
	}
	defer t.end()
	listed, err := list(ctx, t, name)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", name, err)
	}
	infos := make([]host.FileInfo, 0, len(listed))
	for _, d := range listed {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, err := t.lstat(t.join(name, d.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone since it was listed
		}
		if err != nil {
			e.info = host.FileInfo{Name: d.Name(), Mode: d.Type()}
		}
		infos = append(infos, e.info)
	}
	return infos, nil
}

// Access implements host.Permissions: the list of what a path leads to, through the same
// links and inside the same root as its content.
func (f files) Access(ctx context.Context, name string) (host.Access, error) {
	t, name, err := f.begin(ctx, name)
	if err != nil {
		return host.Access{}, err
	}
	defer t.end()
	a, err := t.access(name)
	if err != nil {
		return host.Access{}, fmt.Errorf("access list of %s: %w", name, absent(err))
	}
	return a, nil
}

// list reads the names in a directory, sorted.
func list(ctx context.Context, t tree, name string) ([]fs.DirEntry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	before, err := t.stat(name)
	if err != nil {
		return nil, absent(err)
	}
	if !before.info.Mode.IsDir() {
		return nil, errNotDirectory
	}
	dir, err := t.open(name)
	if err != nil {
		return nil, absent(err)
	}
	defer dir.Close()
	var listed []fs.DirEntry
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		batch, err := dir.ReadDir(4096)
		listed = append(listed, batch...)
		if len(listed) > maxEntries {
			return nil, host.ErrTooBig
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(listed, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return listed, nil
}

// Walk implements host.Files. If root itself is a link, what it leads to is
// walked. A directory is visited once, after it was listed: with the error if
// listing did not work, and nothing below it then. A directory on another file
// system is visited and not entered. What disappears meanwhile is not visited.
func (f files) Walk(ctx context.Context, root string, visit func(string, host.FileInfo, error) error) error {
	t, root, err := f.begin(ctx, root)
	if err != nil {
		return err
	}
	defer t.end()
	top, err := t.stat(root)
	if err != nil {
		err = visit(root, host.FileInfo{Name: t.base(root)}, fmt.Errorf("stat %s: %w", root, absent(err)))
	} else {
		err = walk(ctx, t, root, top, top.device, visit)
	}
	if errors.Is(err, fs.SkipDir) || errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

func walk(ctx context.Context, t tree, name string, e entry, device uint64, visit func(string, host.FileInfo, error) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !e.info.Mode.IsDir() || e.device != device {
		return visit(name, e.info, nil)
	}
	listed, err := list(ctx, t, name)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return visit(name, e.info, fmt.Errorf("list %s: %w", name, err))
	}
	if err := visit(name, e.info, nil); err != nil {
		return err
	}
	for _, d := range listed {
		child := t.join(name, d.Name())
		e, err := t.lstat(child)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		isDir := err == nil && e.info.Mode.IsDir()
		if err != nil {
			info := host.FileInfo{Name: d.Name(), Mode: d.Type()}
			err = visit(child, info, fmt.Errorf("stat %s: %w", child, err))
		} else {
			err = walk(ctx, t, child, e, device, visit)
		}
		if errors.Is(err, fs.SkipDir) {
			if isDir {
				continue
			}
			return nil // the rest of this directory
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// absent makes fs.ErrNotExist of a path that goes through something that is
// not a directory: there, too, nothing is.
func absent(err error) error {
	if errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%w (%w)", fs.ErrNotExist, err)
	}
	return err
}
