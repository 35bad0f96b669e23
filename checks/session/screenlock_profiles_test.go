package session

import (
	"slices"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// halves are the two values in which Windows keeps a time of a profile.
func halves(sid, name string, t time.Time) map[string]any {
	ticks := uint64(t.Unix()+11644473600) * 1e7
	key := keyProfileList + `\` + sid + `\` + name
	return map[string]any{key + "High": int(ticks >> 32), key + "Low": int(ticks & (1<<32 - 1))}
}

// A profile stays for ever; only those that somebody may log on with are judged.
func TestProfilesLeftOut(t *testing.T) {
	const (
		other = "S-1-5-21-1111-2222-3333-1002"
		far   = "S-1-5-21-9-9-9-1107"
		entra = "S-1-12-1-7-7-7-7"
		temp  = "S-1-5-80-1-2-3-4-5"
	)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	profile := func(sid string, times ...map[string]any) map[string]any {
		out := with(saver(ana, nil), map[string]any{keyProfileList + `\` + sid + `\ProfileImagePath`: `C:\Users\beto`})
		for _, more := range times {
			out = with(out, more)
		}
		return out
	}
	own := host.User{Name: "ana", SID: ana}
	session := map[string]any{`HKU\` + far + `\Volatile Environment\USERNAME`: "beto", `HKU\` + other + `\Volatile Environment\USERNAME`: "beto"}
	const load, unload = "LocalProfileLoadTime", "LocalProfileUnloadTime"
	for _, row := range []struct {
		name   string
		values map[string]any
		users  []host.User
		params string
		want   checks.Status
		code   string // of the profile that is not ana's
	}{
		{"of an account in use", profile(other), []host.User{own, {Name: "beto", SID: other}}, "", checks.Fail, "screenlock.off"},
		{"of an account that was deleted", profile(other), []host.User{own}, "", checks.Pass, "screenlock.account_gone"},
		{"of one that is disabled", profile(other), []host.User{own, {Name: "beto", SID: other, Disabled: true}}, "", checks.Pass, "screenlock.account_disabled"},
		{"of one that has ended", profile(other), []host.User{own, {Name: "beto", SID: other, Expires: ago(1)}}, "", checks.Pass, "screenlock.account_disabled"},
		{"of one that will end", profile(other), []host.User{own, {Name: "beto", SID: other, Expires: ago(-1)}}, "", checks.Fail, "screenlock.off"},
		{"disabled while the session is open", profile(other, session), []host.User{own, {Name: "beto", SID: other, Disabled: true}}, "", checks.Fail, "screenlock.off"},
		{"of a domain, in use", profile(far, halves(far, load, ago(2)), halves(far, unload, ago(1))), []host.User{own}, "", checks.Fail, "screenlock.off"},
		{"of a domain, of somebody on leave", profile(far, halves(far, load, ago(170)), halves(far, unload, ago(169))), []host.User{own}, "", checks.Fail, "screenlock.off"},
		{"of a domain, of somebody who left", profile(far, halves(far, load, ago(201)), halves(far, unload, ago(200))), []host.User{own}, "", checks.Pass, "screenlock.unused"},
		{"that came back", profile(far, halves(far, load, ago(1)), halves(far, unload, ago(300))), []host.User{own}, "", checks.Fail, "screenlock.off"},
		{"in a session of a year", profile(far, halves(far, load, ago(400)), session), []host.User{own}, "", checks.Fail, "screenlock.off"},
		{"of a domain, however long it lies", profile(far, halves(far, unload, ago(900))), []host.User{own}, `{"unused_days": 0}`, checks.Fail, "screenlock.off"},
		{"of a domain, last use not known", profile(far), []host.User{own}, "", checks.Fail, "screenlock.off"},
		{"of Entra ID, of somebody who left", profile(entra, halves(entra, unload, ago(400))), []host.User{own}, "", checks.Pass, "screenlock.unused"},
		{"accounts not told, last used today", profile(other, halves(other, unload, ago(0))), nil, "", checks.Fail, "screenlock.off"},
		{"accounts not told, last used long ago", profile(other, halves(other, unload, ago(400))), nil, "", checks.Pass, "screenlock.unused"},
		{"of a service", profile(temp), []host.User{own}, "", checks.Pass, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Windows, Now: checktest.Clock(now), Registry: checktest.Registry{Values: row.values}}
			if row.users != nil {
				h.Accounts = accountsOf(row.users)
			}
			res := checktest.Run(t, screenLock(), h, row.params)
			code := ""
			for _, f := range res.Findings {
				if f.Key != ana {
					code = f.Reason.Code
				}
			}
			if res.Status != row.want || code != row.code {
				t.Errorf("got %s %v\nwant %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

// A profile whose folder somebody deleted is none, if its account is not known either; one
// without times goes by its hive.
func TestProfilesByTheirFolder(t *testing.T) {
	const far = "S-1-5-21-9-9-9-1107"
	values := with(saver(ana, nil), map[string]any{keyProfileList + `\` + far + `\ProfileImagePath`: `%SystemDrive%\Users\beto`})
	for _, row := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"folder deleted", map[string]string{}, "screenlock.profile_gone"},
		{"folder there", map[string]string{`C:\Users\beto`: ""}, "screenlock.off"},
		// Files of a test are as old as time.
		{"hive old", map[string]string{`C:\Users\beto`: "", `C:\Users\beto\NTUSER.DAT`: ""}, "screenlock.off"},
	} {
		row.files[`C:\Windows\system32\scrnsave.scr`] = ""
		h := host.Host{OS: host.Windows, Registry: checktest.Registry{Values: values}, Files: checktest.Files{Content: row.files},
			Accounts: accountsOf{{Name: "ana", SID: ana}}}
		res := checktest.Run(t, screenLock(), h, "")
		if i := slices.IndexFunc(res.Findings, func(f checks.Finding) bool { return f.Key == far }); i < 0 || res.Findings[i].Reason.Code != row.want {
			t.Errorf("%s: got %s %v, want %s", row.name, res.Status, res.Findings, row.want)
		}
	}
}

// What takes locking away is not made good by the limit of the machine.
func TestLockingTakenAway(t *testing.T) {
	limit := map[string]any{keyMachinePolicy + `\InactivityTimeoutSecs`: 600, keyProfileList + `\` + ana + `\ProfileImagePath`: `C:\Users\ana`}
	person := map[string]any{`HKU\` + ana + userPolicies + `\` + valueLockOff: 1}
	machine := map[string]any{keyMachinePolicy + `\` + valueLockOff: 1}
	for _, row := range []struct {
		name       string
		values     map[string]any
		unreadable []string
		users      []host.User
		want       checks.Status
		code       string
	}{
		{"a limit and nothing else", limit, nil, nil, checks.Pass, "screenlock.machine"},
		{"a limit, and a person who cannot lock", with(limit, person), nil, nil, checks.Unknown, "screenlock.lock_off_limit"},
		{"a limit, and the value is 0", with(limit, map[string]any{`HKU\` + ana + userPolicies + `\` + valueLockOff: 0}), nil, nil, checks.Pass, "screenlock.machine"},
		{"a limit, and a machine that cannot lock", with(limit, machine), nil, nil, checks.Unknown, "screenlock.lock_off_machine"},
		{"a limit, and both", with(limit, with(person, machine)), nil, nil, checks.Unknown, "screenlock.some_unknown"},
		{"a limit, and a person who left", with(limit, person), nil, []host.User{{SID: "S-1-5-21-1111-2222-3333-500", Disabled: true}}, checks.Pass, "screenlock.machine"},
		{"a limit, and a profile that cannot be read", limit, []string{`HKU\` + ana}, nil, checks.Unknown, "screenlock.unread"},
		{"a saver, and a person who cannot lock", with(saver(ana, nil), person), nil, nil, checks.Fail, "screenlock.some_do_not"},
		{"a saver, and a machine that cannot lock", with(saver(ana, nil), machine), nil, nil, checks.Unknown, "screenlock.some_unknown"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Windows, Registry: checktest.Registry{Values: row.values, Unreadable: row.unreadable}}
			if row.users != nil {
				h.Accounts = accountsOf(row.users)
			}
			if res := checktest.Run(t, screenLock(), h, ""); res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v\nwant %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}
