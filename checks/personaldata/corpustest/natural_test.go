package corpustest_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vigia/checks/personaldata/corpustest"
	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/scan"
)

// packages are manuals in Spanish and tables of numbers that Debian publishes. They name
// their authors and translators, with e-mail, and nobody else.
func packages() []string {
	return []string{"manpages-es", "debian-handbook", "debian-reference-es"}
}

// more are looked at where they are installed: too large to be asked for by a test.
func more() []string {
	return []string{"manpages-es-dev", "gimp-help-es", "aptitude-doc-es", "libreoffice-help-es", "unicode-data", "iso-codes", "python3-phonenumbers", "openjdk-17-doc"}
}

// Nothing but its authors' e-mail is found in what people have published.
func TestNaturalNegatives(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: reads some tens of megabytes")
	}
	for _, name := range append(packages(), more()...) {
		t.Run(name, func(t *testing.T) {
			list, err := exec.CommandContext(t.Context(), "dpkg-query", "--listfiles", name).Output()
			if err != nil {
				if slices.Contains(more(), name) {
					t.Skip("not installed, and too large to be asked for")
				}
				t.Fatalf("package %s is missing: apt-get install --no-install-recommends %s", name, name)
			}
			dir := t.TempDir()
			for i, path := range strings.Split(strings.TrimSpace(string(list)), "\n") {
				if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() < 64<<20 {
					b, err := os.ReadFile(path)
					must(t, err)
					must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d %s", i, filepath.Base(path))), b, 0o600))
				}
			}
			only(t, dir, corpustest.Email)
		})
	}
}

// The sources of Linux, unpacked, name their authors, and CREDITS tells where these live.
func TestLinuxSources(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: reads 1.3 GB")
	}
	const archive = "/usr/src/linux-source-6.1.tar.xz"
	if _, err := os.Stat(archive); err != nil {
		t.Skip("linux-source-6.1 is not installed, and too large to be asked for")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "tar", "-xJf", archive, "-C", dir, "--exclude=*/CREDITS").CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v: %s", archive, err, out)
	}
	only(t, dir, corpustest.Email)
}

// only fails for everything that the scan finds of other types than those.
func only(t *testing.T, dir string, types ...corpustest.Type) {
	t.Helper()
	var size int64
	all := map[detect.Type]int{}
	_, err := scan.Run(t.Context(), scan.Options{Roots: []string{dir}, Worker: scan.Worker()}, func(r scan.FileResult) error {
		size += r.Bytes
		for typ, n := range r.Counts {
			all[typ] += n
			if !slices.Contains(types, corpustest.Type(typ)) {
				t.Errorf("%s (%s): %d %s%s", filepath.Base(r.Path), r.Format, n, typ, shown(r.Path, typ))
			}
		}
		return nil
	})
	must(t, err)
	t.Logf("%.1f MB: %v", float64(size)/1e6, slices.Collect(maps.Keys(all)))
	t.Logf("counts: %v", all)
}

// shown is where a file that is plain text holds matches of a type. The files are
// published ones.
func shown(path string, typ detect.Type) string {
	text, err := os.ReadFile(path)
	if err != nil || strings.HasSuffix(path, ".gz") {
		return ""
	}
	var b strings.Builder
	for _, m := range matches(string(text)) {
		if m.Type == typ && m.Score >= detect.Report {
			fmt.Fprintf(&b, "\n\tat %d score %d: %q", m.Start, m.Score, around(string(text), int(m.Start), int(m.End)))
		}
	}
	return b.String()
}
