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
	// InTime also asks of a closed account that it was closed within that time.
	InTime bool `json:"in_time,omitempty"`
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
	// ClosedBy is the last moment by which a closed account is known to have been so. It
	// may have been closed before: something else of it may have been changed then.
	ClosedBy time.Time `json:"closed_by,omitzero"`
	// OpenUntil is the end that a closed account reached, when it was set before.
	OpenUntil time.Time `json:"open_until,omitzero"`
}

func observeLeavers(ctx context.Context, h *host.Host, p leaverParams) (leaverFacts, error) {
	r := open(ctx, h)
	var seen leaverFacts
	if r.Kind != "" && len(p.Leavers) > 0 {
		looked := map[string][]string{} // what the register calls an account, by that in small letters
		for _, l := range p.Leavers {
			if slices.Contains(seen.Looked, l.Account) {
				continue
			}
			seen.Looked = append(seen.Looked, l.Account)
			whole := strings.ToLower(strings.TrimSpace(l.Account))
			for _, name := range unique(whole, shortName(whole)) {
				looked[name] = append(looked[name], l.Account)
			}
		}
		var found []person
		var called [][]string // by the register, each of found
		for _, one := range r.people(ctx) {
			var by []string
			for _, name := range unique(append(one.others, one.name, one.sid)...) {
				by = append(by, looked[strings.ToLower(name)]...)
			}
			if len(by) > 0 {
				found, called = append(found, one), append(called, unique(by...))
			}
		}
		r.closings(ctx, found)
		for i, one := range found {
			f := leaverFact{SID: one.sid, Open: !one.disabled, Used: one.used}
			if one.disabled {
				f.ClosedBy, f.OpenUntil = one.closedBy, one.openUntil
			}
			for _, f.Account = range called[i] {
				seen.Accounts = append(seen.Accounts, f)
			}
		}
	}
	seen.about = r.facts()
	return seen, nil
}

// unique is a list without what is empty or repeated.
func unique(names ...string) []string {
	var out []string
	for _, n := range names {
		if n != "" && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// closings notes when the disabled accounts of Active Directory were closed: when the
// attribute that closes them was last changed, or, of an end that was set before, the end
// itself. Without the right to read the metadata nothing is noted.
func (r *reader) closings(ctx context.Context, people []person) {
	if r.Kind != activeDirectory {
		return
	}
	const atOnce = 50
	byDN := map[string]*person{}
	var dns []string
	for i := range people {
		if people[i].disabled && people[i].sid != "" {
			byDN[strings.ToLower(people[i].dn)] = &people[i]
			dns = append(dns, "(objectSid="+people[i].sid+")")
		}
	}
	for some := range slices.Chunk(dns, atOnce) {
		entries, err := r.below(ctx, "(|"+strings.Join(some, "")+")", maxAccounts, "replPropertyMetaData")
		if err != nil {
			return
		}
		for _, e := range entries {
			blob, _ := first(e, "replPropertyMetaData")
			one, changes := byDN[strings.ToLower(e.DN)], lastChanges(binaryValue(blob))
			if one == nil || changes == nil {
				continue
			}
			if one.flags&flagDisabled != 0 {
				one.closedBy = changes[numberControl]
			}
			if set := changes[numberExpires]; !one.ends.IsZero() && !set.IsZero() {
				if one.ends.After(set) {
					set = one.ends
					if one.flags&flagDisabled == 0 {
						one.openUntil = one.ends
					}
				}
				if one.closedBy.IsZero() || set.Before(one.closedBy) {
					one.closedBy = set
				}
			}
		}
	}
}

func judgeLeavers(seen leaverFacts, p leaverParams, at time.Time) checks.Verdict {
	if v, ok := seen.settled(); ok {
		return v
	}
	if len(p.Leavers) == 0 {
		return checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("directory.leavers_nobody")}
	}
	var f findings
	missed := false
	for _, l := range p.Leavers {
		switch {
		case !slices.Contains(seen.Looked, l.Account):
			f.add("looked/"+l.Account, checks.Unknown, "directory.leavers_not_looked", "account", l.Account)
		case at.Before(l.Left):
		case !slices.ContainsFunc(seen.Accounts, func(a leaverFact) bool { return a.Account == l.Account }):
			missed = true
			f.add("account/"+l.Account, checks.Pass, "directory.leavers_absent", "account", l.Account)
		default:
			seen.judgeLeaver(&f, l, p, at)
		}
	}
	if missed {
		seen.reportHidden(&f)
	}
	f.unread(seen.Unread)
	return f.verdict(checks.Because("directory.leavers_gone", "count", strconv.Itoa(len(seen.Looked))))
}

// judgeLeaver judges the accounts of one who left.
func (seen leaverFacts) judgeLeaver(f *findings, l leaver, p leaverParams, at time.Time) {
	end := l.Left.Add(time.Duration(p.Hours) * time.Hour)
	for _, a := range seen.Accounts {
		if a.Account != l.Account {
			continue
		}
		args := []string{"account", l.Account, "left", l.Left.UTC().Format(time.DateOnly), "hours", strconv.FormatInt(p.Hours, 10)}
		switch late := !at.Before(end); {
		case a.Open && late:
			f.add("account/"+l.Account, checks.Fail, "directory.leavers_open", args...)
		case a.Open:
			f.add("account/"+l.Account, checks.Warn, "directory.leavers_due", args...)
		case !p.InTime || !a.ClosedBy.IsZero() && !a.ClosedBy.After(end):
		case a.Used.After(end), a.OpenUntil.After(end): // it was open then
			f.add("closed/"+l.Account, checks.Fail, "directory.leavers_late", args...)
		case a.ClosedBy.IsZero():
			f.add("closed/"+l.Account, checks.Unknown, "directory.leavers_when", args...)
		default:
			f.add("closed/"+l.Account, checks.Unknown, "directory.leavers_perhaps_late",
				append(args, "closed", a.ClosedBy.UTC().Format("2006-01-02 15:04"))...)
		}
		if a.Used.After(l.Left) {
			f.add("used/"+l.Account, checks.Fail, "directory.leavers_used", append(args, "used", a.Used.UTC().Format(time.DateOnly))...)
		}
	}
}
