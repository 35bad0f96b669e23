package extract

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// countingSink is a Sink that only counts.
type countingSink struct{ n int64 }

func (s *countingSink) Begin(Encoding)     {}
func (s *countingSink) Write(block []byte) { s.n += int64(len(block)) }
func (s *countingSink) End()               {}

// fuzzFormat gives any bytes to read, with the decoder's panics let through. What comes out is bounded
// by the limits, and so is the time.
func fuzzFormat(f *testing.F, wrap func(b []byte) []byte, read func(d *document) Reason) {
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<18 {
			t.Skip("longer than the format needs to show its bugs")
		}
		b = wrap(b)
		var s countingSink
		x := New(Limits{Inflated: 8 << 20, Held: 4 << 20, Entries: 50, Time: 10 * time.Second}, &s)
		x.begin(context.Background(), int64(len(b)))
		x.file = source{x: x, f: bytes.NewReader(b)}
		d := &document{x: x, r: bytes.NewReader(b), at: &x.file, size: int64(len(b))}
		d.head = b[:min(len(b), headBytes)]
		why := read(d)
		if why == LimitTime {
			t.Errorf("took too long")
		}
		if s.n > 16<<20 {
			t.Errorf("%d bytes of text from %d of file", s.n, len(b))
		}
	})
}

func asIs(b []byte) []byte { return b }

func addFiles(f *testing.F, pattern string) {
	files, err := filepath.Glob(filepath.Join("testdata", "legacy", pattern))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds %s: %v", pattern, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

func FuzzOLE(f *testing.F) {
	addFiles(f, "*.doc")
	addFiles(f, "*.xls")
	f.Add(cfbFile(streamOf("\x01Ole10Native", make([]byte, 100)), streamOf("PowerPoint Document", []byte("\x0f\x00\xe8\x03\x10\x00\x00\x00\x00\x00\xa8\x0f\x04\x00\x00\x00text"))))
	fuzzFormat(f, asIs, readOLE)
}

// The document's own stream and its tables are the two halves of the input, so that
// what is changed is not only the compound file around them.
func FuzzDOC(f *testing.F) {
	file := readFile(f, "legacy", "table.doc")
	c, why := openCompound(bytes.NewReader(file), int64(len(file)))
	if why != "" {
		f.Fatal(why)
	}
	o := &ole{c: c}
	text, _ := o.stream("WordDocument").load(1 << 20)
	table, _ := o.stream("1Table").load(1 << 20)
	f.Add(append(binary.LittleEndian.AppendUint16(nil, uint16(len(text))), append(text, table...)...))
	fuzzFormat(f, func(b []byte) []byte {
		if len(b) < 2 {
			return nil
		}
		n := min(int(binary.LittleEndian.Uint16(b)), len(b)-2)
		return cfbFile(streamOf("WordDocument", b[2:2+n]), streamOf("1Table", b[2+n:]), streamOf("0Table", b[2+n:]))
	}, readOLE)
}

func FuzzXLS(f *testing.F) {
	file := readFile(f, "legacy", "two-sheets.xls")
	c, why := openCompound(bytes.NewReader(file), int64(len(file)))
	if why != "" {
		f.Fatal(why)
	}
	book, _ := (&ole{c: c}).stream("Workbook").load(1 << 20)
	f.Add(book)
	f.Add(workbookOf(func(w *biffRecords) {
		w.record(biffSST, uint32(1), uint32(1), 5, byte(0), "hol")
		w.record(biffContinue, byte(1), wideOf("as"))
	}, func(w *biffRecords) {
		w.record(biffLabelSST, 0, 0, 0, uint32(0))
		w.record(biffMulRK, 2, 1, 0, uint32(7<<2|2), 3, uint32(30318<<2|2), 2)
		w.record(biffFormula2, 3, 1, 0, []byte{0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 0, 0, 0)
		w.record(biffString, 5, byte(0), "texto")
	}))
	fuzzFormat(f, asIs, readRawBIFF)
}

func FuzzMSG(f *testing.F) {
	f.Add(cfbFile(messageOf(storage("__attach_version1.0_#00000000", streamOf("__substg1.0_37010102", []byte("texto"))))...))
	f.Add(cfbFile(messageOf(storage("__attach_version1.0_#00000001", storage("__substg1.0_3701000D", messageOf()...)))...))
	f.Add(cfbFile(streamOf("__properties_version1.0", make([]byte, 32)), streamOf("__substg1.0_10090102", append(make([]byte, 16), "\x00abcdefgh\x01\x00\x10"...))))
	fuzzFormat(f, asIs, readOLE)
}

func FuzzDBF(f *testing.F) {
	addFiles(f, "*.dbf")
	f.Add(visualTable())
	fuzzFormat(f, asIs, readDBF)
}

func FuzzSQLite(f *testing.F) {
	addFiles(f, "*.sqlite")
	fuzzFormat(f, asIs, readSQLite)
}

// The frames of a log are pages of a database, each behind a header.
func FuzzSQLiteLog(f *testing.F) {
	page := func(file []byte) int { return int(binary.BigEndian.Uint16(file[16:])) }
	header := func(size int) []byte {
		h := binary.BigEndian.AppendUint64([]byte("\x37\x7f\x06\x82\x00\x2d\xe2\x18"), uint64(size)<<32)
		return append(h, make([]byte, 16)...)
	}
	for _, name := range []string{"people.sqlite", "utf16.sqlite"} {
		file := readFile(f, "legacy", name)
		log := header(page(file))
		for at := 0; at < len(file); at += page(file) {
			log = append(append(log, make([]byte, 24)...), file[at:at+page(file)]...)
		}
		f.Add(log)
	}
	f.Add(append(header(512), make([]byte, 2*(24+512))...))
	fuzzFormat(f, asIs, readWAL)
}

// The journal of a change has the pages as they were.
func FuzzSQLiteJournal(f *testing.F) {
	file := readFile(f, "legacy", "people.sqlite")
	f.Add(append(make([]byte, 8), file...))
	fuzzFormat(f, func(b []byte) []byte {
		h := make([]byte, 512, 512+len(b))
		copy(h, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
		binary.BigEndian.PutUint32(h[20:], 512)
		binary.BigEndian.PutUint32(h[24:], uint32(binary.BigEndian.Uint16(file[16:])))
		return append(h, b...)
	}, readJournal)
}

// The records of a presentation, in the stream that they stand in.
func FuzzPPT(f *testing.F) {
	text := pptRecord(0, pptTextChars, wideOf("Título")...)
	text = append(text, pptRecord(0, pptTextBytes, []byte("CURP\vPe\xf1a")...)...)
	f.Add(pptRecord(0x0F, 0x03E8, text...))
	f.Add(pptRecord(0x10, pptObject, append([]byte{18, 0, 0, 0}, zlibbed([]byte("texto de un objeto"))...)...))
	fuzzFormat(f, func(b []byte) []byte { return cfbFile(streamOf("PowerPoint Document", b)) }, readOLE)
}
