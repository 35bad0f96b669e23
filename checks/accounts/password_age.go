package accounts

import (
	"context"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/format/shadow"
	"vigia/checks/host"
)

// passwordAge is AC-PWD-AGE-365: passwords change at least once a year, by
// rule and in fact.
func passwordAge() checks.Check {
	return checks.New(checks.Info{ID: "accounts.password_age", Covers: ageCovers(), Messages: ageMessages()},
		ageParams{MaxDays: 365},
		checks.On[ageFacts]{host.Windows: observeWindowsAge, host.Linux: observeShadowAge},
		judgeAge)
}

type ageParams struct {
	// MaxDays is the oldest a password may be.
	MaxDays int64 `json:"max_days"`
	// Exempt lists accounts with a signed exemption, by name or SID.
	Exempt []string `json:"exempt,omitempty"`
}

// ageFacts is the evidence of accounts.password_age.
type ageFacts struct {
	// MaxDays is the rule for new passwords: PASS_MAX_DAYS, or the account
	// policy of Windows. 0 is no limit; nil was not read.
	MaxDays  *int64          `json:"max_days,omitempty"`
	Source   string          `json:"source,omitempty"`
	Accounts []ageFact       `json:"accounts,omitempty"`
	Unread   []checks.Unread `json:"unread,omitempty"`
	// Directory names the service that has accounts besides, as a code.
	Directory string `json:"directory,omitempty"`
}

// ageFact is the password of one account that somebody can log on with: of a
// person, of root, or of a service that was given a password and a shell.
type ageFact struct {
	Name string `json:"name"`
	SID  string `json:"sid,omitempty"`
	// Changed is the day of the last change; zero when it is not known.
	Changed time.Time `json:"changed,omitzero"`
	// NeverSet: nobody ever gave the account a password (Windows).
	NeverSet bool `json:"never_set,omitempty"`
	// MustChange asks for a new password at the next log-on.
	MustChange bool `json:"must_change,omitempty"`
	// NeverExpires exempts the account from the machine's rule; MaxDays is the
	// account's own limit, 0 for none, where the system keeps one per account.
	NeverExpires bool   `json:"never_expires,omitempty"`
	MaxDays      *int64 `json:"max_days,omitempty"`
}

func judgeAge(seen ageFacts, p ageParams, at time.Time) checks.Verdict {
	var v checks.Verdict
	limit := strconv.FormatInt(p.MaxDays, 10)
	add := func(key string, status checks.Status, code string, args ...string) {
		v.Findings = append(v.Findings, checks.Finding{Key: key, Status: status,
			Reason: checks.Because(code, append(args, "limit", limit)...)})
	}
	if m := seen.MaxDays; m != nil {
		switch {
		case *m <= 0:
			add("rule", checks.Fail, "age.rule_off", "source", seen.Source)
		case *m > p.MaxDays:
			add("rule", checks.Fail, "age.rule_long", "source", seen.Source, "days", strconv.FormatInt(*m, 10))
		default:
			add("rule", checks.Pass, "age.rule_set", "source", seen.Source, "days", strconv.FormatInt(*m, 10))
		}
	}
	for _, a := range seen.Accounts {
		status, code, days := judgeAccountAge(a, p, at)
		add("account/"+a.Name, status, code, "account", a.Name, "days", strconv.FormatInt(days, 10))
	}
	for _, u := range seen.Unread {
		v.Findings = append(v.Findings, checks.Finding{Key: "unread/" + u.Source, Status: checks.Unknown, Reason: unreadReason(u)})
	}
	var statuses []checks.Status
	for _, f := range v.Findings {
		statuses = append(statuses, f.Status)
	}
	if seen.MaxDays == nil {
		statuses = append(statuses, checks.Unknown)
	}
	v.Status = checks.Worst(statuses...)
	v.Reason = ageReason(v.Status, v.Findings, seen)
	return beyond(v, seen.Directory)
}

// judgeAccountAge judges one account; days is the age of its password.
func judgeAccountAge(a ageFact, p ageParams, at time.Time) (status checks.Status, code string, days int64) {
	if !a.Changed.IsZero() {
		days = int64(at.Sub(a.Changed) / (24 * time.Hour))
	}
	switch {
	case listed(p.Exempt, a.Name, a.SID):
		return checks.Pass, "age.exempt", days
	case a.MustChange:
		return checks.Pass, "age.must_change", days
	case a.NeverSet:
		return checks.Fail, "age.never_set", days
	case days > p.MaxDays:
		return checks.Fail, "age.old", days
	case a.NeverExpires, a.MaxDays != nil && *a.MaxDays <= 0:
		return checks.Fail, "age.never_expires", days
	case a.MaxDays != nil && *a.MaxDays > p.MaxDays:
		return checks.Fail, "age.own_limit_long", days
	case a.Changed.IsZero() || days < 0: // a change in the future proves nothing
		return checks.Unknown, "age.not_known", days
	default:
		return checks.Pass, "age.young", days
	}
}

func ageReason(status checks.Status, findings []checks.Finding, seen ageFacts) checks.Reason {
	count := func(prefix string, status checks.Status) int {
		n := 0
		for _, f := range findings {
			if f.Status == status && strings.HasPrefix(f.Key, prefix) {
				n++
			}
		}
		return n
	}
	old := count("account/", checks.Fail)
	switch {
	case status == checks.Fail && old > 0:
		return checks.Because("age.accounts_bad", "bad", strconv.Itoa(old), "accounts", strconv.Itoa(len(seen.Accounts)))
	case status == checks.Fail:
		return findings[0].Reason // the rule
	case status == checks.Unknown && len(seen.Unread) > 0:
		return unreadReason(seen.Unread[0])
	case status == checks.Unknown:
		return checks.Because("age.accounts_unknown", "bad", strconv.Itoa(count("account/", checks.Unknown)))
	default:
		return checks.Because("age.all_young", "accounts", strconv.Itoa(len(seen.Accounts)))
	}
}

const day = 24 * time.Hour

// never is the number of days with which the shadow tools say "no limit".
const never = 99999

// neverSet is an age in seconds that no password of Windows has: the one that it
// tells of a password never set is counted from 1970 or 1601.
const neverSet = 40 * 365 * 86400

// usable tells whether somebody can log on with an account of Windows: it is
// neither disabled nor past its last day.
func usable(u host.User, now time.Time) bool {
	return !u.Disabled && (u.Expires.IsZero() || u.Expires.After(now))
}

// flagDontExpire is UF_DONT_EXPIRE_PASSWD of lmaccess.h.
const flagDontExpire = 0x10000

// observeWindowsAge reads the account policy and the local accounts.
func observeWindowsAge(ctx context.Context, h *host.Host) (ageFacts, error) {
	r := newReader(h)
	seen := ageFacts{Source: "account_policy"}
	if p := r.windowsPolicy(ctx); p != nil {
		var days int64 // Forever stays 0
		if p.MaxAge != host.Forever {
			days = int64(p.MaxAge / uint64(day/time.Second))
		}
		seen.MaxDays = &days
	}
	now := h.Now().UTC()
	for _, u := range r.windowsUsers(ctx) {
		if !usable(u, now) {
			continue
		}
		f := ageFact{Name: u.Name, SID: u.SID, MustChange: u.PasswordExpired, NeverExpires: u.Flags&flagDontExpire != 0}
		if u.PasswordAge < neverSet {
			f.Changed = now.Add(-time.Duration(u.PasswordAge) * time.Second).Truncate(day)
		} else {
			f.NeverSet = true
		}
		seen.Accounts = append(seen.Accounts, f)
	}
	seen.Accounts = bounded(r, "NetUserEnum", seen.Accounts)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}

// observeShadowAge reads login.defs and the ageing fields of shadow(5). An
// account without a usable password has nothing that ages.
func observeShadowAge(ctx context.Context, h *host.Host) (ageFacts, error) {
	r := newReader(h)
	seen := ageFacts{Source: "/etc/login.defs PASS_MAX_DAYS"}
	defs := loginDefs(ctx, r)
	if defs != nil {
		days, ok, err := defs.Int("PASS_MAX_DAYS")
		if err != nil {
			r.Note(seen.Source, "unreadable")
		} else {
			if !ok || days < 0 || days >= never {
				days = 0
			}
			seen.MaxDays = &days
		}
	}
	for _, a := range r.locals(ctx, defs) {
		if a.Hash.Kind == shadow.Set && a.interactive(h.Now()) {
			seen.Accounts = append(seen.Accounts, shadowAge(a.Ageing, a.Name))
		}
	}
	seen.Accounts = bounded(r, shadowFile, seen.Accounts)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}

// shadowAge turns one line of shadow(5) into facts. A missing date or maximum
// switches ageing off, and 99999 days is how tools write "never".
func shadowAge(e shadow.Entry, name string) ageFact {
	f := ageFact{Name: name, MustChange: e.MustChange()}
	if changed, ok := e.LastChange.Date(); ok && e.LastChange > 0 {
		f.Changed = changed
	}
	limit := int64(e.Max)
	if e.Max == shadow.NoDays || limit >= never || e.LastChange == shadow.NoDays {
		limit = 0
	}
	f.MaxDays = &limit
	return f
}
