package directory

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

// leavers is AC-LEAVE and AC-LEAVE-24H in the directory: the account of somebody who has
// left is closed, and nobody has used it since. Who left, and when, the register of
// people tells.
func leavers() checks.Check {
	return checks.NewWithParams(checks.Info{ID: "directory.leavers", Deadline: deadline, Covers: leaverCovers(), Messages: leaverMessages()},
		leaverParams{Hours: 24},
		checks.OnWith[leaverFacts, leaverParams]{host.Windows: observeLeavers, host.Linux: observeLeavers},
		judgeLeavers)
}

type leaverParams struct {
	// Leavers are those who left; none means that nobody did.
	Leavers []leaver `json:"leavers,omitempty"`
	// Hours is how long after leaving an open account is not yet a violation.
	Hours int64 `json:"hours"`
}

// leaver is one line of the register of those who left. See policy.Leaver.
type leaver struct {
	Machine string    `json:"machine,omitempty"`
	Account string    `json:"account"` // name or SID
	Left    time.Time `json:"left"`
}

// maxLeavers bounds the register.
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

// leaverFacts is the evidence of directory.leavers.
type leaverFacts struct {
	about
	// Looked are the accounts that were looked for, as the register names them.
	Looked   []string     `json:"looked,omitempty"`
	Accounts []leaverFact `json:"accounts,omitempty"`
}

// leaverFact is an account of somebody in the register.
type leaverFact struct {
	Account string `json:"account"` // as the register names it
	SID     string `json:"sid,omitempty"`
	Open    bool   `json:"open,omitempty"`
	// Used is a moment at which somebody logged on with it, the last that was noted.
	Used time.Time `json:"used,omitzero"`
}

func observeLeavers(ctx context.Context, h *host.Host, p leaverParams) (leaverFacts, error) {
	r := open(ctx, h)
	var seen leaverFacts
	if r.Kind != "" && len(p.Leavers) > 0 {
		looked := map[string][]string{} // what the register calls an account, by that in small letters
		for _, l := range p.Leavers {
			if !slices.Contains(seen.Looked, l.Account) {
				seen.Looked = append(seen.Looked, l.Account)
				short := strings.ToLower(shortName(l.Account))
				looked[short] = append(looked[short], l.Account)
			}
		}
		for _, one := range r.people(ctx) {
			for _, account := range slices.Concat(looked[strings.ToLower(one.name)], looked[strings.ToLower(one.sid)]) {
				seen.Accounts = append(seen.Accounts, leaverFact{Account: account, SID: one.sid, Open: !one.disabled, Used: one.used})
			}
		}
	}
	seen.about = r.facts()
	return seen, nil
}

func judgeLeavers(seen leaverFacts, p leaverParams, at time.Time) checks.Verdict {
	if v, ok := seen.settled(); ok {
		return v
	}
	if len(p.Leavers) == 0 {
		return checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("directory.leavers_nobody")}
	}
	var f findings
	for _, l := range p.Leavers {
		if !slices.Contains(seen.Looked, l.Account) {
			f.add("looked/"+l.Account, checks.Unknown, "directory.leavers_not_looked", "account", l.Account)
			continue
		}
		if at.Before(l.Left) {
			continue
		}
		for _, a := range seen.Accounts {
			if a.Account != l.Account {
				continue
			}
			args := []string{"account", l.Account, "left", l.Left.UTC().Format(time.DateOnly), "hours", strconv.FormatInt(p.Hours, 10)}
			switch late := !at.Before(l.Left.Add(time.Duration(p.Hours) * time.Hour)); {
			case a.Open && late:
				f.add("account/"+l.Account, checks.Fail, "directory.leavers_open", args...)
			case a.Open:
				f.add("account/"+l.Account, checks.Warn, "directory.leavers_due", args...)
			}
			if a.Used.After(l.Left) {
				f.add("used/"+l.Account, checks.Fail, "directory.leavers_used", append(args, "used", a.Used.UTC().Format(time.DateOnly))...)
			}
		}
	}
	f.unread(seen.Unread)
	return f.verdict(checks.Because("directory.leavers_gone", "count", strconv.Itoa(len(seen.Looked))))
}
