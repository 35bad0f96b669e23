package intact

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
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

// BorgStart is where the entries of a segment begin, BorgHead how much of one ReadBorgEntry
// needs, in bytes.
const (
	BorgStart = int64(len(borgMagic))
	BorgHead  = borgHeader + borgKey + borgSeal
	borgSeal  = 1 + 32 + 8 // kind of encryption, sum, counter
)

// BorgEntry is the beginning of an entry of a segment.
type BorgEntry struct {
	Size int64 // of the entry, in bytes
	// Put and Delete tell what it does to an object, which is the manifest, the list of all
	// archives, or one of data. Neither: it completes a transaction.
	Put, Delete, Manifest bool
	// Sealed tells that what is put is encrypted. Its blocks have then the numbers from
	// First up to Next: borg never gives a number twice, each run begins at a new range of
	// BorgRange numbers, and what compaction moves keeps its numbers
	// (docs/internals/security.rst).
	Sealed      bool
	First, Next uint64
}

// BorgRange is how many numbers a run reserves at a time, and BorgSlack by how many more
// two ranges may be apart.
const (
	BorgRange = 1 << 28
	BorgSlack = borgMax / 16
)

// ReadBorgEntry reads the beginning of an entry. The first BorgStart bytes of a segment
// are none of one. ok is false for what is no entry.
func ReadBorgEntry(head []byte) (e BorgEntry, ok bool) {
	if len(head) < borgHeader {
		return e, false
	}
	e.Size = int64(binary.LittleEndian.Uint32(head[4:]))
	if e.Size < borgHeader || e.Size > borgMax {
		return e, false
	}
	switch head[8] {
	case borgCommit:
		return e, true
	case borgPut:
		e.Put = true
	case borgDelete:
		e.Delete = true
	default:
		return e, false
	}
	if len(head) < borgHeader+borgKey {
		return e, false
	}
	e.Manifest = bytes.Equal(head[borgHeader:borgHeader+borgKey], make([]byte, borgKey))
	seal := head[borgHeader+borgKey:]
	content := e.Size - BorgHead
	// Kinds 2, 6 and 7 are packed only; the others of borg 1.x count blocks of 16 bytes.
	if e.Put && len(seal) >= borgSeal && content >= 0 && (seal[0] <= 1 || seal[0] >= 3 && seal[0] <= 5) {
		e.Sealed = true
		e.First = binary.BigEndian.Uint64(seal[1+32:])
		e.Next = e.First + uint64(content+15)/16
	}
	return e, true
}

// BorgArchives reads when archives were made from the entry, all of it, that puts the
// manifest of a repository without encryption. ok is false where it cannot be read.
func BorgArchives(entry []byte) (made []time.Time, ok bool) {
	const at = borgHeader + borgKey
	if len(entry) < at+3 {
		return nil, false
	}
	packed := entry[at+3:]
	var plain []byte
	switch kind := entry[at+1]; {
	case entry[at+2] != 0:
		return nil, false
	case kind == 0:
		plain = packed
	case kind == 1:
		if plain, ok = unpackLZ4(packed, borgMax); !ok {
			return nil, false
		}
	case kind == 3:
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(borgMax))
		if err != nil {
			return nil, false
		}
		defer z.Close()
		if plain, err = z.DecodeAll(packed, nil); err != nil {
			return nil, false
		}
	default:
		return nil, false
	}
	// A map of MessagePack: an archive is a map with its id and its time, a short string.
	if !bytes.Contains(plain, []byte("\xa8archives")) {
		return nil, false
	}
	const key = "\xa4time"
	for {
		i := bytes.Index(plain, []byte(key))
		if i < 0 {
			return made, true
		}
		plain = plain[i+len(key):]
		if len(plain) == 0 || plain[0]&0xe0 != 0xa0 || len(plain) <= int(plain[0]&0x1f) {
			return nil, false
		}
		t, err := time.Parse("2006-01-02T15:04:05.999999", string(plain[1:1+plain[0]&0x1f]))
		if err != nil {
			return nil, false
		}
		made = append(made, t)
	}
}

// unpackLZ4 unpacks one block (lz4_Block_format.md).
func unpackLZ4(b []byte, most int) (out []byte, ok bool) {
	length := func(n int) int {
		for more := n == 15; more; {
			if len(b) == 0 {
				return -1
			}
			n, more = n+int(b[0]), b[0] == 255
			b = b[1:]
		}
		return n
	}
	for len(b) > 0 {
		token := b[0]
		b = b[1:]
		n := length(int(token >> 4))
		if n < 0 || n > len(b) || len(out)+n > most {
			return nil, false
		}
		out, b = append(out, b[:n]...), b[n:]
		if len(b) == 0 {
			return out, true
		}
		if len(b) < 2 {
			return nil, false
		}
		back := int(binary.LittleEndian.Uint16(b))
		b = b[2:]
		if n = length(int(token & 15)); n < 0 || back == 0 || back > len(out) || len(out)+n+4 > most {
			return nil, false
		}
		for range n + 4 {
			out = append(out, out[len(out)-back])
		}
	}
	return out, len(out) > 0
}
