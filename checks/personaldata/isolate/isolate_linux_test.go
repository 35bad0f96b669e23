package isolate

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const limitsMemory = true

// attempts are what a worker must fail at. Each returns nil when it could.
func attempts() map[string]func() error {
	call := func(number uintptr, args ...uintptr) func() error {
		return func() error {
			var a [6]uintptr
			copy(a[:], args)
			if _, _, errno := syscall.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
				return errno
			}
			return nil
		}
	}
	parent := os.Getppid()
	path := []byte("/etc/passwd\x00")
	at := uintptr(unsafe.Pointer(&path[0]))
	return map[string]func() error{
		"open a file":               func() error { _, err := os.Open("/etc/passwd"); return err },
		"open itself":               func() error { _, err := os.Open("/proc/self/exe"); return err },
		"open the parent's memory":  func() error { _, err := os.Open(fmt.Sprintf("/proc/%d/mem", parent)); return err },
		"list a directory":          func() error { _, err := os.ReadDir("/"); return err },
		"look at a file":            func() error { _, err := os.Stat("/etc/passwd"); return err },
		"read a link":               func() error { _, err := os.Readlink("/proc/self/exe"); return err },
		"write a file":              func() error { return os.WriteFile("/tmp/vigia-isolate-test", []byte("x"), 0o600) },
		"remove a file":             func() error { return os.Remove("/tmp/vigia-isolate-test") },
		"make a directory":          func() error { return os.Mkdir("/tmp/vigia-isolate-test", 0o700) },
		"rename":                    func() error { return os.Rename("/tmp/a", "/tmp/b") },
		"change directory":          func() error { return os.Chdir("/tmp") },
		"change mode":               func() error { return syscall.Fchmod(0, 0) },
		"connect to an address":     func() error { _, err := net.DialTimeout("tcp", "127.0.0.1:1", time.Second); return err },
		"make a UDP socket":         func() error { _, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0); return err },
		"make a local socket":       func() error { _, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0); return err },
		"make a raw socket":         func() error { _, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0); return err },
		"start a program":           func() error { return exec.Command("/bin/true").Run() },
		"become a program":          func() error { return syscall.Exec("/bin/true", []string{"true"}, nil) },
		"fork":                      call(unix.SYS_CLONE, uintptr(syscall.SIGCHLD)),
		"clone3":                    call(unix.SYS_CLONE3),
		"trace the parent":          func() error { return syscall.PtraceAttach(parent) },
		"read the parent's memory":  call(unix.SYS_PROCESS_VM_READV, uintptr(parent)),
		"signal the parent":         func() error { return syscall.Kill(parent, 0) },
		"signal a thread elsewhere": call(unix.SYS_TGKILL, uintptr(parent), uintptr(parent), 0),
		"make memory executable": func() error {
			_, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_EXEC|syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE)
			return err
		},
		"map a file":          func() error { _, err := syscall.Mmap(0, 0, 4096, syscall.PROT_READ, syscall.MAP_PRIVATE); return err },
		"memory as a file":    func() error { _, err := unix.MemfdCreate("x", 0); return err },
		"change user":         func() error { return unix.Setresuid(0, 0, 0) },
		"leave its namespace": func() error { return unix.Unshare(unix.CLONE_NEWUSER) },
		"raise a limit":       func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1, Max: 1}) },
		"io_uring":            call(unix.SYS_IO_URING_SETUP, 1),
		"bpf":                 call(unix.SYS_BPF),
		"another filter":      call(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, at),
		"prctl":               func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) },
		"mount":               func() error { return unix.Mount("none", "/mnt", "tmpfs", 0, "") },
		"key ring":            call(unix.SYS_KEYCTL),
		"user fault":          call(unix.SYS_USERFAULTFD),
		"control a terminal":  call(unix.SYS_IOCTL, 1, unix.TCGETS),
	}
}

func partsOfSystem() map[string]part {
	return map[string]part{
		"try everything": func([]File) string {
			var could []string
			for name, try := range attempts() {
				if try() == nil {
					could = append(could, name)
				}
			}
			slices.Sort(could)
			return "could: " + strings.Join(could, ", ")
		},
		"write to its file": func(files []File) string {
			if _, err := syscall.Write(files[0].fd, []byte("x")); err == nil {
				return "wrote"
			}
			if err := syscall.Ftruncate(files[0].fd, 0); err == nil {
				return "cut"
			}
			return "could not"
		},
	}
}

// From inside a worker, nothing works but what it is for.
func TestAttemptsFail(t *testing.T) {
	w := start(t, Program{})
	if got, want := mustAsk(t, w, "try everything"), "could: "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := mustAsk(t, w, "work"), "worked"; got != want {
		t.Errorf("afterwards: got %q, want %q", got, want)
	}
	f := writeFile(t, "text")
	if got, want := mustAsk(t, w, "write to its file", f), "could not"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func status(t *testing.T, w *Worker, name string) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.ID()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	t.Fatalf("no %s", name)
	return ""
}

// What the kernel says of a worker is what it says of itself.
func TestConfinement(t *testing.T) {
	w := start(t, Program{Background: true})
	c := w.Confinement()
	t.Log(c)
	if !c.NoNewPrivileges || !c.SystemCalls || !c.Children || !c.Untraceable || !c.Limits || !c.Background {
		t.Errorf("in force: %v", c)
	}
	for name, want := range map[string]string{"NoNewPrivs": "1", "Seccomp": "2", "CapEff": "0000000000000000"} {
		if got := status(t, w, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", w.ID()))
	if err != nil || len(tasks) < 2 {
		t.Errorf("threads: %d, %v", len(tasks), err)
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			t.Fatal(err)
		}
		attr, err := unix.SchedGetAttr(id, 0)
		if err != nil || attr.Policy != unix.SCHED_IDLE {
			t.Errorf("thread %d: %+v, %v", id, attr, err)
		}
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", w.ID(), id))
		if err != nil || !strings.Contains(string(b), "Seccomp:\t2") || !strings.Contains(string(b), "NoNewPrivs:\t1") {
			t.Errorf("thread %d is not confined: %v", id, err)
		}
	}
}

// A worker has its connection, /dev/null twice, and what its runtime needs to wait.
func TestDescriptors(t *testing.T) {
	var stray int // as one that this program inherited
	stray, err := unix.Open("/etc/passwd", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(stray)
	w := start(t, Program{})
	f := writeFile(t, "text")
	mustAsk(t, w, "work")
	mustAsk(t, w, "read", f)
	names, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.ID()))
	if err != nil {
		t.Fatalf("%v: this test needs root", err)
	}
	var got []string
	for _, name := range names {
		target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", w.ID(), name.Name()))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := strings.Cut(target, ":[")
		if kind != "anon_inode" {
			got = append(got, kind)
		}
	}
	if want := []string{"socket", "/dev/null", "/dev/null"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A worker ends with its parent, even one that is killed while the worker computes.
func TestEndsWithItsParent(t *testing.T) {
	const again = "VIGIA_TEST_PARENT"
	if os.Getenv(again) != "" {
		w := start(t, Program{})
		if err := w.Send([]byte("hang"), nil); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("worker %d\n", w.ID())
		time.Sleep(time.Minute)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEndsWithItsParent$", "-test.v")
	cmd.Env = append(os.Environ(), again+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var id int
	for id == 0 {
		var word string
		if _, err := fmt.Fscan(out, &word); err != nil {
			t.Fatal(err)
		}
		if word == "worker" {
			if _, err := fmt.Fscan(out, &id); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := syscall.Kill(id, 0); err != nil {
		t.Fatalf("the worker is not there: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for range 100 {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
		if err != nil || strings.Contains(string(b), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the worker outlives its parent")
}

// Each way to start that a system may refuse has one that it grants.
func TestIdentities(t *testing.T) {
	p := Program{Args: []string{"worker"}}
	for _, user := range []int{0, 1000} {
		for i, as := range identities(user) {
			s := settings{build: thisBuild(), memory: defaultMemory, processors: 1}
			w, err := p.startAs(t.Context(), s, as)
			if err != nil {
				t.Logf("user %d, way %d: %v", user, i, err)
				continue
			}
			if err := w.greet(s); err != nil {
				t.Errorf("user %d, way %d: %v", user, i, err)
			}
			t.Logf("user %d, way %d: %v", user, i, w.Confinement())
			w.Stop()
		}
	}
}

// The filter is as long as its jumps can reach, and ends in a refusal.
func TestFilter(t *testing.T) {
	program := filter(allowed(1))
	if n := len(program); n > 255 {
		t.Errorf("%d instructions", n)
	}
	for i, in := range program {
		if i+1+int(max(in.Jt, in.Jf)) >= len(program) && in.Code != answer {
			t.Errorf("instruction %d leads outside", i)
		}
	}
	if got := program[len(program)-1]; got.K != unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM) {
		t.Errorf("ends in %x", got.K)
	}
}
