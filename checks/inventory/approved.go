package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// approved is one line of the allow-list. See policy.Software, which has the
// same fields.
type approved struct {
	// Name is as installed, without regard to case; * stands for any text in it.
	Name string `json:"name"`
	// Publisher is as the program says it, with * likewise; empty means any. Packages of
	// the store have a hash of it, those of Debian none.
	Publisher string `json:"publisher,omitempty"`
	// Versions bounds the version, as "24.2", "24.*" or ">=24.2 <25"; empty means any.
	Versions string `json:"versions,omitempty"`
}

// validate tells what is wrong with a line.
func (a approved) validate() error {
	if a.Name == "" {
		return errors.New("want a name")
	}
	if len(a.Name)+len(a.Publisher)+len(a.Versions) > 1000 || strings.Count(a.Name+a.Publisher+a.Versions, "*") > 8 {
		return errors.New("too long, or too many *")
	}
	for bound := range strings.FieldsSeq(a.Versions) {
		if op, version := operator(bound); version == "" || op != "" && strings.Contains(version, "*") {
			return fmt.Errorf("version %q: want 24.2, 24.* or a bound such as >=24.2 or <25", bound)
		}
	}
	return nil
}

// validateList tells what is wrong with a list of lines that are called so.
func validateList(called string, list []approved) error {
	if len(list) > maxPrograms {
		return fmt.Errorf("%d of %s, more than %d", len(list), called, maxPrograms)
	}
	for i, a := range list {
		if err := a.validate(); err != nil {
			return fmt.Errorf("%s %d: %w", called, i+1, err)
		}
	}
	return nil
}

// allowList finds the line that approves a program in a list of thousands.
type allowList struct {
	exact map[string][]approved // lines without *, by their name
	other []approved
}

func newAllowList(list []approved) allowList {
	l := allowList{exact: map[string][]approved{}}
	for _, a := range list {
		if strings.Contains(a.Name, "*") {
			l.other = append(l.other, a)
			continue
		}
		name := strings.ToLower(a.Name)
		l.exact[name] = append(l.exact[name], a)
	}
	return l
}

func (l allowList) allows(p program) bool {
	by := func(a approved) bool { return a.allows(p) }
	return slices.ContainsFunc(l.exact[strings.ToLower(p.Name)], by) || slices.ContainsFunc(l.other, by)
}

// allows tells whether a line approves a program.
func (a approved) allows(p program) bool {
	if !like(a.Name, p.Name) || a.Publisher != "" && !like(a.Publisher, p.Publisher) {
		return false
	}
	for bound := range strings.FieldsSeq(a.Versions) {
		op, version := operator(bound)
		c := compareVersions(p.Version, version)
		ok := false
		switch op {
		case ">=":
			ok = c >= 0
		case ">":
			ok = c > 0
		case "<=":
			ok = c <= 0
		case "<":
			ok = c < 0
		case "":
			ok = like(version, p.Version)
		}
		if !ok || p.Version == "" {
			return false
		}
	}
	return true
}

// operator parts a bound into its sign and its version.
func operator(bound string) (op, version string) {
	version = strings.TrimLeft(bound, "<>=")
	op = bound[:len(bound)-len(version)]
	switch op {
	case ">=", ">", "<=", "<", "":
		return op, version
	default:
		return op, ""
	}
}

// like compares texts without regard to case; * in pattern stands for any text.
func like(pattern, text string) bool {
	pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, first)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		if _, text, ok = strings.Cut(text, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, last)
}

// compareVersions compares versions as people read them: runs of digits as numbers, all
// else as text, an epoch before a colon first. It is not the order of any one package
// manager, and agrees with all of them on what programs call their versions.
func compareVersions(a, b string) int {
	epoch := func(s string) (int64, string) {
		if e, rest, ok := strings.Cut(s, ":"); ok {
			if n, err := strconv.ParseInt(e, 10, 32); err == nil {
				return n, rest
			}
		}
		return 0, s
	}
	// A bound without an epoch is about the version alone: nobody knows of epochs.
	ea, a := epoch(a)
	eb, b := epoch(b)
	if ea != eb && eb != 0 {
		return sign(ea - eb)
	}
	for a != "" || b != "" {
		var x, y string
		x, a = chunk(a)
		y, b = chunk(b)
		if c := compareChunks(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// chunk takes a run of digits or of letters from the beginning, and the separators
// before it away.
func chunk(s string) (first, rest string) {
	s = strings.TrimLeft(s, ".-+_ ")
	n := 0
	for n < len(s) && digit(s[n]) == digit(s[0]) && !strings.ContainsRune(".-+_ ", rune(s[n])) {
		n++
	}
	return s[:n], s[n:]
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func compareChunks(x, y string) int {
	if x != "" && y != "" && digit(x[0]) && digit(y[0]) {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return sign(int64(len(x) - len(y)))
		}
		return strings.Compare(x, y)
	}
	// 24.2 and 24.2.0 are one version; 24.2rc1 is before 24.2.
	switch {
	case x == y: // nothing, or the same letters
		return 0
	case x == "":
		return -weight(y)
	case y == "":
		return weight(x)
	case digit(x[0]) != digit(y[0]):
		if digit(x[0]) {
			return 1
		}
		return -1
	}
	return strings.Compare(x, y)
}

// weight tells whether a version with this at its end is after (1), before (-1) or the
// same (0) as the version without.
func weight(s string) int {
	switch {
	case !digit(s[0]):
		return -1
	case strings.Trim(s, "0") == "":
		return 0
	default:
		return 1
	}
}

func sign(n int64) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	default:
		return 0
	}
}
