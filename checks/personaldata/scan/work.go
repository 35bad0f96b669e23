package scan

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/isolate"
)

// WorkerCommand is the argument that makes the program a worker: with it alone, main
// must call Work before anything else.
const WorkerCommand = "scan-worker"

// Worker is how this program is started as a worker, for Options.Worker.
func Worker() *isolate.Program { return &isolate.Program{Args: []string{WorkerCommand}} }

const (
	// sendAt is how many bytes of results are sent at once; one has far fewer than
	// what is left of a message.
	sendAt = isolate.MaxMessage / 2
	// sendResults is how many results are sent at once.
	sendResults = isolate.MaxFiles
	// sendEvery is how long a result waits for others.
	sendEvery = 5 * time.Millisecond
	// askEvery is how often one at work on a large file looks for messages.
	askEvery = 50 * time.Millisecond
	// hangGrace is what a file may take between two signs of life, beyond its limit of time.
	hangGrace = 30 * time.Second
	// largeFile is from where on it pays to tell the system how a file is read.
	largeFile = 1 << 20
)

// Work is all that a worker does: it gives up its rights, and then looks into the files
// that its parent hands it, until the parent is gone.
func Work(ctx context.Context) error { return work(ctx, nil, hangGrace) }

// work is Work; before, if set, is called for each file, for tests of what may happen.
func work(ctx context.Context, before func(io.ReaderAt), grace time.Duration) error {
	conn, err := isolate.Enter()
	if err != nil {
		return err
	}
	buf := make([]byte, isolate.MaxMessage)
	msg, _, err := conn.Receive(buf, nil)
	if err != nil {
		return err
	}
	how, err := decodeSetup(msg)
	if err != nil {
		return err
	}
	// The heap of text is a few blocks: it is not worth collecting often.
	debug.SetGCPercent(400)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d := &desk{conn: conn, how: how, buf: buf, stop: cancel, codec: newResults(), out: []byte{frameResults}, sent: time.Now()}
	seed := maphash.MakeSeed()
	ends := make(chan error, how.jobs)
	jobs := make([]*job, max(how.jobs, 1))
	for i := range jobs {
		jobs[i] = newJob(d, seed, how)
		jobs[i].before = before
		go func() { ends <- jobs[i].run(ctx) }()
	}
	watch := time.NewTicker(min(grace/4, time.Second))
	defer watch.Stop()
	for running := len(jobs); running > 0; {
		select {
		case err := <-ends:
			if err != nil {
				return err // the others end with the process
			}
			running--
		case now := <-watch.C:
			for _, j := range jobs {
				if id, hung := j.hung(now, how.limits.Time+grace); hung {
					return errors.Join(fmt.Errorf("task %d does not end", id), d.send(binary.AppendUvarint([]byte{frameHung}, id)))
				}
			}
		}
	}
	return nil
}

// desk is where the jobs of a worker get their tasks and leave their results. A job
// without a task receives the next message itself.
type desk struct {
	conn *isolate.Connection
	how  setup
	stop context.CancelFunc

	in      sync.Mutex // guards receiving and what follows
	buf     []byte
	files   []isolate.File
	queue   []handed
	next    int // of queue
	stopped bool
	// hungry is true while one that holds the lock waits for a message.
	hungry atomic.Bool

	sum   sync.Mutex // guards tally
	tally detect.Tally

	results sync.Mutex // guards what follows
	codec   *results
	out     []byte
	held    int       // results in out
	sent    time.Time // when something was sent last

	sending sync.Mutex
}

// handed is a task with its file.
type handed struct {
	aTask
	file isolate.File
}

// task waits for the next task. It returns io.EOF when there will be none.
func (d *desk) task() (handed, error) {
	d.in.Lock()
	defer d.in.Unlock()
	if err := d.fill(); err != nil {
		return handed{}, err
	}
	t := d.queue[d.next]
	d.next++
	return t, nil
}

// fill makes sure that there is a task.
func (d *desk) fill() error {
	if d.next == len(d.queue) {
		if err := d.receive(d.conn.Poll); err != nil {
			return err
		}
	}
	for d.next == len(d.queue) {
		// From here on whoever has a result sends it; what was there before goes now.
		d.hungry.Store(true)
		err := d.flush()
		if err == nil {
			err = d.receive(d.conn.Receive)
		}
		d.hungry.Store(false)
		if err != nil {
			return err
		}
	}
	return nil
}

// look receives a message if there is one and nobody is waiting for it already.
func (d *desk) look() {
	if !d.in.TryLock() {
		return
	}
	defer d.in.Unlock()
	_ = d.receive(d.conn.Poll) // the end of the parent is met by who waits for it
}

// receive takes in one message, by a function that may return none.
func (d *desk) receive(by func([]byte, []isolate.File) ([]byte, []isolate.File, error)) error {
	msg, files, err := by(d.buf, d.files[:0])
	d.files = files
	if err != nil || len(msg) == 0 {
		return err
	}
	switch msg[0] {
	case frameTasks:
		return d.take(frame{rest: msg[1:]}, files)
	case frameStop:
		d.stopped = true
		d.stop()
		return d.drop()
	case frameSum:
		d.sum.Lock()
		b := d.codec.appendTotals(nil, &d.tally)
		d.sum.Unlock()
		return d.send(b)
	}
	return errFrame
}

func (d *desk) take(f frame, files []isolate.File) error {
	if d.next == len(d.queue) {
		d.queue, d.next = d.queue[:0], 0
	}
	for _, file := range files {
		d.queue = append(d.queue, handed{nextTask(&f), file})
	}
	if err := f.err(); err != nil {
		return err
	}
	if d.stopped {
		return d.drop()
	}
	return nil
}

// drop gives back the tasks that nobody has begun.
func (d *desk) drop() error {
	d.results.Lock()
	for _, t := range d.queue[d.next:] {
		_ = t.file.Close() // only read
		d.out = d.codec.appendDropped(d.out, t.id)
	}
	d.results.Unlock()
	d.queue, d.next = d.queue[:0], 0
	return d.flush()
}

// post leaves a result, and sends it with those before it when somebody waits for that,
// or enough have come together.
func (d *desk) post(id uint64, r FileResult) error {
	d.results.Lock()
	d.out = d.codec.append(d.out, id, r)
	d.held++
	now := d.held >= sendResults || len(d.out) >= sendAt || time.Since(d.sent) >= sendEvery
	d.results.Unlock()
	if now || d.hungry.Load() {
		return d.flush()
	}
	return nil
}

func (d *desk) flush() error {
	d.results.Lock()
	defer d.results.Unlock()
	d.sent = time.Now()
	if len(d.out) == 1 {
		return nil
	}
	err := d.send(d.out)
	d.out, d.held = d.out[:1], 0
	return err
}

func (d *desk) send(msg []byte) error {
	d.sending.Lock()
	defer d.sending.Unlock()
	return d.conn.Send(msg)
}

// A job looks into one file after another. It is the reader of its file, so that it can
// tell how far it is.
type job struct {
	desk     *desk
	examiner *Examiner
	before   func(io.ReaderAt)

	task handed
	read int64     // bytes of the task's file
	told time.Time // when this was last told
	look time.Time // when messages were last looked for

	// For who watches: the number of the task and the last sign of life, in nanoseconds
	// since 1970; 0 between tasks.
	id   atomic.Uint64
	beat atomic.Int64
}

func newJob(d *desk, seed maphash.Seed, how setup) *job {
	j := &job{desk: d, examiner: NewExaminer(seed, how.limits)}
	j.examiner.pacer = newPacer(how.share)
	if how.passwords {
		j.examiner.forPasswords()
	}
	pause := j.examiner.extractor.Pause
	j.examiner.extractor.Pause = func(ctx context.Context) {
		pause(ctx)
		j.alive(time.Now())
	}
	return j
}

// run works until there will be no more tasks.
func (j *job) run(ctx context.Context) error {
	for {
		t, err := j.desk.task()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := j.one(ctx, t); err != nil {
			return err
		}
	}
}

func (j *job) one(ctx context.Context, t handed) error {
	now := time.Now()
	j.task, j.read, j.told, j.look = t, 0, now, now
	j.id.Store(t.id)
	j.beat.Store(now.UnixNano())
	if t.size >= largeFile {
		t.file.Sequential()
	}
	if j.before != nil {
		j.before(t.file)
	}
	r := j.examiner.File(ctx, j, t.size, t.limit)
	j.beat.Store(0)
	if j.desk.how.background {
		t.file.Forget()
	}
	_ = t.file.Close() // only read
	if r.Status == Found {
		j.desk.sum.Lock()
		j.desk.tally.Merge(&j.examiner.tally)
		j.desk.sum.Unlock()
	}
	return j.desk.post(t.id, r)
}

// ReadAt implements io.ReaderAt on the file of the task.
func (j *job) ReadAt(p []byte, off int64) (int, error) {
	n, err := j.task.file.ReadAt(p, off)
	j.read += int64(n)
	return n, err
}

// alive is called between blocks of work.
func (j *job) alive(now time.Time) {
	j.beat.Store(now.UnixNano())
	if now.Sub(j.look) < askEvery {
		return
	}
	j.look = now
	j.desk.look()
	_ = j.desk.flush() // as below
	if now.Sub(j.told) < progressEvery {
		return
	}
	j.told = now
	b := binary.AppendUvarint([]byte{frameProgress}, j.task.id)
	_ = j.desk.send(binary.AppendUvarint(b, uint64(j.read))) // the end of the parent is met by who waits for it
}

// hung tells whether the job has shown no sign of life for so long, and on which task.
func (j *job) hung(now time.Time, after time.Duration) (uint64, bool) {
	beat := j.beat.Load()
	return j.id.Load(), beat != 0 && now.Sub(time.Unix(0, beat)) > after
}
