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

// files is the Files facet over a tree.
type files struct{ tree tree }

// tree is a file system under the names of the machine it belongs to. Every
// name but that of clean has passed through clean.
type tree interface {
	// clean checks that a name is absolute and brings it to one spelling.
	clean(name string) (string, error)
	join(dir, name string) string
	base(name string) string
	// open opens for reading what name leads to, and never blocks.
	open(name string) (*os.File, error)
	stat(name string) (entry, error)
	lstat(name string) (entry, error)
}

// entry is a FileInfo with the number of the file system that holds it; 0 on
// systems where file systems are told apart by reparse points.
type entry struct {
	info   host.FileInfo
	device uint64
}

// ReadFile implements host.Files. Anything but a regular file is refused.
func (f files) ReadFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name, err := f.tree.clean(name)
	if err != nil {
		return nil, err
	}
	// Asked before opening, since opening some devices has effects, and again
	// of what was opened, since the first answer may be out of date by then.
	before, err := f.tree.stat(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, absent(err))
	}
	if !before.info.Mode.IsRegular() {
		return nil, fmt.Errorf("read %s: %w", name, errNotRegular)
	}
	file, err := f.tree.open(name)
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
	data, err := readAll(ctx, file, info.Size(), limit)
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
	if err := ctx.Err(); err != nil {
		return host.FileInfo{}, err
	}
	name, err := f.tree.clean(name)
	if err != nil {
		return host.FileInfo{}, err
	}
	e, err := f.tree.stat(name)
	if err != nil {
		return host.FileInfo{}, fmt.Errorf("stat %s: %w", name, absent(err))
	}
	return e.info, nil
}

// ReadDir implements host.Files. An entry that may be listed but not looked at
// has only its name and type.
func (f files) ReadDir(ctx context.Context, name string) ([]host.FileInfo, error) {
	name, err := f.tree.clean(name)
	if err != nil {
		return nil, err
	}
	listed, err := f.list(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", name, err)
	}
	infos := make([]host.FileInfo, 0, len(listed))
	for _, d := range listed {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, err := f.tree.lstat(f.tree.join(name, d.Name()))
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

// list reads the names in a directory, sorted.
func (f files) list(ctx context.Context, name string) ([]fs.DirEntry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	before, err := f.tree.stat(name)
	if err != nil {
		return nil, absent(err)
	}
	if !before.info.Mode.IsDir() {
		return nil, errNotDirectory
	}
	dir, err := f.tree.open(name)
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
	if err := ctx.Err(); err != nil {
		return err
	}
	root, err := f.tree.clean(root)
	if err != nil {
		return err
	}
	top, err := f.tree.stat(root)
	if err != nil {
		err = visit(root, host.FileInfo{Name: f.tree.base(root)}, fmt.Errorf("stat %s: %w", root, absent(err)))
	} else {
		err = f.walk(ctx, root, top, top.device, visit)
	}
	if errors.Is(err, fs.SkipDir) || errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

func (f files) walk(ctx context.Context, name string, e entry, device uint64, visit func(string, host.FileInfo, error) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !e.info.Mode.IsDir() || e.device != device {
		return visit(name, e.info, nil)
	}
	listed, err := f.list(ctx, name)
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
		child := f.tree.join(name, d.Name())
		e, err := f.tree.lstat(child)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		isDir := err == nil && e.info.Mode.IsDir()
		if err != nil {
			info := host.FileInfo{Name: d.Name(), Mode: d.Type()}
			err = visit(child, info, fmt.Errorf("stat %s: %w", child, err))
		} else {
			err = f.walk(ctx, child, e, device, visit)
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
