package local

import (
	"context"
	"os"
	"time"

	gohost "github.com/shirou/gopsutil/v3/host"
	"golang.org/x/sys/unix"

	"vigia/checks/format/utmp"
	"vigia/checks/host"
)

func listMedia() ([]host.MediaUse, error) { return sysfs{os.DirFS("/")}.portables() }

func bootTime(ctx context.Context) time.Time {
	boot, err := gohost.BootTimeWithContext(ctx)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(int64(boot), 0)
}

// shutdownTime is when wtmp(5) says that the machine was last shut down.
func shutdownTime(ctx context.Context) time.Time {
	f, err := os.Open("/var/log/wtmp")
	if err != nil {
		return time.Time{}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return time.Time{}
	}
	const shutdown = "shutdown" // the name in the record of run level 0
	records, _, err := utmp.Newest(ctx, f, info.Size(), utmp.Query{Max: 10_000, Names: map[string]bool{shutdown: true}})
	if err != nil {
		return time.Time{}
	}
	for _, r := range records {
		if r.Kind == utmp.RunLevel && r.User == shutdown {
			return r.Time
		}
	}
	return time.Time{}
}

// waitForMedia returns when the kernel tells of a device (NETLINK_KOBJECT_UEVENT), and
// after d in any case: where there is no such socket, as in a container, the pace must do.
func waitForMedia(ctx context.Context, d time.Duration) {
	told := make(chan struct{}, 1)
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err == nil {
		const kernel = 1 // the group to which the kernel itself speaks
		if err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernel}); err != nil {
			_ = unix.Close(fd) // nothing was read or written
		}
	}
	if err == nil {
		socket := os.NewFile(uintptr(fd), "uevent")
		defer socket.Close()
		_ = socket.SetReadDeadline(time.Now().Add(d)) // else closing ends the read
		go func() {
			buf := make([]byte, 4096)
			if n, err := socket.Read(buf); err == nil && n > 0 {
				told <- struct{}{}
			}
		}()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-told:
		settle := time.NewTimer(time.Second) // a device tells of each of its parts
		defer settle.Stop()
		select {
		case <-ctx.Done():
		case <-settle.C:
		}
	}
}
