package local

import (
	"cmp"
	"encoding/binary"
	"slices"

	"vigia/checks/host"
)

// Limits of the evaluation. The kernel itself lets no packet jump deeper than 16.
const (
	maxJumps = 16
	maxSteps = 2_000_000 // rules looked at for all packets: about half a second
)

// A probe is a packet that asks the rules what becomes of it: it opens a connection
// from a network to this machine. What is nil or 0 in it is something that no rule
// names.
type probe struct {
	family    byte // nfFamilyIPv4 or nfFamilyIPv6
	protocol  byte // 6 TCP, 17 UDP
	port      uint16
	device    string
	index     uint32   // of the interface
	addresses [][]byte // of the interface; the packet is to one of them
	source    []byte   // where the packet is from
}

const (
	protocolTCP = 6
	protocolUDP = 17
)

// nic is an interface of the machine from which probes come.
type nic struct {
	name      string
	index     uint32
	addresses [][]byte // 4 or 16 bytes each
	bits      []int    // how many of each are of the network
}

// neighbours are addresses of others, one of each network that the interface is in.
func (n nic) neighbours() [][]byte {
	var out [][]byte
	for i, own := range n.addresses {
		if i < len(n.bits) && n.bits[i] < 8*len(own) {
			other := slices.Clone(own)
			other[len(other)-1] ^= 1
			out = append(out, other)
		}
	}
	return out
}

// filterOf answers what the rules do with packets that come in from the interfaces
// and with those to the listeners.
func filterOf(rules *nfRuleset, from []nic, listeners []host.Listener) (host.PacketFilter, error) {
	r := &inquiry{nfRuleset: rules}
	var filter host.PacketFilter
	var bases []nfName
	for name, c := range r.chains {
		if c.base && c.hook == nfHookInput && c.kind == "filter" && familyName(name.family) != "" &&
			!r.dormant[nfName{name.family, name.table, ""}] {
			bases = append(bases, name)
		}
	}
	slices.SortFunc(bases, func(a, b nfName) int {
		return cmp.Or(cmp.Compare(r.chains[a].priority, r.chains[b].priority), cmp.Compare(a.family, b.family),
			cmp.Compare(a.table, b.table), cmp.Compare(a.name, b.name))
	})
	for _, name := range bases {
		c, err := r.describe(name, from)
		if err != nil {
			return host.PacketFilter{}, err
		}
		filter.Chains = append(filter.Chains, c)
	}
	for _, l := range listeners {
		if loopback(l.Address) {
			continue
		}
		open, err := r.reached(bases, from, l)
		if err != nil {
			return host.PacketFilter{}, err
		}
		if open {
			filter.Open = append(filter.Open, portName(l))
		}
	}
	slices.Sort(filter.Open)
	filter.Open = slices.Compact(filter.Open)
	return filter, nil
}

// inquiry is what filterOf asks of one ruleset.
type inquiry struct {
	*nfRuleset
	steps int // rules looked at so far
}

func familyName(family byte) string {
	switch family {
	case nfFamilyInet:
		return "inet"
	case nfFamilyIPv4:
		return "ip"
	case nfFamilyIPv6:
		return "ip6"
	}
	return "" // arp, bridge and netdev see no packets for this machine's sockets
}

// families are the ones whose packets a chain of the given family sees.
func families(chain byte) []byte {
	if chain == nfFamilyInet {
		return []byte{nfFamilyIPv4, nfFamilyIPv6}
	}
	return []byte{chain}
}

// describe answers for one base chain.
func (r *inquiry) describe(name nfName, from []nic) (host.FilterChain, error) {
	c := r.chains[name]
	out := host.FilterChain{
		Family: familyName(name.family), Table: name.table, Name: name.name, Priority: c.priority,
		Drops: true, Rules: r.count(name, make(map[nfName]bool)),
	}
	accepts := func(p probe) (accepted, byRule bool, err error) {
		for _, p.family = range families(name.family) {
			if p.source != nil && (len(p.source) == 4) != (p.family == nfFamilyIPv4) {
				continue // an address of the other family
			}
			for _, p.protocol = range []byte{protocolTCP, protocolUDP} {
				dropped, rule, err := r.drops(name, p)
				if err != nil {
					return false, false, err
				}
				if !dropped {
					accepted, byRule = true, byRule || rule
				}
			}
		}
		return accepted, byRule, nil
	}
	accepted, byRule, err := accepts(probe{})
	if err != nil {
		return out, err
	}
	if out.Drops, out.AcceptsAll = !accepted, byRule; accepted {
		return out, nil
	}
	for _, n := range from {
		accepted, _, err := accepts(probe{device: n.name, index: n.index, addresses: n.addresses})
		if err != nil {
			return out, err
		}
		if accepted {
			out.AcceptsFrom = append(out.AcceptsFrom, n.name)
			continue
		}
		for _, from := range n.neighbours() {
			p := probe{device: n.name, index: n.index, addresses: n.addresses, source: from}
			if accepted, _, err = accepts(p); err != nil {
				return out, err
			}
			if accepted {
				out.AcceptsNear = append(out.AcceptsNear, n.name)
				break
			}
		}
	}
	slices.Sort(out.AcceptsFrom)
	slices.Sort(out.AcceptsNear)
	return out, nil
}

// count counts the rules of a chain and of those it leads to.
func (r *nfRuleset) count(at nfName, seen map[nfName]bool) int {
	if seen[at] {
		return 0
	}
	seen[at] = true
	n := len(r.rules[at])
	for _, rule := range r.rules[at] {
		for _, e := range rule {
			switch e.name {
			case "immediate":
				if e.verdict != nil && e.verdict.chain != "" {
					n += r.count(nfName{at.family, at.table, e.verdict.chain}, seen)
				}
			case "lookup":
				for _, element := range r.sets[nfName{at.family, at.table, e.text}] {
					if element.verdict != nil && element.verdict.chain != "" {
						n += r.count(nfName{at.family, at.table, element.verdict.chain}, seen)
					}
				}
			}
		}
	}
	return n
}

// reached tells whether a new connection to a listener passes all base chains, from
// any of the interfaces or from one that no rule names.
func (r *inquiry) reached(bases []nfName, from []nic, l host.Listener) (bool, error) {
	protocol := byte(protocolTCP)
	if l.Protocol == "udp" {
		protocol = protocolUDP
	}
	for _, family := range listenerFamilies(l.Address) {
		for _, n := range append([]nic{{}}, from...) {
			p := probe{family: family, protocol: protocol, port: uint16(l.Port),
				device: n.name, index: n.index, addresses: n.addresses}
			dropped := false
			for _, base := range bases {
				if !slices.Contains(families(base.family), family) {
					continue
				}
				d, _, err := r.drops(base, p)
				if err != nil {
					return false, err
				}
				dropped = dropped || d
			}
			if !dropped {
				return true, nil
			}
		}
	}
	return false, nil
}

// drops tells what a base chain does with a packet, and whether a rule said so and
// not the policy.
func (r *inquiry) drops(base nfName, p probe) (dropped, byRule bool, err error) {
	w := packetWalk{inquiry: r, probe: p, family: base.family, table: base.table}
	switch w.chain(base.name, 0) {
	case outcomeDrop:
		return true, true, nil
	case outcomeAccept:
		return false, true, nil
	case outcomeNone:
	}
	if r.steps > maxSteps {
		return false, false, host.ErrTooBig
	}
	return r.chains[base].policy == nfDrop, false, nil
}

type outcome int

const (
	outcomeNone outcome = iota // the end of the chain, or a return
	outcomeAccept
	outcomeDrop
)

// packetWalk takes one packet through the chains of one table.
type packetWalk struct {
	*inquiry
	probe  probe
	family byte
	table  string
}

// chain takes the packet through a chain and those it leads to.
func (w *packetWalk) chain(name string, depth int) outcome {
	if depth > maxJumps {
		w.steps = maxSteps + 1
		return outcomeNone
	}
	for _, rule := range w.rules[nfName{w.family, w.table, name}] {
		if w.steps++; w.steps > maxSteps {
			return outcomeNone
		}
		v, ok := w.rule(rule)
		if !ok {
			continue
		}
		switch v.code {
		case nfAccept:
			return outcomeAccept
		case nfDrop:
			return outcomeDrop
		case nfReturn:
			return outcomeNone
		case nfJump:
			if o := w.chain(v.chain, depth+1); o != outcomeNone {
				return o
			}
		case nfGoto:
			return w.chain(v.chain, depth+1)
		}
	}
	return outcomeNone
}

// field is what a register holds, as far as the probe tells.
type field struct {
	state fieldState
	bytes []byte
}

type fieldState int

const (
	unclear fieldState = iota // it depends on what a probe does not say: the rule is passed over
	unnamed                   // some value that no rule names
	certain                   // bytes
)

func known(b ...byte) field         { return field{certain, b} }
func knownNative(n uint32) field    { return field{certain, binary.NativeEndian.AppendUint32(nil, n)} }
func knownNetwork16(n uint16) field { return field{certain, binary.BigEndian.AppendUint16(nil, n)} }

// registers holds fields by their register. Numbers 1 to 4 are the old ones of 16
// bytes, from 8 on those of 4 bytes in the same room; the last place is for all others.
type registers [17]field

func (r *registers) at(n uint32) *field {
	switch {
	case n >= 1 && n <= 4:
		return &r[4*(n-1)]
	case n >= 8 && n < 24:
		return &r[n-8]
	}
	return &r[16]
}

// rule tells what a rule decides about the packet, if anything.
func (w *packetWalk) rule(rule []nfExpression) (nfVerdict, bool) {
	var regs registers
	for i := range rule {
		e := &rule[i]
		switch e.name {
		case "immediate":
			if e.verdict != nil && e.numbers[1] == 0 {
				return *e.verdict, true
			}
			*regs.at(e.numbers[1]) = field{certain, e.values[2]}
		case "meta":
			if !e.has[3] { // else it sets something
				*regs.at(e.numbers[1]) = w.probe.meta(e.numbers[2])
			}
		case "ct":
			if !e.has[4] { // else it sets something
				*regs.at(e.numbers[1]) = connection(e.numbers[2])
			}
		case "payload":
			if !e.has[5] { // else it sets something
				*regs.at(e.numbers[1]) = w.probe.payload(e.numbers[2], e.numbers[3], e.numbers[4])
			}
		case "fib":
			*regs.at(e.numbers[1]) = route(e.numbers[2], e.numbers[3])
		case "bitwise":
			*regs.at(e.numbers[2]) = masked(*regs.at(e.numbers[1]), e)
		case "cmp":
			if !compare(*regs.at(e.numbers[1]), e.numbers[2], e.values[3]) {
				return nfVerdict{}, false
			}
		case "range":
			if !inRange(*regs.at(e.numbers[1]), e.numbers[2] == 1, e.values[3], e.values[4]) {
				return nfVerdict{}, false
			}
		case "lookup":
			v, ok := w.lookup(*regs.at(e.numbers[2]), e)
			if !ok {
				return nfVerdict{}, false
			}
			if v != nil {
				return *v, true
			}
		case "match":
			if !w.probe.matches(e.text, e.numbers[2], e.info) {
				return nfVerdict{}, false
			}
		case "target":
			if name := e.text; name == "REJECT" || name == "TARPIT" {
				return nfVerdict{code: nfDrop}, true
			}
		case "reject":
			return nfVerdict{code: nfDrop}, true
		case "counter", "log", "objref", "notrack", "dynset", "last":
			// They decide nothing.
		case "byteorder", "exthdr", "rt", "socket", "osf", "hash", "numgen", "xfrm", "tunnel", "inner":
			*regs.at(e.numbers[1]) = field{} // what they load is unclear, wherever it goes
			*regs.at(e.numbers[2]) = field{}
		default: // limit, quota, connlimit, and what is newer than this program
			return nfVerdict{}, false
		}
	}
	return nfVerdict{}, false
}

// lookup looks a field up in a set or map. A map of verdicts gives one.
func (w *packetWalk) lookup(f field, e *nfExpression) (*nfVerdict, bool) {
	loads := e.has[3]
	toVerdict := loads && e.numbers[3] == 0
	elements := w.sets[nfName{w.family, w.table, e.text}]
	var found *nfElement
	if f.state == certain {
		found = elementOf(elements, f.bytes)
	}
	if found == nil && f.state != unclear {
		for n := range elements {
			if elements[n].flags&nfElementCatchAll != 0 {
				found = &elements[n]
			}
		}
	}
	switch {
	case f.state == unclear:
		return nil, false
	case loads && !toVerdict:
		return nil, false // a value out of a map is nothing that decides alone
	case toVerdict:
		if found == nil || found.verdict == nil {
			return nil, false
		}
		return found.verdict, true
	case e.numbers[5]&nfLookupInverted != 0:
		return nil, found == nil
	}
	return nil, found != nil
}

// elementOf finds the element that holds a key: equal to it, or a range around it.
func elementOf(elements []nfElement, key []byte) *nfElement {
	var below *nfElement
	ranges := false
	for i := range elements {
		e := &elements[i]
		ranges = ranges || e.flags&nfElementIntervalEnd != 0
		if len(e.key) != len(key) || e.flags&nfElementCatchAll != 0 {
			continue
		}
		at := slices.Compare(e.key, key)
		switch {
		case at == 0 && e.flags&nfElementIntervalEnd == 0,
			at < 0 && len(e.keyEnd) == len(key) && slices.Compare(key, e.keyEnd) <= 0:
			return e
		case at > 0:
		case below == nil, slices.Compare(e.key, below.key) > 0,
			slices.Equal(e.key, below.key) && below.flags&nfElementIntervalEnd != 0:
			below = e
		}
	}
	if ranges && below != nil && below.flags&nfElementIntervalEnd == 0 {
		return below
	}
	return nil
}
