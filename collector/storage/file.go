package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// CreateFile writes a new file of the data folder, a key for example: after a
// crash it is there whole or not at all, and its bytes never existed with wider
// rights than mode. It replaces nothing: the error of a name that is taken
// wraps fs.ErrExist.
func CreateFile(path string, data []byte, mode fs.FileMode) error {
	return place(path, data, mode, os.Link) // unlike a rename, a link does not replace
}

// ReplaceFile is CreateFile for a name that may be taken: after a crash there is
// the old file or the new one.
func ReplaceFile(path string, data []byte, mode fs.FileMode) error {
	return place(path, data, mode, os.Rename)
}

// place writes the bytes beside path, makes them durable and gives them the
// name.
func place(path string, data []byte, mode fs.FileMode, name func(from, to string) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already after a rename
	_, err = f.Write(data)
	if runtime.GOOS != "windows" { // there, rights are inherited from the folder
		err = errors.Join(err, f.Chmod(mode))
	}
	if err := errors.Join(err, giveToOwnerOf(dir, f), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := name(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := SyncFolder(dir); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
