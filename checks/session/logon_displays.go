package session

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vigia/checks/format/conf"
	"vigia/checks/format/shadow"
)

// displays finds the display managers that log somebody on by themselves, and the file by
// which one of them offers a session to a guest; empty where none does.
func (r *reader) displays(ctx context.Context) (automatic []autologon, guest string) {
	automatic, guest = r.lightdm(ctx)
	automatic = append(automatic, r.sddm(ctx)...)
	automatic = append(automatic, r.gdm(ctx)...)
	automatic = append(automatic, r.lxdm(ctx)...)
	automatic = append(automatic, r.greetd(ctx)...)
	return append(automatic, r.nodm(ctx)...), guest
}

// layers are INI files in the order in which a program reads them: of a key that stands
// in several of them the last one counts.
type layers []layer

type layer struct {
	path string
	ini  *conf.INI
}

func (r *reader) layers(ctx context.Context, paths ...string) layers {
	var out layers
	for _, p := range paths {
		if ini := r.ini(ctx, p); ini != nil {
			out = append(out, layer{p, ini})
		}
	}
	return out
}

// get returns a value and the file that decides it, which is empty where none does.
func (l layers) get(group, key string) (value, from string) {
	for _, f := range slices.Backward(l) {
		if v, ok := f.ini.Get(group, key); ok {
			return strings.TrimSpace(v), f.path
		}
	}
	return "", ""
}

func truth(value string) bool { return strings.EqualFold(value, "true") || value == "1" }

// lightdm reads the seats of LightDM. [SeatDefaults] is what [Seat:*] was called before
// version 1.15, and is still read; what it says holds for a seat that says nothing itself.
func (r *reader) lightdm(ctx context.Context) (automatic []autologon, guest string) {
	var paths []string
	for _, dir := range []string{
		"/usr/share/lightdm/lightdm.conf.d", "/usr/local/share/lightdm/lightdm.conf.d",
		"/etc/xdg/lightdm/lightdm.conf.d", "/etc/lightdm/lightdm.conf.d",
	} {
		paths = append(paths, r.below(ctx, dir, ".conf")...)
	}
	files := r.layers(ctx, append(paths, "/etc/lightdm/lightdm.conf")...)
	if len(files) == 0 {
		return nil, ""
	}
	const all, allBefore = "Seat:*", "SeatDefaults"
	seats := []string{all}
	for _, f := range files {
		for _, g := range f.ini.Groups() {
			if strings.HasPrefix(g, "Seat:") && !slices.Contains(seats, g) {
				seats = append(seats, g)
			}
		}
	}
	has := r.guestScript(ctx, files)
	for _, seat := range seats {
		get := func(key string) (value, from string) {
			if value, from = files.get(seat, key); from != "" && seat != all {
				return value, from
			}
			for _, f := range slices.Backward(files) {
				for _, group := range []string{all, allBefore} {
					if v, ok := f.ini.Get(group, key); ok {
						return strings.TrimSpace(v), f.path
					}
				}
			}
			return "", ""
		}
		if user, from := get("autologin-user"); user != "" {
			automatic = append(automatic, autologon{Program: "lightdm", Source: from, Account: user})
		}
		if !has {
			continue
		}
		allow, from := get("allow-guest")
		if from != "" && !truth(allow) {
			continue
		}
		if from == "" {
			from = "allow-guest" // nobody said it, and LightDM allows it
		}
		guest = from
		if on, from := get("autologin-guest"); truth(on) {
			automatic = append(automatic, autologon{Program: "lightdm", Source: from, Account: "guest"})
		}
	}
	return automatic, guest
}

// guestScript tells whether the program is installed that makes accounts for guests;
// LightDM brings none.
func (r *reader) guestScript(ctx context.Context, files layers) bool {
	script, _ := files.get("LightDM", "guest-account-script")
	if script == "" {
		script = "guest-account"
	}
	script, _, _ = strings.Cut(script, " ")
	places := []string{script}
	if !path.IsAbs(script) {
		places = nil
		for _, dir := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"} {
			places = append(places, dir+"/"+script)
		}
	}
	return r.anyOf(ctx, places...)
}

// anyOf tells whether one of the files exists.
func (r *reader) anyOf(ctx context.Context, paths ...string) bool {
	for _, p := range paths {
		if _, err := r.Host.Files.Stat(ctx, p); err == nil {
			return true
		} else if !errors.Is(err, fs.ErrNotExist) {
			r.Miss(p, err)
		}
	}
	return false
}

// sddm reads every file of SDDM's folders, whatever its ending, as SDDM does.
func (r *reader) sddm(ctx context.Context) []autologon {
	var paths []string
	for _, dir := range []string{"/usr/lib/sddm/sddm.conf.d", "/etc/sddm.conf.d"} {
		paths = append(paths, r.below(ctx, dir, "")...)
	}
	files := r.layers(ctx, append(paths, "/etc/sddm.conf")...)
	if user, from := files.get("Autologin", "User"); user != "" {
		return []autologon{{Program: "sddm", Source: from, Account: user}}
	}
	return nil
}

// gdm reads the configuration of GDM, which logs on at once or, timed, after a while.
func (r *reader) gdm(ctx context.Context) []autologon {
	var out []autologon
	for _, file := range []string{"/etc/gdm3/daemon.conf", "/etc/gdm3/custom.conf", "/etc/gdm/custom.conf"} {
		files := r.layers(ctx, file)
		for _, kind := range []string{"AutomaticLogin", "TimedLogin"} {
			on, _ := files.get("daemon", kind+"Enable")
			if user, from := files.get("daemon", kind); user != "" && truth(on) {
				out = append(out, autologon{Program: "gdm", Source: from, Account: user})
			}
		}
	}
	return out
}

func (r *reader) lxdm(ctx context.Context) []autologon {
	for _, file := range []string{"/etc/lxdm/lxdm.conf", "/etc/lxdm/default.conf"} {
		if user, from := r.layers(ctx, file).get("base", "autologin"); user != "" {
			return []autologon{{Program: "lxdm", Source: from, Account: user}}
		}
	}
	return nil
}

// greetd reads the sessions of greetd(5): the one that it starts first, which asks for
// nothing, and the one that it starts whenever there is no other. The latter is a greeter,
// or else the session of a person.
func (r *reader) greetd(ctx context.Context) []autologon {
	var out []autologon
	for _, file := range []string{"/etc/greetd/config.toml", "/etc/greetd/cosmic-greeter.toml"} {
		b := r.config(ctx, file)
		if b == nil {
			continue
		}
		ini, err := conf.ParseINI(b)
		if err != nil {
			r.Miss(file, err)
			continue
		}
		get := func(section, key string) string {
			v, ok := ini.Get(section, key)
			if !ok {
				v, _ = ini.Get("", section+"."+key)
			}
			return tomlText(v)
		}
		if user := get("initial_session", "user"); user != "" {
			out = append(out, autologon{Program: "greetd", Source: file, Account: user})
		} else if said(b, "initial_session") {
			r.Note(file+" initial_session", "unreadable")
		}
		user := get("default_session", "user")
		if !strings.Contains(get("default_session", "command"), "greet") && r.isPerson(ctx, user) {
			out = append(out, autologon{Program: "greetd", Source: file, Account: user})
		}
	}
	return out
}

// tomlText is the value of a line of TOML: what stands in quotes, or before a comment.
func tomlText(v string) string {
	v = strings.TrimSpace(v)
	if v == "" {
		return ""
	}
	if quote := v[:1]; quote == `"` || quote == "'" {
		v, _, _ = strings.Cut(v[1:], quote)
		return v
	}
	v, _, _ = strings.Cut(v, "#")
	return strings.TrimSpace(v)
}

// said tells whether a word stands in a file outside of its comments.
func said(b []byte, word string) bool {
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		if strings.Contains(line, word) {
			return true
		}
	}
	return false
}

// isPerson tells whether an account of passwd(5) is one that people log on with.
func (r *reader) isPerson(ctx context.Context, name string) bool {
	if name == "" {
		return false
	}
	users, err := shadow.ParsePasswd(r.config(ctx, "/etc/passwd"))
	if err != nil {
		return false // noted by those that need it
	}
	return slices.ContainsFunc(users.Users, func(u shadow.User) bool {
		return u.Name == name && (u.UID == 0 || u.UID >= 1000) && !noShell(u.Shell)
	})
}

// nodm does nothing but log on the account of its configuration, which is root where none
// is named.
func (r *reader) nodm(ctx context.Context) []autologon {
	if !r.anyOf(ctx, "/usr/sbin/nodm", "/usr/bin/nodm") {
		return nil
	}
	a := autologon{Program: "nodm", Source: "/etc/default/nodm", Account: "root"}
	for _, file := range []string{"/etc/nodm.conf", "/etc/default/nodm"} {
		for line := range strings.Lines(string(r.config(ctx, file))) {
			key, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
			value = strings.Trim(value, `"'`)
			switch key {
			case "NODM_USER":
				a.Account, a.Source = value, file
			case "NODM_ENABLED":
				if strings.EqualFold(value, "false") || strings.EqualFold(value, "no") || value == "0" {
					return nil
				}
			}
		}
	}
	return []autologon{a}
}
