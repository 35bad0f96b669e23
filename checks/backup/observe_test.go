package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
	"vigia/checks/host/local"
)

// volumes is a machine's System that knows only what is mounted.
type volumes struct {
	host.Unsupported
	list []host.Volume
	err  error
}

func (v volumes) Volumes(context.Context) ([]host.Volume, error) { return v.list, v.err }

// place is a real folder of copies and a real source, seen as at a given time.
type place struct {
	t              *testing.T
	copies, source string
	now            time.Time
}

func newPlace(t *testing.T) *place {
	dir := t.TempDir()
	p := &place{t: t, copies: filepath.Join(dir, "copias"), source: filepath.Join(dir, "datos"), now: time.Now()}
	for _, d := range []string{p.copies, p.source} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// copy writes a copy that is dated age before now.
func (p *place) copy(name string, bytes int, age time.Duration) { p.file(p.copies, name, bytes, age) }

// data writes a file of the source that is dated age before now.
func (p *place) data(name string, bytes int, age time.Duration) { p.file(p.source, name, bytes, age) }

func (p *place) file(dir, name string, bytes int, age time.Duration) {
	p.t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	content := make([]byte, bytes)
	for i := range content {
		content[i] = byte(i) // anything but zeros
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		p.t.Fatal(err)
	}
	when := p.now.Add(-age)
	if err := os.Chtimes(path, when, when); err != nil {
		p.t.Fatal(err)
	}
}

// later moves the observation into the future, which ages everything that is
// there, change times included: those cannot be set.
func (p *place) later(d time.Duration) { p.now = time.Now().Add(d) }

func (p *place) host(seen []host.Volume) *host.Host {
	return host.New(host.Host{
		OS: host.OS(runtime.GOOS), Now: func() time.Time { return p.now },
		Files: local.New(local.Options{}).Files, System: volumes{list: seen},
	})
}

func (p *place) run(d dataset, seen ...host.Volume) checks.Finding {
	p.t.Helper()
	d.Name, d.Copies = "padrón", p.copies
	params, err := json.Marshal(map[string]any{"datasets": []dataset{d}})
	if err != nil {
		p.t.Fatal(err)
	}
	got := checktest.Run(p.t, daily(), *p.host(seen), string(params))
	if len(got.Findings) != 1 {
		p.t.Fatalf("got %+v, want one finding", got.Verdict)
	}
	for _, secret := range []string{"GOMA800101", "viernes", "a.xlsx"} {
		if strings.Contains(string(got.Observed), secret) {
			p.t.Errorf("the evidence names a file: %s", got.Observed)
		}
	}
	return got.Findings[0]
}

func TestRealFolders(t *testing.T) {
	for _, tt := range []struct {
		name    string
		dataset dataset
		make    func(p *place)
		status  checks.Status
		code    string
	}{
		{
			name: "a file of the night", make: func(p *place) { p.copy("GOMA800101.bin", 500, 9*time.Hour) },
			status: checks.Pass, code: "backup.recent_unverified",
		},
		{
			name: "a folder of the night", make: func(p *place) {
				p.copy("2026-11-20/a/b.dat", 500, 9*time.Hour)
				p.copy("2026-11-20/c.dat", 500, 100*day)
			},
			dataset: dataset{MinBytes: 1000}, status: checks.Pass, code: "backup.recent",
		},
		{
			name: "a folder that holds nothing", make: func(p *place) {
				if err := os.Mkdir(filepath.Join(p.copies, "2026-11-20"), 0o755); err != nil {
					p.t.Fatal(err)
				}
			},
			status: checks.Fail, code: "backup.none_good",
		},
		{name: "nothing", make: func(*place) {}, status: checks.Fail, code: "backup.no_copy"},
		{name: "empty", make: func(p *place) { p.copy("a.bin", 0, 9*time.Hour) }, status: checks.Fail, code: "backup.none_whole"},
		{
			name: "zeros", make: func(p *place) {
				p.copy("a.bin", 9000, 9*time.Hour)
				if err := errors.Join(os.Truncate(filepath.Join(p.copies, "a.bin"), 0), os.Truncate(filepath.Join(p.copies, "a.bin"), 9000)); err != nil {
					p.t.Fatal(err)
				}
				when := p.now.Add(-9 * time.Hour)
				_ = os.Chtimes(filepath.Join(p.copies, "a.bin"), when, when)
			},
			status: checks.Fail, code: "backup.none_whole",
		},
		{name: "too small", make: func(p *place) { p.copy("a.bin", 99, 9*time.Hour) }, dataset: dataset{MinBytes: 100}, status: checks.Fail, code: "backup.none_good"},
		{name: "dated in the future", make: func(p *place) { p.copy("a.bin", 99, -time.Hour) }, status: checks.Fail, code: "backup.none_good"},
		{
			name: "one being written does not hide the previous", make: func(p *place) {
				p.copy("a.bin", 900, time.Second)
				p.copy("b.bin", 99, 20*time.Hour)
			},
			status: checks.Pass, code: "backup.recent_unverified",
		},
		{name: "only one being written", make: func(p *place) { p.copy("a.bin", 900, time.Second) }, status: checks.Fail, code: "backup.none_good"},
		{
			name: "the tool's log is no copy", make: func(p *place) {
				p.copy("copia.log", 900, time.Hour)
				p.copy(".oculto", 900, time.Hour)
				p.copy("Thumbs.db", 900, time.Hour)
				p.copy("b.bin.part", 900, time.Hour)
				p.copy("a.bin", 900, 40*time.Hour)
			},
			status: checks.Fail, code: "backup.late",
		},
		{
			name: "a pattern selects", make: func(p *place) {
				p.copy("otra.bin", 900, time.Hour)
				p.copy("nomina.bin", 900, 40*time.Hour)
			},
			dataset: dataset{Pattern: "nomina*.bin"}, status: checks.Fail, code: "backup.late",
		},
		{
			name: "a link is no copy", make: func(p *place) {
				p.copy("vieja.bin", 900, 40*time.Hour)
				target := filepath.Join(p.source, "nueva.bin")
				if err := os.WriteFile(target, []byte(strings.Repeat("datos", 180)), 0o644); err != nil {
					p.t.Fatal(err)
				}
				if err := os.Symlink(target, filepath.Join(p.copies, "ultima.bin")); err != nil {
					p.t.Fatal(err)
				}
			},
			status: checks.Unknown, code: "backup.copies_partly_unread",
		},
		{name: "a weekly dataset", make: func(p *place) { p.copy("a.bin", 99, 6*day) }, dataset: dataset{Every: checks.Duration(7 * day)}, status: checks.Pass, code: "backup.recent_unverified"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			tt.make(p)
			if got := p.run(tt.dataset); got.Status != tt.status || got.Reason.Code != tt.code {
				t.Errorf("got %s %v, want %s %s", got.Status, got.Reason, tt.status, tt.code)
			}
		})
	}
}

// A copy that is still open for writing is not finished, however long nothing came.
func TestWriterOpen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Linux tells what is open")
	}
	p := newPlace(t)
	p.copy("a.bak", 500, 3*time.Hour)
	name := filepath.Join(p.copies, "a.bak")
	if got := p.run(dataset{}); got.Status != checks.Pass {
		t.Errorf("closed: got %s %v, want pass", got.Status, got.Reason)
	}
	for _, tt := range []struct {
		name string
		flag int
		want checks.Status
	}{{"open for reading", os.O_RDONLY, checks.Pass}, {"open for writing", os.O_WRONLY, checks.Fail}, {"open for both", os.O_RDWR, checks.Fail}} {
		f, err := os.OpenFile(name, tt.flag, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.run(dataset{}); got.Status != tt.want || tt.want == checks.Fail && got.Reason.Args["writing"] != "1" {
			t.Errorf("%s: got %s %v, want %s", tt.name, got.Status, got.Reason, tt.want)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFoldersThatCannotBeRead(t *testing.T) {
	p := newPlace(t)
	p.copies = filepath.Join(p.copies, "no-such")
	if got := p.run(dataset{}); got.Status != checks.Fail || got.Reason.Code != "backup.copies_absent" {
		t.Errorf("no folder: got %s %v, want fail", got.Status, got.Reason)
	}
	p.copies = filepath.Join(p.source, "a-file")
	p.data("a-file", 1, 0)
	if got := p.run(dataset{}); got.Status != checks.Unknown || got.Reason.Code != "backup.copies_unread" {
		t.Errorf("a file for a folder: got %s %v, want unknown", got.Status, got.Reason)
	}
	p.copies = `\\nas\copias`
	if runtime.GOOS == "windows" {
		p.copies = "/copias"
	}
	if got := p.run(dataset{}); got.Status != checks.Unknown || got.Reason.Args["why"] != "unsupported" {
		t.Errorf("a path of another system: got %s %v, want unknown", got.Status, got.Reason)
	}
}

// TestUnchanged copies on Friday and looks on Monday.
func TestUnchanged(t *testing.T) {
	const weekend = 3 * day
	for _, tt := range []struct {
		name   string
		copied time.Duration  // when the copy was made, from now on
		change func(p *place) // what happens to the source before the copy
		seen   func(p *place) []host.Volume
		status checks.Status
		code   string
	}{
		{name: "still", copied: 3 * time.Hour, status: checks.Pass, code: "backup.unchanged_since"},
		{name: "old files too", copied: 3 * time.Hour, change: func(p *place) { p.data("viejo/b", 9, 300*day) }, status: checks.Pass, code: "backup.unchanged_since"},
		{name: "written after the copy", copied: -3 * time.Hour, status: checks.Fail, code: "backup.changed_since"},
		{name: "written while the copy ran", copied: 10 * time.Minute, status: checks.Unknown, code: "backup.changed_near_copy"},
		{
			name: "overwritten and back-dated after the copy", copied: -3 * time.Hour,
			change: func(p *place) {
				p.data("a.xlsx", 7, 30*day)
				old := time.Now().Add(-30 * day)
				if err := os.Chtimes(p.source, old, old); err != nil {
					p.t.Fatal(err)
				}
			},
			status: checks.Unknown, code: "backup.attributes_changed",
		},
		{
			name: "a link in it", copied: 3 * time.Hour,
			change: func(p *place) {
				if err := os.Symlink(p.copies, filepath.Join(p.source, "enlace")); err != nil {
					p.t.Fatal(err)
				}
			},
			status: checks.Unknown, code: "backup.source_links",
		},
		{
			name: "dated in the future", copied: 3 * time.Hour,
			change: func(p *place) { p.data("a.xlsx", 7, -10*day) }, status: checks.Unknown, code: "backup.source_future",
		},
		{
			name: "emptied before the copy", copied: 3 * time.Hour,
			change: func(p *place) {
				if err := os.Remove(filepath.Join(p.source, "a.xlsx")); err != nil {
					p.t.Fatal(err)
				}
			},
			status: checks.Unknown, code: "backup.source_empty",
		},
		{
			name: "gone", copied: 3 * time.Hour,
			change: func(p *place) {
				if err := os.RemoveAll(p.source); err != nil {
					p.t.Fatal(err)
				}
			},
			status: checks.Unknown, code: "backup.source_absent",
		},
		{
			name: "a disk mounted in it", copied: 3 * time.Hour,
			seen:   func(p *place) []host.Volume { return []host.Volume{{Mount: p.source}, {Mount: p.source + "/fotos"}} },
			status: checks.Unknown, code: "backup.source_mounts",
		},
		{
			name: "a disk mounted beside it", copied: 3 * time.Hour,
			seen:   func(p *place) []host.Volume { return []host.Volume{{Mount: p.source + "-viejos"}} },
			status: checks.Pass, code: "backup.unchanged_since",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			p.data("a.xlsx", 700, 0)
			if tt.change != nil {
				tt.change(p)
			}
			p.copy("viernes.bin", 500, -tt.copied)
			p.later(weekend)
			var seen []host.Volume
			if tt.seen != nil {
				seen = tt.seen(p)
			}
			if got := p.run(dataset{Source: p.source}, seen...); got.Status != tt.status || got.Reason.Code != tt.code {
				t.Errorf("got %s %v, want %s %s", got.Status, got.Reason, tt.status, tt.code)
			}
		})
	}
}

// The fingerprint changes with whatever is written, and with nothing else.
func TestFingerprint(t *testing.T) {
	p := newPlace(t)
	fingerprint := func() string {
		got := observeSource(t.Context(), p.host(nil), p.source, p.now, time.Minute, time.Time{}, time.Time{})
		if got.Fingerprint == "" {
			t.Fatalf("no fingerprint: %+v", got)
		}
		return got.Fingerprint
	}
	p.data("a.xlsx", 700, day)
	p.data("b/c.xlsx", 700, day)
	first := fingerprint()
	if second := fingerprint(); second != first {
		t.Errorf("looking twice: got %s, then %s", first, second)
	}
	p.data("a.xlsx", 701, day)
	if grown := fingerprint(); grown == first {
		t.Error("a file grew and the fingerprint is the same")
	}
	p.data("a.xlsx", 700, day-time.Second)
	if touched := fingerprint(); touched == first {
		t.Error("a file was written and the fingerprint is the same")
	}
}

// tree is a Files of Windows with the entries of one walk.
type tree struct {
	host.Unsupported
	folder  []host.FileInfo
	walked  []host.FileInfo
	errs    map[string]error
	atStart error
}

func (f tree) ReadDir(_ context.Context, path string) ([]host.FileInfo, error) {
	if path != `D:\Copias` {
		return nil, fs.ErrNotExist
	}
	return f.folder, nil
}

func (f tree) ReadRange(_ context.Context, _ string, _, length int64) ([]byte, error) {
	return []byte("TAPE" + strings.Repeat("\x00", int(length)-4)), nil
}

func (f tree) Stat(_ context.Context, path string) (host.FileInfo, error) {
	for _, e := range f.folder {
		if path == `D:\Copias\`+e.Name {
			return e, nil
		}
	}
	return host.FileInfo{}, fs.ErrNotExist
}

func (f tree) Walk(ctx context.Context, root string, visit func(string, host.FileInfo, error) error) error {
	if f.atStart != nil {
		return f.atStart
	}
	for _, info := range f.walked {
		if err := visit(root+`\`+info.Name, info, f.errs[info.Name]); err != nil {
			return nil //nolint:nilerr // the visitor has seen enough
		}
	}
	return ctx.Err()
}

func TestWindowsSource(t *testing.T) {
	old := at.Add(-10 * day)
	file := func(name string) host.FileInfo {
		return host.FileInfo{Name: name, Size: 10, ModTime: old, ChangeTime: old}
	}
	folder := host.FileInfo{Name: "Datos", Mode: fs.ModeDir, ModTime: old, ChangeTime: old}
	for _, tt := range []struct {
		name   string
		tree   tree
		status checks.Status
		code   string
	}{
		{"documents", tree{walked: []host.FileInfo{folder, file("PADRON.XLSX")}}, checks.Pass, "backup.unchanged_since"},
		{"an open database", tree{walked: []host.FileInfo{folder, file("Catastro.MDF")}}, checks.Unknown, "backup.source_databases"},
		{"a junction", tree{walked: []host.FileInfo{folder, file("a.txt"), {Name: "union", Mode: fs.ModeIrregular}}}, checks.Unknown, "backup.source_links"},
		{"a FAT disk", tree{walked: []host.FileInfo{folder, {Name: "a.txt", ModTime: old}}}, checks.Unknown, "backup.source_untimed"},
		{"a folder that is refused", tree{walked: []host.FileInfo{folder, file("a.txt"), {Name: "RH", Mode: fs.ModeDir}}, errs: map[string]error{"RH": fs.ErrPermission}}, checks.Unknown, "backup.source_partly_unread"},
		{"refused at the door", tree{walked: []host.FileInfo{folder}, errs: map[string]error{"Datos": fs.ErrPermission}}, checks.Unknown, "backup.source_unread"},
		{"no walk at all", tree{atStart: fmt.Errorf("walk: %w", host.ErrNotRecorded)}, checks.Unknown, "backup.source_unread"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.tree.folder = []host.FileInfo{{Name: "Lunes.BKF", Size: 9000, ModTime: at.Add(-3 * day)}}
			h := host.New(host.Host{OS: host.Windows, Now: func() time.Time { return at }, Files: tt.tree, System: volumes{}})
			got := checktest.Run(t, daily(), *h, `{"datasets":[{"name":"a","source":"D:\\Datos","copies":"D:\\Copias","pattern":"*.bkf"}]}`)
			if len(got.Findings) != 1 || got.Findings[0].Status != tt.status || got.Findings[0].Reason.Code != tt.code {
				t.Errorf("got %+v, want %s %s", got.Verdict, tt.status, tt.code)
			}
		})
	}
}

func TestBest(t *testing.T) {
	c := func(hours int, size int64) copyFact {
		return copyFact{Time: at.Add(-time.Duration(hours) * time.Hour), Size: size}
	}
	got, more := best([]copyFact{c(9, 50), c(1, 10), c(5, 10), c(30, 49), c(20, 90), c(40, 200)})
	if diff := cmp.Diff([]copyFact{c(1, 10), c(9, 50), c(20, 90), c(40, 200)}, got); diff != "" || more != 0 {
		t.Errorf("(-want +got):\n%s%d more", diff, more)
	}
	var shrinking []copyFact
	for i := range 30 {
		shrinking = append(shrinking, c(i, int64(100+i)))
	}
	if got, more := best(shrinking); len(got) != maxBest || more != 30-maxBest {
		t.Errorf("got %d and %d more, want %d and %d", len(got), more, maxBest, 30-maxBest)
	}
}

func TestParameters(t *testing.T) {
	for _, tt := range []struct{ params, want string }{
		{``, ""},
		{`{"datasets":[{"name":"a","copies":"/c","every":"168h0m0s","min_bytes":10}],"quiet":"0s"}`, ""},
		{`{"datasets":[{"name":"a"}]}`, "dataset 1 needs a name and the folder of its copies"},
		{`{"datasets":[{"name":"a","copies":"/c"},{"name":"a","copies":"/d"}]}`, `dataset "a" is there twice`},
		{`{"datasets":[{"name":"a","copies":"/c","pattern":"["}]}`, `dataset "a": the pattern "[" is not one such as *.zip`},
		{`{"datasets":[{"name":"a","copies":"/c","min_bytes":-1}]}`, `dataset "a": min_bytes is negative`},
		{`{"min_bytes":0}`, "every and min_bytes must be more than 0"},
		{`{"every":"0s"}`, "every and min_bytes must be more than 0"},
		{`{"datasets":[{"name":"a","copies":"/c","folder":"/d"}]}`, `unknown field "folder"`},
	} {
		got := ""
		if err := daily().CheckParams(json.RawMessage(tt.params)); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.params, got, tt.want)
		}
	}
}

// A machine that is mounted says of its files what it says when it runs.
func TestMountedIsAsLive(t *testing.T) {
	for _, tt := range []struct {
		name    string
		dataset dataset
		status  checks.Status
	}{
		{"files", dataset{}, checks.Pass},
		{"a mirror", dataset{Format: storeMirror, Source: "/datos"}, checks.Pass},
		{"too small", dataset{MinBytes: 1 << 30}, checks.Fail},
	} {
		p := newPlace(t)
		p.data("a.xlsx", 700, day)
		p.copy("a.xlsx", 700, 3*time.Hour)
		p.later(time.Hour)
		top := filepath.Dir(p.copies)
		said := func(root string, at string) checks.Verdict {
			d := tt.dataset
			d.Name, d.Copies = "padrón", filepath.Join(at, "copias")
			if d.Source != "" {
				d.Source = filepath.Join(at, "datos")
			}
			params, err := json.Marshal(map[string]any{"datasets": []dataset{d}})
			if err != nil {
				t.Fatal(err)
			}
			h := *local.New(local.Options{Root: root})
			h.Now = func() time.Time { return p.now }
			return checktest.Run(t, daily(), h, string(params)).Verdict
		}
		mounted, live := said(top, "/"), said("", top)
		if diff := cmp.Diff(live, mounted); diff != "" || mounted.Status != tt.status {
			t.Errorf("%s: got %s (-live +mounted):\n%s", tt.name, mounted.Status, diff)
		}
	}
}
