package session

import (
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// diskEncryption is AC-DISK-ENC: what is on the disks of a machine that leaves the
// office cannot be read without its key.
func diskEncryption() checks.Check {
	return checks.New(checks.Info{ID: "session.disk_encryption", Covers: diskCovers(), Messages: diskMessages()},
		leavingParams{},
		checks.On[diskFacts]{
			host.Windows: observeDisksBitLocker,
			host.Linux:   observeDisksDMCrypt,
		}, judgeDisks)
}

// leavingParams are shared by the checks of machines that leave the office.
type leavingParams struct {
	// AllMachines asks the same of machines that stay.
	AllMachines bool `json:"all_machines"`
}

// diskFacts is the evidence of session.disk_encryption. It is kept of machines that stay
// as well: of a stolen one it says what the thief can read.
type diskFacts struct {
	Portable portability     `json:"portable"`
	Volumes  []volumeFact    `json:"volumes,omitempty"`
	Unread   []checks.Unread `json:"unread,omitempty"`
}

// volumeFact is a file system or swap space on a disk of the machine.
type volumeFact struct {
	Mount string `json:"mount"` // where it is mounted, or "swap" and the name of the space
	State string `json:"state"`
	// By is what encrypts it: bitlocker, luks1, luks2, plain, or what may and cannot be
	// looked into: zfs, veracrypt.
	By string `json:"by,omitempty"`
}

// States of a volume.
const (
	diskOn         = "on"
	diskOff        = "off"
	diskSuspended  = "suspended"  // encrypted, the key lies open beside it
	diskEncrypting = "encrypting" // not done yet
	diskDecrypting = "decrypting"
	diskUnknown    = "unknown"
)

func judgeDisks(seen diskFacts, p leavingParams, _ time.Time) checks.Verdict {
	leaves, known := seen.Portable.portable()
	if known && !leaves && !p.AllMachines {
		return checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("disk.stays")}
	}
	var v checks.Verdict
	add := func(key string, status checks.Status, code string, args ...string) {
		v.Findings = append(v.Findings, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, args...)})
	}
	// Where it is not known whether the machine leaves, what would fail if it does is not
	// proven.
	bad := checks.Fail
	if !known && !p.AllMachines {
		bad = checks.Unknown
	}
	for _, vol := range seen.Volumes {
		key := "volume/" + vol.Mount
		switch vol.State {
		case diskOn:
			add(key, checks.Pass, "disk.on", "mount", vol.Mount)
		case diskOff:
			add(key, bad, "disk.off", "mount", vol.Mount)
		case diskSuspended:
			add(key, bad, "disk.suspended", "mount", vol.Mount)
		case diskEncrypting:
			add(key, bad, "disk.encrypting", "mount", vol.Mount)
		case diskDecrypting:
			add(key, bad, "disk.decrypting", "mount", vol.Mount)
		default:
			if vol.By == "" {
				add(key, checks.Unknown, "disk.unknown", "mount", vol.Mount)
			} else {
				add(key, checks.Unknown, "disk.other", "mount", vol.Mount, "product", vol.By)
			}
		}
	}
	for _, u := range seen.Unread {
		add("unread/"+u.Source, checks.Unknown, "disk.unread", "source", u.Source, "why", u.Why)
	}
	if len(seen.Volumes) == 0 && len(seen.Unread) == 0 {
		add("volume", checks.Unknown, "disk.none")
	}
	statuses := []checks.Status{checks.Pass}
	for _, f := range v.Findings {
		statuses = append(statuses, f.Status)
	}
	v.Status = checks.Worst(statuses...)
	v.Reason = worstReason(v, "disk.all_on", "disk.several", "disk.several_unknown")
	if v.Status == checks.Unknown && bad == checks.Unknown {
		add("portable", checks.Unknown, "disk.portable_unknown")
		v.Reason = checks.Because("disk.portable_unknown")
	}
	return v
}
