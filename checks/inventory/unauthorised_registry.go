package inventory

import (
	"context"
	"slices"
	"strings"

	"vigia/checks/host"
)

// observeLooseRegistry looks, on Windows, into the folders of people from which programs
// run that no list of Windows has.
func observeLooseRegistry(ctx context.Context, h *host.Host) (unauthorisedFacts, error) {
	r := &reader{h: h}
	var f unauthorisedFacts
	all := windowsPrograms(ctx, r)
	for _, p := range r.windowsPeople(ctx) {
		if p.home == "" {
			continue // already noted, or a profile that never logged on
		}
		const programs = `\AppData\Local\Programs`
		for _, e := range r.entries(ctx, p.home+programs) {
			dir := p.home + programs + `\` + e.Name
			if e.Mode.IsDir() && !strings.EqualFold(e.Name, "Common") && !all.has(dir) {
				f.addLoose(loose{Name: e.Name, Place: "programs", Profile: p.name})
			}
		}
		for _, e := range r.entries(ctx, p.desktop) {
			if e.Mode.IsRegular() && extension(e.Name) == ".exe" {
				f.addLoose(loose{Name: e.Name, Place: "desktop", Profile: p.name})
			}
		}
		count := 0
		for _, e := range r.entries(ctx, p.downloads) {
			if ext := extension(e.Name); e.Mode.IsRegular() && (ext == ".exe" || ext == ".msi" || ext == ".msix" || ext == ".appx") {
				count++
			}
		}
		if count > 0 {
			f.Downloads = append(f.Downloads, downloads{Profile: p.name, Programs: count})
		}
	}
	return f.finish(ctx, r, all)
}

// extension is the end of a file's name from its last point, in small letters.
func extension(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return strings.ToLower(name[i:])
	}
	return ""
}

// has tells whether an installed program says that it is in a folder.
func (i installed) has(dir string) bool {
	return slices.ContainsFunc(i.chosen, func(p program) bool {
		return len(p.folder) >= len(dir) && strings.EqualFold(p.folder[:len(dir)], dir) && (len(p.folder) == len(dir) || p.folder[len(dir)] == '\\')
	})
}
