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
	seen.Blank = append(seen.Blank, r.blankInPasswd(ctx)...)
	slices.Sort(seen.Blank)
	seen.Blank = slices.Compact(seen.Blank)
	seen.NullOK, seen.Open = r.services(ctx)
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

// blankInPasswd lists the accounts whose password stands in passwd(5) itself and is
// empty: for them nobody asks shadow(5).
func (r *reader) blankInPasswd(ctx context.Context) []string {
	var out []string
	for line := range strings.Lines(string(r.config(ctx, "/etc/passwd"))) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) == 7 && fields[0] != "" && fields[1] == "" && !noShell(fields[6]) {
			out = append(out, fields[0])
		}
	}
	return out
}

// services looks at the PAM stacks through which people log on: those in which pam_unix
// accepts a blank password, and those that let somebody in who gives none.
func (r *reader) services(ctx context.Context) (nullOK, open []string) {
	groups := map[string]bool{} // that have members
	for _, names := range memberships(ctx, r) {
		for _, group := range names {
			groups[group] = true
		}
	}
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
				nullOK = append(nullOK, service)
			}
		}
		answer := func(rule pam.Rule) pam.Return { return withoutPassword(rule, groups) }
		if stack.Dispatch(pam.Auth, answer) == pam.Success {
			open = append(open, service)
		}
	}
	slices.Sort(nullOK)
	return slices.Compact(nullOK), open
}

// withoutPassword is what a module answers to a person who gives no password. One that we
// do not know refuses, so that nothing is called open that may ask for something else.
func withoutPassword(rule pam.Rule, groups map[string]bool) pam.Return {
	switch {
	case rule.Is("pam_permit"), rule.Is("pam_localuser"), rule.Is("pam_shells"):
		return pam.Success
	case rule.Is("pam_usertype"):
		return pam.Success // for people, as which it is asked mostly
	case rule.Is("pam_env"), rule.Is("pam_faildelay"), rule.Is("pam_nologin"), rule.Is("pam_group"), rule.Is("pam_keyinit"),
		rule.Is("pam_securetty"), rule.Is("pam_cap"):
		return pam.Ignore
	case rule.Is("pam_faillock"):
		return pam.Ignore // nobody is locked
	case rule.Is("pam_succeed_if"):
		words := strings.Fields(strings.Join(rule.Args, " "))
		for i := 0; i+2 < len(words); i++ {
			if words[i] == "user" && words[i+1] == "ingroup" {
				if groups[words[i+2]] {
					return pam.Success
				}
				return pam.AuthErr
			}
			if words[i] == "uid" && strings.HasPrefix(words[i+1], ">") || words[i] == "user" && words[i+1] == "!=" {
				return pam.Success
			}
		}
	}
	return pam.AuthErr
}
