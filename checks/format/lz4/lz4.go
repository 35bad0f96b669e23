// Package lz4 reads the LZ4 frame format (version 1.6), in which apt keeps its lists of
// packages. It streams: of what was read it holds one block and the 64 KiB before it.
//
// It checks the structure and no checksum: its caller reads lists whose signature
// somebody else has checked. Dictionaries are not supported.
package lz4

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFormat is wrapped by the error for data that is not LZ4, or not sound. Data that
// ends too early is io.ErrUnexpectedEOF.
var ErrFormat = errors.New("not sound LZ4 data")

const (
	magic          = 0x184D2204
	magicSkippable = 0x184D2A50 // and the 15 numbers behind it
	window         = 64 << 10   // how far back a match may reach
	minMatch       = 4
)

// Reader reads the contents of the frames in a stream, one after another.
type Reader struct {
	r         *bufio.Reader
	in        []byte // a block as it is in the stream
	out       []byte // the window, then the block
	at        int    // of out: what was returned
	inFrame   bool
	linked    bool // blocks reach back into those before
	blockSum  bool
	frameSum  bool
	blockSize int
	err       error
}

// NewReader returns a Reader of the frames in r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 64<<10)} }

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	for r.at == len(r.out) && r.err == nil {
		r.err = r.next()
	}
	if r.at == len(r.out) {
		return 0, r.err
	}
	n := copy(p, r.out[r.at:])
	r.at += n
	return n, nil
}

// next reads the next block, or the head of the next frame.
func (r *Reader) next() error {
	if !r.inFrame {
		return r.frame()
	}
	size, err := r.number()
	if err != nil {
		return err
	}
	if size == 0 { // the end of the frame
		r.inFrame = false
		if r.frameSum {
			_, err = r.number()
		}
		return err
	}
	const plain = 1 << 31
	n := int(size &^ plain)
	if n > r.blockSize {
		return bad("block is too large")
	}
	if cap(r.in) < n {
		r.in = make([]byte, n)
	}
	r.in = r.in[:n]
	if err := full(r.r, r.in); err != nil {
		return err
	}
	if r.blockSum {
		if _, err := r.number(); err != nil {
			return err
		}
	}
	if keep := min(len(r.out), window); r.linked {
		r.out = r.out[:copy(r.out, r.out[len(r.out)-keep:])]
	} else {
		r.out = r.out[:0]
	}
	r.at = len(r.out)
	if size&plain != 0 {
		r.out = append(r.out, r.in...)
		return nil
	}
	r.out, err = block(r.out, r.in, r.at+r.blockSize)
	return err
}

// frame reads the head of a frame, or passes over a frame that is not for readers.
func (r *Reader) frame() error {
	if _, err := r.r.Peek(1); err != nil {
		return err // io.EOF here is the end of everything
	}
	n, err := r.number()
	if err != nil {
		return err
	}
	if n&^0xf == magicSkippable {
		size, err := r.number()
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, r.r, int64(size)); err != nil {
			return unexpected(err)
		}
		return nil
	}
	if n != magic {
		return bad("no frame")
	}
	var head [2]byte
	if err := full(r.r, head[:]); err != nil {
		return err
	}
	const (
		independent = 1 << 5
		blockSum    = 1 << 4
		hasSize     = 1 << 3
		frameSum    = 1 << 2
		dictionary  = 1
	)
	flags, size := head[0], head[1]>>4&7
	if flags>>6 != 1 || flags&dictionary != 0 || size < 4 {
		return bad("frame of another kind")
	}
	rest := 1 // the checksum of the head
	if flags&hasSize != 0 {
		rest += 8
	}
	if err := full(r.r, make([]byte, rest)); err != nil {
		return err
	}
	r.inFrame, r.linked = true, flags&independent == 0
	r.blockSum, r.frameSum = flags&blockSum != 0, flags&frameSum != 0
	r.blockSize = 1 << (8 + 2*size) // 64 KiB, 256 KiB, 1 MiB, 4 MiB
	r.out, r.at = r.out[:0], 0
	return nil
}

func (r *Reader) number() (uint32, error) {
	var b [4]byte
	if err := full(r.r, b[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b[:]), nil
}

// block appends the contents of a compressed block to out, which may not grow beyond
// limit.
func block(out, in []byte, limit int) ([]byte, error) {
	for len(in) > 0 {
		token := in[0]
		in = in[1:]
		literals, rest, ok := length(int(token>>4), in)
		if !ok || literals > len(rest) || len(out)+literals > limit {
			return out, bad("literals")
		}
		out = append(out, rest[:literals]...)
		in = rest[literals:]
		if len(in) == 0 {
			return out, nil // the last sequence has no match
		}
		if len(in) < 2 {
			return out, bad("match")
		}
		back := int(binary.LittleEndian.Uint16(in))
		n, rest, ok := length(int(token&15), in[2:])
		if n += minMatch; !ok || back == 0 || back > len(out) || len(out)+n > limit {
			return out, bad("match")
		}
		in = rest
		from := len(out) - back
		for n > 0 { // a match may overlap what it makes
			part := out[from:min(from+n, len(out))]
			out = append(out, part...)
			n -= len(part)
			from += len(part)
		}
	}
	return out, nil
}

// length reads a length that begins with four bits.
func length(n int, in []byte) (int, []byte, bool) {
	if n < 15 {
		return n, in, true
	}
	for len(in) > 0 {
		b := in[0]
		in = in[1:]
		if n += int(b); b < 255 {
			return n, in, true
		}
	}
	return 0, nil, false
}

func full(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	return unexpected(err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func bad(what string) error { return fmt.Errorf("lz4: %s: %w", what, ErrFormat) }
