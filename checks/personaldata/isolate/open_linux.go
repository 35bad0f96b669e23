package isolate

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// OpenIn opens a file that lies in a directory, both as root and as dir, for a worker to
// read, and tells what it is. It follows no link, waits for no FIFO, and takes nothing
// but a name: what it opens is in that directory, whoever moves it meanwhile.
//
// This is os.Root.OpenFile without what a file of a million need not have: a poller, a
// name, a second question of what it is.
func OpenIn(_ *os.Root, dir *os.File, name string) (File, fs.FileInfo, error) {
	if !isName(name) {
		return File{}, nil, errName
	}
	const flags = syscall.O_RDONLY | syscall.O_CLOEXEC | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_NOCTTY
	conn, err := dir.SyscallConn()
	if err != nil {
		return File{}, nil, err
	}
	f := File{fd: -1}
	info := &openInfo{name: name}
	ctlErr := conn.Control(func(at uintptr) {
		for {
			f.fd, err = syscall.Openat(int(at), name, flags, 0)
			if !errors.Is(err, syscall.EINTR) {
				break
			}
		}
	})
	if err = errors.Join(ctlErr, err); err != nil {
		return File{}, nil, err
	}
	if err := syscall.Fstat(f.fd, &info.stat); err != nil {
		return File{}, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// List returns dir as a file of its own to list it by, with path as its name. A file of
// os.Root asks of each entry what it is; most file systems tell that in the list.
func List(dir *os.File, path string) (*os.File, error) {
	conn, err := dir.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	ctlErr := conn.Control(func(at uintptr) { fd, err = unix.FcntlInt(at, syscall.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(ctlErr, err); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// openInfo is what an open file is. It is not one of package os, so os.SameFile does not
// know it.
type openInfo struct {
	name string
	stat syscall.Stat_t
}

func (i *openInfo) Name() string       { return i.name }
func (i *openInfo) Size() int64        { return i.stat.Size }
func (i *openInfo) ModTime() time.Time { return time.Unix(i.stat.Mtim.Unix()) }
func (i *openInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i *openInfo) Sys() any           { return &i.stat }

func (i *openInfo) Mode() fs.FileMode {
	mode := fs.FileMode(i.stat.Mode & 0o777)
	switch i.stat.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
	case syscall.S_IFDIR:
		mode |= fs.ModeDir
	case syscall.S_IFLNK:
		mode |= fs.ModeSymlink
	case syscall.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case syscall.S_IFSOCK:
		mode |= fs.ModeSocket
	case syscall.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	default:
		mode |= fs.ModeDevice
	}
	return mode
}
