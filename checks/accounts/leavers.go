package accounts

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// leavers is AC-LEAVE and AC-LEAVE-24H: of somebody who has left, nothing remains by
// which the machine could be used: no account that opens, no key, no task that runs as
// them. Who left, and when, the register of people tells.
func leavers() checks.Check {
	return checks.NewWithParams(checks.Info{ID: "accounts.leavers", Messages: leaverMessages(), Covers: leaverCovers()},
		leaverParams{Hours: 24},
		checks.OnWith[leaverFacts, leaverParams]{host.Windows: observeWindowsLeavers, host.Linux: observeLinuxLeavers},
		judgeLeavers)
}

type leaverParams struct {
	// Leavers are those who left; none means that nobody did.
	Leavers []leaver `json:"leavers,omitempty"`
	// Hours is how long after leaving what is left is not yet a violation.
	Hours int64 `json:"hours"`
}

// leaver is one line of the register of those who left.
type leaver struct {
	Machine string `json:"machine,omitempty"`
	// Account is a name, or a SID on Windows.
	Account string    `json:"account"`
	Left    time.Time `json:"left"`
}

// maxLeavers bounds the register: each is looked for in every place.
const maxLeavers = 2000

// Validate implements checks.Validator.
func (p leaverParams) Validate() error {
	if len(p.Leavers) > maxLeavers {
		return fmt.Errorf("%d leavers are more than %d", len(p.Leavers), maxLeavers)
	}
	for i, l := range p.Leavers {
		if l.Account == "" || l.Left.IsZero() {
			return fmt.Errorf("leaver %d: want an account and when it was left", i+1)
		}
	}
	if p.Hours < 0 || p.Hours > 24*366 {
		return fmt.Errorf("hours: %d is not between 0 and a year", p.Hours)
	}
	return nil
}

// names lists the accounts to look for, each once.
func (p leaverParams) names() []string {
	var out []string
	for _, l := range p.Leavers {
		out = append(out, l.Account)
	}
	return distinct(out)
}

// leaverFacts is the evidence of accounts.leavers.
type leaverFacts struct {
	// Looked are the accounts that were looked for.
	Looked   []string      `json:"looked,omitempty"`
	Residues []residueFact `json:"residues,omitempty"`
	// Used tells when the accounts were last logged on to, as far as the machine's
	// own records say.
	Used   []usedFact      `json:"used,omitempty"`
	Unread []checks.Unread `json:"unread,omitempty"`
	// Directory names the service that has accounts besides this machine.
	Directory string `json:"directory,omitempty"`
}

// residueFact is one thing of somebody's that is still there.
type residueFact struct {
	Account string `json:"account"`
	// Kind is one of the residue constants, Where a path, service, group or account.
	Kind  string `json:"kind"`
	Where string `json:"where,omitempty"`
}

// usedFact is the last log-on of an account, to the minute.
type usedFact struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
}

// The kinds of residues.
const (
	residueAccount  = "account"  // it can be logged on to
	residueSFTP     = "sftp"     // its password opens files by SSH, though it has no shell
	residueForward  = "forward"  // its password opens connections through SSH, though it has no shell
	residuePassword = "password" // it has a password and no shell
	residueSamba    = "samba"    // Samba lets it in
	residueKey      = "key"      // an SSH key opens Where
	residueSession  = "session"  // logged on now
	residueProcess  = "process"  // something runs as them now
	residueSchedule = "schedule" // something will run as them
	residueService  = "service"  // a service runs as them
	residueRights   = "rights"   // a rule of sudo or doas names them
	residueGroup    = "group"    // a member of a group
	residueProfile  = "profile"  // a home folder or profile
)

// harmless tells of a residue by which nobody gets in, as far as is known.
func harmless(kind string) bool {
	return kind == residueGroup || kind == residueProfile || kind == residuePassword
}

func judgeLeavers(seen leaverFacts, p leaverParams, at time.Time) checks.Verdict {
	if len(p.Leavers) == 0 {
		return checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("leavers.nobody")}
	}
	var found findings
	for _, l := range p.Leavers {
		if !slices.Contains(seen.Looked, l.Account) {
			found.add("looked/"+l.Account, checks.Unknown, "leavers.not_looked", "account", l.Account)
			continue
		}
		if at.Before(l.Left) {
			continue
		}
		for _, r := range seen.Residues {
			if !l.is(r.Account) {
				continue
			}
			key := strings.TrimSuffix(r.Kind+"/"+r.Account+"/"+r.Where, "/")
			switch {
			case harmless(r.Kind):
				found.add(key, checks.Warn, "leavers."+r.Kind, "account", r.Account, "where", r.Where)
			case at.Before(l.Left.Add(time.Duration(p.Hours) * time.Hour)):
				found.add(key, checks.Warn, "leavers.due", "account", r.Account, "kind", r.Kind, "hours", strconv.FormatInt(p.Hours, 10))
			default:
				found.add(key, checks.Fail, "leavers."+r.Kind, "account", r.Account, "where", r.Where)
			}
		}
	}
	for _, l := range p.Leavers {
		for _, u := range seen.Used {
			if l.is(u.Account) && u.At.After(l.Left) && !at.Before(l.Left) {
				found.add("used/"+u.Account, checks.Fail, "leavers.used", "account", u.Account, "day", u.At.Format(time.DateOnly))
			}
		}
	}
	found.unread(seen.Unread)
	v := found.verdict(checks.Because("leavers.gone", "count", strconv.Itoa(len(p.names()))))
	return beyond(v, seen.Directory)
}

// is tells whether an account is the leaver's, however the register writes it.
func (l leaver) is(account string) bool {
	return strings.EqualFold(account, l.Account) || strings.EqualFold(account, shortName(l.Account))
}

// shortName is an account without its domain: "ana" of `MUNI\ana` and of
// "ana@muni.example", as the register may have it for machines of every kind.
func shortName(account string) string {
	account = account[strings.LastIndex(account, `\`)+1:]
	account, _, _ = strings.Cut(account, "@")
	return account
}

// residues collects what is found of the accounts that are looked for.
type residues struct {
	*reader
	facts leaverFacts
	names []string // the accounts looked for, as a Linux machine would call them
}

func (r *residues) add(account, kind, where string) {
	f := residueFact{Account: account, Kind: kind, Where: where}
	if !slices.Contains(r.facts.Residues, f) {
		r.facts.Residues = append(r.facts.Residues, f)
	}
}

// used notes a log-on, unless there was none.
func (r *residues) used(account string, at time.Time) {
	if !at.IsZero() {
		r.facts.Used = append(r.facts.Used, usedFact{Account: account, At: at.UTC().Truncate(time.Minute)})
	}
}

// seen finishes the facts: in one order from run to run.
func (r *residues) seen(ctx context.Context) leaverFacts {
	r.facts.Directory = r.directory(ctx)
	r.facts.Residues = sorted(r.facts.Residues, func(f residueFact) string { return f.Account + "\x00" + f.Kind + "\x00" + f.Where })
	r.facts.Used = sorted(r.facts.Used, func(u usedFact) string { return u.Account })
	for _, u := range r.Unread {
		if !slices.Contains(r.facts.Unread, u) { // some files are read for several reasons
			r.facts.Unread = append(r.facts.Unread, u)
		}
	}
	return r.facts
}
