package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// memFS is a directory whose power can fail. What was written to a file since
// its last Sync survives in part or not at all, and so does what happened to
// names since the last SyncDir, in order.
type memFS struct {
	rng     *rand.Rand
	names   map[string]*inode // as the running system sees them
	durable map[string]*inode // as of the last SyncDir
	ops     []nameOp          // since then
	// crashAt counts down with each change; at zero the power fails.
	crashAt int
	// ignored is a kind of flush that this disk only pretends to do: the proof
	// that the Queue needs it. ignoredCount tells that it was asked for.
	ignored      string
	ignoredCount int
}

type inode struct {
	data   []byte
	synced int // bytes that survive
}

type nameOp struct {
	from, to string // from "": created, to "": removed
	node     *inode
}

var errPower = errors.New("power is off")

func newMemFS(rng *rand.Rand) *memFS {
	return &memFS{rng: rng, names: map[string]*inode{}, durable: map[string]*inode{}, crashAt: -1}
}

func (m *memFS) step() error {
	if m.crashAt == 0 {
		return errPower
	}
	if m.crashAt > 0 {
		m.crashAt--
	}
	return nil
}

// crash returns the disk as it is found when the power is back.
func (m *memFS) crash() *memFS {
	after := newMemFS(m.rng)
	after.ignored = m.ignored
	after.ignoredCount = m.ignoredCount
	names := maps.Clone(m.durable)
	for _, op := range m.ops[:m.rng.IntN(len(m.ops)+1)] {
		op.apply(names)
	}
	for name, node := range names {
		kept := node.synced + m.rng.IntN(len(node.data)-node.synced+1)
		data := bytes.Clone(node.data[:kept])
		for off := node.synced; off < kept; off += 512 {
			if m.rng.IntN(3) == 0 { // this sector was never written
				clear(data[off:min(off+512, kept)])
			}
		}
		after.names[name] = &inode{data: data, synced: len(data)}
	}
	after.durable = maps.Clone(after.names)
	return after
}

func (op nameOp) apply(names map[string]*inode) {
	if op.from != "" {
		delete(names, op.from)
	}
	if op.to != "" {
		names[op.to] = op.node
	}
}

func (m *memFS) change(op nameOp) {
	op.apply(m.names)
	m.ops = append(m.ops, op)
}

func (m *memFS) Create(name string) (File, error) {
	if err := m.step(); err != nil {
		return nil, err
	}
	node, ok := m.names[name]
	if ok {
		node.data, node.synced = nil, 0
	} else {
		node = &inode{}
		m.change(nameOp{to: name, node: node})
	}
	return &memFile{m, node, name}, nil
}

func (m *memFS) Open(name string) (Reader, error) {
	node, ok := m.names[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return memReader{bytes.NewReader(node.data)}, nil
}

func (m *memFS) Rename(oldName, newName string) error {
	if err := m.step(); err != nil {
		return err
	}
	node, ok := m.names[oldName]
	if !ok {
		return fs.ErrNotExist
	}
	m.change(nameOp{from: oldName, to: newName, node: node})
	return nil
}

func (m *memFS) Remove(name string) error {
	if err := m.step(); err != nil {
		return err
	}
	if _, ok := m.names[name]; !ok {
		return fs.ErrNotExist
	}
	m.change(nameOp{from: name})
	return nil
}

func (m *memFS) List() ([]string, error) { return slices.Sorted(maps.Keys(m.names)), nil }

// ignores tells whether this flush is the one that the disk only pretends.
func (m *memFS) ignores(kind string) bool {
	if kind != m.ignored {
		return false
	}
	m.ignoredCount++
	return true
}

func (m *memFS) SyncDir() error {
	if err := m.step(); err != nil {
		return err
	}
	kind := "folder"
	if n := len(m.ops); n > 0 {
		switch op := m.ops[n-1]; {
		case op.to == ackedName:
			kind = "folder after acknowledgement"
		case strings.HasSuffix(op.to, segmentSuffix):
			kind = "folder after new segment"
		}
	}
	if m.ignores(kind) {
		return nil
	}
	m.durable, m.ops = maps.Clone(m.names), nil
	return nil
}

type memFile struct {
	m    *memFS
	node *inode
	name string
}

func (f *memFile) Write(p []byte) (int, error) {
	if err := f.m.step(); err != nil {
		n := f.m.rng.IntN(len(p) + 1) // the power fails in the middle of it
		f.node.data = append(f.node.data, p[:n]...)
		return n, err
	}
	f.node.data = append(f.node.data, p...)
	return len(p), nil
}

func (f *memFile) Sync() error {
	if err := f.m.step(); err != nil {
		return err
	}
	kind := "segment"
	switch {
	case f.name == ackedName+tempSuffix:
		kind = "acknowledgement"
	case strings.HasSuffix(f.name, tempSuffix):
		kind = "rewritten segment"
	}
	if !f.m.ignores(kind) {
		f.node.synced = len(f.node.data)
	}
	return nil
}

func (f *memFile) Close() error { return nil }

type memReader struct{ *bytes.Reader }

func (r memReader) Size() (int64, error) { return r.Reader.Size(), nil }
func (r memReader) Close() error         { return nil }

var _ io.ReaderAt = memReader{}

// world is a Queue on a disk, and what must be true of both.
type world struct {
	fs    *memFS
	q     *Queue
	now   time.Time
	taken map[uint64]string // reports whose Append returned
	tried map[uint64]string // the one whose Append did not
	acked uint64            // highest whose Ack returned
	asked uint64            // highest that Ack was called with
}

const smallBound = 12 << 10

func newWorld(t *testing.T, seed uint64, ignored string) *world {
	t.Helper()
	w := &world{
		fs:    newMemFS(rand.New(rand.NewPCG(seed, 7))),
		now:   time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC),
		taken: map[uint64]string{}, tried: map[uint64]string{},
	}
	w.fs.ignored = ignored
	w.open(t)
	return w
}

func (w *world) open(t *testing.T) {
	t.Helper()
	q, err := Open(w.fs, Options{SegmentBytes: 2 << 10, Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	q.opts.MaxBytes = smallBound
	w.q = q
}

// act does one random thing, as the agent would.
func (w *world) act() {
	rng := w.fs.rng
	w.now = w.now.Add(time.Duration(rng.IntN(120)) * time.Minute)
	if rng.IntN(8) > 0 {
		var text string
		seq := w.q.last + 1
		_, err := w.q.Append(context.Background(), Severity(rng.IntN(3)), func(n uint64, prev Hash) (Signed, error) {
			text = fmt.Sprintf("report %d after %x %s", n, prev, strings.Repeat("·", rng.IntN(400)))
			return Signed{[]byte(text), []byte("signed")}, nil
		})
		if err == nil {
			w.taken[seq] = text
			delete(w.tried, seq)
		} else if text != "" {
			w.tried[seq] = text
		}
		return
	}
	if w.q.last > w.q.acked.sequence {
		to := w.q.acked.sequence + 1 + rng.Uint64N(w.q.last-w.q.acked.sequence)/4
		w.asked = to
		if w.q.Ack(to) == nil {
			w.acked = to
		}
	}
}

// check returns what is wrong with the Queue.
func (w *world) check() error {
	if got := w.q.Acked(); got < w.acked || got > max(w.acked, w.asked) {
		return fmt.Errorf("acknowledged %d, want %d (or %d)", got, w.acked, w.asked)
	}
	seen := uint64(0)
	head := Hash{}
	for from := w.q.Acked() + 1; ; {
		records, err := w.q.Unacked(from, 10, 4<<10)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			if r.First != from {
				return fmt.Errorf("record begins at %d, want %d", r.First, from)
			}
			if err := w.checkRecord(r); err != nil {
				return err
			}
			from = r.Last + 1
		}
	}
	for seq, text := range w.taken {
		seen = max(seen, seq)
		if seq == w.q.last {
			head = Hash(hashOf(text))
		}
	}
	if w.q.last < seen {
		return fmt.Errorf("newest report is %d, want %d", w.q.last, seen)
	}
	if w.q.last > 0 && w.q.last == seen && w.q.head != head {
		return fmt.Errorf("the chain goes on from %x, want %x", w.q.head, head)
	}
	return nil
}

func (w *world) checkRecord(r Record) error {
	if r.Gap == nil {
		want, ok := w.taken[r.First]
		if !ok {
			want, ok = w.tried[r.First]
		}
		if !ok || string(r.Message) != want {
			return fmt.Errorf("report %d is %.40q, want %.40q", r.First, r.Message, want)
		}
		return nil
	}
	if r.Gap.Reason != Dropped {
		return fmt.Errorf("reports %d to %d are %s", r.First, r.Last, r.Gap.Reason)
	}
	for i, h := range r.Gap.Hashes {
		seq := r.First + uint64(i)
		if text, ok := w.taken[seq]; ok && h != Hash(hashOf(text)) {
			return fmt.Errorf("gap has hash %x for report %d, want %x", h, seq, hashOf(text))
		}
	}
	return nil
}

// live runs the world through crashes and returns the first thing that is
// wrong.
func (w *world) live(t *testing.T, crashes int) error {
	for range crashes {
		w.fs.crashAt = 1 + w.fs.rng.IntN(250)
		for w.fs.crashAt > 0 {
			w.act()
			if w.fs.crashAt > 0 && w.fs.rng.IntN(16) == 0 {
				if err := w.check(); err != nil {
					return fmt.Errorf("while running: %w", err)
				}
			}
		}
		w.fs = w.fs.crash()
		w.open(t)
		if err := w.check(); err != nil {
			return fmt.Errorf("after power loss: %w", err)
		}
		// What was not taken may have survived; then it is taken.
		for i := range w.q.index {
			e := &w.q.index[i]
			if text, ok := w.tried[e.first]; ok && e.kind == kindReport && e.hash == Hash(hashOf(text)) {
				w.taken[e.first] = text
			}
		}
		clear(w.tried)
		w.acked, w.asked = w.q.Acked(), w.q.Acked()
	}
	return nil
}

func TestPowerLossLosesNothingThatWasTaken(t *testing.T) {
	seeds := uint64(400)
	if testing.Short() {
		seeds = 60
	}
	dropped := 0
	for seed := range seeds {
		w := newWorld(t, seed, "")
		if err := w.live(t, 6); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i := range w.q.index {
			if w.q.index[i].kind == kindGap {
				dropped++
			}
		}
	}
	if dropped == 0 {
		t.Error("no run filled the spool: the test does not cover dropping")
	}
}

// Each flush is needed: on a disk that pretends to do one kind of them, the
// same runs lose something.
func TestEveryFlushIsNeeded(t *testing.T) {
	for _, kind := range []string{
		"segment", "folder after new segment",
		"acknowledgement", "folder after acknowledgement",
		"rewritten segment",
	} {
		t.Run(kind, func(t *testing.T) {
			ignored := 0
			for seed := range uint64(200) {
				w := newWorld(t, seed, kind)
				err := w.live(t, 6)
				ignored += w.fs.ignoredCount
				if err != nil {
					t.Logf("seed %d: %v", seed, err)
					return
				}
			}
			t.Errorf("nothing was lost, though %d flushes were only pretended", ignored)
		})
	}
}
