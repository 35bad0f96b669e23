package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/shirou/gopsutil/v3/cpu"
	gohost "github.com/shirou/gopsutil/v3/host"
	"github.com/shirou/gopsutil/v3/mem"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"vigia/checks/host"
)

// live is this machine.
func live() host.Host {
	tree := files{liveTree{}}
	return host.Host{
		OS:          host.Windows,
		Files:       tree,
		Registry:    liveRegistry{tree, &hives{}},
		Accounts:    newLiveAccounts(),
		System:      liveSystem{windows.NewLazySystemDLL("kernel32.dll")},
		Running:     liveRunning{},
		Management:  newLiveManagement(),
		Permissions: livePermissions{tree},
		Events:      newLiveEvents(),
		Network:     newLiveNetwork(),
		Media:       liveMedia{},
	}
}

// liveSystem asks the registry, the firmware table and the storage driver. Of
// gopsutil only what does not go through WMI is used.
type liveSystem struct{ kernel32 *windows.LazyDLL }

// Identity implements host.System. BootTime is to the minute, being the clock
// less the time since boot.
func (liveSystem) Identity(ctx context.Context) (host.Identity, error) {
	name, err := os.Hostname()
	if err != nil {
		return host.Identity{}, fmt.Errorf("identify the system: %w", err)
	}
	id := host.Identity{Hostname: name, Arch: runtime.GOARCH}
	if product, _, version, err := gohost.PlatformInformationWithContext(ctx); err == nil || version != "" {
		id.OSName = strings.TrimSpace(product)
		id.OSVer, _, _ = strings.Cut(version, " ") // "10.0.22631.3155 Build 22631.3155"
		id.Kernel = id.OSVer
	}
	if boot, err := gohost.BootTimeWithContext(ctx); err == nil {
		id.BootTime = time.Unix(int64(boot), 0).UTC().Truncate(time.Minute)
	}
	id.Domain = joinedDomain()
	return id, nil
}

// joinedDomain is the short name of the domain joined, empty for a workgroup.
func joinedDomain() string {
	var name *uint16
	var status uint32
	if err := windows.NetGetJoinInformation(nil, &name, &status); err != nil {
		return ""
	}
	defer windows.NetApiBufferFree((*byte)(unsafe.Pointer(name))) //nolint:errcheck // nothing to do about it
	if status != windows.NetSetupDomainName {
		return ""
	}
	return windows.UTF16PtrToString(name)
}

// Hardware implements host.System.
func (s liveSystem) Hardware(ctx context.Context) (host.Hardware, error) {
	var h host.Hardware
	unread := func(what string, err error) {
		h.Unread = append(h.Unread, what+": "+why(err))
	}
	firmware, err := s.smbios()
	if err != nil {
		unread("firmware", err)
	}
	h.Vendor, h.Model, h.Serial, h.Chassis = firmware.vendor, firmware.model, firmware.serial, firmware.chassis
	const bios = `HARDWARE\DESCRIPTION\System\BIOS`
	registryText(&h.Vendor, bios, "SystemManufacturer", func(err error) { unread("vendor", err) })
	registryText(&h.Model, bios, "SystemProductName", func(err error) { unread("model", err) })
	registryText(&h.CPU, `HARDWARE\DESCRIPTION\System\CentralProcessor\0`, "ProcessorNameString", func(err error) { unread("cpu", err) })
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
	h.Disks, err = disks(ctx, unread)
	return h, err
}

// registryText fills an empty *to from a string value of HKLM.
func registryText(to *string, key, name string, unread func(error)) {
	if *to != "" {
		return
	}
	v, err := loadedValue(registry.LOCAL_MACHINE, key, name)
	if err != nil {
		unread(err)
		return
	}
	*to = strings.Join(strings.Fields(v.String), " ")
}

// smbios reads the raw SMBIOS table of the firmware.
func (s liveSystem) smbios() (smbiosFacts, error) {
	const provider = 0x52534D42 // 'RSMB'
	const limit = 1 << 20
	proc := s.kernel32.NewProc("GetSystemFirmwareTable")
	if err := proc.Find(); err != nil {
		return smbiosFacts{}, host.ErrUnsupported
	}
	size, _, err := proc.Call(provider, 0, 0, 0)
	if size == 0 {
		return smbiosFacts{}, err
	}
	if size > limit {
		return smbiosFacts{}, host.ErrTooBig
	}
	buf := make([]byte, size)
	n, _, err := proc.Call(provider, 0, uintptr(unsafe.Pointer(&buf[0])), size)
	if n == 0 || n > size {
		return smbiosFacts{}, err
	}
	return parseSMBIOS(buf[:n])
}

const (
	ioctlStorageQueryProperty   = 0x2D1400
	ioctlDiskGetDriveGeometryEx = 0x700A0
	// maxDiskNumber bounds the numbers tried: they need not be consecutive.
	maxDiskNumber = 64
)

// disks asks each physical drive, which needs no right to read it.
func disks(ctx context.Context, unread func(string, error)) ([]host.Disk, error) {
	var out []host.Disk
	for n := range maxDiskNumber {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name := fmt.Sprintf("PhysicalDrive%d", n)
		d, err := physicalDrive(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			unread(name, err)
			continue
		}
		out = append(out, d)
	}
	if len(out) == 0 {
		unread("disks", fs.ErrNotExist)
	}
	return out, nil
}

func physicalDrive(name string) (host.Disk, error) {
	d := host.Disk{Name: name}
	p, err := windows.UTF16PtrFromString(`\\.\` + name)
	if err != nil {
		return d, err
	}
	handle, err := windows.CreateFile(p, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return d, err
	}
	defer windows.CloseHandle(handle)
	var n uint32
	query := make([]byte, 12) // STORAGE_PROPERTY_QUERY, all zero: the device, the standard query
	answer := make([]byte, 4096)
	err = windows.DeviceIoControl(handle, ioctlStorageQueryProperty, &query[0], uint32(len(query)), &answer[0], uint32(len(answer)), &n, nil)
	if err != nil {
		return d, err
	}
	facts, err := parseStorageDescriptor(answer[:n])
	if err != nil {
		return d, err
	}
	d.Model, d.Serial, d.Removable = facts.model, facts.serial, facts.removable
	var geometry struct {
		cylinders                                   int64
		mediaType, tracks, sectors, bytesPerSector  uint32
		size                                        int64
		partitionAndDetectionInformationNotLookedAt [256]byte
	}
	err = windows.DeviceIoControl(handle, ioctlDiskGetDriveGeometryEx, nil, 0, (*byte)(unsafe.Pointer(&geometry)), uint32(unsafe.Sizeof(geometry)), &n, nil)
	if err == nil && geometry.size > 0 {
		d.Size = uint64(geometry.size)
	}
	return d, nil // without a size, if that failed: a card reader without a card
}

// Interfaces implements host.System.
func (liveSystem) Interfaces(context.Context) ([]host.Interface, error) { return interfaces() }

// sortVolumes puts volumes in the order of their mount points.
func sortVolumes(volumes []host.Volume) {
	slices.SortFunc(volumes, func(a, b host.Volume) int { return strings.Compare(a.Mount, b.Mount) })
}
