package spool

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// makeRoom keeps the files under their bound with more bytes to come: first
// without segments that the collector has, then without payloads.
func (q *Queue) makeRoom(more int64) error {
	if q.bytes+more <= q.opts.MaxBytes {
		return nil
	}
	// Some room more than needed, so that not every report makes room again.
	goal := q.opts.MaxBytes - q.opts.MaxBytes/16 - more
	if err := q.closeActive(); err != nil {
		return err
	}
	for q.bytes > goal && q.removeOldest(q.acked.sequence) {
	}
	if q.bytes <= goal {
		return nil
	}
	return q.dropPayloads(q.bytes - goal)
}

// expire deletes the segments that end at or before sequence.
func (q *Queue) expire(sequence uint64) {
	for q.removeOldest(sequence) {
	}
}

// removeOldest deletes the oldest segment if all of it is at or before
// sequence, never the newest. A deletion that does not last is harmless: what
// comes back is what was there.
func (q *Queue) removeOldest(sequence uint64) bool {
	if len(q.segments) < 2 {
		return false
	}
	seg := q.segments[0]
	n := 0
	for n < len(q.index) && q.index[n].seg == seg {
		n++
	}
	if n == len(q.index) || q.index[n].first-1 > sequence {
		return false // the newest report is here, or the collector lacks some
	}
	if err := q.fs.Remove(segmentName(seg.number)); err != nil && !absent(err) {
		return false // tried again with the next report
	}
	q.index = slices.Delete(q.index, 0, n)
	q.segments = slices.Delete(q.segments, 0, 1)
	q.bytes -= seg.size
	return true
}

// dropPayloads replaces reports by gaps until the files are smaller by bytes.
func (q *Queue) dropPayloads(bytes int64) error {
	victims, segments := q.chooseVictims(bytes)
	for _, seg := range segments {
		if err := q.rewrite(seg, victims); err != nil {
			return fmt.Errorf("drop reports of a full spool: %w", err)
		}
	}
	return nil
}

// chooseVictims picks acknowledged reports, then the least severe, then the
// oldest. The newest report stays: the chain continues from it.
func (q *Queue) chooseVictims(bytes int64) (map[uint64]bool, []*segment) {
	var order []*entry
	for i := range max(len(q.index)-1, 0) {
		if q.index[i].kind == kindReport {
			order = append(order, &q.index[i])
		}
	}
	rank := func(e *entry) int {
		if e.first <= q.acked.sequence {
			return -1
		}
		return int(e.severity)
	}
	slices.SortStableFunc(order, func(a, b *entry) int { return cmp.Compare(rank(a), rank(b)) })
	victims := map[uint64]bool{}
	var segments []*segment
	for _, e := range order {
		if bytes <= 0 {
			break
		}
		victims[e.first] = true
		bytes -= int64(e.size - headLen - gapFixed - len(e.hash))
		if !slices.Contains(segments, e.seg) {
			segments = append(segments, e.seg)
		}
	}
	return victims, segments
}

// rewrite writes a segment again with gaps in the place of its victims. The
// folder need not be flushed: if the old file comes back after a power loss,
// so do the reports that were dropped.
func (q *Queue) rewrite(seg *segment, victims map[uint64]bool) error {
	content := []byte(segmentMagic)
	var kept []entry
	var gap *record
	flush := func() {
		if gap == nil {
			return
		}
		off := len(content)
		content = appendRecord(content, gap)
		kept = append(kept, entry{
			first: gap.first, last: gap.last, at: gap.at, prev: gap.prev, hash: gap.hashes[len(gap.hashes)-1],
			seg: seg, off: off, size: len(content) - off, kind: kindGap,
		})
		gap = nil
	}
	begin, end := -1, 0
	for i := range q.index {
		e := &q.index[i]
		if e.seg != seg {
			continue
		}
		if begin < 0 {
			begin = i
		}
		end = i + 1
		rec, err := q.read(e)
		if errors.Is(err, errBroken) {
			flush()
			continue // a hole from now on
		}
		if err != nil {
			return err
		}
		part := q.asGap(rec, e, victims[e.first])
		if part == nil || gap != nil && (part.first != gap.last+1 || part.last-gap.first >= maxGap || part.reason != gap.reason) {
			flush()
		}
		switch {
		case part == nil:
			off := len(content)
			content = appendRecord(content, &rec)
			moved := *e
			moved.off, moved.size = off, len(content)-off
			kept = append(kept, moved)
		case gap == nil:
			gap = part
		default:
			gap.last = part.last
			gap.hashes = append(gap.hashes, part.hashes...)
		}
	}
	flush()
	if begin < 0 {
		return nil
	}
	if err := replaceFile(q.fs, segmentName(seg.number), content); err != nil {
		return err
	}
	q.index = slices.Replace(q.index, begin, end, kept...)
	q.bytes += int64(len(content)) - seg.size
	seg.size = int64(len(content))
	return nil
}

// asGap returns the record as a gap, if it is one or is to become one.
func (q *Queue) asGap(rec record, e *entry, victim bool) *record {
	switch {
	case rec.kind == kindGap:
		if rec.hashes == nil {
			rec.hashes = make([]Hash, rec.last-rec.first+1)
		}
		return &rec
	case victim:
		return &record{
			kind: kindGap, first: rec.first, last: rec.last, at: q.opts.Now().UnixMicro(),
			prev: rec.prev, reason: Dropped, hashes: []Hash{e.hash},
		}
	default:
		return nil
	}
}
