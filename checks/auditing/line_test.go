package auditing

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// written is when the log files of these tests were last written to.
var written = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func madrid(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestParseLine(t *testing.T) {
	t.Parallel()
	at := func(year, month, day, hour, minute, second int) time.Time {
		return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	}
	for _, row := range []struct {
		name, text string
		want       line
		ok         bool
	}{
		{"RFC 3164", "Nov 20 09:30:05 equipo01 sshd[4321]: texto: con dos puntos", line{time: at(2026, 11, 20, 8, 30, 5), program: "sshd", message: "texto: con dos puntos"}, true},
		{"a day of one digit", "Nov  2 09:30:05 equipo01 su: texto", line{time: at(2026, 11, 2, 8, 30, 5), program: "su", message: "texto"}, true},
		{"of last year", "Dec 31 23:59:59 equipo01 su: texto", line{time: at(2025, 12, 31, 22, 59, 59), program: "su", message: "texto"}, true},
		{"summer time", "Jul  1 12:00:00 equipo01 su: texto", line{time: at(2026, 7, 1, 10, 0, 0), program: "su", message: "texto"}, true},
		{"RFC 3339", "2026-11-20T09:30:05+01:00 equipo01 gdm-password]: pam_unix(gdm-password:auth): x", line{time: at(2026, 11, 20, 8, 30, 5), program: "gdm-password", message: "pam_unix(gdm-password:auth): x"}, true},
		{"with microseconds", "2026-11-20T08:30:05.000000+00:00 equipo01 sshd[1]: texto", line{time: at(2026, 11, 20, 8, 30, 5), program: "sshd", message: "texto"}, true},
		{"RFC 5424", "<86>1 2026-11-20T08:30:05Z equipo01 sshd 4321 - - texto", line{time: at(2026, 11, 20, 8, 30, 5), program: "sshd", message: "texto"}, true},
		{"RFC 5424 with data", `<86>1 2026-11-20T08:30:05Z equipo01 sshd 4321 ID1 [x@1 a="b"] texto`, line{time: at(2026, 11, 20, 8, 30, 5), program: "sshd", message: "texto"}, true},
		{"with its priority", "<86>Nov 20 09:30:05 equipo01 su: texto", line{time: at(2026, 11, 20, 8, 30, 5), program: "su", message: "texto"}, true},
		{"no program", "Nov 20 09:30:05 equipo01 last message repeated 2 times", line{}, false},
		{"no time", "hola", line{}, false},
		{"nonsense for a time", "Xxx 99 99:99:99 equipo01 su: texto", line{}, false},
		{"empty", "", line{}, false},
		{"cut", "<86>1 2026-11-20T08:30:05Z equipo01", line{}, false},
	} {
		got, ok := parseLine(row.text, madrid(t), written)
		if ok != row.ok || ok && !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %+v, %v; want %+v", row.name, got, ok, row.want)
		}
	}
}

func TestParseAttempt(t *testing.T) {
	t.Parallel()
	local := map[string]bool{"ana": true, "root": true}
	known := map[string]bool{"ana": true, "root": true, "carla@dominio.example": true}
	const pam = "pam_unix(%s:auth): authentication failure; logname= uid=0 euid=0 tty=%s ruser= rhost=%s"
	for _, row := range []struct {
		name, program, message string
		foreign                bool
		want                   attempt
		who                    witness
		ok                     bool
	}{
		{"sshd", "sshd", "Failed password for ana from 192.0.2.7 port 50022 ssh2", false, attempt{account: "ana", source: "192.0.2.7", count: 1}, byProgram, true},
		{"newer sshd", "sshd-session", "Failed password for ana from 2001:db8::7 port 50022 ssh2", false, attempt{account: "ana", source: "2001:db8::7", count: 1}, byProgram, true},
		{"through PAM", "sshd", "Failed keyboard-interactive/pam for root from ::ffff:192.0.2.7 port 1 ssh2", false, attempt{account: "root", source: "192.0.2.7", count: 1}, byProgram, true},
		{"unknown name", "sshd", "Failed password for invalid user Clave-01 from 192.0.2.7 port 1 ssh2", false, attempt{source: "192.0.2.7", count: 1}, byProgram, true},
		{"an account that may not log on", "sshd", "Failed password for invalid user root from 192.0.2.7 port 1 ssh2", false, attempt{source: "192.0.2.7", count: 1}, byProgram, true},
		{"a name with spaces and a lie", "sshd", "Failed password for invalid user ana from 10.0.0.1 port 1 ssh2 from 192.0.2.7 port 1 ssh2", false, attempt{source: "192.0.2.7", count: 1}, byProgram, true},
		{"from a name", "sshd", "Failed password for ana from equipo-de-ana.example port 1 ssh2", false, attempt{account: "ana", count: 1}, byProgram, true},
		{"repeated", "sshd", "message repeated 3 times: [ Failed password for ana from 192.0.2.7 port 1 ssh2]", false, attempt{account: "ana", source: "192.0.2.7", count: 3}, byProgram, true},
		{"a key", "sshd", "Failed publickey for ana from 192.0.2.7 port 1 ssh2: RSA SHA256:abc", false, attempt{}, 0, false},
		{"none", "sshd", "Failed none for ana from 192.0.2.7 port 1 ssh2", false, attempt{}, 0, false},
		{"success", "sshd", "Accepted password for ana from 192.0.2.7 port 1 ssh2", false, attempt{}, 0, false},
		{"PAM of sshd", "sshd", fmt.Sprintf(pam, "sshd", "ssh", "192.0.2.7") + "  user=ana", false, attempt{account: "ana", source: "192.0.2.7", count: 1}, bySSHPAM, true},
		{"console", "login", fmt.Sprintf(pam, "login", "/dev/tty1", "") + " user=ana", false, attempt{account: "ana", count: 1}, byProgram, true},
		{"graphical, unknown name", "gdm-password", fmt.Sprintf(pam, "gdm-password", ":0", "") + "  user=Clave-01", false, attempt{count: 1}, byProgram, true},
		{"without a name", "login", fmt.Sprintf(pam, "login", "/dev/tty1", ""), false, attempt{count: 1}, byProgram, true},
		{"more of them", "login", "PAM 2 more authentication failures; logname= uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=ana", false, attempt{account: "ana", count: 2}, byProgram, true},
		{"sssd, local account", "login", "pam_sss(login:auth): authentication failure; logname= uid=0 euid=0 tty=tty1 ruser= rhost= user=ana", true, attempt{}, 0, false},
		{"sssd, account of the directory", "login", "pam_sss(login:auth): authentication failure; logname= uid=0 euid=0 tty=tty1 ruser= rhost= user=berta", true, attempt{count: 1}, byProgram, true},
		{"sssd, an account that has logged on", "login", "pam_sss(login:auth): authentication failure; logname= uid=0 euid=0 tty=tty1 ruser= rhost= user=carla@dominio.example", true, attempt{account: "carla@dominio.example", count: 1}, byProgram, true},
		{"pam_unix, an account that has logged on", "login", fmt.Sprintf(pam, "login", "tty1", "") + "  user=carla@dominio.example", true, attempt{}, 0, false},
		{"pam_unix, account of the directory", "login", fmt.Sprintf(pam, "login", "tty1", "") + "  user=berta", true, attempt{}, 0, false},
		{"pam_unix, local account", "login", fmt.Sprintf(pam, "login", "tty1", "") + "  user=ana", true, attempt{account: "ana", count: 1}, byProgram, true},
		{"a session", "login", "pam_unix(login:session): session opened for user ana(uid=1000) by LOGIN(uid=0)", false, attempt{}, 0, false},
		{"sudo's own line", "sudo", "ana : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/x", false, attempt{}, 0, false},
		{"nonsense", "sshd", "Failed ", false, attempt{}, 0, false},
		{"too many at once", "login", "PAM 999999 more authentication failures; user=ana", false, attempt{}, 0, false},
	} {
		got, who, ok := parseAttempt(line{program: row.program, message: row.message}, known, local, row.foreign)
		if got != row.want || who != row.who || ok != row.ok {
			t.Errorf("%s: got %+v, %v, %v; want %+v, %v, %v", row.name, got, who, ok, row.want, row.who, row.ok)
		}
	}
}

func TestParseChange(t *testing.T) {
	t.Parallel()
	uids := map[string]string{"1000": "ana", "0": "root"}
	for _, row := range []struct {
		name    string
		line    line
		want    string // kind account group by
		nothing bool
	}{
		{"new account", line{program: "useradd", message: "new user: name=berta, UID=1001, GID=1001, home=/home/berta, shell=/bin/bash, from=/dev/pts/0", login: "1000"}, "created berta  ana", false},
		{"nobody logged on", line{program: "useradd", message: "new user: name=_chrony, UID=105, GID=110, home=/x, shell=/y", login: "4294967295"}, "created _chrony  ", false},
		{"its group", line{program: "useradd", message: "new group: name=berta, GID=1001"}, "", true},
		{"into a group", line{program: "usermod", message: "add 'berta' to group 'sudo'"}, "joined berta sudo ", false},
		{"into a shadow group", line{program: "usermod", message: "add 'berta' to shadow group 'sudo'"}, "", true},
		{"out of a group", line{program: "userdel", message: "delete 'berta' from group 'sudo'"}, "left berta sudo ", false},
		{"removed", line{program: "userdel", message: "delete user 'berta'"}, "deleted berta  ", false},
		{"removed with its group", line{program: "userdel", message: "removed group 'berta' owned by 'berta'"}, "", true},
		{"locked", line{program: "usermod", message: "lock user 'berta' password"}, "disabled berta  ", false},
		{"unlocked", line{program: "usermod", message: "unlock user 'berta' password"}, "enabled berta  ", false},
		{"password", line{program: "usermod", message: "change user 'berta' password"}, "password_set berta  ", false},
		{"renamed", line{program: "usermod", message: "change user name 'berta' to 'bea'"}, "renamed berta  ", false},
		{"shell", line{program: "usermod", message: "change user 'berta' shell from '/bin/sh' to '/bin/bash'"}, "changed berta  ", false},
		{"expiry", line{program: "chage", message: "changed password expiry for berta"}, "changed berta  ", false},
		{"own shell", line{program: "chsh", message: "changed user 'berta' shell to '/bin/zsh'"}, "changed berta  ", false},
		{"new group", line{program: "groupadd", message: "new group: name=archivo, GID=1005"}, "group_created  archivo ", false},
		{"the line before it", line{program: "groupadd", message: "group added to /etc/group: name=archivo, GID=1005"}, "", true},
		{"group removed", line{program: "groupdel", message: "group 'archivo' removed\n"}, "group_deleted  archivo ", false},
		{"the line before that", line{program: "groupdel", message: "group 'archivo' removed from /etc/group"}, "", true},
		{"group changed", line{program: "groupmod", message: "group changed in /etc/group (group archivo/1005, new name: archivos)"}, "group_changed  archivo ", false},
		{"gpasswd adds", line{program: "gpasswd", message: "user berta added by root to group sudo"}, "joined berta sudo root", false},
		{"gpasswd removes", line{program: "gpasswd", message: "user berta removed by root from group sudo", login: "1000"}, "left berta sudo ana", false},
		{"password by another", line{program: "passwd", message: "pam_unix(passwd:chauthtok): password changed for berta", login: "1000"}, "password_set berta  ana", false},
		{"one's own", line{program: "passwd", message: "pam_unix(passwd:chauthtok): password changed for ana", login: "1000"}, "own_password   ", false},
		{"whose is not known", line{program: "passwd", message: "pam_unix(passwd:chauthtok): password changed for berta"}, "own_password   ", false},
		{"in bulk", line{program: "chpasswd", message: "pam_unix(chpasswd:chauthtok): password changed for berta", login: "0"}, "password_set berta  root", false},
		{"passwd without PAM", line{program: "passwd", message: "password for 'berta' changed by 'root'"}, "password_set berta  root", false},
		{"did not work", line{program: "useradd", message: "failed adding user 'berta', exit code: 9"}, "", true},
		{"no name of an account", line{program: "useradd", message: "new user: name=una clave, UID=1"}, "", true},
		{"another program", line{program: "cron", message: "new user: name=berta, UID=1001"}, "", true},
		{"cut short", line{program: "usermod", message: "add 'berta"}, "", true},
	} {
		got := parseChange(row.line, uids)
		if row.nothing {
			if len(got) != 0 {
				t.Errorf("%s: got %+v", row.name, got)
			}
			continue
		}
		if len(got) != 1 || fmt.Sprintf("%s %s %s %s", got[0].Kind, got[0].Account, got[0].Group, got[0].By) != row.want {
			t.Errorf("%s: got %+v, want %s", row.name, got, row.want)
		}
	}
}

// TestShadowSuite reads what the programs of Debian 12 wrote on a system in Spanish while
// an account was made, put into groups, changed, renamed, locked and removed.
func TestShadowSuite(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/shadow-4.13.log")
	if err != nil {
		t.Fatal(err)
	}
	list := changeList{}
	for text := range strings.Lines(string(data)) {
		l, ok := parseLine(strings.TrimSpace(text), time.UTC, time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
		if !ok {
			t.Fatalf("not read: %s", text)
		}
		for _, c := range parseChange(l, nil) {
			list.add(c)
		}
	}
	changes, _ := list.facts()
	var got []string
	for _, c := range changes {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %d %s %s by %s", c.Kind, c.Count, c.Account, c.Group, c.By)))
	}
	want := []string{
		"group_changed 1  archivo by", "group_created 1  archivo by", "group_deleted 1  archivos by",
		"changed 2 bea  by", "deleted 1 bea  by", "joined 1 bea sudo by root", "left 1 bea sudo by root",
		"password_set 1 bea  by", "password_set 2 bea  by root",
		"created 1 berta  by", "joined 1 berta archivo by", "renamed 1 berta  by",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	at := func(day, minute int) time.Time { return time.Date(2026, 11, day, 8, minute, 0, 0, time.UTC) }
	attempts := []attempt{
		{at(20, 30), "ana", "192.0.2.7", "", 1}, {at(20, 0), "ana", "192.0.2.7", "", 1}, {at(20, 10), "ana", "", "", 3},
		{at(20, 11), "", "192.0.2.7", "", 2}, {at(19, 0), "root", "192.0.2.7", "wrong_password", 1},
	}
	got := count(attempts).bounded()
	want := tally{
		Days:     []dayFact{{"2026-11-19", 1, 0, map[string]int{"wrong_password": 1}}, {"2026-11-20", 7, 2, nil}},
		Accounts: []accountDay{{"2026-11-20", "ana", 5, 4}, {"2026-11-19", "root", 1, 1}},
		Sources:  []sourceDay{{"2026-11-20", "192.0.2.7", 4, 2, 2, 2}, {"2026-11-19", "192.0.2.7", 1, 1, 1, 0}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	// A second witness that saw the same adds nothing, one that saw more does.
	more := append([]attempt{{at(20, 31), "ana", "", "", 9}}, attempts...)
	if again := count(attempts).or(count(attempts)).bounded(); !reflect.DeepEqual(again, want) {
		t.Errorf("twice the same: got %+v", again)
	}
	if or := count(attempts).or(count(more)).bounded(); or.Days[1].Count != 16 || or.Accounts[0].Peak != 10 {
		t.Errorf("a witness of more: got %+v", or)
	}
	var many []attempt
	for i := range 100 {
		many = append(many, attempt{at(20, 0), fmt.Sprintf("u%02d", i), fmt.Sprintf("192.0.2.%d", i), "", 1})
	}
	if b := count(many).bounded(); len(b.Accounts) != maxRows || len(b.Sources) != maxRows || b.More != 160 {
		t.Errorf("many: %d accounts, %d sources, %d more", len(b.Accounts), len(b.Sources), b.More)
	}
}

func FuzzLines(f *testing.F) {
	for _, s := range []string{
		"Nov 20 09:30:05 equipo01 sshd[1]: Failed password for invalid user x from 192.0.2.7 port 1 ssh2",
		"2026-11-20T09:30:05+01:00 e usermod[2]: add 'a' to group 'b'",
		"<86>1 2026-11-20T08:30:05Z e sshd 1 - [a b=\"c\"] pam_unix(sshd:auth): authentication failure; rhost=1.2.3.4 user=ana",
		"Nov 20 09:30:05 e gpasswd[1]: user a added by b to group c",
	} {
		f.Add(s)
	}
	known := map[string]bool{"ana": true}
	f.Fuzz(func(t *testing.T, text string) {
		l, ok := parseLine(text, time.UTC, written)
		if !ok {
			return
		}
		if a, _, ok := parseAttempt(l, known, known, false); ok && a.account != "" && a.account != "ana" {
			t.Errorf("an unknown name came out of %q", text)
		}
		for _, c := range parseChange(l, nil) {
			if len(c.Account) > 32 || len(c.Group) > 32 {
				t.Errorf("no name came out of %q", text)
			}
		}
	})
}
