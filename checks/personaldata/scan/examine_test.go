package scan

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vigia/checks/personaldata/isolate"
)

// What was not read to its end is not clean.
func TestFileErrors(t *testing.T) {
	tests := []struct {
		name string
		good int64 // bytes before the file breaks
		text string
		want Status
		why  Reason
	}{
		{"at once", 0, letters, Unreadable, ReasonIO},
		{"later", 50_000, strings.Repeat(letters, 10_000), Incomplete, ReasonIO},
		{"after a find", 50_000, person + strings.Repeat(letters, 10_000), Found, ReasonIO},
	}
	for _, tt := range tests {
		e := NewExaminer(maphash.MakeSeed(), FileLimits{})
		got := e.File(t.Context(), broken{strings.NewReader(tt.text), tt.good}, int64(len(tt.text)), 0)
		if got.Status != tt.want || got.Reason != tt.why {
			t.Errorf("%s: %s %s, want %s %s", tt.name, got.Status, got.Reason, tt.want, tt.why)
		}
	}
}

// broken is a file on a disk with a bad sector.
type broken struct {
	io.ReaderAt
	good int64
}

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.good {
		p = p[:max(0, b.good-off)]
		n, _ := b.ReaderAt.ReadAt(p, off)
		return n, errors.New("bad sector")
	}
	return b.ReaderAt.ReadAt(p, off)
}

// A scan that may take a twentieth of a core takes no more.
func TestPacerKeepsItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const share = 0.05
		p := newPacer(share)
		p.start()
		begin, worked := time.Now(), time.Duration(0)
		for range 200 {
			time.Sleep(7 * time.Millisecond) // work, as far as the pacer can tell
			worked += 7 * time.Millisecond
			p.pause(t.Context())
		}
		took := time.Since(begin)
		if got := float64(worked) / float64(took); got > share*1.05 || got < share*0.9 {
			t.Errorf("worked %v of %v, a share of %.3f", worked, took, got)
		}
		if got := p.worked(); got != worked {
			t.Errorf("counts %v of work, want %v", got, worked)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		time.Sleep(time.Hour)
		before := time.Now()
		p.pause(ctx)
		if d := time.Since(before); d != 0 {
			t.Errorf("slept %v after the end", d)
		}
	})
}

func TestPlaceholder(t *testing.T) {
	tests := []struct {
		name       string
		attributes uint32
		want       bool
	}{
		{"plain Windows file", 0x20, false},
		{"recall on open", 0x40020, true},
		{"recall on data access", 0x400020, true},
		{"offline", 0x1000, true},
		{"Linux file", 0, false},
	}
	for _, tt := range tests {
		if got := placeholder(&isolate.Facts{Attributes: tt.attributes}); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// What tells a file from another, and from itself once it is changed.
func TestIdentity(t *testing.T) {
	linux := isolate.Facts{Size: 5, Modified: time.Unix(7, 0), Numbered: true, Inode: 3, Changed: isolate.Pair{7, 1}}
	windows := isolate.Facts{Size: 5, Modified: time.Unix(7, 0), Dated: true, Created: isolate.Pair{1, 2}}
	seen := map[uint64]string{}
	for name, f := range map[string]func() isolate.Facts{
		"Linux file":      func() isolate.Facts { return linux },
		"size":            func() isolate.Facts { f := linux; f.Size++; return f },
		"time":            func() isolate.Facts { f := linux; f.Modified = time.Unix(7, 1); return f },
		"inode":           func() isolate.Facts { f := linux; f.Inode++; return f },
		"time of change":  func() isolate.Facts { f := linux; f.Changed[1]++; return f },
		"Windows file":    func() isolate.Facts { return windows },
		"Windows size":    func() isolate.Facts { f := windows; f.Size++; return f },
		"Windows created": func() isolate.Facts { f := windows; f.Created[0]++; return f },
	} {
		facts := f()
		id, ok := identityOf(&facts)
		if other, taken := seen[id]; !ok || taken {
			t.Errorf("%s: %v, the same as %q", name, ok, other)
		}
		seen[id] = name
	}
	if _, ok := identityOf(&isolate.Facts{Size: 5}); ok {
		t.Error("a file of which nothing is told has an identity")
	}
}
