package local

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// Windows itself remembers what was plugged in, in the registry and its event log, where
// the check reads it. What it does not remember is looked at here while it is there: the
// serial numbers of volumes and how full they are.

// listMedia describes the removable disks by their drive letters. A card reader without a
// card is none.
func listMedia() ([]host.MediaUse, error) {
	letters, err := windows.GetLogicalDrives()
	if err != nil {
		return nil, fmt.Errorf("list drive letters: %w", err)
	}
	var out []host.MediaUse
	for i := 2; i < 26; i++ { // A and B are floppy drives, which would run up
		letter := string(rune('A' + i))
		if letters&(1<<i) == 0 {
			continue
		}
		root, err := windows.UTF16PtrFromString(letter + `:\`)
		if err != nil {
			return nil, err
		}
		kind := windows.GetDriveType(root)
		if kind != windows.DRIVE_REMOVABLE && kind != windows.DRIVE_FIXED {
			continue
		}
		disk, err := physicalDrive(letter + ":")
		if kind != windows.DRIVE_REMOVABLE && (err != nil || !disk.Removable) {
			continue
		}
		out = addVolume(out, disk, root)
	}
	return out, nil
}

// addVolume adds a volume to the medium that it is on. One that is locked or has no file
// system tells nothing but its device.
func addVolume(media []host.MediaUse, disk host.Disk, root *uint16) []host.MediaUse {
	var serial uint32
	err := windows.GetVolumeInformation(root, nil, 0, &serial, nil, nil, nil, 0)
	if err != nil && disk.Size == 0 {
		return media // nothing is in it
	}
	at := len(media)
	for i, m := range media {
		if m.Model == disk.Model && m.Serial == disk.Serial && m.Size == disk.Size && m.Serial != "" {
			at = i
		}
	}
	if at == len(media) {
		media = append(media, host.MediaUse{Kind: "disk", Model: disk.Model, Serial: disk.Serial, Size: disk.Size})
	}
	m := &media[at]
	if err != nil {
		return media
	}
	m.Mounted = true
	m.Volumes = append(m.Volumes, strings.ToUpper(fmt.Sprintf("%04x-%04x", serial>>16, serial&0xFFFF)))
	var total, free uint64
	if err := windows.GetDiskFreeSpaceEx(root, nil, &total, &free); err != nil || free > total {
		return media
	}
	if m.Used == nil {
		m.Used = new(uint64)
	}
	*m.Used += total - free
	if disk.Size == 0 {
		m.Size += total
	}
	return media
}

func bootTime(context.Context) time.Time { return time.Time{} }

func shutdownTime(context.Context) time.Time { return time.Time{} }

// waitForMedia waits for its pace: notices of Windows go to windows or to service
// handlers, and this has neither.
func waitForMedia(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
