package local

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Rest gives back what the process keeps in memory and will not want for a while: the part
// of the heap that is free, and the pages of the program's code, which the kernel finds in
// its page cache when they are wanted again. For a service that works for a second and
// waits for an hour.
func Rest() {
	debug.FreeOSMemory()
	own, err := os.Executable()
	if err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for _, m := range codeOf(string(maps), own) {
		// Advice that the kernel refuses costs nothing.
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.start, m.size, unix.MADV_DONTNEED)
	}
}

// mapping is a range of addresses.
type mapping struct{ start, size uintptr }

// codeOf returns the mappings of a file's code in /proc/PID/maps (proc_pid_maps(5)). Those
// that may not be executed are left out: read-only data can have been written to by the
// loader before it became read-only, and the file does not know.
func codeOf(maps, file string) []mapping {
	var out []mapping
	for line := range strings.Lines(maps) {
		fields := strings.SplitN(strings.TrimRight(line, "\n"), " ", 6)
		if len(fields) < 6 || fields[1] != "r-xp" || strings.TrimLeft(fields[5], " ") != file {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		start, err := strconv.ParseUint(from, 16, strconv.IntSize)
		if err != nil {
			continue
		}
		end, err := strconv.ParseUint(to, 16, strconv.IntSize)
		if err != nil || end <= start {
			continue
		}
		out = append(out, mapping{uintptr(start), uintptr(end - start)})
	}
	return out
}
