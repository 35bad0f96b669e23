// Package schedule decides when each entry of a policy is measured, and what of
// the results is reported when.
//
// A Scheduler runs tasks at their cadence: all of them at the start, light ones
// one after the other, heavy ones one at a time beside them. A Ledger remembers
// what was reported last and drafts the next report: at once when a state
// changed, at least once an hour, with every entry once a day; facts that the
// collector has go whole once a week. Neither stalls when the
// clock jumps or the machine sleeps: what is due is told by the monotonic clock
// or by the wall clock, whichever comes first. The package runs no check itself
// and sends nothing.
package schedule

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"sync"
	"time"
)

// lookAgain bounds a wait, so that a jump of the wall clock is noticed.
const lookAgain = time.Minute

// Task is one thing to do again and again.
type Task struct {
	ID string
	// Version changes when the task does: then it runs at once.
	Version string
	// Every is the longest time between two runs; it is shortened by up to a
	// tenth, for each machine differently.
	Every time.Duration
	// Deadline ends the context of a run; zero for none.
	Deadline time.Duration
	// Heavy tasks run one at a time, beside the light ones.
	Heavy bool
	Run   func(context.Context)
}

// Options of a Scheduler.
type Options struct {
	// Seed makes the jitter of this machine: its agent id.
	Seed string
	// Wall is the wall clock; nil means time.Now.
	Wall func() time.Time
	// Idle is called when all that was due has run, from the goroutine that
	// ran it.
	Idle func(context.Context)
}

// Scheduler runs tasks. It is safe for concurrent use.
type Scheduler struct {
	opts Options

	mu    sync.Mutex
	tasks []*scheduled
	wake  chan struct{} // closed when tasks changed
}

type scheduled struct {
	Task
	last moment // when the last run began; zero: never
	runs uint64
	soon bool // runs next, whenever it ran last
}

// New returns a Scheduler without tasks.
func New(opts Options) *Scheduler {
	if opts.Wall == nil {
		opts.Wall = time.Now
	}
	if opts.Idle == nil {
		opts.Idle = func(context.Context) {}
	}
	return &Scheduler{opts: opts, wake: make(chan struct{})}
}

// Set replaces the tasks. Those that are new or changed run at once, the
// others go on as they were.
func (s *Scheduler) Set(tasks []Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := map[string]*scheduled{}
	for _, t := range s.tasks {
		old[t.ID] = t
	}
	s.tasks = nil
	for _, t := range tasks {
		next := &scheduled{Task: t}
		if was := old[t.ID]; was != nil && was.Version == t.Version {
			next.last, next.runs, next.soon = was.last, was.runs, was.soon
		}
		s.tasks = append(s.tasks, next)
	}
	close(s.wake)
	s.wake = make(chan struct{})
}

// Soon has the task of an ID run next, and not only when it is due: something happened
// that it measures. A task that is running runs once more.
func (s *Scheduler) Soon(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tasks {
		t.soon = t.soon || t.ID == id
	}
	close(s.wake)
	s.wake = make(chan struct{})
}

// Run runs tasks until the context ends, and returns when none is running.
func (s *Scheduler) Run(ctx context.Context) {
	var lanes sync.WaitGroup
	for _, heavy := range []bool{false, true} {
		lanes.Go(func() { s.lane(ctx, heavy) })
	}
	lanes.Wait()
}

// lane runs the tasks of one kind, one after the other.
func (s *Scheduler) lane(ctx context.Context, heavy bool) {
	ran := false
	for ctx.Err() == nil {
		task, wait, wake := s.next(heavy)
		if task != nil {
			run(ctx, task.Task)
			ran = true
			continue
		}
		if ran {
			s.opts.Idle(ctx)
			ran = false
			continue // it may have taken long
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-wake:
		}
		timer.Stop()
	}
}

func run(ctx context.Context, t Task) {
	if t.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.Deadline)
		defer cancel()
	}
	t.Run(ctx)
}

// next takes the task that is most overdue, or tells how long to wait for one.
func (s *Scheduler) next(heavy bool) (*scheduled, time.Duration, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := at(s.opts.Wall)
	wait := lookAgain
	var due *scheduled
	for _, t := range s.tasks {
		if t.Heavy != heavy {
			continue
		}
		left := time.Duration(-1 << 62) // never run: before all others
		if t.runs > 0 && t.soon {
			left = 0
		} else if t.runs > 0 {
			left = s.interval(t) - t.last.until(now)
		}
		if left <= 0 && (due == nil || left < wait) {
			due = t
		}
		wait = min(wait, left)
	}
	if due != nil {
		due.last = now
		due.soon = false
		due.runs++
	}
	return due, wait, s.wake
}

// interval is the time from the last run to the next.
func (s *Scheduler) interval(t *scheduled) time.Duration {
	h := fnv.New64a()
	h.Write([]byte(s.opts.Seed + "\x00" + t.ID))
	h.Write(binary.BigEndian.AppendUint64(nil, t.runs))
	part := float64(h.Sum64()>>11) / (1 << 53)
	return t.Every - time.Duration(part*float64(t.Every)/10)
}

// moment is a reading of both clocks.
type moment struct {
	mono time.Time // with its monotonic reading; zero if it was another process
	wall time.Time // without
}

func at(wall func() time.Time) moment {
	return moment{mono: time.Now(), wall: wall().Round(0)}
}

// until is the time from m to now: by the clock that shows more of it. The
// monotonic clock stands still while a machine sleeps, the wall clock may have
// been set back.
func (m moment) until(now moment) time.Duration {
	wall := now.wall.Sub(m.wall)
	if m.mono.IsZero() {
		if wall < 0 {
			return 1 << 62 // from the future: nothing is known
		}
		return wall
	}
	return max(wall, now.mono.Sub(m.mono))
}

// Once runs each task a single time, the light ones first.
func Once(ctx context.Context, tasks []Task) {
	for _, heavy := range []bool{false, true} {
		for _, t := range tasks {
			if t.Heavy == heavy && ctx.Err() == nil {
				run(ctx, t)
			}
		}
	}
}
