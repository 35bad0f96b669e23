package detect

import "encoding/binary"

// Encoding says how a text's characters are stored.
type Encoding uint8

const (
	// Bytes is ASCII, UTF-8 or Windows-1252: these need no telling apart.
	Bytes Encoding = iota
	// UTF16LE is UTF-16, least significant byte first.
	UTF16LE
	// UTF16BE is UTF-16, most significant byte first.
	UTF16BE
)

// unit is the number of bytes of the stream that become one byte of the buffer.
func (e Encoding) unit() int64 {
	if e == Bytes {
		return 1
	}
	return 2
}

// narrow turns UTF-16 units of src into one byte each in dst: Windows-1252 where that
// has them, a byte that is no letter elsewhere. It returns the number of units done.
func narrow(dst, src []byte, e Encoding) int {
	n := min(len(dst), len(src)/2)
	low, high := 0, 1
	if e == UTF16BE {
		low, high = 1, 0
	}
	i := 0
	for mask := uint64(0xFF00FF00FF00FF00) >> (8 * low); i+4 <= n; i += 4 { // four units of Latin-1 at once
		w := binary.LittleEndian.Uint64(src[2*i:])
		if w&mask != 0 {
			for k := i; k < i+4; k++ {
				dst[k] = narrowUnit(src[2*k+low], src[2*k+high])
			}
			continue
		}
		w >>= 8 * low
		w |= w >> 8
		w = w&0xFFFF | w>>16&0xFFFF0000
		binary.LittleEndian.PutUint32(dst[i:], uint32(w))
	}
	for ; i < n; i++ {
		dst[i] = narrowUnit(src[2*i+low], src[2*i+high])
	}
	return n
}

// noLetter stands for a character outside Latin-1.
const noLetter = 0x95 // a bullet in Windows-1252

func narrowUnit(low, high byte) byte {
	switch {
	case high == 0:
		return low
	case high == 0x20 && low >= 0x10 && low <= 0x14: // hyphens and dashes
		return '-'
	}
	return noLetter
}
