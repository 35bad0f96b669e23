package session

import (
	"context"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// Where Linux tells how encrypted disks are opened.
const (
	fileCrypttab = "/etc/crypttab"
	fileCmdline  = "/proc/cmdline" // that of the kernel
	dirFirmware  = "/sys/class/firmware-attributes"
	fileSMBIOS24 = "/sys/firmware/dmi/entries/24-0/raw"
)

// observeBootLinux looks at how what the root file system is on was opened, and at the
// firmware's own password.
func observeBootLinux(ctx context.Context, h *host.Host) (bootFacts, error) {
	look := checks.Look{Host: h}
	var seen bootFacts
	seen.Portable = linuxPortability(ctx, &look)
	seen.Disk = openedByLinux(ctx, &look)
	seen.Firmware, seen.FirmwareFrom = linuxFirmware(ctx, &look)
	seen.Unread = look.Unread
	return seen, nil
}

// openedByLinux tells how the root file system is opened.
func openedByLinux(ctx context.Context, look *checks.Look) string {
	b := readBlocks(ctx, look)
	mounts := readMounts(ctx, look)
	at := func(point string) (state string, mappings []string, mounted bool) {
		for _, m := range slices.Backward(mounts) { // the last is on top
			if m.point == point && m.fsType != "autofs" {
				state, _, mappings = b.encryption(ctx, m)
				return state, mappings, true
			}
		}
		return diskUnknown, nil, false
	}
	state, mappings, _ := at("/")
	switch {
	case state == diskOff:
		return openedPlain
	case state != diskOn || len(mappings) == 0:
		return openedUnknown
	}
	// What starts the system is read by the boot loader: where that is encrypted too, the
	// boot loader asks.
	boot, _, separate := at("/boot")
	openBoot := separate && boot != diskOn
	table := crypttab(string(look.File(ctx, fileCrypttab, maxConfig)))
	best := ""
	for _, name := range mappings {
		var opened string
		if entry, listed := table[name]; listed {
			opened = entry.opened()
		} else {
			cmdline, _ := attribute(ctx, look, fileCmdline) // unread is noted, and tells nothing
			opened = openedByCommandLine(cmdline)
		}
		if opened == openedKeyFile && !openBoot {
			opened = openedPassphrase
		}
		// All of them are needed: one that asks is enough.
		if best == "" || opened == openedPassphrase || opened == openedToken && best != openedPassphrase || opened == openedUnknown && best != openedPassphrase && best != openedToken {
			best = opened
		}
	}
	// What may answer instead of a person is in the header of the disk, which is not read.
	if best == openedPassphrase && (clevis(ctx, look) || tokens(ctx, look) || keyDropped(ctx, look, mappings)) {
		return openedUnknown
	}
	return best
}

// cryptEntry is a line of crypttab(5).
type cryptEntry struct {
	key     string
	options map[string]string
}

// crypttab reads the entries by the names of their mappings.
func crypttab(data string) map[string]cryptEntry {
	out := map[string]cryptEntry{}
	for line := range strings.Lines(data) {
		f := strings.Fields(line)
		if len(f) < 2 || strings.HasPrefix(f[0], "#") {
			continue
		}
		e := cryptEntry{options: map[string]string{}}
		if len(f) > 2 {
			e.key = f[2]
		}
		if len(f) > 3 {
			for option := range strings.SplitSeq(f[3], ",") {
				name, value, _ := strings.Cut(option, "=")
				e.options[name] = value
			}
		}
		out[f[0]] = e
	}
	return out
}

// opened tells what opens the entry's disk.
func (e cryptEntry) opened() string {
	if _, ok := e.options["tpm2-device"]; ok {
		if pin := e.options["tpm2-pin"]; pin == "yes" || pin == "true" || pin == "1" || pin == "on" {
			return openedPassphrase
		}
		return openedTPM
	}
	for _, token := range []string{"fido2-device", "pkcs11-uri"} {
		if _, ok := e.options[token]; ok {
			return openedToken
		}
	}
	if script, ok := e.options["keyscript"]; ok {
		switch script[strings.LastIndexByte(script, '/')+1:] {
		case "decrypt_keyctl", "decrypt_gnupg", "decrypt_ssl": // a passphrase, remembered or for a key
			return openedPassphrase
		case "decrypt_opensc", "decrypt_gnupg-sc", "passdev":
			return openedToken
		case "decrypt_derived": // from another mapping, which is among those looked at
			return openedKeyFile
		default:
			return openedUnknown
		}
	}
	switch {
	case e.key == "" || e.key == "none" || e.key == "-":
		return openedPassphrase
	case strings.Contains(e.key, ":"): // PATH:DEVICE, on another device
		return openedToken
	default:
		return openedKeyFile
	}
}

// openedByCommandLine is for disks that stand in no table but on the command line of the
// kernel. A passphrase is what is asked for when nothing else is said there.
func openedByCommandLine(cmdline string) string {
	named := false
	opened := openedPassphrase
	for word := range strings.FieldsSeq(cmdline) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "cryptdevice", "rd.luks.uuid", "luks.uuid", "rd.luks.name", "luks.name", "root", "resume":
			named = named || name != "root" && name != "resume"
		case "cryptkey", "rd.luks.key", "luks.key":
			opened = openedKeyFile
			if strings.Contains(value, ":") && !strings.HasPrefix(value, "rootfs:") {
				opened = openedToken
			}
		case "rd.luks.options", "luks.options":
			switch {
			case strings.Contains(value, "tpm2-device") && !strings.Contains(value, "tpm2-pin"):
				opened = openedTPM
			case strings.Contains(value, "fido2-device"):
				opened = openedToken
			}
		}
	}
	if !named {
		return openedUnknown
	}
	return opened
}

// clevis tells whether the system is started with Clevis, which opens disks by a TPM or
// by a server of the network.
func clevis(ctx context.Context, look *checks.Look) bool {
	return anyThere(ctx, look, "/usr/share/initramfs-tools/hooks/clevis", "/usr/lib/dracut/modules.d/60clevis", "/usr/lib/initcpio/hooks/clevis")
}

// tokens tells whether the system may be started with a TPM that crypttab does not name:
// systemd asks it as soon as the header of the disk has a token for it, where the image
// that starts the system is one that holds the means, as that of dracut is.
func tokens(ctx context.Context, look *checks.Look) bool {
	return anyThere(ctx, look, "/sys/class/tpm/tpm0") &&
		anyThere(ctx, look, "/usr/lib/dracut/modules.d", "/usr/lib/initcpio/install/sd-encrypt") &&
		anyThere(ctx, look, "/usr/lib64/cryptsetup/libcryptsetup-token-systemd-tpm2.so", "/usr/lib/cryptsetup/libcryptsetup-token-systemd-tpm2.so",
			"/usr/lib/x86_64-linux-gnu/cryptsetup/libcryptsetup-token-systemd-tpm2.so", "/usr/lib/aarch64-linux-gnu/cryptsetup/libcryptsetup-token-systemd-tpm2.so")
}

// keyDropped tells whether a key lies where systemd looks for one that is not named,
// crypttab(5).
func keyDropped(ctx context.Context, look *checks.Look, mappings []string) bool {
	for _, name := range mappings {
		if anyThere(ctx, look, "/etc/cryptsetup-keys.d/"+name+".key") {
			return true
		}
	}
	return false
}

// anyThere tells whether one of the files is there, or could not be looked at.
func anyThere(ctx context.Context, look *checks.Look, names ...string) bool {
	for _, name := range names {
		_, err := look.Host.Files.Stat(ctx, name)
		if err == nil || !look.Miss(name, err) {
			return true
		}
	}
	return false
}

// linuxFirmware asks the drivers of the vendors' firmware, and the SMBIOS where there
// are none.
func linuxFirmware(ctx context.Context, look *checks.Look) (state, from string) {
	drivers, err := look.Host.Files.ReadDir(ctx, dirFirmware)
	if err != nil {
		look.Miss(dirFirmware, err)
	}
	for _, d := range drivers {
		dir := dirFirmware + "/" + d.Name + "/authentication"
		kinds, err := look.Host.Files.ReadDir(ctx, dir)
		if err != nil {
			look.Miss(dir, err)
			continue
		}
		for _, k := range kinds {
			role, _ := attribute(ctx, look, dir+"/"+k.Name+"/role")
			enabled, ok := attribute(ctx, look, dir+"/"+k.Name+"/is_enabled")
			switch {
			case !ok:
			case enabled == "1" && (role == "power-on" || role == "hdd" || role == "nvme"):
				return firmwareSet, "linux"
			case enabled == "0" && role == "power-on":
				state, from = firmwareUnset, "linux"
			}
		}
	}
	if state != "" {
		return state, from
	}
	// DSP0134, 7.25: the two high bits of the fifth byte; 0 disabled, 1 enabled, 2 not
	// implemented, 3 unknown.
	raw, err := look.Host.Files.ReadFile(ctx, fileSMBIOS24, maxAttribute)
	if err != nil {
		look.Miss(fileSMBIOS24, err)
		return "", ""
	}
	if len(raw) < 5 || raw[0] != 24 {
		look.Note(fileSMBIOS24, "unreadable")
		return "", ""
	}
	switch raw[4] >> 6 {
	case 0:
		return firmwareUnset, "smbios"
	case 1:
		return firmwareSet, "smbios"
	default:
		return "", ""
	}
}
