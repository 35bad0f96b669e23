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
	"strings"
	"sync"

	"vigia/checks/personaldata/isolate"
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
	cache       *cache        // nil: every file is visited
	spare       chan struct{} // holds a token for each further goroutine that may walk; nil: none

	opens bool // visit opens the files, and need not be told what they are

	// visit is given each regular file. With spare it is called by many goroutines.
	visit func(f found) error
	// fail is told the error that ended another goroutine's part, and ends the others'.
	fail func(error)
	// report is given what is not visited, and why; it may be called as visit is.
	report func(path string, r FileResult) error
}

// found is a regular file that the walk has come by.
type found struct {
	dir    *os.Root // the directory it is in
	list   *os.File // the same
	name   string   // its name there
	path   string
	info   fs.FileInfo // nil: it is known to be regular, and no more
	folder *folder
}

// A place is a directory that is being walked.
type place struct {
	root      *os.Root
	path      string // as the user knows it
	actual    string // absolute, without links
	depth     int
	device    uint64
	hasDevice bool
	id        dirID
	cached    bool // id tells it from all others
}

// newPlace returns the place of a directory that is not open yet.
func (w *walker) newPlace(path, actual string, depth int, info fs.FileInfo, parent dirID) place {
	p := place{path: path, actual: actual, depth: depth}
	p.device, p.hasDevice = w.attributes.deviceOf(info)
	p.id, p.cached = w.attributes.dirIDOf(info, parent)
	return p
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
	w.attributes.sys(info) // from here on it is only read
	if !info.IsDir() {
		dir, err := os.OpenRoot(filepath.Dir(actual))
		if err != nil {
			return w.report(path, failed(err))
		}
		defer func() { _ = dir.Close() }()
		return w.entry(dir, filepath.Base(actual), path)
	}
	here := w.newPlace(path, actual, 0, info, dirID{})
	here.root, err = os.OpenRoot(actual)
	if err != nil {
		return w.report(path, directory(failed(err)))
	}
	return w.directory(ctx, here)
}

// directory goes through a directory, first its files and then what is below it, and
// closes it. A directory below is walked by another goroutine where one is to spare, so
// that one descriptor a level and goroutine is enough.
func (w *walker) directory(ctx context.Context, here place) (err error) {
	defer func() { _ = here.root.Close() }() // only read
	below, err := w.files(ctx, here)
	if err != nil {
		return err
	}
	slices.Sort(below)
	var others sync.WaitGroup
	defer others.Wait()
	for _, name := range below {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		next, err := w.descend(here, name)
		switch {
		case err != nil:
			return err
		case next.root == nil:
			continue
		}
		select {
		case <-w.spare:
			others.Go(func() {
				if err := w.directory(ctx, next); err != nil {
					w.fail(err)
				}
				w.spare <- struct{}{}
			})
		default:
			if err := w.directory(ctx, next); err != nil {
				return err
			}
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
	defer func() { _ = list.Close() }() // only read
	var cache *cache
	if here.cached {
		cache = w.cache
	}
	folder := newFolder(cache, here.id)
	entriesOf, err := isolate.List(list, here.actual)
	if err != nil {
		return nil, w.report(here.path, directory(failed(err)))
	}
	defer func() { _ = entriesOf.Close() }() // only read
	for {
		entries, err := entriesOf.ReadDir(readDirBatch)
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, e := range entries {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			name := e.Name()
			f := found{dir: here.root, list: list, name: name, path: joined(here.path, name), folder: folder}
			dir, err := w.meet(&f, e, cache)
			if err != nil {
				return nil, err
			}
			if dir {
				below = append(below, name)
			}
		}
		if errors.Is(err, io.EOF) {
			folder.end()
			return below, nil
		}
		if err != nil {
			return below, w.report(here.path, directory(failed(err)))
		}
	}
}

// meet looks at what a directory holds, and tells whether it is a directory.
func (w *walker) meet(f *found, e fs.DirEntry, cache *cache) (dir bool, err error) {
	if w.opens && cache == nil && runtime.GOOS == "linux" && e.Type().IsRegular() {
		return false, w.visit(*f) // what it is shows when it is open
	}
	f.info, err = f.dir.Lstat(f.name)
	switch {
	case err != nil:
		return false, w.report(f.path, failed(err))
	case f.info.IsDir():
		return true, nil
	}
	return false, w.file(*f)
}

// joined is filepath.Join for a directory's clean path and a plain name in it.
func joined(dir, name string) string {
	if len(dir) > 0 && os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + name
	}
	if dir == "." {
		return name
	}
	return dir + string(filepath.Separator) + name
}

// entry looks at a single name in a directory.
func (w *walker) entry(dir *os.Root, name, path string) error {
	list, err := dir.Open(".")
	if err != nil {
		return w.report(path, failed(err))
	}
	defer func() { _ = list.Close() }() // only read
	info, err := dir.Lstat(name)
	if err != nil {
		return w.report(path, failed(err))
	}
	return w.file(found{dir: dir, list: list, name: name, path: path, info: info, folder: newFolder(nil, dirID{})})
}

// file visits a regular file that is really here, and reports anything else.
func (w *walker) file(f found) error {
	mode := f.info.Mode()
	switch {
	case mode&fs.ModeSymlink != 0, mode&fs.ModeIrregular != 0 && runtime.GOOS == "windows": // a junction
		return w.report(f.path, newFileResult(Skipped, ReasonLink))
	case !mode.IsRegular():
		return w.report(f.path, newFileResult(Skipped, ReasonSpecial))
	case w.attributes.placeholder(f.info):
		return w.report(f.path, newFileResult(Skipped, ReasonPlaceholder))
	}
	return w.visit(f)
}

// descend opens a directory below here, or reports what speaks against it and returns
// a place that is not open.
func (w *walker) descend(here place, name string) (place, error) {
	path, actual := joined(here.path, name), joined(here.actual, name)
	no := func(r FileResult) (place, error) { return place{}, w.report(path, directory(r)) }
	if here.depth+1 > w.depth {
		return no(newFileResult(Incomplete, ReasonDepth))
	}
	if !w.otherMounts && isVirtual(actual) {
		return no(newFileResult(Skipped, ReasonVirtual))
	}
	before, err := here.root.Lstat(name)
	if err != nil {
		return no(failed(err))
	}
	if w.attributes.placeholder(before) {
		return no(newFileResult(Skipped, ReasonPlaceholder))
	}
	below := w.newPlace(path, actual, here.depth+1, before, here.id)
	if !w.otherMounts && below.hasDevice && below.device != here.device {
		return no(newFileResult(Skipped, ReasonMount))
	}
	root, reason := openRoot(here.root, name, before)
	if reason != "" {
		return no(failedFor(reason))
	}
	below.root = root
	return below, nil
}

// open opens a regular file, and makes sure that it is the one that was met and no FIFO,
// device or link that has taken its place.
func (w *walker) open(f *found) (isolate.File, Reason) {
	file, now, err := isolate.OpenIn(f.dir, f.list, f.name)
	if err != nil {
		// A new file may have got the number of the one that is gone: the type tells too.
		if now, lstatErr := f.dir.Lstat(f.name); lstatErr == nil && (!now.Mode().IsRegular() || f.info != nil && !os.SameFile(f.info, now)) {
			return file, ReasonChanged
		}
		return file, reasonOf(err)
	}
	if !now.Mode().IsRegular() || f.info != nil && !w.attributes.same(f.info, now) {
		_ = file.Close() // only read
		return file, ReasonChanged
	}
	f.info = now
	return file, ""
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
