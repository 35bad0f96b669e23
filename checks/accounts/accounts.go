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
	"errors"
	"io/fs"
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

// reader collects what could not be read while a check observes.
type reader struct {
	h      *host.Host
	unread []checks.Unread
}

// miss notes err unless the thing is merely absent, and tells whether it was
// absent.
func (r *reader) miss(source string, err error) (absent bool) {
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	r.unread = append(r.unread, checks.Unread{Source: source, Why: checks.WhyUnread(err)})
	return false
}

// file reads a configuration file; nil when absent or unreadable.
func (r *reader) file(ctx context.Context, path string) []byte {
	b, err := r.h.Files.ReadFile(ctx, path, maxConfig)
	if err != nil {
		r.miss(path, err)
		return nil
	}
	return b
}

// need is file for what every machine has: absent counts as unread too.
func (r *reader) need(ctx context.Context, path string) []byte {
	b, err := r.h.Files.ReadFile(ctx, path, maxConfig)
	if err != nil {
		r.unread = append(r.unread, checks.Unread{Source: path, Why: checks.WhyUnread(err)})
		return nil
	}
	return b
}

// dropIns reads the *.conf files of a directory in the order of their names.
func (r *reader) dropIns(ctx context.Context, dir string) (paths []string, contents [][]byte) {
	files, err := r.h.Files.ReadDir(ctx, dir)
	if err != nil {
		r.miss(dir, err)
		return nil, nil
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name, ".conf") {
			continue
		}
		path := dir + "/" + f.Name
		if b := r.file(ctx, path); b != nil {
			paths, contents = append(paths, path), append(contents, b)
		}
	}
	return paths, contents
}

// windowsPolicy asks for the account policy of a Windows machine; nil when it
// could not be read.
func (r *reader) windowsPolicy(ctx context.Context) *host.PasswordPolicy {
	p, err := r.h.Accounts.PasswordPolicy(ctx)
	if err != nil {
		r.unread = append(r.unread, checks.Unread{Source: "NetUserModalsGet", Why: checks.WhyUnread(err)})
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
