package accounts

import (
	"context"
	"io/fs"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/format/sudoers"
	"vigia/checks/host"
)

// membersOf is the groups of a Windows machine; administrators that are nil are not told.
type membersOf struct {
	administrators []host.Member
	others         map[string][]host.Member
}

// Users of every such machine are ana, and luis, who is disabled.
func (membersOf) Users(context.Context) ([]host.User, error) {
	const domain = "S-1-5-21-1-2-3"
	return []host.User{{Name: "Administrador", SID: domain + "-500"}, {Name: "ana", SID: domain + "-1001"}, {Name: "luis", SID: domain + "-1002", Disabled: true},
		{Name: "tecnica", SID: domain + "-1003"}}, nil
}

func (membersOf) PasswordPolicy(ctx context.Context) (host.PasswordPolicy, error) {
	return host.Unsupported{}.PasswordPolicy(ctx)
}

func (m membersOf) Members(_ context.Context, sid string) ([]host.Member, error) {
	if sid == sidAdministrators {
		if m.administrators == nil {
			return nil, host.ErrUnsupported
		}
		return m.administrators, nil
	}
	members, ok := m.others[sid]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return members, nil
}

func TestPrivilegesOnLinux(t *testing.T) {
	sudo := func(text string) map[string]string {
		return debian(map[string]string{"/usr/bin/sudo": "", sudoersFile: "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n" + text})
	}
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		params     string
		want       checks.Status
		code       string
	}{
		{"a rule for another machine", with(sudo("ana srv9=(ALL) ALL\n"), "/etc/hostname", "srv1.muni.example\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"a rule for this machine among others", with(sudo("ana srv9, SRV1=(ALL) ALL\n"), "/etc/hostname", "srv1\n"), nil, "", checks.Fail, "privileges.not_authorised"},
		{"a rule for a network, which may be this one", with(sudo("ana 10.0.0.0/8=(ALL) ALL\n"), "/etc/hostname", "srv1\n"), nil, "", checks.Fail, "privileges.not_authorised"},
		{"a rule for another machine, on one without a name", sudo("ana srv9=(ALL) ALL\n"), nil, "", checks.Fail, "privileges.not_authorised"},
		{"rules of sudo in the directory, sss configured in parts", with(with(sudo(""), "/etc/nsswitch.conf", "sudoers: files sss\n"), "/etc/sssd/conf.d/muni.conf", "[sssd]\n"), nil, "", checks.Unknown, "accounts.unread"},
		{"a hidden part of sss is none", with(with(sudo(""), "/etc/nsswitch.conf", "sudoers: files sss\n"), "/etc/sssd/conf.d/.muni.conf", "[sssd]\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"rules of sudo in the directory", with(with(sudo(""), "/etc/nsswitch.conf", "sudoers: files sss\n"), "/etc/sssd/sssd.conf", "[sssd]\n"), nil, "", checks.Unknown, "accounts.unread"},
		{"rules of sudo of an sss that nobody configured", with(sudo(""), "/etc/nsswitch.conf", "sudoers: files sss\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"doas", debian(map[string]string{doasFile: "permit persist :soporte\n", "/etc/group": "soporte:x:900:ana\n"}), nil, "", checks.Fail, "privileges.not_authorised"},
		{"doas without a password", debian(map[string]string{doasFile: "permit nopass ana as root cmd /usr/bin/uptime\n"}), nil, "", checks.Fail, "privileges.no_password"},
		{"doas taken back", debian(map[string]string{doasFile: "permit ana\ndeny ana\n"}), nil, "", checks.Pass, "privileges.only_root"},
		{"doas that doas would refuse", debian(map[string]string{doasFile: "allow ana\n"}), nil, "", checks.Unknown, "accounts.unread"},
		{"docker", debian(map[string]string{"/etc/group": "docker:x:999:ana\n"}), nil, "", checks.Fail, "privileges.powerful_group"},
		{"disk as primary group", debian(map[string]string{"/etc/group": "disk:x:6:\n", "/etc/passwd": "root:x:0:0::/root:/bin/sh\nana:x:1000:6::/home/ana:/bin/sh\n"}), nil, "", checks.Fail, "privileges.powerful_group"},
		{"docker of an authorised one", debian(map[string]string{"/etc/group": "docker:x:999:ana\n"}), nil, `{"admins":["ana"]}`, checks.Pass, "privileges.only_root"},
		{"administrators of polkit", debian(map[string]string{"/usr/share/polkit-1/rules.d/40-debian-sudo.rules": "polkit.addAdminRule(function(action, subject) {\n  return [\"unix-group:sudo\"];\n});\n", "/etc/group": "sudo:x:27:ana\n"}), nil, "", checks.Fail, "privileges.not_authorised"},
		{"polkit says yes to everything", debian(map[string]string{"/etc/polkit-1/rules.d/10-todo.rules": "// no preguntar\npolkit.addRule(function(action, subject) {\n  if (subject.isInGroup(\"users\")) return polkit.Result.YES;\n});\n"}), nil, "", checks.Fail, "privileges.rule_open"},
		{"polkit says yes to one thing", debian(map[string]string{"/etc/polkit-1/rules.d/10-red.rules": "polkit.addRule(function(action, subject) {\n  if (action.id == \"org.x.y\") return polkit.Result.YES;\n});\n"}), nil, "", checks.Pass, "privileges.only_root"},
		{"polkit as it was", debian(map[string]string{"/etc/polkit-1/localauthority/50-local.d/todo.pkla": "[x]\nIdentity=unix-group:users\nAction=*\nResultActive=yes\n"}), nil, "", checks.Fail, "privileges.rule_open"},
		{"polkit unreadable", debian(nil), []string{"/etc/polkit-1/rules.d"}, "", checks.Unknown, "accounts.unread"},
		{"a share that all may write", debian(map[string]string{"/usr/sbin/rpc.nfsd": "", exportsFile: "/srv/datos *(rw)\n"}), nil, "", checks.Fail, "privileges.open_share"},
		{"no sudo", debian(nil), nil, "", checks.Pass, "privileges.only_root"},
		{"nobody in sudo", sudo(""), nil, "", checks.Pass, "privileges.only_root"},
		{"somebody in sudo", with(sudo(""), "/etc/group", "sudo:x:27:ana\n"), nil, "", checks.Fail, "privileges.not_authorised"},
		{"the authorised one in sudo", with(sudo(""), "/etc/group", "sudo:x:27:ana\n"), nil, `{"admins":["ana"]}`, checks.Pass, "privileges.least"},
		{"sudo as primary group", with(sudo(""), "/etc/passwd", "root:x:0:0::/root:/bin/sh\nana:x:1000:27::/home/ana:/bin/sh\n"), nil, "", checks.Fail, "privileges.not_authorised"},
		{"without a password", sudo("luis ALL=NOPASSWD: /usr/bin/uptime\n"), nil, "", checks.Fail, "privileges.no_password"},
		{"the group that is exempt has the rule", sudo("Defaults:%sudo !authenticate\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"a member of an exempt group, by a rule of its own", with(sudo("ana ALL=/usr/bin/uptime\nDefaults:%soporte !authenticate\n"), "/etc/group", "soporte:x:900:ana\n"), nil, "", checks.Fail, "privileges.no_password"},
		{"exempt_group is somebody's primary group", with(sudo("ana ALL=/usr/bin/uptime\nDefaults exempt_group=soporte\n"), "/etc/group", "soporte:x:1000:\n"), nil, "", checks.Fail, "privileges.no_password"},
		{"nobody with a rule is in the exempt group", with(sudo("ana ALL=/usr/bin/uptime\nDefaults exempt_group=soporte\n"), "/etc/group", "soporte:x:900:luis\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"exempt account and a rule for all", sudo("ALL ALL=/usr/bin/uptime\nDefaults:ana !authenticate\n"), nil, "", checks.Fail, "privileges.no_password"},
		{"an exempt group of the directory", with(sudo("ana ALL=/usr/bin/uptime\nDefaults:%soporte !authenticate\n"), "/etc/nsswitch.conf", "group: files winbind\n"), nil, "", checks.Unknown, "accounts.unread"},
		{"a shell", sudo("ana ALL=/bin/bash\n"), nil, "", checks.Fail, "privileges.root_command"},
		{"a shell of an authorised one", sudo("ana ALL=/bin/bash\n"), nil, `{"admins":["ana"]}`, checks.Pass, "privileges.only_root"},
		{"an editor by a group", with(sudo("%edicion ALL=/usr/bin/vim /etc/motd\n"), "/etc/group", "edicion:x:900:ana\n"), nil, "", checks.Fail, "privileges.root_command"},
		{"an editor that can start nothing and has its file", sudo("ana ALL=NOEXEC: /usr/bin/vim /etc/motd\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"everything in a folder", sudo("ana ALL=/usr/sbin/\n"), nil, "", checks.Fail, "privileges.root_command"},
		{"one command with its arguments", sudo("ana ALL=/usr/bin/systemctl restart cups\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"a script that others can change", with(sudo("ana ALL=/opt/copia.sh\n"), "/opt/copia.sh", "#!/bin/sh\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"a script at home", sudo("ana ALL=/home/ana/copia.sh\n"), nil, "", checks.Fail, "privileges.root_command"},
		{"a shell of another user", sudo("ana ALL=(www-data) /bin/bash\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"an expression, which is not worked out", sudo("ana ALL=^/usr/bin/(vim|less)$\n"), nil, "", checks.Unknown, "accounts.unread"},
		{"the group of docker by sudo", sudo("ana ALL=(:docker) ALL\n"), nil, "", checks.Fail, "privileges.powerful_group"},
		{"any group for one command", sudo("ana ALL=(ALL:ALL) /usr/bin/uptime\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"all but some", sudo("ana ALL=(ALL) ALL, !/bin/su, !/usr/bin/passwd root\n"), nil, "", checks.Fail, "privileges.not_authorised"},
		{"an editor by doas", debian(map[string]string{doasFile: "permit ana cmd /usr/bin/vim\n"}), nil, "", checks.Fail, "privileges.root_command"},
		{"one command by doas", debian(map[string]string{doasFile: "permit ana cmd systemctl args restart cups\npermit ana as www-data cmd vim\n"}), nil, "", checks.Pass, "privileges.only_root"},
		{"anybody gives orders to docker", debian(map[string]string{"/run/docker.sock": "0666"}), nil, "", checks.Fail, "privileges.socket_open"},
		{"a socket of docker as it should be", debian(map[string]string{"/run/docker.sock": ""}), nil, "", checks.Pass, "privileges.only_root"},
		{"environment that loads code", sudo("Defaults env_keep += LD_PRELOAD\nana ALL=/usr/bin/uptime\n"), nil, "", checks.Fail, "privileges.root_command"},
		{"su trusts the group wheel", debian(map[string]string{"/etc/pam.d/su": "auth sufficient pam_rootok.so\nauth sufficient pam_wheel.so trust use_uid\n@include common-auth\n", "/etc/group": "root:x:0:\nwheel:x:10:ana\n"}), nil, "", checks.Fail, "privileges.no_password"},
		{"su trusts a group with nobody in it", debian(map[string]string{"/etc/pam.d/su": "auth sufficient pam_wheel.so trust group=jefes\n@include common-auth\n", "/etc/group": "wheel:x:10:ana\njefes:x:11:\n"}), nil, "", checks.Pass, "privileges.only_root"},
		{"su only for the group wheel", debian(map[string]string{"/etc/pam.d/su": "auth sufficient pam_rootok.so\nauth required pam_wheel.so\n@include common-auth\n", "/etc/group": "root:x:0:\nwheel:x:10:ana\n"}), nil, "", checks.Pass, "privileges.only_root"},
		{"su lets a group in", debian(map[string]string{"/etc/pam.d/su": "auth sufficient pam_succeed_if.so use_uid user ingroup wheel\n@include common-auth\n", "/etc/group": "wheel:x:10:ana\n"}), nil, "", checks.Fail, "privileges.no_password"},
		{"su lets everybody in", debian(map[string]string{"/etc/pam.d/su": "auth sufficient pam_permit.so\n"}), nil, "", checks.Fail, "privileges.no_password"},
		{"su unreadable", debian(map[string]string{"/etc/pam.d/su": "auth required pam_unix.so\n"}), []string{"/etc/pam.d/su"}, "", checks.Unknown, "accounts.unread"},
		{"second root", with(sudo(""), "/etc/passwd", "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n"), nil, "", checks.Fail, "privileges.second_root"},
		{"a group of the directory", with(sudo("%soporte ALL=ALL\n"), "/etc/nsswitch.conf", "group: files winbind\n"), nil, "", checks.Fail, "privileges.not_authorised"},
		{"a group that does not exist", sudo("%soporte ALL=ALL\n"), nil, "", checks.Pass, "privileges.only_root"},
		{"a netgroup", sudo("+tecnicos ALL=ALL\n"), nil, "", checks.Fail, "privileges.not_authorised"},
		{"a line sudo would refuse", sudo("ana ALL ALL\n"), nil, "", checks.Unknown, "accounts.unread"},
		{"sudoers unreadable", sudo(""), []string{sudoersFile}, "", checks.Unknown, "accounts.unread"},
		{"sudo installed, no rules found", debian(map[string]string{"/usr/bin/sudo": ""}), nil, "", checks.Unknown, "accounts.unread"},
		{"accounts unreadable", sudo(""), []string{"/etc/passwd"}, "", checks.Unknown, "accounts.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			modes := map[string]fs.FileMode{}
			if row.files["/run/docker.sock"] == "0666" {
				modes["/run/docker.sock"] = 0o666
			}
			h := host.Host{Now: today, OS: host.Linux, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable, Modes: modes}}
			res := checktest.Run(t, privileges(), h, row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

func TestPrivilegesOnWindows(t *testing.T) {
	const domain = "S-1-5-21-1-2-3"
	admin := host.Member{SID: domain + "-500", Name: `PC\Administrador`, Kind: "user"}
	uac := func(n int) host.Registry {
		return checktest.Registry{Values: map[string]any{keyPoliciesSystem + `\EnableLUA`: n}}
	}
	silent := checktest.Registry{Values: map[string]any{keyPoliciesSystem + `\EnableLUA`: 1, keyPoliciesSystem + `\ConsentPromptBehaviorAdmin`: 0}}
	local := host.Member{SID: domain + "-1005", Name: `PC\Informatica`, Kind: "group"}
	backup := func(m ...host.Member) map[string][]host.Member {
		return map[string][]host.Member{sidBackupOperators: m}
	}
	cloud := func(more ...string) host.Registry {
		r := checktest.Registry{Values: map[string]any{keyPoliciesSystem + `\EnableLUA`: 1, keyCloudJoin + `\AB12\TenantId`: "x"}}
		for _, sid := range more {
			r.Values[keyProfileList+`\`+sid+`\ProfileImagePath`] = `C:\Users\x`
		}
		return r
	}
	const role, device, person = "S-1-12-1-1-2-3-4", "S-1-12-1-5-6-7-8", "S-1-12-1-9-9-9-9"
	roles := []host.Member{admin, {SID: role, Kind: "unknown"}, {SID: device, Kind: "unknown"}}
	for _, row := range []struct {
		name     string
		members  []host.Member
		others   map[string][]host.Member
		registry host.Registry
		params   string
		want     checks.Status
		code     string
	}{
		{"only the built-in ones", []host.Member{admin, {SID: domain + "-512", Name: `MUNI\Admins. del dominio`}}, nil, uac(1), "", checks.Pass, "privileges.least"},
		{"a daily user", []host.Member{admin, {SID: domain + "-1001", Name: `PC\ana`}}, nil, uac(1), "", checks.Fail, "privileges.not_authorised"},
		{"an authorised one, by name without domain", []host.Member{admin, {SID: domain + "-1001", Name: `PC\Tecnica`}}, nil, uac(1), `{"admins":["tecnica"]}`, checks.Pass, "privileges.least"},
		{"one whose name was not found", []host.Member{{SID: domain + "-1009"}}, nil, uac(1), "", checks.Fail, "privileges.not_authorised"},
		{"a group of the domain", []host.Member{admin, {SID: "S-1-5-21-4-5-6-1105", Name: `MUNI\Informatica`, Kind: "group"}}, nil, uac(1), "", checks.Fail, "privileges.group_not_authorised"},
		{"the two roles of Entra ID", roles, nil, cloud(), "", checks.Warn, "privileges.several_warned"},
		{"the two roles of Entra ID, authorised", roles, nil, cloud(), `{"admins":["` + role + `","` + device + `"]}`, checks.Pass, "privileges.least"},
		{"roles of Entra ID on a machine that did not join it", roles[:2], nil, uac(1), "", checks.Fail, "privileges.not_authorised"},
		{"more than the two roles", append(slices.Clone(roles), host.Member{SID: person, Kind: "unknown"}), nil, cloud(), `{"admins":["` + role + `","` + device + `"]}`, checks.Fail, "privileges.group_not_authorised"},
		{"a person of Entra ID", append(slices.Clone(roles), host.Member{SID: person, Name: `AzureAD\Ana`, Kind: "user"}), nil, cloud(), "", checks.Fail, "privileges.not_authorised"},
		{"a person of Entra ID without a name", []host.Member{admin, {SID: person, Kind: "unknown"}}, nil, cloud(person), "", checks.Fail, "privileges.not_authorised"},
		{"a disabled one", []host.Member{admin, {SID: domain + "-1002", Name: `PC\luis`, Kind: "user"}}, nil, uac(1), "", checks.Pass, "privileges.least"},
		{"a deleted one", []host.Member{admin, {SID: domain + "-1099", Kind: "unknown"}, {SID: "S-1-5-21-4-5-6-1105", Kind: "deleted"}}, nil, uac(1), "", checks.Pass, "privileges.least"},
		{"a disabled one who copies everything", []host.Member{admin}, backup(host.Member{SID: domain + "-1002", Name: `PC\luis`, Kind: "user"}), uac(1), "", checks.Pass, "privileges.least"},
		{"one of a domain that does not answer", []host.Member{admin, {SID: "S-1-5-21-4-5-6-1105", Kind: "unknown"}}, nil, uac(1), "", checks.Fail, "privileges.not_authorised"},
		{"a group of this machine, by its members", []host.Member{admin, local}, map[string][]host.Member{local.SID: {{SID: domain + "-1001", Name: `PC\ana`, Kind: "user"}}}, uac(1), `{"admins":["Informatica"]}`, checks.Fail, "privileges.not_authorised"},
		{"a group within itself", []host.Member{admin, local}, map[string][]host.Member{local.SID: {local}}, uac(1), "", checks.Fail, "privileges.group_not_authorised"},
		{"everybody, authorised or not", []host.Member{admin, {SID: "S-1-5-11", Name: `NT AUTHORITY\Usuarios autentificados`, Kind: "wellknown"}}, nil, uac(1), `{"admins":["S-1-5-11"]}`, checks.Fail, "privileges.everybody"},
		{"all of the domain", []host.Member{admin, {SID: "S-1-5-21-4-5-6-513", Name: `MUNI\Usuarios del dominio`, Kind: "group"}}, nil, uac(1), "", checks.Fail, "privileges.everybody"},
		{"one who copies everything", []host.Member{admin}, backup(host.Member{SID: domain + "-1001", Name: `PC\ana`, Kind: "user"}), uac(1), "", checks.Fail, "privileges.powerful_group"},
		{"an authorised one who does", []host.Member{admin}, backup(host.Member{SID: domain + "-1001", Name: `PC\ana`, Kind: "user"}), uac(1), `{"admins":["ana"]}`, checks.Pass, "privileges.least"},
		{"remote users by name", []host.Member{admin}, map[string][]host.Member{sidRemoteDesktop: {{SID: domain + "-1001", Name: `PC\ana`, Kind: "user"}}}, uac(1), "", checks.Pass, "privileges.least"},
		{"everybody from afar", []host.Member{admin}, map[string][]host.Member{sidRemoteDesktop: {{SID: sidEveryone, Name: "Todos", Kind: "wellknown"}}}, uac(1), "", checks.Warn, "privileges.everybody"},
		{"UAC never asks", []host.Member{admin}, nil, silent, "", checks.Warn, "privileges.uac_silent"},
		{"UAC off", []host.Member{admin}, nil, uac(0), "", checks.Fail, "privileges.uac_off"},
		{"UAC not said", []host.Member{admin}, nil, checktest.Registry{}, "", checks.Unknown, "accounts.unread"},
		{"members not told", nil, nil, uac(1), "", checks.Unknown, "accounts.unread"},
		{"no members at all, which cannot be", []host.Member{}, nil, uac(1), "", checks.Unknown, "accounts.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{Now: today, OS: host.Windows, Registry: row.registry, Accounts: membersOf{row.members, row.others}}
			res := checktest.Run(t, privileges(), h, row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

func TestParseDoas(t *testing.T) {
	rules, broken := parseDoas([]byte("# x\npermit setenv { A B=c } keepenv ana\npermit nopass :adm cmd reboot args\n" +
		"permit luis as www-data\npermit \"eva\" as root # y\ndeny luis cmd reboot\npermit\npermit ana as\nallow ana\npermit setenv ana\npermit \"eva\n"))
	want := []doasRule{
		{who: "ana", all: true, line: 2}, {who: "%adm", noPassword: true, line: 3, command: &sudoers.Command{Path: "reboot"}}, {who: "luis", line: 4}, {who: "eva", all: true, line: 5},
	}
	if diff := cmp.Diff(want, rules, cmp.AllowUnexported(doasRule{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if want := []int{7, 8, 9, 10, 11}; !slices.Equal(broken, want) {
		t.Errorf("broken lines %v, want %v", broken, want)
	}
}

func FuzzPrivilegeFiles(f *testing.F) {
	f.Add([]byte("permit setenv { A } nopass :adm as root cmd x\n"))
	f.Add([]byte("/* */ polkit.addRule(function(a, b) { return 'yes'; // \n});"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rules, _ := parseDoas(b)
		for _, r := range rules {
			if r.line < 1 {
				t.Errorf("got %+v", r)
			}
		}
		text := withoutComments(string(b))
		allowsAll(text)
		polkitIdentities(text)
		pklaAllowsAll(b)
	})
}

// A command of sudo is root by another name, or it is not.
func TestHandsOver(t *testing.T) {
	for line, want := range map[string]bool{
		"/bin/bash": true, "/usr/bin/zsh -l": true, "/bin/sh /opt/copia.sh": false, "/bin/sh /tmp/copia.sh": true, `/bin/dash ""`: true,
		"/usr/bin/su": true, "/usr/bin/su -": true, "/usr/bin/su - root": true, "/usr/bin/su - postgres": false, "/usr/bin/su *": true,
		"sudoedit": true, "sudoedit /etc/motd": false, "sudoedit /etc/sudoers.d/x": true, "sudoedit /etc/*": true, "sudoedit /etc/cron.d/../shadow": true,
		"/usr/bin/vim.tiny": true, "/usr/bin/less /var/log/syslog": true, "NOEXEC: /usr/bin/less /var/log/syslog": false, "NOEXEC: /usr/bin/less": true,
		"/usr/bin/python3.11": true, "/usr/bin/perl5.36.0 /opt/x.pl": false, "/usr/bin/find": true, "/usr/bin/find /srv -name x": false, "/usr/bin/find /srv *": true,
		"/usr/bin/tar": true, "/usr/bin/awk": true, "/usr/bin/env": true, "/usr/bin/env bash": true, "/usr/bin/systemctl edit cups": true,
		"/usr/bin/systemctl": true, "/usr/bin/systemctl restart cups": false, "/usr/bin/systemctl restart *": true,
		"/usr/bin/apt-get": true, "/usr/bin/apt-get update": false, "/usr/bin/dpkg": true, "/usr/bin/docker": true, "/usr/bin/mount": true, "/usr/bin/mount /mnt/copias": false,
		"/usr/bin/cp": true, "/usr/bin/chmod": true, "/usr/bin/chown": true, "/usr/bin/tee /var/log/x": false, "/usr/bin/tee -a /etc/sudoers": true, "/usr/bin/dd if=/srv/x of=/dev/sda": true,
		"/usr/sbin/visudo": true, "/usr/bin/passwd": true, "/usr/bin/passwd ana": false, "/usr/bin/passwd root": true, "/usr/bin/passwd [a-z]*": true, "/usr/sbin/usermod": true,
		"/usr/bin/cat": true, "/usr/bin/cat /var/log/syslog": false, "/usr/bin/cat /var/log/*": true, "/usr/bin/tail -f /var/log/syslog": false,
		"/usr/bin/*": true, "/usr/bin/vi*": true, "/usr/bin/uptime*": false, "/usr/bin/": true, "/opt/informes/": false, "/opt/informes/*": false, "/home/*/bin/x": true,
		"/home/ana/x": true, "SETENV: /opt/informe": true, "/opt/informe": false, "/usr/sbin/reboot": false, "list": false, "/usr/bin/7z": true, "/usr/bin/base64": true,
	} {
		rules, err := sudoers.Load(sudoersFile, oneFile("ana ALL="+line+"\n"))
		if err != nil || len(rules.Grants) != 1 || len(rules.Grants[0].Commands) != 1 {
			t.Errorf("%s: got %+v, %v", line, rules, err)
			continue
		}
		if got := handsOver(rules.Grants[0].Commands[0]); got != want {
			t.Errorf("%s: got %v, want %v", line, got, want)
		}
	}
}

// oneFile is a sudoers file alone.
type oneFile string

func (f oneFile) Read(string) ([]byte, error)   { return []byte(f), nil }
func (f oneFile) List(string) ([]string, error) { return nil, nil }

func TestOthersMayWrite(t *testing.T) {
	for _, row := range []struct {
		file host.FileInfo
		want bool
	}{
		{host.FileInfo{Mode: 0o755, Owner: "0", Group: "0"}, false},
		{host.FileInfo{Mode: 0o775, Owner: "0", Group: "0"}, false},
		{host.FileInfo{Mode: 0o775, Owner: "0", Group: "50"}, true},
		{host.FileInfo{Mode: 0o757, Owner: "0", Group: "0"}, true},
		{host.FileInfo{Mode: 0o755, Owner: "1000", Group: "1000"}, true},
	} {
		if got := others(row.file); got != row.want {
			t.Errorf("%+v: got %v", row.file, got)
		}
	}
}
