// Package conf reads the small text formats in which Linux programs keep their
// settings: INI files in the manner of KDE, GDM, LightDM and SDDM, "key =
// value" lines in the manner of pam_pwquality and faillock, and X resources in
// the manner of xscreensaver.
//
// It is as lenient as the programs whose files it reads, because what they
// pass over has no effect on the machine either: a line that makes no sense is
// skipped, never an error. The only errors are about size. It expands no
// variable, follows no include and imports nothing of ours.
package conf

import (
	"bytes"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Limits of a file.
const (
	MaxSize  = 4 << 20 // bytes
	MaxLines = 100_000
)

// ErrTooLarge is the error of a file over the limits.
var ErrTooLarge = errors.New("settings file is larger than this reader accepts")

// INI is a file of groups. Names are as written; KConfig's markers are not
// part of them.
type INI struct {
	groups map[string]*group
}

type group struct {
	values map[string]entry
	fixed  bool
}

type entry struct {
	value string
	fixed bool
}

// ParseINI reads groups in brackets with key=value lines. Of a key that stands
// twice in a group the last one counts; a group may be continued further down.
// Comments begin with # or ;. Nested groups of KConfig, [a][b], are named
// "a/b". The marker [$i] after a group, a key or alone on the first lines
// makes what it marks immutable to later files (KDE system administration,
// "Kiosk").
func ParseINI(b []byte) (*INI, error) {
	if err := check(b); err != nil {
		return nil, err
	}
	f := &INI{groups: map[string]*group{}}
	current, everything := f.group(""), false
	for line := range lines(b) {
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line == "[$i]":
			everything = true
		case line[0] == '[':
			name, fixed := groupName(line)
			current = f.group(name)
			current.fixed = current.fixed || fixed || everything
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok {
				continue
			}
			key = strings.TrimSpace(key)
			bare, fixed := strings.CutSuffix(key, "[$i]")
			current.values[strings.TrimSpace(bare)] = entry{strings.TrimSpace(value), fixed}
		}
	}
	return f, nil
}

func (f *INI) group(name string) *group {
	g := f.groups[name]
	if g == nil {
		g = &group{values: map[string]entry{}}
		f.groups[name] = g
	}
	return g
}

// groupName reads "[a]", "[a][b]" and "[a][$i]".
func groupName(line string) (name string, fixed bool) {
	var parts []string
	for {
		rest, ok := strings.CutPrefix(line, "[")
		if !ok {
			break
		}
		part, after, ok := strings.Cut(rest, "]")
		if !ok {
			break
		}
		if part == "$i" {
			fixed = true
		} else {
			parts = append(parts, part)
		}
		line = after
	}
	return strings.Join(parts, "/"), fixed
}

// Get returns the value of a key in a group; "" names the lines before the
// first group.
func (f *INI) Get(groupName, key string) (string, bool) {
	g := f.groups[groupName]
	if g == nil {
		return "", false
	}
	e, ok := g.values[key]
	return e.value, ok
}

// Fixed tells whether the file makes a key immutable for files that are read
// after it, with or without giving it a value.
func (f *INI) Fixed(groupName, key string) bool {
	g := f.groups[groupName]
	return g != nil && (g.fixed || g.values[key].fixed)
}

// Groups lists the groups of the file, sorted.
func (f *INI) Groups() []string {
	names := slices.Sorted(maps.Keys(f.groups))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" && len(f.groups[""].values) == 0 })
}

// KeyValue is a file of "key = value" lines and bare flag words.
type KeyValue struct {
	values map[string]string
}

// ParseKeyValue reads the format of pwquality.conf(5) and faillock.conf(5): a
// key, then = or white space, then a value; a key alone is a flag with an
// empty value; # begins a comment; the last line of a key counts.
func ParseKeyValue(b []byte) (*KeyValue, error) {
	if err := check(b); err != nil {
		return nil, err
	}
	f := &KeyValue{values: map[string]string{}}
	for line := range lines(b) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		end := strings.IndexAny(line, "= \t")
		if line == "" || end == 0 {
			continue
		}
		if end < 0 {
			f.values[line] = ""
			continue
		}
		value := strings.TrimSpace(line[end:])
		f.values[line[:end]] = strings.TrimSpace(strings.TrimPrefix(value, "="))
	}
	return f, nil
}

// Get returns the value of a key, empty for a flag.
func (f *KeyValue) Get(key string) (string, bool) {
	v, ok := f.values[key]
	return v, ok
}

// Keys lists the keys, sorted.
func (f *KeyValue) Keys() []string { return slices.Sorted(maps.Keys(f.values)) }

// Resources is a file of X resources.
type Resources struct {
	values map[string]string
}

// ParseResources reads "name: value" lines as XrmGetFileDatabase does where it
// matters here: ! begins a comment, a backslash at the end continues a line.
// Names in an application's defaults file begin with a binding ("*timeout:"),
// those in a user's ~/.xscreensaver do not; both are returned without it.
func ParseResources(b []byte) (*Resources, error) {
	if err := check(b); err != nil {
		return nil, err
	}
	f := &Resources{values: map[string]string{}}
	whole := ""
	for line := range lines(b) {
		if part, more := strings.CutSuffix(line, `\`); more {
			whole += part
			continue
		}
		line, whole = whole+line, ""
		name, value, ok := strings.Cut(line, ":")
		if !ok || line[0] == '!' {
			continue
		}
		name = strings.TrimSpace(name)
		name = name[strings.LastIndexAny(name, "*.")+1:]
		if name != "" {
			f.values[name] = strings.TrimSpace(value)
		}
	}
	return f, nil
}

// Get returns the value of a resource.
func (f *Resources) Get(name string) (string, bool) {
	v, ok := f.values[name]
	return v, ok
}

func check(b []byte) error {
	if len(b) > MaxSize || bytes.Count(b, []byte{'\n'}) > MaxLines {
		return ErrTooLarge
	}
	return nil
}

// lines yields each line without the white space around it.
func lines(b []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for raw := range bytes.Lines(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))) {
			if !yield(strings.TrimSpace(string(raw))) {
				return
			}
		}
	}
}
