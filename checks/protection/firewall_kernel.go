package protection

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// sourceFilter names the rules of the kernel in what could not be read.
const sourceFilter = "nftables"

// filterChain is host.FilterChain without what changes by itself, such as the number of
// rules where a program blocks attackers one by one.
type filterChain struct {
	Family      string   `json:"family"`
	Table       string   `json:"table"`
	Name        string   `json:"name"`
	Drops       bool     `json:"drops"`
	AcceptsAll  bool     `json:"accepts_all,omitempty"`
	AcceptsFrom []string `json:"accepts_from,omitempty"`
	AcceptsNear []string `json:"accepts_near,omitempty"`
}

func (c filterChain) title() string { return c.Family + " " + c.Table + " " + c.Name }

// sees tells whether packets of a family, ip or ip6, meet the chain.
func (c filterChain) sees(family string) bool { return c.Family == "inet" || c.Family == family }

// observeFirewallKernel asks the kernel for its rules and, where there is no kernel to
// ask, reads what is configured.
func observeFirewallKernel(ctx context.Context, h *host.Host) (firewallFacts, error) {
	look := checks.Look{Host: h}
	var seen firewallFacts
	filter, err := h.Network.PacketFilter(ctx)
	if err != nil {
		look.Need(sourceFilter, err)
		if why := look.Unread[len(look.Unread)-1].Why; why == "unsupported" {
			seen.Configured = configuredFirewalls(ctx, &look)
		}
		seen.Unread = look.Unread
		return seen, nil
	}
	seen.Filtered, seen.Legacy = true, filter.Legacy
	for _, c := range filter.Chains {
		if len(seen.Chains) == maxChains {
			look.Note(sourceFilter, "too_big")
			break
		}
		seen.Chains = append(seen.Chains, filterChain{c.Family, c.Table, c.Name, c.Drops, c.AcceptsAll, c.AcceptsFrom, c.AcceptsNear})
	}
	seen.NoIPv6 = noIPv6(ctx, &look)
	listeners, err := h.Network.Listeners(ctx)
	if err != nil {
		look.Need("/proc/net/tcp", err)
	}
	dynamic := dynamicPorts(ctx, &look)
	var open []openPort
	for _, l := range listeners {
		through := l.Program == publisher || slices.Contains(filter.Open, l.Protocol+"/"+strconv.Itoa(l.Port))
		if through && !local(l.Address) {
			open = append(open, openPort{portOf(l, dynamic), l.Program})
		}
	}
	seen.Open, seen.OpenMore = sortedPorts(open)
	seen.Unread = look.Unread
	return seen, nil
}

// publisher listens for the containers of Docker. Packets to its ports are led past the
// input chains, straight to the container, so that a firewall of the machine such as ufw
// does not close them.
const publisher = "docker-proxy"

// local tells whether only the machine itself reaches an address.
func local(address string) bool { return strings.HasPrefix(address, "127.") || address == "::1" }

// noIPv6 tells whether the kernel speaks no IPv6 on any interface.
func noIPv6(ctx context.Context, look *checks.Look) bool {
	const root = "/proc/sys/net/ipv6"
	if _, err := look.Host.Files.Stat(ctx, root); err != nil {
		return look.Miss(root, err)
	}
	b := look.File(ctx, root+"/conf/all/disable_ipv6", 100)
	return strings.TrimSpace(string(b)) == "1"
}

// dynamicPorts is where the ports begin that the kernel hands out by itself.
func dynamicPorts(ctx context.Context, look *checks.Look) int {
	const usual = 32768
	fields := strings.Fields(string(look.File(ctx, "/proc/sys/net/ipv4/ip_local_port_range", 100)))
	if len(fields) == 2 {
		if n, err := strconv.Atoi(fields[0]); err == nil && n > 1024 {
			return n
		}
	}
	return usual
}

// both lists what is in two lists.
func both(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(name string) bool { return !slices.Contains(b, name) })
}

// filter judges the rules of the kernel. A packet passes only if every chain lets it
// pass, so one chain that closes is enough.
func (j *judged) filter(seen firewallFacts) {
	families := []string{"ip", "ip6"}
	if seen.NoIPv6 {
		families = families[:1]
	}
	open := checks.Fail
	if seen.Legacy {
		open = checks.Unknown // the rules that are not read may close it
	}
	if len(seen.Chains) == 0 {
		code := "firewall.none"
		if seen.Legacy {
			code = "firewall.legacy"
		}
		j.add("filter", open, code)
		return
	}
	for _, family := range families {
		closing, letting := 0, ""
		var from, near []string // interfaces that all chains that close let in from
		for _, c := range seen.Chains {
			switch {
			case !c.sees(family):
			case c.Drops && closing == 0:
				closing, from, near = 1, c.AcceptsFrom, slices.Concat(c.AcceptsFrom, c.AcceptsNear)
			case c.Drops:
				closing++
				from = both(from, c.AcceptsFrom)
				near = both(near, slices.Concat(c.AcceptsFrom, c.AcceptsNear))
			case c.AcceptsAll:
				letting = c.title()
			}
		}
		key := "filter/" + family
		switch {
		case closing > 0 && len(near) == 0:
			j.add(key, checks.Pass, "firewall.drops", "family", family)
		case closing > 0:
			for _, name := range near {
				if slices.Contains(from, name) {
					j.add(key+"/"+name, open, "firewall.interface_open", "family", family, "interface", name)
				} else {
					j.add(key+"/"+name, checks.Warn, "firewall.neighbours", "family", family, "interface", name)
				}
			}
		case seen.Legacy:
			j.add(key, open, "firewall.legacy")
		case letting != "":
			j.add(key, open, "firewall.accepts_all", "family", family, "chain", letting)
		default:
			j.add(key, open, "firewall.not_dropped", "family", family)
		}
	}
}
