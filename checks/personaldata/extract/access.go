package extract

import (
	"errors"
	"io"
)

// readAccess reads an Access database without knowing its tables: what can be printed of
// its pages, be it of one byte a character or of two. Versions from 2000 put FF FE before
// a text that they store in single bytes, and pages may be encrypted: there is no telling
// what was missed, so the database is never read whole.
func readAccess(d *document) Reason {
	out := lines{d: d}
	out.begin()
	defer out.end()
	var run accessRun
	for out.stop == "" {
		block, err := d.next(d.r)
		for _, c := range block {
			if run.add(c) {
				continue
			}
			run.give(&out)
			run.add(c)
		}
		if errors.Is(err, io.EOF) {
			run.give(&out)
			return Undecoded
		}
		if err != nil {
			run.give(&out)
			return reasonOf(err)
		}
	}
	return out.stop
}

// accessRun is a run of characters of one or two bytes.
type accessRun struct {
	buf  [512]byte
	n    int
	zero bool // the last byte was the high half of a character
	wide bool
}

// add takes a byte, and returns false when it does not belong to the run.
func (r *accessRun) add(c byte) bool {
	switch {
	case c == 0 && r.n > 0 && !r.zero && (r.wide || r.n == 1):
		r.zero, r.wide = true, true
	case c < 0x20 || c >= 0x7F && c < 0xA0 || c >= 0xFE, r.wide && !r.zero, r.n == len(r.buf):
		return false
	default:
		r.buf[r.n] = c
		r.n++
		r.zero = false
	}
	return true
}

// give writes the run as a line, if it is long enough, and begins anew.
func (r *accessRun) give(out *lines) {
	if r.n >= 4 {
		s := &out.d.x.scratch
		s.text = appendLatin(s.text, r.buf[:r.n])
		out.newline()
	}
	clear(r.buf[:r.n])
	r.n, r.zero, r.wide = 0, false, false
}
