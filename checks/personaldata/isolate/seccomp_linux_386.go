package isolate

import "golang.org/x/sys/unix"

const (
	architecture = unix.AUDIT_ARCH_I386
	foreignCalls = 0 // none
	callMmap     = unix.SYS_MMAP2
	recvmsg      = 17 // of socketcall, linux/net.h
)

// ofArchitecture are the calls that not all architectures have under one name.
func ofArchitecture() []rule {
	return []rule{
		{call: unix.SYS_SOCKETCALL, args: []argument{is(0, recvmsg)}},
		{call: unix.SYS_RECVMSG}, {call: unix.SYS_FSTAT64}, {call: unix.SYS_FADVISE64_64}, {call: unix.SYS_EPOLL_WAIT},
		{call: unix.SYS_FUTEX_TIME64}, {call: unix.SYS_CLOCK_GETTIME64}, {call: unix.SYS_SIGRETURN},
		{call: unix.SYS_SET_THREAD_AREA},
	}
}
