package session

import (
	"context"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// Where Windows keeps the lock. The machine limit is the security option
// "Interactive logon: Machine inactivity limit"; the per-user values are those
// of the screen saver, with group policy above the user's own.
const (
	keyMachinePolicy = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`
	keyProfileList   = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	desktopPolicy    = `\SOFTWARE\Policies\Microsoft\Windows\Control Panel\Desktop`
	desktopUser      = `\Control Panel\Desktop`
	userPolicies     = `\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`

	fromMachine = "machine_policy"
	fromGroup   = "group_policy"
	fromUser    = "user"
	fromProgram = "program_default"
)

const (
	lockerWindows     = "windows"
	lockerNone        = "none"
	lockerUnsupported = "unsupported"
)

// observeLockRegistry reads the limit of the machine and the screen saver of
// every profile, loaded or not.
func observeLockRegistry(ctx context.Context, h *host.Host) (lockFacts, error) {
	r := newReader(h)
	var seen lockFacts
	seen.Machine, _ = r.number(ctx, keyMachinePolicy, "InactivityTimeoutSecs", fromMachine)
	seen.MachineUnread, r.Unread = r.Unread, nil
	seen.Resume = observeResume(ctx, r)
	seen.Awake = observeAwake(ctx, h, r)
	sids, err := h.Registry.Subkeys(ctx, keyProfileList)
	if err != nil {
		// Without the list nobody knows whose sessions there are.
		seen.Unread = append(seen.Unread, checks.Unread{Source: keyProfileList, Why: checks.WhyUnread(err)})
	}
	for _, sid := range sids {
		if isPerson(sid) {
			seen.Lockers = append(seen.Lockers, observeProfile(ctx, h, sid))
		}
	}
	return seen, nil
}

// isPerson tells accounts of people from services: local and domain accounts
// are S-1-5-21-…, those of Microsoft Entra S-1-12-1-….
func isPerson(sid string) bool {
	return (strings.HasPrefix(sid, "S-1-5-21-") || strings.HasPrefix(sid, "S-1-12-1-")) &&
		!strings.HasSuffix(sid, ".bak")
}

func observeProfile(ctx context.Context, h *host.Host, sid string) lockFact {
	r := newReader(h)
	f := lockFact{Profile: sid, Locker: lockerWindows, Folder: profileFolder(ctx, h, sid)}
	// either answers the group policy's value, else the user's; absent as what
	// Windows then does. It stays nil when an unread value could decide.
	either := func(name string, absent int64) *setting {
		s, known := r.number(ctx, `HKU\`+sid+desktopPolicy, name, fromGroup)
		if s == nil && known {
			s, known = r.number(ctx, `HKU\`+sid+desktopUser, name, fromUser)
		}
		if s == nil && known {
			return &setting{Value: absent, From: fromProgram}
		}
		return s
	}
	f.Idle = either("ScreenSaveTimeOut", 0)
	f.Secure = either("ScreenSaverIsSecure", 0)
	f.Enabled = either("ScreenSaveActive", 1)
	// With the policy that removes the lock from the menu the saver does not lock either.
	if off, known := r.number(ctx, `HKU\`+sid+userPolicies, "DisableLockWorkstation", fromGroup); !known || off != nil && off.Value != 0 {
		if off != nil {
			off.Value = 0
		}
		f.Secure = off
	}
	// Without a saver program none of the above does anything.
	if saver := observeSaver(ctx, r, sid); saver == nil || saver.Value == 0 {
		f.Enabled = saver
	}
	f.Unread = r.Unread
	return f
}

// profileFolder is the last part of a profile's path. It only names what the
// SID identifies, so not to know it is no gap.
func profileFolder(ctx context.Context, h *host.Host, sid string) string {
	v, err := h.Registry.Value(ctx, keyProfileList+`\`+sid, "ProfileImagePath")
	if err != nil {
		return ""
	}
	return v.String[strings.LastIndexAny(v.String, `\/`)+1:]
}

// observeSaver tells whether a saver program is set; nil when unread.
func observeSaver(ctx context.Context, r *reader, sid string) *setting {
	from := fromGroup
	present, filled, known := r.text(ctx, `HKU\`+sid+desktopPolicy, "SCRNSAVE.EXE")
	if !present && known {
		from = fromUser
		present, filled, known = r.text(ctx, `HKU\`+sid+desktopUser, "SCRNSAVE.EXE")
	}
	switch {
	case !known:
		return nil
	case filled:
		return &setting{Value: 1, From: from}
	case present:
		return &setting{Value: 0, From: from}
	default:
		return &setting{Value: 0, From: fromProgram}
	}
}
