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

// passwordFirst is AC-PWD-FIRST: the password that somebody else gave to a new
// account must be changed at the first log-on, within days.
//
// Of an account that nobody has ever used, the password is not the owner's: it
// must be marked to be changed. What happened to accounts in use only the event
// log of Windows tells, as far back as it goes.
func passwordFirst() checks.Check {
	return checks.New(checks.Info{ID: "accounts.password_first", Covers: firstCovers(), Messages: firstMessages()},
		firstParams{MaxDays: 7, InUse: checks.Duration(day)},
		checks.On[firstFacts]{host.Windows: observeWindowsFirst, host.Linux: observeShadowFirst},
		judgeFirst)
}

type firstParams struct {
	// MaxDays is how long a new account may wait for its first log-on.
	MaxDays int64 `json:"max_days"`
	// InUse is how long an account may be used with the password it was given.
	InUse checks.Duration `json:"in_use"`
	// Exempt lists accounts with a signed exemption, by name or SID.
	Exempt []string `json:"exempt,omitempty"`
}

// firstFacts is the evidence of accounts.password_first.
type firstFacts struct {
	Accounts  []firstFact     `json:"accounts,omitempty"`
	Unread    []checks.Unread `json:"unread,omitempty"`
	Directory string          `json:"directory,omitempty"`
}

// firstFact is an account that nobody has used yet, or that was made while the
// event log can tell.
type firstFact struct {
	Name       string `json:"name"`
	SID        string `json:"sid,omitempty"`
	MustChange bool   `json:"must_change,omitempty"`
	// Used: somebody has logged on. NotKnown: that cannot be told.
	Used     bool `json:"used,omitempty"`
	NotKnown bool `json:"not_known,omitempty"`
	// Created is when it was made, or at least the day its password was set; zero
	// when neither is known.
	Created time.Time `json:"created,omitzero"`
	// Own: its owner has changed the password since.
	Own bool `json:"own,omitempty"`
}

func judgeFirst(seen firstFacts, p firstParams, at time.Time) checks.Verdict {
	var f findings
	for _, a := range seen.Accounts {
		key, days := "account/"+a.Name, int64(at.Sub(a.Created)/day)
		args := []string{"account", a.Name, "limit", strconv.FormatInt(p.MaxDays, 10)}
		switch {
		case listed(p.Exempt, a.Name, a.SID), a.Own:
		case a.MustChange && !a.Used && !a.Created.IsZero() && days > p.MaxDays:
			f.add(key, checks.Fail, "first.waits", args...)
		case a.MustChange:
			f.add(key, checks.Pass, "first.must_change", args...)
		case a.NotKnown && days <= p.MaxDays:
			f.add(key, checks.Unknown, "first.not_known", args...)
		case a.NotKnown: // it is no longer new
		case !a.Used:
			f.add(key, checks.Fail, "first.no_flag", args...)
		case at.Sub(a.Created) > time.Duration(p.InUse):
			f.add(key, checks.Fail, "first.given_password", args...)
		}
	}
	f.unread(seen.Unread)
	return beyond(f.verdict(checks.Because("first.none")), seen.Directory)
}

// The events of the Security channel about accounts (user account management).
const (
	eventCreated  = 4720
	eventChanged  = 4723 // somebody changed the own password
	maxUserEvents = 2000
)

func observeWindowsFirst(ctx context.Context, h *host.Host) (firstFacts, error) {
	r := newReader(h)
	var seen firstFacts
	created, own := r.newAccounts(ctx)
	now := h.Now()
	for _, u := range r.windowsUsers(ctx) {
		made, isNew := created[strings.ToUpper(u.SID)]
		used := !u.LastLogon.IsZero()
		if !usable(u, now) || used && !isNew {
			continue
		}
		f := firstFact{Name: u.Name, SID: u.SID, MustChange: u.PasswordExpired, Used: used, Created: made.UTC().Truncate(time.Second)}
		// The log has attempts that failed too, and an administrator may have set
		// another password since: the one that counts is the password's own time.
		changed := now.Add(-time.Duration(min(u.PasswordAge, neverSet)) * time.Second)
		f.Own = isNew && changed.Sub(own[strings.ToUpper(u.SID)]).Abs() < 2*time.Minute
		if made.IsZero() && u.PasswordAge < neverSet && !u.PasswordExpired {
			f.Created = now.UTC().Add(-time.Duration(u.PasswordAge) * time.Second).Truncate(day)
		}
		seen.Accounts = append(seen.Accounts, f)
	}
	seen.Accounts = bounded(r, "NetUserEnum", seen.Accounts)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}

// newAccounts tells, by SID in capitals, which accounts the event log saw being made
// and when each owner last changed the password.
func (r *reader) newAccounts(ctx context.Context) (created, own map[string]time.Time) {
	created, own = map[string]time.Time{}, map[string]time.Time{}
	log, err := r.Host.Events.Events(ctx, host.EventQuery{
		Channel: "Security", IDs: []uint32{eventCreated, eventChanged}, Max: maxUserEvents, Data: []string{"TargetSid"},
	})
	if err != nil {
		r.Need("Security", err)
		return created, own
	}
	for _, e := range log.Events { // newest first
		sid := strings.ToUpper(e.Data["TargetSid"])
		when := created
		if e.ID == eventChanged {
			when = own
		}
		if when[sid].IsZero() && sid != "" {
			when[sid] = e.Time
		}
	}
	return created, own
}

// observeShadowFirst looks for accounts of people that nobody has logged on to.
func observeShadowFirst(ctx context.Context, h *host.Host) (firstFacts, error) {
	r := newReader(h)
	var seen firstFacts
	locals := r.locals(ctx, loginDefs(ctx, r))
	logs := r.lastUses(ctx, locals)
	for _, a := range locals {
		if !a.Person || a.Hash.Kind != shadow.Set || !a.interactive(h.Now()) {
			continue
		}
		set, _ := a.Ageing.LastChange.Date()
		used, sure := logs.used(a.Name, set)
		if !used.IsZero() {
			continue
		}
		f := firstFact{Name: a.Name, MustChange: a.Ageing.MustChange(), NotKnown: !sure}
		if a.Ageing.LastChange > 0 {
			f.Created = set
		}
		seen.Accounts = append(seen.Accounts, f)
	}
	seen.Accounts = bounded(r, "/etc/passwd", seen.Accounts)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}
