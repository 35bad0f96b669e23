package scan

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"vigia/checks/personaldata/isolate"
)

// A walker goes through the trees below some roots. It opens everything beneath the
// directory it has open already, so that nothing that others do to the tree meanwhile
// leads it out of its root; follows no link; and stays on the root's file system.
type walker struct {
	depth       int        // levels of directories below a root, at most
	otherMounts bool       // also other file systems
	cache       *cache     // nil: every file is visited
	lanes       chan *lane // that nobody walks on
	others      sync.WaitGroup

	opens bool // visit opens the files, and need not be told what they are

	// visit is given each regular file, by as many goroutines as there are lanes.
	visit func(f *found) error
	// told, if set, is called when visit may not be for a while, on the same lane.
	told func(l *lane) error
	// fail is told the error that ended another goroutine's part, and ends the others'.
	fail func(error)
	// report is given what is not visited, and why; it may be called as visit is.
	report func(path string, r FileResult) error
}

// A lane is what one goroutine of a walk uses for one directory after another.
type lane struct {
	dir    isolate.Dir
	found  found
	record record
	held   []FileResult // of visit, to be handed on by told
}

// walkOn gives the walker lanes.
func (w *walker) walkOn(lanes int) {
	w.lanes = make(chan *lane, lanes)
	for range lanes {
		w.lanes <- &lane{}
	}
}

// found is a regular file that the walk has come by.
type found struct {
	lane   *lane
	dir    *isolate.Dir // the directory it is in
	parent string       // path of the same
	name   []byte       // its name there; good until visit returns
	root   string       // its path where it is a root itself
	facts  isolate.Facts
	looked bool // facts are known; otherwise it is known to be regular, and no more
	folder *folder
}

// path is where the file is, as the user knows it.
func (f *found) path() string {
	if f.root != "" {
		return f.root
	}
	return joined(f.parent, string(f.name))
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
func newPlace(path, actual string, depth int, facts *isolate.Facts, parent dirID) place {
	p := place{path: path, actual: actual, depth: depth, device: facts.Device, hasDevice: facts.Numbered}
	p.id, p.cached = dirIDOf(facts, parent)
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
	l := <-w.lanes
	if !info.IsDir() {
		defer func() { w.lanes <- l }()
		return w.entry(l, actual, path)
	}
	facts := isolate.FactsOf(info)
	here := newPlace(path, actual, 0, &facts, dirID{})
	if here.root, err = os.OpenRoot(actual); err != nil {
		w.lanes <- l
		return w.report(path, directory(failed(err)))
	}
	err = w.directory(ctx, l, here)
	w.lanes <- l // the others may still have much to do
	w.others.Wait()
	return err
}

// directory goes through a directory, first its files and then what is below it, and
// closes it. A directory below is walked by another goroutine where a lane is free, so
// that one descriptor a level and goroutine is enough.
func (w *walker) directory(ctx context.Context, l *lane, here place) error {
	defer func() { _ = here.root.Close() }() // only read
	below, err := w.files(ctx, l, here)
	if err != nil {
		return err
	}
	slices.Sort(below)
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
		case other := <-w.lanes:
			w.others.Go(func() {
				if err := w.directory(ctx, other, next); err != nil {
					w.fail(err)
				}
				w.lanes <- other
			})
		default:
			if err := w.directory(ctx, l, next); err != nil {
				return err
			}
		}
	}
	return nil
}

// files visits the files of a directory and returns the names of its directories.
func (w *walker) files(ctx context.Context, l *lane, here place) (below []string, err error) {
	if err := l.dir.Open(here.root); err != nil {
		return nil, w.report(here.path, directory(failed(err)))
	}
	defer func() {
		_ = l.dir.Close() // only read
		err = cmp.Or(err, w.tell(l))
	}()
	var cache *cache
	if here.cached {
		cache = w.cache
	}
	folder := newFolder(cache, here.id, &l.record)
	f := &l.found
	*f = found{lane: l, dir: &l.dir, parent: here.path, folder: folder}
	for {
		entries, err := l.dir.Read()
		for _, e := range entries {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			f.name, f.looked = e.Name, false
			dir, err := w.meet(f, e, cache)
			if err != nil {
				return nil, err
			}
			if dir {
				below = append(below, string(e.Name))
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

// tell has what visit held back handed on.
func (w *walker) tell(l *lane) error {
	if w.told == nil {
		return nil
	}
	return w.told(l)
}

// meet looks at what a directory holds, and tells whether it is a directory.
func (w *walker) meet(f *found, e isolate.Entry, cache *cache) (dir bool, err error) {
	if w.opens && cache == nil && e.Regular {
		return false, w.visit(f) // what it is shows when it is open
	}
	if err := f.dir.Look(f.name, &f.facts); err != nil {
		return false, w.report(f.path(), failed(err))
	}
	if f.facts.Mode.IsDir() {
		return true, nil
	}
	f.looked = true
	return false, w.file(f)
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

// entry looks at a single file.
func (w *walker) entry(l *lane, actual, path string) error {
	root, err := os.OpenRoot(filepath.Dir(actual))
	if err != nil {
		return w.report(path, failed(err))
	}
	defer func() { _ = root.Close() }() // only read
	if err := l.dir.Open(root); err != nil {
		return w.report(path, failed(err))
	}
	defer func() { _ = l.dir.Close() }() // only read
	f := &l.found
	*f = found{lane: l, dir: &l.dir, root: path, name: []byte(filepath.Base(actual)), looked: true, folder: newFolder(nil, dirID{}, nil)}
	if err := f.dir.Look(f.name, &f.facts); err != nil {
		return w.report(path, failed(err))
	}
	return cmp.Or(w.file(f), w.tell(l))
}

// file visits a regular file that is really here, and reports anything else.
func (w *walker) file(f *found) error {
	mode := f.facts.Mode
	switch {
	case mode&fs.ModeSymlink != 0, mode&fs.ModeIrregular != 0 && runtime.GOOS == "windows": // a junction
		return w.report(f.path(), newFileResult(Skipped, ReasonLink))
	case !mode.IsRegular():
		return w.report(f.path(), newFileResult(Skipped, ReasonSpecial))
	case placeholder(&f.facts):
		return w.report(f.path(), newFileResult(Skipped, ReasonPlaceholder))
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
	facts := isolate.FactsOf(before)
	if placeholder(&facts) {
		return no(newFileResult(Skipped, ReasonPlaceholder))
	}
	below := newPlace(path, actual, here.depth+1, &facts, here.id)
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
func open(f *found) (isolate.File, Reason) {
	var now isolate.Facts
	file, err := f.dir.Take(f.name, &now)
	if err != nil {
		// A new file may have got the number of the one that is gone: the type tells too.
		if f.dir.Look(f.name, &now) == nil && (!now.Mode.IsRegular() || f.looked && !f.facts.Same(&now)) {
			return file, ReasonChanged
		}
		return file, reasonOf(err)
	}
	if !now.Mode.IsRegular() || f.looked && !f.facts.Same(&now) {
		_ = file.Close() // only read
		return file, ReasonChanged
	}
	f.facts, f.looked = now, true
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
