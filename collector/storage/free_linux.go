package storage

import (
	"fmt"
	"syscall"
)

// Free tells how many bytes the file system of a folder has left for this account, of how many.
func Free(dir string) (left, whole uint64, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, 0, fmt.Errorf("space of %s: %w", dir, err)
	}
	size := uint64(fs.Bsize)
	return fs.Bavail * size, fs.Blocks * size, nil
}
