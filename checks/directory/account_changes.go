package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// accountChanges is AC-CHG-NOTIFY in the directory: an account that is made, closed or
// changed does not go unnoticed. Each is a finding, a warning by default, that goes away
// by itself after some days.
func accountChanges() checks.Check {
	return checks.NewWithParams(checks.Info{ID: "directory.account_changes", Deadline: deadline, Covers: changeCovers(), Messages: changeMessages()},
		changeParams{Changes: checks.Warn, Days: 7},
		checks.OnWith[changeFacts, changeParams]{host.Windows: observeChanges, host.Linux: observeChanges},
		judgeChanges)
}

type changeParams struct {
	// Changes is what a change is: warn, so that somebody is told of it; fail where
	// none may happen without somebody's decision; pass to keep it as a fact only.
	Changes checks.Status `json:"changes"`
	// Days is for how long it stays a finding.
	Days int `json:"days"`
}

// Validate implements checks.Validator.
func (p changeParams) Validate() error {
	if p.Changes != checks.Warn && p.Changes != checks.Fail && p.Changes != checks.Pass {
		return fmt.Errorf("changes: %q is none of warn, fail, pass", p.Changes)
	}
	if p.Days < 1 || p.Days > 90 {
		return errors.New("days: 1 to 90")
	}
	return nil
}

// changeFacts is the evidence of directory.account_changes.
type changeFacts struct {
	about
	// Since is the first day that was looked at.
	Since   string       `json:"since,omitempty"`
	Changes []changeFact `json:"changes,omitempty"` // newest day first
	More    int          `json:"more,omitempty"`    // left out, the oldest
}

// changeFact is the last change of one kind to one account.
type changeFact struct {
	Day     string `json:"day"`
	Account string `json:"account"`
	SID     string `json:"sid,omitempty"`
	// Kind is created, closed (it is, and what closes it was changed that day), opened
	// (the same of one that is open), ends (its end was changed), renamed or changed.
	Kind string `json:"kind"`
}

const (
	sourceChanges = "directory_changes"
	maxChanges    = 100
	numberName    = 9<<16 | 221 // sAMAccountName in replPropertyMetaData
)

func observeChanges(ctx context.Context, h *host.Host, p changeParams) (changeFacts, error) {
	r := open(ctx, h)
	var seen changeFacts
	since := day(h.Now()).AddDate(0, 0, -p.Days)
	switch r.Kind {
	case activeDirectory:
		seen.Changes = r.domainChanges(ctx, since)
	case openLDAP:
		seen.Changes = r.ldapChanges(ctx, since)
	}
	if r.Kind != "" {
		r.sight(ctx)
		seen.Since = since.Format(time.DateOnly)
	}
	slices.SortFunc(seen.Changes, func(a, b changeFact) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Kind, b.Kind))
	})
	seen.More = max(0, len(seen.Changes)-maxChanges)
	seen.Changes = seen.Changes[:len(seen.Changes)-seen.More]
	seen.about = r.facts()
	return seen, nil
}

// noted is a change if it is one of the days that are looked at.
func noted(list []changeFact, c changeFact, at, since time.Time) []changeFact {
	if at.Before(since) {
		return list
	}
	c.Day = at.UTC().Format(time.DateOnly)
	return append(list, c)
}

// domainChanges reads when attributes of the accounts of Active Directory that changed
// lately were last changed. What was removed is not among them.
func (r *reader) domainChanges(ctx context.Context, since time.Time) []changeFact {
	found, err := r.below(ctx, "(&"+userAccountFilter+"(whenChanged>="+since.Format("20060102150405")+".0Z))", maxAccounts,
		"sAMAccountName", "objectSid", "userAccountControl", "whenCreated", "replPropertyMetaData")
	if err != nil {
		r.need(sourceChanges, err)
		return nil
	}
	var out []changeFact
	for _, e := range found {
		blob, _ := first(e, "replPropertyMetaData")
		changes := lastChanges(binaryValue(blob))
		made, _ := first(e, "whenCreated")
		created, ok := generalizedTime(made)
		flags := r.number(e, "userAccountControl", sourceChanges)
		if changes == nil || !ok || flags == nil {
			r.note(sourceChanges, "permission")
			continue
		}
		var c changeFact
		c.Account, _ = first(e, "sAMAccountName")
		if sid, ok := first(e, "objectSid"); ok {
			c.SID = sidText(sid)
		}
		c.Kind = "created"
		out = noted(out, c, created, since)
		kinds := map[uint32]string{numberControl: "opened", numberExpires: "ends", numberName: "renamed"}
		if *flags&flagDisabled != 0 {
			kinds[numberControl] = "closed"
		}
		for number, kind := range kinds {
			// An account is made in several steps.
			if c.Kind = kind; changes[number].After(created.Add(makingTakes)) {
				out = noted(out, c, changes[number], since)
			}
		}
	}
	return out
}

// makingTakes is how long after an account was made what is set of it is a part of that.
const makingTakes = 10 * time.Minute

// ldapChanges reads which entries of accounts were made or changed. A new password is a
// change that belongs to its owner.
func (r *reader) ldapChanges(ctx context.Context, since time.Time) []changeFact {
	found, err := r.below(ctx, "(&"+ldapAccountFilter+"(modifyTimestamp>="+since.Format("20060102150405")+"Z))", maxAccounts,
		"uid", "createTimestamp", "modifyTimestamp", "pwdChangedTime", "pwdAccountLockedTime")
	if err != nil {
		r.need(sourceChanges, err)
		return nil
	}
	var out []changeFact
	for _, e := range found {
		at := func(name string) time.Time {
			value, _ := first(e, name)
			t, _ := generalizedTime(value)
			return t
		}
		created, modified, password := at("createTimestamp"), at("modifyTimestamp"), at("pwdChangedTime")
		if created.IsZero() || modified.IsZero() {
			r.note(sourceChanges, "permission")
			continue
		}
		var c changeFact
		c.Account, _ = first(e, "uid")
		c.Kind = "created"
		out = noted(out, c, created, since)
		if c.Kind = "changed"; modified.After(created.Add(makingTakes)) && modified.Sub(password).Abs() > 5*time.Second {
			if locked, _ := first(e, "pwdAccountLockedTime"); locked == lockedForGood {
				c.Kind = "closed"
			}
			out = noted(out, c, modified, since)
		}
	}
	return out
}

func judgeChanges(seen changeFacts, p changeParams, at time.Time) checks.Verdict {
	if v, ok := seen.settled(); ok {
		return v
	}
	var f findings
	since := day(at).AddDate(0, 0, -p.Days).Format(time.DateOnly)
	for _, c := range seen.Changes {
		if c.Day >= since {
			f.add("change/"+c.Account+"/"+c.Kind+"/"+c.Day, p.Changes, "directory.changed", "account", c.Account, "done", c.Kind, "day", c.Day)
		}
	}
	if seen.More > 0 {
		f.add("more", p.Changes, "directory.accounts_more", "more", strconv.Itoa(seen.More))
	}
	if seen.Since > since {
		f.add("limit", checks.Unknown, "directory.changed_other_limit", "day", seen.Since)
	}
	seen.reportHidden(&f)
	f.unread(seen.Unread)
	return f.verdict(checks.Because("directory.changed_none", "days", strconv.Itoa(p.Days)))
}
