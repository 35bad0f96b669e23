package protection

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

// What the Windows Security Center of PCs knows of antiviruses. Servers have none.
const (
	namespaceCenter = `root\SecurityCenter2`
	classAntivirus  = "AntiVirusProduct"
	serviceCenter   = "wscsvc"

	// defenderGUID is Microsoft Defender's own registration, in every language.
	defenderGUID = "{D68DDC3A-831F-4FAE-9E44-DA132C1ACF46}"
)

// observeAntivirusWindows asks the Security Center, the service manager and Defender. A
// product that does not register with the Security Center, as on servers, is known by
// its service.
func observeAntivirusWindows(ctx context.Context, h *host.Host) (antivirusFacts, error) {
	look := checks.Look{Host: h}
	services, err := h.Running.Services(ctx)
	if err != nil {
		look.Need("EnumServicesStatus", err)
	}
	products := centerProducts(ctx, &look, services)
	var seen antivirusFacts
	defender := observeDefender(ctx, &look, services)
	if defender != nil {
		i := slices.IndexFunc(products, func(p product) bool { return p.ID == idDefender })
		if i >= 0 {
			products[i] = mergeDefender(products[i], *defender)
		} else {
			products = append(products, *defender)
		}
	}
	if !slices.ContainsFunc(products, func(p product) bool { return p.ID != idDefender && p.State != stateGone }) {
		products = append(products, serviceProducts(ctx, &look, services)...)
	}
	if slices.ContainsFunc(products, func(p product) bool { return p.ID == idDefender && p.State == stateOn }) {
		own := checks.Look{Host: h}
		seen.Exclusions, seen.MoreExclusions = sortedExclusions(defenderExclusions(ctx, &own))
		seen.Threats = defenderThreats(ctx, &own)
		seen.UnreadDefender = own.Unread
	}
	slices.SortFunc(products, func(a, b product) int { return strings.Compare(a.ID, b.ID) })
	seen.Products, seen.Unread = products, look.Unread
	return seen, nil
}

// centerProducts lists what is registered with the Security Center.
func centerProducts(ctx context.Context, look *checks.Look, services []host.Service) []product {
	const source = "WMI " + namespaceCenter + ":" + classAntivirus
	instances, err := look.Host.Management.Instances(ctx, namespaceCenter, classAntivirus, "displayName", "instanceGuid", "productState", "pathToSignedReportingExe")
	if err != nil {
		look.Miss(source, err)
		return nil
	}
	if centerStopped(services) && len(instances) > 0 {
		look.Note(source, "unreadable")
		return nil
	}
	var out []product
	for _, in := range instances {
		state, err := strconv.ParseUint(in["productState"], 10, 32)
		if err != nil {
			look.Note(source, "unreadable")
			continue
		}
		p := product{ID: strings.ToUpper(in["instanceGuid"]), Name: in["displayName"], From: "security_center"}
		p.State, p.Signatures = productState(uint32(state))
		if p.ID == defenderGUID {
			p.ID, p.Name = idDefender, nameDefender
		} else if p.State == stateOn {
			registeredProgram(ctx, look, services, in["pathToSignedReportingExe"], &p)
		}
		out = append(out, p)
	}
	return out
}

// centerStopped tells whether the Security Center does not run: it still tells then what it
// knew when it was stopped.
func centerStopped(services []host.Service) bool {
	i := slices.IndexFunc(services, func(s host.Service) bool { return strings.EqualFold(s.Name, serviceCenter) })
	return i >= 0 && services[i].State == "stopped"
}

// registeredProgram corrects the state of a product that is on as far as the Security
// Center knows, by the program that told so: it may have been killed before it could tell
// that, or be gone with nobody having struck it off.
func registeredProgram(ctx context.Context, look *checks.Look, services []host.Service, program string, p *product) {
	name := baseName(program)
	of := func(state string) func(host.Service) bool {
		return func(s host.Service) bool {
			return s.State == state && (state == "running" || s.Start == "auto") && baseName(s.Program) == name
		}
	}
	switch {
	case name == "" || strings.Contains(program, "://"): // an app of the store says no more
	case slices.ContainsFunc(services, of("stopped")):
		p.State, p.From = stateOff, "service"
	case slices.ContainsFunc(services, of("running")):
	default:
		path := expanded(ctx, look.Host, program)
		_, err := look.Host.Files.Stat(ctx, path)
		if errors.Is(err, fs.ErrNotExist) {
			p.State = stateGone
		} else if err != nil {
			p.State = stateUnknown
			look.Need(path, err)
		}
	}
}

// expanded puts the folders of this machine in place of the variables that such paths
// begin with.
func expanded(ctx context.Context, h *host.Host, path string) string {
	path = strings.Trim(path, `" `)
	variable, rest, ok := strings.Cut(strings.TrimPrefix(path, "%"), "%")
	if !strings.HasPrefix(path, "%") || !ok {
		return path
	}
	const keyFolders = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion`
	for _, known := range []struct{ variable, key, value, usual string }{
		{"ProgramFiles", keyFolders, "ProgramFilesDir", `C:\Program Files`},
		{"ProgramW6432", keyFolders, "ProgramFilesDir", `C:\Program Files`},
		{"ProgramFiles(x86)", keyFolders, "ProgramFilesDir (x86)", `C:\Program Files (x86)`},
		{"CommonProgramFiles", keyFolders, "CommonFilesDir", `C:\Program Files\Common Files`},
		{"CommonProgramFiles(x86)", keyFolders, "CommonFilesDir (x86)", `C:\Program Files (x86)\Common Files`},
		{"ProgramData", `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`, "ProgramData", `C:\ProgramData`},
		{"SystemRoot", keyVersion, "SystemRoot", `C:\Windows`},
		{"windir", keyVersion, "SystemRoot", `C:\Windows`},
		{"SystemDrive", "", "", `C:`},
	} {
		if !strings.EqualFold(variable, known.variable) {
			continue
		}
		folder := known.usual
		if v, err := h.Registry.Value(ctx, known.key, known.value); known.key != "" && err == nil && v.String != "" && !strings.Contains(v.String, "%") {
			folder = v.String
		}
		return folder + rest
	}
	return path
}

// baseName is the last part of a path of Windows, in lower case.
func baseName(path string) string { return strings.ToLower(path[strings.LastIndexByte(path, '\\')+1:]) }

// productState reads the bits of AntiVirusProduct.productState. Microsoft documents the
// states (WSC_SECURITY_PRODUCT_STATE, WSC_SECURITY_SIGNATURE_STATUS) and not the bits;
// those are what every reader of the class has found: 0xF000 the state, 0x00F0 zero for
// signatures that the product holds to be current.
func productState(bits uint32) (state, signatures string) {
	switch bits & 0xF000 {
	case 0x1000:
		state = stateOn
	case 0x2000:
		state = stateSnoozed
	case 0x3000:
		state = stateExpired
	default:
		state = stateOff
	}
	if bits&0xF0 == 0 {
		return state, signaturesCurrent
	}
	return state, signaturesOld
}

// serviceProducts finds products by their services.
func serviceProducts(ctx context.Context, look *checks.Look, services []host.Service) []product {
	var out []product
	for _, k := range knownProducts() {
		i := slices.IndexFunc(services, k.isService)
		if i < 0 {
			continue
		}
		p := product{ID: k.id, Name: k.name, From: "service", State: stateOff, Signatures: k.signatures}
		if services[i].State == "running" {
			p.State = stateOn
		}
		switch k.id {
		case "symantec":
			p.SignatureDay = symantecDay(ctx, look.Host)
		case "kaspersky", "kaspersky_server":
			kasperskyState(ctx, look.Host, &p)
		}
		out = append(out, p)
	}
	return out
}

// roots of the registry for programs of 64 and of 32 bits.
func softwareRoots() []string { return []string{`HKLM\SOFTWARE\`, `HKLM\SOFTWARE\WOW6432Node\`} }

// symantecDay reads the day of the signatures where Symantec Endpoint Protection puts it
// for others to read; empty if it is not there, which leaves the signatures unknown.
func symantecDay(ctx context.Context, h *host.Host) string {
	for _, root := range softwareRoots() {
		v, err := h.Registry.Value(ctx, root+`Symantec\Symantec Endpoint Protection\CurrentVersion\public-opstate`, "LatestVirusDefsDate")
		if err == nil {
			return isoDay(v.String)
		}
	}
	return ""
}

// kasperskyState reads what Kaspersky's network agent puts into the registry for others
// to read: the state of the real-time protection, the dates of signatures and last scan.
func kasperskyState(ctx context.Context, h *host.Host, p *product) {
	for _, root := range softwareRoots() {
		key := root + `KasperskyLab\Components\34\1103\1.0.0.0\Statistics\AVState`
		state, err := h.Registry.Value(ctx, key, "Protection_RtpState")
		if err != nil {
			continue
		}
		switch {
		case state.Integer >= 4 && state.Integer <= 8: // enabled, at some level
			p.RealTime = stateOn
		case state.Integer == 1 || state.Integer == 2 || state.Integer == 9: // disabled, paused, failed
			p.RealTime = stateOff
		}
		if v, err := h.Registry.Value(ctx, key, "Protection_BasesDate"); err == nil {
			p.SignatureDay = dottedDay(v.String)
		}
		if v, err := h.Registry.Value(ctx, key, "Protection_LastFscan"); err == nil {
			p.ScanDay = dottedDay(v.String)
		}
		return
	}
}

// isoDay takes YYYY-MM-DD, and what may follow; empty for anything else.
func isoDay(s string) string {
	s = s[:min(len(s), len(dayFormat))]
	if _, ok := parseDay(s); !ok {
		return ""
	}
	return s
}

// dottedDay takes DD-MM-YYYY, and what may follow; empty for anything else.
func dottedDay(s string) string {
	if len(s) < 10 {
		return ""
	}
	return isoDay(s[6:10] + "-" + s[3:5] + "-" + s[:2])
}
