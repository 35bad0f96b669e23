package accounts

import (
	"context"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/format/pam"
	"vigia/checks/format/shadow"
	"vigia/checks/host"
)

// passwordHistory is AC-PWD-HIST: a new password differs from the last ones, and
// nobody gets back to the old one by changing it several times in a row.
func passwordHistory() checks.Check {
	return checks.New(checks.Info{ID: "accounts.password_history", Covers: historyCovers(), Messages: historyMessages()},
		historyParams{Min: 1, Recommended: 5, MinDays: 1},
		checks.On[historyFacts]{host.Windows: observeWindowsHistory, host.Linux: observePAMHistory},
		judgeHistory)
}

type historyParams struct {
	// Min is how many of the last passwords must be refused, Recommended the
	// better number.
	Min         int64 `json:"min"`
	Recommended int64 `json:"recommended"`
	// MinDays is how long a password must be kept before it is changed again.
	MinDays int64 `json:"min_days"`
}

// historyFacts is the evidence of accounts.password_history.
type historyFacts struct {
	// Remember is how many of the last passwords are refused; 0 is none, nil was
	// not read for sure.
	Remember *int64 `json:"remember,omitempty"`
	By       string `json:"by,omitempty"`
	Source   string `json:"source,omitempty"`
	// MinSeconds is how long a password must be kept; nil was not read.
	MinSeconds *int64 `json:"min_seconds,omitempty"`
	MinSource  string `json:"min_source,omitempty"`
	// Accounts are those that have a shorter time of their own (Linux), in days.
	Accounts  []minAge        `json:"accounts,omitempty"`
	Unread    []checks.Unread `json:"unread,omitempty"`
	Directory string          `json:"directory,omitempty"`
}

type minAge struct {
	Name string `json:"name"`
	Days int64  `json:"days"`
}

func judgeHistory(seen historyFacts, p historyParams, _ time.Time) checks.Verdict {
	var f findings
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	if n := seen.Remember; n != nil {
		args := []string{"value", number(*n), "source", seen.Source, "by", seen.By}
		switch {
		case *n <= 0:
			f.add("history", checks.Fail, "history.off", args...)
		case *n < p.Min:
			f.add("history", checks.Fail, "history.few", append(args, "bar", number(p.Min))...)
		case *n < p.Recommended:
			f.add("history", checks.Warn, "history.legal_only", append(args, "bar", number(p.Recommended))...)
		default:
			f.add("history", checks.Pass, "history.enough", args...)
		}
	}
	bar := number(p.MinDays)
	if s := seen.MinSeconds; s != nil {
		args := []string{"hours", number(*s / 3600), "bar", bar, "source", seen.MinSource}
		if *s < p.MinDays*86400 {
			f.add("min_age", checks.Fail, "history.cycles", args...)
		} else {
			f.add("min_age", checks.Pass, "history.kept", args...)
		}
	}
	for _, a := range seen.Accounts {
		if a.Days < p.MinDays {
			f.add("account/"+a.Name, checks.Fail, "history.account_cycles", "account", a.Name, "bar", bar)
		}
	}
	f.unread(seen.Unread)
	if (seen.Remember == nil || seen.MinSeconds == nil) && len(seen.Unread) == 0 {
		f.add("rule", checks.Unknown, "accounts.nothing_read")
	}
	var good checks.Reason
	if len(f) > 0 {
		good = f[0].Reason
	}
	return beyond(f.verdict(good), seen.Directory)
}

func observeWindowsHistory(ctx context.Context, h *host.Host) (historyFacts, error) {
	r := newReader(h)
	seen := historyFacts{By: "windows", Source: "account_policy", MinSource: "account_policy"}
	if p := r.windowsPolicy(ctx); p != nil {
		n, seconds := int64(p.HistoryLength), int64(p.MinAge)
		seen.Remember, seen.MinSeconds = &n, &seconds
	}
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}

// observePAMHistory reads what pam_pwhistory, or pam_unix itself, remembers, and
// the shortest ages of login.defs (for new accounts) and shadow(5).
func observePAMHistory(ctx context.Context, h *host.Host) (historyFacts, error) {
	r := newReader(h)
	seen := historyFacts{By: noModule, MinSource: "/etc/login.defs PASS_MIN_DAYS"}
	if s := r.stack(ctx, passwordService); s != nil {
		var keeps int64
		if s.Requires(pam.Password, moduleHistory) {
			seen.By = moduleHistory
			var source string
			keeps, source = r.options(ctx, confOfHistory(), s.Find(pam.Password, moduleHistory)).number(r, "remember", pwhistoryKeeps)
			if source != "" {
				seen.Source = source + " remember"
			}
		}
		for _, rule := range s.Find(pam.Password, moduleUnix) {
			text, ok := rule.Arg("remember")
			if n, err := strconv.ParseInt(text, 10, 64); ok && err == nil && n > keeps {
				keeps, seen.By, seen.Source = n, moduleUnix, pamFile(rule.File)+" remember"
			}
		}
		if len(r.Unread) == 0 {
			seen.Remember = &keeps
		}
	}
	defs := loginDefs(ctx, r)
	if defs != nil {
		days, _, err := defs.Int("PASS_MIN_DAYS")
		if err != nil {
			r.Note(seen.MinSource, "unreadable")
		} else {
			seconds := max(days, 0) * 86400
			seen.MinSeconds = &seconds
		}
	}
	for _, a := range r.locals(ctx, defs) {
		if a.Hash.Kind == shadow.Set && a.interactive(h.Now()) && a.UID != 0 { // root changes any password at any time
			if days := max(int64(a.Ageing.Min), 0); seen.MinSeconds == nil || days*86400 < *seen.MinSeconds {
				seen.Accounts = append(seen.Accounts, minAge{Name: a.Name, Days: days})
			}
		}
	}
	seen.Accounts = bounded(r, shadowFile, seen.Accounts)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}
