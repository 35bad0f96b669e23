package inventory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	maxHashed   = 512 << 20       // bytes of programs that are compared with the hashes of the list
	searchTime  = 2 * time.Minute // an antivirus looks into each program before us
)

// maxDescribed bounds the bytes of the tools found whose hash is kept as evidence.
const maxDescribed = 64 << 20

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
	hashed, described int64 // bytes
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
	f := found{How: "file_name", Where: name, Profile: profile}
	u, ok := s.box.byName(info.Name, s.windows)
	if !ok {
		if u, ok = s.disguised(ctx, name, info, &f); !ok {
			return
		}
	}
	f.Tool, f.Name, f.Kind = u.ID, u.Name, u.Kind
	s.describe(ctx, name, info, &f)
	if s.windows {
		f.Everyone = s.everyone(ctx, name)
	} else {
		anyone := info.Mode&0o001 != 0
		f.Everyone = &anyone
	}
	s.facts.add(f)
}

// disguised recognises a program by what is in it, whatever its name is.
func (s *search) disguised(ctx context.Context, name string, info host.FileInfo, f *found) (utility, bool) {
	program := isProgram(info.Name)
	if s.namesOnly || s.inCloud(name) || !program && (s.windows || info.Mode&0o111 == 0) {
		return utility{}, false
	}
	if program {
		if s.versions++; s.versions > maxVersions {
			s.cut = true
			return utility{}, false
		}
		v, err := pe.ReadVersion(s.open(ctx, name))
		s.tell(name, err)
		f.How, f.Original = "version_resource", plain(v.Original)
		if u, ok := s.box.byVersion(v); ok {
			return u, true
		}
		if s.box.signers {
			f.How = "signer"
			signer, err := pe.ReadSigner(s.open(ctx, name))
			s.tell(name, err)
			if u, ok := s.box.bySigner(signer); ok {
				return u, true
			}
		}
	}
	if len(s.box.hashes) == 0 || info.Size == 0 {
		return utility{}, false
	}
	if s.hashed += info.Size; s.hashed > maxHashed {
		s.cut = true
		return utility{}, false
	}
	f.How = "hash"
	sum, err := s.hash(ctx, name, info.Size)
	s.tell(name, err)
	return s.box.byHash(sum)
}

// describe adds to a tool that was found what the file says of itself, and its hash. Both
// are evidence for whoever decides about it, and decide nothing here.
func (s *search) describe(ctx context.Context, name string, info host.FileInfo, f *found) {
	if s.inCloud(name) || s.described+info.Size > maxDescribed {
		return
	}
	s.described += info.Size
	f.SHA256, _ = s.hash(ctx, name, info.Size)
	if !isProgram(info.Name) && !s.windows {
		return
	}
	if v, err := pe.ReadVersion(s.open(ctx, name)); err == nil {
		f.Original = plain(v.Original)
	}
	if signer, err := pe.ReadSigner(s.open(ctx, name)); err == nil {
		f.Signer = plain(signer.String())
	}
}

// isProgram tells whether Windows would run a file of this name.
func isProgram(name string) bool {
	return slices.Contains([]string{".exe", ".com", ".scr"}, extension(name))
}

// inCloud tells of what may be in a cloud alone, and would be fetched from there to be
// read.
func (s *search) inCloud(name string) bool {
	return s.windows && strings.Contains(strings.ToLower(name), `\onedrive`)
}

// tell notes that a program could not be read; that it is none is no matter.
func (s *search) tell(name string, err error) {
	if err == nil || errors.Is(err, pe.ErrFormat) || errors.Is(err, pe.ErrNoVersion) || errors.Is(err, pe.ErrNotSigned) || errors.Is(err, context.Canceled) {
		return
	}
	s.unreadable(dirOf(name, s.separator), err)
}

// open reads a program in parts.
func (s *search) open(ctx context.Context, name string) *parts {
	return &parts{size: versionPart, read: func(at, n int64) ([]byte, error) { return s.h.Files.ReadRange(ctx, name, at, n) }}
}

// hash is the SHA-256 of a file of so many bytes; empty for one that cannot be read, or
// that grows or shrinks meanwhile.
func (s *search) hash(ctx context.Context, name string, size int64) (string, error) {
	sum := sha256.New()
	for at := int64(0); at < size; {
		b, err := s.h.Files.ReadRange(ctx, name, at, min(hashPart, size-at))
		if err != nil {
			return "", err
		}
		if len(b) == 0 {
			return "", nil
		}
		sum.Write(b)
		at += int64(len(b))
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// How much of a program is read at once, in bytes: for what it says, and for its hash.
const (
	versionPart = 16 << 10
	hashPart    = 1 << 20
)

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
