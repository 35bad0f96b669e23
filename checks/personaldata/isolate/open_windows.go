package isolate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/windows"
)

// listEntries is how many names of a list are held at a time.
const listEntries = 1024

// A Dir is an open directory whose names are listed, looked at and opened, beneath an
// os.Root. A Dir may be opened again once it is closed, for another directory. It is not
// safe for concurrent use.
type Dir struct {
	root    *os.Root
	list    *os.File
	entries []Entry
}

// Open opens the directory that root is, which must not be closed before.
func (d *Dir) Open(root *os.Root) (err error) {
	d.root = root
	d.list, err = root.Open(".")
	return err
}

// Close closes the directory.
func (d *Dir) Close() error { return d.list.Close() }

// Read returns more names, in order, and io.EOF when there are none.
func (d *Dir) Read() ([]Entry, error) {
	names, err := d.list.ReadDir(listEntries)
	d.entries = d.entries[:0]
	for _, n := range names {
		// The list may tell of a file as it was: others may have written to it by another name.
		d.entries = append(d.entries, Entry{Name: []byte(n.Name())})
	}
	slices.SortFunc(d.entries, compareEntries)
	if len(d.entries) > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return d.entries, err
}

// Look tells what a name is, and follows no link.
func (d *Dir) Look(name []byte, f *Facts) error {
	if !isName(name) {
		return errName
	}
	info, err := d.root.Lstat(string(name))
	if err != nil {
		return err
	}
	*f = FactsOf(info)
	return nil
}

// Take opens a file for a worker to read, and tells what it is.
func (d *Dir) Take(name []byte, facts *Facts) (File, error) {
	if !isName(name) {
		return File{}, errName
	}
	f, err := d.root.OpenFile(string(name), os.O_RDONLY, 0)
	if err != nil {
		return File{}, err
	}
	defer func() { _ = f.Close() }() // copied
	info, err := f.Stat()
	if err != nil {
		return File{}, err
	}
	*facts = FactsOf(info)
	self := windows.CurrentProcess()
	var ours File
	if err := windows.DuplicateHandle(self, windows.Handle(f.Fd()), self, &ours.handle, 0, false, windows.DUPLICATE_SAME_ACCESS); err != nil {
		return File{}, fmt.Errorf("keep an open file: %w", err)
	}
	return ours, nil
}

// FactsOf are those of a file that package os was asked about.
func FactsOf(info fs.FileInfo) Facts {
	f := Facts{Mode: info.Mode(), Size: info.Size(), Modified: info.ModTime(), info: info}
	if data, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		f.Attributes, f.Dated = data.FileAttributes, true
		f.Created = Pair{uint64(data.CreationTime.LowDateTime), uint64(data.CreationTime.HighDateTime)}
	}
	return f
}
