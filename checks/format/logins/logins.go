// Package logins reads when accounts of a Linux machine last logged on: one record
// of lastlog(8), and the records of wtmp(5).
//
// From where and on which terminal somebody logged on is not looked at. The files
// hold the fields of C structs in the byte order of the machine; all systems that
// Vigía runs on are little-endian. The reader is a function of bytes and knows no
// file: both files may be large and sparse, so callers read them in parts.
package logins

import (
	"bytes"
	"encoding/binary"
	"time"
)

// LastlogSize is the size of one record of lastlog in bytes. The record of an
// account stands at its user number times this size.
const LastlogSize = 292

// Lastlog returns when the account of a lastlog record last logged on. It is false
// if it never did: a record of zeros, or none because the file ends before it.
func Lastlog(record []byte) (time.Time, bool) {
	if len(record) < LastlogSize {
		return time.Time{}, false
	}
	return seconds(record)
}

// seconds reads a time, unsigned as newer systems write it: until 2106.
func seconds(b []byte) (time.Time, bool) {
	s := binary.LittleEndian.Uint32(b)
	if s == 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(s), 0).UTC(), true
}

// A Layout is how a system lays out the records of wtmp(5). Compat is that of
// amd64, 386 and arm, Wide that of arm64.
type Layout struct {
	Size int // bytes of one record
	time int // where its time stands
}

// Compat has 32-bit times, for programs of both word sizes.
func Compat() Layout { return Layout{Size: 384, time: 340} }

// Wide has 64-bit times, of which the low half is read.
func Wide() Layout { return Layout{Size: 400, time: 344} }

// Chunk is a number of bytes that holds whole records of either layout.
const Chunk = 9600 * 20

const (
	userProcess = 7 // a session of a user began
	lastType    = 9 // of those that utmp(5) knows
	userAt      = 44
	userEnd     = 76
)

// LayoutOf tells the layout of a file by its first records, at most Chunk bytes,
// which must all make sense; whole records come before one that is cut off. It is
// false when neither layout does. An empty file has any.
func LayoutOf(start []byte) (Layout, bool) {
	start = start[:min(len(start), Chunk)]
	for _, whole := range []bool{true, false} {
		for _, l := range []Layout{Compat(), Wide()} {
			if (!whole || len(start)%l.Size == 0) && l.fits(start) {
				return l, true
			}
		}
	}
	return Layout{}, false
}

func (l Layout) fits(b []byte) bool {
	if len(b) > 0 && len(b) < l.Size {
		return false
	}
	for ; len(b) >= l.Size; b = b[l.Size:] {
		kind := binary.LittleEndian.Uint16(b)
		user, rest, _ := bytes.Cut(b[userAt:userEnd], []byte{0})
		empty := kind == 0 && len(bytes.Trim(b[:l.Size], "\x00")) > 0 // nothing writes that
		if empty || kind > lastType || kind == userProcess && (len(user) == 0 || len(bytes.Trim(rest, "\x00")) > 0) {
			return false
		}
		for _, c := range user {
			if c < ' ' || c == 0x7f {
				return false
			}
		}
	}
	return true
}

// Latest notes in last when each user's newest session in b began, keeping what is
// newer there. A record cut off at the end of b is passed over.
func (l Layout) Latest(b []byte, last map[string]time.Time) {
	for ; len(b) >= l.Size; b = b[l.Size:] {
		if binary.LittleEndian.Uint16(b) != userProcess {
			continue
		}
		user, _, _ := bytes.Cut(b[userAt:userEnd], []byte{0})
		at, ok := seconds(b[l.time:])
		if ok && at.After(last[string(user)]) && (len(last) < maxUsers || !last[string(user)].IsZero()) {
			last[string(user)] = at
		}
	}
}

// maxUsers bounds the names that Latest keeps.
const maxUsers = 100_000
