package carry

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Temporary files on a stick begin and end so.
const (
	tempPrefix = ".vigia-"
	tempSuffix = ".tmp"
)

// File is a file being written onto a stick. It has its name only when it is
// whole and durable.
type File struct {
	*os.File
	dir string
}

// Create begins a file in a folder. Its content is for its recipient's eyes
// only, so whoever has the stick may hold it; most sticks know no rights anyway.
func Create(dir string) (*File, error) {
	for {
		name := filepath.Join(dir, fmt.Sprintf("%s%x%s", tempPrefix, NewID()[:6], tempSuffix))
		//nolint:gosec // it is encrypted, and another account opens it at the other end
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &File{f, dir}, nil
	}
}

// Finish makes the content durable. After it the file can only be placed or
// abandoned.
func (f *File) Finish() error {
	return errors.Join(f.Sync(), f.Close())
}

// Place gives a finished file its name, in the place of one that has it.
func (f *File) Place(name string) error {
	if err := os.Rename(f.Name(), filepath.Join(f.dir, name)); err != nil {
		return err
	}
	return syncDir(f.dir)
}

// Abandon removes it.
func (f *File) Abandon() error {
	_ = f.Close() // perhaps it is closed already
	return os.Remove(f.Name())
}

// Sweep removes what was left half written in a folder by a stick that was
// pulled out.
func Sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) && strings.HasSuffix(e.Name(), tempSuffix) && e.Type().IsRegular() {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// MaxFolder bounds the files that are looked at in one folder.
const MaxFolder = 1 << 16

// Requests and Answers name the files in a folder, in the order of their names,
// which is that of their making for each machine.
func Requests(dir string) ([]string, error) {
	return list(dir, func(name string) bool { return !strings.HasPrefix(name, AnswerPrefix) })
}

// Answers is described at Requests.
func Answers(dir string) ([]string, error) {
	return list(dir, func(name string) bool { return strings.HasPrefix(name, AnswerPrefix) })
}

func list(dir string, which func(string) bool) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		// Some systems write names in capitals, others files of their own beside ours ("._").
		name := strings.ToLower(e.Name())
		if !e.Type().IsRegular() || strings.HasPrefix(name, ".") || !strings.HasSuffix(name, Suffix) || !which(name) {
			continue
		}
		if len(names) == MaxFolder {
			return nil, fmt.Errorf("%s holds more than %d files", dir, MaxFolder)
		}
		names = append(names, e.Name())
	}
	return names, nil
}

// IsFile tells whether a regular file begins as those of Vigía do, which anything else of
// age does too.
func IsFile(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	begin := make([]byte, len(ageMagic))
	if _, err := io.ReadFull(f, begin); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return string(begin) == ageMagic, nil
}

// syncDir makes names durable. Windows has no such call for a folder, and some
// file systems of sticks have none either.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrInvalid) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
