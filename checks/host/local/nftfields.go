package local

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Numbers of linux/netfilter/nf_tables.h and nf_conntrack_common.h.
const (
	metaProtocol      = 1
	metaMark          = 3
	metaInterface     = 4
	metaInterfaceName = 6
	metaInterfaceType = 8
	metaFamily        = 15
	metaL4Protocol    = 16
	metaPacketType    = 19
	metaGroup         = 21

	ctState, ctDirection, ctStatus, ctMark = 0, 1, 2, 3
	ctStateNew                             = 8

	payloadNetwork, payloadTransport = 1, 2

	fibTypeResult              = 3
	fibSource, fibDestination  = 1, 2
	routeUnicast, routeLocal   = 1, 2
	interfaceNameSize          = 16
	ethertypeIPv4, ethertypeV6 = 0x0800, 0x86dd
	arphrdEther                = 1
	tcpFlagSYN                 = 2
)

// meta is what the kernel knows of the packet beside its bytes.
func (p probe) meta(key uint32) field {
	switch key {
	case metaInterfaceName:
		if p.device == "" {
			return field{state: unnamed}
		}
		name := make([]byte, interfaceNameSize)
		copy(name, p.device)
		return field{certain, name}
	case metaInterface:
		if p.index == 0 {
			return field{state: unnamed}
		}
		return knownNative(p.index)
	case metaInterfaceType:
		if p.device == "" {
			return field{state: unnamed}
		}
		return field{certain, binary.NativeEndian.AppendUint16(nil, arphrdEther)}
	case metaL4Protocol:
		return known(p.protocol)
	case metaFamily:
		return known(p.family)
	case metaProtocol:
		if p.family == nfFamilyIPv6 {
			return knownNetwork16(ethertypeV6)
		}
		return knownNetwork16(ethertypeIPv4)
	case metaMark, metaGroup:
		return knownNative(0)
	case metaPacketType:
		return known(0) // for this host
	}
	return field{}
}

// connection is what the kernel knows of the connection: it is new.
func connection(key uint32) field {
	switch key {
	case ctState:
		return knownNative(ctStateNew)
	case ctDirection:
		return known(0)
	case ctStatus, ctMark:
		return knownNative(0)
	}
	return field{}
}

// payload is bytes of the packet.
func (p probe) payload(base, offset, length uint32) field {
	switch {
	case base == payloadTransport && offset == 2 && length == 2 && p.port != 0:
		return knownNetwork16(p.port)
	case base == payloadTransport && offset == 13 && length == 1 && p.protocol == protocolTCP:
		return known(tcpFlagSYN)
	case base == payloadNetwork && length == 1 &&
		(p.family == nfFamilyIPv4 && offset == 9 || p.family == nfFamilyIPv6 && offset == 6):
		return known(p.protocol)
	case base == payloadNetwork && int(length) <= len(p.source) && // of a network of whole bytes only those
		(p.family == nfFamilyIPv4 && offset == 12 || p.family == nfFamilyIPv6 && offset == 8):
		return field{certain, slices.Clone(p.source[:length])}
	case base == payloadNetwork && (p.family == nfFamilyIPv4 && offset == 16 && length == 4 ||
		p.family == nfFamilyIPv6 && offset == 24 && length == 16):
		for _, a := range p.addresses {
			if len(a) == int(length) {
				return field{certain, slices.Clone(a)}
			}
		}
	}
	return field{state: unnamed} // other sources, and what comes of them
}

// route is what the routing table says of an address.
func route(result, flags uint32) field {
	switch {
	case result != fibTypeResult:
		return field{}
	case flags&fibDestination != 0:
		return knownNative(routeLocal)
	case flags&fibSource != 0:
		return knownNative(routeUnicast)
	}
	return field{}
}

// masked is (field & mask) ^ xor; shifts are not followed.
func masked(f field, e *nfExpression) field {
	mask, xor := e.values[4], e.values[5]
	if e.numbers[6] != 0 || len(mask) == 0 || len(xor) > 0 && len(xor) != len(mask) {
		return field{}
	}
	if f.state == unnamed && len(bytes.Trim(mask, "\x00")) == 0 {
		f = field{certain, make([]byte, len(mask))}
	}
	if f.state != certain {
		return f
	}
	if len(f.bytes) < len(mask) {
		return field{}
	}
	out := make([]byte, len(mask))
	for i := range mask {
		out[i] = f.bytes[i] & mask[i]
		if i < len(xor) {
			out[i] ^= xor[i]
		}
	}
	return field{certain, out}
}

// compare tells whether a comparison of nf_tables holds: equal, not equal, less, less
// or equal, greater, greater or equal.
func compare(f field, operator uint32, with []byte) bool {
	const eq, neq, lt, lte, gt, gte = 0, 1, 2, 3, 4, 5
	switch f.state {
	case unclear:
		return false
	case unnamed: // only what every value meets is met
		switch operator {
		case neq:
			return true
		case gte:
			return atLowEnd(with)
		case lte:
			return atHighEnd(with)
		}
		return false
	case certain:
	}
	if len(f.bytes) < len(with) {
		return false
	}
	at := slices.Compare(f.bytes[:len(with)], with)
	switch operator {
	case eq:
		return at == 0
	case neq:
		return at != 0
	case lt:
		return at < 0
	case lte:
		return at <= 0
	case gt:
		return at > 0
	case gte:
		return at >= 0
	}
	return false
}

// atLowEnd tells whether every port or address is as great: 0, or 1 of two bytes.
func atLowEnd(b []byte) bool {
	return len(bytes.Trim(b, "\x00")) == 0 || len(b) == 2 && b[0] == 0 && b[1] == 1
}

func atHighEnd(b []byte) bool { return len(b) > 0 && len(bytes.Trim(b, "\xff")) == 0 }

// inRange tells whether a field is between two values, or outside of them.
func inRange(f field, outside bool, from, to []byte) bool {
	switch f.state {
	case unclear:
		return false
	case unnamed:
		return (atLowEnd(from) && atHighEnd(to)) != outside
	case certain:
	}
	if len(f.bytes) < len(from) || len(from) != len(to) {
		return false
	}
	b := f.bytes[:len(from)]
	return (slices.Compare(b, from) >= 0 && slices.Compare(b, to) <= 0) != outside
}

// matches tells whether a match of iptables holds, of those that nf_tables calls as
// they are. The layouts are those of linux/netfilter/xt_*.h; one that is not known
// here does not hold.
func (p probe) matches(name string, revision uint32, b []byte) bool {
	u16 := func(at int) uint16 {
		if at+2 > len(b) {
			return 0
		}
		return binary.NativeEndian.Uint16(b[at:])
	}
	switch name {
	case "comment":
		return true
	case "conntrack": // xt_conntrack_mtinfo2, mtinfo3
		const byState = 1
		const flagsAt, invertAt, stateAt = 146, 148, 150
		if revision < 2 || len(b) < stateAt+2 || u16(flagsAt) != byState {
			return false
		}
		return (u16(stateAt)&ctStateNew != 0) != (u16(invertAt)&byState != 0)
	case "state":
		return u16(0)&ctStateNew != 0
	case "addrtype": // xt_addrtype_info_v1: source, dest, flags
		if revision != 1 || len(b) < 8 {
			return false
		}
		flags := binary.NativeEndian.Uint32(b[4:])
		source := u16(0) == 0 || (u16(0)&(1<<routeUnicast) != 0) != (flags&1 != 0)
		dest := u16(2) == 0 || (u16(2)&(1<<routeLocal) != 0) != (flags&2 != 0)
		return source && dest
	case "pkttype": // xt_pkttype_info: type, invert
		return len(b) >= 8 && (binary.NativeEndian.Uint32(b) == 0) != (binary.NativeEndian.Uint32(b[4:]) != 0)
	case "tcp": // xt_tcp: source ports, destination ports, option, mask and value of flags, what is inverted
		if len(b) < 12 || p.protocol != protocolTCP {
			return false
		}
		flags := (tcpFlagSYN&b[9] == b[10]) != (b[11]&4 != 0)
		return flags && b[8] == 0 && p.ports(u16(0), u16(2), u16(4), u16(6), b[11])
	case "udp": // xt_udp: source ports, destination ports, what is inverted
		if len(b) < 9 || p.protocol != protocolUDP {
			return false
		}
		return p.ports(u16(0), u16(2), u16(4), u16(6), b[8])
	case "multiport": // xt_multiport_v1: which ports, how many, the ports, which begin a range, inverted
		const ports, marks, invert = 2, 32, 47
		if revision != 1 || len(b) <= invert || b[0] == 0 {
			return false
		}
		in := false
		for i := 0; i < min(int(b[1]), 15); i++ {
			from, to := u16(ports+2*i), u16(ports+2*i)
			if b[marks+i] != 0 {
				i++
				to = u16(ports + 2*i)
			}
			in = in || p.portIn(from, to)
		}
		return in != (b[invert] != 0)
	}
	return false
}

// ports tells whether the packet's ports are in the ranges. invert has bit 1 for the
// source and bit 2 for the destination.
func (p probe) ports(sourceFrom, sourceTo, destFrom, destTo uint16, invert byte) bool {
	source := (sourceFrom <= 1 && sourceTo == 1<<16-1) != (invert&1 != 0)
	return source && p.portIn(destFrom, destTo) != (invert&2 != 0)
}

func (p probe) portIn(from, to uint16) bool {
	if p.port == 0 {
		return from <= 1 && to == 1<<16-1
	}
	return from <= p.port && p.port <= to
}
