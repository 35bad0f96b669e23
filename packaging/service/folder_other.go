//go:build !windows

package service

import (
	"fmt"
	"os"
)

// MakeFolder makes a service's data folder, if there is none, so that administrators and
// the machine alone change it, and users read no more than the names in it and what
// ShowFile shows. One that is there stays as it is.
func MakeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // users read the local page in it; what is secret has folders of its own
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return nil
}

// ShowFile lets the users of the machine read a file of the data folder, whatever the
// umask is.
func ShowFile(name string) error {
	if err := os.Chmod(name, 0o644); err != nil { //nolint:gosec // it is for all users
		return fmt.Errorf("show %s: %w", name, err)
	}
	return nil
}
