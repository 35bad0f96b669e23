package isolate

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// nobody is the user that owns nothing, on every Linux.
const nobody = 65534

// start starts the process, with as few rights as its own allow it to give.
func (p Program) start(ctx context.Context, s settings) (*Worker, error) {
	var problems []error
	for _, as := range identities(os.Geteuid()) {
		w, err := p.startAs(ctx, s, as)
		if err == nil {
			return w, nil
		}
		problems = append(problems, err)
	}
	return nil, errors.Join(problems...)
}

// An identity is what a worker is to be, and what that keeps it from.
type identity struct {
	flags      uintptr
	credential *syscall.Credential
	in         Confinement
}

// identities lists what to try, best first. A superuser makes it nobody; others get it a
// user namespace, where that is allowed, in which it is nobody as well.
func identities(user int) []identity {
	const own = syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC
	both := Confinement{Network: true, Identity: true}
	if user != 0 {
		return []identity{{flags: syscall.CLONE_NEWUSER | own, in: both}, {}}
	}
	other := &syscall.Credential{Uid: nobody, Gid: nobody}
	return []identity{
		{flags: own, credential: other, in: both},
		{credential: other, in: Confinement{Identity: true}},
		{flags: own, in: Confinement{Network: true}},
		{},
	}
}

func (p Program) startAs(ctx context.Context, s settings, as identity) (*Worker, error) {
	ours, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }() // the worker has its own copy
	path, err := thisProgram()
	if err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	cmd := exec.CommandContext(ctx, path, p.Args...) //nolint:gosec // this very program
	cmd.Args[0] = os.Args[0]
	cmd.Dir = "/"
	cmd.Env = append(s.environment(), p.env...)
	cmd.Stdin = theirs // standard output and error are /dev/null
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true, // Ctrl-C is the parent's to handle
		Pdeathsig:  syscall.SIGKILL,
		Cloneflags: as.flags,
		Credential: as.credential,
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	return &Worker{cmd: cmd, conn: ours, in: as.in}, nil
}

// thisProgram leads to the very file that runs, even where an upgrade has put another in
// its place.
func thisProgram() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Lstat(self); err == nil {
		return self, nil
	}
	return os.Executable()
}
