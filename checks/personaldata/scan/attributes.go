package scan

import (
	"strconv"

	"vigia/checks/personaldata/isolate"
)

// Windows file attributes of a file whose content is not on this disk.
const (
	attributeOffline            = 0x1000
	attributeRecallOnOpen       = 0x40000
	attributeRecallOnDataAccess = 0x400000
)

// identityOf is a number that another file, and the same one once it is changed, does
// not have: made of inode, size, and the times of the last change. The change time of
// Linux is no user's to set. Windows tells it only of open files; there it is made of
// the times of creation and last write.
func identityOf(f *isolate.Facts) (identity uint64, ok bool) {
	identity = mix(uint64(f.Size), uint64(f.Modified.UnixNano()))
	switch {
	case f.Numbered:
		return mix(mix(identity, f.Inode), mix(f.Changed[0], f.Changed[1])), true
	case f.Dated:
		return mix(identity, mix(f.Created[0], f.Created[1])), true
	}
	return 0, false
}

// dirIDOf tells a directory from all others, given that of the one it is in.
func dirIDOf(f *isolate.Facts, parent dirID) (dirID, bool) {
	switch {
	case f.Numbered:
		return dirID{f.Device, f.Inode}, true
	case f.Dated:
		low, high := f.Created[0], f.Created[1]
		return dirID{mix(parent[0], mix(low, high)), mix(parent[1], high<<32|low)}, true
	}
	return dirID{}, false
}

// ownerOf is the numeric id of a file's owner, or empty.
func ownerOf(f *isolate.Facts) string {
	if !f.Numbered {
		return ""
	}
	return strconv.FormatUint(uint64(f.Owner), 10)
}

// placeholder tells whether reading a file would fetch its content from elsewhere.
func placeholder(f *isolate.Facts) bool {
	return f.Attributes&(attributeOffline|attributeRecallOnOpen|attributeRecallOnDataAccess) != 0
}
