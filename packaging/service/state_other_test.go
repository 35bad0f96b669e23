//go:build !windows

package service

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestStateOfAUnit(t *testing.T) {
	const unit = "vigia-agent.service"
	folder := &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	for _, row := range []struct {
		name  string
		files fstest.MapFS
		want  State
		err   error
	}{
		{"no systemd", fstest.MapFS{"lib/systemd/system/" + unit: {}}, "", ErrNoManager},
		{"no unit", fstest.MapFS{"run/systemd/system": folder}, "", ErrNotInstalled},
		{"of the package", fstest.MapFS{"run/systemd/system": folder, "usr/lib/systemd/system/" + unit: {}}, Stopped, nil},
		{"running", fstest.MapFS{"run/systemd/system": folder, "lib/systemd/system/" + unit: {}, "sys/fs/cgroup/system.slice/" + unit: folder}, Running, nil},
		{"running, with groups of version 1", fstest.MapFS{"run/systemd/system": folder, "etc/systemd/system/" + unit: {}, "sys/fs/cgroup/systemd/system.slice/" + unit: folder}, Running, nil},
	} {
		if got, err := stateUnder(row.files, "vigia-agent"); got != row.want || !errors.Is(err, row.err) {
			t.Errorf("%s: %q, %v; want %q, %v", row.name, got, err, row.want, row.err)
		}
	}
}
