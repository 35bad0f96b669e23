package gvdb

import (
	"bytes"
	"fmt"
	"strings"
)

// MaxProfile bounds the bytes of a profile.
const MaxProfile = 64 << 10

// A Kind is the kind of database that a line of a profile names.
type Kind string

// The kinds of dconf(7) and dconf's reader.
const (
	UserDB    Kind = "user-db"    // the user's own, below the configuration folder
	SystemDB  Kind = "system-db"  // compiled by the administrator into /etc/dconf/db
	FileDB    Kind = "file-db"    // any file, by its path
	ServiceDB Kind = "service-db" // kept by a D-Bus service: there is no file to read
)

// A Ref is one line of a profile: which database, not yet its content.
type Ref struct {
	Kind Kind
	Name string
}

// DefaultProfile is what dconf uses where no profile file applies: a value per
// call, so that no caller can change another's.
func DefaultProfile() []Ref { return []Ref{{Kind: UserDB, Name: "user"}} }

// String gives the line as the profile writes it.
func (r Ref) String() string { return string(r.Kind) + ":" + r.Name }

// Writable reports whether a profile that begins with r lets the user change
// settings. It is of no meaning for the other lines.
func (r Ref) Writable() bool { return r.Kind == UserDB || r.Kind == ServiceDB }

// Path returns the file of the database; configDir is the user's
// $XDG_CONFIG_HOME, usually ~/.config. It returns false where there is no file
// (a service) or the name would lead out of the folder that it belongs to.
func (r Ref) Path(configDir string) (string, bool) {
	if r.Name == "" || strings.ContainsRune(r.Name, 0) {
		return "", false
	}
	inFolder := !strings.Contains(r.Name, "/") && r.Name != ".." && r.Name != "."
	switch r.Kind {
	case UserDB:
		return configDir + "/dconf/" + r.Name, inFolder
	case SystemDB:
		return "/etc/dconf/db/" + r.Name, inFolder
	case FileDB:
		return r.Name, strings.HasPrefix(r.Name, "/")
	case ServiceDB:
		return "", false
	}
	return "", false
}

// ParseProfile reads a profile: /run/dconf/user/UID, a file of
// /etc/dconf/profile, or another that DCONF_PROFILE names. As dconf does, it
// passes over lines that name no database; a profile in which nothing is left is
// valid and means that there are no settings at all. The only error is ErrTooLarge.
func ParseProfile(b []byte) ([]Ref, error) {
	if len(b) > MaxProfile {
		return nil, fmt.Errorf("dconf profile of %d bytes: %w", len(b), ErrTooLarge)
	}
	var out []Ref
	for raw := range bytes.Lines(b) {
		line, _, _ := strings.Cut(string(raw), "#")
		kind, name, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || name == "" {
			continue
		}
		switch k := Kind(kind); k {
		case UserDB, SystemDB, FileDB, ServiceDB:
			out = append(out, Ref{Kind: k, Name: name})
		}
	}
	return out, nil
}
