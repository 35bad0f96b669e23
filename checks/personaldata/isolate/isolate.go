// Package isolate starts this very program once more as a worker without rights, talks
// with it, and hands it open files.
//
// What always holds:
//
//   - A worker reads nothing but the files it is handed, which are open for reading
//     alone. What else it is kept from differs by system, and Confinement tells it:
//     on Linux it cannot open, connect, start a program or write to a file at all.
//   - It confines itself before it is given the first file, for good, and says what is
//     in force. On Linux a worker without a filter of system calls is not used, unless
//     the kernel has none.
//   - It sees nothing of its parent's environment, standard streams or descriptors.
//     What it prints, as a crash does, goes nowhere.
//   - It ends with its parent, and Stop leaves nothing of it behind.
//
// The package knows nothing of what is asked of a worker: messages are bytes.
package isolate

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

const (
	// MaxMessage is how many bytes a message may have.
	MaxMessage = 32 << 10
	// MaxFiles is how many files may go with a message.
	MaxFiles = 64
	// MaxOpen is how many files a worker can have open at a time.
	MaxOpen = 512
)

// A Program says how workers are started. The zero values of its numbers are defaults.
type Program struct {
	// Args make this program a worker, which is to call Enter before anything else.
	Args []string
	// Memory is how many bytes of data a worker may have; it ends when it wants more.
	// The default is 384 MiB, of which its garbage collector tries to use half.
	Memory int64
	// Processors is how many it uses at a time; default 1.
	Processors int
	// Background lets everything else on the machine go first.
	Background bool

	env []string // of tests
}

const (
	defaultMemory = 384 << 20
	startTimeout  = 30 * time.Second // a machine that is only just starting is slow
)

// Confinement says what a worker is kept from. What a system does not have is false.
type Confinement struct {
	NoNewPrivileges bool // no program that it could start would have more rights
	SystemCalls     bool // Linux: seccomp; none but those that computing and reading need
	Files           bool // Linux: Landlock; the file system is closed
	Network         bool // Linux: a network of its own without anything in it
	Identity        bool // another user, no privileges: nobody, a user namespace, a restricted token
	Integrity       bool // Windows: low integrity level
	Children        bool // starts no process
	Untraceable     bool // no memory image, no debugger of the same user
	Limits          bool // memory, open files, size of files
	Group           bool // in a job object or control group of its own
	Background      bool // lowest priority for processor and disk
}

// A flag is a field of a Confinement with its name.
type flag struct {
	name string
	set  *bool
}

func (c *Confinement) flags() []flag {
	return []flag{
		{"no_new_privileges", &c.NoNewPrivileges}, {"system_calls", &c.SystemCalls}, {"files", &c.Files},
		{"network", &c.Network}, {"identity", &c.Identity}, {"integrity", &c.Integrity}, {"children", &c.Children},
		{"untraceable", &c.Untraceable}, {"limits", &c.Limits}, {"group", &c.Group}, {"background", &c.Background},
	}
}

// List names what is in force, in a fixed order.
func (c Confinement) List() []string {
	var names []string
	for _, f := range c.flags() {
		if *f.set {
			names = append(names, f.name)
		}
	}
	return names
}

// String lists what is in force.
func (c Confinement) String() string { return strings.Join(c.List(), " ") }

func (c Confinement) bits() (bits uint32) {
	for i, f := range c.flags() {
		if *f.set {
			bits |= 1 << i
		}
	}
	return bits
}

// add sets what bits of another Confinement say.
func (c *Confinement) add(bits uint32) {
	for i, f := range c.flags() {
		*f.set = *f.set || bits&(1<<i) != 0
	}
}

// A Worker is a process that was started, seen from its parent. Send, Receive and Kill
// may be called at the same time; no two calls of the same one.
type Worker struct {
	cmd  *exec.Cmd
	conn *conn
	in   Confinement
	held []closer // what lives as long as the process
}

type closer interface{ Close() error }

// settings are what a worker is told before it confines itself.
type settings struct {
	build      uint32 // of the program: both sides must be the same
	memory     uint64
	processors uint32
	background bool
}

const helloBytes = 4 + 8 + 4 + 1

func (s settings) encode() []byte {
	b := make([]byte, 0, helloBytes)
	b = binary.LittleEndian.AppendUint32(b, s.build)
	b = binary.LittleEndian.AppendUint64(b, s.memory)
	b = binary.LittleEndian.AppendUint32(b, s.processors)
	if s.background {
		return append(b, 1)
	}
	return append(b, 0)
}

func decodeSettings(b []byte) (s settings, ok bool) {
	if len(b) != helloBytes {
		return s, false
	}
	return settings{
		build:      binary.LittleEndian.Uint32(b),
		memory:     binary.LittleEndian.Uint64(b[4:]),
		processors: binary.LittleEndian.Uint32(b[12:]),
		background: b[16] != 0,
	}, true
}

// thisBuild tells builds of the program apart: an upgrade may replace its file.
func thisBuild() uint32 {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return 0
	}
	return crc32.ChecksumIEEE([]byte(info.String()))
}

// Start starts a worker and waits until it has confined itself. The caller must Stop it.
// It is killed when the context ends.
func (p Program) Start(ctx context.Context) (*Worker, error) {
	s := settings{build: thisBuild(), memory: uint64(p.Memory), processors: uint32(p.Processors), background: p.Background}
	if p.Memory <= 0 {
		s.memory = defaultMemory
	}
	if p.Processors <= 0 {
		s.processors = 1
	}
	w, err := p.start(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	late := time.AfterFunc(startTimeout, w.Kill)
	defer late.Stop()
	if err := w.greet(s); err != nil {
		w.Stop()
		return nil, fmt.Errorf("start worker: %w", err)
	}
	return w, nil
}

// greet has the worker confine itself.
func (w *Worker) greet(s settings) error {
	if err := w.Send(s.encode(), nil); err != nil {
		return fmt.Errorf("greet it: %w", err)
	}
	answer, err := w.Receive(make([]byte, MaxMessage))
	if err != nil {
		return fmt.Errorf("it did not answer: %w", err)
	}
	if len(answer) < 4 {
		return errors.New("it did not answer what it should")
	}
	w.in.add(binary.LittleEndian.Uint32(answer))
	if problem := answer[4:]; len(problem) > 0 {
		return fmt.Errorf("it cannot be confined: %s", problem)
	}
	return nil
}

// environment is all that a worker gets: how its runtime is to behave.
func (s settings) environment() []string {
	return []string{
		"GOMAXPROCS=" + strconv.FormatUint(uint64(s.processors), 10),
		"GOMEMLIMIT=" + strconv.FormatUint(s.memory/2, 10),
		"GOTRACEBACK=none",
		// The runtime would hold files of its control group open.
		"GODEBUG=containermaxprocs=0,updatemaxprocs=0",
	}
}

// Confinement says what the worker is kept from.
func (w *Worker) Confinement() Confinement { return w.in }

// ID is the number of the process.
func (w *Worker) ID() int { return w.cmd.Process.Pid }

// Send sends a message and lets the worker use files, which remain open here too. They
// must be open for reading only.
func (w *Worker) Send(msg []byte, files []File) error {
	if len(msg) > MaxMessage || len(files) > MaxFiles {
		return fmt.Errorf("a message of %d bytes and %d files is too large", len(msg), len(files))
	}
	return w.conn.send(msg, files)
}

// Receive waits for a message and returns it in buf, which must have MaxMessage bytes. It
// returns an error when the worker has ended.
func (w *Worker) Receive(buf []byte) ([]byte, error) { return w.conn.receive(buf) }

// Kill ends the process at once; Stop must still be called.
func (w *Worker) Kill() { _ = w.cmd.Process.Kill() } // it may have ended already

// Stop ends the process and waits for its end.
func (w *Worker) Stop() {
	w.Kill()
	_ = w.conn.Close() // nothing is to be sent any more
	_ = w.cmd.Wait()   // it was killed
	for _, h := range w.held {
		_ = h.Close() // nothing was written
	}
}

// A Connection is a worker's to its parent, from inside the worker. Receive and Poll
// may not be called at the same time as each other, nor Send as itself.
type Connection struct {
	in   *inside
	conf Confinement
}

// Enter makes this process a worker: it confines it for good. It returns an error when
// the process was not started as one, or must not go on because it is not confined.
func Enter() (*Connection, error) {
	in, err := enter()
	if err != nil {
		return nil, fmt.Errorf("connect to the parent: %w", err)
	}
	c := &Connection{in: in}
	hello, _, err := c.Receive(make([]byte, MaxMessage), nil)
	if err != nil {
		return nil, err
	}
	s, ok := decodeSettings(hello)
	if !ok {
		return nil, errors.New("the parent did not greet as it should")
	}
	var problem error
	if s.build != thisBuild() {
		problem = errors.New("it is another version of the program")
	} else {
		c.conf, problem = confine(s)
	}
	answer := binary.LittleEndian.AppendUint32(nil, c.conf.bits())
	if problem != nil {
		answer = append(answer, problem.Error()...)
	}
	if err := c.Send(answer); err != nil {
		return nil, err
	}
	return c, problem
}

// Confinement says what this process confined itself to; its parent may know of more.
func (c *Connection) Confinement() Confinement { return c.conf }

// Receive waits for a message, and returns it in buf, which must have MaxMessage bytes,
// and its files, appended to files. It returns io.EOF when the parent is gone.
func (c *Connection) Receive(buf []byte, files []File) ([]byte, []File, error) {
	return c.in.receive(buf, files, true)
}

// Poll is Receive without waiting: when no message is there, it returns none.
func (c *Connection) Poll(buf []byte, files []File) ([]byte, []File, error) {
	return c.in.receive(buf, files, false)
}

// Send sends a message of MaxMessage bytes at most.
func (c *Connection) Send(msg []byte) error { return c.in.send(msg) }
