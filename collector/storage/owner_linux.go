package storage

import (
	"fmt"
	"os"
	"syscall"
)

// giveToOwnerOf gives a file to whom its folder belongs: what an administrator makes as root
// in the data folder of a service that runs as somebody else, that service must read.
func giveToOwnerOf(dir string, f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	if err := f.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("give it to the owner of %s: %w", dir, err)
	}
	return nil
}
