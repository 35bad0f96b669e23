package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// maxLinks bounds how many links one path may go through, as Linux does.
const maxLinks = 40

// rootDir is the directory under which a Linux machine is mounted.
type rootDir string

func (dir rootDir) begin() (tree, error) {
	root, err := os.OpenRoot(string(dir))
	if err != nil {
		// Not wrapped: the absence of the root is not the absence of a file.
		return nil, fmt.Errorf("open root %s: %v", string(dir), err) //nolint:errorlint // see above
	}
	return rootTree{root}, nil
}

// rootTree is a Linux file system under a directory. os.Root makes escape
// impossible even while somebody changes the tree, but it refuses absolute
// links; those are resolved here, from the top of the tree, as the machine
// itself would.
type rootTree struct{ root *os.Root }

func (t rootTree) end() { _ = t.root.Close() } // only read

func (rootTree) clean(name string) (string, error) { return cleanSlash(name) }

// cleanSlash checks and cleans an absolute path of Linux.
func cleanSlash(name string) (string, error) {
	if !path.IsAbs(name) || strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("%q: %w", name, errNotAbsolute)
	}
	return path.Clean(name), nil
}

var (
	errNotAbsolute  = errors.New("not an absolute path of this machine")
	errTooManyLinks = errors.New("too many links")
)

func (rootTree) join(dir, name string) string { return path.Join(dir, name) }
func (rootTree) base(name string) string      { return path.Base(name) }

func (t rootTree) open(name string) (*os.File, error) {
	at, err := t.resolve(name, true)
	if err != nil {
		return nil, err
	}
	return t.root.OpenFile(at, os.O_RDONLY|openFlags, 0)
}

func (t rootTree) stat(name string) (entry, error)  { return t.describe(name, true) }
func (t rootTree) lstat(name string) (entry, error) { return t.describe(name, false) }

func (t rootTree) describe(name string, follow bool) (entry, error) {
	at, err := t.resolve(name, follow)
	if err != nil {
		return entry{}, err
	}
	info, err := t.root.Lstat(at)
	if err != nil {
		return entry{}, err
	}
	return describe(path.Base(name), "", info), nil
}

// resolve follows the links of name inside the tree and returns a path without
// any, relative to the root. The last element is followed only if follow.
func (t rootTree) resolve(name string, follow bool) (string, error) {
	var done []string
	todo := split(name)
	for links := 0; len(todo) > 0; {
		next := todo[0]
		todo = todo[1:]
		if next == ".." { // only from a link: names are clean
			done = done[:max(len(done)-1, 0)]
			continue
		}
		done = append(done, next)
		if len(todo) == 0 && !follow {
			break
		}
		at := strings.Join(done, "/")
		info, err := t.root.Lstat(at)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		if links++; links > maxLinks {
			return "", errTooManyLinks
		}
		target, err := t.root.Readlink(at)
		if err != nil {
			return "", err
		}
		target = strings.ReplaceAll(target, `\`, "/") // as Windows hands it over
		done = done[:len(done)-1]
		if path.IsAbs(target) {
			done = nil
		}
		todo = append(split(target), todo...)
	}
	if len(done) == 0 {
		return ".", nil
	}
	return strings.Join(done, "/"), nil
}

// split cuts a path into its elements, without the empty ones and ".".
func split(name string) []string {
	return slices.DeleteFunc(strings.Split(name, "/"), func(s string) bool { return s == "" || s == "." })
}
