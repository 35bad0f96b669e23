// Package scan looks for personal data in the files of a machine, and says which files
// hold it, of which types and of how many persons, and never what it read.
//
// What always holds:
//
//   - A file that was not read whole, or not understood, is never called clean: it is
//     incomplete, unreadable or skipped, with the reason.
//   - The walk opens everything beneath a root it holds open, follows no link, opens
//     nothing but regular files, and checks after opening that it holds the file it
//     had looked at.
//   - No value that was read, and nothing computed from one but counts, leaves the
//     process. Names in paths are masked. Buffers are wiped after each file.
//   - Work is bounded: bytes and time of each file, files, bytes and time of the whole,
//     depth, and the share of a core that it may take.
//
// The work on one file is the Examiner's, who needs only an open descriptor. It runs in
// a worker process of its own without rights, and only where none can be had in this
// one. What was clean and has not changed since is not read again; see cache.
package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"vigia/checks/host"
	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/isolate"
)

// Options say what to scan and within which bounds. Zero limits mean the defaults.
type Options struct {
	// Roots are directories and files. One inside another is scanned once.
	Roots []string
	// Jobs is how many files are read at a time; 0 is one for each processor. A scan
	// with a Share reads one.
	Jobs int
	// Share is the part of one core that the scan may take, 0 < Share < 1; 0 is no bound.
	Share float64

	File     FileLimits
	MaxFiles int64         // files to read; 0 is no bound
	MaxBytes int64         // to read; 0 is no bound
	MaxTime  time.Duration // by the clock; 0 is no bound
	MaxDepth int           // levels of directories; default 128

	// OtherMounts also walks file systems other than each root's, and /proc, /sys, /dev.
	OtherMounts bool
	// Credentials looks for passwords that are written down, and for nothing else.
	Credentials bool
	// Cache is the file that remembers what was read and has not changed since; empty: none.
	Cache string
	// Worker is the program that looks into files, in a process without rights; see
	// Worker. Without one it is done in this process, which is for tests.
	Worker *isolate.Program
	// Load tells what the machine has to spare; nil: enough.
	Load func() host.Load
	// Progress, if set, is called several times a second, and a last time before Run
	// returns; never while each is.
	Progress func(Progress)
}

// maxLinked bounds how many files with several names are told apart.
const maxLinked = 1 << 20

// Run scans the roots and calls each, one call at a time, with the result of each file
// and of each directory that could not be walked. It ends early when each returns an
// error, which it returns. When the context or a limit ends it early that is no error:
// the summary says so.
func Run(ctx context.Context, opts Options, each func(FileResult) error) (Summary, error) {
	if len(opts.Roots) == 0 {
		return Summary{}, errors.New("scan: no path given")
	}
	roots := cleaned(opts.Roots)
	for _, r := range roots {
		if _, err := os.Stat(r); errors.Is(err, fs.ErrNotExist) {
			return Summary{}, fmt.Errorf("scan %s: %w", displayPath(r), fs.ErrNotExist)
		}
	}
	roots = sortedRoots(roots, isInside)
	if opts.Jobs <= 0 {
		opts.Jobs = runtime.GOMAXPROCS(0)
	}
	if opts.Share > 0 && opts.Share < 1 {
		opts.Jobs = 1
	}
	if opts.MaxDepth <= 0 {
		opts.MaxDepth = 128
	}
	opts.File = opts.File.WithDefaults()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if opts.MaxTime > 0 {
		var release context.CancelFunc
		ctx, release = context.WithTimeoutCause(ctx, opts.MaxTime, stopped(ReasonTime))
		defer release()
	}
	s := &session{opts: opts, cancel: cancel, each: each, sum: newSummary(roots), names: make(map[dirID]struct{})}
	s.rest.load = opts.Load
	if opts.Cache != "" {
		var err error // without its cache a scan is slower, and no other
		if s.cache, err = openCache(opts.cacheFile(), rulesOf(opts.File), time.Now()); err != nil {
			s.sum.CacheError = displayPath(err.Error())
		}
	}
	stopProgress := s.showProgress(ctx, roots)
	start := time.Now()
	err := s.run(ctx, roots)
	stopProgress()
	if s.cache != nil {
		_ = s.cache.close() // what it lost is read again
	}
	s.sum.TookMS = time.Since(start).Milliseconds()
	return s.sum, err
}

// A session is one run.
type session struct {
	opts   Options
	cancel context.CancelCauseFunc

	mu   sync.Mutex // guards what follows, and calls of each and Progress
	each func(FileResult) error
	sum  Summary
	err  error // of each

	cache    *cache // nil: none
	rest     yielder
	progress progress

	walk       sync.Mutex         // guards what the walking goroutines share
	dispatched int64              // regular files handed out, where that is bounded
	promised   int64              // bytes of them to read at most
	names      map[dirID]struct{} // files with more than one name that were met
}

// run walks the roots and has their files looked into, and waits for all of them.
func (s *session) run(ctx context.Context, roots []string) error {
	look, err := s.looker(ctx)
	if err != nil {
		return err
	}
	pacer := newPacer(s.opts.Share)
	w := &walker{
		depth: s.opts.MaxDepth, otherMounts: s.opts.OtherMounts, cache: s.cache,
		report: s.add, told: s.tell, fail: s.cancel, opens: true,
	}
	w.walkOn(s.opts.Jobs)
	w.visit = func(f *found) error {
		pacer.pause(ctx)
		if why := s.rest.yield(ctx); why != "" {
			return stopped(why)
		}
		return s.visit(ctx, look, f)
	}
	for _, r := range roots {
		if err = w.walk(ctx, r); err != nil {
			break
		}
	}
	sums := look.finish()
	s.sum.Counts, s.sum.Distinct, s.sum.Persons = sums.Counts, sums.Distinct, sums.Persons
	return s.end(ctx, err)
}

// visit has a file looked into, unless it is known.
func (s *session) visit(ctx context.Context, look looker, f *found) error {
	if !f.looked {
		return s.visitUnseen(ctx, look, f)
	}
	var t task
	if identity, ok := identityOf(&f.facts); ok {
		r, slot, known := f.folder.recall(identity, f.facts.Size)
		if known {
			return s.recalled(f, r)
		}
		t.folder, t.slot = f.folder, slot
	}
	t.path, t.size = f.path(), f.facts.Size
	if s.again(&f.facts) {
		return s.left(t, newFileResult(Skipped, ReasonHardLink))
	}
	if why := s.bound(&t); why != "" {
		return stopped(why)
	}
	if err := s.tell(f.lane); err != nil { // looking may take its time
		return err
	}
	file, reason := open(f)
	if reason != "" {
		return s.left(t, failedFor(reason))
	}
	t.file, t.modified, t.owner = file, f.facts.Modified, ownerOf(&f.facts)
	look.look(ctx, t)
	return nil
}

// visitUnseen is visit for a file of which nothing is known and nothing is to be kept.
func (s *session) visitUnseen(ctx context.Context, look looker, f *found) error {
	if why := s.mayRead(); why != "" {
		return stopped(why)
	}
	t := task{path: f.path()}
	file, reason := open(f)
	if reason != "" {
		return s.left(t, failedFor(reason))
	}
	t.file, t.size, t.modified, t.owner = file, f.facts.Size, f.facts.Modified, ownerOf(&f.facts)
	if s.again(&f.facts) {
		_ = file.Close() // only read
		return s.left(t, newFileResult(Skipped, ReasonHardLink))
	}
	if why := s.bound(&t); why != "" {
		_ = file.Close() // only read
		return stopped(why)
	}
	look.look(ctx, t)
	return nil
}

// again tells whether a file has been met before by another name of it.
func (s *session) again(f *isolate.Facts) bool {
	if f.Links < 2 || !f.Numbered {
		return false
	}
	id := dirID{f.Device, f.Inode}
	s.walk.Lock()
	defer s.walk.Unlock()
	if _, met := s.names[id]; met {
		return true
	}
	if len(s.names) < maxLinked {
		s.names[id] = struct{}{}
	}
	return false
}

// mayRead tells which limit keeps the scan from another file, or nothing.
func (s *session) mayRead() Reason {
	if s.opts.MaxFiles <= 0 {
		return ""
	}
	s.walk.Lock()
	defer s.walk.Unlock()
	if s.opts.MaxFiles > 0 && s.dispatched >= s.opts.MaxFiles {
		return ReasonFiles
	}
	return ""
}

// bound limits a task to what the whole scan may still read, or tells which limit ends it.
func (s *session) bound(t *task) Reason {
	if s.opts.MaxFiles <= 0 && s.opts.MaxBytes <= 0 {
		return ""
	}
	s.walk.Lock()
	defer s.walk.Unlock()
	if s.opts.MaxFiles > 0 && s.dispatched >= s.opts.MaxFiles {
		return ReasonFiles
	}
	if s.opts.MaxBytes > 0 {
		rest := s.opts.MaxBytes - s.promised
		if rest <= 0 {
			return ReasonBytes
		}
		if rest < t.size {
			t.limit = rest
		}
		s.promised += min(rest, t.size)
	}
	s.dispatched++
	return ""
}

// maxHeld is how many results of unchanged files are counted at once.
const maxHeld = 64

// recalled takes the result of a file that has not changed. A million of them come in
// seconds, by several goroutines: they are counted in batches.
func (s *session) recalled(f *found, r FileResult) error {
	r.Path = displayPath(f.path())
	l := f.lane
	if l.held = append(l.held, r); len(l.held) < maxHeld {
		return nil
	}
	return s.tell(l)
}

// tell counts the results that a lane holds back.
func (s *session) tell(l *lane) error {
	if len(l.held) == 0 {
		return nil
	}
	var bytes int64
	for i := range l.held {
		bytes += planned(l.held[i].Bytes, s.opts.File)
	}
	s.progress.done(len(l.held), bytes)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range l.held {
		if err := s.note(&l.held[i], true); err != nil {
			return err
		}
	}
	l.held = l.held[:0]
	return nil
}

// named is the result of a file whose name says that it holds passwords: it counts as
// one, whatever could be read of it.
func named(r FileResult) FileResult {
	if r.Status != Found {
		r.Status, r.Level = Found, Basic
		r.Counts = map[detect.Type]int{detect.Credential: 1}
	}
	return r
}

// cacheFile is the file of the cache: what held no person may hold a password.
func (o Options) cacheFile() string {
	if o.Credentials {
		return o.Cache + ".passwords"
	}
	return o.Cache
}

// left counts a file that is not looked into after all.
func (s *session) left(t task, r FileResult) error {
	t.folder.settle(t.slot, r)
	s.progress.done(1, planned(t.size, s.opts.File))
	return s.add(t.path, r)
}

// taken counts the result of a task.
func (s *session) taken(t task, r FileResult) {
	r.Owner = t.owner
	if s.opts.Credentials && r.Status != Skipped && detect.CredentialFileName(filepath.Base(t.path)) {
		r = named(r)
	}
	if r.Status == Found {
		r.Modified = t.modified.UTC().Format(time.DateOnly)
	}
	t.folder.settle(t.slot, r)
	s.progress.done(1, planned(t.size, s.opts.File))
	if r.Reason == ReasonBytes {
		s.cancel(stopped(ReasonBytes))
	}
	if err := s.add(t.path, r); err != nil {
		s.cancel(err)
	}
}

// end records why the walk ended, and returns the error that is the caller's own.
func (s *session) end(ctx context.Context, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		s.sum.Complete = false
		return s.err
	}
	var stop stopped
	switch {
	case errors.As(err, &stop):
		s.sum.Stopped = Reason(stop)
	case ctx.Err() != nil:
		s.sum.Stopped = stopReason(ctx)
	}
	if s.sum.Stopped != "" {
		s.sum.Complete = false
	}
	return nil
}

// add counts a result and hands it to the caller.
func (s *session) add(path string, r FileResult) error {
	r.Path = displayPath(path)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.note(&r, false)
}

// note is add for who holds the lock.
func (s *session) note(r *FileResult, unchanged bool) error {
	if s.err != nil {
		return s.err
	}
	s.sum.Files[r.Status]++
	if r.Reason != "" {
		s.sum.Reasons[r.Reason]++
	}
	if unchanged {
		s.sum.Unchanged++
	} else {
		s.sum.Bytes += r.Bytes
	}
	if r.Format == "directory" && (r.Status == Unreadable || r.Status == Incomplete) {
		s.sum.Complete = false
	}
	s.err = s.each(*r)
	return s.err
}

func newSummary(roots []string) Summary {
	sum := Summary{Complete: true, Files: map[Status]int64{}, Reasons: map[Reason]int64{}}
	for _, r := range roots {
		sum.Roots = append(sum.Roots, displayPath(r))
	}
	for _, status := range Statuses() {
		sum.Files[status] = 0
	}
	return sum
}

// planned is how many bytes of a file of some size would be read.
func planned(size int64, limits FileLimits) int64 { return min(size, limits.Bytes) }

func cleaned(paths []string) []string {
	var clean []string
	for _, p := range paths {
		clean = append(clean, filepath.Clean(p))
	}
	return clean
}

// DisplayPath is a path as results have it: it may be shown and sent.
func DisplayPath(path string) string { return displayPath(path) }

// displayPath is a path as it may be shown and sent: identifiers masked, and no bytes
// that are not text or that would move the cursor of a terminal.
func displayPath(path string) string {
	masked := detect.MaskPath(path)
	if printable(masked) {
		return masked
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(masked, string(utf8.RuneError)))
}

// printable tells whether a path is plain ASCII without control characters.
func printable(path string) bool {
	for i := range len(path) {
		if c := path[i]; c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
