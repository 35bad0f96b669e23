package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"vigia/checks/host"
)

const (
	logindDir      = "/run/systemd"
	logindSessions = logindDir + "/sessions"
	logindBlocks   = logindDir + "/inhibit"

	maxLogind = 64 << 10 // bytes of one file
)

// Sessions implements host.Running from what logind keeps; without it,
// host.ErrUnsupported. Whether a session is locked logind does not write down.
func (liveRunning) Sessions(ctx context.Context) ([]host.Session, error) {
	var out []host.Session
	err := logindFiles(ctx, logindSessions, func(name string, b []byte, _ time.Time) {
		if s, ok := logindSession(name, b); ok {
			out = append(out, s)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return out, nil
}

// WakeRequests implements host.Running: the inhibitors of logind, to which desktops hand
// on what their programs ask for.
func (liveRunning) WakeRequests(ctx context.Context) ([]host.WakeRequest, error) {
	var out []host.WakeRequest
	err := logindFiles(ctx, logindBlocks, func(_ string, b []byte, made time.Time) {
		if w, ok := logindInhibitor(b, made, func(pid int) string { return commOf(ctx, pid) }); ok {
			out = append(out, w)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list what keeps the machine awake: %w", err)
	}
	return out, nil
}

// commOf is the name of a process.
func commOf(ctx context.Context, pid int) string {
	b, err := files{liveTree{}}.ReadFile(ctx, "/proc/"+strconv.Itoa(pid)+"/comm", maxLogind)
	if err != nil {
		return "" // gone since, or hidden from us
	}
	return strings.TrimSpace(string(b))
}

// logindFiles reads the files of one of logind's folders. A folder that is not there is
// empty where logind runs, and no answer where it does not.
func logindFiles(ctx context.Context, dir string, visit func(name string, b []byte, made time.Time)) error {
	all := files{liveTree{}}
	entries, err := all.ReadDir(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := all.Stat(ctx, logindDir); errors.Is(err, fs.ErrNotExist) {
			return host.ErrUnsupported
		}
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Mode.IsRegular() || strings.HasPrefix(e.Name, ".") {
			continue // the pipe of an inhibitor, or a file that is being written
		}
		b, err := all.ReadFile(ctx, path.Join(dir, e.Name), maxLogind)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		visit(e.Name, b, e.ModTime)
	}
	return nil
}
