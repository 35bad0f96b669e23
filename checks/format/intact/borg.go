package intact

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// The log of a repository of borg 1.x: segments of entries (docs/internals/data-structures).
const (
	borgMagic  = "BORG_SEG"
	borgHeader = 9 // crc32, size, tag
	borgPut    = 0
	borgDelete = 1
	borgCommit = 2
	borgKey    = 32
	borgMax    = 64 << 20
)

func lookBorg(s *source) Result {
	if s.size < int64(len(borgMagic)) {
		return damaged(Edges, Truncated)
	}
	return Result{Depth: Edges}
}

func verifyBorg(s *source) Result {
	r := bufio.NewReaderSize(s.stream(int64(len(borgMagic))), bufferSize)
	var h [borgHeader]byte
	for {
		_, err := io.ReadFull(r, h[:])
		if errors.Is(err, io.EOF) {
			return Result{Depth: Whole}
		}
		if err != nil {
			return damaged(Whole, Truncated)
		}
		size := int64(binary.LittleEndian.Uint32(h[4:]))
		if size < borgHeader || size > borgMax {
			return damaged(Whole, Structure)
		}
		sum := crc32.NewIEEE()
		sum.Write(h[4:])
		if _, err := io.CopyN(sum, r, size-borgHeader); err != nil {
			return damaged(Whole, Truncated)
		}
		if sum.Sum32() != binary.LittleEndian.Uint32(h[:]) {
			return damaged(Whole, Checksum)
		}
	}
}

// BorgCommitted tells whether the last bytes of a segment are the entry that completes a
// transaction.
func BorgCommitted(tail []byte) bool {
	if len(tail) < borgHeader {
		return false
	}
	e := tail[len(tail)-borgHeader:]
	return binary.LittleEndian.Uint32(e[4:]) == borgHeader && e[8] == borgCommit &&
		crc32.ChecksumIEEE(e[4:]) == binary.LittleEndian.Uint32(e)
}

// BorgStart is where the entries of a segment begin, BorgHead how much of one BorgEntry
// needs, in bytes.
const (
	BorgStart = int64(len(borgMagic))
	BorgHead  = borgHeader + borgKey
)

// BorgEntry reads the beginning of an entry of a segment: how many bytes the entry takes,
// and whether it puts something other than the manifest, whose key is all zeros. The first
// BorgStart bytes of a segment are none of one. ok is false for what is no entry.
func BorgEntry(head []byte) (size int64, data, ok bool) {
	if len(head) < borgHeader {
		return 0, false, false
	}
	size = int64(binary.LittleEndian.Uint32(head[4:]))
	if size < borgHeader || size > borgMax {
		return 0, false, false
	}
	if tag := head[8]; tag != borgPut {
		return size, false, tag == borgDelete || tag == borgCommit
	}
	if len(head) < borgHeader+borgKey {
		return 0, false, false
	}
	for _, c := range head[borgHeader : borgHeader+borgKey] {
		if c != 0 {
			return size, true, true
		}
	}
	return size, false, true
}
