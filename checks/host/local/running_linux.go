package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"vigia/checks/host"
)

// liveRunning tells what runs on this machine. It keeps nothing.
type liveRunning struct{}

var _ host.Running = liveRunning{}

// Services implements host.Running. Linux has units instead, which are files.
func (liveRunning) Services(context.Context) ([]host.Service, error) { return nil, host.ErrUnsupported }

// Processes implements host.Running: programs, of the machine and of its containers.
// Threads of the kernel and processes that have ended are none. The path of a program is
// empty where it may not be seen.
func (liveRunning) Processes(ctx context.Context) ([]host.Process, error) {
	return processes(ctx, os.DirFS("/proc"))
}

// maxProcesses bounds the list of processes.
const maxProcesses = 100_000

// processes reads proc(5).
func processes(ctx context.Context, proc fs.FS) ([]host.Process, error) {
	entries, err := fs.ReadDir(proc, ".")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	out := []host.Process{}
	first := false
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(out) == maxProcesses {
			return nil, fmt.Errorf("list processes: %w", host.ErrTooBig)
		}
		first = first || pid == 1
		status, err := sysfs{proc}.bytes(e.Name() + "/status")
		if errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("list processes: %w", err) // listed and closed, as hidepid of proc(5) may have it
		}
		if err != nil {
			continue // it has ended meanwhile
		}
		p, program := parseProcStatus(string(status))
		if !program {
			continue
		}
		p.PID = pid
		if exe, err := fs.ReadLink(proc, e.Name()+"/exe"); err == nil {
			p.Path = strings.TrimSuffix(exe, " (deleted)") // replaced by an update
		}
		out = append(out, p)
	}
	if !first { // those of others are not even listed, see hidepid in proc(5)
		return nil, fmt.Errorf("list processes: %w", fs.ErrPermission)
	}
	return out, nil
}
