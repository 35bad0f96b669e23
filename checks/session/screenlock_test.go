package session

import (
	"maps"
	"testing"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

const ana = "S-1-5-21-1111-2222-3333-1001"

// saver is a profile whose screen saver locks, by the user's own choice.
func saver(sid string, change map[string]any) map[string]any {
	user := `HKU\` + sid + `\Control Panel\Desktop\`
	out := map[string]any{
		keyProfileList + `\` + sid + `\ProfileImagePath`: `C:\Users\ana`,
		user + "ScreenSaveActive":                        "1",
		user + "ScreenSaverIsSecure":                     "1",
		user + "ScreenSaveTimeOut":                       "600",
		user + "SCRNSAVE.EXE":                            `C:\Windows\system32\scrnsave.scr`,
	}
	for name, v := range change {
		if v == nil {
			delete(out, user+name)
			continue
		}
		out[user+name] = v
	}
	return out
}

func with(base, more map[string]any) map[string]any {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

func TestScreenLockOnWindows(t *testing.T) {
	limit := func(n int) map[string]any { return map[string]any{keyMachinePolicy + `\InactivityTimeoutSecs`: n} }
	policy := `HKU\` + ana + `\SOFTWARE\Policies\Microsoft\Windows\Control Panel\Desktop\`
	list := map[string]any{keyProfileList + `\` + ana + `\ProfileImagePath`: `C:\Users\ana`}
	for _, row := range []struct {
		name       string
		values     map[string]any
		unreadable []string
		want       checks.Status
		code       string
	}{
		{"machine limit", with(list, limit(900)), nil, checks.Pass, "screenlock.machine"},
		{"machine limit of 0 is never", with(list, limit(0)), nil, checks.Fail, "screenlock.some_do_not"},
		{"machine limit over the bar", with(list, limit(901)), nil, checks.Fail, "screenlock.some_do_not"},
		{"nothing set", list, nil, checks.Fail, "screenlock.some_do_not"},
		{"nothing set and nobody yet", map[string]any{keyProfileList + `\S-1-5-18\ProfileImagePath`: "x"}, nil, checks.Fail, "screenlock.nothing_locks"},
		{"user's saver locks", saver(ana, nil), nil, checks.Pass, "screenlock.all_lock"},
		{"saver too late", saver(ana, map[string]any{"ScreenSaveTimeOut": "1200"}), nil, checks.Fail, "screenlock.some_do_not"},
		{"saver after 0 seconds is never", saver(ana, map[string]any{"ScreenSaveTimeOut": "0"}), nil, checks.Fail, "screenlock.some_do_not"},
		{"saver without password", saver(ana, map[string]any{"ScreenSaverIsSecure": "0"}), nil, checks.Fail, "screenlock.some_do_not"},
		{"password not said", saver(ana, map[string]any{"ScreenSaverIsSecure": nil}), nil, checks.Fail, "screenlock.some_do_not"},
		{"saver off", saver(ana, map[string]any{"ScreenSaveActive": "0"}), nil, checks.Fail, "screenlock.some_do_not"},
		{"saver on with no program", saver(ana, map[string]any{"SCRNSAVE.EXE": nil}), nil, checks.Fail, "screenlock.some_do_not"},
		{"saver program empty", saver(ana, map[string]any{"SCRNSAVE.EXE": ""}), nil, checks.Fail, "screenlock.some_do_not"},
		{"policy over the user's worse choice", with(saver(ana, map[string]any{"ScreenSaveTimeOut": "9999"}), map[string]any{policy + "ScreenSaveTimeOut": "900"}), nil, checks.Pass, "screenlock.all_lock"},
		{"policy worse than the user's choice", with(saver(ana, nil), map[string]any{policy + "ScreenSaveTimeOut": "9999"}), nil, checks.Fail, "screenlock.some_do_not"},
		{"one of two profiles", with(saver(ana, nil), saver(ana+"2", map[string]any{"ScreenSaveActive": "0"})), nil, checks.Fail, "screenlock.some_do_not"},
		{"time is not a number", saver(ana, map[string]any{"ScreenSaveTimeOut": "soon"}), nil, checks.Unknown, "screenlock.some_unknown"},
		{"profile unreadable", saver(ana, nil), []string{`HKU\` + ana}, checks.Unknown, "screenlock.some_unknown"},
		{"policy of the profile unreadable", saver(ana, map[string]any{"ScreenSaveActive": "0"}), []string{`HKU\` + ana + `\SOFTWARE`}, checks.Unknown, "screenlock.some_unknown"},
		{"profile list unreadable", saver(ana, nil), []string{keyProfileList}, checks.Unknown, "screenlock.unread"},
		{"machine limit unreadable, profiles lock", saver(ana, nil), []string{keyMachinePolicy}, checks.Pass, "screenlock.all_lock"},
		{"machine limit unreadable, profiles do not", list, []string{keyMachinePolicy}, checks.Unknown, "screenlock.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Windows, Registry: checktest.Registry{Values: row.values, Unreadable: row.unreadable}}
			res := checktest.Run(t, screenLock(), h, "")
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v\nwant %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

// desktop is a Linux machine with one person and the given session files.
func desktop(sessions []string, more map[string]string) map[string]string {
	out := map[string]string{
		"/etc/passwd":     "root:x:0:0::/root:/bin/bash\nana:x:1000:1000::/home/ana:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n",
		"/etc/login.defs": "UID_MIN 1000\nUID_MAX 60000\n",
		"/usr/sbin/gdm3":  "",
	}
	for _, s := range sessions {
		out["/usr/share/xsessions/"+s+".desktop"] = "[Desktop Entry]\n"
	}
	maps.Copy(out, more)
	return out
}

func TestScreenLockOnLinux(t *testing.T) {
	const (
		overrides = schemaDir + "/90_casa.gschema.override"
		kde       = "/home/ana/.config/kscreenlockerrc"
		kdeSystem = "/etc/xdg/kscreenlockerrc"
		xfce      = "/home/ana/.config/xfce4/xfconf/xfce-perchannel-xml/xfce4-screensaver.xml"
		xss       = "/home/ana/.xscreensaver"
	)
	xfceFile := func(delay, lock string) string {
		return `<channel name="xfce4-screensaver" version="1.0"><property name="saver" type="empty"><property name="idle-activation" type="empty"><property name="delay" type="int" value="` + delay + `"/></property></property><property name="lock" type="empty"><property name="enabled" type="bool" value="` + lock + `"/></property></channel>`
	}
	saverOf := func(more map[string]string) map[string]string {
		return desktop([]string{"xfce"}, with2(map[string]string{"/usr/bin/xfce4-screensaver": ""}, more))
	}
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		want       checks.Status
		code       string // of the only finding, or of the whole where there is none
	}{
		{"session folder unreadable", desktop(nil, nil), []string{"/usr/share/xsessions"}, checks.Unknown, "screenlock.unread"},
		{"GNOME as it comes", desktop([]string{"gnome"}, nil), nil, checks.Pass, "screenlock.locks"},
		{"GNOME, distribution says never", desktop([]string{"gnome"}, map[string]string{overrides: "[org.gnome.desktop.session]\nidle-delay=uint32 0\n"}), nil, checks.Fail, "screenlock.never"},
		{"GNOME, distribution locks nobody", desktop([]string{"gnome"}, map[string]string{overrides: "[org.gnome.desktop.screensaver]\nlock-enabled=false\n"}), nil, checks.Fail, "screenlock.off"},
		{"GNOME, locking forbidden", desktop([]string{"gnome"}, map[string]string{overrides: "[org.gnome.desktop.lockdown]\ndisable-lock-screen=true\n"}), nil, checks.Fail, "screenlock.off"},
		{"GNOME, lock long after blanking", desktop([]string{"gnome"}, map[string]string{overrides: "[org.gnome.desktop.screensaver]\nlock-delay=uint32 601\n"}), nil, checks.Fail, "screenlock.too_long"},
		{"GNOME, database damaged", desktop([]string{"gnome"}, map[string]string{"/home/ana/.config/dconf/user": "not a database"}), nil, checks.Unknown, "screenlock.unread"},
		{"GNOME, home unreadable", desktop([]string{"gnome"}, nil), []string{"/home/ana"}, checks.Unknown, "screenlock.unread"},
		{"GNOME behind another log-on screen", desktop([]string{"gnome"}, map[string]string{"/etc/X11/default-display-manager": "/usr/sbin/lightdm\n"}), nil, checks.Fail, "screenlock.gnome_without_gdm"},
		{"GNOME, and GDM is what Debian uses", desktop([]string{"gnome"}, map[string]string{"/etc/X11/default-display-manager": "/usr/sbin/gdm3\n"}), nil, checks.Pass, "screenlock.locks"},
		{"KDE as it comes", desktop([]string{"plasma"}, nil), nil, checks.Pass, "screenlock.locks"},
		{"KDE off", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nAutolock=false\n"}), nil, checks.Fail, "screenlock.off"},
		{"KDE without password", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nRequirePassword=false\n"}), nil, checks.Fail, "screenlock.no_password"},
		{"KDE whose grace never ends", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nLockGrace=-1\n"}), nil, checks.Fail, "screenlock.no_password"},
		{"KDE that shows a picture only", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nLock=false\n"}), nil, checks.Fail, "screenlock.no_password"},
		{"KDE after 16 minutes", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nTimeout=16\n"}), nil, checks.Fail, "screenlock.too_long"},
		{"KDE after 0 minutes is never", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nTimeout=0\n"}), nil, checks.Fail, "screenlock.never"},
		{"KDE, the system fixes what the user loosened", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nTimeout=99\n", kdeSystem: "[Daemon][$i]\nTimeout=10\n"}), nil, checks.Pass, "screenlock.locks"},
		{"KDE, the system only suggests", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nTimeout=99\n", kdeSystem: "[Daemon]\nTimeout=10\n"}), nil, checks.Fail, "screenlock.too_long"},
		{"KDE, the system fixes the whole file", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nTimeout=99\n", kdeSystem: "[$i]\n[Daemon]\nTimeout=10\n"}), nil, checks.Pass, "screenlock.locks"},
		{"KDE, the system fixes the default", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nAutolock=false\n", kdeSystem: "[Daemon][$i]\n"}), nil, checks.Pass, "screenlock.locks"},
		{"KDE, the system fixes another group", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nAutolock=false\n", kdeSystem: "[Greeter][$i]\n"}), nil, checks.Fail, "screenlock.off"},
		{"KDE, the user deletes what the system suggests", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nTimeout[$d]\n", kdeSystem: "[Daemon]\nTimeout=99\n"}), nil, checks.Pass, "screenlock.locks"},
		{"KDE, not a number", desktop([]string{"plasma"}, map[string]string{kde: "[Daemon]\nTimeout=soon\n"}), nil, checks.Unknown, "screenlock.unread"},
		{"XFCE as it comes", saverOf(nil), nil, checks.Pass, "screenlock.locks"},
		{"XFCE after 30 minutes", saverOf(map[string]string{xfce: xfceFile("30", "true")}), nil, checks.Fail, "screenlock.too_long"},
		{"XFCE without password", saverOf(map[string]string{xfce: xfceFile("5", "false")}), nil, checks.Fail, "screenlock.no_password"},
		{"XFCE, file damaged", saverOf(map[string]string{xfce: "<channel"}), nil, checks.Unknown, "screenlock.unread"},
		{"XFCE with no locker", desktop([]string{"xfce"}, nil), nil, checks.Fail, "screenlock.no_locker"},
		{"xscreensaver as it comes does not lock", desktop([]string{"xfce"}, map[string]string{"/usr/bin/xscreensaver": ""}), nil, checks.Fail, "screenlock.no_password"},
		{"xscreensaver that locks", desktop([]string{"openbox"}, map[string]string{"/usr/bin/xscreensaver": "", xss: "timeout:\t0:10:00\nlock:\tTrue\nlockTimeout:\t0:01:00\nmode:\tblank\n"}), nil, checks.Pass, "screenlock.locks"},
		{"xscreensaver too late", desktop([]string{"openbox"}, map[string]string{"/usr/bin/xscreensaver": "", xss: "timeout:\t0:10:00\nlock:\tTrue\nlockTimeout:\t0:06:00\n"}), nil, checks.Fail, "screenlock.too_long"},
		{"a desktop that nobody taught us", desktop([]string{"i3"}, nil), nil, checks.Unknown, "screenlock.desktop_not_known"},
		{"people of a directory", desktop([]string{"gnome"}, map[string]string{"/etc/nsswitch.conf": "passwd: files winbind\n"}), nil, checks.Unknown, "screenlock.locks"},
		{"sss that nobody configured", desktop([]string{"gnome"}, map[string]string{"/etc/nsswitch.conf": "passwd: files sss\n"}), nil, checks.Pass, "screenlock.locks"},
		{"sss in use", desktop([]string{"gnome"}, map[string]string{"/etc/nsswitch.conf": "passwd: files sss\n", "/etc/sssd/sssd.conf": ""}), nil, checks.Unknown, "screenlock.locks"},
		{"sss in use, configured in parts", desktop([]string{"gnome"}, map[string]string{"/etc/nsswitch.conf": "passwd: files sss\n", "/etc/sssd/conf.d/casa.conf": ""}), nil, checks.Unknown, "screenlock.locks"},
		{"sss hidden in a part does not count", desktop([]string{"gnome"}, map[string]string{"/etc/nsswitch.conf": "passwd: files sss\n", "/etc/sssd/conf.d/.casa.conf": ""}), nil, checks.Pass, "screenlock.locks"},
		{"sss that cannot be looked at", desktop([]string{"gnome"}, map[string]string{"/etc/nsswitch.conf": "passwd: files sss\n"}), []string{"/etc/sssd/conf.d"}, checks.Unknown, "screenlock.locks"},
		{"another behind an sss that nobody configured", desktop([]string{"gnome"}, map[string]string{"/etc/nsswitch.conf": "passwd: files sss winbind\n"}), nil, checks.Unknown, "screenlock.locks"},
		{"people of Entra ID", desktop([]string{"gnome"}, map[string]string{"/etc/nsswitch.conf": "passwd: files authd\n"}), nil, checks.Unknown, "screenlock.locks"},
		{"accounts unreadable", desktop([]string{"gnome"}, nil), []string{"/etc/passwd"}, checks.Unknown, "screenlock.unread"},
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

func with2(base, more map[string]string) map[string]string {
	maps.Copy(base, more)
	return base
}

// Where there is no GDM at all, GNOME locks nothing.
func TestGNOMEWithoutGDM(t *testing.T) {
	files := desktop([]string{"gnome"}, nil)
	delete(files, "/usr/sbin/gdm3")
	res := checktest.Run(t, screenLock(), host.Host{OS: host.Linux, Files: checktest.Files{Content: files}}, "")
	if res.Status != checks.Fail || res.Findings[0].Reason.Code != "screenlock.gnome_without_gdm" {
		t.Errorf("got %s %v", res.Status, res.Findings)
	}
}

// A machine that offers two desktops is as safe as the worse one.
func TestWorstDesktopDecides(t *testing.T) {
	h := host.Host{OS: host.Linux, Files: checktest.Files{Content: desktop([]string{"gnome", "plasma"},
		map[string]string{"/home/ana/.config/kscreenlockerrc": "[Daemon]\nAutolock=false\n"})}}
	res := checktest.Run(t, screenLock(), h, "")
	if res.Status != checks.Fail || len(res.Findings) != 2 || res.Findings[0].Key != "ana/gnome" || res.Findings[0].Status != checks.Pass {
		t.Errorf("got %s %v; want fail with a passing ana/gnome", res.Status, res.Findings)
	}
}

func TestClock(t *testing.T) {
	for text, want := range map[string]int64{"0:10:00": 600, "1:00:00": 3600, "5:30": 330, "10": 600, "": -1, "a:b": -1, "-1:00": -1, "1:2:3:4": -1} {
		got, ok := clock(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("clock(%q) = %d, want %d", text, got, want)
		}
	}
}
