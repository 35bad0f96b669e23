package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// View opens the spool in a folder whose owner may be at work, for reading. A
// report that it is just writing is left out, and what is there is durable when
// View returns: what somebody carries away must never be written again with
// another content. A folder that does not exist is an empty spool.
func View(path string) (*Queue, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return Open(nothing{}, Options{})
	}
	fsys := dir(path)
	q, err := Open(fsys, Options{})
	if err != nil {
		return nil, err
	}
	if n := len(q.segments); n > 0 {
		if err := fsys.flush(segmentName(q.segments[n-1].number)); err != nil {
			return nil, fmt.Errorf("sync the spool: %w", err)
		}
	}
	return q, nil
}

// flush makes durable what others wrote to a file. All but the newest segment
// were flushed before the next one began.
func (d dir) flush(name string) error {
	f, err := os.OpenFile(d.path(name), os.O_RDWR, 0) // Windows flushes for who may write
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), d.SyncDir())
}

// nothing is a folder that does not exist.
type nothing struct{}

func (nothing) List() ([]string, error)     { return nil, nil }
func (nothing) Open(string) (Reader, error) { return nil, fs.ErrNotExist }
func (nothing) Create(string) (File, error) { return nil, fs.ErrPermission }
func (nothing) Rename(string, string) error { return fs.ErrPermission }
func (nothing) Remove(string) error         { return fs.ErrPermission }
func (nothing) SyncDir() error              { return nil }
