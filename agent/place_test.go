package agent

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"vigia/checks/host"
	"vigia/checks/host/local"
	"vigia/packaging/service"
)

func TestLinuxChanger(t *testing.T) {
	for _, row := range []struct {
		name  string
		owner string
		mode  fs.FileMode
		want  string
	}{
		{"a program of a package", "0", 0o755, ""},
		{"the account that the service runs as", "997", 0o700, ""},
		{"somebody's own", "1000", 0o755, "uid 1000"},
		{"a group may write", "0", 0o775, "0775"},
		{"all may write", "0", fs.ModeDir | 0o777, "0777"},
		{"all may write, and only replace what is theirs", "0", fs.ModeDir | fs.ModeSticky | 0o777, ""},
		{"a file with the sticky bit is like any other", "0", fs.ModeSticky | 0o666, "0666"},
	} {
		if got := linuxChanger(host.FileInfo{Owner: row.owner, Mode: row.mode}, "997"); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestWindowsChanger(t *testing.T) {
	const system, admins, users, everyone, owner = "S-1-5-18", "S-1-5-32-544", "S-1-5-32-545", "S-1-1-0", "S-1-3-0"
	const full, readRun, addFolder, modify = 0x1F01FF, 0x1200A9, 0x4, 0x1301BF
	all := uint32(rightAdd | rightDeleteChild | rightReplace | rightGive | rightGeneric)
	above := all &^ rightAdd
	allow := func(who string, rights uint32) host.AccessEntry {
		return host.AccessEntry{Who: who, Allow: true, Rights: rights}
	}
	inherited := func(who string, rights uint32) host.AccessEntry {
		return host.AccessEntry{Who: who, Allow: true, Rights: rights, InheritOnly: true}
	}
	for _, row := range []struct {
		name   string
		access host.Access
		rights uint32
		want   string
	}{
		{"as the installer leaves it", host.Access{Owner: admins, Entries: []host.AccessEntry{allow(system, full), allow(admins, full), allow(users, readRun)}}, all, ""},
		{"Program Files", host.Access{Owner: trustedInstaller, Entries: []host.AccessEntry{
			allow(trustedInstaller, full), allow(system, modify), allow(admins, modify), allow(users, readRun), inherited(owner, 0x10000000),
		}}, all, ""},
		{"the root of a drive, as Windows makes it", host.Access{Owner: trustedInstaller, Entries: []host.AccessEntry{
			allow(admins, full), allow(system, full), allow(users, readRun), allow("S-1-5-11", addFolder), inherited("S-1-5-11", 0xE0010000),
		}}, above, ""},
		{"a folder of its own at the root: users may add to it", host.Access{Owner: admins, Entries: []host.AccessEntry{allow(users, addFolder)}}, all, users},
		{"a user's folder", host.Access{Owner: "S-1-5-21-1-2-3-1001"}, all, "S-1-5-21-1-2-3-1001"},
		{"everybody may everything", host.Access{Owner: admins, Entries: []host.AccessEntry{allow(everyone, full)}}, all, everyone},
		{"everybody may rename it from above", host.Access{Owner: admins, Entries: []host.AccessEntry{allow(everyone, rightDeleteChild)}}, above, everyone},
		{"somebody may give himself the rest", host.Access{Owner: admins, Entries: []host.AccessEntry{allow(users, 0x40000)}}, above, users},
		{"no list at all", host.Access{Owner: admins, Unrestricted: true}, all, everyone},
		{"a denial is none", host.Access{Owner: admins, Entries: []host.AccessEntry{{Who: users, Rights: full}}}, all, ""},
	} {
		if got := windowsChanger(row.access, row.rights, system); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

// The same on this machine, through a folder above and through a link.
func TestChangerAbove(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("mode bits are of Linux")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "a", "b", "vigia-agent")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "a"), link); err != nil {
		t.Fatal(err)
	}
	self, err := service.Account()
	if err != nil {
		t.Fatal(err)
	}
	machine := local.New(local.Options{})
	if err := safePlace(t.Context(), machine, self, program, dir); err != nil {
		t.Errorf("before anybody else may write: %v", err)
	}
	if err := os.Chmod(filepath.Join(dir, "a"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{program, filepath.Join(link, "b", "vigia-agent")} {
		err := safePlace(t.Context(), machine, self, name, dir)
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "a")) {
			t.Errorf("%s: got %v, want the folder that others may change", name, err)
		}
	}
}
