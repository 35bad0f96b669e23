package local

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"vigia/checks/host"
)

// openFlags keep an open from waiting for the other end of a named pipe and
// from making a terminal ours.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOCTTY

// liveTree is the file system of this machine.
type liveTree struct{}

func (t liveTree) begin() (tree, error) { return t, nil }
func (liveTree) end()                   {}

func (liveTree) clean(name string) (string, error) { return cleanSlash(name) }
func (liveTree) join(dir, name string) string      { return filepath.Join(dir, name) }
func (liveTree) base(name string) string           { return filepath.Base(name) }
func (liveTree) open(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|openFlags, 0)
}

func (liveTree) stat(name string) (entry, error) {
	info, err := os.Stat(name)
	if err != nil {
		return entry{}, err
	}
	return describe(filepath.Base(name), name, info), nil
}

func (liveTree) lstat(name string) (entry, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return entry{}, err
	}
	return describe(filepath.Base(name), name, info), nil
}

// describe turns what Linux says of a file into an entry. The second argument
// is for Windows, which must ask again.
func describe(name, _ string, info fs.FileInfo) entry {
	e := entry{info: host.FileInfo{
		Name:    name,
		Size:    info.Size(),
		Mode:    info.Mode(),
		ModTime: info.ModTime().UTC(),
	}}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		e.info.ChangeTime = time.Unix(st.Ctim.Unix()).UTC()
		e.info.Owner = strconv.FormatUint(uint64(st.Uid), 10)
		e.info.Group = strconv.FormatUint(uint64(st.Gid), 10)
		e.info.ID = host.FileID{Device: st.Dev, Inode: st.Ino}
		e.info.Links = uint32(min(uint64(st.Nlink), math.MaxUint32)) //nolint:unconvert // Nlink is of 32 bits on other processors
		e.device = st.Dev
	}
	return e
}
