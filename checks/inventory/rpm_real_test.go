package inventory

import (
	"context"
	"encoding/binary"
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

	got, r := readRPM(t, dir+"/root")
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// A history of dnf is looked for and absent; folder does not answer for anything else.
	if len(r.unread) != 0 {
		t.Errorf("unread: %v", r.unread)
	}
	berkeley(t, dir+"/root", dir+"/old/var/lib/rpm")
	if out := run("rpm", "--root", dir+"/old", "--dbpath", "/var/lib/rpm", "--define", "_db_backend bdb_ro", "-qa"); len(strings.Fields(out)) != len(want) {
		t.Fatalf("rpm itself reads of Berkeley DB %q", out)
	}
	got, r = readRPM(t, dir+"/old")
	if diff := cmp.Diff(want, got); diff != "" || len(r.unread) != 0 {
		t.Errorf("Berkeley DB: unread %v (-want +got):\n%s", r.unread, diff)
	}
}

// readRPM lists what the reader finds below a folder, and demands its vendor.
func readRPM(t *testing.T, root string) ([]string, *reader) {
	t.Helper()
	r := &reader{h: host.New(host.Host{OS: host.Linux, Files: folder{root: root}})}
	var all installed
	if !r.rpm(t.Context(), &all) {
		t.Error("nothing is managed by rpm")
	}
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
	return got, r
}

// berkeley writes the headers of a database as older versions of rpm kept them: by a
// number of four bytes, and under 0 the highest one. rpm itself cannot write that any
// more.
func berkeley(t *testing.T, root, dir string) {
	t.Helper()
	r := &reader{h: host.New(host.Host{OS: host.Linux, Files: folder{root: root}})}
	headers, err := r.rpmSQLite(t.Context(), "/var/lib/rpm/rpmdb.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	var in strings.Builder
	in.WriteString("VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END\n")
	number := func(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }
	n := 0
	for header, err := range headers {
		if err != nil {
			t.Fatal(err)
		}
		n++
		fmt.Fprintf(&in, " %x\n %x\n", number(n), header)
	}
	fmt.Fprintf(&in, " %x\n %x\nDATA=END\n", number(0), number(n))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "db5.3_load", filepath.Join(dir, "Packages"))
	cmd.Stdin = strings.NewReader(in.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("this test needs db5.3_load: apt-get install --no-install-recommends db5.3-util\n%v\n%s", err, out)
	}
}
