package intact

import (
	"bufio"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"io"
)

const lzopMagic = "\x89LZO\x00\r\n\x1a\n"

// Flags of a file of lzop.
const (
	lzopAdlerPlain  = 0x1
	lzopAdlerPacked = 0x2
	lzopExtra       = 0x40
	lzopCRCPlain    = 0x100
	lzopCRCPacked   = 0x200
	lzopFilter      = 0x800
	lzopCRCHeader   = 0x1000
	lzopMaxBlock    = 64 << 20
)

func lookLzop(s *source) Result {
	if _, ok := lzopHeader(bufio.NewReader(s.stream(0))); !ok {
		return damaged(Edges, Structure)
	}
	if len(s.tail) < 4 || binary.BigEndian.Uint32(s.tail[len(s.tail)-4:]) != 0 {
		return damaged(Edges, Truncated)
	}
	return Result{Depth: Edges}
}

// lzopHeader reads the header and its checksum; r stands at the first block then.
func lzopHeader(r *bufio.Reader) (flags uint32, ok bool) {
	if _, err := r.Discard(len(lzopMagic)); err != nil {
		return 0, false
	}
	var seen []byte
	take := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			ok = false
		}
		seen = append(seen, b...)
		return b
	}
	ok = true
	recent := binary.BigEndian.Uint16(take(2)) >= 0x0940
	take(2) // version of the library
	if recent {
		take(2)
	}
	take(1) // method
	if recent {
		take(1) // level
	}
	flags = binary.BigEndian.Uint32(take(4))
	if flags&lzopFilter != 0 {
		take(4)
	}
	take(8) // mode, time
	if recent {
		take(4)
	}
	take(int(take(1)[0])) // name
	sum := adler32.Checksum(seen)
	if flags&lzopCRCHeader != 0 {
		sum = crc32.ChecksumIEEE(seen)
	}
	if binary.BigEndian.Uint32(take(4)) != sum || flags&lzopExtra != 0 {
		return flags, false
	}
	return flags, ok
}

// verifyLzop goes from block to block. It does not unpack, so only the sums of packed
// data and of blocks that are stored as they were can be compared.
func verifyLzop(s *source) Result {
	r := bufio.NewReaderSize(s.stream(0), bufferSize)
	flags, ok := lzopHeader(r)
	if !ok {
		return damaged(Walked, Structure)
	}
	short := false
	number := func() uint32 {
		var b [4]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			short = true
		}
		return binary.BigEndian.Uint32(b[:])
	}
	when := func(flag uint32) uint32 {
		if flags&flag == 0 {
			return 0
		}
		return number()
	}
	var block []byte
	for {
		plain := number()
		if short {
			return damaged(Walked, Truncated)
		}
		if plain == 0 {
			return Result{Depth: Walked}
		}
		packed := number()
		if plain > lzopMaxBlock || packed == 0 || packed > plain {
			return damaged(Walked, Structure)
		}
		adler, crc := when(lzopAdlerPlain), when(lzopCRCPlain)
		adlerFlag, crcFlag := uint32(lzopAdlerPlain), uint32(lzopCRCPlain)
		if packed < plain {
			adler, crc = when(lzopAdlerPacked), when(lzopCRCPacked)
			adlerFlag, crcFlag = lzopAdlerPacked, lzopCRCPacked
		}
		if int(packed) > cap(block) {
			block = make([]byte, packed)
		}
		block = block[:packed]
		if _, err := io.ReadFull(r, block); err != nil || short {
			return damaged(Walked, Truncated)
		}
		if flags&adlerFlag != 0 && adler32.Checksum(block) != adler || flags&crcFlag != 0 && crc32.ChecksumIEEE(block) != crc {
			return damaged(Walked, Checksum)
		}
	}
}
