// Package sudoers reads sudoers(5) as far as it takes to tell who may act as
// an administrator, and who may do so without giving a password.
//
// It does not decide whether sudo would run a given command on a given host:
// hosts and run-as lists are passed over, so what it reports is what a rule
// grants somewhere, never less. A line that cannot be understood is reported
// as such, because sudo refuses to work with it. It imports nothing of ours.
package sudoers

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Limits of a set of files.
const (
	MaxSize    = 1 << 20 // bytes of one file
	maxFiles   = 1000
	maxDepth   = 32 // nested includes; sudo allows 128
	maxAliases = 10_000
	maxGrants  = 100_000
)

// ErrTooLarge is the error of files over the limits.
var ErrTooLarge = errors.New("sudoers is larger than this reader accepts")

// Grant is what one rule gives to one name.
type Grant struct {
	// Who is a user, "%group", "#uid", "%#gid", "+netgroup" or "ALL"; aliases
	// are resolved. A negated name ("!user") is left out: it gives nothing.
	Who string
	// All tells that every command is granted.
	All bool
	// NoPassword tells that some of the commands need no password.
	NoPassword bool
	File       string
	Line       int
}

// Rules is what the files say.
type Rules struct {
	Grants []Grant
	// Broken lists places that could not be understood, as file:line.
	Broken []string
}

// Files is how the package reads: a file's content, and the names in a folder.
type Files interface {
	Read(name string) ([]byte, error)
	List(dir string) ([]string, error)
}

// Load reads name and what it includes. An error of reading ends it, because
// what the rules say is then not known.
func Load(name string, files Files) (Rules, error) {
	l := &loader{files: files, aliases: map[string][]string{}}
	if err := l.file(name, 0); err != nil {
		return Rules{}, err
	}
	return l.resolve(), nil
}

// loader gathers the lines of all files before it resolves them: an alias may
// be defined after its use.
type loader struct {
	files   Files
	read    int
	aliases map[string][]string // User_Alias by name
	specs   []spec
	// freely lists for whom "Defaults !authenticate" switches passwords off;
	// "ALL" for everybody.
	freely []string
	broken []string
}

type spec struct {
	who                 []string
	all, noPassword, ok bool
	file                string
	line                int
}

func (l *loader) file(name string, depth int) error {
	if l.read++; l.read > maxFiles || depth > maxDepth {
		return ErrTooLarge
	}
	b, err := l.files.Read(name)
	if err != nil {
		return fmt.Errorf("sudoers file: %w", err)
	}
	if len(b) > MaxSize {
		return ErrTooLarge
	}
	whole, first, n := "", 0, 0
	for raw := range bytes.Lines(b) {
		n++
		line := strings.TrimRight(string(raw), "\r\n")
		if whole == "" {
			first = n
		}
		if part, more := strings.CutSuffix(line, `\`); more {
			whole += part
			continue
		}
		whole += line
		if err := l.line(strings.TrimSpace(whole), name, first, depth); err != nil {
			return err
		}
		whole = ""
	}
	return l.line(strings.TrimSpace(whole), name, first, depth)
}

func (l *loader) line(text, file string, n, depth int) error {
	if len(l.specs) > maxGrants || len(l.aliases) > maxAliases {
		return ErrTooLarge
	}
	word, rest, _ := strings.Cut(text, " ")
	if w, r, ok := strings.Cut(text, "\t"); ok && len(w) < len(word) {
		word, rest = w, r
	}
	rest = strings.TrimSpace(rest)
	switch {
	case text == "":
		return nil
	case word == "@include" || word == "#include":
		return l.file(resolve(file, rest), depth+1)
	case word == "@includedir" || word == "#includedir":
		return l.dir(resolve(file, rest), depth+1)
	case text[0] == '#' && (len(text) == 1 || text[1] < '0' || text[1] > '9'):
		return nil
	case strings.HasPrefix(word, "Defaults"):
		l.defaults(word, uncomment(rest))
		return nil
	case word == "User_Alias":
		l.alias(uncomment(rest), file, n)
		return nil
	case word == "Host_Alias", word == "Cmnd_Alias", word == "Cmd_Alias", word == "Runas_Alias":
		return nil
	}
	s := parseSpec(uncomment(text))
	s.file, s.line = file, n
	if !s.ok {
		l.broken = append(l.broken, fmt.Sprintf("%s:%d", file, n))
		return nil
	}
	l.specs = append(l.specs, s)
	return nil
}

// uncomment cuts a comment at the end of a line; a # before a digit is a user
// number.
func uncomment(text string) string {
	for i := 0; i < len(text); i++ {
		if text[i] == '#' && (i == 0 || text[i-1] != '\\') && (i+1 == len(text) || text[i+1] < '0' || text[i+1] > '9') {
			return strings.TrimSpace(text[:i])
		}
	}
	return text
}

func resolve(from, name string) string {
	name = strings.Trim(name, `"`)
	if !path.IsAbs(name) {
		name = path.Join(path.Dir(from), name)
	}
	return name
}

// dir reads the files of a folder in the order of their names. As sudo does,
// it passes over names with a dot or that end in ~.
func (l *loader) dir(name string, depth int) error {
	names, err := l.files.List(name)
	if err != nil {
		return fmt.Errorf("sudoers folder: %w", err)
	}
	names = slices.Sorted(slices.Values(names))
	for _, n := range names {
		if strings.Contains(n, ".") || strings.HasSuffix(n, "~") {
			continue
		}
		if err := l.file(name+"/"+n, depth); err != nil {
			return err
		}
	}
	return nil
}

// defaults notes an option !authenticate: of all, or of "Defaults:user".
func (l *loader) defaults(word, rest string) {
	off := false
	for option := range strings.SplitSeq(rest, ",") {
		switch strings.TrimSpace(option) {
		case "!authenticate":
			off = true
		case "authenticate":
			off = false
		}
	}
	if !off {
		return
	}
	switch scope := strings.TrimPrefix(word, "Defaults"); {
	case scope == "":
		l.freely = append(l.freely, "ALL")
	case scope[0] == ':':
		l.freely = append(l.freely, split(scope[1:])...)
	default: // of a host, a run-as user or a command: it may hold for anybody
		l.freely = append(l.freely, "ALL")
	}
}

// alias reads "NAME = a, b : OTHER = c".
func (l *loader) alias(text, file string, n int) {
	for part := range strings.SplitSeq(text, ":") {
		name, list, ok := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			l.broken = append(l.broken, fmt.Sprintf("%s:%d", file, n))
			continue
		}
		l.aliases[name] = append(l.aliases[name], split(list)...)
	}
}

// parseSpec reads "users hosts = (runas) TAG: commands [: hosts = …]".
func parseSpec(text string) spec {
	left, right, ok := strings.Cut(text, "=")
	if !ok {
		return spec{}
	}
	who, _ := splitUsers(left)
	s := spec{who: who, ok: len(who) > 0}
	for part := range strings.SplitSeq(right, ",") {
		all, free := command(part)
		s.all = s.all || all
		s.noPassword = s.noPassword || free
	}
	return s
}

// command reads one command with its tags. Whether a PASSWD after it takes a
// NOPASSWD back does not matter: some command needs no password.
func command(text string) (all, free bool) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "(") {
		if i := strings.IndexByte(text, ')'); i >= 0 {
			text = strings.TrimSpace(text[i+1:])
		}
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == ':' }) {
		switch word {
		case "NOPASSWD":
			free = true
		case "ALL":
			all = true
		}
	}
	return all, free
}

// splitUsers separates the list of users from the list of hosts: a list goes
// on after a comma.
func splitUsers(text string) (users []string, hosts string) {
	fields := strings.Fields(strings.ReplaceAll(text, ",", " , "))
	i := 0
	for i < len(fields) {
		if fields[i] != "," {
			users = append(users, strings.Trim(fields[i], `"`))
		}
		i++
		if i < len(fields) && fields[i-1] != "," && fields[i] != "," {
			break
		}
	}
	return users, strings.Join(fields[i:], " ")
}

func split(list string) []string {
	var out []string
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.Trim(strings.TrimSpace(item), `"`); item != "" {
			out = append(out, item)
		}
	}
	return out
}

func (l *loader) resolve() Rules {
	rules := Rules{Broken: l.broken}
	var freely []string
	for _, name := range l.freely {
		freely = append(freely, l.names(name, 0)...)
	}
	for _, s := range l.specs {
		for _, name := range s.who {
			for _, who := range l.names(name, 0) {
				if len(rules.Grants) >= maxGrants {
					return rules
				}
				free := s.noPassword || slices.Contains(freely, who) || slices.Contains(freely, "ALL")
				rules.Grants = append(rules.Grants, Grant{Who: who, All: s.all, NoPassword: free, File: s.file, Line: s.line})
			}
		}
	}
	return rules
}

// names resolves an alias; a name that is none stands for itself.
func (l *loader) names(name string, depth int) []string {
	if strings.HasPrefix(name, "!") || depth > maxDepth {
		return nil
	}
	members, ok := l.aliases[name]
	if !ok {
		return []string{name}
	}
	var out []string
	for _, m := range members {
		if len(out) > maxAliases {
			break
		}
		out = append(out, l.names(m, depth+1)...)
	}
	return out
}
