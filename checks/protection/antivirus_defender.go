package protection

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// Where Microsoft Defender tells of itself.
const (
	namespaceDefender = `root\Microsoft\Windows\Defender`
	classStatus       = "MSFT_MpComputerStatus"
	classPreference   = "MSFT_MpPreference"
	classThreat       = "MSFT_MpThreat"
	serviceDefender   = "WinDefend"
	nameDefender      = "Microsoft Defender"

	keyDefender       = `HKLM\SOFTWARE\Microsoft\Windows Defender`
	keyDefenderPolicy = `HKLM\SOFTWARE\Policies\Microsoft\Windows Defender`
	// Where a device manager such as Intune puts its settings: as they came, and for
	// Defender to read.
	keyDefenderMDM    = `HKLM\SOFTWARE\Microsoft\PolicyManager\current\device\Defender`
	keyDefenderDevice = keyDefenderPolicy + `\Policy Manager`
)

// observeDefender asks Defender for its state, and the registry where it does not
// answer, which it does not when it is switched off; nil where it is not installed.
func observeDefender(ctx context.Context, look *checks.Look, services []host.Service) *product {
	running := slices.IndexFunc(services, func(s host.Service) bool { return strings.EqualFold(s.Name, serviceDefender) })
	stopped := running >= 0 && services[running].State != "running"
	instances, err := look.Host.Management.Instances(ctx, namespaceDefender, classStatus,
		"AMProductVersion", "AMServiceEnabled", "AntivirusEnabled", "RealTimeProtectionEnabled", "OnAccessProtectionEnabled", "AMRunningMode",
		"AntivirusSignatureLastUpdated", "QuickScanEndTime", "FullScanEndTime")
	switch {
	case err == nil && len(instances) > 0:
		p := defenderStatus(instances[0])
		return &p
	case stopped:
		return &product{ID: idDefender, Name: nameDefender, From: "service", State: stateOff}
	case running >= 0:
		if p := defenderRegistry(ctx, look.Host); p != nil {
			return p
		}
		look.Note("WMI "+namespaceDefender+":"+classStatus, "unreadable")
	case services == nil && err != nil:
		look.Miss("WMI "+namespaceDefender+":"+classStatus, err)
	}
	return nil
}

// defenderStatus reads an instance of MSFT_MpComputerStatus.
func defenderStatus(in host.Instance) product {
	p := product{ID: idDefender, Name: nameDefender, From: "defender", Version: in["AMProductVersion"], State: stateOff, RealTime: stateOff}
	if in["AntivirusEnabled"] == "true" && in["AMServiceEnabled"] != "false" {
		p.State = stateOn
	}
	if in["RealTimeProtectionEnabled"] == "true" && in["OnAccessProtectionEnabled"] != "false" { // one without the other lets files be opened unseen
		p.RealTime = stateOn
	}
	switch mode := in["AMRunningMode"]; {
	case mode == "" || mode == "Normal": // older versions have no mode
	case strings.Contains(mode, "Passive") || strings.Contains(mode, "EDR Block"):
		p.State, p.RealTime = statePassive, ""
	default: // "Not running"
		p.State = stateOff
	}
	if t, err := dmtfTime(in["AntivirusSignatureLastUpdated"]); err == nil && t.Year() > 1601 {
		p.SignatureDay = dayOf(t)
	}
	p.ScanDay = never
	for _, name := range []string{"QuickScanEndTime", "FullScanEndTime"} {
		if t, err := dmtfTime(in[name]); err == nil && t.Year() > 1601 {
			if day := dayOf(t); p.ScanDay == never || day > p.ScanDay {
				p.ScanDay = day
			}
		}
	}
	return p
}

// defenderRegistry is what the registry says of a Defender whose service runs and whose
// status is not to be had; nil when that is unreadable too.
func defenderRegistry(ctx context.Context, h *host.Host) *product {
	p := product{ID: idDefender, Name: nameDefender, From: "registry", State: stateOn, RealTime: stateOn}
	for _, s := range []struct {
		key, name string
		apply     func()
	}{
		{keyDefender, "PassiveMode", func() { p.State, p.RealTime = statePassive, "" }},
		{keyDefender + `\Real-Time Protection`, "DisableRealtimeMonitoring", func() { p.RealTime = stateOff }},
		{keyDefenderPolicy + `\Real-Time Protection`, "DisableRealtimeMonitoring", func() { p.RealTime = stateOff }},
		{keyDefenderPolicy, "DisableAntiVirus", func() { p.State = stateOff }},
		{keyDefenderPolicy, "DisableAntiSpyware", func() { p.State = stateOff }},
	} {
		v, err := h.Registry.Value(ctx, s.key, s.name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil
		case v.Integer != 0:
			s.apply()
		}
	}
	v, err := h.Registry.Value(ctx, keyDefender+`\Signature Updates`, "AVSignatureApplied")
	if err == nil {
		if t, err := filetime(v.Binary); err == nil {
			p.SignatureDay = dayOf(t)
		}
	}
	return &p
}

// mergeDefender joins what the Security Center says of Defender with what Defender says
// itself, which knows more. That the Security Center holds it to be off counts where
// Defender could only be judged by the registry.
func mergeDefender(center, own product) product {
	if own.From == "registry" && own.State == stateOn && center.State != stateOn {
		own.State = center.State
	}
	if own.SignatureDay == "" {
		own.Signatures = center.Signatures
	}
	return own
}

// defenderExclusions lists what Defender does not look at, by whatever setting: as it
// says itself, or as the registry does where it says nothing. What a device manager set
// is read in any case.
func defenderExclusions(ctx context.Context, look *checks.Look) []exclusion {
	out := managedExclusions(ctx, look)
	instances, err := look.Host.Management.Instances(ctx, namespaceDefender, classPreference,
		"ExclusionPath", "ExclusionExtension", "ExclusionProcess")
	if err == nil && len(instances) > 0 {
		if own, all := preferredExclusions(instances[0]); all {
			return append(out, own...)
		}
	}
	for _, key := range []string{keyDefender, keyDefenderPolicy} {
		for _, k := range []struct{ key, kind string }{
			{`\Exclusions\Paths`, excludedPath}, {`\Exclusions\Extensions`, excludedExtension}, {`\Exclusions\Processes`, excludedProcess},
		} {
			names, err := look.Host.Registry.ValueNames(ctx, key+k.key)
			if err != nil {
				look.Miss(key+k.key, err)
			}
			for _, what := range names {
				out = append(out, exclusion{k.kind, what})
			}
		}
	}
	return out
}

// managedExclusions lists what a device manager excludes: texts with a bar between their
// parts. Source: Defender configuration service provider (Policy CSP).
func managedExclusions(ctx context.Context, look *checks.Look) []exclusion {
	var out []exclusion
	for _, key := range []string{keyDefenderDevice, keyDefenderMDM} {
		for _, k := range []struct{ name, kind string }{
			{"ExcludedPaths", excludedPath}, {"ExcludedExtensions", excludedExtension}, {"ExcludedProcesses", excludedProcess},
		} {
			v, err := look.Host.Registry.Value(ctx, key, k.name)
			if err != nil {
				look.Miss(key+`\`+k.name, err)
				continue
			}
			for what := range strings.SplitSeq(v.String, "|") {
				if what = strings.TrimSpace(what); what != "" {
					out = append(out, exclusion{k.kind, what})
				}
			}
		}
	}
	return out
}

// preferredExclusions reads an instance of MSFT_MpPreference. all is false when Defender
// does not show them: then each list says so, beginning with "N/A:".
func preferredExclusions(in host.Instance) (out []exclusion, all bool) {
	all = true
	for property, kind := range map[string]string{"ExclusionPath": excludedPath, "ExclusionExtension": excludedExtension, "ExclusionProcess": excludedProcess} {
		for what := range strings.SplitSeq(in[property], "\n") {
			switch {
			case what == "":
			case strings.HasPrefix(what, "N/A:"):
				all = false
			default:
				out = append(out, exclusion{kind, what})
			}
		}
	}
	return out, all
}

// maxThreats bounds those kept as facts.
const maxThreats = 32

// defenderThreats lists what Defender found and what is still there, sorted.
func defenderThreats(ctx context.Context, look *checks.Look) []threat {
	instances, err := look.Host.Management.Instances(ctx, namespaceDefender, classThreat, "ThreatID", "ThreatName", "IsActive")
	if err != nil {
		look.Miss("WMI "+namespaceDefender+":"+classThreat, err)
		return nil
	}
	var out []threat
	for _, in := range instances {
		if in["IsActive"] == "true" {
			out = append(out, threat{in["ThreatID"], in["ThreatName"]})
		}
	}
	slices.SortFunc(out, func(a, b threat) int { return strings.Compare(a.ID, b.ID) })
	return out[:min(len(out), maxThreats)]
}
