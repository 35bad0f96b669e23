package inventory

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
)

// folder is the files of a machine that lie below a folder of this one, as far as the
// reader of rpm asks for them.
type folder struct {
	host.Unsupported
	root string
}

func (f folder) Stat(_ context.Context, name string) (host.FileInfo, error) {
	info, err := os.Stat(f.root + name)
	if err != nil {
		return host.FileInfo{}, err
	}
	return host.FileInfo{Name: info.Name(), Size: info.Size(), Mode: info.Mode()}, nil
}

func (f folder) ReadRange(_ context.Context, name string, offset, length int64) ([]byte, error) {
	b, err := os.ReadFile(f.root + name)
	size := int64(len(b))
	return b[min(offset, size):min(offset+length, size)], err
}

// What rpm installs and lists is what is read: packages of a few files and of thousands,
// whose headers fill hundreds of pages.
func TestRealRPM(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for _, tool := range []string{"rpm", "rpmbuild"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatal("this test needs rpm: apt-get install --no-install-recommends rpm")
		}
	}
	dir := t.TempDir()
	run := func(name string, args ...string) string {
		out, err := exec.CommandContext(t.Context(), name, args...).Output()
		if err != nil {
			t.Fatalf("%s %q: %v", name, args, err)
		}
		return string(out)
	}
	install := []string{"--root", dir + "/root", "--dbpath", "/var/lib/rpm", "-i", "--justdb", "--nodeps", "--ignorearch"}
	for i, files := range []int{1, 1000} {
		spec := filepath.Join(dir, fmt.Sprintf("ejemplo%d.spec", i))
		text := fmt.Sprintf("Name: ejemplo%d\nEpoch: %d\nVersion: 1.%d\nRelease: 2\nSummary: x\nLicense: CC0\nVendor: Taller Ñ\nAutoReqProv: no\n%%description\nx\n"+
			"%%install\nmkdir -p %%{buildroot}/opt/e%d\nfor n in $(seq %d); do echo $n > %%{buildroot}/opt/e%d/un-nombre-bastante-largo-$n; done\n%%files\n/opt/e%d\n", i, i, i, i, files, i, i)
		if err := os.WriteFile(spec, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		run("rpmbuild", "-bb", "--quiet", "--define", "_topdir "+dir+"/top", "--define", "_build_id_links none", "--define", "__os_install_post %{nil}", spec)
	}
	built, err := filepath.Glob(dir + "/top/RPMS/*/*.rpm")
	if err != nil || len(built) != 2 {
		t.Fatalf("built %q, %v", built, err)
	}
	run("rpm", append(install, built...)...)
	want := strings.Fields(run("rpm", "--root", dir+"/root", "--dbpath", "/var/lib/rpm", "-qa", "--qf", `%{NAME}|%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}|%{ARCH}\n`))

	r := &reader{h: host.New(host.Host{OS: host.Linux, Files: folder{root: dir + "/root"}})}
	var all installed
	managed := r.rpm(t.Context(), &all)
	var got []string
	for _, p := range all.chosen {
		// rpm says an epoch of 0 where it was set to 0; people do not.
		version := p.Version
		if !strings.Contains(version, ":") {
			version = "0:" + version
		}
		got = append(got, p.Name+"|"+version+"|"+p.Arch)
		if p.Publisher != "Taller Ñ" {
			t.Errorf("%s is of %q", p.Name, p.Publisher)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" || !managed {
		t.Errorf("managed: %v (-want +got):\n%s", managed, diff)
	}
	// A history of dnf is looked for and absent; folder does not answer for anything else.
	if len(r.unread) != 0 {
		t.Errorf("unread: %v", r.unread)
	}
}
