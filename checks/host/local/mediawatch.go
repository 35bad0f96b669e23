package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"vigia/checks/host"
)

// A MediaWatch remembers which removable media were plugged in while it ran, and keeps
// that in a file over restarts. It is the Media facet of a machine that an agent serves.
type MediaWatch struct {
	file string
	now  func() time.Time
	list func() ([]host.MediaUse, error)            // what is plugged in
	boot func(context.Context) time.Time            // when the machine started; zero if not known
	off  func(context.Context) time.Time            // when it was last shut down; zero if not known
	wait func(ctx context.Context, d time.Duration) // until something happened, or d is over

	mu     sync.Mutex
	log    mediaFile
	looked bool
	saved  time.Time
	err    error // of the last look
}

// liveMedia tells what is plugged in now, when nobody watches.
type liveMedia struct{}

// Media implements host.Media.
func (liveMedia) Media(context.Context) (host.MediaLog, error) {
	uses, err := listMedia()
	return host.MediaLog{Uses: uses}, err
}

// mediaFile is what is kept.
type mediaFile struct {
	Version int             `json:"version"`
	Looked  time.Time       `json:"looked"`          // the last time
	Since   time.Time       `json:"since"`           // of the first look of all
	Ended   bool            `json:"ended,omitempty"` // the watch was ended in order, and not cut off
	Lost    time.Time       `json:"lost,omitzero"`   // the last time after which nobody looked for a while
	Uses    []host.MediaUse `json:"uses,omitempty"`
	More    int             `json:"more,omitempty"`
}

const (
	mediaVersion = 1
	// mediaKeeps is how long a use is remembered: a quarter and what a late review takes.
	mediaKeeps = 120 * 24 * time.Hour
	maxUses    = 500
	// While something is plugged in its counters are read so often; they end with it.
	mediaPace = 10 * time.Second
	mediaIdle = time.Minute
	// mediaGap is for how long nobody may look before a use may have been missed.
	mediaGap = 5 * time.Minute
	// mediaSave is how often the file tells that somebody still looks.
	mediaSave = 4 * time.Minute
)

// NewMediaWatch returns a watch that keeps its log in file. It watches while Run runs.
func NewMediaWatch(file string) *MediaWatch {
	return &MediaWatch{file: file, now: time.Now, list: listMedia, boot: bootTime, off: shutdownTime, wait: waitForMedia}
}

// Media implements host.Media. Before the first look of Run it is what is plugged in.
func (w *MediaWatch) Media(context.Context) (host.MediaLog, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return host.MediaLog{}, w.err
	}
	if !w.looked {
		uses, err := w.list()
		return host.MediaLog{Uses: uses}, err
	}
	return host.MediaLog{
		Since: w.log.Since, Lost: !w.log.Lost.IsZero() && w.now().Sub(w.log.Lost) < mediaKeeps,
		Uses: slices.Clone(w.log.Uses), More: w.log.More,
	}, nil
}

// Run watches until the context ends. It returns nil at once where the machine does not
// tell of media itself.
func (w *MediaWatch) Run(ctx context.Context) error {
	if err := w.load(ctx); err != nil {
		return fmt.Errorf("watch media: %w", err)
	}
	for ctx.Err() == nil {
		open, err := w.look()
		if errors.Is(err, host.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("watch media: %w", err)
		}
		pace := mediaIdle
		if open {
			pace = mediaPace
		}
		w.wait(ctx, pace)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log.Ended = true
	if err := w.save(); err != nil {
		return fmt.Errorf("watch media: %w", err)
	}
	return nil
}

// load reads what is kept. A damaged file is begun anew, and the loss told.
func (w *MediaWatch) load(ctx context.Context) error {
	b, err := os.ReadFile(w.file)
	now := w.now().UTC()
	var kept mediaFile
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(b)).Decode(&kept)
		if err == nil && kept.Version != mediaVersion {
			err = fmt.Errorf("version %d", kept.Version)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		kept = mediaFile{Since: now}
	case err != nil:
		kept = mediaFile{Since: now, Lost: now}
	case now.Sub(kept.Looked) > mediaGap:
		if !w.watchedToTheEnd(ctx, kept, now) {
			kept.Lost = now
		}
	}
	kept.Version = mediaVersion
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = kept
	return nil
}

// watchedToTheEnd tells whether the watch that kept a file lasted until the machine was
// shut down, and this one began as it started: while it was off nobody used anything on
// it. Where nothing tells of the shutdown, an orderly end of the watch has to do.
func (w *MediaWatch) watchedToTheEnd(ctx context.Context, kept mediaFile, now time.Time) bool {
	boot := w.boot(ctx)
	if boot.IsZero() || boot.Before(kept.Looked.Add(-time.Minute)) || now.Sub(boot) > mediaGap {
		return false
	}
	off := w.off(ctx)
	if off.IsZero() {
		return kept.Ended
	}
	return off.Sub(kept.Looked) <= mediaGap
}

// look compares what is plugged in with what was, and keeps what changed. It tells
// whether anything is plugged in.
func (w *MediaWatch) look() (open bool, err error) {
	present, err := w.list()
	now := w.now().UTC().Truncate(time.Second)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err = err; err != nil {
		return false, err
	}
	w.looked = true
	changed := now.Sub(w.saved) >= mediaSave
	w.log.Looked, w.log.Ended = now, false
	left := slices.Clone(present)
	for i := range w.log.Uses {
		u := &w.log.Uses[i]
		if !u.Until.IsZero() {
			continue
		}
		at := slices.IndexFunc(left, func(p host.MediaUse) bool { return sameMedium(*u, p) })
		if at < 0 {
			u.Until, changed = now, true
			continue
		}
		if more(u, left[at]) {
			changed = true
		}
		left = slices.Delete(left, at, at+1)
	}
	for _, p := range left {
		p.From, p.UsedBefore = now, p.Used
		w.log.Uses, changed = append(w.log.Uses, p), true
	}
	w.forget(now)
	if changed {
		// What is not on disk is lost with the next start: the check is told, and the next
		// look tries again.
		if w.err = w.save(); w.err == nil {
			w.saved = now
		}
	}
	return len(present) > 0, nil
}

// sameMedium tells whether a use goes on: the counters of a device that was pulled out
// and plugged in again begin anew.
func sameMedium(was, is host.MediaUse) bool {
	if was.Kind != is.Kind || was.Serial != is.Serial || was.Model != is.Model || was.Size != is.Size {
		return false
	}
	return was.Written == nil || is.Written == nil || *is.Written >= *was.Written
}

// more takes over what a medium in use shows now, and tells whether it shows more.
func more(u *host.MediaUse, now host.MediaUse) bool {
	grown := now.Mounted && !u.Mounted || len(now.Volumes) > len(u.Volumes) ||
		now.Written != nil && (u.Written == nil || *now.Written > *u.Written)
	u.Written, u.Read = now.Written, now.Read
	if now.Used != nil { // else its volumes are locked, or are being checked
		if u.Used == nil {
			u.UsedBefore = now.Used
		}
		grown = grown || u.Used == nil || *u.Used != *now.Used
		u.Used = now.Used
	}
	u.Mounted = u.Mounted || now.Mounted
	if len(now.Volumes) > len(u.Volumes) {
		u.Volumes = now.Volumes
	}
	return grown
}

// forget drops what is too old, and the oldest of what is too much.
func (w *MediaWatch) forget(now time.Time) {
	w.log.Uses = slices.DeleteFunc(w.log.Uses, func(u host.MediaUse) bool {
		return !u.Until.IsZero() && now.Sub(u.Until) > mediaKeeps
	})
	if n := len(w.log.Uses) - maxUses; n > 0 {
		w.log.Uses = slices.Delete(w.log.Uses, 0, n)
		w.log.More += n
	}
}

// save replaces the file as a whole.
func (w *MediaWatch) save() error {
	b, err := json.Marshal(w.log)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(w.file), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(w.file), strings.TrimSuffix(filepath.Base(w.file), ".json")+".*.tmp")
	if err != nil {
		return err
	}
	_, err = tmp.Write(b)
	if err == nil {
		err = tmp.Sync()
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return os.Rename(tmp.Name(), w.file)
}
