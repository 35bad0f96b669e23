package extract

import (
	"bufio"
	"bytes"
	"io"

	"github.com/klauspost/compress/flate"
)

const (
	packedBytes   = 32 << 10 // of compressed data are read at a time
	idleInflaters = 8        // are kept
)

// inflate returns a reader of deflated bytes, one that was used before if it can.
func (s *scratch) inflate(r io.Reader) io.ReadCloser {
	if n := len(s.inflaters); n > 0 {
		i := s.inflaters[n-1]
		s.inflaters = s.inflaters[:n-1]
		if i.reset(r) == nil {
			return i
		}
	}
	i := &deflated{s: s, in: bufio.NewReaderSize(r, packedBytes)}
	i.out = flate.NewReader(i.in)
	return i
}

// deflated inflates, and is kept for the next one when it is closed.
type deflated struct {
	s      *scratch
	in     *bufio.Reader
	out    io.ReadCloser
	closed bool
}

func (i *deflated) reset(r io.Reader) error {
	i.in.Reset(r)
	i.closed = false
	return i.out.(flate.Resetter).Reset(i.in, nil) // all its readers are
}

// Read implements io.Reader.
func (i *deflated) Read(p []byte) (int, error) {
	if i.closed {
		return 0, io.ErrClosedPipe
	}
	return i.out.Read(p)
}

// Close implements io.Closer.
func (i *deflated) Close() error {
	if i.closed {
		return nil
	}
	err := i.out.Close()
	if i.reset(bytes.NewReader(nil)) == nil && len(i.s.inflaters) < idleInflaters {
		i.s.inflaters = append(i.s.inflaters, i)
	}
	i.closed = true
	return err
}
