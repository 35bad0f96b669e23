package extract

import (
	"bytes"
	"encoding/binary"
	"sort"
	"strings"
	"testing"
	"unicode/utf16"
)

// cfbNode is a storage or a stream of a compound file that a test makes.
type cfbNode struct {
	name  string
	data  []byte // of a stream
	nodes []cfbNode
}

func storage(name string, nodes ...cfbNode) cfbNode { return cfbNode{name: name, nodes: nodes} }
func streamOf(name string, data []byte) cfbNode {
	return cfbNode{name: name, data: append([]byte{}, data...)}
}

// cfbFile writes a compound file with sectors of 512 bytes: header, streams, mini
// streams, directory, tables.
func cfbFile(nodes ...cfbNode) []byte {
	w := &cfbWriter{}
	w.entry(cfbNode{name: "Root Entry", nodes: nodes}, cfbRoot)
	w.link(0, nodes)
	miniStart := uint32(0xFFFFFFFE)
	if len(w.mini) > 0 {
		miniStart = w.add(w.mini)
	}
	binary.LittleEndian.PutUint32(w.dir[116:], miniStart)
	binary.LittleEndian.PutUint32(w.dir[120:], uint32(len(w.mini)))
	dir := w.add(w.dir)
	miniFAT := uint32(0xFFFFFFFE)
	if len(w.miniFAT) > 0 {
		miniFAT = w.add(table32(w.miniFAT))
	}
	fatSectors := 1
	for (len(w.fat)+fatSectors)*4 > fatSectors*512 {
		fatSectors++
	}
	first := uint32(len(w.fat))
	for range fatSectors {
		w.fat = append(w.fat, 0xFFFFFFFD)
	}
	for len(w.fat)%128 != 0 {
		w.fat = append(w.fat, 0xFFFFFFFF)
	}
	w.body = append(w.body, table32(w.fat)...)

	h := make([]byte, 512)
	copy(h, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	binary.LittleEndian.PutUint16(h[24:], 0x3E)
	binary.LittleEndian.PutUint16(h[26:], 3)
	binary.LittleEndian.PutUint16(h[28:], 0xFFFE)
	binary.LittleEndian.PutUint16(h[30:], 9)
	binary.LittleEndian.PutUint16(h[32:], 6)
	binary.LittleEndian.PutUint32(h[44:], uint32(fatSectors))
	binary.LittleEndian.PutUint32(h[48:], dir)
	binary.LittleEndian.PutUint32(h[56:], 4096)
	binary.LittleEndian.PutUint32(h[60:], miniFAT)
	binary.LittleEndian.PutUint32(h[68:], 0xFFFFFFFE)
	for i := range 109 {
		v := uint32(0xFFFFFFFF)
		if i < fatSectors {
			v = first + uint32(i)
		}
		binary.LittleEndian.PutUint32(h[76+4*i:], v)
	}
	return append(h, w.body...)
}

type cfbWriter struct {
	body, mini, dir []byte
	fat, miniFAT    []uint32
}

func table32(t []uint32) []byte {
	var b []byte
	for _, v := range t {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// add writes sectors and returns the first of their chain.
func (w *cfbWriter) add(b []byte) uint32 {
	first := uint32(len(w.fat))
	for n := 0; n < len(b); n += 512 {
		sector := make([]byte, 512)
		copy(sector, b[n:])
		w.body = append(w.body, sector...)
		w.fat = append(w.fat, uint32(len(w.fat))+1)
	}
	w.fat[len(w.fat)-1] = 0xFFFFFFFE
	return first
}

func (w *cfbWriter) addMini(b []byte) uint32 {
	first := uint32(len(w.miniFAT))
	for n := 0; n < len(b); n += 64 {
		sector := make([]byte, 64)
		copy(sector, b[n:])
		w.mini = append(w.mini, sector...)
		w.miniFAT = append(w.miniFAT, uint32(len(w.miniFAT))+1)
	}
	w.miniFAT[len(w.miniFAT)-1] = 0xFFFFFFFE
	return first
}

// entry writes a directory entry and returns its number.
func (w *cfbWriter) entry(n cfbNode, kind byte) int {
	e := make([]byte, 128)
	name := utf16.Encode([]rune(n.name))
	for i, c := range name {
		binary.LittleEndian.PutUint16(e[2*i:], c)
	}
	binary.LittleEndian.PutUint16(e[64:], uint16(2*len(name)+2))
	e[66] = kind
	for _, at := range []int{68, 72, 76} {
		binary.LittleEndian.PutUint32(e[at:], noStream)
	}
	if kind == cfbStream && len(n.data) > 0 {
		var start uint32
		if len(n.data) < 4096 {
			start = w.addMini(n.data)
		} else {
			start = w.add(n.data)
		}
		binary.LittleEndian.PutUint32(e[116:], start)
		binary.LittleEndian.PutUint32(e[120:], uint32(len(n.data)))
	}
	w.dir = append(w.dir, e...)
	return len(w.dir)/128 - 1
}

// link writes the entries of a storage, each the right one of the one before.
func (w *cfbWriter) link(parent int, nodes []cfbNode) {
	nodes = append([]cfbNode{}, nodes...)
	sort.Slice(nodes, func(i, j int) bool { return nodes[i].name < nodes[j].name })
	at := 128*parent + 76
	for _, n := range nodes {
		kind := byte(cfbStream)
		if n.data == nil {
			kind = cfbStorage
		}
		id := w.entry(n, kind)
		binary.LittleEndian.PutUint32(w.dir[at:], uint32(id))
		at = 128*id + 72
		w.link(id, n.nodes)
	}
}

func wideOf(s string) []byte {
	var b []byte
	for _, c := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return b
}

func TestOLE(t *testing.T) {
	native := func(file string) []byte {
		var b []byte
		b = append(b, 0, 0, 0, 0, 2, 0)
		b = append(b, "nota.txt\x00C:\\nota.txt\x00\x00\x00\x03\x00"...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len("C:\\t\\nota.txt")+1))
		b = append(b, "C:\\t\\nota.txt\x00"...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(file)))
		return append(b, file...)
	}
	big := strings.Repeat("una línea de un texto grande\n", 500)
	tests := map[string]struct {
		file   []byte
		format string
		why    Reason
		text   string
	}{
		"encrypted office":   {cfbFile(streamOf("EncryptionInfo", []byte("x")), streamOf("EncryptedPackage", []byte("x"))), "ooxml", Encrypted, ""},
		"thumbnails":         {cfbFile(streamOf("Catalog", []byte("x")), streamOf("1", []byte("x"))), "thumbs", NotADocument, ""},
		"unknown":            {cfbFile(streamOf("Algo", []byte("x"))), "ole", Unsupported, ""},
		"visio":              {cfbFile(streamOf("VisioDocument", []byte("x"))), "visio", Unsupported, ""},
		"packaged file":      {cfbFile(streamOf("\x01Ole10Native", native("hola, mundo"))), "ole-object", "", "--- text\nhola, mundo\n"},
		"large packaged":     {cfbFile(streamOf("\x01Ole10Native", native(big))), "ole-object", "", "--- text\n" + big + "\n"},
		"package":            {cfbFile(streamOf("Package", []byte("hola"))), "ole-object", "", "--- text\nhola\n"},
		"table not in place": {cfbFile(streamOf("WordDocument", make([]byte, 900))), "doc", Damaged, ""},
		"cut off":            {cfbFile(streamOf("Package", []byte(big)))[:700], "ole", Damaged, ""},
		"header only":        {cfbFile()[:80], "ole", Damaged, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text, out := extractOf(t, Limits{}, tt.file)
			if out.Format != tt.format || out.Reason != tt.why || text != tt.text {
				t.Errorf("got %s %q %q, want %s %q %q", out.Format, out.Reason, text, tt.format, tt.why, tt.text)
			}
		})
	}
}

// A chain that goes in a circle ends, and so does a directory that does.
func TestCompoundLoops(t *testing.T) {
	file := cfbFile(streamOf("Package", bytes.Repeat([]byte("texto "), 2000)))
	for at := 512; at+4 <= len(file); at += 4 {
		if binary.LittleEndian.Uint32(file[at:]) == 2 { // a link of the allocation table
			loop := bytes.Clone(file)
			binary.LittleEndian.PutUint32(loop[at:], 0)
			extractOf(t, Limits{}, loop)
		}
	}
	loop := cfbFile(storage("a", storage("b")), streamOf("c", []byte("x")))
	for at := 0; at+128 <= len(loop); at += 128 {
		if bytes.HasPrefix(loop[at:], []byte("a\x00\x00\x00")) {
			binary.LittleEndian.PutUint32(loop[at+68:], 1)
			binary.LittleEndian.PutUint32(loop[at+76:], 1)
		}
	}
	if _, out := extractOf(t, Limits{}, loop); out.Reason == "" {
		t.Error("a directory in a circle passes for a whole one")
	}
}
