// Package backup puts all that a collector is into one encrypted file, and back:
// every row of its database as one moment saw them, its keys and its
// configuration. Create works while the collector serves. Restore makes a new
// data folder, on SQLite or PostgreSQL, whichever the backup came from.
//
// What always holds: a backup is encrypted, since it holds the keys that the
// organisation's machines trust; Restore changes nothing before it has verified
// everything, up to the last byte of the file, and then changes the folder at
// once; it never deletes a data folder that was there.
//
// The file is in the format of age (age-encryption.org/v1), and any age program
// opens it. Inside is a tar archive:
//
//	manifest.json      this format's name, when, and every file that follows
//	keys/...           the files of the keys folder
//	vigia.yaml         the configuration, if there is one
//	database/000000    the database's dump (see package storage), compressed with
//	database/000001    gzip and cut into parts
package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"filippo.io/age"
)

// format names this version of the archive.
const format = "vigia-backup/1"

// Names inside the archive and the data folder.
const (
	manifestName  = "manifest.json"
	configName    = "vigia.yaml"
	keysFolder    = "keys"
	databaseParts = "database/"
)

// Limits of an archive.
const (
	maxManifest = 1 << 20 // bytes
	maxFile     = 1 << 20 // bytes, of a key or of the configuration
	maxFiles    = 256
	partBytes   = 4 << 20 // of the compressed dump
)

// MinPassphrase is the least number of characters of a passphrase.
const MinPassphrase = 12

// Errors that callers tell apart with errors.Is.
var (
	// ErrPassphrase: neither passphrase nor key opens the backup.
	ErrPassphrase = errors.New("the passphrase or key does not open this backup")
	// ErrDamaged: the file is cut off, was altered, or is no backup.
	ErrDamaged = errors.New("the backup is damaged, cut off, or no backup")
	// ErrNewer: a newer version of the program made it.
	ErrNewer = errors.New("the backup was made by a newer version of vigia: restore it with that version or a later one")
	// ErrFolder: the data folder that should be restored to is in the way.
	ErrFolder = errors.New("the data folder is not empty")
)

// Manifest says what a backup holds.
type Manifest struct {
	Format   string    `json:"format"`
	Created  time.Time `json:"created"`  // UTC
	Database string    `json:"database"` // the engine it came from: sqlite, postgresql
	Files    []File    `json:"files"`    // in the order of the archive
}

// File is a file of the data folder, with a slash in its name.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Passphrase makes what Create and Restore take out of a passphrase.
func Passphrase(text string) (age.Recipient, age.Identity, error) {
	return passphrase(text, 0)
}

// passphrase takes the logarithm of the work that a guess costs, 0 for age's.
func passphrase(text string, work int) (age.Recipient, age.Identity, error) {
	if utf8.RuneCountInString(text) < MinPassphrase {
		return nil, nil, fmt.Errorf("the passphrase of a backup needs at least %d characters", MinPassphrase)
	}
	recipient, err := age.NewScryptRecipient(text)
	if err != nil {
		return nil, nil, fmt.Errorf("passphrase of the backup: %w", err)
	}
	if work > 0 {
		recipient.SetWorkFactor(work)
	}
	identity, err := age.NewScryptIdentity(text)
	if err != nil {
		return nil, nil, fmt.Errorf("passphrase of the backup: %w", err)
	}
	return recipient, identity, nil
}

// Source is what a backup is made of, beside the database.
type Source struct {
	// Folder is the data folder.
	Folder string
	// Config is the configuration file in force, where it is not in the folder. There
	// may be none.
	Config string
}

// collect reads the files that belong in a backup.
func (src Source) collect() (files []File, contents [][]byte, err error) {
	paths, err := src.files()
	if err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		content, err := readFile(paths[name])
		if err != nil {
			return nil, nil, err
		}
		sum := sha256.Sum256(content)
		files = append(files, File{Name: name, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])})
		contents = append(contents, content)
	}
	return files, contents, nil
}

// files are where the files lie, by their names in the backup.
func (src Source) files() (map[string]string, error) {
	entries, err := os.ReadDir(filepath.Join(src.Folder, keysFolder))
	if err != nil {
		return nil, fmt.Errorf("read the keys folder: %w", err)
	}
	paths := make(map[string]string)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue // a file being written
		}
		if !e.Type().IsRegular() {
			return nil, fmt.Errorf("%s in the keys folder is not a file", e.Name())
		}
		paths[path.Join(keysFolder, e.Name())] = filepath.Join(src.Folder, keysFolder, e.Name())
	}
	config := src.Config
	if config == "" {
		config = filepath.Join(src.Folder, configName)
	}
	if _, err := os.Lstat(config); err == nil {
		paths[configName] = config
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if len(paths) > maxFiles {
		return nil, fmt.Errorf("%d files: at most %d go into a backup", len(paths), maxFiles)
	}
	return paths, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxFile)
	}
	return content, err
}

// check refuses a manifest that Restore could not follow safely.
func (m Manifest) check() error {
	if len(m.Files) > maxFiles {
		return fmt.Errorf("%w: %d files, at most %d", ErrDamaged, len(m.Files), maxFiles)
	}
	seen := make(map[string]bool)
	for _, f := range m.Files {
		folder, name := path.Split(f.Name)
		ok := f.Name == configName || folder == keysFolder+"/" && name != "" && name[0] != '.' &&
			filepath.IsLocal(name) && !strings.ContainsAny(name, `/\:`)
		fold := strings.ToLower(f.Name) // what Windows takes for the same name
		if !ok || seen[fold] || f.Size < 0 || f.Size > maxFile {
			return fmt.Errorf("%w: its list of files has a bad entry", ErrDamaged)
		}
		seen[fold] = true
	}
	return nil
}
