package local

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"vigia/checks/host"
)

// Load tells whether the machine has anything to spare: power from
// /sys/class/power_supply, people waiting from /proc/pressure, input at a
// console from the times of its terminals. What cannot be read weighs nothing.
func Load() host.Load { return loadOf("/", time.Now()) }

// Pressure from which on somebody notices that the machine is busy: the share
// of the last ten seconds, in percent, in which something waited.
const (
	busyProcessor = 25
	busyDisk      = 10
)

// inputWithin is how recent the last input at a terminal makes its user
// present.
const inputWithin = 2 * time.Minute

func loadOf(root string, now time.Time) host.Load {
	return host.Load{
		Battery: onBattery(filepath.Join(root, "sys/class/power_supply")),
		Busy: waiting(filepath.Join(root, "proc/pressure/cpu")) > busyProcessor ||
			waiting(filepath.Join(root, "proc/pressure/io")) > busyDisk ||
			typedAt(filepath.Join(root, "dev"), now),
	}
}

// onBattery tells whether no supply gives power and a battery of the machine
// itself is being emptied.
func onBattery(dir string) bool {
	discharging := false
	supplies, _ := os.ReadDir(dir) // none: no battery
	for _, s := range supplies {
		read := func(name string) string { return small(filepath.Join(dir, s.Name(), name)) }
		switch read("type") {
		case "Mains", "USB":
			if read("online") == "1" {
				return false
			}
		case "Battery": // of a mouse or a headset: scope Device
			discharging = discharging || read("scope") != "Device" && read("status") == "Discharging"
		}
	}
	return discharging
}

// waiting reads the share of the last ten seconds in which something waited.
func waiting(path string) float64 {
	rest, ok := strings.CutPrefix(small(path), "some avg10=")
	if !ok {
		return 0 // a kernel that does not measure it
	}
	whole, _, _ := strings.Cut(rest, ".")
	percent := 0.0
	for _, c := range whole {
		if c < '0' || c > '9' {
			return 0
		}
		percent = percent*10 + float64(c-'0')
	}
	return percent
}

// typedAt tells whether somebody typed at a terminal: reading from it sets its
// time, as w(1) shows it.
func typedAt(dev string, now time.Time) bool {
	terminals, _ := filepath.Glob(filepath.Join(dev, "pts", "[0-9]*"))
	consoles, _ := filepath.Glob(filepath.Join(dev, "tty[1-9]"))
	for _, t := range append(terminals, consoles...) {
		read, ok := readTime(t)
		if ok && now.Sub(read) < inputWithin {
			return true
		}
	}
	return false
}

// small reads the first line of a file that the kernel makes.
func small(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	var b [256]byte
	n, _ := f.Read(b[:]) // an error is an empty answer
	line, _, _ := strings.Cut(string(b[:n]), "\n")
	return line
}

// readTime is when a file was last read from, as far as its system keeps it.
func readTime(path string) (time.Time, bool) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return time.Time{}, false
	}
	return time.Unix(st.Atim.Unix()), true
}
