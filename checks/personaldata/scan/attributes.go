package scan

import (
	"io/fs"
	"reflect"
	"strconv"
)

// attributes reads what fs.FileInfo.Sys holds beyond the portable facts. Each system
// has a struct of its own there; its fields are read by name, so that this package is
// one and the same on all of them and a Windows file can be tested anywhere. The zero
// value is ready; it is not safe for concurrent use.
type attributes struct {
	typ                reflect.Type
	device, uid, flags []int // where the fields are in typ; nil where it has none
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
		for name, index := range map[string]*[]int{"Dev": &a.device, "Uid": &a.uid, "FileAttributes": &a.flags} {
			if f, ok := v.Type().FieldByName(name); ok && f.Type.Kind() >= reflect.Uint && f.Type.Kind() <= reflect.Uint64 {
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
