// Package boxtest gives a test a Linux machine: a Debian 12 with systemd as its first
// process, in a container with a file system, a network and processes of its own, gone
// when the test ends.
//
// What answers as a machine does there: packages, services, log-ons, the journal, the
// packet filter, restarts. What does not: its kernel, disks and clock are those of the
// machine below, and resource limits are not enforced.
//
// It needs root and Debian's debootstrap and systemd-container; without them the test
// fails and says so. Only `go test -short` skips: the first box of a checkout takes two
// minutes, each later one some seconds.
package boxtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// bootTime bounds a boot, on a machine that has other work.
const bootTime = 2 * time.Minute

// Box is one running machine.
type Box struct {
	// Root is the path of the machine's file system on the machine below.
	Root string

	name    string
	folder  string // of the overlay
	group   string // control group of the machine
	console string // what it wrote while it booted
	nspawn  *exec.Cmd
	ended   chan error // what nspawn ended with
	leader  int        // process id of its systemd, seen from below
}

// Start boots a machine that has the packages and whatever they depend on. The layer
// names this set of packages: its file system is made once and kept.
func Start(t testing.TB, layer string, packages ...string) *Box {
	t.Helper()
	if testing.Short() {
		t.Skip("a booted machine is not for -short")
	}
	if os.Geteuid() != 0 {
		t.Fatal("a booted machine needs root: run the tests as root, or with -short")
	}
	for _, program := range []string{"debootstrap", "systemd-nspawn", "nsenter"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%v: apt-get install --no-install-recommends debootstrap systemd-container util-linux", err)
		}
	}
	lower := layers(t, layer, packages)

	b := new(Box)
	var err error
	// Beside the layers, whose file system is known to carry an overlay.
	if b.folder, err = os.MkdirTemp(filepath.Dir(lower[0]), "box-"); err != nil { //nolint:usetesting // see above
		t.Fatal(err)
	}
	b.name = filepath.Base(b.folder)
	b.Root, b.console = filepath.Join(b.folder, "root"), filepath.Join(b.folder, "console.log")
	t.Cleanup(func() { b.remove(t) })
	for _, dir := range []string{"up", "work", "root"} {
		if err := os.Mkdir(filepath.Join(b.folder, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "mount", "-t", "overlay", "overlay", "-o", "lowerdir="+strings.Join(lower, ":")+
		",upperdir="+filepath.Join(b.folder, "up")+",workdir="+filepath.Join(b.folder, "work"), b.Root)
	b.boot(t)
	return b
}

// layers returns the folders of the file system, the topmost first.
func layers(t testing.TB, layer string, packages []string) []string {
	t.Helper()
	script := filepath.Join(module(t), "packaging", "tools", "box-layer.sh")
	base := strings.TrimSpace(run(t, script, "base"))
	if len(packages) == 0 {
		return []string{base}
	}
	sum := sha256.Sum256([]byte(strings.Join(packages, " "))) // another set is another layer
	name := fmt.Sprintf("%s-%x", layer, sum[:4])
	return []string{strings.TrimSpace(run(t, append([]string{script, "layer", name}, packages...)...)), base}
}

// module is the root folder of the module.
func module(t testing.TB) string {
	t.Helper()
	return filepath.Dir(strings.TrimSpace(run(t, "go", "env", "GOMOD")))
}

// boot starts the machine and waits until systemd has started what it starts.
func (b *Box) boot(t testing.TB) {
	t.Helper()
	groups := "/sys/fs/cgroup/unified"
	if _, err := os.Stat(groups); err != nil {
		groups = "/sys/fs/cgroup"
	}
	b.group = filepath.Join(groups, b.name)
	if err := os.MkdirAll(b.group, 0o755); err != nil {
		t.Fatal(err)
	}
	console, err := os.OpenFile(b.console, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = console.Close() }()
	// The shell enters the group, and becomes nspawn.
	b.nspawn = exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-c", `echo $$ >"$0/cgroup.procs" && exec systemd-nspawn "$@"`, b.group,
		"--quiet", "--directory="+b.Root, "--machine="+b.name, "--boot", "--register=no", "--keep-unit",
		"--private-network", "--capability=all", "--system-call-filter=bpf", "--console=read-only")
	b.nspawn.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	b.nspawn.Stdout, b.nspawn.Stderr = console, console
	if err := b.nspawn.Start(); err != nil {
		t.Fatal(err)
	}
	b.ended = make(chan error, 1)
	go func() { b.ended <- b.nspawn.Wait() }()

	ctx, cancel := context.WithTimeout(t.Context(), bootTime)
	defer cancel()
	for {
		if b.leader = child(b.nspawn.Process.Pid); b.leader != 0 {
			state, _ := b.Command(ctx, "systemctl", "is-system-running").Output()
			switch strings.TrimSpace(string(state)) {
			case "running", "degraded":
				return
			}
		}
		select {
		case err := <-b.ended:
			b.ended <- err
			t.Fatalf("the machine did not boot: %v\n%s", err, b.said())
		case <-ctx.Done():
			t.Fatalf("the machine did not boot in %v\n%s", bootTime, b.said())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// child returns the first child of a process, 0 if it has none.
func child(pid int) int {
	p := strconv.Itoa(pid)
	text, err := os.ReadFile(filepath.Join("/proc", p, "task", p, "children"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	id, _ := strconv.Atoi(first)
	return id
}

// said is the end of what the machine wrote on its console.
func (b *Box) said() string {
	text, _ := os.ReadFile(b.console)
	return string(text[max(0, len(text)-4096):])
}

// Command prepares a program of the machine to be run in it.
func (b *Box) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"--target", strconv.Itoa(b.leader),
		"--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--"}, args...)...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb"}
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// Run runs a program of the machine and returns what it printed. One that fails fails
// the test.
func (b *Box) Run(t testing.TB, args ...string) string {
	t.Helper()
	return output(t, b.Command(t.Context(), args...), args)
}

// Path is where a file of the machine is, seen from below.
func (b *Box) Path(name string) string { return filepath.Join(b.Root, name) }

// Write puts a file into the machine, and its folders where there are none.
func (b *Box) Write(t testing.TB, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.Path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.Path(name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// Install builds a main package of the module, such as "./agent/cmd/vigia-agent", and
// puts the program into the machine's /usr/bin.
func (b *Box) Install(t testing.TB, pkg string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "grpcnotrace", "-o", b.Path("/usr/bin/"+filepath.Base(pkg)), pkg)
	cmd.Dir = module(t)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	output(t, cmd, cmd.Args)
}

// Restart starts the machine again, as its users do.
func (b *Box) Restart(t testing.TB) {
	t.Helper()
	_ = b.Command(t.Context(), "systemctl", "reboot").Run()
	select {
	case <-b.ended:
	case <-time.After(bootTime):
		t.Fatalf("the machine did not go down in %v\n%s", bootTime, b.said())
	}
	b.boot(t)
}

// Cable joins two running machines by a network that nobody else is on. In each its name is
// "cable", and it has no address yet: see Address. It is gone when a machine is restarted.
func Cable(t testing.TB, a, b *Box) {
	t.Helper()
	ends := []string{"a-" + strconv.Itoa(a.leader), "b-" + strconv.Itoa(b.leader)} // at most 15 letters
	run(t, "ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
	for i, box := range []*Box{a, b} {
		run(t, "ip", "link", "set", ends[i], "netns", strconv.Itoa(box.leader))
		box.ip(t, "link", "set", ends[i], "name", "cable")
		box.ip(t, "link", "set", "cable", "up")
	}
}

// Address gives the machine an address on its cable, such as fd17:5::a/64. It can be used at
// once.
func (b *Box) Address(t testing.TB, address string) {
	t.Helper()
	b.ip(t, "address", "add", address, "dev", "cable", "nodad")
}

// NoAddress takes an address from the machine.
func (b *Box) NoAddress(t testing.TB, address string) {
	t.Helper()
	b.ip(t, "address", "del", address, "dev", "cable")
}

// ip is the program of the machine below in the network of the box, which need not have it.
func (b *Box) ip(t testing.TB, args ...string) {
	t.Helper()
	run(t, append([]string{"nsenter", "--target", strconv.Itoa(b.leader), "--net", "--", "ip"}, args...)...)
}

// remove turns the machine off, and nothing of it stays.
func (b *Box) remove(t testing.TB) {
	t.Helper()
	if b.group != "" { // nspawn and all of the machine: killing nspawn alone would leave the machine running
		if err := os.WriteFile(filepath.Join(b.group, "cgroup.kill"), []byte("1"), 0o600); err != nil {
			t.Errorf("end the machine %s: %v", b.name, err)
		}
	}
	if b.ended != nil {
		select {
		case <-b.ended:
		case <-time.After(10 * time.Second):
			t.Errorf("the machine %s does not end", b.name)
		}
	}
	_ = exec.CommandContext(context.WithoutCancel(t.Context()), "umount", "--lazy", b.Root).Run()
	if b.group != "" {
		rmdir := func() error {
			return exec.CommandContext(context.WithoutCancel(t.Context()), "find", b.group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+").Run()
		}
		err := rmdir()
		for range 50 { // what was killed takes a moment to be gone
			if err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
			err = rmdir()
		}
		if err != nil {
			t.Errorf("programs of the machine %s are left", b.name)
		}
	}
	if err := os.RemoveAll(b.folder); err != nil {
		t.Error(err)
	}
}

// run runs a program of the machine below.
func run(t testing.TB, args ...string) string {
	t.Helper()
	return output(t, exec.CommandContext(t.Context(), args[0], args[1:]...), args)
}

func output(t testing.TB, cmd *exec.Cmd, args []string) string {
	t.Helper()
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w\n%s%s", strings.Join(args, " "), err, problems.String(), out))
	}
	return string(out)
}
