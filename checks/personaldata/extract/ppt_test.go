package extract

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"testing"
)

// pptRecord makes a record of a presentation.
func pptRecord(version, kind int, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(version))
	b = binary.LittleEndian.AppendUint16(b, uint16(kind))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

func TestPPT(t *testing.T) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write([]byte("texto de un objeto"))
	_ = z.Close()
	slide := pptRecord(0, pptTextChars, wideOf("Título de María\rdos")...)
	slide = append(slide, pptRecord(0, 0x0F9F, 1, 0, 0, 0)...)
	slide = append(slide, pptRecord(0, pptTextBytes, []byte("CURP PEXM830102MMCXYR07\vPe\xf1a")...)...)
	doc := pptRecord(0x0F, 0x03E8, slide...)
	doc = append(doc, pptRecord(0x10, pptObject, append([]byte{18, 0, 0, 0}, packed.Bytes()...)...)...)
	token := make([]byte, 20)
	binary.LittleEndian.PutUint32(token[12:], pptToken)
	const want = "--- text\nTítulo de María\ndos\nCURP PEXM830102MMCXYR07\nPeña\n\n"
	tests := map[string]struct {
		file []byte
		why  Reason
		text string
	}{
		"slide and object": {cfbFile(streamOf("PowerPoint Document", doc)), "", want + "--- text\ntexto de un objeto\n"},
		"cut":              {cfbFile(streamOf("PowerPoint Document", doc[:len(doc)-5])), Damaged, want},
		"with a password":  {cfbFile(streamOf("PowerPoint Document", doc), streamOf("Current User", token)), Encrypted, ""},
	}
	for name, tt := range tests {
		text, out := extractOf(t, Limits{}, tt.file)
		if out.Format != "ppt" || out.Reason != tt.why || text != tt.text {
			t.Errorf("%s: got %s %q %q, want %q %q", name, out.Format, out.Reason, text, tt.why, tt.text)
		}
	}
}
