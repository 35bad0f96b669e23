// Package shadow reads the four files that say who may log in to a Linux
// machine and under which password rules: passwd(5), shadow(5), group(5) and
// login.defs(5).
//
// It never keeps a password hash, a group password nor a GECOS field: a hash is
// reduced to what kind of thing it is while the line is being read (see Hash),
// and a person's full name is not read at all. Errors name lines by number and
// never quote them, for the same reason.
//
// The readers are functions of bytes. One bad line does not hide the others:
// each returns every line that it understood together with an error that lists
// those that it did not, so that a caller can both report what is known and
// admit that the whole is not. Sources other than these files (NIS, LDAP, SSSD)
// are not consulted; only their markers are reported.
package shadow

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Limits on input. A file beyond them is refused whole with ErrTooLarge: the
// files of a real machine are far below.
const (
	MaxSize  = 16 << 20 // bytes of one file
	MaxLines = 200_000  // lines of one file
)

// maxErrors bounds the malformed lines that one error lists by number.
const maxErrors = 20

// ErrTooLarge is wrapped by the error for a file beyond MaxSize or MaxLines.
var ErrTooLarge = errors.New("file is larger than the reader's limit")

// A LineError is one line that does not follow its format. It holds no part of
// the line.
type LineError struct {
	Line    int    // 1-based
	Problem string // what is wrong, without the line's content
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// A User is one line of passwd(5).
type User struct {
	Name  string
	UID   uint32
	GID   uint32 // primary group
	Home  string
	Shell string // empty means /bin/sh
	// Hash is what field 2 holds. On a machine with shadow passwords the field is
	// the letter x, which gives Elsewhere: the hash is in shadow(5).
	Hash Hash
}

// Accounts is what a passwd(5) file holds.
type Accounts struct {
	Users []User
	// NIS is set if a line begins with + or -, the marker of nsswitch's compat
	// mode: other users than these come from a network service.
	NIS bool
}

// ParsePasswd reads passwd(5). The result holds every well-formed line even when
// the error, made of LineErrors, is not nil; it is empty with ErrTooLarge.
func ParsePasswd(b []byte) (Accounts, error) {
	var (
		out Accounts
		bad problems
	)
	if err := checkSize(b); err != nil {
		return out, fmt.Errorf("passwd: %w", err)
	}
	for n, line := range lines(b) {
		if line[0] == '+' || line[0] == '-' {
			out.NIS = true
			continue
		}
		f := strings.Split(line, ":")
		if len(f) != 7 {
			bad.add(n, "wants 7 fields")
			continue
		}
		uid, errUID := parseID(f[2])
		gid, errGID := parseID(f[3])
		switch {
		case f[0] == "":
			bad.add(n, "empty user name")
		case errUID != nil:
			bad.add(n, "user number out of range")
		case errGID != nil:
			bad.add(n, "group number out of range")
		default:
			out.Users = append(out.Users, User{
				Name: strings.Clone(f[0]), UID: uid, GID: gid, Hash: hashOf(f[1]),
				Home: strings.Clone(f[5]), Shell: strings.Clone(f[6]),
			})
		}
	}
	return out, bad.err("passwd")
}

// A Group is one line of group(5). Its password field is not read.
type Group struct {
	Name string
	GID  uint32
	// Members lists the users named on the line. Users whose primary group this
	// is are members too and need not be named.
	Members []string
}

// Groups is what a group(5) file holds.
type Groups struct {
	Groups []Group
	NIS    bool // as in Accounts
}

// ParseGroup reads group(5), with the same promise as ParsePasswd.
func ParseGroup(b []byte) (Groups, error) {
	var (
		out Groups
		bad problems
	)
	if err := checkSize(b); err != nil {
		return out, fmt.Errorf("group: %w", err)
	}
	for n, line := range lines(b) {
		if line[0] == '+' || line[0] == '-' {
			out.NIS = true
			continue
		}
		f := strings.Split(line, ":")
		if len(f) != 4 {
			bad.add(n, "wants 4 fields")
			continue
		}
		gid, err := parseID(f[2])
		switch {
		case f[0] == "":
			bad.add(n, "empty group name")
			continue
		case err != nil:
			bad.add(n, "group number out of range")
			continue
		}
		g := Group{Name: strings.Clone(f[0]), GID: gid}
		for m := range strings.SplitSeq(f[3], ",") {
			if m = strings.TrimSpace(m); m != "" {
				g.Members = append(g.Members, strings.Clone(m))
			}
		}
		out.Groups = append(out.Groups, g)
	}
	return out, bad.err("group")
}

// parseID reads a user or group number. 4294967295 is refused: it is (uid_t)-1,
// which the kernel reserves for "no change".
func parseID(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err == nil && n == 1<<32-1 {
		err = strconv.ErrRange
	}
	return uint32(n), err
}

func checkSize(b []byte) error {
	if len(b) > MaxSize || bytes.Count(b, []byte{'\n'}) > MaxLines {
		return ErrTooLarge
	}
	return nil
}

// lines yields the lines that hold something, with their 1-based numbers. Blank
// lines and comments are passed over, as the C library does.
func lines(b []byte) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for raw := range bytes.Lines(b) {
			n++
			line := strings.TrimLeft(strings.TrimRight(string(raw), "\r\n"), " \t")
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(n, line) {
				return
			}
		}
	}
}

// problems collects the malformed lines of one file.
type problems struct {
	list []error
	more int
}

func (p *problems) add(line int, problem string) {
	if len(p.list) == maxErrors {
		p.more++
		return
	}
	p.list = append(p.list, &LineError{Line: line, Problem: problem})
}

func (p *problems) err(file string) error {
	if len(p.list) == 0 {
		return nil
	}
	list := p.list
	if p.more > 0 {
		list = append(list, fmt.Errorf("and %d more lines", p.more))
	}
	return fmt.Errorf("%s: %w", file, errors.Join(list...))
}
