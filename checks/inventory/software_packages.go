package inventory

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"vigia/checks/host"
)

// linuxPrograms reads the databases of the package managers. Those that cannot
// be read yet are named when they are there, so that a machine that uses one
// does not seem to have no programs.
func linuxPrograms(ctx context.Context, r *reader) []program {
	out, managed := r.dpkg(ctx)
	for _, db := range otherDatabases() {
		switch _, err := r.h.Files.Stat(ctx, db); {
		case err == nil:
			managed = true
			r.miss(db, host.ErrUnsupported)
		case !errors.Is(err, fs.ErrNotExist):
			r.miss(db, err)
		}
	}
	if !managed {
		r.miss("packages", fs.ErrNotExist)
	}
	for _, name := range r.names(ctx, "/var/lib/snapd/snaps") {
		if file, ok := strings.CutSuffix(name, ".snap"); ok {
			snap, revision, _ := strings.Cut(file, "_")
			out = append(out, program{Name: plain(snap), Version: plain(revision), From: "snap"})
		}
	}
	for _, name := range r.names(ctx, "/var/lib/flatpak/app") {
		out = append(out, program{Name: plain(name), From: "flatpak"})
	}
	return out
}

// otherDatabases are package databases that have no reader here: rpm's in its
// three forms, pacman's and apk's.
func otherDatabases() []string {
	return []string{
		"/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages",
		"/var/lib/pacman/local", "/lib/apk/db/installed",
	}
}

// names lists a directory that need not be there.
func (r *reader) names(ctx context.Context, dir string) []string {
	entries, err := r.h.Files.ReadDir(ctx, dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.miss(dir, err)
		}
		return nil
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name)
	}
	return out
}
