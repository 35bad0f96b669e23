package hosttest_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
	"vigia/checks/host/hosttest"
)

// The SIDs of an invented PC in an invented domain.
const (
	pcSID     = "S-1-5-21-111222333-444555666-777888999"
	domainSID = "S-1-5-21-3141592653-589793238-4626433832"
	profiles  = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	winlogon  = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon`
)

// registryOf is a registry of strings, integers and bytes by key and name.
type registryOf map[string]map[string]any

func (r registryOf) Value(_ context.Context, key, name string) (host.RegistryValue, error) {
	if strings.Contains(key, "SAM") {
		return host.RegistryValue{}, fs.ErrPermission
	}
	switch v := r[key][name].(type) {
	case string:
		return host.RegistryValue{Kind: host.RegistryString, String: v}, nil
	case int:
		return host.RegistryValue{Kind: host.RegistryInteger, Integer: uint64(v)}, nil
	case []string:
		return host.RegistryValue{Kind: host.RegistryStrings, Strings: v}, nil
	case []byte:
		return host.RegistryValue{Kind: host.RegistryBinary, Binary: v}, nil
	}
	return host.RegistryValue{}, fs.ErrNotExist
}

func (r registryOf) Subkeys(_ context.Context, key string) ([]string, error) {
	var names []string
	for k := range r {
		if rest, ok := strings.CutPrefix(k, key+`\`); ok {
			name, _, _ := strings.Cut(rest, `\`)
			names = append(names, name)
		}
	}
	if names == nil {
		return nil, fs.ErrNotExist
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (r registryOf) ValueNames(_ context.Context, key string) ([]string, error) {
	values, ok := r[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return slices.Sorted(maps.Keys(values)), nil
}

type pcAccounts struct{ host.Unsupported }

func (pcAccounts) Users(context.Context) ([]host.User, error) {
	return []host.User{
		{Name: "Administrador", SID: pcSID + "-500", Disabled: true},
		{Name: "María Rodríguez", SID: pcSID + "-1001", PasswordAge: 5},
		{Name: "policy", SID: pcSID + "-1002"}, // also a word of the registry
	}, nil
}

func (pcAccounts) Members(_ context.Context, group string) ([]host.Member, error) {
	if group != "S-1-5-32-544" {
		return nil, fs.ErrNotExist
	}
	return []host.Member{
		{SID: pcSID + "-500", Name: `PADRON-3\Administrador`, Kind: "user"},
		{SID: pcSID + "-1002", Name: `PADRON-3\policy`, Kind: "user"},
		{SID: domainSID + "-512", Name: `VILLANUEVA\Admins. del dominio`, Kind: "group"},
		{SID: domainSID + "-4711", Name: `VILLANUEVA\jlopez`, Kind: "user"},
		{SID: "S-1-5-4", Name: `NT AUTHORITY\INTERACTIVE`, Kind: "wellknown"},
	}, nil
}

type pcSystem struct{ host.Unsupported }

func (pcSystem) Identity(context.Context) (host.Identity, error) {
	return host.Identity{Hostname: "padron-3", OSName: "Microsoft Windows 11 Pro", Domain: "VILLANUEVA"}, nil
}

func pc() *host.Host {
	sid := []byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0}
	for _, part := range []uint32{111222333, 444555666, 777888999, 1001} {
		sid = binary.LittleEndian.AppendUint32(sid, part)
	}
	return host.New(host.Host{
		OS:       host.Windows,
		Now:      func() time.Time { return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) },
		Accounts: pcAccounts{},
		System:   pcSystem{},
		Registry: registryOf{
			profiles + `\` + pcSID + "-1001":     {"ProfileImagePath": `C:\Users\mrodriguez.PADRON-3`, "Sid": sid, "Flags": 0},
			profiles + `\` + pcSID + "-1002":     {"ProfileImagePath": `C:\Users\policy`},
			profiles + `\` + domainSID + "-4711": {"ProfileImagePath": `%SystemDrive%\Users\jlopez`},
			profiles + `\S-1-5-18`:               {"ProfileImagePath": `%systemroot%\system32\config\systemprofile`},
			winlogon: {"DefaultUserName": `VILLANUEVA\jlopez`, "DefaultPassword": "Clave-Inventada", "AutoAdminLogon": "1",
				"Shell": "explorer.exe", "LastLogOffEndTimePerfCounter": []byte("jlopez"), "CachedLogonsCount": 10},
			`HKLM\SOFTWARE\Microsoft\Cryptography`: {"MachineGuid": "8c5d1f0f-6a2b-4c55-b0e6-a7a3f1d2c3b4"},
			`HKU\` + pcSID + `-1001\Control Panel\Desktop`: {"ScreenSaveTimeOut": "600", "SCRNSAVE.EXE": `C:\Users\mrodriguez.PADRON-3\foto.scr`,
				"Wallpaper": `\\nas-registro\fondos\escudo.jpg`, "Lista": []string{"jlopez", "policy"}},
		},
	})
}

func TestRecordWindows(t *testing.T) {
	t.Parallel()
	inner := pc()
	rec := hosttest.NewRecorder(inner)
	h := rec.Host()
	ctx := t.Context()
	for key, values := range inner.Registry.(registryOf) {
		for name := range values {
			_, _ = h.Registry.Value(ctx, key, name)
		}
		_, _ = h.Registry.Value(ctx, key, "Ausente")
	}
	_, _ = h.Registry.Subkeys(ctx, profiles)
	_, _ = h.Registry.Subkeys(ctx, `HKLM\SOFTWARE\Ausente`)
	_, _ = h.Registry.ValueNames(ctx, winlogon)
	_, _ = h.Registry.Value(ctx, `HKLM\SAM\SAM`, "C")
	_, _ = h.Accounts.Users(ctx)
	_, _ = h.Accounts.PasswordPolicy(ctx)
	_, _ = h.Accounts.Members(ctx, "S-1-5-32-544")
	_, _ = h.Accounts.Members(ctx, "S-1-5-32-555")
	_, _ = h.System.Identity(ctx)
	dir := filepath.Join(t.TempDir(), "pc")
	if err := rec.Save(dir); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "recording.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{
		"rodríguez", "mrodriguez", "jlopez", "padron", "villanueva", "111222333", "3141592653", "clave-inventada", "8c5d1f0f", "nas-registro", `\\policy"`,
	} {
		if at := strings.Index(strings.ToLower(string(data)), secret); at >= 0 {
			t.Errorf("%q is still there: …%s…", secret, data[max(0, at-60):min(len(data), at+60)])
		}
	}

	replayed, err := hosttest.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	const pcTo = "S-1-5-21-1000000001-2000000001-3000000001"
	const domainTo = "S-1-5-21-1000000002-2000000002-3000000002"
	str := func(s string) host.RegistryValue { return host.RegistryValue{Kind: host.RegistryString, String: s} }
	for _, tt := range []struct {
		key, name string
		want      host.RegistryValue
		err       error
	}{
		{profiles + `\` + pcTo + "-1001", "ProfileImagePath", str(`C:\Users\usuario03`), nil},
		{profiles + `\` + pcTo + "-1001", "Flags", host.RegistryValue{Kind: host.RegistryInteger}, nil},
		{profiles + `\` + pcTo + "-1002", "ProfileImagePath", str(`C:\Users\usuario02`), nil},
		{profiles + `\` + domainTo + "-4711", "ProfileImagePath", str(`%SystemDrive%\Users\usuario04`), nil},
		{profiles + `\S-1-5-18`, "ProfileImagePath", str(`%systemroot%\system32\config\systemprofile`), nil},
		{winlogon, "DefaultUserName", str(`DOMINIO\usuario04`), nil},
		{winlogon, "DefaultPassword", str("removed"), nil},
		{winlogon, "AutoAdminLogon", str("1"), nil},
		{winlogon, "Shell", str("explorer.exe"), nil},
		{winlogon, "Ausente", host.RegistryValue{}, fs.ErrNotExist},
		{winlogon, "LastLogOffEndTimePerfCounter", host.RegistryValue{}, host.ErrNotRecorded}, // bytes that name somebody
		{winlogon, "CachedLogonsCount", host.RegistryValue{Kind: host.RegistryInteger, Integer: 10}, nil},
		{`HKU\` + pcTo + `-1001\Control Panel\Desktop`, "ScreenSaveTimeOut", str("600"), nil},
		{`HKU\` + pcTo + `-1001\Control Panel\Desktop`, "SCRNSAVE.EXE", str(`C:\Users\usuario03\foto.scr`), nil},
		{`HKU\` + pcTo + `-1001\Control Panel\Desktop`, "Lista", host.RegistryValue{Kind: host.RegistryStrings, Strings: []string{"usuario04", "policy"}}, nil},
		{`HKLM\SAM\SAM`, "C", host.RegistryValue{}, fs.ErrPermission},
		{`HKLM\SOFTWARE\Ausente`, "x", host.RegistryValue{}, fs.ErrNotExist},
	} {
		got, err := replayed.Registry.Value(ctx, tt.key, tt.name)
		if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) {
			t.Errorf("%s %s: %v, want %v, -want +got:\n%s", tt.key, tt.name, err, tt.err, diff)
		}
	}
	sids, err := replayed.Registry.Subkeys(ctx, profiles)
	if want := []string{"S-1-5-18", pcTo + "-1001", pcTo + "-1002", domainTo + "-4711"}; !slices.Equal(sids, want) || err != nil {
		t.Errorf("profiles: got %v, %v, want %v", sids, err, want)
	}
	names, err := replayed.Registry.ValueNames(ctx, winlogon)
	if want := slices.Sorted(maps.Keys(inner.Registry.(registryOf)[winlogon])); !slices.Equal(names, want) || err != nil {
		t.Errorf("values of Winlogon: got %v, %v, want %v", names, err, want)
	}
	sid, err := replayed.Registry.Value(ctx, profiles+`\`+pcTo+"-1001", "Sid")
	if err != nil || binary.LittleEndian.Uint32(sid.Binary[12:]) != 1000000001 || binary.LittleEndian.Uint32(sid.Binary[24:]) != 1001 {
		t.Errorf("SID as bytes: got %v, %v", sid.Binary, err)
	}
	users, err := replayed.Accounts.Users(ctx)
	wantUsers := []host.User{
		{Name: "Administrador", SID: pcTo + "-500", Disabled: true}, {Name: "usuario01", SID: pcTo + "-1001", PasswordAge: 5}, {Name: "usuario02", SID: pcTo + "-1002"},
	}
	if diff := cmp.Diff(wantUsers, users); diff != "" || err != nil {
		t.Errorf("users: %v, -want +got:\n%s", err, diff)
	}
	members, err := replayed.Accounts.Members(ctx, "S-1-5-32-544")
	names = nil
	for _, m := range members {
		names = append(names, m.Name)
	}
	wantNames := []string{`equipo01\Administrador`, `equipo01\usuario02`, `DOMINIO\Admins. del dominio`, `DOMINIO\usuario04`, `NT AUTHORITY\INTERACTIVE`}
	if !slices.Equal(names, wantNames) || err != nil {
		t.Errorf("members: got %v, %v, want %v", names, err, wantNames)
	}
	if _, err := replayed.Accounts.Members(ctx, "S-1-5-32-555"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent group: got %v", err)
	}
	if _, err := replayed.Accounts.PasswordPolicy(ctx); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("policy: got %v", err)
	}
}

// A recording is the same whenever it is made of the same answers.
func TestSaveIsDeterministic(t *testing.T) {
	t.Parallel()
	var first []byte
	for range 3 {
		rec := hosttest.NewRecorder(pc())
		h := rec.Host()
		for key, values := range pc().Registry.(registryOf) {
			for name := range values {
				_, _ = h.Registry.Value(t.Context(), key, name)
			}
		}
		_, _ = h.Accounts.Members(t.Context(), "S-1-5-32-544")
		dir := filepath.Join(t.TempDir(), "r")
		if err := rec.Save(dir); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "recording.json"))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if diff := cmp.Diff(string(first), string(data)); diff != "" {
			t.Errorf("-first +now:\n%s", diff)
		}
	}
	var doc map[string]any
	if err := json.Unmarshal(first, &doc); err != nil || doc["origin"] != "recorded" {
		t.Errorf("got origin %v, %v", doc["origin"], err)
	}
}
