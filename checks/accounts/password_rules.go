package accounts

import (
	"context"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// passwordLength is AC-PWD-LEN: a minimum length is enforced, at least the
// legal one and better the recommended one.
func passwordLength() checks.Check {
	return checks.New(checks.Info{ID: "accounts.password_length", Messages: lengthMessages()},
		lengthParams{Min: 6, Recommended: 12},
		checks.On[ruleFacts]{host.Windows: observeWindowsLength, host.Linux: observePAMLength},
		judgeLength)
}

type lengthParams struct {
	// Min is the legal bar and Recommended the better one, in characters.
	Min         int64 `json:"min"`
	Recommended int64 `json:"recommended"`
}

// passwordComposition is AC-PWD-COMP: new passwords mix classes of characters.
func passwordComposition() checks.Check {
	return checks.New(checks.Info{ID: "accounts.password_composition", Messages: compositionMessages()},
		compositionParams{MinClasses: 2},
		checks.On[ruleFacts]{host.Windows: observeWindowsComposition, host.Linux: observePAMComposition},
		judgeComposition)
}

type compositionParams struct {
	// MinClasses is how many classes of characters (lower case, upper case,
	// digits, others) a password must mix.
	MinClasses int64 `json:"min_classes"`
}

// lockout is AC-FAIL-3: an account locks after a few wrong passwords.
func lockout() checks.Check {
	return checks.New(checks.Info{ID: "accounts.lockout", Messages: lockoutMessages()},
		lockoutParams{Max: 3, Recommended: 3},
		checks.On[ruleFacts]{host.Windows: observeWindowsLockout, host.Linux: observePAMLockout},
		judgeLockout)
}

type lockoutParams struct {
	// Max is the largest number of attempts that the rule allows, Recommended
	// the better one.
	Max         int64 `json:"max"`
	Recommended int64 `json:"recommended"`
}

// ruleFacts is the evidence of a rule about passwords: one number, in force or
// not, and who enforces it.
type ruleFacts struct {
	// Value is what is enforced: characters, classes or attempts. 0 means that
	// the rule is off; nil that it could not be read.
	Value *int64 `json:"value,omitempty"`
	// By names what enforces it: a PAM module, windows, or no_module.
	By string `json:"by,omitempty"`
	// Source is where the number stands.
	Source string          `json:"source,omitempty"`
	Unread []checks.Unread `json:"unread,omitempty"`
}

// judgeRule answers for the cases that all rules share; ok is false when the
// rule's own bar must decide.
func judgeRule(seen ruleFacts, off string) (v checks.Verdict, ok bool) {
	switch {
	case seen.Value == nil || len(seen.Unread) > 0:
		return unreadVerdict(seen.Unread), true
	case *seen.Value <= 0:
		return checks.Verdict{Status: checks.Fail, Reason: checks.Because(off, "by", seen.By, "source", seen.Source)}, true
	default:
		return checks.Verdict{}, false
	}
}

func verdictOf(status checks.Status, code string, seen ruleFacts, bar int64) checks.Verdict {
	return checks.Verdict{Status: status, Reason: checks.Because(code,
		"value", strconv.FormatInt(*seen.Value, 10), "bar", strconv.FormatInt(bar, 10), "source", seen.Source)}
}

func judgeLength(seen ruleFacts, p lengthParams, _ time.Time) checks.Verdict {
	if v, ok := judgeRule(seen, "length.off"); ok {
		return v
	}
	switch n := *seen.Value; {
	case n < p.Min:
		return verdictOf(checks.Fail, "length.short", seen, p.Min)
	case n < p.Recommended:
		return verdictOf(checks.Warn, "length.legal_only", seen, p.Recommended)
	default:
		return verdictOf(checks.Pass, "length.enough", seen, p.Recommended)
	}
}

func judgeComposition(seen ruleFacts, p compositionParams, _ time.Time) checks.Verdict {
	if v, ok := judgeRule(seen, "composition.off"); ok {
		return v
	}
	if *seen.Value < p.MinClasses {
		return verdictOf(checks.Fail, "composition.few", seen, p.MinClasses)
	}
	return verdictOf(checks.Pass, "composition.enough", seen, p.MinClasses)
}

func judgeLockout(seen ruleFacts, p lockoutParams, _ time.Time) checks.Verdict {
	if v, ok := judgeRule(seen, "lockout.off"); ok {
		return v
	}
	switch n := *seen.Value; {
	case n > p.Max:
		return verdictOf(checks.Fail, "lockout.many", seen, p.Max)
	case n > p.Recommended:
		return verdictOf(checks.Warn, "lockout.legal_only", seen, p.Recommended)
	default:
		return verdictOf(checks.Pass, "lockout.enough", seen, p.Recommended)
	}
}

// domainPasswordComplex is DOMAIN_PASSWORD_COMPLEX of the SAM: three of four
// classes of characters, and no account name inside.
const (
	domainPasswordComplex = 1
	complexClasses        = 3
)

func observeWindowsLength(ctx context.Context, h *host.Host) (ruleFacts, error) {
	return observeModals(ctx, h, func(p host.PasswordPolicy) (int64, bool) { return int64(p.MinLength), true }), nil
}

func observeWindowsLockout(ctx context.Context, h *host.Host) (ruleFacts, error) {
	return observeModals(ctx, h, func(p host.PasswordPolicy) (int64, bool) { return int64(p.LockoutThreshold), true }), nil
}

func observeWindowsComposition(ctx context.Context, h *host.Host) (ruleFacts, error) {
	return observeModals(ctx, h, func(p host.PasswordPolicy) (int64, bool) {
		if p.Properties&domainPasswordComplex != 0 {
			return complexClasses, p.PropertiesKnown
		}
		return 0, p.PropertiesKnown
	}), nil
}

// observeModals reads one number of the account policy. value answers false
// for a number that this machine did not tell.
func observeModals(ctx context.Context, h *host.Host, value func(host.PasswordPolicy) (int64, bool)) ruleFacts {
	r := newReader(h)
	seen := ruleFacts{By: "windows", Source: "account_policy"}
	if p := r.windowsPolicy(ctx); p != nil {
		if n, known := value(*p); known {
			seen.Value = &n
		} else {
			r.Note("SamQueryInformationDomain", "unsupported")
		}
	}
	seen.Unread = r.Unread
	return seen
}
