package intact

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func lookGzip(s *source) Result {
	const least = 10 + 8
	if s.size < least {
		return damaged(Edges, Truncated)
	}
	return Result{Depth: Edges}
}

func verifyGzip(s *source) Result {
	in := bufio.NewReaderSize(s.stream(0), bufferSize)
	z, err := gzip.NewReader(in)
	if err != nil {
		return gzipDamage(err)
	}
	return s.unpacked(z, Whole, gzipDamage) // nothing to close: it holds no more than memory
}

func gzipDamage(err error) Result {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return damaged(Whole, Truncated)
	case errors.Is(err, gzip.ErrChecksum):
		return damaged(Whole, Checksum)
	default:
		return damaged(Whole, Structure)
	}
}

func lookBzip2(s *source) Result {
	const least = 14
	if s.size < least {
		return damaged(Edges, Truncated)
	}
	return Result{Depth: Edges}
}

func verifyBzip2(s *source) Result {
	return s.unpacked(bzip2.NewReader(bufio.NewReaderSize(s.stream(0), bufferSize)), Whole, bzip2Damage)
}

func bzip2Damage(err error) Result {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged(Whole, Truncated)
	}
	return damaged(Whole, Structure)
}

func isZstd(s *source) bool {
	if len(s.head) < 4 {
		return false
	}
	magic := binary.LittleEndian.Uint32(s.head)
	return magic == 0xFD2FB528 || magic&0xFFFFFFF0 == 0x184D2A50
}

func lookZstd(s *source) Result {
	var h zstd.Header
	if err := h.Decode(s.head); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return damaged(Edges, Truncated)
		}
		return damaged(Edges, Structure)
	}
	if !h.Skippable && !h.SingleSegment && h.WindowSize > maxWindow {
		return Result{Depth: Edges, Limit: Memory}
	}
	return Result{Depth: Edges}
}

func verifyZstd(s *source) Result {
	var h zstd.Header
	depth := Whole
	if err := h.Decode(s.head); err == nil && !h.Skippable && !h.HasCheckSum {
		depth = Walked
	}
	z, err := zstd.NewReader(s.stream(0), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return damaged(depth, Structure)
	}
	defer z.Close()
	return s.unpacked(z, depth, zstdDamage(depth))
}

func zstdDamage(depth Depth) func(error) Result {
	return func(err error) Result {
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return damaged(depth, Truncated)
		case errors.Is(err, zstd.ErrCRCMismatch):
			return damaged(depth, Checksum)
		case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
			return Result{Depth: Edges, Limit: Memory}
		default:
			return damaged(depth, Structure)
		}
	}
}

// The stream header and footer of xz (The .xz File Format 1.2.1, 2.1.1 and 2.1.2).
const (
	xzEdge     = 12
	xzMaxIndex = 4 << 20
)

// lookXZ verifies the header, the footer and the index of the last stream.
func lookXZ(s *source) Result {
	if s.size < 2*xzEdge+8 || len(s.head) < xzEdge {
		return damaged(Edges, Truncated)
	}
	if crc32.ChecksumIEEE(s.head[6:8]) != binary.LittleEndian.Uint32(s.head[8:]) {
		return damaged(Edges, Checksum)
	}
	end := s.size
	for tail := s.tail; len(tail) >= 4 && bytes.Equal(tail[len(tail)-4:], make([]byte, 4)); tail = tail[:len(tail)-4] {
		end -= 4 // padding behind a stream
	}
	footer := s.part(end-xzEdge, xzEdge)
	if footer == nil || string(footer[10:]) != "YZ" {
		return damaged(Edges, Truncated)
	}
	if crc32.ChecksumIEEE(footer[4:10]) != binary.LittleEndian.Uint32(footer) {
		return damaged(Edges, Checksum)
	}
	length := (int64(binary.LittleEndian.Uint32(footer[4:])) + 1) * 4
	if length <= xzMaxIndex {
		index := s.part(end-xzEdge-length, length)
		switch {
		case index == nil || index[0] != 0 || len(index) < 8:
			return damaged(Edges, Structure)
		case crc32.ChecksumIEEE(index[:length-4]) != binary.LittleEndian.Uint32(index[length-4:]):
			return damaged(Edges, Checksum)
		}
	}
	return Result{Depth: Edges, Limit: xzLimit(s.head)}
}

// xzLimit says why a stream cannot be unpacked here: only LZMA2 alone is, with a
// dictionary that fits.
func xzLimit(head []byte) string {
	const lzma2 = 0x21
	h := head[xzEdge:]
	if len(h) < 4 || h[0] == 0 {
		return "" // an empty stream
	}
	flags, p := h[1], h[2:]
	if flags&3 != 0 {
		return Method // more filters than one
	}
	for _, present := range []bool{flags&0x40 != 0, flags&0x80 != 0} {
		if present {
			_, n := binary.Uvarint(p)
			if n <= 0 {
				return ""
			}
			p = p[n:]
		}
	}
	if len(p) < 3 || p[0] != lzma2 {
		return Method
	}
	bits := uint(p[2] & 0x3f)
	if bits > 40 || int64(2|bits&1)<<(bits/2+11) > maxWindow {
		return Memory
	}
	return ""
}

func verifyXZ(s *source) Result {
	depth := Whole
	if s.head[7]&0xf == 0 {
		depth = Walked // made without checks
	}
	z, err := xz.NewReader(bufio.NewReaderSize(s.stream(0), bufferSize))
	if err != nil {
		return damaged(depth, Structure)
	}
	return s.unpacked(z, depth, xzDamage(depth))
}

func xzDamage(depth Depth) func(error) Result {
	return func(err error) Result {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return damaged(depth, Truncated)
		}
		return damaged(depth, Checksum)
	}
}
