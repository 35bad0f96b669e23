package intact

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

const (
	sevenMagic = "7z\xbc\xaf\x27\x1c"
	sevenStart = 32
)

// lookSeven verifies the header at the beginning and the one at the end, which is
// written last (7zFormat.txt of the LZMA SDK). What is packed between them is not read.
func lookSeven(s *source) Result {
	if len(s.head) < sevenStart {
		return damaged(Edges, Truncated)
	}
	h := s.head
	if crc32.ChecksumIEEE(h[12:sevenStart]) != binary.LittleEndian.Uint32(h[8:]) {
		return damaged(Edges, Checksum)
	}
	off, length := int64(binary.LittleEndian.Uint64(h[12:])), int64(binary.LittleEndian.Uint64(h[20:]))
	switch {
	case length == 0:
		return damaged(Edges, Empty)
	case off < 0 || length < 0 || off > s.size-sevenStart || length > s.size-sevenStart-off:
		return damaged(Edges, Truncated)
	}
	sum := crc32.NewIEEE()
	if n, err := io.Copy(sum, io.NewSectionReader(s, sevenStart+off, length)); err != nil || n != length {
		return damaged(Edges, Truncated)
	}
	if sum.Sum32() != binary.LittleEndian.Uint32(h[28:]) {
		return damaged(Edges, Checksum)
	}
	return Result{Depth: Edges, Limit: Method}
}
