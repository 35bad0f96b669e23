package session

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

func TestScreenLockOnOtherDesktops(t *testing.T) {
	const (
		overrides = schemaDir + "/90_casa.gschema.override"
		sway      = "/home/ana/.config/sway/config"
	)
	mate := func(more map[string]string) map[string]string {
		return desktop([]string{"mate"}, with2(map[string]string{"/usr/bin/mate-screensaver": ""}, more))
	}
	cinnamon := func(more map[string]string) map[string]string {
		return desktop([]string{"cinnamon", "cinnamon2d"}, with2(map[string]string{"/usr/bin/cinnamon-screensaver": ""}, more))
	}
	light := func(more map[string]string) map[string]string {
		return desktop([]string{"xfce"}, with2(map[string]string{"/usr/bin/light-locker": ""}, more))
	}
	tiling := func(config string) map[string]string {
		return desktop([]string{"sway"}, map[string]string{sway: config})
	}
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		want       checks.Status
		code       string
	}{
		{"MATE as it comes", mate(nil), nil, checks.Pass, "screenlock.locks"},
		{"MATE without its screensaver", desktop([]string{"mate"}, nil), nil, checks.Fail, "screenlock.no_locker"},
		{"MATE after 20 minutes", mate(map[string]string{overrides: "[org.mate.session]\nidle-delay=20\n"}), nil, checks.Fail, "screenlock.too_long"},
		{"MATE, the saver does not start", mate(map[string]string{overrides: "[org.mate.screensaver]\nidle-activation-enabled=false\n"}), nil, checks.Fail, "screenlock.off"},
		{"MATE, locking forbidden", mate(map[string]string{overrides: "[org.mate.lockdown]\ndisable-lock-screen=true\n"}), nil, checks.Fail, "screenlock.off"},
		{"MATE, database damaged", mate(map[string]string{"/home/ana/.config/dconf/user": "no"}), nil, checks.Unknown, "screenlock.unread"},
		{"Cinnamon as it comes is just within the bar", cinnamon(nil), nil, checks.Pass, "screenlock.locks"},
		{"Cinnamon a second later", cinnamon(map[string]string{overrides: "[org.cinnamon.desktop.screensaver]\nlock-delay=uint32 1\n"}), nil, checks.Fail, "screenlock.too_long"},
		{"Cinnamon without lock", cinnamon(map[string]string{overrides: "[org.cinnamon.desktop.screensaver]\nlock-enabled=false\n"}), nil, checks.Fail, "screenlock.off"},
		{"light-locker: nobody knows when the screen blanks", light(nil), nil, checks.Unknown, "screenlock.unread"},
		{"light-locker that never locks", light(map[string]string{overrides: "[apps.light-locker]\nlock-after-screensaver=uint32 0\n"}), nil, checks.Fail, "screenlock.off"},
		{"sway with swayidle", tiling("exec swayidle -w timeout 300 'swaylock -f' timeout 600 'swaymsg \"output * power off\"' before-sleep 'swaylock -f'\n"), nil, checks.Pass, "screenlock.locks"},
		{"sway over several lines", tiling("exec swayidle -w \\\n  timeout 840 'swaylock -f -c 000000' \\\n  before-sleep 'swaylock'\n"), nil, checks.Pass, "screenlock.locks"},
		{"sway too late", tiling("exec swayidle timeout 1200 swaylock\n"), nil, checks.Fail, "screenlock.too_long"},
		{"sway only darkens", tiling("exec swayidle timeout 300 'swaymsg \"output * power off\"'\n"), nil, checks.Fail, "screenlock.never"},
		{"sway without swayidle", tiling("output * bg #000000 solid_color\n"), nil, checks.Fail, "screenlock.no_locker"},
		{"sway without configuration", desktop([]string{"sway"}, nil), nil, checks.Fail, "screenlock.no_locker"},
		{"sway, commented out", tiling("# exec swayidle timeout 300 swaylock\n"), nil, checks.Fail, "screenlock.no_locker"},
		{"sway, events in a file", desktop([]string{"sway"}, map[string]string{sway: "exec swayidle\n", "/home/ana/.config/swayidle/config": "# mine\ntimeout 600 'swaylock -f'\n"}), nil, checks.Pass, "screenlock.locks"},
		{"sway, included from the system", desktop([]string{"sway"}, map[string]string{"/etc/sway/config": "include /etc/sway/config.d/*\n", "/etc/sway/config.d/50-lock.conf": "exec_always swayidle timeout 600 'loginctl lock-session' lock swaylock\n"}), nil, checks.Pass, "screenlock.locks"},
		{"sway includes itself", tiling("include config\n"), nil, checks.Unknown, "screenlock.unread"},
		{"swayidle as a service of the user", desktop([]string{"sway"}, map[string]string{sway: "\n", "/home/ana/.config/systemd/user/swayidle.service": "[Service]\n"}), nil, checks.Unknown, "screenlock.unread"},
		{"sway unreadable", tiling(""), []string{"/home/ana/.config"}, checks.Unknown, "screenlock.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Linux, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}}
			res := checktest.Run(t, screenLock(), h, "")
			code := res.Reason.Code
			if len(res.Findings) == 1 {
				code = res.Findings[0].Reason.Code
			}
			if res.Status != row.want || code != row.code {
				t.Errorf("got %s %v\nwant %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

// A machine without desktop has consoles.
func TestIdleConsole(t *testing.T) {
	for _, row := range []struct {
		name  string
		files map[string]string
		want  checks.Status
		code  string
	}{
		{"nothing ends it", nil, checks.Warn, "screenlock.console_open"},
		{"TMOUT for all", map[string]string{"/etc/profile.d/tmout.sh": "TMOUT=900\nreadonly TMOUT\nexport TMOUT\n"}, checks.Pass, "screenlock.console_ends"},
		{"TMOUT in one statement", map[string]string{"/etc/profile": "declare -xr TMOUT=\"600\" # policy\n"}, checks.Pass, "screenlock.console_ends"},
		{"TMOUT that anybody changes", map[string]string{"/etc/profile.d/tmout.sh": "export TMOUT=600\n"}, checks.Warn, "screenlock.console_changeable"},
		{"TMOUT too long", map[string]string{"/etc/profile.d/tmout.sh": "readonly TMOUT=3600\n"}, checks.Warn, "screenlock.console_open"},
		{"TMOUT for some", map[string]string{"/etc/profile": "if [ \"$USER\" = kiosko ]; then\n  readonly TMOUT=300\nfi\n"}, checks.Warn, "screenlock.console_open"},
		{"TMOUT for one command", map[string]string{"/etc/profile": "TMOUT=300 read answer\n"}, checks.Warn, "screenlock.console_open"},
		{"a later file cannot change what is read-only", map[string]string{"/etc/profile.d/a.sh": "readonly TMOUT=300\n", "/etc/profile.d/b.sh": "TMOUT=0\n"}, checks.Pass, "screenlock.console_ends"},
		{"sessions end", map[string]string{"/etc/systemd/logind.conf.d/idle.conf": "[Login]\nStopIdleSessionSec=15min\n"}, checks.Pass, "screenlock.console_ends"},
		{"sessions never end", map[string]string{"/etc/systemd/logind.conf": "[Login]\nStopIdleSessionSec=infinity\n"}, checks.Warn, "screenlock.console_open"},
		{"sessions end, says nobody knows when", map[string]string{"/etc/systemd/logind.conf": "[Login]\nStopIdleSessionSec=pronto\n"}, checks.Unknown, "screenlock.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			res := checktest.Run(t, screenLock(), host.Host{OS: host.Linux, Files: checktest.Files{Content: desktop(nil, row.files)}}, "")
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s", res.Status, res.Reason, row.want, row.code)
			}
		})
	}
}

func TestTimeSpan(t *testing.T) {
	for text, want := range map[string]int64{"900": 900, "15min": 900, "1h 30min": 5400, "2 hours": 7200, "90s": 90, "infinity": 0, "pronto": -1, "-5": -1} {
		got, ok := timeSpan(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

// A lock is worth nothing if the machine wakes open, and a policy may take it away.
func TestWakingOnWindows(t *testing.T) {
	const scheme = "381b4222-f694-41f0-9685-ff5bb260df2e"
	setting := powerSchemes + `\` + scheme + `\` + noSubgroup + `\` + consoleLock
	base := with(saver(ana, nil), map[string]any{powerSchemes + `\ActivePowerScheme`: scheme})
	for _, row := range []struct {
		name       string
		more       map[string]any
		unreadable []string
		want       checks.Status
		code       string
	}{
		{"as it comes", nil, nil, checks.Pass, "screenlock.all_lock"},
		{"open on mains", map[string]any{setting + `\ACSettingIndex`: 0}, nil, checks.Fail, "screenlock.wakes_open"},
		{"open on battery", map[string]any{setting + `\DCSettingIndex`: 0}, nil, checks.Fail, "screenlock.wakes_open"},
		{"open by the scheme's own default", map[string]any{powerDefaults + scheme + `\DcSettingIndex`: 0}, nil, checks.Fail, "screenlock.wakes_open"},
		{"the policy closes what the scheme leaves open", map[string]any{setting + `\ACSettingIndex`: 0, powerPolicy + `\ACSettingIndex`: 1}, nil, checks.Pass, "screenlock.all_lock"},
		{"the policy opens", map[string]any{powerPolicy + `\DCSettingIndex`: 0}, nil, checks.Fail, "screenlock.wakes_open"},
		{"unreadable", nil, []string{powerSchemes}, checks.Unknown, "screenlock.unread"},
		{"open although the machine has a limit", map[string]any{keyMachinePolicy + `\InactivityTimeoutSecs`: 600, setting + `\ACSettingIndex`: 0}, nil, checks.Fail, "screenlock.wakes_open"},
		{"locking taken away", map[string]any{`HKU\` + ana + userPolicies + `\DisableLockWorkstation`: 1}, nil, checks.Fail, "screenlock.some_do_not"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Windows, Registry: checktest.Registry{Values: with(base, row.more), Unreadable: row.unreadable}}
			res := checktest.Run(t, screenLock(), h, "")
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v\nwant %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

// After sleep a session may come back open although it locks when it is idle.
func TestWakingByEachPersonsChoice(t *testing.T) {
	never := map[string]any{"DelayLockInterval": "4294967295"}
	policy := func(n int) map[string]any { return map[string]any{keySystemPolicy + `\` + valueAllowDelay: n} }
	limit := map[string]any{keyMachinePolicy + `\InactivityTimeoutSecs`: 600}
	for _, row := range []struct {
		name   string
		values map[string]any
		domain string
		want   checks.Status
	}{
		{"at once", saver(ana, map[string]any{"DelayLockInterval": 0}), "", checks.Pass},
		{"after a quarter of an hour", saver(ana, map[string]any{"DelayLockInterval": 900}), "", checks.Pass},
		{"never", saver(ana, never), "", checks.Unknown},
		{"never, although the machine has a limit", with(saver(ana, never), limit), "", checks.Unknown},
		{"never, in a domain, where nobody may choose", saver(ana, never), "VILLA", checks.Pass},
		{"never, in a domain that lets people choose", with(saver(ana, never), policy(1)), "VILLA", checks.Unknown},
		{"never, and a policy forbids it", with(saver(ana, never), policy(0)), "", checks.Pass},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Windows, Registry: checktest.Registry{Values: row.values}, System: joined(row.domain)}
			if res := checktest.Run(t, screenLock(), h, ""); res.Status != row.want {
				t.Errorf("got %s %v, want %s", res.Status, res.Findings, row.want)
			}
		})
	}
	kde := desktop([]string{"plasma"}, map[string]string{"/home/ana/.config/kscreenlockerrc": "[Daemon]\nLockOnResume=false\n"})
	res := checktest.Run(t, screenLock(), host.Host{OS: host.Linux, Files: checktest.Files{Content: kde}}, "")
	if res.Status != checks.Fail || res.Reason.Code != "screenlock.resumes_open" {
		t.Errorf("KDE: got %s %v", res.Status, res.Reason)
	}
}

// joined is a machine of a domain, by its name, or of none.
type joined string

func (d joined) Identity(context.Context) (host.Identity, error) {
	return host.Identity{Domain: string(d)}, nil
}
func (joined) Hardware(ctx context.Context) (host.Hardware, error) {
	return host.Unsupported{}.Hardware(ctx)
}
func (joined) Volumes(ctx context.Context) ([]host.Volume, error) {
	return host.Unsupported{}.Volumes(ctx)
}
func (joined) Interfaces(ctx context.Context) ([]host.Interface, error) {
	return host.Unsupported{}.Interfaces(ctx)
}

// Who keeps a machine awake for a day defeats its lock; who does for a film does not.
func TestKeptAwake(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(hours int, what string) []host.WakeRequest {
		return []host.WakeRequest{{Program: "panel", What: what, Since: now.Add(-time.Duration(hours) * time.Hour)}}
	}
	for _, row := range []struct {
		name   string
		wakes  []host.WakeRequest
		err    error
		params string
		want   checks.Status
	}{
		{"for two hours", at(2, "idle"), nil, "", checks.Pass},
		{"for two days", at(48, "idle:sleep"), nil, "", checks.Warn},
		{"only from sleep", at(48, "sleep"), nil, "", checks.Pass},
		{"for as long as it likes", at(48, "idle"), nil, `{"keep_awake": 0}`, checks.Pass},
		{"nobody", []host.WakeRequest{}, nil, "", checks.Pass},
		{"not to be known", nil, fs.ErrPermission, "", checks.Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			answers := checktest.Answers{Wakes: row.wakes}
			if row.err != nil {
				answers.Errors = map[string]error{"wake_requests": row.err}
			}
			h := answers.On(host.Host{OS: host.Linux, Now: checktest.Clock(now), Files: checktest.Files{Content: desktop([]string{"gnome"}, nil)}})
			if res := checktest.Run(t, screenLock(), h, row.params); res.Status != row.want {
				t.Errorf("got %s %v, want %s", res.Status, res.Reason, row.want)
			}
		})
	}
}

// lastRun remembers one observation.
type lastRun []byte

func (l lastRun) Observed(context.Context) ([]byte, error) {
	if l == nil {
		return nil, fs.ErrNotExist
	}
	return l, nil
}

// Windows tells that something keeps the screen on, and not since when: it must have been
// so each time for longer than anybody works.
func TestScreenKeptOnByNobodyInParticular(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 20, 0, 0, time.UTC)
	on, off := []host.WakeRequest{{What: "display"}, {What: "sleep"}}, []host.WakeRequest{{What: "sleep"}}
	type look struct {
		hours int // since the start
		wakes []host.WakeRequest
	}
	every := func(hours, step int, wakes []host.WakeRequest) (out []look) {
		for h := 0; h <= hours; h += step {
			out = append(out, look{h, wakes})
		}
		return out
	}
	for _, row := range []struct {
		name  string
		looks []look
		want  checks.Status
	}{
		{"once", every(0, 1, on), checks.Pass},
		{"for a morning", every(6, 1, on), checks.Pass},
		{"for a day", every(24, 1, on), checks.Warn},
		{"asleep meanwhile", append(every(5, 1, on), look{20, on}), checks.Pass},
		{"off once", append(append(every(10, 1, on), look{11, off}), look{12, on}, look{13, on}), checks.Pass},
		{"only the machine", every(24, 1, off), checks.Pass},
		{"looked at too seldom", every(48, 12, on), checks.Pass},
	} {
		t.Run(row.name, func(t *testing.T) {
			var past lastRun
			var res checks.Result
			for _, l := range row.looks {
				at := start.Add(time.Duration(l.hours) * time.Hour)
				h := checktest.Answers{Wakes: l.wakes}.On(host.Host{OS: host.Windows, Now: checktest.Clock(at), Past: past,
					Registry: checktest.Registry{Values: saver(ana, nil)}})
				res = checktest.Run(t, screenLock(), h, "")
				past = lastRun(res.Observed)
			}
			if res.Status != row.want {
				t.Errorf("got %s %v, want %s", res.Status, res.Reason, row.want)
			}
		})
	}
	h := checktest.Answers{Errors: map[string]error{"wake_requests": fs.ErrPermission}}.On(host.Host{OS: host.Windows, Registry: checktest.Registry{Values: saver(ana, nil)}})
	if res := checktest.Run(t, screenLock(), h, ""); res.Status != checks.Unknown {
		t.Errorf("unread: got %s %v", res.Status, res.Reason)
	}
}

// A saver that is not there, or that opens to any key for a day, locks nothing.
func TestSaverOfWindows(t *testing.T) {
	files := map[string]string{`C:\Users\ana`: "", `C:\Windows\System32\scrnsave.scr`: "", `C:\Windows\system32\scrnsave.scr`: ""}
	for _, row := range []struct {
		name string
		more map[string]any
		want checks.Status
	}{
		{"as set", nil, checks.Pass},
		{"by its bare name", map[string]any{"SCRNSAVE.EXE": "scrnsave.scr"}, checks.Pass},
		{"by a variable", map[string]any{"SCRNSAVE.EXE": `%SystemRoot%\System32\scrnsave.scr`}, checks.Pass},
		{"one of an older Windows", map[string]any{"SCRNSAVE.EXE": "logon.scr"}, checks.Fail},
		{"none, in words", map[string]any{"SCRNSAVE.EXE": "(None)"}, checks.Fail},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Windows, Files: checktest.Files{Content: files}, Registry: checktest.Registry{Values: saver(ana, row.more)}}
			if res := checktest.Run(t, screenLock(), h, ""); res.Status != row.want {
				t.Errorf("got %s %v, want %s", res.Status, res.Findings, row.want)
			}
		})
	}
	for grace, want := range map[any]checks.Status{5: checks.Pass, "5": checks.Pass, 300: checks.Pass, 301: checks.Fail, "86400": checks.Fail} {
		h := host.Host{OS: host.Windows, Registry: checktest.Registry{Values: with(saver(ana, nil), map[string]any{keyWinlogon + `\ScreenSaverGracePeriod`: grace})}}
		if res := checktest.Run(t, screenLock(), h, ""); res.Status != want {
			t.Errorf("grace of %v: got %s %v, want %s", grace, res.Status, res.Findings, want)
		}
	}
}

// Text where Windows reads a number binds nobody that we could be sure of.
func TestMachineLimitAsText(t *testing.T) {
	h := host.Host{OS: host.Windows, Registry: checktest.Registry{Values: map[string]any{
		keyMachinePolicy + `\InactivityTimeoutSecs`: "900", keyProfileList + `\` + ana + `\ProfileImagePath`: `C:\Users\ana`,
	}}}
	if res := checktest.Run(t, screenLock(), h, ""); res.Status != checks.Unknown {
		t.Errorf("got %s %v, want unknown", res.Status, res.Reason)
	}
}
