package accounts

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"vigia/checks/format/shadow"
)

// loginDefs reads /etc/login.defs; nil when it could not be read.
func loginDefs(ctx context.Context, r *reader) *shadow.LoginDefs {
	b := r.needed(ctx, "/etc/login.defs")
	if b == nil {
		return nil
	}
	defs, err := shadow.ParseLoginDefs(b)
	if err != nil {
		r.Note("/etc/login.defs", "unreadable")
		return nil
	}
	return &defs
}

// passwd reads the local accounts. Accounts that come from elsewhere (NIS) are
// noted as unread: this file does not tell them.
func passwd(ctx context.Context, r *reader) []shadow.User {
	b := r.needed(ctx, "/etc/passwd")
	if b == nil {
		return nil
	}
	accounts, err := shadow.ParsePasswd(b)
	if err != nil || accounts.NIS {
		r.Note("/etc/passwd", "unreadable")
	}
	return accounts.Users
}

const nsswitch = "/etc/nsswitch.conf"

// localAccount is an account of the files of a Linux machine.
type localAccount struct {
	shadow.User
	// Hash is the kind of password, wherever it stands, and Ageing its line of
	// shadow(5), all of it NoDays where there is none.
	Hash   shadow.Hash
	Ageing shadow.Entry
	// Person: its number is one of those that people get. Shell: it has a
	// shell, so that somebody who may log on can also work.
	Person, Shell bool
}

// opens tells whether a password opens the account: there is one, or none is needed.
func (a localAccount) opens() bool {
	return a.Hash.Kind == shadow.Set || a.Hash.Kind == shadow.Empty
}

// usable is opens for an account that its date has not closed yet.
func (a localAccount) usable(at time.Time) bool { return a.opens() && !a.Ageing.AccountClosed(at) }

// interactive tells whether somebody can log on with the account: those of
// people, root, and those of services that were given a password and a shell.
func (a localAccount) interactive(at time.Time) bool {
	return a.usable(at) && (a.Shell || a.Person)
}

// locals reads the accounts of passwd(5) and shadow(5), sorted by name. read is
// what loginDefs gave: without it the numbers of people are those by default.
func (r *reader) locals(ctx context.Context, read *shadow.LoginDefs) []localAccount {
	return r.withShadow(ctx, passwd(ctx, r), read)
}

// withShadow is locals of accounts that were read already.
func (r *reader) withShadow(ctx context.Context, users []shadow.User, read *shadow.LoginDefs) []localAccount {
	var defs shadow.LoginDefs
	if read != nil {
		defs = *read
	}
	var entries shadow.Entries
	if b := r.needed(ctx, shadowFile); b != nil {
		var err error
		if entries, err = shadow.ParseShadow(b); err != nil || entries.NIS {
			r.Note(shadowFile, "unreadable")
		}
	}
	var out []localAccount
	for _, u := range users {
		a := localAccount{User: u, Hash: u.Hash, Person: defs.Regular(u.UID), Shell: givesShell(u.Shell),
			Ageing: shadow.Entry{LastChange: shadow.NoDays, Min: shadow.NoDays, Max: shadow.NoDays, Expire: shadow.NoDays}}
		if e, ok := entries.Lookup(u.Name); ok {
			a.Ageing = e
			if u.Hash.Kind == shadow.Elsewhere {
				a.Hash = e.Hash
			}
		}
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b localAccount) int { return strings.Compare(a.Name, b.Name) })
	return out
}

const shadowFile = "/etc/shadow"

// givesShell tells whether a shell of passwd(5) is one to work in, and none of
// those that end at once.
func givesShell(shell string) bool {
	switch path.Base(shell) {
	case "nologin", "false", "true", "sync", "shutdown", "halt":
		return false
	}
	return true // empty is /bin/sh
}
