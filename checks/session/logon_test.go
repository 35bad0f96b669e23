package session

import (
	"context"
	"io/fs"
	"slices"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// accountsOf answers Accounts with a fixed list of users.
type accountsOf []host.User

func (a accountsOf) Users(context.Context) ([]host.User, error) { return a, nil }

func (accountsOf) PasswordPolicy(context.Context) (host.PasswordPolicy, error) {
	return host.PasswordPolicy{MinLength: 8}, nil
}

func (accountsOf) Members(ctx context.Context, sid string) ([]host.Member, error) {
	return host.Unsupported{}.Members(ctx, sid)
}

func TestLogonOnWindows(t *testing.T) {
	base := map[string]any{keyWinlogon + `\Shell`: "explorer.exe", keyLSA + `\LimitBlankPasswordUse`: 1}
	normal := []host.User{{Name: "ana", SID: ana}, {Name: "Invitado", SID: "S-1-5-21-1-2-3-501", Disabled: true, Flags: flagPasswordNotRequired}}
	for _, row := range []struct {
		name   string
		values map[string]any
		list   []host.User
		want   checks.Status
		codes  []string
	}{
		{"clean", base, normal, checks.Pass, nil},
		{"automatic log-on", with(base, map[string]any{keyWinlogon + `\AutoAdminLogon`: "1", keyWinlogon + `\DefaultUserName`: "ana"}), normal, checks.Fail, []string{"logon.automatic"}},
		{"automatic log-on with stored password", with(base, map[string]any{keyWinlogon + `\AutoAdminLogon`: "1", keyWinlogon + `\DefaultPassword`: "x"}), normal, checks.Fail, []string{"logon.automatic_stored"}},
		{"a password left behind", with(base, map[string]any{keyWinlogon + `\AutoAdminLogon`: "0", keyWinlogon + `\DefaultPassword`: "x"}), normal, checks.Fail, []string{"logon.stored"}},
		{"automatic log-on is 0", with(base, map[string]any{keyWinlogon + `\AutoAdminLogon`: "0"}), normal, checks.Pass, nil},
		{"blank passwords from the network", with(base, map[string]any{keyLSA + `\LimitBlankPasswordUse`: 0}), normal, checks.Fail, []string{"logon.blank_from_network"}},
		{"account that needs no password", base, []host.User{{Name: "mostrador", SID: ana, Flags: flagPasswordNotRequired}}, checks.Fail, []string{"logon.blank"}},
		{"guest enabled, whatever its name", base, []host.User{{Name: "Invitado", SID: "S-1-5-21-1-2-3-501"}}, checks.Fail, []string{"logon.guest"}},
		{"accounts not answered", base, nil, checks.Unknown, []string{"logon.unread"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Windows, Registry: checktest.Registry{Values: row.values}}
			if row.list != nil {
				h.Accounts = accountsOf(row.list)
			}
			res := checktest.Run(t, logon(), h, "")
			if got := codes(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v, want %s %v", res.Status, got, row.want, row.codes)
			}
		})
	}
}

// policyOf is accountsOf with a policy of its own, or none that is told.
type policyOf struct {
	accountsOf
	least uint32
	err   error
}

func (p policyOf) PasswordPolicy(context.Context) (host.PasswordPolicy, error) {
	return host.PasswordPolicy{MinLength: p.least}, p.err
}

// Where the policy takes empty passwords, nobody can tell who has one.
func TestLogonWhereBlankPasswordsAreTaken(t *testing.T) {
	ana, off := host.User{Name: "ana", SID: ana}, host.User{Name: "Administrador", SID: "S-1-5-21-1-2-3-500", Disabled: true}
	ended := host.User{Name: "beto", SID: ana.SID + "2", Expires: time.Unix(1000, 0), Flags: flagPasswordNotRequired}
	for _, row := range []struct {
		name     string
		accounts policyOf
		want     checks.Status
		codes    []string
	}{
		{"they are not", policyOf{accountsOf{ana, off}, 1, nil}, checks.Pass, nil},
		{"they are", policyOf{accountsOf{ana, off}, 0, nil}, checks.Unknown, []string{"logon.blank_allowed"}},
		{"they are, and nobody may log on", policyOf{accountsOf{off}, 0, nil}, checks.Pass, nil},
		{"they are, and the account has ended", policyOf{accountsOf{off, ended}, 0, nil}, checks.Pass, nil},
		{"they are, and one needs none", policyOf{accountsOf{ana, {Name: "mostrador", SID: ana.SID + "3", Flags: flagPasswordNotRequired}}, 0, nil},
			checks.Fail, []string{"logon.blank", "logon.blank_allowed"}},
		{"not told", policyOf{accountsOf{ana}, 0, fs.ErrPermission}, checks.Unknown, []string{"logon.unread"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Windows, Accounts: row.accounts, Registry: checktest.Registry{Values: map[string]any{keyLSA + `\LimitBlankPasswordUse`: 1}}}
			res := checktest.Run(t, logon(), h, "")
			if got := codes(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v, want %s %v", res.Status, got, row.want, row.codes)
			}
		})
	}
}

func TestLogonOnLinux(t *testing.T) {
	base := map[string]string{
		"/etc/shadow":            "root:*:19000:0:99999:7:::\nana:$y$j9T$x$y:19000:0:365:7:::\n",
		"/etc/pam.d/login":       "@include common-auth\n",
		"/etc/pam.d/other":       "auth required pam_deny.so\n",
		"/etc/pam.d/common-auth": "auth required pam_unix.so\n",
	}
	files := func(more map[string]string) map[string]string {
		out := map[string]string{}
		return with2(with2(out, base), more)
	}
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		want       checks.Status
		codes      []string
	}{
		{"clean", files(nil), nil, checks.Pass, nil},
		{"gdm", files(map[string]string{"/etc/gdm3/daemon.conf": "[daemon]\nAutomaticLoginEnable=true\nAutomaticLogin=ana\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"gdm names somebody and is off", files(map[string]string{"/etc/gdm3/daemon.conf": "[daemon]\nAutomaticLoginEnable=false\nAutomaticLogin=ana\n"}), nil, checks.Pass, nil},
		{"gdm after a while", files(map[string]string{"/etc/gdm/custom.conf": "[daemon]\nTimedLoginEnable=true\nTimedLogin=ana\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"lightdm drop-in", files(map[string]string{"/etc/lightdm/lightdm.conf.d/50.conf": "[Seat:*]\nautologin-user=ana\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"sddm", files(map[string]string{"/etc/sddm.conf": "[Autologin]\nUser=ana\nSession=plasma\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"sddm emptied by the last file", files(map[string]string{"/etc/sddm.conf.d/a.conf": "[Autologin]\nUser=ana\n", "/etc/sddm.conf": "[Autologin]\nUser=\n"}), nil, checks.Pass, nil},
		{"sddm, a copy of a file counts too", files(map[string]string{"/etc/sddm.conf.d/kde_settings.conf~": "[Autologin]\nUser=ana\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"sddm, the system's folder is read first", files(map[string]string{"/usr/lib/sddm/sddm.conf.d/z.conf": "[Autologin]\nUser=ana\n", "/etc/sddm.conf.d/a.conf": "[Autologin]\nUser=\n"}), nil, checks.Pass, nil},
		{"gdm names nobody", files(map[string]string{"/etc/gdm3/daemon.conf": "[daemon]\nAutomaticLoginEnable=true\n"}), nil, checks.Pass, nil},
		{"lightdm, the section of before", files(map[string]string{"/etc/lightdm/lightdm.conf": "[SeatDefaults]\nautologin-user=ana\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"lightdm, one seat", files(map[string]string{"/etc/lightdm/lightdm.conf": "[Seat:*]\nautologin-user=\n[Seat:0]\nautologin-user=ana\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"lightdm, a later part takes it back", files(map[string]string{"/etc/lightdm/lightdm.conf.d/50.conf": "[Seat:*]\nautologin-user=ana\n", "/etc/lightdm/lightdm.conf.d/60.conf": "[SeatDefaults]\nautologin-user=\n"}), nil, checks.Pass, nil},
		{"lightdm, the file over its parts", files(map[string]string{"/etc/lightdm/lightdm.conf.d/99.conf": "[Seat:*]\nautologin-user=\n", "/etc/lightdm/lightdm.conf": "[Seat:*]\nautologin-user=ana\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"lightdm, guests allowed and nothing that makes them", files(map[string]string{"/etc/lightdm/lightdm.conf": "[Seat:*]\nallow-guest=true\nautologin-guest=true\n"}), nil, checks.Pass, nil},
		{"lightdm, guests", files(map[string]string{"/etc/lightdm/lightdm.conf": "[Seat:*]\nallow-guest=true\n", "/usr/sbin/guest-account": ""}), nil, checks.Fail, []string{"logon.guest_session"}},
		{"lightdm, guests as it comes", files(map[string]string{"/etc/lightdm/lightdm.conf": "[LightDM]\n", "/usr/sbin/guest-account": ""}), nil, checks.Fail, []string{"logon.guest_session"}},
		{"lightdm, guests by another program", files(map[string]string{"/etc/lightdm/lightdm.conf": "[LightDM]\nguest-account-script=/opt/invitado --crear\n", "/opt/invitado": ""}), nil, checks.Fail, []string{"logon.guest_session"}},
		{"lightdm, guests at once", files(map[string]string{"/etc/lightdm/lightdm.conf": "[SeatDefaults]\nautologin-guest=true\n", "/usr/sbin/guest-account": ""}), nil, checks.Fail, []string{"logon.automatic", "logon.guest_session"}},
		{"lightdm, no guests", files(map[string]string{"/etc/lightdm/lightdm.conf.d/50-no-guest.conf": "[SeatDefaults]\nallow-guest=false\n", "/usr/sbin/guest-account": ""}), nil, checks.Pass, nil},
		{"lxdm", files(map[string]string{"/etc/lxdm/lxdm.conf": "[base]\n# autologin=dgod\nautologin=ana\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"lxdm as it comes", files(map[string]string{"/etc/lxdm/lxdm.conf": "[base]\n# autologin=dgod\n"}), nil, checks.Pass, nil},
		{"greetd, a first session", files(map[string]string{"/etc/greetd/config.toml": "[terminal]\nvt = 7\n[default_session]\ncommand = \"/usr/sbin/agreety --cmd /bin/sh\"\nuser = \"_greetd\"\n[initial_session]\ncommand = \"sway\" # at once\nuser = \"ana\" # the counter\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"greetd as it comes", files(map[string]string{"/etc/greetd/config.toml": "[default_session]\n# no initial_session\ncommand = \"/usr/sbin/agreety --cmd /bin/sh\"\nuser = \"_greetd\"\n"}), nil, checks.Pass, nil},
		{"greetd, a person in the greeter's place", files(map[string]string{"/etc/passwd": "ana:x:1000:1000::/home/ana:/bin/bash\n", "/etc/greetd/config.toml": "[default_session]\ncommand = 'sway'\nuser = 'ana'\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"greetd in another form", files(map[string]string{"/etc/greetd/config.toml": "initial_session = { command = \"sway\", user = \"ana\" }\n"}), nil, checks.Unknown, []string{"logon.unread"}},
		{"nodm", files(map[string]string{"/etc/default/nodm": "NODM_ENABLED=true\nNODM_USER='ana'\n", "/usr/sbin/nodm": ""}), nil, checks.Fail, []string{"logon.automatic"}},
		{"nodm without configuration", files(map[string]string{"/usr/sbin/nodm": ""}), nil, checks.Fail, []string{"logon.automatic"}},
		{"nodm off", files(map[string]string{"/etc/default/nodm": "NODM_ENABLED=false\nNODM_USER=root\n", "/usr/sbin/nodm": ""}), nil, checks.Pass, nil},
		{"nodm that is gone", files(map[string]string{"/etc/default/nodm": "NODM_USER=ana\n"}), nil, checks.Pass, nil},
		{"console, login is told so", files(map[string]string{"/etc/systemd/system/getty@tty1.service.d/auto.conf": "[Service]\nExecStart=\nExecStart=-/sbin/agetty -o '-p -f -- ana' --noclear --skip-login %I $TERM\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"console, a shell in login's place", files(map[string]string{"/etc/systemd/system/getty@.service": "[Service]\nExecStart=-/sbin/agetty -n -l /bin/bash %I $TERM\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"console as Debian has it", files(map[string]string{"/usr/lib/systemd/system/getty@.service": "[Service]\nExecStart=-/sbin/agetty -o '-p -- \\\\u' --noclear - $TERM\n"}), nil, checks.Pass, nil},
		{"a shell for debugging", files(map[string]string{"/etc/systemd/system/sysinit.target.wants/debug-shell.service": "[Service]\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"a shell for debugging, by the kernel's command line", files(map[string]string{"/proc/cmdline": "quiet systemd.debug_shell\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"console", files(map[string]string{"/etc/systemd/system/getty@tty1.service.d/auto.conf": "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin ana --noclear %I $TERM\n"}), nil, checks.Fail, []string{"logon.automatic"}},
		{"blank password", files(map[string]string{"/etc/shadow": "mostrador::19000:0:99999:7:::\n"}), nil, checks.Fail, []string{"logon.blank"}},
		{"blank password of a closed account", files(map[string]string{"/etc/shadow": "mostrador::19000:0:99999:7::1:\n"}), nil, checks.Pass, nil},
		{"nullok", files(map[string]string{"/etc/pam.d/common-auth": "auth required pam_unix.so nullok\n"}), nil, checks.Warn, []string{"logon.null_ok"}},
		{"nullok at the machine itself", files(map[string]string{"/etc/pam.d/common-auth": "auth [success=1 default=ignore] pam_unix.so nullok_secure\nauth requisite pam_deny.so\n"}), nil, checks.Warn, []string{"logon.null_ok"}},
		{"a group that needs no password", files(map[string]string{"/etc/group": "nopasswdlogin:x:120:ana\n", "/etc/pam.d/gdm-password": "auth requisite pam_nologin.so\nauth required pam_succeed_if.so user != root quiet_success\nauth sufficient pam_succeed_if.so user ingroup nopasswdlogin\n@include common-auth\n"}), nil, checks.Fail, []string{"logon.open"}},
		{"such a group with nobody in it", files(map[string]string{"/etc/group": "nopasswdlogin:x:120:\n", "/etc/pam.d/gdm-password": "auth requisite pam_nologin.so\nauth required pam_succeed_if.so user != root quiet_success\nauth sufficient pam_succeed_if.so user ingroup nopasswdlogin\n@include common-auth\n"}), nil, checks.Pass, nil},
		{"everybody is let in", files(map[string]string{"/etc/pam.d/lightdm": "auth sufficient pam_permit.so\n@include common-auth\n"}), nil, checks.Fail, []string{"logon.open"}},
		{"as Debian has it", files(map[string]string{"/etc/pam.d/common-auth": "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n"}), nil, checks.Pass, nil},
		{"as Rocky has it", files(map[string]string{"/etc/pam.d/login": "auth substack system-auth\n", "/etc/pam.d/system-auth": "auth required pam_env.so\nauth required pam_faildelay.so delay=2000000\nauth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\nauth [default=1 ignore=ignore success=ok] pam_localuser.so\nauth sufficient pam_unix.so\nauth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\nauth sufficient pam_sss.so forward_pass\nauth required pam_deny.so\n"}), nil, checks.Pass, nil},
		{"a password field that is empty in passwd", files(map[string]string{"/etc/passwd": "mostrador::1001:1001::/home/mostrador:/bin/bash\n"}), nil, checks.Fail, []string{"logon.blank"}},
		{"shadow unreadable", files(nil), []string{"/etc/shadow"}, checks.Unknown, []string{"logon.unread"}},
		{"display manager unreadable", files(map[string]string{"/etc/gdm3/daemon.conf": "x"}), []string{"/etc/gdm3/daemon.conf"}, checks.Unknown, []string{"logon.unread"}},
		{"unreadable does not hide a fail", files(map[string]string{"/etc/sddm.conf": "[Autologin]\nUser=ana\n"}), []string{"/etc/pam.d"}, checks.Fail, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Linux, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}}
			res := checktest.Run(t, logon(), h, "")
			got := codes(res)
			if res.Status != row.want || row.codes != nil && !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v %v, want %s %v", res.Status, res.Reason, got, row.want, row.codes)
			}
		})
	}
}

func codes(res checks.Result) []string {
	var out []string
	for _, f := range res.Findings {
		out = append(out, f.Reason.Code)
	}
	return out
}
