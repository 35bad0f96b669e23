package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/host"
)

// sysfs reads the kernel's view of the hardware. Its FS is the root directory,
// so that a test can put another machine there.
type sysfs struct{ fs.FS }

// text reads one attribute, without the spaces and NULs around it.
func (s sysfs) text(name string) (string, error) {
	data, err := s.bytes(name)
	return strings.Trim(string(data), " \t\r\n\x00"), err
}

func (s sysfs) bytes(name string) ([]byte, error) {
	file, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	return io.ReadAll(io.LimitReader(file, 4096))
}

// identify fills in who made the machine: from SMBIOS as the kernel shows it,
// or from the device tree on boards without one.
func (s sysfs) identify(h *host.Hardware, unread func(what string, err error)) {
	const dmi, tree = "sys/class/dmi/id/", "sys/firmware/devicetree/base/"
	if _, err := fs.Stat(s, path.Clean(dmi)); errors.Is(err, fs.ErrNotExist) {
		for what, to := range map[string]*string{"model": &h.Model, "serial-number": &h.Serial} {
			if text, err := s.text(tree + what); err == nil {
				*to = text
			}
		}
		if h.Model != "" {
			return
		}
	}
	for _, a := range []struct {
		what, file string
		to         *string
	}{
		{"vendor", "sys_vendor", &h.Vendor},
		{"model", "product_name", &h.Model},
		{"serial", "product_serial", &h.Serial},
	} {
		text, err := s.text(dmi + a.file)
		if err != nil {
			unread(a.what, err)
		}
		*a.to = text
	}
	text, err := s.text(dmi + "chassis_type")
	if err == nil {
		h.Chassis, err = strconv.Atoi(text)
	}
	if err != nil {
		unread("chassis", err)
	}
}

// maxDisks bounds the list of disks.
const maxDisks = 1024

// disks lists the disks that have hardware behind them: no loop devices, RAM
// disks, volumes made of others, or optical drives.
func (s sysfs) disks() ([]host.Disk, error) {
	entries, err := fs.ReadDir(s, "sys/block")
	if err != nil {
		return nil, err
	}
	var disks []host.Disk
	for _, e := range entries {
		dir := "sys/block/" + e.Name()
		if _, err := fs.Stat(s, dir+"/device"); err != nil {
			continue
		}
		if kind, err := s.text(dir + "/device/type"); err == nil && kind == "5" {
			continue // SCSI: CD-ROM
		}
		if len(disks) == maxDisks {
			return disks, fmt.Errorf("list disks: %w", host.ErrTooBig)
		}
		d := host.Disk{Name: e.Name(), Removable: s.removable(e.Name())}
		d.Model = s.model(dir)
		d.Serial = s.serial(dir)
		if sectors, err := s.text(dir + "/size"); err == nil {
			if n, err := strconv.ParseUint(sectors, 10, 54); err == nil {
				d.Size = n * 512 // whatever the disk's own sector is
			}
		}
		disks = append(disks, d)
	}
	return disks, nil
}

func (s sysfs) model(dir string) string {
	if name, err := s.text(dir + "/device/name"); err == nil && name != "" {
		return name // memory cards
	}
	model, err := s.text(dir + "/device/model")
	if err != nil {
		return ""
	}
	vendor, err := s.text(dir + "/device/vendor")
	if err != nil || vendor == "" || vendor == "ATA" || strings.HasPrefix(vendor, "0x") {
		return model // "ATA" and PCI numbers name nobody
	}
	return vendor + " " + model
}

func (s sysfs) serial(dir string) string {
	for _, name := range []string{"/device/serial", "/serial"} { // NVMe and cards, virtio
		if text, err := s.text(dir + name); err == nil && text != "" {
			return text
		}
	}
	// SCSI and SATA: vital product data page 0x80, four bytes then the serial.
	page, err := s.bytes(dir + "/device/vpd_pg80")
	if err != nil || len(page) < 4 || page[1] != 0x80 {
		return ""
	}
	size := int(page[2])<<8 | int(page[3])
	return strings.Trim(string(page[4:min(4+size, len(page))]), " \x00")
}

// removable tells whether a block device, or any that it is made of, is a
// removable medium or attached by USB.
func (s sysfs) removable(name string) bool { return s.removableBelow(name, 8) }

func (s sysfs) removableBelow(name string, depth int) bool {
	if depth == 0 || !fs.ValidPath(name) {
		return false
	}
	link, err := fs.ReadLink(s.FS, "sys/class/block/"+name)
	if err != nil {
		return false
	}
	if strings.Contains(link, "/usb") {
		return true
	}
	whole := name
	if _, err := fs.Stat(s, "sys/class/block/"+name+"/partition"); err == nil {
		whole = path.Base(path.Dir(link))
	}
	if flag, err := s.text("sys/class/block/" + whole + "/removable"); err == nil && flag == "1" {
		return true
	}
	parts, err := fs.ReadDir(s, "sys/class/block/"+name+"/slaves")
	if err != nil {
		return false
	}
	for _, p := range parts {
		if s.removableBelow(p.Name(), depth-1) {
			return true
		}
	}
	return false
}

// below lists the disks that a block device lies on: that of a partition, those of a
// volume that is made of others. dm-0 for /dev/mapper/vg-datos.
func (s sysfs) below(name string) []string {
	found := make(map[string]bool)
	s.collect(name, 8, found)
	return slices.Sorted(maps.Keys(found))
}

func (s sysfs) collect(name string, depth int, found map[string]bool) {
	if depth == 0 || !fs.ValidPath(name) {
		return
	}
	dir := "sys/class/block/" + name
	link, err := fs.ReadLink(s.FS, dir)
	if err != nil {
		return
	}
	if _, err := fs.Stat(s, dir+"/partition"); err == nil {
		s.collect(path.Base(path.Dir(link)), depth-1, found)
		return
	}
	parts, err := fs.ReadDir(s, dir+"/slaves")
	if err != nil || len(parts) == 0 {
		found[name] = true
		return
	}
	for _, p := range parts {
		s.collect(p.Name(), depth-1, found)
	}
}
