package local

import (
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// openFlags: nothing that has a path on a Windows volume blocks when opened.
const openFlags = 0

// liveTree is the file system of this machine: drive letters and shares.
type liveTree struct{}

func (t liveTree) begin() (tree, error) { return t, nil }
func (liveTree) end()                   {}

func (liveTree) clean(name string) (string, error) {
	vol := filepath.VolumeName(name)
	device := strings.HasPrefix(vol, `\\.`) || strings.HasPrefix(vol, `\\?`) || strings.HasPrefix(vol, `\??`)
	if !filepath.IsAbs(name) || device || strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("%q: %w", name, errNotAbsolute)
	}
	return filepath.Clean(name), nil
}

func (liveTree) join(dir, name string) string       { return filepath.Join(dir, name) }
func (liveTree) base(name string) string            { return filepath.Base(name) }
func (liveTree) open(name string) (*os.File, error) { return os.Open(name) }

func (liveTree) stat(name string) (entry, error) {
	info, err := os.Stat(name)
	if err != nil {
		return entry{}, sharing(err)
	}
	target := name
	if link, err := os.Lstat(name); err == nil && link.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0 {
		if to, err := filepath.EvalSymlinks(name); err == nil {
			target = to
		}
	}
	return describe(filepath.Base(name), target, info), nil
}

func (liveTree) lstat(name string) (entry, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return entry{}, sharing(err)
	}
	return describe(filepath.Base(name), name, info), nil
}

// sharing leaves a file that another program keeps for itself as it is: it is
// neither absent nor refused by a permission.
func sharing(err error) error {
	if errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		return fmt.Errorf("in use by another program: %w", err)
	}
	return err
}

// describe turns what Windows says of the file at path into an entry; what it
// refuses to say stays empty. Windows has no permission bits, so only the type
// is kept of the mode. An empty path means a file of a mounted Linux machine,
// whose owner Windows does not know.
func describe(name, path string, info fs.FileInfo) entry {
	e := entry{info: host.FileInfo{
		Name:    name,
		Size:    info.Size(),
		Mode:    info.Mode().Type(),
		ModTime: info.ModTime().UTC(),
	}}
	if path == "" {
		return e
	}
	handle, err := openItself(path)
	if err != nil {
		return e
	}
	defer windows.CloseHandle(handle)
	e.info.Owner, e.info.Group = ownerOf(handle)
	var basic struct {
		creation, lastAccess, lastWrite, change int64
		attributes                              uint32
		_                                       uint32
	}
	err = windows.GetFileInformationByHandleEx(handle, windows.FileBasicInfo, (*byte)(unsafe.Pointer(&basic)), uint32(unsafe.Sizeof(basic)))
	if err == nil && basic.change != 0 {
		e.info.ChangeTime = fileTime(basic.change)
	}
	e.info.ID, e.info.Links = idOf(handle)
	return e
}

// idOf returns the number of a file, of 128 bits on ReFS, and how many names it has.
func idOf(handle windows.Handle) (id host.FileID, links uint32) {
	var number struct{ volume, low, high uint64 }
	err := windows.GetFileInformationByHandleEx(handle, windows.FileIdInfo, (*byte)(unsafe.Pointer(&number)), uint32(unsafe.Sizeof(number)))
	if err == nil {
		id = host.FileID{Device: number.volume, Inode: number.low ^ bits.RotateLeft64(number.high, 32)}
	}
	var standard struct {
		allocated, end int64
		links          uint32
		_              [2]byte
	}
	err = windows.GetFileInformationByHandleEx(handle, windows.FileStandardInfo, (*byte)(unsafe.Pointer(&standard)), uint32(unsafe.Sizeof(standard)))
	if err == nil {
		links = standard.links
	}
	return id, links
}

// openItself opens a file, directory or reparse point itself, not what it
// leads to, for nothing but its attributes and owner.
func openItself(path string) (windows.Handle, error) {
	long := `\\?\` + path
	if rest, ok := strings.CutPrefix(path, `\\`); ok {
		long = `\\?\UNC\` + rest
	}
	p, err := windows.UTF16PtrFromString(long)
	if err != nil {
		return 0, err
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	return windows.CreateFile(p, windows.READ_CONTROL|windows.FILE_READ_ATTRIBUTES, share, nil,
		windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
}

func ownerOf(handle windows.Handle) (owner, group string) {
	sd, err := windows.GetSecurityInfo(handle, windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.GROUP_SECURITY_INFORMATION)
	if err != nil {
		return "", ""
	}
	if sid, _, err := sd.Owner(); err == nil && sid != nil {
		owner = sid.String()
	}
	if sid, _, err := sd.Group(); err == nil && sid != nil {
		group = sid.String()
	}
	return owner, group
}

// fileTime converts 100 ns ticks since 1601.
func fileTime(ticks int64) time.Time {
	ft := windows.Filetime{LowDateTime: uint32(ticks), HighDateTime: uint32(ticks >> 32)}
	return time.Unix(0, ft.Nanoseconds()).UTC()
}
