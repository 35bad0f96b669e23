package intact

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/ulikunitz/xz/lzma"
)

const (
	sevenMagic     = "7z\xbc\xaf\x27\x1c"
	sevenStart     = 32
	sevenMaxHeader = 64 << 20
)

// Coders of 7z (Methods.txt of the LZMA SDK).
const (
	sevenCopy    = 0x00
	sevenLZMA2   = 0x21
	sevenLZMA    = 0x030101
	sevenDeflate = 0x040108
	sevenBzip2   = 0x040202
	sevenAES     = 0x06F10701
)

// lookSeven verifies the header at the beginning and the one at the end, which is
// written last (7zFormat.txt of the LZMA SDK).
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
	if off == 0 { // nothing is packed: folders and empty files alone
		return damaged(Edges, Empty)
	}
	return Result{Depth: Edges}
}

// verifySeven unpacks each part and compares the checksums of its members.
func verifySeven(s *source) Result {
	off, length := int64(binary.LittleEndian.Uint64(s.head[12:])), int64(binary.LittleEndian.Uint64(s.head[20:]))
	if length > sevenMaxHeader {
		return Result{Depth: Edges, Limit: TooMany}
	}
	p := &sevenReader{b: s.part(sevenStart+off, length)}
	for range 4 { // a header that is packed may hold one that is packed
		switch p.number() {
		case sevenEncoded:
			var res Result
			if p, res = s.sevenUnpackHeader(p); p == nil {
				return res
			}
			continue
		case sevenHeader:
			return s.sevenParts(p)
		}
		break
	}
	return damaged(Edges, Structure)
}

func (s *source) sevenUnpackHeader(p *sevenReader) (*sevenReader, Result) {
	streams := p.streams()
	if p.bad || len(streams.folders) != 1 || len(streams.packs) != 1 {
		return nil, damaged(Edges, Structure)
	}
	f := &streams.folders[0]
	if f.size > sevenMaxHeader {
		return nil, Result{Depth: Edges, Limit: TooMany}
	}
	r, limit := s.sevenOpen(f, streams.at, streams.packs[0])
	if limit != "" {
		return nil, Result{Depth: Edges, Limit: limit}
	}
	if r == nil {
		return nil, damaged(Edges, Structure)
	}
	b, err := io.ReadAll(io.LimitReader(r, f.size))
	if err != nil || int64(len(b)) != f.size || len(f.members) == 1 && f.members[0].summed && f.members[0].sum != crc32.ChecksumIEEE(b) {
		return nil, damaged(Edges, Checksum)
	}
	return &sevenReader{b: b}, Result{}
}

func (s *source) sevenParts(p *sevenReader) Result {
	mark := p.number()
	if mark == sevenProperties {
		for kind := p.number(); kind != sevenEnd && !p.bad; kind = p.number() {
			p.take(p.number())
		}
		mark = p.number()
	}
	if mark != sevenMain {
		return damaged(Whole, Empty) // empty files and folders alone
	}
	streams := p.streams()
	if p.bad {
		return Result{Depth: Edges, Limit: Method} // its checksum is right, so it is not understood
	}
	out := Result{Depth: Whole}
	all := &members{s: s, deep: s.deep + 2}
	at, next := streams.at, 0
	for i := range streams.folders {
		f := &streams.folders[i]
		if next+f.streams > len(streams.packs) {
			return damaged(Whole, Structure)
		}
		r, limit := s.sevenOpen(f, at, streams.packs[next])
		for range f.streams {
			at += streams.packs[next]
			next++
		}
		switch {
		case limit != "":
			out.Depth, out.Limit = Edges, limit
			continue
		case r == nil:
			return damaged(Whole, Structure)
		}
		if what := sevenCompare(f, r, all); what != "" {
			return damaged(Whole, what)
		}
	}
	if out.Limit == "" {
		out.Damage = all.verdict()
	}
	return out
}

func sevenCompare(f *sevenPart, r io.Reader, all *members) Damage {
	for _, m := range f.members {
		sum := crc32.NewIEEE()
		if !all.next(io.TeeReader(io.LimitReader(r, m.size), sum), "", m.size) {
			return Structure
		}
		if m.summed && m.sum != sum.Sum32() {
			return Checksum
		}
	}
	return ""
}

// sevenOpen unpacks a part; limit says why it cannot be, and neither is set where the
// archive contradicts itself.
func (s *source) sevenOpen(f *sevenPart, at, packed int64) (r io.Reader, limit string) {
	switch {
	case f.coder == sevenAES:
		return nil, Encrypted
	case !f.simple:
		return nil, Method // a filter for programs among the coders
	case at < 0 || packed < 0 || at > s.size-sevenStart || packed > s.size-sevenStart-at:
		return nil, ""
	}
	in := bufio.NewReaderSize(io.NewSectionReader(s, sevenStart+at, packed), bufferSize)
	switch f.coder {
	case sevenCopy:
		return in, ""
	case sevenDeflate:
		return flate.NewReader(in), ""
	case sevenBzip2:
		return bzip2.NewReader(in), ""
	case sevenLZMA:
		if len(f.setup) < 5 {
			return nil, ""
		}
		dict := int64(binary.LittleEndian.Uint32(f.setup[1:]))
		if min(dict, f.size) > maxWindow {
			return nil, Memory
		}
		dict = max(min(dict, f.size), lzma.MinDictCap)
		head := []byte{f.setup[0]}
		head = binary.LittleEndian.AppendUint32(head, uint32(dict))
		head = binary.LittleEndian.AppendUint64(head, uint64(f.size))
		z, err := lzma.NewReader(io.MultiReader(bytes.NewReader(head), in))
		if err != nil {
			return nil, ""
		}
		return z, ""
	case sevenLZMA2:
		if len(f.setup) < 1 || f.setup[0] > 40 {
			return nil, ""
		}
		bits := f.setup[0]
		dict := int64(2|bits&1) << (bits/2 + 11)
		if min(dict, f.size) > maxWindow {
			return nil, Memory
		}
		z, err := lzma.Reader2Config{DictCap: int(max(min(dict, f.size), lzma.MinDictCap))}.NewReader2(in)
		if err != nil {
			return nil, ""
		}
		return z, ""
	}
	return nil, Method
}
