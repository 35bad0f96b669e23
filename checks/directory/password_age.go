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

// passwordAge is AC-PWD-AGE-365 in the directory: passwords change at least once a year,
// by rule and in fact.
func passwordAge() checks.Check {
	return checks.NewWithParams(checks.Info{ID: "directory.password_age", Deadline: deadline, Covers: ageCovers(), Messages: ageMessages()},
		ageParams{MaxDays: 365},
		checks.OnWith[ageFacts, ageParams]{host.Windows: observeAge, host.Linux: observeAge},
		judgeAge)
}

type ageParams struct {
	// MaxDays is the oldest a password may be.
	MaxDays int64 `json:"max_days"`
	// Exempt lists accounts with a signed exemption, by name or SID.
	Exempt []string `json:"exempt,omitempty"`
}

// Validate implements checks.Validator.
func (p ageParams) Validate() error {
	if p.MaxDays <= 0 || p.MaxDays > 100*366 {
		return errors.New("max_days must be over 0 and at most a hundred years")
	}
	return nil
}

// ageFacts is the evidence of directory.password_age.
type ageFacts struct {
	policyFacts
	// Users counts the accounts that are not disabled.
	Users int `json:"users,omitempty"`
	// LimitDays is the age over which a password is among Accounts.
	LimitDays int64 `json:"limit_days,omitempty"`
	// Accounts are those whose password is older or never expires, oldest first, and
	// then those of no known age; More and MoreUnknown count those left out.
	Accounts    []ageFact `json:"accounts,omitempty"`
	More        int       `json:"more,omitempty"`
	MoreUnknown int       `json:"more_unknown,omitempty"`
}

// ageFact is the password of one account.
type ageFact struct {
	Name         string    `json:"name"`
	SID          string    `json:"sid,omitempty"`
	Changed      time.Time `json:"changed,omitzero"` // the day
	NeverExpires bool      `json:"never_expires,omitempty"`
}

func observeAge(ctx context.Context, h *host.Host, p ageParams) (ageFacts, error) {
	r := open(ctx, h)
	var seen ageFacts
	r.policies(ctx, &seen.policyFacts)
	if r.Kind != "" {
		seen.LimitDays = p.MaxDays
	}
	now := h.Now()
	var bad, unknown []ageFact
	for _, one := range r.people(ctx) {
		if one.disabled {
			continue
		}
		seen.Users++
		f := ageFact{Name: one.name, SID: one.sid, NeverExpires: one.flags&flagNeverExpires != 0}
		if !one.changed.IsZero() {
			f.Changed = day(one.changed)
		}
		known := !f.Changed.IsZero() && !f.Changed.After(now)
		switch {
		case one.mustChange:
		case f.NeverExpires, known && days(now, f.Changed) > p.MaxDays:
			bad = append(bad, f)
		case !known:
			unknown = append(unknown, f)
		}
	}
	slices.SortStableFunc(bad, func(a, b ageFact) int { return a.Changed.Compare(b.Changed) })
	seen.More = max(0, len(bad)-maxNamed)
	seen.Accounts = bad[:len(bad)-seen.More]
	seen.MoreUnknown = max(0, len(unknown)-maxNamed)
	seen.Accounts = append(seen.Accounts, unknown[:len(unknown)-seen.MoreUnknown]...)
	seen.about = r.facts()
	return seen, nil
}

// days is how many whole days have passed.
func days(now, since time.Time) int64 { return int64(now.Sub(since) / (24 * time.Hour)) }

func judgeAge(seen ageFacts, p ageParams, at time.Time) checks.Verdict {
	if v, ok := seen.settled(); ok {
		return v
	}
	var f findings
	limit := text(p.MaxDays)
	seen.rule(&f, func(one policyFact) ruling {
		if one.MaxAge == nil {
			return unreadRule()
		}
		n := *one.MaxAge / 86400
		args := []string{"days", text(n), "limit", limit}
		switch {
		case *one.MaxAge <= 0:
			return ruling{checks.Fail, "directory.age_rule_off", args}
		case *one.MaxAge > p.MaxDays*86400:
			return ruling{checks.Fail, "directory.age_rule_long", args}
		default:
			return ruling{checks.Pass, "directory.age_rule_set", args}
		}
	})
	for _, a := range seen.Accounts {
		status, code := judgeOne(a, p, at)
		args := []string{"account", a.Name, "limit", limit}
		if !a.Changed.IsZero() {
			args = append(args, "since", a.Changed.Format(time.DateOnly))
		}
		f.add("account/"+a.Name, status, code, args...)
	}
	if seen.More > 0 {
		f.add("more", checks.Fail, "directory.age_more", "more", strconv.Itoa(seen.More))
	}
	if seen.MoreUnknown > 0 {
		f.add("more_unknown", checks.Unknown, "directory.age_more_unknown", "more", strconv.Itoa(seen.MoreUnknown))
	}
	if p.MaxDays < seen.LimitDays {
		f.add("limit", checks.Unknown, "directory.age_other_limit", "limit", limit, "measured", text(seen.LimitDays))
	}
	seen.reportHidden(&f)
	f.unread(seen.Unread)
	return f.verdict(checks.Because("directory.age_good", "accounts", strconv.Itoa(seen.Users), "limit", limit))
}

func judgeOne(a ageFact, p ageParams, at time.Time) (checks.Status, string) {
	switch {
	case listed(p.Exempt, a.Name, a.SID):
		return checks.Pass, "directory.age_exempt"
	case !a.Changed.IsZero() && days(at, a.Changed) > p.MaxDays:
		return checks.Fail, "directory.age_old"
	case a.NeverExpires:
		return checks.Fail, "directory.age_never_expires"
	case a.Changed.IsZero() || a.Changed.After(at): // a change in the future proves nothing
		return checks.Unknown, "directory.age_not_known"
	default:
		return checks.Pass, "directory.age_young"
	}
}
