package local

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/windows/registry"

	"vigia/checks/format/hive/hivetest"
	"vigia/checks/host"
)

// key makes a key of HKLM that is gone when the test ends.
func key(t *testing.T, path string) registry.Key {
	t.Helper()
	k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, path, registry.ALL_ACCESS|registry.WOW64_64KEY)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		k.Close()
		if err := registry.DeleteKey(registry.LOCAL_MACHINE, path); err != nil {
			t.Error(err)
		}
	})
	return k
}

func TestLiveRegistry(t *testing.T) {
	const path = `SOFTWARE\VigiaPrueba`
	k := key(t, path)
	for _, name := range []string{"Segunda", "primera"} {
		key(t, path+`\`+name)
	}
	err := errors.Join(
		k.SetStringValue("Texto", "año"),
		k.SetExpandStringValue("Variable", `%SystemDrive%\x`),
		k.SetDWordValue("Segundos", 900),
		k.SetQWordValue("Grande", 1<<40),
		k.SetStringsValue("Lista", []string{"a", "b"}),
		k.SetBinaryValue("Bytes", []byte{1, 2, 3}),
		k.SetStringValue("", "por defecto"),
		k.SetBinaryValue("Largo", bytes.Repeat([]byte{7}, 5000)),
		k.SetBinaryValue("Enorme", make([]byte, maxRegistryValue+1)),
	)
	if err != nil {
		t.Fatal(err)
	}
	r := New(Options{}).Registry
	for _, tt := range []struct {
		name string
		want host.RegistryValue
	}{
		{"Texto", host.RegistryValue{Kind: host.RegistryString, String: "año"}},
		{"texto", host.RegistryValue{Kind: host.RegistryString, String: "año"}},
		{"Variable", host.RegistryValue{Kind: host.RegistryString, String: `%SystemDrive%\x`}},
		{"Segundos", host.RegistryValue{Kind: host.RegistryInteger, Integer: 900}},
		{"Grande", host.RegistryValue{Kind: host.RegistryInteger, Integer: 1 << 40}},
		{"Lista", host.RegistryValue{Kind: host.RegistryStrings, Strings: []string{"a", "b"}}},
		{"Bytes", host.RegistryValue{Kind: host.RegistryBinary, Binary: []byte{1, 2, 3}}},
		{"", host.RegistryValue{Kind: host.RegistryString, String: "por defecto"}},
		{"Largo", host.RegistryValue{Kind: host.RegistryBinary, Binary: bytes.Repeat([]byte{7}, 5000)}},
	} {
		got, err := r.Value(t.Context(), `HKLM\`+path, tt.name)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%q: %v, -want +got:\n%s", tt.name, err, diff)
		}
	}
	for _, tt := range []struct {
		key, name string
		want      error
	}{
		{`HKLM\` + path, "Ausente", fs.ErrNotExist},
		{`HKLM\` + path + `\Ausente`, "x", fs.ErrNotExist},
		{`HKLM\` + path, "Enorme", host.ErrTooBig},
		{`HKU\S-1-5-21-1-2-3-4444\Software`, "x", fs.ErrNotExist},
		{`HKU\S-1-5-21-1-2-3-4444_Classes`, "x", host.ErrUnsupported},
		{`HKCU\Software`, "x", errBadKey},
	} {
		if _, err := r.Value(t.Context(), tt.key, tt.name); !errors.Is(err, tt.want) {
			t.Errorf("%s %s: got %v, want %v", tt.key, tt.name, err, tt.want)
		}
	}
	got, err := r.Subkeys(t.Context(), `HKLM\`+path)
	if want := []string{"Segunda", "primera"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("subkeys: got %v, %v, want %v", got, err, want)
	}
	names, err := r.ValueNames(t.Context(), `HKLM\`+path)
	if err != nil || !slices.Contains(names, "Enorme") || slices.Contains(names, "primera") {
		t.Errorf("values: got %v, %v", names, err)
	}
	if _, err := r.Subkeys(t.Context(), `HKLM\`+path+`\Ausente`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("subkeys of an absent key: got %v", err)
	}
}

// A profile that nobody has loaded answers like one that is loaded.
func TestProfileThatIsNotLoaded(t *testing.T) {
	const sid, gone = "S-1-5-21-7-8-9-1001", "S-1-5-21-7-8-9-1002"
	folder := t.TempDir()
	data := hivetest.Build(hivetest.Key{Name: "root", Subkeys: []hivetest.Key{
		{Name: "Control Panel", Subkeys: []hivetest.Key{{Name: "Desktop", Values: []hivetest.Value{
			hivetest.SZ("ScreenSaveTimeOut", "600"),
		}}}},
		{Name: "Software"},
	}})
	if err := os.WriteFile(filepath.Join(folder, "NTUSER.DAT"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VIGIA_PRUEBA", folder)
	if err := key(t, profileList+`\`+sid).SetExpandStringValue("ProfileImagePath", "%VIGIA_PRUEBA%"); err != nil {
		t.Fatal(err)
	}
	if err := key(t, profileList+`\`+gone).SetStringValue("ProfileImagePath", filepath.Join(folder, "absent")); err != nil {
		t.Fatal(err)
	}
	key(t, profileList+`\`+sid+".bak")

	r := New(Options{}).Registry
	v, err := r.Value(t.Context(), `HKU\`+sid+`\Control Panel\Desktop`, "ScreenSaveTimeOut")
	if err != nil || v.Kind != host.RegistryString || v.String != "600" {
		t.Errorf("got %+v, %v, want 600", v, err)
	}
	if _, err := r.Value(t.Context(), `HKU\`+sid+`\Control Panel\Desktop`, "SCRNSAVE.EXE"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent value: got %v", err)
	}
	if names, err := r.Subkeys(t.Context(), `HKU\`+sid); err != nil || !slices.Equal(names, []string{"Control Panel", "Software"}) {
		t.Errorf("subkeys: got %v, %v", names, err)
	}
	if names, err := r.ValueNames(t.Context(), `HKU\`+sid+`\Control Panel\Desktop`); err != nil || !slices.Equal(names, []string{"ScreenSaveTimeOut"}) {
		t.Errorf("values: got %v, %v", names, err)
	}
	if _, err := r.Value(t.Context(), `HKU\`+gone+`\Control Panel\Desktop`, "x"); !errors.Is(err, errNoHive) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("profile without hive: got %v, want %v: its settings are not absent", err, errNoHive)
	}
	names, err := r.Subkeys(t.Context(), "HKU")
	if err != nil || !slices.Contains(names, sid) || slices.Contains(names, sid+".bak") || len(names) < 2 {
		t.Errorf("HKU: got %v, %v, want the loaded hives and %s", names, err, sid)
	}
}

func TestLiveFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "Copia.tar")
	if err := os.WriteFile(file, []byte("0123"), 0o600); err != nil {
		t.Fatal(err)
	}
	deep := filepath.Join(dir, strings.Repeat("a", 120), strings.Repeat("b", 120))
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(deep, "largo.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := New(Options{}).Files
	info, err := files.Stat(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Name != "Copia.tar" || info.Size != 4 || info.Mode != 0 || !strings.HasPrefix(info.Owner, "S-1-") ||
		time.Since(info.ModTime) > time.Hour || time.Since(info.ChangeTime) > time.Hour {
		t.Errorf("got %+v", info)
	}
	if err := os.Link(file, file+".2"); err != nil {
		t.Fatal(err)
	}
	info, err = files.Stat(t.Context(), file)
	twin, twinErr := files.Stat(t.Context(), file+".2")
	if err != nil || twinErr != nil || info.ID == (host.FileID{}) || info.ID != twin.ID || info.Links != 2 {
		t.Errorf("two names of a file: got %+v and %+v, %v, %v", info, twin, err, twinErr)
	}
	if err := os.Remove(file + ".2"); err != nil {
		t.Fatal(err)
	}
	if folder, err := files.Stat(t.Context(), dir); err != nil || folder.ID.Inode == info.ID.Inode || folder.ID.Device != info.ID.Device {
		t.Errorf("its folder: got %+v, %v", folder, err)
	}
	if got, err := files.ReadFile(t.Context(), file, 4); err != nil || string(got) != "0123" {
		t.Errorf("read: got %q, %v", got, err)
	}
	if _, err := files.ReadFile(t.Context(), file, 3); !errors.Is(err, host.ErrTooBig) {
		t.Errorf("limit: got %v", err)
	}
	for name, want := range map[string]error{
		filepath.Join(dir, "absent"):      fs.ErrNotExist,
		filepath.Join(dir, "absent", "x"): fs.ErrNotExist,
		filepath.Join(file, "x"):          fs.ErrNotExist,
		dir:                               errNotRegular,
		`Copia.tar`:                       errNotAbsolute,
		`C:Copia.tar`:                     errNotAbsolute,
		`/etc/passwd`:                     errNotAbsolute,
		`\\.\PhysicalDrive0`:              errNotAbsolute,
		`\\?\C:\windows\win.ini`:          errNotAbsolute,
		"C:\\a\x00b":                      errNotAbsolute,
	} {
		if _, err := files.ReadFile(t.Context(), name, 100); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
	var seen []string
	err = files.Walk(t.Context(), dir, func(name string, info host.FileInfo, err error) error {
		if err != nil || info.Owner == "" {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
		seen = append(seen, info.Name)
		return nil
	})
	if err != nil || len(seen) != 5 || seen[1] != "Copia.tar" || seen[4] != "largo.txt" {
		t.Errorf("walk: got %v, %v", seen, err)
	}
}

func TestLiveSystem(t *testing.T) {
	s := New(Options{}).System
	id, err := s.Identity(t.Context())
	if err != nil || id.Hostname == "" || !strings.HasPrefix(id.OSName, "Microsoft Windows") || !strings.HasPrefix(id.OSVer, "10.0.") || strings.Contains(id.OSVer, " ") {
		t.Errorf("identity: got %+v, %v", id, err)
	}
	hardware, err := s.Hardware(t.Context())
	if err != nil || hardware.CPU == "" || hardware.Cores < 1 || hardware.RAM < 1<<20 {
		t.Errorf("hardware: got %+v, %v", hardware, err)
	}
	volumes, err := s.Volumes(t.Context())
	i := slices.IndexFunc(volumes, func(v host.Volume) bool { return v.Mount == `C:\` })
	if err != nil || i < 0 || volumes[i].Total == 0 || !strings.HasPrefix(volumes[i].Device, `\\?\Volume{`) {
		t.Errorf("volumes: got %+v, %v, want C: among them", volumes, err)
	}
	if _, err := s.Interfaces(t.Context()); err != nil {
		t.Errorf("interfaces: %v", err)
	}
}

// Wine knows too little of accounts for their values to be checked; the calls
// must come back, and an answer that is none must be an error.
func TestLiveAccounts(t *testing.T) {
	a := New(Options{}).Accounts
	users, err := a.Users(t.Context())
	if err == nil && !slices.ContainsFunc(users, func(u host.User) bool { return strings.HasPrefix(u.SID, "S-1-5-21-") }) {
		t.Errorf("users: got %+v without an error", users)
	}
	if policy, err := a.PasswordPolicy(t.Context()); err == nil && policy.MaxAge == 0 {
		t.Errorf("password policy: got %+v without an error", policy)
	}
	if _, err := a.Members(t.Context(), "S-1-5-32-544"); err != nil {
		t.Errorf("administrators: %v", err)
	}
	if _, err := a.Members(t.Context(), "S-1-5-21-1-2-3-4444"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unknown group: got %v, want %v", err, fs.ErrNotExist)
	}
	if _, err := a.Members(t.Context(), "Administradores"); err == nil {
		t.Error("a name in place of a SID: got no error")
	}
}

// Nothing keeps a machine under Wine awake; that it answers is what is tested.
func TestLiveWakeRequests(t *testing.T) {
	got, err := New(Options{}).Running.WakeRequests(t.Context())
	if err != nil || len(got) != 0 {
		t.Errorf("got %v, %v; want none", got, err)
	}
}
