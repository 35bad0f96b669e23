package scan

import (
	"io/fs"
	"os"
	"reflect"
	"strconv"
)

// attributes reads what fs.FileInfo.Sys holds beyond the portable facts. Each system
// has a struct of its own there; its fields are read by name, so that this package is
// one and the same on all of them and a Windows file can be tested anywhere. The zero
// value is ready; it is not safe for concurrent use.
type attributes struct {
	typ reflect.Type
	// Where the fields are in typ; nil where it has none.
	device, inode, links, uid, flags []int
	changed, created                 []int // a struct of two numbers: seconds and nanoseconds, or low and high
}

// Windows file attributes of a file whose content is not on this disk.
const (
	attributeOffline            = 0x1000
	attributeRecallOnOpen       = 0x40000
	attributeRecallOnDataAccess = 0x400000
)

// field returns the struct behind info and makes sure that its fields are known.
func (a *attributes) sys(info fs.FileInfo) (reflect.Value, bool) {
	v := reflect.Indirect(reflect.ValueOf(info.Sys()))
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return v, false
	}
	if v.Type() != a.typ {
		*a = attributes{typ: v.Type()}
		for name, index := range map[string]*[]int{
			"Dev": &a.device, "Ino": &a.inode, "Nlink": &a.links, "Uid": &a.uid, "FileAttributes": &a.flags,
			"Ctim": &a.changed, "CreationTime": &a.created,
		} {
			f, ok := v.Type().FieldByName(name)
			number := ok && f.Type.Kind() >= reflect.Uint && f.Type.Kind() <= reflect.Uint64
			pair := ok && f.Type.Kind() == reflect.Struct && f.Type.NumField() == 2
			if number || pair {
				*index = f.Index
			}
		}
	}
	return v, true
}

func (a *attributes) number(info fs.FileInfo, which func(*attributes) []int) (uint64, bool) {
	v, ok := a.sys(info)
	if !ok || which(a) == nil {
		return 0, false
	}
	return v.FieldByIndex(which(a)).Uint(), true
}

// deviceOf is the file system that a file is on, where the system numbers them.
func (a *attributes) deviceOf(info fs.FileInfo) (uint64, bool) {
	return a.number(info, func(a *attributes) []int { return a.device })
}

// linksOf is how many names a file has, where the system counts them.
func (a *attributes) linksOf(info fs.FileInfo) uint64 {
	n, _ := a.number(info, func(a *attributes) []int { return a.links })
	return n
}

// identityOf is a number that another file, and the same one once it is changed, does
// not have: made of inode, size, and the times of the last change. The change time of
// Linux is no user's to set. Windows tells it only of open files; there it is made of
// the times of creation and last write.
func (a *attributes) identityOf(info fs.FileInfo) (identity uint64, ok bool) {
	v, ok := a.sys(info)
	if !ok {
		return 0, false
	}
	identity = mix(uint64(info.Size()), uint64(info.ModTime().UnixNano()))
	switch {
	case a.inode != nil && a.changed != nil:
		seconds, nanos := pairAt(v, a.changed)
		return mix(mix(identity, v.FieldByIndex(a.inode).Uint()), mix(seconds, nanos)), true
	case a.created != nil:
		low, high := pairAt(v, a.created)
		return mix(identity, mix(low, high)), true
	}
	return 0, false
}

// dirIDOf tells a directory from all others, given that of the one it is in.
func (a *attributes) dirIDOf(info fs.FileInfo, parent dirID) (dirID, bool) {
	v, ok := a.sys(info)
	switch {
	case !ok:
	case a.inode != nil && a.device != nil:
		return dirID{v.FieldByIndex(a.device).Uint(), v.FieldByIndex(a.inode).Uint()}, true
	case a.created != nil:
		low, high := pairAt(v, a.created)
		return dirID{mix(parent[0], mix(low, high)), mix(parent[1], high<<32|low)}, true
	}
	return dirID{}, false
}

// same tells whether both describe one file, as os.SameFile does; they may come from
// different places.
func (a *attributes) same(x, y fs.FileInfo) bool {
	if os.SameFile(x, y) {
		return true
	}
	idX, okX := a.dirIDOf(x, dirID{})
	idY, okY := a.dirIDOf(y, dirID{})
	return okX && okY && a.inode != nil && idX == idY
}

// pairAt reads a struct of two numbers.
func pairAt(v reflect.Value, index []int) (first, second uint64) {
	s := v.FieldByIndex(index)
	read := func(f reflect.Value) uint64 {
		if f.CanInt() {
			return uint64(f.Int())
		}
		return f.Uint()
	}
	return read(s.Field(0)), read(s.Field(1))
}

// ownerOf is the numeric id of a file's owner, or empty.
func (a *attributes) ownerOf(info fs.FileInfo) string {
	uid, ok := a.number(info, func(a *attributes) []int { return a.uid })
	if !ok {
		return ""
	}
	return strconv.FormatUint(uid, 10)
}

// placeholder tells whether reading a file would fetch its content from elsewhere.
func (a *attributes) placeholder(info fs.FileInfo) bool {
	flags, ok := a.number(info, func(a *attributes) []int { return a.flags })
	return ok && flags&(attributeOffline|attributeRecallOnOpen|attributeRecallOnDataAccess) != 0
}
