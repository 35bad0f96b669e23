package accounts

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/format/conf"
	"vigia/checks/format/shadow"
	"vigia/checks/format/sudoers"
	"vigia/checks/host"
)

// observeLinuxLeavers looks for what those who left still have on a Linux machine.
func observeLinuxLeavers(ctx context.Context, h *host.Host, p leaverParams) (leaverFacts, error) {
	r := residues{reader: newReader(h)}
	r.facts.Looked = p.names()
	if len(p.Leavers) == 0 {
		return r.facts, nil
	}
	r.names = localNames(r.facts.Looked)
	users := passwd(ctx, r.reader)
	own := r.withShadow(ctx, users, nil)
	server := r.sshServer(ctx)
	r.accounts(own, server)
	r.homes(ctx, users)
	r.authorizedKeys(ctx, own, server)
	r.samba(ctx, own)
	r.groupsOf(ctx, users)
	r.crontabs(ctx)
	r.atJobs(ctx, users)
	r.units(ctx, users)
	r.rules(ctx, users)
	r.runningNow(ctx, users)
	r.logons(ctx, users)
	return r.seen(ctx), nil
}

// logons adds when the accounts of those who left were last used.
func (r *residues) logons(ctx context.Context, users []shadow.User) {
	var own []localAccount
	for _, u := range users {
		if r.left(u.Name) {
			own = append(own, localAccount{User: u})
		}
	}
	if len(own) == 0 {
		return
	}
	last := r.lastUses(ctx, own)
	for _, a := range own {
		r.used(a.Name, last.last[a.Name])
	}
}

// localNames are accounts without their domain. One that could lead out of a folder is no
// name of an account.
func localNames(accounts []string) []string {
	var out []string
	for _, a := range accounts {
		if a = shortName(a); a != "" && a != "." && a != ".." && !strings.ContainsAny(a, "/\x00") {
			// A register may write in capitals what Linux nearly always has in small letters.
			out = append(out, a, strings.ToLower(a))
		}
	}
	return distinct(out)
}

// left tells whether an account is looked for.
func (r *residues) left(name string) bool {
	_, ok := slices.BinarySearch(r.names, name)
	return ok
}

// openBy tells what an account that has a password can still be used for.
func (r *residues) openBy(a localAccount, server *sshServer) string {
	switch {
	case !noShell(a.User.Shell):
		return residueAccount
	case server == nil || !server.takesPassword(a.User):
		return residuePassword
	}
	return cmp.Or(server.door(a.User), residuePassword)
}

// accounts adds those that a password still opens.
func (r *residues) accounts(own []localAccount, server *sshServer) {
	for _, a := range own {
		if r.left(a.Name) && a.usable(r.Host.Now()) {
			r.add(a.Name, r.openBy(a, server), "")
		}
	}
}

// homes adds home folders.
func (r *residues) homes(ctx context.Context, users []shadow.User) {
	for _, name := range r.names {
		home := "/home/" + name
		if i := slices.IndexFunc(users, func(u shadow.User) bool { return u.Name == name }); i >= 0 && path.IsAbs(users[i].Home) {
			home = path.Clean(users[i].Home)
		}
		_, err := r.Host.Files.Stat(ctx, home)
		if err == nil && home != "/" {
			r.add(name, residueProfile, home)
		} else if err != nil {
			r.Miss(home, err)
		}
	}
}

// noShell tells whether a log-on shell lets nobody in.
func noShell(shell string) bool {
	return slices.Contains([]string{"nologin", "false"}, path.Base(shell))
}

// authorizedKeys adds keys of those who left: in their own files, where a locked password
// does not keep a key out, only a date that closes the account does, and in files of others, by the name in a key's comment.
func (r *residues) authorizedKeys(ctx context.Context, own []localAccount, server *sshServer) {
	if server == nil {
		return
	}
	if v, ok := server.config.Get("AuthorizedKeysCommand"); ok && !strings.EqualFold(v.Text, "none") && slices.ContainsFunc(own, func(a localAccount) bool {
		return r.left(a.Name) && !a.Ageing.AccountClosed(r.Host.Now())
	}) {
		r.Note(sshdFile+" AuthorizedKeysCommand", "unsupported")
	}
	patterns := server.keyPatterns()
	for _, u := range own {
		closed := u.Ageing.AccountClosed(r.Host.Now())
		for _, file := range keyFiles(u.User, patterns) {
			b, err := r.Host.Files.ReadFile(ctx, file, maxConfig)
			if err != nil {
				r.Miss(file, err)
				continue
			}
			keys, _ := countKeys(b)
			if r.left(u.Name) && keys > 0 && !closed && (!noShell(u.User.Shell) || server.door(u.User) != "") {
				r.add(u.Name, residueKey, u.Name)
			}
			for _, owner := range keyOwners(b) {
				if owner = strings.ToLower(owner); owner != u.Name && r.left(owner) {
					r.add(owner, residueKey, u.Name)
				}
			}
		}
	}
}

// keyOwners lists whose keys a file holds, by what comments begin with, as ssh-keygen
// writes them: "ana@pc". Comments of those who are not looked for are not kept.
func keyOwners(b []byte) []string {
	var out []string
	for raw := range bytes.Lines(b) {
		words := keyWords(strings.TrimSpace(string(raw)))
		at := slices.IndexFunc(words, keyType)
		if at < 0 || at > 1 || at+2 >= len(words) || words[0][0] == '#' {
			continue
		}
		who, _, _ := strings.Cut(words[at+2], "@")
		out = append(out, who)
	}
	return out
}

// groupsOf adds memberships of other groups than the account's own.
func (r *residues) groupsOf(ctx context.Context, users []shadow.User) {
	known := func(name string) bool {
		return slices.ContainsFunc(users, func(u shadow.User) bool { return u.Name == name })
	}
	for _, g := range r.groups(ctx) {
		for _, m := range g.Members {
			if r.left(m) && (known(m) || g.Name != m) {
				r.add(m, residueGroup, g.Name)
			}
		}
	}
}

// crontabs adds tables of cron (crontab(5)): each account's own, and the lines of the
// system's that name an account.
func (r *residues) crontabs(ctx context.Context) {
	for _, dir := range []string{"/var/spool/cron/crontabs", "/var/spool/cron", "/var/spool/cron/tabs"} {
		for _, name := range r.names {
			b := r.config(ctx, dir+"/"+name)
			if cronLines(b) > 0 {
				r.add(name, residueSchedule, dir+"/"+name)
			}
		}
	}
	tables := []string{"/etc/crontab"}
	files, err := r.Host.Files.ReadDir(ctx, "/etc/cron.d")
	if err != nil {
		r.Miss("/etc/cron.d", err)
	}
	for _, f := range files {
		if f.Mode.IsRegular() {
			tables = append(tables, "/etc/cron.d/"+f.Name)
		}
	}
	for _, table := range tables {
		for _, who := range cronUsers(r.config(ctx, table)) {
			if r.left(who) {
				r.add(who, residueSchedule, table)
			}
		}
	}
}

// cronLines counts the lines of a table that run something.
func cronLines(b []byte) int {
	n := 0
	for raw := range bytes.Lines(b) {
		if words := cronWords(string(raw)); len(words) > 1 {
			n++
		}
	}
	return n
}

// cronUsers lists the accounts that a table of the system runs things as.
func cronUsers(b []byte) []string {
	var out []string
	for raw := range bytes.Lines(b) {
		words := cronWords(string(raw))
		at := 5
		if len(words) > 0 && words[0][0] == '@' {
			at = 1
		}
		if len(words) > at+1 {
			out = append(out, words[at])
		}
	}
	return distinct(out)
}

// cronWords cuts a line of a table, but none of a comment or of a variable.
func cronWords(line string) []string {
	words := strings.Fields(line)
	if len(words) == 0 || words[0][0] == '#' || strings.Contains(words[0], "=") || len(words) > 1 && words[1][0] == '=' {
		return nil
	}
	return words
}

// atJobs adds jobs of at(1), which belong to who gave them.
func (r *residues) atJobs(ctx context.Context, users []shadow.User) {
	for _, dir := range []string{"/var/spool/cron/atjobs", "/var/spool/at"} {
		files, err := r.Host.Files.ReadDir(ctx, dir)
		if err != nil {
			r.Miss(dir, err)
			continue
		}
		for _, f := range files {
			if name := ownerName(users, f.Owner); f.Mode.IsRegular() && !strings.HasPrefix(f.Name, ".") && r.left(name) {
				r.add(name, residueSchedule, dir)
			}
		}
	}
}

// ownerName is the account with a number.
func ownerName(users []shadow.User, uid string) string {
	for _, u := range users {
		if uid != "" && strconv.FormatUint(uint64(u.UID), 10) == uid {
			return u.Name
		}
	}
	return ""
}

// units adds services of systemd that run as one who left, and their own that run though
// nobody is logged on (loginctl(1), enable-linger).
func (r *residues) units(ctx context.Context, users []shadow.User) {
	for _, name := range r.names {
		if _, err := r.Host.Files.Stat(ctx, "/var/lib/systemd/linger/"+name); err == nil {
			r.add(name, residueSchedule, "/var/lib/systemd/linger/"+name)
		} else {
			r.Miss("/var/lib/systemd/linger/"+name, err)
		}
	}
	const dir = "/etc/systemd/system"
	units := r.named(ctx, dir, ".service")
	entries, err := r.Host.Files.ReadDir(ctx, dir)
	if err != nil {
		r.Miss(dir, err)
	}
	for _, e := range entries {
		if e.Mode.IsDir() && strings.HasSuffix(e.Name, ".service.d") {
			units = append(units, r.named(ctx, dir+"/"+e.Name, ".conf")...)
		}
	}
	for _, unit := range units {
		f, err := conf.ParseINI(r.config(ctx, unit))
		if err != nil {
			continue
		}
		who, _ := f.Get("Service", "User")
		if _, err := strconv.ParseUint(who, 10, 32); err == nil {
			who = ownerName(users, who)
		}
		if r.left(who) {
			r.add(who, residueService, unit)
		}
	}
}

// rules adds rules of sudo and doas that name one who left, by name or number.
func (r *residues) rules(ctx context.Context, users []shadow.User) {
	name := func(who string) string {
		if uid := strings.TrimPrefix(who, "#"); ownerName(users, uid) != "" {
			return ownerName(users, uid)
		}
		return who
	}
	rules, err := sudoers.Load(sudoersFile, sudoersOf{ctx, r.Host.Files})
	if err != nil && (!errors.Is(err, fs.ErrNotExist) || installed(ctx, r.Host, "/usr/bin/sudo")) {
		r.Need(sudoersFile, err)
	}
	for _, g := range rules.Grants {
		if who := name(g.Who); r.left(who) {
			r.add(who, residueRights, g.File)
		}
	}
	permitted, _ := parseDoas(r.config(ctx, doasFile))
	for _, rule := range permitted {
		if who := name(rule.who); r.left(who) {
			r.add(who, residueRights, doasFile)
		}
	}
}

// runningNow adds processes and sessions. A machine that cannot tell (a mounted disk) has
// none.
func (r *residues) runningNow(ctx context.Context, users []shadow.User) {
	r.nowOf(ctx, func(id string) []string {
		if name := ownerName(users, id); r.left(name) {
			return []string{name}
		}
		return nil
	})
}

// nowOf adds what runs now, by the ids of its owners.
func (r *residues) nowOf(ctx context.Context, names func(id string) []string) {
	processes, err := r.Host.Running.Processes(ctx)
	if err != nil && !errors.Is(err, host.ErrUnsupported) {
		r.Need("processes", err)
	}
	for _, p := range processes {
		for _, name := range names(p.Owner) {
			r.add(name, residueProcess, p.Name)
		}
	}
	sessions, err := r.Host.Running.Sessions(ctx)
	if err != nil && !errors.Is(err, host.ErrUnsupported) {
		r.Need("sessions", err)
	}
	for _, s := range sessions {
		for _, name := range names(s.User) {
			r.add(name, residueSession, "")
		}
	}
}
