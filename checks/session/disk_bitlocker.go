package session

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// Where BitLocker tells of volumes.
const (
	namespaceBitLocker = `root\CIMV2\Security\MicrosoftVolumeEncryption`
	classEncryptable   = "Win32_EncryptableVolume"
	sourceBitLocker    = "WMI " + namespaceBitLocker + ":" + classEncryptable
)

// observeDisksBitLocker compares the fixed volumes of the machine with those that
// BitLocker protects.
func observeDisksBitLocker(ctx context.Context, h *host.Host) (diskFacts, error) {
	look := checks.Look{Host: h}
	var seen diskFacts
	seen.Portable = windowsPortability(ctx, &look)
	encryptable, err := h.Management.Instances(ctx, namespaceBitLocker, classEncryptable,
		"DeviceID", "DriveLetter", "ProtectionStatus", "ConversionStatus")
	known := err == nil || look.Miss(sourceBitLocker, err) // absent: servers without the feature
	volumes, err := h.System.Volumes(ctx)
	if err != nil {
		look.Need("FindFirstVolume", err)
		for _, e := range encryptable { // what BitLocker knows is better than nothing
			if e["DriveLetter"] != "" {
				seen.Volumes = append(seen.Volumes, bitLockerVolume(e["DriveLetter"]+`\`, e))
			}
		}
	}
	for _, vol := range volumes {
		i := slices.IndexFunc(encryptable, func(e host.Instance) bool { return sameVolume(e, vol) })
		switch {
		case vol.Removable:
		case i >= 0:
			seen.Volumes = append(seen.Volumes, bitLockerVolume(vol.Mount, encryptable[i]))
		case vol.FSType == "" || vol.FSType == "CDFS" || vol.FSType == "UDF": // an optical drive, full or empty
		case known:
			seen.Volumes = append(seen.Volumes, volumeFact{Mount: vol.Mount, State: diskOff})
		}
	}
	for i, vol := range seen.Volumes {
		if vol.State != diskOff {
			continue
		}
		if by := otherEncryption(ctx, &look); by != "" {
			seen.Volumes[i].State, seen.Volumes[i].By = diskUnknown, by
		}
	}
	seen.Unread = look.Unread
	return seen, nil
}

func bitLockerVolume(mount string, e host.Instance) volumeFact {
	vol := volumeFact{Mount: mount, State: bitLockerState(e)}
	if vol.State != diskOff && vol.State != diskUnknown {
		vol.By = "bitlocker"
	}
	return vol
}

// sameVolume tells whether an encryptable volume is one of those mounted.
func sameVolume(e host.Instance, vol host.Volume) bool {
	if id := e["DeviceID"]; id != "" && vol.Device != "" {
		return strings.EqualFold(strings.TrimSuffix(id, `\`), strings.TrimSuffix(vol.Device, `\`))
	}
	return e["DriveLetter"] != "" && strings.EqualFold(e["DriveLetter"], strings.TrimSuffix(vol.Mount, `\`))
}

// bitLockerState reads ProtectionStatus (0 off, 1 on, 2 locked) and, where it is off,
// ConversionStatus (0 plain, 1 encrypted, 2 encrypting, 3 decrypting, 4 and 5 either of
// them paused). A locked volume is an encrypted one that nobody has opened.
func bitLockerState(e host.Instance) string {
	switch e["ProtectionStatus"] {
	case "1", "2":
		return diskOn
	case "0":
	default:
		return diskUnknown
	}
	switch e["ConversionStatus"] {
	case "1":
		return diskSuspended
	case "2", "4":
		return diskEncrypting
	case "3", "5":
		return diskDecrypting
	default: // also where the class is too old to tell: off is off
		return diskOff
	}
}

// otherEncryption names a product that encrypts disks below Windows, where its driver
// starts with the machine. Which volumes it encrypts it does not tell.
func otherEncryption(ctx context.Context, look *checks.Look) string {
	for _, d := range []struct{ service, product string }{
		{"veracrypt", "VeraCrypt"}, {"dcrypt", "DiskCryptor"}, {"MfeEpePc", "Trellix Drive Encryption"}, {"PGPwded", "Symantec Encryption"},
	} {
		const bootStart = 0
		v, err := look.Host.Registry.Value(ctx, `HKLM\SYSTEM\CurrentControlSet\Services\`+d.service, "Start")
		if err == nil && v.Kind == host.RegistryInteger && v.Integer == bootStart {
			return d.product
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			look.Need(`HKLM\SYSTEM\CurrentControlSet\Services`, err)
			return ""
		}
	}
	return ""
}
