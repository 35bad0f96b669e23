// Package smbconf reads smb.conf(5), the configuration of Samba, as far as it takes to
// tell who may enter which share.
//
// Names of sections and parameters are compared as Samba does: without letter case and
// without blanks. Files that are included are asked for by name; what cannot be known
// without the running server (a name with a variable in it, the configuration in its own
// registry) is reported as such, because a share may be defined there. It imports nothing
// of ours.
package smbconf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Limits of a set of files.
const (
	MaxSize = 1 << 20 // bytes of one file

	maxFiles    = 100
	maxDepth    = 10
	maxSections = 10_000
	maxUnknown  = 100
)

// ErrTooLarge is wrapped by the error of files over the limits.
var ErrTooLarge = errors.New("smb.conf is larger than this reader accepts")

// Config is what the files say together.
type Config struct {
	// Sections are in the order of their first line; [global] is "global".
	Sections []Section
	// Unknown lists what may define more and cannot be read here: "registry", or the
	// name of a file as it is written.
	Unknown []string

	byName map[string]int // the place of a section in Sections
}

// Section is one share, or what holds for all.
type Section struct {
	Name   string // as written
	values map[string]string
}

// Load reads name and what it includes. read answers fs.ErrNotExist for a file that is
// not there, which Samba passes over; any other error ends it.
func Load(name string, read func(name string) ([]byte, error)) (*Config, error) {
	l := &loader{read: read, config: &Config{byName: map[string]int{}}}
	if err := l.file(name, 0); err != nil {
		return nil, err
	}
	return l.config, nil
}

// Section finds a section by name.
func (c *Config) Section(name string) (Section, bool) {
	i, ok := c.byName[key(name)]
	if !ok {
		return Section{}, false
	}
	return c.Sections[i], true
}

// Get returns a parameter of the section alone, by the name that Samba writes first in
// its manual: "guest ok", not "public".
func (s Section) Get(name string) (string, bool) {
	v, ok := s.values[key(name)]
	return v, ok
}

// Bool returns a parameter that is yes or no; of one that is neither, or is not there,
// otherwise.
func (s Section) Bool(name string, otherwise bool) bool {
	v, ok := s.Get(name)
	if !ok {
		return otherwise
	}
	switch strings.ToLower(v) {
	case "yes", "true", "1", "on":
		return true
	case "no", "false", "0", "off":
		return false
	}
	return otherwise
}

// Effective returns a parameter of a share: its own, or what [global] gives to all.
func (c *Config) Effective(s Section, name string) (string, bool) {
	if v, ok := s.Get(name); ok {
		return v, true
	}
	if g, ok := c.Section("global"); ok {
		return g.Get(name)
	}
	return "", false
}

// EffectiveBool is Effective for yes and no.
func (c *Config) EffectiveBool(s Section, name string, otherwise bool) bool {
	if g, ok := c.Section("global"); ok {
		otherwise = g.Bool(name, otherwise)
	}
	return s.Bool(name, otherwise)
}

// key brings a name to one spelling.
func key(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), ""))
}

// synonyms are the other names of parameters, and those that mean the contrary.
func synonyms(k string) (name string, inverted bool) {
	switch k {
	case "public":
		return "guestok", false
	case "onlyguest":
		return "guestonly", false
	case "writable", "writeable", "writeok":
		return "readonly", true
	case "directory":
		return "path", false
	case "minprotocol":
		return "serverminprotocol", false
	case "allowhosts":
		return "hostsallow", false
	case "user", "users":
		return "username", false
	}
	return k, false
}

type loader struct {
	read   func(string) ([]byte, error)
	files  int
	config *Config
	at     int // the section that lines belong to
}

func (l *loader) unknown(what string) {
	if len(l.config.Unknown) < maxUnknown {
		l.config.Unknown = append(l.config.Unknown, what)
	}
}

func (l *loader) file(name string, depth int) error {
	if l.files++; l.files > maxFiles || depth > maxDepth {
		return fmt.Errorf("includes: %w", ErrTooLarge)
	}
	b, err := l.read(name)
	if err != nil {
		if depth > 0 && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("smb.conf: %w", err)
	}
	if len(b) > MaxSize {
		return ErrTooLarge
	}
	if depth == 0 {
		if err := l.section("global"); err != nil {
			return err
		}
	}
	for _, line := range lines(b) {
		if err := l.line(line, depth); err != nil {
			return err
		}
	}
	return nil
}

// lines joins lines that end in a backslash and drops comments.
func lines(b []byte) []string {
	var out []string
	var joined string
	for raw := range strings.Lines(string(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))) {
		line := strings.TrimSpace(raw)
		if joined == "" && (line == "" || line[0] == '#' || line[0] == ';') {
			continue
		}
		if rest, more := strings.CutSuffix(line, `\`); more {
			joined += rest
			continue
		}
		out = append(out, joined+line)
		joined = ""
	}
	if joined != "" {
		out = append(out, joined)
	}
	return out
}

func (l *loader) section(name string) error {
	if i, ok := l.config.byName[key(name)]; ok {
		l.at = i
		return nil
	}
	if len(l.config.Sections) >= maxSections {
		return ErrTooLarge
	}
	l.config.Sections = append(l.config.Sections, Section{Name: name, values: map[string]string{}})
	l.at = len(l.config.Sections) - 1
	l.config.byName[key(name)] = l.at
	return nil
}

func (l *loader) line(line string, depth int) error {
	if inside, ok := strings.CutPrefix(line, "["); ok {
		name, _, closed := strings.Cut(inside, "]")
		if name = strings.TrimSpace(name); !closed || name == "" {
			return nil
		}
		return l.section(name)
	}
	name, value, ok := strings.Cut(line, "=")
	if !ok {
		return nil
	}
	value = strings.Trim(strings.TrimSpace(value), `"`)
	k, inverted := synonyms(key(name))
	if inverted {
		value = contrary(value)
	}
	s := l.config.Sections[l.at]
	switch k {
	case "include":
		switch {
		case strings.EqualFold(value, "registry"):
			l.unknown("registry")
		case strings.Contains(value, "%"):
			l.unknown(value)
		default:
			if err := l.file(value, depth+1); err != nil {
				return err
			}
		}
		return nil
	case "configbackend", "registryshares":
		if strings.EqualFold(value, "registry") || k == "registryshares" && (Section{values: map[string]string{k: value}}).Bool(k, false) {
			l.unknown("registry")
		}
	case "configfile":
		l.unknown(value)
	case "copy":
		l.copy(s, value)
		return nil
	}
	s.values[k] = value
	return nil
}

func contrary(value string) string {
	switch strings.ToLower(value) {
	case "yes", "true", "1", "on":
		return "no"
	case "no", "false", "0", "off":
		return "yes"
	}
	return value
}

// copy gives to a share what another says up to here and it does not say itself.
func (l *loader) copy(to Section, from string) {
	at, ok := l.config.byName[key(from)]
	if !ok {
		return
	}
	for k, v := range l.config.Sections[at].values {
		if _, own := to.values[k]; !own {
			to.values[k] = v
		}
	}
}
