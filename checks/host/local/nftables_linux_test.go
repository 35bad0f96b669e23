package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
)

// ruleset is rules as an administrator's tool makes them, and what they come to.
type ruleset struct {
	name string
	// script is run by sh in a network of its own with an interface red0 at
	// 192.0.2.7 and listeners on tcp 22, 80 and 8080 and udp 53.
	script string
	want   host.PacketFilter
}

func base(family, table, name string, rules int) host.FilterChain {
	return host.FilterChain{Family: family, Table: table, Name: name, Drops: true, Rules: rules}
}

// with changes a copy of a chain.
func with(c host.FilterChain, change func(*host.FilterChain)) host.FilterChain {
	change(&c)
	return c
}

// nft runs a script of nft, in which a block ends only at the end of a line.
func nft(chains string) string {
	return "nft -f - <<'FIN'\n" + strings.NewReplacer("}}", "}\n}\n", "; };", ";\n}\n").Replace(chains) + "\nFIN\n"
}

func rulesets() []ruleset {
	all := []string{"tcp/22", "tcp/80", "tcp/8080", "udp/53"}
	accepts := func(c *host.FilterChain) { c.Drops, c.AcceptsAll = false, true }
	lets := func(c *host.FilterChain) { c.Drops = false }
	near := func(c *host.FilterChain) { c.AcceptsNear = []string{"red0"} }
	one := func(c host.FilterChain, open ...string) host.PacketFilter {
		return host.PacketFilter{Chains: []host.FilterChain{c}, Open: open}
	}
	const head = "table inet f { chain entrada { type filter hook input priority 0; policy drop; "
	const zones = "table inet f { chain entrada { type filter hook input priority 10; policy accept; ct state { established, related } accept; iifname lo accept; jump zonas; ct state invalid drop; reject with icmpx admin-prohibited; }; " +
		"chain zonas { iifname red0 goto zona; goto zona; }; chain zona { "
	return []ruleset{
		{"nothing", "", host.PacketFilter{Open: all}},
		{"policy drop", nft(head + "ct state established,related accept; iif lo accept; tcp dport 22 accept; }}"), one(base("inet", "f", "entrada", 3), "tcp/22")},
		{"policy accept", nft("table inet f { chain entrada { type filter hook input priority 0; tcp dport 22 drop; }}"), one(with(base("inet", "f", "entrada", 1), lets), "tcp/80", "tcp/8080", "udp/53")},
		{"last rule drops", nft("table inet f { chain entrada { type filter hook input priority 0; iifname lo accept; counter log prefix \"x\" drop; }}"), one(base("inet", "f", "entrada", 2))},
		{"last rule rejects", nft("table inet f { chain entrada { type filter hook input priority 0; tcp dport { 22, 8000-9000 } accept; reject with icmpx admin-prohibited; }}"), one(base("inet", "f", "entrada", 2), "tcp/22", "tcp/8080")},
		{"accept before the end", nft(head + "counter accept; }}"), one(with(base("inet", "f", "entrada", 1), accepts), all...)},
		{"accept all that is new", nft(head + "ct state new,established accept; }}"), one(with(base("inet", "f", "entrada", 1), accepts), all...)},
		{"accept all of TCP", nft(head + "meta l4proto tcp accept; }}"), one(with(base("inet", "f", "entrada", 1), accepts), "tcp/22", "tcp/80", "tcp/8080")},
		{"accept every port", nft(head + "tcp dport 1-65535 accept; }}"), one(with(base("inet", "f", "entrada", 1), accepts), "tcp/22", "tcp/80", "tcp/8080")},
		{"accept every address", nft(head + "ip saddr 0.0.0.0/0 accept; }}"), one(with(base("inet", "f", "entrada", 1), accepts), all...)},
		{"accept its own network", nft(head + "ip saddr 192.0.2.0/24 accept; }}"), one(with(base("inet", "f", "entrada", 1), near))},
		{"accept a set with its own network", nft(head + "ip saddr { 198.51.100.0/24, 192.0.2.0/26 } accept; }}"), one(with(base("inet", "f", "entrada", 1), near))},
		{"accept a port of its own network", nft(head + "ip saddr 192.0.2.0/24 tcp dport 22 accept; }}"), one(base("inet", "f", "entrada", 1))},
		{"accept another network", nft(head + "ip saddr 198.51.100.0/24 accept; ip saddr 192.0.2.128/25 accept; ip6 saddr 2001:db8::/32 accept; }}"), one(base("inet", "f", "entrada", 3))},
		{"accept all but a port", nft(head + "tcp dport != 22 accept; }}"), one(with(base("inet", "f", "entrada", 1), accepts), "tcp/80", "tcp/8080")},
		{"accept an interface", nft(head + "iifname red0 accept; }}"), one(with(base("inet", "f", "entrada", 1), func(c *host.FilterChain) { c.AcceptsFrom = []string{"red0"} }), all...)},
		{"accept an interface by a pattern", nft(head + "iifname \"red*\" accept; }}"), one(with(base("inet", "f", "entrada", 1), func(c *host.FilterChain) { c.AcceptsFrom = []string{"red0"} }), all...)},
		{"accept another interface", nft(head + "iifname wg0 accept; }}"), one(base("inet", "f", "entrada", 1))},
		{"accept all to its own address", nft(head + "ip daddr 192.0.2.7 accept; }}"), one(with(base("inet", "f", "entrada", 1), func(c *host.FilterChain) { c.AcceptsFrom = []string{"red0"} }), all...)},
		{"jump to what accepts", nft("table inet f { chain todo { accept; }; chain entrada { type filter hook input priority 0; policy drop; jump todo; }}"), one(with(base("inet", "f", "entrada", 2), accepts), all...)},
		{"jump and come back", nft("table inet f { chain web { tcp dport 80 accept; return; accept; }; chain entrada { type filter hook input priority 0; policy accept; jump web; drop; }}"), one(base("inet", "f", "entrada", 5), "tcp/80")},
		{"goto does not come back", nft("table inet f { chain web { tcp dport 80 accept; }; chain entrada { type filter hook input priority 0; policy accept; goto web; drop; }}"), one(with(base("inet", "f", "entrada", 3), lets), all...)},
		{"verdict map by interface", nft("table inet f { chain dentro { tcp dport 22 accept; }; chain entrada { type filter hook input priority 0; policy drop; iifname vmap { lo : accept, red0 : jump dentro }; ct state vmap { invalid : drop, established : accept, related : accept }; }}"), one(base("inet", "f", "entrada", 3), "tcp/22")},
		{"verdict map lets in", nft("table inet f { chain dentro { accept; }; chain entrada { type filter hook input priority 0; policy drop; iifname vmap { lo : accept, red0 : jump dentro }; }}"), one(with(base("inet", "f", "entrada", 2), func(c *host.FilterChain) { c.AcceptsFrom = []string{"red0"} }), all...)},
		{"verdict map by port", nft(head + "tcp dport vmap { 22 : accept, 80 : drop }; }}"), one(base("inet", "f", "entrada", 1), "tcp/22")},
		{"named sets", nft("table inet f { set puertos { type inet_service; flags interval; elements = { 79-81, 500 }; }; chain entrada { type filter hook input priority 0; policy drop; tcp dport @puertos accept; }}"), one(base("inet", "f", "entrada", 1), "tcp/80")},
		{"IPv4 only", nft("table ip f { chain entrada { type filter hook input priority 0; policy drop; }}"), one(base("ip", "f", "entrada", 0), all...)}, // the listeners take IPv6
		{"two chains", nft("table inet a { chain entrada { type filter hook input priority -5; policy accept; accept; }}\ntable inet b { chain entrada { type filter hook input priority 5; policy drop; }}"),
			host.PacketFilter{Chains: []host.FilterChain{
				with(base("inet", "a", "entrada", 1), func(c *host.FilterChain) { accepts(c); c.Priority = -5 }),
				with(base("inet", "b", "entrada", 0), func(c *host.FilterChain) { c.Priority = 5 }),
			}}},
		{"switched off", nft("table inet f { flags dormant; chain entrada { type filter hook input priority 0; policy drop; }}"), host.PacketFilter{Open: all}},
		{"only what goes out", nft("table inet f { chain salida { type filter hook output priority 0; policy drop; }}"), host.PacketFilter{Open: all}},
		{"local addresses only", nft(head + "fib daddr type != local drop; tcp dport 80 accept; fib daddr type local accept; }}"), one(with(base("inet", "f", "entrada", 3), accepts), all...)},
		{"zones as firewalld makes them", nft(zones + "tcp dport 22 ct state { new, untracked } accept; meta l4proto { icmp, ipv6-icmp } accept; reject with icmpx admin-prohibited; }}"),
			one(with(base("inet", "f", "entrada", 10), func(c *host.FilterChain) { c.Priority = 10 }), "tcp/22")},
		{"zones, and all is trusted", nft(zones + "accept; }}"), one(with(base("inet", "f", "entrada", 8), func(c *host.FilterChain) { accepts(c); c.Priority = 10 }), all...)},
		{"limited", nft(head + "tcp dport 22 limit rate 3/minute accept; limit rate over 5/second drop; }}"), one(base("inet", "f", "entrada", 2))},
		{"iptables", "iptables-nft -P INPUT DROP; iptables-nft -A INPUT -i lo -j ACCEPT; iptables-nft -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; iptables-nft -A INPUT -p tcp --dport 22 -m comment --comment x -j ACCEPT; iptables-nft -A INPUT -p tcp -m multiport --dports 79:81,8080 -j ACCEPT; iptables-nft -A INPUT -p udp -m udp --dport 54 -j ACCEPT; ip6tables-nft -P INPUT DROP",
			host.PacketFilter{Chains: []host.FilterChain{base("ip", "filter", "INPUT", 5), base("ip6", "filter", "INPUT", 0)}, Open: []string{"tcp/22", "tcp/80", "tcp/8080"}}},
		{"iptables lets in its own network", "iptables-nft -P INPUT DROP; iptables-nft -A INPUT -s 192.0.2.0/24 -j ACCEPT; ip6tables-nft -P INPUT DROP",
			host.PacketFilter{Chains: []host.FilterChain{with(base("ip", "filter", "INPUT", 1), near), base("ip6", "filter", "INPUT", 0)}}},
		{"iptables lets in what is new", "iptables-nft -P INPUT DROP; iptables-nft -A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT; ip6tables-nft -P INPUT DROP",
			host.PacketFilter{Chains: []host.FilterChain{with(base("ip", "filter", "INPUT", 1), accepts), base("ip6", "filter", "INPUT", 0)}, Open: all}},
		{"iptables as ufw makes it, by default open", "iptables-nft -P INPUT ACCEPT; iptables-nft -N ajeno; iptables-nft -A INPUT -j ajeno; iptables-nft -A ajeno -m addrtype --dst-type LOCAL -j RETURN; iptables-nft -A ajeno -m addrtype --dst-type MULTICAST -j RETURN; iptables-nft -A ajeno -j DROP",
			one(with(base("ip", "filter", "INPUT", 4), lets), all...)},
		{"iptables rejects", "iptables-nft -A INPUT -j LOG; iptables-nft -A INPUT -j REJECT --reject-with icmp-host-prohibited", one(base("ip", "filter", "INPUT", 2), all...)},
		{"older iptables", "iptables-legacy -P INPUT DROP", host.PacketFilter{Legacy: true, Open: all}},
	}
}

const insideVariable = "VIGIA_PRUEBA_RED"

// The tools that administrators use set rules in a network of their own, and what this
// program reads of them in the kernel is what they mean.
func TestPacketFilter(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for _, tool := range []string{"nft", "iptables-nft", "iptables-legacy", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("install nftables, iptables and iproute2: %v", err)
		}
	}
	for _, row := range rulesets() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := insideNetwork(t, row.script)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s\n(-want +got):\n%s", row.script, diff)
			}
		})
	}
}

// insideNetwork runs this test binary again, as root of a network of its own.
func insideNetwork(t *testing.T, script string) host.PacketFilter {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPacketFilterInside$")
	c.Env = append(os.Environ(), insideVariable+"="+script+"\n:")
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("in its own network: %v\n%s", err, out)
	}
	_, after, _ := bytes.Cut(out, []byte("FILTER "))
	line, _, _ := bytes.Cut(after, []byte("\n"))
	var got host.PacketFilter
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return got
}

// TestPacketFilterInside is the other half of TestPacketFilter.
func TestPacketFilterInside(t *testing.T) {
	script, ok := os.LookupEnv(insideVariable)
	if !ok {
		t.Skip("runs inside a network made by TestPacketFilter")
	}
	prepare := "set -e; ip link set lo up; ip link add red0 type bridge; ip addr add 192.0.2.7/24 dev red0; ip link set red0 up\n"
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", prepare+script).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var lc net.ListenConfig
	for _, at := range []string{":22", ":80", ":8080", "127.0.0.1:631"} {
		l, err := lc.Listen(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
	u, err := lc.ListenPacket(t.Context(), "udp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	filter, err := liveNetwork{}.PacketFilter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(filter)
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString("FILTER " + string(b) + "\n")
}

// Without the right to see the rules there is no answer, and not that there are none: a
// process in a user namespace of its own has no right in the network of the machine.
func TestPacketFilterDenied(t *testing.T) {
	if os.Getenv(insideVariable) != "" {
		if _, err := readRuleset(t.Context()); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v, want %v", err, fs.ErrPermission)
		}
		return
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPacketFilterDenied$")
	c.Env = append(os.Environ(), insideVariable+"=:")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestPacketFilterEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (liveNetwork{}).PacketFilter(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A listener of this very program is seen, with its name.
func TestListeners(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got, err := liveNetwork{}.Listeners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range got {
		if g.Protocol == "tcp" && g.Port == l.Addr().(*net.TCPAddr).Port {
			if g.Address != "127.0.0.1" || !strings.HasPrefix("local.test", g.Program) || g.Program == "" {
				t.Errorf("got %+v", g)
			}
			return
		}
	}
	t.Errorf("not among %+v", got)
}
