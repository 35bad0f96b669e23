package scan

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/isolate"
)

// A task is an open file on its way to be looked into.
type task struct {
	file     isolate.File
	path     string
	owner    string
	size     int64
	modified time.Time
	folder   *folder // that it is in, and its place in there; nil: not kept
	slot     int
	limit    int64 // bytes to read of it at most, where that is less than Options.File says; 0 elsewhere
}

// A looker looks into files, in this process or in one that has no rights.
type looker interface {
	// look takes a task and closes its file, at once or later. Each task gets one call
	// of the session's taken or, once the context has ended, none. It may block.
	look(ctx context.Context, t task)
	// finish waits for the tasks that were taken, and returns what they added up to.
	finish() totals
}

// totals are counts over all files, in which a value or person that is in two of them
// counts once.
type totals struct {
	Counts, Distinct map[detect.Type]int
	Persons          int
}

// looker returns the one that the options ask for.
func (s *session) looker(ctx context.Context) (looker, error) {
	if s.opts.Worker == nil {
		return newHere(ctx, s, s.opts.Jobs), nil
	}
	t, err := newThere(ctx, s, *s.opts.Worker)
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	return t, nil
}

// here is the looker that works in this process, for where no worker can be had.
type here struct {
	s     *session
	seed  maphash.Seed
	tasks chan task
	wait  sync.WaitGroup

	mu    sync.Mutex // guards tally
	tally detect.Tally
}

func newHere(ctx context.Context, s *session, jobs int) *here {
	h := &here{s: s, seed: maphash.MakeSeed(), tasks: make(chan task)}
	for range jobs {
		h.wait.Go(func() {
			e := NewExaminer(h.seed, s.opts.File)
			e.pacer = newPacer(s.opts.Share)
			if s.opts.Credentials {
				e.forPasswords()
			}
			for t := range h.tasks {
				h.one(ctx, e, t)
			}
		})
	}
	return h
}

func (h *here) one(ctx context.Context, e *Examiner, t task) {
	defer func() { _ = t.file.Close() }() // only read
	r := e.File(ctx, t.file, t.size, t.limit)
	h.mu.Lock()
	h.tally.Merge(&e.tally)
	h.mu.Unlock()
	h.s.taken(t, r)
}

func (h *here) look(ctx context.Context, t task) {
	select {
	case h.tasks <- t:
	case <-ctx.Done():
		_ = t.file.Close() // only read
	}
}

func (h *here) finish() totals {
	close(h.tasks)
	h.wait.Wait()
	return totals{Counts: h.tally.Counts(), Distinct: h.tally.Distinct(), Persons: h.tally.Persons()}
}
