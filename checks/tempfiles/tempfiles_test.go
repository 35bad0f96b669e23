package tempfiles

import (
	"fmt"
	"io/fs"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

func today() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }

func TestOnLinux(t *testing.T) {
	base := map[string]string{
		"/tmp/x": "", "/var/tmp/x": "", "/var/log/dpkg.log": "", "/var/log/auth.log": "", "/var/log/apt/history.log": "",
		"/var/log/private/web/access.log": "", corePattern: "|/lib/systemd/systemd-coredump %P\n", suidDumpable: "2\n",
		"/var/lib/systemd/coredump/core.x.1000.zst": "",
	}
	modes := map[string]fs.FileMode{
		"/tmp": 0o777 | fs.ModeSticky, "/var/tmp": 0o777 | fs.ModeSticky, "/var/log/auth.log": 0o640, "/var/log/private": 0o700,
		"/var/lib/systemd/coredump/core.x.1000.zst": 0o640,
	}
	for _, row := range []struct {
		name       string
		files      map[string]string
		modes      map[string]fs.FileMode
		unreadable []string
		params     string
		want       checks.Status
		code       string
	}{
		{"as installed", nil, nil, nil, "", checks.Pass, "tempfiles.closed"},
		{"temporary files of each other", nil, map[string]fs.FileMode{"/tmp": 0o777}, nil, "", checks.Fail, "tempfiles.temp_delete"},
		{"log-ons for all to read", nil, map[string]fs.FileMode{"/var/log/auth.log": 0o644}, nil, "", checks.Fail, "tempfiles.log_read"},
		{"an older log of log-ons", map[string]string{"/var/log/auth.log.2.gz": ""}, nil, nil, "", checks.Fail, "tempfiles.log_read"},
		{"log-ons for all to write", nil, map[string]fs.FileMode{"/var/log/dpkg.log": 0o666}, nil, "", checks.Fail, "tempfiles.log_write"},
		{"a web log", map[string]string{"/var/log/nginx/access.log": ""}, nil, nil, "", checks.Fail, "tempfiles.log_read"},
		{"a web log by its name only", map[string]string{"/var/log/nginx/access.log": ""}, map[string]fs.FileMode{"/var/log/nginx": 0o711}, nil, "", checks.Fail, "tempfiles.log_read"},
		{"a web log behind a closed folder", map[string]string{"/var/log/nginx/access.log": ""}, map[string]fs.FileMode{"/var/log/nginx": 0o750}, nil, "", checks.Pass, "tempfiles.closed"},
		{"a log of nobody knows what", map[string]string{"/var/log/padron.log-20261101": ""}, nil, nil, "", checks.Warn, "tempfiles.log_read"},
		{"a log folder that all may write", map[string]string{"/var/log/app/x.log": ""}, map[string]fs.FileMode{"/var/log/app": 0o777, "/var/log/app/x.log": 0o600}, nil, "", checks.Fail, "tempfiles.log_write"},
		{"logs made anew for all", map[string]string{rotateFolder + "/rsyslog": "/var/log/syslog\n/var/log/auth.log\n{\n\trotate 4\n\tcreate 0644 syslog adm\n}\n"}, nil, nil, "", checks.Fail, "tempfiles.several_fail"},
		{"one log made anew for all, by the general word", map[string]string{rotateFile: "create 644\n", rotateFolder + "/s": "/var/log/syslog {\n}\n/var/log/auth.log {\n create 600\n}\n"}, nil, nil, "", checks.Fail, "tempfiles.rotate_read"},
		{"logs made anew behind a closed folder", map[string]string{rotateFolder + "/web": "/var/log/nginx/*.log {\n create 0644 root root\n}\n", "/var/log/nginx/x.log": ""}, map[string]fs.FileMode{"/var/log/nginx": 0o750}, nil, "", checks.Pass, "tempfiles.closed"},
		{"logs of nowhere made anew", map[string]string{rotateFolder + "/x": "/auth.log /var/log/dpkg.log /var/log {\n create 0644\n}\n"}, nil, nil, "", checks.Pass, "tempfiles.closed"},
		{"rotation unreadable", map[string]string{rotateFolder + "/x": ""}, nil, []string{rotateFolder}, "", checks.Unknown, "tempfiles.unread"},
		{"a dump for all", nil, map[string]fs.FileMode{"/var/lib/systemd/coredump/core.x.1000.zst": 0o644}, nil, "", checks.Fail, "tempfiles.dump_read"},
		{"dumps of each other", map[string]string{"/var/crash/x.crash": ""}, map[string]fs.FileMode{"/var/crash": 0o777, "/var/crash/x.crash": 0o600}, nil, "", checks.Fail, "tempfiles.dump_delete"},
		{"dumps into an open folder", map[string]string{corePattern: "/srv/cores/core.%e.%p\n", "/srv/cores/x": ""}, map[string]fs.FileMode{"/srv/cores": 0o777}, nil, "", checks.Fail, "tempfiles.temp_delete"},
		{"dumps of privileged programs", map[string]string{suidDumpable: "1\n"}, nil, nil, "", checks.Fail, "tempfiles.privileged_dumps"},
		{"a declared folder", map[string]string{"/srv/padron/tmp/x": ""}, map[string]fs.FileMode{"/srv/padron/tmp": 0o770}, nil, `{"folders":["/srv/padron/tmp"]}`, checks.Pass, "tempfiles.closed"},
		{"a declared folder for all to read", map[string]string{"/srv/padron/tmp/x": ""}, nil, nil, `{"folders":["/srv/padron/tmp"]}`, checks.Fail, "tempfiles.app_read"},
		{"a declared folder for all to write", map[string]string{"/srv/padron/tmp/x": ""}, map[string]fs.FileMode{"/srv/padron/tmp": 0o773}, nil, `{"folders":["/srv/padron/tmp"]}`, checks.Fail, "tempfiles.app_write"},
		{"a declared folder of another machine", nil, nil, nil, `{"folders":["/srv/padron/tmp", "D:\\Padron"]}`, checks.Pass, "tempfiles.closed"},
		{"a declared folder unreadable", map[string]string{"/srv/padron/tmp/x": ""}, nil, []string{"/srv/padron"}, `{"folders":["/srv/padron/tmp"]}`, checks.Unknown, "tempfiles.unread"},
		{"logs unreadable", nil, nil, []string{"/var/log/apt"}, "", checks.Unknown, "tempfiles.unread"},
		{"what is unreadable hides no fail", nil, map[string]fs.FileMode{"/tmp": 0o777}, []string{"/var/log/apt"}, "", checks.Fail, "tempfiles.temp_delete"},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := checktest.Files{Content: maps.Clone(base), Modes: maps.Clone(modes), Unreadable: row.unreadable}
			maps.Copy(files.Content, row.files)
			maps.Copy(files.Modes, row.modes)
			res := checktest.Run(t, access(), host.Host{Now: today, OS: host.Linux, Files: files}, row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

// list is an access list that allows each SID what stands behind it.
func list(entries ...host.AccessEntry) host.Access {
	return host.Access{Owner: "S-1-5-18", Entries: append(entries, host.AccessEntry{Who: "S-1-5-18", Allow: true, Rights: 0x1f01ff})}
}

func allow(who string, rights uint32) host.AccessEntry {
	return host.AccessEntry{Who: who, Allow: true, Rights: rights}
}

func TestOnWindows(t *testing.T) {
	const (
		users    = "S-1-5-32-545"
		temp     = `C:\WINDOWS\TEMP`
		memory   = `C:\WINDOWS\MEMORY.DMP`
		folder   = `D:\Padron\tmp`
		declared = `{"folders":["D:\\Padron\\tmp"]}`
	)
	base := map[string]any{
		keyVersion + `\SystemRoot`: `C:\WINDOWS`, keyEnvironment + `\TEMP`: `%SystemRoot%\TEMP`, keyCrash + `\DumpFile`: `%SYSTEMROOT%\MEMORY.DMP`,
		keyMemory + `\ClearPageFileAtShutdown`: 1,
	}
	// What setup gives: users make files and do not list the folder.
	places := map[string]host.Access{temp: list(allow(users, 0x100026))}
	for _, row := range []struct {
		name       string
		values     map[string]any
		places     map[string]host.Access
		unreadable []string
		errors     map[string]error
		params     string
		want       checks.Status
		code       string
	}{
		{"as installed, page file cleared", nil, nil, nil, nil, "", checks.Pass, "tempfiles.closed"},
		{"page file kept", map[string]any{keyMemory + `\ClearPageFileAtShutdown`: 0}, nil, nil, nil, "", checks.Warn, "tempfiles.page_file"},
		{"page file not said", map[string]any{keyMemory + `\ClearPageFileAtShutdown`: nil}, nil, nil, nil, "", checks.Warn, "tempfiles.page_file"},
		{"temporary files of each other to read", nil, map[string]host.Access{temp: list(allow(users, 0x1200a9))}, nil, nil, "", checks.Fail, "tempfiles.temp_read"},
		{"a word against guests binds no user", nil, map[string]host.Access{temp: list(host.AccessEntry{Who: "S-1-5-32-546", Rights: 0x1f01ff}, allow("S-1-5-11", 0x1f01ff))}, nil, nil, "", checks.Fail, "tempfiles.temp_delete"},
		{"temporary files of each other to delete", nil, map[string]host.Access{temp: list(allow("S-1-1-0", 0x1f01ff))}, nil, nil, "", checks.Fail, "tempfiles.temp_delete"},
		{"a dump of memory for all", nil, map[string]host.Access{memory: list(allow(users, 0x1200a9))}, nil, nil, "", checks.Fail, "tempfiles.dump_read"},
		{"a dump of memory for the system", nil, map[string]host.Access{memory: list(allow("S-1-5-32-544", 0x1f01ff))}, nil, nil, "", checks.Pass, "tempfiles.closed"},
		{"dumps of programs for the whole domain", map[string]any{keyLocalDumps + `\padron.exe\DumpFolder`: `C:\Dumps`}, map[string]host.Access{`C:\Dumps`: list(allow("S-1-5-21-4-5-6-513", 0x1f01ff))}, nil, nil, "", checks.Fail, "tempfiles.dump_write"},
		{"dumps of programs in profiles", map[string]any{keyLocalDumps + `\DumpFolder`: `%LOCALAPPDATA%\CrashDumps`}, nil, nil, nil, "", checks.Pass, "tempfiles.closed"},
		{"web logs for all", nil, map[string]host.Access{`C:\inetpub\logs\LogFiles`: list(allow(users, 0x1200a9))}, nil, nil, "", checks.Fail, "tempfiles.log_read"},
		{"a declared folder", nil, map[string]host.Access{folder: list()}, nil, nil, declared, checks.Pass, "tempfiles.closed"},
		{"a declared folder for all to read", nil, map[string]host.Access{folder: list(allow(users, 0x1200a9))}, nil, nil, declared, checks.Fail, "tempfiles.app_read"},
		{"a declared folder without any list", nil, map[string]host.Access{folder: {Unrestricted: true}}, nil, nil, declared, checks.Fail, "tempfiles.app_write"},
		{"a declared folder refused", nil, nil, nil, map[string]error{"access " + folder: fs.ErrPermission}, declared, checks.Unknown, "tempfiles.unread"},
		{"the list of the temporary folder refused", nil, nil, nil, map[string]error{"access " + temp: fs.ErrPermission}, "", checks.Unknown, "tempfiles.unread"},
		{"settings of memory refused", nil, nil, []string{keyMemory}, nil, "", checks.Unknown, "tempfiles.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			values, lists := maps.Clone(base), maps.Clone(places)
			maps.Copy(values, row.values)
			maps.DeleteFunc(values, func(_ string, v any) bool { return v == nil })
			maps.Copy(lists, row.places)
			answers := checktest.Answers{AccessOf: lists, Errors: map[string]error{}}
			for _, path := range []string{memory, `C:\WINDOWS\Minidump`, `C:\inetpub\logs\LogFiles`, folder} {
				if _, ok := lists[path]; !ok {
					answers.Errors["access "+path] = fs.ErrNotExist
				}
			}
			maps.Copy(answers.Errors, row.errors)
			h := host.Host{Now: today, OS: host.Windows, Registry: checktest.Registry{Values: values, Unreadable: row.unreadable}}
			res := checktest.Run(t, access(), answers.On(h), row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

func TestRotated(t *testing.T) {
	for name, want := range map[string]string{
		"/var/log/syslog": "/var/log/syslog", "/var/log/syslog.1": "/var/log/syslog", "/var/log/a.log.12.gz": "/var/log/a.log",
		"/var/log/secure-20261101": "/var/log/secure", "/var/log/x-15": "/var/log/x-15", "/var/log/pg-15-main.log": "/var/log/pg-15-main.log",
		"/var/log/Xorg.0.log.old": "/var/log/Xorg.0.log",
	} {
		if got := rotated(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestMorePlacesThanListed(t *testing.T) {
	files := map[string]string{}
	for n := range maxOpen + 7 {
		files[fmt.Sprintf("/var/log/nginx/site%c%c.log", 'a'+n/26, 'a'+n%26)] = ""
	}
	res := checktest.Run(t, access(), host.Host{Now: today, OS: host.Linux, Files: checktest.Files{Content: files}}, "")
	if last := res.Findings[len(res.Findings)-1]; res.Status != checks.Fail || last.Key != "more" || last.Reason.Args["count"] != "7" {
		t.Errorf("got %s, %+v", res.Status, last)
	}
}

func TestParams(t *testing.T) {
	for _, params := range []string{`{"folders":["tmp"]}`, `{"folders":[""]}`, `{"folder":["/tmp"]}`} {
		if err := access().CheckParams([]byte(params)); err == nil {
			t.Errorf("%s is accepted", params)
		}
	}
	v, err := access().Judge([]byte(`{"closed":3}`), []byte(`{"folders":["/srv/x"]}`), today())
	if err != nil || v.Status != checks.Unknown || v.Reason.Code != "tempfiles.not_looked" {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestMessages(t *testing.T) {
	for _, problem := range access().Info().Messages.Problems() {
		t.Error(problem)
	}
}

func TestParseRotate(t *testing.T) {
	got, general := parseRotate([]byte("# see logrotate(8)\nweekly\ncreate 0640 root adm\ninclude /etc/logrotate.d\n\"/var/log/a.log\" /var/log/b.log {\n  postrotate\n    create 0777\n  endscript\n}\n"+
		"/var/log/c.log\n{\n create 666\n copytruncate\n}\n/var/log/d.log { \n create 0664 root utmp\n}\n/var/log/e.log {\n create\n"), rotation{})
	want := []rotation{
		{paths: []string{"/var/log/a.log", "/var/log/b.log"}, mode: 0o640, known: true},
		{paths: []string{"/var/log/c.log"}, mode: 0o666},
		{paths: []string{"/var/log/d.log"}, mode: 0o664, known: true},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(rotation{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if general.mode != 0o640 || !general.known {
		t.Errorf("for all others: got %+v, want 0640", general)
	}
}

func FuzzParseRotate(f *testing.F) {
	f.Add([]byte("create 644\n/a /b\n{\n postrotate\n x\n endscript\n}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rotations, _ := parseRotate(b, rotation{})
		for _, r := range rotations {
			if r.mode > 0o7777 {
				t.Errorf("mode %o", r.mode)
			}
		}
	})
}
