package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"vigia/collector/storage"
)

// Options are how to restore.
type Options struct {
	// Folder is the data folder to make. It must be empty or not exist, or Force
	// be set: then the old folder is kept beside it, under its name with
	// ".before-restore-" and the time.
	Folder string
	Force  bool
	// DSN is the database to fill: "" for SQLite in the folder, else an empty
	// PostgreSQL database (or schema).
	DSN     string
	Schemas []storage.Schema
	// Config is where the configuration goes, if not into the folder. A file there
	// that says something else stays: the restored one is put beside it.
	Config string
	// Give hands what is restored to whoever will serve it, file by file. nil: it stays
	// that of whoever restores.
	Give func(path string) error
	// Finish is the last step before the folder gets its name, on the restored
	// database and the folder under construction: the evidence log's new epoch.
	Finish func(ctx context.Context, db *storage.DB, folder string) error
	Now    func() time.Time // nil: time.Now
}

// Result is what Restore did.
type Result struct {
	Manifest Manifest
	// Before is where the old data folder is kept, "" when there was none.
	Before string
	// Config is the configuration that was put beside one that says something else, ""
	// when it is in force.
	Config string
}

// Restore makes a data folder out of a backup. Until all of the backup was read
// and verified nothing is changed; on an error nothing has been, with one
// exception that the error then tells: a PostgreSQL database is filled before
// the folder gets its name. A configuration outside the folder comes last; when it
// cannot be written the folder has been restored.
func Restore(ctx context.Context, r io.Reader, identity age.Identity, opts Options) (Result, error) {
	result, err := restore(ctx, r, identity, opts)
	if err != nil {
		return result, fmt.Errorf("restore: %w", err)
	}
	return result, nil
}

func restore(ctx context.Context, r io.Reader, identity age.Identity, opts Options) (Result, error) {
	folder, err := filepath.Abs(opts.Folder)
	if err != nil {
		return Result{}, err
	}
	empty, release, err := inspect(folder, opts.Force)
	if err != nil {
		return Result{}, err
	}
	defer release()
	parent := filepath.Dir(folder)
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return Result{}, err
	}
	staging, err := os.MkdirTemp(parent, "."+filepath.Base(folder)+".restoring-*") // mode 0700
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = os.RemoveAll(staging) }() // gone already when it has its name
	m, config, err := fill(ctx, r, identity, staging, opts)
	if err != nil {
		return Result{}, err
	}
	if err := give(staging, opts.Give); err != nil {
		return Result{}, err
	}
	result := Result{Manifest: m}
	if !empty {
		result.Before = folder + ".before-restore-" + now(opts).UTC().Format("20060102T150405Z")
	}
	release() // Windows renames no folder with an open file
	if err := swap(staging, folder, result.Before); err != nil {
		if storage.IsPostgreSQL(opts.DSN) {
			err = fmt.Errorf("%w (the PostgreSQL database was filled: empty it before you try again)", err)
		}
		return Result{}, err
	}
	if config != nil {
		if result.Config, err = placeConfig(opts.Config, config, opts.Give); err != nil {
			return result, fmt.Errorf("the data is restored, its configuration is not: %w", err)
		}
	}
	return result, nil
}

// give hands a folder and all that is in it to somebody else.
func give(folder string, to func(path string) error) error {
	if to == nil {
		return nil
	}
	return filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return to(path)
	})
}

// placeConfig puts a configuration at path, or beside it if something else is there, and
// then tells where.
func placeConfig(path string, content []byte, to func(path string) error) (beside string, err error) {
	there, err := readFile(path)
	switch {
	case err == nil && bytes.Equal(there, content):
		return "", nil
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", err
	default:
		beside = path + ".restored"
		path = beside
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // as the package makes it
		return "", err
	}
	// It may hold a password of the database: nobody reads it but who will serve.
	if err := storage.ReplaceFile(path, content, 0o600); err != nil {
		return "", err
	}
	if to != nil {
		err = to(path)
	}
	return beside, err
}

func now(opts Options) time.Time {
	if opts.Now == nil {
		return time.Now()
	}
	return opts.Now()
}

// inspect tells whether the folder is empty or missing. A folder that is in use
// is refused even with force; the lock on it is held until release.
func inspect(folder string, force bool) (empty bool, release func(), err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return true, func() {}, nil
	}
	if err != nil {
		return false, nil, err
	}
	if !force {
		return false, nil, fmt.Errorf("%w: %s; name another one, or let it be replaced (it is then kept beside)", ErrFolder, folder)
	}
	release, err = storage.LockFolder(folder)
	return false, release, err
}

// swap gives staging the name of the folder. The old folder goes to before, or
// is empty when that is "".
func swap(staging, folder, before string) error {
	if before == "" {
		if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty folder alone
			return err
		}
	} else if err := os.Rename(folder, before); err != nil {
		return err
	}
	err := os.Rename(staging, folder)
	if err != nil && before != "" {
		err = errors.Join(err, os.Rename(before, folder))
	}
	if err != nil {
		return err
	}
	return storage.SyncFolder(filepath.Dir(folder))
}

// fill makes the data folder in staging. It returns the configuration if that goes
// somewhere else.
func fill(ctx context.Context, r io.Reader, identity age.Identity, staging string, opts Options) (m Manifest, config []byte, err error) {
	a, err := openArchive(r, identity)
	if err != nil {
		return Manifest{}, nil, err
	}
	if m, err = a.manifest(); err != nil {
		return Manifest{}, nil, err
	}
	if err := os.Mkdir(filepath.Join(staging, keysFolder), 0o700); err != nil {
		return Manifest{}, nil, err
	}
	for _, f := range m.Files {
		content, err := a.file(f)
		if err != nil {
			return Manifest{}, nil, err
		}
		if f.Name == configName && opts.Config != "" {
			config = content
			continue
		}
		if err := storage.CreateFile(filepath.Join(staging, filepath.FromSlash(f.Name)), content, 0o600); err != nil {
			return Manifest{}, nil, err
		}
	}
	if err := a.load(ctx, staging, opts); err != nil {
		return Manifest{}, nil, err
	}
	return m, config, storage.SyncFolder(staging)
}

// input is a backup being read.
type input struct {
	plain io.Reader // decrypted and authenticated
	tar   *tar.Reader
	part  int
	open  bool // a part is being read
}

func openArchive(r io.Reader, identity age.Identity) (*input, error) {
	plain, err := age.Decrypt(r, identity)
	var noMatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &noMatch):
		return nil, ErrPassphrase
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return &input{plain: plain, tar: tar.NewReader(plain)}, nil
}

// next finds the file that must come now.
func (in *input) next(name string, limit int64) (size int64, err error) {
	header, err := in.tar.Next()
	if err != nil {
		return 0, fmt.Errorf("%w: %s is missing (%w)", ErrDamaged, name, err)
	}
	if header.Name != name || header.Typeflag != tar.TypeReg || header.Size > limit {
		return 0, fmt.Errorf("%w: something else is in the place of %s", ErrDamaged, name)
	}
	return header.Size, nil
}

func (in *input) manifest() (Manifest, error) {
	if _, err := in.next(manifestName, maxManifest); err != nil {
		return Manifest{}, err
	}
	b, err := io.ReadAll(in.tar)
	if err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	var version struct{ Format string }
	if err := json.Unmarshal(b, &version); err != nil {
		return Manifest{}, fmt.Errorf("%w: the manifest is not JSON", ErrDamaged)
	}
	if version.Format != format {
		return Manifest{}, fmt.Errorf("%w (%.40q)", ErrNewer, version.Format)
	}
	var m Manifest
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("%w: the manifest is not of this format", ErrDamaged)
	}
	return m, m.check()
}

func (in *input) file(f File) ([]byte, error) {
	size, err := in.next(f.Name, maxFile)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(in.tar)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	sum := sha256.Sum256(content)
	if size != f.Size || hex.EncodeToString(sum[:]) != f.SHA256 {
		return nil, fmt.Errorf("%w: %s is not the file that the manifest lists", ErrDamaged, f.Name)
	}
	return content, nil
}

// load fills the database from the rest of the archive.
func (in *input) load(ctx context.Context, staging string, opts Options) error {
	compressed, err := gzip.NewReader(in)
	if err != nil {
		return fmt.Errorf("%w: the database's dump is missing (%w)", ErrDamaged, err)
	}
	db, err := storage.Load(ctx, storage.Options{DSN: opts.DSN, Folder: staging}, compressed, opts.Schemas...)
	switch {
	case errors.Is(err, storage.ErrDump), errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	case err != nil:
		return err
	}
	if opts.Finish != nil {
		err = opts.Finish(ctx, db, staging)
	}
	err = errors.Join(err, db.Close())
	if err != nil && storage.IsPostgreSQL(opts.DSN) {
		err = fmt.Errorf("%w (the PostgreSQL database was filled: empty it before you try again)", err)
	}
	return err
}

// Read joins the parts of the dump. It tells the end only after the whole file
// was read and found authentic, so that what depends on the end, the commit of
// the loaded rows, depends on that.
func (in *input) Read(b []byte) (int, error) {
	for {
		if in.open {
			n, err := in.tar.Read(b)
			if n > 0 || err == nil {
				return n, nil
			}
			if !errors.Is(err, io.EOF) {
				return 0, fmt.Errorf("%w: %w", ErrDamaged, err)
			}
			in.open = false
		}
		header, err := in.tar.Next()
		if errors.Is(err, io.EOF) {
			return 0, in.finish()
		}
		if err != nil {
			return 0, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if header.Name != partName(in.part) || header.Typeflag != tar.TypeReg {
			return 0, fmt.Errorf("%w: something else is in the place of %s", ErrDamaged, partName(in.part))
		}
		in.part++
		in.open = true
	}
}

// finish reads what follows the tar archive: nothing, but for age's last seal.
func (in *input) finish() error {
	n, err := io.Copy(io.Discard, io.LimitReader(in.plain, 1<<20))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if n > 0 {
		return fmt.Errorf("%w: something follows its end", ErrDamaged)
	}
	return io.EOF
}
