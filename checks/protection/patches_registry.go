package protection

import (
	"context"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// Where Windows says what it is and how far it is updated.
const (
	keyVersion   = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`
	keyServicing = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing`
	keyPackages  = keyServicing + `\Packages`
	keyUpdate    = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update`
	keyUpdateUX  = `HKLM\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings`
	keyUpdateGPO = `HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate`

	// packageCumulative begins the name of each cumulative update.
	packageCumulative = "package_for_rollupfix~"
	serviceUpdate     = "wuauserv"
)

// States of a package (CBS_STATE of the servicing stack).
const (
	packageSuperseded     = 0x50
	packageInstallPending = 0x60
	packageInstalled      = 0x70
	packagePermanent      = 0x80
)

// observePatchesRegistry reads what Windows notes of its own updates.
func observePatchesRegistry(ctx context.Context, h *host.Host) (patchesFacts, error) {
	look := checks.Look{Host: h}
	var seen patchesFacts
	windowsRelease(ctx, &look, &seen)
	waiting := cumulativeUpdates(ctx, &look, &seen)
	windowsRestart(ctx, &look, &seen, waiting)
	windowsUpdateSettings(ctx, &look, &seen)
	seen.Unread = look.Unread
	return seen, nil
}

func registryText(ctx context.Context, look *checks.Look, key, name string) string {
	v, err := look.Host.Registry.Value(ctx, key, name)
	if err != nil {
		look.Miss(key+`\`+name, err)
		return ""
	}
	if v.Kind == host.RegistryInteger {
		return strconv.FormatUint(v.Integer, 10)
	}
	return v.String
}

// windowsRelease names the system by its build and the kind of its edition.
func windowsRelease(ctx context.Context, look *checks.Look, seen *patchesFacts) {
	before := len(look.Unread)
	build := registryText(ctx, look, keyVersion, "CurrentBuildNumber")
	edition := registryText(ctx, look, keyVersion, "EditionID")
	kind := registryText(ctx, look, keyVersion, "InstallationType")
	if len(look.Unread) > before {
		return
	}
	number, err := strconv.Atoi(build)
	if err != nil || edition == "" {
		look.Note(keyVersion, "unreadable")
		return
	}
	seen.System = "windows " + build + " " + servicing(edition, kind)
	seen.Build = build
	if revision := registryText(ctx, look, keyVersion, "UBR"); revision != "" {
		seen.Build += "." + revision
	}
	name := "Windows"
	switch {
	case strings.HasPrefix(strings.ToLower(kind), "server"):
		name = strings.TrimPrefix(registryText(ctx, look, keyVersion, "ProductName"), "Microsoft ")
	case number >= 22000: // whose ProductName still says Windows 10
		name = "Windows 11"
	case number >= 10240:
		name = "Windows 10"
	}
	if version := registryText(ctx, look, keyVersion, "DisplayVersion"); version != "" {
		name += " " + version
	}
	seen.Name = name + " (" + edition + ", " + seen.Build + ")"
}

// servicing is how an edition gets its fixes. Source: the values of EditionID.
func servicing(edition, kind string) string {
	e := strings.ToLower(edition)
	switch {
	case e == "serverrdsh": // Enterprise for several users at once
		return "enterprise"
	case strings.HasPrefix(strings.ToLower(kind), "server"), strings.HasPrefix(e, "server"):
		return "server"
	case strings.HasPrefix(e, "iotenterprises"):
		return "iot_ltsc"
	case strings.HasPrefix(e, "enterprises"): // and EnterpriseSN, EnterpriseSEval
		return "ltsc"
	case strings.HasPrefix(e, "enterprise"), strings.HasPrefix(e, "education"), strings.HasPrefix(e, "iotenterprise"):
		return "enterprise"
	}
	return "pro"
}

// cumulativeUpdates finds the newest cumulative update that is in use, and the day of the
// oldest that waits for a restart; that is empty if there is none.
func cumulativeUpdates(ctx context.Context, look *checks.Look, seen *patchesFacts) (waiting string) {
	names, err := look.Host.Registry.Subkeys(ctx, keyPackages)
	if err != nil {
		look.Need(keyPackages, err)
		return ""
	}
	var newest []int
	manifest := ""
	for _, name := range names {
		if !strings.HasPrefix(strings.ToLower(name), packageCumulative) {
			continue
		}
		key := keyPackages + `\` + name
		var values [3]uint64
		for i, value := range []string{"CurrentState", "InstallTimeHigh", "InstallTimeLow"} {
			v, err := look.Host.Registry.Value(ctx, key, value)
			if err != nil || v.Kind != host.RegistryInteger {
				if err != nil {
					look.Miss(key, err)
				}
				break
			}
			values[i] = v.Integer
		}
		day := ""
		if at, err := filetime(binary.LittleEndian.AppendUint64(nil, values[1]<<32|values[2]&0xffffffff)); err == nil {
			day = dayOf(at)
		}
		switch values[0] {
		case packageInstalled, packageSuperseded, packagePermanent:
			text := name[strings.LastIndexByte(name, '~')+1:]
			version := packageVersion(text)
			if version != nil && version[1] <= revisionOf(seen.Build) && slices.Compare(version, newest) > 0 {
				newest, manifest, seen.Package, seen.Updated = version, name, text, day
			}
		case packageInstallPending:
			if day != "" && (waiting == "" || day < waiting) {
				waiting = day
			}
		}
	}
	if manifest != "" {
		packageMade(ctx, look.Host, manifest, seen)
	}
	return waiting
}

// packageVersion reads a version such as 26100.7171.1.16; nil for anything else.
func packageVersion(text string) []int {
	var out []int
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil
		}
		out = append(out, n)
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// revisionOf is the revision of a build. One that is not known is above all others.
func revisionOf(build string) int {
	_, revision, _ := strings.Cut(build, ".")
	if n, err := strconv.Atoi(revision); err == nil {
		return n
	}
	return math.MaxInt
}

// packageMade reads the day on which a package was made, out of its manifest. What is in
// the manifest its maker wrote; all dates of files are of the installation.
func packageMade(ctx context.Context, h *host.Host, name string, seen *patchesFacts) {
	const head = 4 << 10 // the attributes of the first element
	root := `C:\Windows`
	if v, err := h.Registry.Value(ctx, keyVersion, "SystemRoot"); err == nil && len(v.String) > 3 {
		root = v.String
	}
	b, err := h.Files.ReadRange(ctx, root+`\servicing\Packages\`+name+".mum", 0, head)
	if err != nil {
		seen.MadeUnread = checks.WhyUnread(err)
		return
	}
	_, rest, _ := strings.Cut(string(b), `creationTimeStamp="`)
	if seen.Made = isoDay(rest); seen.Made == "" {
		seen.MadeUnread = "unreadable"
	}
}

// windowsRestart finds who waits for a restart. The keys are there while one is due and
// gone after it, so that it cannot be due for longer than the machine runs.
func windowsRestart(ctx context.Context, look *checks.Look, seen *patchesFacts, waiting string) {
	for _, mark := range []struct{ who, parent, key string }{
		{"component_servicing", keyServicing, "RebootPending"},
		{"windows_update", keyUpdate, "RebootRequired"},
	} {
		names, err := look.Host.Registry.Subkeys(ctx, mark.parent)
		if err != nil {
			look.Miss(mark.parent, err)
			continue
		}
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, mark.key) }) {
			seen.Restart = append(seen.Restart, mark.who)
		}
	}
	if len(seen.Restart) == 0 {
		return
	}
	seen.RestartSince = waiting
	if id, err := look.Host.System.Identity(ctx); err == nil && !id.BootTime.IsZero() {
		seen.Booted = dayOf(id.BootTime)
	}
}

// windowsUpdateSettings reads what keeps updates from coming.
func windowsUpdateSettings(ctx context.Context, look *checks.Look, seen *patchesFacts) {
	if registryText(ctx, look, keyUpdateGPO+`\AU`, "NoAutoUpdate") == "1" {
		seen.Hindered = append(seen.Hindered, "no_auto_update")
	}
	if registryText(ctx, look, keyServices+serviceUpdate, "Start") == "4" { // SERVICE_DISABLED
		seen.Hindered = append(seen.Hindered, "service_disabled")
	}
	seen.FromServer = registryText(ctx, look, keyUpdateGPO+`\AU`, "UseWUServer") == "1"
	if until := registryText(ctx, look, keyUpdateUX, "PauseUpdatesExpiryTime"); until != "" {
		seen.Paused = isoDay(until)
	}
}
