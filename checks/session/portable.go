package session

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"vigia/checks"
)

// portability is what tells whether a machine leaves the office.
type portability struct {
	// Chassis is the type of enclosure that the firmware names (DSP0134, 7.4.1); 0 where
	// it names none.
	Chassis int `json:"chassis"`
	// Battery tells whether the machine can run on a battery of its own; nil if that is
	// not known or was not asked, since the chassis says enough.
	Battery *bool `json:"battery,omitempty"`
}

// portable tells whether the machine can be carried away and used; known is false where
// nothing says so. An enclosure that says nothing, as that of virtual machines, is
// decided by the battery.
func (p portability) portable() (yes, known bool) {
	switch p.Chassis {
	case 8, 9, 10, 11, 14, 30, 31, 32: // portable, laptop, notebook, hand-held, sub-notebook, tablet, convertible, detachable
		return true, true
	case 3, 4, 5, 6, 7, 13, 15, 17, 23, 24, 25, 28, 29, 34, 35: // desktops, towers, all-in-one, servers, racks, blades, embedded, mini PC
		// Laptops of no brand call themselves desktops; a desktop with a battery may also
		// be one with an uninterruptible supply.
		return false, p.Battery == nil || !*p.Battery
	}
	if p.Battery == nil {
		return false, false
	}
	return *p.Battery, true
}

// windowsPortability asks the firmware, and for a battery where that is not enough.
func windowsPortability(ctx context.Context, look *checks.Look) portability {
	var p portability
	hardware, err := look.Host.System.Hardware(ctx)
	if err == nil {
		p.Chassis = hardware.Chassis
	}
	yes, known := p.portable()
	if yes {
		return p
	}
	batteries, err := look.Host.Management.Instances(ctx, `root\CIMV2`, "Win32_Battery", "DeviceID")
	if err != nil {
		if !known {
			look.Need(`WMI root\CIMV2:Win32_Battery`, err)
		}
		return p
	}
	has := len(batteries) > 0
	p.Battery = &has
	return p
}

// Where Linux tells of the enclosure and of batteries.
const (
	fileChassis = "/sys/class/dmi/id/chassis_type"
	dirSupplies = "/sys/class/power_supply"
)

// maxAttribute bounds a file of /sys, in bytes.
const maxAttribute = 64 << 10

// attribute reads a file of /sys without the space around it. ok is false when it is
// absent or unread, which is noted.
func attribute(ctx context.Context, look *checks.Look, name string) (value string, ok bool) {
	b, err := look.Host.Files.ReadFile(ctx, name, maxAttribute)
	if err != nil {
		look.Miss(name, err)
		return "", false
	}
	return strings.TrimSpace(string(b)), true
}

// linuxPortability reads the same of /sys. A machine without SMBIOS, as one of ARM, has
// no enclosure there.
func linuxPortability(ctx context.Context, look *checks.Look) portability {
	var p portability
	if text, ok := attribute(ctx, look, fileChassis); ok {
		p.Chassis, _ = strconv.Atoi(text) // no number is no enclosure
	}
	yes, known := p.portable()
	if yes {
		return p
	}
	supplies, err := look.Host.Files.ReadDir(ctx, dirSupplies)
	if err != nil {
		if known {
			return p
		}
		if !errors.Is(err, fs.ErrNotExist) {
			look.Need(dirSupplies, err)
			return p
		}
		if _, err := look.Host.Files.Stat(ctx, "/sys/class"); err != nil {
			look.Need("/sys/class", err) // not a running machine
			return p
		}
	}
	has := false
	for _, s := range supplies {
		kind, _ := attribute(ctx, look, dirSupplies+"/"+s.Name+"/type")
		scope, _ := attribute(ctx, look, dirSupplies+"/"+s.Name+"/scope")
		has = has || kind == "Battery" && scope != "Device" // that of a mouse
	}
	p.Battery = &has
	return p
}
