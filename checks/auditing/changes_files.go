package auditing

import (
	"context"
	"strings"

	"vigia/checks/format/journal"
	"vigia/checks/host"
)

// accountFiles hold the accounts and groups of a Linux machine and who may
// become root.
func accountFiles() []string {
	return []string{"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/sudoers"}
}

const sudoersDir = "/etc/sudoers.d"

// observeChangesFiles reads what the programs that change accounts wrote to the
// log of a Linux machine, and when the files of accounts were last written: an
// editor writes nothing to the log.
func observeChangesFiles(ctx context.Context, h *host.Host) (changeFacts, error) {
	r := newReader(h)
	var seen changeFacts
	known := r.passwd(ctx)
	seen.Elsewhere = r.directory(ctx)
	found := r.changes(ctx, accountPrograms(), known)
	if !r.accountFiles(ctx, &seen, found.days) {
		// Somebody may have been asked for a new password at the log-on, which is among
		// the many messages of the programs that log people on.
		found = r.changes(ctx, logOns(), known)
		seen.Files = nil
		r.accountFiles(ctx, &seen, found.days)
	}
	seen.Log = found.log
	seen.Changes, seen.More = found.list.facts()
	seen.Unread = one(r.Unread)
	return seen, nil
}

// found is what the log of a Linux machine tells of changes.
type found struct {
	log  keeping
	list changeList
	days map[string]bool // with any change, one's own password among them
}

// changes reads the log for changes.
func (r *reader) changes(ctx context.Context, which []journal.Match, known accounts) found {
	f := found{list: changeList{}, days: map[string]bool{}}
	store := changeList{}
	tell := func() { f.list, store = f.list.or(store), changeList{} }
	f.log = r.messages(ctx, which, tell, func(l line) {
		for _, c := range parseChange(l, known.uids) {
			f.days[c.Day] = true
			if c.Kind != ownPassword {
				store.add(c)
			}
		}
	})
	tell()
	return f
}

// accountPrograms chooses the messages of the programs that change accounts out of
// a journal.
func accountPrograms() []journal.Match {
	var out []journal.Match
	for _, p := range []string{
		"useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "newusers", "vipw",
		"gpasswd", "chage", "chsh", "chfn", "passwd", "chpasswd",
	} {
		out = append(out, journal.Match{Field: "SYSLOG_IDENTIFIER", Value: p})
	}
	return out
}

// accountFiles notes which account files were written lately, and tells whether the
// log explains those that programs write.
func (r *reader) accountFiles(ctx context.Context, seen *changeFacts, days map[string]bool) (explained bool) {
	explained = true
	note := func(path string, info host.FileInfo, told bool) {
		d := info.ModTime.UTC().Format(day)
		if info.ModTime.Before(r.since) || told && days[d] {
			return
		}
		explained = explained && !told
		seen.Files = append(seen.Files, fileChange{Path: path, Day: d})
	}
	for _, path := range accountFiles() {
		info, err := r.Host.Files.Stat(ctx, path)
		if err != nil {
			r.Miss(path, err)
			continue
		}
		note(path, info, path != "/etc/sudoers") // of which no program tells
	}
	entries, err := r.Host.Files.ReadDir(ctx, sudoersDir)
	if err != nil {
		r.Miss(sudoersDir, err)
	}
	for _, e := range entries {
		// As sudo does: no name with a dot, and no backup of an editor.
		if e.Mode.IsRegular() && !strings.Contains(e.Name, ".") && !strings.HasSuffix(e.Name, "~") {
			note(sudoersDir+"/"+e.Name, e, false)
		}
	}
	return explained
}

// ownPassword is a change that only explains why a file was written.
const ownPassword = "own_password"

// parseChange reads what a program of the shadow suite or PAM did to an account.
func parseChange(l line, uids map[string]string) []change {
	c := change{Day: l.time.UTC().Format(day)}
	if l.login != "" && l.login != unsetLogin {
		c.By = name(uids[l.login])
	}
	m := strings.TrimSpace(l.message)
	switch l.program {
	case "useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "newusers", "vipw":
		return shadowChange(c, l.program, m)
	case "gpasswd":
		return gpasswdChange(c, m)
	case "chage", "chsh", "chfn":
		if who, ok := strings.CutPrefix(m, "changed password expiry for "); ok {
			return c.of("changed", who, "")
		}
		if rest, ok := strings.CutPrefix(m, "changed user '"); ok {
			who, _, _ := strings.Cut(rest, "'")
			return c.of("changed", who, "")
		}
		return nil
	}
	if q := quoted(m); l.program == "passwd" && strings.HasPrefix(m, "password for '") && len(q) == 2 {
		if q[0] == q[1] {
			return []change{{Day: c.Day, Kind: ownPassword}}
		}
		c.By = name(q[1])
		return c.of("password_set", q[0], "")
	}
	// passwd, chpasswd and whatever else goes through PAM.
	if rest, ok := strings.CutPrefix(m, "pam_unix("); ok {
		if _, who, ok := strings.Cut(rest, ":chauthtok): password changed for "); ok {
			if c.By == who || c.By == "" && l.program != "chpasswd" { // a person changes one's own
				return []change{{Day: c.Day, Kind: ownPassword}}
			}
			return c.of("password_set", who, "")
		}
	}
	return nil
}

// unsetLogin is the log-on of what nobody who logged on has started: -1.
const unsetLogin = "4294967295"

// shadowChange reads the messages of useradd and the like.
func shadowChange(c change, program, m string) []change {
	if strings.HasPrefix(m, "failed ") || strings.HasPrefix(m, "cannot ") {
		return nil
	}
	switch {
	case strings.HasPrefix(m, "new user: name="):
		return c.of("created", value(m, "name="), "")
	case strings.HasPrefix(m, "new group: name="):
		if program == "useradd" {
			return nil // the group of the same name, of the new account
		}
		return c.of("group_created", "", value(m, "name="))
	}
	q := quoted(m)
	kind := func(prefix string) bool { return strings.HasPrefix(m, prefix) && len(q) > 0 }
	switch {
	case kind("delete user '"):
		return c.of("deleted", q[0], "")
	case kind("add '") && strings.Contains(m, "' to group '") && len(q) > 1:
		return c.of("joined", q[0], q[1])
	case kind("delete '") && strings.Contains(m, "' from group '") && len(q) > 1:
		return c.of("left", q[0], q[1])
	case kind("lock user '"):
		return c.of("disabled", q[0], "")
	case kind("unlock user '"):
		return c.of("enabled", q[0], "")
	case kind("change user name '"):
		return c.of("renamed", q[0], "")
	case kind("change user '") && strings.HasSuffix(m, "' password"):
		return c.of("password_set", q[0], "")
	case kind("change user '"):
		return c.of("changed", q[0], "")
	case kind("group '") && strings.HasSuffix(m, "' removed") && program == "groupdel":
		return c.of("group_deleted", "", q[0])
	case strings.HasPrefix(m, "group changed in /etc/group (group "):
		g, _, _ := strings.Cut(strings.TrimPrefix(m, "group changed in /etc/group (group "), "/")
		return c.of("group_changed", "", g)
	}
	return nil
}

// gpasswdChange reads the messages of gpasswd: "user ana added by root to group sudo".
func gpasswdChange(c change, m string) []change {
	f := strings.Fields(m)
	if len(f) != 8 || f[0] != "user" || f[3] != "by" || f[6] != "group" {
		return nil
	}
	if c.By == "" {
		c.By = name(f[4])
	}
	switch f[2] {
	case "added":
		return c.of("joined", f[1], f[7])
	case "removed":
		return c.of("left", f[1], f[7])
	}
	return nil
}

// of completes a change. What is no name of an account is not kept.
func (c change) of(kind, account, group string) []change {
	c.Kind, c.Account, c.Group = kind, name(account), name(group)
	if c.Account == "" && account != "" || c.Group == "" && group != "" || c.Account == "" && c.Group == "" {
		return nil
	}
	return []change{c}
}

// name returns what may be the name of an account or group, empty for all else.
func name(s string) string {
	if len(s) > 32 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-$") != "" {
		return ""
	}
	return s
}

// value reads "key=value," out of a message.
func value(m, key string) string {
	_, after, _ := strings.Cut(m, key)
	v, _, _ := strings.Cut(after, ",")
	return v
}

// quoted returns what stands between quotes in a message.
func quoted(m string) []string {
	parts := strings.Split(m, "'")
	var out []string
	for i := 1; i < len(parts); i += 2 {
		out = append(out, parts[i])
	}
	return out
}
