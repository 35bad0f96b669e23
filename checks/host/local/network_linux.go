package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"vigia/checks/host"
)

// liveNetwork asks /proc and, about the packet filter, the kernel through netlink.
type liveNetwork struct{}

var _ host.Network = liveNetwork{}

// Listeners implements host.Network. Programs are named as far as this process may see
// the open files of others.
func (liveNetwork) Listeners(ctx context.Context) ([]host.Listener, error) {
	found, err := listenersOfProc(ctx)
	if err != nil {
		return nil, fmt.Errorf("list listeners: %w", err)
	}
	nameListeners(ctx, found)
	return withoutInodes(found), ctx.Err()
}

// listenersOfProc reads the tables of sockets.
func listenersOfProc(ctx context.Context) ([]procListener, error) {
	tree := files{liveTree{}}
	var found []procListener
	for _, name := range []string{"tcp", "tcp6", "udp", "udp6"} {
		b, err := tree.ReadFile(ctx, "/proc/net/"+name, maxSocketTable)
		if errors.Is(err, fs.ErrNotExist) && strings.HasSuffix(name, "6") {
			continue // IPv6 is switched off
		}
		if err != nil {
			return nil, err
		}
		part, err := parseListeners(b, strings.TrimSuffix(name, "6"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found = append(found, part...)
	}
	return found, nil
}

func withoutInodes(found []procListener) []host.Listener {
	out := make([]host.Listener, len(found))
	for i, f := range found {
		out[i] = f.Listener
	}
	return sortListeners(out)
}

// nameListeners finds the program of each socket by the files that processes have open.
func nameListeners(ctx context.Context, found []procListener) {
	byInode := make(map[string][]int, len(found))
	for i, f := range found {
		link := "socket:[" + strconv.FormatUint(f.inode, 10) + "]"
		byInode[link] = append(byInode[link], i)
	}
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return
	}
	for _, p := range processes {
		if len(byInode) == 0 || ctx.Err() != nil {
			return
		}
		if _, err := strconv.Atoi(p.Name()); err != nil {
			continue
		}
		dir := path.Join("/proc", p.Name())
		open, err := os.ReadDir(path.Join(dir, "fd"))
		if err != nil {
			continue // not ours to see, or gone
		}
		for _, fd := range open {
			link, err := os.Readlink(path.Join(dir, "fd", fd.Name()))
			if err != nil {
				continue
			}
			at, ok := byInode[link]
			if !ok {
				continue
			}
			if name, err := os.ReadFile(path.Join(dir, "comm")); err == nil {
				for _, i := range at {
					found[i].Program = strings.TrimSpace(string(name))
				}
			}
			delete(byInode, link)
		}
	}
}

// PacketFilter implements host.Network. It needs CAP_NET_ADMIN; without it the answer
// is fs.ErrPermission.
func (liveNetwork) PacketFilter(ctx context.Context) (host.PacketFilter, error) {
	listeners, err := listenersOfProc(ctx)
	if err != nil {
		return host.PacketFilter{}, fmt.Errorf("list listeners: %w", err)
	}
	rules := newRuleset()
	if mayHaveRules(ctx) {
		if rules, err = readRuleset(ctx); err != nil {
			return host.PacketFilter{}, fmt.Errorf("read the packet filter: %w", err)
		}
	}
	filter, err := filterOf(rules, devices(ctx), withoutInodes(listeners))
	if err != nil {
		return host.PacketFilter{}, fmt.Errorf("follow the packet filter: %w", err)
	}
	for _, name := range []string{"ip_tables_names", "ip6_tables_names"} {
		b, err := files{liveTree{}}.ReadFile(ctx, "/proc/net/"+name, maxConfig)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return host.PacketFilter{}, fmt.Errorf("read the tables of iptables: %w", err)
		}
		filter.Legacy = filter.Legacy || len(strings.TrimSpace(string(b))) > 0
	}
	return filter, nil
}

// mayHaveRules is false where the kernel has loaded nothing that could hold rules. To
// ask such a kernel would make it load that, and this program changes nothing.
func mayHaveRules(ctx context.Context) bool {
	tree := files{liveTree{}}
	loaded, err := tree.ReadFile(ctx, "/proc/modules", maxConfig)
	if err != nil || strings.Contains("\n"+string(loaded), "\nnf_tables ") {
		return true // no modules at all: what there is is built in
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return true
	}
	builtin, err := tree.ReadFile(ctx, "/lib/modules/"+unix.ByteSliceToString(name.Release[:])+"/modules.builtin", maxConfig)
	return err != nil || strings.Contains(string(builtin), "/nf_tables.ko")
}

// devices lists the interfaces by which a network comes in. A container has none with a
// device: there all but the loopback count.
func devices(ctx context.Context) []nic {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var all []nic
	var names []string
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		n := nic{name: i.Name, index: uint32(i.Index)}
		addresses, err := i.Addrs()
		if err != nil {
			addresses = nil
		}
		for _, a := range addresses {
			if ip, ok := a.(*net.IPNet); ok {
				b := []byte(ip.IP)
				if v4 := ip.IP.To4(); v4 != nil {
					b = v4
				}
				ones, _ := ip.Mask.Size()
				n.addresses, n.bits = append(n.addresses, b), append(n.bits, ones)
			}
		}
		all, names = append(all, n), append(names, i.Name)
	}
	var routes [2][]byte
	for i, name := range []string{"route", "ipv6_route"} {
		if b, err := (files{liveTree{}}).ReadFile(ctx, "/proc/net/"+name, maxSocketTable); err == nil {
			routes[i] = b
		}
	}
	from := carriers("/sys/class/net", names, defaultRoutes(routes[0], routes[1]))
	if from == nil {
		return all
	}
	return slices.DeleteFunc(all, func(n nic) bool { return !slices.Contains(from, n.name) })
}

// Limits of reading rules.
const (
	maxRulesetBytes = 32 << 20
	maxRulesetSets  = 2000
	maxRulesetTries = 5
)

var errRulesChanging = errors.New("the rules changed while they were read")

// readRuleset reads all that filterOf needs. If somebody changes the rules meanwhile
// it begins again.
func readRuleset(ctx context.Context) (*nfRuleset, error) {
	for range maxRulesetTries {
		rules, err := readRulesetOnce(ctx)
		if !errors.Is(err, errRulesChanging) {
			return rules, err
		}
	}
	return nil, errRulesChanging
}

func readRulesetOnce(ctx context.Context) (*nfRuleset, error) {
	s, err := openNetfilter()
	if err != nil {
		return nil, err
	}
	defer s.close()
	rules := newRuleset()
	for _, what := range []byte{nfGetTable, nfGetChain, nfGetRule} {
		if err := s.dump(ctx, what, 0, nil, rules); err != nil {
			return nil, err
		}
	}
	sets := rules.lookups()
	slices.SortFunc(sets, func(a, b nfName) int { return strings.Compare(a.table+"\x00"+a.name, b.table+"\x00"+b.name) })
	sets = slices.Compact(sets)
	if len(sets) > maxRulesetSets {
		return nil, host.ErrTooBig
	}
	for _, set := range sets {
		ask := netlinkAttribute(netlinkAttribute(nil, 1, []byte(set.table+"\x00")), 2, []byte(set.name+"\x00"))
		err := s.dump(ctx, nfGetElement, set.family, ask, rules)
		if errors.Is(err, unix.ENOENT) {
			return nil, errRulesChanging
		}
		if err != nil {
			return nil, err
		}
	}
	return rules, nil
}

// netfilter is a netlink socket to the packet filter.
type netfilter struct {
	fd       int
	sequence uint32
	received int // bytes so far
	buffer   []byte
}

func openNetfilter() (*netfilter, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	s := &netfilter{fd: fd, buffer: make([]byte, 64<<10)}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		s.close()
		return nil, fmt.Errorf("bind netlink: %w", err)
	}
	// Short, so that the end of a context is seen.
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 200_000}); err != nil {
		s.close()
		return nil, fmt.Errorf("set up netlink: %w", err)
	}
	return s, nil
}

func (s *netfilter) close() { _ = unix.Close(s.fd) } // only read

// dump asks for all objects of a kind and adds them to rules.
func (s *netfilter) dump(ctx context.Context, what, family byte, attributes []byte, rules *nfRuleset) error {
	s.sequence++
	kind := uint16(nfSubsystem)<<8 | uint16(what)
	message := netlinkRequest(kind, unix.NLM_F_REQUEST|unix.NLM_F_DUMP, s.sequence, append([]byte{family, 0, 0, 0}, attributes...))
	if err := unix.Sendto(s.fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("ask netlink: %w", err)
	}
	interrupted := false
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, _, err := unix.Recvfrom(s.fd, s.buffer, 0)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("receive from netlink: %w", err)
		}
		if s.received += n; s.received > maxRulesetBytes {
			return host.ErrTooBig
		}
		messages, err := netlinkMessages(slices.Clone(s.buffer[:n])) // kept by rules
		if err != nil {
			return err
		}
		for _, m := range messages {
			interrupted = interrupted || m.flags&netlinkInterrupted != 0
			switch m.kind {
			case netlinkDone:
				if interrupted {
					return errRulesChanging
				}
				return nil
			case netlinkError:
				if err := netlinkFailure(m.data); err != nil {
					return err
				}
			default:
				if err := rules.add(m); err != nil {
					return err
				}
			}
		}
	}
}

// lookups names the sets that rules of input chains may look something up in.
func (r *nfRuleset) lookups() []nfName {
	var out []nfName
	for at, rules := range r.rules {
		for _, rule := range rules {
			for _, e := range rule {
				if e.name == "lookup" {
					out = append(out, nfName{at.family, at.table, e.text})
				}
			}
		}
	}
	return out
}

// netlinkFailure is the error of a message of type netlinkError; nil is a mere
// acknowledgement.
func netlinkFailure(data []byte) error {
	if len(data) < 4 {
		return errNetlink
	}
	if code := int32(binary.NativeEndian.Uint32(data)); code < 0 {
		return syscall.Errno(-code)
	}
	return nil
}
