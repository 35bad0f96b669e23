package backup_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/backup"
	"vigia/collector/storage/storagetest"
)

const phrase = "correcta batería grapa"

// collector is what is backed up: a data folder with its log.
type collector struct {
	folder string
	db     *storage.DB
	log    *evidence.Log
}

func schemas() []storage.Schema { return []storage.Schema{evidence.Schema()} }

func newCollector(t *testing.T, dsn string) collector {
	t.Helper()
	c := collector{folder: filepath.Join(t.TempDir(), "data")}
	if err := os.Mkdir(c.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if dsn == "" {
		dsn = filepath.Join(c.folder, storage.FileName)
	}
	c.db = storagetest.Open(t, dsn, schemas()...)
	for name, content := range map[string]string{"keys/ca.pem": "a certificate", "vigia.yaml": "listen: 127.0.0.1\n", "serve.lock": ""} {
		path := filepath.Join(c.folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.log = openLog(t, c.db, c.folder)
	return c
}

func openLog(t *testing.T, db *storage.DB, folder string) *evidence.Log {
	t.Helper()
	key, err := evidence.LoadOrCreateKey(filepath.Join(folder, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	log, err := evidence.Open(t.Context(), db, evidence.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func (c collector) report(t *testing.T, n int) {
	t.Helper()
	err := c.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := c.log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Report, Subject: "machine-7", Sequence: uint64(n), Payload: fmt.Appendf(nil, "report %d", n)})
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func (c collector) checkpoint(t *testing.T) (cp evidence.Checkpoint) {
	t.Helper()
	err := c.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		cp, err = c.log.Checkpoint(ctx, tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return cp
}

func keys(t *testing.T) (age.Recipient, age.Identity) {
	t.Helper()
	recipient, identity, err := backup.QuickPassphrase(phrase)
	if err != nil {
		t.Fatal(err)
	}
	return recipient, identity
}

func create(t *testing.T, c collector) []byte {
	t.Helper()
	recipient, _ := keys(t)
	var b bytes.Buffer
	if _, err := backup.Create(t.Context(), c.db, backup.Source{Folder: c.folder}, &b, time.Now(), recipient); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// newEpoch is the Finish that the collector's command uses.
func newEpoch(t *testing.T) func(ctx context.Context, db *storage.DB, folder string) error {
	return func(ctx context.Context, db *storage.DB, folder string) error {
		log := openLog(t, db, folder)
		return db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
			_, err := log.Restored(ctx, tx, "operator")
			return err
		})
	}
}

// A backup made while reports come in restores on either database to a log that
// verifies, begins with every checkpoint given out before, and is in a new epoch.
func TestBackupWhileWriting(t *testing.T) {
	storagetest.EachDSN(t, func(t *testing.T, to string) {
		from := ""
		if storage.IsPostgreSQL(to) {
			from = storagetest.PostgreSQL(t)
		}
		c := newCollector(t, from)
		for n := range 20 {
			c.report(t, n)
		}
		before := c.checkpoint(t)
		ctx, cancel := context.WithCancel(t.Context())
		var writer sync.WaitGroup
		writer.Go(func() {
			for n := 20; ctx.Err() == nil; n++ {
				c.report(t, n)
			}
		})
		made := create(t, c)
		cancel()
		writer.Wait()

		if !storage.IsPostgreSQL(to) {
			to = "" // in the folder
		}
		_, identity := keys(t)
		folder := filepath.Join(t.TempDir(), "restored")
		result, err := backup.Restore(t.Context(), bytes.NewReader(made), identity,
			backup.Options{Folder: folder, DSN: to, Schemas: schemas(), Finish: newEpoch(t)})
		if err != nil {
			t.Fatal(err)
		}
		if result.Before != "" || len(result.Manifest.Files) != 3 {
			t.Errorf("restored %+v, want three files and no folder from before", result)
		}
		for name, want := range map[string]string{"keys/ca.pem": "a certificate", "vigia.yaml": "listen: 127.0.0.1\n"} {
			got, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil || string(got) != want {
				t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
			}
		}
		if runtime.GOOS != "windows" {
			err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
				if err != nil {
					return err
				}
				info, err := d.Info()
				if err == nil && info.Mode().Perm()&0o077 != 0 {
					t.Errorf("%s has mode %v", path, info.Mode())
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		db, err := storage.Open(t.Context(), storage.Options{DSN: to, Folder: folder}, schemas()...)
		if err != nil {
			t.Fatal(err)
		}
		restored := collector{folder: folder, db: db, log: openLog(t, db, folder)}
		restored.report(t, 1000)
		now := restored.checkpoint(t)
		err = db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			if epoch, err := restored.log.Epoch(ctx, tx); epoch != 2 || err != nil {
				t.Errorf("epoch %d, %v; want 2", epoch, err)
			}
			proof, err := restored.log.ProveConsistency(ctx, tx, before.Size, now.Size)
			if err != nil {
				return err
			}
			if err := evidence.VerifyConsistency(before, now, proof); err != nil {
				t.Error(err)
			}
			return restored.log.Verify(ctx, tx, nil)
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Error(err)
		}
	})
}

// Whatever is wrong with the file, nothing is changed.
func TestDamagedBackups(t *testing.T) {
	c := newCollector(t, "")
	for n := range 5 {
		c.report(t, n)
	}
	good := create(t, c)
	_, identity := keys(t)
	_, wrong, err := backup.QuickPassphrase(phrase + "x")
	if err != nil {
		t.Fatal(err)
	}
	another, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	type damaged struct {
		content  []byte
		identity age.Identity
		want     error
	}
	rows := map[string]damaged{
		"wrong passphrase":     {good, wrong, backup.ErrPassphrase},
		"key for a passphrase": {good, another, backup.ErrPassphrase},
		"empty":                {nil, identity, backup.ErrDamaged},
		"not a backup":         {bytes.Repeat([]byte("not a backup "), 1000), identity, backup.ErrDamaged},
		"more at the end":      {append(bytes.Clone(good), 0), identity, backup.ErrDamaged},
	}
	for i := 0; i < len(good); i += len(good)/37 + 1 {
		rows[fmt.Sprint("cut at ", i)] = damaged{good[:i], identity, nil}
		flipped := bytes.Clone(good)
		flipped[i] ^= 1
		rows[fmt.Sprint("flipped at ", i)] = damaged{flipped, identity, nil}
	}
	rows["last byte cut"] = damaged{good[:len(good)-1], identity, backup.ErrDamaged}
	rows["last byte flipped"] = damaged{append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1), identity, backup.ErrDamaged}
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		if !storage.IsPostgreSQL(dsn) {
			dsn = ""
		}
		parent := t.TempDir()
		for name, row := range rows {
			_, err := backup.Restore(t.Context(), bytes.NewReader(row.content), row.identity,
				backup.Options{Folder: filepath.Join(parent, "data"), DSN: dsn, Schemas: schemas()})
			if row.want == nil && !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, backup.ErrPassphrase) ||
				row.want != nil && !errors.Is(err, row.want) {
				t.Errorf("%s: got %v, want %v", name, err, row.want)
			}
			if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
				t.Fatalf("%s: left %v behind, %v", name, left, err)
			}
		}
		// And the database was left empty, for the good one restores into it.
		if _, err := backup.Restore(t.Context(), bytes.NewReader(good), identity,
			backup.Options{Folder: filepath.Join(parent, "data"), DSN: dsn, Schemas: schemas()}); err != nil {
			t.Errorf("the good backup after the others: %v", err)
		}
	})
}

func TestRestoreOverAFolder(t *testing.T) {
	c := newCollector(t, "")
	made := create(t, c)
	_, identity := keys(t)
	folder := filepath.Join(t.TempDir(), "data")
	at := func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
	try := func(force bool, finish func(ctx context.Context, db *storage.DB, folder string) error) (backup.Result, error) {
		return backup.Restore(t.Context(), bytes.NewReader(made), identity,
			backup.Options{Folder: folder, Force: force, Schemas: schemas(), Now: at, Finish: finish})
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	if _, err := try(false, func(context.Context, *storage.DB, string) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("a Finish that fails: got %v", err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("after a Finish that failed the folder holds %v, %v", left, err)
	}
	if _, err := try(false, nil); err != nil {
		t.Fatalf("over an empty folder: %v", err)
	}
	mark := filepath.Join(folder, "mark")
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := try(false, nil); !errors.Is(err, backup.ErrFolder) {
		t.Errorf("over a folder in use: got %v, want ErrFolder", err)
	}
	release, err := storage.LockFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := try(true, nil); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("by force over a folder that is served: got %v, want ErrLocked", err)
	}
	release()
	result, err := try(true, nil)
	if err != nil {
		t.Fatalf("by force: %v", err)
	}
	if want := folder + ".before-restore-20261121T120000Z"; result.Before != want {
		t.Errorf("the old folder is kept as %s, want %s", result.Before, want)
	}
	if _, err := os.Stat(filepath.Join(result.Before, "mark")); err != nil {
		t.Errorf("the old folder was not kept: %v", err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the new folder holds a file of the old one")
	}
	if left, err := os.ReadDir(filepath.Dir(folder)); err != nil || len(left) != 2 {
		t.Errorf("beside the folder are %v, %v", left, err)
	}
}

// A configuration that lies elsewhere comes with the backup, goes where it belongs, and
// takes nobody else's place.
func TestConfigurationElsewhere(t *testing.T) {
	const text = "listen: 127.0.0.1\n"
	c := newCollector(t, "")
	etc := filepath.Join(t.TempDir(), "etc", "vigia.yaml")
	if err := os.Mkdir(filepath.Dir(etc), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(etc, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(c.folder, "vigia.yaml")); err != nil {
		t.Fatal(err)
	}
	recipient, identity := keys(t)
	var made bytes.Buffer
	if _, err := backup.Create(t.Context(), c.db, backup.Source{Folder: c.folder, Config: etc}, &made, time.Now(), recipient); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, there  string // what the file said before; "-": there was none
		says, beside string // what it says after, and what the one beside it says; "-": there is none
	}{
		{"there is none", "-", text, "-"},
		{"the same", text, text, "-"},
		{"another", "listen: 0.0.0.0\n", "listen: 0.0.0.0\n", text},
		{"an empty one", "", "", text},
	} {
		t.Run(row.name, func(t *testing.T) {
			folder, config := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "etc", "vigia.yaml")
			if row.there != "-" {
				if err := os.Mkdir(filepath.Dir(config), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(config, []byte(row.there), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			given := map[string]bool{}
			result, err := backup.Restore(t.Context(), bytes.NewReader(made.Bytes()), identity, backup.Options{
				Folder: folder, Schemas: schemas(), Config: config, Give: func(path string) error {
					given[filepath.Base(path)] = true
					return nil
				}})
			if err != nil {
				t.Fatal(err)
			}
			read := func(name string) string {
				text, err := os.ReadFile(name)
				if errors.Is(err, os.ErrNotExist) {
					return "-"
				}
				return string(text)
			}
			if got := read(config); got != row.says {
				t.Errorf("the configuration says %q, want %q", got, row.says)
			}
			if got := read(config + ".restored"); got != row.beside {
				t.Errorf("beside it stands %q, want %q", got, row.beside)
			}
			if told := result.Config != ""; told != (row.beside != "-") {
				t.Errorf("told of %q beside", result.Config)
			}
			if got := read(filepath.Join(folder, "vigia.yaml")); got != "-" {
				t.Errorf("a second configuration in the folder: %q", got)
			}
			if !given["ca.pem"] || !given[storage.FileName] {
				t.Errorf("given to whoever serves: %v", given)
			}
		})
	}
}

func TestPassphrases(t *testing.T) {
	if _, _, err := backup.Passphrase("corta"); err == nil {
		t.Error("a short passphrase was taken")
	}
	c := newCollector(t, "")
	if _, err := backup.Create(t.Context(), c.db, backup.Source{Folder: c.folder}, &bytes.Buffer{}, time.Now()); err == nil {
		t.Error("a backup for nobody was made, in clear")
	}
	made := create(t, c)
	secret, err := os.ReadFile(filepath.Join(c.folder, "keys", evidence.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range [][]byte{secret[:20], []byte("machine-7"), []byte("manifest"), []byte("a certificate")} {
		if bytes.Contains(made, plain) {
			t.Errorf("the backup holds %q in clear", plain)
		}
	}
}

func TestWhatIsNotBackedUp(t *testing.T) {
	c := newCollector(t, "")
	recipient, _ := keys(t)
	try := func() error {
		_, err := backup.Create(t.Context(), c.db, backup.Source{Folder: c.folder}, &bytes.Buffer{}, time.Now(), recipient)
		return err
	}
	big := filepath.Join(c.folder, "keys", "big")
	if err := os.WriteFile(big, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := try(); err == nil {
		t.Error("a huge file in the keys folder was taken")
	}
	if err := os.Remove(big); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(c.folder, "keys", "old"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := try(); err == nil {
		t.Error("a folder in the keys folder was passed over in silence")
	}
}

// item is a member of a handmade archive.
type item struct {
	name    string
	content string
	kind    byte
}

// handmade encrypts an archive that Create would not make.
func handmade(t *testing.T, items []item) []byte {
	t.Helper()
	recipient, _ := keys(t)
	var b bytes.Buffer
	encrypted, err := age.Encrypt(&b, recipient)
	if err != nil {
		t.Fatal(err)
	}
	out := tar.NewWriter(encrypted)
	for _, i := range items {
		h := &tar.Header{Typeflag: i.kind, Name: i.name, Size: int64(len(i.content)), Mode: 0o777}
		if i.kind == tar.TypeSymlink {
			h.Linkname, h.Size = "/etc/passwd", 0
		}
		if err := out.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := out.Write([]byte(i.content)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(out.Close(), encrypted.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// An archive that opens is still not trusted.
func TestHostileArchives(t *testing.T) {
	const hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	manifest := func(files ...backup.File) item {
		b, err := json.Marshal(backup.Manifest{Format: "vigia-backup/1", Files: files})
		if err != nil {
			t.Fatal(err)
		}
		return item{"manifest.json", string(b), tar.TypeReg}
	}
	named := func(name string) []item {
		return []item{manifest(backup.File{Name: name, Size: 5, SHA256: hello}), {name, "hello", tar.TypeReg}}
	}
	file := func(name string) item { return item{name, "hello", tar.TypeReg} }
	listed := backup.File{Name: "keys/a", Size: 5, SHA256: hello}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte("not a dump\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	rows := map[string]struct {
		items []item
		want  error
	}{
		"nothing":            {nil, backup.ErrDamaged},
		"no manifest":        {[]item{file("keys/a")}, backup.ErrDamaged},
		"not JSON":           {[]item{file("manifest.json")}, backup.ErrDamaged},
		"unknown field":      {[]item{{"manifest.json", `{"format":"vigia-backup/1","x":1}`, tar.TypeReg}}, backup.ErrDamaged},
		"a later version":    {[]item{{"manifest.json", `{"format":"vigia-backup/2","x":1}`, tar.TypeReg}}, backup.ErrNewer},
		"huge manifest":      {[]item{{"manifest.json", strings.Repeat(" ", 2<<20), tar.TypeReg}}, backup.ErrDamaged},
		"a way up":           {named("../evil"), backup.ErrDamaged},
		"a way up in keys":   {named("keys/../../evil"), backup.ErrDamaged},
		"an absolute name":   {named("/tmp/evil"), backup.ErrDamaged},
		"a backslash":        {named(`keys/..\evil`), backup.ErrDamaged},
		"a stream":           {named("keys/a:b"), backup.ErrDamaged},
		"another file":       {named("serve.lock"), backup.ErrDamaged},
		"the database":       {named("vigia.db"), backup.ErrDamaged},
		"a hidden name":      {named("keys/.a"), backup.ErrDamaged},
		"no name":            {[]item{manifest(backup.File{Name: "keys/"}), file("keys/a")}, backup.ErrDamaged},
		"a folder in keys":   {named("keys/a/b"), backup.ErrDamaged},
		"the same twice":     {[]item{manifest(listed, listed), file("keys/a"), file("keys/a")}, backup.ErrDamaged},
		"the same in case":   {[]item{manifest(listed, backup.File{Name: "keys/A", Size: 5, SHA256: hello}), file("keys/a"), file("keys/A")}, backup.ErrDamaged},
		"a link":             {[]item{manifest(listed), {"keys/a", "", tar.TypeSymlink}}, backup.ErrDamaged},
		"another size":       {[]item{manifest(backup.File{Name: "keys/a", Size: 6, SHA256: hello}), file("keys/a")}, backup.ErrDamaged},
		"negative size":      {[]item{manifest(backup.File{Name: "keys/a", Size: -1, SHA256: hello}), file("keys/a")}, backup.ErrDamaged},
		"another content":    {[]item{manifest(listed), {"keys/a", "hullo", tar.TypeReg}}, backup.ErrDamaged},
		"not the listed one": {[]item{manifest(listed), file("keys/b")}, backup.ErrDamaged},
		"no database":        {[]item{manifest(listed), file("keys/a")}, backup.ErrDamaged},
		"part missing":       {[]item{manifest(), {"database/000001", zipped.String(), tar.TypeReg}}, backup.ErrDamaged},
		"not compressed":     {[]item{manifest(), file("database/000000")}, backup.ErrDamaged},
		"no dump":            {[]item{manifest(), {"database/000000", zipped.String(), tar.TypeReg}}, backup.ErrDamaged},
		"many files":         {[]item{manifest(make([]backup.File, 1000)...)}, backup.ErrDamaged},
	}
	_, identity := keys(t)
	for name, row := range rows {
		parent := t.TempDir()
		_, err := backup.Restore(t.Context(), bytes.NewReader(handmade(t, row.items)), identity,
			backup.Options{Folder: filepath.Join(parent, "a", "data"), Schemas: schemas()})
		if !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
		if left, err := os.ReadDir(filepath.Join(parent, "a")); err != nil || len(left) != 0 {
			t.Errorf("%s: left %v behind, %v", name, left, err)
		}
	}
}
