package protection

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// Programs of ClamAV as the kernel shows them: the scanner, and what hands it each file
// that is opened.
const (
	processClamd  = "clamd"
	processOnOpen = "clamonacc"
	processUpdate = "freshclam"
	maxClamConfig = 1 << 20
	clamDefault   = "/var/lib/clamav"
)

// observeAntivirusLinux looks at what runs, and at ClamAV's signature files.
func observeAntivirusLinux(ctx context.Context, h *host.Host) (antivirusFacts, error) {
	look := checks.Look{Host: h}
	processes, err := h.Running.Processes(ctx)
	if err != nil {
		look.Need("/proc", err)
	}
	seen := antivirusFacts{Linux: true}
	for _, k := range knownProducts() {
		if slices.ContainsFunc(processes, k.isProcess) {
			seen.Products = append(seen.Products, product{ID: k.id, Name: k.name, From: "process", State: stateOn, Signatures: k.signatures})
		}
	}
	if p := observeClamAV(ctx, &look, processes); p != nil {
		seen.Products = append(seen.Products, *p)
	}
	slices.SortFunc(seen.Products, func(a, b product) int { return strings.Compare(a.ID, b.ID) })
	seen.Unread = look.Unread
	return seen, nil
}

// observeClamAV is nil when no part of ClamAV's scanner is on the machine.
func observeClamAV(ctx context.Context, look *checks.Look, processes []host.Process) *product {
	runs := func(name string) bool {
		return slices.ContainsFunc(processes, func(p host.Process) bool {
			return p.Name == name && ofSystem(p.Owner) && (p.Path == "" || path.Base(p.Path) == name && !strings.HasPrefix(p.Path, "/home/") && !strings.HasPrefix(p.Path, "/tmp/"))
		})
	}
	p := product{ID: idClamAV, Name: "ClamAV", From: "process", State: stateOff, RealTime: stateOff}
	switch {
	case processes == nil:
		p.State, p.RealTime = stateUnknown, ""
	case runs(processClamd):
		p.State = stateOn
	}
	if runs(processOnOpen) {
		p.RealTime = stateOn
	}
	dir := clamDirectory(ctx, look)
	p.SignatureDay, p.Signatures = clamSignatures(ctx, look, dir)
	if p.State != stateOn && !runs(processUpdate) && p.SignatureDay == "" {
		installed := false
		for _, name := range []string{"/usr/sbin/clamd", "/usr/bin/clamscan", "/usr/local/sbin/clamd"} {
			if _, err := look.Host.Files.Stat(ctx, name); err == nil {
				installed = true
			} else {
				look.Miss(name, err)
			}
		}
		if !installed {
			return nil
		}
	}
	return &p
}

// clamDirectory is where ClamAV keeps its signatures: what its configurations say, in the
// places of the distributions.
func clamDirectory(ctx context.Context, look *checks.Look) string {
	for _, name := range []string{"/etc/clamav/clamd.conf", "/etc/clamd.d/scan.conf", "/etc/clamd.conf", "/etc/clamav/freshclam.conf", "/etc/freshclam.conf"} {
		for line := range bytes.Lines(look.File(ctx, name, maxClamConfig)) {
			fields := strings.Fields(string(line))
			if len(fields) == 2 && fields[0] == "DatabaseDirectory" && path.IsAbs(fields[1]) {
				return path.Clean(fields[1])
			}
		}
	}
	return clamDefault
}

// clamSignatures is the day of the newest daily signatures. ClamAV keeps them packed as
// they came (.cvd) or patched (.cld); both begin alike.
func clamSignatures(ctx context.Context, look *checks.Look, dir string) (day, signatures string) {
	for _, name := range []string{"daily.cld", "daily.cvd"} {
		file := dir + "/" + name
		header, err := look.Host.Files.ReadRange(ctx, file, 0, clamHeader)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			look.Need(file, err)
			return "", ""
		}
		built, err := clamBuilt(header)
		if err != nil {
			look.Note(file, "unreadable")
			return "", ""
		}
		day = max(day, dayOf(built))
	}
	if day == "" {
		return "", signaturesMissing
	}
	return day, ""
}

// clamHeader is the size of the header of ClamAV's signature files, in bytes.
const clamHeader = 512

// clamBuilt reads when signatures were built from the header of their file:
// ClamAV-VDB:07 Nov 2026 08-34 +0000:27450:... , padded with spaces.
func clamBuilt(header []byte) (time.Time, error) {
	fields := strings.Split(string(header), ":")
	if len(header) < clamHeader || len(fields) < 8 || fields[0] != "ClamAV-VDB" {
		return time.Time{}, errNoTime
	}
	t, err := time.Parse("02 Jan 2006 15-04 -0700", fields[1])
	if err != nil {
		return time.Time{}, errNoTime
	}
	return t.UTC(), nil
}
