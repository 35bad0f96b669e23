package spool

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func hashOf(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

func openDir(t *testing.T, path string, opts Options) *Queue {
	t.Helper()
	fsys, err := Dir(path)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Open(fsys, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

func put(t *testing.T, q *Queue, severity Severity, text string) uint64 {
	t.Helper()
	seq, err := q.Append(t.Context(), severity, func(uint64, Hash) (Signed, error) {
		return Signed{Message: []byte(text), Signature: []byte("sig of " + text[:min(len(text), 20)])}, nil
	})
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return seq
}

// view writes records as one line each.
func view(t *testing.T, q *Queue, from uint64) []string {
	t.Helper()
	records, err := q.Unacked(from, 1000, 1<<30)
	if err != nil {
		t.Fatalf("Unacked: %v", err)
	}
	var out []string
	for _, r := range records {
		if r.Gap == nil {
			out = append(out, fmt.Sprintf("%d %.9s", r.First, r.Message))
			continue
		}
		known := 0
		for _, h := range r.Gap.Hashes {
			if h != (Hash{}) {
				known++
			}
		}
		out = append(out, fmt.Sprintf("%d-%d %s, %d hashes", r.First, r.Last, r.Gap.Reason, known))
	}
	return out
}

func TestQueueKeepsTheChainOverRestarts(t *testing.T) {
	dir := t.TempDir()
	q := openDir(t, dir, Options{})
	var previous []Hash
	for i := range 3 {
		text := fmt.Sprint("report ", i+1)
		_, err := q.Append(t.Context(), 1, func(seq uint64, prev Hash) (Signed, error) {
			previous = append(previous, prev)
			return Signed{Message: []byte(text), Signature: []byte("s")}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 { // a restart in the middle
			if err := q.Close(); err != nil {
				t.Fatal(err)
			}
			q = openDir(t, dir, Options{})
		}
	}
	want := []Hash{{}, hashOf("report 1"), hashOf("report 2")}
	if diff := cmp.Diff(want, previous); diff != "" {
		t.Errorf("previous hashes (-want +got):\n%s", diff)
	}
	if err := q.Ack(2); err != nil {
		t.Fatal(err)
	}
	q = openDir(t, dir, Options{})
	if got, want := view(t, q, 0), []string{"3 report 3"}; !cmp.Equal(got, want) {
		t.Errorf("unacknowledged %q, want %q", got, want)
	}
	if err := q.Rewind(0); err != nil {
		t.Fatal(err)
	}
	q = openDir(t, dir, Options{})
	if got, want := view(t, q, 0), []string{"1 report 1", "2 report 2", "3 report 3"}; !cmp.Equal(got, want) {
		t.Errorf("after a rewind %q, want %q", got, want)
	}
	if err := q.Ack(9); !errors.Is(err, ErrUnknownSequence) {
		t.Errorf("Ack of what never was: %v, want %v", err, ErrUnknownSequence)
	}
}

func TestUnackedKeepsItsBounds(t *testing.T) {
	q := openDir(t, t.TempDir(), Options{})
	for range 5 {
		put(t, q, 0, strings.Repeat("x", 100))
	}
	for _, row := range []struct {
		name         string
		items, bytes int
		want         int
	}{
		{"items", 3, 1 << 20, 3},
		{"bytes", 10, 260, 2},
		{"one is larger than the bound", 10, 1, 1},
		{"all", 10, 1 << 20, 5},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := q.Unacked(0, row.items, row.bytes)
			if err != nil || len(got) != row.want {
				t.Errorf("got %d records, %v; want %d", len(got), err, row.want)
			}
		})
	}
}

// segments returns the segment files of a spool folder.
func segments(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestDamageBecomesAGapAndNeverAStop(t *testing.T) {
	flip := func(b []byte, text string) []byte {
		s := strings.Replace(string(b), text, strings.ToUpper(text), 1)
		return []byte(s)
	}
	for _, row := range []struct {
		name   string
		damage func(segment int, b []byte) []byte
		want   []string
	}{
		{"nothing", func(_ int, b []byte) []byte { return b },
			[]string{"1 report a,", "2 report b,", "3 report c,", "4 report d,", "5 report e,", "6 report f,"}},
		{"one byte of a report in the middle", func(_ int, b []byte) []byte { return flip(b, "report b") },
			[]string{"1 report a,", "2-2 damaged, 1 hashes", "3 report c,", "4 report d,", "5 report e,", "6 report f,"}},
		{"a length", func(n int, b []byte) []byte {
			if n == 0 {
				b[len(segmentMagic)+5] ^= 0x40
			}
			return b
		}, []string{"1-1 damaged, 1 hashes", "2 report b,", "3 report c,", "4 report d,", "5 report e,", "6 report f,"}},
		{"the head of a segment", func(n int, b []byte) []byte {
			if n == 1 {
				copy(b, "garbage!")
			}
			return b
		}, []string{"1 report a,", "2 report b,", "3 report c,", "4 report d,", "5 report e,", "6 report f,"}},
		{"two neighbours and the end of a segment", func(n int, b []byte) []byte { return flip(flip(b, "report c"), "report d") },
			[]string{"1 report a,", "2 report b,", "3-4 damaged, 1 hashes", "5 report e,", "6 report f,"}},
		{"a whole segment", func(n int, b []byte) []byte {
			if n == 0 {
				return nil
			}
			return b
		}, []string{"1-3 damaged, 1 hashes", "4 report d,", "5 report e,", "6 report f,"}},
		{"a torn tail", func(n int, b []byte) []byte {
			if n == 1 {
				return b[:len(b)-3]
			}
			return b
		}, []string{"1 report a,", "2 report b,", "3 report c,", "4 report d,", "5 report e,"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, part := range []string{"abc", "def"} { // a restart begins a segment
				q := openDir(t, dir, Options{})
				for _, c := range part {
					put(t, q, 0, "report "+string(c)+", and what it holds")
				}
				q.Close()
			}
			for n, name := range segments(t, dir) {
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, row.damage(n, b), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			q := openDir(t, dir, Options{})
			if diff := cmp.Diff(row.want, view(t, q, 1)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			seq := put(t, q, 0, "report g, after it")
			if want := uint64(len(row.want)) + 1; row.name == "a torn tail" && seq != want {
				t.Errorf("next number %d, want %d", seq, want)
			}
		})
	}
}

func TestAGapIsTheSameEachTimeAndCanBeCut(t *testing.T) {
	dir := t.TempDir()
	q := openDir(t, dir, Options{})
	for _, c := range "abcdef" {
		put(t, q, 0, "report "+string(c)+", and what it holds")
	}
	q.Close()
	name := segments(t, dir)[0]
	b, _ := os.ReadFile(name)
	for _, c := range "bcd" {
		b = []byte(strings.Replace(string(b), "report "+string(c), "REPORT "+string(c), 1))
	}
	os.WriteFile(name, b, 0o600)
	first, err := openDir(t, dir, Options{}).Unacked(2, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Millisecond)
	q = openDir(t, dir, Options{})
	second, err := q.Unacked(2, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the gap changed (-first +second):\n%s", diff)
	}
	if got, want := view(t, q, 3), []string{"3-4 damaged, 1 hashes", "5 report e,", "6 report f,"}; !cmp.Equal(got, want) {
		t.Errorf("from the middle %q, want %q", got, want)
	}
	if got, want := q.Stats().Damaged, uint64(3); got != want {
		t.Errorf("Stats().Damaged = %d, want %d", got, want)
	}
}

func TestAFullSpoolDropsTheLeastSevereFirst(t *testing.T) {
	dir := t.TempDir()
	q := openDir(t, dir, Options{SegmentBytes: 1 << 10})
	q.opts.MaxBytes = 8 << 10
	fill := strings.Repeat("·", 250)
	for i := range 16 {
		put(t, q, Severity(1+i%2), fmt.Sprintf("report %02d %s", i+1, fill))
	}
	if err := q.Ack(2); err != nil {
		t.Fatal(err)
	}
	put(t, q, 2, "report 17"+fill)
	put(t, q, 2, "report 18"+fill)
	want := view(t, q, 1)
	if q.bytes > q.opts.MaxBytes {
		t.Errorf("%d bytes, want at most %d", q.bytes, q.opts.MaxBytes)
	}
	severe, gaps := 0, 0
	for _, line := range want {
		var n int
		if strings.Contains(line, "dropped") {
			gaps++
		} else if fmt.Sscan(line, &n); n%2 == 0 {
			severe++
		}
	}
	if gaps == 0 || severe < 7 { // of 4, 6, ... 18
		t.Errorf("%d gaps, %d severe reports are left in %q", gaps, severe, want)
	}
	q.Close()
	q = openDir(t, dir, Options{})
	if diff := cmp.Diff(want, view(t, q, 1)); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
	if got := q.Stats(); got.Dropped == 0 || got.Damaged != 0 {
		t.Errorf("Stats() = %+v, want some dropped and none damaged", got)
	}
	// What a gap stands for was not delivered, even if it was acknowledged.
	if q.Delivered(18) {
		t.Error("18 counts as delivered before it is acknowledged")
	}
	if err := q.Ack(18); err != nil {
		t.Fatal(err)
	}
	for _, line := range want {
		var n uint64
		if _, err := fmt.Sscan(line, &n); err != nil {
			t.Fatal(err)
		}
		if got, gap := q.Delivered(n), strings.Contains(line, "dropped"); got == gap {
			t.Errorf("%.20s: delivered is %v", line, got)
		}
	}
}

func TestAcknowledgedReportsStayThirtyDays(t *testing.T) {
	now := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	q := openDir(t, dir, Options{Now: func() time.Time { return now }})
	for day := range 40 {
		seq := put(t, q, 0, fmt.Sprintf("report of day %d", day))
		if err := q.Ack(seq); err != nil {
			t.Fatal(err)
		}
		now = now.Add(24 * time.Hour)
	}
	if got := len(segments(t, dir)); got < 30 || got > 32 {
		t.Errorf("%d segments after 40 days, want about 30", got)
	}
	if err := q.Rewind(2); err != nil { // an old backup
		t.Fatal(err)
	}
	got := view(t, q, 0)
	if want := "dropped"; !strings.Contains(got[0], want) {
		t.Errorf("reports past their term are %q, want %s", got[0], want)
	}
	if n := len(got); n < 30 || n > 33 {
		t.Errorf("%d records can be sent again, want about 30", n)
	}
	if len(q.acked.marks) > 70 {
		t.Errorf("%d marks", len(q.acked.marks))
	}
}

// failing makes writes fail, as a full disk does.
type failing struct {
	FS
	after int
}

type failingFile struct {
	File
	fs *failing
}

var errFull = errors.New("no space left on device")

func (f *failing) Create(name string) (File, error) {
	file, err := f.FS.Create(name)
	return failingFile{file, f}, err
}

func (f failingFile) Write(p []byte) (int, error) {
	if f.fs.after--; f.fs.after < 0 {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, errFull
	}
	return f.File.Write(p)
}

func TestAFullDiskLosesNothingThatWasTaken(t *testing.T) {
	dir := t.TempDir()
	base, err := Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	disk := &failing{FS: base, after: 1000}
	q, err := Open(disk, Options{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, q, 0, "report 1")
	put(t, q, 0, "report 2")
	disk.after = 0
	for range 20 {
		_, err := q.Append(t.Context(), 0, func(uint64, Hash) (Signed, error) { return Signed{Message: []byte("no room")}, nil })
		if !errors.Is(err, errFull) {
			t.Fatalf("Append on a full disk: %v, want %v", err, errFull)
		}
	}
	if err := q.Ack(1); !errors.Is(err, errFull) {
		t.Errorf("Ack on a full disk: %v, want %v", err, errFull)
	}
	disk.after = 1000
	if seq := put(t, q, 0, "report 3"); seq != 3 {
		t.Errorf("number after the disk was full: %d, want 3", seq)
	}
	q.Close()
	q = openDir(t, dir, Options{})
	want := []string{"1 report 1", "2 report 2", "3 report 3"}
	if diff := cmp.Diff(want, view(t, q, 1)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if got := len(segments(t, dir)); got > 3 {
		t.Errorf("a full disk left %d segments", got)
	}
}

func TestLostSegmentsContinueFromTheAcknowledgement(t *testing.T) {
	dir := t.TempDir()
	q := openDir(t, dir, Options{})
	put(t, q, 0, "report 1")
	put(t, q, 0, "report 2")
	if err := q.Ack(2); err != nil {
		t.Fatal(err)
	}
	q.Close()
	for _, name := range segments(t, dir) {
		os.Remove(name)
	}
	q = openDir(t, dir, Options{})
	_, err := q.Append(t.Context(), 0, func(seq uint64, prev Hash) (Signed, error) {
		if seq != 3 || prev != Hash(hashOf("report 2")) {
			t.Errorf("next is %d after %x", seq, prev)
		}
		return Signed{Message: []byte("report 3")}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAppendRefuses(t *testing.T) {
	q := openDir(t, t.TempDir(), Options{})
	big := func(uint64, Hash) (Signed, error) { return Signed{Message: make([]byte, maxMsg+1)}, nil }
	if _, err := q.Append(t.Context(), 0, big); !errors.Is(err, ErrTooBig) {
		t.Errorf("a large report: %v, want %v", err, ErrTooBig)
	}
	errKey := errors.New("no key")
	if _, err := q.Append(t.Context(), 0, func(uint64, Hash) (Signed, error) { return Signed{}, errKey }); !errors.Is(err, errKey) {
		t.Errorf("a report that is not signed: %v, want %v", err, errKey)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.Append(ctx, 0, big); !errors.Is(err, context.Canceled) {
		t.Errorf("at the end: %v, want %v", err, context.Canceled)
	}
	if got := q.Stats(); got.Last != 0 || got.Bytes != 0 {
		t.Errorf("Stats() = %+v, want nothing", got)
	}
}

func TestBackwardVisitsTheNewestFirst(t *testing.T) {
	q := openDir(t, t.TempDir(), Options{})
	for i := range 5 {
		put(t, q, 0, fmt.Sprint("report ", i+1))
	}
	var got []uint64
	err := q.Backward(func(r Record) bool {
		got = append(got, r.First)
		return r.First > 3
	})
	if want := []uint64{5, 4, 3}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("visited %v, %v; want %v", got, err, want)
	}
}

func FuzzScanSegment(f *testing.F) {
	report := appendRecord([]byte(segmentMagic), &record{kind: kindReport, first: 7, last: 7, at: 1, message: []byte("m"), signature: []byte("s")})
	gap := appendRecord(report, &record{kind: kindGap, first: 8, last: 9, reason: Dropped, hashes: []Hash{{1}, {2}}})
	f.Add(report)
	f.Add(gap)
	f.Add(gap[5:])
	f.Add([]byte(recordMarker + recordMarker))
	f.Fuzz(func(t *testing.T, b []byte) {
		end := 0
		for _, got := range scanSegment(b) {
			if got.off < end || got.off+got.size > len(b) {
				t.Fatalf("record at %d of %d bytes after %d", got.off, got.size, end)
			}
			end = got.off + got.size
			if again := appendRecord(nil, &got.record); string(again) != string(b[got.off:end]) {
				t.Fatalf("decoded and encoded again:\n%x, want\n%x", again, b[got.off:end])
			}
		}
	})
}

func FuzzDecodeAcked(f *testing.F) {
	a := acked{sequence: 5, marks: []mark{{3, 100}, {5, 200}}}
	f.Add(a.encode())
	f.Add([]byte(ackedMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, ok := decodeAcked(b); ok && string(a.encode()) != string(b) {
			t.Fatalf("decoded %+v and encoded again other bytes", a)
		}
	})
}

// The file system /proc cannot be flushed and says so: that the error arrives
// proves that the flush of a real folder is asked for.
func TestARealFolderIsFlushed(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // see dir.SyncDir for Windows; other systems have no /proc
	}
	if err := dir("/proc/self").SyncDir(); err == nil {
		t.Error("flushing /proc/self gave no error: it was not asked for")
	}
	if err := dir(t.TempDir()).SyncDir(); err != nil {
		t.Errorf("flushing a folder: %v", err)
	}
}
