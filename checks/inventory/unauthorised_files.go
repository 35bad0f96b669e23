package inventory

import (
	"context"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks/host"
)

// observeLooseFiles looks, on Linux, into the folders from which programs run that no
// package manager put there.
func observeLooseFiles(ctx context.Context, h *host.Host) (unauthorisedFacts, error) {
	r := &reader{h: h}
	var f unauthorisedFacts
	all := linuxPrograms(ctx, r)
	for _, p := range r.people(ctx) {
		r.looseOf(ctx, p, &f)
	}
	for _, dir := range []string{"/usr/local/bin", "/usr/local/sbin"} {
		for _, e := range r.entries(ctx, dir) {
			if runs(e) {
				f.addLoose(loose{Name: e.Name, Place: "usr_local"})
			}
		}
	}
	for _, e := range r.entries(ctx, "/opt") {
		if e.Mode.IsDir() && !r.packaged(ctx, "/opt/"+e.Name, all) {
			f.addLoose(loose{Name: e.Name, Place: "opt"})
		}
	}
	return f.finish(ctx, r, all)
}

// looseOf looks into one person's folders.
func (r *reader) looseOf(ctx context.Context, p profile, f *unauthorisedFacts) {
	for _, place := range []struct{ name, dir string }{{"local_bin", "/.local/bin"}, {"home_bin", "/bin"}} {
		for _, e := range r.entries(ctx, p.home+place.dir) {
			if runs(e) {
				f.addLoose(loose{Name: e.Name, Place: place.name, Profile: p.name})
			}
		}
	}
	dirs := []string{p.home, p.home + "/Applications", p.home + "/AppImages", p.downloads, p.desktop}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		for _, e := range r.entries(ctx, dir) {
			if e.Mode.IsRegular() && strings.HasSuffix(strings.ToLower(e.Name), ".appimage") {
				f.addLoose(loose{Name: e.Name, Place: "appimage", Profile: p.name})
			}
		}
	}
	count := 0
	for _, e := range r.entries(ctx, p.downloads) {
		switch name := strings.ToLower(e.Name); {
		case !e.Mode.IsRegular():
		case strings.HasSuffix(name, ".deb"), strings.HasSuffix(name, ".rpm"), strings.HasSuffix(name, ".run"), strings.HasSuffix(name, ".flatpakref"):
			count++
		}
	}
	if count > 0 {
		f.Downloads = append(f.Downloads, downloads{Profile: p.name, Programs: count})
	}
}

// runs tells of files that somebody may run, and of links, which lead to such.
func runs(e host.FileInfo) bool {
	return e.Mode&fs.ModeSymlink != 0 || e.Mode.IsRegular() && e.Mode&0o111 != 0
}

// packaged tells whether a folder in /opt is of an installed package: dpkg lists the
// files of each, and of rpm the name alone is known. Packages are tried whose name has
// the folder's in it, since reading the lists of all would cost too much.
func (r *reader) packaged(ctx context.Context, dir string, all installed) bool {
	word, _, _ := strings.Cut(strings.ToLower(dir[strings.LastIndexByte(dir, '/')+1:]), ".")
	if len(word) < 2 {
		return false
	}
	names := map[string]string{}
	for _, p := range all.chosen {
		names[p.Name] = p.From
	}
	for from, packs := range all.base {
		for _, p := range packs {
			names[p.name] = from
		}
	}
	for name, from := range names {
		if !strings.Contains(name, word) {
			continue
		}
		switch from {
		case "rpm":
			return true
		case "dpkg":
			list, err := r.h.Files.ReadFile(ctx, "/var/lib/dpkg/info/"+name+".list", maxStatus)
			if err == nil && strings.Contains(string(list), "\n"+dir+"\n") {
				return true
			}
		}
	}
	return false
}
