package inventory

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/format/pe"
	"vigia/checks/host"
)

// restricted answers the access list of one path: administrators, and everybody too.
func restricted(h host.Host, path string, everybody bool) host.Host {
	a := host.Access{Owner: "S-1-5-32-544", Entries: []host.AccessEntry{{Who: "S-1-5-32-544", Allow: true, Rights: 0x1F01FF}}}
	if everybody {
		a.Entries = append(a.Entries, host.AccessEntry{Who: "S-1-5-32-545", Allow: true, Rights: 0x1200A9})
	}
	return checktest.Answers{AccessOf: map[string]host.Access{path: a}}.On(h)
}

func TestSpecialUtilities(t *testing.T) {
	renamed, err := os.ReadFile("testdata/windows-11-es-mx/files/C/Users/usuario1/Desktop/informe anual.exe")
	if err != nil {
		t.Fatal(err)
	}
	harmless, err := os.ReadFile("testdata/windows-11-es-mx/files/C/Users/usuario1/Documents/calculadora.exe")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := os.ReadFile("../format/pe/testdata/firmado.exe")
	if err != nil {
		t.Fatal(err)
	}
	const program = "#!/bin/sh\nexit 0\n"
	byHash := func(contents string) string {
		return fmt.Sprintf(`{"tools":[{"id":"crudo","name":"Lector","kind":"other","sha256":["%X"]}]}`, sha256.Sum256([]byte(contents)))
	}
	const bySigner = `{"tools":[{"id":"crudo","name":"Lector","kind":"other","signers":["Herramientas del Valle, S*"]}]}`
	executable := map[string]fs.FileMode{"/home/usuario1/bin/nota": 0o755}
	device := func(perm fs.FileMode) map[string]fs.FileMode {
		return map[string]fs.FileMode{"/dev/sda": fs.ModeDevice | perm, "/dev/null": fs.ModeDevice | fs.ModeCharDevice | 0o666}
	}
	disks := map[string]string{"/dev/sda": "", "/dev/null": ""}
	nmap := func(mode fs.FileMode) host.Host {
		return linuxHost([]string{"base 1", "nmap 7"}, map[string]string{"/usr/bin/nmap": ""}, map[string]fs.FileMode{"/usr/bin/nmap": mode})
	}
	const hxd = `C:\Herramientas\HxD64.exe`
	testRows(t, specialUtilities(), []row{
		{"Linux: none", linuxHost([]string{"base 1"}, disks, device(0o660)), ``, checks.Pass, "utility.none", nil},
		{"Linux: a package", linuxHost([]string{"base 1", "foremost 1"}, nil, nil), ``, checks.Fail, "utility.some", []string{"tool/foremost fail utility.present"}},
		{
			"Linux: one that another package suggests", linuxHost([]string{"base 1", "tshark 4"}, map[string]string{"/var/lib/apt/extended_states": "Package: tshark\nArchitecture: amd64\nAuto-Installed: 1\n"}, nil), ``,
			checks.Fail, "utility.some", []string{"tool/wireshark fail utility.present"},
		},
		{"Linux: a program in a person's folder", linuxHost([]string{"base 1"}, map[string]string{"/home/usuario1/Downloads/kit/linpeas.sh": ""}, nil), ``, checks.Fail, "utility.some", []string{"tool/powersploit fail utility.present"}},
		{"Linux: a renamed program of Windows", linuxHost([]string{"base 1"}, map[string]string{"/home/usuario1/Desktop/informe.exe": string(renamed)}, nil), ``, checks.Fail, "utility.some", []string{"tool/mimikatz fail utility.disguised"}},
		{"Linux: allowed, for administrators", nmap(0o750), `{"allowed":["nmap"]}`, checks.Pass, "utility.allowed", nil},
		{"Linux: allowed, for anyone", nmap(0o755), `{"allowed":["nmap"]}`, checks.Fail, "utility.some", []string{"tool/nmap fail utility.everyone"}},
		{"Linux: allowed, and its program is not found", linuxHost([]string{"nmap 7"}, nil, nil), `{"allowed":["nmap"]}`, checks.Unknown, "utility.some_unknown", []string{"tool/nmap unknown utility.who_unknown"}},
		{"Linux: a member of the group disk", linuxHost([]string{"base 1"}, map[string]string{"/etc/group": "disk:x:6:root,usuario1,copias\n"}, nil), `{"disk_group":["copias"]}`, checks.Fail, "utility.some", []string{"disk_group/usuario1 fail utility.disk_group"}},
		{"Linux: disk is somebody's own group", linuxHost([]string{"base 1"}, map[string]string{"/etc/passwd": "copias:x:1001:6::/srv:/bin/sh\n"}, nil), ``, checks.Fail, "utility.some", []string{"disk_group/copias fail utility.disk_group"}},
		{"Linux: a disk that anyone may read", linuxHost([]string{"base 1"}, disks, device(0o664)), ``, checks.Fail, "utility.some", []string{"device//dev/sda fail utility.open_device"}},
		{
			"Linux: programs that run as root for anyone",
			linuxHost([]string{"base 1"}, map[string]string{"/usr/bin/dd": "", "/usr/bin/find": "", "/usr/bin/sudo": "", "/tmp/x": "", "/opt/v/chrome-sandbox": ""},
				map[string]fs.FileMode{"/usr/bin/dd": fs.ModeSetuid | 0o755, "/usr/bin/find": fs.ModeSetuid | 0o750, "/usr/bin/sudo": fs.ModeSetuid | 0o755, "/tmp/x": fs.ModeSetuid | 0o711, "/opt/v/chrome-sandbox": fs.ModeSetuid | 0o755}), ``,
			checks.Fail, "utility.some", []string{"setuid//tmp/x fail utility.setuid", "setuid//usr/bin/dd fail utility.setuid"},
		},
		{"Linux: a tool of the organisation's own list", linuxHost([]string{"lector-crudo 1"}, nil, nil), `{"tools":[{"id":"crudo","name":"Lector","kind":"other","packages":["lector-crudo"]}]}`, checks.Fail, "utility.some", []string{"tool/crudo fail utility.present"}},
		{"Linux: one that the policy knows by its hash", linuxHost([]string{"base 1"}, map[string]string{"/home/usuario1/bin/nota": program}, executable), byHash(program), checks.Fail, "utility.some", []string{"tool/crudo fail utility.hash"}},
		{"Linux: another hash", linuxHost([]string{"base 1"}, map[string]string{"/home/usuario1/bin/nota": program + "#"}, executable), byHash(program), checks.Pass, "utility.none", nil},
		{"Linux: a program that cannot be hashed", linuxHost([]string{"base 1"}, map[string]string{"/home/usuario1/bin/nota": program}, executable, "/home/usuario1/bin/nota"), byHash(program), checks.Unknown, "utility.unread", nil},
		{"Linux: packages cannot be read", linuxHost([]string{"base 1"}, nil, nil, "/var/lib/dpkg/status"), ``, checks.Unknown, "utility.unread", nil},

		{"Windows: none", windowsHost(nil, map[string]string{"C:/Users/usuario1/Documents/calculadora.exe": string(harmless), "C:/Users/usuario1/Downloads/texto.exe": "no es un programa"}), ``, checks.Pass, "utility.none", nil},
		{"Windows: installed", windowsHost(map[string]any{`HKLM\SOFTWARE\WOW6432Node` + uninstall + `\R\DisplayName`: "Recuva"}, nil), ``, checks.Fail, "utility.some", []string{"tool/recuva fail utility.present"}},
		{"Windows: by its name, in any case", windowsHost(nil, map[string]string{"C:/Users/usuario1/Documents/varios/MimiKatz.EXE": ""}), ``, checks.Fail, "utility.some", []string{"tool/mimikatz fail utility.present"}},
		{"Windows: renamed", windowsHost(nil, map[string]string{"C:/Users/usuario1/AppData/Local/Temp/a/actualizar.exe": string(renamed)}), ``, checks.Fail, "utility.some", []string{"tool/mimikatz fail utility.disguised"}},
		{"Windows: by the hash that the policy has", windowsHost(nil, map[string]string{"C:/Users/usuario1/Downloads/a.exe": string(harmless)}), byHash(string(harmless)), checks.Fail, "utility.some", []string{"tool/crudo fail utility.hash"}},
		{"Windows: by whom it says to be signed by", windowsHost(nil, map[string]string{"C:/Users/usuario1/Desktop/a.exe": string(signed)}), bySigner, checks.Fail, "utility.some", []string{"tool/crudo fail utility.signer"}},
		{"Windows: signed by another", windowsHost(nil, map[string]string{"C:/Users/usuario1/Desktop/a.exe": string(signed)}), `{"tools":[{"id":"crudo","name":"Lector","kind":"other","signers":["Montes"]}]}`, checks.Pass, "utility.none", nil},
		{
			"Windows: in a cloud, where names alone are looked at", windowsHost(map[string]any{`HKU\` + person + `\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders\Desktop`: `C:\Users\usuario1\OneDrive - Ayuntamiento\Escritorio`},
				map[string]string{"C:/Users/usuario1/OneDrive - Ayuntamiento/Escritorio/actualizar.exe": string(renamed), "C:/Users/usuario1/OneDrive - Ayuntamiento/Escritorio/hxd.exe": ""}), ``,
			checks.Fail, "utility.some", []string{"tool/hxd fail utility.present"},
		},
		{"Windows: among the programs of Windows", windowsHost(nil, map[string]string{"C:/Windows/System32/PsExec64.exe": "", "C:/Windows/System32/calc.exe": ""}), ``, checks.Fail, "utility.some", []string{"tool/psexec fail utility.present"}},
		{"Windows: allowed, for administrators", restricted(windowsHost(nil, map[string]string{"C:/Herramientas/HxD64.exe": ""}), hxd, false), `{"allowed":["hxd"]}`, checks.Pass, "utility.allowed", nil},
		{"Windows: allowed, for anyone", restricted(windowsHost(nil, map[string]string{"C:/Herramientas/HxD64.exe": ""}), hxd, true), `{"allowed":["hxd"]}`, checks.Fail, "utility.some", []string{"tool/hxd fail utility.everyone"}},
		{"Windows: allowed, and its access list cannot be read", windowsHost(nil, map[string]string{"C:/Herramientas/HxD64.exe": ""}), `{"allowed":["hxd"]}`, checks.Unknown, "utility.some_unknown", []string{"tool/hxd unknown utility.who_unknown"}},
		{"Windows: a closed folder", windowsHost(nil, nil, "C:/Users/usuario1/Downloads"), ``, checks.Unknown, "utility.unread", nil},
		{"Windows: a program that cannot be read", windowsHost(nil, map[string]string{"C:/Users/usuario1/Downloads/a.exe": ""}, "C:/Users/usuario1/Downloads/a.exe"), ``, checks.Unknown, "utility.unread", nil},
	})
}

// What a tool says of itself is kept with it: a copy of a program that is signed, under
// the name of a tool.
func TestDescribe(t *testing.T) {
	signed, err := os.ReadFile("../format/pe/testdata/firmado.exe")
	if err != nil {
		t.Fatal(err)
	}
	got, err := observeSpecialRegistry(t.Context(), host.New(windowsHost(nil, map[string]string{"C:/Users/usuario1/Desktop/PsExec.exe": string(signed)})), specialParams{})
	if err != nil || len(got.Found) != 1 {
		t.Fatalf("got %+v, %v", got, err)
	}
	f := got.Found[0]
	if want := fmt.Sprintf("%x", sha256.Sum256(signed)); f.SHA256 != want || f.Original != "notas.exe" || f.Signer != "Herramientas del Valle (Herramientas del Valle, S. L.)" {
		t.Errorf("got %+v", f)
	}
}

// What lies beyond the limits of the search is not taken for absent.
func TestSearchLimits(t *testing.T) {
	box, err := newToolbox([]utility{{ID: "a", Hashes: []string{strings.Repeat("0", 64)}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*search{
		{entries: maxSearched},
		{versions: maxVersions},
		{until: time.Now().Add(-time.Second)},
		{hashed: maxHashed},
	} {
		var facts specialFacts
		h := linuxHost(nil, map[string]string{"/opt/x/a.exe": "MZ", "/opt/x/mimikatz.exe": ""}, nil)
		s.reader, s.box, s.facts, s.separator = &reader{h: host.New(h)}, box, &facts, "/"
		s.folder(t.Context(), "/opt", "", 2)
		s.end()
		if len(s.unread) != 1 || s.unread[0] != (checks.Unread{Source: "search", Why: "too_big"}) {
			t.Errorf("%+v: unread %v", s, s.unread)
		}
	}
}

// A tool that the policy added after the machine was looked at is not known to be absent.
func TestToolAddedLater(t *testing.T) {
	seen := specialFacts{List: "2026-11-22", Added: []string{"a"}}
	got := judgeSpecial(seen, specialParams{Tools: []utility{{ID: "a"}, {ID: "b"}}}, host.New(host.Host{}).Now())
	if got.Status != checks.Unknown || got.Reason.Args["sources"] != "b" {
		t.Errorf("got %v", got)
	}
	if got := judgeSpecial(specialFacts{}, specialParams{}, time.Time{}); got.Status != checks.Unknown {
		t.Errorf("nothing looked at: got %v", got)
	}
}

func TestMayRun(t *testing.T) {
	const users, everyone, admins, run, read = "S-1-5-32-545", "S-1-1-0", "S-1-5-32-544", 0x1200A9, 0x1
	for _, tt := range []struct {
		name string
		a    host.Access
		want bool
	}{
		{"administrators alone", host.Access{Entries: []host.AccessEntry{{Who: admins, Allow: true, Rights: 0x1F01FF}}}, false},
		{"users", host.Access{Entries: []host.AccessEntry{{Who: users, Allow: true, Rights: run}}}, true},
		{"users may read", host.Access{Entries: []host.AccessEntry{{Who: users, Allow: true, Rights: read}}}, false},
		{"for what is below", host.Access{Entries: []host.AccessEntry{{Who: users, Allow: true, Rights: run, InheritOnly: true}}}, false},
		{"denied before", host.Access{Entries: []host.AccessEntry{{Who: everyone, Rights: run}, {Who: users, Allow: true, Rights: run}}}, false},
		{"denied behind", host.Access{Entries: []host.AccessEntry{{Who: users, Allow: true, Rights: run}, {Who: users, Rights: run}}}, true},
		{"users of the domain", host.Access{Entries: []host.AccessEntry{{Who: "S-1-5-21-1-2-3-513", Allow: true, Rights: 0x10000000}}}, true},
		{"no list", host.Access{Unrestricted: true}, true},
		{"empty list", host.Access{}, false},
	} {
		if got := mayRun(tt.a); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

// The list that is built in keeps what a policy's own tools must keep, and each tool is
// found by every name it has.
func TestListOfUtilities(t *testing.T) {
	box, err := newToolbox(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(box.tools) < 50 || len(box.date) != len("2026-11-22") {
		t.Errorf("%d tools of %q", len(box.tools), box.date)
	}
	ids := map[string]bool{}
	for _, u := range box.tools {
		if err := u.validate(); err != nil || ids[u.ID] {
			t.Errorf("%s: %v, or twice", u.ID, err)
		}
		ids[u.ID] = true
		for _, n := range u.Packages {
			if got, _ := box.byPackage(program{Name: n, From: "dpkg"}); got.ID != u.ID {
				t.Errorf("package %s is of %s and %s", n, u.ID, got.ID)
			}
		}
		for _, n := range u.Files {
			if got, _ := box.byName(n, true); got.ID != u.ID {
				t.Errorf("file %s is of %s and %s", n, u.ID, got.ID)
			}
		}
		for _, n := range u.Originals {
			if got, _ := box.byVersion(pe.Version{Original: n}); got.ID != u.ID {
				t.Errorf("original %s is of %s and %s", n, u.ID, got.ID)
			}
		}
	}
	for _, name := range []string{"LibreOffice 24.8", "Microsoft Edge", "7-Zip 24.08 (x64)", "Google Chrome", "Adobe Acrobat (64-bit)", "AutoFirma", "Mozilla Firefox (x64 es-ES)", "Autopista", "Hexágono", ""} {
		if u, ok := box.byProduct(name); ok {
			t.Errorf("%q is taken for %s", name, u.ID)
		}
	}
}

func TestSpecialParameters(t *testing.T) {
	for _, tt := range []struct{ params, want string }{
		{`{"tools":[{"id":"a","name":"A","kind":"other","files":["a.exe"]}]}`, ""},
		{`{"tools":[{"id":"a","name":"A","kind":"x","files":["a.exe"]}]}`, `tool 1: kind "x": want one of ["credentials" "remote_execution" "disk_editor" "recovery" "forensics" "database_browser" "sniffer" "scanner" "privilege" "other"]`},
		{`{"tools":[{"id":"a","name":"A","kind":"other"}]}`, "tool 1: want names in packages, programs, files, products, originals, sha256 or signers"},
		{`{"tools":[{"id":"a","name":"A","kind":"other","products":["*"]}]}`, `tool 1: product "*" stands for anything`},
		{`{"tools":[{"id":"a","name":"A","kind":"other","sha256":["ab"]}]}`, `tool 1: "ab" is no SHA-256`},
		{`{"tools":[{"id":"a","name":"A","kind":"other","signers":["*"]}]}`, `tool 1: signer "*" stands for anything`},
		{`{"tools":[{"id":"a","name":"A","kind":"other","signers":["Valle*"]}]}`, ""},
		{`{"tools":[{"name":"A"}]}`, "tool 1: want id and name"},
	} {
		got := ""
		if err := specialUtilities().CheckParams([]byte(tt.params)); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.params, got, tt.want)
		}
	}
}
