package accounts

import (
	"testing"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// linuxRow is one Linux machine and what a check says of it.
type linuxRow struct {
	name       string
	files      map[string]string
	unreadable []string
	params     string
	want       checks.Status
	code       string // of the whole, or of the finding that key names
	key        string
}

func (row linuxRow) run(t *testing.T, check checks.Check) {
	t.Helper()
	h := host.Host{Now: today, OS: host.Linux, System: system{Arch: "amd64"},
		Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}}
	expect(t, checktest.Run(t, check, h, row.params), row.want, row.code, row.key)
}

// windowsRow is one Windows machine of a workgroup, unless it says otherwise.
type windowsRow struct {
	name     string
	machine  windows
	registry map[string]any
	system   host.System
	events   *host.EventLog
	params   string
	want     checks.Status
	code     string
	key      string
}

func (row windowsRow) run(t *testing.T, check checks.Check) {
	t.Helper()
	h := pc(row.machine)
	h.Registry = checktest.Registry{Values: row.registry}
	if row.system != nil {
		h.System = row.system
	}
	if row.events != nil {
		h = checktest.Answers{EventsOf: map[string]host.EventLog{"Security": *row.events}}.On(h)
	}
	expect(t, checktest.Run(t, check, h, row.params), row.want, row.code, row.key)
}

func expect(t *testing.T, res checks.Result, want checks.Status, code, key string) {
	t.Helper()
	got := res.Reason.Code
	if key != "" {
		got = "no finding " + key
	}
	for _, f := range res.Findings {
		if f.Key == key {
			got = f.Reason.Code
		}
	}
	if res.Status != want || got != code {
		t.Errorf("got %s %s, want %s %s\nreason %v\nfindings %v\nobserved %s", res.Status, got, want, code, res.Reason, res.Findings, res.Observed)
	}
}

const (
	commonPassword = "/etc/pam.d/common-password"
	commonAuth     = "/etc/pam.d/common-auth"
	hashOf         = "$y$j9T$x$y"
)

// changed is debian with files of its own.
func changed(pairs ...string) map[string]string {
	more := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		more[pairs[i]] = pairs[i+1]
	}
	return debian(more)
}

// domain and cloud are machines that are not alone.
func domain() host.System { return system{OSVer: "10.0.26100", Domain: "MUNI"} }

func TestHistoryOnLinux(t *testing.T) {
	stack := func(line string) string {
		return "password requisite pam_pwquality.so\n" + line + "password [success=1 default=ignore] pam_unix.so use_authtok yescrypt\npassword requisite pam_deny.so\npassword required pam_permit.so\n"
	}
	const defs, days = "PASS_MAX_DAYS 365\nPASS_MIN_DAYS 1\nUID_MIN 1000\nUID_MAX 60000\n", "ana:" + hashOf + ":20700:1:365:7:::\n"
	pwhistory := "password required pam_pwhistory.so use_authtok "
	for _, row := range []linuxRow{
		{"as it comes", debian(nil), nil, "", checks.Fail, "accounts.several_fail", ""},
		{"nothing remembers", changed("/etc/login.defs", defs, "/etc/shadow", days), nil, "", checks.Fail, "history.off", ""},
		{"the module's own number", changed(commonPassword, stack(pwhistory+"\n"), "/etc/login.defs", defs, "/etc/shadow", days), nil, "", checks.Pass, "history.enough", ""},
		{"argument", changed(commonPassword, stack(pwhistory+"remember=3\n"), "/etc/login.defs", defs, "/etc/shadow", days), nil, "", checks.Warn, "history.legal_only", ""},
		{"argument 0", changed(commonPassword, stack(pwhistory+"remember=0\n"), "/etc/login.defs", defs, "/etc/shadow", days), nil, "", checks.Fail, "history.off", ""},
		{"under the bar", changed(commonPassword, stack(pwhistory+"remember=3\n"), "/etc/login.defs", defs, "/etc/shadow", days), nil, `{"min":4}`, checks.Fail, "history.few", ""},
		{"file", changed(commonPassword, stack(pwhistory+"\n"), pwhistoryConf, "remember = 2\n", "/etc/login.defs", defs, "/etc/shadow", days), nil, "", checks.Warn, "history.legal_only", ""},
		{"another file", changed(commonPassword, stack(pwhistory+"conf=/etc/h.conf\n"), pwhistoryConf, "remember = 2\n", "/etc/h.conf", "remember=24\n", "/etc/login.defs", defs, "/etc/shadow", days), nil, "", checks.Pass, "history.enough", ""},
		{"pam_unix remembers", changed(commonPassword, "password required pam_unix.so remember=5 yescrypt\n", "/etc/login.defs", defs, "/etc/shadow", days), nil, "", checks.Pass, "history.enough", ""},
		{"optional", changed(commonPassword, stack("password optional pam_pwhistory.so\n"), "/etc/login.defs", defs, "/etc/shadow", days), nil, "", checks.Fail, "history.off", ""},
		{"cycles", changed(commonPassword, stack(pwhistory+"\n")), nil, "", checks.Fail, "history.cycles", ""},
		{"an account made before", changed(commonPassword, stack(pwhistory+"\n"), "/etc/login.defs", defs), nil, "", checks.Fail, "history.account_cycles", ""},
		{"root changes at any time", changed(commonPassword, stack(pwhistory+"\n"), "/etc/login.defs", defs, "/etc/shadow", "root:"+hashOf+":20700:0:365:7:::\n"+days), nil, "", checks.Pass, "history.enough", ""},
		{"PAM unreadable", changed("/etc/login.defs", defs, "/etc/shadow", days), []string{commonPassword}, "", checks.Unknown, "accounts.unread", ""},
		{"PAM unreadable, and proven without", debian(nil), []string{commonPassword}, "", checks.Fail, "history.cycles", ""},
		{"a directory", changed(commonPassword, stack(pwhistory+"\n"), "/etc/login.defs", defs, "/etc/shadow", days, nsswitch, "passwd: files ldap\n"), nil, "", checks.Unknown, "accounts.elsewhere", ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, passwordHistory()) })
	}
}

func TestHistoryOnWindows(t *testing.T) {
	policy := func(n uint32, age uint64) windows {
		return windows{policy: &host.PasswordPolicy{HistoryLength: n, MinAge: age}}
	}
	for _, row := range []windowsRow{
		{name: "24 and a day", machine: policy(24, days), want: checks.Pass, code: "history.enough"},
		{name: "1", machine: policy(1, days), want: checks.Warn, code: "history.legal_only"},
		{name: "0", machine: policy(0, days), want: checks.Fail, code: "history.off"},
		{name: "no age", machine: policy(24, 0), want: checks.Fail, code: "history.cycles"},
		{name: "neither", machine: policy(0, 0), want: checks.Fail, code: "accounts.several_fail"},
		{name: "not told", want: checks.Unknown, code: "accounts.unread"},
		{name: "domain", machine: policy(24, days), system: domain(), want: checks.Unknown, code: "accounts.elsewhere"},
		{name: "controller of a domain", machine: policy(24, days), system: domain(), registry: map[string]any{keyProductOptions + `\ProductType`: "LanmanNT"}, want: checks.Pass, code: "history.enough"},
		{name: "server of a domain", machine: policy(24, days), system: domain(), registry: map[string]any{keyProductOptions + `\ProductType`: "ServerNT"}, want: checks.Unknown, code: "accounts.elsewhere"},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, passwordHistory()) })
	}
}

func TestUsername(t *testing.T) {
	quality := func(args string) string {
		return "password requisite pam_pwquality.so " + args + "\npassword required pam_unix.so use_authtok\n"
	}
	for _, row := range []linuxRow{
		{"as it comes", debian(nil), nil, "", checks.Fail, "username.free", ""},
		{"pwquality by default", changed(commonPassword, quality("retry=3")), nil, "", checks.Pass, "username.compared", ""},
		{"switched off by argument", changed(commonPassword, quality("usercheck=0")), nil, "", checks.Fail, "username.free", ""},
		{"switched off in the file", changed(commonPassword, quality(""), pwqualityConf, "usercheck = 0\n"), nil, "", checks.Fail, "username.free", ""},
		{"it only says so", changed(commonPassword, quality("enforcing=0")), nil, "", checks.Fail, "username.free", ""},
		{"unreadable", debian(nil), []string{commonPassword}, "", checks.Unknown, "accounts.unread", ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, passwordUsername()) })
	}
	properties := func(n uint32, known bool) windows {
		return windows{policy: &host.PasswordPolicy{Properties: n, PropertiesKnown: known}}
	}
	for _, row := range []windowsRow{
		{name: "complex", machine: properties(1, true), want: checks.Pass, code: "username.compared"},
		{name: "not complex", machine: properties(16, true), want: checks.Fail, code: "username.free"},
		{name: "not told", machine: properties(0, false), want: checks.Unknown, code: "accounts.unread"},
		{name: "domain", machine: properties(1, true), system: domain(), want: checks.Unknown, code: "accounts.elsewhere"},
		{name: "domain, and bad by itself", machine: properties(0, true), system: domain(), want: checks.Fail, code: "username.free"},
	} {
		t.Run("Windows "+row.name, func(t *testing.T) { row.run(t, passwordUsername()) })
	}
}

// faillockStack is a stack of Debian with pam_faillock.
func faillockStack(args string) string {
	return "auth required pam_faillock.so preauth " + args + "\nauth [success=1 default=ignore] pam_unix.so\nauth [default=die] pam_faillock.so authfail " + args + "\nauth required pam_permit.so\n"
}

func TestLockoutOfPAM(t *testing.T) {
	const sshdPAM = "/etc/pam.d/sshd"
	ssh := func(text string, pairs ...string) map[string]string {
		return changed(append([]string{commonAuth, faillockStack(""), sshConfigOfTest, text}, pairs...)...)
	}
	for _, row := range []linuxRow{
		{"the first example of the manual", changed(commonAuth, "auth [success=1 default=bad] pam_unix.so\nauth [default=die] pam_faillock.so authfail\nauth sufficient pam_faillock.so authsucc\nauth required pam_deny.so\n"), nil, "", checks.Pass, "lockout.enough", ""},
		{"the account module refuses nobody", changed(commonAuth, "auth [success=1 default=bad] pam_unix.so\nauth [default=die] pam_faillock.so authfail\nauth required pam_permit.so\n", "/etc/pam.d/login", "@include common-auth\naccount required pam_faillock.so\n"), nil, "", checks.Fail, "lockout.off", ""},
		{"preauth behind what lets in", changed(commonAuth, "auth sufficient pam_unix.so\nauth required pam_faillock.so preauth\nauth required pam_faillock.so authfail\nauth required pam_deny.so\n"), nil, "", checks.Fail, "lockout.off", ""},
		{"a folder that the module does not read", changed(commonAuth, faillockStack(""), faillockConf+".d/a.conf", "deny = 9\n"), nil, "", checks.Pass, "lockout.enough", ""},
		{"another file", changed(commonAuth, faillockStack("conf=/etc/f.conf"), "/etc/f.conf", "deny = 9\n"), nil, "", checks.Fail, "lockout.many", ""},
		{"root has a password", changed(commonAuth, faillockStack(""), "/etc/shadow", "root:"+hashOf+":20700:0:365:7:::\n"), nil, "", checks.Warn, "lockout.root_free", ""},
		{"root has a password and is locked too", changed(commonAuth, faillockStack("even_deny_root"), "/etc/shadow", "root:"+hashOf+":20700:0:365:7:::\n"), nil, "", checks.Pass, "lockout.enough", ""},
		{"root has a password, said in the file", changed(commonAuth, faillockStack(""), faillockConf, "even_deny_root\n", "/etc/shadow", "root:"+hashOf+":20700:0:365:7:::\n"), nil, "", checks.Pass, "lockout.enough", ""},
		{"sshd's own number", ssh("UsePAM yes\n"), nil, "", checks.Warn, "lockout.sshd_tries", ""},
		{"sshd: 3", ssh("UsePAM yes\nMaxAuthTries 3\n"), nil, "", checks.Pass, "lockout.sshd_few", "sshd"},
		{"sshd: 3, but 9 for somebody", ssh("UsePAM yes\nMaxAuthTries 3\nMatch User ana\n MaxAuthTries 9\n"), nil, "", checks.Warn, "lockout.sshd_tries", ""},
		{"sshd without PAM", ssh("MaxAuthTries 3\n"), nil, "", checks.Fail, "lockout.sshd_alone", ""},
		{"sshd without PAM and passwords", ssh("PasswordAuthentication no\nUsePAM no\n"), nil, "", checks.Pass, "lockout.enough", ""},
		{"sshd with keys only needs no lock", ssh("PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM yes\n", sshdPAM, "auth required pam_unix.so\n"), nil, "", checks.Pass, "lockout.enough", ""},
		{"sshd with keys, and passwords for somebody", ssh("PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM yes\nMatch User ana\nPasswordAuthentication yes\n", sshdPAM, "auth required pam_unix.so\n"), nil, "", checks.Fail, "lockout.off", ""},
		{"sshd unreadable", ssh("UsePAM yes\n"), []string{sshConfigOfTest}, "", checks.Unknown, "accounts.unread", ""},
		{"one service unreadable, another without lock", changed("/etc/pam.d/sshd", "auth required pam_unix.so\n"), []string{commonAuth}, "", checks.Fail, "lockout.off", "attempts"},
		{"mail takes passwords without a lock", changed(commonAuth, faillockStack(""), "/etc/pam.d/dovecot", "auth required pam_unix.so\n"), nil, "", checks.Fail, "lockout.off", "attempts"},
		{"failures are soon forgotten", changed(commonAuth, faillockStack(""), faillockConf, "fail_interval = 60\n"), nil, "", checks.Warn, "lockout.window_short", "window"},
		{"failures are soon forgotten, and that is allowed", changed(commonAuth, faillockStack(""), faillockConf, "fail_interval = 60\n"), nil, `{"window_minutes":1}`, checks.Pass, "lockout.enough", ""},
		{"failures are soon forgotten in one service", changed(commonAuth, faillockStack(""), sshdPAM, faillockStack("fail_interval=30")), nil, "", checks.Warn, "lockout.window_short", "window"},
		{"failures are never counted together", changed(commonAuth, faillockStack("fail_interval=0")), nil, "", checks.Fail, "lockout.window_none", "window"},
		{"failures are counted for a time that is no number", changed(commonAuth, faillockStack("fail_interval=soon")), nil, "", checks.Unknown, "accounts.unread", ""},
		{"the administrators' group is free", changed(commonAuth, faillockStack(""), faillockConf, "admin_group = sudo\n"), nil, "", checks.Warn, "lockout.admin_group_free", "admin_group"},
		{"the administrators' group is locked as root is", changed(commonAuth, faillockStack("even_deny_root"), faillockConf, "admin_group = sudo\n"), nil, "", checks.Pass, "lockout.enough", ""},
		{"a directory", changed(commonAuth, faillockStack(""), nsswitch, "passwd: files winbind\n"), nil, "", checks.Unknown, "accounts.elsewhere", ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, lockout()) })
	}
}

func TestLockoutWindowOfWindows(t *testing.T) {
	machine := func(threshold uint32, window uint64) windows {
		return windows{policy: &host.PasswordPolicy{LockoutThreshold: threshold, LockoutDuration: 3600, LockoutWindow: window, Properties: 8, PropertiesKnown: true}}
	}
	for _, row := range []windowsRow{
		{name: "half an hour", machine: machine(3, 1800), want: checks.Pass, code: "lockout.enough"},
		{name: "a minute", machine: machine(3, 60), want: checks.Warn, code: "lockout.window_short"},
		{name: "none", machine: machine(3, 0), want: checks.Fail, code: "lockout.window_none"},
		{name: "no lockout at all says so alone", machine: machine(0, 60), want: checks.Fail, code: "lockout.off"},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, lockout()) })
	}
}

func TestLockoutOfAdministrator(t *testing.T) {
	machine := func(properties uint32, disabled bool) windows {
		return windows{policy: &host.PasswordPolicy{LockoutThreshold: 3, LockoutWindow: 1800, Properties: properties, PropertiesKnown: true},
			users: []host.User{{Name: "Administrador", SID: "S-1-5-21-1-2-3-500", Disabled: disabled}}}
	}
	for _, row := range []windowsRow{
		{name: "enabled and not locked", machine: machine(1, false), want: checks.Warn, code: "lockout.administrator_free"},
		{name: "enabled and locked like others", machine: machine(9, false), want: checks.Pass, code: "lockout.enough"},
		{name: "disabled", machine: machine(1, true), want: checks.Pass, code: "lockout.enough"},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, lockout()) })
	}
}

const sshConfigOfTest = "/etc/ssh/sshd_config"

func TestLockoutRelease(t *testing.T) {
	const hour = `{"attempts":3,"minutes":60}`
	for _, row := range []linuxRow{
		{"until somebody unlocks", changed(commonAuth, faillockStack("unlock_time=0")), nil, "", checks.Pass, "release.by_hand", ""},
		{"never", changed(commonAuth, faillockStack(""), faillockConf, "unlock_time = never\n"), nil, "", checks.Pass, "release.by_hand", ""},
		{"the module's own time", changed(commonAuth, faillockStack("")), nil, "", checks.Fail, "release.by_itself", ""},
		{"no lock", debian(nil), nil, "", checks.Fail, "release.never_locks", ""},
		{"one service opens by itself", changed(commonAuth, faillockStack("unlock_time=0"), "/etc/pam.d/sshd", faillockStack("unlock_time=900")), nil, "", checks.Fail, "release.by_itself", ""},
		{"unreadable", changed(commonAuth, faillockStack("")), []string{commonAuth}, "", checks.Unknown, "accounts.unread", ""},
		{"no number", changed(commonAuth, faillockStack("unlock_time=soon")), nil, "", checks.Unknown, "accounts.unread", ""},
		{"an hour: it is", changed(commonAuth, faillockStack("unlock_time=3600")), nil, hour, checks.Pass, "release.late", ""},
		{"an hour: by hand is more", changed(commonAuth, faillockStack("unlock_time=0")), nil, hour, checks.Pass, "release.by_hand", ""},
		{"an hour: ten minutes", changed(commonAuth, faillockStack("")), nil, hour, checks.Fail, "release.soon", ""},
		{"an hour: after 5 attempts", changed(commonAuth, faillockStack("deny=5 unlock_time=3600")), nil, hour, checks.Fail, "release.many", ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, lockoutRelease()) })
	}
	policy := func(n uint32, seconds uint64) windows {
		return windows{policy: &host.PasswordPolicy{LockoutThreshold: n, LockoutDuration: seconds}}
	}
	for _, row := range []windowsRow{
		{name: "until somebody unlocks", machine: policy(3, host.Forever), want: checks.Pass, code: "release.by_hand"},
		{name: "half an hour", machine: policy(3, 1800), want: checks.Fail, code: "release.by_itself"},
		{name: "no lock", machine: policy(0, host.Forever), want: checks.Fail, code: "release.never_locks"},
		{name: "an hour", machine: policy(3, 3600), params: hour, want: checks.Pass, code: "release.late"},
		{name: "an hour: half an hour", machine: policy(3, 1800), params: hour, want: checks.Fail, code: "release.soon"},
		{name: "an hour: after 10", machine: policy(10, 3600), params: hour, want: checks.Fail, code: "release.many"},
		{name: "not told", want: checks.Unknown, code: "accounts.unread"},
		{name: "domain", machine: policy(3, host.Forever), system: domain(), want: checks.Unknown, code: "accounts.elsewhere"},
	} {
		t.Run("Windows "+row.name, func(t *testing.T) { row.run(t, lockoutRelease()) })
	}
}

func TestBlank(t *testing.T) {
	const quiet = "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
	empty := func(line string, pairs ...string) map[string]string {
		return changed(append([]string{commonAuth, quiet, "/etc/shadow", line + "\n"}, pairs...)...)
	}
	for _, row := range []linuxRow{
		{"nobody", empty("ana:" + hashOf + ":20700:0:365:7:::"), nil, "", checks.Pass, "blank.none", ""},
		{"nobody, and PAM would let them in", debian(nil), nil, "", checks.Warn, "blank.nullok", ""},
		{"a person", empty("ana::20700:0:365:7:::"), nil, "", checks.Fail, "blank.empty", "account/ana"},
		{"root", empty("root::20700:0:365:7:::"), nil, "", checks.Fail, "blank.empty", "account/root"},
		{"a service without shell", empty("web::20700:0:365:7:::", "/etc/passwd", "web:x:33:33::/var/www:/usr/sbin/nologin\n"), nil, "", checks.Fail, "blank.empty", "account/web"},
		{"in passwd", empty("", "/etc/passwd", "ana::1000:1000::/home/ana:/bin/bash\n"), nil, "", checks.Fail, "blank.empty", "account/ana"},
		{"closed by its date", empty("ana::20700:0:365:7::20000:"), nil, "", checks.Pass, "blank.none", ""},
		{"locked", empty("ana:!:20700:0:365:7:::"), nil, "", checks.Pass, "blank.none", ""},
		{"unreadable", debian(nil), []string{"/etc/shadow"}, "", checks.Unknown, "accounts.unread", ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, passwordBlank()) })
	}
	user := func(flags uint32, disabled bool) windows {
		return windows{users: []host.User{{Name: "ana", SID: "S-1-5-21-1-2-3-1001", Flags: flags, Disabled: disabled}}, policy: &host.PasswordPolicy{MinLength: 8}}
	}
	const limit = keyLSA + `\LimitBlankPasswordUse`
	for _, row := range []windowsRow{
		{name: "all need one", machine: user(0x201, false), want: checks.Pass, code: "blank.none"},
		{name: "said so", machine: user(0x201, false), registry: map[string]any{limit: 1}, want: checks.Pass, code: "blank.none"},
		{name: "not required", machine: user(0x221, false), want: checks.Fail, code: "blank.not_required"},
		{name: "not required, and disabled", machine: user(0x223, true), want: checks.Pass, code: "blank.none"},
		{name: "over the network", machine: user(0x201, false), registry: map[string]any{limit: 0}, want: checks.Fail, code: "blank.network"},
		{name: "both", machine: user(0x221, false), registry: map[string]any{limit: 0}, want: checks.Fail, code: "accounts.several_fail"},
		{name: "no number", machine: user(0x201, false), registry: map[string]any{limit: "1"}, want: checks.Unknown, code: "accounts.unread"},
		{name: "any password is taken", machine: windows{users: user(0x201, false).users, policy: &host.PasswordPolicy{}}, want: checks.Unknown, code: "blank.not_told"},
		{name: "the policy is not told", machine: windows{users: user(0x201, false).users}, want: checks.Unknown, code: "accounts.unread"},
		{name: "accounts not told", machine: windows{policy: &host.PasswordPolicy{MinLength: 8}}, want: checks.Unknown, code: "accounts.unread"},
		{name: "cloud", machine: user(0x201, false), registry: map[string]any{keyCloudJoin + `\AB12\TenantId`: "x"}, want: checks.Unknown, code: "accounts.elsewhere"},
	} {
		t.Run("Windows "+row.name, func(t *testing.T) { row.run(t, passwordBlank()) })
	}
}
