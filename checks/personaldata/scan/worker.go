package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/isolate"
)

const (
	// maxInFlight is how many files a worker is given before it has told of the first,
	// and slowInFlight for one that works slowly on purpose: open files may be in the way
	// of others. All of them at once are fewer than a worker may have open.
	maxInFlight  = isolate.MaxOpen / 2
	slowInFlight = 16
	// lowInFlight is how few files a worker has when it gets more without waiting for a
	// whole batch.
	lowInFlight = 16
	// maxAlone is how many workers a file may end on its own until it is to blame: one
	// may have been ended by someone else.
	maxAlone = 2
	// maxDeaths is how many workers may die before the scan ends with an error: each
	// file that ends its worker takes maxAlone+1 of them.
	maxDeaths = 200
	// workerMemory and jobMemory are how many bytes of data a worker may have, and more
	// for each file that it reads at a time. Its collector tries to use half.
	workerMemory, jobMemory = 288 << 20, 96 << 20
	// stopGrace is how long a worker may take to end the files that it has begun.
	stopGrace = 2 * time.Second
)

var (
	errDeaths = errors.New("its worker process died too often")
	errHung   = errors.New("the worker does not come to an end")
)

// there is the looker that has a worker process work. What a worker had in hand when it
// died is given to the next one file by file: the one that ends it again is the culprit.
//
// The values and persons that a dead worker had seen are lost, so that Distinct and
// Persons then are at least what the rest has, and at least what any one file had.
type there struct {
	s       *session
	program isolate.Program
	how     setup
	most    int // files in flight

	mu       sync.Mutex // guards what follows
	room     sync.Cond  // of mu: full has become false, or nothing is taken any more
	full     bool       // most were out, and more than half of them still are
	out      int        // tasks that were taken and not released
	worker   *isolate.Worker
	pending  []*sent // not handed over yet
	flight   map[uint64]*sent
	suspects []*sent // that were in flight when a worker died
	last     uint64  // number that was given
	closing  bool    // no more tasks will come
	asked    bool    // for the sum
	stopping bool    // the context has ended
	ended    bool    // there is no worker any more, and will be none
	heard    time.Time
	used     []*sent // tasks that are done, no more than once were out
	files    []isolate.File
	batch    []byte

	watch *time.Timer
	done  chan struct{}

	// Of the goroutine that attends, until done.
	codec  *results
	landed []landing
	deaths int
	sums   totals // of what all results told
	of     totals // of the last worker, at the end
}

// sent is a task on its way.
type sent struct {
	task
	id    uint64
	shown int64 // bytes of it that the progress counts
	alone int   // workers that died with nothing else in hand
}

// newThere starts a worker and attends to it until finish.
func newThere(ctx context.Context, s *session, program isolate.Program) (*there, error) {
	t := &there{
		s: s, program: program, most: maxInFlight, flight: map[uint64]*sent{},
		done: make(chan struct{}), codec: newResults(),
		sums: totals{Counts: map[detect.Type]int{}, Distinct: map[detect.Type]int{}},
	}
	t.room.L = &t.mu
	slow := s.opts.Share > 0 && s.opts.Share < 1
	if slow {
		t.most = slowInFlight
	}
	t.program.Background = program.Background || slow
	// With one idle the runtime does not look after every system call of the others.
	t.program.Processors = s.opts.Jobs + 1
	if t.program.Memory == 0 {
		t.program.Memory = workerMemory + int64(s.opts.Jobs)*jobMemory
	}
	t.how = setup{jobs: s.opts.Jobs, share: s.opts.Share, background: t.program.Background, passwords: s.opts.Credentials, limits: s.opts.File}
	if err := t.start(ctx); err != nil {
		return nil, err
	}
	t.watch = time.AfterFunc(t.patience(), t.killSilent)
	go t.attend(ctx)
	return t, nil
}

// start starts a worker and tells it how to work.
func (t *there) start(ctx context.Context) error {
	w, err := t.program.Start(context.WithoutCancel(ctx)) // it gets the time to tell what it has
	if err != nil {
		return err
	}
	if err := w.Send(t.how.encode(), nil); err != nil {
		w.Stop()
		return fmt.Errorf("instruct the worker: %w", err)
	}
	t.s.confined(w.Confinement())
	t.mu.Lock()
	defer t.mu.Unlock()
	t.worker, t.asked, t.heard = w, false, time.Now()
	t.pump()
	return nil
}

// attend takes what workers send, and replaces those that die, until the last has told
// the sum.
func (t *there) attend(ctx context.Context) {
	defer close(t.done)
	halt := context.AfterFunc(ctx, t.stop)
	defer func() {
		halt()
		t.end()
	}()
	buf := make([]byte, isolate.MaxMessage)
	for {
		t.mu.Lock()
		w := t.worker
		t.mu.Unlock()
		err := t.receive(ctx, w, buf)
		if err == nil {
			return
		}
		again, err := t.bury(ctx, w)
		if err == nil && again {
			err = t.start(ctx)
		}
		if err != nil {
			t.s.fail(fmt.Errorf("scan: %w", err))
		}
		if err != nil || !again {
			return
		}
	}
}

// receive takes what the worker sends. It returns nil once that was the sum.
func (t *there) receive(ctx context.Context, w *isolate.Worker, buf []byte) error {
	for {
		msg, err := w.Receive(buf)
		if err != nil {
			return err
		}
		if len(msg) == 0 {
			return errFrame
		}
		f := frame{rest: msg[1:]}
		switch msg[0] {
		case frameResults:
			err = t.results(ctx, &f)
		case frameProgress:
			t.progress(f.number(), f.long())
			err = f.err()
		case frameHung:
			return t.hung(f.number())
		case frameTotals:
			t.of = t.codec.totals(&f)
			return f.err()
		default:
			err = errFrame
		}
		if err != nil {
			return err
		}
	}
}

// progress counts a part of a file that is still being read.
func (t *there) progress(id uint64, read int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heard = time.Now()
	s := t.flight[id]
	if s == nil {
		return
	}
	read = min(read, planned(s.size, t.s.opts.File))
	t.s.progress.bytes.Add(read - s.shown)
	s.shown = read
}

// hung takes the word of a worker on what it cannot end, and gives it nothing more.
func (t *there) hung(id uint64) error {
	t.mu.Lock()
	t.worker = nil
	s := t.land(id)
	t.mu.Unlock()
	if s != nil {
		t.blame(s)
	}
	return errHung
}

// blame says of a file that it ends workers.
func (t *there) blame(s *sent) {
	t.result(s, failedFor(ReasonWorker))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.discard(s)
}

// bury takes a dead worker's tasks back. It reports whether another is needed.
func (t *there) bury(ctx context.Context, w *isolate.Worker) (again bool, err error) {
	t.mu.Lock()
	t.worker = nil
	t.mu.Unlock()
	w.Stop()
	t.deaths++

	t.mu.Lock()
	left := make([]*sent, 0, len(t.flight)+len(t.suspects))
	for _, s := range t.flight {
		left = append(left, s)
	}
	clear(t.flight)
	var culprit *sent
	if len(left) == 1 && len(t.suspects) > 0 && t.suspects[0] == left[0] {
		t.suspects = t.suspects[1:]
		if left[0].alone++; left[0].alone >= maxAlone {
			culprit, left = left[0], nil
		}
	}
	slices.SortFunc(left, func(a, b *sent) int { return cmp.Compare(a.id, b.id) })
	t.suspects = append(left, t.suspects...)
	for _, s := range t.suspects {
		t.s.progress.bytes.Add(-s.shown)
		s.shown = 0
	}
	stopping := t.stopping || ctx.Err() != nil
	t.mu.Unlock()

	if culprit != nil {
		t.blame(culprit)
	}
	if stopping {
		return false, nil
	}
	if t.deaths >= maxDeaths {
		return false, errDeaths
	}
	return true, nil
}

// stop has the worker end early. What it does not end in time dies with it.
func (t *there) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopping || t.ended {
		return
	}
	t.stopping = true
	t.room.Broadcast()
	for _, s := range t.pending {
		t.discard(s)
	}
	for _, s := range t.suspects {
		if t.flight[s.id] == nil {
			t.discard(s)
		}
	}
	t.pending, t.suspects = nil, nil
	if w := t.worker; w != nil {
		_ = w.Send([]byte{frameStop}, nil) // if it died that is as good
		time.AfterFunc(stopGrace, w.Kill)
	}
}

// patience is how long a worker that has something to do may say nothing.
func (t *there) patience() time.Duration { return 2 * (t.s.opts.File.Time + hangGrace) }

// killSilent kills a worker that says nothing though it has something to do. It tells of
// what does not end by itself, so that it must be the worker that does not work.
func (t *there) killSilent() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	if t.worker != nil && len(t.flight) > 0 && time.Since(t.heard) > t.patience() {
		t.worker.Kill()
	}
	t.watch.Reset(t.patience() / 4)
}

// end ends the last worker and lets go of what nobody will look into.
func (t *there) end() {
	t.mu.Lock()
	w := t.worker
	t.worker, t.ended = nil, true
	for _, s := range t.flight {
		if !slices.Contains(t.suspects, s) {
			t.discard(s)
		}
	}
	for _, s := range slices.Concat(t.pending, t.suspects) {
		t.discard(s)
	}
	t.flight, t.pending, t.suspects = nil, nil, nil
	t.watch.Stop()
	t.room.Broadcast()
	t.mu.Unlock()
	if w != nil {
		w.Stop()
	}
}

func (t *there) finish() totals {
	t.mu.Lock()
	t.closing = true
	t.pump()
	t.mu.Unlock()
	<-t.done
	for kind, n := range t.of.Distinct {
		t.sums.Distinct[kind] = max(t.sums.Distinct[kind], n)
	}
	t.sums.Persons = max(t.sums.Persons, t.of.Persons)
	return t.sums
}

// fail ends the scan with an error that is not the caller's.
func (s *session) fail(err error) {
	s.mu.Lock()
	s.err = cmp.Or(s.err, err)
	s.mu.Unlock()
	s.cancel(err)
}

// confined keeps what a worker is kept from.
func (s *session) confined(c isolate.Confinement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum.Confinement = c.List()
}
