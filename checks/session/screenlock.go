package session

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// screenLock is AC-LOCK-15: every interactive session locks by itself after at
// most the given idle time, and asks for a password to go on.
func screenLock() checks.Check {
	return checks.New(checks.Info{ID: "session.screenlock", Messages: screenLockMessages(), Covers: screenLockCovers()},
		lockParams{MaxIdle: 900, KeepAwake: 12 * 3600, UnusedDays: 180},
		checks.On[lockFacts]{
			host.Windows: observeLockRegistry,
			host.Linux:   observeLockDesktops,
		}, judgeLock)
}

type lockParams struct {
	// MaxIdle is the longest time without input before the lock, in seconds.
	MaxIdle int64 `json:"max_idle"`
	// KeepAwake is for how long a program may keep a session from falling idle, in
	// seconds; 0: for as long as it likes.
	KeepAwake int64 `json:"keep_awake"`
	// UnusedDays is after how many days without use a profile of an account that a Windows
	// machine does not keep itself is left out; 0: never.
	UnusedDays int64 `json:"unused_days"`
}

// lockFacts is the evidence of session.screenlock.
type lockFacts struct {
	// Machine is the limit that locks every session of a Windows machine
	// (InactivityTimeoutSecs), in seconds.
	Machine *setting `json:"machine,omitempty"`
	// MachineUnread says why Machine could not be read, if so.
	MachineUnread []checks.Unread `json:"machine_unread,omitempty"`
	// LockOff is the policy that takes locking away (DisableLockWorkstation) where it is
	// set for a whole Windows machine.
	LockOff *setting `json:"lock_off,omitempty"`
	// Desktops are the graphical sessions installed on a Linux machine.
	Desktops []string `json:"desktops,omitempty"`
	// Headless tells that a Linux machine has no graphical session at all.
	Headless bool       `json:"headless,omitempty"`
	Lockers  []lockFact `json:"lockers,omitempty"`
	// Console is what ends idle sessions on a machine without desktop.
	Console *consoleFact `json:"console,omitempty"`
	// Resume tells whether a Windows machine asks for a password when it wakes.
	Resume []resumeFact `json:"resume,omitempty"`
	// Awake are the programs that keep the machine from falling idle.
	Awake []wakeFact `json:"awake,omitempty"`
	// Unread is what could not be read about the whole machine.
	Unread []checks.Unread `json:"unread,omitempty"`
}

// lockFact is how the sessions of one profile lock on one desktop.
type lockFact struct {
	// Profile is the account: a SID on Windows, a user name on Linux.
	Profile string `json:"profile"`
	// Folder is the last part of a Windows profile's path, by which people know
	// it; empty where it was not told.
	Folder string `json:"folder,omitempty"`
	// Locker is the program that locks: windows, gnome, kde, xfce,
	// light-locker, xscreensaver, or none where a desktop has none installed.
	Locker  string `json:"locker"`
	Desktop string `json:"desktop,omitempty"`
	// Idle is the time without input until the screen blanks or the saver
	// starts, in seconds; 0 is never.
	Idle *setting `json:"idle,omitempty"`
	// Enabled tells whether the saver starts at all, Secure whether it asks
	// for a password; 0 is no.
	Enabled *setting `json:"enabled,omitempty"`
	Secure  *setting `json:"secure,omitempty"`
	// Delay is the time from blanking to the lock, in seconds.
	Delay *setting `json:"delay,omitempty"`
	// Wake is for how many seconds after the screen went off or the machine fell asleep
	// no password is asked, if somebody set it; forever is neverAsks.
	Wake *setting `json:"wake,omitempty"`
	// LockOff is the policy that takes locking away from this person.
	LockOff *setting `json:"lock_off,omitempty"`
	// Closed tells why nobody starts a session with a Windows profile, and nothing else is
	// read of it then: account_gone, account_disabled, profile_gone.
	Closed string `json:"closed,omitempty"`
	// LastUse is the day on which a Windows profile of an account of elsewhere was last
	// used, YYYY-MM-DD, if that is more than a month ago.
	LastUse string          `json:"last_use,omitempty"`
	Unread  []checks.Unread `json:"unread,omitempty"`
}

// name is what people call the profile.
func (f lockFact) name() string {
	if f.Folder != "" {
		return f.Folder
	}
	return f.Profile
}

func (f lockFact) key() string {
	if f.Desktop == "" {
		return f.Profile
	}
	return f.Profile + "/" + f.Desktop
}

// judgeLock joins how the profiles lock with what stands beside them. What is worse than
// the profiles gives the reason.
func judgeLock(seen lockFacts, p lockParams, at time.Time) checks.Verdict {
	v := judgeProfiles(seen, p, at)
	beside := append(judgeResume(seen.Resume), judgeAwake(seen.Awake, p.KeepAwake, at)...)
	beside = append(beside, judgeWake(seen.Lockers, p, at)...)
	if seen.Console != nil && len(seen.Unread) == 0 {
		beside = append(beside, judgeConsole(seen.Console, p.MaxIdle))
	}
	for _, f := range beside {
		if worst := checks.Worst(v.Status, f.Status); worst != v.Status {
			v.Status, v.Reason = worst, f.Reason
		}
	}
	v.Findings = append(v.Findings, beside...)
	return v
}

func judgeProfiles(seen lockFacts, p lockParams, at time.Time) checks.Verdict {
	limit := strconv.FormatInt(p.MaxIdle, 10)
	if m := seen.Machine; m != nil && m.Value > 0 && m.Value <= p.MaxIdle {
		return judgeLimit(seen, p, at, checks.Because("screenlock.machine",
			"seconds", strconv.FormatInt(m.Value, 10), "limit", limit))
	}
	if seen.Headless && len(seen.Unread) == 0 {
		return checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("screenlock.no_desktop")}
	}
	var v checks.Verdict
	var statuses []checks.Status
	add := func(key string, status checks.Status, reason checks.Reason) {
		statuses = append(statuses, status)
		v.Findings = append(v.Findings, checks.Finding{Key: key, Status: status, Reason: reason})
	}
	left := 0
	for _, f := range seen.Lockers {
		if reason, ok := leftOut(f, p.UnusedDays, at); ok {
			v.Findings = append(v.Findings, checks.Finding{Key: f.key(), Status: checks.NotApplicable, Reason: reason})
			left++
			continue
		}
		status, reason := judgeLocker(f, p.MaxIdle)
		add(f.key(), status, reason)
	}
	if len(seen.Unread) > 0 {
		statuses = append(statuses, checks.Unknown)
	}
	if len(statuses) == 0 { // nobody ever logged on, and nothing locks the machine
		statuses = []checks.Status{checks.Fail}
	}
	if seen.LockOff != nil {
		add("lock_off", checks.Unknown, checks.Because("screenlock.lock_off_machine"))
	}
	v.Status = checks.Worst(statuses...)
	if v.Status == checks.Fail && len(seen.MachineUnread) > 0 {
		// The limit that could not be read might lock them all.
		return checks.Verdict{Status: checks.Unknown, Reason: unreadReason(seen.MachineUnread)}
	}
	v.Reason = lockReason(v.Status, v.Findings, len(seen.Lockers)-left, seen.Unread, limit)
	return v
}

// judgeLimit judges a Windows machine whose limit locks every session in time, unless a
// policy takes locking away: Windows says of it that the saver then does not lock, by
// which the limit works, and nothing of the limit itself.
func judgeLimit(seen lockFacts, p lockParams, at time.Time, locks checks.Reason) checks.Verdict {
	var doubts []checks.Finding
	if seen.LockOff != nil {
		doubts = append(doubts, checks.Finding{Key: "lock_off", Status: checks.Unknown, Reason: checks.Because("screenlock.lock_off_machine")})
	}
	for _, f := range seen.Lockers {
		if _, ok := leftOut(f, p.UnusedDays, at); ok {
			continue
		}
		if f.LockOff != nil {
			doubts = append(doubts, checks.Finding{Key: f.key(), Status: checks.Unknown, Reason: checks.Because("screenlock.lock_off_limit", "profile", f.name())})
			continue
		}
		i := slices.IndexFunc(f.Unread, func(u checks.Unread) bool { return strings.HasSuffix(u.Source, `\`+valueLockOff) })
		if i >= 0 {
			doubts = append(doubts, checks.Finding{Key: f.key(), Status: checks.Unknown, Reason: unreadReason(f.Unread[i:])})
		}
	}
	switch len(doubts) {
	case 0:
		return checks.Verdict{Status: checks.Pass, Reason: locks}
	case 1:
		return checks.Verdict{Status: checks.Unknown, Reason: doubts[0].Reason, Findings: doubts}
	}
	return checks.Verdict{Status: checks.Unknown, Findings: doubts, Reason: checks.Because("screenlock.some_unknown",
		"bad", strconv.Itoa(len(doubts)), "profiles", strconv.Itoa(len(seen.Lockers)))}
}

// lockReason sums up: how many of the profiles that were judged decide the status.
func lockReason(status checks.Status, findings []checks.Finding, profiles int, unread []checks.Unread, limit string) checks.Reason {
	n := 0
	for _, f := range findings {
		if f.Status == status {
			n++
		}
	}
	switch status {
	case checks.Pass, checks.Warn, checks.NotApplicable:
		return checks.Because("screenlock.all_lock", "profiles", strconv.Itoa(profiles), "limit", limit)
	case checks.Fail:
		if n == 0 {
			return checks.Because("screenlock.nothing_locks", "limit", limit)
		}
		return checks.Because("screenlock.some_do_not", "bad", strconv.Itoa(n),
			"profiles", strconv.Itoa(profiles), "limit", limit)
	case checks.Unknown:
	}
	if n == 0 && len(unread) > 0 {
		return unreadReason(unread)
	}
	return checks.Because("screenlock.some_unknown", "bad", strconv.Itoa(n), "profiles", strconv.Itoa(profiles))
}

// judgeLocker judges one profile by the value that takes effect. A value that
// could not be read leaves the answer unknown unless another one already
// proves that nothing locks.
func judgeLocker(f lockFact, limit int64) (checks.Status, checks.Reason) {
	because := func(code string, s *setting) checks.Reason {
		return checks.Because(code, "profile", f.name(), "from", s.From, "seconds", strconv.FormatInt(s.Value, 10),
			"limit", strconv.FormatInt(limit, 10))
	}
	switch {
	case f.Locker == lockerUnsupported:
		return checks.Unknown, checks.Because("screenlock.desktop_not_known", "desktop", f.Desktop)
	case f.Locker == lockerNone && f.Desktop == "gnome":
		return checks.Fail, checks.Because("screenlock.gnome_without_gdm")
	case f.Locker == lockerNone:
		return checks.Fail, checks.Because("screenlock.no_locker", "desktop", f.Desktop)
	case f.LockOff != nil:
		return checks.Fail, checks.Because("screenlock.lock_off", "profile", f.name())
	case f.Enabled != nil && f.Enabled.Value == 0:
		return checks.Fail, because("screenlock.off", f.Enabled)
	case f.Secure != nil && f.Secure.Value == 0:
		return checks.Fail, because("screenlock.no_password", f.Secure)
	case f.Idle != nil && f.Idle.Value <= 0:
		return checks.Fail, because("screenlock.never", f.Idle)
	}
	if f.Idle != nil {
		total := *f.Idle
		if f.Delay != nil {
			total.Value += max(f.Delay.Value, 0)
			if f.Idle.Value <= limit && total.Value > limit {
				total.From = f.Delay.From // the delay is what makes it too long
			}
		}
		if total.Value > limit {
			return checks.Fail, because("screenlock.too_long", &total)
		}
		if f.Enabled != nil && f.Secure != nil && len(f.Unread) == 0 {
			return checks.Pass, because("screenlock.locks", &total)
		}
	}
	if len(f.Unread) > 0 {
		return checks.Unknown, unreadReason(f.Unread)
	}
	return checks.Fail, checks.Because("screenlock.not_set", "profile", f.name(), "limit", strconv.FormatInt(limit, 10))
}

func unreadReason(unread []checks.Unread) checks.Reason {
	return checks.Because("screenlock.unread", "source", unread[0].Source, "why", unread[0].Why)
}
