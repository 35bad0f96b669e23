package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// LockName is the file in the data folder that the daemon keeps locked.
const LockName = "serve.lock"

// ErrLocked says that another process serves the data folder.
var ErrLocked = errors.New("the data folder is in use")

// LockFolder makes this process the only one that serves the data folder, until
// release or the end of the process, however it ends. The error wraps ErrLocked
// and names the process that holds the folder.
func LockFolder(dir string) (release func(), err error) {
	path := filepath.Join(dir, LockName)
	lock := flock.New(path)
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data folder %s: %w", dir, err)
	}
	if !ok {
		return nil, fmt.Errorf("%w: %s is served by the process %s; stop it first", ErrLocked, dir, lockHolder(path))
	}
	release = func() { _ = lock.Unlock() } // the system unlocks at exit in any case
	if err := writeHolder(path); err != nil {
		release()
		return nil, fmt.Errorf("lock data folder %s: %w", dir, err)
	}
	return release, nil
}

// The holder's number stands after the first byte: Windows lets nobody else read
// the byte that is locked.

func writeHolder(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(fmt.Sprintf("%-20d\n", os.Getpid())), 1)
	return errors.Join(err, f.Close())
}

func lockHolder(path string) string {
	const unknown = "(number unknown)"
	f, err := os.Open(path)
	if err != nil {
		return unknown
	}
	defer f.Close()
	b := make([]byte, 20)
	n, _ := f.ReadAt(b, 1) // a short file is an unknown holder
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil {
		return unknown
	}
	return strconv.Itoa(pid)
}

// SyncFolder makes the names in a folder survive a power cut. Windows keeps
// them in the file system's own journal and cannot sync a folder.
func SyncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}
