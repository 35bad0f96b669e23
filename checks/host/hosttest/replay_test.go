package hosttest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
	"vigia/checks/host/hosttest"
)

const profile = `HKU\S-1-5-21-1000000001-2000000001-3000000001-1001`

func documented(t *testing.T) *host.Host {
	t.Helper()
	h, err := hosttest.Load(filepath.Join("testdata", "windows-documented"))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestDocumentedRegistry(t *testing.T) {
	t.Parallel()
	h := documented(t)
	str := func(s string) host.RegistryValue { return host.RegistryValue{Kind: host.RegistryString, String: s} }
	const policies = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies`
	for _, tt := range []struct {
		key, name string
		want      host.RegistryValue
		err       error
	}{
		{policies + `\System`, "InactivityTimeoutSecs", host.RegistryValue{Kind: host.RegistryInteger, Integer: 900}, nil},
		{`hklm\software\microsoft\windows\currentversion\policies\SYSTEM`, "inactivitytimeoutsecs", host.RegistryValue{Kind: host.RegistryInteger, Integer: 900}, nil},
		{policies + `\System`, "legalnoticetext", str(""), nil},
		{policies + `\System`, "dontdisplaylastusername", host.RegistryValue{}, fs.ErrNotExist},
		{policies + `\System`, "anything else", host.RegistryValue{}, fs.ErrNotExist},
		{policies + `\Explorer\Sub`, "x", host.RegistryValue{}, fs.ErrNotExist},
		{policies + `2`, "x", host.RegistryValue{}, host.ErrNotRecorded},
		{`HKLM\SOFTWARE\Prueba`, "Lista", host.RegistryValue{Kind: host.RegistryStrings, Strings: []string{"a", "b"}}, nil},
		{`HKLM\SOFTWARE\Prueba`, "Vedado", host.RegistryValue{}, fs.ErrPermission},
		{`HKLM\SOFTWARE\Prueba`, "Otro", host.RegistryValue{}, host.ErrNotRecorded},
		{`HKLM\SOFTWARE\Ausente`, "x", host.RegistryValue{}, fs.ErrNotExist},
		{`HKLM\SOFTWARE\Ausente\Debajo`, "x", host.RegistryValue{}, fs.ErrNotExist},
		{profile + `\Control Panel\Desktop`, "ScreenSaveTimeOut", str("600"), nil},
		{profile + `\Software\Policies`, "ScreenSaveTimeOut", host.RegistryValue{}, fs.ErrNotExist},
	} {
		got, err := h.Registry.Value(t.Context(), tt.key, tt.name)
		if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) {
			t.Errorf("%s %s: %v, want %v, -want +got:\n%s", tt.key, tt.name, err, tt.err, diff)
		}
	}
	_, err := h.Registry.Value(t.Context(), strings.TrimSuffix(profile, "1")+`2\Control Panel`, "x")
	if got := kind(err); got != "unreadable" {
		t.Errorf("profile that could not be read: got %s", got)
	}
	for _, tt := range []struct {
		key  string
		want []string
		err  error
	}{
		{`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`, []string{"S-1-5-18", "S-1-5-21-1000000001-2000000001-3000000001-1001"}, nil},
		{policies, []string{"System"}, nil},
		{policies + `\System`, []string{}, nil},
		{policies + `\Absent`, nil, fs.ErrNotExist},
		{profile, []string{"Control Panel"}, nil},
		{`HKLM\SOFTWARE\Ausente`, nil, fs.ErrNotExist},
		{`HKLM\SOFTWARE`, nil, host.ErrNotRecorded},
	} {
		got, err := h.Registry.Subkeys(t.Context(), tt.key)
		if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("subkeys of %s: got %v, %v, want %v, %v", tt.key, got, err, tt.want, tt.err)
		}
	}
	for _, tt := range []struct {
		key  string
		want []string
		err  error
	}{
		{policies + `\System`, []string{"InactivityTimeoutSecs", "legalnoticetext"}, nil}, // and one that is absent
		{policies, []string{}, nil},
		{policies + `\Absent`, nil, fs.ErrNotExist},
		{`HKLM\SOFTWARE\Ausente`, nil, fs.ErrNotExist},
		{`HKLM\SOFTWARE\Prueba`, nil, host.ErrNotRecorded}, // values are, but not that they are all
	} {
		got, err := h.Registry.ValueNames(t.Context(), tt.key)
		if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("values of %s: got %v, %v, want %v, %v", tt.key, got, err, tt.want, tt.err)
		}
	}
}

func TestDocumentedFiles(t *testing.T) {
	t.Parallel()
	h := documented(t)
	for _, tt := range []struct{ path, read, stat string }{
		{`C:\Users\usuario01\Documents\nota.txt`, "fine", "fine"},
		{`c:\USERS\usuario01\documents\NOTA.TXT`, "fine", "fine"},
		{`C:\Users\usuario01\Documents`, "unreadable", "fine"},
		{`C:\Users\usuario01`, "unreadable", "fine"},
		{`C:\Users\usuario01\Documents\enlace`, host.ErrNotRecorded.Error(), "fine"},
		{`C:\Users\usuario01\Documents\grande.bin`, host.ErrTooBig.Error(), "fine"},
		{`C:\Users\usuario02\Documents`, fs.ErrPermission.Error(), fs.ErrPermission.Error()},
		{`C:\Users\usuario03`, fs.ErrNotExist.Error(), fs.ErrNotExist.Error()},
		{`C:\Windows\win.ini`, host.ErrNotRecorded.Error(), host.ErrNotRecorded.Error()},
		{`relative`, "unreadable", "unreadable"},
	} {
		_, readErr := h.Files.ReadFile(t.Context(), tt.path, 1000)
		_, statErr := h.Files.Stat(t.Context(), tt.path)
		if kind(readErr) != tt.read || kind(statErr) != tt.stat {
			t.Errorf("%s: got %v and %v, want %s and %s", tt.path, readErr, statErr, tt.read, tt.stat)
		}
	}
	info, err := h.Files.Stat(t.Context(), `C:\Users\usuario01\Documents\enlace`)
	if err != nil || info.Size != 7 || info.Mode != 0 {
		t.Errorf("link: got %+v, %v, want its target", info, err)
	}
	var seen []string
	err = h.Files.Walk(t.Context(), `C:\Users`, func(name string, info host.FileInfo, err error) error {
		seen = append(seen, fmt.Sprint(info.Name, " ", info.Mode.Type(), " ", kind(err)))
		return nil
	})
	want := []string{
		"Users d--------- fine", "usuario01 d--------- fine", "Desktop d--------- permission denied",
		"Documents d--------- fine", "enlace L--------- fine", "grande.bin ---------- fine", "nota.txt ---------- fine",
		"usuario02 ---------- permission denied",
	}
	if diff := cmp.Diff(want, seen); diff != "" || err != nil {
		t.Errorf("walk: %v, -want +got:\n%s", err, diff)
	}
}

func TestDocumentedFacets(t *testing.T) {
	t.Parallel()
	h := documented(t)
	ctx := t.Context()
	users, err := h.Accounts.Users(ctx)
	if err != nil || len(users) != 2 || users[1].PasswordAge != 8640000 {
		t.Errorf("users: got %+v, %v", users, err)
	}
	if policy, err := h.Accounts.PasswordPolicy(ctx); err != nil || policy.LockoutThreshold != 10 || !policy.PropertiesKnown {
		t.Errorf("policy: got %+v, %v", policy, err)
	}
	if members, err := h.Accounts.Members(ctx, "S-1-5-32-544"); err != nil || len(members) != 2 {
		t.Errorf("members: got %+v, %v", members, err)
	}
	_, absent := h.Accounts.Members(ctx, "S-1-5-32-555")
	_, unasked := h.Accounts.Members(ctx, "S-1-5-32-551")
	_, hardware := h.System.Hardware(ctx)
	_, volumes := h.System.Volumes(ctx)
	for _, tt := range []struct {
		what      string
		got, want error
	}{
		{"absent group", absent, fs.ErrNotExist}, {"unasked group", unasked, host.ErrNotRecorded},
		{"hardware", hardware, host.ErrUnsupported}, {"volumes", volumes, host.ErrNotRecorded},
	} {
		if !errors.Is(tt.got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.what, tt.got, tt.want)
		}
	}
	if s, err := h.PersonalData.Scan(ctx, host.ScanRequest{MaxFiles: 4}); err != nil || !s.Complete {
		t.Errorf("scan: got %+v, %v, want the one recorded for any request", s, err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := h.Accounts.Users(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	const head = "{\n  \"version\": 1, \"os\": \"windows\", \"origin\": \"documented\",\n  \"time\": \"2026-01-01T00:00:00Z\",\n"
	for _, tt := range []struct{ name, doc, want string }{
		{"empty", "", "recording.json:1: empty"},
		{"syntax", "{\n\"version\": 1,\n}", "recording.json:3: "},
		{"unknown field", head + "  \"regsitry\": {}\n}", `recording.json:4: json: unknown field "regsitry"`},
		{"unknown field below", head + "  \"system\": {\n\"identity\": {\"hostnmae\": \"x\"}}\n}", `recording.json:5: json: unknown field "hostnmae"`},
		{"twice", head + "  \"note\": \"a\",\n  \"note\": \"b\"\n}", `recording.json:5: "note" appears twice`},
		{"wrong type", head + "  \"note\":\n 5\n}", "recording.json:5: json: cannot unmarshal number"},
		{"two values", head + "  \"note\": \"\"\n}\n{}", "recording.json:6: more than one JSON value"},
		{"version", "{\n\"version\": 2}", `recording.json:2: "version": 2, this program reads version 1`},
		{"os", "{\"version\": 1,\n\"os\": \"beos\"}", `recording.json:2: "os": "beos": want linux or windows`},
		{"origin", "{\"version\": 1, \"os\": \"linux\",\n\"origin\": \"guessed\"}", `recording.json:2: "origin": "guessed"`},
		{"no time", "{\"version\": 1, \"os\": \"linux\", \"origin\": \"recorded\"}", `recording.json:1: "time": missing`},
		{"linux registry", "{\"version\": 1, \"os\": \"linux\", \"origin\": \"recorded\", \"time\": \"2026-01-01T00:00:00Z\",\n\"registry\": {}}", `recording.json:2: "registry": a Linux machine has none`},
		{"mode", head + "  \"files\": {\n    \"C:\\\\x\": {\"mode\": \"rw\"}}\n}", `recording.json:5: "C:\\x": mode "rw"`},
		{"error code", head + "  \"files\": {\n    \"C:\\\\x\": {\"error\": \"gone\"}}\n}", `recording.json:5: "C:\\x": unknown error "gone"`},
		{"registry value", head + "  \"registry\": {\n    \"HKLM\\\\A\": {},\n    \"HKLM\\\\B\": {\"n\": -1}}\n}", `recording.json:6: "HKLM\\B": value "n": `},
		{"registry object", head + "  \"registry\": {\n    \"HKLM\\\\B\": {\"n\": {\"binary\": \"\", \"error\": \"absent\"}}}\n}", `recording.json:5: "HKLM\\B": value "n": want either`},
		{"registry root", head + "  \"registry\": {\"HKCU\\\\B\": {}}\n}", `"HKCU\\B": not a key such as`},
		{"key in two spellings", head + "  \"registry\": {\"HKLM\\\\B\": {}, \"HKLM\\\\b\": {}}\n}", "recorded twice"},
		{"relative path", head + "  \"files\": {\"x\": {}}\n}", "not an absolute path"},
		{"scan", head + "  \"personal_data\": [{}]\n}", `recording.json:4: "personal_data": want either`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, map[string]string{"recording.json": tt.doc})
			_, err := hosttest.Load(dir)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
		})
	}
	t.Run("contents", func(t *testing.T) {
		t.Parallel()
		doc := head + "  \"note\": \"\"\n}"
		for name, files := range map[string]map[string]string{
			"not a regular file":       {"recording.json": doc, "files/C/x": "-> /etc/passwd"},
			"not below a drive letter": {"recording.json": doc, "files/etc/passwd": "x"},
			"recorded twice":           {"recording.json": doc, "files/C/a": "x", "files/C/A": "x"},
		} {
			if _, err := hosttest.Load(tree(t, files)); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want it to say %q", err, name)
			}
		}
	})
	if _, err := hosttest.Load(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no recording: got %v, want %v", err, fs.ErrNotExist)
	}
}

func TestSaveRefusesToMix(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"something": "x"})
	if err := hosttest.NewRecorder(documented(t)).Save(dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("got %v, want it to refuse a folder that is not empty", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "recording.json")); err == nil {
		t.Error("wrote a recording all the same")
	}
}
