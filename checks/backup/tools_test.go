package backup

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/collector/storage/storagetest"
)

// tool is a program that makes copies, and what becomes of them.
type tool struct {
	name string
	// shell makes the copies of datos/ in copias/.
	shell   string
	dataset dataset
	// code is what is said of the untouched copy.
	code string
	// victims are the files, relative to the copies, that hold what was copied: cut,
	// flipped or emptied, they make the copy a bad one. A glob means its largest file.
	victims []string
	// noFlip: the format carries no checksum of its contents.
	noFlip bool
	// unfinished are the traces of a run that was ended halfway.
	unfinished []trace
	// frozen tells that copies of one size are told.
	frozen bool
}

// trace is a file, or a folder where the name ends with /, that a run leaves behind. One
// with rename puts the copy itself under another name.
type trace struct{ rename, name string }

func copyTools() []tool {
	file := func(name, shell string) tool {
		return tool{
			name: name, shell: shell, dataset: dataset{Pattern: "padron*"}, code: "backup.recent_whole",
			victims: []string{"padron*"}, frozen: true,
			unfinished: []trace{{rename: "padron*", name: "*.part"}, {name: "*.tmp"}},
		}
	}
	walked := func(t tool, code string) tool { t.code, t.noFlip = code, true; return t }
	return []tool{
		file("zip", "zip -qr copias/padron.zip datos"),
		walked(file("tar", "tar -cf copias/padron.tar datos"), "backup.recent_walked"),
		file("tar.gz", "tar -czf copias/padron.tar.gz datos"),
		file("tar.xz", "tar -cJf copias/padron.tar.xz datos"),
		file("tar.zst", "tar -cf - datos | zstd -q -o copias/padron.tar.zst"),
		file("7z", "7z a -bd copias/padron.7z datos >/dev/null"),
		file("mysqldump", `{ echo '-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB'; echo 'INSERT INTO t VALUES'; base64 datos/ruido; echo '-- Dump completed on 2026-11-22  3:00:01'; } | gzip > copias/padron.sql.gz`),
		{
			name: "restic", code: "backup.recent_whole", victims: []string{"data/*/*", "index/*", "snapshots/*"},
			shell:      "export RESTIC_PASSWORD=prueba; restic -q -r copias init && restic -q -r copias backup datos",
			unfinished: []trace{{name: "locks/6f1d"}},
		},
		{
			name: "borg", code: "backup.recent_whole", victims: []string{"data/0/1"},
			shell:      "export BORG_BASE_DIR=$PWD/borg; borg init -e none copias && borg create copias::uno datos",
			unfinished: []trace{{name: "lock.exclusive/"}},
		},
		{
			name: "rsync", dataset: dataset{Format: storeMirror, Source: "datos"}, code: "backup.mirror_equal",
			shell: "rsync -a datos/ copias/", victims: []string{"ruido", "texto"},
			unfinished: []trace{{name: ".ruido.aBcD12"}, {name: ".rsync-partial/"}},
		},
		{
			name: "rsync of the folder itself", dataset: dataset{Format: storeMirror, Source: "datos"}, code: "backup.mirror_equal",
			shell: "rsync -a datos copias/", victims: []string{"datos/ruido"},
			unfinished: []trace{{name: "datos/.ruido.aBcD12"}},
		},
		{
			name: "rsnapshot", dataset: dataset{Source: "datos"}, code: "backup.recent_whole",
			shell: `{ printf 'config_version\t1.2\nsnapshot_root\t%s/copias/\nno_create_root\t1\ncmd_cp\t/bin/cp\ncmd_rm\t/bin/rm\ncmd_rsync\t/usr/bin/rsync\nretain\tdaily\t3\nbackup\t%s/datos/\tlocalhost/\n' "$PWD" "$PWD"; } > r.conf
rsnapshot -c r.conf daily`,
			victims: []string{"daily.0/localhost/*/*/*/*/ruido"}, unfinished: []trace{{name: "daily.0/localhost/TMP/.ruido.aBcD12"}},
		},
	}
}

// workshop makes a place with a source and the copies that a tool makes of it.
func (c tool) workshop(t *testing.T) *place {
	t.Helper()
	p := newPlace(t)
	noise := make([]byte, 200_000)
	rnd := rand.New(rand.NewPCG(3, 3))
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	for name, content := range map[string][]byte{"ruido": noise, "texto": []byte(strings.Repeat("recibo de agua\n", 4000)), "carpeta/hoja": []byte("hoja")} {
		file := filepath.Join(p.source, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c.sh(t, p, c.shell)
	p.later(3 * time.Hour)
	return p
}

// again makes the same once more. Copies that hold the path of their source must be made
// anew, others can be carried.
func (c tool) again(t *testing.T, master *place) *place {
	t.Helper()
	if c.name == "rsnapshot" {
		return c.workshop(t)
	}
	p := newPlace(t)
	c.sh(t, p, "cp -a '"+master.copies+"' '"+master.source+"' .")
	p.later(3 * time.Hour)
	return p
}

func (c tool) sh(t *testing.T, p *place, shell string) {
	t.Helper()
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", shell)
	cmd.Dir = filepath.Dir(p.copies)
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "XDG_CACHE_HOME="+cmd.Dir+"/cache")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s(packages: see packaging/tools/test-deps.sh)", shell, err, out)
	}
}

func (c tool) says(p *place) checks.Finding {
	d := c.dataset
	if d.Source != "" {
		d.Source = p.source
	}
	return p.run(d)
}

// victim is the largest file that a glob names.
func victim(t *testing.T, p *place, glob string) string {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(p.copies, glob))
	var largest string
	var most int64 = -1
	for _, n := range names {
		if info, err := os.Stat(n); err == nil && info.Mode().IsRegular() && info.Size() > most {
			largest, most = n, info.Size()
		}
	}
	if largest == "" {
		t.Fatalf("nothing is called %s", glob)
	}
	return largest
}

// TestTools makes copies with the real programs and does to them what happens to copies.
func TestTools(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: runs the programs that make copies")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the programs are those of Debian")
	}
	for _, c := range copyTools() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			master := c.workshop(t)
			if got := c.says(master); got.Status != checks.Pass || got.Reason.Code != c.code {
				t.Fatalf("untouched: got %s %v, want pass %s", got.Status, got.Reason, c.code)
			}
			for _, f := range c.faults() {
				t.Run(f.name, func(t *testing.T) {
					p := c.again(t, master)
					f.do(t, p)
					if got := c.says(p); got.Status != f.want && (f.want != "" || got.Status == checks.Pass || got.Status == checks.Warn) {
						t.Errorf("got %s %v, want %s", got.Status, got.Reason, f.want)
					}
				})
			}
		})
	}
}

// fault is something that happens to a copy. Without want, it must not be good.
type fault struct {
	name string
	do   func(*testing.T, *place)
	want checks.Status
}

func (c tool) faults() []fault {
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// changed changes a file and leaves its time as it was.
	changed := func(t *testing.T, name string, change func([]byte) []byte) {
		t.Helper()
		info, err := os.Stat(name)
		must(t, err)
		b, err := os.ReadFile(name)
		must(t, err)
		must(t, os.Chmod(name, 0o600))
		must(t, os.WriteFile(name, change(b), 0o600))
		must(t, os.Chtimes(name, info.ModTime(), info.ModTime()))
	}
	out := []fault{
		{"aged, and its source changed", func(t *testing.T, p *place) {
			when := time.Now().Add(time.Hour)
			must(t, os.Chtimes(filepath.Join(p.source, "texto"), when, when))
			p.later(40 * time.Hour)
		}, checks.Fail},
		{"dated in the future", func(t *testing.T, p *place) {
			when := p.now.Add(48 * time.Hour)
			must(t, filepath.WalkDir(p.copies, func(path string, _ os.DirEntry, err error) error {
				if err != nil {
					return err
				}
				return os.Chtimes(path, when, when)
			}))
		}, ""},
		{"all gone", func(t *testing.T, p *place) {
			must(t, os.RemoveAll(p.copies))
			must(t, os.Mkdir(p.copies, 0o755))
		}, checks.Fail},
	}
	if c.dataset.Format == storeMirror {
		out[1].do = func(t *testing.T, p *place) { // a mirror is not dated: it is compared
			must(t, os.Remove(filepath.Join(victim(t, p, c.victims[0]))))
			p.later(40 * time.Hour)
		}
	}
	for _, v := range c.victims {
		out = append(out,
			fault{"cut: " + v, func(t *testing.T, p *place) {
				changed(t, victim(t, p, v), func(b []byte) []byte { return b[:len(b)*2/3] })
			}, checks.Fail},
			fault{"emptied: " + v, func(t *testing.T, p *place) {
				changed(t, victim(t, p, v), func([]byte) []byte { return nil })
			}, checks.Fail},
			fault{"overwritten: " + v, func(t *testing.T, p *place) {
				changed(t, victim(t, p, v), func(b []byte) []byte {
					for i := range b {
						b[i] ^= byte(i*7 + 41)
					}
					return b
				})
			}, checks.Fail})
		if !c.noFlip {
			out = append(out, fault{"a byte flipped: " + v, func(t *testing.T, p *place) {
				changed(t, victim(t, p, v), func(b []byte) []byte { b[len(b)/2] ^= 4; return b })
			}, checks.Fail})
		}
	}
	for _, tr := range c.unfinished {
		out = append(out, fault{"left behind: " + tr.name, func(t *testing.T, p *place) { c.leave(t, p, tr) }, ""})
	}
	if c.frozen {
		out = append(out, fault{"frozen at one size", c.freeze, checks.Fail})
	}
	return out
}

// leave puts a trace of a run that did not end, and lets two days pass for a lock.
func (c tool) leave(t *testing.T, p *place, tr trace) {
	name := filepath.Join(p.copies, tr.name)
	switch {
	case tr.rename != "":
		old := victim(t, p, tr.rename)
		if err := os.Rename(old, strings.Replace(tr.name, "*", old, 1)); err != nil {
			t.Fatal(err)
		}
		return
	case strings.HasPrefix(tr.name, "*"):
		name = victim(t, p, c.victims[0]) + tr.name[1:]
	case strings.Contains(tr.name, "/TMP/"):
		name = filepath.Join(filepath.Dir(victim(t, p, c.victims[0])), filepath.Base(tr.name))
	}
	when := time.Now().Add(time.Minute)
	var err error
	if strings.HasSuffix(tr.name, "/") {
		err = os.Mkdir(name, 0o755)
	} else {
		err = os.WriteFile(name, []byte("a medias"), 0o600)
	}
	if err == nil {
		err = os.Chtimes(name, when, when)
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(tr.name, "lock") {
		p.later(28 * time.Hour) // within 24 hours and 6 of grace
	}
}

// freeze makes five more copies of the nights before, all of one size, while the source
// changes.
func (c tool) freeze(t *testing.T, p *place) {
	newest := victim(t, p, c.victims[0])
	b, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	for night := 1; night <= 5; night++ {
		name := filepath.Join(p.copies, "padron-"+string(rune('0'+night))+strings.TrimPrefix(filepath.Base(newest), "padron"))
		when := time.Now().Add(-time.Duration(night) * day)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, when, when); err != nil {
			t.Fatal(err)
		}
	}
	when := time.Now().Add(-2 * day)
	if err := os.Chtimes(filepath.Join(p.source, "texto"), when, when); err != nil {
		t.Fatal(err)
	}
	got := p.run(dataset{Pattern: "padron*"})
	if got.Status != checks.Unknown || got.Reason.Code != "backup.frozen_unproved" {
		t.Errorf("frozen, source not known: got %s %v, want unknown", got.Status, got.Reason)
	}
	if got = p.run(dataset{Pattern: "padron*", Kind: kindArchive}); got.Status != checks.Pass {
		t.Errorf("an archive: got %s %v, want pass", got.Status, got.Reason)
	}
	// The fault itself is judged with the source.
	if got = p.run(dataset{Pattern: "padron*", Source: p.source}); got.Status != checks.Fail || got.Reason.Code != "backup.frozen" {
		t.Errorf("frozen: got %s %v, want fail", got.Status, got.Reason)
	}
	if err := os.RemoveAll(p.copies); err != nil { // and done with
		t.Fatal(err)
	}
}

// TestPostgreSQLFolder dumps a database into a folder, as pg_dump -Fd does.
func TestPostgreSQLFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: starts PostgreSQL")
	}
	dsn, _ := storagetest.PostgreSQLDatabase(t)
	c := tool{
		name: "pg_dump -Fd", code: "backup.recent_whole", victims: []string{"lunes/*.dat.gz"},
		shell: `psql -q -v ON_ERROR_STOP=1 "` + dsn + `" -c 'DROP TABLE IF EXISTS recibo; CREATE TABLE recibo AS SELECT n, md5(n::text) FROM generate_series(1,9000) n; CREATE TABLE IF NOT EXISTS nada (n int); SELECT lo_from_bytea(0, $a$hola$a$) IS NULL' >/dev/null
pg_dump -Fd -f copias/lunes "` + dsn + `"`,
	}
	without := func(name, shell string, good bool) {
		p := c.workshop(t)
		c.sh(t, p, shell)
		p.later(3 * time.Hour)
		if got := c.says(p); (got.Status == checks.Pass) != good || !good && got.Status != checks.Fail {
			t.Errorf("%s: got %s %v, want it to be good: %v", name, got.Status, got.Reason, good)
		}
	}
	without("no table of contents", "rm copias/lunes/toc.dat", false)
	without("a table gone", "rm $(ls -S copias/lunes/*.dat.gz | head -1)", false)
	without("an empty table gone", "rm $(ls -rS copias/lunes/[0-9]*.dat.gz | head -1)", false)
	without("a large object gone", "rm $(ls copias/lunes/blob_*.dat.gz | head -1)", false)
	plain := "rm -r copias/lunes; pg_dump -Z0 -Fd -f copias/lunes '" + dsn + "'"
	without("not packed", plain, true)
	without("not packed, cut", plain+"; truncate -s -100 $(ls -S copias/lunes/*.dat | head -1)", false)
	without("not packed, inserts", strings.Replace(plain, "-Z0", "-Z0 --inserts", 1), true)
	without("two dumps in a folder", "pg_dump -Fd -f copias/lunes/otra '"+dsn+"'", true)
	without("two dumps in a folder, one without", "pg_dump -Fd -f copias/lunes/otra '"+dsn+"'; rm copias/lunes/toc.dat", false)
	if got := c.says(c.workshop(t)); got.Status != checks.Pass {
		t.Fatalf("untouched: got %s %v, want pass", got.Status, got.Reason)
	}
	for _, f := range c.faults() {
		p := c.workshop(t)
		f.do(t, p)
		if got := c.says(p); got.Status == checks.Pass || got.Status == checks.Warn {
			t.Errorf("%s: got %s %v, want none", f.name, got.Status, got.Reason)
		}
	}
}

// A snapshot whose rsync failed is dated today and holds what there was before: rsnapshot
// goes back to the one before and touches its folder all the same.
func TestSnapshotOfAFailedRun(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: runs rsnapshot")
	}
	for _, c := range copyTools() {
		if c.name != "rsnapshot" {
			continue
		}
		for _, row := range []struct {
			name    string
			changed time.Duration // the source, before the snapshot
			good    bool
		}{
			{"changed long before", 20 * 24 * time.Hour, false},
			{"changed since", -time.Hour, true},
		} {
			t.Run(row.name, func(t *testing.T) {
				p := c.workshop(t)
				old, source := victim(t, p, "daily.0/localhost/*/*/*/*/texto"), filepath.Join(p.source, "texto")
				made := time.Now()
				for name, at := range map[string]time.Time{old: made.AddDate(0, 0, -40), source: made.Add(-row.changed)} {
					if err := os.Chtimes(name, at, at); err != nil {
						t.Fatal(err)
					}
				}
				if got := c.says(p); (got.Status == checks.Pass) != row.good {
					t.Errorf("got %s %v, want it to be good: %v", got.Status, got.Reason, row.good)
				}
			})
		}
	}
}

// What is done to a repository without making a copy is none, and what is a copy is one,
// whatever is done to the repository afterwards.
func TestRepositoriesWithoutNewCopies(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: runs borg and restic")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the programs are those of Debian")
	}
	const (
		borgEnv   = `export BORG_BASE_DIR=$PWD/borg BORG_PASSPHRASE=prueba; `
		resticEnv = `export RESTIC_PASSWORD=prueba; restic() { command restic -q -r copias "$@"; }; `
		age       = `find copias -exec touch -d '10 days ago' {} +; `
		// Two archives of ten days ago, of which the first has something that the second has not.
		borgOld = `head -c 90000 /dev/urandom > datos/ruido; when=$(date -u -d '10 days ago' +%Y-%m-%dT%H:%M:%S)
borg create --timestamp $(date -u -d '11 days ago' +%Y-%m-%dT%H:%M:%S) copias::uno datos; echo y > datos/ruido; borg create --timestamp $when copias::dos datos; ` + age
		resticOld = `head -c 9000 /dev/urandom > datos/ruido; restic init; restic backup datos; ` + age
	)
	type row struct {
		name, shell string
		status      checks.Status // empty: anything but a pass
		code        string
	}
	borg := []row{
		{"only made", "true", checks.Fail, "backup.no_copy"},
		{"compacted", borgOld + "borg compact copias", checks.Fail, "backup.late"},
		{"one deleted and compacted", borgOld + "borg delete copias::uno; borg compact --threshold 0 copias", "", ""},
		{"pruned", borgOld + "borg prune --keep-last 1 copias", checks.Fail, "backup.late"},
		{"pruned and compacted", borgOld + "borg prune --keep-last 1 copias; borg compact --threshold 0 copias", "", ""},
		{"pruned and compacted each night", borgOld + "borg prune --keep-last 1 copias; borg compact --threshold 0 copias; sleep 1.1; borg rename copias::dos tres; borg compact --threshold 0 copias", "", ""},
		{"renamed", borgOld + "borg rename copias::dos tres", checks.Fail, "backup.late"},
		{"a new one", borgOld + "echo z > datos/nuevo; borg create copias::tres datos", checks.Pass, "backup.recent_whole"},
		{"a new one of nothing new", borgOld + "borg create copias::tres datos", checks.Pass, "backup.recent_whole"},
		{"a new one, then pruned and compacted", borgOld + "echo z > datos/nuevo; borg create copias::tres datos; sleep 1.1; borg prune --keep-last 1 copias; borg compact copias", checks.Pass, "backup.recent_whole"},
	}
	restic := []row{
		{"only made", "restic init", checks.Fail, "backup.no_copy"},
		{"tagged", resticOld + "restic tag --add fin", checks.Unknown, "backup.copy_unproved"},
		{"an old one and one of nothing new, tagged", resticOld + "restic backup datos; " + age + "restic tag --add fin", checks.Unknown, "backup.copy_unproved"},
		{"forgotten and pruned", resticOld + "echo y > datos/ruido; restic backup datos; " + age + "restic forget --keep-last 1 --prune", checks.Fail, "backup.late"},
		{"a new one of nothing new", resticOld + "restic backup datos", checks.Unknown, "backup.copy_unproved"},
		{"a new one", resticOld + "echo y > datos/ruido; restic backup datos", checks.Pass, "backup.recent_whole"},
		{"a new one, then pruned", resticOld + "echo y > datos/ruido; restic backup datos; sleep 1.1; restic forget --keep-last 1 --prune", checks.Pass, "backup.recent_whole"},
	}
	for _, program := range []struct {
		name, env, first string
		rows             []row
	}{
		{"borg with a password", borgEnv, "borg init -e repokey copias 2>/dev/null; ", borg},
		{"borg with another cipher", borgEnv, "borg init -e repokey-blake2 copias 2>/dev/null; ", borg[7:8]},
		{"borg without a password", borgEnv, "borg init -e none copias; ", append(borg[:2:2], borg[7])},
		{"restic", resticEnv, "", restic},
	} {
		for _, tt := range program.rows {
			t.Run(program.name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				p := newPlace(t)
				p.data("hoja", 3000, 20*day)
				c := tool{name: program.name}
				c.sh(t, p, program.env+"rmdir copias; "+program.first+tt.shell+"; [ -d copias ]")
				p.later(3 * time.Hour)
				got := c.says(p)
				if got.Status != tt.status && (tt.status != "" || got.Status == checks.Pass || got.Status == checks.Warn) || tt.code != "" && got.Reason.Code != tt.code {
					t.Errorf("got %s %v, want %s %s", got.Status, got.Reason, tt.status, tt.code)
				}
			})
		}
	}
}
