package session

import (
	"context"
	"path"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// Limits of what the kernel lists.
const (
	maxMountInfo = 4 << 20
	maxDepth     = 16 // of devices made of devices
)

// observeDisksDMCrypt looks below each mounted file system and each swap space for
// encryption by the kernel.
func observeDisksDMCrypt(ctx context.Context, h *host.Host) (diskFacts, error) {
	look := checks.Look{Host: h}
	var seen diskFacts
	seen.Portable = linuxPortability(ctx, &look)
	b := readBlocks(ctx, &look)
	mounts := readMounts(ctx, &look)
	for _, m := range dataMounts(mounts) {
		if !isSystemMount(m.point) && b.removable(ctx, m) {
			continue
		}
		state, by, _ := b.encryption(ctx, m)
		seen.Volumes = append(seen.Volumes, volumeFact{Mount: m.point, State: state, By: by})
	}
	seen.Volumes = append(seen.Volumes, b.swaps(ctx, mounts)...)
	slices.SortStableFunc(seen.Volumes, func(a, b volumeFact) int { return strings.Compare(a.Mount, b.Mount) })
	seen.Unread = look.Unread
	return seen, nil
}

// isSystemMount tells whether a machine keeps its own there, on whatever it is: some run
// from a disk that calls itself removable.
func isSystemMount(point string) bool {
	return slices.Contains([]string{"/", "/home", "/var", "/srv", "/opt", "/usr", "/root"}, point)
}

// mount is one line of proc_pid_mountinfo(5).
type mount struct {
	number string // major:minor
	point  string
	fsType string
	source string
}

// parseMountInfo reads the mounts, in their order. Lines that are none are left out.
func parseMountInfo(data string) []mount {
	var out []mount
	for line := range strings.Lines(data) {
		left, right, ok := strings.Cut(line, " - ")
		a, b := strings.Fields(left), strings.Fields(right)
		if !ok || len(a) < 6 || len(b) < 2 {
			continue
		}
		out = append(out, mount{number: a[2], point: unescapeMount(a[4]), fsType: b[0], source: unescapeMount(b[1])})
	}
	return out
}

// unescapeMount undoes \040 and its like.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`, `\043`, "#").Replace(s)
}

// readMounts lists the mounts of the machine: those of its first process, since the
// agent may run among fewer.
func readMounts(ctx context.Context, look *checks.Look) []mount {
	const first, own = "/proc/1/mountinfo", "/proc/self/mountinfo"
	data, err := look.Host.Files.ReadFile(ctx, first, maxMountInfo)
	if err != nil {
		if data, err = look.Host.Files.ReadFile(ctx, own, maxMountInfo); err != nil {
			look.Need(first, err)
		}
	}
	return parseMountInfo(string(data))
}

// dataMounts are the mounts of file systems that hold data on disks of the machine, one
// of each. What starts the machine cannot be encrypted and holds nobody's data; images
// of software and media to carry about are other matters.
func dataMounts(mounts []mount) []mount {
	var out []mount
	seen := map[string]bool{}
	for _, m := range mounts {
		disk := strings.HasPrefix(m.source, "/dev/") || m.fsType == "zfs" || m.fsType == "bcachefs"
		image := m.fsType == "squashfs" || m.fsType == "erofs" || m.fsType == "iso9660" || m.fsType == "udf" || strings.HasPrefix(m.source, "/dev/loop")
		pseudo := m.fsType == "devtmpfs" || m.fsType == "devpts" || m.fsType == "fuse.portal"
		starts := below(m.point, "/boot") || below(m.point, "/efi")
		if !disk || image || pseudo || starts || seen[m.source] {
			continue
		}
		seen[m.source] = true
		out = append(out, m)
	}
	return out
}

func below(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }

// blocks are the block devices of the machine, by the names of the kernel.
type blocks struct {
	look   *checks.Look
	names  []string
	number map[string]string // name by major:minor
	mapped map[string]string // name by that of the device mapper
	uuid   map[string]string // of the device mapper, by name
}

const dirBlocks = "/sys/class/block"

func readBlocks(ctx context.Context, look *checks.Look) *blocks {
	b := &blocks{look: look, number: map[string]string{}, mapped: map[string]string{}, uuid: map[string]string{}}
	entries, err := look.Host.Files.ReadDir(ctx, dirBlocks)
	if err != nil {
		look.Need(dirBlocks, err)
		return b
	}
	for _, e := range entries {
		b.names = append(b.names, e.Name)
		dir := dirBlocks + "/" + e.Name
		if number, ok := attribute(ctx, look, dir+"/dev"); ok {
			b.number[number] = e.Name
		}
		if !strings.HasPrefix(e.Name, "dm-") {
			continue
		}
		if name, ok := attribute(ctx, look, dir+"/dm/name"); ok {
			b.mapped[name] = e.Name
		}
		if uuid, ok := attribute(ctx, look, dir+"/dm/uuid"); ok {
			b.uuid[e.Name] = uuid
		}
	}
	return b
}

// find names the device of a mount or path; empty where there is none such.
func (b *blocks) find(number, source string) string {
	if name := b.number[number]; name != "" {
		return name
	}
	if name, ok := strings.CutPrefix(source, "/dev/mapper/"); ok {
		return b.mapped[name]
	}
	if name := path.Base(source); slices.Contains(b.names, name) && path.Dir(source) == "/dev" {
		return name
	}
	return ""
}

// removable tells whether a mount is of a medium to carry about: one that can be taken
// out, a memory card, or a disk that udev found at USB, udev(7). Where none of it is
// said, the disk is the machine's own.
func (b *blocks) removable(ctx context.Context, m mount) bool {
	name := b.find(m.number, m.source)
	if name == "" {
		return false
	}
	stem := strings.TrimRight(name, "0123456789") // of a partition: sdb1, nvme0n1p1
	for _, disk := range []string{name, stem, strings.TrimSuffix(stem, "p")} {
		if !slices.Contains(b.names, disk) {
			continue
		}
		dir := dirBlocks + "/" + disk
		if flag, ok := attribute(ctx, b.look, dir+"/removable"); ok && flag == "1" {
			return true
		}
		if kind, ok := attribute(ctx, b.look, dir+"/device/type"); ok && kind == "SD" {
			return true
		}
		number, ok := attribute(ctx, b.look, dir+"/dev")
		if !ok {
			continue
		}
		data, _ := attribute(ctx, b.look, "/run/udev/data/b"+number)
		if slices.Contains(strings.Split(data, "\n"), "E:ID_BUS=usb") {
			return true
		}
	}
	return false
}

// encryption tells whether what a mount is on is encrypted, by what, and through which
// mappings of the device mapper.
func (b *blocks) encryption(ctx context.Context, m mount) (state, by string, mappings []string) {
	if m.fsType == "zfs" || m.fsType == "bcachefs" { // they may encrypt, and tell no file
		return diskUnknown, m.fsType, nil
	}
	name := b.find(m.number, m.source)
	if name == "" {
		return diskUnknown, "", nil
	}
	members := []string{name}
	if m.fsType == "btrfs" {
		members = b.btrfs(ctx, name)
	}
	return b.all(ctx, members, maxDepth)
}

// btrfs lists the devices of the file system that one of them belongs to.
func (b *blocks) btrfs(ctx context.Context, name string) []string {
	const dir = "/sys/fs/btrfs"
	systems, err := b.look.Host.Files.ReadDir(ctx, dir)
	if err != nil {
		b.look.Miss(dir, err)
	}
	for _, s := range systems {
		devices, err := b.look.Host.Files.ReadDir(ctx, dir+"/"+s.Name+"/devices")
		if err != nil {
			continue // "features" is beside them and is none
		}
		var names []string
		for _, d := range devices {
			names = append(names, d.Name)
		}
		if slices.Contains(names, name) {
			return names
		}
	}
	return []string{name}
}

// all tells whether all of several devices are encrypted: of a volume, what lies on one
// plain disk can be read.
func (b *blocks) all(ctx context.Context, names []string, depth int) (state, by string, mappings []string) {
	state = diskOn
	for _, name := range names {
		s, one, more := b.device(ctx, name, depth)
		mappings = append(mappings, more...)
		switch {
		case s == diskOff:
			return diskOff, "", nil
		case s == diskUnknown:
			state, by = diskUnknown, one
		case state == diskOn:
			by = one
		}
	}
	return state, by, mappings
}

// device looks at one device and at what it is made of.
func (b *blocks) device(ctx context.Context, name string, depth int) (state, by string, mappings []string) {
	if by := cryptType(b.uuid[name]); by != "" {
		for mapping, device := range b.mapped {
			if device == name {
				mappings = []string{mapping}
			}
		}
		return diskOn, by, mappings
	}
	if depth == 0 {
		return diskUnknown, "", nil
	}
	dir := dirBlocks + "/" + name + "/slaves"
	entries, err := b.look.Host.Files.ReadDir(ctx, dir)
	if err != nil && !b.look.Miss(dir, err) {
		return diskUnknown, "", nil
	}
	if len(entries) == 0 {
		return diskOff, "", nil // a disk or a part of one, and nothing encrypts above it
	}
	var made []string
	for _, e := range entries {
		made = append(made, e.Name)
	}
	return b.all(ctx, made, depth-1)
}

// cryptType tells from the UUID of a mapping what encrypts it; empty where nothing does.
// cryptsetup begins it with CRYPT and the type, which for verity and integrity is one
// that protects from changes and not from readers.
func cryptType(uuid string) string {
	rest, ok := strings.CutPrefix(uuid, "CRYPT-")
	if !ok {
		return ""
	}
	kind, _, _ := strings.Cut(rest, "-")
	switch kind {
	case "LUKS1", "LUKS2", "PLAIN", "TCRYPT", "BITLK", "FVAULT2", "LOOPAES":
		return strings.ToLower(kind)
	default:
		return ""
	}
}

// swaps looks at the swap spaces, proc_swaps(5). Those in memory are none.
func (b *blocks) swaps(ctx context.Context, mounts []mount) []volumeFact {
	const file = "/proc/swaps"
	var out []volumeFact
	for line := range strings.Lines(string(b.look.File(ctx, file, maxMountInfo))) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "Filename" || strings.HasPrefix(f[0], "/dev/zram") {
			continue
		}
		name := unescapeMount(f[0])
		m := mount{source: name}
		if f[1] == "file" {
			for _, at := range mounts { // the last and longest above it
				if (below(name, at.point) || at.point == "/") && len(at.point) >= len(m.point) {
					m = at
				}
			}
		}
		state, by, _ := b.encryption(ctx, m)
		if strings.HasPrefix(name, "/dev/dm-") { // its number changes, its name does not
			for mapping, device := range b.mapped {
				if "/dev/"+device == name {
					name = mapping
				}
			}
		}
		out = append(out, volumeFact{Mount: "swap " + name, State: state, By: by})
	}
	return out
}
