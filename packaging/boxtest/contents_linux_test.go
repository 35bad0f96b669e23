package boxtest

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// maxAgent is the most that a package of the agent weighs, in bytes.
const maxAgent = 12 << 20

// rpmNames is what rpm calls the architectures of Debian.
func rpmNames() map[string]string { return map[string]string{"amd64": "x86_64", "arm64": "aarch64"} }

// packaged is what one package holds, by path.
type packaged map[string]packagedFile

type packagedFile struct {
	header tar.Header
	body   []byte
}

// open reads a package, whichever it is.
func open(t *testing.T, name string) packaged {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "dpkg-deb", "--fsys-tarfile", name)
	if filepath.Ext(name) == ".rpm" {
		cmd = exec.CommandContext(t.Context(), "rpm2archive", "--nocompression", "-")
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		cmd.Stdin = file
	}
	files := make(packaged)
	for in := tar.NewReader(strings.NewReader(output(t, cmd, cmd.Args))); ; {
		header, err := in.Next()
		if err == io.EOF { //nolint:errorlint // as archive/tar promises
			return files
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files[strings.TrimPrefix(strings.TrimSuffix(header.Name, "/"), ".")] = packagedFile{*header, body}
	}
}

// form looks at the packages of both architectures as they are made: Debian's own reader
// finds no fault with them, each is for the machine that it says, and holds what it should.
func form(t *testing.T, folder string) { //nolint:thelper // a test of its own
	debs, err := filepath.Glob(filepath.Join(folder, "*.deb"))
	if err != nil || len(debs) != 4 {
		t.Fatalf("packages %v, %v", debs, err)
	}
	run(t, append([]string{"lintian", "--allow-root", "--fail-on", "error,warning"}, debs...)...)
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	for _, program := range []string{"vigia-agent", "vigia"} {
		for arch, machine := range machines {
			for name, says := range map[string][]string{
				program + "_0.2.0-1_" + arch + ".deb":             {arch, "dpkg-deb", "--field", "", "Architecture"},
				program + "-0.2.0-1." + rpmNames()[arch] + ".rpm": {rpmNames()[arch], "rpm", "--query", "--queryformat=%{ARCH}", "--package", ""},
			} {
				t.Run(name, func(t *testing.T) {
					file := filepath.Join(folder, name)
					want, ask := says[0], says[1:]
					for i := range ask {
						if ask[i] == "" {
							ask[i] = file
						}
					}
					if got := strings.TrimSpace(run(t, ask...)); got != want {
						t.Errorf("it says that it is for %s, want %s", got, want)
					}
					if info, err := os.Stat(file); err != nil || program == "vigia-agent" && info.Size() > maxAgent {
						t.Errorf("it weighs %d bytes, the bar is %d: %v", info.Size(), maxAgent, err)
					}
					holds(t, open(t, file), program, arch, machine)
				})
			}
		}
	}
}

// holds looks into one package.
func holds(t *testing.T, files packaged, program, arch string, machine elf.Machine) {
	t.Helper()
	made := time.Unix(1790000000, 0) // madeAt
	for name, f := range files {
		mode := f.header.FileInfo().Mode()
		switch want := os.FileMode(0o644); {
		case mode.IsDir() || name == "/usr/bin/"+program:
			want = 0o755
			fallthrough
		default:
			if mode.Perm() != want || mode&(os.ModeSetuid|os.ModeSetgid|os.ModeSymlink) != 0 || f.header.Uid != 0 || f.header.Gid != 0 {
				t.Errorf("%s is %v of %d:%d", name, mode, f.header.Uid, f.header.Gid)
			}
		}
		if !f.header.ModTime.Equal(made) {
			t.Errorf("%s is of %v, want %v", name, f.header.ModTime, made)
		}
	}
	doc := "/usr/share/doc/" + program + "/"
	for _, name := range []string{
		doc + "copyright", doc + "NOTICES.gz", doc + "sbom.cdx.json",
		"/usr/share/man/man1/" + program + ".1.gz", "/usr/share/man/es/man1/" + program + ".1.gz",
		"/usr/share/bash-completion/completions/" + program, "/etc/" + program + "/" + program + ".yaml",
	} {
		if len(files[name].body) == 0 {
			t.Errorf("no %s", name)
		}
	}
	binary, err := elf.NewFile(bytes.NewReader(files["/usr/bin/"+program].body))
	if err != nil {
		t.Fatal(err)
	}
	if binary.Machine != machine {
		t.Errorf("the program is for %v, want %v", binary.Machine, machine)
	}
	var bill struct {
		Metadata struct {
			Component struct {
				Name, Version string
				Properties    []struct{ Name, Value string }
			}
		}
	}
	if err := json.Unmarshal(files[doc+"sbom.cdx.json"].body, &bill); err != nil {
		t.Fatal(err)
	}
	of := bill.Metadata.Component
	if of.Name != program || of.Version != "0.2.0" || len(of.Properties) == 0 || of.Properties[0].Value != arch {
		t.Errorf("the bill of materials is of %+v", of)
	}
}

// sameElsewhere makes the packages again: from another folder, by somebody who keeps all
// files to himself, in another zone and language.
func sameElsewhere(t *testing.T, root, made string) { //nolint:thelper // a test of its own
	other := duplicate(t, root)
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "umask 077 && exec packaging/tools/package.sh 0.2.0")
	cmd.Dir = other
	cmd.Env = append(os.Environ(), "OUT="+out, "PROFILE=", "COMPRESSION=gzip", "ARCHES="+native(t), "SOURCE_DATE_EPOCH="+madeAt,
		"TZ=Asia/Tokyo", "LC_ALL=C", "TMPDIR="+t.TempDir())
	output(t, cmd, cmd.Args)
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 6 { // a deb, an rpm and a bill of each program
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, e := range entries {
		one, err := os.ReadFile(filepath.Join(made, e.Name()))
		if err != nil {
			t.Error(err)
			continue
		}
		two, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil || !bytes.Equal(one, two) {
			t.Errorf("%s is not the same when it is made again: %v", e.Name(), err)
		}
	}
}

// duplicate copies what packages are made of into another folder, where nobody else may read
// it.
func duplicate(t *testing.T, root string) string {
	t.Helper()
	other := filepath.Join(t.TempDir(), "otra carpeta")
	if err := os.MkdirAll(filepath.Join(other, ".cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, "sh", "-c", `umask 077 && tar -C "$0" --exclude=./.git --exclude=./.cache --exclude=./bin --exclude=./dist -c . | tar -C "$1" --no-same-permissions -x`, root, other)
	if err := os.Symlink(filepath.Join(root, ".cache", "tools"), filepath.Join(other, ".cache", "tools")); err != nil {
		t.Fatal(err)
	}
	return other
}

// The sandbox of each service, in the measure of systemd: 0 is the best, 10 the worst.
func TestExposure(t *testing.T) {
	overall := regexp.MustCompile(`exposure level for \S+: ([0-9.]+)`)
	root := module(t)
	for unit, bar := range map[string]string{"vigia.service": "1.1", "vigia-agent.service": "3.5"} {
		file := filepath.Join(root, "packaging", "linux", unit)
		said := run(t, "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold="+strings.ReplaceAll(bar, ".", ""), file)
		found := overall.FindStringSubmatch(said)
		if found == nil || found[1] != bar {
			t.Errorf("%s: %v, want %s", unit, found, bar)
		}
		if text, err := os.ReadFile(file); err != nil || unit == "vigia-agent.service" && !strings.Contains(string(text), bar) {
			t.Errorf("%s does not say its measure, %s: %v", unit, bar, err)
		}
	}
}
