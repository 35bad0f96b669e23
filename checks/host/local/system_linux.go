package local

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/disk"
	gohost "github.com/shirou/gopsutil/v3/host"
	"github.com/shirou/gopsutil/v3/mem"

	"vigia/checks/host"
)

// live is this machine. Its registry and accounts are files.
func live() host.Host {
	return host.Host{
		OS:          host.Linux,
		Files:       files{liveTree{}},
		System:      liveSystem{},
		Permissions: files{liveTree{}},
		Running:     liveRunning{},
		Network:     liveNetwork{},
		Media:       liveMedia{},
	}
}

// liveSystem asks files, /sys and the kernel. Of gopsutil only what reads
// files is used: its PlatformInformation would start lsb_release.
type liveSystem struct{}

// Identity implements host.System. BootTime is to the minute: the kernel's
// figure moves by a second as the clock is corrected.
func (liveSystem) Identity(ctx context.Context) (host.Identity, error) {
	id, err := identityFromFiles(ctx, files{liveTree{}})
	if err != nil {
		return host.Identity{}, fmt.Errorf("identify the system: %w", err)
	}
	if name, err := os.Hostname(); err == nil {
		id.Hostname = name
	}
	if kernel, err := gohost.KernelVersionWithContext(ctx); err == nil {
		id.Kernel = kernel
	}
	if boot, err := gohost.BootTimeWithContext(ctx); err == nil {
		id.BootTime = time.Unix(int64(boot), 0).UTC().Truncate(time.Minute)
	}
	id.Arch = runtime.GOARCH
	return id, nil
}

// Hardware implements host.System.
func (liveSystem) Hardware(ctx context.Context) (host.Hardware, error) {
	var h host.Hardware
	unread := func(what string, err error) {
		h.Unread = append(h.Unread, what+": "+why(err))
	}
	sys := sysfs{os.DirFS("/")}
	sys.identify(&h, unread)
	if infos, err := cpu.InfoWithContext(ctx); err != nil {
		unread("cpu", err)
	} else if len(infos) > 0 {
		h.CPU = strings.Join(strings.Fields(infos[0].ModelName), " ")
	}
	if cores, err := cpu.CountsWithContext(ctx, true); err != nil {
		unread("cores", err)
	} else {
		h.Cores = cores
	}
	if memory, err := mem.VirtualMemoryWithContext(ctx); err != nil {
		unread("ram", err)
	} else {
		h.RAM = memory.Total
	}
	disks, err := sys.disks()
	if err != nil {
		unread("disks", err)
	}
	h.Disks = disks
	return h, ctx.Err()
}

// networkTypes are the file systems of another machine. They are listed
// without sizes, since asking a server that is gone never returns.
var networkTypes = []string{
	"9p", "afs", "ceph", "cifs", "davfs", "fuse.glusterfs", "fuse.rclone", "fuse.sshfs",
	"glusterfs", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
}

// maxVolumes bounds the list of mounts.
const maxVolumes = 4096

// Volumes implements host.System: what is mounted from a block device, from
// another machine, or as the root. Sizes of network mounts are 0; images of
// installed software (squashfs) are left out.
func (liveSystem) Volumes(ctx context.Context) ([]host.Volume, error) {
	parts, err := disk.PartitionsWithContext(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	if len(parts) > maxVolumes {
		return nil, fmt.Errorf("list mounts: %w", host.ErrTooBig)
	}
	sys := sysfs{os.DirFS("/")}
	byMount := make(map[string]host.Volume)
	for _, p := range parts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v := host.Volume{
			Mount: p.Mountpoint, Device: p.Device, FSType: p.Fstype,
			ReadOnly: slices.Contains(p.Opts, "ro"),
		}
		network := slices.Contains(networkTypes, p.Fstype)
		block := strings.HasPrefix(p.Device, "/dev/") && p.Fstype != "squashfs" || p.Fstype == "zfs"
		if !network && !block && p.Mountpoint != "/" {
			continue
		}
		if !network {
			if info, err := os.Stat(p.Mountpoint); err == nil && !info.IsDir() {
				continue // a single file bound into a container
			}
			if usage, err := disk.UsageWithContext(ctx, p.Mountpoint); err == nil {
				v.Total, v.Free = usage.Total, usage.Free
			}
			name := path.Base(p.Device)
			if to, err := filepath.EvalSymlinks(p.Device); err == nil {
				name = path.Base(to) // dm-0 behind /dev/mapper/vg-datos
			}
			v.Removable = sys.removable(name)
			v.Disks = sys.below(name)
		}
		byMount[v.Mount] = v // the last of several on one mount point is on top
	}
	volumes := make([]host.Volume, 0, len(byMount))
	for _, v := range byMount {
		volumes = append(volumes, v)
	}
	slices.SortFunc(volumes, func(a, b host.Volume) int { return strings.Compare(a.Mount, b.Mount) })
	return volumes, nil
}

// Interfaces implements host.System.
func (liveSystem) Interfaces(context.Context) ([]host.Interface, error) { return interfaces() }
