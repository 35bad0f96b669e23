package receipts

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"

	"github.com/ulikunitz/xz/lzma"
)

// A 7z archive says at its end how its streams were made (7zFormat.txt of the LZMA SDK).
// That part may itself be compressed, and encrypted with the rest.

// maxHeader bounds that part, packed and unpacked: thousands of files fit.
const maxHeader = 4 << 20

// The numbers of the properties that are read.
const (
	idEnd           = 0x00
	idHeader        = 0x01
	idArchive       = 0x02
	idAdditional    = 0x03
	idMainStreams   = 0x04
	idFiles         = 0x05
	idPack          = 0x06
	idUnpack        = 0x07
	idSize          = 0x09
	idCRC           = 0x0a
	idFolder        = 0x0b
	idUnpackSize    = 0x0c
	idEncodedHeader = 0x17
)

// The methods that matter.
var (
	coderAES  = []byte{0x06, 0xf1, 0x07, 0x01} // AES-256 with SHA-256: there is no weaker one
	coderLZMA = []byte{0x03, 0x01, 0x01}
	coderCopy = []byte{0x00}
)

func inspectSevenZip(file io.ReaderAt, size int64) error {
	const start = 32
	var head [start]byte
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return ErrContainer
	}
	offset, length := binary.LittleEndian.Uint64(head[12:]), binary.LittleEndian.Uint64(head[20:])
	if length == 0 {
		return ErrEmpty
	}
	// Compared before they are added: the sum of what the file says may go round.
	if length > maxHeader || offset > uint64(max(0, size-start)) || length > uint64(size-start)-offset {
		return ErrContainer
	}
	header := make([]byte, length)
	if _, err := file.ReadAt(header, int64(start+offset)); err != nil {
		return ErrContainer
	}
	for range 4 { // a header that is packed may hold one that is
		p := &sevenZip{data: header}
		switch p.byte() {
		case idHeader:
			return p.header()
		case idEncodedHeader:
			streams := p.streams()
			if p.bad || len(streams.folders) != 1 {
				return ErrContainer
			}
			if streams.folders[0].encrypted() {
				return nil // with its header encrypted, all of it is
			}
			var err error
			if header, err = streams.unpack(file, size); err != nil {
				return err
			}
		default:
			return ErrContainer
		}
	}
	return ErrContainer
}

// sevenZip reads a header. After the first thing that is wrong, all it reads is nothing.
type sevenZip struct {
	data []byte
	bad  bool
}

func (p *sevenZip) byte() byte {
	b := p.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (p *sevenZip) bytes(n uint64) []byte {
	if p.bad || n > uint64(len(p.data)) {
		p.bad = true
		return nil
	}
	out := p.data[:n]
	p.data = p.data[n:]
	return out
}

// number reads one of 1 to 9 bytes: the leading ones of the first tell how many follow.
func (p *sevenZip) number() uint64 {
	first := p.byte()
	var out uint64
	for i, mask := 0, byte(0x80); i < 8; i, mask = i+1, mask>>1 {
		if first&mask == 0 {
			return out | uint64(first&(mask-1))<<(8*i)
		}
		out |= uint64(p.byte()) << (8 * i)
	}
	return out
}

// count reads how many of something there are.
func (p *sevenZip) count() int {
	const most = 100_000
	n := p.number()
	if n > most || n > uint64(len(p.data)) { // each takes a byte at least
		p.bad = true
		return 0
	}
	return int(n)
}

// header reads a plain header: whether every folder of its streams is encrypted.
func (p *sevenZip) header() error {
	for !p.bad {
		switch p.byte() {
		case idArchive:
			for p.byte() != idEnd && !p.bad {
				p.bytes(p.number())
			}
		case idAdditional:
			p.streams()
		case idMainStreams:
			streams := p.streams()
			if p.bad {
				return ErrContainer
			}
			return streams.verdict()
		case idFiles, idEnd:
			return ErrEmpty // no file has content
		default:
			return ErrContainer
		}
	}
	return ErrContainer
}

// sevenStreams are the packed streams of an archive, as far as they matter here.
type sevenStreams struct {
	position uint64
	sizes    []uint64
	folders  []sevenFolder
}

// sevenFolder is a chain of methods.
type sevenFolder struct {
	coders  []sevenCoder
	outputs int
	sizes   []uint64 // unpacked, of each output
}

type sevenCoder struct{ method, properties []byte }

func (f sevenFolder) encrypted() bool {
	return slices.ContainsFunc(f.coders, func(c sevenCoder) bool { return bytes.Equal(c.method, coderAES) })
}

// verdict tells whether all folders are encrypted.
func (s sevenStreams) verdict() error {
	plain := 0
	for _, f := range s.folders {
		if !f.encrypted() {
			plain++
		}
	}
	switch {
	case len(s.folders) == 0:
		return ErrEmpty
	case plain == len(s.folders):
		return ErrPlain
	case plain > 0:
		return ErrPartly
	default:
		return nil
	}
}

// streams reads StreamsInfo up to the end of its folders.
func (p *sevenZip) streams() (out sevenStreams) {
	for !p.bad {
		switch p.byte() {
		case idPack:
			out.position = p.number()
			n := p.count()
			for id := p.byte(); id != idEnd && !p.bad; id = p.byte() {
				switch id {
				case idSize:
					for range n {
						out.sizes = append(out.sizes, p.number())
					}
				case idCRC:
					p.digests(n)
				default:
					p.bad = true
				}
			}
		case idUnpack:
			p.folders(&out)
			return out // what follows is sizes of files
		case idEnd:
			return out
		default:
			p.bad = true
		}
	}
	return out
}

// digests skips checksums.
func (p *sevenZip) digests(n int) {
	known := n
	if p.byte() == 0 {
		known = 0
		for _, b := range p.bytes(uint64(n+7) / 8) {
			for ; b != 0; b &= b - 1 {
				known++
			}
		}
	}
	p.bytes(4 * uint64(known))
}

func (p *sevenZip) folders(out *sevenStreams) {
	if p.byte() != idFolder {
		p.bad = true
		return
	}
	n := p.count()
	if p.byte() != 0 { // in another stream: no program writes it
		p.bad = true
		return
	}
	for range n {
		out.folders = append(out.folders, p.folder())
	}
	if p.byte() != idUnpackSize {
		p.bad = true
		return
	}
	for i := range out.folders {
		for range out.folders[i].outputs {
			out.folders[i].sizes = append(out.folders[i].sizes, p.number())
		}
	}
}

func (p *sevenZip) folder() (out sevenFolder) {
	const most = 32 // methods and streams of a folder, as the SDK has it
	n := p.count()
	inputs := 0
	for range min(n, most) {
		flags := p.byte()
		c := sevenCoder{method: p.bytes(uint64(flags & 0x0f))}
		in, produced := 1, 1
		if flags&0x10 != 0 {
			in, produced = p.count(), p.count()
		}
		if flags&0x20 != 0 {
			c.properties = p.bytes(p.number())
		}
		inputs, out.outputs = inputs+in, out.outputs+produced
		out.coders = append(out.coders, c)
	}
	if p.bad || n == 0 || n > most || inputs > most || out.outputs > most || out.outputs == 0 {
		p.bad = true
		return sevenFolder{}
	}
	pairs := out.outputs - 1
	for range 2 * pairs {
		p.number()
	}
	if packed := inputs - pairs; packed > 1 {
		for range packed {
			p.number()
		}
	}
	return out
}

// unpack is the header that a packed one holds.
func (s sevenStreams) unpack(file io.ReaderAt, size int64) ([]byte, error) {
	const start = 32
	f := s.folders[0]
	if len(f.coders) != 1 || len(s.sizes) != 1 || len(f.sizes) != 1 {
		return nil, ErrContainer
	}
	packed, unpacked := s.sizes[0], f.sizes[0]
	if packed > maxHeader || unpacked > maxHeader || s.position > uint64(max(0, size-start)) || packed > uint64(size-start)-s.position {
		return nil, ErrContainer
	}
	data := make([]byte, packed)
	if _, err := file.ReadAt(data, int64(start+s.position)); err != nil {
		return nil, ErrContainer
	}
	c := f.coders[0]
	switch {
	case bytes.Equal(c.method, coderCopy):
		return data, nil
	case !bytes.Equal(c.method, coderLZMA) || len(c.properties) != 5:
		return nil, ErrContainer
	}
	// The head of a .lzma file. Its dictionary need be no larger than what comes out.
	head := binary.LittleEndian.AppendUint32([]byte{c.properties[0]}, uint32(max(lzma.MinDictCap, int(unpacked))))
	head = binary.LittleEndian.AppendUint64(head, unpacked)
	r, err := lzma.NewReader(io.MultiReader(bytes.NewReader(head), bytes.NewReader(data)))
	if err != nil {
		return nil, ErrContainer
	}
	out, err := io.ReadAll(io.LimitReader(r, maxHeader))
	if err != nil || uint64(len(out)) != unpacked {
		return nil, ErrContainer
	}
	return out, nil
}
