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
		{"WebP", "webp", append([]byte("RIFF\xff\x00\x00\x00WEBP"), append(riff("VP8X", make([]byte, 10)), riff("EXIF", exif)...)...), want, NoText},
		{"GIF", "gif", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00\x21\xfe\x0fNSS 12345678901\x00\x3b"), []string{"NSS 12345678901\n"}, NoText},
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
