package protection

import (
	"context"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/format/dpkg"
	"vigia/checks/host"
)

// observePatchesLinux reads what distribution it is, which security updates it knows and
// has not installed, and whether what is installed is in use.
func observePatchesLinux(ctx context.Context, h *host.Host) (patchesFacts, error) {
	look := checks.Look{Host: h}
	var seen patchesFacts
	release := look.File(ctx, "/etc/os-release", maxSmallFile)
	if release == nil {
		release = look.NeededFile(ctx, "/usr/lib/os-release", maxSmallFile)
	}
	if release != nil {
		seen.System, seen.Name = linuxRelease(release)
	}
	switch {
	case exists(ctx, &look, fileDpkgStatus):
		seen.Manager = managerAPT
		observeAPT(ctx, &look, &seen)
	case exists(ctx, &look, "/var/lib/rpm") || exists(ctx, &look, "/usr/lib/sysimage/rpm"):
		seen.Manager = managerRPM
		observeRPM(ctx, &look, &seen)
	}
	linuxRestart(ctx, &look, &seen)
	seen.Unread = look.Unread
	return seen, nil
}

// maxSmallFile bounds a file of settings, in bytes.
const maxSmallFile = 1 << 20

func exists(ctx context.Context, look *checks.Look, path string) bool {
	_, err := look.Host.Files.Stat(ctx, path)
	if err != nil {
		look.Miss(path, err)
	}
	return err == nil
}

// linuxRelease reads os-release(5): the key of the table of support, which for most
// distributions is the version without what is behind its dot, and the name.
func linuxRelease(b []byte) (system, name string) {
	id, version := shellValue(b, "ID"), shellValue(b, "VERSION_ID")
	if id == "" {
		return "", ""
	}
	switch id {
	case "ubuntu", "opensuse-leap":
	case "raspbian":
		id = "debian"
		fallthrough
	default:
		version, _, _ = strings.Cut(version, ".")
	}
	name = shellValue(b, "PRETTY_NAME")
	if name == "" {
		name = strings.TrimSpace(id + " " + version)
	}
	return strings.TrimSpace(id + " " + version), name
}

// linuxRestart finds out whether something installed is only used after a restart.
func linuxRestart(ctx context.Context, look *checks.Look, seen *patchesFacts) {
	since := func(info host.FileInfo) {
		at := info.ChangeTime // when it was put there; the other one came with the package
		if at.IsZero() {
			at = info.ModTime
		}
		if day := dayOf(at); !at.IsZero() && (seen.RestartSince == "" || day < seen.RestartSince) {
			seen.RestartSince = day
		}
	}
	for _, mark := range []string{"/run/reboot-required", "/var/run/reboot-required"} {
		info, err := look.Host.Files.Stat(ctx, mark)
		if err == nil {
			seen.Restart = append(seen.Restart, "packages")
			since(info)
			break
		}
		look.Miss(mark, err)
	}
	id, err := look.Host.System.Identity(ctx)
	if err != nil || id.Kernel == "" {
		return // nothing runs
	}
	images, err := look.Host.Files.ReadDir(ctx, "/boot")
	if err != nil {
		look.Miss("/boot", err)
		return
	}
	if newer, ok := newerKernel(id.Kernel, images); ok {
		seen.Restart = append(seen.Restart, "kernel")
		since(newer)
	}
	if len(seen.Restart) > 0 && !id.BootTime.IsZero() {
		seen.Booted = dayOf(id.BootTime)
		if seen.RestartSince != "" && seen.RestartSince < seen.Booted {
			seen.RestartSince = seen.Booted
		}
	}
}

// newerKernel finds the newest image in /boot that is newer than the running kernel and
// of its flavour. Where the running one is not there, the images are not those that the
// machine starts from, as in a container.
func newerKernel(running string, images []host.FileInfo) (newest host.FileInfo, ok bool) {
	const prefix = "vmlinuz-"
	if !slices.ContainsFunc(images, func(i host.FileInfo) bool { return i.Name == prefix+running }) {
		return host.FileInfo{}, false
	}
	version, flavour := kernelVersion(running)
	best := version
	for _, i := range images {
		name, isImage := strings.CutPrefix(i.Name, prefix)
		if v, f := kernelVersion(name); isImage && f == flavour && dpkg.Compare(v, best) > 0 {
			best, newest, ok = v, i, true
		}
	}
	return newest, ok
}

// kernelVersion cuts the flavour off: 6.1.0-25 and cloud-amd64.
func kernelVersion(release string) (version, flavour string) {
	parts := strings.Split(release, "-")
	i := len(parts)
	for i > 1 && parts[i-1] != "" && (parts[i-1][0] < '0' || parts[i-1][0] > '9') {
		i--
	}
	return strings.Join(parts[:i], "-"), strings.Join(parts[i:], "-")
}
