// Package inventory takes stock of a machine: what it is made of, what is
// mounted on it, which programs are installed and which services run (INV-HWSW-Q), which of them nobody
// approved (INV-UNAUTH-SW), which read what they should not (INV-SPECIAL-UTIL), and
// which carry data to places that are not the organisation's (DLP-CHANNEL).
//
// The observed struct is the snapshot itself. It holds what is stable, not
// what changes by the minute, so that two equal digests mean that nothing was
// added, removed or replaced. The duty is that the machine equals its entry in
// the inventory: without an approved entry to compare with, the numbers are
// there and the answer is unknown.
package inventory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"vigia/checks"
	"vigia/checks/host"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check {
	return []checks.Check{stock(), unauthorised(), specialUtilities(), channels()}
}

// stock is INV-HWSW-Q.
func stock() checks.Check {
	return checks.New(
		checks.Info{ID: "inventory.snapshot", Deadline: 2 * time.Minute, Covers: stockCovers(), Messages: messages()},
		stockParams{},
		checks.On[snapshot]{
			host.Linux: func(ctx context.Context, h *host.Host) (snapshot, error) {
				return observe(ctx, h, linuxPrograms, linuxServices)
			},
			host.Windows: func(ctx context.Context, h *host.Host) (snapshot, error) {
				return observe(ctx, h, windowsPrograms, windowsServices)
			},
		}, judge)
}

type stockParams struct {
	// Software lists the approved programs; none means that there is no list.
	Software []approved `json:"software,omitempty"`
	// Hardware is the machine's entry in the inventory of equipment; nil means
	// that it has none.
	Hardware *equipment `json:"hardware,omitempty"`
}

// equipment is a machine as the inventory has it.
type equipment struct {
	Serial string   `json:"serial"`          // of the machine
	Disks  []string `json:"disks,omitempty"` // serials of the fixed disks
}

// Validate implements checks.Validator.
func (p stockParams) Validate() error {
	if err := validateList("approved program", p.Software); err != nil {
		return err
	}
	if p.Hardware != nil && p.Hardware.Serial == "" {
		return errors.New("hardware needs the machine's serial number")
	}
	return nil
}

// snapshot is the evidence of inventory.snapshot.
type snapshot struct {
	Machine    *machine       `json:"machine,omitempty"`
	Hardware   *host.Hardware `json:"hardware,omitempty"`
	Volumes    []volume       `json:"volumes,omitempty"`
	Interfaces []network      `json:"interfaces,omitempty"`
	// Software are the programs that somebody chose to install, sorted; SoftwareMore
	// counts those left out beyond the limits. Base are the packages that came with the
	// system or because another needs them, as "name version" by the list that has them.
	Software     []program           `json:"software,omitempty"`
	Base         map[string][]string `json:"base,omitempty"`
	SoftwareMore int                 `json:"software_more,omitempty"`
	// Services start by themselves or on demand: on Windows by driver and service, on
	// Linux by enabled and local, which are units that no package brought.
	Services services `json:"services,omitempty"`
	// Digest is the SHA-256 of all that is above, removable media left out. Parts are
	// the beginnings of those of machine, hardware, volumes, interfaces, software and
	// services, which tell what changed without the snapshot before.
	Digest string            `json:"digest"`
	Parts  map[string]string `json:"parts,omitempty"`
	Unread []checks.Unread   `json:"unread,omitempty"`
}

// machine is host.Identity without what changes by itself.
type machine struct {
	Hostname string `json:"hostname"`
	OSName   string `json:"os_name"`
	OSVer    string `json:"os_version"`
	Kernel   string `json:"kernel,omitempty"`
	Arch     string `json:"arch"`
	Domain   string `json:"domain,omitempty"`
}

// volume is host.Volume without its free space.
type volume struct {
	Mount     string `json:"mount"`
	Device    string `json:"device"`
	FSType    string `json:"fs_type"`
	Total     uint64 `json:"total"` // bytes
	ReadOnly  bool   `json:"read_only,omitempty"`
	Removable bool   `json:"removable,omitempty"`
}

// network is host.Interface without its state.
type network struct {
	Name string `json:"name"`
	MAC  string `json:"mac,omitempty"`
}

// program is one installed program or package.
type program struct {
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
	Arch      string `json:"arch,omitempty"`
	Publisher string `json:"publisher,omitempty"`
	// From is the list that has it: dpkg, rpm, apk, pacman, snap, flatpak, flatpak_user;
	// on Windows machine, machine32, user or store.
	From string `json:"from"`

	folder string // on Windows, where it is installed, if that is told
}

// Limits of the snapshot.
const (
	maxPrograms = 20_000
	// maxSoftware bounds the JSON of all programs, in bytes: the whole snapshot
	// stays under 1 MiB.
	maxSoftware = 800 << 10
	maxOthers   = 500 // volumes, interfaces or disks
	maxText     = 200 // characters of one text
)

// reader collects what could not be read.
type reader struct {
	h        *host.Host
	unread   []checks.Unread
	profiles []profile // as read by people or windowsPeople; nil before
}

func (r *reader) miss(source string, err error) {
	r.unread = append(r.unread, checks.Unread{Source: source, Why: checks.WhyUnread(err)})
}

// observe reads every part. Parts that cannot be read are named; there is
// always a snapshot.
func observe(ctx context.Context, h *host.Host, programs func(context.Context, *reader) installed, running func(context.Context, *reader) services) (snapshot, error) {
	r := &reader{h: h}
	var s snapshot
	if id, err := h.System.Identity(ctx); err != nil {
		r.miss("identity", err)
	} else {
		s.Machine = &machine{Hostname: id.Hostname, OSName: id.OSName, OSVer: id.OSVer, Kernel: id.Kernel, Arch: id.Arch, Domain: id.Domain}
	}
	if hw, err := h.System.Hardware(ctx); err != nil {
		r.miss("hardware", err)
	} else {
		slices.SortFunc(hw.Disks, func(a, b host.Disk) int { return cmp.Compare(a.Name, b.Name) })
		hw.Disks = bounded(r, "disks", hw.Disks)
		s.Hardware = &hw
	}
	if volumes, err := h.System.Volumes(ctx); err != nil {
		r.miss("volumes", err)
	} else {
		for _, v := range bounded(r, "volumes", volumes) {
			s.Volumes = append(s.Volumes, volume{Mount: v.Mount, Device: v.Device, FSType: v.FSType, Total: v.Total, ReadOnly: v.ReadOnly, Removable: v.Removable})
		}
	}
	if interfaces, err := h.System.Interfaces(ctx); err != nil {
		r.miss("interfaces", err)
	} else {
		interfaces = slices.DeleteFunc(interfaces, func(i host.Interface) bool { return passing(i.Name) })
		slices.SortFunc(interfaces, func(a, b host.Interface) int { return cmp.Compare(a.Name, b.Name) })
		for _, i := range bounded(r, "interfaces", interfaces) {
			s.Interfaces = append(s.Interfaces, network{Name: i.Name, MAC: i.MAC})
		}
	}
	all := programs(ctx, r)
	s.Software, s.SoftwareMore = fit(all.chosen)
	s.Base = all.lines()
	s.SoftwareMore += shorten(s.Base)
	s.Services = running(ctx, r)
	s.Unread = r.unread
	s.Digest, s.Parts = s.digest(), s.parts()
	return s, ctx.Err()
}

func bounded[T any](r *reader, source string, list []T) []T {
	if len(list) > maxOthers {
		r.miss(source, host.ErrTooBig)
		return list[:maxOthers]
	}
	return list
}

// passing tells of interfaces that programs make for each container or virtual machine
// that they start, under names without end.
func passing(name string) bool {
	return slices.ContainsFunc([]string{"veth", "vnet", "tap", "fwbr", "fwln", "fwpr", "cali", "lxc"}, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}

// shorten keeps as many lines as the limits allow, and counts the others.
func shorten(base map[string][]string) (more int) {
	size := 0
	for _, from := range slices.Sorted(maps.Keys(base)) {
		for i, line := range base[from] {
			if size += len(line) + 3; size > maxSoftware/2 {
				more += len(base[from]) - i
				base[from] = base[from][:i]
				break
			}
		}
	}
	return more
}

// fit sorts the programs, drops repetitions and keeps as many as the limits
// allow.
func fit(all []program) (kept []program, more int) {
	slices.SortFunc(all, func(a, b program) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.From, b.From),
			cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Publisher, b.Publisher))
	})
	all = slices.CompactFunc(all, func(a, b program) bool {
		a.folder, b.folder = "", "" // of no account: it is not kept
		return a == b
	})
	size := 0
	for i, p := range all {
		// Braces, keys and quotes of one program take at most 80 bytes.
		size += 80 + len(p.Name) + len(p.Version) + len(p.Arch) + len(p.Publisher) + len(p.From)
		if i == maxPrograms || size > maxSoftware/2 {
			return all[:i], len(all) - i
		}
	}
	return all, 0
}

// plain makes a text of the machine safe to keep: valid, on one line, short.
func plain(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxText {
		s = string(runes[:maxText])
	}
	return s
}

// digest sums up what is approved once and then stays: no media that come and
// go, and nothing about the reading itself.
func (s snapshot) digest() string {
	stable := s
	stable.Digest, stable.Parts, stable.Unread = "", nil, nil
	stable.Volumes = slices.DeleteFunc(slices.Clone(s.Volumes), func(v volume) bool { return v.Removable })
	if s.Hardware != nil {
		hw := *s.Hardware
		hw.Disks = slices.DeleteFunc(slices.Clone(hw.Disks), func(d host.Disk) bool { return d.Removable })
		hw.Unread = nil
		stable.Hardware = &hw
	}
	return digestOf(stable)
}

// digestOf is the SHA-256 of something's JSON; empty for what has none.
func digestOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// parts sums up each part of the snapshot by itself, under the same exceptions.
func (s snapshot) parts() map[string]string {
	out := map[string]string{}
	for name, part := range map[string]snapshot{
		"machine":    {Machine: s.Machine},
		"hardware":   {Hardware: s.Hardware},
		"volumes":    {Volumes: s.Volumes},
		"interfaces": {Interfaces: s.Interfaces},
		"software":   {Software: s.Software, Base: s.Base, SoftwareMore: s.SoftwareMore},
		"services":   {Services: s.Services},
	} {
		d := part.digest()
		out[name] = d[:min(len(d), 12)]
	}
	return out
}
