package backup

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/binary"
	"hash/crc32"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"vigia/checks/checktest"
	"vigia/checks/host"
)

// disk is the files of a machine in memory, by path. Folders exist by what is in them, or
// as entries of their own.
type disk struct {
	os      host.OS
	entries map[string]entry
	volumes []host.Volume
}

// entry is a file or folder. Its age is before at; its owner is 0:0 if not said.
type entry struct {
	content string
	size    int64 // of a file whose content is zeros
	age     time.Duration
	mode    fs.FileMode
	owner   string
	group   string
	err     error // of reading it
}

func (d disk) find(path string) (host.FileInfo, entry, error) {
	path = strings.TrimRight(path, `\`)
	e, ok := d.entries[path]
	if !ok {
		for p := range d.entries {
			if strings.HasPrefix(p, strings.TrimRight(path, "/")+d.slash()) {
				e, ok = entry{mode: fs.ModeDir | 0o755}, true
				break
			}
		}
	}
	if !ok {
		return host.FileInfo{}, e, fs.ErrNotExist
	}
	when := at.Add(-e.age)
	info := host.FileInfo{
		Name: lastPart(d.os, path), Size: max(e.size, int64(len(e.content))), Mode: e.mode, ModTime: when, ChangeTime: when,
		Owner: cmp.Or(e.owner, "0"), Group: cmp.Or(e.group, "0"),
	}
	if info.Mode == 0 {
		info.Mode = 0o600
	}
	return info, e, nil
}

func (d disk) slash() string {
	if d.os == host.Windows {
		return `\`
	}
	return "/"
}

func (d disk) ReadFile(ctx context.Context, path string, limit int64) ([]byte, error) {
	return d.ReadRange(ctx, path, 0, limit)
}

func (d disk) ReadRange(_ context.Context, path string, offset, length int64) ([]byte, error) {
	info, e, err := d.find(path)
	if err = cmp.Or(err, e.err); err != nil {
		return nil, err
	}
	b := make([]byte, max(0, min(length, info.Size-offset)))
	if offset < int64(len(e.content)) {
		copy(b, e.content[offset:])
	}
	return b, nil
}

func (d disk) Stat(_ context.Context, path string) (host.FileInfo, error) {
	info, _, err := d.find(path)
	return info, err
}

func (d disk) ReadDir(_ context.Context, path string) ([]host.FileInfo, error) {
	_, e, err := d.find(path)
	if err = cmp.Or(err, e.err); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for p := range d.entries {
		if rest, ok := strings.CutPrefix(p, strings.TrimRight(path, `\/`)+d.slash()); ok {
			name, _, _ := strings.Cut(rest, d.slash())
			names[name] = true
		}
	}
	var out []host.FileInfo
	for _, n := range slices.Sorted(maps.Keys(names)) {
		info, _, _ := d.find(join(d.os, path, n))
		out = append(out, info)
	}
	return out, nil
}

func (d disk) Walk(ctx context.Context, root string, visit func(string, host.FileInfo, error) error) error {
	info, e, err := d.find(root)
	if err = cmp.Or(err, e.err); err != nil || !info.Mode.IsDir() {
		return visit(root, info, err)
	}
	if err := visit(root, info, nil); err != nil {
		return err
	}
	entries, _ := d.ReadDir(ctx, root)
	for _, e := range entries {
		if err := d.Walk(ctx, join(d.os, root, e.Name), visit); err != nil {
			return err
		}
	}
	return nil
}

// host is the machine of the disk, with the answers to other questions.
func (d disk) host(a checktest.Answers) host.Host {
	return a.On(host.Host{OS: d.os, Now: checktest.Clock(at), Files: d, System: volumes{list: d.volumes}})
}

// vhdx is the head of a disk of Windows as it is when closed, 2 MiB long.
func vhdx() string {
	b := make([]byte, 2<<20)
	copy(b, "vhdxfile")
	sum := func(at, size int) {
		binary.LittleEndian.PutUint32(b[at+4:], crc32.Checksum(b[at:at+size], crc32.MakeTable(crc32.Castagnoli)))
	}
	copy(b[64<<10:], "head")
	sum(64<<10, 4<<10)
	copy(b[192<<10:], "regi")
	sum(192<<10, 64<<10)
	return string(b)
}

// vma is an archive of a virtual machine of Proxmox with one block.
func vma() string {
	const header, extent, block = 12288, 512, 4096
	h, e := make([]byte, header), make([]byte, extent)
	copy(h, "VMA\x00")
	binary.BigEndian.PutUint32(h[4:], 1)
	binary.BigEndian.PutUint32(h[56:], header)
	sum := md5.Sum(h)
	copy(h[32:], sum[:])
	copy(e, "VMAE")
	binary.BigEndian.PutUint16(e[6:], 1)
	sum = md5.Sum(e)
	copy(e[24:], sum[:])
	return string(h) + string(e) + strings.Repeat("\x5a", block)
}
