package extract

import (
	"cmp"
	"errors"
	"io"
)

const (
	packedBytes   = 32 << 10 // of compressed data are read at a time
	historyBytes  = 32 << 10 // of what was inflated may be told to come again (RFC 1951, 2)
	unpackedBytes = 96 << 10 // are inflated at a time
	idleInflaters = 8        // are kept
)

// inflate returns a reader of deflated bytes, one that was used before if it can.
func (s *scratch) inflate(r io.Reader) io.ReadCloser {
	var i *deflated
	if n := len(s.inflaters); n > 0 {
		i = s.inflaters[n-1]
		s.inflaters = s.inflaters[:n-1]
	} else {
		i = &deflated{s: s, packed: make([]byte, packedBytes), out: make([]byte, 0, historyBytes+unpackedBytes+512)}
	}
	i.in, i.more, i.cut, i.err, i.closed = r, true, nil, nil, false
	i.f.begin(i.packed[:0])
	return i
}

// deflated inflates, and is kept for the next one when it is closed.
type deflated struct {
	s      *scratch
	f      inflater
	in     io.Reader
	packed []byte
	read   int    // bytes of packed that held something
	more   bool   // in may give more
	cut    error  // why it does not, if that is not its end
	out    []byte // what was inflated last; its capacity is all that there will be
	made   int    // bytes of out that held something
	given  int    // of out
	err    error  // once all of out is given
	closed bool
}

// Read implements io.Reader.
func (i *deflated) Read(p []byte) (n int, err error) {
	if i.closed {
		return 0, io.ErrClosedPipe
	}
	for i.given == len(i.out) && len(p) > 0 {
		if i.err != nil {
			return 0, i.err
		}
		i.inflate()
	}
	n = copy(p, i.out[i.given:])
	i.given += n
	return n, nil
}

// inflate makes the next bytes of out.
func (i *deflated) inflate() {
	if n := len(i.out) - historyBytes; n > 0 {
		i.out = i.out[:copy(i.out, i.out[n:])]
		i.given = len(i.out)
	}
	for {
		var end inflateEnd
		i.out, end = i.f.run(i.out, historyBytes+unpackedBytes, i.more)
		i.made = max(i.made, len(i.out))
		switch end {
		case inflateLow:
			i.fill()
			continue
		case inflateDone:
			i.err = io.EOF
		case inflateBad:
			i.err = cmp.Or(i.cut, io.ErrUnexpectedEOF)
		case inflateFull:
		}
		return
	}
}

// fill reads more of what is to be inflated. The bits that were read ahead stay.
func (i *deflated) fill() {
	const ahead = 8
	r := &i.f.in
	from := max(r.pos-ahead, 0)
	n := copy(i.packed, r.src[from:])
	r.pos -= from
	for range 100 {
		k, err := i.in.Read(i.packed[n:])
		n += k
		switch {
		case err != nil:
			i.more = false
			if !errors.Is(err, io.EOF) {
				i.cut = err
			}
		case k == 0:
			continue
		}
		r.src = i.packed[:n]
		i.read = max(i.read, n)
		return
	}
	i.more, i.cut = false, io.ErrNoProgress
}

// Close implements io.Closer. It clears what was read.
func (i *deflated) Close() error {
	if i.closed {
		return nil
	}
	i.closed = true
	clear(i.packed[:i.read])
	clear(i.out[:i.made])
	i.out, i.read, i.made, i.given, i.in = i.out[:0], 0, 0, 0, nil
	i.f.begin(nil)
	if len(i.s.inflaters) < idleInflaters {
		i.s.inflaters = append(i.s.inflaters, i)
	}
	return nil
}
