package accounts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks/format/exports"
	"vigia/checks/format/smbconf"
	"vigia/checks/host"
)

const (
	smbFile     = "/etc/samba/smb.conf"
	exportsFile = "/etc/exports"
	exportsDir  = "/etc/exports.d"
)

// observeLinuxShares reads what Samba and the NFS server share, and with whom.
func observeLinuxShares(ctx context.Context, h *host.Host) (shareFacts, error) {
	r := newReader(h)
	var seen shareFacts
	r.samba(ctx, &seen)
	r.nfs(ctx, &seen)
	r.databases(ctx, &seen)
	seen.Unread = r.Unread
	return seen, nil
}

// exported is what accounts.privileges needs to know of shares.
func (r *reader) exported(ctx context.Context, privileges *privilegeFacts) {
	var seen shareFacts
	r.samba(ctx, &seen)
	r.nfs(ctx, &seen)
	privileges.OpenShares = openShares(seen.Shares)
}

// anyInstalled tells whether one of the paths is there.
func anyInstalled(ctx context.Context, h *host.Host, paths ...string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return installed(ctx, h, p) })
}

// samba adds the shares of smb.conf and those that users made themselves.
func (r *reader) samba(ctx context.Context, seen *shareFacts) {
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
	seen.Served = true
	for _, what := range c.Unknown {
		r.Note(smbFile+": "+what, "unsupported")
	}
	global, _ := c.Section("global")
	if protocol, ok := global.Get("server min protocol"); ok && oldProtocol(protocol) {
		seen.SMB1 = append(seen.SMB1, "server")
	}
	for _, s := range c.Sections {
		if strings.EqualFold(s.Name, "global") || !c.EffectiveBool(s, "available", true) || c.EffectiveBool(s, "printable", false) {
			continue
		}
		f := r.sambaShare(ctx, c, s)
		if f.Strangers == "" && f.Accounts == "" {
			seen.Closed++
			continue
		}
		seen.Shares = append(seen.Shares, f)
	}
	r.userShares(ctx, global, seen)
}

// oldProtocol tells whether a protocol is SMB1 or older.
func oldProtocol(name string) bool {
	return slices.ContainsFunc([]string{"NT1", "LANMAN1", "LANMAN2", "CORE", "COREPLUS"}, func(p string) bool { return strings.EqualFold(p, name) })
}

// sambaShare tells who may do what with a share: guests by its own word, all accounts
// where no user is named and the folder's mode allows others.
func (r *reader) sambaShare(ctx context.Context, c *smbconf.Config, s smbconf.Section) shareFact {
	path, _ := s.Get("path")
	f := shareFact{Name: s.Name, Path: path, Source: smbFile, System: systemShare(s.Name)}
	writes := !c.EffectiveBool(s, "read only", true)
	valid, _ := c.Effective(s, "valid users")
	forced, _ := c.Effective(s, "force user")
	if c.EffectiveBool(s, "guest ok", false) {
		f.Strangers = access(writes)
	}
	named := strings.TrimSpace(valid) != "" || strings.EqualFold(s.Name, "homes")
	if named || strings.Contains(path, "%") {
		return f
	}
	info, err := r.Host.Files.Stat(ctx, path)
	switch {
	case forced != "":
		f.Accounts = access(writes)
	case path == "" || errors.Is(err, fs.ErrNotExist):
		f.Strangers = "" // nothing is there to be seen
	case err != nil:
		r.Need(path, err)
	case info.Mode.Perm()&0o007 != 0:
		f.Accounts = access(writes && info.Mode.Perm()&0o002 != 0)
	}
	return f
}

func access(writes bool) string {
	if writes {
		return mayWrite
	}
	return mayRead
}

// userShares adds what users shared themselves (net usershare), each in a file.
func (r *reader) userShares(ctx context.Context, global smbconf.Section, seen *shareFacts) {
	dir, ok := global.Get("usershare path")
	if !ok || dir == "" {
		dir = "/var/lib/samba/usershares"
	}
	if most, _ := global.Get("usershare max shares"); most == "0" {
		return // Debian and its kin serve them without being told to
	}
	files, err := r.Host.Files.ReadDir(ctx, dir)
	if err != nil {
		r.Miss(dir, err)
		return
	}
	guests := global.Bool("usershare allow guests", false)
	for _, file := range files {
		if !file.Mode.IsRegular() {
			continue
		}
		f := userShare(string(r.config(ctx, dir+"/"+file.Name)), guests)
		f.Name, f.Source = file.Name, dir
		if f.Strangers == "" && f.Accounts == "" {
			seen.Closed++
			continue
		}
		seen.Shares = append(seen.Shares, f)
	}
}

// userShare reads one file of net usershare: "usershare_acl=S-1-1-0:F,".
func userShare(text string, guests bool) shareFact {
	var f shareFact
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "path":
			f.Path = value
		case "guest_ok":
			if guests && strings.EqualFold(value, "y") {
				f.Strangers = mayRead
			}
		case "usershare_acl":
			for entry := range strings.SplitSeq(value, ",") {
				who, right, _ := strings.Cut(entry, ":")
				if !everybody(who) || strings.EqualFold(right, "D") || f.Accounts == mayWrite {
					continue
				}
				f.Accounts = access(strings.EqualFold(right, "F"))
			}
		}
	}
	if f.Strangers != "" {
		f.Strangers = f.Accounts // a guest may what everybody may
	}
	return f
}

// nfs adds the exports of the NFS server.
func (r *reader) nfs(ctx context.Context, seen *shareFacts) {
	if !anyInstalled(ctx, r.Host, "/usr/sbin/rpc.nfsd", "/usr/sbin/exportfs") {
		return
	}
	paths := append([]string{exportsFile}, r.named(ctx, exportsDir, ".exports")...)
	for _, path := range paths {
		list, broken, err := exports.Parse(r.config(ctx, path))
		if err != nil {
			r.Note(path, "too_big")
			continue
		}
		if len(broken) > 0 {
			r.Note(fmt.Sprintf("%s:%d", path, broken[0]), "unreadable")
		}
		for _, e := range list {
			seen.Served = true
			f := shareFact{Name: e.Path + " " + e.Client, Path: e.Path, Source: fmt.Sprintf("%s:%d", path, e.Line), Root: e.Root() && !e.Asks()}
			if e.Anybody() && !e.Asks() {
				f.Strangers = access(e.Writes())
			}
			if f.Strangers == "" && !f.Root {
				seen.Closed++
				continue
			}
			seen.Shares = append(seen.Shares, f)
		}
	}
}
