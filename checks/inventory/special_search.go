package inventory

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"vigia/checks/format/pe"
	"vigia/checks/host"
)

// Limits of one search. A machine on which one is reached was not looked at whole, and
// is told so.
const (
	maxSearched = 60_000          // entries of folders
	maxVersions = 4000            // programs whose version resource is read
	searchTime  = 2 * time.Minute // an antivirus looks into each program before us
)

// search looks for tools in folders.
type search struct {
	*reader
	box       *toolbox
	facts     *specialFacts
	separator string
	windows   bool
	// namesOnly leaves version resources unread.
	namesOnly bool

	entries, versions int
	until             time.Time
	cut               bool // a limit was reached
}

// folder looks into a folder and as many levels below it. Links are not followed.
func (s *search) folder(ctx context.Context, dir, profile string, levels int) {
	if s.until.IsZero() {
		s.until = time.Now().Add(searchTime) // bounds the work, and dates nothing
	}
	if ctx.Err() != nil || s.cut {
		return
	}
	var below []string
	for _, e := range s.reader.entries(ctx, dir) {
		if s.entries++; s.entries > maxSearched || time.Now().After(s.until) {
			s.cut = true
			return
		}
		name := dir + s.separator + e.Name
		switch {
		case e.Mode.IsRegular():
			s.file(ctx, name, profile, e)
		case e.Mode.IsDir():
			below = append(below, name)
		}
	}
	if levels > 0 {
		for _, name := range below {
			s.folder(ctx, name, profile, levels-1)
		}
	}
}

// file recognises one file, by its name or by what its maker wrote into it.
func (s *search) file(ctx context.Context, name, profile string, info host.FileInfo) {
	// In /opt packages have programs that run as root, such as the sandboxes of browsers;
	// elsewhere no package puts any.
	if info.Mode&fs.ModeSetuid != 0 && (info.Owner == "0" || info.Owner == "") && !strings.HasPrefix(name, "/opt/") && len(s.facts.SetUID) < maxFound {
		s.facts.SetUID = append(s.facts.SetUID, plain(name))
	}
	how := "file_name"
	u, ok := s.box.byName(info.Name, s.windows)
	if !ok {
		// What is in a cloud alone would be fetched from there to be read.
		inCloud := s.windows && strings.Contains(strings.ToLower(name), `\onedrive`)
		if s.namesOnly || inCloud || !slices.Contains([]string{".exe", ".com", ".scr"}, extension(info.Name)) {
			return
		}
		if s.versions++; s.versions > maxVersions {
			s.cut = true
			return
		}
		v, err := pe.ReadVersion(&parts{size: versionPart, read: func(at, n int64) ([]byte, error) { return s.h.Files.ReadRange(ctx, name, at, n) }})
		if err != nil && !errors.Is(err, pe.ErrFormat) && !errors.Is(err, pe.ErrNoVersion) && !errors.Is(err, context.Canceled) {
			s.unreadable(dirOf(name, s.separator), err)
		}
		if u, ok = s.box.byVersion(v); !ok {
			return
		}
		how = "version_resource"
	}
	f := found{Tool: u.ID, Name: u.Name, Kind: u.Kind, How: how, Where: name, Profile: profile}
	if s.windows {
		f.Everyone = s.everyone(ctx, name)
	} else {
		anyone := info.Mode&0o001 != 0
		f.Everyone = &anyone
	}
	s.facts.add(f)
}

// versionPart is how much of a program is read at once, in bytes.
const versionPart = 16 << 10

// unreadable notes a folder once, however many files of it cannot be read.
func (s *search) unreadable(dir string, err error) {
	if !s.missed(dir) {
		s.miss(dir, err)
	}
}

func (s *search) end() {
	if s.cut {
		s.miss("search", host.ErrTooBig)
	}
}

// dirOf is a path without its last part.
func dirOf(name, separator string) string {
	return name[:len(name)-len(base(name))-len(separator)]
}
