package inventory

import (
	"bytes"
	"context"
	"errors"
	"io/fs"

	"vigia/checks/format/dpkg"
)

// maxStatus bounds dpkg's status file, in bytes.
const maxStatus = 64 << 20

// dpkg reads the packages of Debian and its relatives; managed tells whether
// the machine has them at all.
func (r *reader) dpkg(ctx context.Context) (out []program, managed bool) {
	const status = "/var/lib/dpkg/status"
	b, err := r.h.Files.ReadFile(ctx, status, maxStatus)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false
	case err != nil:
		r.miss(status, err)
		return nil, true
	}
	damaged := false
	for p, err := range dpkg.Packages(bytes.NewReader(b)) {
		switch {
		case err != nil && !damaged:
			damaged = true // named once, however many stanzas make no sense
			r.miss(status, err)
		case err == nil && p.Present():
			out = append(out, program{Name: plain(p.Name), Version: plain(p.Version), Arch: plain(p.Arch), From: "dpkg"})
		}
	}
	return out, true
}
