package scan

import (
	"context"
	"slices"
	"time"

	"vigia/checks/personaldata/isolate"
)

// A landing is a result with the task that it is of.
type landing struct {
	id   uint64
	sent *sent
	r    FileResult
	ok   bool // false: the file was dropped
}

// look takes a task. Tasks go in batches: one waits for others while the worker has
// something to do. Once it has all that it may have, nobody goes on before it has done
// half of that, so that both sides work for long without waiting for each other.
func (t *there) look(_ context.Context, k task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.full && !t.stopping && !t.ended {
		t.room.Wait()
	}
	if t.stopping || t.ended {
		_ = k.file.Close() // only read
		return
	}
	t.last++
	s := t.fresh()
	*s = sent{task: k, id: t.last}
	t.pending = append(t.pending, s)
	t.out++
	t.full = t.out >= t.most
	if t.full || len(t.pending) >= isolate.MaxFiles || len(t.flight) < t.how.jobs {
		t.pump()
	}
}

// pump hands over what can be: suspects one by one, the rest in batches, and at last the
// question for the sum. An error of sending is that of a worker that died, which
// receiving tells.
func (t *there) pump() {
	switch {
	case t.worker == nil:
	case len(t.suspects) > 0:
		if len(t.flight) == 0 {
			t.hand(t.suspects[:1])
		}
	default:
		for len(t.pending) > 0 {
			n := min(len(t.pending), isolate.MaxFiles)
			t.hand(t.pending[:n])
			t.pending = slices.Delete(t.pending, 0, n)
		}
		if t.closing && len(t.flight) == 0 && !t.asked {
			t.asked = true
			_ = t.worker.Send([]byte{frameSum}, nil)
		}
	}
}

func (t *there) hand(tasks []*sent) {
	if len(t.flight) == 0 {
		t.heard = time.Now()
	}
	t.batch, t.files = append(t.batch[:0], frameTasks), t.files[:0]
	for _, s := range tasks {
		t.batch = aTask{id: s.id, size: s.size, limit: s.limit}.append(t.batch)
		t.files = append(t.files, s.file)
		t.flight[s.id] = s
	}
	_ = t.worker.Send(t.batch, t.files)
}

// fresh returns memory for a task, of one that is done where there is any.
func (t *there) fresh() *sent {
	n := len(t.used)
	if n == 0 {
		return &sent{}
	}
	s := t.used[n-1]
	t.used = t.used[:n-1]
	return s
}

// release forgets a task whose file is closed.
func (t *there) release() {
	t.out--
	if t.full && t.out <= t.most/2 {
		t.full = false
		t.room.Broadcast()
	}
}

// discard forgets a task that is not looked into.
func (t *there) discard(s *sent) {
	_ = s.file.Close() // only read
	t.release()
}

// results takes results. What is wrong is not believed: its worker is as good as dead.
func (t *there) results(ctx context.Context, f *frame) error {
	t.landed = t.landed[:0]
	for len(f.rest) > 0 {
		var l landing
		if l.id, l.r, l.ok = t.codec.next(f); f.bad {
			break
		}
		t.landed = append(t.landed, l)
	}
	t.mu.Lock()
	for i := range t.landed {
		l := &t.landed[i]
		if l.sent = t.land(l.id); l.sent == nil {
			f.bad = true
			t.landed = t.landed[:i]
			break
		}
	}
	t.mu.Unlock()
	for i := range t.landed {
		l := &t.landed[i]
		if l.ok {
			if l.r.Reason == ReasonCanceled && ctx.Err() != nil {
				l.r.Reason = stopReason(ctx) // the worker is not told why
			}
			t.result(l.sent, l.r)
		}
		_ = l.sent.file.Close() // only read
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.landed {
		t.used = append(t.used, t.landed[i].sent)
		t.release()
	}
	t.heard = time.Now()
	if len(t.flight) < lowInFlight {
		t.pump()
	}
	return f.err()
}

// land takes a task out of the air; nil if it is not there.
func (t *there) land(id uint64) *sent {
	s := t.flight[id]
	if s == nil {
		return nil
	}
	delete(t.flight, id)
	if len(t.suspects) > 0 && t.suspects[0] == s {
		t.suspects = t.suspects[1:]
	}
	return s
}

// result counts the result of a task.
func (t *there) result(s *sent, r FileResult) {
	for kind, n := range r.Counts {
		t.sums.Counts[kind] += n
	}
	for kind, n := range r.Distinct {
		t.sums.Distinct[kind] = max(t.sums.Distinct[kind], n)
	}
	t.sums.Persons = max(t.sums.Persons, r.Persons)
	t.s.progress.bytes.Add(-s.shown)
	t.s.taken(s.task, r)
}
