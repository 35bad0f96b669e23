package isolate

import (
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// OpenIn opens a file that lies in a directory, both as root and as dir, for a worker to
// read, and tells what it is.
func OpenIn(root *os.Root, _ *os.File, name string) (File, fs.FileInfo, error) {
	if !isName(name) {
		return File{}, nil, errName
	}
	f, err := root.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return File{}, nil, err
	}
	defer func() { _ = f.Close() }() // copied
	info, err := f.Stat()
	if err != nil {
		return File{}, nil, err
	}
	self := windows.CurrentProcess()
	var ours File
	if err := windows.DuplicateHandle(self, windows.Handle(f.Fd()), self, &ours.handle, 0, false, windows.DUPLICATE_SAME_ACCESS); err != nil {
		return File{}, nil, fmt.Errorf("keep an open file: %w", err)
	}
	return ours, info, nil
}

// List returns dir itself: here the list of a directory tells all there is to know.
func List(dir *os.File, _ string) (*os.File, error) { return dir, nil }
