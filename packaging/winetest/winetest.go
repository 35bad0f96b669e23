// Package winetest gives a test a Windows machine: a session under Wine, with
// its own registry and processes, gone when the test ends.
//
// What answers as Windows does there: the registry, files, processes, volumes,
// networking, DPAPI, services. What does not, and belongs in a recording:
// accounts and password policy, most of WMI, the event log, access control.
//
// A machine without Wine fails the test and names the packages to install. Only
// `go test -short` skips: the first session of a checkout takes half a minute,
// each later one a second.
package winetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// Session is one Windows machine. Its methods may be called by several
// goroutines, as far as t allows.
type Session struct {
	// Prefix is the Linux path of the machine's Wine prefix; its drive C is
	// the folder drive_c in it.
	Prefix string
	// Overlay is a file for `go test -overlay` (and `go build -overlay`, for
	// test binaries only), with which os.RemoveAll works under Wine.
	Overlay string

	root string // of the module
	env  []string
}

// Start boots a fresh machine and ends it with the test.
func Start(t testing.TB) *Session {
	t.Helper()
	if testing.Short() {
		t.Skip("a Wine session is not for -short")
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	cache := os.Getenv("VIGIA_WINE_CACHE")
	if cache == "" {
		cache = filepath.Join(root, ".cache", "wine")
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(cache, "session-") //nolint:usetesting // hard links to the template need its file system
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(root, "packaging", "tools", "wine-session.sh")
	out, err := run(exec.CommandContext(t.Context(), script, "start", dir))
	if err != nil {
		_ = os.RemoveAll(dir)
		t.Fatalf("start a Wine session: %v", err)
	}
	t.Cleanup(func() {
		if _, err := run(exec.CommandContext(context.WithoutCancel(t.Context()), script, "stop", dir)); err != nil {
			t.Errorf("stop the Wine session: %v", err)
		}
	})

	s := &Session{root: root}
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		s.env = append(s.env, line)
		if prefix, ok := strings.CutPrefix(line, "WINEPREFIX="); ok {
			s.Prefix = prefix
		}
		if overlay, ok := strings.CutPrefix(line, "VIGIA_WINE_OVERLAY="); ok {
			s.Overlay = overlay
		}
	}
	if s.Prefix == "" {
		t.Fatalf("start a Wine session: %s named no prefix", script)
	}
	return s
}

// Command prepares a Windows program to be run on the machine. exe is a Linux
// or a Windows path; arguments go through as they are, so paths among them are
// Windows paths, see WindowsPath. Killing the process kills the program.
func (s *Session) Command(ctx context.Context, exe string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "wine", append([]string{exe}, args...)...)
	cmd.Env = s.Env()
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// Env is the environment in which anything started joins the machine, for
// tests that start programs in a way of their own.
func (s *Session) Env() []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if name != "DISPLAY" && name != "WAYLAND_DISPLAY" {
			env = append(env, kv)
		}
	}
	return append(env, s.env...)
}

// Build compiles a main package of the module, such as "./agent/cmd/vigia-agent",
// for Windows, as it ships, and returns the program's path.
func (s *Session) Build(t testing.TB, pkg string) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), filepath.Base(pkg)+".exe")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "grpcnotrace", "-o", exe, pkg)
	cmd.Dir = s.root
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if _, err := run(cmd); err != nil {
		t.Fatalf("build %s for Windows: %v", pkg, err)
	}
	return exe
}

// ImportRegistry adds keys and values in the notation of .reg files; the header
// line may be left out.
func (s *Session) ImportRegistry(t testing.TB, regText string) {
	t.Helper()
	const header = "Windows Registry Editor Version 5.00"
	if !strings.HasPrefix(regText, header) {
		regText = header + "\n\n" + regText
	}
	file := filepath.Join(t.TempDir(), "import.reg")
	if err := os.WriteFile(file, utf16File(regText), 0o600); err != nil {
		t.Fatal(err)
	}
	// On a busy machine Wine now and then cannot start a program at all; an
	// import changes nothing when it is done twice.
	var err error
	for range startTries {
		if _, err = run(s.Command(t.Context(), `C:\windows\system32\reg.exe`, "import", s.WindowsPath(file))); err == nil {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("import into the registry: %v\n%s", err, regText)
}

// startTries is how often a program is started before a test gives up.
const startTries = 5

// NotStarted tells from what Wine printed that it could not start the program
// at all, which it now and then cannot on a busy machine: nothing ran, and the
// same command may be tried again.
func NotStarted(output string) bool { return strings.Contains(output, "ShellExecuteEx failed") }

// utf16File encodes text as Windows keeps it: UTF-16, little endian, with a
// byte order mark and CRLF.
func utf16File(text string) []byte {
	text = "\ufeff" + strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

// WindowsPath translates an absolute Linux path: drive C for what lies in the
// machine's own prefix, drive Z for the rest.
func (s *Session) WindowsPath(linuxPath string) string {
	drive, rest := "Z:", linuxPath
	c := filepath.Join(s.Prefix, "drive_c")
	if inside, ok := strings.CutPrefix(linuxPath, c); ok && (inside == "" || inside[0] == '/') {
		drive, rest = "C:", inside
	}
	if rest == "" {
		rest = "/"
	}
	return drive + strings.ReplaceAll(rest, "/", `\`)
}

// LinuxPath translates an absolute path on drive C or Z.
func (s *Session) LinuxPath(windowsPath string) string {
	rest := strings.ReplaceAll(windowsPath, `\`, "/")
	if len(rest) >= 2 && strings.EqualFold(rest[:2], "c:") {
		return filepath.Join(s.Prefix, "drive_c", rest[2:])
	}
	if len(rest) >= 2 && strings.EqualFold(rest[:2], "z:") {
		return filepath.Clean("/" + rest[2:])
	}
	return windowsPath
}

// run runs a command to its end and puts what it wrote into the error, if any.
func run(cmd *exec.Cmd) (stdout string, err error) {
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w\n%s%s", err, problems.String(), out.String())
	}
	return out.String(), nil
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module vigia\n") {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("the working directory is not inside the module vigia")
		}
		dir = up
	}
}
