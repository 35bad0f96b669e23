package backup

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
	"vigia/checks/host/local"
)

// lists1 answers for the access lists of both systems: a path that is not there has none.
type lists1 struct {
	host.Unsupported
	of   map[string]host.Access
	errs map[string]error
}

func (l lists1) Access(_ context.Context, path string) (host.Access, error) {
	if err := l.errs[path]; err != nil {
		return host.Access{}, err
	}
	a, ok := l.of[path]
	if !ok {
		return a, fs.ErrNotExist
	}
	return a, nil
}

func reach(t *testing.T, h host.Host, params string) checks.Finding {
	t.Helper()
	got := checktest.Run(t, access(), h, `{"datasets":[`+params+`]}`)
	if len(got.Findings) == 0 {
		t.Fatalf("got %+v, want a finding", got.Verdict)
	}
	return got.Findings[0]
}

func TestModes(t *testing.T) {
	const passwd = "root:x:0:0::/root:/bin/bash\nbackup:x:34:34::/var/backups:/usr/sbin/nologin\nana:x:1000:1000::/home/ana:/bin/bash\nluis:x:1001:1001::/home/luis:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n"
	const group = "root:x:0:\nbackup:x:34:\nsudo:x:27:ana\nusuarios:x:100:luis\nana:x:1000:\nluis:x:1001:\n"
	const folder, file = "/srv/copias", "/srv/copias/a.zip"
	dir := func(perm fs.FileMode) entry { return entry{mode: fs.ModeDir | perm} }
	base := func(folderMode, fileMode fs.FileMode) map[string]entry {
		return map[string]entry{
			"/": dir(0o755), "/srv": dir(0o755), folder: dir(folderMode), file: {content: "x", mode: fileMode},
			"/etc/passwd": {content: passwd, mode: 0o644}, "/etc/group": {content: group, mode: 0o644},
		}
	}
	with := func(e map[string]entry, path string, x entry) map[string]entry { e[path] = x; return e }
	for _, tt := range []struct {
		name    string
		entries map[string]entry
		lists   lists1
		status  checks.Status
		code    string
		who     string
	}{
		{name: "of root alone", entries: base(0o700, 0o644), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "behind a closed door", entries: with(base(0o777, 0o666), "/srv", dir(0o750)), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "names can be seen, contents cannot", entries: base(0o755, 0o600), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "of the user of the backups", entries: with(base(0o700, 0o600), folder, entry{mode: fs.ModeDir | 0o750, owner: "34", group: "34"}), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "anybody can read", entries: base(0o755, 0o644), status: checks.Fail, code: "backup.readable_by_all"},
		{name: "anybody can write", entries: base(0o777, 0o600), status: checks.Fail, code: "backup.writable_by_all"},
		{name: "anybody can write the copy", entries: base(0o755, 0o666), status: checks.Fail, code: "backup.writable_by_all"},
		{name: "anybody may leave files, as in /tmp", entries: base(0o777|fs.ModeSticky, 0o600), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "the folder above can be replaced", entries: with(base(0o755, 0o600), "/srv", dir(0o777)), status: checks.Fail, code: "backup.writable_by_all"},
		{name: "of a daily user", entries: with(base(0, 0), folder, entry{mode: fs.ModeDir | 0o700, owner: "1001"}), status: checks.Fail, code: "backup.writable", who: "luis"},
		{name: "of an administrator", entries: with(base(0, 0o600), folder, entry{mode: fs.ModeDir | 0o700, owner: "1000"}), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "a group of users can read", entries: with(with(base(0, 0), folder, entry{mode: fs.ModeDir | 0o750, group: "100"}), file, entry{content: "x", mode: 0o640, group: "100"}), status: checks.Fail, code: "backup.readable", who: "luis"},
		{name: "a group that only its list knows", entries: with(base(0, 0o600), folder, entry{mode: fs.ModeDir | 0o770, group: "20513"}), status: checks.Unknown, code: "backup.unresolved", who: "gid 20513"},
		{
			name: "an access list lets one in", entries: base(0o770, 0o660),
			lists: lists1{of: map[string]host.Access{
				folder: {Entries: []host.AccessEntry{{Who: "user:", Allow: true, Rights: 7}, {Who: "user:1001", Allow: true, Rights: 5}, {Who: "mask", Allow: true, Rights: 5}}},
				file:   {Entries: []host.AccessEntry{{Who: "user:1001", Allow: true, Rights: 6}, {Who: "mask", Allow: true, Rights: 4}}},
			}}, status: checks.Fail, code: "backup.readable", who: "luis",
		},
		{
			name: "its mask keeps him out", entries: base(0o700, 0o600),
			lists: lists1{of: map[string]host.Access{
				folder: {Entries: []host.AccessEntry{{Who: "user:1001", Allow: true, Rights: 7}, {Who: "mask", Allow: true, Rights: 0}}},
			}}, status: checks.Pass, code: "backup.out_of_reach",
		},
		{name: "the list is refused", entries: base(0o700, 0o600), lists: lists1{errs: map[string]error{folder: fs.ErrPermission}}, status: checks.Unknown, code: "backup.access_unread"},
		{name: "the list is refused, and the way is open", entries: with(base(0o755, 0o600), "/srv", dir(0o777)), lists: lists1{errs: map[string]error{file: fs.ErrPermission}}, status: checks.Fail, code: "backup.writable_by_all"},
		{name: "no folder", entries: with(with(base(0, 0), "/etc/hosts", entry{}), "/srv", dir(0o755)), lists: lists1{errs: map[string]error{"/": host.ErrUnsupported}}, status: checks.Unknown, code: "backup.access_unread"},
		{name: "accounts unread", entries: with(base(0o700, 0o600), "/etc/passwd", entry{err: fs.ErrPermission}), status: checks.Unknown, code: "backup.access_unread"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := disk{os: host.Linux, entries: tt.entries}
			h := d.host(checktest.Answers{})
			h.Permissions = tt.lists
			got := reach(t, h, `{"name":"a","copies":"/srv/copias"}`)
			wants(t, got, tt.status, tt.code)
			if got.Reason.Args["who"] != tt.who {
				t.Errorf("who: got %q, want %q", got.Reason.Args["who"], tt.who)
			}
		})
	}
}

func TestLists(t *testing.T) {
	const (
		mask   = 0x1f01ff // full control
		change = 0x1301bf
		look   = 0x1200a9
		local  = "S-1-5-21-111-222-333-"
		domain = "S-1-5-21-777-888-999-"
		copies = `D:\Copias`
	)
	allow := func(who string, rights uint32) host.AccessEntry {
		return host.AccessEntry{Who: who, Allow: true, Rights: rights}
	}
	deny := func(who string, rights uint32) host.AccessEntry { return host.AccessEntry{Who: who, Rights: rights} }
	closed := func(more ...host.AccessEntry) host.Access {
		return host.Access{Owner: administrators, Entries: append(more, allow("S-1-5-18", mask), allow(administrators, mask), allow(backupOperators, mask))}
	}
	root := closed(allow("S-1-5-32-545", look), allow("S-1-5-11", 0x4), host.AccessEntry{Who: "S-1-5-11", Allow: true, Rights: change, InheritOnly: true})
	d := disk{os: host.Windows, entries: map[string]entry{copies + `\a.bak`: {size: 9}, `D:\Datos\x.mdb`: {size: 9}}, volumes: []host.Volume{{Mount: `C:\`}, {Mount: `D:\`}, {Mount: `E:\`}}}
	people := machine{
		users:   []host.User{{Name: "Administrador", SID: local + "500"}, {Name: "marta", SID: local + "1001"}, {Name: "tecnico", SID: local + "1002"}},
		members: map[string][]host.Member{administrators: {{SID: local + "500"}, {SID: local + "1002"}, {SID: domain + "1650"}}, backupOperators: nil},
	}
	for _, tt := range []struct {
		name   string
		folder host.Access
		file   *host.Access
		errs   map[string]error
		people machine
		params string
		status checks.Status
		code   string
		who    string
	}{
		{name: "administrators alone", folder: closed(), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "an administrator of the domain too", folder: closed(allow(domain+"512", mask), allow(domain+"1650", mask)), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "Users may look", folder: closed(allow("S-1-5-32-545", look)), status: checks.Fail, code: "backup.readable_by_all"},
		{name: "as a new disk is", folder: closed(allow("S-1-5-11", change)), status: checks.Fail, code: "backup.writable_by_all"},
		{name: "Everyone", folder: closed(allow("S-1-1-0", mask)), status: checks.Fail, code: "backup.writable_by_all"},
		{name: "users of the domain", folder: closed(allow(domain+"513", change)), status: checks.Fail, code: "backup.writable_by_all"},
		{name: "no list at all", folder: host.Access{Unrestricted: true}, status: checks.Fail, code: "backup.writable_by_all"},
		{name: "generic rights", folder: closed(allow("S-1-5-32-545", 0x80000000)), status: checks.Fail, code: "backup.readable_by_all"},
		{name: "denied first", folder: closed(deny("S-1-5-32-545", mask), allow("S-1-1-0", look)), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "denied too late", folder: closed(allow("S-1-1-0", look), deny("S-1-5-32-545", mask)), status: checks.Fail, code: "backup.readable_by_all"},
		{name: "only for what is made below", folder: closed(host.AccessEntry{Who: "S-1-1-0", Allow: true, Rights: mask, InheritOnly: true}), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "a local account", folder: closed(allow(local+"1001", change)), status: checks.Fail, code: "backup.writable", who: "marta"},
		{name: "its owner", folder: host.Access{Owner: local + "1001", Entries: closed().Entries}, status: checks.Fail, code: "backup.writable", who: "marta"},
		{name: "a local administrator", folder: closed(allow(local+"1002", change)), status: checks.Pass, code: "backup.out_of_reach"},
		{name: "a copy in it", folder: closed(), file: new(closed(allow("S-1-5-11", look))), status: checks.Fail, code: "backup.readable_by_all"},
		{name: "a group of the domain", folder: closed(allow(domain+"1201", look)), status: checks.Unknown, code: "backup.unresolved", who: domain + "1201"},
		{name: "refused", folder: closed(), errs: map[string]error{copies: fs.ErrPermission}, status: checks.Unknown, code: "backup.access_unread"},
		{name: "accounts unread", folder: closed(), people: machine{}, status: checks.Unknown, code: "backup.access_unread"},
		{name: "beside the data", folder: closed(), params: `{"name":"a","copies":"D:\\Copias","source":"D:\\Datos"}`, status: checks.Pass, code: "backup.out_of_reach"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := closed()
			if tt.file != nil {
				file = *tt.file
			}
			h := d.host(checktest.Answers{})
			h.Permissions = lists1{of: map[string]host.Access{copies: tt.folder, copies + `\a.bak`: file, `D:\`: root}, errs: tt.errs}
			h.Accounts = people
			if tt.name == "accounts unread" {
				h.Accounts = nil
			}
			params := tt.params
			if params == "" {
				params = `{"name":"a","copies":"D:\\Copias"}`
			}
			got := reach(t, h, params)
			wants(t, got, tt.status, tt.code)
			if got.Reason.Args["who"] != tt.who {
				t.Errorf("who: got %q, want %q", got.Reason.Args["who"], tt.who)
			}
		})
	}
}

// machine is the accounts of a Windows machine.
type machine struct {
	host.Unsupported
	users   []host.User
	members map[string][]host.Member
}

func (m machine) Users(context.Context) ([]host.User, error) { return m.users, nil }

func (m machine) Members(_ context.Context, group string) ([]host.Member, error) {
	list, ok := m.members[group]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return list, nil
}

// A drive of a daily user that leads to the copies puts them within his reach.
func TestMappedDrives(t *testing.T) {
	const sid = "S-1-5-21-111-222-333-1001"
	const profiles = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\`
	for _, tt := range []struct {
		name, remote string
		unreadable   []string
		status       checks.Status
		code         string
	}{
		{"the share of the copies", `\\NAS\copias`, nil, checks.Fail, "backup.mapped"},
		{"the share above them", `\\nas\`, nil, checks.Fail, "backup.mapped"},
		{"another share", `\\nas\comun`, nil, checks.Unknown, "backup.access_unread"},
		{"the profile is refused", `\\nas\comun`, []string{`HKU\` + sid}, checks.Unknown, "backup.access_unread"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := disk{os: host.Windows}
			h := d.host(checktest.Answers{})
			h.Permissions = host.Unsupported{}
			h.Accounts = machine{users: []host.User{{Name: "marta", SID: sid}}, members: map[string][]host.Member{administrators: nil}}
			h.Registry = checktest.Registry{Values: map[string]any{
				profiles + sid + `\ProfileImagePath`:       `C:\Users\marta`,
				profiles + `S-1-5-18\ProfileImagePath`:     `C:\Windows\system32\config\systemprofile`,
				`HKU\` + sid + `\Network\Z\RemotePath`:     tt.remote,
				`HKU\S-1-5-18\Network\Y\RemotePath`:        `\\nas\copias`,
				`HKU\` + sid + `\Network\Y\ConnectionType`: 1,
			}, Unreadable: tt.unreadable}
			wants(t, reach(t, h, `{"name":"a","copies":"\\\\nas\\copias\\srv"}`), tt.status, tt.code)
		})
	}
}

func TestTogether(t *testing.T) {
	linux := []host.Volume{{Mount: "/", Device: "/dev/sda1"}, {Mount: "/srv", Device: "/dev/sda2"}, {Mount: "/mnt/usb", Device: "/dev/sdb1"}, {Mount: "/v", Device: "/dev/mapper/vg-v"}, {Mount: "/n", Device: "/dev/nvme0n1p2"}, {Mount: "/m", Device: "/dev/nvme0n1p3"}}
	windows := []host.Volume{{Mount: `C:\`, Device: "a"}, {Mount: `D:\`, Device: "b"}, {Mount: `E:\`, Device: "c", Disks: []string{"PhysicalDrive0"}}, {Mount: `F:\`, Device: "d", Disks: []string{"PhysicalDrive0", "PhysicalDrive1"}}, {Mount: `G:\`, Device: "e", Disks: []string{"PhysicalDrive2"}}}
	for _, tt := range []struct {
		os             host.OS
		volumes        []host.Volume
		source, copies string
		want           string
	}{
		{host.Linux, linux, "/home", "/var/copias", "volume"},
		{host.Linux, linux, "/home", "/srv/copias", "disk"},
		{host.Linux, linux, "/home", "/mnt/usb/copias", ""},
		{host.Linux, linux, "/n/a", "/m/a", "disk"},
		{host.Linux, linux, "/home", "/v/copias", ""},
		{host.Linux, linux, "", "/srv", ""},
		{host.Linux, nil, "/home", "/srv", ""},
		{host.Windows, windows, `d:\Datos`, `D:\Copias`, "volume"},
		{host.Windows, windows, `C:\Datos`, `D:\Copias`, ""},
		{host.Windows, windows, `E:\Datos`, `F:\Copias`, "disk"},
		{host.Windows, windows, `E:\Datos`, `G:\Copias`, ""},
	} {
		if got := together(tt.os, tt.volumes, tt.source, tt.copies); got != tt.want {
			t.Errorf("%s and %s: got %q, want %q", tt.source, tt.copies, got, tt.want)
		}
	}
	if got := judgeAccess(accessFacts{Datasets: []reachFacts{{Name: "a", Source: "/d", Copies: "/c", Together: "volume"}}},
		accessParams{Datasets: []dataset{{Name: "a", Source: "/d", Copies: "/c"}}}, at); got.Status != checks.Warn || len(got.Findings) != 2 || got.Findings[1].Key != "a/volume" {
		t.Errorf("got %+v, want a warning", got)
	}
	if got := accessMessages().Problems(); len(got) > 0 {
		t.Errorf("incomplete messages: %q", got)
	}
}

// The live machine: its own accounts, and the real rights of a real folder.
func TestLiveModes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("rights of Linux")
	}
	top := t.TempDir()
	copies := filepath.Join(top, "copias")
	for dir := filepath.Dir(filepath.Dir(top)); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode()&1 == 0 {
			t.Skipf("nobody else gets as far as %s", dir)
		}
		if dir == "/" {
			break
		}
	}
	file := filepath.Join(copies, "padron.zip")
	if err := os.Mkdir(copies, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		folder, file fs.FileMode
		status       checks.Status
		code         string
	}{
		{0o700, 0o666, checks.Pass, "backup.out_of_reach"},
		{0o755, 0o600, checks.Pass, "backup.out_of_reach"},
		{0o755, 0o644, checks.Fail, "backup.readable_by_all"},
		{0o777, 0o600, checks.Fail, "backup.writable_by_all"},
	} {
		for path, mode := range map[string]fs.FileMode{top: 0o755, filepath.Dir(top): 0o755, copies: tt.folder, file: tt.file} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		got := reach(t, *local.New(local.Options{}), `{"name":"a","copies":"`+copies+`"}`)
		if os.Getuid() != 0 && got.Reason.Code == "backup.writable" {
			continue // the tests run as a daily user, who owns the folder
		}
		wants(t, got, tt.status, tt.code)
	}
}
