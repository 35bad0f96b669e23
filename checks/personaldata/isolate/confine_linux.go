package isolate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// confine gives up all rights of this process but to what it has been and will be
// handed. An error means that it must not go on.
func confine(s settings) (Confinement, error) {
	var c Confinement
	runtime.LockOSThread() // until the filter has reached all threads
	defer runtime.UnlockOSThread()

	closeInherited()
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return c, fmt.Errorf("end with the parent: %w", err)
	}
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // best effort: to be ended before others when memory is short
	if s.background {
		c.Background = toBackground()
	}
	c.Limits = limit(s) == nil
	c.Untraceable = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) == nil

	if err := renouncePrivileges(); err != nil {
		return c, err
	}
	c.NoNewPrivileges = true
	var err error
	if c.Files, err = closeFileSystem(); err != nil {
		return c, err
	}
	if c.SystemCalls, err = closeSystemCalls(); err != nil {
		return c, err
	}
	c.Children = c.SystemCalls
	return c, nil
}

// renouncePrivileges is PR_SET_NO_NEW_PRIVS for all threads.
func renouncePrivileges() error {
	_, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
	if errors.Is(errno, syscall.ENOTSUP) { // a build with cgo: the filter takes it to the other threads
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("renounce privileges: %w", err)
		}
		return nil
	}
	if errno != 0 {
		return fmt.Errorf("renounce privileges: %w", errno)
	}
	return nil
}

// limit bounds what the process may use. It cannot bound its threads: the kernel counts
// those of all processes of a user.
func limit(s settings) error {
	var problems []error
	type bound struct {
		what  int
		value uint64
	}
	bounds := []bound{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_MEMLOCK, 0},
		{unix.RLIMIT_MSGQUEUE, 0},
		{unix.RLIMIT_NOFILE, MaxOpen},
	}
	if !raceDetector { // its shadow memory has no bounds
		bounds = append(bounds, bound{unix.RLIMIT_DATA, s.memory})
	}
	for _, l := range bounds {
		if err := unix.Setrlimit(l.what, &unix.Rlimit{Cur: l.value, Max: l.value}); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// closeInherited closes descriptors that the parent did not mean to hand on: those it got
// itself without the flag that ends them here. The runtime's own remain.
func closeInherited() {
	const dir = "/proc/self/fd"
	names, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, name := range names {
		fd, err := strconv.Atoi(name.Name())
		if err != nil || fd <= 2 {
			continue
		}
		target, err := os.Readlink(filepath.Join(dir, name.Name()))
		if err == nil && !strings.HasPrefix(target, "anon_inode:[event") {
			_ = unix.Close(fd) // it may be that of the listing, which is closed
		}
	}
}

// toBackground gives each thread the lowest priority for processor and disk; threads to
// come inherit it.
func toBackground() bool {
	const whoThread, idleClass, classShift = 1, 3, 13 // linux/ioprio.h
	names, err := os.ReadDir("/proc/self/task")
	ok := err == nil
	for _, name := range names {
		id, err := strconv.Atoi(name.Name())
		if err != nil {
			continue
		}
		_ = unix.Setpriority(unix.PRIO_PROCESS, id, 19) // where the class below is not allowed
		attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}
		if err := unix.SchedSetAttr(id, &attr, 0); err != nil {
			ok = false
		}
		if _, _, errno := unix.Syscall(unix.SYS_IOPRIO_SET, whoThread, uintptr(id), idleClass<<classShift); errno != 0 {
			ok = false
		}
	}
	return ok
}
