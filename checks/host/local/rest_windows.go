package local

import (
	"runtime/debug"

	"golang.org/x/sys/windows"
)

// Rest gives back what the process keeps in memory and will not want for a while: the part
// of the heap that is free, and the working set, which Windows finds in its standby list
// when it is wanted again. For a service that works for a second and waits for an hour.
func Rest() {
	debug.FreeOSMemory()
	// Both sizes at their greatest ask to trim; a refusal costs nothing.
	_ = windows.SetProcessWorkingSetSizeEx(windows.CurrentProcess(), ^uintptr(0), ^uintptr(0), 0)
}
