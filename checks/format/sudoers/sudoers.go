// Package sudoers reads sudoers(5) as far as it takes to tell who may act as
// an administrator, and who may do so without giving a password.
//
// It does not decide whether sudo would run a given command on a given host: the
// hosts and commands of a rule are told beside it, and what an exclusion in a list takes
// back is passed over (but for ALL and the very same words), so what it reports is what a
// rule grants somewhere, never less. A line that cannot be
// understood is reported as such, because sudo does not work with it as it
// stands either. It imports nothing of ours.
package sudoers

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Limits of a set of files.
const (
	MaxSize = 1 << 20 // bytes of one file

	maxFiles  = 1000
	maxDepth  = 32 // nested includes; sudo allows 128
	maxGrants = 20_000
	maxBroken = 1000    // places that Rules.Broken lists
	maxSteps  = 200_000 // aliases and members looked at

	maxCommands = 5000 // of one rule
)

// ErrTooLarge is wrapped by the error of files over the limits.
var ErrTooLarge = errors.New("sudoers is larger than this reader accepts")

// Grant is what one rule gives to one name.
type Grant struct {
	// Who is a user, "%group", "#uid", "%#gid", "+netgroup", "%:group" of another
	// source, or "ALL"; aliases are resolved. A negated name ("!user") is left out:
	// it gives nothing.
	Who string
	// All tells that every command is granted as root (or as anybody). Every
	// command as another user only, say (www-data), is not All.
	All bool
	// NoPassword tells that some of the commands need no password, by the rule or
	// by the Defaults (for Who itself; see Rules.Exempt).
	NoPassword bool
	// Commands are those granted as root (or as anybody), but for ALL; aliases are
	// resolved. One that the same words exclude later is left out.
	Commands []Command
	// Groups lists the groups that the rule lets take for every command, by name,
	// "#gid" or "ALL".
	Groups []string
	// Hosts lists where the rule holds: names, addresses, networks, "+netgroup" or
	// "ALL"; aliases are resolved and exclusions left out. It is empty where it is not
	// known, so that the rule may hold anywhere.
	Hosts []string
	File  string
	Line  int
}

// Command is what a rule lets run.
type Command struct {
	// Path is a program, a folder with a slash at its end for all that is in it, a
	// pattern of fnmatch(3), a regular expression from ^ to $, or "sudoedit" or "list".
	Path string
	// Args are the arguments that it must get, as written: a pattern or a regular
	// expression too. With AnyArgs it may get any; without both it gets none.
	Args    string
	AnyArgs bool
	// NoExec: it can start no other program. SetEnv: its caller may set its
	// environment, or what loads code in it (by Defaults of anybody, too).
	NoExec, SetEnv bool
}

// Rules is what the files say.
type Rules struct {
	Grants []Grant
	// Exempt lists for whom Defaults switch passwords off (!authenticate,
	// exempt_group), as in Grant.Who: whoever is one of them, by being in a group
	// too, needs none for whatever any rule grants. Defaults of a host, of a
	// command or of the user to become are counted as for ALL.
	Exempt []string
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
	l := &loader{files: files, aliases: map[aliasKey][]member{}, commands: map[string][]command{}}
	if err := l.file(name, 0); err != nil {
		return Rules{}, err
	}
	return l.resolve()
}

// An aliasKey names an alias of users, of users to become or of hosts. Those of
// commands are apart.
type aliasKey struct{ kind, name string }

const (
	userAlias  = "User_Alias"
	runasAlias = "Runas_Alias"
	hostAlias  = "Host_Alias"
)

// loader gathers the lines of all files before it resolves them: an alias may
// be defined after its use.
type loader struct {
	files    Files
	read     int
	aliases  map[aliasKey][]member
	commands map[string][]command
	specs    []spec
	defaults []defaults
	broken   []string
	steps    int
	// noHosts: an alias of hosts was not understood, so that none can be resolved.
	noHosts bool
}

func (l *loader) file(name string, depth int) error {
	if l.read++; l.read > maxFiles || depth > maxDepth {
		return fmt.Errorf("includes: %w", ErrTooLarge)
	}
	b, err := l.files.Read(name)
	if err != nil {
		return fmt.Errorf("sudoers file: %w", err)
	}
	if len(b) > MaxSize {
		return fmt.Errorf("sudoers file: %w", ErrTooLarge)
	}
	for n, text := range logicalLines(string(b)) {
		if dir, target, ok := include(text); ok {
			switch target = resolvePath(name, target); {
			case strings.Contains(target, "%h"):
				l.fault(name, n) // the host's name, which is not known here
			case dir:
				err = l.dir(target, depth+1)
			default:
				err = l.file(target, depth+1)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err := l.line(text, name, n); err != nil {
			if !errors.Is(err, errSyntax) {
				return err
			}
			l.fault(name, n)
		}
	}
	return nil
}

func (l *loader) fault(file string, line int) {
	if len(l.broken) < maxBroken {
		l.broken = append(l.broken, fmt.Sprintf("%s:%d", file, line))
	}
}

// include reads "@include path", "@includedir path" and the same with a #.
func include(text string) (dir bool, target string, ok bool) {
	if text == "" || text[0] != '@' && text[0] != '#' {
		return false, "", false
	}
	rest, ok := strings.CutPrefix(text[1:], "include")
	if !ok {
		return false, "", false
	}
	rest, dir = strings.CutPrefix(rest, "dir")
	if rest == "" || !isBlank(rest[0]) {
		return false, "", false
	}
	s := scanner{text: rest}
	target, _ = s.word("")
	return dir, target, true
}

func resolvePath(from, name string) string {
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
	for _, n := range slices.Sorted(slices.Values(names)) {
		if strings.Contains(n, ".") || strings.HasSuffix(n, "~") {
			continue
		}
		if err := l.file(name+"/"+n, depth); err != nil {
			return err
		}
	}
	return nil
}

// line reads one logical line that is no include.
func (l *loader) line(text, file string, n int) error {
	s := &scanner{text: text}
	if rest, ok := strings.CutPrefix(text, "Defaults"); ok && rest != "" && strings.IndexByte(" \t:@>!", rest[0]) >= 0 {
		d, err := parseDefaults(&scanner{text: rest})
		l.defaults = append(l.defaults, d)
		return err
	}
	kind, _ := s.word("")
	switch kind {
	case userAlias, runasAlias:
		return l.alias(kind, s)
	case "Cmnd_Alias", "Cmd_Alias":
		return l.commandAlias(s)
	case hostAlias:
		// Nothing is granted by it, so sudo's own idea of an address may stay unread.
		if err := l.alias(kind, s); err != nil {
			l.noHosts = true
		}
		return nil
	}
	s.at = 0
	specs, err := parseSpec(s)
	if err != nil {
		return err
	}
	for _, sp := range specs {
		sp.file, sp.line = file, n
		l.specs = append(l.specs, sp)
	}
	return nil
}

// alias reads "NAME = a, b : OTHER = c". It is an error to define a name twice,
// and the first definition stays.
func (l *loader) alias(kind string, s *scanner) error {
	for {
		name, err := s.assigned()
		if err != nil {
			return err
		}
		members, err := s.members(":")
		if err != nil {
			return err
		}
		key := aliasKey{kind, name}
		if _, twice := l.aliases[key]; twice {
			return errSyntax
		}
		l.aliases[key] = members
		if s.end() {
			return nil
		}
		if !s.take(':') {
			return errSyntax
		}
	}
}

func (l *loader) commandAlias(s *scanner) error {
	for {
		name, err := s.assigned()
		if err != nil {
			return err
		}
		var commands []command
		for {
			c, err := s.command()
			if err != nil {
				return err
			}
			if commands = append(commands, c); !s.take(',') {
				break
			}
		}
		if _, twice := l.commands[name]; twice {
			return errSyntax
		}
		l.commands[name] = commands
		if s.end() {
			return nil
		}
		if !s.take(':') {
			return errSyntax
		}
	}
}
