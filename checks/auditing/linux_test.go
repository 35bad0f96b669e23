package auditing

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// dated is files in memory with the times of their last writes.
type dated struct {
	checktest.Files
	times map[string]time.Time
}

func (d dated) date(name string, info host.FileInfo) host.FileInfo {
	info.ModTime = now.AddDate(0, -6, 0)
	if t, ok := d.times[name]; ok {
		info.ModTime = t
	}
	return info
}

// Stat implements host.Files.
func (d dated) Stat(ctx context.Context, name string) (host.FileInfo, error) {
	info, err := d.Files.Stat(ctx, name)
	return d.date(name, info), err
}

// ReadDir implements host.Files.
func (d dated) ReadDir(ctx context.Context, name string) ([]host.FileInfo, error) {
	entries, err := d.Files.ReadDir(ctx, name)
	for i := range entries {
		entries[i] = d.date(path.Join(name, entries[i].Name), entries[i])
	}
	return entries, err
}

// linux is a machine on which rsyslog writes and nothing happened.
type linux struct {
	files  map[string]string
	times  map[string]time.Time
	denied []string
	now    time.Time
}

const (
	authLog    = "/var/log/auth.log"
	wants      = "/etc/systemd/system/multi-user.target.wants/"
	machineDir = journalKept + "/0123456789abcdef0123456789abcdef/"
	memoryDir  = journalMemory + "/0123456789abcdef0123456789abcdef/"
)

func newLinux(change func(*linux)) host.Host {
	l := linux{
		now: now,
		files: map[string]string{
			"/etc/passwd":             "root:x:0:0:root:/root:/bin/bash\nana:x:1000:1000::/home/ana:/bin/bash\nberta:x:1001:1001::/home/berta:/bin/bash\n",
			"/etc/shadow":             "root:*:19000::::::\n",
			"/etc/group":              "root:x:0:\n",
			"/etc/sudoers":            "root ALL=(ALL:ALL) ALL\n",
			"/etc/machine-id":         "0123456789abcdef0123456789abcdef\n",
			wants + "rsyslog.service": "[Unit]\n",
			authLog:                   entry(40*24*time.Hour, "CRON", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"),
			btmp:                      "",
		},
		times: map[string]time.Time{authLog: now},
	}
	if change != nil {
		change(&l)
	}
	return host.Host{OS: host.Linux, Now: checktest.Clock(l.now),
		Files: dated{checktest.Files{Content: l.files, Unreadable: l.denied}, l.times}}
}

// entry is a line of a log file, written some time ago.
func entry(ago time.Duration, program, message string) string {
	return now.Add(-ago).Format(time.RFC3339) + " equipo01 " + program + "[77]: " + message + "\n"
}

// repeat writes a line n times, one each step.
func repeat(n int, step time.Duration, program, format string) string {
	var b strings.Builder
	for i := range n {
		m := format
		if strings.Contains(m, "%d") {
			m = fmt.Sprintf(format, i)
		}
		b.WriteString(entry(48*time.Hour-time.Duration(i)*step, program, m))
	}
	return b.String()
}

// failedRecord is a record of btmp.
func failedRecord(t time.Time, user, source string) string {
	b := make([]byte, 384)
	binary.LittleEndian.PutUint16(b, 6)
	binary.LittleEndian.PutUint32(b[4:], uint32(t.Unix())) // another process each time
	copy(b[8:40], sshLine)
	copy(b[44:76], user)
	copy(b[76:332], source)
	binary.LittleEndian.PutUint32(b[340:], uint32(t.Unix()))
	return string(b)
}

// logOn is a record of wtmp.
func logOn(t time.Time, user string) string {
	b := []byte(failedRecord(t, user, ""))
	binary.LittleEndian.PutUint16(b, 7)
	return string(b)
}

// dead makes a machine whose log was last written some days ago.
func dead(days int, more func(*linux)) func(*linux) {
	return func(l *linux) {
		l.times[authLog] = now.AddDate(0, 0, -days)
		l.files[authLog] += entry(time.Duration(days)*24*time.Hour, "CRON", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)")
		if more != nil {
			more(l)
		}
	}
}

// journalFile is a journal that systemd wrote; its entries are of one minute.
func journalFile(t testing.TB, name string) string {
	t.Helper()
	f, err := os.Open("../format/journal/testdata/" + name + ".journal.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	data, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// journalTime is shortly after the last entry of journalFile.
var journalTime = time.Unix(1763700000, 0).UTC().Add(time.Hour)

func TestFailuresOnLinux(t *testing.T) {
	t.Parallel()
	const sshd = "Failed password for ana from 192.0.2.7 port 1 ssh2"
	add := func(lines string) func(*linux) { return func(l *linux) { l.files[authLog] += lines } }
	for _, row := range []struct {
		name   string
		change func(*linux)
		params string
		want   checks.Status
		codes  []string
	}{
		{"as it should be", nil, "", checks.Pass, nil},
		{"some mistakes", add(repeat(9, time.Second, "sshd", sshd)), "", checks.Pass, nil},
		{"ten within ten minutes", add(repeat(10, time.Minute, "sshd", sshd)), "", checks.Fail, []string{"failures.account"}},
		{"ten within two hours", add(repeat(10, 12*time.Minute, "sshd", sshd)), "", checks.Pass, nil},
		{"at the console", add(repeat(10, time.Second, "login", "pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=berta")), "", checks.Fail, []string{"failures.account"}},
		{"both of sshd and PAM", add(repeat(5, time.Minute, "sshd", sshd) + repeat(5, time.Minute, "sshd", "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=ana")), "", checks.Pass, nil},
		{"in btmp only", func(l *linux) {
			for i := range 10 {
				l.files[btmp] += failedRecord(now.Add(time.Duration(i-500)*time.Second), "ana", "192.0.2.7")
			}
		}, "", checks.Fail, []string{"failures.account"}},
		{"in btmp as well", func(l *linux) {
			l.files[authLog] += repeat(6, time.Second, "sshd", sshd)
			for i := range 6 {
				l.files[btmp] += failedRecord(now.Add(-48*time.Hour+time.Duration(i)*time.Second), "ana", "192.0.2.7")
			}
		}, "", checks.Pass, nil},
		{"a scan of names", add(repeat(30, time.Second, "sshd", "Failed password for invalid user nombre%d from 192.0.2.7 port 1 ssh2")), "", checks.Warn, []string{"failures.source_unknown"}},
		{"a lower bar for accounts of one source", add(repeat(1, 0, "sshd", sshd) + repeat(1, 0, "sshd", "Failed password for root from 192.0.2.7 port 1 ssh2")), `{"source_accounts": 2}`, checks.Fail, []string{"failures.source"}},
		{"in the log before", func(l *linux) {
			l.files[authLog] = entry(time.Hour, "CRON", "x")
			l.files[authLog+".1"] = entry(40*24*time.Hour, "CRON", "x") + repeat(10, time.Second, "sshd", sshd)
			l.times[authLog+".1"] = now.Add(-time.Hour)
		}, "", checks.Fail, []string{"failures.account"}},
		{"days ago", add(entry(20*24*time.Hour, "sshd", "message repeated 30 times: [ "+sshd+"]")), "", checks.Pass, nil},
		{"in the journal", func(l *linux) {
			delete(l.files, authLog)
			delete(l.files, wants+"rsyslog.service")
			l.files["/etc/passwd"] += "usuario01:x:1002:1002::/home/u:/bin/bash\n"
			l.files[machineDir+"system.journal"] = journalFile(t, "online")
			l.times[machineDir+"system.journal"] = journalTime
			l.times["/etc/machine-id"] = journalTime.AddDate(0, 0, -1)
			l.now = journalTime
		}, "", checks.Fail, []string{"failures.account"}},
		{"red hat", func(l *linux) {
			l.files["/var/log/secure"] = l.files[authLog] + repeat(10, time.Second, "sshd-session", sshd)
			delete(l.files, authLog)
		}, "", checks.Fail, []string{"failures.account"}},
		{"without systemd, in the one log", func(l *linux) {
			delete(l.files, wants+"rsyslog.service")
			l.files["/etc/runlevels/boot/syslog"] = "#!/sbin/openrc-run\n"
			l.files[syslogRest] = l.files[authLog] + repeat(10, time.Second, "sshd", sshd)
			delete(l.files, authLog)
		}, "", checks.Fail, []string{"failures.account"}},
		{"the one log beside another", func(l *linux) { l.files[syslogRest] = repeat(10, time.Second, "sshd", sshd) }, "", checks.Pass, nil},
		{"nothing logs", func(l *linux) {
			delete(l.files, authLog)
			delete(l.files, wants+"rsyslog.service")
		}, "", checks.Fail, []string{"log.none"}},
		{"a log of a daemon that is gone", func(l *linux) { delete(l.files, wants+"rsyslog.service") }, "", checks.Fail, []string{"log.none"}},
		{"in memory only", func(l *linux) {
			delete(l.files, wants+"rsyslog.service")
			l.files[memoryDir+"system.journal"] = journalFile(t, "compact")
			l.times[memoryDir+"system.journal"] = now
		}, "", checks.Fail, []string{"log.volatile"}},
		{"an account of the directory", func(l *linux) {
			l.files["/etc/nsswitch.conf"], l.files["/etc/sssd/sssd.conf"] = "passwd: files sss\n", "[sssd]\n"
			l.files["/home/carla@dominio.example/.profile"] = ""
			l.files[authLog] += repeat(10, time.Second, "login", "pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=carla@dominio.example") +
				repeat(10, time.Second, "login", "pam_sss(login:auth): authentication failure; logname= uid=0 euid=0 tty=/dev/tty1 ruser= rhost= user=carla@dominio.example")
		}, "", checks.Fail, []string{"failures.account"}},
		{"an account of the directory that was let in", func(l *linux) {
			l.files["/etc/nsswitch.conf"] = "passwd: files ldap\n"
			l.files[authLog] += repeat(10, time.Second, "login", "pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=carla")
		}, "", checks.Pass, nil},
		{"in memory, and rsyslog", func(l *linux) {
			l.files[memoryDir+"system.journal"] = journalFile(t, "compact")
			l.times[memoryDir+"system.journal"] = now
		}, "", checks.Pass, nil},
		{"the journal is switched off", func(l *linux) {
			delete(l.files, wants+"rsyslog.service")
			l.files["/etc/systemd/journald.conf"] = "[Journal]\nStorage=persistent\n"
			l.files["/etc/systemd/journald.conf.d/50-x.conf"] = "[Journal]\nStorage=none\n"
			l.files[machineDir+"system.journal"] = journalFile(t, "compact")
			l.times[machineDir+"system.journal"] = now
		}, "", checks.Fail, []string{"log.none"}},
		{"nobody writes to the journal", func(l *linux) {
			delete(l.files, wants+"rsyslog.service")
			l.files[machineDir+"system.journal"] = journalFile(t, "compact")
			l.times[machineDir+"system.journal"] = now.AddDate(0, 0, -10)
		}, "", checks.Fail, []string{"log.stopped"}},
		{"a copy of a machine that was off", func(l *linux) {
			delete(l.files, authLog)
			l.files[machineDir+"system.journal"] = journalFile(t, "compact")
			l.times[machineDir+"system.journal"] = now.AddDate(0, 0, -10)
		}, "", checks.Pass, nil},
		{"a log that nobody writes to, and somebody logged on", dead(200, func(l *linux) {
			l.files[wtmp] = logOn(now.AddDate(0, 0, -2), "ana")
		}), "", checks.Fail, []string{"log.syslog_stopped"}},
		{"a log that nobody writes to since yesterday", dead(2, func(l *linux) {
			l.files[wtmp] = logOn(now.Add(-3*time.Hour), "ana")
		}), "", checks.Fail, []string{"log.syslog_stopped"}},
		{"somebody is logged on", dead(5, func(l *linux) {
			l.files[utmpNow] = logOn(now.Add(-3*time.Hour), "ana")
		}), "", checks.Fail, []string{"log.syslog_stopped"}},
		{"an empty log, put aside the day before it stopped", dead(9, func(l *linux) {
			l.files[authLog+".1"], l.times[authLog+".1"] = l.files[authLog], l.times[authLog]
			l.files[authLog], l.times[authLog] = "", now.AddDate(0, 0, -1)
			l.files[wtmp] = logOn(now.AddDate(0, 0, -4), "ana")
		}), "", checks.Fail, []string{"log.syslog_stopped"}},
		{"no log at all is written any more", dead(9, func(l *linux) {
			l.files["/var/log/syslog"], l.times["/var/log/syslog"] = "x", now.AddDate(0, 0, -9)
			l.files["/var/log/dpkg.log"], l.times["/var/log/dpkg.log"] = "x", now
		}), "", checks.Fail, []string{"log.syslog_stopped"}},
		{"another log is written", dead(9, func(l *linux) {
			l.files["/var/log/syslog"], l.times["/var/log/syslog"] = "x", now.Add(-time.Hour)
			l.files["/var/log/dpkg.log"], l.times["/var/log/dpkg.log"] = "x", now
		}), "", checks.Pass, nil},
		{"failed log-ons that the log does not have", dead(9, func(l *linux) {
			l.files[btmp] = failedRecord(now.AddDate(0, 0, -4), "ana", "192.0.2.7")
		}), "", checks.Fail, []string{"log.syslog_stopped"}},
		{"a log of a week in which nobody logged on", dead(7, func(l *linux) {
			l.files[wtmp] = logOn(now.AddDate(0, 0, -8), "ana")
		}), "", checks.Pass, nil},
		{"a log of half a year, on a machine that runs", dead(200, func(l *linux) {
			l.files["/var/log/dpkg.log"], l.times["/var/log/dpkg.log"] = "x", now
		}), "", checks.Unknown, []string{"log.syslog_silent"}},
		{"a log of half a year, and the journal", dead(200, func(l *linux) {
			l.files[wtmp] = logOn(now.AddDate(0, 0, -2), "ana")
			l.files[machineDir+"system.journal"] = journalFile(t, "compact")
			l.times[machineDir+"system.journal"] = now
		}), "", checks.Pass, nil},
		{"a log in another form", func(l *linux) {
			l.files[authLog] = `{"ts":"2026-11-19T10:00:00Z","msg":"Failed password for root from 203.0.113.9 port 22 ssh2"}` + "\n"
		}, "", checks.Unknown, []string{"auditing.unread"}},
		{"a log in another form, and the journal", func(l *linux) {
			l.files[authLog] = `{"msg":"x"}` + "\n"
			l.files[machineDir+"system.journal"] = journalFile(t, "compact")
			l.times[machineDir+"system.journal"] = now
		}, "", checks.Pass, nil},
		{"messages of several lines", add("\tat x\n" + entry(time.Hour, "CRON", "x") + entry(time.Hour, "CRON", "x")), "", checks.Pass, nil},
		{"as RFC 5424 writes it", func(l *linux) {
			for i := range 10 {
				l.files[authLog] += "<86>1 " + now.Add(time.Duration(i-500)*time.Second).Format(time.RFC3339Nano) + " equipo01 sshd 77 - [x y=\"z\"] " + sshd + "\n"
			}
		}, "", checks.Fail, []string{"failures.account"}},
		{"as busybox writes it", func(l *linux) {
			for i := range 10 {
				l.files[authLog] += now.Add(time.Duration(i-500)*time.Second).Format(time.Stamp) + " equipo01 auth.info sshd[77]: " + sshd + "\n"
			}
		}, "", checks.Fail, []string{"failures.account"}},
		{"a journal that drops messages", func(l *linux) {
			delete(l.files, authLog)
			l.files["/etc/systemd/journald.conf"] = "[Journal]\nMaxLevelStore=notice\n"
			l.files[machineDir+"system.journal"], l.times[machineDir+"system.journal"] = journalFile(t, "compact"), now
		}, "", checks.Fail, []string{"log.drops"}},
		{"a journal that drops messages, and rsyslog", func(l *linux) {
			l.files["/etc/systemd/journald.conf"] = "[Journal]\nMaxLevelStore=4\n"
			l.files[machineDir+"system.journal"], l.times[machineDir+"system.journal"] = journalFile(t, "compact"), now
		}, "", checks.Pass, nil},
		{"a journal that drops messages, and rsyslog that reads it", func(l *linux) {
			l.files["/etc/systemd/journald.conf"] = "[Journal]\nMaxLevelStore=warning\n"
			l.files["/etc/rsyslog.conf"] = "# module(load=\"x\")\nmodule(load=\"imjournal\" StateFile=\"imjournal.state\")\n"
			l.files[machineDir+"system.journal"], l.times[machineDir+"system.journal"] = journalFile(t, "compact"), now
		}, "", checks.Fail, []string{"log.drops"}},
		{"no journal, and rsyslog that reads it", func(l *linux) {
			l.files["/etc/systemd/journald.conf"] = "[Journal]\nStorage=none\n"
			l.files["/etc/rsyslog.d/1.conf"] = "$ModLoad imjournal\n"
		}, "", checks.Fail, []string{"log.drops"}},
		{"a journal that hands nothing on", func(l *linux) {
			l.files["/etc/systemd/journald.conf.d/1.conf"] = "[Journal]\nMaxLevelSyslog=err\n"
		}, "", checks.Fail, []string{"log.drops"}},
		{"a journal that keeps all, and hands nothing on", func(l *linux) {
			l.files["/etc/systemd/journald.conf.d/1.conf"] = "[Journal]\nMaxLevelSyslog=err\nMaxLevelStore=info\n"
			l.files[machineDir+"system.journal"], l.times[machineDir+"system.journal"] = journalFile(t, "compact"), now
		}, "", checks.Pass, nil},
		{"an account of the directory, by parts of sssd alone", func(l *linux) {
			l.files["/etc/nsswitch.conf"], l.files["/etc/sssd/conf.d/dominio.conf"] = "passwd: files sss\n", "[sssd]\n"
			l.files["/home/carla/.profile"] = ""
			l.files[authLog] += repeat(10, time.Second, "login", "pam_sss(login:auth): authentication failure; logname= uid=0 euid=0 tty=/dev/tty1 ruser= rhost= user=carla")
		}, "", checks.Fail, []string{"failures.account"}},
		{"an SSH server that keeps silent", func(l *linux) {
			l.files["/usr/sbin/sshd"] = "x"
			l.files[sshdFile] = "Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n"
			l.files["/etc/ssh/sshd_config.d/10.conf"] = "LogLevel quiet\n"
		}, "", checks.Warn, []string{"failures.sshd_quiet"}},
		{"one that tells more", func(l *linux) {
			l.files["/usr/sbin/sshd"], l.files[sshdFile] = "x", "LogLevel VERBOSE\n"
		}, "", checks.Pass, nil},
		{"its configuration may not be read", func(l *linux) {
			l.files["/usr/sbin/sshd"], l.files[sshdFile] = "x", "LogLevel VERBOSE\n"
			l.denied = []string{sshdFile}
		}, "", checks.Unknown, []string{"auditing.unread"}},
		{"a log of three days", func(l *linux) { l.files[authLog] = entry(72*time.Hour, "CRON", "x") }, "", checks.Warn, []string{"log.short"}},
		{"a machine of three days", func(l *linux) {
			l.files[authLog] = entry(72*time.Hour, "CRON", "x")
			l.times["/etc/machine-id"] = now.AddDate(0, 0, -4)
		}, "", checks.Pass, nil},
		{"the log may not be read", func(l *linux) { l.denied = []string{authLog} }, "", checks.Unknown, nil},
		{"btmp may not be read", func(l *linux) { l.files[btmp] = strings.Repeat("x", 999); l.denied = []string{btmp} }, "", checks.Unknown, []string{"auditing.unread"}},
		{"btmp is damaged", func(l *linux) { l.files[btmp] = strings.Repeat("\xff", 768) }, "", checks.Unknown, []string{"auditing.unread"}},
		{"a damaged journal", func(l *linux) {
			l.files[machineDir+"system.journal"] = journalFile(t, "online")[:5000]
			l.times[machineDir+"system.journal"] = now
		}, "", checks.Unknown, []string{"auditing.unread"}},
		{"the accounts may not be read", func(l *linux) { l.denied = []string{"/etc/passwd"} }, "", checks.Unknown, []string{"auditing.unread"}},
		{"unread does not hide a fail", func(l *linux) {
			l.denied = []string{btmp}
			l.files[authLog] += repeat(10, time.Second, "sshd", sshd)
			l.files[btmp] = "x"
		}, "", checks.Fail, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			res := checktest.Run(t, failures(), newLinux(row.change), row.params)
			if res.Status != row.want || (row.codes != nil || row.want == checks.Pass) && !slices.Equal(codes(res), row.codes) {
				t.Errorf("got %s %v %v, want %s %v\n%s", res.Status, res.Reason, codes(res), row.want, row.codes, res.Observed)
			}
		})
	}
}

func TestChangesOnLinux(t *testing.T) {
	t.Parallel()
	add := func(lines string) func(*linux) { return func(l *linux) { l.files[authLog] += lines } }
	for _, row := range []struct {
		name   string
		change func(*linux)
		params string
		want   checks.Status
		codes  []string
	}{
		{"nothing happened", nil, "", checks.Pass, nil},
		{"a new account", add(entry(time.Hour, "useradd", "new user: name=berta, UID=1001, GID=1001, home=/home/berta, shell=/bin/bash, from=/dev/pts/0") +
			entry(time.Hour, "usermod", "add 'berta' to group 'sudo'")), "", checks.Warn, []string{"changes.account_groups"}},
		{"a new account in a log that has no year", func(l *linux) {
			l.files[authLog] += strings.ReplaceAll(now.Add(-time.Hour).Format("Jan _2 15:04:05")+" equipo01 userdel[1]: delete user 'carla'\n", "  ", "  ")
		}, "", checks.Warn, []string{"changes.account"}},
		{"into a group, by somebody", add(entry(time.Hour, "gpasswd", "user berta added by ana to group sudo")), "", checks.Warn, []string{"changes.account_groups_by"}},
		{"a new group", add(entry(time.Hour, "groupadd", "new group: name=archivo, GID=1009")), "", checks.Warn, []string{"changes.group"}},
		{"one's own password", func(l *linux) {
			l.files[authLog] += entry(time.Hour, "passwd", "pam_unix(passwd:chauthtok): password changed for ana")
			l.times["/etc/shadow"] = now.Add(-time.Hour)
		}, "", checks.Pass, nil},
		{"by hand", func(l *linux) { l.times["/etc/passwd"] = now.Add(-time.Hour) }, "", checks.Warn, []string{"changes.file"}},
		{"by hand, days ago", func(l *linux) { l.times["/etc/passwd"] = now.AddDate(0, 0, -9) }, "", checks.Pass, nil},
		{"sudoers", func(l *linux) { l.times["/etc/sudoers"] = now.Add(-time.Hour) }, "", checks.Warn, []string{"changes.file"}},
		{"sudoers, where that may not be", func(l *linux) { l.times["/etc/sudoers"] = now.Add(-time.Hour) }, `{"changes": "fail"}`, checks.Fail, []string{"changes.file"}},
		{"a file of sudoers", func(l *linux) {
			l.files[sudoersDir+"/90-ana"] = "ana ALL=(ALL) NOPASSWD: ALL\n"
			l.times[sudoersDir+"/90-ana"] = now.Add(-time.Hour)
		}, "", checks.Warn, []string{"changes.file"}},
		{"a file that sudo does not read", func(l *linux) {
			l.files[sudoersDir+"/90-ana.bak"] = "x"
			l.times[sudoersDir+"/90-ana.bak"] = now.Add(-time.Hour)
		}, "", checks.Pass, nil},
		{"with a directory", func(l *linux) { l.files["/etc/nsswitch.conf"] = "passwd: files ldap\n" }, "", checks.Pass, []string{"changes.elsewhere"}},
		{"with a directory that nobody watches", func(l *linux) { l.files["/etc/nsswitch.conf"] = "passwd: files ldap\n" }, `{"elsewhere": "unknown"}`, checks.Unknown, []string{"changes.elsewhere"}},
		{"with a directory, by parts of sssd alone", func(l *linux) {
			l.files["/etc/nsswitch.conf"], l.files["/etc/sssd/conf.d/dominio.conf"] = "passwd: files sss\n", "[sssd]\n"
		}, `{"elsewhere": "unknown"}`, checks.Unknown, []string{"changes.elsewhere"}},
		{"with sss that nobody configured", func(l *linux) { l.files["/etc/nsswitch.conf"] = "passwd: files sss\n" }, "", checks.Pass, nil},
		{"a log that nobody writes to", dead(200, func(l *linux) { l.files[wtmp] = logOn(now.AddDate(0, 0, -2), "ana") }), "", checks.Fail, []string{"log.syslog_stopped"}},
		{"a log in another form", func(l *linux) { l.files[authLog] = `{"msg":"x"}` + "\n" }, "", checks.Unknown, []string{"auditing.unread"}},
		{"with a directory that nobody configured", func(l *linux) { l.files["/etc/nsswitch.conf"] = "passwd: files sss\n" }, "", checks.Pass, nil},
		{"in memory only", func(l *linux) {
			delete(l.files, wants+"rsyslog.service")
			l.files[memoryDir+"system.journal"] = journalFile(t, "compact")
		}, "", checks.Fail, []string{"log.volatile"}},
		{"nothing logs", func(l *linux) { delete(l.files, wants+"rsyslog.service") }, "", checks.Fail, []string{"log.none"}},
		{"the log may not be read", func(l *linux) { l.denied = []string{authLog} }, "", checks.Unknown, nil},
		{"the folder of sudoers may not be read", func(l *linux) { l.denied = []string{sudoersDir} }, "", checks.Unknown, []string{"auditing.unread"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			res := checktest.Run(t, accountChanges(), newLinux(row.change), row.params)
			if res.Status != row.want || (row.codes != nil || row.want == checks.Pass) && !slices.Equal(codes(res), row.codes) {
				t.Errorf("got %s %v %v, want %s %v\n%s", res.Status, res.Reason, codes(res), row.want, row.codes, res.Observed)
			}
		})
	}
}

// The same change in two logs is one, and who did it is taken from the one that says so.
func TestChangesSeenTwice(t *testing.T) {
	t.Parallel()
	c := change{Day: "2026-11-20", Kind: "created", Account: "berta"}
	by := c
	by.By = "ana"
	for name, lists := range map[string][2]changeList{
		"the author first": {{by: 1}, {c: 1}}, "the author last": {{c: 1}, {by: 1}}, "both": {{by: 1}, {by: 1}},
	} {
		if got := lists[0].or(lists[1]); !maps.Equal(got, changeList{by: 1}) {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// What is not there is not read, and what was read stays as it is from run to run.
func TestFactsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, check := range Checks() {
		var before string
		for _, later := range []time.Duration{0, 15 * time.Minute, 6 * time.Hour} {
			h := newLinux(func(l *linux) {
				l.files[authLog] += repeat(12, time.Second, "sshd", "Failed password for ana from 192.0.2.7 port 1 ssh2")
				l.now = now.Add(later)
			})
			res := checktest.Run(t, check, h, "")
			if before == "" {
				before = string(res.Observed)
			}
			if string(res.Observed) != before {
				t.Errorf("%s, %v later: got %s, was %s", check.Info().ID, later, res.Observed, before)
			}
		}
	}
}

// A password that was due is changed at the log-on, by sshd or the display manager: then
// the write to /etc/shadow is explained, though no program for accounts told of it.
func TestPasswordChangedAtTheLogOn(t *testing.T) {
	t.Parallel()
	const failed, changed = "Failed password for usuario01 from 192.0.2.76 port 40076 ssh2", "pam_unix(sshd:chauthtok): password changed for usuario01"
	for message, want := range map[string]checks.Status{failed: checks.Warn, changed: checks.Pass} {
		res := checktest.Run(t, accountChanges(), newLinux(func(l *linux) {
			delete(l.files, authLog)
			j := strings.Replace(journalFile(t, "old"), failed, message+strings.Repeat(" ", len(failed)-len(message)), 1)
			l.files[machineDir+"system.journal"], l.now = j, journalTime
			l.times = map[string]time.Time{machineDir + "system.journal": journalTime, "/etc/shadow": journalTime.Add(-time.Hour)}
			for _, name := range append(accountFiles()[2:], "/etc/passwd", "/etc/machine-id") {
				l.times[name] = journalTime.AddDate(0, -2, 0)
			}
			l.times["/etc/machine-id"] = journalTime.Add(-time.Hour)
		}), "")
		if res.Status != want {
			t.Errorf("%s: got %s %v\n%s", message, res.Status, codes(res), res.Observed)
		}
	}
}

// TestRealSystem reads what Debian 12 wrote while somebody tried eleven wrong passwords of
// ana's, one of root's, typed a password for a name, and failed to become berta, whose
// account was then removed. sshd, PAM and btmp tell of the same attempts in different ways.
func TestRealSystem(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for name, remove := range map[string]string{"all": "", "without btmp": btmp, "without the log": authLog} {
		h := newLinux(func(l *linux) {
			l.now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
			l.files[authLog], l.files[btmp] = read("debian-12.auth.log"), read("debian-12.btmp")
			l.times[authLog] = l.now
			l.files["/etc/passwd"] = strings.Replace(l.files["/etc/passwd"], "berta:", "carla:", 1)
			delete(l.files, remove)
		})
		res := checktest.Run(t, failures(), h, "")
		var seen failureFacts
		if err := json.Unmarshal(res.Observed, &seen); err != nil {
			t.Fatal(err)
		}
		want := tally{
			Days:     []dayFact{{Day: "2026-11-22", Count: 14, Unknown: 2}},
			Accounts: []accountDay{{Day: "2026-11-22", Account: "ana", Count: 11, Peak: 11}, {Day: "2026-11-22", Account: "root", Count: 1, Peak: 1}},
			Sources:  []sourceDay{{Day: "2026-11-22", Count: 2, Peak: 2, Accounts: 1, Unknown: 2}},
		}
		if diff := cmp.Diff(want, seen.tally); diff != "" || res.Status != checks.Fail {
			t.Errorf("%s: %s (-want +got):\n%s", name, res.Status, diff)
		}
		look(t, name, string(res.Observed))
	}
}
