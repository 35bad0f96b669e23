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
	return checks.New(checks.Info{ID: "accounts.password_length", Covers: lengthCovers(), Messages: lengthMessages()},
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
	return checks.New(checks.Info{ID: "accounts.password_composition", Covers: compositionCovers(), Messages: compositionMessages()},
		compositionParams{MinClasses: 2},
		checks.On[ruleFacts]{host.Windows: observeWindowsComposition, host.Linux: observePAMComposition},
		judgeComposition)
}

type compositionParams struct {
	// MinClasses is how many classes of characters (lower case, upper case,
	// digits, others) a password must mix.
	MinClasses int64 `json:"min_classes"`
}

// passwordUsername is AC-PWD-NEQ-USER: a password that is the name of the account,
// or holds it, is refused.
func passwordUsername() checks.Check {
	return checks.New(checks.Info{ID: "accounts.password_username", Covers: usernameCovers(), Messages: usernameMessages()},
		struct{}{},
		checks.On[ruleFacts]{host.Windows: observeWindowsUsername, host.Linux: observePAMUsername},
		judgeUsername)
}

// ruleFacts is the evidence of a rule about passwords: one number, in force or
// not, and who enforces it.
type ruleFacts struct {
	// Value is what is enforced: characters, classes, or 1 for a rule that is on.
	// 0 means that the rule is off; nil that it could not be read for sure.
	Value *int64 `json:"value,omitempty"`
	// By names what enforces it: a PAM module, windows, or no_module.
	By string `json:"by,omitempty"`
	// Source is where the number stands.
	Source string          `json:"source,omitempty"`
	Unread []checks.Unread `json:"unread,omitempty"`
	// Directory names the service that has accounts besides, as a code.
	Directory string `json:"directory,omitempty"`
}

// judgeRule answers for the cases that all rules share; ok is false when the
// rule's own bar must decide.
func judgeRule(seen ruleFacts, off string) (v checks.Verdict, ok bool) {
	switch {
	case seen.Value == nil:
		return unreadVerdict(seen.Unread), true
	case *seen.Value <= 0:
		return checks.Verdict{Status: checks.Fail, Reason: checks.Because(off, "by", seen.By, "source", seen.Source)}, true
	default:
		return checks.Verdict{}, false
	}
}

// whole is a verdict on what was read, unless it is good and not all was read.
func whole(v checks.Verdict, unread []checks.Unread, directory string) checks.Verdict {
	if len(unread) > 0 && v.Status != checks.Fail {
		return unreadVerdict(unread)
	}
	return beyond(v, directory)
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
		return whole(verdictOf(checks.Fail, "length.short", seen, p.Min), seen.Unread, seen.Directory)
	case n < p.Recommended:
		return whole(verdictOf(checks.Warn, "length.legal_only", seen, p.Recommended), seen.Unread, seen.Directory)
	default:
		return whole(verdictOf(checks.Pass, "length.enough", seen, p.Recommended), seen.Unread, seen.Directory)
	}
}

func judgeComposition(seen ruleFacts, p compositionParams, _ time.Time) checks.Verdict {
	if v, ok := judgeRule(seen, "composition.off"); ok {
		return v
	}
	if *seen.Value < p.MinClasses {
		return whole(verdictOf(checks.Fail, "composition.few", seen, p.MinClasses), seen.Unread, seen.Directory)
	}
	return whole(verdictOf(checks.Pass, "composition.enough", seen, p.MinClasses), seen.Unread, seen.Directory)
}

func judgeUsername(seen ruleFacts, _ struct{}, _ time.Time) checks.Verdict {
	if v, ok := judgeRule(seen, "username.free"); ok {
		return v
	}
	return whole(verdictOf(checks.Pass, "username.compared", seen, 1), seen.Unread, seen.Directory)
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

func observeWindowsComposition(ctx context.Context, h *host.Host) (ruleFacts, error) {
	return observeModals(ctx, h, func(p host.PasswordPolicy) (int64, bool) {
		if p.Properties&domainPasswordComplex != 0 {
			return complexClasses, p.PropertiesKnown
		}
		return 0, p.PropertiesKnown
	}), nil
}

func observeWindowsUsername(ctx context.Context, h *host.Host) (ruleFacts, error) {
	return observeModals(ctx, h, func(p host.PasswordPolicy) (int64, bool) {
		return int64(p.Properties & domainPasswordComplex), p.PropertiesKnown
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
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen
}
