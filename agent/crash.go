package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// maxCrash bounds what is kept of how the agent died.
const maxCrash = 64 << 10

// crash is how the agent died the last time: what is told of it holds words of Go's
// runtime and names of our code, and nothing of what was measured.
type crash struct {
	What  string // as "panic: runtime error: index out of range [3] with length 3"
	Where string // as "vigia/agent/spool.(*Queue).Append spool.go:117"
}

// keepCrash has the runtime write to a file of the data folder how this process dies, if
// it does: of a service nobody sees what it prints. It returns how the last one died, nil
// for none, whose file it keeps beside. stop ends it.
func (f folder) keepCrash() (last *crash, stop func() error, err error) {
	name := filepath.Join(string(f), "log", "vigia-agent.crash")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the folder of logs: %w", err)
	}
	last, err = takeCrash(name)
	if err != nil {
		return nil, nil, fmt.Errorf("read how the agent ended before: %w", err)
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return last, nil, fmt.Errorf("prepare for a bad end: %w", err)
	}
	err = errors.Join(debug.SetCrashOutput(file, debug.CrashOptions{}), file.Close()) // the runtime has its own handle of it
	if err != nil {
		return last, nil, fmt.Errorf("prepare for a bad end: %w", err)
	}
	return last, func() error { return debug.SetCrashOutput(nil, debug.CrashOptions{}) }, nil
}

// takeCrash reads what a process left at name when it died, and puts it aside, no more
// than maxCrash of it, in place of the one before.
func takeCrash(name string) (*crash, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nobody died
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxCrash))
	if err = errors.Join(err, file.Close()); err != nil || len(bytes.TrimSpace(text)) == 0 {
		return nil, err
	}
	if err := os.WriteFile(name+".old", text, 0o600); err != nil {
		return nil, err
	}
	c := readCrash(text)
	return &c, os.Remove(name)
}

// readCrash takes the first reason and the first place in our code out of what the runtime
// wrote. The value of a panic may hold anything; that of the runtime's own holds numbers
// and types.
func readCrash(text []byte) crash {
	c := crash{What: "panic"}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		line = strings.TrimRight(line, "\r ")
		if runtimeSays(line) && c.What == "panic" {
			c.What = line
		}
		if !strings.HasPrefix(line, "vigia/") || i+1 >= len(lines) {
			continue
		}
		function := line
		if at := strings.LastIndexByte(line, '('); at > 0 {
			function = line[:at]
		}
		where, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " ")
		c.Where = function + " " + path.Base(strings.ReplaceAll(where, `\`, "/"))
		break
	}
	c.What, c.Where = c.What[:min(len(c.What), maxEventArg)], c.Where[:min(len(c.Where), maxEventArg)]
	return c
}

// runtimeSays tells whether a line is Go's own words.
func runtimeSays(line string) bool {
	for _, begins := range []string{"fatal error: ", "panic: runtime error: ", "runtime: ", "Exception 0x"} {
		if strings.HasPrefix(line, begins) {
			return true
		}
	}
	return false
}

// keepCrashes is keepCrash of a service: that it does not work is no reason to stay away.
func keepCrashes(f folder, logger *slog.Logger) (last *crash, stop func()) {
	last, end, err := f.keepCrash()
	if err != nil {
		logger.Warn("a bad end would leave no trace", "error", err)
	}
	if last != nil {
		logger.Warn("the agent died the last time", "what", last.What, "where", last.Where,
			"file", filepath.Join(string(f), "log", "vigia-agent.crash.old"))
	}
	return last, func() {
		if end == nil {
			return
		}
		if err := end(); err != nil {
			logger.Warn("end of a service", "error", err)
		}
	}
}
