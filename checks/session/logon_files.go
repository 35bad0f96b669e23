package session

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vigia/checks/format/conf"
	"vigia/checks/format/pam"
	"vigia/checks/format/shadow"
	"vigia/checks/host"
)

// displayManager says where one keeps its automatic log-on: the files in the
// order in which it reads them, the last one winning, and the keys.
type displayManager struct {
	program string
	files   []string
	// dirs hold drop-in files, read before files.
	dirs []string
	// group is the INI group, or its prefix when it ends in ":"; account the
	// key that names the account; enable the key that switches it on, empty
	// where a name alone does.
	group   string
	account []string
	enable  []string
}

func displayManagers() []displayManager {
	gdm := displayManager{program: "gdm", group: "daemon",
		account: []string{"AutomaticLogin", "TimedLogin"},
		enable:  []string{"AutomaticLoginEnable", "TimedLoginEnable"}}
	out := []displayManager{
		{program: "lightdm", group: "Seat:", account: []string{"autologin-user"},
			dirs:  []string{"/usr/share/lightdm/lightdm.conf.d", "/etc/lightdm/lightdm.conf.d"},
			files: []string{"/etc/lightdm/lightdm.conf"}},
		{program: "sddm", group: "Autologin", account: []string{"User"},
			dirs:  []string{"/usr/lib/sddm/sddm.conf.d", "/etc/sddm.conf.d"},
			files: []string{"/etc/sddm.conf"}},
	}
	for _, file := range []string{"/etc/gdm3/daemon.conf", "/etc/gdm3/custom.conf", "/etc/gdm/custom.conf"} {
		gdm.files = []string{file}
		out = append(out, gdm)
	}
	return out
}

// observeLogonFiles reads the display managers, the consoles, shadow(5) and
// PAM's nullok.
func observeLogonFiles(ctx context.Context, h *host.Host) (logonFacts, error) {
	r := newReader(h)
	var seen logonFacts
	for _, dm := range displayManagers() {
		seen.Automatic = append(seen.Automatic, r.displayManager(ctx, dm)...)
	}
	seen.Automatic = append(seen.Automatic, r.consoles(ctx)...)
	if b, err := h.Files.ReadFile(ctx, "/etc/shadow", maxConfig); err != nil {
		r.Need("/etc/shadow", err)
	} else {
		entries, err := shadow.ParseShadow(b)
		if err != nil || entries.NIS {
			r.Note("/etc/shadow", "unreadable")
		}
		for _, e := range entries.Entries {
			if e.Hash.Kind == shadow.Empty && !e.AccountClosed(h.Now()) {
				seen.Blank = append(seen.Blank, e.Name)
			}
		}
		seen.Looked++
	}
	seen.NullOK = r.nullOK(ctx)
	seen.Unread = r.Unread
	return seen, nil
}

func (r *reader) displayManager(ctx context.Context, dm displayManager) []autologon {
	var paths []string
	for _, dir := range dm.dirs {
		files, err := r.Host.Files.ReadDir(ctx, dir)
		if err != nil {
			r.Miss(dir, err)
			continue
		}
		for _, f := range files {
			if strings.HasSuffix(f.Name, ".conf") {
				paths = append(paths, dir+"/"+f.Name)
			}
		}
	}
	values, source := map[string]string{}, map[string]string{}
	for _, p := range append(paths, dm.files...) {
		ini := r.ini(ctx, p)
		if ini == nil {
			continue
		}
		for _, group := range ini.Groups() {
			if group != dm.group && (!strings.HasSuffix(dm.group, ":") || !strings.HasPrefix(group, dm.group)) {
				continue
			}
			for _, key := range append(slices.Clone(dm.account), dm.enable...) {
				if v, ok := ini.Get(group, key); ok {
					values[key], source[key] = v, p
				}
			}
		}
	}
	var out []autologon
	for i, key := range dm.account {
		on := values[key] != ""
		if len(dm.enable) > 0 {
			on = strings.EqualFold(values[dm.enable[i]], "true") || values[dm.enable[i]] == "1"
			if source[key] == "" {
				source[key] = source[dm.enable[i]]
			}
		}
		if on {
			out = append(out, autologon{Program: dm.program, Source: source[key], Account: values[key]})
		}
	}
	return out
}

// unitDirs hold the drop-ins of systemd units, where consoles are told to log
// somebody on.
func unitDirs() []string {
	return []string{"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
}

// consoles finds gettys that log somebody on by themselves.
func (r *reader) consoles(ctx context.Context) []autologon {
	var out []autologon
	for _, dir := range unitDirs() {
		entries, err := r.Host.Files.ReadDir(ctx, dir)
		if err != nil {
			r.Miss(dir, err)
			continue
		}
		for _, e := range entries {
			if !strings.Contains(e.Name, "getty") {
				continue
			}
			unit := dir + "/" + e.Name
			if !strings.HasSuffix(e.Name, ".d") {
				out = append(out, r.getty(ctx, unit)...)
				continue
			}
			files, err := r.Host.Files.ReadDir(ctx, unit)
			if err != nil {
				r.Miss(unit, err)
				continue
			}
			for _, f := range files {
				out = append(out, r.getty(ctx, unit+"/"+f.Name)...)
			}
		}
	}
	return out
}

func (r *reader) getty(ctx context.Context, unit string) []autologon {
	switch path.Ext(unit) {
	case ".conf", ".service":
	default:
		return nil // a .wants folder, a target, a slice
	}
	b, err := r.Host.Files.ReadFile(ctx, unit, maxConfig)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) { // a link to /dev/null masks the unit
			r.Miss(unit, err)
		}
		return nil
	}
	ini, err := conf.ParseINI(b)
	if err != nil {
		r.Miss(unit, err)
		return nil
	}
	command, _ := ini.Get("Service", "ExecStart")
	if account, ok := autologinArg(strings.Fields(command)); ok {
		return []autologon{{Program: "getty", Source: unit, Account: account}}
	}
	return nil
}

// autologinArg finds agetty's -a, --autologin NAME or --autologin=NAME.
func autologinArg(args []string) (account string, ok bool) {
	for i, arg := range args {
		if name, found := strings.CutPrefix(arg, "--autologin="); found {
			return name, true
		}
		if arg == "--autologin" || arg == "-a" {
			if i+1 < len(args) {
				return args[i+1], true
			}
			return "", true
		}
	}
	return "", false
}

// nullOK lists the services in which pam_unix accepts a blank password, of
// those through which people log on.
func (r *reader) nullOK(ctx context.Context) []string {
	var out []string
	for _, service := range []string{"login", "sshd", "gdm-password", "lightdm", "sddm"} {
		const dir = "/etc/pam.d/"
		if _, err := r.Host.Files.Stat(ctx, dir+service); err != nil {
			r.Miss(dir+service, err)
			continue
		}
		stack, err := pam.Load(service, func(name string) ([]byte, error) {
			if !path.IsAbs(name) {
				name = dir + name
			}
			return r.Host.Files.ReadFile(ctx, name, maxConfig)
		})
		if err != nil {
			r.Miss(dir+service, err)
			continue
		}
		for _, rule := range stack.Find(pam.Auth, "pam_unix") {
			if _, ok := rule.Arg("nullok"); ok {
				out = append(out, service)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
