package session

import (
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// bootPassword is AC-BOOT-PWD: a machine that leaves the office asks for a secret before
// its system starts, in the firmware or to open its disk.
func bootPassword() checks.Check {
	return checks.New(checks.Info{ID: "session.boot_password", Covers: bootCovers(), Messages: bootMessages()},
		leavingParams{},
		checks.On[bootFacts]{
			host.Windows: observeBootWindows,
			host.Linux:   observeBootLinux,
		}, judgeBoot)
}

// bootFacts is the evidence of session.boot_password.
type bootFacts struct {
	Portable portability `json:"portable"`
	// Disk is how the disk of the system is opened, one of the opened* values.
	Disk string `json:"disk"`
	// Firmware tells whether the firmware asks for a password when the machine is
	// switched on, or a disk does: set, unset; empty where it cannot be read.
	Firmware string `json:"firmware,omitempty"`
	// FirmwareFrom is who says so: lenovo, hp, dell, smbios, linux.
	FirmwareFrom string          `json:"firmware_from,omitempty"`
	Unread       []checks.Unread `json:"unread,omitempty"`
}

// How the disk of a system is opened when the machine starts.
const (
	openedPassphrase = "passphrase" // somebody types a passphrase or a PIN
	openedToken      = "token"      // a key that is carried apart from the machine
	openedTPM        = "tpm"        // the machine opens it by itself, by its TPM
	openedKeyFile    = "key_file"   // by a key that lies on the same disk
	openedClear      = "clear"      // encrypted, and the key lies open beside it
	openedPlain      = "plain"      // it is not encrypted
	openedUnknown    = "unknown"

	firmwareSet   = "set"
	firmwareUnset = "unset"
)

func judgeBoot(seen bootFacts, p leavingParams, _ time.Time) checks.Verdict {
	leaves, known := seen.Portable.portable()
	if known && !leaves && !p.AllMachines {
		return checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("boot.stays")}
	}
	var v checks.Verdict
	add := func(key string, status checks.Status, code string, args ...string) {
		v.Findings = append(v.Findings, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, args...)})
	}
	bad := checks.Fail
	if !known && !p.AllMachines {
		bad = checks.Unknown
	}
	switch {
	case seen.Firmware == firmwareSet:
		add("firmware", checks.Pass, "boot.firmware_set")
	case seen.Disk == openedPassphrase:
		add("disk", checks.Pass, "boot.passphrase")
	case seen.Disk == openedToken:
		add("disk", checks.Pass, "boot.token")
	case seen.Firmware == "" || seen.Disk == openedUnknown || seen.Disk == "":
		// One of the two may ask, and a person must look.
		if seen.Firmware == "" {
			add("firmware", checks.Unknown, "boot.firmware_unread")
		}
		add("disk", checks.Unknown, diskCode(seen.Disk))
	default:
		add("disk", bad, diskCode(seen.Disk))
	}
	if len(v.Findings) > 0 && v.Findings[0].Status != checks.Pass {
		for _, u := range seen.Unread {
			add("unread/"+u.Source, checks.Unknown, "boot.unread", "source", u.Source, "why", u.Why)
		}
	}
	statuses := []checks.Status{}
	for _, f := range v.Findings {
		statuses = append(statuses, f.Status)
	}
	v.Status = checks.Worst(statuses...)
	v.Reason = v.Findings[0].Reason
	if v.Status == checks.Unknown && bad == checks.Unknown {
		add("portable", checks.Unknown, "boot.portable_unknown")
		v.Reason = checks.Because("boot.portable_unknown")
	}
	return v
}

// diskCode is the reason for a disk that opens without a secret.
func diskCode(opened string) string {
	switch opened {
	case openedTPM:
		return "boot.tpm"
	case openedKeyFile:
		return "boot.key_file"
	case openedClear:
		return "boot.clear"
	case openedPlain:
		return "boot.plain"
	default:
		return "boot.disk_unknown"
	}
}
