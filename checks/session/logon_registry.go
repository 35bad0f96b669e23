package session

import (
	"context"
	"slices"
	"strings"

	"vigia/checks/host"
)

const (
	keyWinlogon = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon`
	keyLSA      = `HKLM\SYSTEM\CurrentControlSet\Control\Lsa`

	flagPasswordNotRequired = 0x20 // UF_PASSWD_NOTREQD, lmaccess.h
	ridGuest                = "-501"
)

// observeLogonRegistry reads Winlogon's automatic log-on, the LSA's rule for
// blank passwords, and the accounts that need none.
func observeLogonRegistry(ctx context.Context, h *host.Host) (logonFacts, error) {
	r := newReader(h)
	var seen logonFacts
	auto, known := r.number(ctx, keyWinlogon, "AutoAdminLogon", fromMachine)
	if known {
		seen.Looked++
	}
	// Every user may read this key, so that a password left in it is everybody's, whether it
	// logs somebody on or not.
	_, stored, _ := r.text(ctx, keyWinlogon, "DefaultPassword")
	seen.Stored = stored && (auto == nil || auto.Value == 0)
	if auto != nil && auto.Value != 0 {
		a := autologon{Program: "winlogon", Source: keyWinlogon + `\AutoAdminLogon`, Stored: stored}
		if v, err := h.Registry.Value(ctx, keyWinlogon, "DefaultUserName"); err == nil {
			a.Account = v.String
		} else {
			r.Miss(keyWinlogon+`\DefaultUserName`, err)
		}
		seen.Automatic = append(seen.Automatic, a)
	}
	limit, known := r.number(ctx, keyLSA, "LimitBlankPasswordUse", fromMachine)
	if known {
		seen.Looked++
		seen.BlankFromNetwork = limit != nil && limit.Value == 0 // absent is on
	}
	users, err := h.Accounts.Users(ctx)
	if err != nil {
		r.Need("NetUserEnum", err)
	} else {
		seen.Looked++
		guest, others := false, false
		for _, u := range users {
			switch closed := u.Disabled || !u.Expires.IsZero() && u.Expires.Before(h.Now()); {
			case strings.HasSuffix(u.SID, ridGuest):
				guest = !closed
			case closed:
			case u.Flags&flagPasswordNotRequired != 0:
				seen.Blank = append(seen.Blank, u.Name)
			default:
				others = true
			}
		}
		seen.Guest = &guest
		if others {
			seen.BlankAllowed = r.blankAllowed(ctx)
		}
	}
	slices.Sort(seen.Blank)
	seen.Unread = r.Unread
	return seen, nil
}

// blankAllowed tells whether the policy of the machine takes a password of no characters.
// Then no flag of an account tells that it has one.
func (r *reader) blankAllowed(ctx context.Context) bool {
	policy, err := r.Host.Accounts.PasswordPolicy(ctx)
	if err != nil {
		r.Need("NetUserModalsGet", err)
		return false
	}
	return policy.MinLength == 0
}
