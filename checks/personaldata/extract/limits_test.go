package extract

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ulikunitz/xz/lzma"
)

// TestLimits holds that a limit lets pass what it allows, to the byte, and tells what it
// does not.
func TestLimits(t *testing.T) {
	text := strings.Repeat("12345678\n", 1000)
	size := int64(len(text))
	nest := func(levels int) []byte {
		b := []byte(text)
		for range levels {
			b = gzipped(b)
		}
		return b
	}
	many := func(n int) []byte {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprint(i), "x")
		}
		return tarred(members...)
	}
	limited(t, []limitRow{
		{"all bytes", Limits{Bytes: size}, []byte(text), ""},
		{"one byte too many", Limits{Bytes: size - 1}, []byte(text), LimitBytes},
		{"all that is inflated", Limits{Inflated: size}, gzipped([]byte(text)), ""},
		{"one byte too many inflated", Limits{Inflated: size - 1}, gzipped([]byte(text)), LimitInflated},
		{"one byte too many in a zip", Limits{Inflated: size - 1}, zipped("a", text), LimitInflated},
		{"one byte too many in 7z", Limits{Inflated: size - 1}, tool(t, map[string]string{"a": text}, "a.7z", "7z", "a", "-bd", "-mhc=off", "a.7z", "a"), LimitInflated},
		{"deep enough", Limits{Depth: 5}, nest(5), ""},
		{"too deep", Limits{Depth: 5}, nest(6), LimitDepth},
		{"all documents", Limits{Entries: 100}, many(100), ""},
		{"one document too many", Limits{Entries: 100}, many(101), LimitEntries},
		{"held", Limits{Held: 1 << 20}, gzipped(zipped("a", text)), ""},
		{"too large to be held", Limits{Held: 1 << 20}, gzipped(zipped("a", string(noise(2<<20)))), LimitHeld},
		{"no time", Limits{Time: 1}, []byte(text), LimitTime},
		{"members that overlap", Limits{Inflated: 128 << 20}, overlapping(1000, bytes.Repeat([]byte("12345678"), 128<<10)), LimitRatio},
		{"a huge hole", Limits{}, sparse(1 << 40), LimitRatio},
		{"parts in parts", Limits{}, partsInParts(1000), LimitDepth},
		{"many parts", Limits{}, []byte("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n\n" + strings.Repeat("--a\n\nx 1\n", 100_000)), LimitEntries},
		{"a header without end", Limits{}, []byte("MIME-Version: 1.0\nSubject: " + strings.Repeat("a 1\n ", 100_000)), LimitHeld},
		{"groups in groups", Limits{}, []byte(`{\rtf1 ` + strings.Repeat("{", 1_000_000)), Damaged},
		{"a dictionary as large as can be", Limits{}, hugeDictionary(), LimitHeld},
		{"a directory as large as can be", Limits{}, manyEntries(200_000), LimitEntries},
	})
}

// TestBombs holds that a file that makes very much of little is told from an honest one.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	limited(t, []limitRow{
		{"a bomb", Limits{}, bytes.Repeat(gzipped(make([]byte, 16<<20)), 5), LimitRatio},
		{"a bomb in zip", Limits{}, zipped("a", string(make([]byte, 80<<20))), LimitRatio},
		{"a bomb in xz", Limits{}, bytes.Repeat(xzed(make([]byte, 16<<20)), 5), LimitRatio},
		{"a bomb in zstd", Limits{}, bytes.Repeat(zstded(make([]byte, 16<<20)), 5), LimitRatio},
		{"a bomb in lzma", Limits{}, zipped("a", string(lzmaed(make([]byte, 16<<20))), "b", string(make([]byte, 60<<20))), LimitRatio},
		{"a bomb in a bomb", Limits{}, zipped("a", string(gzipped(gzipped(make([]byte, 80<<20))))), LimitRatio},
		{"a table of zeros", Limits{}, gzipped(bytes.Repeat([]byte("0,0,0,0,0,0,0,0\n"), 1<<20)), ""},
		{"a million rows", Limits{}, zipped("xl/workbook.xml", "<workbook/>", "xl/worksheets/sheet1.xml", rows(1_048_576)), ""},
	})
}

// A limitRow is a file, and why it is not read whole under the limits.
type limitRow struct {
	name   string
	limits Limits
	file   []byte
	why    Reason
}

func limited(t *testing.T, rows []limitRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, o := extracted(t, row.limits, row.file)
			if o.Reason != row.why {
				t.Errorf("got reason %q (%v), want %q", o.Reason, o.Reasons, row.why)
			}
			limits := row.limits.WithDefaults()
			if o.Made > limits.Inflated+1 || o.Bytes > limits.Bytes || o.Entries > limits.Entries {
				t.Errorf("got %d made, %d read, %d entries: beyond the limits", o.Made, o.Bytes, o.Entries)
			}
		})
	}
}

// rows is a sheet of rows that are all but alike.
func rows(n int) string {
	var s strings.Builder
	s.WriteString("<worksheet><sheetData>")
	for i := range n {
		fmt.Fprintf(&s, `<row r="%d"><c r="A%d" s="1"><v>0</v></c><c r="B%d" s="1"><v>0</v></c></row>`, i+1, i+1, i+1)
	}
	s.WriteString("</sheetData></worksheet>")
	return s.String()
}

// noise is what cannot be compressed, from a fixed seed.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint64(88172645463325252)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 32)
	}
	return b
}

// overlapping is a ZIP archive whose n members are all the same bytes.
func overlapping(n int, text []byte) []byte {
	one := zipped("a", string(text))
	end := bytes.LastIndex(one, []byte("PK\x05\x06"))
	directory := int(binary.LittleEndian.Uint32(one[end+16:]))
	entry := one[directory:end]
	out := bytes.Clone(one[:directory])
	for range n {
		out = append(out, entry...)
	}
	tail := bytes.Clone(one[end:])
	binary.LittleEndian.PutUint16(tail[8:], uint16(n))
	binary.LittleEndian.PutUint16(tail[10:], uint16(n))
	binary.LittleEndian.PutUint32(tail[12:], uint32(n*len(entry)))
	return append(out, tail...)
}

// manyEntries is a ZIP archive with more members than its directory says.
func manyEntries(n int) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := range n {
		f := must(w.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%06d", i), UncompressedSize64: 1, CompressedSize64: 1}))
		must(f.Write([]byte("x")))
	}
	must(0, w.Close())
	return out.Bytes()
}

// sparse is a tar archive of one file that is a hole.
func sparse(size int64) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	must(0, w.WriteHeader(&tar.Header{Name: "a", Size: 512, Mode: 0o600}))
	must(w.Write(make([]byte, 512)))
	must(0, w.Close())
	b := out.Bytes()
	// An old GNU header: type S, one piece of 512 bytes at the end, the real size.
	b[156] = 'S'
	copy(b[257:], "ustar  \x00")
	number := func(at int, v int64) {
		clear(b[at : at+12])
		b[at] = 0x80
		binary.BigEndian.PutUint64(b[at+4:], uint64(v))
	}
	number(386, size-512)
	number(398, 512)
	number(483, size)
	sum := 0
	copy(b[148:156], "        ")
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// partsInParts is a mail of multiparts in multiparts.
func partsInParts(n int) []byte {
	var out bytes.Buffer
	out.WriteString("MIME-Version: 1.0\n")
	for i := range n {
		fmt.Fprintf(&out, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	return out.Bytes()
}

// hugeDictionary is an .xz file that wants a dictionary of 4 GiB.
func hugeDictionary() []byte {
	b := xzed([]byte("12345678"))
	i := bytes.IndexByte(b[12:], xzFilterLZMA) + 12
	b[i+2] = 40
	return b
}

// TestDictionaries holds that no archive gets the memory it asks for.
func TestDictionaries(t *testing.T) {
	b := lzmaed([]byte("12345678"))
	binary.LittleEndian.PutUint32(b[1:], 1<<31)
	if _, o := extracted(t, Limits{}, b); o.Reason != LimitHeld {
		t.Errorf("LZMA: got reason %q, want %q", o.Reason, LimitHeld)
	}
	// One that is no longer than its dictionary needs no more than its length.
	var out bytes.Buffer
	w := must(lzma.WriterConfig{DictCap: 256 << 20, Size: 8, SizeInHeader: true}.NewWriter(&out))
	must(w.Write([]byte("12345678")))
	must(0, w.Close())
	if got, o := extracted(t, Limits{}, out.Bytes()); o.Reason != "" || len(got) != 1 {
		t.Errorf("LZMA of known size: got reason %q and %d texts, want none and 1", o.Reason, len(got))
	}
}

// broken gives an error after some bytes.
type broken struct {
	io.ReaderAt
	at int64
}

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.at {
		return 0, errors.New("bad sector")
	}
	return b.ReaderAt.ReadAt(p, off)
}

// TestStops holds that what ends the reading from outside is told as what it is.
func TestStops(t *testing.T) {
	file := zipped("a", string(noise(1<<20)))
	var s texts
	x := New(Limits{}, &s)
	o := x.File(context.Background(), broken{bytes.NewReader(file), 500_000}, int64(len(file)))
	if o.Reason != ReadError {
		t.Errorf("got reason %q of a file that cannot be read, want %q", o.Reason, ReadError)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	x.Pause = func(context.Context) {
		if n++; n == 5 {
			cancel()
		}
	}
	if o := x.File(ctx, bytes.NewReader(file), int64(len(file))); o.Reason != Canceled {
		t.Errorf("got reason %q after the context ended, want %q", o.Reason, Canceled)
	}
	x.Pause = func(context.Context) { time.Sleep(40 * time.Millisecond) }
	x.limits.Time = 400 * time.Millisecond
	text := bytes.Repeat([]byte("a 1\n"), 500_000)
	if o := x.File(context.Background(), bytes.NewReader(text), int64(len(text))); o.Reason != "" {
		t.Errorf("got reason %q, want none: pauses are no work", o.Reason)
	}
	if o := x.File(context.Background(), bytes.NewReader(text[:100]), int64(len(text))); o.Reason != "" || o.Bytes != 100 {
		t.Errorf("got reason %q and %d bytes of a file that became shorter, want none and 100", o.Reason, o.Bytes)
	}
}

// TestWiped holds that no text is left in the buffers after a file.
func TestWiped(t *testing.T) {
	x := New(Limits{}, nowhereElse{})
	for _, file := range [][]byte{[]byte(somebody), gzipped(zipped("a", somebody)), []byte("<html>" + somebody + "<p>1234"), must(tarred("a", somebody), nil)} {
		x.File(context.Background(), bytes.NewReader(file), int64(len(file)))
		for name, b := range map[string][]byte{"lead": x.lead, "block": x.block, "text": x.scratch.text[:cap(x.scratch.text)]} {
			if bytes.Contains(b, []byte("Inés")) {
				t.Errorf("%s holds text after the file is done", name)
			}
		}
		for _, b := range x.pieces {
			if len(bytes.Trim(b, "\x00")) > 0 {
				t.Error("a piece of memory holds bytes after the file is done")
			}
		}
		for _, d := range x.idle {
			if len(bytes.Trim(d.buf, "\x00")) > 0 {
				t.Error("a document holds bytes after the file is done")
			}
		}
	}
}

type nowhereElse struct{}

func (nowhereElse) Begin(Encoding) {}
func (nowhereElse) Write([]byte)   {}
func (nowhereElse) End()           {}

// TestNoAllocation holds that a small text costs no memory.
func TestNoAllocation(t *testing.T) {
	x := New(Limits{}, nowhereElse{})
	text := bytes.NewReader(bytes.Repeat([]byte(somebody), 30))
	ctx := context.Background()
	if got := testing.AllocsPerRun(100, func() { x.File(ctx, text, text.Size()) }); got != 0 {
		t.Errorf("got %v allocations for a text, want 0", got)
	}
}

// TestMemory holds that no file takes more memory than the worker may have.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	const most = 110 << 20 // two at a time, and what the worker is, stay under 256 MiB
	files := map[string][]byte{
		"zip in gzip": gzipped(zipped("a", string(noise(40<<20)))),
		"directory":   manyEntries(60_000),
		"7z":          tool(t, map[string]string{"a": string(noise(30 << 20))}, "a.7z", "7z", "a", "-bd", "-mx=1", "-md=32m", "a.7z", "a"),
		"zstd":        tool(t, map[string]string{"a": string(noise(40 << 20))}, "a.zst", "zstd", "-q", "--long=24", "a"),
		"held twice":  gzipped(zipped("a", string(gzipped(zipped("b", string(noise(23<<20))))))),
	}
	var shared strings.Builder
	shared.WriteString("<sst>")
	for _, c := range noise(3 << 20) {
		fmt.Fprintf(&shared, "<si><t>%d, una persona inventada</t></si>", c)
	}
	shared.WriteString("</sst>")
	files["shared strings"] = zipped("xl/workbook.xml", "<workbook/>", "xl/sharedStrings.xml", shared.String())
	for name, file := range files {
		runtime.GC()
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		peak := uint64(0)
		x := New(Limits{}, nowhereElse{})
		x.Pause = func(context.Context) {
			if runtime.ReadMemStats(&now); now.HeapInuse > peak {
				peak = now.HeapInuse
			}
		}
		n := 0
		measure := x.Pause
		x.Pause = func(ctx context.Context) {
			if n++; n%16 == 0 {
				measure(ctx)
			}
		}
		o := x.File(context.Background(), bytes.NewReader(file), int64(len(file)))
		used := int64(peak) - int64(before.HeapInuse)
		t.Logf("%s: %d MiB, reason %q, made %d", name, used>>20, o.Reason, o.Made)
		if used > most {
			t.Errorf("%s: got %d MiB of heap, want at most %d", name, used>>20, most>>20)
		}
	}
}
