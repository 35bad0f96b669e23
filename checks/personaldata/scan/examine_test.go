package scan

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"io/fs"
)

func TestFormatOf(t *testing.T) {
	tests := []struct {
		name, head, want string
		readable         bool
	}{
		{"nothing", "", "empty", true},
		{"ASCII", "hola", "text", true},
		{"UTF-8", "señor", "text", true},
		{"Windows-1252", "se\xf1or", "text", true},
		{"with tabs and form feeds", "a\tb\r\n\f", "text", true},
		{"UTF-8 with mark", "\xef\xbb\xbfhola", "text", true},
		{"UTF-16 with mark", "\xff\xfeh\x00", "utf-16", true},
		{"UTF-16BE with mark", "\xfe\xff\x00h", "utf-16", true},
		{"UTF-16 without", utf16Text("hola a todos"), "utf-16", true},
		{"UTF-16BE without", "\x00" + utf16Text("hola a todos")[:22], "utf-16", true},
		{"UTF-32", "\xff\xfe\x00\x00h\x00\x00\x00", "utf-32", false},
		{"PDF", "%PDF-1.4 all of it text", "pdf", false},
		{"RTF", "{\\rtf1\\ansi", "rtf", false},
		{"program", "MZ\x90\x00\x03\x00", "exe", false},
		{"words that begin like one", "MZ, BZh: siglas", "text", true},
		{"zeros", strings.Repeat("\x00", 100), "binary", false},
		{"noise", "\x01\x02\x03\x04\x05\x06", "binary", false},
		{"mark and noise", "\xef\xbb\xbf\x00\x01", "binary", false},
		{"mail", "Subject: x\nMime-Version: 1.0\n\n", "mail", true},
		{"no mail", "Hola: dos puntos\n", "text", true},
	}
	for _, tt := range tests {
		got := formatOf([]byte(tt.head))
		if got.name != tt.want || got.readable != tt.readable {
			t.Errorf("%s: %s, readable %v; want %s, %v", tt.name, got.name, got.readable, tt.want, tt.readable)
		}
	}
}

// However a reader cuts a file, the result is the same; and what was not read to its
// end is not clean.
func FuzzFile(f *testing.F) {
	f.Add([]byte(letters), uint16(10))
	f.Add([]byte(person), uint16(1000))
	f.Add([]byte("\xff\xfe"+utf16Text(person)), uint16(0))
	f.Add([]byte(utf16Text(letters+person)), uint16(0))
	f.Add([]byte("%PDF-1.7"), uint16(3))
	f.Add([]byte(letters+"\x00"), uint16(0))
	f.Add([]byte("MIME-Version: 1.0\n\n"+person), uint16(0))
	e := NewExaminer(maphash.MakeSeed())
	f.Fuzz(func(t *testing.T, content []byte, limit uint16) {
		limits := FileLimits{Bytes: int64(limit)}
		want := e.File(t.Context(), bytes.NewReader(content), limits)
		for _, r := range []io.Reader{
			iotest.OneByteReader(bytes.NewReader(content)),
			iotest.HalfReader(bytes.NewReader(content)),
			iotest.DataErrReader(bytes.NewReader(content)),
		} {
			if got := e.File(t.Context(), r, limits); !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		most := limits.withDefaults().Bytes
		if want.Bytes > most || want.Bytes > int64(len(content)) {
			t.Errorf("read %d of %d bytes with limit %d", want.Bytes, len(content), most)
		}
		if (want.Status == Clean || want.Whole()) && want.Bytes != int64(len(content)) {
			t.Errorf("%s after %d of %d bytes", want.Status, want.Bytes, len(content))
		}
		if want.Status == Clean && bytes.IndexByte(content, 0) >= 0 && want.Format == "text" {
			t.Error("clean, though it is no text")
		}
	})
}

func TestFileErrors(t *testing.T) {
	broken := errors.New("bad sector")
	tests := []struct {
		name string
		file io.Reader
		want Status
		why  Reason
	}{
		{"at once", iotest.ErrReader(broken), Unreadable, ReasonIO},
		{"denied", iotest.ErrReader(fs.ErrPermission), Unreadable, ReasonDenied},
		{"later", io.MultiReader(strings.NewReader(strings.Repeat(letters, 1000)), iotest.ErrReader(broken)), Incomplete, ReasonIO},
		{"after a find", io.MultiReader(strings.NewReader(person+strings.Repeat(letters, 1000)), iotest.ErrReader(broken)), Found, ReasonIO},
	}
	for _, tt := range tests {
		got := NewExaminer(maphash.MakeSeed()).File(t.Context(), tt.file, FileLimits{})
		if got.Status != tt.want || got.Reason != tt.why {
			t.Errorf("%s: %s %s, want %s %s", tt.name, got.Status, got.Reason, tt.want, tt.why)
		}
	}
}

// After a file, an examiner holds nothing of it.
func TestFileLeavesNothingBehind(t *testing.T) {
	e := NewExaminer(maphash.MakeSeed())
	e.File(t.Context(), strings.NewReader(strings.Repeat(person, 50_000)), FileLimits{})
	for i, c := range e.block {
		if c != 0 {
			t.Fatalf("byte %d of the buffer is %q", i, c)
		}
	}
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
