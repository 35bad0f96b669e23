package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// accounts is AC-USERREV-Q in the directory: who has an account is who may, and somebody
// uses it. Without a register of users to compare with, the answer is unknown.
func accounts() checks.Check {
	return checks.NewWithParams(checks.Info{ID: "directory.accounts", Deadline: deadline, Covers: accountsCovers(), Messages: accountsMessages()},
		accountsParams{IdleDays: 90, MaxIdleDays: 365},
		checks.OnWith[accountsFacts, accountsParams]{host.Windows: observeAccounts, host.Linux: observeAccounts},
		judgeAccounts)
}

type accountsParams struct {
	// Users is the register of authorised users; none means that there is none.
	Users []authorised `json:"users,omitempty"`
	// IdleDays is after how long an account is one that nobody uses, MaxIdleDays after
	// how long it must no longer be open.
	IdleDays    int64 `json:"idle_days"`
	MaxIdleDays int64 `json:"max_idle_days"`
}

// authorised is one line of the register. See policy.User, which has the same fields.
type authorised struct {
	Machine string `json:"machine,omitempty"`
	Account string `json:"account"` // name or SID
	Admin   bool   `json:"admin,omitempty"`
	// Until is the last day, YYYY-MM-DD; empty for no end.
	Until string `json:"until,omitempty"`
}

// Validate implements checks.Validator.
func (p accountsParams) Validate() error {
	for i, u := range p.Users {
		if u.Account == "" {
			return fmt.Errorf("user %d has no account", i+1)
		}
		if _, err := time.Parse(time.DateOnly, u.Until); u.Until != "" && err != nil {
			return fmt.Errorf("user %d: until wants YYYY-MM-DD", i+1)
		}
	}
	if p.IdleDays <= 0 || p.MaxIdleDays < p.IdleDays || p.MaxIdleDays > 100*366 {
		return errors.New("idle_days must be over 0, and max_idle_days at least as much")
	}
	return nil
}

// sum tells one register from another.
func (p accountsParams) sum() string {
	if len(p.Users) == 0 {
		return ""
	}
	b, err := json.Marshal(p.Users)
	if err != nil {
		return ""
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:8])
}

// register finds lines by account.
type register map[string]authorised

func (p accountsParams) register() register {
	r := make(register, len(p.Users))
	for _, u := range p.Users {
		account := shortName(u.Account)
		r[strings.ToLower(account)] = u
	}
	return r
}

func (r register) find(name, sid string) (authorised, bool) {
	if u, ok := r[strings.ToLower(name)]; ok {
		return u, true
	}
	u, ok := r[strings.ToLower(sid)]
	return u, ok && sid != ""
}

// accountsFacts is the evidence of directory.accounts.
type accountsFacts struct {
	about
	Enabled  int `json:"enabled,omitempty"`
	Disabled int `json:"disabled,omitempty"`
	// Register tells with which register the accounts were compared, empty for none.
	Register string `json:"register,omitempty"`
	// Unlisted are the enabled accounts that are not in the register, UnlistedMore
	// counts those left out; Ending are those that are, with an end.
	Unlisted     []accountFact `json:"unlisted,omitempty"`
	UnlistedMore int           `json:"unlisted_more,omitempty"`
	Ending       []accountFact `json:"ending,omitempty"`
	// IdleDays is the time without use over which an account is among Idle.
	IdleDays int64 `json:"idle_days,omitempty"`
	// Idle are the enabled accounts that nobody uses, longest first; IdleMore counts
	// those left out.
	Idle     []idleFact `json:"idle,omitempty"`
	IdleMore int        `json:"idle_more,omitempty"`
}

// accountFact is one account; Until is the last day that the register allows it.
type accountFact struct {
	Name  string `json:"name"`
	SID   string `json:"sid,omitempty"`
	Until string `json:"until,omitempty"`
}

// idleFact is one account that nobody uses.
type idleFact struct {
	Name string `json:"name"`
	SID  string `json:"sid,omitempty"`
	// Used is the last day on which it may have been used; zero for never, and then
	// Created is the day it was made.
	Used    time.Time `json:"used,omitzero"`
	Created time.Time `json:"created,omitzero"`
}

// last is since when nobody used the account.
func (f idleFact) last() time.Time {
	if f.Used.IsZero() {
		return f.Created
	}
	return f.Used
}

// logonFuzz is how far lastLogonTimestamp may lag behind: a domain controller writes it
// anew when it is 9 to 14 days old (msDS-LogonTimeSyncInterval).
const logonFuzz = 14 * 24 * time.Hour

func observeAccounts(ctx context.Context, h *host.Host, p accountsParams) (accountsFacts, error) {
	r := open(ctx, h)
	var seen accountsFacts
	people, lines := r.people(ctx), p.register()
	anyUsed := false
	for _, one := range people {
		anyUsed = anyUsed || !one.used.IsZero()
		if one.disabled {
			seen.Disabled++
			continue
		}
		seen.Enabled++
		if rid(one.sid) == ridAdministrator {
			continue // it belongs to the domain, and had better rest until it is needed
		}
		seen.compare(one, lines)
		if f := r.idle(one); !f.last().IsZero() && days(h.Now(), f.last()) > p.IdleDays {
			seen.Idle = append(seen.Idle, f)
		}
	}
	if len(people) > 0 && !anyUsed { // nobody's log-on is known: it is not noted, or hidden
		seen.Idle = nil
		r.note(sourceLogons, "permission")
	}
	if r.Kind != "" {
		seen.IdleDays, seen.Register = p.IdleDays, p.sum()
	}
	slices.SortStableFunc(seen.Idle, func(a, b idleFact) int { return a.last().Compare(b.last()) })
	if n := len(seen.Idle); n > maxNamed {
		seen.Idle, seen.IdleMore = seen.Idle[:maxNamed], n-maxNamed
	}
	seen.about = r.facts()
	return seen, nil
}

// compare looks an enabled account up in the register.
func (seen *accountsFacts) compare(one person, lines register) {
	if len(lines) == 0 {
		return
	}
	f := accountFact{Name: one.name, SID: one.sid}
	line, ok := lines.find(one.name, one.sid)
	switch {
	case !ok && len(seen.Unlisted) == maxNamed:
		seen.UnlistedMore++
	case !ok:
		seen.Unlisted = append(seen.Unlisted, f)
	case line.Until != "":
		f.Until = line.Until
		seen.Ending = append(seen.Ending, f)
	}
}

// idle is since when nobody is known to have used an account.
func (r *reader) idle(one person) idleFact {
	f := idleFact{Name: one.name, SID: one.sid}
	switch {
	case one.used.IsZero():
		f.Created = day(one.created)
	case r.Kind == activeDirectory:
		f.Used = day(one.used.Add(logonFuzz))
	default:
		f.Used = day(one.used)
	}
	return f
}

func judgeAccounts(seen accountsFacts, p accountsParams, at time.Time) checks.Verdict {
	if v, ok := seen.settled(); ok {
		return v
	}
	var f findings
	seen.judgeRegister(&f, p, at)
	for _, a := range seen.Idle {
		idle := days(at, a.last())
		if idle <= p.IdleDays {
			continue
		}
		status, code := checks.Warn, "directory.idle"
		if idle > p.MaxIdleDays {
			status = checks.Fail
		}
		if a.Used.IsZero() {
			code = "directory.idle_never_used"
		}
		f.add("idle/"+a.Name, status, code, "account", a.Name, "since", a.last().Format(time.DateOnly), "days", text(p.IdleDays))
	}
	if seen.IdleMore > 0 {
		status := checks.Warn // those left out are used later than the ones that are named
		if n := len(seen.Idle); n > 0 && days(at, seen.Idle[n-1].last()) > p.MaxIdleDays {
			status = checks.Fail
		}
		f.add("idle_more", status, "directory.idle_more", "more", strconv.Itoa(seen.IdleMore))
	}
	if p.IdleDays < seen.IdleDays {
		f.add("limit", checks.Unknown, "directory.idle_other_limit", "days", text(p.IdleDays), "measured", text(seen.IdleDays))
	}
	seen.reportHidden(&f)
	f.unread(seen.Unread)
	return f.verdict(checks.Because("directory.register_equal", "enabled", strconv.Itoa(seen.Enabled), "disabled", strconv.Itoa(seen.Disabled)))
}

func (seen accountsFacts) judgeRegister(f *findings, p accountsParams, at time.Time) {
	if len(p.Users) == 0 {
		f.add("register", checks.Unknown, "directory.register_none", "enabled", strconv.Itoa(seen.Enabled), "disabled", strconv.Itoa(seen.Disabled))
		return
	}
	if seen.Register != p.sum() {
		f.add("register", checks.Unknown, "directory.register_other")
		return
	}
	for _, a := range seen.Unlisted {
		f.add("account/"+a.Name, checks.Fail, "directory.register_unlisted", "account", a.Name)
	}
	if seen.UnlistedMore > 0 {
		f.add("more", checks.Fail, "directory.register_more", "more", strconv.Itoa(seen.UnlistedMore))
	}
	today := at.UTC().Format(time.DateOnly)
	for _, a := range seen.Ending {
		if a.Until < today {
			f.add("account/"+a.Name, checks.Fail, "directory.register_over", "account", a.Name, "date", a.Until)
		}
	}
}
