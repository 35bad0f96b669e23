package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
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
	var b []byte
	err := again(sharing, func() (err error) {
		b, err = os.ReadFile(path)
		return err
	})
	return b, err
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
	if err := replace(f.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncDir(dir)
}

// Windows replaces and removes no file that somebody reads, as a waiting service does for a moment:
// how often, and after how long, it is tried again.
const (
	replaceTries = 50
	replaceAfter = 20 * time.Millisecond
)

func replace(from, to string) error {
	return again(inUse, func() error { return os.Rename(from, to) })
}

// again does what Windows refuses for a moment.
func again(moment func(error) bool, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		if err == nil || runtime.GOOS != "windows" || try == replaceTries || !moment(err) {
			return err
		}
		time.Sleep(replaceAfter)
	}
}

// inUse tells whether Windows may say so of a file that somebody else has open.
func inUse(err error) bool { return errors.Is(err, fs.ErrPermission) || sharing(err) }

// sharing tells whether Windows says that somebody else has the file open.
func sharing(err error) bool {
	const errorSharingViolation = 32
	var errno syscall.Errno
	return errors.As(err, &errno) && errno == errorSharingViolation
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
	err := again(inUse, func() error { return os.Remove(filepath.Join(dir, name)) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
