package spool

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"
)

const (
	ackedName  = "acked"
	ackedMagic = "VGACKED\x01"
	ackedFixed = len(ackedMagic) + 8 + sha256.Size + 2
	markLen    = 16
	maxMarks   = 256
	// markEvery keeps the marks few: a term of thirty days needs sixty.
	markEvery = 12 * time.Hour
)

// acked is what the collector has, and since when.
type acked struct {
	sequence uint64
	hash     Hash
	marks    []mark // ascending
}

// mark says that sequence was acknowledged at a time, in seconds since 1970.
type mark struct {
	sequence uint64
	at       int64
}

func (a *acked) encode() []byte {
	b := []byte(ackedMagic)
	b = binary.BigEndian.AppendUint64(b, a.sequence)
	b = append(b, a.hash[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(a.marks)))
	for _, m := range a.marks {
		b = binary.BigEndian.AppendUint64(b, m.sequence)
		b = binary.BigEndian.AppendUint64(b, uint64(m.at))
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeAcked answers false for a file that is damaged.
func decodeAcked(b []byte) (acked, bool) {
	if len(b) < ackedFixed+4 || string(b[:len(ackedMagic)]) != ackedMagic {
		return acked{}, false
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return acked{}, false
	}
	body = body[len(ackedMagic):]
	var a acked
	a.sequence = binary.BigEndian.Uint64(body)
	copy(a.hash[:], body[8:])
	n := int(binary.BigEndian.Uint16(body[8+sha256.Size:]))
	body = body[8+sha256.Size+2:]
	if n > maxMarks || len(body) != n*markLen {
		return acked{}, false
	}
	for ; n > 0; n-- {
		a.marks = append(a.marks, mark{
			sequence: binary.BigEndian.Uint64(body),
			at:       int64(binary.BigEndian.Uint64(body[8:])),
		})
		body = body[markLen:]
	}
	return a, true
}

// note records that sequence is acknowledged now. The newest mark moves along
// until it is markEvery after the one before it.
func (a *acked) note(sequence uint64, hash Hash, now time.Time, keep time.Duration) {
	a.sequence, a.hash = sequence, hash
	m := mark{sequence, now.Unix()}
	n := len(a.marks)
	if n >= 2 && a.marks[n-1].at-a.marks[n-2].at < int64(markEvery/time.Second) {
		a.marks[n-1] = m
	} else {
		a.marks = append(a.marks, m)
	}
	// Of the marks past the term only the newest says something.
	for len(a.marks) >= 2 && (a.marks[1].at <= now.Add(-keep).Unix() || len(a.marks) > maxMarks) {
		a.marks = a.marks[1:]
	}
}

// expired returns the highest number that was acknowledged keep ago.
func (a *acked) expired(now time.Time, keep time.Duration) uint64 {
	var sequence uint64
	for _, m := range a.marks {
		if m.at <= now.Add(-keep).Unix() {
			sequence = m.sequence
		}
	}
	return sequence
}

// loadAcked reads the file of acknowledgements. Without it, or if it is
// damaged, all that is in the segments counts as unacknowledged.
func (q *Queue) loadAcked() error {
	if len(q.index) > 0 {
		q.acked.sequence = q.index[0].first - 1
		q.acked.hash = q.index[0].prev
	}
	b, err := ReadFile(q.fs, ackedName, int64(ackedFixed+maxMarks*markLen+4))
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	a, ok := decodeAcked(b)
	if !ok {
		return nil
	}
	q.acked = a
	if a.sequence > q.last {
		// The newest segments are lost, but the collector has those reports.
		q.last, q.head = a.sequence, a.hash
	}
	return nil
}

// Acked returns the highest sequence number that the collector has.
func (q *Queue) Acked() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.acked.sequence
}

// Delivered tells whether the collector has the report of a sequence number: it was
// acknowledged, and as the report itself, not as a gap that stands for it.
func (q *Queue) Delivered(sequence uint64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.find(sequence)
	return sequence <= q.acked.sequence && i < len(q.index) && q.index[i].first == sequence && q.index[i].kind == kindReport
}

// Ack records, durably, that the collector has every report up to sequence. A
// number that is already acknowledged changes nothing.
func (q *Queue) Ack(sequence uint64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if sequence > q.last {
		return fmt.Errorf("acknowledge %d: %w", sequence, ErrUnknownSequence)
	}
	if sequence <= q.acked.sequence {
		return nil
	}
	now := q.opts.Now()
	next := q.acked
	next.marks = append([]mark(nil), next.marks...)
	next.note(sequence, q.hashOf(sequence), now, q.opts.Keep)
	if err := q.storeAcked(next); err != nil {
		return fmt.Errorf("acknowledge %d: %w", sequence, err)
	}
	q.expire(q.acked.expired(now, q.opts.Keep))
	return nil
}

// Rewind records, durably, that the collector has nothing after sequence, as
// after a restore from a backup: it is unacknowledged again.
func (q *Queue) Rewind(sequence uint64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if sequence >= q.acked.sequence {
		return nil
	}
	next := acked{sequence: sequence, hash: q.hashOf(sequence)}
	for _, m := range q.acked.marks {
		if m.sequence <= sequence {
			next.marks = append(next.marks, m)
		}
	}
	if err := q.storeAcked(next); err != nil {
		return fmt.Errorf("rewind to %d: %w", sequence, err)
	}
	return nil
}

func (q *Queue) storeAcked(next acked) error {
	if err := ReplaceFile(q.fs, ackedName, next.encode()); err != nil {
		return err
	}
	q.acked = next
	return nil
}

// hashOf returns the hash of a report, zero where it is not known.
func (q *Queue) hashOf(sequence uint64) Hash {
	if sequence == q.last {
		return q.head
	}
	i := q.find(sequence)
	if i < len(q.index) && q.index[i].last == sequence {
		return q.index[i].hash
	}
	if i < len(q.index) && q.index[i].first == sequence+1 {
		return q.index[i].prev
	}
	return Hash{}
}
