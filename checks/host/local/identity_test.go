package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"vigia/checks/host"
)

func mounted(t testing.TB, files map[string]string) *host.Host {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return New(Options{Root: root})
}

func TestMountedIdentity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  host.Identity
		err   error
	}{
		{"debian", map[string]string{
			"etc/hostname":       "# comment\n\npc-registro-3\n",
			"etc/os-release":     "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n",
			"etc/debian_version": "12.7\n",
		}, host.Identity{Hostname: "pc-registro-3", OSName: "debian", OSVer: "12.7"}, nil},
		{"debian testing", map[string]string{
			"etc/os-release": "ID=debian\n", "etc/debian_version": "forky/sid\n",
		}, host.Identity{OSName: "debian"}, nil},
		{"os-release in /usr only, quoted", map[string]string{
			"etc/hostname":       "equipo\n",
			"usr/lib/os-release": "ID='opensuse-leap'\nVERSION_ID=\"15.\\\"6\"\n",
		}, host.Identity{Hostname: "equipo", OSName: "opensuse-leap", OSVer: `15."6`}, nil},
		{"joined by SSSD", map[string]string{
			"etc/os-release":     "ID=ubuntu\nVERSION_ID=\"24.04\"\n",
			"etc/sssd/sssd.conf": "[sssd]\ndomains = ldap.example, Villa.Example\n[domain/ldap.example]\nid_provider = ldap\n[domain/Villa.Example]\n id_provider=ad\n",
		}, host.Identity{OSName: "ubuntu", OSVer: "24.04", Domain: "Villa.Example"}, nil},
		{"joined by parts of SSSD's configuration", map[string]string{
			"etc/os-release":             "ID=ubuntu\n",
			"etc/sssd/conf.d/20-ad.conf": "[sssd]\ndomains = villa.example\n[domain/villa.example]\nid_provider = ad\nad_domain = VILLA.EXAMPLE",
			"etc/sssd/conf.d/10.conf":    "[sssd]\ndomains = otra.example\n[domain/otra.example]\nid_provider = ad",
			"etc/sssd/conf.d/.30.conf":   "[sssd]\ndomains = oculta.example\n[domain/oculta.example]\nid_provider = ad",
		}, host.Identity{OSName: "ubuntu", Domain: "VILLA.EXAMPLE"}, nil},
		{"joined by Samba", map[string]string{
			"etc/os-release":     "ID=ubuntu\n",
			"etc/samba/smb.conf": "[global]\n; security = user\n\tsecurity = ADS\n\trealm = VILLA.EXAMPLE\n[homes]\nrealm = x\n",
		}, host.Identity{OSName: "ubuntu", Domain: "VILLA.EXAMPLE"}, nil},
		{"nothing", nil, host.Identity{}, fs.ErrNotExist},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := mounted(t, tt.files).System.Identity(t.Context())
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %+v, %v, want %+v, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestMountedMachineHasNoHardware(t *testing.T) {
	t.Parallel()
	h := mounted(t, map[string]string{"etc/hostname": "x"})
	ctx := t.Context()
	_, hardware := h.System.Hardware(ctx)
	_, volumes := h.System.Volumes(ctx)
	_, interfaces := h.System.Interfaces(ctx)
	_, value := h.Registry.Value(ctx, `HKLM\SOFTWARE`, "")
	_, users := h.Accounts.Users(ctx)
	_, scan := h.PersonalData.Scan(ctx, host.ScanRequest{})
	for what, err := range map[string]error{
		"hardware": hardware, "volumes": volumes, "interfaces": interfaces, "registry": value, "accounts": users, "personal data": scan,
	} {
		if !errors.Is(err, host.ErrUnsupported) {
			t.Errorf("%s: got %v, want %v", what, err, host.ErrUnsupported)
		}
	}
	if h.OS != host.Linux {
		t.Errorf("got OS %s, want linux", h.OS)
	}
}

func FuzzOSRelease(f *testing.F) {
	f.Add("ID=debian\nNAME=\"a \\\"b\"\n", "[global]\nsecurity = ads\n[")
	f.Fuzz(func(t *testing.T, release, ini string) {
		osRelease(release)
		parseINI(ini)
	})
}
