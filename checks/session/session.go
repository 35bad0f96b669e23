// Package session checks what stands between a passer-by and an open session:
// the automatic screen lock (AC-LOCK-15) and the duty to log on with a
// password (AC-LOGON-REQ); and what stands before the system itself on machines
// that leave the office: encrypted disks (AC-DISK-ENC) and a secret to start
// (AC-BOOT-PWD).
//
// Every profile is judged by the setting that takes effect for it, whichever
// layer it comes from: machine policy, group policy, system default, the
// user's own choice. A desktop whose locker is not understood is unknown, not
// fine. No password is ever read: a stored automatic log-on password is seen
// only as present or absent.
package session

import (
	"context"
	"strconv"

	"vigia/checks"
	"vigia/checks/host"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check {
	return []checks.Check{screenLock(), logon(), diskEncryption(), bootPassword()}
}

// A setting is one value read from somewhere: where, and what it says. A nil
// *setting is absent.
type setting struct {
	Value int64 `json:"value"`
	// From is the layer that decides: machine_policy, group_policy,
	// system_default, system_lock, user or program_default.
	From string `json:"from"`
}

// reader reads the machine for one observation.
type reader struct{ checks.Look }

func newReader(h *host.Host) *reader { return &reader{checks.Look{Host: h}} }

// config reads a configuration file; nil when absent or unread.
func (r *reader) config(ctx context.Context, path string) []byte {
	return r.File(ctx, path, maxConfig)
}

// maxConfig bounds a configuration file, in bytes. A dconf database of a heavy
// user is a few hundred kilobytes.
const maxConfig = 8 << 20

// number reads a registry value that holds a number, as REG_DWORD or as the
// decimal text that the screen saver keys use. known is false when the value
// could not be read, so that a caller does not take it for absent; a value
// that is there but is no number is that too.
func (r *reader) number(ctx context.Context, key, name, from string) (s *setting, known bool) {
	v, err := r.Host.Registry.Value(ctx, key, name)
	if err != nil {
		return nil, r.Miss(key+`\`+name, err)
	}
	switch v.Kind {
	case host.RegistryInteger:
		if v.Integer < 1<<62 {
			return &setting{Value: int64(v.Integer), From: from}, true
		}
	case host.RegistryString:
		if n, err := strconv.ParseInt(v.String, 10, 64); err == nil {
			return &setting{Value: n, From: from}, true
		}
	case host.RegistryStrings, host.RegistryBinary:
	}
	r.Note(key+`\`+name, "unreadable")
	return nil, false
}

// dword is number for a value that Windows itself reads as REG_DWORD only: one that was
// written as text, as "reg add" does by default, binds nobody that we could be sure of.
func (r *reader) dword(ctx context.Context, key, name, from string) (s *setting, known bool) {
	if v, err := r.Host.Registry.Value(ctx, key, name); err == nil && v.Kind != host.RegistryInteger {
		r.Note(key+`\`+name, "unreadable")
		return nil, false
	}
	return r.number(ctx, key, name, from)
}

// text tells whether a registry value exists and whether it is filled; the
// text itself is not kept. known is as in number.
func (r *reader) text(ctx context.Context, key, name string) (present, filled, known bool) {
	v, err := r.Host.Registry.Value(ctx, key, name)
	if err != nil {
		return false, false, r.Miss(key+`\`+name, err)
	}
	return true, v.String != "" || v.Kind == host.RegistryInteger && v.Integer != 0, true
}
