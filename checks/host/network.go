package host

import "context"

// Network tells what the machine offers to the network and what stands before it.
type Network interface {
	// Listeners lists the sockets that accept connections, and bound UDP sockets.
	Listeners(ctx context.Context) ([]Listener, error)
	// PacketFilter reads the effective rules of the kernel's packet filter (nftables,
	// which holds those of iptables-nft too). Windows answers ErrUnsupported: its
	// firewall is in the registry.
	PacketFilter(ctx context.Context) (PacketFilter, error)
}

// Listener is one listening socket.
type Listener struct {
	Protocol string `json:"protocol"` // tcp, udp
	Address  string `json:"address"`  // "0.0.0.0", "::", "127.0.0.1"
	Port     int    `json:"port"`
	Program  string `json:"program,omitempty"` // name of the process, where it may be seen
}

// PacketFilter is what the kernel does with packets that come in.
type PacketFilter struct {
	Chains []FilterChain `json:"chains,omitempty"` // those hooked to input
	// Legacy tells that tables of the older iptables exist beside, which are not read.
	Legacy bool `json:"legacy,omitempty"`
	// Open lists the ports with a listener on other than loopback addresses that no
	// chain closes to a new connection from a network, as "tcp/22", sorted.
	Open []string `json:"open,omitempty"`
}

// FilterChain is a base chain of type filter at the input hook, with what it leads to.
type FilterChain struct {
	Family   string `json:"family"` // inet, ip, ip6
	Table    string `json:"table"`
	Name     string `json:"name"`
	Priority int32  `json:"priority"`
	// Drops: what comes from a network and no rule names, by its port, its addresses or
	// its interface, is dropped or rejected, by a rule or by the chain's policy.
	Drops bool `json:"drops"`
	Rules int  `json:"rules"` // in the chain and those it jumps to
	// AcceptsAll: a rule accepts what nobody names, before the end of the chain.
	AcceptsAll bool `json:"accepts_all,omitempty"`
	// AcceptsFrom lists the interfaces from which everything is accepted although the
	// chain drops what nobody names: those with a device, those upon one, such as bridges,
	// bonds and VLANs, and those of a default route. Tunnels and bridges of virtual
	// machines are left out.
	AcceptsFrom []string `json:"accepts_from,omitempty"`
	// AcceptsNear lists those of the other interfaces from which everything is accepted that
	// comes from an address of the same network.
	AcceptsNear []string `json:"accepts_near,omitempty"`
}

// Listeners implements Network.
func (Unsupported) Listeners(context.Context) ([]Listener, error) { return nil, ErrUnsupported }

// PacketFilter implements Network.
func (Unsupported) PacketFilter(context.Context) (PacketFilter, error) {
	return PacketFilter{}, ErrUnsupported
}
