package scan

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
)

// readDirBatch is how many names of a directory are held at a time.
const readDirBatch = 1024

// A walker goes through the trees below some roots. It opens everything beneath the
// directory it has open already, so that nothing that others do to the tree meanwhile
// leads it out of its root; follows no link; and stays on the root's file system.
type walker struct {
	depth       int  // levels of directories below a root, at most
	otherMounts bool // also other file systems
	attributes  attributes

	// visit is given each regular file by the directory it is in and its name there.
	visit func(dir *os.Root, name, path string, info fs.FileInfo) error
	// report is given what is not visited, and why.
	report func(path string, r FileResult) error
}

// A place is a directory that is being walked.
type place struct {
	root      *os.Root
	path      string // as the user knows it
	actual    string // absolute, without links
	depth     int
	device    uint64
	hasDevice bool
}

// walk goes through one root, a directory or a single file.
func (w *walker) walk(ctx context.Context, path string) error {
	actual, err := filepath.Abs(path)
	if err == nil {
		actual, err = filepath.EvalSymlinks(actual) // a root that is a link was asked for as what it leads to
	}
	if err != nil {
		return w.report(path, failed(err))
	}
	info, err := os.Lstat(actual)
	if err != nil {
		return w.report(path, failed(err))
	}
	if !info.IsDir() {
		dir, err := os.OpenRoot(filepath.Dir(actual))
		if err != nil {
			return w.report(path, failed(err))
		}
		defer func() { _ = dir.Close() }()
		return w.entry(dir, filepath.Base(actual), path)
	}
	root, err := os.OpenRoot(actual)
	if err != nil {
		return w.report(path, directory(failed(err)))
	}
	defer func() { _ = root.Close() }()
	here := place{root: root, path: path, actual: actual}
	here.device, here.hasDevice = w.attributes.deviceOf(info)
	return w.directory(ctx, here)
}

// directory goes through a directory, first its files and then what is below it, so
// that one descriptor a level is enough.
func (w *walker) directory(ctx context.Context, here place) error {
	below, err := w.files(ctx, here)
	if err != nil {
		return err
	}
	slices.Sort(below)
	for _, name := range below {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := w.descend(ctx, here, name); err != nil {
			return err
		}
	}
	return nil
}

// files visits the files of a directory and returns the names of its directories.
func (w *walker) files(ctx context.Context, here place) (below []string, err error) {
	list, err := here.root.Open(".")
	if err != nil {
		return nil, w.report(here.path, directory(failed(err)))
	}
	defer func() { _ = list.Close() }()
	for {
		names, err := list.Readdirnames(readDirBatch)
		slices.Sort(names)
		for _, name := range names {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			info, err := here.root.Lstat(name)
			path := filepath.Join(here.path, name)
			switch {
			case err != nil:
				err = w.report(path, failed(err))
			case info.IsDir():
				below = append(below, name)
			default:
				err = w.file(here.root, name, path, info)
			}
			if err != nil {
				return nil, err
			}
		}
		if errors.Is(err, io.EOF) {
			return below, nil
		}
		if err != nil {
			return below, w.report(here.path, directory(failed(err)))
		}
	}
}

// entry looks at a single name in a directory.
func (w *walker) entry(dir *os.Root, name, path string) error {
	info, err := dir.Lstat(name)
	if err != nil {
		return w.report(path, failed(err))
	}
	return w.file(dir, name, path, info)
}

// file visits a regular file that is really here, and reports anything else.
func (w *walker) file(dir *os.Root, name, path string, info fs.FileInfo) error {
	mode := info.Mode()
	switch {
	case mode&fs.ModeSymlink != 0, mode&fs.ModeIrregular != 0 && runtime.GOOS == "windows": // a junction
		return w.report(path, newFileResult(Skipped, ReasonLink))
	case !mode.IsRegular():
		return w.report(path, newFileResult(Skipped, ReasonSpecial))
	case w.attributes.placeholder(info):
		return w.report(path, newFileResult(Skipped, ReasonPlaceholder))
	}
	return w.visit(dir, name, path, info)
}

// descend goes into a directory below here, unless something speaks against it.
func (w *walker) descend(ctx context.Context, here place, name string) error {
	below := place{
		path:   filepath.Join(here.path, name),
		actual: filepath.Join(here.actual, name),
		depth:  here.depth + 1,
	}
	if below.depth > w.depth {
		return w.report(below.path, directory(newFileResult(Incomplete, ReasonDepth)))
	}
	if !w.otherMounts && isVirtual(below.actual) {
		return w.report(below.path, directory(newFileResult(Skipped, ReasonVirtual)))
	}
	before, err := here.root.Lstat(name)
	if err != nil {
		return w.report(below.path, directory(failed(err)))
	}
	if w.attributes.placeholder(before) {
		return w.report(below.path, directory(newFileResult(Skipped, ReasonPlaceholder)))
	}
	below.device, below.hasDevice = w.attributes.deviceOf(before)
	if !w.otherMounts && below.hasDevice && below.device != here.device {
		return w.report(below.path, directory(newFileResult(Skipped, ReasonMount)))
	}
	root, reason := openRoot(here.root, name, before)
	if reason != "" {
		return w.report(below.path, directory(failedFor(reason)))
	}
	defer func() { _ = root.Close() }()
	below.root = root
	return w.directory(ctx, below)
}

// open opens a regular file, and makes sure that it is the one that info describes and
// no FIFO, device or link that has taken its place.
func open(dir *os.Root, name string, info fs.FileInfo) (*os.File, Reason) {
	flags := os.O_RDONLY
	if runtime.GOOS != "windows" {
		flags |= syscall.O_NONBLOCK | syscall.O_NOCTTY
	}
	f, err := dir.OpenFile(name, flags, 0)
	if err != nil {
		// A new file may have got the number of the one that is gone: the type tells too.
		if now, lstatErr := dir.Lstat(name); lstatErr == nil && (!now.Mode().IsRegular() || !os.SameFile(info, now)) {
			return nil, ReasonChanged
		}
		return nil, reasonOf(err)
	}
	if now, err := f.Stat(); err != nil || !now.Mode().IsRegular() || !os.SameFile(info, now) {
		_ = f.Close() // only read
		return nil, ReasonChanged
	}
	return f, ""
}

// openRoot is open for a directory: no link that has taken its place is followed, for
// even one inside the root would lead the walk in circles.
func openRoot(dir *os.Root, name string, info fs.FileInfo) (*os.Root, Reason) {
	root, err := dir.OpenRoot(name)
	if err != nil {
		if now, lstatErr := dir.Lstat(name); lstatErr == nil && (!now.IsDir() || !os.SameFile(info, now)) {
			return nil, ReasonChanged
		}
		return nil, reasonOf(err)
	}
	if now, err := root.Stat("."); err != nil || !os.SameFile(info, now) {
		_ = root.Close() // only read
		return nil, ReasonChanged
	}
	return root, ""
}

// isVirtual tells whether a directory of Linux shows the system's own state as files.
func isVirtual(path string) bool {
	if runtime.GOOS != "linux" {
		return false
	}
	return path == "/proc" || path == "/sys" || path == "/dev"
}

// directory marks a result as that of a directory.
func directory(r FileResult) FileResult {
	r.Format = "directory"
	return r
}

// isInside tells whether a path lies in the tree below another.
func isInside(child, parent string) bool {
	child, errChild := filepath.Abs(child)
	parent, errParent := filepath.Abs(parent)
	rel, err := filepath.Rel(parent, child)
	return errors.Join(errChild, errParent, err) == nil && filepath.IsLocal(rel)
}
