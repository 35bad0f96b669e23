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

// Where the firewall of Windows keeps its settings. Source: MS-GPFAS 2.2.
const (
	keyFirewall       = `HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy`
	keyFirewallPolicy = `HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall`
	keyFirewallMDM    = keyFirewall + `\Mdm`
	serviceFirewall   = "MpsSvc"
	keyServices       = `HKLM\SYSTEM\CurrentControlSet\Services\`

	classFirewall = "FirewallProduct"
	sourceCenter  = "WMI " + namespaceCenter + ":" + classFirewall

	profileDomain  = "domain"
	profilePrivate = "private"
	profilePublic  = "public"

	// dynamicWindows is where the ports begin that Windows hands out by itself.
	dynamicWindows = 49152
	// maxRules bounds the rules of one store that are read.
	maxRules = 20_000
)

// firewallProfile is how the firewall treats one kind of network.
type firewallProfile struct {
	Name string `json:"name"` // domain, private, public
	// Enabled: 1 on, 0 off; nil where nothing says it, which no Windows is delivered with.
	Enabled *firewallSetting `json:"enabled,omitempty"`
	// Inbound: 0 lets in what no rule names, 1 blocks it; nil counts as 1.
	Inbound *firewallSetting `json:"inbound,omitempty"`
	// Shielded: rules that let in are ignored.
	Shielded bool `json:"shielded,omitempty"`
	// Excluded are the connections that the firewall leaves alone on that kind of
	// network, by the name that their window shows, sorted.
	Excluded []string `json:"excluded,omitempty"`
	// LocalRules is false where a policy ignores the rules made on this machine.
	LocalRules bool            `json:"local_rules"`
	Unread     []checks.Unread `json:"unread,omitempty"`
}

// firewallSetting is a value and who decides it: group_policy, device_policy or local.
type firewallSetting struct {
	Value int64  `json:"value"`
	From  string `json:"from"`
}

// wideRule is a rule that lets in everything.
type wideRule struct {
	// ID is the name of the registry value, Name what the window of the firewall shows.
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	From string `json:"from"`
	// Near tells that it does so for the local network only.
	Near bool `json:"near,omitempty"`
}

// store is one place where settings of a profile are, in the order in which they count.
type store struct {
	from string
	keys map[string][]string // by profile
}

func firewallStores() []store {
	return []store{
		{"group_policy", map[string][]string{
			profileDomain:  {keyFirewallPolicy + `\DomainProfile`},
			profilePrivate: {keyFirewallPolicy + `\PrivateProfile`, keyFirewallPolicy + `\StandardProfile`},
			profilePublic:  {keyFirewallPolicy + `\PublicProfile`},
		}},
		{"device_policy", map[string][]string{
			profileDomain:  {keyFirewallMDM + `\DomainProfile`},
			profilePrivate: {keyFirewallMDM + `\StandardProfile`, keyFirewallMDM + `\PrivateProfile`},
			profilePublic:  {keyFirewallMDM + `\PublicProfile`},
		}},
		{"local", map[string][]string{
			profileDomain:  {keyFirewall + `\DomainProfile`},
			profilePrivate: {keyFirewall + `\StandardProfile`},
			profilePublic:  {keyFirewall + `\PublicProfile`},
		}},
	}
}

// observeFirewallRegistry reads the profiles and rules of the firewall of Windows, its
// service, and who else says to be one.
func observeFirewallRegistry(ctx context.Context, h *host.Host) (firewallFacts, error) {
	look := checks.Look{Host: h}
	var seen firewallFacts
	for _, name := range []string{profileDomain, profilePrivate, profilePublic} {
		seen.Profiles = append(seen.Profiles, readProfile(ctx, h, name))
	}
	seen.Service = firewallServiceState(ctx, &look)
	seen.Others = otherFirewalls(ctx, &look)
	rules := readRules(ctx, &look)
	seen.Wide = wideRules(rules, seen.Profiles)
	listeners, err := h.Network.Listeners(ctx)
	if err != nil {
		look.Need("GetExtendedTcpTable", err)
	}
	public := seen.Profiles[2]
	if public.Enabled != nil && public.Enabled.Value == 1 && !public.Shielded {
		var open []openPort
		for _, l := range listeners {
			if !local(l.Address) && slices.ContainsFunc(rules, func(r storedRule) bool {
				return r.counts(public) && r.opens(l)
			}) {
				open = append(open, openPort{portOf(l, dynamicWindows), l.Program})
			}
		}
		seen.Open, seen.OpenMore = sortedPorts(open)
	}
	seen.Unread = look.Unread
	return seen, nil
}

// readProfile reads what takes effect for one kind of network.
func readProfile(ctx context.Context, h *host.Host, name string) firewallProfile {
	look := checks.Look{Host: h}
	p := firewallProfile{Name: name, LocalRules: true}
	p.Enabled = effective(ctx, &look, name, "EnableFirewall")
	p.Inbound = effective(ctx, &look, name, "DefaultInboundAction")
	if s := effective(ctx, &look, name, "DoNotAllowExceptions"); s != nil {
		p.Shielded = s.Value == 1
	}
	if s := effective(ctx, &look, name, "AllowLocalPolicyMerge"); s != nil {
		p.LocalRules = s.Value != 0 || s.From == "local"
	}
	p.Excluded = excludedConnections(ctx, &look, name)
	p.Unread = look.Unread
	return p
}

// excludedConnections names the connections that any store takes out of a profile. One
// that the machine has no more is left out.
func excludedConnections(ctx context.Context, look *checks.Look, profile string) []string {
	const (
		value          = "DisabledInterfaces"
		keyConnections = `HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}\`
		maxText        = 16 << 10
	)
	var out []string
	for _, s := range firewallStores() {
		for _, key := range s.keys[profile] {
			v, err := look.Host.Registry.Value(ctx, key, value)
			if err != nil {
				look.Miss(key+`\`+value, err)
				continue
			}
			text := v.String + strings.Join(v.Strings, "")
			if len(text) > maxText {
				look.Note(key+`\`+value, "too_big")
				continue
			}
			for part := range strings.SplitSeq(text, "{") { // {GUID},{GUID}
				id, _, ok := strings.Cut(part, "}")
				if !ok {
					continue
				}
				id = "{" + id + "}"
				name, err := look.Host.Registry.Value(ctx, keyConnections+id+`\Connection`, "Name")
				switch {
				case errors.Is(err, fs.ErrNotExist):
				case err != nil || name.String == "":
					out = append(out, id)
				default:
					out = append(out, name.String)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// effective is the value of the first store that has one. A store that could not be read
// ends the search: it may have decided.
func effective(ctx context.Context, look *checks.Look, profile, value string) *firewallSetting {
	for _, s := range firewallStores() {
		for _, key := range s.keys[profile] {
			v, err := look.Host.Registry.Value(ctx, key, value)
			switch {
			case err != nil:
				if !look.Miss(key+`\`+value, err) {
					return nil
				}
			case v.Kind != host.RegistryInteger || v.Integer > 1:
				look.Note(key+`\`+value, "unreadable")
				return nil
			default:
				return &firewallSetting{int64(v.Integer), s.from}
			}
		}
	}
	return nil
}

// firewallServiceState asks the service manager and, if it does not answer, the
// registry, which tells at least whether the service may start.
func firewallServiceState(ctx context.Context, look *checks.Look) string {
	services, err := look.Host.Running.Services(ctx)
	if err == nil {
		i := slices.IndexFunc(services, func(s host.Service) bool { return strings.EqualFold(s.Name, serviceFirewall) })
		switch {
		case i < 0:
			return "missing"
		case services[i].State == "running":
			return "running"
		case services[i].Start == "disabled":
			return "disabled"
		}
		return "stopped"
	}
	const disabled = 4 // SERVICE_DISABLED
	v, verr := look.Host.Registry.Value(ctx, keyServices+serviceFirewall, "Start")
	if verr == nil && v.Kind == host.RegistryInteger && v.Integer == disabled {
		return "disabled"
	}
	look.Need("EnumServicesStatus", err)
	return ""
}

// otherFirewalls lists the firewalls that registered with the Windows Security Center,
// which servers do not have.
func otherFirewalls(ctx context.Context, look *checks.Look) []product {
	instances, err := look.Host.Management.Instances(ctx, namespaceCenter, classFirewall, "displayName", "instanceGuid", "productState", "pathToSignedReportingExe")
	if err != nil {
		look.Miss(sourceCenter, err)
		return nil
	}
	// Services that are not told are noted where the firewall's own is looked for.
	services, err := look.Host.Running.Services(ctx)
	if err == nil && centerStopped(services) && len(instances) > 0 {
		look.Note(sourceCenter, "unreadable")
		return nil
	}
	var out []product
	for _, in := range instances {
		bits, err := strconv.ParseUint(in["productState"], 10, 32)
		if err != nil {
			look.Note(sourceCenter, "unreadable")
			continue
		}
		p := product{ID: strings.ToUpper(in["instanceGuid"]), Name: in["displayName"], From: "security_center"}
		if p.State, _ = productState(uint32(bits)); p.State == stateOn {
			registeredProgram(ctx, look, services, in["pathToSignedReportingExe"], &p)
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b product) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// storedRule is a rule and where it is from.
type storedRule struct {
	rule
	id, from string
}

// counts tells whether the rule is heeded on a kind of network.
func (r storedRule) counts(p firewallProfile) bool {
	return r.applies(p.Name) && (r.from != "local" || p.LocalRules)
}

// readRules reads the rules of all stores. One that is no rule is passed over, as the
// firewall itself does.
func readRules(ctx context.Context, look *checks.Look) []storedRule {
	var out []storedRule
	for _, s := range []struct {
		from, key string
		needed    bool
	}{
		{"group_policy", keyFirewallPolicy + `\FirewallRules`, false},
		{"device_policy", keyFirewallMDM + `\FirewallRules`, false},
		{"local", keyFirewall + `\FirewallRules`, true},
	} {
		names, err := look.Host.Registry.ValueNames(ctx, s.key)
		if err != nil {
			if s.needed {
				look.Need(s.key, err)
			} else {
				look.Miss(s.key, err)
			}
			continue
		}
		if len(names) > maxRules {
			look.Note(s.key, "too_big")
			names = names[:maxRules]
		}
		for _, name := range names {
			v, err := look.Host.Registry.Value(ctx, s.key, name)
			if err != nil {
				if !look.Miss(s.key, err) {
					break // named once: a refused key refuses all
				}
				continue
			}
			if r, err := parseRule(v.String); err == nil && r.lets() {
				out = append(out, storedRule{r, name, s.from})
			}
		}
	}
	return out
}

// wideRules are those that let in everything on a network whose firewall is on.
func wideRules(rules []storedRule, profiles []firewallProfile) []wideRule {
	const maxName = 100
	var out []wideRule
	for _, r := range rules {
		if len(out) < maxWideRules && r.wide() && slices.ContainsFunc(profiles, func(p firewallProfile) bool {
			return !p.Shielded && r.counts(p)
		}) {
			name := []rune(r.name)
			out = append(out, wideRule{ID: r.id, Name: string(name[:min(len(name), maxName)]), From: r.from, Near: r.near})
		}
	}
	return out
}

// windowsFirewall judges the firewall of Windows.
func (j *judged) windowsFirewall(seen firewallFacts) {
	for _, p := range seen.Others {
		if p.State == stateOn {
			// Whether it closes what nobody named, Windows does not know.
			j.add("product/"+p.ID, checks.Warn, "firewall.other", "product", p.Name)
			return
		}
	}
	switch seen.Service {
	case "", "running":
	default:
		j.add("service", checks.Fail, "firewall."+seen.Service)
	}
	for _, p := range seen.Profiles {
		key := "profile/" + p.Name
		switch {
		case p.Enabled != nil && p.Enabled.Value == 0:
			j.add(key, checks.Fail, "firewall.profile_off", "network", p.Name, "from", p.Enabled.From)
		case len(p.Excluded) > 0:
			j.add(key, checks.Fail, "firewall.profile_excludes", "network", p.Name, "connections", strings.Join(p.Excluded, ", "))
		case p.Inbound != nil && p.Inbound.Value == 0 && !p.Shielded:
			j.add(key, checks.Fail, "firewall.profile_open", "network", p.Name, "from", p.Inbound.From)
		case len(p.Unread) > 0:
			j.add(key, checks.Unknown, "firewall.unread", "source", p.Unread[0].Source, "why", p.Unread[0].Why)
		case p.Enabled == nil:
			j.add(key, checks.Unknown, "firewall.profile_unset", "network", p.Name)
		default:
			j.add(key, checks.Pass, "firewall.profile_on", "network", p.Name, "from", p.Enabled.From)
		}
	}
	for _, r := range seen.Wide {
		if r.Near {
			j.add("rule/"+r.ID, checks.Warn, "firewall.rule_near", "rule", r.Name, "from", r.From)
			continue
		}
		j.add("rule/"+r.ID, checks.Fail, "firewall.rule_wide", "rule", r.Name, "from", r.From)
	}
}
