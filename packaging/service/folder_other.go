//go:build !windows

package service

import (
	"fmt"
	"os"
)

// MakeFolder makes a service's data folder, if there is none, so that administrators and
// the machine alone change it, and users read no more than the files directly in it. One
// that is there stays as it is.
func MakeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // users read the local page in it; what is secret has folders of its own
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return nil
}
