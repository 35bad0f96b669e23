package session

import (
	"context"
	"strconv"
	"strings"

	"vigia/checks/format/conf"
	"vigia/checks/format/gvdb"
)

// The keys of GNOME's lock and what gsettings-desktop-schemas says when nobody
// set them (seen in GNOME 43).
const (
	keyIdleDelay   = "/org/gnome/desktop/session/idle-delay"
	keyLockEnabled = "/org/gnome/desktop/screensaver/lock-enabled"
	keyLockDelay   = "/org/gnome/desktop/screensaver/lock-delay"
	keyNoLock      = "/org/gnome/desktop/lockdown/disable-lock-screen"

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
		for _, key := range []string{keyIdleDelay, keyLockEnabled, keyLockDelay, keyNoLock} {
			if n, ok := overridden(ini, key); ok {
				out[key] = n
			}
		}
	}
	return out
}

// overridden looks a dconf key up in an override file, where its directory is
// a group: /org/gnome/desktop/session/idle-delay is idle-delay in
// [org.gnome.desktop.session].
func overridden(ini *conf.INI, key string) (int64, bool) {
	dir, name, _ := cutLast(key[1:], "/")
	text, ok := ini.Get(strings.ReplaceAll(dir, "/", "."), name)
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

// observeGNOME resolves the four keys through the person's dconf profile: the
// own database, the system's, and the locks that defeat the own one.
func observeGNOME(ctx context.Context, r *reader, p person, defaults schemaDefaults, f *lockFact) {
	sources := dconfSources(ctx, r, p)
	get := func(key string, fallback int64) *setting {
		e := gvdb.Resolve(sources, key)
		if !e.Found {
			if n, ok := defaults[key]; ok {
				return &setting{Value: n, From: fromSystem}
			}
			return &setting{Value: fallback, From: fromProgram}
		}
		n, err := e.Value.Int()
		if b, errBool := e.Value.Bool(); errBool == nil {
			n, err = bit(b), nil
		}
		if err != nil {
			r.Note(key, "unreadable")
			return nil
		}
		switch {
		case e.Locked():
			return &setting{Value: n, From: fromLock}
		case e.From > 0:
			return &setting{Value: n, From: fromSystem}
		default:
			return &setting{Value: n, From: fromUser}
		}
	}
	before := len(r.Unread)
	f.Idle, f.Delay = get(keyIdleDelay, 300), get(keyLockDelay, 0)
	f.Enabled = get(keyLockEnabled, 1)
	f.Secure = f.Enabled // the same lock asks for the password
	if off := get(keyNoLock, 0); off != nil && off.Value != 0 {
		f.Enabled = &setting{Value: 0, From: off.From}
	}
	if len(r.Unread) > before || sources == nil {
		// A database that was not read could hold other values than these.
		f.Idle, f.Enabled, f.Secure, f.Delay = nil, nil, nil, nil
	}
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
