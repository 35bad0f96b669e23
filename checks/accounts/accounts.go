// Package accounts checks the accounts of a machine and their passwords: how
// old passwords may be and are, how long and how varied they must be, after
// how many wrong attempts an account locks, and who may administer.
//
// Only policies, flags and dates are read. No password and no hash is kept,
// compared or tested. Accounts are named in findings, because a person has to
// act on them; nothing else about their owners is.
package accounts

import (
	"context"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check {
	return []checks.Check{
		passwordAge(), passwordLength(), passwordComposition(), lockout(), privileges(),
	}
}

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 4 << 20

// reader reads the machine for one observation.
type reader struct{ checks.Look }

func newReader(h *host.Host) *reader { return &reader{checks.Look{Host: h}} }

// config reads a configuration file; nil when absent or unread.
func (r *reader) config(ctx context.Context, path string) []byte {
	return r.File(ctx, path, maxConfig)
}

// needed is config for what every machine has: absent counts as unread too.
func (r *reader) needed(ctx context.Context, path string) []byte {
	return r.NeededFile(ctx, path, maxConfig)
}

// dropIns reads the *.conf files of a directory in the order of their names.
func (r *reader) dropIns(ctx context.Context, dir string) (paths []string, contents [][]byte) {
	files, err := r.Host.Files.ReadDir(ctx, dir)
	if err != nil {
		r.Miss(dir, err)
		return nil, nil
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name, ".conf") {
			continue
		}
		path := dir + "/" + f.Name
		if b := r.config(ctx, path); b != nil {
			paths, contents = append(paths, path), append(contents, b)
		}
	}
	return paths, contents
}

// windowsPolicy asks for the account policy of a Windows machine; nil when it
// could not be read.
func (r *reader) windowsPolicy(ctx context.Context) *host.PasswordPolicy {
	p, err := r.Host.Accounts.PasswordPolicy(ctx)
	if err != nil {
		r.Need("NetUserModalsGet", err)
		return nil
	}
	return &p
}

// listed tells whether a name or SID is in an allow-list, without regard to
// case and to the domain before a backslash.
func listed(list []string, names ...string) bool {
	return slices.ContainsFunc(list, func(allowed string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			if name == "" {
				return false
			}
			short := name[strings.LastIndex(name, `\`)+1:]
			return strings.EqualFold(allowed, name) || strings.EqualFold(allowed, short)
		})
	})
}

// unreadVerdict is Unknown because of the first source that was not read.
func unreadVerdict(unread []checks.Unread) checks.Verdict {
	v := checks.Verdict{Status: checks.Unknown, Reason: checks.Because("accounts.nothing_read")}
	if len(unread) > 0 {
		v.Reason = unreadReason(unread[0])
	}
	return v
}

func unreadReason(u checks.Unread) checks.Reason {
	return checks.Because("accounts.unread", "source", u.Source, "why", u.Why)
}
