package extract

import (
	"bufio"
	"compress/bzip2"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/ulikunitz/xz/lzma"
)

// Marks in the header of a 7z archive (7zFormat.txt of the LZMA SDK).
const (
	sevenEnd         = 0x00
	sevenHeader      = 0x01
	sevenProperties  = 0x02
	sevenAdditional  = 0x03
	sevenMainStreams = 0x04
	sevenPack        = 0x06
	sevenUnpack      = 0x07
	sevenSub         = 0x08
	sevenSize        = 0x09
	sevenCRC         = 0x0A
	sevenFolder      = 0x0B
	sevenUnpackSize  = 0x0C
	sevenNumUnpack   = 0x0D
	sevenEncoded     = 0x17
)

const (
	sevenStart     = 32      // bytes of the header at the beginning
	sevenMaxHeader = 4 << 20 // of the header at the end that are looked at
	sevenMaxCoders = 8
	sevenMaxFolder = 20_000 // parts that are compressed on their own
)

// readSevenZip reads the members of a 7z archive, each as a document of its own. Names
// and times are not looked at. The library there is takes memory as the archive asks
// for it, and brings seven times as much code.
func readSevenZip(d *document) Reason {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	var head [sevenStart]byte
	if _, err := at.ReadAt(head[:], 0); err != nil {
		return reasonOf(err)
	}
	off, length := int64(binary.LittleEndian.Uint64(head[12:])), int64(binary.LittleEndian.Uint64(head[20:]))
	if length == 0 {
		return "" // empty
	}
	if off < 0 || length < 0 || off > size-sevenStart || length > size-sevenStart-off {
		return Damaged
	}
	z := &sevenZip{d: d, at: at, size: size}
	header, why := z.section(io.NewSectionReader(at, sevenStart+off, length), length)
	if why == "" && crc32.ChecksumIEEE(header) != binary.LittleEndian.Uint32(head[28:]) {
		d.x.note(Damaged)
	}
	for range 4 { // a compressed header may hold a compressed header
		if why != "" {
			return why
		}
		p := &sevenParser{b: header}
		switch p.number() {
		case sevenHeader:
			return z.members(p)
		case sevenEncoded:
			header, why = z.encoded(p)
		default:
			return Damaged
		}
	}
	return Damaged
}

type sevenZip struct {
	d    *document
	at   io.ReaderAt
	size int64
}

// section reads all of a header into memory.
func (z *sevenZip) section(r io.Reader, size int64) ([]byte, Reason) {
	if size > sevenMaxHeader {
		return nil, LimitHeld
	}
	if why := z.d.hold(size); why != "" {
		return nil, why
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, reasonOf(err)
	}
	return b, ""
}

// encoded reads a header that is compressed.
func (z *sevenZip) encoded(p *sevenParser) ([]byte, Reason) {
	s := p.streams()
	if p.bad || len(s.folders) != 1 {
		return nil, Damaged
	}
	f := &s.folders[0]
	held := z.d.held
	r, why := z.open(f, s.packAt)
	if why != "" {
		return nil, why
	}
	b, why := z.section(&inflating{x: z.d.x, r: r}, f.size())
	z.d.release(z.d.held - held - int64(len(b)))
	if why == "" && len(f.sums) == 1 && f.sums[0].known && f.sums[0].sum != crc32.ChecksumIEEE(b) {
		z.d.x.note(Damaged)
	}
	return b, why
}

// members reads what the main streams hold.
func (z *sevenZip) members(p *sevenParser) Reason {
	mark := p.number()
	for mark == sevenProperties || mark == sevenAdditional {
		if mark == sevenAdditional {
			return Undecoded
		}
		for kind := p.number(); kind != sevenEnd && !p.bad; kind = p.number() {
			p.skip(p.number())
		}
		mark = p.number()
	}
	if mark != sevenMainStreams {
		if p.bad {
			return Damaged
		}
		return "" // only empty files
	}
	s := p.streams()
	if p.bad {
		return Damaged
	}
	off := s.packAt
	for i := range s.folders {
		f := &s.folders[i]
		held := z.d.held
		r, why := z.open(f, off)
		for range f.packed {
			off += s.packSize(f)
		}
		if why != "" {
			z.d.release(z.d.held - held)
			z.d.x.note(why)
			continue
		}
		if why := z.folder(f, &inflating{x: z.d.x, r: r}); why != "" {
			return why
		}
		z.d.release(z.d.held - held)
	}
	return ""
}

// folder reads the members that are compressed together.
func (z *sevenZip) folder(f *sevenFolderInfo, r io.Reader) Reason {
	for i, size := range f.sizes {
		if size == 0 {
			continue
		}
		in := &summed{r: r}
		one := &io.LimitedReader{R: in, N: size}
		if why := z.d.nested(streamOnly{one}, size); why != "" {
			return why
		}
		if _, err := io.Copy(io.Discard, one); err != nil || one.N > 0 {
			z.d.x.note(reasonOf(err))
			return z.d.x.spent() // what comes after it cannot be read
		}
		if i < len(f.sums) && f.sums[i].known && f.sums[i].sum != in.sum {
			z.d.x.note(Damaged)
		}
	}
	return ""
}

// summed reads, and sums up what it read.
type summed struct {
	r   io.Reader
	sum uint32
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.sum = crc32.Update(s.sum, crc32.IEEETable, p[:n])
	return n, err
}

// open returns what a folder holds.
func (z *sevenZip) open(f *sevenFolderInfo, off int64) (io.Reader, Reason) {
	for _, c := range f.coders {
		if c.id == 0x06F10701 { // AES
			return nil, Encrypted
		}
	}
	if f.packed != 1 {
		return nil, Undecoded
	}
	packed := f.packSizes[0]
	if off < 0 || off > z.size-sevenStart || packed > z.size-sevenStart-off {
		return nil, Damaged
	}
	var r io.Reader = bufio.NewReaderSize(io.NewSectionReader(z.at, sevenStart+off, packed), 32<<10)
	for at, n := f.first(), 0; at >= 0; at, n = f.after(at), n+1 {
		if n >= len(f.coders) {
			return nil, Damaged
		}
		var why Reason
		if r, why = z.coder(&f.coders[at], f.unpacked[at], r); why != "" {
			return nil, why
		}
	}
	return r, ""
}

// coder returns what one coder makes of r.
func (z *sevenZip) coder(c *sevenCoder, size int64, r io.Reader) (io.Reader, Reason) {
	d := z.d
	switch c.id {
	case 0x00: // copy
		return r, ""
	case 0x030101: // LZMA
		if len(c.properties) < 5 {
			return nil, Damaged
		}
		in, err := d.lzma(r, c.properties[:5], size, false)
		if err != nil {
			return nil, reasonOf(err)
		}
		return in, ""
	case 0x21: // LZMA2
		if len(c.properties) < 1 {
			return nil, Damaged
		}
		dict, ok := lzma2Dictionary(c.properties[0])
		if !ok {
			return nil, Damaged
		}
		dict = max(min(dict, size), lzma.MinDictCap)
		if why := d.hold(dict + lzmaBytes); why != "" {
			return nil, why
		}
		in, err := lzma.Reader2Config{DictCap: int(dict)}.NewReader2(r)
		if err != nil {
			return nil, Damaged
		}
		return in, ""
	case 0x040108: // deflate
		return flate.NewReader(r), ""
	case 0x040202: // bzip2
		if why := d.hold(4 << 20); why != "" {
			return nil, why
		}
		return bzip2.NewReader(r), ""
	case 0x04F71101: // zstd
		in, err := openZstd(d, r)
		if err != nil {
			return nil, reasonOf(err)
		}
		return in, ""
	case 0x04, 0x03030103, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x03030205, 0x03030401, 0x03030501, 0x03030701, 0x03030805:
		return r, "" // changes the jumps of programs, and no text
	}
	return nil, Undecoded
}

// sevenStreams is where the folders are, and how large.
type sevenStreams struct {
	packAt  int64
	packs   []int64
	next    int // of packs
	folders []sevenFolderInfo
}

// packSize counts off the packed sizes of folders, in their order.
func (s *sevenStreams) packSize(*sevenFolderInfo) int64 {
	if s.next >= len(s.packs) {
		return 0
	}
	s.next++
	return s.packs[s.next-1]
}

type sevenCoder struct {
	id         uint64
	properties []byte
}

// A sevenFolderInfo is a chain of coders and what comes out of it.
type sevenFolderInfo struct {
	coders    []sevenCoder
	binds     [][2]int // input, output
	packed    int      // streams that go in
	packSizes []int64
	unpacked  []int64 // of each coder
	sizes     []int64 // of the members
	sums      []sevenDigest
}

// first returns the coder that takes the packed stream.
func (f *sevenFolderInfo) first() int {
	for i := range f.coders {
		bound := false
		for _, b := range f.binds {
			bound = bound || b[0] == i
		}
		if !bound {
			return i
		}
	}
	return -1
}

// after returns the coder that takes what coder i makes, or -1 after the last.
func (f *sevenFolderInfo) after(i int) int {
	for _, b := range f.binds {
		if b[1] == i {
			return b[0]
		}
	}
	return -1
}

// size is that of what the last coder makes.
func (f *sevenFolderInfo) size() int64 {
	for i := range f.coders {
		if f.after(i) < 0 && i < len(f.unpacked) {
			return f.unpacked[i]
		}
	}
	return 0
}
