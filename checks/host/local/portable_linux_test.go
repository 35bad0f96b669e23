package local

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
)

func TestPortables(t *testing.T) {
	link := func(to string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(to), Mode: os.ModeSymlink | 0o777}
	}
	text := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s + "\n")} }
	const usb = "sys/devices/pci0000:00/usb1/1-2"
	const disk = usb + "/1-2:1.0/host6/target6:0:0/6:0:0:0"
	tree := fstest.MapFS{
		"sys/block/sdb/device/type":                   text("0"),
		"sys/block/sdb/device/model":                  text("Llave 32"),
		"sys/block/sdb/device/vendor":                 text("Marca"),
		"sys/block/sdb/size":                          text("2048"),
		"sys/block/sdb/removable":                     text("1"),
		"sys/block/sdb/stat":                          text("10 0 64 5 20 0 128 7 0 0 0"),
		"sys/block/sdb/sdb1/partition":                text("1"),
		"sys/class/block/sdb":                         link("../../devices/pci0000:00/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdb"),
		usb + "/idVendor":                             text("0951"),
		usb + "/serial":                               text("60A44C"),
		usb + "/manufacturer":                         text("Fabricante"),
		disk + "/block/sdb/size":                      text("2048"),
		"dev/disk/by-uuid/1234-ABCD":                  link("../../sdb1"),
		"proc/1/mountinfo":                            text("30 1 8:17 / /media/x rw - vfat /dev/sdb1 rw"),
		"sys/block/sda/device/type":                   text("0"),
		"sys/block/sda/size":                          text("999"),
		"sys/class/block/sda":                         link("../../devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda"),
		"sys/block/sr0/device/type":                   text("5"),
		"sys/block/sr0/size":                          text("0"),
		"sys/bus/usb/devices/1-3:1.0/bInterfaceClass": text("06"),
		"sys/bus/usb/devices/1-3/product":             text("Telefono"),
		"sys/bus/usb/devices/1-3/serial":              text("ZX1"),
	}
	got, err := sysfs{tree}.portables()
	if err != nil {
		t.Fatal(err)
	}
	want := []host.MediaUse{
		{Vendor: "Fabricante", Model: "Marca Llave 32", Serial: "60A44C", Volumes: []string{"1234-ABCD"}, Kind: "disk", Size: 1 << 20,
			Mounted: true, Read: new(uint64(64 * 512)), Written: new(uint64(128 * 512))},
		{Model: "Telefono", Serial: "ZX1", Kind: "phone"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
