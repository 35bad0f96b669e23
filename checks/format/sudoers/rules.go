package sudoers

import (
	"slices"
	"strings"
)

// A spec is what one rule grants on one list of hosts.
type spec struct {
	who      []member
	hosts    []member
	commands []command
	file     string
	line     int
}

// A command is one item of a list of commands.
type command struct {
	name    string // ALL, of an alias, or of a program
	negated bool
	// args are those that the program must get; with anyArgs it may get any.
	args    string
	anyArgs bool
	// runas lists the users to become and groups the groups to take; hasRunas is
	// false for sudo's default, root.
	runas, groups  []member
	hasRunas       bool
	free           bool // NOPASSWD
	noExec, setEnv bool // NOEXEC, SETENV
}

// parseSpec reads "users hosts = commands [: hosts = commands]…".
func parseSpec(s *scanner) ([]spec, error) {
	who, err := s.members("")
	if err != nil {
		return nil, err
	}
	var out []spec
	for {
		hosts, err := s.members("")
		if err != nil {
			return nil, err
		}
		if !s.take('=') {
			return nil, errSyntax
		}
		commands, err := s.commandSpecs()
		if err != nil {
			return nil, err
		}
		out = append(out, spec{who: who, hosts: hosts, commands: commands})
		if s.end() {
			return out, nil
		}
		if !s.take(':') {
			return nil, errSyntax
		}
	}
}

// commandSpecs reads "(runas) OPTION=value TAG: command, …". What stands before a
// command holds for those after it too, until it is said again.
func (s *scanner) commandSpecs() ([]command, error) {
	var (
		out  []command
		last command
	)
	for {
		if s.take('(') {
			runas, groups, err := s.runas()
			if err != nil {
				return nil, err
			}
			last.runas, last.groups, last.hasRunas = runas, groups, true
		}
		for s.option() {
		}
		for {
			tag, ok := s.keyword(':', "EXEC", "NOEXEC", "FOLLOW", "NOFOLLOW", "INTERCEPT", "NOINTERCEPT", "LOG_INPUT", "NOLOG_INPUT",
				"LOG_OUTPUT", "NOLOG_OUTPUT", "MAIL", "NOMAIL", "PASSWD", "NOPASSWD", "SETENV", "NOSETENV")
			if !ok {
				break
			}
			switch tag {
			case "NOPASSWD":
				last.free = true
			case "PASSWD":
				last.free = false
			case "NOEXEC", "EXEC":
				last.noExec = tag == "NOEXEC"
			case "SETENV", "NOSETENV":
				last.setEnv = tag == "SETENV"
			}
		}
		c, err := s.command()
		if err != nil {
			return nil, err
		}
		last.name, last.negated, last.args, last.anyArgs = c.name, c.negated, c.args, c.anyArgs
		if out = append(out, last); !s.take(',') {
			return out, nil
		}
	}
}

// option passes an option such as CWD=/tmp.
func (s *scanner) option() bool {
	if _, ok := s.keyword('=', "ROLE", "TYPE", "PRIVS", "LIMITPRIVS", "APPARMOR_PROFILE", "NOTBEFORE", "NOTAFTER", "TIMEOUT", "CWD", "CHROOT"); !ok {
		return false
	}
	s.word(",")
	return true
}

// runas reads "users : groups)". It returns no users for "()", by which one becomes
// oneself.
func (s *scanner) runas() (users, groups []member, err error) {
	if !s.end() && s.text[s.at] != ':' && s.text[s.at] != ')' {
		if users, err = s.members(":"); err != nil {
			return nil, nil, err
		}
	}
	if s.take(':') && !s.end() && s.text[s.at] != ')' {
		if groups, err = s.members(":"); err != nil {
			return nil, nil, err
		}
	}
	if !s.take(')') {
		return nil, nil, errSyntax
	}
	return users, groups, nil
}

// command reads one command: digests of it, its name, its arguments.
func (s *scanner) command() (command, error) {
	c := command{negated: s.negated()}
	for s.digest() {
		if !s.take(',') {
			break
		}
	}
	if s.blanks(); s.at < len(s.text) && s.text[s.at] == '^' { // a regular expression for the name
		n := regexpEnd(s.text[s.at:])
		c.name = s.text[s.at : s.at+n+1]
		s.at += n + 1
		c.args, c.anyArgs = s.arguments()
		return c, nil
	}
	stop := ",:=!()"
	if s.at < len(s.text) && s.text[s.at] == '/' { // a path may hold the others
		stop = ",:"
	}
	name, plain := s.word(stop)
	c.name = name
	switch {
	case c.name == "" || s.at < len(s.text) && strings.IndexByte("!()=", s.text[s.at]) >= 0:
		return c, errSyntax
	case plain && isAlias(c.name):
		return c, nil
	case c.name[0] != '/' && c.name != "sudoedit" && c.name != "list":
		return c, errSyntax
	}
	c.args, c.anyArgs = s.arguments()
	return c, nil
}

// digest passes "sha256:…".
func (s *scanner) digest() bool {
	from := s.at
	if algorithm, _ := s.word(":, "); strings.HasPrefix(algorithm, "sha") && s.take(':') {
		if value, _ := s.word(","); value != "" {
			return true
		}
	}
	s.at = from
	return false
}

// arguments reads the arguments of a command, in which commas and colons are
// escaped, but within a regular expression, from ^ to $. Where there are none, any will
// do; "" stands for none at all.
func (s *scanner) arguments() (args string, anyArgs bool) {
	from := s.at
	s.passArguments()
	args = strings.Trim(s.text[from:s.at], " \t\r")
	if args == `""` {
		return "", false
	}
	return args, args == ""
}

func (s *scanner) passArguments() {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '\\':
			s.at = min(s.at+1, len(s.text)-1)
		case c == '^' && s.at > 0 && isBlank(s.text[s.at-1]):
			s.at += regexpEnd(s.text[s.at:])
		case c == ',' || c == ':':
			return
		}
	}
}

// regexpEnd returns where a regular expression ends: at the first $ that a blank, a
// comma, a colon or nothing follows; 0 if there is none.
func regexpEnd(text string) int {
	for i := 1; i < len(text); i++ {
		if text[i] == '$' && (i+1 == len(text) || isBlank(text[i+1]) || text[i+1] == ',' || text[i+1] == ':') {
			return i
		}
	}
	return 0
}

// A defaults is one line of Defaults, as far as it is about passwords.
type defaults struct {
	binding byte     // ':' of users; '@', '>' and '!' of hosts, users to become and commands; 0 of all
	users   []member // of ':'
	// set and on are the last word on authenticate; exempt names groups.
	set, on bool
	exempt  []string
	// setEnv: callers may set their environment, or keep what loads code from it.
	setEnv bool
}

// parseDefaults reads what follows the word Defaults.
func parseDefaults(s *scanner) (d defaults, err error) {
	if c := s.text[0]; !isBlank(c) {
		s.at, d.binding = 1, c
		members, err := s.members("")
		if err != nil {
			return defaults{}, err
		}
		if c == ':' {
			d.users = members
		}
	}
	for {
		off := s.negated()
		s.blanks()
		start := s.at
		for s.at < len(s.text) && (s.text[s.at] == '_' || isDigit(s.text[s.at]) || 'a' <= s.text[s.at]|0x20 && s.text[s.at]|0x20 <= 'z') {
			s.at++
		}
		name, value := s.text[start:s.at], ""
		if s.blanks(); s.at+1 < len(s.text) && strings.IndexByte("+-", s.text[s.at]) >= 0 && s.text[s.at+1] == '=' {
			s.at++
		}
		if s.take('=') {
			value, _ = s.word(",")
		}
		switch name {
		case "":
			return defaults{}, errSyntax
		case "authenticate":
			d.set, d.on = true, !off
		case "setenv":
			d.setEnv = !off
		case "env_keep":
			d.setEnv = d.setEnv || !off && loads(value)
		case "exempt_group":
			d.exempt = nil
			if !off && value != "" {
				d.exempt = []string{"%" + strings.TrimPrefix(value, "%")}
			}
		}
		if s.end() {
			return d, nil
		}
		if !s.take(',') {
			return defaults{}, errSyntax
		}
	}
}

// loads tells whether a list of variables has one by which a program runs other code.
func loads(variables string) bool {
	return slices.ContainsFunc(strings.Fields(variables), func(v string) bool {
		for _, start := range []string{"LD_", "PYTHON", "PERL5", "RUBY", "BASH_ENV", "NODE_OPTIONS", "*"} {
			if strings.HasPrefix(v, start) {
				return true
			}
		}
		return false
	})
}

// resolve turns the lines of all files into rules.
func (l *loader) resolve() (Rules, error) {
	rules := Rules{Exempt: l.exempt(), Broken: l.broken}
	setEnv := slices.ContainsFunc(l.defaults, func(d defaults) bool { return d.setEnv })
	for _, s := range l.specs {
		all, free := l.gives(s.commands)
		programs, groups := l.programs(s.commands)
		for i := range programs {
			programs[i].SetEnv = programs[i].SetEnv || setEnv
		}
		hosts := l.hosts(s.hosts)
		for _, who := range l.names(userAlias, s.who) {
			if len(rules.Grants) >= maxGrants {
				return Rules{}, ErrTooLarge
			}
			without := free || slices.Contains(rules.Exempt, who) || slices.Contains(rules.Exempt, "ALL")
			rules.Grants = append(rules.Grants, Grant{Who: who, All: all, NoPassword: without, Commands: programs, Groups: groups, Hosts: hosts, File: s.file, Line: s.line})
		}
	}
	if l.steps > maxSteps {
		return Rules{}, ErrTooLarge
	}
	return rules, nil
}

// exempt lists for whom the Defaults switch passwords off. A later line takes an
// earlier one back only for the very same names.
func (l *loader) exempt() []string {
	var out []string
	for _, d := range l.defaults {
		names := []string{"ALL"}
		if d.binding == ':' {
			names = l.names(userAlias, d.users)
		}
		for _, name := range names {
			switch {
			case d.set && !d.on && !slices.Contains(out, name):
				out = append(out, name)
			case d.set && d.on && (d.binding == ':' || d.binding == 0):
				out = slices.DeleteFunc(out, func(n string) bool { return n == name })
			}
		}
		out = append(out, d.exempt...)
	}
	return out
}

// names resolves aliases; a name that is none stands for itself.
func (l *loader) names(kind string, list []member) []string {
	var out []string
	l.walk(kind, list, false, nil, func(name string) { out = append(out, name) })
	return out
}

// hosts resolves where a rule holds; none if that is not known.
func (l *loader) hosts(list []member) []string {
	if l.noHosts {
		return nil
	}
	return l.names(hostAlias, list)
}

// walk calls visit for each name that a list comes to without a negation. inside
// are the aliases that led to it; one that leads to itself comes to nothing.
func (l *loader) walk(kind string, list []member, negated bool, inside []string, visit func(string)) {
	for _, m := range list {
		if l.steps++; l.steps > maxSteps {
			return
		}
		negated := negated != m.negated
		members, ok := l.aliases[aliasKey{kind, m.name}]
		switch {
		case !ok && !negated:
			visit(m.name)
		case ok && !slices.Contains(inside, m.name):
			l.walk(kind, members, negated, append(slices.Clip(inside), m.name), visit)
		}
	}
}

// gives tells what a list of commands comes to. A later item takes an earlier one
// back only if it is !ALL.
func (l *loader) gives(list []command) (all, free bool) {
	for _, c := range list {
		everything, something := l.covers(c, nil)
		switch {
		case everything && c.negated:
			all, free = false, false
		case !c.negated:
			all = all || everything && l.asRoot(c)
			free = free || something && c.free
		}
	}
	return all, free
}

// covers tells whether a command, its aliases resolved, is every command, and
// whether it is any.
func (l *loader) covers(c command, inside []string) (everything, something bool) {
	if l.steps++; l.steps > maxSteps {
		return false, false
	}
	if c.name == "ALL" {
		return true, true
	}
	members, ok := l.commands[c.name]
	if !ok {
		return false, !isAlias(c.name)
	}
	if slices.Contains(inside, c.name) {
		return false, false
	}
	for _, m := range members {
		all, some := l.covers(m, append(slices.Clip(inside), c.name))
		switch {
		case all && m.negated:
			everything, something = false, false
		case !m.negated:
			everything, something = everything || all, something || some
		}
	}
	return everything, something
}

// programs lists what a list of commands lets run as root, and the groups that it lets
// take. What is told by the very same words later is taken back.
func (l *loader) programs(list []command) (out []Command, groups []string) {
	var walk func(list []command, under command, inside []string)
	walk = func(list []command, under command, inside []string) {
		for _, c := range list {
			if l.steps++; l.steps > maxSteps || len(out) > maxCommands {
				l.steps = maxSteps + 1
				return
			}
			members, alias := l.commands[c.name]
			switch negated := c.negated != under.negated; {
			case alias && slices.Contains(inside, c.name):
			case alias:
				below := under
				below.negated = negated
				walk(members, below, append(slices.Clip(inside), c.name))
			case negated && c.name == "ALL":
				out = nil
			case negated:
				out = slices.DeleteFunc(out, func(o Command) bool { return o.Path == c.name && o.Args == c.args && o.AnyArgs == c.anyArgs })
			case c.name != "ALL" && !isAlias(c.name):
				out = append(out, Command{Path: c.name, Args: c.args, AnyArgs: c.anyArgs, NoExec: under.noExec, SetEnv: under.setEnv})
			}
		}
	}
	for _, c := range list {
		if everything, _ := l.covers(c, nil); everything && !c.negated {
			groups = append(groups, l.names(runasAlias, c.groups)...)
		}
		if c.negated || l.asRoot(c) {
			walk([]command{c}, command{noExec: c.noExec, setEnv: c.setEnv}, nil)
		}
	}
	slices.Sort(groups)
	return out, slices.Compact(groups)
}

// asRoot tells whether a command is run as root, or as members of a group or
// netgroup, which root may be in.
func (l *loader) asRoot(c command) bool {
	if !c.hasRunas {
		return true
	}
	return slices.ContainsFunc(l.names(runasAlias, c.runas), func(name string) bool {
		return name == "ALL" || name == "root" || name == "#0" || name[0] == '%' || name[0] == '+'
	})
}
