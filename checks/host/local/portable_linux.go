package local

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/host"
)

// maxPortable bounds the removable devices of a machine that are listed.
const maxPortable = 256

// portables lists the removable storage that is plugged in now: disks and cards with their
// counters, discs that are in a drive, and telephones and cameras, of whose memory the
// kernel knows nothing.
func (s sysfs) portables() ([]host.MediaUse, error) {
	entries, err := fs.ReadDir(s, "sys/block")
	if err != nil {
		return nil, err
	}
	volumes, mounted := s.volumesByDevice(), s.mountedDevices()
	var out []host.MediaUse
	for _, e := range entries {
		name, dir := e.Name(), "sys/block/"+e.Name()
		if _, err := fs.Stat(s, dir+"/device"); err != nil || len(out) == maxPortable {
			continue
		}
		kind := s.portableKind(name, dir)
		if kind == "" {
			continue
		}
		u := host.MediaUse{Kind: kind, Model: s.model(dir), Serial: s.usbText(name, "serial")}
		if u.Serial == "" {
			u.Serial = s.serial(dir)
		}
		if maker := s.usbText(name, "manufacturer"); maker != "" && !strings.HasPrefix(u.Model, maker) {
			u.Vendor = maker
		}
		if sectors, err := s.text(dir + "/size"); err == nil {
			if n, err := strconv.ParseUint(sectors, 10, 54); err == nil {
				u.Size = n * 512
			}
		}
		if u.Size == 0 {
			continue // a reader or drive with nothing in it
		}
		u.Read, u.Written = s.transferred(dir)
		for _, part := range append([]string{name}, s.partitions(name)...) {
			u.Volumes = append(u.Volumes, volumes[part]...)
			u.Mounted = u.Mounted || mounted[part]
		}
		slices.Sort(u.Volumes)
		u.Volumes = slices.Compact(u.Volumes)
		out = append(out, u)
	}
	return append(out, s.telephones()...), nil
}

// portableKind is what sort of removable storage a block device is; empty for the
// machine's own.
func (s sysfs) portableKind(name, dir string) string {
	if kind, err := s.text(dir + "/device/type"); err == nil {
		switch kind {
		case "5":
			return "optical"
		case "SD":
			return "card"
		case "MMC":
			return "" // soldered on the board
		}
	}
	if s.removable(name) {
		return "disk"
	}
	return ""
}

// usbText is an attribute of the USB device behind a block device: the nearest folder
// above it that has the numbers of a maker and a product.
func (s sysfs) usbText(name, attribute string) string {
	link, err := fs.ReadLink(s.FS, "sys/class/block/"+name)
	if err != nil || !strings.Contains(link, "/usb") {
		return ""
	}
	for dir := path.Join("sys/class/block", link); strings.Contains(dir, "/usb"); dir = path.Dir(dir) {
		if _, err := fs.Stat(s, dir+"/idVendor"); err != nil {
			continue
		}
		text, err := s.text(dir + "/" + attribute)
		if err != nil {
			return ""
		}
		return text
	}
	return ""
}

// transferred are the bytes read and written since the device was plugged in, by the
// kernel's counters (Documentation/block/stat.rst); nil where there are none.
func (s sysfs) transferred(dir string) (read, written *uint64) {
	text, err := s.text(dir + "/stat")
	if err != nil {
		return nil, nil
	}
	fields := strings.Fields(text)
	if len(fields) < 7 {
		return nil, nil
	}
	count := func(field string) *uint64 {
		n, err := strconv.ParseUint(field, 10, 54)
		if err != nil {
			return nil
		}
		n *= 512
		return &n
	}
	return count(fields[2]), count(fields[6])
}

// partitions are the names of the partitions of a disk.
func (s sysfs) partitions(name string) []string {
	entries, err := fs.ReadDir(s, "sys/block/"+name)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if _, err := fs.Stat(s, "sys/block/"+name+"/"+e.Name()+"/partition"); err == nil {
			out = append(out, e.Name())
		}
	}
	return out
}

// volumesByDevice are the UUIDs or serial numbers of file systems, by device, as udev
// links them.
func (s sysfs) volumesByDevice() map[string][]string {
	out := map[string][]string{}
	entries, err := fs.ReadDir(s, "dev/disk/by-uuid")
	if err != nil {
		return out
	}
	for _, e := range entries {
		if link, err := fs.ReadLink(s.FS, "dev/disk/by-uuid/"+e.Name()); err == nil {
			out[path.Base(link)] = append(out[path.Base(link)], e.Name())
		}
	}
	return out
}

// mountedDevices are the devices that are mounted, by mountinfo(5).
func (s sysfs) mountedDevices() map[string]bool {
	out := map[string]bool{}
	f, err := s.Open("proc/1/mountinfo")
	if err != nil {
		return out
	}
	defer f.Close() //nolint:errcheck // only read
	table, err := io.ReadAll(io.LimitReader(f, maxMountinfo))
	if err != nil {
		return out
	}
	for line := range strings.Lines(string(table)) {
		if _, rest, ok := strings.Cut(line, " - "); ok {
			if fields := strings.Fields(rest); len(fields) > 1 && strings.HasPrefix(fields[1], "/dev/") {
				out[path.Base(fields[1])] = true
			}
		}
	}
	return out
}

// maxMountinfo bounds the table of mounts, in bytes.
const maxMountinfo = 4 << 20

// telephones are USB devices with an interface for still images (class 6), by which
// telephones and cameras hand out their files.
func (s sysfs) telephones() []host.MediaUse {
	entries, err := fs.ReadDir(s, "sys/bus/usb/devices")
	if err != nil {
		return nil
	}
	var out []host.MediaUse
	seen := map[string]bool{}
	for _, e := range entries {
		device, _, isInterface := strings.Cut(e.Name(), ":")
		if !isInterface || seen[device] || len(out) == maxPortable {
			continue
		}
		if class, err := s.text("sys/bus/usb/devices/" + e.Name() + "/bInterfaceClass"); err != nil || class != "06" {
			continue
		}
		seen[device] = true
		u := host.MediaUse{Kind: "phone"}
		for attribute, to := range map[string]*string{"serial": &u.Serial, "manufacturer": &u.Vendor, "product": &u.Model} {
			if text, err := s.text("sys/bus/usb/devices/" + device + "/" + attribute); err == nil {
				*to = text
			}
		}
		out = append(out, u)
	}
	return out
}
