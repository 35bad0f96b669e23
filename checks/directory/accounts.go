package directory

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// accounts is AC-USERREV-Q in the directory: how many accounts there are, and which of
// them nobody uses, for the quarterly comparison with who may have one.
func accounts() checks.Check {
	return checks.NewWithParams(checks.Info{ID: "directory.accounts", Deadline: deadline, Covers: accountsCovers(), Messages: accountsMessages()},
		accountsParams{IdleDays: 90, MaxIdleDays: 365},
		checks.OnWith[accountsFacts, accountsParams]{host.Windows: observeAccounts, host.Linux: observeAccounts},
		judgeAccounts)
}

type accountsParams struct {
	// IdleDays is after how long an account is one that nobody uses, MaxIdleDays after
	// how long it must no longer be open.
	IdleDays    int64 `json:"idle_days"`
	MaxIdleDays int64 `json:"max_idle_days"`
	// Exempt lists accounts that are kept for a reason, by name or SID.
	Exempt []string `json:"exempt,omitempty"`
}

// Validate implements checks.Validator.
func (p accountsParams) Validate() error {
	if p.IdleDays <= 0 || p.MaxIdleDays < p.IdleDays || p.MaxIdleDays > 100*366 {
		return errors.New("idle_days must be over 0, and max_idle_days at least as much")
	}
	return nil
}

// accountsFacts is the evidence of directory.accounts.
type accountsFacts struct {
	about
	Enabled  int `json:"enabled,omitempty"`
	Disabled int `json:"disabled,omitempty"`
	// IdleDays is the time without use over which an account is among Idle.
	IdleDays int64 `json:"idle_days,omitempty"`
	// Idle are the enabled accounts that nobody uses, longest first; IdleMore counts
	// those left out.
	Idle     []idleFact `json:"idle,omitempty"`
	IdleMore int        `json:"idle_more,omitempty"`
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
	people := r.people(ctx)
	now := h.Now()
	anyUsed := false
	for _, one := range people {
		anyUsed = anyUsed || !one.used.IsZero()
		if one.disabled {
			seen.Disabled++
			continue
		}
		seen.Enabled++
		f := idleFact{Name: one.name, SID: one.sid}
		if one.used.IsZero() {
			f.Created = day(one.created)
		} else {
			f.Used = day(one.used)
			if r.Kind == activeDirectory {
				f.Used = day(one.used.Add(logonFuzz))
			}
		}
		if rid(one.sid) == ridAdministrator {
			continue // it had better rest until it is needed
		}
		if !f.last().IsZero() && days(now, f.last()) > p.IdleDays {
			seen.Idle = append(seen.Idle, f)
		}
	}
	if len(people) > 0 && !anyUsed { // nobody's log-on is known: it is not noted, or hidden
		seen.Idle = nil
		r.note(sourceLogons, "permission")
	}
	if r.Kind != "" {
		seen.IdleDays = p.IdleDays
	}
	slices.SortStableFunc(seen.Idle, func(a, b idleFact) int { return a.last().Compare(b.last()) })
	if n := len(seen.Idle); n > maxNamed {
		seen.Idle, seen.IdleMore = seen.Idle[:maxNamed], n-maxNamed
	}
	seen.about = r.facts()
	return seen, nil
}

func judgeAccounts(seen accountsFacts, p accountsParams, at time.Time) checks.Verdict {
	if v, ok := seen.settled(); ok {
		return v
	}
	var f findings
	for _, a := range seen.Idle {
		idle := days(at, a.last())
		if idle <= p.IdleDays || listed(p.Exempt, a.Name, a.SID) {
			continue
		}
		status, code := checks.Warn, "directory.idle"
		if idle > p.MaxIdleDays {
			status = checks.Fail
		}
		if a.Used.IsZero() {
			code = "directory.idle_never_used"
		}
		f.add("account/"+a.Name, status, code, "account", a.Name, "since", a.last().Format(time.DateOnly), "days", text(p.IdleDays))
	}
	if seen.IdleMore > 0 {
		status := checks.Warn // those left out are used later than the ones that are named
		if n := len(seen.Idle); n > 0 && days(at, seen.Idle[n-1].last()) > p.MaxIdleDays {
			status = checks.Fail
		}
		f.add("more", status, "directory.idle_more", "more", strconv.Itoa(seen.IdleMore))
	}
	if p.IdleDays < seen.IdleDays {
		f.add("limit", checks.Unknown, "directory.idle_other_limit", "days", text(p.IdleDays), "measured", text(seen.IdleDays))
	}
	f.unread(seen.Unread)
	return f.verdict(checks.Because("directory.idle_none", "enabled", strconv.Itoa(seen.Enabled), "disabled", strconv.Itoa(seen.Disabled)))
}
