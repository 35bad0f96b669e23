package boxtest

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"vigia/checks"
)

// measured is a result as `vigia-agent check --format json` prints it.
type measured struct {
	Check    string
	Control  string
	Status   checks.Status
	Reason   struct{ Code, Text string }
	Findings []struct {
		Key    string
		Status checks.Status
		Reason struct{ Code, Text string }
	}
}

// results runs an agent's check and returns what it found.
func results(t *testing.T, cmd *exec.Cmd) []measured {
	t.Helper()
	var problems strings.Builder
	cmd.Stderr = &problems
	var list []measured
	out, err := cmd.Output() // what is found decides the exit code, which says nothing here
	if e := json.Unmarshal(out, &list); e != nil || len(list) == 0 {
		t.Fatalf("%v: no results: %v\n%s%s", err, e, problems.String(), out)
	}
	return list
}

// byCheck are results by their check. Of a check with two rules it has one.
func byCheck(list []measured) map[string]measured {
	by := make(map[string]measured)
	for _, r := range list {
		by[r.Check] = r
	}
	return by
}

// list runs the agent's checks in the machine, all of them or some controls'.
func (b *Box) list(t *testing.T, controls ...string) []measured {
	t.Helper()
	return results(t, b.Command(t.Context(), append([]string{"vigia-agent", "check", "--format", "json"}, controls...)...))
}

// check is list by check.
func (b *Box) check(t *testing.T, controls ...string) map[string]measured {
	t.Helper()
	return byCheck(b.list(t, controls...))
}

// step is something that somebody does to a machine, and what one check says of it after.
type step struct {
	name  string
	do    []string // a command line for the machine's shell each
	check string
	want  checks.Status
	code  string // of the result or of one of its findings
}

func (b *Box) walk(t *testing.T, controls []string, steps []step) {
	t.Helper()
	for _, s := range steps {
		for _, line := range s.do {
			b.Run(t, "sh", "-c", line)
		}
		got := b.check(t, controls...)[s.check]
		codes := []string{got.Reason.Code}
		for _, f := range got.Findings {
			codes = append(codes, f.Reason.Code)
		}
		if got.Status != s.want || !slices.Contains(codes, s.code) {
			t.Errorf("%s: %s says %s %v; want %s %s\n%s\n%+v", s.name, s.check, got.Status, codes, s.want, s.code, got.Reason.Text, got.Findings)
		}
	}
}

// asAna runs a program in a session of the person ana.
func asAna(line string) string { return "runuser -u ana -- dbus-run-session -- " + line }

const (
	newAna = "useradd --create-home --shell /bin/bash ana"
	lock   = "session.screenlock"
	logon  = "session.logon"
)

// The desktops as Debian installs them, with what their own programs write into their own
// settings.
func TestDesktops(t *testing.T) {
	for _, desktop := range []struct {
		name     string
		packages []string
		steps    []step
	}{
		{"gnome", []string{"gdm3", "gnome-session", "libglib2.0-bin", "dconf-cli"}, []step{
			{"as installed", nil, lock, checks.Pass, "screenlock.all_lock"},
			{"a person turns the idle delay off", []string{asAna("gsettings set org.gnome.desktop.session idle-delay 0")}, lock, checks.Fail, "screenlock.some_do_not"},
			{"20 minutes", []string{asAna("gsettings set org.gnome.desktop.session idle-delay 1200")}, lock, checks.Fail, "screenlock.some_do_not"},
			{"the administrator decides instead", []string{
				"mkdir -p /etc/dconf/profile /etc/dconf/db/local.d/locks",
				"printf 'user-db:user\\nsystem-db:local\\n' >/etc/dconf/profile/user",
				"printf '[org/gnome/desktop/session]\\nidle-delay=uint32 600\\n' >/etc/dconf/db/local.d/00-bloqueo",
				"printf '/org/gnome/desktop/session/idle-delay\\n' >/etc/dconf/db/local.d/locks/bloqueo",
				"dconf update",
			}, lock, checks.Pass, "screenlock.all_lock"},
			{"a person turns the lock off", []string{asAna("gsettings set org.gnome.desktop.screensaver lock-enabled false")}, lock, checks.Fail, "screenlock.some_do_not"},
			{"log-on of itself", []string{"sed -i 's/^\\[daemon\\]/[daemon]\\nAutomaticLoginEnable=true\\nAutomaticLogin=ana/' /etc/gdm3/daemon.conf"}, logon, checks.Fail, "logon.automatic"},
		}},
		{"kde", []string{"sddm", "plasma-workspace", "libkf5config-bin"}, []step{
			{"as installed", nil, lock, checks.Pass, "screenlock.all_lock"},
			{"a person turns it off", []string{asAna("kwriteconfig5 --file kscreenlockerrc --group Daemon --key Autolock --type bool false")}, lock, checks.Fail, "screenlock.some_do_not"},
			{"and on, after 20 minutes", []string{
				asAna("kwriteconfig5 --file kscreenlockerrc --group Daemon --key Autolock --type bool true"),
				asAna("kwriteconfig5 --file kscreenlockerrc --group Daemon --key Timeout 20"),
			}, lock, checks.Fail, "screenlock.some_do_not"},
			{"10 minutes", []string{asAna("kwriteconfig5 --file kscreenlockerrc --group Daemon --key Timeout 10")}, lock, checks.Pass, "screenlock.all_lock"},
			{"log-on of itself", []string{"mkdir -p /etc/sddm.conf.d && printf '[Autologin]\\nUser=ana\\nSession=plasma\\n' >/etc/sddm.conf.d/10-kiosco.conf"}, logon, checks.Fail, "logon.automatic"},
		}},
		{"xfce", []string{"xfce4-session", "light-locker", "lightdm", "lightdm-gtk-greeter", "libglib2.0-bin", "dconf-gsettings-backend"}, []step{
			{"as installed: when the screen goes dark, only a running X server knows", nil, lock, checks.Unknown, "screenlock.unread"},
			{"nothing locks", []string{"dpkg --purge light-locker"}, lock, checks.Fail, "screenlock.no_locker"},
			{"log-on of itself", []string{"mkdir -p /etc/lightdm/lightdm.conf.d && printf '[Seat:*]\\nautologin-user=ana\\n' >/etc/lightdm/lightdm.conf.d/50-kiosco.conf"}, logon, checks.Fail, "logon.automatic"},
		}},
	} {
		t.Run(desktop.name, func(t *testing.T) {
			b := Start(t, desktop.name, desktop.packages...)
			b.Install(t, "./agent/cmd/vigia-agent")
			b.Run(t, "sh", "-c", newAna)
			b.same(t)
			b.walk(t, []string{"AC-LOCK-15", "AC-LOGON-REQ"}, desktop.steps)
		})
	}
}

// A server, of which people do what people do: each act is seen by the check that is
// there for it, in what the system itself wrote of it.
func TestServer(t *testing.T) {
	b := Start(t, "server", "openssh-server", "openssh-client", "nftables", "sudo", "cron", "libpam-pwquality")
	b.Install(t, "./agent/cmd/vigia-agent")
	b.Run(t, "sh", "-c", newAna)
	b.same(t)
	b.walk(t, nil, []step{
		{"nobody failed to log on", nil, "auditing.failures", checks.Pass, "failures.logged"},
		{"somebody tries and tries", []string{
			"echo 'ana:Inventada-2026' | chpasswd",
			"for i in $(seq 15); do echo otra | runuser -u nobody -- su ana -c true; done; true",
		}, "auditing.failures", checks.Fail, "failures.account"},
		{"a new account is seen", []string{"useradd --create-home --shell /bin/bash eva"}, "auditing.account_changes", checks.Warn, "changes.account"},
		{"nobody administers", nil, "accounts.privileges", checks.Pass, "privileges.only_root"},
		{"an administrator more", []string{"usermod --append --groups sudo eva"}, "accounts.privileges", checks.Fail, "privileges.not_authorised"},
		{"root by another word", []string{"echo 'eva ALL = NOPASSWD: /usr/bin/find' >/etc/sudoers.d/eva", "gpasswd --delete eva sudo"}, "accounts.privileges", checks.Fail, "privileges.no_password"},
		{"a second person with the number of the first", []string{"useradd --non-unique --uid $(id -u ana) anita"}, "accounts.unique", checks.Fail, "unique.number"},
		{"no packet filter", nil, "protection.firewall", checks.Fail, "firewall.none"},
		{"one that lets in what is asked for only", []string{
			`nft -f - <<'EOF'
table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;
		ct state established,related accept
		iif "lo" accept
		tcp dport 22 accept
	}
}
EOF`,
		}, "protection.firewall", checks.Pass, "firewall.closed"},
		{"passwords never change", nil, "accounts.password_age", checks.Fail, "age.rule_off"},
		{"passwords are of a year at most", []string{
			"sed -i 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 365/' /etc/login.defs", "chage --maxdays 365 ana", "chage --maxdays 365 eva",
		}, "accounts.password_age", checks.Pass, "age.all_young"},
		{"root may come by the network with a password", []string{"echo 'PermitRootLogin yes' >/etc/ssh/sshd_config.d/10-root.conf"}, "accounts.remote", checks.Fail, "remote.root_password"},
	})
	b.Restart(t)
	b.same(t)
}

// same fails the test if the machine's file system alone, or a recording of it, are
// judged otherwise than the machine itself: each may leave a check undecided that it
// cannot look at, and none may decide it differently.
func (b *Box) same(t *testing.T) {
	t.Helper()
	live := b.check(t)
	b.Run(t, "sh", "-c", "rm -rf /root/grabacion && vigia-agent record /root/grabacion")
	for name, args := range map[string][]string{
		"its files alone": {"--root", b.Root},
		"its recording":   {"--recording", b.Path("/root/grabacion")},
	} {
		cmd := exec.CommandContext(t.Context(), b.Path("/usr/bin/vigia-agent"), append([]string{"check", "--format", "json"}, args...)...)
		agree := 0
		for id, got := range byCheck(results(t, cmd)) {
			switch want := live[id]; {
			case got.Status == want.Status:
				agree++
			case got.Status != checks.Unknown:
				t.Errorf("%s: %s says %s %s, the machine itself %s %s\n%+v", name, id, got.Status, got.Reason.Code, want.Status, want.Reason.Code, got.Findings)
			default:
				t.Logf("%s: %s is not known: %s", name, id, strings.ReplaceAll(got.Reason.Text, "\n", " "))
			}
		}
		if agree < 25 {
			t.Errorf("%s: only %d checks agree with the machine itself", name, agree)
		}
	}
}
