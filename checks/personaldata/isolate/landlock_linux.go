package isolate

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// landlockRuleset is struct landlock_ruleset_attr of linux/landlock.h: what is forbidden
// unless a rule allows it. Without rules it is forbidden everywhere.
type landlockRuleset struct{ files, network, scoped uint64 }

// The sizes of landlock_ruleset_attr as it grew.
const (
	landlockFiles   = 8
	landlockNetwork = 16
	landlockScoped  = 24
)

// rulesetFor is all that a version of Landlock's interface can forbid, and its size.
func rulesetFor(version int) (landlockRuleset, uintptr) {
	r, size := landlockRuleset{files: unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1}, uintptr(landlockFiles)
	if version >= 2 {
		r.files |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		r.files |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		r.network, size = unix.LANDLOCK_ACCESS_NET_BIND_TCP|unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, landlockNetwork
	}
	if version >= 5 {
		r.files |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= 6 {
		// Not LANDLOCK_SCOPE_SIGNAL: each thread is a domain of its own, and the
		// runtime's threads signal each other.
		r.scoped, size = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, landlockScoped
	}
	return r, size
}

// closeFileSystem forbids all threads to open or change anything in the file system. It
// reports whether the kernel and this build of the program could.
func closeFileSystem() (bool, error) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return false, nil // a kernel without Landlock, or with Landlock turned off
	}
	rules, size := rulesetFor(int(version))
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rules)), size, 0)
	if errno != 0 {
		return false, fmt.Errorf("make a Landlock ruleset: %w", errno)
	}
	defer func() { _ = unix.Close(int(fd)) }() // it has done its work
	_, _, errno = syscall.AllThreadsSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0)
	if errors.Is(errno, syscall.ENOTSUP) {
		return false, nil // a build with cgo, as for the race detector: threads are not Go's alone
	}
	if errno != 0 {
		return false, fmt.Errorf("use a Landlock ruleset: %w", errno)
	}
	return true, nil
}
