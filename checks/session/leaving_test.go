package session

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// system answers System with fixed hardware and volumes.
type system struct {
	host.Unsupported
	chassis int
	volumes []host.Volume
}

func (s system) Hardware(ctx context.Context) (host.Hardware, error) {
	return host.Hardware{Chassis: s.chassis}, nil
}

func (s system) Volumes(ctx context.Context) ([]host.Volume, error) {
	if s.volumes == nil {
		return s.Unsupported.Volumes(ctx)
	}
	return s.volumes, nil
}

const (
	chassisLaptop  = 10
	chassisDesktop = 3
	chassisOther   = 1 // as virtual machines say

	askBitLocker = namespaceBitLocker + ":" + classEncryptable
	askBattery   = `root\CIMV2:Win32_Battery`
)

// encryptable is a volume as BitLocker lists it: its protection and its conversion.
func encryptable(letter, protection, conversion string, more ...string) host.Instance {
	in := host.Instance{"DeviceID": `\\?\Volume{` + letter + `}\`, "DriveLetter": letter, "ProtectionStatus": protection, "ConversionStatus": conversion}
	for i := 0; i+1 < len(more); i += 2 {
		in[more[i]] = more[i+1]
	}
	return in
}

func drive(letter, fsType string) host.Volume {
	return host.Volume{Mount: letter + `\`, Device: `\\?\Volume{` + letter + `}\`, FSType: fsType}
}

func TestDiskEncryptionOnWindows(t *testing.T) {
	c, d := drive("C:", "NTFS"), drive("D:", "NTFS")
	usb, dvd := drive("E:", "FAT32"), drive("F:", "")
	usb.Removable = true
	on := encryptable("C:", "1", "1")
	for _, row := range []struct {
		name     string
		chassis  int
		battery  *bool // nil: not answered
		volumes  []host.Volume
		bit      []host.Instance // nil: the machine has no BitLocker
		registry map[string]any
		errors   map[string]error
		params   string
		want     checks.Status
		codes    []string
	}{
		{name: "encrypted laptop", chassis: chassisLaptop, volumes: []host.Volume{c, usb, dvd}, bit: []host.Instance{on}, want: checks.Pass, codes: []string{"disk.on"}},
		{name: "second drive forgotten", chassis: chassisLaptop, volumes: []host.Volume{c, d}, bit: []host.Instance{on, encryptable("D:", "0", "0")}, want: checks.Fail, codes: []string{"disk.on", "disk.off"}},
		{name: "second drive that BitLocker does not list", chassis: chassisLaptop, volumes: []host.Volume{c, drive("D:", "exFAT")}, bit: []host.Instance{on}, want: checks.Fail, codes: []string{"disk.on", "disk.off"}},
		{name: "locked data drive", chassis: chassisLaptop, volumes: []host.Volume{c, drive("D:", "")}, bit: []host.Instance{on, encryptable("D:", "2", "")}, want: checks.Pass, codes: []string{"disk.on", "disk.on"}},
		{name: "suspended", chassis: chassisLaptop, volumes: []host.Volume{c}, bit: []host.Instance{encryptable("C:", "0", "1")}, want: checks.Fail, codes: []string{"disk.suspended"}},
		{name: "being encrypted", chassis: chassisLaptop, volumes: []host.Volume{c}, bit: []host.Instance{encryptable("C:", "0", "2")}, want: checks.Fail, codes: []string{"disk.encrypting"}},
		{name: "being decrypted", chassis: chassisLaptop, volumes: []host.Volume{c}, bit: []host.Instance{encryptable("C:", "0", "3")}, want: checks.Fail, codes: []string{"disk.decrypting"}},
		{name: "no BitLocker at all", chassis: chassisLaptop, volumes: []host.Volume{c}, want: checks.Fail, codes: []string{"disk.off"}},
		{name: "another product", chassis: chassisLaptop, volumes: []host.Volume{c}, registry: map[string]any{`HKLM\SYSTEM\CurrentControlSet\Services\veracrypt\Start`: 0}, want: checks.Unknown, codes: []string{"disk.other"}},
		{name: "another product, not at start", chassis: chassisLaptop, volumes: []host.Volume{c}, registry: map[string]any{`HKLM\SYSTEM\CurrentControlSet\Services\veracrypt\Start`: 1}, want: checks.Fail, codes: []string{"disk.off"}},
		{name: "BitLocker not read", chassis: chassisLaptop, volumes: []host.Volume{c}, errors: map[string]error{"instances " + askBitLocker: fs.ErrPermission}, want: checks.Unknown, codes: []string{"disk.unread"}},
		{name: "a state that is none", chassis: chassisLaptop, volumes: []host.Volume{c}, bit: []host.Instance{encryptable("C:", "", "")}, want: checks.Unknown, codes: []string{"disk.unknown"}},
		{name: "drives not read, BitLocker answers", chassis: chassisLaptop, bit: []host.Instance{encryptable("C:", "0", "0")}, want: checks.Fail, codes: []string{"disk.off", "disk.unread"}},
		{name: "desktop", chassis: chassisDesktop, volumes: []host.Volume{c}, want: checks.NotApplicable},
		{name: "desktop, and all are asked", chassis: chassisDesktop, volumes: []host.Volume{c}, params: `{"all_machines": true}`, want: checks.Fail, codes: []string{"disk.off"}},
		{name: "no enclosure, no battery", chassis: chassisOther, battery: new(bool), volumes: []host.Volume{c}, want: checks.NotApplicable},
		{name: "no enclosure, a battery", chassis: chassisOther, battery: yes(), volumes: []host.Volume{c}, want: checks.Fail, codes: []string{"disk.off"}},
		{name: "not known whether it leaves, plain", chassis: 0, volumes: []host.Volume{c}, want: checks.Unknown, codes: []string{"disk.off", "disk.unread", "disk.portable_unknown"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := checktest.Answers{InstancesOf: map[string][]host.Instance{}, Errors: map[string]error{"instances " + askBitLocker: fs.ErrNotExist}}
			if row.bit != nil {
				a.InstancesOf[askBitLocker] = row.bit
				delete(a.Errors, "instances "+askBitLocker)
			}
			if row.battery != nil {
				a.InstancesOf[askBattery] = []host.Instance{{"DeviceID": "BAT"}}[:map[bool]int{true: 1}[*row.battery]]
			}
			maps.Copy(a.Errors, row.errors)
			h := a.On(host.Host{OS: host.Windows, System: system{chassis: row.chassis, volumes: row.volumes}, Registry: checktest.Registry{Values: row.registry}})
			res := checktest.Run(t, diskEncryption(), h, row.params)
			if got := codes(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v, want %s %v\n%s", res.Status, got, row.want, row.codes, res.Observed)
			}
		})
	}
}

func yes() *bool { b := true; return &b }

func TestBootPasswordOnWindows(t *testing.T) {
	os := func(protection, conversion, kinds string) []host.Instance {
		return []host.Instance{
			encryptable("D:", "1", "1", "VolumeType", "1", "KeyProtectorTypes", "3\n8"),
			encryptable("C:", protection, conversion, "VolumeType", "0", "KeyProtectorTypes", kinds),
		}
	}
	lenovo := func(state string) map[string][]host.Instance {
		return map[string][]host.Instance{`root\WMI:Lenovo_BiosPasswordSettings`: {{"PasswordState": state}}}
	}
	smbios := func(status string) map[string][]host.Instance {
		return map[string][]host.Instance{`root\CIMV2:Win32_ComputerSystem`: {{"PowerOnPasswordStatus": status}}}
	}
	hp := map[string][]host.Instance{`root\HP\InstrumentedBIOS:HP_BIOSSetting`: {{"Name": "Setup Password", "IsSet": "1"}, {"Name": "Power-On Password", "IsSet": "0"}, {"Name": "Asset Tag"}}}
	dell := map[string][]host.Instance{`root\dcim\sysman\wmisecurity:PasswordObject`: {{"NameId": "Admin", "IsPasswordSet": "0"}, {"NameId": "System", "IsPasswordSet": "1"}}}
	for _, row := range []struct {
		name     string
		chassis  int
		bit      []host.Instance
		firmware map[string][]host.Instance
		errors   map[string]error
		want     checks.Status
		codes    []string
	}{
		{"TPM and PIN", chassisLaptop, os("1", "1", "3\n4"), nil, nil, checks.Pass, []string{"boot.passphrase"}},
		{"TPM and start-up key", chassisLaptop, os("1", "1", "3\n5"), nil, nil, checks.Pass, []string{"boot.token"}},
		{"TPM alone, firmware without password", chassisLaptop, os("1", "1", "1\n3"), lenovo("2"), nil, checks.Fail, []string{"boot.tpm"}},
		{"TPM alone, firmware with password", chassisLaptop, os("1", "1", "1\n3"), lenovo("3"), nil, checks.Pass, []string{"boot.firmware_set"}},
		{"TPM alone, firmware does not tell", chassisLaptop, os("1", "1", "1\n3"), smbios("3"), nil, checks.Unknown, []string{"boot.firmware_unread", "boot.tpm"}},
		{"not encrypted, HP without password", chassisLaptop, os("0", "0", ""), hp, nil, checks.Fail, []string{"boot.plain"}},
		{"not encrypted, Dell with password", chassisLaptop, os("0", "0", ""), dell, nil, checks.Pass, []string{"boot.firmware_set"}},
		{"suspended", chassisLaptop, os("0", "1", "4"), smbios("0"), nil, checks.Fail, []string{"boot.clear"}},
		{"no BitLocker, firmware without password", chassisLaptop, nil, smbios("0"), nil, checks.Fail, []string{"boot.plain"}},
		{"BitLocker not read", chassisLaptop, nil, smbios("0"), map[string]error{"instances " + askBitLocker: errors.New("busy")}, checks.Unknown, []string{"boot.disk_unknown", "boot.unread"}},
		{"protectors not told", chassisLaptop, os("1", "1", ""), smbios("0"), nil, checks.Unknown, []string{"boot.disk_unknown"}},
		{"nothing tells", chassisLaptop, nil, nil, map[string]error{"instances": fs.ErrPermission}, checks.Unknown, []string{"boot.firmware_unread", "boot.disk_unknown", "boot.unread", "boot.unread"}},
		{"desktop", chassisDesktop, nil, nil, nil, checks.NotApplicable, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := checktest.Answers{InstancesOf: map[string][]host.Instance{}, Errors: map[string]error{}}
			maps.Copy(a.InstancesOf, row.firmware)
			if row.bit != nil {
				a.InstancesOf[askBitLocker] = row.bit
			}
			for _, ask := range []string{askBitLocker, `root\WMI:Lenovo_BiosPasswordSettings`, `root\HP\InstrumentedBIOS:HP_BIOSSetting`, `root\dcim\sysman\wmisecurity:PasswordObject`, `root\CIMV2:Win32_ComputerSystem`} {
				if _, ok := a.InstancesOf[ask]; !ok {
					a.Errors["instances "+ask] = fs.ErrNotExist
				}
			}
			if _, all := row.errors["instances"]; all {
				clear(a.Errors)
			}
			maps.Copy(a.Errors, row.errors)
			h := a.On(host.Host{OS: host.Windows, System: system{chassis: row.chassis}, Registry: checktest.Registry{}})
			res := checktest.Run(t, bootPassword(), h, "")
			if got := codes(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v, want %s %v\n%s", res.Status, got, row.want, row.codes, res.Observed)
			}
		})
	}
}

// blockDevices makes the part of /sys that tells of devices, one a line: name, number,
// name and UUID of the mapping or "-", devices that it is made of.
func blockDevices(list string) map[string]string {
	out := map[string]string{"/sys/class/dmi/id/chassis_type": "10\n"}
	for line := range strings.Lines(list) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		dir := dirBlocks + "/" + f[0]
		out[dir+"/dev"] = f[1] + "\n"
		if f[2] != "-" {
			out[dir+"/dm/name"], out[dir+"/dm/uuid"] = f[2]+"\n", f[3]+"\n"
		}
		for _, slave := range f[4:] {
			out[dir+"/slaves/"+slave+"/dev"] = "0:0\n"
		}
	}
	return out
}

// mountLines makes mountinfo, one a line: number, mount point, type, source.
func mountLines(list string) string {
	var out strings.Builder
	out.WriteString("22 1 0:20 / /proc rw - proc proc rw\n")
	for line := range strings.Lines(list) {
		if f := strings.Fields(line); len(f) == 4 {
			out.WriteString("30 1 " + f[0] + " / " + f[1] + " rw,relatime shared:1 - " + f[2] + " " + f[3] + " rw\n")
		}
	}
	return out.String()
}

const swapsHead = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

// Machines of Linux by how their disks are put together.
var ( //nolint:gochecknoglobals // never changed
	lvmOnLUKS = merged(blockDevices(`
		sda 8:0 - -
		sda1 8:1 - -
		sda3 8:3 - -
		dm-0 253:0 sda3_crypt CRYPT-LUKS2-0123456789abcdef-sda3_crypt sda3
		dm-1 253:1 vg-root LVM-abcdef dm-0
		dm-2 253:2 vg-swap_1 LVM-abcdef dm-0
	`), map[string]string{
		"/proc/1/mountinfo": mountLines("253:1 / ext4 /dev/mapper/vg-root\n8:1 /boot ext4 /dev/sda1\n7:0 /snap/x squashfs /dev/loop0\n"),
		"/proc/swaps":       swapsHead + "/dev/dm-2 partition 999 0 -2\n",
		"/proc/cmdline":     "root=/dev/mapper/vg-root ro quiet\n",
		fileCrypttab:        "# <target>\nsda3_crypt UUID=0123 none luks,discard\n",
	})
	plainDisk = merged(blockDevices(`
		nvme0n1 259:0 - -
		nvme0n1p1 259:1 - -
		nvme0n1p2 259:2 - -
	`), map[string]string{
		"/proc/1/mountinfo": mountLines("259:2 / ext4 /dev/nvme0n1p2\n259:1 /boot/efi vfat /dev/nvme0n1p1\n"),
		"/proc/swaps":       swapsHead + "/swapfile file 999 0 -2\n/dev/zram0 partition 999 0 100\n",
		"/proc/cmdline":     "root=UUID=1 ro\n",
	})
)

func TestDiskEncryptionOnLinux(t *testing.T) {
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		params     string
		want       checks.Status
		codes      []string
	}{
		{name: "LVM on LUKS", files: lvmOnLUKS, want: checks.Pass, codes: []string{"disk.on", "disk.on"}},
		{name: "plain, swap in a file", files: plainDisk, want: checks.Fail, codes: []string{"disk.off", "disk.off"}},
		{name: "LUKS on LVM, home forgotten", want: checks.Fail, codes: []string{"disk.on", "disk.off"}, files: merged(blockDevices(`
			sda3 8:3 - -
			dm-0 253:0 vg-root LVM-a sda3
			dm-1 253:1 vg-home LVM-b sda3
			dm-2 253:2 root_crypt CRYPT-LUKS1-0-root_crypt dm-0
		`), map[string]string{"/proc/1/mountinfo": mountLines("253:2 / xfs /dev/mapper/root_crypt\n253:1 /home xfs /dev/mapper/vg-home\n")})},
		{name: "mirror of two encrypted disks", want: checks.Pass, codes: []string{"disk.on"}, files: merged(blockDevices(`
			sda 8:0 - -
			sdb 8:16 - -
			dm-0 253:0 a CRYPT-LUKS2-0-a sda
			dm-1 253:1 b CRYPT-LUKS2-0-b sdb
			md0 9:0 - - dm-0 dm-1
		`), map[string]string{"/proc/1/mountinfo": mountLines("9:0 / ext4 /dev/md0\n")})},
		{name: "mirror of which one disk is plain", want: checks.Fail, codes: []string{"disk.off"}, files: merged(blockDevices(`
			sda 8:0 - -
			sdb 8:16 - -
			dm-0 253:0 a CRYPT-LUKS2-0-a sda
			md0 9:0 - - dm-0 sdb
		`), map[string]string{"/proc/1/mountinfo": mountLines("9:0 / ext4 /dev/md0\n")})},
		{name: "btrfs over an encrypted and a plain disk", want: checks.Fail, codes: []string{"disk.off"}, files: merged(blockDevices(`
			sdb 8:16 - -
			dm-0 253:0 a CRYPT-LUKS2-0-a sda
		`), map[string]string{"/proc/1/mountinfo": mountLines("0:35 / btrfs /dev/mapper/a\n0:35 /home btrfs /dev/mapper/a\n"),
			"/sys/fs/btrfs/features/x": "1", "/sys/fs/btrfs/u-u-i-d/devices/dm-0/dev": "x", "/sys/fs/btrfs/u-u-i-d/devices/sdb/dev": "x"})},
		{name: "swap with a key of its own", want: checks.Pass, codes: []string{"disk.on", "disk.on"}, files: merged(merged(lvmOnLUKS), blockDevices(`
			dm-2 253:2 cryptswap CRYPT-PLAIN-cryptswap sda2
		`))},
		{name: "verity is no encryption", want: checks.Fail, codes: []string{"disk.off"}, files: merged(blockDevices(`
			sda 8:0 - -
			dm-0 253:0 root CRYPT-VERITY-0-root sda
		`), map[string]string{"/proc/1/mountinfo": mountLines("253:0 / ext4 /dev/mapper/root\n")})},
		{name: "ZFS does not tell", want: checks.Unknown, codes: []string{"disk.other"}, files: merged(blockDevices("sda 8:0 - -"),
			map[string]string{"/proc/1/mountinfo": mountLines("0:30 / zfs rpool/ROOT\n")})},
		{name: "a device that is not there", want: checks.Unknown, codes: []string{"disk.unknown"}, files: merged(blockDevices("sda 8:0 - -"),
			map[string]string{"/proc/1/mountinfo": mountLines("0:30 / ext4 /dev/root\n")})},
		{name: "media to carry about are another matter", want: checks.Pass, codes: []string{"disk.on", "disk.on"}, files: merged(lvmOnLUKS, blockDevices(`
			sdb 8:16 - -
			sdb1 8:17 - -
			sdc 8:32 - -
			sdc1 8:33 - -
			mmcblk0 179:0 - -
			mmcblk0p1 179:1 - -
		`), map[string]string{
			"/proc/1/mountinfo":                lvmOnLUKS["/proc/1/mountinfo"] + mountLines("8:17 /media/ana/USB vfat /dev/sdb1\n8:33 /mnt vfat /dev/sdc1\n179:1 /srv/tarjeta vfat /dev/mmcblk0p1\n"),
			"/run/udev/data/b8:16":             "S:disk/by-id/usb-X\nE:ID_BUS=usb\n",
			dirBlocks + "/sdb/removable":       "0\n",
			dirBlocks + "/sdc/removable":       "1\n",
			dirBlocks + "/mmcblk0/device/type": "SD\n",
		})},
		{name: "a disk of the machine where media are mounted", want: checks.Fail, codes: []string{"disk.on", "disk.off", "disk.on"}, files: merged(lvmOnLUKS, blockDevices(`
			sdb 8:16 - -
			sdb1 8:17 - -
		`), map[string]string{
			"/proc/1/mountinfo":    lvmOnLUKS["/proc/1/mountinfo"] + mountLines("8:17 /media/datos ext4 /dev/sdb1\n"),
			"/run/udev/data/b8:16": "E:ID_BUS=ata\n",
		})},
		{name: "devices unreadable", files: lvmOnLUKS, unreadable: []string{dirBlocks}, want: checks.Unknown, codes: []string{"disk.unknown", "disk.unknown", "disk.unread"}},
		{name: "mounts unreadable", files: lvmOnLUKS, unreadable: []string{"/proc"}, want: checks.Unknown, codes: []string{"disk.unread", "disk.unread"}},
		{name: "a desktop", files: merged(merged(plainDisk), map[string]string{fileChassis: "3\n"}), want: checks.NotApplicable},
		{name: "a desktop, and all are asked", files: merged(merged(plainDisk), map[string]string{fileChassis: "3\n"}), params: `{"all_machines": true}`, want: checks.Fail, codes: []string{"disk.off", "disk.off"}},
		{name: "no enclosure, a battery", want: checks.Fail, codes: []string{"disk.off", "disk.off"}, files: merged(merged(plainDisk), map[string]string{
			fileChassis: "1\n", dirSupplies + "/BAT0/type": "Battery\n"})},
		{name: "no enclosure, a mouse with a battery", want: checks.NotApplicable, files: merged(merged(plainDisk), map[string]string{
			fileChassis: "1\n", dirSupplies + "/hid/type": "Battery\n", dirSupplies + "/hid/scope": "Device\n"})},
		{name: "not a running machine", files: map[string]string{"/etc/passwd": "x"}, want: checks.Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Linux, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}}
			res := checktest.Run(t, diskEncryption(), h, row.params)
			if got := codes(res); res.Status != row.want || row.codes != nil && !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v, want %s %v\n%s", res.Status, got, row.want, row.codes, res.Observed)
			}
		})
	}
}

func TestBootPasswordOnLinux(t *testing.T) {
	luks := func(more map[string]string) map[string]string {
		return merged(merged(lvmOnLUKS), more)
	}
	crypt := func(line string) map[string]string {
		return luks(map[string]string{fileCrypttab: line + "\n", fileSMBIOS24: "\x18\x05\x00\x00\x00"})
	}
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		want       checks.Status
		codes      []string
	}{
		{name: "passphrase", files: lvmOnLUKS, want: checks.Pass, codes: []string{"boot.passphrase"}},
		{name: "TPM", files: crypt("sda3_crypt UUID=0 none luks,tpm2-device=auto"), want: checks.Fail, codes: []string{"boot.tpm"}},
		{name: "TPM with PIN", files: crypt("sda3_crypt UUID=0 - tpm2-device=auto,tpm2-pin=yes"), want: checks.Pass, codes: []string{"boot.passphrase"}},
		{name: "key file", files: crypt("sda3_crypt UUID=0 /etc/keys/root.key luks"), want: checks.Fail, codes: []string{"boot.key_file"}},
		{name: "key file, and the boot loader asks", want: checks.Pass, codes: []string{"boot.passphrase"}, files: merged(crypt("sda3_crypt UUID=0 /etc/keys/root.key luks"), map[string]string{
			"/proc/1/mountinfo": mountLines("253:1 / ext4 /dev/mapper/vg-root\n8:1 /boot/efi vfat /dev/sda1\n")})},
		{name: "key on a stick", files: crypt("sda3_crypt UUID=0 /llave:LABEL=USB luks"), want: checks.Pass, codes: []string{"boot.token"}},
		{name: "FIDO2", files: crypt("sda3_crypt UUID=0 - fido2-device=auto"), want: checks.Pass, codes: []string{"boot.token"}},
		{name: "script that remembers a passphrase", files: crypt("sda3_crypt UUID=0 none luks,keyscript=decrypt_keyctl"), want: checks.Pass, codes: []string{"boot.passphrase"}},
		{name: "somebody's script", files: crypt("sda3_crypt UUID=0 none luks,keyscript=/usr/local/sbin/abrir"), want: checks.Unknown, codes: []string{"boot.disk_unknown"}},
		{name: "Clevis", files: luks(map[string]string{"/usr/share/initramfs-tools/hooks/clevis": "x"}), want: checks.Unknown, codes: []string{"boot.firmware_unread", "boot.disk_unknown"}},
		{name: "TPM that the table does not name", want: checks.Unknown, codes: []string{"boot.disk_unknown"}, files: merged(crypt("sda3_crypt UUID=0 none luks"), map[string]string{
			"/sys/class/tpm/tpm0/dev": "10:224", "/usr/lib/dracut/modules.d/91tpm2-tss/x": "x", "/usr/lib64/cryptsetup/libcryptsetup-token-systemd-tpm2.so": "x"})},
		{name: "TPM, and nothing that asks it", want: checks.Pass, codes: []string{"boot.passphrase"}, files: merged(crypt("sda3_crypt UUID=0 none luks"), map[string]string{
			"/sys/class/tpm/tpm0/dev": "10:224", "/usr/lib/x86_64-linux-gnu/cryptsetup/libcryptsetup-token-systemd-tpm2.so": "x"})},
		{name: "a key where systemd looks for one", want: checks.Unknown, codes: []string{"boot.disk_unknown"}, files: merged(crypt("sda3_crypt UUID=0 none luks"), map[string]string{
			"/etc/cryptsetup-keys.d/sda3_crypt.key": "x"})},
		{name: "no table, command line of the kernel", files: merged(crypt(""), map[string]string{"/proc/cmdline": "rd.luks.uuid=0 rd.luks.options=tpm2-device=auto"}), want: checks.Fail, codes: []string{"boot.tpm"}},
		{name: "no table, nothing on the command line", files: crypt(""), want: checks.Unknown, codes: []string{"boot.disk_unknown"}},
		{name: "no table, a passphrase", files: merged(crypt(""), map[string]string{"/proc/cmdline": "cryptdevice=UUID=0:root root=/dev/mapper/root"}), want: checks.Pass, codes: []string{"boot.passphrase"}},
		{name: "plain, firmware does not tell", files: plainDisk, want: checks.Unknown, codes: []string{"boot.firmware_unread", "boot.plain"}},
		{name: "plain, firmware without password", want: checks.Fail, codes: []string{"boot.plain"}, files: merged(merged(plainDisk), map[string]string{
			dirFirmware + "/thinklmi/authentication/Power-on/role": "power-on\n", dirFirmware + "/thinklmi/authentication/Power-on/is_enabled": "0\n",
			dirFirmware + "/thinklmi/authentication/Admin/role": "bios-admin\n", dirFirmware + "/thinklmi/authentication/Admin/is_enabled": "1\n"})},
		{name: "plain, firmware with password", want: checks.Pass, codes: []string{"boot.firmware_set"}, files: merged(merged(plainDisk), map[string]string{
			dirFirmware + "/dell-wmi-sysman/authentication/System/role": "power-on\n", dirFirmware + "/dell-wmi-sysman/authentication/System/is_enabled": "1\n"})},
		{name: "plain, SMBIOS says that it asks", want: checks.Pass, codes: []string{"boot.firmware_set"}, files: merged(merged(plainDisk), map[string]string{fileSMBIOS24: "\x18\x05\x00\x00\x40"})},
		{name: "plain, SMBIOS says that it does not know", want: checks.Unknown, codes: []string{"boot.firmware_unread", "boot.plain"}, files: merged(merged(plainDisk), map[string]string{fileSMBIOS24: "\x18\x05\x00\x00\xc0"})},
		{name: "table unreadable", files: crypt("sda3_crypt UUID=0 none"), unreadable: []string{fileCrypttab}, want: checks.Unknown, codes: []string{"boot.disk_unknown", "boot.unread"}},
		{name: "a desktop", files: merged(merged(plainDisk), map[string]string{fileChassis: "3\n"}), want: checks.NotApplicable},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Linux, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}}
			res := checktest.Run(t, bootPassword(), h, "")
			if got := codes(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v, want %s %v\n%s", res.Status, got, row.want, row.codes, res.Observed)
			}
		})
	}
}

func FuzzParseMountInfo(f *testing.F) {
	f.Add(mountLines("253:1 / ext4 /dev/mapper/vg-root\n"))
	f.Fuzz(func(t *testing.T, data string) {
		for _, m := range dataMounts(parseMountInfo(data)) {
			if m.source == "" {
				t.Errorf("a mount of nothing in %q", data)
			}
		}
	})
}

func FuzzCrypttab(f *testing.F) {
	f.Add("sda3_crypt UUID=0 none luks,tpm2-device=auto\n")
	f.Fuzz(func(t *testing.T, data string) {
		for name, e := range crypttab(data) {
			if name == "" || e.opened() == "" {
				t.Errorf("%q opens as %q in %q", name, e.opened(), data)
			}
		}
	})
}

// merged joins maps, the last one winning.
func merged(list ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range list {
		maps.Copy(out, m)
	}
	return out
}

// A laptop of no brand that calls itself a desktop has a battery all the same.
func TestPortableDesktop(t *testing.T) {
	has := true
	if yes, known := (portability{Chassis: 3, Battery: &has}).portable(); yes || known {
		t.Errorf("a desktop with a battery: %v %v, want not known", yes, known)
	}
	if yes, known := (portability{Chassis: 3}).portable(); yes || !known {
		t.Errorf("a desktop: %v %v, want known not to be", yes, known)
	}
}
