package accounts

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// lockout is AC-FAIL-3: an account locks after a few wrong passwords.
func lockout() checks.Check {
	return checks.New(checks.Info{ID: "accounts.lockout", Covers: lockoutCovers(), Messages: lockoutMessages()},
		lockoutParams{Max: 3, Recommended: 3, SSHTries: 4, WindowMinutes: 10},
		checks.On[lockoutFacts]{host.Windows: observeWindowsLockout, host.Linux: observePAMLockout},
		judgeLockout)
}

type lockoutParams struct {
	// Max is the largest number of attempts that the rule allows, Recommended
	// the better one.
	Max         int64 `json:"max"`
	Recommended int64 `json:"recommended"`
	// SSHTries is how many attempts one connection to sshd had better allow.
	SSHTries int64 `json:"ssh_tries"`
	// WindowMinutes is for how long failures had better be counted together: who
	// waits that long between tries is never locked out.
	WindowMinutes int64 `json:"window_minutes"`
}

// lockoutRelease is AC-FAIL-UNLOCK, or AC-LOCKOUT-60 with other parameters: how long
// a locked account stays locked.
func lockoutRelease() checks.Check {
	return checks.New(checks.Info{ID: "accounts.lockout_release", Covers: releaseCovers(), Messages: releaseMessages()},
		releaseParams{},
		checks.On[lockoutFacts]{host.Windows: observeWindowsLockout, host.Linux: observePAMLockout},
		judgeRelease)
}

type releaseParams struct {
	// Minutes is the shortest time that an account stays locked; 0 demands that it
	// does until an administrator unlocks it.
	Minutes int64 `json:"minutes"`
	// Attempts is the largest number of attempts before that; 0 leaves it to
	// accounts.lockout.
	Attempts int64 `json:"attempts"`
}

// lockoutFacts is the evidence of accounts.lockout and accounts.lockout_release.
type lockoutFacts struct {
	// Value is after how many attempts the least guarded way to log on locks an
	// account. 0 means never; nil that none could be read.
	Value  *int64          `json:"value,omitempty"`
	By     string          `json:"by,omitempty"` // a PAM module or windows
	Source string          `json:"source,omitempty"`
	Unread []checks.Unread `json:"unread,omitempty"`
	// Seconds is how long the account stays locked where it does so shortest, 0
	// until somebody unlocks it, and SecondsSource where that stands.
	Seconds       *int64 `json:"seconds,omitempty"`
	SecondsSource string `json:"seconds_source,omitempty"`
	// Window is for how many seconds failures are counted together where that is
	// shortest, and WindowSource where it stands.
	Window       *int64 `json:"window,omitempty"`
	WindowSource string `json:"window_source,omitempty"`
	// AdminGroup is a group whose members the lock does not hold for, empty for none.
	AdminGroup string `json:"admin_group,omitempty"`
	// RootFree: the lock does not hold for root, who has a password.
	// AdministratorFree: nor for the administrator that Windows comes with, who is
	// enabled.
	RootFree          bool `json:"root_free,omitempty"`
	AdministratorFree bool `json:"administrator_free,omitempty"`
	// SSH is how sshd takes passwords; nil where it takes none.
	SSH       *guessFact `json:"ssh,omitempty"`
	Directory string     `json:"directory,omitempty"`
}

// guessFact is what of sshd's configuration bears on guessing passwords.
type guessFact struct {
	MaxAuthTries int64 `json:"max_auth_tries"`
	// PAM: sshd asks PAM, whose lock then holds.
	PAM bool `json:"pam"`
}

func judgeLockout(seen lockoutFacts, p lockoutParams, _ time.Time) checks.Verdict {
	var f findings
	if n := seen.Value; n != nil {
		f = append(f, judgeAttempts(*n, seen, p))
	}
	if w := seen.Window; w != nil && seen.Value != nil && *seen.Value > 0 {
		args := []string{"seconds", strconv.FormatInt(*w, 10), "bar", strconv.FormatInt(p.WindowMinutes, 10), "source", seen.WindowSource}
		switch {
		case *w <= 0:
			f.add("window", checks.Fail, "lockout.window_none", args...)
		case *w < p.WindowMinutes*60:
			f.add("window", checks.Warn, "lockout.window_short", args...)
		}
	}
	if seen.SSH != nil {
		switch tries := strconv.FormatInt(seen.SSH.MaxAuthTries, 10); {
		case !seen.SSH.PAM:
			f.add("sshd", checks.Fail, "lockout.sshd_alone")
		case seen.SSH.MaxAuthTries > p.SSHTries || seen.SSH.MaxAuthTries <= 0:
			f.add("sshd", checks.Warn, "lockout.sshd_tries", "value", tries, "bar", strconv.FormatInt(p.SSHTries, 10))
		default:
			f.add("sshd", checks.Pass, "lockout.sshd_few", "value", tries)
		}
	}
	if seen.RootFree {
		f.add("root", checks.Warn, "lockout.root_free")
	}
	if seen.AdminGroup != "" {
		f.add("admin_group", checks.Warn, "lockout.admin_group_free", "group", seen.AdminGroup)
	}
	if seen.AdministratorFree && seen.Value != nil && *seen.Value > 0 {
		f.add("administrator", checks.Warn, "lockout.administrator_free")
	}
	return seen.verdict(f)
}

func judgeAttempts(n int64, seen lockoutFacts, p lockoutParams) checks.Finding {
	status, code, bar := checks.Pass, "lockout.enough", p.Recommended
	switch {
	case n <= 0:
		status, code = checks.Fail, "lockout.off"
	case n > p.Max:
		status, code, bar = checks.Fail, "lockout.many", p.Max
	case n > p.Recommended:
		status, code = checks.Warn, "lockout.legal_only"
	}
	return checks.Finding{Key: "attempts", Status: status, Reason: checks.Because(code,
		"value", strconv.FormatInt(n, 10), "bar", strconv.FormatInt(bar, 10), "source", seen.Source)}
}

// verdict sums findings up. What was read and is wrong is so whatever else could
// not be read.
func (seen lockoutFacts) verdict(f findings) checks.Verdict {
	if seen.Value == nil && !slices.ContainsFunc(f, func(one checks.Finding) bool { return one.Status == checks.Fail }) {
		return unreadVerdict(seen.Unread)
	}
	var good checks.Reason
	if len(f) > 0 {
		good = f[0].Reason
	}
	f.unread(seen.Unread)
	return beyond(f.verdict(good), seen.Directory)
}

func judgeRelease(seen lockoutFacts, p releaseParams, _ time.Time) checks.Verdict {
	var f findings
	args := func(seconds int64) []string {
		return []string{"minutes", strconv.FormatInt(seconds/60, 10), "bar", strconv.FormatInt(p.Minutes, 10), "source", seen.SecondsSource}
	}
	switch {
	case seen.Value == nil:
	case *seen.Value <= 0:
		f.add("attempts", checks.Fail, "release.never_locks", "source", seen.Source)
	case p.Attempts > 0 && *seen.Value > p.Attempts:
		f.add("attempts", checks.Fail, "release.many", "value", strconv.FormatInt(*seen.Value, 10), "bar", strconv.FormatInt(p.Attempts, 10), "source", seen.Source)
	}
	if s := seen.Seconds; s != nil && len(f) == 0 {
		switch {
		case *s == 0:
			f.add("release", checks.Pass, "release.by_hand", args(*s)...)
		case p.Minutes == 0:
			f.add("release", checks.Fail, "release.by_itself", args(*s)...)
		case *s < p.Minutes*60:
			f.add("release", checks.Fail, "release.soon", args(*s)...)
		default:
			f.add("release", checks.Pass, "release.late", args(*s)...)
		}
	}
	return seen.verdict(f)
}

// domainLockoutAdmins is DOMAIN_LOCKOUT_ADMINS of the SAM: the built-in administrator
// is locked out like everybody else.
const domainLockoutAdmins = 8

// observeWindowsLockout reads the lockout policy of a Windows machine.
func observeWindowsLockout(ctx context.Context, h *host.Host) (lockoutFacts, error) {
	r := newReader(h)
	seen := lockoutFacts{By: "windows", Source: "account_policy", SecondsSource: "account_policy"}
	if p := r.windowsPolicy(ctx); p != nil {
		n, seconds, window := int64(p.LockoutThreshold), int64(p.LockoutDuration), int64(p.LockoutWindow)
		if p.LockoutDuration >= host.Forever {
			seconds = 0
		}
		seen.Value, seen.Seconds = &n, &seconds
		if n > 0 {
			seen.Window, seen.WindowSource = &window, "account_policy"
		}
		if p.PropertiesKnown && p.Properties&domainLockoutAdmins == 0 {
			// Advice only: whether it is given does not decide what is known.
			users, _ := h.Accounts.Users(ctx)
			seen.AdministratorFree = slices.ContainsFunc(users, func(u host.User) bool {
				return strings.HasSuffix(u.SID, ridAdministrator) && usable(u, h.Now())
			})
		}
	}
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}
