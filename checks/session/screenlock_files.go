package session

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"vigia/checks/format/conf"
	"vigia/checks/format/xfconf"
)

// observeKDE reads kscreenlockerrc: the system's under /etc/xdg and the
// person's own, which the system's may make immutable. Defaults are those of
// Plasma 5.27.
func observeKDE(ctx context.Context, r *reader, p person, f *lockFact) {
	const file = "kscreenlockerrc"
	before := len(r.Unread)
	system := r.ini(ctx, "/etc/xdg/"+file)
	user := r.ini(ctx, p.home+"/.config/"+file)
	if len(r.Unread) > before {
		return // the file that was not read could hold other values
	}
	get := func(key string, fallback int64, unit int64) *setting {
		s := conf.Resolve([]*conf.INI{system, user}, "Daemon", key)
		from := fromUser
		switch {
		case s.Fixed:
			from = fromLock
		case s.From == 0:
			from = fromSystem
		case s.From < 0:
			from = fromProgram
		}
		if !s.Found { // nobody set it, or the last word deletes it
			return &setting{Value: fallback * unit, From: from}
		}
		n, ok := number(s.Value)
		if !ok {
			r.Note(file+" "+key, "unreadable")
			return nil
		}
		return &setting{Value: n * unit, From: from}
	}
	f.Enabled = get("Autolock", 1, 1)
	f.Idle = get("Timeout", 5, 60)
	f.Delay = get("LockGrace", 5, 1)
	if resume := get("LockOnResume", 1, 1); resume != nil && resume.Value == 0 {
		f.Wake = &setting{Value: neverAsks, From: resume.From}
	}
	// Without either the locker is a picture that any key takes away, and so it is during
	// the grace, which never ends if it is less than nothing.
	f.Secure = both(get("Lock", 1, 1), get("RequirePassword", 1, 1))
	if f.Delay != nil && f.Delay.Value < 0 {
		f.Secure = both(&setting{Value: 0, From: f.Delay.From}, f.Secure)
	}
}

// number reads a whole number or a boolean word.
func number(text string) (int64, bool) {
	switch strings.ToLower(text) {
	case "true":
		return 1, true
	case "false":
		return 0, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n < 1<<31 && n > -1<<31
}

// ini reads an INI file; nil when it is absent or was not read.
func (r *reader) ini(ctx context.Context, path string) *conf.INI {
	b := r.config(ctx, path)
	if b == nil {
		return nil
	}
	f, err := conf.ParseINI(b)
	if err != nil {
		r.Miss(path, err)
		return nil
	}
	return f
}

// observeXFCE reads the channel of xfce4-screensaver: the system's file with
// its locks, and the person's own.
func observeXFCE(ctx context.Context, r *reader, p person, f *lockFact) {
	const file = "xfce4/xfconf/xfce-perchannel-xml/xfce4-screensaver.xml"
	before := len(r.Unread)
	system := r.channel(ctx, "/etc/xdg/"+file)
	user := r.channel(ctx, p.home+"/.config/"+file)
	if len(r.Unread) > before {
		return
	}
	get := func(path string, fallback int64) *setting {
		prop, from, ok := xfconf.Effective(user, system, xfconf.Account{Name: p.name, Groups: p.groups}, path)
		if !ok {
			return &setting{Value: fallback, From: fromProgram}
		}
		s := &setting{From: map[xfconf.Origin]string{
			xfconf.FromUser: fromUser, xfconf.FromSystem: fromSystem, xfconf.FromLock: fromLock,
		}[from]}
		if b, err := prop.Bool(); err == nil {
			s.Value = bit(b)
			return s
		}
		n, err := prop.Int()
		if err != nil {
			r.Note("xfce4-screensaver "+path, "unreadable")
			return nil
		}
		s.Value = n
		return s
	}
	minutes := func(s *setting) *setting {
		if s != nil {
			s.Value *= 60
		}
		return s
	}
	f.Enabled = both(get("/saver/enabled", 1), get("/saver/idle-activation/enabled", 1))
	f.Idle = minutes(get("/saver/idle-activation/delay", 5))
	f.Secure = both(get("/lock/enabled", 1), get("/lock/saver-activation/enabled", 1))
	f.Delay = minutes(get("/lock/saver-activation/delay", 0))
}

// both is the first of two switches that is off, else the second; nil when one
// is not known and the other is not off.
func both(a, b *setting) *setting {
	switch {
	case a != nil && a.Value == 0:
		return a
	case b != nil && b.Value == 0:
		return b
	case a == nil:
		return nil
	default:
		return b
	}
}

func (r *reader) channel(ctx context.Context, path string) *xfconf.Channel {
	b := r.config(ctx, path)
	if b == nil {
		return nil
	}
	c, err := xfconf.Parse(b)
	if err != nil {
		r.Miss(path, err)
		return nil
	}
	return c
}

// xscreensaverDefaults is where Debian and Fedora install the application's
// resources.
func xscreensaverDefaults() []string {
	return []string{"/etc/X11/app-defaults/XScreenSaver", "/usr/share/X11/app-defaults/XScreenSaver"}
}

// observeXScreensaver reads ~/.xscreensaver over the application's defaults.
// Its own default is not to lock.
func observeXScreensaver(ctx context.Context, r *reader, p person, f *lockFact) {
	before := len(r.Unread)
	user := r.resources(ctx, p.home+"/.xscreensaver")
	var system *conf.Resources
	for _, path := range xscreensaverDefaults() {
		if system = r.resources(ctx, path); system != nil {
			break
		}
	}
	if len(r.Unread) > before {
		return
	}
	get := func(name, fallback string) (string, string) {
		if user != nil {
			if v, ok := user.Get(name); ok {
				return v, fromUser
			}
		}
		if system != nil {
			if v, ok := system.Get(name); ok {
				return v, fromSystem
			}
		}
		return fallback, fromProgram
	}
	duration := func(name, fallback string) *setting {
		text, from := get(name, fallback)
		seconds, ok := clock(text)
		if !ok {
			r.Note("xscreensaver "+name, "unreadable")
			return nil
		}
		return &setting{Value: seconds, From: from}
	}
	f.Idle = duration("timeout", "0:10:00")
	f.Delay = duration("lockTimeout", "0:00:00")
	lock, from := get("lock", "False")
	f.Secure = &setting{Value: bit(strings.EqualFold(lock, "true") || lock == "1" || strings.EqualFold(lock, "yes") || strings.EqualFold(lock, "on")), From: from}
	mode, from := get("mode", "random")
	f.Enabled = &setting{Value: bit(!strings.EqualFold(mode, "off")), From: from}
}

func (r *reader) resources(ctx context.Context, path string) *conf.Resources {
	b, err := r.Host.Files.ReadFile(ctx, path, maxConfig)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.Miss(path, err)
		}
		return nil
	}
	f, err := conf.ParseResources(b)
	if err != nil {
		r.Miss(path, err)
		return nil
	}
	return f
}

// clock reads the times of xscreensaver: H:MM:SS, M:SS, or minutes.
func clock(text string) (seconds int64, ok bool) {
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return 0, false
	}
	for _, part := range parts {
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 32)
		if err != nil || n < 0 {
			return 0, false
		}
		seconds = seconds*60 + n
	}
	if len(parts) == 1 {
		seconds *= 60
	}
	return seconds, true
}
