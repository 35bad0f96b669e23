package inventory

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
	"vigia/checks/host/hosttest"
)

// everything approves all that is installed on the recorded Windows machine.
const everything = `{"name":"libreoffice*","publisher":"the document foundation"},{"name":"7-Zip*"},{"name":"Nóminas Municipales"},` +
	`{"name":"Contoso.*"},{"name":"5319275A.*"},{"name":"Solitario Plus"},{"name":"Asistente remoto gratis"}`

func TestWindowsAgainstRegister(t *testing.T) {
	without := func(name string) string {
		var kept []string
		for _, line := range strings.SplitAfter(everything, "},") {
			if !strings.Contains(line, name) {
				kept = append(kept, strings.TrimSuffix(line, ","))
			}
		}
		return strings.Join(kept, ",")
	}
	const machine = `,"hardware":{"serial":"sn-000-1","disks":["disk-0001"]}`
	for _, tt := range []struct {
		name, params string
		status       checks.Status
		code         string
		found        []string
	}{
		{"all approved", `{"software":[` + everything + `]` + machine + `}`, checks.Pass, "inventory.equal", nil},
		{"no entry of the machine", `{"software":[` + everything + `]}`, checks.Unknown, "inventory.no_hardware_entry", nil},
		{"no list of programs", `{"hardware":{"serial":"SN-000-1"}}`, checks.Unknown, "inventory.no_software_list", nil},
		{"one of a profile is not approved", `{"software":[` + without("Solitario") + `]` + machine + `}`, checks.Fail, "inventory.differs", []string{"Solitario Plus inventory.unlisted"}},
		{"one that hides is not approved", `{"software":[` + without("Asistente") + `]}`, checks.Fail, "inventory.differs", []string{"Asistente remoto gratis inventory.unlisted"}},
		{"one of the store is not approved", `{"software":[` + without("5319275A") + `]}`, checks.Fail, "inventory.differs", []string{"5319275A.Mensajes inventory.unlisted", "5319275A.WhatsAppDesktop inventory.unlisted"}},
		{"the name of another publisher", `{"software":[` + without("libreoffice") + `,{"name":"LibreOffice*","publisher":"Otra"}]}`, checks.Fail, "inventory.differs", []string{"LibreOffice 24.8 inventory.unlisted"}},
		{"another machine", `{"software":[` + everything + `],"hardware":{"serial":"SN-000-2"}}`, checks.Fail, "inventory.differs", []string{"serial inventory.other_machine"}},
		{
			"another disk", `{"software":[` + everything + `],"hardware":{"serial":"SN-000-1","disks":["DISK-0002"]}}`, checks.Fail, "inventory.differs",
			[]string{"disk DISK-0001 inventory.disk_extra", "disk DISK-0002 inventory.disk_missing"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := hosttest.Load("testdata/windows-11-es-mx")
			if err != nil {
				t.Fatal(err)
			}
			got := checktest.Run(t, stock(), *h, tt.params)
			if got.Status != tt.status || got.Reason.Code != tt.code {
				t.Errorf("got %s %v, want %s %s", got.Status, got.Reason, tt.status, tt.code)
			}
			if diff := cmp.Diff(tt.found, brief(got.Findings)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			said(t, got.Verdict)
		})
	}
}

func brief(findings []checks.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Key+" "+f.Reason.Code)
	}
	return out
}

func said(t *testing.T, v checks.Verdict) {
	t.Helper()
	for _, r := range append([]checks.Reason{v.Reason}, reasons(v.Findings)...) {
		e, ok := messages()[r.Code]
		if !ok {
			t.Errorf("%s has no message", r.Code)
		}
		if text := e.Say.Format("es", r.Args); strings.ContainsAny(text, "{}") {
			t.Errorf("%s: an argument is missing: %s", r.Code, text)
		}
	}
}

func reasons(findings []checks.Finding) []checks.Reason {
	var out []checks.Reason
	for _, f := range findings {
		out = append(out, f.Reason)
	}
	return out
}

func TestJudge(t *testing.T) {
	whole := func(change func(*snapshot)) snapshot {
		s := snapshot{
			Machine:  &machine{Hostname: "a"},
			Hardware: &host.Hardware{Serial: "S1", Disks: []host.Disk{{Name: "sda", Serial: "D1"}, {Name: "sdb", Serial: "U1", Removable: true}}},
			Software: []program{{Name: "a", From: "dpkg"}, {Name: "b", From: "dpkg"}},
		}
		if change != nil {
			change(&s)
		}
		s.Digest = s.digest()
		return s
	}
	list := []approved{{Name: "a"}, {Name: "B"}}
	entry := &equipment{Serial: "s1", Disks: []string{"d1"}}
	for _, tt := range []struct {
		name   string
		seen   snapshot
		params stockParams
		status checks.Status
		code   string
		found  []string
	}{
		{"equal", whole(nil), stockParams{list, entry}, checks.Pass, "inventory.equal", nil},
		{"nothing to compare with", whole(nil), stockParams{}, checks.Unknown, "inventory.no_register", nil},
		{"programs not read whole", whole(func(s *snapshot) { s.Unread = []checks.Unread{{Source: "packages", Why: "permission"}} }), stockParams{list, entry}, checks.Unknown, "inventory.unread", nil},
		{"list cut off", whole(func(s *snapshot) { s.SoftwareMore = 1 }), stockParams{list, entry}, checks.Unknown, "inventory.unread", nil},
		{"a difference in what was read", whole(func(s *snapshot) { s.SoftwareMore = 1 }), stockParams{list[:1], entry}, checks.Fail, "inventory.differs", []string{"b inventory.unlisted"}},
		{"nothing read at all", snapshot{Unread: []checks.Unread{{Source: "hardware", Why: "unsupported"}}}, stockParams{list, entry}, checks.Unknown, "inventory.unread", nil},
		{"no serial", whole(func(s *snapshot) { s.Hardware.Serial = "" }), stockParams{list, entry}, checks.Unknown, "inventory.hardware_unread", []string{"serial inventory.serial_unread"}},
		{
			"a disk without serial", whole(func(s *snapshot) { s.Hardware.Disks[0].Serial = "" }), stockParams{list, entry}, checks.Unknown, "inventory.hardware_unread",
			[]string{"disk sda inventory.disk_unread", "disk d1 inventory.disk_missing"},
		},
		{"a disk taken out", whole(func(s *snapshot) { s.Hardware.Disks = nil }), stockParams{list, entry}, checks.Fail, "inventory.differs", []string{"disk d1 inventory.disk_missing"}},
		{"a disk put in", whole(func(s *snapshot) { s.Hardware.Disks = append(s.Hardware.Disks, host.Disk{Name: "sdc", Serial: "D9"}) }), stockParams{list, entry}, checks.Fail, "inventory.differs", []string{"disk D9 inventory.disk_extra"}},
		{"an entry without disks", whole(nil), stockParams{list, &equipment{Serial: "S1"}}, checks.Pass, "inventory.equal", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := judge(tt.seen, tt.params, time.Time{})
			if got.Status != tt.status || got.Reason.Code != tt.code {
				t.Errorf("got %s %v, want %s %s", got.Status, got.Reason, tt.status, tt.code)
			}
			if diff := cmp.Diff(tt.found, brief(got.Findings)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			said(t, got)
		})
	}
}

func TestManyUnlisted(t *testing.T) {
	var s snapshot
	for i := range 3 * maxFindings {
		s.Software = append(s.Software, program{Name: fmt.Sprintf("p%d", i/2), Version: fmt.Sprint(i), From: "dpkg"})
	}
	got := judge(s, stockParams{Software: []approved{{Name: "x"}}}, time.Time{})
	if len(got.Findings) != maxFindings || got.Reason.Args["unlisted"] != fmt.Sprint(3*maxFindings/2) {
		t.Errorf("got %d findings and %s unlisted, want %d and %d", len(got.Findings), got.Reason.Args["unlisted"], maxFindings, 3*maxFindings/2)
	}
}

// system is a machine's System whose answers are given.
type system struct {
	host.Unsupported
	hw      host.Hardware
	volumes []host.Volume
}

func (s system) Hardware(context.Context) (host.Hardware, error) { return s.hw, nil }
func (s system) Volumes(context.Context) ([]host.Volume, error)  { return s.volumes, nil }
func (system) Identity(context.Context) (host.Identity, error) {
	return host.Identity{BootTime: time.Now()}, nil
}
func (system) Interfaces(context.Context) ([]host.Interface, error) { return nil, nil }

func observed(t *testing.T, s system, files host.Files) snapshot {
	t.Helper()
	h := host.New(host.Host{OS: host.Linux, System: s, Files: files})
	res := stock().Run(t.Context(), h, nil)
	var out snapshot
	if err := json.Unmarshal(res.Observed, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// The digest stays while media come and go and space is used, and changes with
// whatever else does.
func TestDigest(t *testing.T) {
	base := system{
		hw:      host.Hardware{Serial: "S", RAM: 8, Disks: []host.Disk{{Name: "sda", Serial: "D"}}},
		volumes: []host.Volume{{Mount: "/", Free: 10, Total: 20}},
	}
	none := checktest.Files{Content: map[string]string{}}
	first := observed(t, base, none)
	same := base
	same.volumes = []host.Volume{{Mount: "/", Free: 5, Total: 20}, {Mount: "/media/usb", Removable: true}}
	same.hw.Disks = append(slices.Clone(base.hw.Disks), host.Disk{Name: "sdb", Removable: true})
	same.hw.Unread = []string{"cpu: permission"}
	if got := observed(t, same, none); got.Digest != first.Digest || len(first.Digest) != 64 {
		t.Errorf("a USB stick: got %q, want %q", got.Digest, first.Digest)
	}
	more := base
	more.hw.RAM = 16
	if got := observed(t, more, none); got.Digest == first.Digest {
		t.Error("more memory and the same digest")
	}
	added := checktest.Files{Content: map[string]string{"/var/lib/flatpak/app/org.ejemplo.Juego/current": ""}}
	if got := observed(t, base, added); got.Digest == first.Digest {
		t.Error("another program and the same digest")
	}
}

// berkeleyOfOthers is a database of Berkeley DB in which there is something else.
func berkeleyOfOthers(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../format/bdb/testdata/Packages")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLinuxDatabases(t *testing.T) {
	for _, tt := range []struct {
		name   string
		files  checktest.Files
		want   []string // programs
		unread []checks.Unread
	}{
		{
			name: "dpkg: what is on the disk, in any state",
			files: checktest.Files{Content: map[string]string{"/var/lib/dpkg/status": "Package: a\nStatus: install ok installed\nVersion: 1-1\nArchitecture: amd64\n\n" +
				"Package: b\nStatus: deinstall ok config-files\nVersion: 2\nArchitecture: all\n\nPackage: c\nStatus: install ok half-configured\nVersion: 3\nArchitecture: all\n"}},
			want: []string{"a 1-1 dpkg", "c 3 dpkg"},
		},
		{
			name: "dpkg, damaged",
			files: checktest.Files{Content: map[string]string{"/var/lib/dpkg/status": "Package: a\nStatus: install ok installed\nVersion: 1-1\n\n" +
				"gibberish\n\nmore of it\n\nPackage: c\nStatus: install ok installed\nVersion: 3\n"}},
			want: []string{"a 1-1 dpkg", "c 3 dpkg"}, unread: []checks.Unread{{Source: "/var/lib/dpkg/status", Why: "unreadable"}},
		},
		{
			name:   "dpkg, refused",
			files:  checktest.Files{Unreadable: []string{"/var/lib/dpkg/status"}, Content: map[string]string{"/var/lib/dpkg/status": ""}},
			unread: []checks.Unread{{Source: "/var/lib/dpkg/status", Why: "permission"}},
		},
		{name: "no database", files: checktest.Files{}, unread: []checks.Unread{{Source: "packages", Why: "absent"}}},
		{
			name:   "rpm, damaged",
			files:  checktest.Files{Content: map[string]string{"/var/lib/rpm/rpmdb.sqlite": "x"}},
			unread: []checks.Unread{{Source: "/var/lib/rpm/rpmdb.sqlite", Why: "unreadable"}},
		},
		{
			name:   "rpm in Berkeley DB, damaged",
			files:  checktest.Files{Content: map[string]string{"/var/lib/rpm/Packages": "x"}},
			unread: []checks.Unread{{Source: "/var/lib/rpm/Packages", Why: "unreadable"}},
		},
		{
			name:   "rpm in Berkeley DB without packages",
			files:  checktest.Files{Content: map[string]string{"/var/lib/rpm/Packages": berkeleyOfOthers(t)}},
			unread: []checks.Unread{{Source: "/var/lib/rpm/Packages", Why: "unreadable"}},
		},
		{
			name:   "rpm in ndb has no reader",
			files:  checktest.Files{Content: map[string]string{"/usr/lib/sysimage/rpm/Packages.db": "x"}},
			unread: []checks.Unread{{Source: "/usr/lib/sysimage/rpm/Packages.db", Why: "unsupported"}},
		},
		{
			name: "dpkg, what came with the system or for another",
			files: checktest.Files{Content: map[string]string{
				"/var/lib/dpkg/status": "Package: dpkg\nStatus: install ok installed\nPriority: required\nVersion: 1.21\nArchitecture: amd64\n\n" +
					"Package: libuno\nStatus: install ok installed\nPriority: optional\nVersion: 1\nArchitecture: i386\n\n" +
					"Package: datos\nStatus: install ok installed\nPriority: optional\nVersion: 2\nArchitecture: all\n\n" +
					"Package: editor\nStatus: install ok installed\nPriority: optional\nVersion: 3\nArchitecture: amd64\n",
				"/var/lib/apt/extended_states": "Package: libuno\nArchitecture: i386\nAuto-Installed: 1\n\nPackage: datos\nArchitecture: amd64\nAuto-Installed: 1\n",
			}},
			want: []string{"editor 3 dpkg", "base: datos 2", "base: dpkg 1.21", "base: libuno:i386 1"},
		},
		{
			name: "apk",
			files: checktest.Files{Content: map[string]string{
				"/lib/apk/db/installed": "C:Q1=\nP:musl\nV:1.2.4-r2\nA:x86_64\n\nP:busybox\nV:1.36\nA:x86_64\n", "/etc/apk/world": "busybox>1\n",
			}},
			want: []string{"busybox 1.36 apk", "base: musl 1.2.4-r2"},
		},
		{
			name:  "pacman",
			files: checktest.Files{Content: map[string]string{"/var/lib/pacman/local/gtk-doc-1.34-1/desc": "x", "/var/lib/pacman/local/ALPM_DB_VERSION": "9"}},
			want:  []string{"gtk-doc 1.34-1 pacman"},
		},
		{
			name: "versions of snap and flatpak",
			files: checktest.Files{Content: map[string]string{
				"/var/lib/pacman/local/a-1-1/desc": "x", "/var/lib/snapd/snaps/firefox_999.snap": "x", "/var/lib/snapd/snaps/firefox_1024.snap": "x", "/var/lib/snapd/snaps/core22_5.snap": "x",
				"/snap/firefox/current/meta/snap.yaml":                                                  "name: firefox\nversion: '140.0-1'\nsummary: x\n",
				"/var/lib/flatpak/app/org.a.B/current/active/metadata":                                  "[Application]\nname=org.a.B\nruntime=org.a.Platform/x86_64/46\n",
				"/var/lib/flatpak/app/org.a.B/current/active/files/share/metainfo/org.a.B.metainfo.xml": "<component><releases>\n<release date='2026-01-01' version='2.10'/><release version='2.9'/>",
				"/home/usuario1/.local/share/flatpak/app/org.c.D/x":                                     "x",
			}},
			want: []string{"a 1-1 pacman", "firefox 140.0-1 snap", "org.a.B 2.10 flatpak", "org.c.D  flatpak_user", "base: core22 5"},
		},
		{
			name: "snap and flatpak beside it",
			files: checktest.Files{Content: map[string]string{
				"/lib/apk/db/installed": "x", "/var/lib/snapd/snaps/firefox_4173.snap": "x", "/var/lib/snapd/snaps/partial/a": "x",
				"/var/lib/flatpak/app/org.gimp.GIMP/current": "x",
			}},
			want: []string{"firefox 4173 snap", "org.gimp.GIMP  flatpak"},
		},
		{
			name:   "refused",
			files:  checktest.Files{Content: map[string]string{"/var/lib/flatpak/app/x/y": ""}, Unreadable: []string{"/var/lib/flatpak/app", "/var/lib/rpm"}},
			unread: []checks.Unread{{Source: "/var/lib/rpm/Packages", Why: "permission"}, {Source: "/var/lib/rpm/Packages.db", Why: "permission"}, {Source: "/var/lib/rpm/rpmdb.sqlite", Why: "permission"}, {Source: "/var/lib/flatpak/app", Why: "permission"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := observed(t, system{}, tt.files)
			var programs []string
			for _, p := range got.Software {
				programs = append(programs, p.Name+" "+p.Version+" "+p.From)
			}
			for _, from := range slices.Sorted(maps.Keys(got.Base)) {
				for _, line := range got.Base[from] {
					programs = append(programs, "base: "+line)
				}
			}
			if diff := cmp.Diff(tt.want, programs); diff != "" {
				t.Errorf("programs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.unread, got.Unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWindowsUnread(t *testing.T) {
	reg := checktest.Registry{
		Values: map[string]any{
			`HKLM\SOFTWARE` + uninstall + `\A\DisplayName`:                                            "A",
			`HKLM\SOFTWARE` + uninstall + `\B\DisplayName`:                                            "B",
			`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1-2-3-1001\State`: 0,
			`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-19\State`:            0,
			`HKU\S-1-5-21-1-2-3-1001\Software` + uninstall + `\C\DisplayName`:                         "C",
			servicesKey + `\a\Type`: 16,
		},
		Unreadable: []string{`HKU\S-1-5-21-1-2-3-1001`, `HKLM\SOFTWARE` + uninstall + `\B`, servicesKey},
	}
	h := host.New(host.Host{OS: host.Windows, Registry: reg, System: system{}})
	res := stock().Run(t.Context(), h, json.RawMessage(`{"software":[{"name":"*"}],"hardware":{"serial":"x"}}`))
	if res.Status == checks.Pass {
		t.Error("a registry that was refused in part passes")
	}
	var got snapshot
	if err := json.Unmarshal(res.Observed, &got); err != nil {
		t.Fatal(err)
	}
	want := []checks.Unread{
		{Source: `HKLM\SOFTWARE` + uninstall, Why: "permission"},
		{Source: `HKU\S-1-5-21-1-2-3-1001`, Why: "permission"},
		{Source: servicesKey, Why: "permission"},
	}
	if diff := cmp.Diff(want, got.Unread); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	if len(got.Software) != 1 || got.Software[0].Name != "A" {
		t.Errorf("got %+v, want A alone", got.Software)
	}
}

// A machine that answers nothing has a snapshot that says so.
func TestNothingAnswers(t *testing.T) {
	for _, os := range []host.OS{host.Linux, host.Windows} {
		res := stock().Run(t.Context(), host.New(host.Host{OS: os}), json.RawMessage(`{"software":[{"name":"*"}],"hardware":{"serial":"x"}}`))
		if res.Status != checks.Unknown || res.Reason.Code != "inventory.unread" {
			t.Errorf("%s: got %s %v, want unknown", os, res.Status, res.Reason)
		}
	}
}

func TestLimits(t *testing.T) {
	var many []program
	for i := range 30_000 {
		many = append(many, program{Name: fmt.Sprintf("paquete-%05d", i), Version: "1.2.3-4+deb12u1", Arch: "amd64", From: "dpkg"})
	}
	many = append(many, many[0]) // said twice
	kept, more := fit(many)
	b, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	if len(kept)+more != 30_000 || len(kept) > maxPrograms || len(b) > maxSoftware {
		t.Errorf("kept %d in %d bytes, %d more", len(kept), len(b), more)
	}
	if got := plain("a\x00b\xff  c\n" + strings.Repeat("é", 300)); len([]rune(got)) != maxText || !strings.HasPrefix(got, "a b\uFFFD c é") {
		t.Errorf("got %q", got)
	}
	if !bytes.Contains(b, []byte("paquete-00000")) {
		t.Error("the first program is missing")
	}
}

func TestParameters(t *testing.T) {
	for _, tt := range []struct{ params, want string }{
		{``, ""},
		{`{"software":[{"name":"*"}]}`, ""},
		{`{"software":[{"publisher":"x"}]}`, "approved program 1: want a name"},
		{`{"software":[{"name":"a*b","versions":">=1 <2"}]}`, ""},
		{`{"software":[{"name":"a","versions":"=>1"}]}`, `approved program 1: version "=>1": want 24.2, 24.* or a bound such as >=24.2 or <25`},
		{`{"hardware":{"disks":["x"]}}`, "hardware needs the machine's serial number"},
	} {
		got := ""
		if err := stock().CheckParams(json.RawMessage(tt.params)); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.params, got, tt.want)
		}
	}
}

func TestMessagesComplete(t *testing.T) {
	if got := messages().Problems(); len(got) > 0 {
		t.Errorf("incomplete messages: %q", got)
	}
}
