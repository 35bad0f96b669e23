package isolate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// listBytes is how much of a list is held at a time.
const listBytes = 32 << 10

// A Dir is an open directory whose names are listed, looked at and opened. It takes
// nothing but names: what it opens is in that directory, whoever moves it meanwhile. A
// Dir may be opened again once it is closed, for another directory. It is not safe for
// concurrent use.
//
// It does what os.Root and os.File do, without what a file of a million need not have: a
// poller, a name in memory of its own, a second question of what it is.
type Dir struct {
	file    *os.File
	fd      int
	list    []byte // what the kernel told last
	entries []Entry
	full    unix.Statx_t
	plain   unix.Stat_t
}

// Open opens the directory that root is.
func (d *Dir) Open(root *os.Root) error {
	file, err := root.Open(".")
	if err != nil {
		return err
	}
	d.file, d.fd = file, int(file.Fd())
	return nil
}

// Close closes the directory.
func (d *Dir) Close() error { return d.file.Close() }

// Read returns more names, in order, and io.EOF when there are none.
func (d *Dir) Read() ([]Entry, error) {
	if d.list == nil {
		d.list = make([]byte, listBytes)
	}
	for {
		n, err := syscall.Getdents(d.fd, d.list)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return nil, fmt.Errorf("list: %w", err)
		case n <= 0:
			return nil, io.EOF
		}
		if d.entries, err = readEntries(d.entries[:0], d.list[:n]); err != nil {
			return nil, err
		}
		if len(d.entries) > 0 {
			slices.SortFunc(d.entries, compareEntries)
			return d.entries, nil
		}
	}
}

var errList = errors.New("the list of a directory is none")

// readEntries reads struct linux_dirent64 of getdents64(2).
func readEntries(entries []Entry, list []byte) ([]Entry, error) {
	const atLength, atType, atName = 16, 18, 19
	for len(list) > 0 {
		if len(list) < atName+1 {
			return entries, errList
		}
		length := int(list[atLength]) | int(list[atLength+1])<<8
		if length < atName+1 || length > len(list) {
			return entries, errList
		}
		name := list[atName:length]
		end := slices.Index(name, 0)
		if end < 0 {
			return entries, errList
		}
		// A file without an inode is one that is deleted.
		if name, inode := name[:end], list[:8]; isName(name) && string(inode) != "\x00\x00\x00\x00\x00\x00\x00\x00" {
			entries = append(entries, Entry{Name: name, Regular: list[atType] == unix.DT_REG})
		}
		list = list[length:]
	}
	return entries, nil
}

// pointer is a name as the kernel wants it, with a zero behind it, which is there in a
// list.
func pointer(name []byte) (*byte, error) {
	if !isName(name) {
		return nil, errName
	}
	if cap(name) > len(name) && name[:len(name)+1][len(name)] == 0 {
		return &name[0], nil
	}
	return &append(slices.Clone(name), 0)[0], nil
}

// Look tells what a name is, and follows no link.
func (d *Dir) Look(name []byte, f *Facts) error {
	const (
		flags = unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT
		mask  = unix.STATX_BASIC_STATS &^ (unix.STATX_ATIME | unix.STATX_BLOCKS)
	)
	p, err := pointer(name)
	if err != nil {
		return err
	}
	for {
		_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(d.fd), uintptr(unsafe.Pointer(p)), flags, mask, uintptr(unsafe.Pointer(&d.full)), 0)
		switch errno {
		case 0:
			f.setExtended(&d.full)
			return nil
		case unix.EINTR:
			continue
		case unix.ENOSYS, unix.EPERM: // an old kernel, or a container whose filter is old
			return d.lookOld(name, f)
		}
		return errno
	}
}

// lookOld is Look for kernels before 4.11.
func (d *Dir) lookOld(name []byte, f *Facts) error {
	if err := unix.Fstatat(d.fd, string(name), &d.plain, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	f.set(&d.plain)
	return nil
}

// Take opens a file for a worker to read, and tells what it is. It follows no link and
// waits for no FIFO.
func (d *Dir) Take(name []byte, f *Facts) (File, error) {
	const flags = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_LARGEFILE
	p, err := pointer(name)
	if err != nil {
		return File{}, err
	}
	for {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(d.fd), uintptr(unsafe.Pointer(p)), flags, 0, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return File{}, errno
		}
		file := File{fd: int(fd)}
		if err := unix.Fstat(file.fd, &d.plain); err != nil {
			return File{}, errors.Join(err, file.Close())
		}
		f.set(&d.plain)
		return file, nil
	}
}

// FactsOf are those of a file that package os was asked about.
func FactsOf(info fs.FileInfo) (f Facts) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		f.set(&unix.Stat_t{
			Mode: s.Mode, Size: s.Size, Mtim: unix.Timespec(s.Mtim), Dev: s.Dev, Ino: s.Ino, Nlink: s.Nlink, Uid: s.Uid,
			Ctim: unix.Timespec(s.Ctim),
		})
		return f
	}
	return Facts{Mode: info.Mode(), Size: info.Size(), Modified: info.ModTime(), info: info}
}

func (f *Facts) set(s *unix.Stat_t) {
	changed, changedNano := s.Ctim.Unix()
	*f = Facts{
		Mode: modeOf(s.Mode), Size: s.Size, Modified: time.Unix(s.Mtim.Unix()),
		Device: s.Dev, Inode: s.Ino, Links: uint64(s.Nlink), Owner: s.Uid, //nolint:unconvert // 32 bits on some processors
		Changed: Pair{uint64(changed), uint64(changedNano)}, Numbered: true,
	}
}

func (f *Facts) setExtended(s *unix.Statx_t) {
	*f = Facts{
		Mode: modeOf(uint32(s.Mode)), Size: int64(s.Size), Modified: time.Unix(s.Mtime.Sec, int64(s.Mtime.Nsec)),
		Device: unix.Mkdev(s.Dev_major, s.Dev_minor), Inode: s.Ino, Links: uint64(s.Nlink), Owner: s.Uid,
		Changed: Pair{uint64(s.Ctime.Sec), uint64(s.Ctime.Nsec)}, Numbered: true,
	}
}

// modeOf is the mode of package fs for st_mode.
func modeOf(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	switch m & syscall.S_IFMT {
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
