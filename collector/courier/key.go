package courier

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"vigia/collector/api/carry"
	"vigia/collector/storage"
)

// KeyFile opens, in the keys folder, what machines gave to a person to carry: a
// key in the form of the tool age, for the owner's eyes only.
const KeyFile = "files.key"

// LoadOrCreateKey reads KeyFile in the keys folder, or makes a new key there. It
// never replaces a key: what is on its way was encrypted to it.
func LoadOrCreateKey(dir string) (carry.Key, error) {
	path := filepath.Join(dir, KeyFile)
	key, err := loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = carry.NewKey(); err != nil {
		return carry.Key{}, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return carry.Key{}, fmt.Errorf("keep the key of files: %w", err)
	}
	err = storage.CreateFile(path, []byte(key.String()+"\n"), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return loadKey(path) // another process was first
	}
	if err != nil {
		return carry.Key{}, fmt.Errorf("keep the key of files: %w", err)
	}
	return key, nil
}

func loadKey(path string) (carry.Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return carry.Key{}, fmt.Errorf("read the key of files: %w", err)
	}
	const enough = 4096
	switch {
	case info.Size() > enough:
		return carry.Key{}, fmt.Errorf("read the key of files %s: larger than any key", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return carry.Key{}, fmt.Errorf("read the key of files: others may read %s: chmod 600 it, and think about who did", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return carry.Key{}, fmt.Errorf("read the key of files: %w", err)
	}
	key, err := carry.ParseKey(string(b))
	if err != nil {
		return carry.Key{}, fmt.Errorf("read the key of files %s: it is damaged: restore the keys folder from a backup", path)
	}
	return key, nil
}
