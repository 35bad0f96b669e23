package accounts

import (
	"io/fs"
	"maps"
	"testing"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

func TestRemoteOnWindows(t *testing.T) {
	const ana = `HKU\S-1-5-21-1-2-3-1001`
	off := map[string]any{keyTerminal + `\fDenyTSConnections`: 1, keyServices + `\Spooler\Start`: 2, ana + `\Environment\TEMP`: "x"}
	set := func(base, more map[string]any) map[string]any {
		values := maps.Clone(base)
		maps.Copy(values, more)
		return values
	}
	good := set(off, map[string]any{
		keyTerminal + `\fDenyTSConnections`: 0, keyTerminalTCP + `\UserAuthentication`: 1, keyTerminalTCP + `\SecurityLayer`: 2,
	})
	sshOn := map[string]any{keyServices + `\sshd\Start`: 2}
	running := []host.Process{{PID: 1, Name: "explorer.exe"}, {PID: 2, Name: "ANYDESK.exe", Path: `C:\Users\ana\Downloads\AnyDesk.exe`}}
	for _, row := range []struct {
		name       string
		values     map[string]any
		unreadable []string
		processes  []host.Process
		params     string
		want       checks.Status
		code       string
	}{
		{"nothing", off, nil, nil, "", checks.Pass, "remote.none"},
		{"RDP as it should be", good, nil, nil, "", checks.Pass, "remote.identified"},
		{"RDP without NLA", set(good, map[string]any{keyTerminalTCP + `\UserAuthentication`: 0}), nil, nil, "", checks.Fail, "remote.rdp_no_nla"},
		{"RDP, NLA by policy", set(good, map[string]any{keyTerminalTCP + `\UserAuthentication`: 0, keyTerminalPolicy + `\UserAuthentication`: 1}), nil, nil, "", checks.Pass, "remote.identified"},
		{"RDP, NLA off by policy", set(good, map[string]any{keyTerminalPolicy + `\UserAuthentication`: 0}), nil, nil, "", checks.Fail, "remote.rdp_no_nla"},
		{"RDP on by policy", set(off, map[string]any{keyTerminalPolicy + `\fDenyTSConnections`: 0}), nil, nil, "", checks.Fail, "remote.rdp_no_nla"},
		{"RDP off by policy", set(good, map[string]any{keyTerminalPolicy + `\fDenyTSConnections`: 1, keyTerminalTCP + `\UserAuthentication`: 0}), nil, nil, "", checks.Pass, "remote.none"},
		{"RDP, its old layer", set(good, map[string]any{keyTerminalTCP + `\SecurityLayer`: 0}), nil, nil, "", checks.Fail, "remote.rdp_old_layer"},
		{"RDP, a layer to be agreed", set(good, map[string]any{keyTerminalTCP + `\SecurityLayer`: nil}), nil, nil, "", checks.Warn, "remote.rdp_negotiated"},
		{"a tool as a service", set(off, map[string]any{keyServices + `\TeamViewer\Start`: 2}), nil, nil, "", checks.Fail, "remote.tool"},
		{"a tool with a number behind its name", set(off, map[string]any{keyServices + `\ScreenConnect Client (0123456789abcdef)\Start`: 2}), nil, nil, "", checks.Fail, "remote.tool"},
		{"a tool's service that is disabled", set(off, map[string]any{keyServices + `\TeamViewer\Start`: 4}), nil, nil, "", checks.Pass, "remote.none"},
		{"a program whose name begins alike", set(off, map[string]any{keyUninstall + `\x\DisplayName`: "Supremocracia 2"}), nil, nil, "", checks.Pass, "remote.none"},
		{"a tool among the programs, 32 bits", set(off, map[string]any{keyUninstall32 + `\x\DisplayName`: "RustDesk"}), nil, nil, "", checks.Fail, "remote.tool"},
		{"a tool of one person", set(off, map[string]any{ana + belowUninstall + `\x\DisplayName`: "AnyDesk"}), nil, nil, "", checks.Fail, "remote.tool"},
		{"a tool that only runs", off, nil, running, "", checks.Fail, "remote.tool"},
		{"an authorised tool", off, nil, running, `{"tools":["anydesk"]}`, checks.Pass, "remote.authorised"},
		{"OpenSSH", set(off, sshOn), nil, nil, "", checks.Pass, "remote.identified"},
		{"OpenSSH disabled", set(off, map[string]any{keyServices + `\sshd\Start`: 4}), nil, nil, "", checks.Pass, "remote.none"},
		{"RDP unreadable", good, []string{keyTerminalPolicy}, nil, "", checks.Unknown, "accounts.unread"},
		{"services unreadable", off, []string{keyServices}, nil, "", checks.Unknown, "accounts.several_unknown"},
		{"programs of a person unreadable", off, []string{ana + belowUninstall}, nil, "", checks.Unknown, "accounts.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{Now: today, OS: host.Windows, Files: checktest.Files{}, Registry: checktest.Registry{Values: row.values, Unreadable: row.unreadable}}
			res := checktest.Run(t, remote(), checktest.Answers{ProcessList: row.processes}.On(h), row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

func TestRemoteOnLinux(t *testing.T) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"
	ssh := func(text string) map[string]string {
		return debian(map[string]string{"/usr/sbin/sshd": "", sshdFile: text})
	}
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		processes  []host.Process
		params     string
		want       checks.Status
		code       string
	}{
		{"no server", debian(nil), nil, nil, "", checks.Pass, "remote.none"},
		{"the server's defaults", ssh(""), nil, nil, "", checks.Pass, "remote.identified"},
		{"root with a password", ssh("PermitRootLogin yes\n"), nil, nil, "", checks.Fail, "remote.root_password"},
		{"root, passwords off", ssh("PermitRootLogin yes\nPasswordAuthentication no\n"), nil, nil, "", checks.Pass, "remote.identified"},
		{"root, passwords for some networks", ssh("PermitRootLogin yes\nPasswordAuthentication no\nMatch Address 10.0.0.0/8\n  PasswordAuthentication yes\n"), nil, nil, "", checks.Fail, "remote.root_password"},
		{"root, passwords by PAM", ssh("PermitRootLogin yes\nPasswordAuthentication no\nUsePAM yes\n"), nil, nil, "", checks.Fail, "remote.root_password"},
		{"root, passwords by PAM off", ssh("PermitRootLogin yes\nPasswordAuthentication no\nUsePAM yes\nChallengeResponseAuthentication no\n"), nil, nil, "", checks.Pass, "remote.identified"},
		{"the first word counts, in a drop-in", with(ssh("Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\n"), "/etc/ssh/sshd_config.d/50-cloud.conf", "PermitRootLogin yes\n"), nil, nil, "", checks.Fail, "remote.root_password"},
		{"root with keys", with(ssh(""), "/root/.ssh/authorized_keys", key+" ana@pc\n"), nil, nil, "", checks.Warn, "remote.root_keys"},
		{"root's keys for commands only", with(ssh("PermitRootLogin forced-commands-only\n"), "/root/.ssh/authorized_keys", key+" copias\n"), nil, nil, "", checks.Pass, "remote.identified"},
		{"empty passwords", ssh("PermitEmptyPasswords yes\n"), nil, nil, "", checks.Fail, "remote.empty_password"},
		{"root in a Match", ssh("PermitRootLogin no\nMatch Address 10.0.0.0/8\nPermitRootLogin yes\n"), nil, nil, "", checks.Fail, "remote.conditional"},
		{"a key that is nobody's", with(ssh("PermitRootLogin no\n"), "/home/ana/.ssh/authorized_keys", "# x\nno-pty,command=\"a b\" "+key+"\n"+key+" ana\n"), nil, nil, "", checks.Warn, "remote.keys_unowned"},
		{"keys with owners", with(ssh("PermitRootLogin no\n"), "/home/ana/.ssh/authorized_keys", key+" ana\nnonsense\n"), nil, nil, "", checks.Pass, "remote.identified"},
		{"keys in another place", with(ssh("AuthorizedKeysFile /etc/ssh/keys/%u none\n"), "/etc/ssh/keys/ana", key+"\n"), nil, nil, "", checks.Warn, "remote.keys_unowned"},
		{"settings on the command line", with(ssh(""), "/etc/default/ssh", "SSHD_OPTS=\"-o PermitRootLogin=yes\"\n"), nil, nil, "", checks.Unknown, "accounts.unread"},
		{"an installed tool", debian(map[string]string{"/usr/bin/anydesk": ""}), nil, nil, "", checks.Fail, "remote.tool"},
		{"a running tool with a cut name", debian(nil), nil, []host.Process{{PID: 5, Name: "x0tigervncserve"}}, "", checks.Fail, "remote.tool"},
		{"an authorised tool", debian(map[string]string{"/usr/bin/x11vnc": ""}), nil, nil, `{"tools":["x11vnc"]}`, checks.Pass, "remote.authorised"},
		{"root by xrdp", debian(map[string]string{"/usr/sbin/xrdp-sesman": "", xrdpFile: "[Security]\nAllowRootLogin=true\n"}), nil, nil, "", checks.Fail, "remote.root_password"},
		{"configuration unreadable", ssh(""), []string{sshdFile}, nil, "", checks.Unknown, "accounts.unread"},
		{"a server without configuration", debian(map[string]string{"/usr/sbin/sshd": ""}), nil, nil, "", checks.Unknown, "accounts.unread"},
		{"keys unreadable", with(ssh(""), "/home/ana/x", ""), []string{"/home/ana"}, nil, "", checks.Unknown, "accounts.several_unknown"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{Now: today, OS: host.Linux, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}}
			res := checktest.Run(t, remote(), checktest.Answers{ProcessList: row.processes}.On(h), row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

func TestRemoteProcessesRefused(t *testing.T) {
	h := host.Host{Now: today, OS: host.Linux, Files: checktest.Files{Content: debian(nil)}}
	res := checktest.Run(t, remote(), checktest.Answers{Errors: map[string]error{"processes": fs.ErrPermission}}.On(h), "")
	if res.Status != checks.Unknown || res.Reason.Code != "accounts.unread" {
		t.Errorf("got %s %v", res.Status, res.Reason)
	}
}

func TestRemoteOpenSSHOnWindows(t *testing.T) {
	registry := checktest.Registry{Values: map[string]any{
		keyTerminal + `\fDenyTSConnections`: 1, keyServices + `\sshd\Start`: 2, `HKU\S-1-5-18\Environment\TEMP`: "x",
	}}
	const config, keys = sshFolder + `\sshd_config`, sshFolder + `\administrators_authorized_keys`
	for _, row := range []struct {
		name  string
		files checktest.Files
		want  checks.Status
		code  string
	}{
		{"root means nothing here", checktest.Files{Content: map[string]string{config: "PermitRootLogin yes\n", keys: "ssh-ed25519 AAAA ana\n"}}, checks.Pass, "remote.identified"},
		{"accounts without a password", checktest.Files{Content: map[string]string{config: "PermitEmptyPasswords yes\n"}}, checks.Fail, "remote.empty_password"},
		{"keys of nobody", checktest.Files{Content: map[string]string{config: "", keys: "ssh-ed25519 AAAA\n"}}, checks.Warn, "remote.keys_unowned"},
		{"settings refused", checktest.Files{Unreadable: []string{config}}, checks.Unknown, "accounts.unread"},
	} {
		h := host.Host{Now: today, OS: host.Windows, Files: row.files, Registry: registry}
		res := checktest.Run(t, remote(), h, "")
		if res.Status != row.want || res.Reason.Code != row.code {
			t.Errorf("%s: got %s %v, want %s %s", row.name, res.Status, res.Reason, row.want, row.code)
		}
	}
}
