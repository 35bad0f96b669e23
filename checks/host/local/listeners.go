package local

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/host"
)

// maxSockets bounds the listeners of one machine.
const maxSockets = 20_000

// procListener is a line of /proc/net/tcp and its kin with the number by which
// /proc/PID/fd names the socket.
type procListener struct {
	host.Listener
	inode uint64
}

// parseListeners reads a table of /proc/net (proc_pid_net(5)): of tcp the sockets that
// listen, of udp those that are bound and not connected to one peer.
func parseListeners(b []byte, protocol string) ([]procListener, error) {
	const (
		stateListen = "0A" // TCP_LISTEN
		stateClose  = "07" // TCP_CLOSE, which an unconnected UDP socket shows
	)
	want := stateListen
	if protocol == "udp" {
		want = stateClose
	}
	var out []procListener
	first := true
	for line := range bytes.Lines(b) {
		if first { // the names of the columns
			first = false
			continue
		}
		fields := strings.Fields(string(line))
		if len(fields) < 10 || fields[3] != want {
			if len(fields) > 0 && len(fields) < 10 {
				return nil, errSocketTable
			}
			continue
		}
		at, err := procAddress(fields[1])
		if err != nil {
			return nil, err
		}
		inode, err := strconv.ParseUint(fields[9], 10, 64)
		if err != nil {
			return nil, errSocketTable
		}
		if len(out) == maxSockets {
			return nil, host.ErrTooBig
		}
		out = append(out, procListener{host.Listener{Protocol: protocol, Address: at.Addr().String(), Port: int(at.Port())}, inode})
	}
	return out, nil
}

var errSocketTable = errors.New("malformed table of sockets")

// procAddress reads "0100007F:0016": the address as the processor's numbers of four
// bytes, the port in the order of people.
func procAddress(text string) (netip.AddrPort, error) {
	address, port, ok := strings.Cut(text, ":")
	raw, err := hex.DecodeString(address)
	n, perr := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || perr != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, fmt.Errorf("address of a socket: %w", errSocketTable)
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	a, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), nil
}

// sortListeners sorts listeners and drops those said twice: several sockets share a
// port where a program wants one for each of its workers.
func sortListeners(in []host.Listener) []host.Listener {
	slices.SortFunc(in, func(a, b host.Listener) int {
		return cmp.Or(strings.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port),
			strings.Compare(a.Address, b.Address), strings.Compare(a.Program, b.Program))
	})
	return slices.Compact(in)
}

// loopback tells whether only this machine itself can reach an address.
func loopback(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && a.IsLoopback()
}

// listenerFamilies are those of the packets that reach a listener at an address: a
// socket at :: takes IPv4 too, unless it was told not to, which nothing shows.
func listenerFamilies(address string) []byte {
	a, err := netip.ParseAddr(address)
	switch {
	case err != nil || a.Is6() && a.IsUnspecified():
		return []byte{nfFamilyIPv4, nfFamilyIPv6}
	case a.Is4():
		return []byte{nfFamilyIPv4}
	}
	return []byte{nfFamilyIPv6}
}

func portName(l host.Listener) string { return l.Protocol + "/" + strconv.Itoa(l.Port) }

// maxSocketTable bounds one table of sockets, in bytes.
const maxSocketTable = 64 << 20

// socketLayout is where the rows of a table of the IP helper library (iphlpapi.h) have
// what: a number of rows of four bytes is in front of them.
type socketLayout struct {
	protocol        string
	row             int // bytes
	address, length int
	port, process   int
}

func tcp4Layout() socketLayout { return socketLayout{"tcp", 24, 4, 4, 8, 20} }   // MIB_TCPROW_OWNER_PID
func tcp6Layout() socketLayout { return socketLayout{"tcp", 56, 0, 16, 20, 52} } // MIB_TCP6ROW_OWNER_PID
func udp4Layout() socketLayout { return socketLayout{"udp", 12, 0, 4, 4, 8} }    // MIB_UDPROW_OWNER_PID
func udp6Layout() socketLayout { return socketLayout{"udp", 28, 0, 16, 20, 24} } // MIB_UDP6ROW_OWNER_PID

// ownedListener is a listener and the number of its process.
type ownedListener struct {
	host.Listener
	pid uint32
}

// parseSocketTable reads a table of the IP helper library.
func parseSocketTable(b []byte, layout socketLayout) ([]ownedListener, error) {
	if len(b) < 4 {
		return nil, errSocketTable
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 0 || n > maxSockets {
		return nil, host.ErrTooBig
	}
	if b = b[4:]; len(b) < n*layout.row {
		return nil, errSocketTable
	}
	out := make([]ownedListener, 0, n)
	for range n {
		row := b[:layout.row]
		b = b[layout.row:]
		a, _ := netip.AddrFromSlice(row[layout.address : layout.address+layout.length])
		out = append(out, ownedListener{
			host.Listener{Protocol: layout.protocol, Address: a.Unmap().String(), Port: int(binary.BigEndian.Uint16(row[layout.port:]))},
			binary.LittleEndian.Uint32(row[layout.process:]),
		})
	}
	return out, nil
}
