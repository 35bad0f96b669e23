package accounts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks/format/shadow"
	"vigia/checks/format/sudoers"
	"vigia/checks/host"
)

const sudoersFile = "/etc/sudoers"

// observeLinuxPrivileges reads who is root, who may become root through sudo,
// and who is in a group that stands for it.
func observeLinuxPrivileges(ctx context.Context, h *host.Host) (privilegeFacts, error) {
	r := newReader(h)
	var seen privilegeFacts
	users := passwd(ctx, r)
	for _, u := range users {
		if u.UID == 0 && u.Name != "root" {
			seen.Root = append(seen.Root, u.Name)
		}
	}
	local := directory{users: users, groups: r.groups(ctx), elsewhere: r.elsewhere(ctx)}
	rules, err := sudoers.Load(sudoersFile, sudoersOf{ctx, h.Files})
	switch {
	case errors.Is(err, fs.ErrNotExist) && !installed(ctx, h, "/usr/bin/sudo"):
		// No sudo, no rules.
	case err != nil:
		r.Need(sudoersFile, err)
	}
	for _, place := range rules.Broken {
		r.Note(place, "unreadable")
	}
	without := r.exempt(local, rules)
	name := r.hostname(ctx)
	for _, g := range rules.Grants {
		source := fmt.Sprintf("%s:%d", g.File, g.Line)
		if elsewhere(g.Hosts, name) {
			continue
		}
		for _, who := range local.holders(g.Who) {
			if who == "root" {
				continue
			}
			if g.All {
				seen.Admins = append(seen.Admins, adminFact{Name: who, Via: source})
			} else {
				seen.Commands = append(seen.Commands, r.rootCommands(ctx, who, source, g.Commands)...)
				seen.Powerful = append(seen.Powerful, takenGroups(who, g.Groups)...)
			}
			for _, free := range without.of(who, g.NoPassword) {
				seen.NoPassword = append(seen.NoPassword, grantFact{Who: free, Source: source})
			}
		}
	}
	r.sudoersElsewhere(ctx)
	r.doas(ctx, local, &seen)
	r.passwordless(ctx, local, &seen)
	r.rootGroups(ctx, local, &seen)
	r.exported(ctx, &seen)
	seen.Unread = r.Unread
	return seen, nil
}

// rootCommands tells by which of the commands of a rule one gets hold of the machine: of
// several the first.
func (r *reader) rootCommands(ctx context.Context, who, source string, commands []sudoers.Command) []commandFact {
	for _, c := range commands {
		if strings.HasPrefix(c.Path, "^") {
			r.Note(source, "unsupported") // a regular expression
			continue
		}
		if handsOver(c) || r.openProgram(ctx, c) {
			return []commandFact{{Who: who, Command: c.Path, Source: source}}
		}
	}
	return nil
}

// takenGroups are those of rootGroupNames that a rule of sudo lets somebody take.
func takenGroups(who string, groups []string) []adminFact {
	var out []adminFact
	for _, name := range rootGroupNames() {
		if slices.Contains(groups, name) || slices.Contains(groups, "ALL") {
			out = append(out, adminFact{Name: who, Via: name})
		}
	}
	return out
}

// hostname is the machine's name without its domain, empty when it is not told.
func (r *reader) hostname(ctx context.Context) string {
	b, err := r.Host.Files.ReadFile(ctx, "/etc/hostname", maxConfig)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimSpace(string(b)), ".")
	return name
}

// elsewhere tells that none of the hosts of a rule is this machine, for certain: they are
// other names. An address, a network, a netgroup or a pattern may be this one.
func elsewhere(hosts []string, name string) bool {
	if name == "" || len(hosts) == 0 {
		return false
	}
	return !slices.ContainsFunc(hosts, func(h string) bool {
		short, _, _ := strings.Cut(h, ".")
		return strings.EqualFold(short, name) || strings.EqualFold(h, "localhost") ||
			strings.ContainsAny(h, "*?[]:/+%") || strings.Trim(h, "0123456789.") == "" || strings.ToUpper(h) == h
	})
}

// sudoersElsewhere notes rules of sudo that a directory service keeps.
func (r *reader) sudoersElsewhere(ctx context.Context) {
	if source := r.source(ctx, "sudoers"); source != "" && installed(ctx, r.Host, "/usr/bin/sudo") {
		r.Note(nsswitch+" sudoers: "+source, "unsupported")
	}
}

const doasFile = "/etc/doas.conf"

// doas adds what doas.conf permits.
func (r *reader) doas(ctx context.Context, local directory, seen *privilegeFacts) {
	rules, broken := parseDoas(r.config(ctx, doasFile))
	if len(broken) > 0 {
		r.Note(fmt.Sprintf("%s:%d", doasFile, broken[0]), "unreadable")
	}
	for _, rule := range rules {
		source := fmt.Sprintf("%s:%d", doasFile, rule.line)
		for _, who := range local.holders(rule.who) {
			if who == "root" {
				continue
			}
			if rule.all {
				seen.Admins = append(seen.Admins, adminFact{Name: who, Via: source})
			} else if rule.command != nil {
				seen.Commands = append(seen.Commands, r.rootCommands(ctx, who, source, []sudoers.Command{*rule.command})...)
			}
			if rule.noPassword {
				seen.NoPassword = append(seen.NoPassword, grantFact{Who: who, Source: source})
			}
		}
	}
}

// rootGroupNames are groups whose members can read or change anything: by the raw disk,
// by containers and machines that mount it, by the hashes of passwords.
func rootGroupNames() []string {
	return []string{"disk", "docker", "incus-admin", "kmem", "libvirt", "lxd", "microk8s", "shadow"}
}

// rootGroups adds whom polkit takes for an administrator, and who is in a group that
// stands for one.
func (r *reader) rootGroups(ctx context.Context, local directory, seen *privilegeFacts) {
	rules := r.polkit(ctx)
	seen.OpenRules = rules.open
	for _, a := range rules.admins {
		for _, who := range local.holders(a.who) {
			known := slices.ContainsFunc(seen.Admins, func(f adminFact) bool { return f.Name == who })
			if who != "root" && !known {
				seen.Admins = append(seen.Admins, adminFact{Name: who, Via: a.source})
			}
		}
	}
	r.sockets(ctx, local, seen)
	for _, name := range rootGroupNames() {
		if !slices.ContainsFunc(local.groups, func(g shadow.Group) bool { return g.Name == name }) {
			continue
		}
		for _, who := range local.holders("%" + name) {
			if who != "root" {
				seen.Powerful = append(seen.Powerful, adminFact{Name: who, Via: name})
			}
		}
	}
}

// rootSockets are where daemons that run as root take orders for containers.
func rootSockets() []string {
	return []string{
		"/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock",
		"/var/lib/lxd/unix.socket", "/var/lib/incus/unix.socket",
	}
}

// sockets adds who may give such orders: anybody, or the members of another group than
// those that are known for it.
func (r *reader) sockets(ctx context.Context, local directory, seen *privilegeFacts) {
	for _, path := range rootSockets() {
		info, err := r.Host.Files.Stat(ctx, path)
		if err != nil {
			r.Miss(path, err)
			continue
		}
		i := slices.IndexFunc(local.groups, func(g shadow.Group) bool { return g.GID != 0 && fmt.Sprint(g.GID) == info.Group })
		switch {
		case info.Mode&0o002 != 0:
			seen.OpenRules = append(seen.OpenRules, path)
		case i >= 0 && info.Mode&0o020 != 0 && !slices.Contains(rootGroupNames(), local.groups[i].Name):
			for _, who := range local.holders("%" + local.groups[i].Name) {
				seen.Powerful = append(seen.Powerful, adminFact{Name: who, Via: local.groups[i].Name})
			}
		}
	}
}

// exempted are the accounts that the Defaults of sudoers free from giving a
// password, whichever rule grants them something.
type exempted []string

// exempt resolves Rules.Exempt. A group whose members are not known here may
// free accounts that a rule reaches in another way, which is noted.
func (r *reader) exempt(local directory, rules sudoers.Rules) exempted {
	var out exempted
	for _, name := range rules.Exempt {
		holders := local.holders(name)
		out = append(out, holders...)
		if slices.Contains(holders, name) && strings.ContainsAny(name[:1], "%+") && len(rules.Grants) > 0 {
			r.Note(name, "unsupported")
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// of lists which of those that a grant to who reaches need no password. A grant
// to ALL reaches every exempted account.
func (e exempted) of(who string, noPassword bool) []string {
	switch {
	case noPassword, slices.Contains(e, who), slices.Contains(e, "ALL"):
		return []string{who}
	case who == "ALL":
		return slices.DeleteFunc(slices.Clone(e), func(name string) bool { return name == "root" })
	default:
		return nil
	}
}

// sudoersOf lets packages such as sudoers read the machine's files.
type sudoersOf struct {
	ctx   context.Context //nolint:containedctx // lives for one call such as sudoers.Load, whose interface has none
	files host.Files
}

func (s sudoersOf) Read(name string) ([]byte, error) {
	return s.files.ReadFile(s.ctx, name, sudoers.MaxSize)
}

func (s sudoersOf) Exists(name string) error {
	_, err := s.files.Stat(s.ctx, name)
	return err
}

func (s sudoersOf) List(dir string) ([]string, error) {
	entries, err := s.files.ReadDir(s.ctx, dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil // sudo passes over a folder that is not there
		}
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return names, nil
}

func installed(ctx context.Context, h *host.Host, path string) bool {
	_, err := h.Files.Stat(ctx, path)
	return !errors.Is(err, fs.ErrNotExist)
}

// groups reads the local groups.
func (r *reader) groups(ctx context.Context) []shadow.Group {
	b := r.needed(ctx, "/etc/group")
	if b == nil {
		return nil
	}
	groups, err := shadow.ParseGroup(b)
	if err != nil || groups.NIS {
		r.Note("/etc/group", "unreadable")
	}
	return groups.Groups
}

// elsewhere tells whether groups also come from a directory service, which
// the local files do not tell.
func (r *reader) elsewhere(ctx context.Context) bool {
	return r.source(ctx, "group") != ""
}

// directory is what the machine's files tell of its users and groups.
type directory struct {
	users     []shadow.User
	groups    []shadow.Group
	elsewhere bool
}

// holders names the accounts behind a name of sudoers: the members of a group,
// the user of a number. A netgroup, a group of a directory service and "ALL"
// stand for themselves: whom they hold is not known here, and they are not
// nobody.
func (d directory) holders(who string) []string {
	switch {
	case strings.HasPrefix(who, "%"):
		return d.groupHolders(who)
	case strings.HasPrefix(who, "#"):
		for _, u := range d.users {
			if fmt.Sprintf("#%d", u.UID) == who {
				return []string{u.Name}
			}
		}
	}
	return []string{who}
}

func (d directory) groupHolders(who string) []string {
	i := slices.IndexFunc(d.groups, func(g shadow.Group) bool {
		return "%"+g.Name == who || fmt.Sprintf("%%#%d", g.GID) == who
	})
	if i < 0 && d.elsewhere {
		return []string{who}
	}
	if i < 0 {
		return nil // a group that does not exist has no members
	}
	out := slices.Clone(d.groups[i].Members)
	for _, u := range d.users { // those whose primary group it is need not be named
		if u.GID == d.groups[i].GID {
			out = append(out, u.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
