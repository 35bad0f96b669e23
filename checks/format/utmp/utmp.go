// Package utmp reads the records of log-ons that Linux keeps in wtmp, btmp and
// lastlog, see utmp(5).
//
// The name in a record is what somebody typed, and in a failed log-on that is
// often a password typed into the wrong box. So the caller says which names it
// knows, and no other leaves this package, nor its length. Names of remote
// machines do not leave it either, only their addresses.
package utmp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"
)

// ErrCorrupt means that the file is no list of records, or not whole.
var ErrCorrupt = errors.New("damaged log-on records")

// Kind is what a record tells of (ut_type).
type Kind int16

// The kinds of records. Failed log-ons stand in btmp as Login or User.
const (
	Empty Kind = iota
	RunLevel
	Boot
	NewTime
	OldTime
	Init
	Login
	User
	Dead
	accounting
)

// Record is one record of wtmp or btmp.
type Record struct {
	Kind Kind
	Time time.Time
	PID  int32
	// Line is the terminal, without /dev/; sshd writes ssh:notty.
	Line string
	// User is the account, empty unless the caller knows it.
	User string
	// Known tells that User is one of the names that were asked for.
	Known bool
	// Remote tells that the record came over a network, Address from where: an IP
	// address as it was logged, empty where only a name was.
	Remote  bool
	Address string
}

// Query chooses records.
type Query struct {
	Since time.Time
	Max   int             // returned at most
	Names map[string]bool // accounts that may be named
}

// Sizes of a record, in bytes. The long one is that of 64-bit systems that never ran
// 32-bit programs, such as arm64; all others write the short one.
const (
	short = 384
	long  = 400
)

// older is how many records in a row must be from before Query.Since to end the
// reading: a clock that was set leaves records out of order.
const older = 64

// Newest reads a file of size bytes from its end and returns the records that q
// chooses, newest first. more tells that there were more than q.Max. A part of
// a record at the end is passed over: it is being written.
func Newest(ctx context.Context, r io.ReaderAt, size int64, q Query) (records []Record, more bool, err error) {
	if size == 0 {
		return nil, false, nil
	}
	width, err := layout(r, size)
	if err != nil {
		return nil, false, err
	}
	const batch = 160
	buf := make([]byte, batch*width)
	defer clear(buf) // of the names that nobody may know
	tooOld := 0
	for left := size / int64(width); left > 0; {
		if err := ctx.Err(); err != nil {
			return records, false, err
		}
		n := min(left, batch)
		left -= n
		part := buf[:n*int64(width)]
		if m, err := r.ReadAt(part, left*int64(width)); m < len(part) {
			if err == nil || errors.Is(err, io.EOF) {
				err = ErrCorrupt // shorter than it was
			}
			return records, false, fmt.Errorf("read records: %w", err)
		}
		for i := int(n) - 1; i >= 0; i-- {
			raw := part[i*width : (i+1)*width]
			rec, ok := decode(raw, q.Names)
			switch {
			case !ok:
				return records, false, fmt.Errorf("record %d: %w", left+int64(i), ErrCorrupt)
			case rec.Time.Before(q.Since):
				if tooOld++; tooOld >= older {
					return records, false, nil
				}
				continue
			}
			tooOld = 0
			if len(records) >= q.Max {
				return records, true, nil
			}
			records = append(records, rec)
		}
	}
	return records, false, nil
}

// layout tells the size of the records by whether the first ones make sense.
func layout(r io.ReaderAt, size int64) (int, error) {
	head := make([]byte, min(size, 4*long))
	defer clear(head)
	if n, err := r.ReadAt(head, 0); n < len(head) {
		if err == nil || errors.Is(err, io.EOF) {
			err = ErrCorrupt
		}
		return 0, fmt.Errorf("read records: %w", err)
	}
	for _, width := range []int{short, long} {
		ok := size >= int64(width)
		for at := 0; ok && at+width <= len(head); at += width {
			_, ok = decode(head[at:at+width], nil)
		}
		if ok {
			return width, nil
		}
	}
	return 0, ErrCorrupt
}

// decode reads one record, of either size.
func decode(b []byte, names map[string]bool) (Record, bool) {
	le := binary.LittleEndian
	rec := Record{Kind: Kind(le.Uint16(b)), PID: int32(le.Uint32(b[4:])), Line: strings.ToValidUTF8(string(text(b[8:40])), "\uFFFD")}
	var seconds, micros int64
	var address []byte
	if len(b) == long {
		seconds, micros, address = int64(le.Uint64(b[344:])), int64(le.Uint64(b[352:])), b[360:376]
	} else {
		// Unsigned: a 32-bit count of seconds lasts until 2106 if it is.
		seconds, micros, address = int64(le.Uint32(b[340:])), int64(le.Uint32(b[344:])), b[348:364]
	}
	if rec.Kind < Empty || rec.Kind > accounting || micros < 0 || micros >= 1e6 || seconds < 0 || seconds > 1<<33 {
		return Record{}, false
	}
	if seconds != 0 {
		rec.Time = time.Unix(seconds, micros*1000).UTC()
	}
	if user := text(b[44:76]); names[string(user)] {
		rec.User, rec.Known = string(user), true
	}
	host := text(b[76:332])
	rec.Address = ip(address, host)
	rec.Remote = rec.Address != "" || len(host) > 0 && host[0] != ':'
	return rec, true
}

// text cuts a field at its first zero byte.
func text(field []byte) []byte {
	before, _, _ := bytes.Cut(field, []byte{0})
	return before
}

// ip is the address of a record: that in binary, or the host if it is one.
func ip(raw, host []byte) string {
	if !bytes.Equal(raw, make([]byte, 16)) {
		if bytes.Equal(raw[4:], make([]byte, 12)) {
			return netip.AddrFrom4([4]byte(raw[:4])).String()
		}
		return netip.AddrFrom16([16]byte(raw)).Unmap().String()
	}
	if a, err := netip.ParseAddr(string(host)); err == nil {
		return a.Unmap().WithZone("").String()
	}
	return ""
}

// Lastlog reads when the account with a number last logged on, out of lastlog:
// zero if never. The file is as long as its largest number asks for, so r is
// read at one place only; wide tells that it has the records of 64-bit systems
// that never ran 32-bit programs.
func Lastlog(r io.ReaderAt, uid uint32, wide bool) (time.Time, error) {
	width := int64(292)
	if wide {
		width = 296
	}
	b := make([]byte, 8)
	n, err := r.ReadAt(b, int64(uid)*width)
	if err != nil && !errors.Is(err, io.EOF) {
		return time.Time{}, fmt.Errorf("read the record of %d: %w", uid, err)
	}
	if n < len(b) {
		return time.Time{}, nil // behind the end: never
	}
	seconds := int64(binary.LittleEndian.Uint32(b))
	if wide {
		seconds = int64(binary.LittleEndian.Uint64(b))
	}
	switch {
	case seconds == 0:
		return time.Time{}, nil
	case seconds < 0 || seconds > 1<<33:
		return time.Time{}, fmt.Errorf("record of %d: %w", uid, ErrCorrupt)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
