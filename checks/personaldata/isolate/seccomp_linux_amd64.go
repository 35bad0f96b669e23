package isolate

import "golang.org/x/sys/unix"

const (
	architecture = unix.AUDIT_ARCH_X86_64
	foreignCalls = 0x40000000 // the calls of x32 begin here
	callMmap     = unix.SYS_MMAP
)

// ofArchitecture are the calls that not all architectures have under one name.
func ofArchitecture() []rule {
	return []rule{
		{call: unix.SYS_RECVMSG}, {call: unix.SYS_FSTAT}, {call: unix.SYS_FADVISE64}, {call: unix.SYS_EPOLL_WAIT},
	}
}
