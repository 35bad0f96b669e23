package extract

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

// visualTable makes a table of Visual FoxPro with a record that is deleted.
func visualTable() []byte {
	fields := []struct {
		name string
		kind byte
		len  byte
	}{{"NOMBRE", 'C', 12}, {"ALTA", 'D', 8}, {"NUM", 'I', 4}, {"SALDO", 'Y', 8}, {"VISTO", 'T', 8}, {"NOTA", 'M', 4}, {"X", 'B', 8}}
	h := make([]byte, 32)
	h[0], h[1], h[2], h[3], h[29] = 0x30, 120, 3, 4, 0x03
	width := 1
	for _, f := range fields {
		d := make([]byte, 32)
		copy(d, f.name)
		d[11], d[16] = f.kind, f.len
		width += int(f.len)
		h = append(h, d...)
	}
	h = append(append(h, dbfEnd), make([]byte, 263)...)
	binary.LittleEndian.PutUint32(h[4:], 2)
	binary.LittleEndian.PutUint16(h[8:], uint16(len(h)))
	binary.LittleEndian.PutUint16(h[10:], uint16(width))
	h = append(h, " Pe\xf1a        19830102"...)
	h = binary.LittleEndian.AppendUint32(h, 42)
	h = binary.LittleEndian.AppendUint64(h, 125000)
	h = binary.LittleEndian.AppendUint32(h, 2440588+1)
	h = binary.LittleEndian.AppendUint32(h, 3600_000)
	h = append(h, 0, 0, 0, 0)
	h = binary.LittleEndian.AppendUint64(h, math.Float64bits(1e17))
	h = append(h, "*Borrada             "...)
	h = append(h, make([]byte, 20)...)
	h = append(h, 8, 0, 0, 0)
	h = append(h, make([]byte, 8)...)
	return append(h, 0x1A)
}

func TestDBF(t *testing.T) {
	visual := visualTable()
	dos := readFile(t, "legacy", "shapelib.dbf")
	for i, c := range dos {
		if to, ok := map[byte]byte{0xED: 0xA1, 0xF1: 0xA4, 0xE9: 0x82, 0xFA: 0xA3}[c]; ok && i > 161 {
			dos[i] = to
		}
	}
	const people = "--- text\nNOMBRE\tCURP\tNSS\tSALDO\nMaría Peña\tPEXM830102MMCXYR07\t12345678903\t1234.50\nJosé Núñez\tNUXJ900515HDFXXS09\t98765432106\t2.00\n\n"
	with := func(at int, v byte) []byte {
		b := append([]byte{}, dos...)
		b[at] = v
		return b
	}
	tests := map[string]struct {
		file         []byte
		format, text string
		why          Reason
	}{
		"visual foxpro": {visual, "dbf", "--- text\nNOMBRE\tALTA\tNUM\tSALDO\tVISTO\tNOTA\tX\n" +
			"Peña\t1983-01-02\t42\t12.5\t1970-01-02 01:00:00\t\t100000000000000000\nBorrada\t\t0\t0\t\t\t0\n\n", Undecoded},
		"driver of dos": {with(29, 0x02), "dbf", people, ""},
		"no driver":     {with(29, 0), "dbf", people, ""},
		"fewer records": {with(29, 2)[:len(dos)-20], "dbf", strings.Replace(people, "José Núñez\tNUXJ900515HDFXXS09\t98765432106\t2.00\n", "", 1), Damaged},
		"field type":    {with(32+11, 'z'), "binary", "", Unknown},
		"wrong width":   {with(10, 3), "binary", "", Unknown},
	}
	for name, tt := range tests {
		text, out := extractOf(t, Limits{}, tt.file)
		if out.Format != tt.format || out.Reason != tt.why || tt.format == "dbf" && text != tt.text {
			t.Errorf("%s: got %s %q\n%q, want %s %q\n%q", name, out.Format, out.Reason, text, tt.format, tt.why, tt.text)
		}
	}
}
