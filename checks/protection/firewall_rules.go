package protection

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/host"
)

// rule is one rule of the firewall of Windows, as far as it matters who gets in.
type rule struct {
	name   string // as shown in its window: text, or a reference to a resource
	allows bool
	active bool
	in     bool
	// protocol is -1 for any, 6 for TCP, 17 for UDP.
	protocol int
	// profiles are domain, private, public; none means all.
	profiles []string
	// ports are those of this machine, such as 80, 5000-5010 or a word; none means all.
	ports []string
	// program is the path of the only program that may listen, empty for any; System is
	// the kernel.
	program string
	// service is the only service that may listen, empty for any.
	service string
	// near tells that one of the addresses that it is for is the whole local network, far
	// that there are others.
	near, far bool
	// narrow tells that the rule has another condition: an interface, an app of the store,
	// authentication.
	narrow bool
}

var errNoRule = errors.New("not a rule of the firewall")

// maxRule bounds the text of one rule, in bytes.
const maxRule = 64 << 10

// parseRule reads a value of the key FirewallRules: "v2.30|Action=Allow|Active=TRUE|
// Dir=In|Protocol=6|LPort=445|...|", conditions with several values being repeated.
// Source: MS-GPFAS 2.2.2.19.
func parseRule(text string) (rule, error) {
	version, rest, ok := strings.Cut(text, "|")
	if !ok || len(text) > maxRule || !strings.HasPrefix(version, "v") || strings.Trim(version[1:], "0123456789.") != "" {
		return rule{}, errNoRule
	}
	r := rule{protocol: -1}
	for field := range strings.SplitSeq(strings.TrimSuffix(rest, "|"), "|") {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			if field == "" {
				continue // a text with the separator in it
			}
			return rule{}, errNoRule
		}
		switch key {
		case "Action":
			r.allows = strings.EqualFold(value, "Allow") || strings.EqualFold(value, "ByPass")
			r.narrow = r.narrow || strings.EqualFold(value, "ByPass") // only with authentication
		case "Active":
			r.active = strings.EqualFold(value, "TRUE")
		case "Dir":
			r.in = strings.EqualFold(value, "In")
		case "Protocol":
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 || n > 256 {
				return rule{}, errNoRule
			}
			if r.protocol = n; n == 256 {
				r.protocol = -1
			}
		case "Profile":
			r.profiles = append(r.profiles, strings.ToLower(value))
		case "LPort", "LPort2_10", "LPort2_20", "LPort2_24", "LPort2_29":
			r.ports = append(r.ports, value)
		case "App":
			r.program = value
		case "Svc":
			if value != "*" { // any service
				r.service = value
			}
		case "RA4", "RA6", "RA42", "RA62":
			near := strings.EqualFold(value, "LocalSubnet")
			r.near, r.far = r.near || near, r.far || !near && !everyAddress(value)
		case "LA4", "LA6", "LA42", "LA62", "RPort", "RPort2_10", "ICMP4", "ICMP6", "IF", "LUAuth", "RUAuth", "RMAuth",
			"LUOwn", "AppPkgId", "Security", "Security2", "Security2_9", "Auth", "RUserOwn", "TTK", "TTK2_22", "TTK2_27", "TTK2_28", "NNm", "PFN":
			r.narrow = r.narrow || value != "" && value != "*" && !everyAddress(value)
		case "IFType": // cables and radio are how a network comes in; RemoteAccess is not
			r.narrow = r.narrow || !slices.ContainsFunc([]string{"lan", "wireless", "all", "any", ""}, func(k string) bool { return strings.EqualFold(k, value) })
		case "Name":
			r.name = value
		}
	}
	return r, nil
}

// everyAddress tells whether a condition on addresses or ports is none.
func everyAddress(value string) bool {
	switch strings.ToLower(value) {
	case "*", "any", "0.0.0.0-255.255.255.255", "0.0.0.0/0.0.0.0", "0.0.0.0/0", "::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "0-65535", "1-65535":
		return true
	}
	return false
}

// applies tells whether the rule counts on a kind of network.
func (r rule) applies(profile string) bool {
	return len(r.profiles) == 0 || slices.Contains(r.profiles, profile)
}

// lets tells whether the rule lets something in.
func (r rule) lets() bool { return r.active && r.allows && r.in }

// wide tells whether the rule lets in everything to every program, from everybody or, if
// it is near, from everybody on the local network.
func (r rule) wide() bool {
	return r.lets() && !r.narrow && (r.near || !r.far) && r.program == "" && r.service == "" &&
		(r.protocol < 0 || r.protocol == 6 || r.protocol == 17) &&
		(len(r.ports) == 0 || slices.ContainsFunc(r.ports, everyAddress))
}

// opens tells whether the rule lets everybody reach a listener. Which service listens is
// not known, so a rule for one counts where it names the port.
func (r rule) opens(l host.Listener) bool {
	protocol := 6
	if l.Protocol == "udp" {
		protocol = 17
	}
	if !r.lets() || r.narrow || r.near || r.far || r.protocol >= 0 && r.protocol != protocol {
		return false
	}
	if r.program != "" {
		base := r.program[strings.LastIndexAny(r.program, `\/`)+1:]
		if !strings.EqualFold(base, l.Program) {
			return false
		}
	}
	return len(r.ports) == 0 && r.service == "" || slices.ContainsFunc(r.ports, func(p string) bool { return portIn(p, l.Port) })
}

// portIn tells whether a port is one that a rule names.
func portIn(want string, port int) bool {
	if everyAddress(want) || strings.EqualFold(want, "RPC-EPMap") && port == 135 {
		return true
	}
	from, to, isRange := strings.Cut(want, "-")
	if !isRange {
		to = from
	}
	a, err := strconv.Atoi(from)
	b, err2 := strconv.Atoi(to)
	return err == nil && err2 == nil && a <= port && port <= b
}
