package scan

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vigia/checks/personaldata/detect"
)

// One folder with all that is made to hurt who looks into it goes through the worker:
// that lives on and stays small, every file gets its verdict in time, and none of which
// a part was not read passes for clean.
func TestHostileCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	base := t.TempDir()
	root := filepath.Join(base, "a", "b", "c")
	want := map[string]string{}
	put := func(name, verdict string, content []byte) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		want[name] = verdict
	}
	needed := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	// What makes much of little.
	zeros := make([]byte, 80<<20)
	put("bomb.zip", "incomplete limit.ratio", zipOf(t, "zeros", zeros))
	put("bomb.gz", "incomplete limit.ratio", gzipOf(t, zeros))
	put("bomb.docx", "incomplete limit.ratio", zipOf(t, "word/document.xml", append([]byte("<w:document><w:p><w:t>"), bytes.Repeat([]byte("a "), 40<<20)...)))
	put("overlap.zip", "incomplete limit.ratio", overlapping(t, 400, zeros[:1<<20]))
	nested := zipOf(t, "zeros", zeros[:16<<20])
	for range 3 {
		nested = zipOf(t, "a.zip", nested, "b.zip", nested, "c.zip", nested, "d.zip", nested)
	}
	put("nested.zip", "incomplete limit.ratio", nested)
	deep := []byte(person)
	for range 8 {
		deep = zipOf(t, "deeper.zip", deep)
	}
	put("matryoshka.zip", "incomplete limit.nesting", deep)
	put("itself.gz", "incomplete limit.nesting", gzipQuine(t))
	put("laughs.xml", "", []byte("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b '"+strings.Repeat("&c;", 1000)+"'><!ENTITY c '"+strings.Repeat("&b;", 1000)+"'>]><a>"+strings.Repeat("&b;", 100_000)+"</a>"))
	many := make([]any, 0, 40_000)
	for i := range 20_000 {
		many = append(many, fmt.Sprint(i), []byte{})
	}
	put("many.zip", "incomplete limit.entries", zipOf(t, many...))

	// What says that it belongs elsewhere.
	put("slip.zip", "found", zipOf(t, "../../../escaped", []byte(person), "/tmp/escaped-"+filepath.Base(base), []byte(person), `..\..\escaped`, []byte(person), "C:/escaped", []byte(person)))

	// What is no file, or a very large one.
	needed(syscall.Mkfifo(filepath.Join(root, "fifo"), 0o644))
	want["fifo"] = "skipped file.special"
	for name, target := range map[string]string{"loop": "loop", "ping": "pong", "pong": "ping", "up": "..", "zero": "/dev/zero", "root": "/"} {
		needed(os.Symlink(target, filepath.Join(root, name)))
		want[name] = "skipped file.link"
	}
	if os.Geteuid() == 0 {
		needed(syscall.Mknod(filepath.Join(root, "device"), syscall.S_IFCHR|0o644, 1<<8|5))
		want["device"] = "skipped file.special"
	}
	put("hole", "incomplete limit.file_bytes", []byte(letters))
	needed(os.Truncate(filepath.Join(root, "hole"), 1<<40))

	// Names that no person gave, and folders in folders.
	for _, name := range []string{"one\nanother", "inv\xe1lido\xff", "\u202egpj.exe", "-rf", "\x1b[31mred", strings.Repeat("n", 255)} {
		put(name, "", []byte(person))
		delete(want, name) // a path is shown as it may be shown
	}
	put(strings.Repeat("d/", 140)+"f", "", []byte(person))
	delete(want, strings.Repeat("d/", 140)+"f")

	// What begins as a format does, and is noise.
	noise := make([]byte, 96<<10)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	for i, magic := range []string{
		"%PDF-1.7\n", "PK\x03\x04\x14\x00\x00\x00\x08\x00", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "7z\xbc\xaf\x27\x1c\x00\x04", "Rar!\x1a\x07\x01\x00",
		"\x1f\x8b\x08\x00", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd", "SQLite format 3\x00", "\x37\x7f\x06\x82", "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", "\x09\x08\x10\x00",
		"\x00\x01\x00\x00Standard Jet DB", "\x78\x9f\x3e\x22", "!<arch>\n", "\x89PNG\r\n\x1a\n", "\xff\xd8\xff\xe1", "II*\x00", "{\\rtf1 ", "BZh9", "\xff\xfe", "\xfe\xff",
	} {
		put(fmt.Sprintf("noise-%02d", i), "", append([]byte(magic), noise...))
	}
	put("last.txt", "found", []byte(person))

	var peak int64
	workers := map[int]bool{}
	got := map[string]string{}
	start := time.Now()
	opts := Options{Roots: []string{root}, Jobs: 2, Worker: Worker(), File: FileLimits{Time: 20 * time.Second}}
	last := start
	sum, err := Run(t.Context(), opts, func(r FileResult) error {
		if now := time.Now(); now.Sub(last) > 40*time.Second {
			t.Errorf("%q and those beside it took %v", r.Path, now.Sub(last))
		}
		last = time.Now()
		for _, p := range children(t) {
			workers[p.Pid] = true
			peak = max(peak, peakOf(p))
		}
		rel, err := filepath.Rel(detect.MaskPath(root), r.Path)
		if err != nil {
			rel = r.Path
		}
		got[rel] = strings.TrimSpace(fmt.Sprintf("%s %s", r.Status, r.Reason))
		if r.Reason == ReasonWorker {
			t.Errorf("%q ended its worker", r.Path)
		}
		return nil
	})
	needed(err)
	t.Logf("%d results in %v, peak %d MiB", len(got), time.Since(start), peak>>20)
	if len(workers) != 1 {
		t.Errorf("%d workers, want one that lives to the end", len(workers))
	}
	if !raceDetector() && (peak == 0 || peak > 256<<20) {
		t.Errorf("peak of %d bytes, want 256 MiB at most", peak)
	}
	if took := time.Since(start); took > 3*time.Minute {
		t.Errorf("took %v", took)
	}
	found := 0
	for name, verdict := range got {
		w, ok := want[name]
		if verdict == "incomplete limit.file_time" && strings.HasPrefix(w, "incomplete limit.") {
			continue // a slow machine meets this limit before the other
		}
		if ok && w != "" && w != verdict {
			t.Errorf("%q: %s, want %s", name, verdict, w)
		}
		if strings.HasPrefix(verdict, "clean") && strings.HasPrefix(name, "noise") {
			t.Errorf("%q is clean, and was noise", name)
		}
		if strings.HasPrefix(verdict, "found") {
			found++
		}
	}
	for name := range want {
		if got[name] == "" {
			t.Errorf("%q: no result", name)
		}
	}
	if least := 2 + 6; found < least { // slip.zip, last.txt, the odd names
		t.Errorf("found something in %d files, want %d at least: %v", found, least, got)
	}
	if sum.Complete {
		t.Error("complete, though much was not read")
	}
	for _, path := range []string{filepath.Join(base, "escaped"), "/tmp/escaped-" + filepath.Base(base)} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s was written", path)
		}
	}
}

// peakOf is the most memory that a process has had.
func peakOf(p *os.Process) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid))
	if err != nil {
		return 0 // it has ended
	}
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(after, &kib); err != nil {
		return 0
	}
	return kib << 10
}

// zipOf is an archive of names and contents.
func zipOf(t testing.TB, members ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: members[i].(string), Method: zip.Deflate})
		if err == nil {
			_, err = w.Write(members[i+1].([]byte))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// overlapping is an archive whose n members are all the same bytes.
func overlapping(t testing.TB, n int, content []byte) []byte {
	one := zipOf(t, "a", content)
	end := bytes.LastIndex(one, []byte("PK\x05\x06"))
	directory := int(binary.LittleEndian.Uint32(one[end+16:]))
	entry := one[directory:end]
	out := append(bytes.Clone(one[:directory]), bytes.Repeat(entry, n)...)
	tail := bytes.Clone(one[end:])
	binary.LittleEndian.PutUint16(tail[8:], uint16(n))
	binary.LittleEndian.PutUint16(tail[10:], uint16(n))
	binary.LittleEndian.PutUint32(tail[12:], uint32(n*len(entry)))
	return append(out, tail...)
}

// gzipQuine is a gzip file that holds nothing but itself. Its program is made of two
// instructions of DEFLATE, each five bytes long: lit(n) says that the n bytes behind it
// come as they are, again(n) that the last n come once more.
func gzipQuine(t testing.TB) []byte {
	const size = 5 // of an instruction
	lit := func(n int) []byte {
		return []byte{0, byte(n), byte(n >> 8), byte(^n), byte(^n >> 8)}
	}
	again := func(n int) []byte { // in two halves, from n back, in the fixed code: 3+7+8+7+8+7 bits
		var w uint64
		at := 0
		add := func(v uint64, width int) { w, at = w|v<<at, at+width }
		code := func(v uint64, width int) { add(bits.Reverse64(v)>>(64-width), width) }
		add(2, 3) // a block with the fixed code, not the last
		for range 2 {
			code(uint64(n/2-3+1), 7) // lengths of 3 to 10 bytes have the symbols from 257
			code(8, 5)               // distances from 17 to 24
			add(uint64(n-17), 3)
		}
		code(0, 7) // the end of the block
		return binary.LittleEndian.AppendUint64(nil, w)[:size]
	}
	assemble := func(sum uint32) []byte {
		head := []byte("\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff" + "i.gz\x00")
		tail := append([]byte{1, 0, 0, 0xFF, 0xFF}, make([]byte, 8)...) // the last block, empty; then the sum and the length
		binary.LittleEndian.PutUint32(tail[size:], sum)
		p, s, four := len(head)+size, len(tail)+size, 4*size
		parts := [][]byte{
			head, lit(p), head, lit(p), again(p), lit(size), again(p), lit(size), lit(size),
			lit(four), again(p), lit(size), lit(size), lit(four), again(four),
			lit(four), again(four), lit(four), again(four), lit(four), again(four),
			lit(four), again(four), lit(0), lit(0), lit(s), again(four), lit(0), lit(0),
			lit(s), again(s), tail, again(s), tail,
		}
		length := len(bytes.Join(parts, nil))
		binary.LittleEndian.PutUint32(tail[size+4:], uint32(length))
		return bytes.Join(parts, nil)
	}
	// The file holds its own sum: bits of it change the sum of the file independently of
	// each other, so that the right one solves linear equations.
	sumWith := func(sum uint32) uint32 { return crc32.ChecksumIEEE(assemble(sum)) }
	zero := sumWith(0)
	var rows [32]uint64 // each the equation of a bit of the sum, its right side in bit 32
	for i := range rows {
		rows[i] = uint64(zero>>i&1) << 32
	}
	for k := range 32 {
		column := sumWith(1<<k) ^ zero ^ 1<<k
		for i := range rows {
			rows[i] |= uint64(column>>i&1) << k
		}
	}
	var sum uint32
	for k := range 32 {
		pivot := k
		for pivot < 32 && rows[pivot]>>k&1 == 0 {
			pivot++
		}
		if pivot == 32 {
			t.Fatal("no sum fits: give the file another name")
		}
		rows[k], rows[pivot] = rows[pivot], rows[k]
		for i := range rows {
			if i != k && rows[i]>>k&1 != 0 {
				rows[i] ^= rows[k]
			}
		}
	}
	for k := range 32 {
		sum |= uint32(rows[k]>>32&1) << k
	}
	file := assemble(sum)
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	inside, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(inside, file) {
		t.Fatalf("the file does not hold itself: error %v\n%x\n%x", err, inside, file)
	}
	return file
}
