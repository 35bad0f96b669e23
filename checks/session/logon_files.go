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

// observeLogonFiles reads the display managers, the consoles, shadow(5) and
// PAM's nullok.
func observeLogonFiles(ctx context.Context, h *host.Host) (logonFacts, error) {
	r := newReader(h)
	var seen logonFacts
	seen.Automatic, seen.GuestSession = r.displays(ctx)
	seen.Automatic = append(seen.Automatic, r.consoles(ctx)...)
	seen.Automatic = append(seen.Automatic, r.debugShell(ctx)...)
	seen.Automatic = distinct(seen.Automatic)
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

// unitDirs hold the drop-ins of systemd units, where consoles are told to log
// somebody on.
func unitDirs() []string {
	return []string{"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
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

// autologinArg finds agetty's -a, --autologin NAME or --autologin=NAME; the options by
// which it tells login(1) that a name needs no password; and another program in login's
// place that asks for none.
func autologinArg(args []string) (account string, ok bool) {
	skips, other := false, false
	for i, arg := range args {
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		value, joined := next, false
		if strings.HasPrefix(arg, "--") {
			arg, value, joined = strings.Cut(arg, "=")
			if !joined {
				value = next
			}
		}
		switch {
		case arg == "--autologin", arg == "-a":
			return value, true
		case strings.HasPrefix(arg, "-a") && !strings.HasPrefix(arg, "--"):
			return arg[2:], true
		case arg == "--skip-login", arg == "-n":
			skips = true
		case arg == "--login-program", arg == "-l":
			other = path.Base(strings.Trim(value, `"'`)) != "login"
		case arg == "--login-options", arg == "-o":
			rest := args[i+1:]
			if joined {
				rest = append([]string{value}, rest...)
			}
			if name, ok := trusted(rest); ok {
				return name, true
			}
		}
	}
	if skips && other {
		return "root", true
	}
	return "", false
}

// trusted finds login(1)'s -f NAME, for somebody who has given a password already, in the
// words of an argument in quotes.
func trusted(words []string) (name string, ok bool) {
	for i, word := range words {
		end := i > 0 && strings.HasSuffix(word, `'`) || strings.HasSuffix(word, `"`)
		if strings.Trim(word, `"'`) == "-f" && i+1 < len(words) {
			name = strings.Trim(words[i+1], `"'`)
			if name == "--" && i+2 < len(words) {
				name = strings.Trim(words[i+2], `"'`)
			}
			return name, true
		}
		if end || i == 0 && !strings.HasPrefix(word, `'`) && !strings.HasPrefix(word, `"`) {
			break
		}
	}
	return "", false
}

// debugShell finds the shell of root that systemd opens on the ninth console for whoever
// looks for a fault, enabled for good or by the kernel's command line.
func (r *reader) debugShell(ctx context.Context) []autologon {
	const unit = "debug-shell.service"
	entries, err := r.Host.Files.ReadDir(ctx, unitDirs()[0]+"/sysinit.target.wants")
	if err != nil {
		r.Miss(unitDirs()[0]+"/sysinit.target.wants", err)
	}
	for _, e := range entries {
		if e.Name == unit {
			return []autologon{{Program: "debug-shell", Source: unitDirs()[0] + "/sysinit.target.wants/" + unit, Account: "root"}}
		}
	}
	for word := range strings.FieldsSeq(string(r.config(ctx, fileCmdline))) {
		name, value, said := strings.Cut(strings.ReplaceAll(word, "_", "-"), "=")
		if name == "systemd.debug-shell" && (!said || value != "0" && value != "no" && value != "false" && value != "off") {
			return []autologon{{Program: "debug-shell", Source: fileCmdline, Account: "root"}}
		}
	}
	return nil
}

// distinct leaves one of those log-ons that several files say.
func distinct(all []autologon) []autologon {
	var out []autologon
	for _, a := range all {
		if !slices.ContainsFunc(out, func(b autologon) bool { return a.Program == b.Program && a.Account == b.Account }) {
			out = append(out, a)
		}
	}
	return out
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
	for _, service := range []string{"login", "sshd", "gdm-password", "lightdm", "sddm", "lxdm", "greetd", "xrdp-sesman"} {
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
			_, always := rule.Arg("nullok")
			_, here := rule.Arg("nullok_secure") // at the machine itself
			if always || here {
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
