// Package pam reads Linux-PAM configuration, the files of /etc/pam.d or the single
// /etc/pam.conf, as pam.conf(5) describes them, with Debian's @include line too. A
// service's files become one ordered list of rules per type, with every include
// in its place; on it a check can look for a module and its arguments, and ask
// whether the stack would let somebody pass that the module refuses (Requires),
// which a module's mere presence does not answer.
//
// It loads no module and knows nothing of what modules do but that pam_deny
// refuses. Where libpam would install a rule that refuses without calling anything
// (for a line that it cannot make sense of, an include that does not exist or
// nests too deep) there is a rule with Broken set, so that a broken file never
// looks like a lenient one.
package pam

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Limits on input.
const (
	MaxSize  = 1 << 20 // bytes of one file
	MaxRules = 10_000  // rules of one stack, includes expanded
	MaxReads = 1_000   // files read for one stack, counting repetitions
	MaxDepth = 16      // nested includes, libpam's own limit
)

// ErrTooLarge is wrapped by the error for configuration beyond the limits.
var ErrTooLarge = errors.New("configuration is larger than the reader's limit")

// A Type is what a rule is asked for.
type Type string

// The types of pam.conf(5).
const (
	Auth     Type = "auth"
	Account  Type = "account"
	Password Type = "password"
	Session  Type = "session"
)

// types lists them in a fixed order.
func types() []Type { return []Type{Auth, Account, Password, Session} }

// A Rule is one line of a stack after its includes are expanded.
type Rule struct {
	Type    Type
	Quiet   bool    // "-" before the type: a module that is not installed is not logged
	Control Control //
	Module  string  // as written: a name or a path; empty for a Substack or a Broken rule
	Args    []string

	File string // the name the file was asked for by
	Line int    // 1-based, where the rule begins

	// Level is how many substacks the rule is in. Substack names the substack
	// whose rules, one level deeper, come next; such a rule calls no module.
	Level    int
	Substack string

	// Broken says why libpam would take this rule as refused (perm_denied) without
	// calling a module; empty for others.
	Broken string
}

// Is reports whether the rule calls a module, by its name without folder and
// ".so": pam_unix.
func (r Rule) Is(module string) bool {
	return r.Module != "" && strings.TrimSuffix(path.Base(r.Module), ".so") == module
}

// Arg returns the value of an argument written name=value, or "" for one written
// as the bare name. Modules read their arguments in order, so the last one counts.
func (r Rule) Arg(name string) (value string, ok bool) {
	for _, a := range r.Args {
		k, v, _ := strings.Cut(a, "=")
		if k == name {
			value, ok = v, true
		}
	}
	return value, ok
}

// A Stack holds the rules of one service.
type Stack struct {
	Service string
	rules   []Rule // the service's own
	other   []Rule // those of the service "other", which stands in
}

// Rules returns the rules of one type in the order in which libpam meets them. If
// the service has none of the type, they are those of the service "other"; if
// that has none either, libpam refuses whatever is asked.
func (s *Stack) Rules(t Type) []Rule {
	if own := ofType(s.rules, t); len(own) > 0 {
		return own
	}
	return ofType(s.other, t)
}

func ofType(rules []Rule, t Type) []Rule {
	var out []Rule
	for _, r := range rules {
		if r.Type == t {
			out = append(out, r)
		}
	}
	return out
}

// Find returns the rules of one type that call a module (see Rule.Is), in order.
func (s *Stack) Find(t Type, module string) []Rule {
	var out []Rule
	for _, r := range s.Rules(t) {
		if r.Is(module) {
			out = append(out, r)
		}
	}
	return out
}

// Broken returns every rule that libpam could not make sense of, of all types.
func (s *Stack) Broken() []Rule {
	var out []Rule
	for _, t := range types() {
		for _, r := range s.Rules(t) {
			if r.Broken != "" {
				out = append(out, r)
			}
		}
	}
	return out
}

// otherService is the service that stands in for what a service lacks.
const otherService = "other"

// Load reads the stack of a service from files in the style of /etc/pam.d. read
// returns the file of a name: a service, or what an include names, which may be an
// absolute path. libpam looks for names in /etc/pam.d and then /usr/lib/pam.d. If
// there is no such file the error must wrap fs.ErrNotExist; any other error of
// read ends Load, as what the stack holds is then not known. A service that has no
// file gets the rules of "other".
func Load(service string, read func(name string) ([]byte, error)) (*Stack, error) {
	service = strings.ToLower(service)
	l := loader{read: read}
	own, err := l.service(service)
	if err != nil {
		return nil, fmt.Errorf("pam service %s: %w", service, err)
	}
	other, err := l.service(otherService)
	if err != nil {
		return nil, fmt.Errorf("pam service %s: %w", otherService, err)
	}
	return &Stack{Service: service, rules: own, other: other}, nil
}

// LoadConf reads the stack of a service from the content of /etc/pam.conf, which
// libpam reads only where neither /etc/pam.d nor /usr/lib/pam.d exists. Includes
// are read as in Load.
func LoadConf(conf []byte, service string, read func(name string) ([]byte, error)) (*Stack, error) {
	service = strings.ToLower(service)
	s := &Stack{Service: service}
	for name, dst := range map[string]*[]Rule{service: &s.rules, otherService: &s.other} {
		l := loader{read: read}
		if err := l.file("pam.conf", conf, scope{service: name, conf: true}); err != nil {
			return nil, fmt.Errorf("pam.conf: service %s: %w", name, err)
		}
		*dst = l.rules
	}
	return s, nil
}

// A loader expands the files of one service.
type loader struct {
	read  func(name string) ([]byte, error)
	rules []Rule
	reads int
}

// scope is what a file is being read for.
type scope struct {
	service string
	conf    bool // lines begin with a service name
	only    Type // lines of other types are passed over; empty for all
	depth   int  // includes around this file
	level   int  // substacks around this file
}

// service returns the rules of one service of /etc/pam.d, none if it has no file.
func (l *loader) service(name string) ([]Rule, error) {
	l.rules = nil
	b, err := l.read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	err = l.file(name, b, scope{service: name})
	return l.rules, err
}

func (l *loader) file(name string, b []byte, in scope) error {
	if len(b) > MaxSize {
		return fmt.Errorf("%s: %w", name, ErrTooLarge)
	}
	if l.reads++; l.reads > MaxReads {
		return fmt.Errorf("%s: %w", name, ErrTooLarge)
	}
	for n, line := range logicalLines(b) {
		if err := l.line(Rule{File: name, Line: n, Level: in.level}, tokens{line}, in); err != nil {
			return err
		}
		if len(l.rules) > MaxRules {
			return fmt.Errorf("%s: %w", name, ErrTooLarge)
		}
	}
	return nil
}

// line reads one logical line into r and adds what it amounts to.
func (l *loader) line(r Rule, toks tokens, in scope) error {
	if in.conf {
		service, _ := toks.next()
		if !strings.EqualFold(service, in.service) {
			return nil
		}
	}
	typ, ok := toks.next()
	if typ == "@include" {
		target, ok := toks.next()
		if !ok {
			l.addBroken(r, in, "include names no file")
			return nil
		}
		return l.include(r, target, in)
	}
	if ok && strings.HasPrefix(typ, "-") {
		r.Quiet, typ = true, typ[1:]
	}
	switch r.Type = Type(strings.ToLower(typ)); r.Type {
	case Auth, Account, Password, Session:
	default:
		// libpam takes it as a rule of the most sensitive type.
		if r.Type, r.Broken = in.only, "unknown type"; r.Type == "" {
			r.Type = Auth
		}
	}
	if in.only != "" && r.Type != in.only {
		return nil
	}
	control, ok := toks.next()
	if !ok {
		l.addBroken(r, in, "no control")
		return nil
	}
	module, hasModule := toks.next()
	if substack := strings.EqualFold(control, "substack"); substack || strings.EqualFold(control, "include") {
		in.only = r.Type
		if !hasModule {
			l.addBroken(r, in, "include names no file")
			return nil
		}
		if substack {
			mark := r
			mark.Substack = module
			l.rules = append(l.rules, mark)
			in.level++
		}
		return l.include(r, module, in)
	}
	r.Control = parseControl(control)
	if hasModule {
		r.Module, r.Args = module, toks.rest()
	} else {
		r.Broken = "no module"
	}
	l.rules = append(l.rules, r)
	return nil
}

// include expands the file called target in place of rule r.
func (l *loader) include(r Rule, target string, in scope) error {
	in.conf = false
	if in.depth++; in.depth >= MaxDepth {
		l.addBroken(r, in, "includes nest too deep")
		return nil
	}
	b, err := l.read(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.addBroken(r, in, "included file does not exist")
		return nil
	case err != nil:
		return fmt.Errorf("%s line %d: include: %w", r.File, r.Line, err)
	}
	return l.file(target, b, in)
}

// addBroken adds a rule that always fails, of each type that the line stood for.
func (l *loader) addBroken(r Rule, in scope, why string) {
	r.Broken, r.Control = why, Control{otherwise: DoBad}
	if r.Type != "" {
		in.only = r.Type
	}
	for _, t := range types() {
		if in.only == "" || in.only == t {
			r.Type = t
			l.rules = append(l.rules, r)
		}
	}
}
