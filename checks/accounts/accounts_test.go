package accounts

import (
	"context"
	"maps"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// today is the day of every observation here: day 20759 since 1970.
func today() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }

// windows is a Windows machine's accounts; what is nil is not answered.
type windows struct {
	users   []host.User
	policy  *host.PasswordPolicy
	members []host.Member
}

func (w windows) Users(context.Context) ([]host.User, error) {
	if w.users == nil {
		return nil, host.ErrUnsupported
	}
	return w.users, nil
}

func (w windows) PasswordPolicy(context.Context) (host.PasswordPolicy, error) {
	if w.policy == nil {
		return host.PasswordPolicy{}, host.ErrUnsupported
	}
	return *w.policy, nil
}

func (w windows) Members(context.Context, string) ([]host.Member, error) {
	if w.members == nil {
		return nil, host.ErrUnsupported
	}
	return w.members, nil
}

// pc is a Windows machine of a workgroup.
func pc(w windows) host.Host {
	return host.Host{Now: today, OS: host.Windows, Accounts: w, System: system{OSName: "Windows 11", OSVer: "10.0.26100"}, Registry: checktest.Registry{}}
}

// system is a machine of which only its identity is told.
type system host.Identity

func (s system) Identity(context.Context) (host.Identity, error) { return host.Identity(s), nil }
func (s system) Hardware(context.Context) (host.Hardware, error) {
	return host.Hardware{}, host.ErrUnsupported
}
func (s system) Volumes(context.Context) ([]host.Volume, error) { return nil, host.ErrUnsupported }
func (s system) Interfaces(context.Context) ([]host.Interface, error) {
	return nil, host.ErrUnsupported
}

const days = uint64(24 * 3600)

func TestRulesOnWindows(t *testing.T) {
	policy := func(change func(*host.PasswordPolicy)) *host.PasswordPolicy {
		p := host.PasswordPolicy{MinLength: 12, MaxAge: 180 * days, LockoutThreshold: 3, LockoutWindow: 1800, Properties: 1, PropertiesKnown: true}
		change(&p)
		return &p
	}
	for _, row := range []struct {
		name   string
		check  checks.Check
		policy *host.PasswordPolicy
		want   checks.Status
		code   string
	}{
		{"length recommended", passwordLength(), policy(func(*host.PasswordPolicy) {}), checks.Pass, "length.enough"},
		{"length legal", passwordLength(), policy(func(p *host.PasswordPolicy) { p.MinLength = 6 }), checks.Warn, "length.legal_only"},
		{"length short", passwordLength(), policy(func(p *host.PasswordPolicy) { p.MinLength = 5 }), checks.Fail, "length.short"},
		{"length 1", passwordLength(), policy(func(p *host.PasswordPolicy) { p.MinLength = 1 }), checks.Fail, "length.short"},
		{"length 0", passwordLength(), policy(func(p *host.PasswordPolicy) { p.MinLength = 0 }), checks.Fail, "length.off"},
		{"length not told", passwordLength(), nil, checks.Unknown, "accounts.unread"},
		{"complexity on", passwordComposition(), policy(func(*host.PasswordPolicy) {}), checks.Pass, "composition.enough"},
		{"complexity off", passwordComposition(), policy(func(p *host.PasswordPolicy) { p.Properties = 16 }), checks.Fail, "composition.off"},
		{"complexity not told", passwordComposition(), policy(func(p *host.PasswordPolicy) { p.PropertiesKnown = false }), checks.Unknown, "accounts.unread"},
		{"policy not told", passwordComposition(), nil, checks.Unknown, "accounts.unread"},
		{"3 attempts", lockout(), policy(func(*host.PasswordPolicy) {}), checks.Pass, "lockout.enough"},
		{"1 attempt", lockout(), policy(func(p *host.PasswordPolicy) { p.LockoutThreshold = 1 }), checks.Pass, "lockout.enough"},
		{"4 attempts", lockout(), policy(func(p *host.PasswordPolicy) { p.LockoutThreshold = 4 }), checks.Fail, "lockout.many"},
		{"0 attempts is never", lockout(), policy(func(p *host.PasswordPolicy) { p.LockoutThreshold = 0 }), checks.Fail, "lockout.off"},
		{"attempts not told", lockout(), nil, checks.Unknown, "accounts.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			res := checktest.Run(t, row.check, pc(windows{policy: row.policy}), "")
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s", res.Status, res.Reason, row.want, row.code)
			}
		})
	}
}

// debian is the PAM configuration that Debian 12 installs, shortened.
func debian(more map[string]string) map[string]string {
	out := map[string]string{
		"/etc/passwd":                "root:x:0:0::/root:/bin/bash\nana:x:1000:1000::/home/ana:/bin/bash\nluis:x:1001:1001::/home/luis:/bin/bash\n",
		"/etc/group":                 "root:x:0:\nsudo:x:27:\nana:x:1000:\n",
		"/etc/login.defs":            "PASS_MAX_DAYS 365\nUID_MIN 1000\nUID_MAX 60000\n",
		"/etc/shadow":                "root:*:19000:0:99999:7:::\nana:$y$j9T$x$y:20700:0:365:7:::\n",
		"/etc/pam.d/passwd":          "@include common-password\n",
		"/etc/pam.d/login":           "@include common-auth\n",
		"/etc/pam.d/other":           "auth required pam_deny.so\npassword required pam_deny.so\n",
		"/etc/pam.d/common-auth":     "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n",
		"/etc/pam.d/common-password": "password [success=1 default=ignore] pam_unix.so obscure yescrypt\npassword requisite pam_deny.so\npassword required pam_permit.so\n",
	}
	maps.Copy(out, more)
	return out
}

func TestRulesOnLinux(t *testing.T) {
	quality := func(args string) string {
		return "password requisite pam_pwquality.so retry=3 " + args + "\npassword [success=1 default=ignore] pam_unix.so obscure use_authtok yescrypt\npassword requisite pam_deny.so\npassword required pam_permit.so\n"
	}
	faillock := func(args string) string {
		return "auth required pam_faillock.so preauth " + args + "\nauth [success=1 default=ignore] pam_unix.so\nauth [default=die] pam_faillock.so authfail " + args + "\nauth required pam_permit.so\n"
	}
	const password, auth = "/etc/pam.d/common-password", "/etc/pam.d/common-auth"
	for _, row := range []struct {
		name       string
		check      checks.Check
		files      map[string]string
		unreadable []string
		want       checks.Status
		code       string
	}{
		{"length: Debian as it comes", passwordLength(), debian(nil), nil, checks.Warn, "length.legal_only"},
		{"length: no rule at all", passwordLength(), debian(map[string]string{password: "password required pam_unix.so yescrypt\n"}), nil, checks.Fail, "length.off"},
		{"length: pam_unix asks for little", passwordLength(), debian(map[string]string{password: "password required pam_unix.so minlen=5 yescrypt\n"}), nil, checks.Fail, "length.short"},
		{"length: pwquality is there and not required", passwordLength(), debian(map[string]string{password: "password optional pam_pwquality.so minlen=14\npassword required pam_unix.so minlen=4\n"}), nil, checks.Fail, "length.short"},
		{"length: pwquality argument", passwordLength(), debian(map[string]string{password: quality("minlen=12")}), nil, checks.Pass, "length.enough"},
		{"length: argument over file", passwordLength(), debian(map[string]string{password: quality("minlen=8"), pwqualityConf: "minlen = 14\n"}), nil, checks.Warn, "length.legal_only"},
		{"length: file", passwordLength(), debian(map[string]string{password: quality(""), pwqualityConf: "minlen = 14\n"}), nil, checks.Pass, "length.enough"},
		{"length: names in any case, the last line wins", passwordLength(), debian(map[string]string{password: quality(""), pwqualityConf: "minlen = 6\nMinLen = 14\n"}), nil, checks.Pass, "length.enough"},
		{"length: argument in capitals", passwordLength(), debian(map[string]string{password: quality("MINLEN=14")}), nil, checks.Pass, "length.enough"},
		{"length: file over drop-in", passwordLength(), debian(map[string]string{password: quality(""), pwqualityConf: "minlen = 10\n", pwqualityConf + ".d/a.conf": "minlen = 14\n"}), nil, checks.Warn, "length.legal_only"},
		{"length: drop-in", passwordLength(), debian(map[string]string{password: quality(""), pwqualityConf: "# nothing\n", pwqualityConf + ".d/a.conf": "minlen = 14\n"}), nil, checks.Pass, "length.enough"},
		{"length: says and does not enforce", passwordLength(), debian(map[string]string{password: quality("minlen=14"), pwqualityConf: "enforcing = 0\n"}), nil, checks.Warn, "length.legal_only"},
		{"length: file without the module has no effect", passwordLength(), debian(map[string]string{pwqualityConf: "minlen = 14\n"}), nil, checks.Warn, "length.legal_only"},
		{"length: login.defs has no effect", passwordLength(), debian(map[string]string{"/etc/login.defs": "PASS_MIN_LEN 20\n"}), nil, checks.Warn, "length.legal_only"},
		{"length: credits shorten", passwordLength(), debian(map[string]string{password: quality("minlen=12 lcredit=2 dcredit=2")}), nil, checks.Warn, "length.legal_only"},
		{"length: not a number", passwordLength(), debian(map[string]string{password: quality("minlen=many")}), nil, checks.Unknown, "accounts.unread"},
		{"length: another module", passwordLength(), debian(map[string]string{password: "password requisite pam_passwdqc.so min=disabled,24,11,8,7\npassword required pam_unix.so\n"}), nil, checks.Unknown, "accounts.unread"},
		{"length: PAM unreadable", passwordLength(), debian(nil), []string{password}, checks.Unknown, "accounts.unread"},
		{"length: file unreadable", passwordLength(), debian(map[string]string{password: quality(""), pwqualityConf: "x"}), []string{pwqualityConf}, checks.Unknown, "accounts.unread"},

		{"composition: Debian as it comes", passwordComposition(), debian(nil), nil, checks.Fail, "composition.off"},
		{"composition: minclass", passwordComposition(), debian(map[string]string{password: quality("minclass=3")}), nil, checks.Pass, "composition.enough"},
		{"composition: one class", passwordComposition(), debian(map[string]string{password: quality("minclass=1")}), nil, checks.Fail, "composition.few"},
		{"composition: credits that demand", passwordComposition(), debian(map[string]string{password: quality("dcredit=-1 ucredit=-1")}), nil, checks.Pass, "composition.enough"},
		{"composition: module there and not required", passwordComposition(), debian(map[string]string{password: "password optional pam_pwquality.so minclass=4\npassword required pam_unix.so\n"}), nil, checks.Fail, "composition.off"},

		{"composition: PAM unreadable", passwordComposition(), debian(nil), []string{password}, checks.Unknown, "accounts.unread"},
		{"composition: file unreadable", passwordComposition(), debian(map[string]string{password: quality(""), pwqualityConf: "x"}), []string{pwqualityConf}, checks.Unknown, "accounts.unread"},

		{"lockout: Debian as it comes", lockout(), debian(nil), nil, checks.Fail, "lockout.off"},
		{"lockout: faillock by default", lockout(), debian(map[string]string{auth: faillock("")}), nil, checks.Pass, "lockout.enough"},
		{"lockout: 5 attempts", lockout(), debian(map[string]string{auth: faillock("deny=5")}), nil, checks.Fail, "lockout.many"},
		{"lockout: 0 is never", lockout(), debian(map[string]string{auth: faillock("deny=0")}), nil, checks.Fail, "lockout.off"},
		{"lockout: file", lockout(), debian(map[string]string{auth: faillock(""), faillockConf: "deny = 4\n"}), nil, checks.Fail, "lockout.many"},
		{"lockout: faillock knows only small letters", lockout(), debian(map[string]string{auth: faillock(""), faillockConf: "DENY = 9\n"}), nil, checks.Pass, "lockout.enough"},
		{"lockout: nothing counts", lockout(), debian(map[string]string{auth: "auth required pam_faillock.so preauth\nauth required pam_unix.so\n"}), nil, checks.Fail, "lockout.off"},
		{"lockout: one service without it", lockout(), debian(map[string]string{auth: faillock(""), "/etc/pam.d/sshd": "auth required pam_unix.so\n"}), nil, checks.Fail, "lockout.off"},
		{"lockout: PAM unreadable", lockout(), debian(nil), []string{"/etc/pam.d"}, checks.Unknown, "accounts.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{Now: today, OS: host.Linux, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}}
			res := checktest.Run(t, row.check, h, "")
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nobserved %s", res.Status, res.Reason, row.want, row.code, res.Observed)
			}
		})
	}
}

func TestPasswordAgeOnLinux(t *testing.T) {
	const hash = "$y$j9T$x$y"
	shadow := func(line string) map[string]string { return debian(map[string]string{"/etc/shadow": line + "\n"}) }
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		params     string
		want       checks.Status
		code       string // of the account's finding, or of the whole
	}{
		{"young", shadow("ana:" + hash + ":20700:0:365:7:::"), nil, "", checks.Pass, "age.young"},
		{"exactly a year", shadow("ana:" + hash + ":20394:0:365:7:::"), nil, "", checks.Pass, "age.young"},
		{"a year and a day", shadow("ana:" + hash + ":20393:0:365:7:::"), nil, "", checks.Fail, "age.old"},
		{"never expires", shadow("ana:" + hash + ":20700:0:99999:7:::"), nil, "", checks.Fail, "age.never_expires"},
		{"no maximum", shadow("ana:" + hash + ":20700::::::"), nil, "", checks.Fail, "age.never_expires"},
		{"own maximum too long", shadow("ana:" + hash + ":20700:0:400:7:::"), nil, "", checks.Fail, "age.own_limit_long"},
		{"must change", shadow("ana:" + hash + ":0:0:365:7:::"), nil, "", checks.Pass, "age.must_change"},
		{"changed tomorrow", shadow("ana:" + hash + ":20800:0:365:7:::"), nil, "", checks.Unknown, "age.not_known"},
		{"exempt", shadow("ana:" + hash + ":20000:0:99999:7:::"), nil, `{"exempt":["ana"]}`, checks.Pass, "age.exempt"},
		{"locked account has nothing that ages", shadow("ana:!" + hash + ":18000:0:99999:7:::"), nil, "", checks.Pass, "age.all_young"},
		{"services do not count", shadow("daemon:" + hash + ":18000:0:99999:7:::"), nil, "", checks.Pass, "age.all_young"},
		{"rule off", debian(map[string]string{"/etc/login.defs": "UID_MIN 1000\nUID_MAX 60000\n", "/etc/shadow": ""}), nil, "", checks.Fail, "age.rule_off"},
		{"rule 99999", debian(map[string]string{"/etc/login.defs": "PASS_MAX_DAYS 99999\n", "/etc/shadow": ""}), nil, "", checks.Fail, "age.rule_off"},
		{"rule too long", debian(map[string]string{"/etc/login.defs": "PASS_MAX_DAYS 400\n", "/etc/shadow": ""}), nil, "", checks.Fail, "age.rule_long"},
		{"people of a directory", with(shadow("ana:"+hash+":20700:0:365:7:::"), "/etc/nsswitch.conf", "passwd: files ldap\n"), nil, "", checks.Unknown, "age.young"},
		{"a hidden part of sss is none", with(with(shadow("ana:"+hash+":20700:0:365:7:::"), "/etc/nsswitch.conf", "passwd: files sss\n"), "/etc/sssd/conf.d/.muni.conf", "[domain/muni]\n"), nil, "", checks.Pass, "age.young"},
		{"winbind behind sss, which nobody configured", with(shadow("ana:"+hash+":20700:0:365:7:::"), "/etc/nsswitch.conf", "passwd: files sss winbind\n"), nil, "", checks.Unknown, "age.young"},
		{"sss configured in parts", with(with(shadow("ana:"+hash+":20700:0:365:7:::"), "/etc/nsswitch.conf", "passwd: files sss\n"), "/etc/sssd/conf.d/muni.conf", "[domain/muni]\n"), nil, "", checks.Unknown, "age.young"},
		{"service with a password and a shell", with(shadow("copias:"+hash+":19000:0:99999:7:::"), "/etc/passwd", "copias:x:120:120::/srv:/bin/bash\n"), nil, "", checks.Fail, "age.accounts_bad"},
		{"service with a password and no shell", with(shadow("copias:"+hash+":19000:0:99999:7:::"), "/etc/passwd", "copias:x:120:120::/srv:/usr/sbin/nologin\n"), nil, "", checks.Pass, "age.all_young"},
		{"closed by its date", shadow("ana:" + hash + ":18000:0:99999:7::20000:"), nil, "", checks.Pass, "age.all_young"},
		{"sss that nobody configured", with(shadow("ana:"+hash+":20700:0:365:7:::"), "/etc/nsswitch.conf", "passwd: files sss\n"), nil, "", checks.Pass, "age.young"},
		{"shadow unreadable", debian(nil), []string{"/etc/shadow"}, "", checks.Unknown, "accounts.unread"},
		{"login.defs unreadable", debian(nil), []string{"/etc/login.defs"}, "", checks.Unknown, "age.young"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{Now: today, OS: host.Linux, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}}
			res := checktest.Run(t, passwordAge(), h, row.params)
			code := res.Reason.Code
			for _, f := range res.Findings {
				if f.Key == "account/ana" {
					code = f.Reason.Code
				}
			}
			if res.Status != row.want || code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

func TestPasswordAgeOnWindows(t *testing.T) {
	good := &host.PasswordPolicy{MaxAge: 365 * days}
	user := func(change func(*host.User)) []host.User {
		u := host.User{Name: "ana", SID: "S-1-5-21-1-2-3-1001", PasswordAge: 10 * days}
		change(&u)
		return []host.User{u}
	}
	for _, row := range []struct {
		name    string
		machine windows
		want    checks.Status
		code    string
	}{
		{"young", windows{policy: good, users: user(func(*host.User) {})}, checks.Pass, "age.all_young"},
		{"old", windows{policy: good, users: user(func(u *host.User) { u.PasswordAge = 400 * days })}, checks.Fail, "age.accounts_bad"},
		{"never expires", windows{policy: good, users: user(func(u *host.User) { u.Flags = flagDontExpire })}, checks.Fail, "age.accounts_bad"},
		{"never set", windows{policy: good, users: user(func(u *host.User) { u.PasswordAge = uint64(today().Unix()) })}, checks.Fail, "age.accounts_bad"},
		{"closed by its date", windows{policy: good, users: user(func(u *host.User) { u.PasswordAge, u.Expires = 4000*days, ago(1) })}, checks.Pass, "age.all_young"},
		{"disabled", windows{policy: good, users: user(func(u *host.User) { u.Disabled, u.PasswordAge = true, 4000*days })}, checks.Pass, "age.all_young"},
		{"policy: for ever", windows{policy: &host.PasswordPolicy{MaxAge: host.Forever}, users: user(func(*host.User) {})}, checks.Fail, "age.rule_off"},
		{"policy: too long", windows{policy: &host.PasswordPolicy{MaxAge: 366 * days}, users: user(func(*host.User) {})}, checks.Fail, "age.rule_long"},
		{"policy not told", windows{users: user(func(*host.User) {})}, checks.Unknown, "accounts.unread"},
		{"accounts not told", windows{policy: good}, checks.Unknown, "accounts.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			res := checktest.Run(t, passwordAge(), pc(row.machine), "")
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

func with(files map[string]string, name, content string) map[string]string {
	files[name] = content
	return files
}

func TestMessages(t *testing.T) {
	for _, c := range Checks() {
		for _, problem := range c.Info().Messages.Problems() {
			t.Errorf("%s: %s", c.Info().ID, problem)
		}
	}
}
