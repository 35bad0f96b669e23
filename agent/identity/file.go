package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Names of the files.
const (
	stateFile   = "identity.json"
	pendingFile = "enrolling.json"
)

// readFile reads a file of keys. On Linux it refuses one that others can read.
// On Windows the folder's access list protects it, which is not seen in mode
// bits.
func readFile(dir, name string) ([]byte, error) {
	path := filepath.Join(dir, name)
	if runtime.GOOS != "windows" {
		for _, p := range []string{dir, path} {
			info, err := os.Stat(p)
			if err != nil {
				return nil, err
			}
			if loose := info.Mode().Perm() & 0o077; loose != 0 {
				return nil, fmt.Errorf("%s has mode %#o: %w", p, info.Mode().Perm(), ErrPermissions)
			}
		}
	}
	return os.ReadFile(path)
}

// writeFile replaces a file of keys: after it returned, power loss leaves the
// new content, and before that the old one.
func writeFile(dir, name string, content []byte) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, name+".*.tmp") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err := f.Write(content); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir flushes names. Windows has no such call for a folder: NTFS writes
// names to its own journal.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func remove(dir, name string) error {
	err := os.Remove(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
