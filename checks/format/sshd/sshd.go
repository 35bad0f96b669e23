// Package sshd reads sshd_config(5): what the OpenSSH server demands of those who come
// in.
//
// As the server does, it takes the first value of a keyword and follows Include. What
// stands in a Match block holds under a condition only, and is kept apart: whether the
// condition is met cannot be known beforehand. It imports nothing of ours.
package sshd

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Limits of a set of files.
const (
	MaxSize = 1 << 20 // bytes of one file

	maxFiles  = 200
	maxDepth  = 16 // as in OpenSSH
	maxValues = 20_000
)

// ErrTooLarge is wrapped by the error of files over the limits.
var ErrTooLarge = errors.New("sshd_config is larger than this reader accepts")

// Files is how the package reads: a file's content, and the names in a folder. What does
// not exist is fs.ErrNotExist.
type Files interface {
	Read(name string) ([]byte, error)
	List(dir string) ([]string, error)
}

// Value is what one line sets.
type Value struct {
	Text string // the arguments, with one blank between
	// Match is the condition under which it holds, empty for always.
	Match string
	File  string
	Line  int
}

// Config is what the files say together.
type Config struct {
	values map[string][]Value // by keyword in small letters, in order
	// Unread lists patterns of Include that cannot be followed here.
	Unread []string
}

// Get returns the value of a keyword that holds where no Match does; ok is false where
// the server's own default does.
func (c *Config) Get(keyword string) (Value, bool) {
	for _, v := range c.values[strings.ToLower(keyword)] {
		if v.Match == "" {
			return v, true
		}
	}
	return Value{}, false
}

// Conditional returns the values that Match blocks give to a keyword.
func (c *Config) Conditional(keyword string) []Value {
	var out []Value
	for _, v := range c.values[strings.ToLower(keyword)] {
		if v.Match != "" {
			out = append(out, v)
		}
	}
	return out
}

// All returns every value of a keyword, in order: of some, such as Subsystem, more than the
// first count.
func (c *Config) All(keyword string) []Value {
	return slices.Clone(c.values[strings.ToLower(keyword)])
}

// Applies tells whether the condition of a value may hold for an account and its groups,
// and whether it holds for certain: where somebody comes from is not known beforehand.
func (v Value) Applies(user string, groups []string) (may, certain bool) {
	certain = true
	words := strings.Fields(v.Match)
	for i := 0; i < len(words); i++ {
		criterion, list, joined := strings.Cut(words[i], "=")
		switch strings.ToLower(criterion) {
		case "all":
			continue
		case "invalid-user":
			return false, false
		}
		if !joined {
			if i++; i == len(words) {
				return true, false // sshd refuses such a line
			}
			list = words[i]
		}
		switch strings.ToLower(criterion) {
		case "user":
			if !among(list, user) {
				return false, false
			}
		case "group":
			if !among(list, groups...) {
				return false, false
			}
		default:
			certain = false
		}
	}
	return true, certain
}

// among tells whether a list of patterns, of which some may be negated, has one of the
// names: one that a negated pattern has takes it back.
func among(list string, names ...string) bool {
	found := false
	for pattern := range strings.SplitSeq(list, ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		// These patterns know * and ? only.
		pattern = strings.NewReplacer(`\`, `\\`, `[`, `\[`).Replace(pattern)
		if !slices.ContainsFunc(names, func(n string) bool { ok, _ := path.Match(pattern, n); return ok }) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// Load reads name and what it includes. An error of reading ends it, because what the
// server does is then not known; a file that an Include names and that is not there is
// passed over, as by the server.
func Load(name string, files Files) (*Config, error) {
	l := &loader{files: files, dir: path.Dir(name), config: &Config{values: map[string][]Value{}}}
	if err := l.file(name, "", 0); err != nil {
		return nil, err
	}
	return l.config, nil
}

type loader struct {
	files  Files
	dir    string // of the main file
	read   int
	values int
	config *Config
}

// file reads one file under a condition. A Match in it ends with it.
func (l *loader) file(name, match string, depth int) error {
	if l.read++; l.read > maxFiles || depth > maxDepth {
		return fmt.Errorf("includes: %w", ErrTooLarge)
	}
	b, err := l.files.Read(name)
	if err != nil {
		if depth > 0 && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("sshd_config: %w", err)
	}
	if len(b) > MaxSize {
		return ErrTooLarge
	}
	outer, n := match, 0
	for line := range strings.Lines(string(b)) {
		n++
		words := split(line)
		if len(words) == 0 {
			continue
		}
		keyword, args := strings.ToLower(words[0]), words[1:]
		switch keyword {
		case "match":
			match = condition(outer, args)
		case "include":
			for _, pattern := range args {
				if err := l.include(pattern, match, depth); err != nil {
					return err
				}
			}
		default:
			if l.values++; l.values > maxValues {
				return ErrTooLarge
			}
			v := Value{Text: strings.Join(args, " "), Match: match, File: name, Line: n}
			l.config.values[keyword] = append(l.config.values[keyword], v)
		}
	}
	return nil
}

// condition is that of a Match line inside another: both must hold. "all" always does.
func condition(outer string, args []string) string {
	if len(args) == 1 && strings.EqualFold(args[0], "all") {
		return outer
	}
	return strings.TrimSpace(outer + " " + strings.Join(args, " "))
}

// include follows a pattern, relative to the folder of the main file.
func (l *loader) include(pattern, match string, depth int) error {
	pattern = strings.TrimPrefix(pattern, "__PROGRAMDATA__/ssh/") // as OpenSSH for Windows writes it
	if !path.IsAbs(pattern) {
		pattern = path.Join(l.dir, pattern)
	}
	dir, last := path.Split(pattern)
	switch {
	case strings.ContainsAny(dir, "*?["):
		l.config.Unread = append(l.config.Unread, pattern)
		return nil
	case !strings.ContainsAny(last, "*?["):
		return l.file(pattern, match, depth+1)
	}
	names, err := l.files.List(path.Clean(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("folder of sshd_config: %w", err)
	}
	if _, err := path.Match(last, ""); err != nil { // the server's patterns are not quite ours
		l.config.Unread = append(l.config.Unread, pattern)
		return nil //nolint:nilerr // it is told in Unread
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		if ok, _ := path.Match(last, name); ok && (name[0] != '.' || last[0] == '.') { // as glob(3) does
			if err := l.file(path.Join(dir, name), match, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// split cuts a line into its words: keyword and arguments, with an equals sign or blanks
// between them; quotes keep blanks, and # begins a comment.
func split(line string) []string {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return nil
	}
	var words []string
	var word strings.Builder
	quote, some := byte(0), false
	end := func() {
		if some {
			words = append(words, word.String())
		}
		word.Reset()
		some = false
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, some = c, true
		case c == '#' && !some:
			return words
		case c == ' ' || c == '\t' || c == '=' && len(words) == 0:
			end()
		case c == '=' && len(words) == 1 && !some: // "key = value"
		default:
			word.WriteByte(c)
			some = true
		}
	}
	end()
	return words
}
