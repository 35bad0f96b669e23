package extract

import (
	"bufio"
	"compress/bzip2"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"
)

// An opener makes a reader of what a compressed stream holds. What it takes of memory it
// reserves from the document.
type opener func(d *document, r io.Reader) (io.Reader, error)

// packed reads the one document that a compressed stream holds.
func packed(open opener) func(d *document) Reason {
	return func(d *document) Reason {
		r, err := open(d, bufio.NewReaderSize(d.r, 64<<10))
		if err != nil {
			return reasonOf(err)
		}
		if c, ok := r.(io.Closer); ok {
			defer func() { _ = c.Close() }() // only read
		}
		return d.nested(io.Reader(&inflating{x: d.x, r: r}), -1)
	}
}

func openGzip(_ *document, r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }

func openBzip2(d *document, r io.Reader) (io.Reader, error) {
	const most = 4 << 20 // of 900,000 bytes a block, four bytes each
	if why := d.hold(most); why != "" {
		return nil, why
	}
	return bzip2.NewReader(bufio.NewReader(r)), nil
}

func openZlib(_ *document, r io.Reader) (io.Reader, error) { return zlib.NewReader(bufio.NewReader(r)) }

func openZstd(d *document, r io.Reader) (io.Reader, error) {
	const window = 8 << 20 // what every decoder must take (RFC 8878, section 3.1.1.1.2), and what the tool makes unless told
	most := uint64(window)
	if why := d.hold(window * 2); why != "" {
		return nil, why
	}
	if why := d.hold(16 << 20); why == "" {
		most *= 2
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(most), zstd.WithDecoderMaxMemory(most*2))
	if err != nil {
		return nil, err
	}
	return zstdReader{z}, nil
}

// zstdReader tells a window that is too large as the limit it is.
type zstdReader struct{ z *zstd.Decoder }

func (r zstdReader) Read(p []byte) (int, error) {
	n, err := r.z.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = LimitHeld
	}
	return n, err
}

// Close implements io.Closer.
func (r zstdReader) Close() error {
	r.z.Close()
	return nil
}

// openLZMA reads the format of .lzma files: properties, dictionary, size, stream.
func openLZMA(d *document, r io.Reader) (io.Reader, error) {
	in := bufio.NewReader(r)
	head, err := in.Peek(lzma.HeaderLen)
	if err != nil {
		return nil, Damaged
	}
	return d.lzma(in, head[:5], int64(binary.LittleEndian.Uint64(head[5:])), true)
}

// openZipLZMA reads LZMA as it stands in ZIP archives: version, length of the properties,
// properties, stream (APPNOTE 5.8.8).
func openZipLZMA(d *document, r io.Reader) (io.Reader, error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, reasonOf(err)
	}
	if head[2] != 5 {
		return nil, Undecoded
	}
	return d.lzma(bufio.NewReader(r), head[4:], -1, false)
}

// lzma opens an LZMA stream. The size may be -1. Own tells that the header stands before
// it as the decoder wants it. A dictionary need not be larger than what it is for.
func (d *document) lzma(r io.Reader, properties []byte, size int64, own bool) (io.Reader, error) {
	dictionary := int64(binary.LittleEndian.Uint32(properties[1:5]))
	if size >= 0 {
		dictionary = min(dictionary, size)
	}
	dictionary = max(dictionary, lzma.MinDictCap)
	if why := d.hold(dictionary + lzmaBytes); why != "" {
		return nil, why
	}
	if own {
		var skip [lzma.HeaderLen]byte
		if _, err := io.ReadFull(r, skip[:]); err != nil {
			return nil, reasonOf(err)
		}
	}
	var head [lzma.HeaderLen]byte
	head[0] = properties[0]
	binary.LittleEndian.PutUint32(head[1:], uint32(dictionary))
	binary.LittleEndian.PutUint64(head[5:], uint64(size))
	in, err := lzma.NewReader(&replay{first: head[:], rest: r})
	if err != nil {
		return nil, Damaged
	}
	return in, nil
}

// lzmaBytes is what an LZMA decoder takes beside its dictionary.
const lzmaBytes = 256 << 10
