package session

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/format/shadow"
	"vigia/checks/format/sssd"
	"vigia/checks/host"
)

// sessionDirs hold one .desktop file per graphical session that a display
// manager offers.
func sessionDirs() []string {
	return []string{"/usr/share/xsessions", "/usr/share/wayland-sessions", "/usr/local/share/xsessions", "/usr/local/share/wayland-sessions"}
}

// desktopOf names the desktop behind a session file: "plasmawayland.desktop"
// is kde. Empty for files that only start another session.
func desktopOf(file string) string {
	name, ok := strings.CutSuffix(file, ".desktop")
	if !ok {
		return ""
	}
	for _, known := range []struct{ prefix, desktop string }{
		{"gnome", "gnome"}, {"ubuntu", "gnome"}, {"plasma", "kde"}, {"kde", "kde"},
		{"xfce", "xfce"}, {"xubuntu", "xfce"}, {"mate", "mate"}, {"cinnamon", "cinnamon"}, {"sway", "sway"},
		{"lightdm-xsession", ""}, {"default", ""},
	} {
		if strings.HasPrefix(name, known.prefix) {
			return known.desktop
		}
	}
	return name
}

// installedDesktops lists the desktops that this machine offers, sorted.
func installedDesktops(ctx context.Context, r *reader) []string {
	var out []string
	for _, dir := range sessionDirs() {
		files, err := r.Host.Files.ReadDir(ctx, dir)
		if err != nil {
			r.Miss(dir, err)
			continue
		}
		for _, f := range files {
			if d := desktopOf(f.Name); d != "" {
				out = append(out, d)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// person is an account of somebody who may sit at the screen.
type person struct {
	name, home string
	uid        uint32
	groups     []string // whose line in group(5) names the account
}

// people lists the interactive accounts of passwd(5), by name. Accounts of
// services, by number or by shell, have no screen to lock.
func people(ctx context.Context, r *reader) []person {
	var defs shadow.LoginDefs
	if b := r.config(ctx, "/etc/login.defs"); b != nil {
		parsed, err := shadow.ParseLoginDefs(b)
		if err != nil {
			r.Miss("/etc/login.defs", err)
		}
		defs = parsed
	}
	b, err := r.Host.Files.ReadFile(ctx, "/etc/passwd", maxConfig)
	if err != nil {
		// Here absent is unreadable: every Linux system has accounts.
		r.Need("/etc/passwd", err)
		return nil
	}
	accounts, err := shadow.ParsePasswd(b)
	if err != nil || accounts.NIS {
		r.Note("/etc/passwd", "unreadable")
	}
	foreign(ctx, r)
	groups := memberships(ctx, r)
	var out []person
	for _, u := range accounts.Users {
		if defs.Regular(u.UID) && !noShell(u.Shell) {
			out = append(out, person{name: u.Name, home: strings.TrimSuffix(u.Home, "/"), uid: u.UID, groups: groups[u.Name]})
		}
	}
	slices.SortFunc(out, func(a, b person) int { return strings.Compare(a.name, b.name) })
	return out
}

// foreign notes people of a directory service as unread: the local files do not
// name them, and their sessions lock or not all the same. sss stands in
// nsswitch.conf by default where nobody ever configured it, so its own
// configuration decides; another service may stand behind it.
func foreign(ctx context.Context, r *reader) {
	const nsswitch = "/etc/nsswitch.conf"
	for _, source := range shadow.Directories(r.config(ctx, nsswitch), "passwd") {
		if source == "sss" {
			if parts, err := sssd.Sources(sssdFiles{ctx, r.Host.Files}); len(parts) == 0 && err == nil {
				continue
			}
		}
		r.Note(nsswitch+" passwd: "+source, "unsupported")
		return
	}
}

// sssdFiles is how sssd.Sources looks at the machine.
type sssdFiles struct {
	ctx   context.Context //nolint:containedctx // lives for one call of sssd.Sources, whose interface has none
	files host.Files
}

// Exists implements sssd.Files.
func (f sssdFiles) Exists(name string) error {
	_, err := f.files.Stat(f.ctx, name)
	return err
}

// List implements sssd.Files.
func (f sssdFiles) List(dir string) ([]string, error) {
	entries, err := f.files.ReadDir(f.ctx, dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return names, err
}

// memberships lists the groups of each account by group(5).
func memberships(ctx context.Context, r *reader) map[string][]string {
	out := map[string][]string{}
	b := r.config(ctx, "/etc/group")
	if b == nil {
		return out
	}
	groups, err := shadow.ParseGroup(b)
	if err != nil {
		r.Note("/etc/group", "unreadable")
	}
	for _, g := range groups.Groups {
		for _, member := range g.Members {
			out[member] = append(out[member], g.Name)
		}
	}
	return out
}

func noShell(shell string) bool {
	return strings.HasSuffix(shell, "/nologin") || strings.HasSuffix(shell, "/false")
}

// observeLockDesktops finds the desktops that are installed and how each of
// them locks for each person. Which desktop a person chooses at log-on may
// change every day, so all that are offered count.
func observeLockDesktops(ctx context.Context, h *host.Host) (lockFacts, error) {
	r := newReader(h)
	seen := lockFacts{Desktops: installedDesktops(ctx, r)}
	seen.Awake = observeAwake(ctx, h, r)
	if len(seen.Desktops) == 0 {
		if seen.Headless = len(r.Unread) == 0; seen.Headless {
			seen.Console = observeConsole(ctx, r)
		}
		seen.Unread = r.Unread
		return seen, nil
	}
	who := people(ctx, r)
	seen.Unread = r.Unread
	d := newDesktops(ctx, h)
	for _, p := range who {
		for _, desktop := range seen.Desktops {
			seen.Lockers = append(seen.Lockers, d.observe(ctx, p, desktop))
		}
	}
	return seen, nil
}

// desktops reads the lock settings of Linux desktops. What belongs to the
// machine and not to a person is read once.
type desktops struct {
	h *host.Host
	// installed tells which lock programs exist.
	installed map[string]bool
	system    []checks.Unread
	schemas   schemaDefaults
}

// lockPrograms are the lockers that a desktop may use and where Debian, Fedora
// and their kin install them.
func lockPrograms() map[string][]string {
	return map[string][]string{
		lockerGNOME:        {"/usr/sbin/gdm3", "/usr/sbin/gdm", "/usr/bin/gdm"}, // which asks for the password
		lockerXFCE:         {"/usr/bin/xfce4-screensaver"},
		lockerLight:        {"/usr/bin/light-locker"},
		lockerXScreensaver: {"/usr/bin/xscreensaver"},
		lockerMATE:         {"/usr/bin/mate-screensaver"},
		lockerCinnamon:     {"/usr/bin/cinnamon-screensaver"},
	}
}

const (
	lockerGNOME        = "gnome"
	lockerKDE          = "kde"
	lockerXFCE         = "xfce"
	lockerLight        = "light-locker"
	lockerXScreensaver = "xscreensaver"
	lockerMATE         = "mate"
	lockerCinnamon     = "cinnamon"
	lockerSway         = "swayidle"
)

func newDesktops(ctx context.Context, h *host.Host) *desktops {
	d := &desktops{h: h, installed: map[string]bool{}}
	r := newReader(h)
	for name, paths := range lockPrograms() {
		for _, file := range paths {
			if _, err := h.Files.Stat(ctx, file); err == nil {
				d.installed[name] = true
			} else if !errors.Is(err, fs.ErrNotExist) {
				r.Miss(file, err)
			}
		}
	}
	// GNOME locks nothing in a session that another display manager started. Debian notes
	// which one is in use.
	if used := strings.TrimSpace(string(r.config(ctx, "/etc/X11/default-display-manager"))); used != "" && !strings.HasPrefix(path.Base(used), "gdm") {
		d.installed[lockerGNOME] = false
	}
	d.schemas = readSchemaDefaults(ctx, r)
	d.system = r.Unread
	return d
}

// observe reads how one person's sessions lock on one desktop.
func (d *desktops) observe(ctx context.Context, p person, desktop string) lockFact {
	r := &reader{checks.Look{Host: d.h, Unread: slices.Clone(d.system)}}
	f := lockFact{Profile: p.name, Desktop: desktop}
	switch {
	case desktop == "gnome" && !d.installed[lockerGNOME]:
		f.Locker = lockerNone
	case desktop == "gnome":
		f.Locker = lockerGNOME
		observeGSettings(ctx, r, p, gnomeLock(), d.schemas, &f)
	case desktop == "mate" && d.installed[lockerMATE]:
		f.Locker = lockerMATE
		observeGSettings(ctx, r, p, mateLock(), d.schemas, &f)
	case desktop == "cinnamon" && d.installed[lockerCinnamon]:
		f.Locker = lockerCinnamon
		observeGSettings(ctx, r, p, cinnamonLock(), d.schemas, &f)
	case desktop == "sway":
		f.Locker = lockerSway
		observeSway(ctx, r, p, &f)
	case desktop == "kde":
		f.Locker = lockerKDE
		observeKDE(ctx, r, p, &f)
	case desktop == "xfce" && d.installed[lockerXFCE]:
		f.Locker = lockerXFCE
		observeXFCE(ctx, r, p, &f)
	case d.installed[lockerLight]:
		f.Locker = lockerLight
		observeLightLocker(ctx, r, p, d.schemas, &f)
	case d.installed[lockerXScreensaver]:
		f.Locker = lockerXScreensaver
		observeXScreensaver(ctx, r, p, &f)
	case desktop == "xfce", desktop == "mate", desktop == "cinnamon":
		f.Locker = lockerNone
	default:
		f.Locker = lockerUnsupported
	}
	f.Unread = r.Unread
	return f
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
