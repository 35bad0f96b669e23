package spool

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	apiv1 "vigia/collector/api/v1"
)

const (
	segmentSuffix = ".seg"
	tempSuffix    = ".tmp"
	// maxSegmentFile bounds what is read of one segment: more than any that a
	// Queue writes.
	maxSegmentFile = 64 << 20
)

func segmentName(number uint64) string { return fmt.Sprintf("%016x%s", number, segmentSuffix) }

func segmentNumber(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 16, 64)
	return n, err == nil && segmentName(n) == name
}

// load rebuilds the state of the Queue from the folder.
func (q *Queue) load() error {
	names, err := q.fs.List()
	if err != nil {
		return fmt.Errorf("list folder: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		number, ok := segmentNumber(name)
		if !ok {
			continue
		}
		b, err := ReadFile(q.fs, name, maxSegmentFile)
		if absent(err) {
			continue // deleted by its owner since it was listed
		}
		if err != nil {
			return err
		}
		seg := &segment{number: number, size: int64(len(b))}
		q.segments = append(q.segments, seg)
		q.bytes += seg.size
		for _, f := range scanSegment(b) {
			q.admit(seg, f)
		}
	}
	if n := len(q.index); n > 0 {
		q.last, q.head = q.index[n-1].last, q.index[n-1].hash
	}
	return q.loadAcked()
}

// admit puts a record at the end of the index. It replaces what has the same
// or a higher number: that belongs to a write which was reported as not done.
func (q *Queue) admit(seg *segment, f found) {
	for n := len(q.index); n > 0 && q.index[n-1].last >= f.first; n = len(q.index) {
		q.index = q.index[:n-1]
	}
	e := entry{
		first: f.first, last: f.last, at: f.at, prev: f.prev,
		seg: seg, off: f.off, size: f.size, severity: f.severity, kind: f.kind,
	}
	switch f.kind {
	case kindReport:
		e.hash = Hash(apiv1.ReportHash(f.message))
	case kindGap:
		if n := len(f.hashes); n > 0 {
			e.hash = f.hashes[n-1]
		}
	}
	q.index = append(q.index, e)
}

// find returns the position of the first entry that ends at or after sequence.
func (q *Queue) find(sequence uint64) int {
	return sort.Search(len(q.index), func(i int) bool { return q.index[i].last >= sequence })
}

// read decodes an entry from its file. Damage is errBroken; any other error is
// about the file system and may pass.
func (q *Queue) read(e *entry) (record, error) {
	r, err := q.fs.Open(segmentName(e.seg.number))
	if absent(err) {
		return record{}, errBroken
	}
	if err != nil {
		return record{}, fmt.Errorf("open segment: %w", err)
	}
	defer r.Close() //nolint:errcheck // it was only read
	b := make([]byte, e.size)
	if n, err := r.ReadAt(b, int64(e.off)); n < len(b) && err != nil {
		return record{}, errBroken
	}
	rec, n, err := decodeRecord(b)
	if err != nil || n != e.size || rec.first != e.first || rec.last != e.last {
		return record{}, errBroken
	}
	return rec, nil
}
