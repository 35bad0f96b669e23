package accounts

import (
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // writes what lastlog2 and wtmpdb write

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// session is a record of wtmp(5): somebody logged on.
func session(user string, at time.Time) string {
	b := make([]byte, 384)
	binary.LittleEndian.PutUint16(b, 7)
	copy(b[8:], "pts/0")
	copy(b[44:76], user)
	binary.LittleEndian.PutUint32(b[340:], uint32(at.Unix()))
	return string(b)
}

// lastlog is lastlog(8) with one account in it.
func lastlog(uid int, at time.Time) string {
	b := make([]byte, (uid+1)*292)
	binary.LittleEndian.PutUint32(b[uid*292:], uint32(at.Unix()))
	copy(b[uid*292+4:], "pts/0")
	return string(b)
}

// newer are the databases that lastlog2(8) and wtmpdb(8) write, each with a row.
func newer(t *testing.T, last string, at time.Time, session string, began time.Time) []string {
	t.Helper()
	made := func(statements ...string) string {
		name := filepath.Join(t.TempDir(), "a.db")
		db, err := sql.Open("sqlite", name)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, s := range statements {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return []string{
		lastlog2File, made("CREATE TABLE Lastlog2(Name TEXT PRIMARY KEY, Time INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT)",
			"INSERT INTO Lastlog2 VALUES "+fmt.Sprintf(last, at.Unix())),
		wtmpdbFile, made("CREATE TABLE wtmp(ID INTEGER PRIMARY KEY, Type INTEGER, User TEXT NOT NULL, Login INTEGER, Logout INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT)",
			"INSERT INTO wtmp VALUES "+fmt.Sprintf(session, began.UnixMicro())),
	}
}

func ago(n int) time.Time { return today().AddDate(0, 0, -n) }

// logs are the log-on records of a machine whose first session is 400 days old.
func logs(sessions string, pairs ...string) []string {
	return append([]string{wtmpFile, session("root", ago(400)) + sessions, lastlogFile, ""}, pairs...)
}

func TestFirstPassword(t *testing.T) {
	const young, flagged, old = "ana:" + hashOf + ":20757:0:365:7:::\n", "ana:" + hashOf + ":0:0:365:7:::\n", "ana:" + hashOf + ":20000:0:365:7:::\n"
	for _, row := range []linuxRow{
		{"in use", changed(logs(session("ana", ago(1)), "/etc/shadow", young)...), nil, "", checks.Pass, "first.none", ""},
		{"in use, by lastlog", changed(logs("", "/etc/shadow", young, lastlogFile, lastlog(1000, ago(1)))...), nil, "", checks.Pass, "first.none", ""},
		{"never used, must change", changed(logs("", "/etc/shadow", flagged)...), nil, "", checks.Pass, "first.must_change", "account/ana"},
		{"never used", changed(logs("", "/etc/shadow", young)...), nil, "", checks.Fail, "first.no_flag", "account/ana"},
		{"never used since long ago", changed(logs("", "/etc/shadow", "ana:"+hashOf+":20400:0:365:7:::\n")...), nil, "", checks.Fail, "first.no_flag", "account/ana"},
		{"two of them", changed(logs("", "/etc/shadow", young+"luis:"+hashOf+":20755:0:365:7:::\n")...), nil, "", checks.Fail, "accounts.several_fail", ""},
		{"exempt", changed(logs("", "/etc/shadow", young)...), nil, `{"exempt":["ana"]}`, checks.Pass, "first.none", ""},
		{"before the logs begin, and no longer new", changed(logs("", "/etc/shadow", old)...), nil, "", checks.Pass, "first.none", ""},
		{"new, and nothing records", changed("/etc/shadow", young), nil, "", checks.Unknown, "first.not_known", "account/ana"},
		{"locked", changed(logs("", "/etc/shadow", "ana:!:20757:0:365:7:::\n")...), nil, "", checks.Pass, "first.none", ""},
		{"a service", changed(logs("", "/etc/shadow", "web:"+hashOf+":20757:0:365:7:::\n", "/etc/passwd", "web:x:33:33::/:/bin/sh\n")...), nil, "", checks.Pass, "first.none", ""},
		{"unreadable", changed(logs("", "/etc/shadow", young)...), []string{"/etc/shadow"}, "", checks.Unknown, "accounts.unread", ""},
		{"logs unreadable", changed(logs("", "/etc/shadow", young)...), []string{"/var/log"}, "", checks.Unknown, "accounts.several_unknown", ""},
		{"logs damaged", changed("/etc/shadow", young, wtmpFile, "no log of this kind, and longer than nothing"), nil, "", checks.Unknown, "accounts.several_unknown", ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, passwordFirst()) })
	}

	const sid = "S-1-5-21-1-2-3-1001"
	user := func(change func(*host.User)) windows {
		u := host.User{Name: "ana", SID: sid, PasswordAge: 3 * days}
		change(&u)
		return windows{users: []host.User{u}}
	}
	event := func(id uint32, at time.Time) host.Event {
		return host.Event{ID: id, Time: at, Data: map[string]string{"TargetSid": sid}}
	}
	saw := func(events ...host.Event) *host.EventLog { return &host.EventLog{Events: events, Oldest: ago(60)} }
	used := func(u *host.User) { u.LastLogon = ago(1) }
	for _, row := range []windowsRow{
		{name: "old account in use", machine: user(used), events: saw(), want: checks.Pass, code: "first.none"},
		{name: "never used", machine: user(func(*host.User) {}), events: saw(), want: checks.Fail, code: "first.no_flag"},
		{name: "never used, must change", machine: user(func(u *host.User) { u.PasswordExpired = true }), events: saw(event(eventCreated, ago(3))), want: checks.Pass, code: "first.must_change", key: "account/ana"},
		{name: "waits too long", machine: user(func(u *host.User) { u.PasswordExpired = true }), events: saw(event(eventCreated, ago(9))), want: checks.Fail, code: "first.waits"},
		{name: "new, and in use as it was given", machine: user(used), events: saw(event(eventCreated, ago(3))), want: checks.Fail, code: "first.given_password"},
		{name: "new, and changed by its owner", machine: user(func(u *host.User) { used(u); u.PasswordAge = 2 * days }), events: saw(event(eventChanged, ago(2)), event(eventCreated, ago(3))), want: checks.Pass, code: "first.none"},
		{name: "new, and its owner tried to", machine: user(used), events: saw(event(eventChanged, ago(1)), event(eventCreated, ago(3))), want: checks.Fail, code: "first.given_password"},
		{name: "made today", machine: user(func(u *host.User) { u.LastLogon, u.PasswordAge = today(), 3600 }), events: saw(event(eventCreated, today().Add(-time.Hour))), want: checks.Pass, code: "first.none"},
		{name: "log not told", machine: user(used), want: checks.Unknown, code: "accounts.unread"},
		{name: "accounts not told", events: saw(), want: checks.Unknown, code: "accounts.unread"},
	} {
		t.Run("Windows "+row.name, func(t *testing.T) { row.run(t, passwordFirst()) })
	}
}

func TestUnique(t *testing.T) {
	people := func(lines string, pairs ...string) map[string]string {
		return changed(append([]string{"/etc/passwd", "root:x:0:0::/root:/bin/bash\n" + lines, "/etc/shadow", "ana:" + hashOf + ":20700:0:365:7:::\nusuario1:" + hashOf + ":20700:0:365:7:::\nRecepción:" + hashOf + ":20700:0:365:7:::\n"}, pairs...)...)
	}
	const ana = "ana:x:1000:1000::/home/ana:/bin/bash\n"
	for _, row := range []linuxRow{
		{"one", people(ana), nil, "", checks.Pass, "unique.each", ""},
		{"nobody", people(""), nil, "", checks.Pass, "unique.nobody", ""},
		{"one number twice", people(ana + "luis:x:1000:1001::/home/luis:/bin/bash\n"), nil, "", checks.Fail, "unique.number", ""},
		{"root twice", people("toor:x:0:0::/root:/bin/bash\n"), nil, "", checks.Fail, "unique.number", "number/0"},
		{"one name twice", people(ana + "ana:x:1005:1005::/home/ana:/bin/bash\n"), nil, "", checks.Fail, "unique.name", ""},
		{"both", people(ana + ana + "luis:x:1000:1001::/home/luis:/bin/bash\n"), nil, "", checks.Fail, "accounts.several_fail", ""},
		{"a group number twice", people(ana, "/etc/group", "a:x:5:\nb:x:5:\n"), nil, "", checks.Warn, "unique.group", ""},
		{"a desk", people("usuario1:x:1001:1001::/home/u:/bin/bash\n"), nil, "", checks.Warn, "unique.generic", ""},
		{"a desk with an accent", people("Recepción:x:1001:1001::/home/u:/bin/bash\n"), nil, "", checks.Warn, "unique.generic", ""},
		{"a desk that is decided", people("usuario1:x:1001:1001::/home/u:/bin/bash\n"), nil, `{"exempt":["usuario1"]}`, checks.Pass, "unique.each", ""},
		{"unreadable", people(ana), []string{"/etc/passwd"}, "", checks.Unknown, "accounts.unread", ""},
		{"groups unreadable", people(ana), []string{"/etc/group"}, "", checks.Unknown, "accounts.unread", ""},
		{"a directory", people(ana, nsswitch, "passwd: files systemd winbind\n"), nil, "", checks.Unknown, "accounts.elsewhere", ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, uniqueAccounts()) })
	}
	user := func(name, rid string, disabled bool) windows {
		return windows{users: []host.User{{Name: name, SID: "S-1-5-21-1-2-3" + rid, Disabled: disabled}}}
	}
	for _, row := range []windowsRow{
		{name: "a person", machine: user("ana", "-1001", false), want: checks.Pass, code: "unique.each"},
		{name: "a desk", machine: user("Caja 2", "-1001", false), want: checks.Warn, code: "unique.generic"},
		{name: "the administrator", machine: user("Jefe", "-500", false), want: checks.Warn, code: "unique.built_in"},
		{name: "the guest by another name", machine: user("Visitante", "-501", false), want: checks.Fail, code: "unique.guest"},
		{name: "the guest, disabled", machine: user("Invitado", "-501", true), want: checks.Pass, code: "unique.nobody"},
		{name: "not told", want: checks.Unknown, code: "accounts.unread"},
	} {
		t.Run("Windows "+row.name, func(t *testing.T) { row.run(t, uniqueAccounts()) })
	}
}

func TestTemporary(t *testing.T) {
	person := func(name, expire string) map[string]string {
		return changed("/etc/passwd", name+":x:1000:1000::/home/x:/bin/bash\n", "/etc/shadow", name+":"+hashOf+":20700:0:365:7::"+expire+":\n")
	}
	for _, row := range []linuxRow{
		{"none", debian(nil), nil, "", checks.NotApplicable, "temporary.none", ""},
		{"ends", person("sustituto", "20900"), nil, "", checks.Pass, "temporary.ends", "account/sustituto"},
		{"does not end", person("sustituto", ""), nil, "", checks.Fail, "temporary.no_end", ""},
		{"does not end, by the list", person("ana", ""), nil, `{"names":["ANA"]}`, checks.Fail, "temporary.no_end", ""},
		{"any account that ends is one", person("ana", "20700"), nil, "", checks.Fail, "temporary.left", ""},
		{"ended yesterday", person("ana", "20759"), nil, "", checks.Pass, "temporary.ends", "account/ana"},
		{"ended, and is locked", changed("/etc/shadow", "ana:!:20700:0:365:7::20700:\n"), nil, "", checks.Warn, "temporary.disabled", ""},
		{"exempt", person("sustituto", ""), nil, `{"exempt":["sustituto"]}`, checks.NotApplicable, "temporary.none", ""},
		{"unreadable", person("sustituto", "20900"), []string{"/etc/shadow"}, "", checks.Unknown, "accounts.unread", ""},
		{"accounts unreadable", debian(nil), []string{"/etc/passwd"}, "", checks.Unknown, "accounts.unread", ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, temporary()) })
	}
	user := func(name string, ends time.Time, disabled bool) windows {
		return windows{users: []host.User{{Name: name, SID: "S-1-5-21-1-2-3-1001", Expires: ends, Disabled: disabled}}}
	}
	for _, row := range []windowsRow{
		{name: "none", machine: user("ana", time.Time{}, false), want: checks.NotApplicable, code: "temporary.none"},
		{name: "ends", machine: user("becaria1", today().AddDate(0, 1, 0), false), want: checks.Pass, code: "temporary.all_end"},
		{name: "does not end", machine: user("becaria1", time.Time{}, false), want: checks.Fail, code: "temporary.no_end"},
		{name: "left", machine: user("becaria1", ago(2), false), want: checks.Fail, code: "temporary.left"},
		{name: "left, by its date alone", machine: user("ana", ago(30), false), want: checks.Fail, code: "temporary.left"},
		{name: "disabled", machine: user("ana", ago(30), true), want: checks.Warn, code: "temporary.disabled"},
		{name: "not told", want: checks.Unknown, code: "accounts.unread"},
		{name: "domain", machine: user("ana", time.Time{}, false), system: domain(), want: checks.Unknown, code: "accounts.elsewhere"},
	} {
		t.Run("Windows "+row.name, func(t *testing.T) { row.run(t, temporary()) })
	}
}

func TestSnapshotOnLinux(t *testing.T) {
	const listed = `{"users":[{"account":"ana"}]}`
	ana := func(pairs ...string) map[string]string { return changed(logs(session("ana", ago(10)), pairs...)...) }
	for _, row := range []linuxRow{
		{"no register", ana(), nil, "", checks.Unknown, "snapshot.no_register", ""},
		{"equal", ana(), nil, listed, checks.Pass, "snapshot.equal", ""},
		{"not listed", ana(), nil, `{"users":[{"account":"eva"}]}`, checks.Fail, "snapshot.unlisted", "account/ana"},
		{"authorisation over", ana(), nil, `{"users":[{"account":"ana","until":"2026-11-01"}]}`, checks.Fail, "snapshot.over", ""},
		{"its last day", ana(), nil, `{"users":[{"account":"ana","until":"2026-11-02"}]}`, checks.Pass, "snapshot.equal", ""},
		{"more rights", ana("/etc/group", "sudo:x:27:ana\n"), nil, listed, checks.Fail, "snapshot.privileged", ""},
		{"rights that are authorised", ana("/etc/group", "sudo:x:27:ana\n"), nil, `{"users":[{"account":"ana","admin":true}]}`, checks.Pass, "snapshot.equal", ""},
		{"one of the register is not here", ana(), nil, `{"users":[{"account":"ana"},{"account":"eva","machine":"equipo01"}]}`, checks.Warn, "snapshot.missing", ""},
		{"one of all machines is not here", ana(), nil, `{"users":[{"account":"ana"},{"account":"eva"}]}`, checks.Pass, "snapshot.equal", ""},
		{"not used for long", changed(logs(session("ana", ago(120)))...), nil, listed, checks.Warn, "snapshot.idle", ""},
		{"not used for more than a year", changed(logs(session("ana", ago(380)))...), nil, listed, checks.Fail, "snapshot.idle", ""},
		{"not used for more than a year, and no register", changed(logs(session("ana", ago(380)))...), nil, "", checks.Fail, "snapshot.idle", "idle/ana"},
		{"never used", changed(logs("", "/etc/shadow", "ana:"+hashOf+":20500:0:365:7:::\n")...), nil, listed, checks.Warn, "snapshot.never_used", ""},
		{"nothing tells of use", debian(nil), nil, listed, checks.Pass, "snapshot.equal", ""},
		{"a key opens it", ana("/etc/shadow", "luis:!:20700:0:365:7:::\n", "/home/luis/.ssh/authorized_keys", "ssh-ed25519 AAAA luis\n"), nil, listed, checks.Fail, "snapshot.unlisted", "account/luis"},
		{"locked", ana("/etc/shadow", "luis:!:20700:0:365:7:::\n"), nil, listed, checks.Pass, "snapshot.equal", ""},
		{"unreadable", ana(), []string{"/etc/shadow"}, listed, checks.Unknown, "accounts.unread", ""},
		{"unlisted, and logs unreadable", ana(), []string{"/var/log"}, `{"users":[{"account":"eva"}]}`, checks.Fail, "snapshot.unlisted", ""},
		{"newer databases, in use", changed(newer(t, "('ana', %d, 'tty1', '', 'login')", ago(10), "(1, 3, 'root', %d, NULL, 'tty1', '', 'login')", ago(400))...), nil, listed, checks.Pass, "snapshot.equal", ""},
		{"newer databases, in use by the second", changed(newer(t, "('root', %d, 'tty1', '', 'login')", ago(10), "(1, 3, 'ana', %d, NULL, 'tty1', '', 'login')", ago(5))...), nil, listed, checks.Pass, "snapshot.equal", ""},
		{"newer databases, not used for long", changed(newer(t, "('ana', %d, 'tty1', '', 'login')", ago(120), "(1, 3, 'root', %d, NULL, 'tty1', '', 'login')", ago(400))...), nil, listed, checks.Warn, "snapshot.idle", ""},
		{"newer databases, not used for more than a year", changed(newer(t, "('ana', %d, 'tty1', '', 'login')", ago(390), "(1, 3, 'root', %d, NULL, 'tty1', '', 'login')", ago(400))...), nil, listed, checks.Fail, "snapshot.idle", ""},
		{"newer databases, damaged", changed(lastlog2File, "SQLite"), nil, listed, checks.Unknown, "accounts.unread", ""},
		{"a directory", ana(nsswitch, "passwd: files sss\n", "/etc/sssd/sssd.conf", "[sssd]\n"), nil, listed, checks.Unknown, "accounts.elsewhere", ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, snapshot()) })
	}
}

func TestSnapshotOnWindows(t *testing.T) {
	const listed = `{"users":[{"account":"Ana"}]}`
	const sid = "S-1-5-21-1-2-3-1001"
	user := func(last time.Time, members ...host.Member) windows {
		return windows{users: []host.User{{Name: "ana", SID: sid, PasswordAge: 200 * days, LastLogon: last}}, members: append([]host.Member{}, members...)}
	}
	for _, row := range []windowsRow{
		{name: "no register", machine: user(ago(1)), want: checks.Unknown, code: "snapshot.no_register"},
		{name: "equal", machine: user(ago(1)), params: listed, want: checks.Pass, code: "snapshot.equal"},
		{name: "by SID", machine: user(ago(1)), params: `{"users":[{"account":"` + sid + `"}]}`, want: checks.Pass, code: "snapshot.equal"},
		{name: "not listed", machine: user(ago(1)), params: `{"users":[{"account":"eva"}]}`, want: checks.Fail, code: "snapshot.unlisted"},
		{name: "administers", machine: user(ago(1), host.Member{SID: sid}), params: listed, want: checks.Fail, code: "snapshot.privileged"},
		{name: "not used for long", machine: user(ago(120)), params: listed, want: checks.Warn, code: "snapshot.idle"},
		{name: "not used for more than a year", machine: user(ago(380)), params: listed, want: checks.Fail, code: "snapshot.idle"},
		{name: "never used", machine: user(time.Time{}), params: listed, want: checks.Warn, code: "snapshot.never_used"},
		{name: "groups not told", machine: windows{users: user(ago(1)).users}, params: listed, want: checks.Unknown, code: "accounts.several_unknown"},
		{name: "accounts not told", machine: windows{members: []host.Member{}}, params: listed, want: checks.Unknown, code: "accounts.unread"},
		{name: "domain", machine: user(ago(1)), params: listed, system: domain(), want: checks.Unknown, code: "accounts.elsewhere"},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, snapshot()) })
	}
}

// The facts of a machine that is used each day say the same all week.
func TestSnapshotStaysTheSame(t *testing.T) {
	at := func(n int) string {
		now := time.Date(2026, 11, 2+n, 9, 0, 0, 0, time.UTC) // a Monday
		h := host.Host{OS: host.Linux, Now: checktest.Clock(now), System: system{}, Files: checktest.Files{Content: changed(
			wtmpFile, session("ana", now.AddDate(0, 0, -200))+session("ana", now), lastlogFile, lastlog(1000, now))}}
		res := checktest.Run(t, snapshot(), h, "")
		var facts snapshotFacts
		if err := json.Unmarshal(res.Observed, &facts); err != nil || len(facts.Accounts) != 1 || facts.Accounts[0].Used.IsZero() {
			t.Fatalf("%v: %s", err, res.Observed)
		}
		facts.LogsSince = time.Time{}
		b, err := json.Marshal(facts)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for n := 1; n < 7; n++ {
		if got, want := at(n), at(0); got != want {
			t.Errorf("after %d days: got %s, want %s", n, got, want)
		}
	}
}

func TestSnapshotParams(t *testing.T) {
	for _, bad := range []string{`{"users":[{"machine":"equipo01"}]}`, `{"users":[{"account":"ana","until":"mañana"}]}`, `{"idle_days":0}`, `{"idle_days":400}`} {
		if err := snapshot().CheckParams(json.RawMessage(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// More accounts than fit are told as such, and what is wrong among those that do fit
// is wrong.
func TestManyAccounts(t *testing.T) {
	users := make([]host.User, 0, maxFacts+5)
	for i := range maxFacts + 5 {
		users = append(users, host.User{Name: fmt.Sprintf("persona%05d", i), SID: fmt.Sprintf("S-1-5-21-1-2-3-%d", 2000+i), PasswordAge: days, LastLogon: ago(1)})
	}
	machine := windows{users: users, policy: &host.PasswordPolicy{MaxAge: 90 * days}, members: []host.Member{}}
	for _, check := range []checks.Check{passwordAge(), uniqueAccounts(), temporary(), snapshot()} {
		res := checktest.Run(t, check, pc(machine), "")
		if res.Status != checks.Unknown || len(res.Observed) > 700<<10 {
			t.Errorf("%s: %s %v, %d bytes", check.Info().ID, res.Status, res.Reason, len(res.Observed))
		}
	}
}
