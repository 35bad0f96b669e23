package spool

import (
	"errors"
	"time"
)

// Unacked returns consecutive records beginning at the sequence number from,
// or at the first unacknowledged one if from is 0: at most maxItems, and at
// most maxBytes of messages unless the first alone is larger. Missing reports
// are returned as gaps. It returns none when all is acknowledged.
func (q *Queue) Unacked(from uint64, maxItems int, maxBytes int) ([]Record, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if from == 0 {
		from = q.acked.sequence + 1
	}
	var out []Record
	bytes := 0
	for from <= q.last && len(out) < maxItems {
		r, err := q.at(from)
		if err != nil {
			return nil, err
		}
		bytes += len(r.Message) + len(r.Signature)
		if r.Gap != nil {
			bytes += len(r.Gap.Hashes) * len(Hash{})
		}
		if bytes > maxBytes && len(out) > 0 {
			break
		}
		out = append(out, r)
		from = r.Last + 1
	}
	return out, nil
}

// at returns the record that begins at sequence, cutting a gap if need be.
func (q *Queue) at(sequence uint64) (Record, error) {
	for {
		i := q.find(sequence)
		if i == len(q.index) || q.index[i].first > sequence {
			return q.hole(sequence, i), nil
		}
		e := q.index[i]
		rec, err := q.read(&e)
		if errors.Is(err, errBroken) {
			// It went bad since it was indexed: now it is a hole.
			q.index = append(q.index[:i], q.index[i+1:]...)
			continue
		}
		if err != nil {
			return Record{}, err
		}
		out := Record{First: sequence, Last: rec.last}
		if rec.kind == kindReport {
			out.Signed = Signed{Message: rec.message, Signature: rec.signature}
			return out, nil
		}
		out.Gap = &Gap{Reason: rec.reason, At: time.UnixMicro(rec.at).UTC(), Hashes: rec.hashes}
		if out.Gap.Hashes == nil {
			out.Gap.Hashes = make([]Hash, rec.last-rec.first+1)
		}
		out.Gap.Hashes = out.Gap.Hashes[sequence-rec.first:]
		return out, nil
	}
}

// hole describes the missing numbers from sequence up to the entry i. Those
// before the first entry were deleted at the end of their term, unless no
// segment was ever deleted.
func (q *Queue) hole(sequence uint64, i int) Record {
	gap := &Gap{Reason: Damaged, At: time.UnixMicro(0).UTC()}
	last := q.last
	var lastHash Hash
	switch {
	case i < len(q.index):
		last, lastHash = q.index[i].first-1, q.index[i].prev
		gap.At = time.UnixMicro(q.index[i].at).UTC()
	default:
		lastHash = q.head
		if i > 0 {
			gap.At = time.UnixMicro(q.index[i-1].at).UTC()
		}
	}
	if i == 0 && len(q.segments) > 0 && q.segments[0].number > 1 {
		gap.Reason = Dropped
	}
	if last-sequence >= maxGap {
		last, lastHash = sequence+maxGap-1, Hash{}
	}
	gap.Hashes = make([]Hash, last-sequence+1)
	gap.Hashes[len(gap.Hashes)-1] = lastHash
	return Record{First: sequence, Last: last, Gap: gap}
}

// Backward calls visit with the records from the newest to the oldest, until
// it returns false. Numbers that are missing are left out.
func (q *Queue) Backward(visit func(Record) bool) error {
	q.mu.Lock()
	next := q.last
	q.mu.Unlock()
	for next > 0 {
		r, err := q.before(next)
		if err != nil || r == nil || !visit(*r) {
			return err
		}
		next = r.First - 1
	}
	return nil
}

// before returns the newest record that begins at or before sequence, nil for
// none.
func (q *Queue) before(sequence uint64) (*Record, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.find(sequence)
	if i == len(q.index) || q.index[i].first > sequence {
		i--
	}
	if i < 0 {
		return nil, nil
	}
	r, err := q.at(q.index[i].first)
	if err != nil {
		return nil, err
	}
	return &r, nil
}
