package scan

import (
	"context"
	"sync/atomic"
	"time"
)

// Progress says how far a scan is.
type Progress struct {
	Files, Bytes int64 // done; a file that is left alone counts as read
	// TotalFiles and TotalBytes are what there is to do as far as it has been counted:
	// an estimate, for the tree may change. They still grow while Counted is false.
	TotalFiles, TotalBytes int64
	Counted                bool
}

// progressEvery is the time between two calls of Options.Progress.
const progressEvery = 200 * time.Millisecond

// progress is kept up to date by all goroutines of a run.
type progress struct {
	files, bytes           atomic.Int64
	totalFiles, totalBytes atomic.Int64
	counted                atomic.Bool
}

// done counts files of which so many bytes were to be read.
func (p *progress) done(files int, planned int64) {
	p.files.Add(int64(files))
	p.bytes.Add(planned)
}

func (p *progress) now() Progress {
	return Progress{
		Files: p.files.Load(), Bytes: p.bytes.Load(),
		TotalFiles: p.totalFiles.Load(), TotalBytes: p.totalBytes.Load(), Counted: p.counted.Load(),
	}
}

// showProgress counts what there is to do and calls Options.Progress, in goroutines
// that the function it returns stops and waits for.
func (s *session) showProgress(ctx context.Context, roots []string) (stop func()) {
	show := s.opts.Progress
	if show == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	counted, shown := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(counted)
		s.count(ctx, roots)
	}()
	go func() {
		defer close(shown)
		ticks := time.NewTicker(progressEvery)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				s.mu.Lock()
				show(s.progress.now())
				s.mu.Unlock()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-counted
		<-shown
		show(s.progress.now())
	}
}

// count walks the roots without opening a file.
func (s *session) count(ctx context.Context, roots []string) {
	w := &walker{
		depth: s.opts.MaxDepth, otherMounts: s.opts.OtherMounts,
		report: func(string, FileResult) error { return nil },
		visit: func(f *found) error {
			s.progress.totalFiles.Add(1)
			s.progress.totalBytes.Add(planned(f.facts.Size, s.opts.File))
			return nil
		},
	}
	w.walkOn(1)
	for _, r := range roots {
		if err := w.walk(ctx, r); err != nil {
			return // the end of the context: the count stays an estimate
		}
	}
	s.progress.counted.Store(true)
}
