package inventory

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/format/conf"
	"vigia/checks/host"
)

// installed is what the lists of a machine say is installed.
type installed struct {
	// chosen are the programs that somebody asked for: they must be approved one by one.
	chosen []program
	// base are the packages that came with the system, or because another needs them, by
	// the list that names them.
	base map[string][]pack
}

// pack is one package of base.
type pack struct{ name, version, arch string }

// add puts a package where it belongs.
func (i *installed) add(p program, chosen bool) {
	if chosen {
		i.chosen = append(i.chosen, p)
		return
	}
	if i.base == nil {
		i.base = map[string][]pack{}
	}
	i.base[p.From] = append(i.base[p.From], pack{p.Name, p.Version, p.Arch})
}

// lines says each list of base as sorted lines "name version", as small as a list of
// 1500 packages must be that travels. An architecture is said as "name:arch" only where
// it is not that of most.
func (i *installed) lines() map[string][]string {
	out := make(map[string][]string, len(i.base))
	for from, packs := range i.base {
		count := map[string]int{}
		for _, p := range packs {
			count[p.arch]++
		}
		delete(count, "all")
		delete(count, "noarch")
		usual := slices.MaxFunc(append(slices.Sorted(maps.Keys(count)), ""), func(a, b string) int { return cmp.Compare(count[a], count[b]) })
		lines := make([]string, 0, len(packs))
		for _, p := range packs {
			name := p.name
			if p.arch != usual && p.arch != "all" && p.arch != "noarch" && p.arch != "" {
				name += ":" + p.arch
			}
			lines = append(lines, strings.TrimSpace(name+" "+p.version))
		}
		slices.Sort(lines)
		out[from] = slices.Compact(lines)
	}
	return out
}

// linuxPrograms reads the databases of the package managers. Those that cannot
// be read are named when they are there, so that a machine that uses one
// does not seem to have no programs.
func linuxPrograms(ctx context.Context, r *reader) installed {
	var all installed
	managed := r.dpkg(ctx, &all)
	managed = r.rpm(ctx, &all) || managed
	managed = r.apk(ctx, &all) || managed
	managed = r.pacman(ctx, &all) || managed
	if !managed {
		r.miss("packages", fs.ErrNotExist)
	}
	r.snaps(ctx, &all)
	r.flatpaks(ctx, &all, "/var/lib/flatpak/app", "flatpak")
	for _, p := range r.people(ctx) {
		r.flatpaks(ctx, &all, p.home+"/.local/share/flatpak/app", "flatpak_user")
	}
	return all
}

// apk reads the list of Alpine: stanzas of "P:name", "V:version" and "A:arch"; what
// somebody asked for is in the file world.
func (r *reader) apk(ctx context.Context, all *installed) (managed bool) {
	const database, world = "/lib/apk/db/installed", "/etc/apk/world"
	b := r.file(ctx, database, maxStatus)
	if b == nil {
		return r.missed(database)
	}
	asked := map[string]bool{}
	for name := range strings.FieldsSeq(string(r.file(ctx, world, maxStatus))) {
		asked[name[:cmp.Or(max(strings.IndexAny(name, "<>=~@"), 0), len(name))]] = true
	}
	for stanza := range bytes.SplitSeq(b, []byte("\n\n")) {
		p := program{From: "apk"}
		for line := range bytes.Lines(stanza) {
			field, value, _ := strings.Cut(string(bytes.TrimSpace(line)), ":")
			switch field {
			case "P":
				p.Name = plain(value)
			case "V":
				p.Version = plain(value)
			case "A":
				p.Arch = plain(value)
			}
		}
		if p.Name != "" {
			all.add(p, asked[p.Name] || len(asked) == 0)
		}
	}
	return true
}

// pacman reads the names of the folders that Arch keeps, one for each package:
// name-version-release.
func (r *reader) pacman(ctx context.Context, all *installed) (managed bool) {
	for _, folder := range r.names(ctx, "/var/lib/pacman/local") {
		release := strings.LastIndexByte(folder, '-')
		if release < 0 {
			continue
		}
		managed = true
		name := folder[:max(strings.LastIndexByte(folder[:release], '-'), 0)]
		all.add(program{Name: plain(name), Version: plain(strings.TrimPrefix(folder[len(name):], "-")), From: "pacman"}, true)
	}
	return managed
}

// snaps reads which snaps there are, and of the mounted ones their version. What other
// snaps run on is not a program that somebody chose.
func (r *reader) snaps(ctx context.Context, all *installed) {
	revisions := map[string]string{}
	for _, name := range r.names(ctx, "/var/lib/snapd/snaps") {
		if file, ok := strings.CutSuffix(name, ".snap"); ok {
			snap, revision, _ := strings.Cut(file, "_")
			if was := revisions[snap]; len(revision) > len(was) || len(revision) == len(was) && revision > was {
				revisions[snap] = revision // the newest; the one before it is kept to go back
			}
		}
	}
	for _, snap := range slices.Sorted(maps.Keys(revisions)) {
		p := program{Name: plain(snap), Version: plain(revisions[snap]), From: "snap"}
		kind := ""
		for line := range strings.Lines(string(r.file(ctx, "/snap/"+snap+"/current/meta/snap.yaml", maxMetadata))) {
			field, value, ok := strings.Cut(strings.TrimRight(line, " \r\n"), ":")
			value = strings.Trim(strings.TrimSpace(value), `'"`)
			switch {
			case ok && field == "version" && value != "":
				p.Version = plain(value)
			case ok && field == "type":
				kind = value
			}
		}
		runtime := kind != "" && kind != "app" || snap == "snapd" || snap == "bare" || strings.HasPrefix(snap, "core") ||
			strings.HasPrefix(snap, "gnome-") || strings.HasPrefix(snap, "gtk-common-themes")
		all.add(p, !runtime)
	}
}

// flatpaks reads the applications in a folder of flatpak, of the system or of a person.
// Runtimes are in another folder: nobody chooses them.
func (r *reader) flatpaks(ctx context.Context, all *installed, dir, from string) {
	for _, id := range r.names(ctx, dir) {
		p := program{Name: plain(id), From: from}
		active := path.Join(dir, id, "current/active")
		if ini, err := conf.ParseINI(r.file(ctx, active+"/metadata", maxMetadata)); err == nil && ini != nil {
			if runtime, ok := ini.Get("Application", "runtime"); ok {
				if parts := strings.Split(runtime, "/"); len(parts) == 3 {
					p.Arch = plain(parts[1])
				}
			}
		}
		for _, name := range []string{"metainfo/" + id + ".metainfo.xml", "metainfo/" + id + ".appdata.xml", "appdata/" + id + ".appdata.xml"} {
			if p.Version = newestRelease(r.file(ctx, active+"/files/share/"+name, maxMetadata)); p.Version != "" {
				break
			}
		}
		all.add(p, true)
	}
}

// newestRelease finds the first release that a file of AppStream tells of: they stand
// there the newest first.
func newestRelease(xml []byte) string {
	_, after, ok := strings.Cut(string(xml), "<release ")
	if !ok {
		return ""
	}
	tag, _, _ := strings.Cut(after, ">")
	_, value, ok := strings.Cut(tag, "version=")
	if !ok || len(value) < 2 {
		return ""
	}
	version, _, _ := strings.Cut(value[1:], value[:1])
	return plain(version)
}

// maxMetadata bounds a file that describes one program, in bytes.
const maxMetadata = 1 << 20

// file reads a file that need not be there; nil when it is not, or when it could not be
// read, which is then noted.
func (r *reader) file(ctx context.Context, name string, limit int64) []byte {
	b, err := r.h.Files.ReadFile(ctx, name, limit)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.miss(name, err)
		}
		return nil
	}
	return b
}

// missed tells whether a source has been noted as unread.
func (r *reader) missed(source string) bool {
	return slices.ContainsFunc(r.unread, func(u checks.Unread) bool { return u.Source == source })
}

// names lists a directory that need not be there.
func (r *reader) names(ctx context.Context, dir string) []string {
	var out []string
	for _, e := range r.entries(ctx, dir) {
		out = append(out, e.Name)
	}
	return out
}

// entries is names with what else a listing tells.
func (r *reader) entries(ctx context.Context, dir string) []host.FileInfo {
	entries, err := r.h.Files.ReadDir(ctx, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.miss(dir, err)
	}
	return entries
}
