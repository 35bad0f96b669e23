package backup

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// What is the source under another name is no copy of it.
func TestNotACopyButTheSource(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("symbolic links need a right on Windows")
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	many := func(p *place) {
		for i := range maxParts + 5 {
			p.data(fmt.Sprintf("hoja-%d", i), 100, 30*day)
		}
	}
	// linkAll makes hard links of all files of the source in a folder of copies.
	linkAll := func(t *testing.T, p *place, folder string) {
		t.Helper()
		to := filepath.Join(p.copies, folder)
		must(t, os.MkdirAll(to, 0o755))
		entries, err := os.ReadDir(p.source)
		must(t, err)
		for _, e := range entries {
			must(t, os.Link(filepath.Join(p.source, e.Name()), filepath.Join(to, e.Name())))
		}
	}
	mirror := dataset{Format: storeMirror}
	for _, tt := range []struct {
		name    string
		dataset dataset
		make    func(*testing.T, *place)
		status  checks.Status
		code    string
	}{
		{"a mirror at the same path", mirror, func(_ *testing.T, p *place) { p.copies = p.source }, checks.Fail, "backup.copies_are_source"},
		{"files at the same path", dataset{}, func(_ *testing.T, p *place) { p.copies = p.source + "/" }, checks.Fail, "backup.copies_are_source"},
		{"a mirror by a link", mirror, func(t *testing.T, p *place) {
			must(t, os.Remove(p.copies))
			must(t, os.Symlink(p.source, p.copies))
		}, checks.Fail, "backup.copies_are_source"},
		{"a folder of the mirror by a link", mirror, func(t *testing.T, p *place) {
			must(t, os.Symlink(p.source, filepath.Join(p.copies, "datos")))
		}, checks.Fail, "backup.mirror_linked"},
		{"a mirror of hard links", mirror, func(t *testing.T, p *place) { linkAll(t, p, "") }, checks.Fail, "backup.mirror_linked"},
		{"a folder of hard links", dataset{}, func(t *testing.T, p *place) { linkAll(t, p, "lunes") }, checks.Fail, "backup.none_whole"},
		{"a folder of many hard links", dataset{}, func(t *testing.T, p *place) {
			many(p)
			linkAll(t, p, "lunes")
		}, checks.Fail, "backup.none_whole"},
		{"a snapshot of hard links", dataset{}, func(t *testing.T, p *place) { linkAll(t, p, "daily.0") }, checks.Fail, "backup.none_whole"},
		{"a file that is a hard link", dataset{Pattern: "*.mdb"}, func(t *testing.T, p *place) {
			must(t, os.Link(filepath.Join(p.source, "hoja"), filepath.Join(p.copies, "padron.mdb")))
		}, checks.Fail, "backup.none_whole"},
		{"the source is in the folder of copies", dataset{}, func(_ *testing.T, p *place) { p.copies = filepath.Dir(p.source) }, checks.Fail, "backup.none_good"},
		{"copies that share files with one another", dataset{}, func(t *testing.T, p *place) {
			p.copy("lunes/a.bin", 300, 30*time.Hour)
			must(t, os.MkdirAll(filepath.Join(p.copies, "martes"), 0o755))
			must(t, os.Link(filepath.Join(p.copies, "lunes/a.bin"), filepath.Join(p.copies, "martes/a.bin")))
			p.copy("martes/b.bin", 300, 3*time.Hour)
		}, checks.Pass, "backup.recent"},
		{"a mirror", mirror, func(_ *testing.T, p *place) { p.copy("hoja", 100, 30*day) }, checks.Pass, "backup.mirror_equal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			p.data("hoja", 100, 30*day)
			tt.make(t, p)
			p.later(time.Hour)
			tt.dataset.Source = p.source
			if got := p.run(tt.dataset); got.Status != tt.status || got.Reason.Code != tt.code {
				t.Errorf("got %s %v, want %s %s", got.Status, got.Reason, tt.status, tt.code)
			}
		})
	}
}

// On Windows letters of either case name one folder.
func TestSamePathOnWindows(t *testing.T) {
	d := disk{os: host.Windows, entries: map[string]entry{`D:\Datos\a.mdb`: {content: "datos", age: time.Hour}}}
	for _, format := range []string{"", `,"format":"mirror"`} {
		wants(t, said1(t, d, checktest.Answers{}, `{"name":"a","copies":"D:\\Datos\\","source":"d:/datos"`+format+`}`), checks.Fail, "backup.copies_are_source")
	}
}
