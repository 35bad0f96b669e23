package session

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// observeBootWindows asks BitLocker how the system's volume is opened, and the firmware
// for its own password.
func observeBootWindows(ctx context.Context, h *host.Host) (bootFacts, error) {
	look := checks.Look{Host: h}
	var seen bootFacts
	seen.Portable = windowsPortability(ctx, &look)
	seen.Disk = openedByBitLocker(ctx, &look)
	seen.Firmware, seen.FirmwareFrom = windowsFirmware(ctx, &look)
	seen.Unread = look.Unread
	return seen, nil
}

// openedByBitLocker reads the kinds of key protectors of the volume of the system; see
// host.Management for their numbers.
func openedByBitLocker(ctx context.Context, look *checks.Look) string {
	volumes, err := look.Host.Management.Instances(ctx, namespaceBitLocker, classEncryptable,
		"DriveLetter", "VolumeType", "ProtectionStatus", "ConversionStatus", "KeyProtectorTypes")
	if err != nil {
		if !look.Miss(sourceBitLocker, err) {
			return openedUnknown
		}
		if otherEncryption(ctx, look) != "" {
			return openedUnknown
		}
		return openedPlain
	}
	const system = "0" // VolumeType
	i := slices.IndexFunc(volumes, func(v host.Instance) bool { return v["VolumeType"] == system })
	if i < 0 {
		i = slices.IndexFunc(volumes, func(v host.Instance) bool { return strings.EqualFold(v["DriveLetter"], "C:") })
	}
	if i < 0 {
		return openedUnknown
	}
	switch bitLockerState(volumes[i]) {
	case diskOff:
		if otherEncryption(ctx, look) != "" {
			return openedUnknown
		}
		return openedPlain
	case diskSuspended, diskEncrypting, diskDecrypting:
		return openedClear
	case diskUnknown:
		return openedUnknown
	}
	kinds := strings.Split(volumes[i]["KeyProtectorTypes"], "\n")
	has := func(wanted ...string) bool {
		return slices.ContainsFunc(kinds, func(k string) bool { return slices.Contains(wanted, k) })
	}
	switch {
	case has("1"): // whatever else is there: the TPM alone does
		return openedTPM
	case has("4", "6", "8"):
		return openedPassphrase
	case has("5", "2"):
		return openedToken
	default: // none was told
		return openedUnknown
	}
}

// windowsFirmware asks the vendor's own WMI classes, and the SMBIOS where there are none.
func windowsFirmware(ctx context.Context, look *checks.Look) (state, from string) {
	for _, vendor := range []struct {
		from, namespace, class string
		properties             []string
		set                    func(host.Instance) (set, known bool)
	}{
		{"lenovo", `root\WMI`, "Lenovo_BiosPasswordSettings", []string{"PasswordState"}, lenovoPassword},
		{"hp", `root\HP\InstrumentedBIOS`, "HP_BIOSSetting", []string{"Name", "IsSet"}, hpPassword},
		{"dell", `root\dcim\sysman\wmisecurity`, "PasswordObject", []string{"NameId", "IsPasswordSet"}, dellPassword},
		{"smbios", `root\CIMV2`, "Win32_ComputerSystem", []string{"PowerOnPasswordStatus"}, smbiosPassword},
	} {
		instances, err := look.Host.Management.Instances(ctx, vendor.namespace, vendor.class, vendor.properties...)
		if err != nil {
			if vendor.from == "smbios" && !errors.Is(err, fs.ErrNotExist) {
				look.Need("WMI "+vendor.namespace+":"+vendor.class, err)
			}
			continue
		}
		unset := false
		for _, in := range instances {
			set, known := vendor.set(in)
			if set {
				return firmwareSet, vendor.from
			}
			unset = unset || known
		}
		if unset {
			return firmwareUnset, vendor.from
		}
	}
	return "", ""
}

// lenovoPassword reads a sum: 1 power-on password, 2 that of the supervisor, which does
// not ask when the machine starts, 4 those of disks, 64 that of the system's managers.
func lenovoPassword(in host.Instance) (set, known bool) {
	n, err := strconv.ParseUint(in["PasswordState"], 10, 32)
	return err == nil && n&(1|4) != 0, err == nil
}

func hpPassword(in host.Instance) (set, known bool) {
	known = in["Name"] == "Power-On Password" || in["Name"] == "DriveLock Password"
	return known && (in["IsSet"] == "1" || in["IsSet"] == "true"), in["Name"] == "Power-On Password"
}

func dellPassword(in host.Instance) (set, known bool) {
	known = in["NameId"] == "System"
	return known && in["IsPasswordSet"] == "1", known
}

// smbiosPassword: 0 disabled, 1 enabled, 2 not implemented, 3 unknown (DSP0134, 7.25).
func smbiosPassword(in host.Instance) (set, known bool) {
	s := in["PowerOnPasswordStatus"]
	return s == "1", s == "0" || s == "1"
}
