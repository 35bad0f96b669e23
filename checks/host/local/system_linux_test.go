package local

import (
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
)

// machineSys is the /sys of a desktop: an NVMe disk, a SATA disk with an
// encrypted volume, a USB stick, a DVD drive and a loop device.
func machineSys() fstest.MapFS {
	m := fstest.MapFS{}
	file := func(name, content string) { m[name] = &fstest.MapFile{Data: []byte(content)} }
	symlink := func(name, target string) {
		m[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
	}
	const dmi = "sys/class/dmi/id/"
	file(dmi+"sys_vendor", "LENOVO\n")
	file(dmi+"product_name", "11JJS0D200\n")
	file(dmi+"product_serial", "PC0XYZ12\n")
	file(dmi+"chassis_type", "3\n")

	nvme := "sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1"
	sata := "sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda"
	usb := "sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/block/sdb"
	dvd := "sys/devices/pci0000:00/ata2/block/sr0"
	for name, dir := range map[string]string{"nvme0n1": nvme, "sda": sata, "sdb": usb, "sr0": dvd, "loop0": "sys/devices/virtual/block/loop0", "dm-0": "sys/devices/virtual/block/dm-0"} {
		symlink("sys/block/"+name, "../"+dir[len("sys/"):])
		symlink("sys/class/block/"+name, "../../"+dir[len("sys/"):])
		file(dir+"/removable", "0\n")
	}
	file(nvme+"/size", "1000215216\n")
	file(nvme+"/device/model", "SAMSUNG MZVL2512HCJQ                    \n")
	file(nvme+"/device/serial", "S64KNX0T12  \n")
	file(sata+"/size", "976773168\n")
	file(sata+"/device/vendor", "ATA     \n")
	file(sata+"/device/model", "WDC WD5000AZLX-6\n")
	file(sata+"/device/type", "0\n")
	file(sata+"/device/vpd_pg80", "\x00\x80\x00\x08 WD-WCC6")
	file(sata+"/sda1/partition", "1\n")
	symlink("sys/class/block/sda1", "../../"+sata[len("sys/"):]+"/sda1")
	file("sys/devices/virtual/block/dm-0/slaves/sdb1/size", "1\n")
	file(usb+"/size", "60063744\n")
	file(usb+"/device/vendor", "Kingston\n")
	file(usb+"/device/model", "DataTraveler 3.0\n")
	file(usb+"/sdb1/partition", "1\n")
	symlink("sys/class/block/sdb1", "../../"+usb[len("sys/"):]+"/sdb1")
	file(dvd+"/device/type", "5\n")
	return m
}

func TestSysfsHardware(t *testing.T) {
	t.Parallel()
	sys := sysfs{machineSys()}
	var got host.Hardware
	sys.identify(&got, func(what string, err error) { t.Errorf("%s: %v", what, err) })
	disks, err := sys.disks()
	if err != nil {
		t.Fatal(err)
	}
	got.Disks = disks
	want := host.Hardware{
		Vendor: "LENOVO", Model: "11JJS0D200", Serial: "PC0XYZ12", Chassis: 3,
		Disks: []host.Disk{
			{Name: "nvme0n1", Model: "SAMSUNG MZVL2512HCJQ", Serial: "S64KNX0T12", Size: 512110190592},
			{Name: "sda", Model: "WDC WD5000AZLX-6", Serial: "WD-WCC6", Size: 500107862016},
			{Name: "sdb", Model: "Kingston DataTraveler 3.0", Size: 30752636928, Removable: true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, want := range map[string]bool{
		"sda": false, "sda1": false, "sdb": true, "sdb1": true, "dm-0": true, "nvme0n1": false, "absent": false, "../x": false,
	} {
		if got := sys.removable(name); got != want {
			t.Errorf("removable(%s): got %v, want %v", name, got, want)
		}
	}
}

// The disks under a partition and under a volume that is made of others.
func TestDisksBelow(t *testing.T) {
	t.Parallel()
	sys := sysfs{machineSys()}
	for name, want := range map[string][]string{"sda1": {"sda"}, "sda": {"sda"}, "dm-0": {"sdb"}, "nvme0n1": {"nvme0n1"}, "absent": nil, "../x": nil} {
		if got := sys.below(name); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestParseExtents(t *testing.T) {
	t.Parallel()
	extent := func(disk byte) string { return string(rune(disk)) + strings.Repeat("\x00", 23) }
	for _, tt := range []struct {
		answer string
		want   []uint32
	}{
		{"\x01\x00\x00\x00\x00\x00\x00\x00" + extent(3), []uint32{3}},
		{"\x03\x00\x00\x00\x00\x00\x00\x00" + extent(2) + extent(1) + extent(2), []uint32{1, 2}},
		{"\x09\x00\x00\x00\x00\x00\x00\x00" + extent(1), []uint32{1}},
		{"\x01\x00", nil},
	} {
		if got := parseExtents([]byte(tt.answer)); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %v, want %v", tt.answer, got, tt.want)
		}
	}
}

func TestSysfsUnread(t *testing.T) {
	t.Parallel()
	var got host.Hardware
	var unread []string
	sysfs{fstest.MapFS{}}.identify(&got, func(what string, err error) { unread = append(unread, what+": "+why(err)) })
	want := []string{"vendor: absent", "model: absent", "serial: absent", "chassis: absent"}
	if !slices.Equal(unread, want) {
		t.Errorf("got %v, want %v", unread, want)
	}
	board := fstest.MapFS{
		"sys/firmware/devicetree/base/model":         {Data: []byte("Raspberry Pi 4 Model B Rev 1.4\x00")},
		"sys/firmware/devicetree/base/serial-number": {Data: []byte("10000000abcdef01\x00")},
	}
	got = host.Hardware{}
	sysfs{board}.identify(&got, func(what string, err error) { t.Errorf("%s: %v", what, err) })
	if got.Model != "Raspberry Pi 4 Model B Rev 1.4" || got.Serial != "10000000abcdef01" {
		t.Errorf("board: got %+v", got)
	}
}

func TestThisMachine(t *testing.T) {
	t.Parallel()
	h := New(Options{})
	id, err := h.System.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if id.Hostname != name || id.Arch != runtime.GOARCH || id.OSName == "" || id.Kernel == "" || id.BootTime.IsZero() {
		t.Errorf("identity: got %+v", id)
	}
	hardware, err := h.System.Hardware(t.Context())
	if err != nil || hardware.Cores < 1 || hardware.RAM < 1<<20 {
		t.Errorf("hardware: got %+v, %v", hardware, err)
	}
	volumes, err := h.System.Volumes(t.Context())
	if err != nil || !slices.ContainsFunc(volumes, func(v host.Volume) bool { return v.Mount == "/" && v.Total > 0 }) {
		t.Errorf("volumes: got %+v, %v, want the root among them", volumes, err)
	}
	interfaces, err := h.System.Interfaces(t.Context())
	if err != nil || slices.ContainsFunc(interfaces, func(i host.Interface) bool { return i.Name == "lo" }) {
		t.Errorf("interfaces: got %+v, %v, want no loopback", interfaces, err)
	}
}
