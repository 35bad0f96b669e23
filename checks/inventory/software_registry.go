package inventory

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"vigia/checks/host"
)

const (
	currentVersion = `\Microsoft\Windows\CurrentVersion`
	uninstall      = currentVersion + `\Uninstall`
	storeKey       = `HKLM\SOFTWARE` + currentVersion + `\Appx\AppxAllUserStore`
	// repository lists the packages of the store that a person has. It is part of a hive
	// that is loaded only while the person is logged on; AppxAllUserStore knows all.
	repository = `\Software\Classes\Local Settings\Software` + currentVersion + `\AppModel\Repository\Packages`
)

// windowsPrograms reads what Windows lists as installed: for the machine, for
// 32-bit programs, for each profile, and from its store. An entry that a
// program hides from the list of Windows is there all the same.
//
// Source: the documented Uninstall keys; AppxAllUserStore names the packages of
// the store by their full name.
func windowsPrograms(ctx context.Context, r *reader) installed {
	var all installed
	r.uninstallKeys(ctx, &all, `HKLM\SOFTWARE`+uninstall, "machine", true)
	r.uninstallKeys(ctx, &all, `HKLM\SOFTWARE\WOW6432Node`+uninstall, "machine32", false)
	r.storePackages(ctx, &all, storeKey+`\Applications`)
	for _, p := range r.windowsPeople(ctx) {
		if p.sid == "" {
			continue // noted as unread
		}
		r.uninstallKeys(ctx, &all, `HKU\`+p.sid+`\Software`+uninstall, "user", false)
		r.uninstallKeys(ctx, &all, `HKU\`+p.sid+`\Software\WOW6432Node`+uninstall, "user", false)
		r.storePackages(ctx, &all, storeKey+`\`+p.sid)
		r.storePackages(ctx, &all, `HKU\`+p.sid+repository)
	}
	return all
}

// subkeys lists the keys below key; must says that key exists on every machine.
func (r *reader) subkeys(ctx context.Context, key string, must bool) []string {
	names, err := r.h.Registry.Subkeys(ctx, key)
	if err != nil {
		if must || !errors.Is(err, fs.ErrNotExist) {
			r.miss(key, err)
		}
		return nil
	}
	if len(names) > maxPrograms {
		r.miss(key, host.ErrTooBig)
		names = names[:maxPrograms]
	}
	return names
}

// text reads a text value; empty when it is absent, no text, or could not be read, which
// is then noted.
func (r *reader) text(ctx context.Context, key, name string) string {
	v, err := r.h.Registry.Value(ctx, key, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !r.missed(key) {
		r.miss(key, err) // named once: a refused key refuses all
	}
	if err != nil || v.Kind != host.RegistryString {
		return ""
	}
	return plain(v.String)
}

func (r *reader) uninstallKeys(ctx context.Context, all *installed, key, from string, must bool) {
	missed := false
	text := func(sub, name string) string {
		v, err := r.h.Registry.Value(ctx, key+`\`+sub, name)
		switch {
		case err == nil && v.Kind == host.RegistryString:
			return plain(v.String)
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !missed:
			missed = true // named once: a refused key refuses all
			r.miss(key, err)
		}
		return ""
	}
	for _, sub := range r.subkeys(ctx, key, must) {
		if ctx.Err() != nil {
			return
		}
		name := text(sub, "DisplayName")
		if name == "" {
			continue // left behind by an installer: nothing that Windows would show
		}
		p := program{Name: name, Version: text(sub, "DisplayVersion"), Publisher: text(sub, "Publisher"), From: from}
		p.folder = strings.TrimRight(text(sub, "InstallLocation"), `\`)
		if p.folder == "" { // the icon shown beside it is in its folder
			p.folder, _ = split(strings.Trim(text(sub, "DisplayIcon"), `"`))
		}
		all.add(p, true)
	}
}

// split parts a path of Windows at its last backslash.
func split(name string) (dir, base string) {
	i := strings.LastIndexByte(name, '\\')
	return name[:max(i, 0)], name[i+1:]
}

// storePackages reads full names such as Contoso.Notes_1.2.0.0_x64__8wekyb3d8bbwe:
// name, version, architecture, resource and a hash of the publisher.
func (r *reader) storePackages(ctx context.Context, all *installed, key string) {
	for _, full := range r.subkeys(ctx, key, false) {
		parts := strings.Split(full, "_")
		if len(parts) != 5 || strings.HasPrefix(parts[3], "split.") {
			continue // a family, or the texts of a package in one language
		}
		p := program{Name: plain(parts[0]), Version: plain(parts[1]), Arch: plain(parts[2]), Publisher: plain(parts[4]), From: "store"}
		all.add(p, !partOfWindows(p))
	}
}

// partOfWindows tells of packages of the store that Windows brings along, by the
// publisher whose hash its own parts bear, or that others need to run.
func partOfWindows(p program) bool {
	const windows, microsoft = "cw5n1h2txyewy", "8wekyb3d8bbwe"
	if p.Publisher == windows {
		return true
	}
	for _, framework := range []string{"Microsoft.VCLibs.", "Microsoft.NET.Native.", "Microsoft.UI.Xaml.", "Microsoft.WindowsAppRuntime.", "Microsoft.Services.Store.Engagement", "Microsoft.DirectXRuntime"} {
		if p.Publisher == microsoft && strings.HasPrefix(p.Name, framework) {
			return true
		}
	}
	return false
}
