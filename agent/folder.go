package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
	"gopkg.in/natefinch/lumberjack.v2"

	"vigia/agent/identity"
	"vigia/agent/spool"
	"vigia/checks/personaldata/scan"
	"vigia/packaging/service"
)

// folder is the agent's data folder. Every user of the machine may read the
// local page in it; the folders in it are the agent's alone.
//
//	identity/            keys and certificate
//	enrolment/<agent>/   what belongs to one enrolment: spool/, policy,
//	                     checkpoints, status, how it ended before, inbox/ with
//	                     what a person brought
//	media/               which removable media were plugged in
//	log/                 what a service of Windows tells
//	scan/                which files held no personal data, until they change
//	estado.html          what is measured, for the machine's user
type folder string

// privateFolders are those in it that nobody else may read.
func privateFolders() []string { return []string{"identity", "enrolment", "log", "media", "scan"} }

func (f folder) identity() string { return filepath.Join(string(f), "identity") }
func (f folder) page() string     { return filepath.Join(string(f), pageName) }
func (f folder) media() string    { return filepath.Join(string(f), "media", "media.json") }
func (f folder) scan() string     { return filepath.Join(string(f), "scan", scan.CacheName) }

// log is the log of a service that has no other place for it. It is bounded.
func (f folder) log() io.WriteCloser {
	return &lumberjack.Logger{Filename: filepath.Join(string(f), "log", "vigia-agent.log"), MaxSize: 1, MaxBackups: 2}
}

// logName is where to look for what the service tells, as people find it.
func (f folder) logName() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(string(f), "log", "vigia-agent.log")
	}
	return "journalctl -u " + serviceName
}

func (f folder) enrolment(agentID string) string {
	return filepath.Join(string(f), "enrolment", agentID)
}

func (f folder) spool(agentID string) string { return filepath.Join(f.enrolment(agentID), "spool") }

// Names of the files of an enrolment.
const (
	policyFile      = "policy"
	goodPolicyFile  = "policy.good" // the last one with which the agent was steady
	startsFile      = "starts.json"
	checkpointsFile = "checkpoints.json"
	statusFile      = "status.json"
	maxCheckpoints  = 16 << 20
	maxStarts       = 4 << 10
)

// errInUse: another agent works in the data folder.
var errInUse = errors.New("another agent is using the data folder")

// lock makes this process the only agent in the folder, until unlock.
func (f folder) lock() (unlock func() error, err error) {
	if err := service.MakeFolder(string(f)); err != nil {
		return nil, err
	}
	// Where others cannot open it: on Windows whoever may read a file may lock it.
	if err := os.MkdirAll(f.identity(), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of keys: %w", err)
	}
	lock := flock.New(filepath.Join(f.identity(), "agent.lock"), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if !ok {
		return nil, errInUse
	}
	return lock.Unlock, nil
}

// Between two looks whether the folder is free, and how long an enrolment waits for it.
const (
	lookForLock = 200 * time.Millisecond
	lockToEnrol = 45 * time.Second // a service that waits to be enrolled takes it for one call
)

// lockToEnrol is lock, for a person who enrols the machine while a service tries to.
func (f folder) lockToEnrol(ctx context.Context) (unlock func() error, err error) {
	for began := time.Now(); ; {
		if _, err := identity.Load(f.identity(), nil); !errors.Is(err, identity.ErrNotEnrolled) {
			return nil, cmp.Or(err, identity.ErrEnrolled)
		}
		unlock, err := f.lock()
		if !errors.Is(err, errInUse) || time.Since(began) > lockToEnrol {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookForLock):
		}
	}
}

// shelf is one durable file of an enrolment.
type shelf struct {
	fs   spool.FS
	name string
	most int64
}

// Load returns the content, nil for none.
func (s shelf) Load() ([]byte, error) {
	b, err := spool.ReadFile(s.fs, s.name, s.most)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// Save replaces the content; it is durable when Save returns.
func (s shelf) Save(b []byte) error { return spool.ReplaceFile(s.fs, s.name, b) }

// writeView replaces a file that others read while it is written. It is a view
// of what is kept elsewhere, so it is not flushed.
func writeView(path string, content []byte, mode os.FileMode) error {
	return replaceView(path, content, func(temp string) error { return os.Chmod(temp, mode) }) // whatever the umask is
}

// writeShown is writeView for what every user of the machine may read in the data folder.
func writeShown(path string, content []byte) error {
	return replaceView(path, content, service.ShowFile)
}

func replaceView(path string, content []byte, protect func(name string) error) error {
	temp := path + ".tmp"
	err := os.WriteFile(temp, content, 0o600)
	if err != nil {
		return err
	}
	if err := protect(temp); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return os.Rename(temp, path)
}
