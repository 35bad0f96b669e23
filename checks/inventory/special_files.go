package inventory

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vigia/checks/format/shadow"
	"vigia/checks/host"
)

// observeSpecialFiles looks, on Linux, among the packages, in the folders that no package
// manager fills, and at who may read disks past the file system.
func observeSpecialFiles(ctx context.Context, h *host.Host, p specialParams) (specialFacts, error) {
	box, err := newToolbox(p.Tools)
	if err != nil {
		return specialFacts{}, err
	}
	r := &reader{h: h}
	var f specialFacts
	all := linuxPrograms(ctx, r)
	for _, p := range all.everything() {
		if u, ok := box.byPackage(p); ok {
			f.add(found{Tool: u.ID, Name: u.Name, Kind: u.Kind, How: "package", Where: p.Name, Everyone: r.anyoneRuns(ctx, u, p)})
		}
	}
	s := &search{reader: r, box: box, facts: &f, separator: "/"}
	for _, dir := range []string{"/usr/local/bin", "/usr/local/sbin"} {
		s.folder(ctx, dir, "", 0)
	}
	s.folder(ctx, "/opt", "", 2)
	for _, p := range r.people(ctx) {
		dirs := []string{p.home + "/.local/bin", p.home + "/bin", p.downloads, p.desktop}
		slices.Sort(dirs)
		for _, dir := range slices.Compact(dirs) {
			s.folder(ctx, dir, p.name, 2)
		}
		s.folder(ctx, p.home, p.name, 0)
	}
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm"} {
		s.folder(ctx, dir, "", 0)
	}
	s.end()
	r.setUID(ctx, &f)
	f.DiskGroup = r.diskGroup(ctx)
	for _, e := range r.entries(ctx, "/dev") {
		if e.Mode&fs.ModeDevice != 0 && e.Mode&fs.ModeCharDevice == 0 && e.Mode&0o006 != 0 {
			f.OpenDevices = append(f.OpenDevices, "/dev/"+e.Name)
		}
	}
	return f.finish(ctx, r, box, p)
}

// everything lists what was chosen and what came along: a tool may come because another
// package suggests it.
func (i installed) everything() []program {
	out := slices.Clone(i.chosen)
	for from, packs := range i.base {
		for _, p := range packs {
			out = append(out, program{Name: p.name, Version: p.version, Arch: p.arch, From: from})
		}
	}
	return out
}

// anyoneRuns tells whether the programs of a tool that a package brought may be run by
// everybody: those that are where packages put programs, by their modes. What snap and
// flatpak bring everybody may run.
func (r *reader) anyoneRuns(ctx context.Context, u utility, p program) *bool {
	yes, no := true, false
	if p.From == "snap" || p.From == "flatpak" || p.From == "flatpak_user" {
		return &yes
	}
	known := false
	for _, name := range append(slices.Clone(u.Programs), p.Name) {
		for _, dir := range []string{"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"} {
			info, err := r.h.Files.Stat(ctx, dir+name)
			switch {
			case err == nil && info.Mode&0o001 != 0:
				return &yes
			case err == nil:
				known = true
			case !errors.Is(err, fs.ErrNotExist):
				r.miss(dir+name, err)
				return nil
			}
		}
	}
	if !known {
		return nil
	}
	return &no
}

// rawTools are programs of the system that read, write or run anything. None of them is
// set-user-id as any distribution brings it: whoever made it so opened the machine.
func rawTools() []string {
	return []string{
		"dd", "debugfs", "fdisk", "hexdump", "xxd", "od", "strings", "cat", "less", "more", "cp", "mv", "tar", "find", "vim", "vim.basic", "nano",
		"bash", "dash", "sh", "busybox", "python3", "perl", "awk", "gawk", "mawk", "gdb", "strace", "tcpdump", "rsync",
	}
}

// setUID looks for those of them that run as root for anyone.
func (r *reader) setUID(ctx context.Context, f *specialFacts) {
	for _, name := range rawTools() {
		for _, dir := range []string{"/usr/bin/", "/usr/sbin/"} {
			info, err := r.h.Files.Stat(ctx, dir+name)
			if err != nil {
				if !errors.Is(err, fs.ErrNotExist) {
					r.miss(dir+name, err)
				}
				continue
			}
			if info.Mode&fs.ModeSetuid != 0 && info.Mode&0o001 != 0 {
				f.SetUID = append(f.SetUID, dir+name)
			}
		}
	}
}

// diskGroup lists the accounts, other than root, that are in the group disk, which may
// read and write every disk as raw bytes.
func (r *reader) diskGroup(ctx context.Context) []string {
	const group, passwd = "/etc/group", "/etc/passwd"
	b := r.file(ctx, group, maxStatus)
	if b == nil {
		return nil
	}
	groups, err := shadow.ParseGroup(b)
	if err != nil {
		r.miss(group, err)
	}
	accounts, err := shadow.ParsePasswd(r.file(ctx, passwd, maxStatus))
	if err != nil {
		r.miss(passwd, err)
	}
	var out []string
	for _, g := range groups.Groups {
		if g.Name != "disk" {
			continue
		}
		out = append(out, g.Members...)
		for _, u := range accounts.Users {
			if u.GID == g.GID {
				out = append(out, u.Name)
			}
		}
	}
	return slices.DeleteFunc(out, func(name string) bool { return name == "root" })
}

// base is the last part of a path of either system.
func base(name string) string { return path.Base(strings.ReplaceAll(name, `\`, "/")) }
