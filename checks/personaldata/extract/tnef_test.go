package extract

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tnefOf is a message of attributes, each an id and its data.
func tnefOf(attributes ...any) []byte {
	le := binary.LittleEndian
	out := []byte("\x78\x9f\x3e\x22\x01\x00")
	for i := 0; i < len(attributes); i += 2 {
		data := attributes[i+1].(string)
		out = le.AppendUint32(append(out, 1), uint32(attributes[i].(int)))
		out = append(le.AppendUint32(out, uint32(len(data))), data...)
		sum := uint16(0)
		for _, c := range []byte(data) {
			sum += uint16(c)
		}
		out = le.AppendUint16(out, sum)
	}
	return out
}

// mapiOf are properties of MAPI, each a type, a tag and its bytes.
func mapiOf(properties ...any) string {
	le := binary.LittleEndian
	out := le.AppendUint32(nil, uint32(len(properties)/3))
	for i := 0; i < len(properties); i += 3 {
		typ, tag, value := properties[i].(int), properties[i+1].(int), properties[i+2].(string)
		out = le.AppendUint16(le.AppendUint16(out, uint16(typ)), uint16(tag))
		if tag >= 0x8000 { // a name of three letters
			out = append(out, "0123456789abcdef\x01\x00\x00\x00\x06\x00\x00\x00a\x00b\x00c\x00\x00\x00"...)
		}
		switch typ {
		case mapiANSI, mapiUnicode, mapiBinary, mapiObject:
			out = le.AppendUint32(le.AppendUint32(out, 1), uint32(len(value)))
		}
		out = append(out, value...)
		out = append(out, make([]byte, -len(value)&3)...)
	}
	return string(out)
}

func TestTNEF(t *testing.T) {
	const stored = "\x10\x00\x00\x00\x10\x00\x00\x00MELA\x00\x00\x00\x00"
	name := string(wide(binary.LittleEndian, "Inés\x00"))
	for _, row := range []struct {
		name string
		file []byte
		want []string
		why  Reason
	}{
		{"subject, body, attachment", tnefOf(tnefCodepage, "\xe4\x04\x00\x00", tnefSubject, "Do\xf1a\x00", 0x00038005, "12345678901234", tnefBody, "NSS 1234\x00", 0x00069002, "\x01", tnefTitle, "uno.txt\x00", tnefAttachment, somebody),
			[]string{"Doña\nNSS 1234\nuno.txt\n", somebody}, ""},
		{"properties", tnefOf(tnefMessage, mapiOf(3, 0x17, "\x01\x00\x00\x00", mapiUnicode, 0x37, name, mapiUnicode, 0x8001, name, 0x40, 0x39, "12345678", mapiBinary, mapiRTF, stored+`{\rtf1 1234}`)),
			[]string{"Inés\nInés\n", "1234"}, ""},
		{"HTML", tnefOf(tnefMessage, mapiOf(mapiBinary, mapiHTML, "<html><p>1234567</p>")), []string{"1234567\n"}, ""},
		{"recipients", tnefOf(tnefRecipients, "\x02\x00\x00\x00"+mapiOf(mapiANSI, 0x3001, "uno")+mapiOf(mapiANSI, 0x3003, "dos@example.com")), []string{"uno\ndos@example.com\n"}, ""},
		{"a message within", tnefOf(tnefAttached, mapiOf(mapiObject, mapiAttachment, "0123456789abcdef"+string(tnefOf(tnefBody, "1234")))), []string{"1234\n"}, ""},
		{"cut", tnefOf(tnefBody, "1234", tnefAttachment, somebody)[:60], []string{"1234\n", somebody[:30] + "\n"}, Damaged},
		{"a count that is none", tnefOf(tnefMessage, "\xff\xff\xff\xff", tnefBody, "1234"), []string{"1234\n"}, Damaged},
		{"values without end", tnefOf(tnefMessage, "\x01\x00\x00\x00\x03\x10\x17\x00\xff\xff\xff\xff", tnefBody, "1234"), []string{"1234\n"}, Damaged},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, file := range [][]byte{row.file, gzipped(row.file)} {
				got, o := extracted(t, Limits{}, file)
				if diff := cmp.Diff(row.want, got); diff != "" || o.Reason != row.why {
					t.Errorf("got format %q and reason %q, want %q; texts (-want +got):\n%s", o.Format, o.Reason, row.why, diff)
				}
			}
		})
	}
}

func FuzzTNEF(f *testing.F) {
	f.Add(tnefOf(tnefSubject, "a\x00", tnefMessage, mapiOf(mapiUnicode, 0x8001, "a\x00", mapiBinary, mapiRTF, "0123456789abcdef"))[6:])
	f.Add(tnefOf(tnefRecipients, "\x01\x00\x00\x00"+mapiOf(mapiANSI, 0x3001, "uno"), tnefAttachment, somebody)[6:])
	f.Fuzz(func(t *testing.T, b []byte) { fuzzed(t, append([]byte("\x78\x9f\x3e\x22\x01\x00"), b...)) })
}
