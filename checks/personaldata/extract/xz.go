package extract

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// xzReader reads the streams of an .xz file (The .xz File Format 1.1.0). The library's
// own reader takes memory as the file wants it; here a dictionary counts as held.
type xzReader struct {
	d     *document
	r     *bufio.Reader
	n     int64 // bytes taken from r
	check int   // bytes of the check after a block
	block io.Reader
	dict  int64 // held for the block
	start int64 // n where its data began
	begun bool
	err   error
}

const (
	xzMagic      = "\xfd7zXZ\x00"
	xzFilterLZMA = 0x21
)

func openXZ(d *document, r io.Reader) (io.Reader, error) {
	return &xzReader{d: d, r: bufio.NewReader(r)}, nil
}

// Read implements io.Reader.
func (z *xzReader) Read(p []byte) (int, error) {
	for z.err == nil {
		if z.block == nil {
			z.err = z.nextBlock()
			continue
		}
		n, err := z.block.Read(p)
		if errors.Is(err, io.EOF) {
			err = z.endBlock()
		}
		if err != nil {
			z.err = damagedOr(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, z.err
}

// damagedOr keeps a reason and makes one of every other error.
func damagedOr(err error) error { return reasonOf(err) }

// nextBlock reads up to the data of the next block; io.EOF is the end of the file.
func (z *xzReader) nextBlock() error {
	for {
		if !z.begun {
			if err := z.beginStream(); err != nil {
				return err
			}
		}
		size, err := z.byte()
		if err != nil {
			return Damaged
		}
		if size != 0 {
			return z.beginBlock(int(size)*4 + 4)
		}
		if err := z.skipIndex(); err != nil {
			return Damaged
		}
		z.begun = false
	}
}

// beginStream reads the header of a stream, and padding between streams.
func (z *xzReader) beginStream() error {
	for first := z.n == 0; ; first = false {
		head, err := z.r.Peek(4)
		if len(head) == 0 && errors.Is(err, io.EOF) && !first {
			return io.EOF
		}
		if err != nil {
			return damagedOr(err)
		}
		if binary.LittleEndian.Uint32(head) != 0 || first {
			break
		}
		if err := z.skip(4); err != nil {
			return damagedOr(err)
		}
	}
	var head [12]byte
	if err := z.full(head[:]); err != nil || !hasPrefix(head[:], xzMagic) {
		return Damaged
	}
	z.check = [...]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[head[7]&15]
	z.begun = true
	return nil
}

// beginBlock reads the header of a block, of which the first byte is read.
func (z *xzReader) beginBlock(size int) error {
	var buf [1024]byte
	head := buf[:size-1]
	if err := z.full(head); err != nil {
		return Damaged
	}
	flags, at := head[0], 1
	number := func() uint64 {
		v, n := binary.Uvarint(head[at:])
		if n <= 0 {
			at = len(head)
			return 0
		}
		at += n
		return v
	}
	if flags&3 != 0 {
		return Undecoded // filters before the last one: for programs
	}
	if flags&0x40 != 0 {
		number()
	}
	if flags&0x80 != 0 {
		number()
	}
	if number() != xzFilterLZMA || number() != 1 || at >= len(head) {
		return Undecoded
	}
	dict, ok := lzma2Dictionary(head[at])
	if !ok {
		return Damaged
	}
	if why := z.d.hold(dict + lzmaBytes); why != "" {
		return why
	}
	z.dict, z.start = dict+lzmaBytes, z.n
	r, err := lzma.Reader2Config{DictCap: int(dict)}.NewReader2((*xzBytes)(z))
	if err != nil {
		return Damaged
	}
	z.block = r
	return nil
}

// lzma2Dictionary tells the size of a dictionary from its byte.
func lzma2Dictionary(b byte) (size int64, ok bool) {
	if b >= 40 {
		return 1<<32 - 1, b == 40
	}
	return max(int64(2|b&1)<<(b/2+11), lzma.MinDictCap), true
}

// endBlock skips the padding and the check after a block.
func (z *xzReader) endBlock() error {
	z.block = nil
	z.d.release(z.dict)
	padding := int(-(z.n - z.start) & 3)
	return z.skip(padding + z.check)
}

// skipIndex skips the index of a stream, of which the first byte is read, and its footer.
func (z *xzReader) skipIndex() error {
	start := z.n - 1
	records, err := binary.ReadUvarint((*xzBytes)(z))
	for ; records > 0 && err == nil; records-- {
		if _, err = binary.ReadUvarint((*xzBytes)(z)); err == nil {
			_, err = binary.ReadUvarint((*xzBytes)(z))
		}
	}
	if err != nil {
		return err
	}
	return z.skip(int(-(z.n-start)&3) + 4 + 12)
}

func (z *xzReader) byte() (byte, error) { return (*xzBytes)(z).ReadByte() }

func (z *xzReader) full(p []byte) error {
	n, err := io.ReadFull(z.r, p)
	z.n += int64(n)
	return err
}

func (z *xzReader) skip(n int) error {
	k, err := z.r.Discard(n)
	z.n += int64(k)
	return err
}

// xzBytes is the file as the decoder of a block reads it.
type xzBytes xzReader

func (b *xzBytes) ReadByte() (byte, error) {
	c, err := b.r.ReadByte()
	if err == nil {
		b.n++
	}
	return c, err
}

func (b *xzBytes) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	return n, err
}
