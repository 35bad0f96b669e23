//go:build !windows

package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// Query tells how a service is.
func Query(name string) (State, error) { return stateUnder(os.DirFS("/"), name) }

// unitFolders are those in which systemd finds a unit that a person or a package put there
// (systemd.unit(5)).
func unitFolders() []string {
	return []string{"etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"}
}

// controlGroups are where systemd makes the group of a service as long as it runs, and
// removes it afterwards: of version 2 and of version 1.
func controlGroups() []string {
	return []string{"sys/fs/cgroup/system.slice", "sys/fs/cgroup/systemd/system.slice"}
}

// stateUnder looks at files alone: nothing needs to be asked, and nobody needs a right.
func stateUnder(root fs.FS, name string) (State, error) {
	unit := name + ".service"
	there := func(dirs []string) (bool, error) {
		for _, dir := range dirs {
			_, err := fs.Stat(root, path.Join(dir, unit))
			if err == nil {
				return true, nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return false, fmt.Errorf("look for %s: %w", unit, err)
			}
		}
		return false, nil
	}
	if _, err := fs.Stat(root, "run/systemd/system"); err != nil {
		return "", ErrNoManager // the folder is there when systemd runs (sd_booted(3))
	}
	installed, err := there(unitFolders())
	if err == nil && !installed {
		err = ErrNotInstalled
	}
	if err != nil {
		return "", err
	}
	running, err := there(controlGroups())
	if err != nil {
		return "", err
	}
	if running {
		return Running, nil
	}
	return Stopped, nil
}
