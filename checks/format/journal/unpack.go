package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Flags of a data object: how its value is compressed.
const (
	packedXZ   = 1 << 0
	packedLZ4  = 1 << 1
	packedZstd = 1 << 2
	compressed = packedXZ | packedLZ4 | packedZstd
)

const (
	maxPacked = 1 << 20 // of a compressed value, bytes that are looked at
	maxWindow = 8 << 20 // memory of a decoder; systemd uses less
)

// unpacker undoes the compression of long values. Its decoder is made when the
// first one is met.
type unpacker struct{ zstd *zstd.Decoder }

// start returns the first limit bytes of a value, or only so much that wanted
// sees it is not of a field that is.
func (u *unpacker) start(flags byte, packed []byte, limit int, wanted func([]byte) string) ([]byte, error) {
	r, err := u.reader(flags, packed)
	if err != nil {
		return nil, err
	}
	head, err := read(r, 64)
	if err != nil || wanted(head) == "" {
		return head, err
	}
	rest, err := read(r, limit-len(head))
	return append(head, rest...), err
}

// read reads n bytes, or fewer at the end.
func read(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	n, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return b[:n], err
}

func (u *unpacker) reader(flags byte, packed []byte) (io.Reader, error) {
	switch flags & compressed {
	case packedZstd:
		if u.zstd == nil {
			d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxMemory(maxWindow), zstd.WithDecoderMaxWindow(maxWindow))
			if err != nil {
				return nil, err
			}
			u.zstd = d
		}
		if err := u.zstd.Reset(bytes.NewReader(packed)); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		return u.zstd, nil
	case packedXZ:
		r, err := xz.ReaderConfig{DictCap: maxWindow, SingleStream: true}.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		return r, nil
	case packedLZ4:
		if len(packed) < 8 {
			return nil, ErrCorrupt
		}
		size := min(binary.LittleEndian.Uint64(packed), maxValue)
		out, err := lz4(packed[8:], int(size))
		if err != nil {
			return nil, err
		}
		return bytes.NewReader(out), nil
	default:
		return nil, ErrUnsupported
	}
}

// lz4 decodes the first n bytes of an LZ4 block.
func lz4(src []byte, n int) ([]byte, error) {
	out := make([]byte, 0, n)
	more := func(length int) (int, bool) {
		for len(src) > 0 {
			b := src[0]
			src = src[1:]
			if length += int(b); b != 255 {
				return length, true
			}
		}
		return 0, false
	}
	for len(src) > 0 {
		token := src[0]
		src = src[1:]
		literals := int(token >> 4)
		if literals == 15 {
			var ok bool
			if literals, ok = more(literals); !ok {
				return nil, ErrCorrupt
			}
		}
		if literals > len(src) {
			return nil, ErrCorrupt
		}
		out = append(out, src[:literals]...)
		src = src[literals:]
		if len(out) >= n || len(src) == 0 {
			break // the last sequence has literals only
		}
		if len(src) < 2 {
			return nil, ErrCorrupt
		}
		back := int(src[0]) | int(src[1])<<8
		src = src[2:]
		length := int(token & 15)
		if length == 15 {
			var ok bool
			if length, ok = more(length); !ok {
				return nil, ErrCorrupt
			}
		}
		length += 4
		if back == 0 || back > len(out) {
			return nil, ErrCorrupt
		}
		for i := 0; i < length && len(out) < n; i++ {
			out = append(out, out[len(out)-back])
		}
	}
	return out[:min(len(out), n)], nil
}
