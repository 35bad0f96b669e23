package protection

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// firewall is SYS-FW: the machine's own firewall is on for every network and closes
// what nobody asked to be open.
func firewall() checks.Check {
	return checks.New(checks.Info{ID: "protection.firewall", Covers: firewallCovers(), Messages: firewallMessages()},
		firewallParams{Exposed: exposedPorts()},
		checks.On[firewallFacts]{
			host.Windows: observeFirewallRegistry,
			host.Linux:   observeFirewallKernel,
		}, judgeFirewall)
}

// firewallParams says which ports may be open to everybody. A port is "tcp/22".
type firewallParams struct {
	// Allowed lists the ports that may be open; empty means that there is no such list,
	// and that only Exposed is looked for.
	Allowed []string `json:"allowed,omitempty"`
	// Exposed lists the ports that should never be open to every network, even where the
	// firewall is in order otherwise.
	Exposed []string `json:"exposed"`
}

// exposedPorts are services that were not made to face strangers: files, databases,
// remote screens without a gateway, and what sends passwords as they are.
func exposedPorts() []string {
	return []string{"tcp/21", "tcp/23", "tcp/111", "tcp/135", "tcp/139", "tcp/445", "tcp/873", "tcp/1433", "tcp/1521", "tcp/2049",
		"tcp/3306", "tcp/3389", "tcp/5432", "tcp/5900", "tcp/5985", "tcp/6379", "tcp/9200", "tcp/11211", "tcp/27017",
		"udp/111", "udp/137", "udp/138", "udp/161", "udp/1434"}
}

// Validate implements checks.Validator.
func (p *firewallParams) Validate() error {
	const maxPorts = 1000
	if len(p.Allowed) > maxPorts || len(p.Exposed) > maxPorts {
		return errors.New("too many ports")
	}
	port := regexp.MustCompile(`^(tcp|udp)/([1-9][0-9]{0,4}|dynamic)$`)
	for _, s := range slices.Concat(p.Allowed, p.Exposed) {
		if !port.MatchString(s) {
			return fmt.Errorf("%q: want a port such as tcp/22", s)
		}
	}
	return nil
}

// firewallFacts is the evidence of protection.firewall.
type firewallFacts struct {
	// Profiles of the firewall of Windows, one for each kind of network.
	Profiles []firewallProfile `json:"profiles,omitempty"`
	// Service is the state of the firewall's own service on Windows: running, stopped,
	// disabled or missing; empty if it could not be read.
	Service string `json:"service,omitempty"`
	// Others are firewalls of others that registered with the Windows Security Center.
	Others []product `json:"others,omitempty"`
	// Wide are the rules that let in everything from everybody, sorted.
	Wide []wideRule `json:"wide,omitempty"`

	// Filtered tells that the rules of the Linux kernel were read: Chains are those that
	// meet what comes in.
	Filtered bool          `json:"filtered,omitempty"`
	Chains   []filterChain `json:"chains,omitempty"`
	// Legacy tells that the older iptables has rules too, which are not read.
	Legacy bool `json:"legacy,omitempty"`
	// NoIPv6 tells that the machine speaks no IPv6.
	NoIPv6 bool `json:"no_ipv6,omitempty"`
	// Configured is what firewalls are set up to do from the next start on. It is read
	// only where the kernel cannot be asked.
	Configured []configuredFirewall `json:"configured,omitempty"`

	// Open are the listening ports that any network reaches, sorted; of Windows those on
	// a public network. Ports that the system hands out are "tcp/dynamic".
	Open []openPort `json:"open,omitempty"`
	// OpenMore counts those left out.
	OpenMore int             `json:"open_more,omitempty"`
	Unread   []checks.Unread `json:"unread,omitempty"`
}

// openPort is a port that is open, and who listens.
type openPort struct {
	Port    string `json:"port"`
	Program string `json:"program,omitempty"`
}

// Limits of the evidence.
const (
	maxOpenPorts = 200
	maxWideRules = 50
	maxChains    = 50
)

// sortedPorts sorts, drops what is said twice and cuts the list.
func sortedPorts(in []openPort) (kept []openPort, more int) {
	slices.SortFunc(in, func(a, b openPort) int {
		if c := strings.Compare(a.Port, b.Port); c != 0 {
			return c
		}
		return strings.Compare(a.Program, b.Program)
	})
	in = slices.Compact(in)
	n := min(len(in), maxOpenPorts)
	return in[:n], len(in) - n
}

// portOf names the port of a listener. Those from the range that the system hands out,
// which starts at dynamic, differ from run to run.
func portOf(l host.Listener, dynamic int) string {
	if l.Port >= dynamic {
		return l.Protocol + "/dynamic"
	}
	return fmt.Sprintf("%s/%d", l.Protocol, l.Port)
}

// noKernel tells of what could not be read because the machine is not running.
func noKernel(u checks.Unread) bool { return u.Source == sourceFilter && u.Why == "unsupported" }

func judgeFirewall(seen firewallFacts, p firewallParams, _ time.Time) checks.Verdict {
	var j judged
	switch {
	case len(seen.Profiles) > 0 || seen.Service != "":
		j.windowsFirewall(seen)
	case seen.Filtered:
		j.filter(seen)
	default:
		j.configured(seen.Configured, slices.ContainsFunc(seen.Unread, noKernel))
	}
	for _, u := range seen.Unread {
		if !noKernel(u) {
			j.add("unread/"+u.Source, checks.Unknown, "firewall.unread", "source", u.Source, "why", u.Why)
		}
	}
	for _, open := range seen.Open {
		switch {
		case slices.Contains(p.Exposed, open.Port) && !slices.Contains(p.Allowed, open.Port):
			j.add("port/"+open.Port, checks.Warn, "firewall.exposed", "port", open.Port, "program", open.Program)
		case len(p.Allowed) > 0 && !slices.Contains(p.Allowed, open.Port):
			j.add("port/"+open.Port, checks.Warn, "firewall.not_allowed", "port", open.Port, "program", open.Program)
		}
	}
	if seen.OpenMore > 0 && len(p.Allowed) > 0 {
		j.add("ports", checks.Unknown, "firewall.too_many_ports")
	}
	return j.verdict("firewall.closed", "firewall.several", "firewall.several_warn", "firewall.several_unknown")
}
