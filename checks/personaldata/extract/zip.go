package extract

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// directoryBytes is how much may be read to know what a ZIP archive holds: the directory
// stays in memory, many times as large.
const directoryBytes = 4 << 20

// Methods of compression in ZIP archives (APPNOTE 4.4.5).
const (
	zipBzip2 = 12
	zipLZMA  = 14
	zipZstd  = 93
	zipXZ    = 95
)

// readZip reads the members of a ZIP archive, each as a document of its own. Where the
// directory is damaged, what the members say of themselves has to do.
func readZip(d *document) Reason {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	gate := &directoryGate{at: at, left: directoryBytes}
	z, err := zip.NewReader(gate, size)
	switch {
	case errors.Is(err, LimitHeld):
		return d.walkZip(at, size)
	case err != nil && z == nil, errors.Is(err, zip.ErrFormat):
		if why := d.walkZip(at, size); why != "" {
			return why
		}
		return Damaged
	case err != nil && !errors.Is(err, zip.ErrInsecurePath): // names are not used as paths here
		return reasonOf(err)
	}
	gate.open = true
	d.registerMethods(z)
	if name, read := officeOf(z); read != nil {
		d.name = name
		return read(d, z)
	}
	for _, f := range z.File {
		if f.Mode().IsDir() {
			continue
		}
		if f.Flags&1 != 0 {
			d.x.note(Encrypted)
			continue
		}
		if why := d.member(f, at); why != "" {
			return why
		}
	}
	return ""
}

// directoryGate lets so much of an archive be read until it is open.
type directoryGate struct {
	at   io.ReaderAt
	left int64
	open bool
}

func (g *directoryGate) ReadAt(p []byte, off int64) (int, error) {
	if !g.open {
		if g.left -= int64(len(p)); g.left < 0 {
			return 0, LimitHeld
		}
	}
	return g.at.ReadAt(p, off)
}

// registerMethods lets members of an archive be inflated faster, and by methods that
// the standard library does not know.
func (d *document) registerMethods(z *zip.Reader) {
	z.RegisterDecompressor(zip.Deflate, d.x.scratch.inflate)
	for method, open := range map[uint16]func(*document, io.Reader) (io.Reader, error){
		zipBzip2: openBzip2, zipZstd: openZstd, zipXZ: openXZ, zipLZMA: openZipLZMA,
	} {
		z.RegisterDecompressor(method, func(r io.Reader) io.ReadCloser {
			in, err := open(d, r)
			if err != nil {
				return io.NopCloser(refused{err})
			}
			if c, ok := in.(io.ReadCloser); ok {
				return c
			}
			return io.NopCloser(in)
		})
	}
}

// refused is a reader that could not be made.
type refused struct{ err error }

func (r refused) Read([]byte) (int, error) { return 0, r.err }

// member reads one member of an archive. One that is stored is read where it stands.
func (d *document) member(f *zip.File, at io.ReaderAt) Reason {
	if off, err := f.DataOffset(); err == nil && f.Method == zip.Store && f.UncompressedSize64 == f.CompressedSize64 && f.UncompressedSize64 < 1<<62 {
		return d.nested(io.NewSectionReader(at, off, int64(f.UncompressedSize64)), int64(f.UncompressedSize64))
	}
	r, err := f.Open()
	if err != nil {
		d.x.note(zipReason(err))
		return ""
	}
	defer func() { _ = r.Close() }() // only read
	return d.nested(io.Reader(&inflating{x: d.x, r: r}), -1)
}

func zipReason(err error) Reason {
	if errors.Is(err, zip.ErrAlgorithm) {
		return Undecoded
	}
	return reasonOf(err)
}

// walkZip reads the members of an archive without its directory, by the header that
// stands before each.
func (d *document) walkZip(at io.ReaderAt, size int64) Reason {
	const signature, headerBytes = "PK\x03\x04", 30
	var header [headerBytes]byte
	found := false
	for off := int64(0); ; {
		next, err := indexIn(d, at, off, size, signature)
		if err != nil {
			return reasonOf(err)
		}
		if next < 0 {
			break
		}
		off = next
		if _, err := at.ReadAt(header[:], off); err != nil {
			break
		}
		found = true
		u16 := func(i int) int64 { return int64(binary.LittleEndian.Uint16(header[i:])) }
		data := off + headerBytes + u16(26) + u16(28)
		packed := int64(binary.LittleEndian.Uint32(header[18:]))
		flags, method := u16(6), uint16(u16(8))
		if flags&1 != 0 {
			d.x.note(Encrypted)
			off = data
			continue
		}
		switch method {
		case zip.Store:
			packed = min(packed, max(size-data, 0))
			if packed > 0 {
				if why := d.nested(io.NewSectionReader(at, data, packed), packed); why != "" {
					return why
				}
			}
			off = data + packed
		case zip.Deflate:
			in := &counted{r: bufio.NewReader(io.NewSectionReader(at, data, max(size-data, 0)))}
			r := flate.NewReader(in)
			out := &inflating{x: d.x, r: r}
			why := d.nested(io.Reader(out), -1)
			if why == "" {
				_, err = io.Copy(io.Discard, out) // where it ends, the next one begins
			}
			_ = r.Close()
			if why != "" {
				return why
			}
			if err != nil {
				d.x.note(reasonOf(err))
				off = data
			} else {
				off = data + in.n
			}
		default:
			d.x.note(Undecoded)
			off = data
		}
	}
	if !found {
		return Damaged
	}
	return ""
}

// counted counts the bytes that a decoder really takes: it asks for them one by one.
type counted struct {
	r *bufio.Reader
	n int64
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// indexIn returns the first place of what in at, from off on, or -1.
func indexIn(d *document, at io.ReaderAt, off, size int64, what string) (int64, error) {
	buf := d.x.block[:32<<10]
	for off < size {
		n, err := at.ReadAt(buf[:min(int64(len(buf)), size-off)], off)
		d.x.used = max(d.x.used, n)
		if i := bytes.Index(buf[:n], []byte(what)); i >= 0 {
			return off + int64(i), nil
		}
		switch {
		case errors.Is(err, io.EOF), err == nil && n < len(buf):
			return -1, nil
		case err != nil:
			return -1, err
		}
		off += int64(n - len(what) + 1)
	}
	return -1, nil
}
