package accounts

import (
	"context"
	"encoding/binary"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// anaLeft is the register with one who left two days before today, within a day of today,
// and after it.
const (
	anaLeft     = `{"leavers":[{"account":"ana","left":"2026-10-31T09:00:00Z"}]}`
	anaLeftNow  = `{"leavers":[{"account":"ana","left":"2026-11-02T08:00:00Z"}]}`
	anaWillLeft = `{"leavers":[{"account":"ana","left":"2026-11-30T14:00:00Z"}]}`
)

// sambaDatabase is testdata/passdb.tdb on the machine: one account, ana, which is open. It
// was written by the test of package passdb and holds no real hash.
const sambaDatabase = privateDir + "/passdb.tdb"

func TestLeaversOnLinux(t *testing.T) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"
	hash := "$y$j9T$x$y"
	base := func(more map[string]string) map[string]string {
		files := debian(map[string]string{
			"/etc/passwd": "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/srv/ana:/bin/bash\nluis:x:1001:1001::/srv/luis:/bin/bash\n",
			"/etc/shadow": "root:*:20000::::::\nana:!" + hash + ":20000:0:365:7:::\nluis:" + hash + ":20000:0:365:7:::\n",
			"/etc/group":  "root:x:0:\nana:x:1000:\n", "/etc/systemd/system/x.service": "[Service]\nUser=nadie\n", sshdFile: "",
		})
		maps.Copy(files, more)
		return files
	}
	open := map[string]string{"/etc/shadow": "ana:" + hash + ":20000:0:365:7:::\n"}
	noShell := func(line, config string) map[string]string {
		return map[string]string{"/etc/shadow": line, "/usr/sbin/sshd": "", sshdFile: config, "/etc/passwd": "ana:x:1000:1000::/srv/ana:/usr/sbin/nologin\n"}
	}
	database, err := os.ReadFile("testdata/passdb.tdb")
	if err != nil {
		t.Fatal(err)
	}
	samba := func(global, backend, flags string) map[string]string {
		return map[string]string{"/usr/sbin/smbd": "", smbFile: "[global]\npassdb backend = " + backend + "\n" + global, sambaDatabase: string(database),
			privateDir + "/smbpasswd": "ana:1000:XXXX:0123456789ABCDEF0123456789ABCDEF:[" + flags + "]:LCT-6B02D0E0:\n"}
	}
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		answers    checktest.Answers
		params     string
		want       checks.Status
		code       string
	}{
		{"nobody left", base(open), nil, checktest.Answers{}, "", checks.NotApplicable, "leavers.nobody"},
		{"gone", base(nil), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"never was here", base(map[string]string{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n"}), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"still open", base(open), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.account"},
		{"the register writes in capitals: still open", base(open), nil, checktest.Answers{}, strings.Replace(anaLeft, "ana", "ANA", 1), checks.Fail, "leavers.account"},
		{"still open, as a domain calls it", base(open), nil, checktest.Answers{}, strings.Replace(anaLeft, `"ana"`, `"MUNI\\ana"`, 1), checks.Fail, "leavers.account"},
		{"a name that leads elsewhere", base(nil), nil, checktest.Answers{}, strings.Replace(anaLeft, `"ana"`, `"../root"`, 1), checks.Pass, "leavers.gone"},
		{"still open, within a day", base(open), nil, checktest.Answers{}, anaLeftNow, checks.Warn, "leavers.due"},
		{"still open, by a longer term", base(open), nil, checktest.Answers{}, strings.Replace(anaLeft, "{", `{"hours":72,`, 1), checks.Warn, "leavers.due"},
		{"has not left yet", base(open), nil, checktest.Answers{}, anaWillLeft, checks.Pass, "leavers.gone"},
		{"closed by its date", base(map[string]string{"/etc/shadow": "ana:" + hash + ":20000:0:365:7::20500:\n"}), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"no shell", base(map[string]string{"/etc/shadow": open["/etc/shadow"], "/etc/passwd": "ana:x:1000:1000::/srv/ana:/usr/sbin/nologin\n"}), nil, checktest.Answers{}, anaLeft, checks.Warn, "leavers.password"},
		{"no shell, but the files by sftp", base(noShell("ana:"+hash+":20000:0:365:7:::\n", "Subsystem sftp internal-sftp\n")), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.sftp"},
		{"no shell, but sftp for a group of hers", base(with(noShell("ana:"+hash+":20000:0:365:7:::\n", "AllowTcpForwarding no\nSubsystem sftp /usr/lib/openssh/sftp-server\nMatch Group ana\n ForceCommand internal-sftp -R\n"), "/srv/x", "")), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.sftp"},
		{"no shell, sftp for other groups", base(noShell("ana:"+hash+":20000:0:365:7:::\n", "AllowTcpForwarding no\nSubsystem sftp /usr/lib/openssh/sftp-server\nMatch Group otros\n ForceCommand internal-sftp\n")), nil, checktest.Answers{}, anaLeft, checks.Warn, "leavers.password"},
		{"no shell, but connections through ssh", base(noShell("ana:"+hash+":20000:0:365:7:::\n", "")), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.forward"},
		{"no shell, and ssh takes no passwords", base(noShell("ana:"+hash+":20000:0:365:7:::\n", "PasswordAuthentication no\nKbdInteractiveAuthentication no\n")), nil, checktest.Answers{}, anaLeft, checks.Warn, "leavers.password"},
		{"no shell, ssh takes her password only", base(noShell("ana:"+hash+":20000:0:365:7:::\n", "PasswordAuthentication no\nKbdInteractiveAuthentication no\nMatch User ana\nPasswordAuthentication yes\n")), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.forward"},
		{"no shell and locked, but a key opens sftp", base(with(noShell("ana:!"+hash+":20000:0:365:7:::\n", "Subsystem sftp internal-sftp\n"), "/srv/ana/.ssh/authorized_keys", key+" x\n")), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.key"},
		{"no shell and locked, a key that opens nothing", base(with(noShell("ana:!"+hash+":20000:0:365:7:::\n", "DisableForwarding yes\n"), "/srv/ana/.ssh/authorized_keys", key+" x\n")), nil, checktest.Answers{}, anaLeft, checks.Warn, "leavers.profile"},
		{"closed by its date, keys too", base(map[string]string{"/usr/sbin/sshd": "", "/etc/shadow": "ana:!" + hash + ":20000:0:365:7::1:\n", "/srv/ana/.ssh/authorized_keys": key + " x\n"}), nil, checktest.Answers{}, anaLeft, checks.Warn, "leavers.profile"},
		{"closed on day 0", base(map[string]string{"/etc/shadow": "ana:" + hash + ":20000:0:365:7::0:\n"}), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"a key where a condition puts it", base(map[string]string{"/usr/sbin/sshd": "", sshdFile: "Match Group ana\nAuthorizedKeysFile /etc/claves/%u\n", "/etc/claves/ana": key + " x\n"}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.key"},
		{"an account of Samba", base(samba("", "smbpasswd", "U")), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.samba"},
		{"an account of Samba, disabled", base(samba("", "smbpasswd", "DU")), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"an account of Samba in its database", base(samba("", "tdbsam", "")), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.samba"},
		{"an account of Samba in its database, in capitals", base(samba("", "tdbsam", "")), nil, checktest.Answers{}, strings.Replace(anaLeft, "ana", "ANA", 1), checks.Fail, "leavers.samba"},
		{"an account of Samba, and the one of the system is gone", base(with(samba("", "tdbsam", ""), "/etc/passwd", "root:x:0:0::/root:/bin/sh\n")), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"an account of Samba, and the one of the system is closed", base(with(samba("", "tdbsam", ""), "/etc/shadow", "ana:!:20000:0:365:7::1:\n")), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.samba"},
		{"an account of Samba, which asks PAM for the one that is closed", base(with(samba("obey pam restrictions = yes\n", "tdbsam", ""), "/etc/shadow", "ana:!:20000:0:365:7::1:\n")), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"Samba's accounts unreadable", base(samba("", "tdbsam", "")), []string{sambaDatabase}, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"Samba's accounts damaged", base(with(samba("", "tdbsam", ""), sambaDatabase, "TDB file\n")), nil, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"Samba's accounts in a directory", base(samba("", "ldapsam:ldap://srv", "")), nil, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"Samba is the domain", base(samba("server role = active directory domain controller\n", "tdbsam", "")), nil, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"a program gives the keys", base(map[string]string{"/usr/sbin/sshd": "", sshdFile: "AuthorizedKeysCommand /usr/bin/claves %u\n"}), nil, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"the password stands in passwd, shadow is locked", base(map[string]string{"/etc/passwd": "ana:" + hash + ":1000:1000::/srv/ana:/bin/bash\n"}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.account"},
		{"no line in shadow", base(map[string]string{"/etc/shadow": "root:*:20000::::::\n"}), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"accounts of NIS", base(map[string]string{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n+::::::\n"}), nil, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"locked, but a key opens it", base(map[string]string{"/usr/sbin/sshd": "", "/srv/ana/.ssh/authorized_keys": key + " x\n"}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.key"},
		{"a key in somebody else's file", base(map[string]string{"/usr/sbin/sshd": "", "/root/.ssh/authorized_keys": "# " + key + " ana@x\nno-pty " + key + " Ana@portatil\n"}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.key"},
		{"a key of somebody else's", base(map[string]string{"/usr/sbin/sshd": "", "/root/.ssh/authorized_keys": key + " anabel@x\n"}), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"crontab", base(map[string]string{"/var/spool/cron/crontabs/ana": "# x\nPATH=/bin\n0 3 * * * /home/ana/copia.sh\n"}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.schedule"},
		{"an empty crontab", base(map[string]string{"/var/spool/cron/crontabs/ana": "# 0 3 * * * x\n"}), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"the system's crontab", base(map[string]string{"/etc/cron.d/copias": "SHELL = /bin/sh\n@daily ana /bin/x\n"}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.schedule"},
		{"lingers", base(map[string]string{"/var/lib/systemd/linger/ana": ""}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.schedule"},
		{"a service", base(map[string]string{"/etc/systemd/system/web.service.d/u.conf": "[Service]\nUser=1000\n"}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.service"},
		{"a rule of sudo", base(map[string]string{"/usr/bin/sudo": "", sudoersFile: "ana ALL=/usr/bin/apt\n"}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.rights"},
		{"a rule of sudo, by number", base(map[string]string{"/usr/bin/sudo": "", sudoersFile: "#1000 ALL=/usr/bin/apt\n"}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.rights"},
		{"a rule of doas", base(map[string]string{doasFile: "permit ana\n"}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.rights"},
		{"a process", base(nil), nil, checktest.Answers{ProcessList: []host.Process{{PID: 7, Name: "tmux", Owner: "1000"}}}, anaLeft, checks.Fail, "leavers.process"},
		{"a session", base(nil), nil, checktest.Answers{SessionList: []host.Session{{ID: "2", User: "1000", Kind: "remote"}}}, anaLeft, checks.Fail, "leavers.session"},
		{"somebody else's process", base(nil), nil, checktest.Answers{ProcessList: []host.Process{{PID: 7, Name: "tmux", Owner: "1001"}}}, anaLeft, checks.Pass, "leavers.gone"},
		{"used after the leave", base(map[string]string{wtmpFile: session("ana", today().AddDate(0, 0, -1))}), nil, checktest.Answers{}, anaLeft, checks.Fail, "leavers.used"},
		{"used before the leave", base(map[string]string{wtmpFile: session("ana", today().AddDate(0, 0, -9))}), nil, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"log-ons unreadable", base(map[string]string{wtmpFile: session("ana", today())}), []string{wtmpFile}, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"a group", base(map[string]string{"/etc/group": "urbanismo:x:900:luis,ana\n"}), nil, checktest.Answers{}, anaLeft, checks.Warn, "leavers.group"},
		{"a home folder", base(map[string]string{"/srv/ana/notas.txt": ""}), nil, checktest.Answers{}, anaLeft, checks.Warn, "leavers.profile"},
		{"the home folder of a deleted account", base(map[string]string{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/home/ana/notas.txt": ""}), nil, checktest.Answers{}, anaLeft, checks.Warn, "leavers.profile"},
		{"shadow unreadable", base(nil), []string{"/etc/shadow"}, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"keys unreadable", base(map[string]string{"/usr/sbin/sshd": "", "/srv/luis/x": ""}), []string{"/srv/luis"}, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.several_unknown"},
		{"a key does not hide behind what is unreadable", base(map[string]string{"/usr/sbin/sshd": "", "/srv/luis/x": "", "/srv/ana/.ssh/authorized_keys": key}), []string{"/srv/luis"}, checktest.Answers{}, anaLeft, checks.Fail, "leavers.key"},
		{"processes refused", base(nil), nil, checktest.Answers{Errors: map[string]error{"processes": fs.ErrPermission}}, anaLeft, checks.Unknown, "accounts.unread"},
		{"people of a directory", base(map[string]string{"/etc/nsswitch.conf": "passwd: files ldap\n"}), nil, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.elsewhere"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{Now: today, OS: host.Linux, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}}
			res := checktest.Run(t, leavers(), row.answers.On(h), row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

// windowsFiles is the folder of scheduled tasks in memory.
type windowsFiles struct {
	host.Unsupported
	tasks map[string]string // by path
	err   error
}

func (w windowsFiles) Walk(_ context.Context, root string, visit func(string, host.FileInfo, error) error) error {
	if w.err != nil {
		return visit(root, host.FileInfo{Mode: fs.ModeDir}, w.err)
	}
	for _, path := range slices.Sorted(maps.Keys(w.tasks)) {
		if err := visit(path, host.FileInfo{Name: path}, nil); err != nil {
			return err
		}
	}
	return nil
}

func (w windowsFiles) ReadFile(_ context.Context, path string, _ int64) ([]byte, error) {
	return []byte(w.tasks[path]), nil
}

// task is a scheduled task that runs as somebody, as Windows writes it.
func task(user string) string {
	text := "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">" +
		"<RegistrationInfo><Author>MUNI\\ana</Author></RegistrationInfo><Principals><Principal id=\"Author\"><UserId>" + user +
		"</UserId></Principal></Principals><Actions><Exec><Command>x</Command></Exec></Actions></Task>"
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func TestLeaversOnWindows(t *testing.T) {
	const (
		local  = "S-1-5-21-1-2-3-1001"
		domain = "S-1-5-21-4-5-6-1105"
	)
	base := map[string]any{
		keyServices + `\Spooler\ObjectName`: "LocalSystem", keyProductOptions + `\ProductType`: "WinNT",
		keyProfileList + `\S-1-5-18\ProfileImagePath`: `%systemroot%\system32\config\systemprofile`,
	}
	set := func(more map[string]any) map[string]any {
		values := maps.Clone(base)
		maps.Copy(values, more)
		return values
	}
	closed := []host.User{{Name: "Administrador", SID: "S-1-5-21-1-2-3-500"}, {Name: "Ana", SID: local, Disabled: true}}
	open := []host.User{{Name: "Ana", SID: local}}
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"
	sshd := func(start int) map[string]any {
		return set(map[string]any{keyServices + `\sshd\Start`: start, keyProfileList + `\S-1-5-21-1-2-3-1002\ProfileImagePath`: `C:\Users\luis`})
	}
	profile := set(map[string]any{keyProfileList + `\` + domain + `\ProfileImagePath`: `C:\Users\ana.MUNI`})
	for _, row := range []struct {
		name       string
		users      []host.User
		members    map[string][]host.Member
		values     map[string]any
		unreadable []string
		files      windowsFiles
		answers    checktest.Answers
		params     string
		want       checks.Status
		code       string
	}{
		{"nobody left", open, nil, base, nil, windowsFiles{}, checktest.Answers{}, "", checks.NotApplicable, "leavers.nobody"},
		{"gone", closed, nil, base, nil, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"still open", open, nil, base, nil, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Fail, "leavers.account"},
		{"still open, by its SID", open, nil, base, nil, windowsFiles{}, checktest.Answers{}, strings.Replace(anaLeft, `"ana"`, `"`+local+`"`, 1), checks.Fail, "leavers.account"},
		{"still open, within a day", open, nil, base, nil, windowsFiles{}, checktest.Answers{}, anaLeftNow, checks.Warn, "leavers.due"},
		{"a task by name", closed, nil, base, nil, windowsFiles{tasks: map[string]string{taskFolder + `\Copia`: task(`MUNI\ana`)}}, checktest.Answers{}, anaLeft, checks.Fail, "leavers.schedule"},
		{"a task by SID", closed, nil, base, nil, windowsFiles{tasks: map[string]string{taskFolder + `\Copia`: task(local)}}, checktest.Answers{}, anaLeft, checks.Fail, "leavers.schedule"},
		{"a task that they only wrote", closed, nil, base, nil, windowsFiles{tasks: map[string]string{taskFolder + `\Copia`: task("S-1-5-18")}}, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"a damaged task", closed, nil, base, nil, windowsFiles{tasks: map[string]string{taskFolder + `\Copia`: "<Task><"}}, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"tasks unreadable", closed, nil, base, nil, windowsFiles{err: fs.ErrPermission}, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"a service", closed, nil, set(map[string]any{keyServices + `\Copias\ObjectName`: `.\ana`}), nil, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Fail, "leavers.service"},
		{"a service, as a domain writes it", closed, nil, set(map[string]any{keyServices + `\Copias\ObjectName`: `ana@muni.example`}), nil, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Fail, "leavers.service"},
		{"expired", []host.User{{Name: "Ana", SID: local, Expires: today().AddDate(0, 0, -1)}}, nil, base, nil, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"a key among those of the administrators", closed, nil, sshd(2), nil, windowsFiles{tasks: map[string]string{sshFolder + `\administrators_authorized_keys`: key + " luis@pc\n" + key + " ana@portatil\n"}}, checktest.Answers{}, anaLeft, checks.Fail, "leavers.key"},
		{"a key in somebody else's file", closed, nil, sshd(2), nil, windowsFiles{tasks: map[string]string{`C:\Users\luis\.ssh\authorized_keys`: key + " Ana@portatil\n"}}, checktest.Answers{}, anaLeft, checks.Fail, "leavers.key"},
		{"keys, and the server is disabled", closed, nil, sshd(4), nil, windowsFiles{tasks: map[string]string{sshFolder + `\administrators_authorized_keys`: key + " ana@portatil\n"}}, checktest.Answers{}, anaLeft, checks.Pass, "leavers.gone"},
		{"the server of keys unreadable", closed, nil, sshd(2), []string{keyServices + `\sshd`}, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.several_unknown"},
		{"a profile of the domain", closed, nil, profile, nil, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Warn, "leavers.profile"},
		{"a process of the domain", closed, nil, profile, nil, windowsFiles{}, checktest.Answers{ProcessList: []host.Process{{PID: 9, Name: "outlook.exe", Owner: domain}}}, anaLeft, checks.Fail, "leavers.process"},
		{"a session", closed, nil, base, nil, windowsFiles{}, checktest.Answers{SessionList: []host.Session{{ID: "1", User: local}}}, anaLeft, checks.Fail, "leavers.session"},
		{"used after the leave", []host.User{{Name: "Ana", SID: local, Disabled: true, LastLogon: today().Add(-time.Hour)}}, nil, base, nil, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Fail, "leavers.used"},
		{"a group", closed, map[string][]host.Member{sidBackupOperators: {{SID: domain, Name: `MUNI\ana`}}}, base, nil, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Warn, "leavers.group"},
		{"accounts not told", nil, nil, base, nil, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
		{"profiles unreadable", closed, nil, base, []string{keyProfileList}, windowsFiles{}, checktest.Answers{}, anaLeft, checks.Unknown, "accounts.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{
				Now: today, OS: host.Windows, Files: row.files, Accounts: peopleOf{membersOf{others: row.members}, row.users},
				Registry: checktest.Registry{Values: row.values, Unreadable: row.unreadable}, System: workgroup{},
			}
			res := checktest.Run(t, leavers(), row.answers.On(h), row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

// peopleOf is a machine's groups, of which Administrators is empty, and its accounts.
type peopleOf struct {
	membersOf
	users []host.User
}

func (p peopleOf) Users(ctx context.Context) ([]host.User, error) {
	if p.users == nil {
		return host.Unsupported{}.Users(ctx)
	}
	return p.users, nil
}

func (p peopleOf) Members(ctx context.Context, sid string) ([]host.Member, error) {
	p.administrators = []host.Member{}
	return p.membersOf.Members(ctx, sid)
}

// workgroup is a machine of no domain.
type workgroup struct{ host.Unsupported }

func (workgroup) Identity(context.Context) (host.Identity, error) {
	return host.Identity{Hostname: "PC"}, nil
}

func TestLeaverParams(t *testing.T) {
	for _, params := range []string{
		`{"leavers":[{"account":"","left":"2026-10-31T09:00:00Z"}]}`, `{"leavers":[{"account":"ana"}]}`, `{"hours":-1}`, `{"hours":100000}`,
		`{"leavers":[{"account":"ana","left":"ayer"}]}`,
	} {
		if err := leavers().CheckParams([]byte(params)); err == nil {
			t.Errorf("%s is accepted", params)
		}
	}
	// Evidence of before somebody was registered says nothing of them.
	v, err := leavers().Judge([]byte(`{"looked":["luis"]}`), []byte(anaLeft), today())
	if err != nil || v.Status != checks.Unknown || v.Reason.Code != "leavers.not_looked" {
		t.Errorf("got %+v, %v", v, err)
	}
}

func FuzzTaskUsers(f *testing.F) {
	f.Add([]byte(task("S-1-5-18")))
	f.Add([]byte("<Task><Principal><UserId>a</UserId></Principal></Task>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		users, err := taskUsers(b)
		if err != nil && users != nil {
			t.Error("an error, and users")
		}
		countKeys(b)
		cronUsers(b)
		userShare(string(b), true)
	})
}
