// Package spool keeps signed reports on disk until the collector has them.
//
// A Queue is an append-only chain of reports, numbered 1, 2, 3, ... without
// holes. A report counts as taken when Append returns: from then on it
// survives power loss. What the disk damages, and what is dropped when the
// spool is full, leaves a gap with its numbers and, where known, its hashes, so
// that the chain goes on and the collector sees what is missing; it is never a
// reason to stop. Acknowledged reports stay thirty days, so that a collector
// restored from an old backup can have them again.
//
// The package knows nothing of what a report says, signs nothing and talks to
// nobody. FORMAT.md describes the files. One process owns the folder.
package spool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apiv1 "vigia/collector/api/v1"
)

// Defaults of Options.
const (
	DefaultMaxBytes     = 256 << 20
	DefaultSegmentBytes = 1 << 20
	DefaultKeep         = 30 * 24 * time.Hour
)

// MinMaxBytes is the smallest bound that a spool works with.
const MinMaxBytes = 16 << 20

const segmentAge = 24 * time.Hour

// Errors that a caller may tell apart.
var (
	// ErrTooBig is the error of a report over 4 MiB.
	ErrTooBig = errors.New("report is too big for the spool")
	// ErrUnknownSequence is the error of acknowledging what was never appended.
	ErrUnknownSequence = errors.New("sequence number was never used here")
)

// Severity orders what is dropped when the spool is full: the least first.
type Severity uint8

// Reason says why reports are missing.
type Reason byte

// The reasons of a gap.
const (
	Dropped Reason = 1 // the spool was full, or they were past their term
	Damaged Reason = 2 // the disk lost them
)

// String returns the word of the wire contract; empty for an unknown reason.
func (r Reason) String() string {
	switch r {
	case Dropped:
		return "dropped"
	case Damaged:
		return "damaged"
	default:
		return ""
	}
}

// Signed is a message and the signature over it.
type Signed struct {
	Message   []byte
	Signature []byte
}

// Record is one report, or a gap in the place of one or more.
type Record struct {
	First, Last uint64 // equal for a report
	Signed             // of a report
	Gap         *Gap   // nil for a report
}

// Gap says what is known of missing reports.
type Gap struct {
	Reason Reason
	At     time.Time
	// Hashes holds one hash for each number, in order.
	Hashes []Hash
}

// Options of a Queue. Zero values mean the defaults.
type Options struct {
	// MaxBytes bounds the files; at least MinMaxBytes.
	MaxBytes int64
	// SegmentBytes is the size at which a new segment begins.
	SegmentBytes int64
	// Keep is how long acknowledged reports stay.
	Keep time.Duration
	// Now is the wall clock.
	Now func() time.Time
}

// Queue is the chain of reports. It is safe for concurrent use.
type Queue struct {
	fs   FS
	opts Options

	mu       sync.Mutex
	segments []*segment
	index    []entry // ascending, without overlap; holes are damage
	active   File    // the last segment while it is being written, or nil
	last     uint64  // newest sequence number ever used
	head     Hash    // hash of the report last
	acked    acked
	bytes    int64 // of all segments
	buf      []byte
}

// segment is one file. Fields are owned by the Queue.
type segment struct {
	number  uint64
	size    int64
	created time.Time
}

// entry is one record of the index.
type entry struct {
	first, last uint64
	at          int64
	prev, hash  Hash // hash: of a report
	seg         *segment
	off, size   int
	severity    Severity
	kind        kind
}

// Open reads the folder and rebuilds the index. It writes nothing, so that a
// folder may be looked at while its owner works.
func Open(fsys FS, opts Options) (*Queue, error) {
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	if opts.SegmentBytes == 0 {
		opts.SegmentBytes = DefaultSegmentBytes
	}
	if opts.Keep == 0 {
		opts.Keep = DefaultKeep
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.MaxBytes < MinMaxBytes {
		return nil, fmt.Errorf("spool bound of %d bytes is under the least of %d", opts.MaxBytes, MinMaxBytes)
	}
	q := &Queue{fs: fsys, opts: opts}
	if err := q.load(); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	return q, nil
}

// Append takes one report. build is given the report's sequence number and
// the hash of the one before, and returns the signed bytes; it must not call
// the Queue. When Append returns without error the report survives power
// loss; after an error it may be tried again and gets the same number.
func (q *Queue) Append(ctx context.Context, severity Severity, build func(sequence uint64, previous Hash) (Signed, error)) (uint64, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	sequence := q.last + 1
	signed, err := build(sequence, q.head)
	if err != nil {
		return 0, fmt.Errorf("build report %d: %w", sequence, err)
	}
	if len(signed.Message) > maxMsg || len(signed.Signature) > maxSignature {
		return 0, fmt.Errorf("report %d: %w", sequence, ErrTooBig)
	}
	r := record{
		kind: kindReport, severity: severity, first: sequence, last: sequence,
		at: q.opts.Now().UnixMicro(), prev: q.head,
		signature: signed.Signature, message: signed.Message,
	}
	if err := q.write(&r); err != nil {
		return 0, fmt.Errorf("write report %d to the spool: %w", sequence, err)
	}
	q.last, q.head = sequence, Hash(apiv1.ReportHash(signed.Message))
	q.index[len(q.index)-1].hash = q.head
	return sequence, nil
}

// write makes room, writes the record at the end of the active segment and
// makes it durable.
func (q *Queue) write(r *record) error {
	q.buf = appendRecord(q.buf[:0], r)
	size := int64(len(q.buf))
	if err := q.makeRoom(size + int64(len(segmentMagic))); err != nil {
		return err
	}
	created, err := q.continueSegment()
	if err != nil {
		return err
	}
	seg := q.segments[len(q.segments)-1]
	off := seg.size
	if err := q.writeActive(seg, created); err != nil {
		return errors.Join(err, q.abandon(created))
	}
	q.index = append(q.index, entry{
		first: r.first, last: r.last, at: r.at, prev: r.prev,
		seg: seg, off: int(off), size: int(size), severity: r.severity, kind: r.kind,
	})
	if cap(q.buf) > 64<<10 {
		q.buf = nil
	}
	return nil
}

func (q *Queue) writeActive(seg *segment, created bool) error {
	n, err := q.active.Write(q.buf)
	seg.size += int64(n)
	q.bytes += int64(n)
	if err != nil {
		return err
	}
	if err := q.active.Sync(); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	if !created {
		return nil
	}
	if err := q.fs.SyncDir(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// continueSegment makes the last segment writable, or begins a new one.
func (q *Queue) continueSegment() (created bool, err error) {
	now := q.opts.Now()
	if q.active != nil {
		seg := q.segments[len(q.segments)-1]
		age := now.Sub(seg.created)
		if seg.size < q.opts.SegmentBytes && age < segmentAge && age > -segmentAge {
			return false, nil
		}
		if err := q.closeActive(); err != nil {
			return false, err
		}
	}
	seg := &segment{number: 1, created: now}
	if n := len(q.segments); n > 0 {
		seg.number = q.segments[n-1].number + 1
	}
	f, err := q.fs.Create(segmentName(seg.number))
	if err != nil {
		return false, err
	}
	q.segments = append(q.segments, seg)
	q.active = f
	n, err := f.Write([]byte(segmentMagic))
	seg.size += int64(n)
	q.bytes += int64(n)
	if err != nil {
		return false, errors.Join(err, q.abandon(true))
	}
	return true, nil
}

// abandon ends the active segment after a write that failed. What of it is on
// disk is not known: the next report begins a new segment, and replaces what
// is found of this one. A segment that holds nothing else is deleted, so that
// a full disk does not fill with them.
func (q *Queue) abandon(created bool) error {
	err := q.closeActive()
	n := len(q.segments) - 1
	if seg := q.segments[n]; created && q.fs.Remove(segmentName(seg.number)) == nil {
		q.segments = q.segments[:n]
		q.bytes -= seg.size
	}
	return err
}

func (q *Queue) closeActive() error {
	if q.active == nil {
		return nil
	}
	f := q.active
	q.active = nil
	return f.Close()
}

// Close lets go of the files. Nothing is flushed: all that counts already was.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closeActive()
}

// Stats describes the spool.
type Stats struct {
	Last  uint64 // newest sequence number, 0 for none
	Acked uint64 // highest that the collector has
	Bytes int64  // on disk
	// Waiting counts unacknowledged reports; Damaged and Dropped the
	// unacknowledged numbers that only a gap is left of.
	Waiting, Damaged, Dropped uint64
	// Oldest is when the oldest unacknowledged report was written; zero for none.
	Oldest time.Time
}

// Stats returns the spool's state now.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := Stats{Last: q.last, Acked: q.acked.sequence, Bytes: q.bytes}
	next := q.acked.sequence + 1
	for i := q.find(next); i < len(q.index); i++ {
		e := &q.index[i]
		if e.first > next {
			s.Damaged += e.first - next
		}
		switch e.kind {
		case kindReport:
			if s.Waiting == 0 {
				s.Oldest = time.UnixMicro(e.at).UTC()
			}
			s.Waiting++
		case kindGap:
			s.Dropped += e.last - max(e.first, next) + 1
		}
		next = e.last + 1
	}
	if next <= q.last {
		s.Damaged += q.last - next + 1
	}
	return s
}
