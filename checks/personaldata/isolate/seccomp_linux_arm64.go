package isolate

import "golang.org/x/sys/unix"

const (
	architecture = unix.AUDIT_ARCH_AARCH64
	foreignCalls = 0 // none
	callMmap     = unix.SYS_MMAP
)

// ofArchitecture are the calls that not all architectures have under one name.
func ofArchitecture() []rule {
	return []rule{
		{call: unix.SYS_RECVMSG}, {call: unix.SYS_FSTAT}, {call: unix.SYS_FADVISE64},
	}
}
