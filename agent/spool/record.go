package spool

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// A segment is segmentMagic and records; see FORMAT.md. All numbers are big
// endian.
const (
	segmentMagic = "VGSPOOL\x01"
	recordMarker = "VgR\x01"

	headLen  = 4 + 4 + 4                            // marker, length, CRC
	fixedLen = 1 + 1 + 8 + 8 + 8 + sha256.Size      // of every body
	gapFixed = fixedLen + 1                         // and the reason
	maxBody  = fixedLen + 2 + maxSignature + maxMsg // of a report, the largest

	maxSignature = 256
	maxMsg       = 4 << 20
	// maxGap is the most sequence numbers in one gap: 128 KiB of hashes.
	maxGap = 4096
)

type kind byte

const (
	kindReport kind = 1
	kindGap    kind = 2
)

// Hash is the SHA-256 of a report's bytes; all zero where it is not known, and
// before the first report.
type Hash [sha256.Size]byte

// record is one record of a segment, decoded. Slices point into the input.
type record struct {
	kind        kind
	severity    Severity
	first, last uint64
	at          int64 // microseconds since 1970 UTC
	prev        Hash
	signature   []byte // of a report
	message     []byte // of a report
	reason      Reason // of a gap
	hashes      []Hash // of a gap: one for each number, or none
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errShort  = errors.New("record is cut short")
	errBroken = errors.New("record is damaged")
)

// appendRecord appends the record's bytes to b.
func appendRecord(b []byte, r *record) []byte {
	start := len(b)
	b = append(b, recordMarker...)
	b = append(b, make([]byte, 8)...) // length and CRC, set below
	b = append(b, byte(r.kind), byte(r.severity))
	b = binary.BigEndian.AppendUint64(b, r.first)
	b = binary.BigEndian.AppendUint64(b, r.last)
	b = binary.BigEndian.AppendUint64(b, uint64(r.at))
	b = append(b, r.prev[:]...)
	switch r.kind {
	case kindReport:
		b = binary.BigEndian.AppendUint16(b, uint16(len(r.signature)))
		b = append(b, r.signature...)
		b = append(b, r.message...)
	case kindGap:
		b = append(b, byte(r.reason))
		for _, h := range r.hashes {
			b = append(b, h[:]...)
		}
	}
	head := b[start:]
	binary.BigEndian.PutUint32(head[4:], uint32(len(head)-headLen))
	binary.BigEndian.PutUint32(head[8:], checksum(head))
	return b
}

// checksum covers the length and the body of a whole record.
func checksum(b []byte) uint32 {
	sum := crc32.Update(0, castagnoli, b[4:8])
	return crc32.Update(sum, castagnoli, b[headLen:])
}

// decodeRecord reads the record at the beginning of b and tells its length in
// bytes. errShort means that b ends before the record does, errBroken that
// what is there is not a record.
func decodeRecord(b []byte) (record, int, error) {
	if len(b) < headLen {
		return record{}, 0, errShort
	}
	if string(b[:4]) != recordMarker {
		return record{}, 0, errBroken
	}
	n := int64(binary.BigEndian.Uint32(b[4:]))
	if n < fixedLen || n > maxBody {
		return record{}, 0, errBroken
	}
	if int64(len(b)) < headLen+n {
		return record{}, 0, errShort
	}
	b = b[:headLen+n]
	if checksum(b) != binary.BigEndian.Uint32(b[8:]) {
		return record{}, 0, errBroken
	}
	r, err := decodeBody(b[headLen:])
	return r, len(b), err
}

func decodeBody(b []byte) (record, error) {
	r := record{
		kind:     kind(b[0]),
		severity: Severity(b[1]),
		first:    binary.BigEndian.Uint64(b[2:]),
		last:     binary.BigEndian.Uint64(b[10:]),
		at:       int64(binary.BigEndian.Uint64(b[18:])),
	}
	copy(r.prev[:], b[26:])
	rest := b[fixedLen:]
	if r.first == 0 || r.last < r.first {
		return record{}, errBroken
	}
	switch r.kind {
	case kindReport:
		if len(rest) < 2 || r.last != r.first {
			return record{}, errBroken
		}
		n := int(binary.BigEndian.Uint16(rest))
		if n > maxSignature || len(rest) < 2+n || len(rest)-2-n > maxMsg {
			return record{}, errBroken
		}
		r.signature, r.message = rest[2:2+n], rest[2+n:]
		return r, nil
	case kindGap:
		return decodeGap(r, rest)
	default:
		return record{}, errBroken
	}
}

func decodeGap(r record, rest []byte) (record, error) {
	if len(rest) < 1 || r.last-r.first >= maxGap {
		return record{}, errBroken
	}
	r.reason, rest = Reason(rest[0]), rest[1:]
	count := int(r.last - r.first + 1)
	if r.reason.String() == "" || len(rest) != 0 && len(rest) != count*sha256.Size {
		return record{}, errBroken
	}
	for len(rest) > 0 {
		r.hashes = append(r.hashes, Hash(rest[:sha256.Size]))
		rest = rest[sha256.Size:]
	}
	return r, nil
}

// found is a record and where it lies in its segment.
type found struct {
	record
	off, size int
}

// scanSegment returns the records of a segment's bytes. Between them it skips
// what is damaged, up to the next record that is whole. What follows the last
// whole record is a write that never ended and is not looked at again, for a
// segment is only continued by the process that created it.
func scanSegment(b []byte) []found {
	var out []found
	off := 0
	if bytes.HasPrefix(b, []byte(segmentMagic)) {
		off = len(segmentMagic)
	}
	for off < len(b) {
		r, n, err := decodeRecord(b[off:])
		if err == nil {
			out = append(out, found{r, off, n})
			off += n
			continue
		}
		next := bytes.Index(b[off+1:], []byte(recordMarker))
		if next < 0 {
			break
		}
		off += 1 + next
	}
	return out
}
