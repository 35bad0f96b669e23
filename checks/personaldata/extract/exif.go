package extract

import (
	"encoding/binary"
	"io"
	"unicode/utf8"
)

// Types of fields (TIFF 6.0, section 2).
const (
	tiffByte      = 1
	tiffASCII     = 2
	tiffShort     = 3
	tiffUndefined = 7
)

// Tags whose value is the place of more fields (TIFF 6.0; Exif 2.32, 4.6.3; DNG).
const (
	tagSubFields = 0x014A
	tagExif      = 0x8769
	tagGPS       = 0x8825
)

// Tags of how large a picture is (TIFF 6.0, section 8).
const (
	tagWidth  = 0x0100
	tagHeight = 0x0101
)

const (
	exifTables = 64 // tables of fields in one picture
	exifFields = 2_000
)

// exif gives the text in the fields of a TIFF file, or of what is built like one, to the
// sink, and returns the size of the largest picture in it, zero when not known. A picture
// whose fields are damaged is one whose fields are not read: its picture is not read
// either, and that is told.
func (d *document) exif(at io.ReaderAt, size int64) (width, height int64) {
	var head [8]byte
	if _, err := at.ReadAt(head[:], 0); err != nil {
		return 0, 0
	}
	e := exif{d: d, at: at, size: size, seen: make(map[int64]bool)}
	switch string(head[:4]) {
	case "II*\x00":
		e.order = binary.LittleEndian
	case "MM\x00*":
		e.order = binary.BigEndian
	default:
		return 0, 0
	}
	e.next = append(e.next, int64(e.order.Uint32(head[4:])))
	for len(e.next) > 0 && len(e.seen) < exifTables && d.x.spent() == "" {
		off := e.next[0]
		e.next = e.next[1:]
		if off > 0 && !e.seen[off] {
			e.seen[off] = true
			e.fields(off)
		}
	}
	clear(e.buf)
	return e.width, e.height
}

type exif struct {
	d     *document
	at    io.ReaderAt
	size  int64
	order binary.ByteOrder
	next  []int64 // tables to be read
	seen  map[int64]bool
	buf   []byte
	total int64 // bytes of values that were read

	width, height int64 // of the largest picture, in pixels
	wide, high    int64 // of the one whose fields are read
}

// fields reads one table of fields.
func (e *exif) fields(off int64) {
	var b [12]byte
	if _, err := e.at.ReadAt(b[:2], off); err != nil {
		return
	}
	count := int(e.order.Uint16(b[:]))
	off += 2
	e.wide, e.high = 0, 0
	for range min(count, exifFields) {
		if _, err := e.at.ReadAt(b[:], off); err != nil {
			return
		}
		off += int64(len(b))
		e.field(b[:])
	}
	if e.wide*e.high > e.width*e.height {
		e.width, e.height = e.wide, e.high
	}
	if _, err := e.at.ReadAt(b[:4], off); err == nil && count <= exifFields {
		e.next = append(e.next, int64(e.order.Uint32(b[:])))
	}
}

// field reads one field: its tag, type, count, and value or the place of it.
func (e *exif) field(b []byte) {
	tag, kind, count, value := e.order.Uint16(b), e.order.Uint16(b[2:]), int64(e.order.Uint32(b[4:])), b[8:12]
	switch tag {
	case tagExif, tagGPS, tagSubFields:
		e.next = append(e.next, int64(e.order.Uint32(value)))
		return
	case tagWidth:
		e.wide = e.number(kind, value)
		return
	case tagHeight:
		e.high = e.number(kind, value)
		return
	}
	if kind != tiffASCII && kind != tiffByte && kind != tiffUndefined || count < minRun || tag == 0x927C { // the maker's own
		return
	}
	off := int64(e.order.Uint32(value))
	count = min(count, e.size-off, metaBytes)
	if count <= 0 || e.total+count > 4*metaBytes {
		return
	}
	e.total += count
	if int64(cap(e.buf)) < count {
		clear(e.buf[:cap(e.buf)])
		e.buf = make([]byte, count)
	}
	e.buf = e.buf[:count]
	n, _ := e.at.ReadAt(e.buf, off) // what came is looked at
	text := e.buf[:n]
	if tag >= 0x9C9B && tag <= 0x9C9F { // title, comment, author, keywords, subject of Windows: UTF-16
		out := make([]byte, 0, n)
		for i := 0; i+1 < n; i += 2 {
			if r := rune(text[i]) | rune(text[i+1])<<8; r != 0 {
				out = utf8.AppendRune(out, r)
			}
		}
		e.d.line(out)
		clear(out)
		return
	}
	e.d.line(text)
}

// number reads a value of 16 or 32 bits. No picture is larger than 2 to the 31st.
func (e *exif) number(kind uint16, value []byte) int64 {
	if kind == tiffShort {
		return int64(e.order.Uint16(value))
	}
	return int64(e.order.Uint32(value)) & (1<<31 - 1)
}
