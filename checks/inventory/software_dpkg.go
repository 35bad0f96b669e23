package inventory

import (
	"bytes"
	"context"

	"vigia/checks/format/dpkg"
)

// maxStatus bounds dpkg's status file, in bytes.
const maxStatus = 64 << 20

// dpkg reads the packages of Debian and its relatives; managed tells whether
// the machine has them at all. Those that every system has by their priority, and those
// that apt installed for the sake of another, are not chosen.
func (r *reader) dpkg(ctx context.Context, all *installed) (managed bool) {
	const status, extended = "/var/lib/dpkg/status", "/var/lib/apt/extended_states"
	b := r.file(ctx, status, maxStatus)
	if b == nil {
		return r.missed(status)
	}
	auto, err := dpkg.AutoInstalled(r.file(ctx, extended, maxStatus))
	if err != nil {
		r.miss(extended, err)
	}
	var programs []program
	var priorities []string
	native := ""
	damaged := false
	for p, err := range dpkg.Packages(bytes.NewReader(b)) {
		switch {
		case err != nil && !damaged:
			damaged = true // named once, however many stanzas make no sense
			r.miss(status, err)
		case err == nil && p.Present():
			programs = append(programs, program{Name: plain(p.Name), Version: plain(p.Version), Arch: plain(p.Arch), From: "dpkg"})
			priorities = append(priorities, p.Priority)
			if p.Name == "dpkg" || p.Name == "libc6" && native == "" {
				native = p.Arch
			}
		}
	}
	for i, p := range programs {
		arch := p.Arch
		if arch == "all" && native != "" {
			arch = native
		}
		switch priorities[i] {
		case "required", "important", "standard":
			all.add(p, false)
		default:
			all.add(p, !auto[p.Name+":"+arch])
		}
	}
	return true
}
