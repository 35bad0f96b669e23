package protection

import (
	"context"
	"encoding/xml"
	"regexp"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/format/conf"
)

// configuredFirewall is a firewall that starts with the machine.
type configuredFirewall struct {
	Tool string `json:"tool"` // ufw, firewalld, nftables, iptables
	// Inbound is what becomes of what nobody named: drop, accept; empty: not understood.
	Inbound string `json:"inbound,omitempty"`
	// Inbound6 is the same for IPv6, where the tool tells them apart.
	Inbound6 string `json:"inbound6,omitempty"`
}

const (
	inboundDrop   = "drop"
	inboundAccept = "accept"

	maxFirewallFile = 1 << 20
	unitFolder      = "/etc/systemd/system/"
)

// configuredFirewalls reads which firewalls start with the machine, and their answer to
// what nobody named.
func configuredFirewalls(ctx context.Context, look *checks.Look) []configuredFirewall {
	units := enabledUnits(ctx, look)
	starts := func(name string) bool { return slices.Contains(units, name) }
	var out []configuredFirewall
	if b := look.File(ctx, "/etc/ufw/ufw.conf", maxFirewallFile); b != nil && shellValue(b, "ENABLED") == "yes" && starts("ufw") {
		defaults := look.File(ctx, "/etc/default/ufw", maxFirewallFile)
		c := configuredFirewall{Tool: "ufw", Inbound: policyWord(shellValue(defaults, "DEFAULT_INPUT_POLICY"))}
		c.Inbound6 = c.Inbound
		if shellValue(defaults, "IPV6") == "no" {
			c.Inbound6 = inboundDrop // ufw(8): only the loopback interface is left then
		}
		out = append(out, c)
	}
	if starts("firewalld") {
		out = append(out, firewalldDefault(ctx, look))
	}
	if starts("nftables") {
		for _, path := range []string{"/etc/nftables.conf", "/etc/sysconfig/nftables.conf"} {
			if b := look.File(ctx, path, maxFirewallFile); b != nil {
				policy := nftPolicy(string(b))
				out = append(out, configuredFirewall{Tool: "nftables", Inbound: policy, Inbound6: policy})
				break
			}
		}
	}
	if starts("netfilter-persistent") || starts("iptables") {
		c := configuredFirewall{Tool: "iptables"}
		for _, path := range []string{"/etc/iptables/rules.v4", "/etc/sysconfig/iptables"} {
			if b := look.File(ctx, path, maxFirewallFile); b != nil {
				c.Inbound = savedPolicy(string(b))
			}
		}
		for _, path := range []string{"/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables"} {
			if b := look.File(ctx, path, maxFirewallFile); b != nil {
				c.Inbound6 = savedPolicy(string(b))
			}
		}
		out = append(out, c)
	}
	return out
}

// enabledUnits lists the services that start with the machine. Their links matter and
// not what these lead to, which may be on another disk.
func enabledUnits(ctx context.Context, look *checks.Look) []string {
	var out []string
	for _, target := range []string{"basic", "multi-user", "network-pre", "sysinit"} {
		folder := unitFolder + target + ".target.wants"
		entries, err := look.Host.Files.ReadDir(ctx, folder)
		if err != nil {
			look.Miss(folder, err)
			continue
		}
		for _, e := range entries {
			if name, ok := strings.CutSuffix(e.Name, ".service"); ok {
				out = append(out, name)
			}
		}
	}
	return out
}

// shellValue is the last value given to a variable in a file of NAME=value lines.
func shellValue(b []byte, name string) string {
	value := ""
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			value = strings.Trim(rest, `"'`)
		}
	}
	return value
}

func policyWord(word string) string {
	switch strings.ToUpper(word) {
	case "DROP", "REJECT":
		return inboundDrop
	case "ACCEPT":
		return inboundAccept
	}
	return ""
}

// firewalldDefault reads the target of the zone that counts where no other does.
func firewalldDefault(ctx context.Context, look *checks.Look) configuredFirewall {
	out := configuredFirewall{Tool: "firewalld"}
	zone := "public"
	if b := look.File(ctx, "/etc/firewalld/firewalld.conf", maxFirewallFile); b != nil {
		values, err := conf.ParseKeyValue(b)
		if v, ok := values.Get("DefaultZone"); err == nil && ok {
			zone = v
		}
	}
	if !plainName(zone) {
		return out
	}
	for _, folder := range []string{"/etc/firewalld/zones/", "/usr/lib/firewalld/zones/"} {
		b := look.File(ctx, folder+zone+".xml", maxFirewallFile)
		if b == nil {
			continue
		}
		var settings struct {
			Target string `xml:"target,attr"`
		}
		if err := xml.Unmarshal(b, &settings); err != nil {
			look.Note(folder+zone+".xml", "unreadable")
			return out
		}
		out.Inbound = inboundDrop // a zone rejects what it does not name
		if settings.Target == "ACCEPT" {
			out.Inbound = inboundAccept
		}
		out.Inbound6 = out.Inbound
		return out
	}
	return out
}

// plainName tells whether a name of a configuration file may be made into a path.
func plainName(name string) bool {
	return name != "" && !strings.ContainsAny(name, "/\\\x00") && name != "." && name != ".."
}

// nftPolicy finds the policy of the chains at the input hook in a script of nft. It is
// not an interpreter: where there are several, the answer is drop only if all say so.
func nftPolicy(script string) string {
	script = regexp.MustCompile(`(?m)#.*$`).ReplaceAllString(script, "")
	hook := regexp.MustCompile(`type\s+filter\s+hook\s+input\b[^;{}]*;?\s*(?:policy\s+(\w+))?`)
	answer := ""
	for _, m := range hook.FindAllStringSubmatch(script, -1) {
		if m[1] != "drop" {
			return inboundAccept
		}
		answer = inboundDrop
	}
	return answer
}

// savedPolicy finds the policy of the chain INPUT in what iptables-save wrote.
func savedPolicy(text string) string {
	filter := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "*") {
			filter = line == "*filter"
		}
		if fields := strings.Fields(line); filter && len(fields) >= 2 && fields[0] == ":INPUT" {
			return policyWord(fields[1])
		}
	}
	return ""
}

// configured judges a machine whose kernel cannot be asked; mounted tells that it is not
// running.
func (j *judged) configured(list []configuredFirewall, mounted bool) {
	for _, c := range list {
		key, tool := "configured/"+c.Tool, c.Tool
		switch {
		case c.Inbound == inboundAccept:
			j.add(key, checks.Fail, "firewall.configured_open", "tool", tool, "family", "ip")
		case c.Inbound6 == inboundAccept:
			j.add(key, checks.Fail, "firewall.configured_open", "tool", tool, "family", "ip6")
		case c.Inbound == inboundDrop && c.Inbound6 == inboundDrop:
			j.add(key, checks.Pass, "firewall.configured", "tool", tool)
		default:
			j.add(key, checks.Unknown, "firewall.configured_unclear", "tool", tool)
		}
	}
	if len(list) == 0 && mounted {
		j.add("configured", checks.Unknown, "firewall.nothing_configured")
	}
}
