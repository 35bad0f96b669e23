package scan

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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

// fakeInfo is a file as Windows or Linux describe it.
type fakeInfo struct {
	fs.FileInfo
	sys any
}

func (f fakeInfo) Sys() any { return f.sys }

func TestAttributes(t *testing.T) {
	type windowsAttributes struct {
		FileAttributes uint32
		FileSizeLow    uint32
	}
	type linuxStat struct {
		Dev uint64
		Uid uint32 //nolint:revive // the name it has in syscall.Stat_t
	}
	tests := []struct {
		name        string
		sys         any
		placeholder bool
		device      uint64
		hasDevice   bool
		owner       string
	}{
		{"plain Windows file", &windowsAttributes{FileAttributes: 0x20}, false, 0, false, ""},
		{"recall on open", &windowsAttributes{FileAttributes: 0x40020}, true, 0, false, ""},
		{"recall on data access", &windowsAttributes{FileAttributes: 0x400020}, true, 0, false, ""},
		{"offline", &windowsAttributes{FileAttributes: 0x1000}, true, 0, false, ""},
		{"Linux file", &linuxStat{Dev: 7, Uid: 1000}, false, 7, true, "1000"},
		{"nothing known", nil, false, 0, false, ""},
		{"something else", 5, false, 0, false, ""},
	}
	var a attributes // one for all: it notices that the struct changes
	for _, tt := range tests {
		info := fakeInfo{sys: tt.sys}
		device, hasDevice := a.deviceOf(info)
		if got := a.placeholder(info); got != tt.placeholder || device != tt.device || hasDevice != tt.hasDevice || a.ownerOf(info) != tt.owner {
			t.Errorf("%s: placeholder %v, device %d %v, owner %q", tt.name, got, device, hasDevice, a.ownerOf(info))
		}
	}
}
