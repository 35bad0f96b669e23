package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// FS is the one directory that a Queue lives in. It is small so that power
// loss can be modelled in a test: what a File wrote before its Sync, and what
// happened to names before SyncDir, may or may not survive.
type FS interface {
	// Create opens a new file for writing, emptying an existing one.
	Create(name string) (File, error)
	// Open opens a file for reading.
	Open(name string) (Reader, error)
	// Rename replaces newName, atomically.
	Rename(oldName, newName string) error
	Remove(name string) error
	// List returns the names of the files, sorted.
	List() ([]string, error)
	// SyncDir makes creations, renames and removals durable.
	SyncDir() error
}

// File is a file being written, only at its end.
type File interface {
	io.Writer
	// Sync makes what was written durable.
	Sync() error
	Close() error
}

// Reader is a file being read.
type Reader interface {
	io.ReaderAt
	Size() (int64, error)
	Close() error
}

// Dir returns the FS of a directory of the real machine, made with mode 0700
// if it does not exist.
func Dir(path string) (FS, error) {
	//nolint:gosec // who starts the agent says where it keeps its data
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make spool folder: %w", err)
	}
	return dir(path), nil
}

type dir string

func (d dir) path(name string) string { return filepath.Join(string(d), name) }

func (d dir) Create(name string) (File, error) {
	return os.OpenFile(d.path(name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
}

func (d dir) Open(name string) (Reader, error) {
	f, err := os.Open(d.path(name))
	if err != nil {
		return nil, err
	}
	return reader{f}, nil
}

func (d dir) Rename(oldName, newName string) error {
	return os.Rename(d.path(oldName), d.path(newName))
}

func (d dir) Remove(name string) error { return os.Remove(d.path(name)) }

func (d dir) List() ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// SyncDir opens the directory to flush it. Windows has no such call for a
// reader of the directory: NTFS writes names to its own journal in order.
func (d dir) SyncDir() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

type reader struct{ *os.File }

func (r reader) Size() (int64, error) {
	info, err := r.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// ReadFile returns the bytes of a file that can be read, at most limit: a
// sector that has gone bad ends the bytes, it does not lose those before it.
// A file that is absent is fs.ErrNotExist.
func ReadFile(fsys FS, name string, limit int64) ([]byte, error) {
	r, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer r.Close() //nolint:errcheck // it was only read
	size, err := r.Size()
	if err != nil {
		return nil, fmt.Errorf("size of %s: %w", name, err)
	}
	b := make([]byte, min(size, limit))
	n, _ := r.ReadAt(b, 0) // what is missing shows as a damaged record
	return b[:n], nil
}

// ReplaceFile puts content in the place of a file. When it returns the new
// content survives power loss; until then the old one does.
func ReplaceFile(fsys FS, name string, content []byte) error {
	if err := replaceFile(fsys, name, content); err != nil {
		return err
	}
	if err := fsys.SyncDir(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// replaceFile writes a file under another name, makes it durable and then puts
// it in the place of name. The name itself is durable only after SyncDir.
func replaceFile(fsys FS, name string, content []byte) error {
	temp := name + tempSuffix
	f, err := fsys.Create(temp)
	if err != nil {
		return fmt.Errorf("create %s: %w", temp, err)
	}
	if _, err := f.Write(content); err != nil {
		return fmt.Errorf("write %s: %w", temp, errors.Join(err, f.Close()))
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", temp, errors.Join(err, f.Close()))
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("close %s: %w", temp, err)
	}
	if err := fsys.Rename(temp, name); err != nil {
		return fmt.Errorf("rename %s: %w", temp, err)
	}
	return nil
}

func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
