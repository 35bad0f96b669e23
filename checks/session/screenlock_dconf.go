package session

import (
	"context"
	"strconv"
	"strings"

	"vigia/checks/format/conf"
	"vigia/checks/format/gvdb"
)

// gsettingsLock is how a desktop keeps its lock in dconf: the keys, and what their
// schemas say when nobody set them.
type gsettingsLock struct {
	idle, delay lockKey // time to the blanking, and from there to the lock
	enabled     lockKey // whether it locks
	starts      lockKey // whether the saver starts at all; without a path it always does
	never       lockKey // whether locking is forbidden
}

type lockKey struct {
	path  string
	given int64 // by the schema, in units
	unit  int64 // seconds
}

// gnomeLock is GNOME's, seen in GNOME 43.
func gnomeLock() gsettingsLock {
	return gsettingsLock{
		idle:    lockKey{"/org/gnome/desktop/session/idle-delay", 300, 1},
		delay:   lockKey{"/org/gnome/desktop/screensaver/lock-delay", 0, 1},
		enabled: lockKey{"/org/gnome/desktop/screensaver/lock-enabled", 1, 1},
		never:   lockKey{"/org/gnome/desktop/lockdown/disable-lock-screen", 0, 1},
	}
}

// mateLock is MATE's, seen in MATE 1.26. Its times are in minutes.
func mateLock() gsettingsLock {
	return gsettingsLock{
		idle:    lockKey{"/org/mate/desktop/session/idle-delay", 5, 60},
		delay:   lockKey{"/org/mate/screensaver/lock-delay", 0, 60},
		enabled: lockKey{"/org/mate/screensaver/lock-enabled", 1, 1},
		starts:  lockKey{"/org/mate/screensaver/idle-activation-enabled", 1, 1},
		never:   lockKey{"/org/mate/desktop/lockdown/disable-lock-screen", 0, 1},
	}
}

// cinnamonLock is Cinnamon's, seen in Cinnamon 5.6.
func cinnamonLock() gsettingsLock {
	return gsettingsLock{
		idle:    lockKey{"/org/cinnamon/desktop/session/idle-delay", 900, 1}, // just within the bar
		delay:   lockKey{"/org/cinnamon/desktop/screensaver/lock-delay", 0, 1},
		enabled: lockKey{"/org/cinnamon/desktop/screensaver/lock-enabled", 1, 1},
		starts:  lockKey{"/org/cinnamon/desktop/screensaver/idle-activation-enabled", 1, 1},
		never:   lockKey{"/org/cinnamon/desktop/lockdown/disable-lock-screen", 0, 1},
	}
}

// lightLockerLock is the key of light-locker (its schema of 1.9) that says how long after
// the screen was blanked it locks; 0 is never.
func lightLockerLock() lockKey { return lockKey{"/apps/light-locker/lock-after-screensaver", 5, 1} }

// lockKeys are all keys whose defaults a distribution may change.
func lockKeys() []string {
	out := []string{lightLockerLock().path}
	for _, l := range []gsettingsLock{gnomeLock(), mateLock(), cinnamonLock()} {
		for _, k := range []lockKey{l.idle, l.delay, l.enabled, l.starts, l.never} {
			if k.path != "" {
				out = append(out, k.path)
			}
		}
	}
	return out
}

const (
	fromSystem = "system_default"
	fromLock   = "system_lock"
)

// schemaDefaults are the values that a distribution or administrator put in
// place of a schema's own (glib's *.gschema.override), by dconf key.
type schemaDefaults map[string]int64

const schemaDir = "/usr/share/glib-2.0/schemas"

// readSchemaDefaults reads the overrides in the order of their names, the last
// one winning, as glib-compile-schemas does.
func readSchemaDefaults(ctx context.Context, r *reader) schemaDefaults {
	out := schemaDefaults{}
	files, err := r.Host.Files.ReadDir(ctx, schemaDir)
	if err != nil {
		r.Miss(schemaDir, err)
		return out
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name, ".gschema.override") {
			continue
		}
		path := schemaDir + "/" + f.Name
		b := r.config(ctx, path)
		if b == nil {
			continue
		}
		ini, err := conf.ParseINI(b)
		if err != nil {
			r.Miss(path, err)
			continue
		}
		for _, key := range lockKeys() {
			if n, ok := overridden(ini, key); ok {
				out[key] = n
			}
		}
	}
	return out
}

// overridden looks a dconf key up in an override file, where its schema is a group: mostly
// its directory, /org/gnome/desktop/session/idle-delay being idle-delay in
// [org.gnome.desktop.session]. MATE's are shorter.
func overridden(ini *conf.INI, key string) (int64, bool) {
	dir, name, _ := cutLast(key[1:], "/")
	schema := strings.Replace(strings.ReplaceAll(dir, "/", "."), "org.mate.desktop.", "org.mate.", 1)
	text, ok := ini.Get(schema, name)
	if !ok {
		return 0, false
	}
	switch text = strings.TrimSpace(strings.TrimPrefix(text, "uint32")); text {
	case "true":
		return 1, true
	case "false":
		return 0, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// dconfSettings resolves keys through a person's dconf profile: the own database, the
// system's, and the locks that defeat the own one.
type dconfSettings struct {
	r        *reader
	sources  []gvdb.Source
	defaults schemaDefaults
}

// get is the effective value of a key in seconds, or as 0 and 1; nil when unread.
func (d dconfSettings) get(key lockKey) *setting {
	e := gvdb.Resolve(d.sources, key.path)
	if !e.Found {
		if n, ok := d.defaults[key.path]; ok {
			return &setting{Value: n * key.unit, From: fromSystem}
		}
		return &setting{Value: key.given * key.unit, From: fromProgram}
	}
	n, err := e.Value.Int()
	if b, errBool := e.Value.Bool(); errBool == nil {
		n, err = bit(b), nil
	}
	if err != nil || n > 1<<31 || n < -1<<31 {
		d.r.Note(key.path, "unreadable")
		return nil
	}
	s := &setting{Value: n * key.unit}
	switch {
	case e.Locked():
		s.From = fromLock
	case e.From > 0:
		s.From = fromSystem
	default:
		s.From = fromUser
	}
	return s
}

// observeGSettings reads the lock of a desktop that keeps it in dconf.
func observeGSettings(ctx context.Context, r *reader, p person, l gsettingsLock, defaults schemaDefaults, f *lockFact) {
	d := dconfSettings{r, dconfSources(ctx, r, p), defaults}
	before := len(r.Unread)
	f.Idle, f.Delay = d.get(l.idle), d.get(l.delay)
	f.Enabled = d.get(l.enabled)
	f.Secure = f.Enabled // the same lock asks for the password
	if l.starts.path != "" {
		f.Enabled = both(d.get(l.starts), f.Enabled)
	}
	if off := d.get(l.never); off != nil && off.Value != 0 {
		f.Enabled = &setting{Value: 0, From: off.From}
	}
	if len(r.Unread) > before || d.sources == nil {
		// A database that was not read could hold other values than these.
		f.Idle, f.Enabled, f.Secure, f.Delay = nil, nil, nil, nil
	}
}

// observeLightLocker reads what light-locker does once the X server has blanked the
// screen. When it blanks no file tells, so the best answer is unknown.
func observeLightLocker(ctx context.Context, r *reader, p person, defaults schemaDefaults, f *lockFact) {
	d := dconfSettings{r, dconfSources(ctx, r, p), defaults}
	if d.sources == nil {
		return
	}
	if f.Delay = d.get(lightLockerLock()); f.Delay != nil && f.Delay.Value == 0 {
		f.Enabled = f.Delay
	}
	r.Note("xset s", "unsupported")
}

// dconfSources opens the databases of a person's profile in its order; nil
// when one exists and cannot be read.
func dconfSources(ctx context.Context, r *reader, p person) []gvdb.Source {
	refs := gvdb.DefaultProfile()
	for _, path := range []string{"/run/dconf/user/" + strconv.FormatUint(uint64(p.uid), 10), "/etc/dconf/profile/user"} {
		b, err := r.Host.Files.ReadFile(ctx, path, gvdb.MaxProfile)
		if err != nil && r.Miss(path, err) {
			continue
		}
		if err != nil {
			return nil
		}
		parsed, err := gvdb.ParseProfile(b)
		if err != nil {
			r.Miss(path, err)
			return nil
		}
		refs = parsed
		break
	}
	sources := make([]gvdb.Source, 0, len(refs))
	for i, ref := range refs {
		s := gvdb.Source{Name: ref.String(), Writable: i == 0 && ref.Writable()}
		path, ok := ref.Path(p.home + "/.config")
		if !ok {
			r.Note(ref.String(), "unsupported")
			return nil
		}
		b, err := r.Host.Files.ReadFile(ctx, path, gvdb.MaxSize)
		if err == nil {
			s.DB, err = gvdb.Parse(b)
		}
		if err != nil && !r.Miss(path, err) {
			return nil
		}
		sources = append(sources, s)
	}
	return sources
}
