package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A Watcher notices that files changed in the folders where users work, between two
// scans, so that the next one need not wait for its day. It reads no file: what changed
// is for the scan and its cache to find out.
//
// It watches no more than a machine has to spare: ordinary folders (not those whose name
// begins with a dot, where programs keep their own things) down to a depth and up to a
// number. What lies beyond is seen by the next full scan.
type Watcher struct {
	// Roots are the folders to watch; empty: UserFolders.
	Roots []string
	// Quiet is how long nothing must change before Changed is called: a copy in
	// progress is not worth looking at. Default one minute.
	Quiet time.Duration
	// Every is the shortest time between two calls. Default one hour.
	Every time.Duration
	// Folders is how many are watched at most. Default 4,096.
	Folders int
	// Changed is called when something changed, or may have.
	Changed func()
}

// watchDepth is how many levels below a root are watched.
const watchDepth = 8

// Run watches until the context ends. It fails when the system allows no watches at all.
func (w Watcher) Run(ctx context.Context) error {
	w = w.withDefaults()
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch user folders: %w", err)
	}
	defer func() { _ = notify.Close() }() // its goroutine ends with it
	t := &watched{Watcher: w, notify: notify}
	for _, root := range w.Roots {
		t.add(root, 0)
	}
	return t.loop(ctx)
}

func (w Watcher) withDefaults() Watcher {
	if len(w.Roots) == 0 {
		w.Roots = UserFolders()
	}
	if w.Quiet <= 0 {
		w.Quiet = time.Minute
	}
	if w.Every <= 0 {
		w.Every = time.Hour
	}
	if w.Folders <= 0 {
		w.Folders = 4096
	}
	return w
}

// watched is a Watcher that runs.
type watched struct {
	Watcher
	notify *fsnotify.Watcher
	count  int
}

// add watches a folder and those below it. Folders that are gone or closed to us are left out.
func (t *watched) add(dir string, depth int) {
	if t.count >= t.Folders || depth > watchDepth {
		return
	}
	if err := t.notify.Add(dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return
		}
		t.count = t.Folders // the system has no more watches to give
		return
	}
	t.count++
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") { // IsDir is false for a link: none is followed
			t.add(filepath.Join(dir, e.Name()), depth+1)
		}
	}
}

// loop gathers events until things are quiet, and then tells.
func (t *watched) loop(ctx context.Context) error {
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	defer quiet.Stop()
	var told time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-t.notify.Events:
			if !ok {
				return errors.New("watch user folders: the system ended it")
			}
			if !t.matters(e) {
				continue
			}
		case _, ok := <-t.notify.Errors:
			if !ok {
				return errors.New("watch user folders: the system ended it")
			}
			// Mostly an overflow: something changed, nobody knows what.
		case <-quiet.C:
			told = time.Now()
			t.Changed()
			continue
		}
		wait := t.Quiet
		if !told.IsZero() {
			wait = max(wait, t.Every-time.Since(told))
		}
		quiet.Reset(wait)
	}
}

// matters tells whether an event may be new content, and watches new folders.
func (t *watched) matters(e fsnotify.Event) bool {
	if strings.HasPrefix(filepath.Base(e.Name), ".") {
		return false
	}
	if e.Has(fsnotify.Create) {
		if info, err := os.Lstat(e.Name); err == nil && info.IsDir() {
			t.add(e.Name, strings.Count(e.Name, string(filepath.Separator))-t.rootDepth(e.Name))
		}
	}
	return e.Has(fsnotify.Create) || e.Has(fsnotify.Write)
}

// rootDepth is the number of separators in the root that a path lies below.
func (t *watched) rootDepth(path string) int {
	for _, root := range t.Roots {
		if strings.HasPrefix(path, root) {
			return strings.Count(root, string(filepath.Separator))
		}
	}
	return 0
}
