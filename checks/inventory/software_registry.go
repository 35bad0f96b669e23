package inventory

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"vigia/checks/host"
)

// windowsPrograms reads what Windows lists as installed: for the machine, for
// 32-bit programs, for each profile, and from its store. An entry that a
// program hides from the list of Windows is there all the same.
//
// Source: the documented Uninstall keys; AppxAllUserStore names the packages of
// the store by their full name.
func windowsPrograms(ctx context.Context, r *reader) []program {
	const (
		software  = `\Microsoft\Windows\CurrentVersion`
		uninstall = software + `\Uninstall`
		store     = `HKLM\SOFTWARE` + software + `\Appx\AppxAllUserStore`
	)
	var out []program
	out = append(out, r.uninstallKeys(ctx, `HKLM\SOFTWARE`+uninstall, "machine", true)...)
	out = append(out, r.uninstallKeys(ctx, `HKLM\SOFTWARE\WOW6432Node`+uninstall, "machine32", false)...)
	out = append(out, r.storePackages(ctx, store+`\Applications`)...)

	const profiles = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	sids, err := r.h.Registry.Subkeys(ctx, profiles)
	if err != nil {
		r.miss(profiles, err)
	}
	for _, sid := range sids {
		if !strings.HasPrefix(sid, "S-1-5-21-") && !strings.HasPrefix(sid, "S-1-12-1-") {
			continue // a service, not a person
		}
		out = append(out, r.uninstallKeys(ctx, `HKU\`+sid+`\Software`+uninstall, "user", false)...)
		out = append(out, r.uninstallKeys(ctx, `HKU\`+sid+`\Software\WOW6432Node`+uninstall, "user", false)...)
		out = append(out, r.storePackages(ctx, store+`\`+sid)...)
	}
	return out
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

func (r *reader) uninstallKeys(ctx context.Context, key, from string, must bool) []program {
	var out []program
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
			return out
		}
		name := text(sub, "DisplayName")
		if name == "" {
			continue // left behind by an installer: nothing that Windows would show
		}
		out = append(out, program{Name: name, Version: text(sub, "DisplayVersion"), Publisher: text(sub, "Publisher"), From: from})
	}
	return out
}

// storePackages reads full names such as Contoso.Notes_1.2.0.0_x64__8wekyb3d8bbwe:
// name, version, architecture, resource and a hash of the publisher.
func (r *reader) storePackages(ctx context.Context, key string) []program {
	var out []program
	for _, full := range r.subkeys(ctx, key, false) {
		parts := strings.Split(full, "_")
		if len(parts) != 5 {
			continue // a family or something else that is no package
		}
		out = append(out, program{Name: plain(parts[0]), Version: plain(parts[1]), Arch: plain(parts[2]), Publisher: plain(parts[4]), From: "store"})
	}
	return out
}
