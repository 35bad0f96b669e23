package isolate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// start starts the process with a token that has lost its privileges where the system
// lets it, and in a job object. Until it is greeted the worker only waits, so that it is
// in the job before it reads anything.
func (p Program) start(ctx context.Context, s settings) (*Worker, error) {
	token, err := restrictedToken()
	if err == nil {
		defer func() { _ = token.Close() }() // the process has its own
		w, err := p.startAs(ctx, s, token)
		if err == nil {
			w.in.Identity = true
			return w, nil
		}
	}
	return p.startAs(ctx, s, 0)
}

func (p Program) startAs(ctx context.Context, s settings, token windows.Token) (*Worker, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ours, stdin, stdout, err := pair()
	if err != nil {
		return nil, err
	}
	defer func() { _ = errors.Join(stdin.Close(), stdout.Close()) }() // the worker has its own copies
	cmd := exec.CommandContext(ctx, path, p.Args...)                  //nolint:gosec // this very program
	cmd.Env = append(s.environment(), p.env...)
	cmd.Stdin, cmd.Stdout = stdin, stdout // standard error is NUL
	cmd.SysProcAttr = &syscall.SysProcAttr{
		HideWindow:    true,
		CreationFlags: windows.CREATE_NO_WINDOW | windows.CREATE_NEW_PROCESS_GROUP, // Ctrl-C is the parent's to handle
		Token:         syscall.Token(token),
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	w := &Worker{cmd: cmd, conn: ours}
	const rights = windows.PROCESS_DUP_HANDLE | windows.PROCESS_SET_QUOTA | windows.PROCESS_TERMINATE
	ours.process, err = windows.OpenProcess(rights, false, uint32(cmd.Process.Pid))
	if err != nil {
		ours.process = 0
		w.Stop()
		return nil, fmt.Errorf("open the process: %w", err)
	}
	if j, err := newJob(s.memory); err == nil {
		w.held = append(w.held, j)
		w.in.Group = windows.AssignProcessToJobObject(windows.Handle(j), ours.process) == nil
		w.in.Limits, w.in.Children = w.in.Group, w.in.Group
	}
	return w, nil
}

// A job is a job object; its processes end when it is closed, as by the end of this one.
type job windows.Handle

// Close closes the job.
func (j job) Close() error { return windows.CloseHandle(windows.Handle(j)) }

// newJob makes a job for one process with so much memory, without access to what other
// programs show and copy.
func newJob(memory uint64) (job, error) {
	h, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, fmt.Errorf("make a job object: %w", err)
	}
	var limits windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE |
		windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS | windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY |
		windows.JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
	limits.BasicLimitInformation.ActiveProcessLimit = 1
	limits.ProcessMemoryLimit = uintptr(memory)
	_, err = windows.SetInformationJobObject(h, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil {
		return 0, errors.Join(fmt.Errorf("limit a job object: %w", err), windows.CloseHandle(h))
	}
	shown := windows.JOBOBJECT_BASIC_UI_RESTRICTIONS{
		UIRestrictionsClass: windows.JOB_OBJECT_UILIMIT_DESKTOP | windows.JOB_OBJECT_UILIMIT_DISPLAYSETTINGS |
			windows.JOB_OBJECT_UILIMIT_EXITWINDOWS | windows.JOB_OBJECT_UILIMIT_GLOBALATOMS |
			windows.JOB_OBJECT_UILIMIT_HANDLES | windows.JOB_OBJECT_UILIMIT_READCLIPBOARD |
			windows.JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS | windows.JOB_OBJECT_UILIMIT_WRITECLIPBOARD,
	}
	// Best effort: a worker shows nothing.
	_, _ = windows.SetInformationJobObject(h, windows.JobObjectBasicUIRestrictions,
		uintptr(unsafe.Pointer(&shown)), uint32(unsafe.Sizeof(shown)))
	return job(h), nil
}

// restrictedToken is this process' token without privileges, in which membership of
// the administrators only ever denies.
func restrictedToken() (windows.Token, error) {
	const disableMaxPrivilege = 1 // winnt.h
	var own windows.Token
	err := windows.OpenProcessToken(windows.CurrentProcess(),
		windows.TOKEN_DUPLICATE|windows.TOKEN_QUERY|windows.TOKEN_ASSIGN_PRIMARY|windows.TOKEN_ADJUST_DEFAULT, &own)
	if err != nil {
		return 0, fmt.Errorf("open the token: %w", err)
	}
	defer func() { _ = own.Close() }() // copied
	administrators, err := windows.CreateWellKnownSid(windows.WinBuiltinAdministratorsSid)
	if err != nil {
		return 0, fmt.Errorf("name the administrators: %w", err)
	}
	deny := windows.SIDAndAttributes{Sid: administrators}
	create := windows.NewLazySystemDLL("advapi32.dll").NewProc("CreateRestrictedToken")
	if err := create.Find(); err != nil {
		return 0, err
	}
	var restricted windows.Token
	ok, _, err := create.Call(uintptr(own), disableMaxPrivilege, 1, uintptr(unsafe.Pointer(&deny)),
		0, 0, 0, 0, uintptr(unsafe.Pointer(&restricted)))
	if ok == 0 {
		return 0, fmt.Errorf("restrict the token: %w", err)
	}
	return restricted, nil
}
