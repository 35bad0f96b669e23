package sqlite

import (
	"encoding/binary"
	"fmt"
	"maps"
)

// A log of SQLite is a header and frames, each a page with a header of its own. A frame
// counts if its salts are those of the log's header and its checksum, which runs on from
// frame to frame, is right; of those that count, the ones up to the last that ends a
// transaction are committed.
const (
	logHeader   = 32
	frameHeader = 24
)

// logFrame is where the newest committed version of a page stands in the log.
type logFrame int64

// maxFrames bounds the frames of a log.
const maxFrames = 1 << 20

// readLog finds the committed pages of a write-ahead log. A log without a single
// committed frame, such as one of an earlier generation, changes nothing.
func (db *DB) readLog(size int64) error {
	if size < logHeader {
		return nil // nothing was ever committed to it
	}
	var h [logHeader]byte
	if err := readFull(db.log, h[:], 0); err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	const magic = 0x377F0682 // the last bit tells the byte order of the checksums
	word := binary.BigEndian.Uint32(h[:])
	if word&^1 != magic || int(binary.BigEndian.Uint32(h[8:])) != db.page {
		return nil // SQLite takes such a log for an empty one
	}
	var order binary.ByteOrder = binary.LittleEndian
	if word&1 != 0 {
		order = binary.BigEndian
	}
	sum := checksum{order: order}
	sum.add(h[:24])
	if !sum.is(h[24:]) {
		return nil
	}
	frame := make([]byte, frameHeader+db.page)
	pending := map[int64]logFrame{}
	inFile := db.pages
	for n := range int64(maxFrames) {
		at := logHeader + n*int64(len(frame))
		if at+int64(len(frame)) > size {
			break
		}
		if err := readFull(db.log, frame, at); err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		sum.add(frame[:8])
		sum.add(frame[frameHeader:])
		if string(frame[8:16]) != string(h[16:24]) || !sum.is(frame[16:]) {
			break
		}
		pending[int64(binary.BigEndian.Uint32(frame))] = logFrame(at + frameHeader)
		if pages := binary.BigEndian.Uint32(frame[4:]); pages > 0 { // it ends a transaction
			if db.newer == nil {
				db.newer = map[int64]logFrame{}
			}
			maps.Copy(db.newer, pending)
			clear(pending)
			// No more than there are in both files: it sizes what is kept in memory.
			db.pages = min(int64(pages), inFile+size/int64(db.page))
		}
	}
	return nil
}

func (db *DB) readFrame(b []byte, at logFrame) error { return readFull(db.log, b, int64(at)) }

// checksum is the running checksum of a log.
type checksum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (c *checksum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s0 += c.order.Uint32(b) + c.s1
		c.s1 += c.order.Uint32(b[4:]) + c.s0
	}
}

func (c *checksum) is(b []byte) bool {
	return binary.BigEndian.Uint32(b) == c.s0 && binary.BigEndian.Uint32(b[4:]) == c.s1
}
