package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
	"vigia/collector/web"
)

// packages makes the packages of acts that somebody asks for in the portal, one at a time,
// into the data folder. A package can be made again at any time, so that none is kept for
// longer than the collector serves.
type packages struct {
	col  *Collector
	asks chan string

	mu   sync.Mutex
	jobs map[string]web.PackageState // guarded by mu, by act
}

// packagesDir is the folder of the packages inside the data folder.
const packagesDir = "paquetes"

func newPackages(c *Collector) *packages {
	return &packages{col: c, asks: make(chan string, 64), jobs: map[string]web.PackageState{}}
}

// Run makes what is asked for until the context ends.
func (p *packages) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case act := <-p.asks:
			p.make(ctx, act)
		}
	}
}

func (p *packages) set(act string, change func(*web.PackageState)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := p.jobs[act]
	change(&state)
	p.jobs[act] = state
}

// make makes the package of one act.
func (p *packages) make(ctx context.Context, act string) {
	started := time.Now()
	sum, size, err := p.write(ctx, act)
	p.set(act, func(s *web.PackageState) {
		if s.Making = false; err != nil {
			s.Failed = true
			return
		}
		*s = web.PackageState{Made: p.col.now(), Size: size, Key: sum.Key, Warnings: sum.Warnings}
	})
	switch {
	case ctx.Err() != nil:
	case err != nil:
		p.col.logger.ErrorContext(ctx, "package of a review not made", "act", act, "error", err)
	default:
		p.col.logger.InfoContext(ctx, "package of a review made", "act", act, "bytes", size, "took_ms", time.Since(started).Milliseconds())
	}
}

func (p *packages) write(ctx context.Context, act string) (report.Summary, int64, error) {
	if err := os.MkdirAll(filepath.Join(p.col.Dir, packagesDir), 0o700); err != nil {
		return report.Summary{}, 0, err
	}
	sum, err := p.col.ExportAct(ctx, act, p.file(act), func(done, total int64) {
		p.set(act, func(s *web.PackageState) { s.Done, s.Total = done, total })
	})
	if err != nil {
		return report.Summary{}, 0, err
	}
	info, err := os.Stat(p.file(act))
	if err != nil {
		return report.Summary{}, 0, err
	}
	return sum, info.Size(), nil
}

func (p *packages) file(act string) string {
	return filepath.Join(p.col.Dir, packagesDir, "revision-"+filepath.Base(strings.ToUpper(act))+".zip")
}

// Ask implements web.Packages.
func (p *packages) Ask(act string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.jobs[act].Making {
		return
	}
	select {
	case p.asks <- act:
		p.jobs[act] = web.PackageState{Making: true}
	default: // so many wait that one more would not be made today
		p.jobs[act] = web.PackageState{Failed: true}
	}
}

// State implements web.Packages.
func (p *packages) State(act string) web.PackageState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.jobs[act]
}

// Open implements web.Packages.
func (p *packages) Open(act string) (io.ReadSeekCloser, error) { return os.Open(p.file(act)) }

// ExportAct writes the package of an act to a file, which appears only when it is whole.
func (c *Collector) ExportAct(ctx context.Context, id, file string, progress func(done, total int64)) (report.Summary, error) {
	return c.exportTo(ctx, file, func(ctx context.Context, tx *storage.Tx) (report.Input, error) {
		a, err := c.Reviews.Find(ctx, tx, id)
		if err != nil {
			return report.Input{}, err
		}
		snap, err := c.Reviews.Snapshot(ctx, tx, a)
		return report.Input{Snapshot: snap, Act: a, Progress: progress}, err
	})
}

// FindAct reads an act; nil when there is none.
func (c *Collector) FindAct(ctx context.Context, id string) (a *reviews.Act, err error) {
	err = c.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		a, err = c.Reviews.Find(ctx, tx, id)
		return err
	})
	if errors.Is(err, reviews.ErrNoAct) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the act: %w", err)
	}
	return a, nil
}
