package accounts

import (
	"encoding/binary"
	"io/fs"
	"maps"
	"strconv"
	"strings"
	"testing"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// The masks of the permissions that Windows offers for shares and folders.
const (
	fullControl = 0x1f01ff
	readOnly    = 0x1200a9
)

// sidBytes writes a SID as Windows keeps it.
func sidBytes(sid string) []byte {
	parts := strings.Split(sid, "-")[2:]
	b := []byte{1, byte(len(parts) - 1), 0, 0, 0, 0, 0}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return nil
		}
		if i == 0 {
			b = append(b, byte(n))
			continue
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b
}

// grants is a descriptor by which each SID is allowed what stands behind it.
func grants(to ...host.AccessEntry) []byte {
	var list []byte
	for _, e := range to {
		sid := sidBytes(e.Who)
		list = append(list, 0, 0)
		list = binary.LittleEndian.AppendUint16(list, uint16(8+len(sid)))
		list = binary.LittleEndian.AppendUint32(list, e.Rights)
		list = append(list, sid...)
	}
	b := []byte{1, 0, 4, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 2, 0}
	b = binary.LittleEndian.AppendUint16(b, uint16(8+len(list)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(to)))
	return append(append(b, 0, 0), list...)
}

func allow(sid string, rights uint32) host.AccessEntry {
	return host.AccessEntry{Who: sid, Allow: true, Rights: rights}
}

const domainUsers = "S-1-5-21-4-5-6-513"

func TestSharesOnWindows(t *testing.T) {
	const folder = `C:\Datos`
	base := map[string]any{
		keyServer + `\Start`: 2, keyServerPars + `\SMB1`: 0, keyLSA + `\RestrictAnonymous`: 1,
		keyShares + `\datos`: []string{"CSCFlags=0", "Path=" + folder, "Type=0"},
	}
	machine := func(share []byte, more map[string]any) host.Registry {
		values := maps.Clone(base)
		if share != nil {
			values[keyShares+`\Security\datos`] = share
		}
		maps.Copy(values, more)
		maps.DeleteFunc(values, func(_ string, v any) bool { return v == nil })
		return checktest.Registry{Values: values}
	}
	on := func(entries ...host.AccessEntry) host.Access {
		return host.Access{Owner: sidAdministrators, Entries: append(entries, allow(sidAdministrators, fullControl))}
	}
	team := "S-1-5-21-1-2-3-1010"
	everyone := grants(allow(sidEveryone, fullControl))
	for _, row := range []struct {
		name     string
		registry host.Registry
		folder   host.Access
		params   string
		want     checks.Status
		code     string
	}{
		{"for a team", machine(grants(allow(team, fullControl)), nil), on(allow(sidUsers, readOnly)), "", checks.Pass, "shares.closed"},
		{"everybody, but the folder is a team's", machine(everyone, nil), on(allow(team, fullControl)), "", checks.Pass, "shares.closed"},
		{"everybody writes", machine(everyone, nil), on(allow(sidEveryone, fullControl)), "", checks.Fail, "shares.strangers_write"},
		{"everybody reads", machine(grants(allow(sidEveryone, readOnly)), nil), on(allow(sidEveryone, fullControl)), "", checks.Fail, "shares.strangers_read"},
		{"everybody reads what is public", machine(grants(allow(sidEveryone, readOnly)), nil), on(allow(sidEveryone, fullControl)), `{"public":["DATOS"]}`, checks.Pass, "shares.closed"},
		{"everybody writes what is public", machine(everyone, nil), on(allow(sidEveryone, fullControl)), `{"public":["datos"]}`, checks.Fail, "shares.strangers_write"},
		{"anonymous reads", machine(everyone, nil), on(allow(sidAnonymous, readOnly)), "", checks.Fail, "shares.strangers_read"},
		{"everybody reads but guests, who are others", machine(everyone, nil), on(host.AccessEntry{Who: sidGuests, Rights: fullControl}, allow(sidEveryone, readOnly)), "", checks.Fail, "shares.strangers_read"},
		{"a folder without any list", machine(everyone, nil), host.Access{Unrestricted: true}, "", checks.Fail, "shares.strangers_write"},
		{"all accounts write", machine(everyone, nil), on(allow(sidAuthenticatedUsers, fullControl)), "", checks.Fail, "shares.everybody_writes"},
		{"all accounts of the domain write", machine(grants(allow(domainUsers, fullControl)), nil), on(allow(domainUsers, fullControl)), "", checks.Fail, "shares.everybody_writes"},
		{"all accounts read", machine(everyone, nil), on(allow(sidUsers, readOnly)), "", checks.Warn, "shares.everybody_reads"},
		{"a share without a list", machine(nil, nil), on(allow(sidEveryone, fullControl)), "", checks.Fail, "shares.strangers_read"},
		{"a damaged list", machine([]byte{1, 2, 3}, nil), on(), "", checks.Unknown, "accounts.unread"},
		{"a folder that is not told", machine(everyone, nil), host.Access{Owner: "?"}, "", checks.Unknown, "accounts.unread"},
		{"a folder that is gone", machine(everyone, map[string]any{keyShares + `\datos`: []string{"Path=C:\\Nada", "Type=0"}}), on(), "", checks.Pass, "shares.closed"},
		{"a printer", machine(everyone, map[string]any{keyShares + `\datos`: []string{"Path=HP,LocalsplOnly", "Type=1"}}), on(), "", checks.Pass, "shares.closed"},
		{"drivers of printers", machine(nil, map[string]any{keyShares + `\datos`: nil, keyShares + `\print$`: []string{"Path=" + folder, "Type=0"}}), on(allow(sidEveryone, readOnly)), "", checks.Pass, "shares.closed"},
		{"server disabled", machine(everyone, map[string]any{keyServer + `\Start`: 4}), on(allow(sidEveryone, fullControl)), "", checks.Pass, "shares.none"},
		{"server disabled, which lists nothing", machine(everyone, map[string]any{keyServer + `\Start`: 4, keyLSA + `\RestrictAnonymous`: nil}), on(), "", checks.Pass, "shares.none"},
		{"SMB1 switched on", machine(grants(), map[string]any{keyServerPars + `\SMB1`: 1}), on(), "", checks.Fail, "shares.smb1"},
		{"SMB1 driver, nothing said", machine(grants(), map[string]any{keyServerPars + `\SMB1`: nil, keyServices + `\srv\Start`: 3}), on(), "", checks.Fail, "shares.smb1"},
		{"SMB1 nothing said, no driver", machine(grants(), map[string]any{keyServerPars + `\SMB1`: nil}), on(), "", checks.Pass, "shares.closed"},
		{"SMB1 of the client", machine(grants(), map[string]any{keyServices + `\mrxsmb10\Start`: 2}), on(), "", checks.Fail, "shares.smb1"},
		{"SMB1 of the client disabled", machine(grants(), map[string]any{keyServices + `\mrxsmb10\Start`: 4}), on(), "", checks.Pass, "shares.closed"},
		{"Everyone holds anonymous", machine(grants(), map[string]any{keyLSA + `\EveryoneIncludesAnonymous`: 1}), on(), "", checks.Fail, "shares.anonymous"},
		{"null sessions anywhere", machine(grants(), map[string]any{keyServerPars + `\RestrictNullSessAccess`: 0}), on(), "", checks.Fail, "shares.anonymous"},
		{"null sessions to a share", machine(grants(), map[string]any{keyServerPars + `\NullSessionShares`: []string{"datos"}}), on(), "", checks.Fail, "shares.anonymous"},
		{"shares may be listed", machine(grants(), map[string]any{keyLSA + `\RestrictAnonymous`: nil}), on(), "", checks.Warn, "shares.enumerate"},
		{"shares unreadable", checktest.Registry{Values: base, Unreadable: []string{keyShares}}, on(), "", checks.Unknown, "accounts.unread"},
		{"SMB1 unreadable", checktest.Registry{Values: base, Unreadable: []string{keyServerPars}}, on(), "", checks.Unknown, "accounts.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			answers := checktest.Answers{
				AccessOf: map[string]host.Access{folder: row.folder},
				Errors:   map[string]error{`access C:\Nada`: fs.ErrNotExist},
			}
			if row.folder.Owner == "?" {
				answers.Errors["access"] = fs.ErrPermission
			}
			res := checktest.Run(t, shares(), answers.On(host.Host{Now: today, OS: host.Windows, Registry: row.registry}), row.params)
			code := res.Reason.Code
			for _, f := range res.Findings {
				if f.Reason.Code == row.code {
					code = f.Reason.Code // one share may be more than one thing
				}
			}
			if res.Status != row.want || code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

func TestSharesOnLinux(t *testing.T) {
	samba := func(text string) map[string]string {
		return debian(map[string]string{"/usr/sbin/smbd": "", smbFile: "[global]\nworkgroup = MUNI\n" + text, "/srv/datos/x": ""})
	}
	nfs := func(text string) map[string]string {
		return debian(map[string]string{"/usr/sbin/rpc.nfsd": "", exportsFile: text})
	}
	open := map[string]fs.FileMode{"/srv/datos": 0o777}
	closed := map[string]fs.FileMode{"/srv/datos": 0o770}
	everywhere := []host.Listener{{Protocol: "tcp", Address: "0.0.0.0", Port: 3306}, {Protocol: "tcp", Address: "::", Port: 3306}}
	for _, row := range []struct {
		name       string
		files      map[string]string
		modes      map[string]fs.FileMode
		unreadable []string
		listeners  []host.Listener
		params     string
		want       checks.Status
		code       string
	}{
		{"nothing shared", debian(nil), nil, nil, nil, "", checks.Pass, "shares.none"},
		{"exports without a server", debian(map[string]string{exportsFile: "/srv *(rw)\n"}), nil, nil, nil, "", checks.Pass, "shares.none"},
		{"samba for a team", samba("[datos]\npath=/srv/datos\nvalid users = @urbanismo\nwritable = yes\n"), open, nil, nil, "", checks.Pass, "shares.closed"},
		{"samba, closed by the folder", samba("[datos]\npath=/srv/datos\nwritable = yes\n"), closed, nil, nil, "", checks.Pass, "shares.closed"},
		{"samba for guests", samba("[datos]\npath=/srv/datos\npublic = yes\n"), closed, nil, nil, "", checks.Fail, "shares.strangers_read"},
		{"samba for guests to write", samba("guest ok = yes\n[datos]\npath=/srv/datos\nread only = no\n"), open, nil, nil, "", checks.Fail, "shares.strangers_write"},
		{"samba for guests, declared public", samba("[datos]\npath=/srv/datos\nguest ok = yes\n"), closed, nil, nil, `{"public":["datos"]}`, checks.Pass, "shares.closed"},
		{"samba, all accounts write", samba("[datos]\npath=/srv/datos\nwritable = yes\n"), open, nil, nil, "", checks.Fail, "shares.everybody_writes"},
		{"samba, all accounts as one", samba("[datos]\npath=/srv/datos\nwritable = yes\nforce user = copias\n"), closed, nil, nil, "", checks.Fail, "shares.everybody_writes"},
		{"samba, all accounts read", samba("[datos]\npath=/srv/datos\n"), nil, nil, nil, "", checks.Warn, "shares.everybody_reads"},
		{"samba, not available", samba("[datos]\npath=/srv/datos\nguest ok = yes\navailable = no\n"), nil, nil, nil, "", checks.Pass, "shares.closed"},
		{"samba, homes and printers", samba("[homes]\nread only = no\n[printers]\nprintable = yes\nguest ok = yes\npath=/srv/datos\n"), nil, nil, nil, "", checks.Pass, "shares.closed"},
		{"samba, SMB1", samba("server min protocol = NT1\n"), nil, nil, nil, "", checks.Fail, "shares.smb1"},
		{"samba, registry", samba("include = registry\n"), nil, nil, nil, "", checks.Unknown, "accounts.unread"},
		{"samba unreadable", samba(""), nil, []string{smbFile}, nil, "", checks.Unknown, "accounts.unread"},
		{"shared by a user", with(samba("usershare max shares = 100\nusershare allow guests = yes\n"), "/var/lib/samba/usershares/fotos", "#VERSION 2\npath=/home/ana/fotos\nusershare_acl=S-1-1-0:F,\nguest_ok=y\n"), nil, nil, nil, "", checks.Fail, "shares.strangers_write"},
		{"shared by a user, without guests", with(samba("usershare max shares = 100\n"), "/var/lib/samba/usershares/fotos", "path=/home/ana/fotos\nusershare_acl=S-1-1-0:R,\nguest_ok=y\n"), nil, nil, nil, "", checks.Warn, "shares.everybody_reads"},
		{"shared by a user, not told to", with(samba(""), "/var/lib/samba/usershares/fotos", "path=/home/ana/fotos\nusershare_acl=S-1-1-0:F,\n"), nil, nil, nil, "", checks.Fail, "shares.everybody_writes"},
		{"shared by a user, switched off", with(samba("usershare max shares = 0\n"), "/var/lib/samba/usershares/fotos", "path=/home/ana/fotos\nusershare_acl=S-1-1-0:F,\n"), nil, nil, nil, "", checks.Pass, "shares.closed"},
		{"NFS for one machine", nfs("/srv/datos srv2(rw,sync)\n"), nil, nil, nil, "", checks.Pass, "shares.closed"},
		{"NFS for anybody", nfs("/srv/datos *(ro)\n"), nil, nil, nil, "", checks.Fail, "shares.strangers_read"},
		{"NFS for anybody, by a blank", nfs("/srv/datos srv2 (rw)\n"), nil, nil, nil, "", checks.Fail, "shares.strangers_write"},
		{"NFS for anybody who proves who it is", nfs("/srv/datos *(rw,sec=krb5p)\n"), nil, nil, nil, "", checks.Pass, "shares.closed"},
		{"NFS for anybody, by a pattern", nfs("/srv/datos ?*(ro)\n"), nil, nil, nil, "", checks.Fail, "shares.strangers_read"},
		{"an FTP server", debian(nil), nil, nil, []host.Listener{{Protocol: "tcp", Address: "::", Port: 21}}, "", checks.Unknown, "shares.other_server"},
		{"an FTP server that somebody looked at", debian(nil), nil, nil, []host.Listener{{Protocol: "tcp", Address: "::", Port: 21}}, `{"reviewed":["ftp"]}`, checks.Pass, "shares.closed"},
		{"an rsync server beside an open share", nfs("/srv/datos *(rw)\n"), nil, nil, []host.Listener{{Protocol: "tcp", Address: "0.0.0.0", Port: 873}}, "", checks.Fail, "shares.strangers_write"},
		{"NFS, root of another machine", nfs("/srv/datos srv2(rw,no_root_squash)\n"), nil, nil, nil, "", checks.Warn, "shares.remote_root"},
		{"NFS, more files", with(nfs(""), "/etc/exports.d/a.exports", "/srv/datos *(rw)\n"), nil, nil, nil, "", checks.Fail, "shares.strangers_write"},
		{"NFS that makes no sense", nfs("srv *(rw)\n"), nil, nil, nil, "", checks.Unknown, "accounts.unread"},
		{"a database for the network", debian(nil), nil, nil, everywhere, "", checks.Warn, "shares.database"},
		{"a database of its own", debian(nil), nil, nil, []host.Listener{{Protocol: "tcp", Address: "127.0.0.1", Port: 3306}}, "", checks.Pass, "shares.none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{Now: today, OS: host.Linux, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable, Modes: row.modes}}
			res := checktest.Run(t, shares(), checktest.Answers{ListenerList: row.listeners}.On(h), row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}
