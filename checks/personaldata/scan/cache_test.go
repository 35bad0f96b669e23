package scan

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What held nothing is not read again; what held something is, and gives the same.
func TestCache(t *testing.T) {
	root := tree(t, map[string]string{"a.txt": letters, "b.txt": person, "d/c.txt": letters, "d/e/f.txt": letters, "g.bin": "\x00\x01\x02"})
	opts := Options{Roots: []string{root}, Cache: filepath.Join(t.TempDir(), "cache")}
	first, sum := run(t, opts)
	if sum.Unchanged != 0 {
		t.Errorf("first: %d unchanged", sum.Unchanged)
	}
	again, sum := run(t, opts)
	if diff := cmp.Diff(sorted(verdicts(root, first)), verdicts(root, again)); diff != "" {
		t.Errorf("first and second (-first +second):\n%s", diff)
	}
	if sum.Unchanged != 4 || sum.Files[Found] != 1 || sum.Persons != 1 || sum.Bytes != int64(len(person)) {
		t.Errorf("second: %+v, want 4 unchanged and the found file read again", sum)
	}
	_, sum = run(t, Options{Roots: opts.Roots})
	if sum.Unchanged != 0 {
		t.Errorf("without a cache %d unchanged", sum.Unchanged)
	}
	opts.File.Ratio = 7
	if _, sum = run(t, opts); sum.Unchanged != 0 {
		t.Errorf("with other limits %d unchanged", sum.Unchanged)
	}
}

// A file that changed is read again, however it was changed.
func TestCacheNoticesChanges(t *testing.T) {
	long := time.Date(2020, 2, 2, 2, 2, 2, 0, time.UTC)
	same := strings.Repeat("x", len(person)-1) + "\n"
	tests := []struct {
		name   string
		change func(path string) error
	}{
		{"written to", func(p string) error { return os.WriteFile(p, []byte(person), 0o644) }},
		{"written to and its time set back", func(p string) error {
			if err := os.WriteFile(p, []byte(person), 0o644); err != nil {
				return err
			}
			return os.Chtimes(p, long, long)
		}},
		{"another in its place", func(p string) error {
			if err := os.WriteFile(p+".new", []byte(person), 0o644); err != nil {
				return err
			}
			if err := os.Chtimes(p+".new", long, long); err != nil {
				return err
			}
			return os.Rename(p+".new", p)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			unixOnly(t) // Windows does not tell the time of the last change without opening the file
			root := tree(t, map[string]string{"a": letters, "f": same, "z": letters})
			path := filepath.Join(root, "f")
			if err := os.Chtimes(path, long, long); err != nil {
				t.Fatal(err)
			}
			opts := Options{Roots: []string{root}, Cache: filepath.Join(t.TempDir(), "cache")}
			run(t, opts)
			if err := tt.change(path); err != nil {
				t.Fatal(err)
			}
			if _, sum := run(t, opts); sum.Files[Found] != 1 || sum.Unchanged != 2 {
				t.Errorf("got %+v", sum)
			}
		})
	}
}

// A scan that was cut off goes on where it was: what it had read is known.
func TestCacheOfAnInterruptedScan(t *testing.T) {
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprintf("d%02d/f%d", i/10, i)] = letters
	}
	root := tree(t, files)
	opts := Options{Roots: []string{root}, Jobs: 1, Cache: filepath.Join(t.TempDir(), "cache")}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	calls := 0
	if _, err := Run(ctx, opts, func(FileResult) error {
		if calls++; calls == 105 {
			cancel()
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, sum := run(t, opts); sum.Unchanged < 90 || sum.Unchanged > 110 || sum.Files[Clean] != 200 {
		t.Errorf("%d unchanged of %d, want about 100 of 200", sum.Unchanged, sum.Files[Clean])
	}
}

// Any damage to the file only means that more is read.
func TestCacheDamaged(t *testing.T) {
	root := tree(t, map[string]string{"a": letters, "d/b": letters, "d/e/c": letters})
	opts := Options{Roots: []string{root}, Cache: filepath.Join(t.TempDir(), "cache")}
	run(t, opts)
	whole, err := os.ReadFile(opts.Cache)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		if err := os.WriteFile(opts.Cache, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, sum := run(t, opts); sum.Files[Clean] != 3 || cut > headerBytes+50 && cut < len(whole)-50 && sum.Unchanged == 0 {
			t.Fatalf("cut at %d: %+v", cut, sum)
		}
	}
	for at := range whole {
		flipped := []byte(string(whole))
		flipped[at] ^= 0x40
		if err := os.WriteFile(opts.Cache, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, sum := run(t, opts); sum.Files[Clean] != 3 {
			t.Fatalf("bit at %d: %+v", at, sum)
		}
	}
}

// A file that grew by repetition is made small again.
func TestCacheCompacts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	c, err := openCache(path, 1, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	entries := make([]entry, 1000)
	for i := range 100 {
		entries[0].id = uint64(i)
		c.put(dirID{1, uint64(i % 3)}, entries)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 3*1100*entryBytes {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	if c, err = openCache(path, 1, time.Now()); err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if got := new(record).load(c, dirID{1, 0}); len(got) != 1000 || got[0].id != 99 {
		t.Errorf("%d entries, first %+v", len(got), got[0])
	}
}

// After a quarter a file is read again even if it seems unchanged.
func TestCacheExpires(t *testing.T) {
	f := &folder{cache: &cache{today: 20_000, days: cacheDays}}
	f.known = []entry{{id: mix(0, 7), day: 20_000 - cacheDays + 1}, {id: mix(0, 8), day: 20_000 - cacheDays}}
	if _, _, known := f.recall(7, 1); !known {
		t.Error("forgotten before its time")
	}
	if _, _, known := f.recall(8, 1); known {
		t.Error("believed for longer than a quarter")
	}
}

// Names of one file are one file.
func TestHardLinks(t *testing.T) {
	unixOnly(t)
	root := tree(t, map[string]string{"a": person})
	for _, name := range []string{"b", "c"} {
		if err := os.Link(filepath.Join(root, "a"), filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	results, sum := run(t, Options{Roots: []string{root}, Jobs: 1})
	want := []string{"a found", "b skipped file.hard_link", "c skipped file.hard_link"}
	if diff := cmp.Diff(want, verdicts(root, results)); diff != "" || sum.Unknown() != 0 {
		t.Errorf("results (-want +got), unknown %d:\n%s", sum.Unknown(), diff)
	}
}

// A cache that cannot be kept is told, and stops nothing.
func TestCacheCannotBeKept(t *testing.T) {
	root := tree(t, map[string]string{"a": person})
	results, sum := run(t, Options{Roots: []string{root}, Cache: filepath.Join(root, "a", "cache")})
	if len(results) != 1 || results[0].Status != Found || !sum.Complete {
		t.Errorf("got %v, %+v", results, sum)
	}
	if sum.CacheError == "" {
		t.Error("nothing tells that there is no cache")
	}
}
