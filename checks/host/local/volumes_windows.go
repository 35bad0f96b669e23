package local

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// maxVolumes bounds the volumes of the machine.
const maxVolumes = 1024

// Volumes implements host.System: every local volume under each drive letter
// or folder where it is mounted. Network drives belong to log-on sessions and
// are not listed; a drive without a medium is listed without size.
func (liveSystem) Volumes(ctx context.Context) ([]host.Volume, error) {
	devices, err := volumeNames()
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	var out []host.Volume
	for _, device := range devices {
		mounts, err := mountsOf(device)
		if err != nil {
			return nil, fmt.Errorf("mount points of a volume: %w", err)
		}
		for _, mount := range mounts {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			v := describeVolume(mount)
			v.Device = device
			v.Disks = disksBelow(device)
			out = append(out, v)
		}
	}
	sortVolumes(out)
	return out, nil
}

// volumeNames lists the volumes as \\?\Volume{GUID}\.
func volumeNames() ([]string, error) {
	buf := make([]uint16, 64)
	find, err := windows.FindFirstVolume(&buf[0], uint32(len(buf)))
	if err != nil {
		return nil, err
	}
	defer windows.FindVolumeClose(find) //nolint:errcheck // only read
	names := []string{windows.UTF16ToString(buf)}
	for {
		err := windows.FindNextVolume(find, &buf[0], uint32(len(buf)))
		if errors.Is(err, windows.ERROR_NO_MORE_FILES) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		if len(names) == maxVolumes {
			return nil, host.ErrTooBig
		}
		names = append(names, windows.UTF16ToString(buf))
	}
}

// mountsOf lists where a volume is mounted; hidden system volumes nowhere.
func mountsOf(device string) ([]string, error) {
	name, err := windows.UTF16PtrFromString(device)
	if err != nil {
		return nil, err
	}
	buf := make([]uint16, 512)
	for {
		var n uint32
		err := windows.GetVolumePathNamesForVolumeName(name, &buf[0], uint32(len(buf)), &n)
		if errors.Is(err, windows.ERROR_MORE_DATA) && int(n) > len(buf) && n <= maxRegistryValue {
			buf = make([]uint16, n)
			continue
		}
		if errors.Is(err, windows.ERROR_MORE_DATA) {
			return nil, host.ErrTooBig
		}
		if err != nil {
			return nil, err
		}
		var mounts []string
		for rest := buf[:min(int(n), len(buf))]; len(rest) > 0 && rest[0] != 0; {
			mount := windows.UTF16ToString(rest)
			mounts = append(mounts, mount)
			rest = rest[min(len(windows.StringToUTF16(mount)), len(rest)):]
		}
		return mounts, nil
	}
}

func describeVolume(mount string) host.Volume {
	v := host.Volume{Mount: mount}
	root, err := windows.UTF16PtrFromString(mount)
	if err != nil {
		return v
	}
	v.Removable = windows.GetDriveType(root) == windows.DRIVE_REMOVABLE || usbVolume(mount)
	var flags uint32
	fsType := make([]uint16, 64)
	if err := windows.GetVolumeInformation(root, nil, 0, nil, nil, &flags, &fsType[0], uint32(len(fsType))); err == nil {
		v.FSType = windows.UTF16ToString(fsType)
		v.ReadOnly = flags&windows.FILE_READ_ONLY_VOLUME != 0
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(root, &free, &v.Total, nil); err == nil {
		v.Free = free
	}
	return v
}

// disksBelow lists the disks that a volume lies on; none where Windows does not tell.
func disksBelow(device string) (names []string) {
	const getVolumeDiskExtents = 0x560000
	p, err := windows.UTF16PtrFromString(strings.TrimSuffix(device, `\`)) // the volume, not its root folder
	if err != nil {
		return nil
	}
	handle, err := windows.CreateFile(p, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return nil
	}
	defer windows.CloseHandle(handle)
	answer := make([]byte, 4096)
	var n uint32
	if err := windows.DeviceIoControl(handle, getVolumeDiskExtents, nil, 0, &answer[0], uint32(len(answer)), &n, nil); err != nil {
		return nil
	}
	for _, d := range parseExtents(answer[:n]) {
		names = append(names, fmt.Sprintf("PhysicalDrive%d", d))
	}
	return names
}

// usbVolume tells whether the disk under a drive letter is one to carry about;
// Windows calls most USB disks fixed.
func usbVolume(mount string) bool {
	letter, ok := strings.CutSuffix(mount, `:\`)
	if !ok || len(letter) != 1 {
		return false
	}
	d, err := physicalDrive(letter + ":")
	return err == nil && d.Removable
}
