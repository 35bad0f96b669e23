package directory

import (
	"context"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// onBoth observes in the same way whatever system the agent runs on: it is the directory
// that is read.
func onBoth[O any](observe func(context.Context, *host.Host) (O, error)) checks.On[O] {
	return checks.On[O]{host.Windows: observe, host.Linux: observe}
}

// passwordLength is AC-PWD-LEN in the directory: a minimum length is enforced, at least
// the legal one and better the recommended one.
func passwordLength() checks.Check {
	return checks.New(checks.Info{ID: "directory.password_length", Deadline: deadline, Covers: lengthCovers(), Messages: lengthMessages()},
		lengthParams{Min: 6, Recommended: 12}, onBoth(observePolicies), judgeLength)
}

type lengthParams struct {
	// Min is the legal bar and Recommended the better one, in characters.
	Min         int64 `json:"min"`
	Recommended int64 `json:"recommended"`
}

func judgeLength(seen policyFacts, p lengthParams, _ time.Time) checks.Verdict {
	return seen.judge("directory.length_good", func(one policyFact) ruling {
		if one.Length == nil {
			return unreadRule()
		}
		n := *one.Length
		r := ruling{checks.Pass, "directory.length_enough", []string{"value", text(n), "bar", text(p.Recommended)}}
		switch {
		case n <= 0:
			r.status, r.code = checks.Fail, "directory.length_off"
		case n < p.Min:
			r = ruling{checks.Fail, "directory.length_short", []string{"value", text(n), "bar", text(p.Min)}}
		case n < p.Recommended:
			r.status, r.code = checks.Warn, "directory.length_legal_only"
		case one.Lenient:
			r.status, r.code = checks.Warn, "directory.length_lenient"
		}
		return r
	})
}

// passwordComposition is AC-PWD-COMP in the directory: new passwords mix classes of
// characters.
func passwordComposition() checks.Check {
	return checks.New(checks.Info{ID: "directory.password_composition", Deadline: deadline, Covers: compositionCovers(), Messages: compositionMessages()},
		compositionParams{MinClasses: 2}, onBoth(observePolicies), judgeComposition)
}

type compositionParams struct {
	// MinClasses is how many classes of characters (lower case, upper case, digits,
	// others) a password must mix.
	MinClasses int64 `json:"min_classes"`
}

func judgeComposition(seen policyFacts, p compositionParams, _ time.Time) checks.Verdict {
	return seen.judge("directory.composition_good", func(one policyFact) ruling {
		switch {
		case one.Module != "":
			return ruling{checks.Unknown, "directory.composition_module", []string{"module", one.Module}}
		case one.Classes == nil:
			return unreadRule()
		case *one.Classes < p.MinClasses:
			return ruling{checks.Fail, "directory.composition_off", []string{"value", text(*one.Classes), "bar", text(p.MinClasses)}}
		default:
			return ruling{checks.Pass, "directory.composition_enough", []string{"value", text(*one.Classes), "bar", text(p.MinClasses)}}
		}
	})
}

// passwordHistory is AC-PWD-HIST in the directory: a new password is another one than
// the last, and the old one cannot be brought back by changing a few times in a row.
func passwordHistory() checks.Check {
	return checks.New(checks.Info{ID: "directory.password_history", Deadline: deadline, Covers: historyCovers(), Messages: historyMessages()},
		historyParams{Min: 1, Recommended: 5, MinDays: 1}, onBoth(observePolicies), judgeHistory)
}

type historyParams struct {
	// Min is how many old passwords the rule demands to remember, Recommended the
	// better number.
	Min         int64 `json:"min"`
	Recommended int64 `json:"recommended"`
	// MinDays is how long a new password must stay; 0 does not look at that.
	MinDays int64 `json:"min_days"`
}

func judgeHistory(seen policyFacts, p historyParams, _ time.Time) checks.Verdict {
	return seen.judge("directory.history_good", func(one policyFact) ruling {
		if one.History == nil || one.MinAge == nil {
			return unreadRule()
		}
		n := *one.History
		args := func(bar int64) []string { return []string{"value", text(n), "bar", text(bar)} }
		switch {
		case n < p.Min:
			return ruling{checks.Fail, "directory.history_short", args(p.Min)}
		case *one.MinAge < p.MinDays*86400:
			return ruling{checks.Fail, "directory.history_cycled", []string{"bar", text(p.MinDays)}}
		case n < p.Recommended:
			return ruling{checks.Warn, "directory.history_legal_only", args(p.Recommended)}
		default:
			return ruling{checks.Pass, "directory.history_enough", args(p.Recommended)}
		}
	})
}

// lockout is AC-FAIL-3 in the directory: an account locks after a few wrong passwords.
func lockout() checks.Check {
	return checks.New(checks.Info{ID: "directory.lockout", Deadline: deadline, Covers: lockoutCovers(), Messages: lockoutMessages()},
		lockoutParams{Max: 3, Recommended: 3, WindowMinutes: 10, LockedMany: 5}, onBoth(observeLockout), judgeLockout)
}

type lockoutParams struct {
	// Max is the largest number of attempts that the rule allows, Recommended the
	// better one.
	Max         int64 `json:"max"`
	Recommended int64 `json:"recommended"`
	// WindowMinutes is for how long attempts should count at least: whoever waits for
	// longer than the rule says can go on. Under a minute nobody is ever locked.
	WindowMinutes int64 `json:"window_minutes"`
	// LockedMany is how many accounts that are locked at once are a sign that somebody
	// tries passwords; 0 does not look at that.
	LockedMany int `json:"locked_many"`
}

func judgeLockout(seen lockoutFacts, p lockoutParams, _ time.Time) checks.Verdict {
	return seen.judgeWith("directory.lockout_good", func(f *findings) { seen.report(f, p) }, func(one policyFact) ruling {
		if one.Threshold == nil {
			return unreadRule()
		}
		n := *one.Threshold
		args := func(bar int64) []string { return []string{"value", text(n), "bar", text(bar)} }
		switch {
		case n <= 0:
			return ruling{checks.Fail, "directory.lockout_off", args(p.Max)}
		case n > p.Max:
			return ruling{checks.Fail, "directory.lockout_many", args(p.Max)}
		case one.Window != nil && *one.Window > 0 && *one.Window < 60:
			return ruling{checks.Fail, "directory.lockout_forgets", []string{"seconds", text(*one.Window), "bar", text(p.WindowMinutes)}}
		case one.Window != nil && *one.Window > 0 && *one.Window < p.WindowMinutes*60:
			return ruling{checks.Warn, "directory.lockout_forgets", []string{"seconds", text(*one.Window), "bar", text(p.WindowMinutes)}}
		case n > p.Recommended:
			return ruling{checks.Warn, "directory.lockout_legal_only", args(p.Recommended)}
		default:
			return ruling{checks.Pass, "directory.lockout_enough", args(p.Recommended)}
		}
	})
}

// lockoutRelease is AC-LOCKOUT-60 and AC-FAIL-UNLOCK in the directory: a locked account
// stays so for an hour, or until an administrator unlocks it.
func lockoutRelease() checks.Check {
	return checks.New(checks.Info{ID: "directory.lockout_release", Deadline: deadline, Covers: releaseCovers(), Messages: releaseMessages()},
		releaseParams{}, onBoth(observePolicies), judgeRelease)
}

type releaseParams struct {
	// Minutes is the shortest time that an account stays locked; 0 demands that it does
	// until an administrator unlocks it.
	Minutes int64 `json:"minutes"`
	// Attempts is the largest number of attempts before that; 0 leaves it to
	// directory.lockout.
	Attempts int64 `json:"attempts"`
}

func judgeRelease(seen policyFacts, p releaseParams, _ time.Time) checks.Verdict {
	return seen.judge("directory.release_good", func(one policyFact) ruling {
		if one.Threshold == nil || one.Locked == nil {
			return unreadRule()
		}
		args := []string{"minutes", text(*one.Locked / 60), "bar", text(p.Minutes)}
		switch {
		case *one.Threshold <= 0:
			return ruling{checks.Fail, "directory.release_never_locks", nil}
		case p.Attempts > 0 && *one.Threshold > p.Attempts:
			return ruling{checks.Fail, "directory.release_many", []string{"value", text(*one.Threshold), "bar", text(p.Attempts)}}
		case *one.Locked == 0:
			return ruling{checks.Pass, "directory.release_by_hand", nil}
		case p.Minutes == 0:
			return ruling{checks.Fail, "directory.release_by_itself", args}
		case *one.Locked < p.Minutes*60:
			return ruling{checks.Fail, "directory.release_soon", args}
		default:
			return ruling{checks.Pass, "directory.release_late", args}
		}
	})
}

func text(n int64) string { return strconv.FormatInt(n, 10) }
