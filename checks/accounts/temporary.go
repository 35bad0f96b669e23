package accounts

import (
	"context"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/format/shadow"
	"vigia/checks/host"
)

// temporary is AC-SUBST-TEMP: the account of a substitute has a last day, and is
// gone after it.
func temporary() checks.Check {
	return checks.New(checks.Info{ID: "accounts.temporary", Covers: temporaryCovers(), Messages: temporaryMessages()},
		temporaryParams{Names: temporaryNames(), Grace: checks.Duration(day)},
		checks.On[temporaryFacts]{host.Windows: observeWindowsTemporary, host.Linux: observeLinuxTemporary},
		judgeTemporary)
}

type temporaryParams struct {
	// Names are the temporary accounts, without regard to case, accents and a
	// number behind; each may end in *.
	Names []string `json:"names"`
	// Grace is how long an account may stay after its last day.
	Grace checks.Duration `json:"grace"`
	// Exempt lists accounts that only have such a name.
	Exempt []string `json:"exempt,omitempty"`
}

func temporaryNames() []string {
	return []string{"becari*", "eventual*", "externo*", "interin*", "practicante*", "substitut*", "suplen*", "sustitu*", "temp", "temporal*", "visita*"}
}

// temporaryFacts is the evidence of accounts.temporary.
type temporaryFacts struct {
	Accounts  []temporaryFact `json:"accounts,omitempty"`
	Unread    []checks.Unread `json:"unread,omitempty"`
	Directory string          `json:"directory,omitempty"`
}

// temporaryFact is an account of the machine that people may use.
type temporaryFact struct {
	Name string `json:"name"`
	SID  string `json:"sid,omitempty"`
	// Ends is when it closes by itself; zero when it never does.
	Ends time.Time `json:"ends,omitzero"`
	// Disabled: nobody can log on with it, whatever the day.
	Disabled bool `json:"disabled,omitempty"`
}

func judgeTemporary(seen temporaryFacts, p temporaryParams, at time.Time) checks.Verdict {
	var f findings
	n := 0
	for _, a := range seen.Accounts {
		is := named(p.Names, a.Name)
		if listed(p.Exempt, a.Name, a.SID) || !is && a.Ends.IsZero() {
			continue // not temporary
		}
		n++
		key, args := "account/"+a.Name, []string{"account", a.Name, "date", a.Ends.Format(time.DateOnly)}
		over := !a.Ends.IsZero() && at.After(a.Ends.Add(time.Duration(p.Grace)))
		switch {
		case a.Ends.IsZero() && !a.Disabled:
			f.add(key, checks.Fail, "temporary.no_end", args[:2]...)
		case over && !a.Disabled:
			f.add(key, checks.Fail, "temporary.left", args...)
		case over || a.Ends.IsZero():
			f.add(key, checks.Warn, "temporary.disabled", args[:2]...)
		default:
			f.add(key, checks.Pass, "temporary.ends", args...)
		}
	}
	f.unread(seen.Unread)
	v := f.verdict(checks.Because("temporary.all_end", "accounts", strconv.Itoa(n)))
	if n == 0 && len(seen.Unread) == 0 {
		v = checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("temporary.none")}
	}
	return beyond(v, seen.Directory)
}

func observeWindowsTemporary(ctx context.Context, h *host.Host) (temporaryFacts, error) {
	r := newReader(h)
	var seen temporaryFacts
	for _, u := range r.windowsUsers(ctx) {
		seen.Accounts = append(seen.Accounts, temporaryFact{Name: u.Name, SID: u.SID, Ends: u.Expires, Disabled: u.Disabled})
	}
	seen.Accounts = bounded(r, "NetUserEnum", seen.Accounts)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}

func observeLinuxTemporary(ctx context.Context, h *host.Host) (temporaryFacts, error) {
	r := newReader(h)
	var seen temporaryFacts
	for _, a := range r.locals(ctx, loginDefs(ctx, r)) {
		if !a.Person || a.Hash.Kind == shadow.Elsewhere {
			continue // of the latter, shadow(5) tells nothing
		}
		f := temporaryFact{Name: a.Name, Disabled: !a.opens()}
		f.Ends, _ = a.Ageing.Expire.Date()
		seen.Accounts = append(seen.Accounts, f)
	}
	seen.Accounts = bounded(r, "/etc/passwd", seen.Accounts)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}
