package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"vigia/checks/host"
)

const posixAccess = "system.posix_acl_access"

func (liveTree) access(name string) (host.Access, error) {
	file, err := os.OpenFile(name, unix.O_PATH, 0)
	if err != nil {
		return host.Access{}, err
	}
	defer file.Close()
	return accessOf(file)
}

func (t rootTree) access(name string) (host.Access, error) {
	at, err := t.resolve(name, true)
	if err != nil {
		return host.Access{}, err
	}
	file, err := t.root.OpenFile(at, unix.O_PATH, 0)
	if err != nil {
		return host.Access{}, err
	}
	defer file.Close()
	return accessOf(file)
}

// accessOf reads the list of a file opened for nothing but its path, which takes no right
// to read it and has no effect on a device or pipe. Such a descriptor answers no
// fgetxattr; the link that /proc keeps of it leads to the very same file.
func accessOf(file *os.File) (host.Access, error) {
	info, err := file.Stat()
	if err != nil {
		return host.Access{}, err
	}
	var a host.Access
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		a.Owner = strconv.FormatUint(uint64(st.Uid), 10)
	}
	through := "/proc/self/fd/" + strconv.Itoa(int(file.Fd()))
	value := make([]byte, 1024)
	n, err := unix.Getxattr(through, posixAccess, value)
	if errors.Is(err, unix.ERANGE) {
		value = make([]byte, maxACL)
		n, err = unix.Getxattr(through, posixAccess, value)
	}
	switch {
	case errors.Is(err, unix.ENODATA), errors.Is(err, unix.EOPNOTSUPP):
		return host.Access{}, fmt.Errorf("no access list: %w", fs.ErrNotExist)
	case errors.Is(err, fs.ErrNotExist): // no /proc: that tells nothing of the file
		return host.Access{}, host.ErrUnsupported
	case err != nil:
		return host.Access{}, err
	}
	a.Entries, err = posixACL(value[:n])
	return a, err
}
