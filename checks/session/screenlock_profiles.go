package session

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// Why nobody starts a session with a profile, as lockFact.Closed.
const (
	closedGone     = "account_gone"     // the machine's own account was deleted
	closedDisabled = "account_disabled" // it is disabled, or past its end
	closedFolder   = "profile_gone"     // an account of elsewhere, whose folder was deleted
)

// recent is how long ago a use of a profile is not worth telling: a day that moves with
// every session would change the evidence each time.
const recent = 30 * 24 * time.Hour

// profiles tells which of the profiles of a Windows machine belong to somebody who can
// still log on. Windows keeps the others for ever.
type profiles struct {
	h *host.Host
	// users are the machine's own accounts by SID; nil when they were not told.
	users map[string]host.User
	// machine is what the SIDs of its own accounts begin with.
	machine string
}

func newProfiles(ctx context.Context, h *host.Host) profiles {
	p := profiles{h: h}
	users, err := h.Accounts.Users(ctx)
	if err != nil {
		return p // then the last use of each profile says the most
	}
	p.users = make(map[string]host.User, len(users))
	for _, u := range users {
		p.users[strings.ToUpper(u.SID)] = u
		p.machine = strings.ToUpper(u.SID[:strings.LastIndex(u.SID, "-")+1])
	}
	return p
}

// closed tells why nobody starts a session with a profile, and for one of an account that
// the machine does not keep itself, of a domain or of Entra ID, the day of its last use if
// that is not recent. Both are empty for one in use, and where nothing is known.
func (p profiles) closed(ctx context.Context, sid string) (why, lastUse string) {
	now, upper := p.h.Now(), strings.ToUpper(sid)
	own := p.machine != "" && strings.HasPrefix(upper, p.machine)
	folder := ""
	if own {
		u, ok := p.users[upper]
		switch {
		case !ok:
			why = closedGone
		case u.Disabled, !u.Expires.IsZero() && u.Expires.Before(now):
			why = closedDisabled
		default:
			return "", ""
		}
	} else if folder = p.folder(ctx, sid); folder != "" {
		if _, err := p.h.Files.Stat(ctx, folder); errors.Is(err, fs.ErrNotExist) {
			why = closedFolder
		}
	}
	if p.inSession(ctx, sid) {
		return "", "" // it may have been closed since
	}
	if own || why != "" {
		return why, ""
	}
	used := p.lastUse(ctx, sid, folder)
	if used.IsZero() || now.Sub(used) < recent {
		return "", ""
	}
	return "", used.UTC().Format(time.DateOnly)
}

// inSession tells whether somebody is logged on with a profile: only then is there a
// volatile environment.
func (p profiles) inSession(ctx context.Context, sid string) bool {
	names, err := p.h.Registry.ValueNames(ctx, `HKU\`+sid+`\Volatile Environment`)
	return err == nil && len(names) > 0
}

// folder is where a profile lies; empty when that was not told.
func (p profiles) folder(ctx context.Context, sid string) string {
	v, err := p.h.Registry.Value(ctx, keyProfileList+`\`+sid, "ProfileImagePath")
	if err != nil {
		return ""
	}
	const drive = "%SystemDrive%"
	if len(v.String) > len(drive) && strings.EqualFold(v.String[:len(drive)], drive) {
		return "C:" + v.String[len(drive):]
	}
	return v.String
}

// lastUse is when a profile was last loaded or let go, as Windows has noted since version
// 1809, else when its hive was last written; zero when that is not known.
func (p profiles) lastUse(ctx context.Context, sid, folder string) time.Time {
	loaded, left := p.noted(ctx, sid, "LocalProfileLoadTime"), p.noted(ctx, sid, "LocalProfileUnloadTime")
	if left.After(loaded) {
		loaded = left
	}
	if !loaded.IsZero() || folder == "" {
		return loaded
	}
	info, err := p.h.Files.Stat(ctx, folder+`\NTUSER.DAT`)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime
}

// noted reads one of the times of a profile, in two halves of a FILETIME.
func (p profiles) noted(ctx context.Context, sid, name string) time.Time {
	var ticks uint64 // of 100 ns since 1601
	for _, half := range []string{"High", "Low"} {
		v, err := p.h.Registry.Value(ctx, keyProfileList+`\`+sid, name+half)
		if err != nil || v.Kind != host.RegistryInteger || v.Integer > 1<<32-1 {
			return time.Time{}
		}
		ticks = ticks<<32 | v.Integer
	}
	const epoch = 11644473600 // seconds from 1601 to 1970
	if ticks == 0 || ticks > 1<<62 {
		return time.Time{}
	}
	return time.Unix(int64(ticks/1e7)-epoch, int64(ticks%1e7)*100).UTC()
}

// leftOut tells why a profile is not judged; ok is false for one that is.
func leftOut(f lockFact, unusedDays int64, at time.Time) (reason checks.Reason, ok bool) {
	if f.Closed != "" {
		return checks.Because("screenlock."+f.Closed, "profile", f.name()), true
	}
	day, err := time.Parse(time.DateOnly, f.LastUse)
	if err != nil || unusedDays <= 0 || at.Sub(day) <= time.Duration(unusedDays)*24*time.Hour {
		return checks.Reason{}, false
	}
	return checks.Because("screenlock.unused", "profile", f.name(), "since", f.LastUse, "days", strconv.FormatInt(unusedDays, 10)), true
}
