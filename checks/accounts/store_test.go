package accounts

import (
	"context"
	"io/fs"
	"testing"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// owned are files that belong to root and the group shadow, unless said.
type owned struct {
	checktest.Files
	owner, group map[string]string
}

func (o owned) Stat(ctx context.Context, name string) (host.FileInfo, error) {
	info, err := o.Files.Stat(ctx, name)
	info.Owner, info.Group = "0", "42"
	if owner, ok := o.owner[name]; ok {
		info.Owner = owner
	}
	if group, ok := o.group[name]; ok {
		info.Group = group
	}
	return info, err
}

func TestStoreOnLinux(t *testing.T) {
	const groups = "root:x:0:\nshadow:x:42:\nstaff:x:50:\n"
	for _, row := range []struct {
		name         string
		files        map[string]string
		unreadable   []string
		mode         fs.FileMode
		owner, group string
		want         checks.Status
		code         string
	}{
		{"Debian as it comes", debian(nil), nil, 0o640, "", "", checks.Pass, "store.protected"},
		{"Rocky as it comes", debian(nil), nil, 0, "", "0", checks.Pass, "store.protected"},
		{"others read it", debian(nil), nil, 0o644, "", "", checks.Fail, "store.open_file"},
		{"a group changes it", debian(nil), nil, 0o660, "", "", checks.Fail, "store.open_file"},
		{"another group reads it", debian(nil), nil, 0o640, "", "50", checks.Fail, "store.open_file"},
		{"another owner", debian(nil), nil, 0o600, "1000", "", checks.Fail, "store.open_file"},
		{"MD5 of a person", changed("/etc/shadow", "ana:$1$ab$cdefghijklmnopqrstuv0:20700:0:365:7:::\n"), nil, 0o640, "", "", checks.Fail, "store.weak"},
		{"DES of a person", changed("/etc/shadow", "ana:abJnggxhB/yWI:20700:0:365:7:::\n"), nil, 0o640, "", "", checks.Fail, "store.weak"},
		{"DES, locked", changed("/etc/shadow", "ana:!abJnggxhB/yWI:20700:0:365:7:::\n"), nil, 0o640, "", "", checks.Warn, "store.weak_locked"},
		{"bcrypt and SHA-512 are fine", changed("/etc/shadow", "ana:$2b$12$abcdefghijklmnopqrstuv:20700:0:365:7:::\nluis:$6$ab$cd:20700:0:365:7:::\n"), nil, 0o640, "", "", checks.Pass, "store.protected"},
		{"in passwd", changed("/etc/passwd", "ana:$6$ab$cd:1000:1000::/home/ana:/bin/bash\n"), nil, 0o640, "", "", checks.Fail, "store.in_passwd"},
		{"new ones by MD5", changed(commonPassword, "password required pam_unix.so md5\n"), nil, 0o640, "", "", checks.Fail, "store.weak_method"},
		{"the last word counts", changed(commonPassword, "password required pam_unix.so md5 sha512\n"), nil, 0o640, "", "", checks.Pass, "store.protected"},
		{"new ones by login.defs", changed(commonPassword, "password required pam_unix.so\n", "/etc/login.defs", "PASS_MAX_DAYS 365\nENCRYPT_METHOD SHA512\n"), nil, 0o640, "", "", checks.Pass, "store.protected"},
		{"new ones by DES", changed(commonPassword, "password required pam_unix.so\n", "/etc/login.defs", "ENCRYPT_METHOD DES\n"), nil, 0o640, "", "", checks.Fail, "store.weak_method"},
		{"nobody says how", changed(commonPassword, "password required pam_unix.so\n"), nil, 0o640, "", "", checks.Fail, "store.no_method"},
		{"unreadable", debian(nil), []string{"/etc/shadow"}, 0o640, "", "", checks.Unknown, "accounts.unread"},
		{"PAM unreadable", debian(nil), []string{commonPassword}, 0o640, "", "", checks.Unknown, "accounts.unread"},
		{"an owner that is not told", debian(nil), nil, 0o640, "-", "", checks.Unknown, "accounts.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.files["/etc/group"] = groups
			files := owned{Files: checktest.Files{Content: row.files, Unreadable: row.unreadable, Modes: map[string]fs.FileMode{shadowFile: row.mode}},
				owner: map[string]string{}, group: map[string]string{}}
			switch row.owner {
			case "":
			case "-":
				files.owner[shadowFile] = ""
			default:
				files.owner[shadowFile] = row.owner
			}
			if row.group != "" {
				files.group[shadowFile] = row.group
			}
			res := checktest.Run(t, passwordStore(), host.Host{Now: today, OS: host.Linux, Files: files}, "")
			expect(t, res, row.want, row.code, "")
		})
	}
}

func TestStoreOnWindows(t *testing.T) {
	const noLM, wdigest, ppl = keyLSA + `\NoLMHash`, keyWDigest + `\UseLogonCredential`, keyLSA + `\RunAsPPL`
	machine := func(properties, flags uint32) windows {
		return windows{policy: &host.PasswordPolicy{Properties: properties, PropertiesKnown: true},
			users: []host.User{{Name: "ana", SID: "S-1-5-21-1-2-3-1001", Flags: flags}}}
	}
	for _, row := range []windowsRow{
		{name: "protected", machine: machine(1, 0x201), registry: map[string]any{ppl: 1}, want: checks.Pass, code: "store.protected"},
		{name: "as it comes", machine: machine(1, 0x201), want: checks.Warn, code: "store.unprotected"},
		{name: "LM hash", machine: machine(1, 0x201), registry: map[string]any{ppl: 1, noLM: 0}, want: checks.Fail, code: "store.lm_hash"},
		{name: "reversible", machine: machine(17, 0x201), registry: map[string]any{ppl: 1}, want: checks.Fail, code: "store.reversible"},
		{name: "reversible for one", machine: machine(1, 0x281), registry: map[string]any{ppl: 1}, want: checks.Fail, code: "store.reversible_account"},
		{name: "WDigest", machine: machine(1, 0x201), registry: map[string]any{ppl: 1, wdigest: 1}, want: checks.Fail, code: "store.clear_in_memory"},
		{name: "WDigest of Windows 7", machine: machine(1, 0x201), registry: map[string]any{ppl: 1}, system: system{OSVer: "6.1.7601"}, want: checks.Fail, code: "store.clear_in_memory"},
		{name: "WDigest of Windows 7, switched off", machine: machine(1, 0x201), registry: map[string]any{ppl: 1, wdigest: 0}, system: system{OSVer: "6.1.7601"}, want: checks.Pass, code: "store.protected"},
		{name: "WDigest of Windows 8.1", machine: machine(1, 0x201), registry: map[string]any{ppl: 1}, system: system{OSVer: "6.3.9600"}, want: checks.Pass, code: "store.protected"},
		{name: "no version", machine: machine(1, 0x201), registry: map[string]any{ppl: 1}, system: system{OSVer: "?"}, want: checks.Unknown, code: "accounts.unread"},
		{name: "policy not told", machine: windows{users: []host.User{}}, registry: map[string]any{ppl: 1}, want: checks.Unknown, code: "accounts.unread"},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, passwordStore()) })
	}
}
