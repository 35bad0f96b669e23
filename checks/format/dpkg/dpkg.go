// Package dpkg reads the list of packages that dpkg keeps in /var/lib/dpkg/status,
// in the format of deb-control(5) that dpkg(1) describes: stanzas of "Field:
// value" lines with blank lines between. Of each it takes the name, the version,
// the architecture, the priority and the state. AutoInstalled reads beside it which of
// them nobody asked for, as apt notes it.
//
// It reads the file as a stream, one stanza at a time, since it is the largest text
// file that an inventory reads (5 to 20 MB on a desktop). What dpkg has not merged
// yet, in /var/lib/dpkg/updates while it works, is not seen; nor are the packages of
// other managers.
package dpkg

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// Limits on input.
const (
	MaxPackages = 200_000   // stanzas of one file
	MaxSize     = 256 << 20 // bytes of one file

	maxValue = 4096 // bytes of a field that is kept; of the others any are passed over
)

// ErrTooLarge is wrapped by the error for a file beyond the limits.
var ErrTooLarge = errors.New("package list is larger than the reader's limit")

// A StanzaError is a stanza that does not describe a package.
type StanzaError struct {
	Line    int // 1-based, where the stanza begins
	Problem string
}

func (e *StanzaError) Error() string {
	return fmt.Sprintf("dpkg status line %d: %s", e.Line, e.Problem)
}

// A State is how far a package is installed, as dpkg(1) names it.
type State string

// The states.
const (
	NotInstalled    State = "not-installed"
	ConfigFiles     State = "config-files" // removed, its settings are left
	HalfInstalled   State = "half-installed"
	Unpacked        State = "unpacked"
	HalfConfigured  State = "half-configured"
	TriggersAwaited State = "triggers-awaited"
	TriggersPending State = "triggers-pending"
	Installed       State = "installed"
)

// A Package is one stanza.
type Package struct {
	Name    string
	Version string // empty for a package that is not installed
	Arch    string // "all", "amd64" and so on; empty for a package that is not installed
	// Want is what was asked for: install, hold, deinstall, purge or unknown.
	Want string
	// Broken is set if dpkg marks that the package must be installed again
	// (reinstreq).
	Broken bool
	State  State
	// Priority tells how much a system needs it: required, important, standard,
	// optional or extra; empty if the stanza does not say.
	Priority string
}

// Present reports whether the package's programs are on the disk, if not all ready to use.
func (p Package) Present() bool {
	switch p.State {
	case Installed, TriggersPending, TriggersAwaited, HalfConfigured, Unpacked, HalfInstalled:
		return true
	case ConfigFiles, NotInstalled:
		return false
	}
	return false
}

// Packages reads a status file and yields its packages in order, of all states.
// With a stanza that makes no sense it yields a StanzaError and goes on. With an
// error of the reader, or ErrTooLarge, it yields that and ends.
func Packages(r io.Reader) iter.Seq2[Package, error] {
	return func(yield func(Package, error) bool) {
		limited := &io.LimitedReader{R: r, N: MaxSize + 1}
		lines := bufio.NewReaderSize(limited, 64<<10)
		var st stanza
		packages := 0
		flush := func() bool {
			defer func() { st = stanza{} }()
			if st.line == 0 {
				return true
			}
			if packages++; packages > MaxPackages {
				yield(Package{}, fmt.Errorf("dpkg status: %w", ErrTooLarge))
				return false
			}
			return yield(st.pack())
		}
		for n := 1; ; n++ {
			line, err := readLine(lines)
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Package{}, fmt.Errorf("dpkg status line %d: %w", n, err))
				return
			}
			if limited.N == 0 {
				yield(Package{}, fmt.Errorf("dpkg status: %w", ErrTooLarge))
				return
			}
			if len(bytes.TrimSpace(line)) == 0 {
				if !flush() {
					return
				}
			} else {
				st.add(n, line)
			}
			if err != nil {
				flush()
				return
			}
		}
	}
}

// readLine returns the beginning of a line, as much of it as the buffer holds, and
// passes over the rest.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	line = bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	return line, err
}

// A stanza gathers the fields that matter of one package.
type stanza struct {
	line                                  int // 0 while it is empty
	name, version, arch, status, priority string
	problem                               string
}

// add takes one line of the stanza.
func (s *stanza) add(n int, line []byte) {
	if s.line == 0 {
		s.line = n
	}
	if line[0] == ' ' || line[0] == '\t' { // goes on with a field
		return
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 {
		s.fail("line without a field")
		return
	}
	var dst *string
	switch strings.ToLower(string(name)) {
	case "package":
		dst = &s.name
	case "version":
		dst = &s.version
	case "architecture":
		dst = &s.arch
	case "status":
		dst = &s.status
	case "priority":
		dst = &s.priority
	default:
		return
	}
	value = bytes.TrimSpace(value)
	switch {
	case len(value) > maxValue:
		s.fail("field is too long")
	case *dst != "":
		s.fail("field is given twice")
	default:
		*dst = string(value)
	}
}

func (s *stanza) fail(problem string) {
	if s.problem == "" {
		s.problem = problem
	}
}

// pack makes the package of the stanza.
func (s *stanza) pack() (Package, error) {
	status := strings.Fields(s.status)
	if s.name == "" {
		s.fail("no package name")
	}
	if len(status) != 3 {
		s.fail("status is not three words")
	}
	if s.problem != "" {
		return Package{}, &StanzaError{Line: s.line, Problem: s.problem}
	}
	p := Package{Name: s.name, Version: s.version, Arch: s.arch, Want: status[0], Broken: status[1] != "ok", State: State(status[2]), Priority: s.priority}
	switch p.State {
	case NotInstalled, ConfigFiles, HalfInstalled, Unpacked, HalfConfigured, TriggersAwaited, TriggersPending, Installed:
	default:
		return Package{}, &StanzaError{Line: s.line, Problem: "unknown state"}
	}
	if p.State != NotInstalled && p.Version == "" {
		return Package{}, &StanzaError{Line: s.line, Problem: "no version"}
	}
	return p, nil
}
