package extract

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
)

const (
	metaBytes = 1 << 20 // of one piece of metadata that are looked at
	metaParts = 10_000  // segments, chunks or fields of one picture that are walked over
)

// A picture with fewer pixels than one of these can show no document that could be read:
// it is an icon, a logo, a bullet. A page of A5 as a fax sends it has 400,000, and the
// photograph of an identity card whose number can be read has 150,000.
const (
	readableSide   = 200
	readablePixels = 120_000
)

// A steps walks over a picture, piece by piece. What it skips of a file is not read.
type steps struct {
	d   *document
	at  io.ReaderAt // nil when the picture is a stream
	off int64
	n   int // pieces
	buf []byte
	// width and height are those of the picture in pixels, zero when not known.
	width, height int64
	said          bool // what it shows was given as text
}

// size notes how large the picture is, or the largest of several.
func (s *steps) size(width, height int64) {
	if width > 0 && height > 0 && (s.width == 0 || width*height > s.width*s.height) {
		s.width, s.height = width, height
	}
}

// small tells whether the picture is known to hold no document.
func (s *steps) small() bool {
	return s.width > 0 && (min(s.width, s.height) < readableSide || s.width*s.height < readablePixels)
}

func newSteps(d *document) *steps {
	s := &steps{d: d}
	if d.at != nil && d.size >= 0 {
		s.at = d.at
	}
	return s
}

// take reads n bytes, good until the next call; fewer at the end of the picture. No more
// than metaBytes are given, the rest is skipped.
func (s *steps) take(n int64) ([]byte, error) {
	keep := min(n, metaBytes)
	if int64(cap(s.buf)) < keep {
		s.buf = make([]byte, max(keep, 4<<10))
	}
	b := s.buf[:keep]
	var got int
	var err error
	if s.at != nil {
		got, err = s.at.ReadAt(b, s.off)
		s.off += int64(got)
	} else {
		got, err = io.ReadFull(s.d.r, b)
	}
	if int64(got) == keep {
		return b, s.skip(n - keep)
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return b[:got], err
}

func (s *steps) skip(n int64) error {
	if n <= 0 {
		return nil
	}
	if s.at != nil {
		s.off += n
		return nil
	}
	_, err := io.CopyN(io.Discard, s.d.r, n)
	return err
}

// wipe clears what was read.
func (s *steps) wipe() { clear(s.buf[:cap(s.buf)]) }

// picture reads the metadata of a picture with walk. The picture itself is not read, and
// that is told if it could show a document: not of an icon, and not of a drawing whose
// words were read. One whose size is not known could.
func picture(walk func(d *document, s *steps) error) func(d *document) Reason {
	return func(d *document) Reason {
		s := newSteps(d)
		defer s.wipe()
		err := walk(d, s)
		if err != nil {
			d.x.note(reasonOf(err))
		}
		if s.small() || s.said {
			return ""
		}
		return NoText
	}
}

// line gives the plain text in a piece of metadata to the sink.
func (d *document) line(b []byte) {
	if len(bytes.TrimSpace(b)) == 0 {
		return
	}
	d.runs(b, true)
}

// walkJPEG reads the comments and application segments of a JPEG (ITU-T T.81, B.1).
func walkJPEG(d *document, s *steps) error {
	if _, err := s.take(2); err != nil {
		return err
	}
	for s.n = range metaParts {
		mark, err := s.take(2)
		if err != nil {
			return err
		}
		kind := mark[1]
		if mark[0] != 0xFF {
			return Damaged
		}
		if kind == 0xDA || kind == 0xD9 { // the picture, or its end
			return nil
		}
		length, err := s.take(2)
		if err != nil {
			return err
		}
		size := int64(length[0])<<8 | int64(length[1])
		if size < 2 {
			return Damaged
		}
		if kind >= 0xC0 && kind <= 0xCF && kind != 0xC4 && kind != 0xC8 && kind != 0xCC && size >= 7 { // begins a frame
			b, err := s.take(5)
			if err != nil {
				return err
			}
			s.size(int64(b[3])<<8|int64(b[4]), int64(b[1])<<8|int64(b[2]))
			size -= 5
		}
		if kind != 0xFE && (kind < 0xE0 || kind > 0xEF) || kind == 0xE2 { // tables; colour profile
			if err := s.skip(size - 2); err != nil {
				return err
			}
			continue
		}
		b, err := s.take(size - 2)
		if exif, ok := bytes.CutPrefix(b, []byte("Exif\x00\x00")); ok {
			d.exif(bytes.NewReader(exif), int64(len(exif)))
		} else {
			d.line(b)
		}
		if err != nil {
			return err
		}
	}
	return LimitEntries
}

// walkPNG reads the text chunks of a PNG (W3C PNG, third edition, section 11.3).
func walkPNG(d *document, s *steps) error {
	if _, err := s.take(8); err != nil {
		return err
	}
	for s.n = range metaParts {
		head, err := s.take(8)
		if err != nil {
			return err
		}
		size, kind := int64(binary.BigEndian.Uint32(head)), string(head[4:8])
		switch kind {
		case "IEND":
			return nil
		case "IHDR":
			b, err := s.take(size)
			if err != nil {
				return err
			}
			if len(b) >= 8 {
				s.size(int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:])))
			}
		case "tEXt", "eXIf", "iTXt", "zTXt":
			b, err := s.take(size)
			if err != nil {
				d.line(b)
				return err
			}
			d.pngText(kind, b)
		default:
			if err := s.skip(size); err != nil {
				return err
			}
		}
		if err := s.skip(4); err != nil {
			return err
		}
	}
	return LimitEntries
}

func (d *document) pngText(kind string, b []byte) {
	key, rest, ok := bytes.Cut(b, []byte{0})
	switch {
	case kind == "eXIf":
		d.exif(bytes.NewReader(b), int64(len(b)))
	case ok && kind == "zTXt" && len(rest) > 1:
		d.line(key)
		d.inflated(rest[1:])
	case ok && kind == "iTXt" && len(rest) > 2 && rest[0] == 1:
		d.line(key)
		_, rest, _ = bytes.Cut(rest[2:], []byte{0}) // language
		_, rest, _ = bytes.Cut(rest, []byte{0})     // translated key
		d.inflated(rest)
	default:
		d.line(b)
	}
}

// inflated gives a short compressed text to the sink.
func (d *document) inflated(b []byte) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		d.x.note(Damaged)
		return
	}
	defer func() { _ = z.Close() }() // only read
	d.endText()
	if why := d.copyText(&inflating{x: d.x, r: z}, Bytes); why != "" {
		d.x.note(why)
	}
}

// walkGIF reads the comments of a GIF (GIF89a specification).
func walkGIF(d *document, s *steps) error {
	head, err := s.take(13)
	if err != nil {
		return err
	}
	s.size(int64(binary.LittleEndian.Uint16(head[6:])), int64(binary.LittleEndian.Uint16(head[8:])))
	if head[10]&0x80 != 0 {
		if err := s.skip(3 << (head[10]&7 + 1)); err != nil {
			return err
		}
	}
	for s.n = range metaParts {
		b, err := s.take(1)
		if err != nil {
			return err
		}
		comment := false
		switch b[0] {
		case 0x3B:
			return nil
		case 0x21:
			if b, err = s.take(1); err != nil {
				return err
			}
			comment = b[0] == 0xFE || b[0] == 0xFF
		case 0x2C:
			if b, err = s.take(9); err != nil {
				return err
			}
			table := int64(0)
			if b[8]&0x80 != 0 {
				table = 3 << (b[8]&7 + 1)
			}
			if err := s.skip(table + 1); err != nil {
				return err
			}
		default:
			return Damaged
		}
		if err := d.gifBlocks(s, comment); err != nil {
			return err
		}
	}
	return LimitEntries
}

// gifBlocks goes over the blocks that follow one another up to an empty one.
func (d *document) gifBlocks(s *steps, comment bool) error {
	for {
		b, err := s.take(1)
		if err != nil {
			return err
		}
		size := int64(b[0])
		if size == 0 {
			return nil
		}
		if !comment {
			if err := s.skip(size); err != nil {
				return err
			}
			continue
		}
		if b, err = s.take(size); err != nil {
			return err
		}
		d.line(b)
	}
}

// walkWEBP reads the metadata chunks of a WebP (RFC 9649).
func walkWEBP(d *document, s *steps) error {
	if _, err := s.take(12); err != nil {
		return err
	}
	for s.n = range metaParts {
		head, err := s.take(8)
		if len(head) == 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
			return nil
		}
		if err != nil {
			return err
		}
		size := int64(binary.LittleEndian.Uint32(head[4:]))
		kind := [4]byte(head)
		switch string(kind[:]) {
		case "EXIF":
			b, err := s.take(size)
			b = bytes.TrimPrefix(b, []byte("Exif\x00\x00"))
			d.exif(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				return err
			}
		case "XMP ":
			b, err := s.take(size)
			d.line(b)
			if err != nil {
				return err
			}
		case "VP8X", "VP8 ", "VP8L":
			known := min(size, 10)
			b, err := s.take(known)
			if err != nil {
				return err
			}
			s.size(sizeOfWEBP(kind, b))
			if err := s.skip(size - known); err != nil {
				return err
			}
		default:
			if err := s.skip(size); err != nil {
				return err
			}
		}
		if err := s.skip(size & 1); err != nil {
			return err
		}
	}
	return LimitEntries
}

// sizeOfWEBP reads how large a picture is from the beginning of its chunk, zero when that
// does not say (RFC 9649, 2.5 to 2.7; RFC 6386, 9.1; WebP lossless, 3).
func sizeOfWEBP(kind [4]byte, b []byte) (width, height int64) {
	switch {
	case len(b) < 10:
		return 0, 0
	case kind[3] == 'X':
		return (int64(b[4]) | int64(b[5])<<8 | int64(b[6])<<16) + 1, (int64(b[7]) | int64(b[8])<<8 | int64(b[9])<<16) + 1
	case kind[3] == 'L' && b[0] == 0x2F:
		bits := int64(binary.LittleEndian.Uint32(b[1:]))
		return bits&0x3FFF + 1, bits>>14&0x3FFF + 1
	case kind[3] == ' ' && b[3] == 0x9D && b[4] == 0x01 && b[5] == 0x2A:
		return int64(binary.LittleEndian.Uint16(b[6:])) & 0x3FFF, int64(binary.LittleEndian.Uint16(b[8:])) & 0x3FFF
	}
	return 0, 0
}

// walkBMP reads how large a bitmap of Windows is (BITMAPCOREHEADER, BITMAPINFOHEADER).
func walkBMP(_ *document, s *steps) error {
	b, _ := s.take(26)
	switch {
	case len(b) < 26: // too short to say
	case binary.LittleEndian.Uint32(b[14:]) == 12:
		s.size(int64(binary.LittleEndian.Uint16(b[18:])), int64(binary.LittleEndian.Uint16(b[20:])))
	default:
		height := int64(int32(binary.LittleEndian.Uint32(b[22:]))) // below zero: the first line comes first
		s.size(int64(int32(binary.LittleEndian.Uint32(b[18:]))), max(height, -height))
	}
	return nil
}

// walkPSD reads how large a picture of Photoshop is, and the metadata at its beginning.
func walkPSD(d *document, s *steps) error {
	if len(d.head) >= 22 {
		s.size(int64(binary.BigEndian.Uint32(d.head[18:])), int64(binary.BigEndian.Uint32(d.head[14:])))
	}
	return walkHead(d, s)
}

// walkHead looks at the beginning of a picture, where its metadata mostly is.
func walkHead(d *document, s *steps) error {
	b, err := s.take(256 << 10)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if i := bytes.Index(b, []byte("Exif\x00\x00")); i >= 0 {
		d.exif(bytes.NewReader(b[i+6:]), int64(len(b)-i-6))
	}
	if i := bytes.Index(b, []byte("<x:xmpmeta")); i >= 0 {
		end := bytes.Index(b[i:], []byte("</x:xmpmeta"))
		if end < 0 {
			end = len(b) - i
		}
		d.line(b[i : i+end])
	}
	return err
}

// walkTIFF reads the fields of a TIFF.
func walkTIFF(d *document, s *steps) error {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	s.size(d.exif(at, size))
	return nil
}
