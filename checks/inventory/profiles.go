package inventory

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vigia/checks/format/shadow"
	"vigia/checks/host"
)

// profile is somebody's folder on the machine, with the places in which programs
// gather that nobody installed.
type profile struct {
	name string // of the account, or of its folder
	home string
	sid  string // on Windows; empty if the person's part of the registry cannot be read
	// downloads and desktop are folders that a system in another language, or a person,
	// names otherwise.
	downloads, desktop string
}

// maxProfiles bounds the profiles looked at.
const maxProfiles = 500

// people lists the profiles of a Linux machine: of the accounts in passwd(5) that are of
// persons, of root, and the folders in /home of those that a directory service knows.
func (r *reader) people(ctx context.Context) []profile {
	return r.once(func() []profile { return r.readPeople(ctx) })
}

// once keeps the profiles, so that what is unread about them is noted once.
func (r *reader) once(read func() []profile) []profile {
	if r.profiles == nil {
		r.profiles = append([]profile{}, read()...)
	}
	return r.profiles
}

func (r *reader) readPeople(ctx context.Context) []profile {
	const passwd, defaults = "/etc/passwd", "/etc/login.defs"
	out := []profile{{name: "root", home: "/root"}}
	defs, err := shadow.ParseLoginDefs(r.file(ctx, defaults, maxMetadata))
	if err != nil {
		r.miss(defaults, err)
	}
	if b := r.file(ctx, passwd, maxStatus); b != nil {
		accounts, err := shadow.ParsePasswd(b)
		if err != nil {
			r.miss(passwd, err)
		}
		for _, u := range accounts.Users {
			if home := path.Clean(u.Home); defs.Regular(u.UID) && path.IsAbs(home) && home != "/" {
				out = append(out, profile{name: u.Name, home: home})
			}
		}
	}
	for _, e := range r.entries(ctx, "/home") {
		home := "/home/" + e.Name
		if e.Mode.IsDir() && !slices.ContainsFunc(out, func(p profile) bool { return p.home == home }) {
			out = append(out, profile{name: e.Name, home: home})
		}
	}
	if len(out) > maxProfiles {
		r.miss("/home", host.ErrTooBig)
		out = out[:maxProfiles]
	}
	out = slices.DeleteFunc(out, func(p profile) bool {
		// A folder that is closed is noted once, and not for all that may be in it.
		_, err := r.h.Files.ReadDir(ctx, p.home)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.miss(p.home, err)
		}
		return err != nil
	})
	for i := range out {
		out[i].downloads, out[i].desktop = r.xdgFolders(ctx, out[i].home)
	}
	slices.SortFunc(out, func(a, b profile) int { return cmp.Compare(a.home, b.home) })
	return slices.CompactFunc(out, func(a, b profile) bool { return a.home == b.home })
}

// xdgFolders reads how a person's desktop names two folders.
func (r *reader) xdgFolders(ctx context.Context, home string) (downloads, desktop string) {
	downloads, desktop = home+"/Downloads", home+"/Desktop"
	for line := range strings.Lines(string(r.file(ctx, home+"/.config/user-dirs.dirs", maxMetadata))) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"`)
		folder, ok := strings.CutPrefix(value, "$HOME/")
		if folder = path.Clean("/" + folder); !ok || folder == "/" {
			continue // elsewhere, or the home itself
		}
		switch key {
		case "XDG_DOWNLOAD_DIR":
			downloads = home + folder
		case "XDG_DESKTOP_DIR":
			desktop = home + folder
		}
	}
	return downloads, desktop
}

const profileList = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`

// windowsPeople lists the profiles of persons on a Windows machine, of those logged off
// too.
func (r *reader) windowsPeople(ctx context.Context) []profile {
	return r.once(func() []profile { return r.readWindowsPeople(ctx) })
}

func (r *reader) readWindowsPeople(ctx context.Context) []profile {
	var out []profile
	for _, sid := range r.subkeys(ctx, profileList, true) {
		if !strings.HasPrefix(sid, "S-1-5-21-") && !strings.HasPrefix(sid, "S-1-12-1-") {
			continue // a service, not a person
		}
		p := profile{sid: sid, name: sid}
		if home := r.text(ctx, profileList+`\`+sid, "ProfileImagePath"); home != "" {
			p.home = strings.TrimRight(expand(home, ""), `\`)
			p.name = p.home[strings.LastIndexByte(p.home, '\\')+1:]
			p.downloads, p.desktop = p.home+`\Downloads`, p.home+`\Desktop`
		}
		if _, err := r.h.Registry.Subkeys(ctx, `HKU\`+sid+`\Software`); err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.miss(`HKU\`+sid, err) // once, and not for all that may be in it
			p.sid = ""
		}
		if p.home != "" && p.sid != "" {
			folders := `HKU\` + sid + `\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders`
			if v := r.text(ctx, folders, "{374DE290-123F-4565-9164-39C4925E467B}"); v != "" {
				p.downloads = expand(v, p.home)
			}
			if v := r.text(ctx, folders, "Desktop"); v != "" {
				p.desktop = expand(v, p.home)
			}
		}
		out = append(out, p)
		if len(out) == maxProfiles {
			r.miss(profileList, host.ErrTooBig)
			break
		}
	}
	return out
}

// expand replaces the two variables that stand in paths of profiles.
func expand(value, home string) string {
	for _, v := range []struct{ name, value string }{{"%SystemDrive%", "C:"}, {"%USERPROFILE%", home}} {
		if len(value) >= len(v.name) && strings.EqualFold(value[:len(v.name)], v.name) && v.value != "" {
			return v.value + value[len(v.name):]
		}
	}
	return value
}
