package accounts

import (
	"context"
	"errors"
	"slices"
	"strings"

	"vigia/checks/format/passdb"
	"vigia/checks/format/smbconf"
)

// privateDir is where Samba keeps its accounts unless smb.conf says otherwise.
const privateDir = "/var/lib/samba/private"

// samba adds accounts of Samba, which has passwords of its own: locking an account of the
// system does not lock them.
func (r *residues) samba(ctx context.Context, own []localAccount) {
	if !anyInstalled(ctx, r.Host, "/usr/sbin/smbd", "/usr/local/samba/sbin/smbd") {
		return
	}
	c, err := smbconf.Load(smbFile, func(name string) ([]byte, error) {
		return r.Host.Files.ReadFile(ctx, name, smbconf.MaxSize)
	})
	if err != nil {
		r.Miss(smbFile, err) // smbd does not start without one
		return
	}
	global, _ := c.Section("global")
	if role, _ := global.Get("server role"); strings.Contains(strings.ToLower(role), "domain controller") {
		r.Note(smbFile+": server role", "unsupported") // the accounts are a directory
		return
	}
	files, parse := r.sambaFiles(global)
	for _, file := range files {
		b, err := r.Host.Files.ReadFile(ctx, file, passdb.MaxSize)
		if err != nil {
			r.Miss(file, err)
			continue
		}
		accounts, err := parse(b)
		if err != nil {
			r.Note(file, whyNotParsed(err))
		}
		for _, a := range accounts {
			if name := strings.ToLower(a.Name); r.left(name) && a.Open(r.Host.Now()) && r.sambaTakes(ctx, name, own, global) {
				r.add(name, residueSamba, file)
			}
		}
	}
}

// sambaTakes tells whether Samba takes an account of its own that is open: it wants one of
// the system beside it, and asks PAM whether that one is closed only if it is told to.
func (r *residues) sambaTakes(ctx context.Context, name string, own []localAccount, global smbconf.Section) bool {
	i := slices.IndexFunc(own, func(a localAccount) bool { return strings.EqualFold(a.Name, name) })
	if i < 0 {
		return r.source(ctx, "passwd") != ""
	}
	return !own[i].Ageing.AccountClosed(r.Host.Now()) || !global.Bool("obey pam restrictions", false)
}

// sambaFiles tells which files hold the accounts, and how they are read.
func (r *residues) sambaFiles(global smbconf.Section) (files []string, parse func([]byte) ([]passdb.Account, error)) {
	dir := privateDir
	for _, name := range []string{"private dir", "private directory"} {
		if v, ok := global.Get(name); ok {
			dir = strings.TrimSuffix(v, "/")
		}
	}
	backend, _ := global.Get("passdb backend")
	backend, file, _ := strings.Cut(strings.Trim(backend, `"`), ":")
	switch strings.ToLower(strings.TrimSpace(backend)) {
	case "", "tdbsam":
		files, parse = []string{dir + "/passdb.tdb"}, passdb.ParseTDB
	case "smbpasswd":
		files, parse = []string{dir + "/smbpasswd", "/etc/samba/smbpasswd"}, passdb.ParseSmbpasswd
		if v, ok := global.Get("smb passwd file"); ok {
			files = []string{v}
		}
	default:
		r.Note(smbFile+": passdb backend", "unsupported")
		return nil, nil
	}
	if file != "" {
		files = []string{file}
	}
	return files, parse
}

// whyNotParsed is the code of an error of package passdb.
func whyNotParsed(err error) string {
	switch {
	case errors.Is(err, passdb.ErrTooLarge):
		return "too_big"
	case errors.Is(err, passdb.ErrVersion):
		return "unsupported"
	}
	return "unreadable"
}
