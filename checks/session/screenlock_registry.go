package session

import (
	"context"
	"errors"
	"io/fs"
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

	// valueLockOff is the policy "Remove Lock Computer".
	valueLockOff = "DisableLockWorkstation"

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
	seen.Machine, _ = r.dword(ctx, keyMachinePolicy, "InactivityTimeoutSecs", fromMachine)
	seen.MachineUnread, r.Unread = r.Unread, nil
	// Windows documents this one for people only, so that not to read it is no gap.
	if off, _ := r.number(ctx, keyMachinePolicy, valueLockOff, fromMachine); off != nil && off.Value != 0 {
		seen.LockOff = off
	}
	r.Unread = nil
	seen.Resume = observeResume(ctx, r)
	seen.Awake = observeAwake(ctx, h, r)
	seen.Unread = r.Unread
	sids, err := h.Registry.Subkeys(ctx, keyProfileList)
	if err != nil {
		// Without the list nobody knows whose sessions there are.
		seen.Unread = append(seen.Unread, checks.Unread{Source: keyProfileList, Why: checks.WhyUnread(err)})
	}
	all, delay := newProfiles(ctx, h), delayAllowed(ctx, r)
	for _, sid := range sids {
		if !isPerson(sid) {
			continue
		}
		closed, lastUse := all.closed(ctx, sid)
		f := lockFact{Profile: sid, Locker: lockerWindows, Folder: profileFolder(ctx, h, sid), Closed: closed}
		if closed == "" {
			f = observeProfile(ctx, h, f, delay)
			f.LastUse = lastUse
		}
		seen.Lockers = append(seen.Lockers, f)
	}
	return seen, nil
}

// isPerson tells accounts of people from services: local and domain accounts
// are S-1-5-21-…, those of Microsoft Entra S-1-12-1-….
func isPerson(sid string) bool {
	return (strings.HasPrefix(sid, "S-1-5-21-") || strings.HasPrefix(sid, "S-1-12-1-")) &&
		!strings.HasSuffix(sid, ".bak")
}

// observeProfile fills in how the sessions of a profile lock; delay tells whether its owner
// may choose when a password is asked after sleep.
func observeProfile(ctx context.Context, h *host.Host, f lockFact, delay bool) lockFact {
	r, sid := newReader(h), f.Profile
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
	f.Delay = observeGrace(ctx, r)
	if delay {
		f.Wake, _ = r.number(ctx, `HKU\`+sid+desktopUser, valueDelay, fromUser)
	}
	// With the policy that removes the lock from the menu the saver does not lock either.
	if off, known := r.number(ctx, `HKU\`+sid+userPolicies, valueLockOff, fromGroup); !known || off != nil && off.Value != 0 {
		f.LockOff, f.Secure = off, nil
		if off != nil {
			f.Secure = &setting{Value: 0, From: off.From}
		}
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

// graceAsItComes is the grace period of Windows as it comes, in seconds.
const graceAsItComes = 5

// observeGrace reads the grace period of the saver: for so many seconds after it began any
// key opens the session, which is later than it seems. nil when unread or as it comes.
func observeGrace(ctx context.Context, r *reader) *setting {
	s, _ := r.number(ctx, keyWinlogon, "ScreenSaverGracePeriod", fromMachine)
	if s == nil || s.Value <= graceAsItComes {
		return nil
	}
	return s
}

// observeSaver tells whether a saver program is set that exists; nil when unread.
func observeSaver(ctx context.Context, r *reader, sid string) *setting {
	for _, place := range []struct{ key, from string }{{desktopPolicy, fromGroup}, {desktopUser, fromUser}} {
		key := `HKU\` + sid + place.key
		v, err := r.Host.Registry.Value(ctx, key, "SCRNSAVE.EXE")
		if err != nil {
			if r.Miss(key+`\SCRNSAVE.EXE`, err) {
				continue
			}
			return nil
		}
		return &setting{Value: bit(saverExists(ctx, r, v.String)), From: place.from}
	}
	return &setting{Value: 0, From: fromProgram}
}

// saverExists tells whether the program of a saver is there: Windows starts none that is
// not. Where the disk cannot be looked at, what is set is believed.
func saverExists(ctx context.Context, r *reader, name string) bool {
	name = strings.Trim(strings.TrimSpace(name), `"`)
	if name == "" || strings.EqualFold(name, "(none)") {
		return false
	}
	for _, variable := range []string{"%systemroot%", "%windir%"} {
		if len(name) >= len(variable) && strings.EqualFold(name[:len(variable)], variable) {
			name = `C:\Windows` + name[len(variable):]
		}
	}
	if !strings.Contains(name, `\`) {
		name = `C:\Windows\System32\` + name
	}
	if strings.Contains(name, "%") {
		return true
	}
	_, err := r.Host.Files.Stat(ctx, name)
	return !errors.Is(err, fs.ErrNotExist)
}
