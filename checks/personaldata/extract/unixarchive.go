package extract

import (
	"io"
	"strconv"
	"strings"
)

// A cursor reads a stream of headers and members. Once it failed, why says so.
type cursor struct {
	d   *document
	buf [256]byte
	off int64
	why Reason
}

// header reads the next n bytes, good until the next call; nil at the end and after it.
func (c *cursor) header(n int) []byte {
	got, err := io.ReadFull(c.d.r, c.buf[:n])
	c.off += int64(got)
	if err != nil {
		if got > 0 || reasonOf(err) != Damaged {
			c.why = reasonOf(err)
		}
		return nil
	}
	return c.buf[:n]
}

// skip goes over n bytes.
func (c *cursor) skip(n int64) bool {
	got, err := io.CopyN(io.Discard, c.d.r, n)
	c.off += got
	if err != nil {
		c.why = reasonOf(err)
	}
	return err == nil
}

// member reads the next size bytes as a document, and goes to a multiple of pad behind it.
func (c *cursor) member(size, pad int64) bool {
	in := &io.LimitedReader{R: c.d.r, N: size}
	if size > 0 {
		if c.why = c.d.nested(streamOnly{in}, size); c.why != "" {
			return false
		}
	}
	c.off += size - in.N
	return c.skip(in.N) && c.align(pad)
}

func (c *cursor) align(pad int64) bool { return c.skip((pad - c.off%pad) % pad) }

// field reads a number in a header; it is bad when it is below zero.
func field(b []byte, base int) int64 {
	n, err := strconv.ParseInt(strings.TrimRight(string(b), " \x00"), base, 48)
	if err != nil {
		return -1
	}
	return n
}

// readAr reads the members of an archive of ar, of which packages of Debian are made.
func readAr(d *document) Reason {
	const mark, headerBytes = 8, 60
	c := cursor{d: d}
	if c.header(mark) == nil {
		return Damaged
	}
	for {
		b := c.header(headerBytes)
		if b == nil {
			return c.why
		}
		size := field(b[48:58], 10)
		if size < 0 || b[58] != '`' {
			return Damaged
		}
		if table := b[0] == '/' && (b[1] == ' ' || b[1] == '/' || b[1] == 'S'); table { // of names
			if !c.skip(size) || !c.align(2) {
				return c.why
			}
			continue
		}
		if !c.member(size, 2) {
			return c.why
		}
	}
}

// readCpio reads the members of an archive of cpio, in its formats of text.
func readCpio(d *document) Reason {
	const oldBytes, newBytes = 76, 110
	c := cursor{d: d}
	for {
		b := c.header(oldBytes)
		if b == nil {
			return c.why
		}
		var mode, name, size, pad int64
		switch string(b[:6]) {
		case "070707":
			mode, name, size, pad = field(b[18:24], 8), field(b[59:65], 8), field(b[65:76], 8), 1
		case "070701", "070702":
			mode, size = field(b[14:22], 16), field(b[54:62], 16)
			if b = c.header(newBytes - oldBytes); b == nil {
				return Damaged
			}
			name, pad = field(b[94-oldBytes:102-oldBytes], 16), 4
		default:
			return Damaged
		}
		const regular, kinds = 0o100000, 0o170000
		if name < 1 || name > 4<<10 || size < 0 || mode < 0 {
			return Damaged
		}
		last := name == int64(len("TRAILER!!!\x00")) && size == 0 && mode&kinds == 0
		if !c.skip(name) || !c.align(pad) {
			return c.why
		}
		if last {
			return ""
		}
		if mode&kinds != regular {
			if !c.skip(size) || !c.align(pad) {
				return c.why
			}
			continue
		}
		if !c.member(size, pad) {
			return c.why
		}
	}
}
