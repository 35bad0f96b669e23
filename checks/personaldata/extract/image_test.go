package extract

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// exifOf is the metadata of a picture with one description, and one for Windows.
func exifOf(order binary.AppendByteOrder, description, author string) []byte {
	mark := "II*\x00"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		mark = "MM\x00*"
	}
	b := order.AppendUint32([]byte(mark), 8)
	name := wide(binary.LittleEndian, author)
	b = order.AppendUint16(b, 2)
	field := func(tag, kind uint16, count int, off int) {
		b = order.AppendUint16(order.AppendUint16(b, tag), kind)
		b = order.AppendUint32(order.AppendUint32(b, uint32(count)), uint32(off))
	}
	const after = 8 + 2 + 2*12 + 4
	field(0x010E, 2, len(description), after)
	field(0x9C9D, 1, len(name), after+len(description))
	b = order.AppendUint32(b, 8) // the next table is this one again
	return append(append(b, description...), name...)
}

// TestPictures holds that what pictures say in words is read, and that they are told as
// pictures all the same.
func TestPictures(t *testing.T) {
	exif := exifOf(binary.LittleEndian, "CURP PEXI800101MDFXXN09\x00", "Inés P")
	want := []string{"CURP PEXI800101MDFXXN09\nInés P\n"}
	segment := func(kind byte, b []byte) []byte {
		return append([]byte{0xFF, kind, byte((len(b) + 2) >> 8), byte(len(b) + 2)}, b...)
	}
	riff := func(kind string, b []byte) []byte {
		return append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(b))), append(b, make([]byte, len(b)&1)...)...)
	}
	for _, row := range []struct {
		name, format string
		file         []byte
		want         []string
		why          Reason
	}{
		{"JPEG", "jpeg", bytes.Join([][]byte{[]byte("\xff\xd8"), segment(0xE1, append([]byte("Exif\x00\x00"), exif...)), segment(0xDA, nil), noise(100)}, nil), want, NoText},
		{"JPEG, comment", "jpeg", bytes.Join([][]byte{[]byte("\xff\xd8"), segment(0xFE, []byte("NSS 12345678901")), []byte("\xff\xd9")}, nil), []string{"NSS 12345678901\n"}, NoText},
		{"JPEG that is cut", "jpeg", append([]byte("\xff\xd8"), segment(0xE1, make([]byte, 50))[:20]...), nil, Damaged},
		{"TIFF", "tiff", exif, want, NoText},
		{"TIFF, most first", "tiff", exifOf(binary.BigEndian, "CURP PEXI800101MDFXXN09\x00", "Inés P"), want, NoText},
		{"WebP", "webp", append([]byte("RIFF\xff\x00\x00\x00WEBP"), append(riff("VP8X", []byte("0000\xff\x03\x00\xff\x03\x00")), riff("EXIF", exif)...)...), want, NoText},
		{"GIF", "gif", []byte("GIF89a\x58\x02\x2c\x01\x00\x00\x00\x21\xfe\x0fNSS 12345678901\x00\x3b"), []string{"NSS 12345678901\n"}, NoText},
		{"HEIC", "heic", append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic\x00\x00\x00\x00Exif\x00\x00"), exif...), want, NoText},
		{"bitmap", "bmp", []byte("BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00"), nil, NoText},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, packed := range []bool{false, true} { // as a file, and as a stream
				file := row.file
				if packed {
					file = gzipped(file)
				}
				got, o := extracted(t, Limits{}, file)
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Errorf("texts (-want +got):\n%s", diff)
				}
				if o.Reason != row.why || o.Reasons[NoText] != 1 || !packed && o.Format != row.format {
					t.Errorf("got format %q and %v, want %q, %q and one picture", o.Format, o.Reasons, row.format, row.why)
				}
			}
		})
	}
}

// TestSmallPictures holds that a picture is told when it could show a document, and an
// icon is not.
func TestSmallPictures(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	riff := func(kind string, b []byte) []byte {
		b = append(le.AppendUint32([]byte(kind), uint32(len(b))), b...)
		return append(append(le.AppendUint32([]byte("RIFF"), uint32(len(b)+4)), "WEBP"...), b...)
	}
	formats := []struct {
		name string
		of   func(width, height uint32) []byte
	}{
		{"PNG", func(w, h uint32) []byte {
			return append(be.AppendUint32(be.AppendUint32([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), w), h), "\x08\x00\x00\x00\x000000\x00\x00\x00\x00IEND"...)
		}},
		{"JPEG", func(w, h uint32) []byte {
			frame := be.AppendUint16(be.AppendUint16([]byte("\xff\xd8\xff\xc4\x00\x03\x00\xff\xc2\x00\x0b\x08"), uint16(h)), uint16(w))
			return append(frame, "\x01\x01\x11\x00\xff\xda\x00\x02"...)
		}},
		{"GIF", func(w, h uint32) []byte {
			return append(le.AppendUint16(le.AppendUint16([]byte("GIF89a"), uint16(w)), uint16(h)), 0, 0, 0, 0x3B)
		}},
		{"bitmap", func(w, h uint32) []byte {
			return le.AppendUint32(le.AppendUint32([]byte("BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00"), w), -h)
		}},
		{"bitmap of OS/2", func(w, h uint32) []byte {
			return append(le.AppendUint16(le.AppendUint16([]byte("BM\x46\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00\x0c\x00\x00\x00"), uint16(w)), uint16(h)), 1, 0, 8, 0)
		}},
		{"WebP", func(w, h uint32) []byte {
			return riff("VP8 ", append(le.AppendUint16(le.AppendUint16([]byte("\x30\x00\x00\x9d\x01\x2a"), uint16(w)), uint16(h)), 0, 0))
		}},
		{"WebP, lossless", func(w, h uint32) []byte {
			return riff("VP8L", append(le.AppendUint32([]byte{0x2F}, w-1|(h-1)<<14), make([]byte, 5)...))
		}},
		{"WebP, extended", func(w, h uint32) []byte {
			size := le.AppendUint32(le.AppendUint32(make([]byte, 4), w-1)[:7], h-1)[:10]
			return riff("VP8X", size)
		}},
		{"TIFF", func(w, h uint32) []byte {
			b := []byte("MM\x00*\x00\x00\x00\x08\x00\x02\x01\x00\x00\x03\x00\x00\x00\x01")
			b = append(be.AppendUint16(b, uint16(w)), "\x00\x00\x01\x01\x00\x04\x00\x00\x00\x01"...)
			return append(be.AppendUint32(b, h), 0, 0, 0, 0)
		}},
		{"Photoshop", func(w, h uint32) []byte {
			return append(be.AppendUint32(be.AppendUint32([]byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03"), h), w), 0, 8, 0, 3)
		}},
	}
	for _, f := range formats {
		for _, row := range []struct {
			name          string
			width, height uint32
			why           Reason
		}{
			{"an icon", 64, 64, ""},
			{"a logo", 600, 199, ""},
			{"a bar", 199, 4000, ""},
			{"few pixels", 300, 399, ""},
			{"enough pixels", 300, 400, NoText},
			{"enough pixels, wide", 600, 200, NoText},
			{"a page", 1654, 2339, NoText},
		} {
			t.Run(f.name+", "+row.name, func(t *testing.T) {
				_, o := extracted(t, Limits{}, f.of(row.width, row.height))
				if o.Reason != row.why {
					t.Errorf("got format %q and reason %q, want %q", o.Format, o.Reason, row.why)
				}
			})
		}
	}
	icon, page := string(formats[0].of(64, 64)), string(formats[0].of(1654, 2339))
	for _, row := range []struct {
		name string
		file []byte
		want int
	}{
		{"DOCX", zipped("word/document.xml", "<document><p><t>a</t></p></document>", "word/media/a.png", icon, "word/media/b.png", page), 1},
		{"PPTX", zipped("ppt/slides/slide1.xml", "<sld><p><t>a</t></p></sld>", "ppt/media/a.png", icon, "ppt/media/b.png", icon), 0},
		{"ODT", zipped("mimetype", "application/vnd.oasis.opendocument.text", "content.xml", "<document-content/>", "Pictures/a.png", icon, "Pictures/b.png", page), 1},
	} {
		if _, o := extracted(t, Limits{}, row.file); o.Reasons[NoText] != row.want {
			t.Errorf("%s: got %v, want %d pictures told", row.name, o.Reasons, row.want)
		}
	}
}

// TestDrawings holds that the words of a metafile are read.
func TestDrawings(t *testing.T) {
	le := binary.LittleEndian
	emf := func(records ...[]byte) []byte {
		head := make([]byte, 80)
		le.PutUint32(head[8:], 999) // right, bottom
		le.PutUint32(head[12:], 999)
		copy(head[32:], " EMF")
		out := []byte{}
		for i, r := range append([][]byte{head}, records...) {
			kind := uint32(1)
			if i > 0 {
				kind, r = le.Uint32(r), r[4:]
			}
			out = append(le.AppendUint32(le.AppendUint32(out, kind), uint32(len(r)+8)), r...)
		}
		return out
	}
	said := func(kind uint32, count int, text []byte) []byte {
		r := make([]byte, 4+76-8)
		le.PutUint32(r, kind)
		le.PutUint32(r[4+44-8:], uint32(count))
		le.PutUint32(r[4+48-8:], 76)
		return append(r, text...)
	}
	end := []byte{emfEOF, 0, 0, 0}
	wmf := func(records string) []byte {
		head := "\xd7\xcd\xc6\x9a\x00\x00\x00\x00\x00\x00\x00\x10\x00\x10\x60\x00\x00\x00\x00\x00\x00\x00"
		return []byte(head + string(make([]byte, 18)) + records + "\x03\x00\x00\x00\x00\x00")
	}
	for _, row := range []struct {
		name string
		file []byte
		want []string
		why  Reason
	}{
		{"EMF", emf(said(emfTextWide, 8, wide(le, "NSS 1234")), said(emfTextNarrow, 5, []byte("56789")), end), []string{"NSS 1234\n56789\n"}, ""},
		{"EMF without words", emf(end), nil, NoText},
		{"EMF of a scan", emf(said(emfTextNarrow, 5, []byte("56789")), append([]byte{81, 0, 0, 0}, make([]byte, drawnRecord)...), end), []string{"56789\n"}, NoText},
		{"WMF", wmf("\x09\x00\x00\x00\x32\x0a\x00\x00\x00\x00\x03\x00\x00\x00123\x00\x06\x00\x00\x00\x21\x05\x03\x00456\x00"), []string{"123\n456\n"}, ""},
		{"WMF without words", wmf(""), nil, NoText},
		{"WMF that is cut", wmf("\x09\x00\x00\x00\x32")[:45], nil, Damaged},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, o := extracted(t, Limits{}, row.file)
			if diff := cmp.Diff(row.want, got); diff != "" || o.Reason != row.why {
				t.Errorf("got format %q, reason %q, want %q; texts (-want +got):\n%s", o.Format, o.Reason, row.why, diff)
			}
		})
	}
}

// TestRAR holds what RAR 5 archives give; nothing in Debian writes them.
func TestRAR(t *testing.T) {
	block := func(header []byte, data string) []byte {
		b := append([]byte{byte(len(header))}, header...)
		return append(append(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)), b...), data...)
	}
	file := func(text string) []byte {
		h := []byte{2, 2, byte(len(text)), 4, byte(len(text)), 0}
		h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE([]byte(text)))
		return block(append(h, 0, 1, 1, 'a'), text)
	}
	const mark = "Rar!\x1a\x07\x01\x00"
	begin, end := block([]byte{1, 0, 0}, ""), block([]byte{5, 0, 0}, "")
	for _, row := range []struct {
		name string
		rar  [][]byte
		want []string
		why  Reason
	}{
		{"stored", [][]byte{begin, file(somebody), file(line), end}, []string{somebody, line}, ""},
		{"headers with a password", [][]byte{block(append([]byte{4, 0, 0, 0, 15}, make([]byte, 16)...), ""), noise(64)}, nil, Encrypted},
		{"cut", [][]byte{begin, file(somebody)[:60]}, []string{somebody[:20]}, Damaged},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, o := extracted(t, Limits{}, append([]byte(mark), bytes.Join(row.rar, nil)...))
			if diff := cmp.Diff(row.want, got); diff != "" && row.name != "cut" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if o.Format != "rar" || o.Reason != row.why {
				t.Errorf("got format %q and reason %q, want rar and %q", o.Format, o.Reason, row.why)
			}
		})
	}
}
