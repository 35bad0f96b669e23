package accounts

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks/format/sshd"
	"vigia/checks/host"
)

const (
	keyTerminal       = `HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server`
	keyTerminalTCP    = keyTerminal + `\WinStations\RDP-Tcp`
	keyTerminalPolicy = `HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services`

	keyUninstall   = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall`
	keyUninstall32 = `HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall`
	belowUninstall = `\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall`
)

// observeWindowsRemote reads Remote Desktop's settings, policy before machine, and looks
// for the tools among services, installed programs and processes.
func observeWindowsRemote(ctx context.Context, h *host.Host) (remoteFacts, error) {
	r := newReader(h)
	seen := remoteFacts{ToolsAsOf: toolsAsOf}
	r.remoteDesktop(ctx, &seen)
	r.toolServices(ctx, &seen)
	for _, key := range []string{keyUninstall, keyUninstall32} {
		r.toolPrograms(ctx, key, &seen)
	}
	profiles, err := h.Registry.Subkeys(ctx, "HKU")
	if err != nil {
		r.Need("HKU", err)
	}
	for _, sid := range profiles {
		if person(sid) {
			r.toolPrograms(ctx, `HKU\`+sid+belowUninstall, &seen)
		}
	}
	r.running(ctx, &seen)
	r.windowsSSH(ctx, &seen)
	seen.Unread = r.Unread
	return seen, nil
}

// sshFolder is where OpenSSH for Windows keeps its settings, and the keys that open every
// account that administers.
const sshFolder = `C:\ProgramData\ssh`

// windowsSSH reads the OpenSSH server of Windows, where it is installed and not disabled.
// There is no root: what counts is who gets in without a password, and whose keys there
// are.
func (r *reader) windowsSSH(ctx context.Context, seen *remoteFacts) {
	start, err := r.integer(ctx, keyServices+`\sshd`, "Start")
	if err != nil || start == serviceDisabled {
		if err != nil {
			r.Miss(keyServices+`\sshd\Start`, err)
		}
		return
	}
	c, err := sshd.Load("sshd_config", windowsSSHFiles{ctx, r.Host.Files})
	switch {
	case errors.Is(err, fs.ErrNotExist): // the server makes it when it first starts
		seen.SSH = &sshServerFact{Root: "no", Password: true}
	case err != nil:
		r.Need(sshFolder+`\sshd_config`, err)
		return
	default:
		s := serverOf(c)
		s.Root, s.Source = "no", sshFolder+`\sshd_config`
		s.Conditional = slices.DeleteFunc(s.Conditional, func(c conditionFact) bool { return strings.HasPrefix(c.Setting, "PermitRootLogin") })
		seen.SSH = &s
	}
	path := sshFolder + `\administrators_authorized_keys`
	if keys, unowned := countKeys(r.config(ctx, path)); keys > 0 {
		seen.Keys = append(seen.Keys, keyFact{Account: sidAdministrators, Keys: keys, Unowned: unowned})
	}
}

// windowsSSHFiles lets package sshd read the folder of the server's settings.
type windowsSSHFiles struct {
	ctx   context.Context //nolint:containedctx // lives for one call of sshd.Load, whose interface has none
	files host.Files
}

func (f windowsSSHFiles) path(name string) string {
	return sshFolder + `\` + strings.ReplaceAll(name, "/", `\`)
}

func (f windowsSSHFiles) Read(name string) ([]byte, error) {
	return f.files.ReadFile(f.ctx, f.path(name), sshd.MaxSize)
}

func (f windowsSSHFiles) List(dir string) ([]string, error) {
	return filesOf{f.ctx, f.files, 0}.List(f.path(dir))
}

// person tells whether a profile is that of an account of a machine or domain, local or of
// Entra ID, and no part of one.
func person(sid string) bool {
	for _, prefix := range []string{"S-1-5-21-", "S-1-12-1-"} {
		if rest, ok := cutPrefix(sid, prefix); ok {
			return !slices.ContainsFunc([]byte(rest), func(c byte) bool { return c != '-' && (c < '0' || c > '9') })
		}
	}
	return false
}

func cutPrefix(s, prefix string) (string, bool) {
	if len(s) <= len(prefix) || s[:len(prefix)] != prefix {
		return "", false
	}
	return s[len(prefix):], true
}

// remoteDesktop reads whether Remote Desktop is on and how it asks who comes. A setting of
// group policy wins over the machine's.
func (r *reader) remoteDesktop(ctx context.Context, seen *remoteFacts) {
	either := func(local, name string, otherwise uint64) (uint64, string) {
		for _, place := range []struct{ key, source string }{{keyTerminalPolicy, "policy"}, {local, "local"}} {
			v, err := r.integer(ctx, place.key, name)
			if err == nil {
				return v, place.source
			}
			r.Miss(place.key+`\`+name, err)
		}
		return otherwise, ""
	}
	before := len(r.Unread)
	deny, source := either(keyTerminal, "fDenyTSConnections", 1)
	if len(r.Unread) > before {
		return
	}
	rdp := rdpFact{On: deny == 0, Source: source}
	if !rdp.On {
		seen.RDP = &rdp
		return
	}
	nla, source := either(keyTerminalTCP, "UserAuthentication", 0)
	rdp.NLA, rdp.Source = nla != 0, source
	rdp.Layer, _ = either(keyTerminalTCP, "SecurityLayer", 1)
	if len(r.Unread) == before {
		seen.RDP = &rdp
	}
}

// toolServices looks for the services of tools among those of the machine.
func (r *reader) toolServices(ctx context.Context, seen *remoteFacts) {
	services, err := r.Host.Registry.Subkeys(ctx, keyServices)
	if err != nil {
		r.Need(keyServices, err)
		return
	}
	tools := remoteTools()
	for _, name := range services {
		for _, t := range tools {
			if !begins(t.service, name) {
				continue
			}
			if start, err := r.integer(ctx, keyServices+`\`+name, "Start"); err == nil && start == serviceDisabled {
				continue
			}
			seen.found(t.name, "service")
		}
	}
}

// toolPrograms looks for tools among the installed programs of a key.
func (r *reader) toolPrograms(ctx context.Context, key string, seen *remoteFacts) {
	entries, err := r.Host.Registry.Subkeys(ctx, key)
	if err != nil {
		r.Miss(key, err)
		return
	}
	tools := remoteTools()
	for _, entry := range entries {
		v, err := r.Host.Registry.Value(ctx, key+`\`+entry, "DisplayName")
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				r.Need(key+`\`+entry, err)
				return
			}
			continue
		}
		for _, t := range tools {
			if begins(t.uninstall, v.String) {
				seen.found(t.name, "installed")
			}
		}
	}
}
