package accounts

import (
	"context"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/format/pam"
	"vigia/checks/format/shadow"
	"vigia/checks/host"
)

// passwordBlank is AC-PWD-BLANK: every account that somebody can log on with has a
// password. The agent tries none.
func passwordBlank() checks.Check {
	return checks.New(checks.Info{ID: "accounts.password_blank", Covers: blankCovers(), Messages: blankMessages()},
		struct{}{},
		checks.On[blankFacts]{host.Windows: observeWindowsBlank, host.Linux: observeShadowBlank},
		judgeBlank)
}

// blankFacts is the evidence of accounts.password_blank.
type blankFacts struct {
	// Accounts has those that need no password.
	Accounts []blankFact `json:"accounts,omitempty"`
	// ConsoleOnly: a blank password opens the console and nothing else
	// (LimitBlankPasswordUse); nil on other systems or when unread.
	ConsoleOnly *bool `json:"console_only,omitempty"`
	// Short: the policy of a Windows machine takes passwords of no characters, so that no
	// flag of an account tells whether it has one.
	Short bool `json:"short,omitempty"`
	// Nullok are the PAM files that let an empty password pass.
	Nullok    []string        `json:"nullok,omitempty"`
	Unread    []checks.Unread `json:"unread,omitempty"`
	Directory string          `json:"directory,omitempty"`
}

type blankFact struct {
	Name string `json:"name"`
	SID  string `json:"sid,omitempty"`
	// Why is empty for a password field that is, not_required for an account
	// that Windows demands none of.
	Why string `json:"why"`
}

func judgeBlank(seen blankFacts, _ struct{}, _ time.Time) checks.Verdict {
	var f findings
	for _, a := range seen.Accounts {
		f.add("account/"+a.Name, checks.Fail, "blank."+a.Why, "account", a.Name)
	}
	if seen.ConsoleOnly != nil && !*seen.ConsoleOnly {
		f.add("network", checks.Fail, "blank.network")
	}
	if seen.Short {
		f.add("policy", checks.Unknown, "blank.not_told")
	}
	for _, file := range seen.Nullok {
		f.add("nullok/"+file, checks.Warn, "blank.nullok", "source", file)
	}
	f.unread(seen.Unread)
	return beyond(f.verdict(checks.Because("blank.none")), seen.Directory)
}

const keyLSA = `HKLM\SYSTEM\CurrentControlSet\Control\Lsa`

// flagNoPassword is UF_PASSWD_NOTREQD of lmaccess.h.
const flagNoPassword = 0x20

func observeWindowsBlank(ctx context.Context, h *host.Host) (blankFacts, error) {
	r := newReader(h)
	var seen blankFacts
	for _, u := range r.windowsUsers(ctx) {
		if usable(u, h.Now()) && u.Flags&flagNoPassword != 0 {
			seen.Accounts = append(seen.Accounts, blankFact{Name: u.Name, SID: u.SID, Why: "not_required"})
		}
	}
	if p := r.windowsPolicy(ctx); p != nil {
		seen.Short = p.MinLength == 0
	}
	if n, ok := r.number(ctx, keyLSA, "LimitBlankPasswordUse", 1); ok {
		only := n != 0
		seen.ConsoleOnly = &only
	}
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}

// number reads a number of the registry, fallback where it is not set.
func (r *reader) number(ctx context.Context, key, name string, fallback uint64) (n uint64, ok bool) {
	v, err := r.Host.Registry.Value(ctx, key, name)
	switch {
	case err == nil && v.Kind == host.RegistryInteger:
		return v.Integer, true
	case err == nil:
		r.Note(key+`\`+name, "unreadable")
		return 0, false
	case r.Miss(key+`\`+name, err):
		return fallback, true
	}
	return 0, false
}

// windowsUsers lists the local accounts of Windows, sorted by name.
func (r *reader) windowsUsers(ctx context.Context) []host.User {
	users, err := r.Host.Accounts.Users(ctx)
	if err != nil {
		r.Need("NetUserEnum", err)
	}
	return sorted(users, func(u host.User) string { return u.Name })
}

// observeShadowBlank looks for empty password fields, and whether PAM would let an
// empty password pass.
func observeShadowBlank(ctx context.Context, h *host.Host) (blankFacts, error) {
	r := newReader(h)
	var seen blankFacts
	for _, a := range r.locals(ctx, loginDefs(ctx, r)) {
		if a.Hash.Kind == shadow.Empty && a.usable(h.Now()) {
			seen.Accounts = append(seen.Accounts, blankFact{Name: a.Name, Why: "empty"})
		}
	}
	for service := range strings.FieldsSeq(loginServices) {
		if !r.exists(ctx, service) {
			continue
		}
		s := r.stack(ctx, service)
		if s == nil {
			continue
		}
		for _, rule := range s.Find(pam.Auth, moduleUnix) {
			if _, ok := rule.Arg("nullok"); ok {
				seen.Nullok = append(seen.Nullok, pamFile(rule.File))
			}
		}
	}
	seen.Nullok = distinct(seen.Nullok)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}
