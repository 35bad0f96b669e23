package isolate

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"time"
)

// Facts are what a file system tells of a file or directory. What a system does not
// tell is zero.
type Facts struct {
	Mode     fs.FileMode // type, and permissions
	Size     int64       // bytes
	Modified time.Time   // of the last write
	// Device and Inode tell it from all others, where Numbered. The change time is no
	// user's to set.
	Device, Inode uint64
	Links         uint64 // names it has
	Owner         uint32 // user
	Changed       Pair   // seconds and nanoseconds
	Numbered      bool
	// Attributes and Created are what Windows tells instead.
	Attributes uint32
	Created    Pair // low and high half of a FILETIME
	Dated      bool // Created is told

	info fs.FileInfo // where only package os can tell whether two are the same
}

// A Pair is a time as the system keeps it, in two numbers.
type Pair [2]uint64

// Same tells whether both were told of one file.
func (f *Facts) Same(other *Facts) bool {
	if f.Numbered && other.Numbered {
		return f.Device == other.Device && f.Inode == other.Inode
	}
	return f.info != nil && other.info != nil && os.SameFile(f.info, other.info)
}

// An Entry is a name that a directory holds. It is good until more of them are read.
type Entry struct {
	Name []byte
	// Regular is true when the list told that it is a regular file. Otherwise it may be
	// anything.
	Regular bool
}

func compareEntries(a, b Entry) int { return bytes.Compare(a.Name, b.Name) }

// errName is the error of a name that could lead out of its directory.
var errName = errors.New("not the name of a file in a directory")

// isName tells whether a directory can hold a file of the name.
func isName(name []byte) bool {
	return len(name) > 0 && string(name) != "." && string(name) != ".." && bytes.IndexByte(name, '/') < 0 && bytes.IndexByte(name, 0) < 0
}
