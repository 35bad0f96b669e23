// Package sssd tells where sssd.conf(5) stands: the files that sssd, which brings the
// accounts of a directory service to a Linux machine, takes its configuration from.
//
// It reads none of them: they hold passwords for the directory, and that there is one
// is all it takes to know that the local files do not tell every account. It imports
// nothing of ours.
package sssd

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Main is the first file, and Parts the folder of those that go over it. Either is enough:
// sssd also starts with parts alone.
const (
	Main  = "/etc/sssd/sssd.conf"
	Parts = "/etc/sssd/conf.d"
)

// Files is how the package looks: whether a file exists, and the names in a folder. What
// does not exist is fs.ErrNotExist.
type Files interface {
	Exists(name string) error
	List(dir string) ([]string, error)
}

// Sources lists the files that sssd reads, in its order: a later one overrides those
// before it. There is none where sssd is not configured, whatever nsswitch.conf says. An
// error means that there may be more of them.
func Sources(files Files) ([]string, error) {
	var out []string
	var unread []error
	switch err := files.Exists(Main); {
	case err == nil:
		out = append(out, Main)
	case !errors.Is(err, fs.ErrNotExist):
		unread = append(unread, fmt.Errorf("%s: %w", Main, err))
	}
	names, err := files.List(Parts)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		unread = append(unread, fmt.Errorf("folder %s: %w", Parts, err))
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		if strings.HasSuffix(name, ".conf") && name[0] != '.' {
			out = append(out, path.Join(Parts, name))
		}
	}
	return out, errors.Join(unread...)
}
