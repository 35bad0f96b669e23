package extract

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// messageOf makes an Outlook message with a recipient and attachments.
func messageOf(attachments ...cfbNode) []cfbNode {
	cp := make([]byte, 32, 48)
	cp = binary.LittleEndian.AppendUint32(cp, mapiCodepage<<16|3)
	cp = binary.LittleEndian.AppendUint32(cp, 6)
	cp = binary.LittleEndian.AppendUint64(cp, 1252)
	return append([]cfbNode{
		streamOf("__properties_version1.0", cp),
		streamOf("__substg1.0_0037001F", wideOf("Alta de María Peña")),
		streamOf("__substg1.0_1000001F", wideOf("Su CURP es PEXM830102MMCXYR07.\r\n")),
		streamOf("__substg1.0_0C1A001E", []byte("Jos\xe9 N\xfa\xf1ez")),
		storage("__recip_version1.0_#00000000", streamOf("__substg1.0_39FE001F", wideOf("maria@example.mx"))),
	}, attachments...)
}

func TestMSG(t *testing.T) {
	inner := storage("__attach_version1.0_#00000001", storage("__substg1.0_3701000D", messageOf()...))
	file := storage("__attach_version1.0_#00000000",
		streamOf("__substg1.0_3707001F", wideOf("nota.txt")), streamOf("__substg1.0_37010102", []byte("texto adjunto")))
	text, out := extractOf(t, Limits{}, cfbFile(messageOf(file, inner)...))
	const message = "--- text\nAlta de María Peña\nSu CURP es PEXM830102MMCXYR07.\r\n\nJosé Núñez\nmaria@example.mx\n\n"
	want := message + "--- text\nnota.txt\n\n--- text\ntexto adjunto\n" + "--- text\n\n" + message
	if diff := cmp.Diff(want, text); diff != "" || out.Format != "msg" || out.Reason != "" || out.Entries != 2 {
		t.Errorf("got %s %q, %d entries (-want +got):\n%s", out.Format, out.Reason, out.Entries, diff)
	}
}

func TestMessageInRTF(t *testing.T) {
	packed := make([]byte, 16)
	copy(packed[8:], "LZFu")
	// The literal bytes "PEXM 1", then a reference to "\par" among the known words, and the end.
	packed = append(packed, 0x40, 'P', 'E', 'X', 'M', ' ', '1', 0x0B, 0x63, 'z')
	r := &rtfInflater{src: packed[16:]}
	got := make([]byte, 64)
	n, _ := r.Read(got)
	if want := "PEXM 1"; string(got[:6]) != want || n != 6+5+1 {
		t.Errorf("got %q, want %q and 5 of the known words", got[:n], want)
	}
}
