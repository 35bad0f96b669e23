package session

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"vigia/checks"
	"vigia/checks/host/local"
)

// The desktops as Debian packs them: what their own files make of the lock when nobody has
// set anything. The packages are unpacked into a folder and not installed.
func TestDesktopsOfDebian(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	if runtime.GOOS != "linux" {
		t.Skip("unpacks packages of Debian")
	}
	for _, row := range []struct {
		name     string
		packages []string
		want     checks.Status
		codes    []string // of the findings
	}{
		{"GNOME", []string{"gnome-session", "gsettings-desktop-schemas", "gdm3"}, checks.Pass, []string{"screenlock.locks"}},
		{"GNOME with LightDM", []string{"gnome-session", "gsettings-desktop-schemas", "lightdm"}, checks.Fail, []string{"screenlock.gnome_without_gdm"}},
		{"KDE", []string{"plasma-workspace"}, checks.Pass, []string{"screenlock.locks"}},
		{"MATE", []string{"mate-session-manager", "mate-screensaver"}, checks.Pass, []string{"screenlock.locks"}},
		{"MATE without its screensaver", []string{"mate-session-manager"}, checks.Fail, []string{"screenlock.no_locker"}},
		{"Cinnamon", []string{"cinnamon-common", "cinnamon-desktop-data", "cinnamon-screensaver"}, checks.Pass, []string{"screenlock.locks"}},
		{"XFCE without locker", []string{"xfce4-session"}, checks.Fail, []string{"screenlock.no_locker"}},
		{"XFCE with light-locker", []string{"xfce4-session", "light-locker"}, checks.Unknown, []string{"screenlock.unread"}},
		{"XFCE with xscreensaver", []string{"xfce4-session", "xscreensaver", "xscreensaver-data"}, checks.Fail, []string{"screenlock.no_password"}},
		{"sway", []string{"sway"}, checks.Fail, []string{"screenlock.no_locker"}},
		{"GNOME and sway", []string{"gnome-session", "gsettings-desktop-schemas", "gdm3", "sway"}, checks.Fail, []string{"screenlock.locks", "screenlock.no_locker"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			root := unpacked(t, row.packages...)
			files := desktop(nil, nil)
			delete(files, "/usr/sbin/gdm3") // that of the package, if any
			for name, text := range files {
				write(t, root+name, text)
			}
			res := screenLock().Run(t.Context(), local.New(local.Options{Root: root}), nil)
			var codes []string
			for _, f := range res.Findings {
				codes = append(codes, f.Reason.Code)
			}
			if res.Status != row.want || !slices.Equal(codes, row.codes) {
				t.Errorf("got %s %v, findings %v\nwant %s %v", res.Status, res.Reason, res.Findings, row.want, row.codes)
			}
		})
	}
}

// unpacked is a folder with the files of Debian packages, of which only those that a
// check may read matter; it is a machine's root.
func unpacked(t *testing.T, packages ...string) string {
	t.Helper()
	download, root := t.TempDir(), t.TempDir()
	get := exec.CommandContext(t.Context(), "apt-get", append([]string{"-qq", "download"}, packages...)...)
	get.Dir = download
	if out, err := get.CombinedOutput(); err != nil {
		t.Fatalf("apt-get download %v: %v\n%s\nThis test needs Debian, apt-get and its package lists (apt-get update).", packages, err, out)
	}
	debs, err := filepath.Glob(filepath.Join(download, "*.deb"))
	if err != nil || len(debs) != len(packages) {
		t.Fatalf("got %d packages of %d: %v", len(debs), len(packages), err)
	}
	for _, deb := range debs {
		if out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--extract", deb, root).CombinedOutput(); err != nil {
			t.Fatalf("dpkg-deb: %v\n%s", err, out)
		}
	}
	return root
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
