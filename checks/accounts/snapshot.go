package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// snapshot is AC-USERREV-Q: who can log on here is who may. The observed struct is
// the snapshot itself, for the quarterly comparison; without a register of users to
// compare with, the answer is unknown. Accounts that nobody uses are told in any case.
func snapshot() checks.Check {
	return checks.New(checks.Info{ID: "accounts.snapshot", Covers: snapshotCovers(), Messages: snapshotMessages()},
		snapshotParams{IdleDays: 90, MaxIdleDays: 365},
		checks.On[snapshotFacts]{host.Windows: observeWindowsSnapshot, host.Linux: observeLinuxSnapshot},
		judgeSnapshot)
}

type snapshotParams struct {
	// Users is the register of authorised users; none means that there is none.
	Users []authorised `json:"users,omitempty"`
	// IdleDays is after how long an account is one that nobody uses, MaxIdleDays
	// after how long it must no longer be open.
	IdleDays    int64 `json:"idle_days"`
	MaxIdleDays int64 `json:"max_idle_days"`
}

// authorised is one line of the register. See policy.User, which has the same fields.
type authorised struct {
	Machine string `json:"machine,omitempty"`
	Account string `json:"account"` // name or SID
	// Admin: the account may administer.
	Admin bool `json:"admin,omitempty"`
	// Until is the last day, YYYY-MM-DD; empty for no end.
	Until string `json:"until,omitempty"`
}

// Validate implements checks.Validator.
func (p snapshotParams) Validate() error {
	for i, u := range p.Users {
		if u.Account == "" {
			return fmt.Errorf("user %d has no account", i+1)
		}
		if _, err := time.Parse(time.DateOnly, u.Until); u.Until != "" && err != nil {
			return fmt.Errorf("user %d: until wants YYYY-MM-DD", i+1)
		}
	}
	if p.IdleDays <= 0 || p.MaxIdleDays < p.IdleDays {
		return errors.New("idle_days must be over 0, and max_idle_days at least as much")
	}
	return nil
}

// snapshotFacts is the evidence of accounts.snapshot.
type snapshotFacts struct {
	// Accounts are those that somebody can log on with, sorted by name; More
	// counts those left out.
	Accounts []snapshotFact `json:"accounts,omitempty"`
	More     int            `json:"more,omitempty"`
	// Closed are the names of disabled accounts of people.
	Closed []string `json:"closed,omitempty"`
	// LogsSince is the week from when on log-ons are recorded (Linux); zero where
	// the system tells of each account.
	LogsSince time.Time       `json:"logs_since,omitzero"`
	Unread    []checks.Unread `json:"unread,omitempty"`
	Directory string          `json:"directory,omitempty"`
}

// snapshotFact is one account. Times are the Monday of their week, so that the facts
// stay as they are from day to day.
type snapshotFact struct {
	Name string `json:"name"`
	// ID is the SID, or the number of the account.
	ID string `json:"id"`
	// Privileges are the groups with rights over the machine: SIDs, or names.
	Privileges []string `json:"privileges,omitempty"`
	// BuiltIn marks root and the administrator that Windows comes with.
	BuiltIn bool `json:"built_in,omitempty"`
	// KeyOnly: its password is locked, a key of ssh opens it.
	KeyOnly bool `json:"key_only,omitempty"`
	// Used is the week of the last log-on, zero for none; Unseen that none can be
	// told from a long time without use.
	Used   time.Time `json:"used,omitzero"`
	Unseen bool      `json:"unseen,omitempty"`
	// Set is the week in which its password was set: since then at the latest
	// there is such an account.
	Set  time.Time `json:"set,omitzero"`
	Ends time.Time `json:"ends,omitzero"`
}

// maxReports bounds the findings of one kind.
const maxReports = 200

func judgeSnapshot(seen snapshotFacts, p snapshotParams, at time.Time) checks.Verdict {
	var f findings
	if len(p.Users) > 0 {
		f = seen.compare(p.Users, at)
	}
	for _, a := range seen.Accounts {
		last := a.Used
		if last.IsZero() {
			last = a.Set // it was made then, or later
		}
		idle := int64(at.Sub(last) / day)
		if a.BuiltIn && a.Used.IsZero() || a.Unseen || last.IsZero() || idle < p.IdleDays+7 {
			continue // a week has seven days
		}
		status, code := checks.Warn, "snapshot.idle"
		if idle >= p.MaxIdleDays+7 {
			status = checks.Fail
		}
		if a.Used.IsZero() {
			code = "snapshot.never_used"
		}
		f.add("idle/"+a.Name, status, code, "account", a.Name, "days", strconv.FormatInt(p.IdleDays, 10), "since", last.Format(time.DateOnly))
	}
	if seen.More > 0 {
		f.add("more", checks.Unknown, "snapshot.more", "more", strconv.Itoa(seen.More))
	}
	if len(p.Users) == 0 {
		f.add("register", checks.Unknown, "snapshot.no_register", "accounts", strconv.Itoa(len(seen.Accounts)))
	}
	f.unread(seen.Unread)
	return beyond(f.verdict(checks.Because("snapshot.equal", "accounts", strconv.Itoa(len(seen.Accounts)))), seen.Directory)
}

// compare finds where the accounts and the register differ.
func (seen snapshotFacts) compare(users []authorised, at time.Time) findings {
	var f findings
	today := at.UTC().Format(time.DateOnly)
	for _, a := range seen.Accounts {
		i := slices.IndexFunc(users, func(u authorised) bool { return listed([]string{u.Account}, a.Name, a.ID) })
		switch {
		case len(f) >= maxReports:
			return f
		case i < 0 && a.BuiltIn && a.ID == "0": // root belongs to the machine
		case i < 0:
			f.add("account/"+a.Name, checks.Fail, "snapshot.unlisted", "account", a.Name)
		case users[i].Until != "" && users[i].Until < today:
			f.add("account/"+a.Name, checks.Fail, "snapshot.over", "account", a.Name, "date", users[i].Until)
		case len(a.Privileges) > 0 && !users[i].Admin:
			f.add("account/"+a.Name, checks.Fail, "snapshot.privileged", "account", a.Name, "groups", strings.Join(a.Privileges, ", "))
		}
	}
	for _, u := range users {
		there := slices.ContainsFunc(seen.Accounts, func(a snapshotFact) bool { return listed([]string{u.Account}, a.Name, a.ID) })
		if u.Machine != "" && !there && (u.Until == "" || u.Until >= today) && seen.More == 0 && len(seen.Unread) == 0 {
			f.add("missing/"+u.Account, checks.Warn, "snapshot.missing", "account", u.Account)
		}
	}
	return f
}

// keep takes over accounts, as many as the limit allows.
func (seen *snapshotFacts) keep(accounts []snapshotFact) {
	slices.SortFunc(accounts, func(a, b snapshotFact) int { return cmp.Compare(a.Name, b.Name) })
	if n := len(accounts); n > maxFacts {
		seen.More, accounts = n-maxFacts, accounts[:maxFacts]
	}
	seen.Accounts = accounts
	seen.Closed = distinct(seen.Closed)
	seen.Closed = seen.Closed[:min(len(seen.Closed), maxFacts)]
}

// windowsPrivileges are the groups of Windows whose members have rights over the
// machine, by their SIDs.
func windowsPrivileges() []string { return append([]string{sidAdministrators}, powerfulGroups()...) }

func observeWindowsSnapshot(ctx context.Context, h *host.Host) (snapshotFacts, error) {
	r := newReader(h)
	var seen snapshotFacts
	groups := map[string][]string{} // by the SID of a member, in capitals
	for _, group := range windowsPrivileges() {
		members, err := h.Accounts.Members(ctx, group)
		switch {
		case err != nil && group == sidAdministrators:
			r.Need(group, err)
		case err != nil:
			r.Miss(group, err) // not every Windows has every group
		}
		for _, m := range members {
			sid := strings.ToUpper(m.SID)
			groups[sid] = append(groups[sid], group)
		}
	}
	now := h.Now()
	var accounts []snapshotFact
	for _, u := range r.windowsUsers(ctx) {
		if !usable(u, now) {
			if !strings.HasSuffix(u.SID, ridGuest) {
				seen.Closed = append(seen.Closed, u.Name)
			}
			continue
		}
		a := snapshotFact{Name: u.Name, ID: u.SID, Privileges: groups[strings.ToUpper(u.SID)], BuiltIn: strings.HasSuffix(u.SID, ridAdministrator),
			Used: week(u.LastLogon), Ends: u.Expires}
		if u.PasswordAge < neverSet {
			a.Set = week(now.Add(-time.Duration(u.PasswordAge) * time.Second))
		}
		accounts = append(accounts, a)
	}
	seen.keep(accounts)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}

// linuxPrivileges are the groups of Linux distributions whose members can become
// root, by sudo, by the disks or by containers.
func linuxPrivileges() []string {
	return []string{"root", "sudo", "wheel", "adm", "admin", "disk", "docker", "lxd", "libvirt", "shadow", "kvm"}
}

func observeLinuxSnapshot(ctx context.Context, h *host.Host) (snapshotFacts, error) {
	r := newReader(h)
	var seen snapshotFacts
	locals := r.locals(ctx, loginDefs(ctx, r))
	logs := r.lastUses(ctx, locals)
	seen.LogsSince = week(logs.since)
	groups := r.groups(ctx)
	now := h.Now()
	var accounts []snapshotFact
	for _, a := range locals {
		// Without a shell there are still sftp and forwarding.
		key := (a.Person || a.UID == 0) && !a.opens() && r.hasKey(ctx, a)
		if a.Ageing.AccountClosed(now) || !a.interactive(now) && !key {
			if a.Person {
				seen.Closed = append(seen.Closed, a.Name)
			}
			continue
		}
		s := snapshotFact{Name: a.Name, ID: strconv.FormatUint(uint64(a.UID), 10), BuiltIn: a.UID == 0 && a.Name == "root", KeyOnly: key}
		for _, g := range groups {
			if slices.Contains(linuxPrivileges(), g.Name) && (a.GID == g.GID || slices.Contains(g.Members, a.Name)) {
				s.Privileges = append(s.Privileges, g.Name)
			}
		}
		if a.UID == 0 {
			s.Privileges = []string{"root"}
		}
		s.Privileges = distinct(s.Privileges)
		set, _ := a.Ageing.LastChange.Date()
		if a.Ageing.LastChange > 0 {
			s.Set = week(set)
		}
		used, sure := logs.used(a.Name, set)
		s.Used, s.Unseen = week(used), !sure && used.IsZero()
		s.Ends, _ = a.Ageing.Expire.Date()
		accounts = append(accounts, s)
	}
	seen.keep(accounts)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}

// hasKey tells whether a key of ssh may open an account, by the files that sshd looks
// at where nobody configured others.
func (r *reader) hasKey(ctx context.Context, a localAccount) bool {
	if !strings.HasPrefix(a.Home, "/") {
		return false
	}
	for _, name := range []string{"/.ssh/authorized_keys", "/.ssh/authorized_keys2"} {
		info, err := r.Host.Files.Stat(ctx, strings.TrimSuffix(a.Home, "/")+name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.Note("~"+name, checks.WhyUnread(err))
		}
		if err == nil && info.Size > 0 {
			return true
		}
	}
	return false
}
