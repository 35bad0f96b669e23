package isolate

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A rule allows a system call, if its arguments hold what they must.
type rule struct {
	call uint32
	args []argument
}

// An argument is a condition on the lower half of an argument: masked, it must be value.
type argument struct{ number, mask, value uint32 }

func has(number, bits uint32) argument   { return argument{number, bits, bits} }
func lacks(number, bits uint32) argument { return argument{number, bits, 0} }
func is(number, value uint32) argument   { return argument{number, ^uint32(0), value} }

// vmaName is PR_SET_VMA, with which Go's runtime names its memory in /proc.
const vmaName = 0x53564d41

// thread are the flags of clone that make a thread and no process.
const thread = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD

// allowed lists the system calls that a worker needs: to read what it has open, to talk
// with its parent, and what Go's runtime does by itself. Those that each file costs
// come without conditions, so that the kernel keeps the answer and runs no filter.
func allowed(pid int) []rule {
	common := []rule{
		// Its files and its parent. Every descriptor it has is open for reading or its parent's.
		{call: unix.SYS_PREAD64}, {call: unix.SYS_CLOSE}, {call: unix.SYS_WRITE}, {call: unix.SYS_READ},
		// Memory, never to be executed, and of no file.
		{call: unix.SYS_MADVISE}, {call: unix.SYS_MUNMAP}, {call: unix.SYS_BRK},
		{call: callMmap, args: []argument{lacks(2, unix.PROT_EXEC), has(3, unix.MAP_ANONYMOUS)}},
		{call: unix.SYS_MPROTECT, args: []argument{lacks(2, unix.PROT_EXEC)}},
		// Threads, and signals among them.
		{call: unix.SYS_CLONE, args: []argument{has(0, thread)}},
		{call: unix.SYS_FUTEX}, {call: unix.SYS_SCHED_YIELD}, {call: unix.SYS_SCHED_GETAFFINITY},
		{call: unix.SYS_GETPID}, {call: unix.SYS_GETTID}, {call: unix.SYS_EXIT}, {call: unix.SYS_EXIT_GROUP},
		{call: unix.SYS_TGKILL, args: []argument{is(0, uint32(pid))}},
		{call: unix.SYS_RT_SIGACTION}, {call: unix.SYS_RT_SIGPROCMASK}, {call: unix.SYS_RT_SIGRETURN},
		{call: unix.SYS_SIGALTSTACK}, {call: unix.SYS_RESTART_SYSCALL},
		{call: unix.SYS_SET_ROBUST_LIST}, {call: unix.SYS_RSEQ}, // of a C library, in builds for the race detector
		// Time, waiting, randomness.
		{call: unix.SYS_NANOSLEEP}, {call: unix.SYS_CLOCK_NANOSLEEP}, {call: unix.SYS_CLOCK_GETTIME},
		{call: unix.SYS_GETTIMEOFDAY}, {call: unix.SYS_EPOLL_CREATE1}, {call: unix.SYS_EPOLL_CTL},
		{call: unix.SYS_EPOLL_PWAIT}, {call: unix.SYS_EVENTFD2}, {call: unix.SYS_GETRANDOM},
		{call: unix.SYS_PRCTL, args: []argument{is(0, vmaName)}},
	}
	return append(common, ofArchitecture()...)
}

// The instructions of classic BPF that a filter needs; see linux/bpf_common.h.
const (
	loadWord   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	and        = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	jumpEqual  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jumpAtMost = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	answer     = unix.BPF_RET | unix.BPF_K
)

// The places in struct seccomp_data of linux/seccomp.h; all our machines are little-endian.
const (
	atCall         = 0
	atArchitecture = 4
	atArguments    = 16
)

// filter is the program that the kernel runs on each system call. What is not allowed
// fails as if there were no right to it; what comes in through the gate of another
// architecture ends the process.
func filter(rules []rule) []unix.SockFilter {
	const refuse = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	program := []unix.SockFilter{
		{Code: loadWord, K: atArchitecture},
		{Code: jumpEqual, K: architecture, Jt: 1},
		{Code: answer, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: loadWord, K: atCall},
	}
	if foreignCalls > 0 {
		program = append(program,
			unix.SockFilter{Code: jumpAtMost, K: foreignCalls, Jf: 1},
			unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_KILL_PROCESS})
	}
	for _, r := range rules {
		body := make([]unix.SockFilter, 0, 3*len(r.args)+2)
		for i, a := range r.args {
			left := 3*(len(r.args)-1-i) + 1 // to the refusal
			body = append(body,
				unix.SockFilter{Code: loadWord, K: atArguments + 8*a.number},
				unix.SockFilter{Code: and, K: a.mask},
				unix.SockFilter{Code: jumpEqual, K: a.value, Jf: uint8(left)})
		}
		body = append(body, unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW})
		if len(r.args) > 0 {
			body = append(body, unix.SockFilter{Code: answer, K: refuse})
		}
		program = append(program, unix.SockFilter{Code: jumpEqual, K: r.call, Jf: uint8(len(body))})
		program = append(program, body...)
	}
	return append(program,
		// A C library that may not use it takes clone, whose flags can be seen.
		unix.SockFilter{Code: jumpEqual, K: unix.SYS_CLONE3, Jf: 1},
		unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		unix.SockFilter{Code: answer, K: refuse})
}

// closeSystemCalls puts the filter on all threads. It reports whether the kernel has
// filters at all. The thread must have renounced new privileges.
func closeSystemCalls() (bool, error) {
	program := filter(allowed(os.Getpid()))
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	failed, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	switch {
	case errors.Is(errno, unix.ENOSYS):
		return false, nil // a kernel built without
	case errors.Is(errno, unix.EINVAL) && !hasFilters():
		return false, nil
	case errno != 0:
		return false, fmt.Errorf("filter system calls: %w", errno)
	case failed != 0:
		return false, fmt.Errorf("filter system calls: not of thread %d", failed)
	}
	return true, nil
}

// hasFilters tells whether the kernel knows filters of system calls, which it answers
// with EINVAL when it does not, as when a filter is wrong.
func hasFilters() bool {
	action := uint32(unix.SECCOMP_RET_ERRNO)
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	return errno == 0
}
