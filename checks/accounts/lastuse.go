package accounts

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"vigia/checks/format/utmp"
	"vigia/checks/host"
)

const (
	lastlogFile  = "/var/log/lastlog"
	lastlog2File = "/var/lib/lastlog/lastlog2.db"
	wtmpFile     = "/var/log/wtmp"
	// maxSessions bounds the log-ons that are looked at in one file, newest first.
	maxSessions = 20_000
)

// uses tells when the accounts of a Linux machine were last logged on to. What its
// log-on records do not see (a session without terminal, su, a service) is no use
// of an account here.
type uses struct {
	last map[string]time.Time
	// since is from when on each log-on of a person is recorded, zero if from
	// never.
	since time.Time
}

// used returns when an account was last used. For one that was not, sure tells that
// it was not since the given time either.
func (u uses) used(name string, since time.Time) (at time.Time, sure bool) {
	at = u.last[name]
	return at, !at.IsZero() || !u.since.IsZero() && !u.since.After(since)
}

// lastUses reads lastlog, which never forgets and which not every log-in screen
// writes, and wtmp, which all do and which starts anew each month.
func (r *reader) lastUses(ctx context.Context, accounts []localAccount) uses {
	u := uses{last: map[string]time.Time{}}
	names := map[string]bool{}
	for _, a := range accounts {
		names[a.Name] = true
	}
	newer := func(name string, at time.Time) {
		if at.After(u.last[name]) {
			u.last[name] = at
		}
	}
	for _, path := range []string{wtmpFile, wtmpFile + ".1"} {
		for _, rec := range r.sessions(ctx, path, names) {
			if rec.User != "" && rec.Kind == utmp.User {
				newer(rec.User, rec.Time)
			}
			if u.since.IsZero() || rec.Time.Before(u.since) {
				u.since = rec.Time
			}
		}
	}
	r.lastlog(ctx, accounts, newer)
	return u
}

// sessions reads the records of a file like wtmp, none where there is no file.
func (r *reader) sessions(ctx context.Context, path string, names map[string]bool) []utmp.Record {
	info, err := r.Host.Files.Stat(ctx, path)
	if err != nil {
		r.Miss(path, err)
		return nil
	}
	records, _, err := utmp.Newest(ctx, fileAt{ctx, r.Host.Files, path}, info.Size, utmp.Query{Max: maxSessions, Names: names})
	if err != nil {
		r.Need(path, err)
	}
	return records
}

func (r *reader) lastlog(ctx context.Context, accounts []localAccount, newer func(string, time.Time)) {
	if _, err := r.Host.Files.Stat(ctx, lastlogFile); err != nil {
		if r.Miss(lastlogFile, err) {
			r.lastlog2(ctx)
		}
		return
	}
	id, err := r.Host.System.Identity(ctx)
	wide := err == nil && id.Arch == "arm64"
	for _, a := range accounts {
		at, err := utmp.Lastlog(fileAt{ctx, r.Host.Files, lastlogFile}, a.UID, wide)
		if err != nil {
			r.Need(lastlogFile, err)
			return
		}
		newer(a.Name, at)
	}
}

// lastlog2 notes the database that newer systems have instead, which is not read yet.
func (r *reader) lastlog2(ctx context.Context) {
	if _, err := r.Host.Files.Stat(ctx, lastlog2File); !errors.Is(err, fs.ErrNotExist) {
		r.Note(lastlog2File, "unsupported")
	}
}

// fileAt reads a file of a machine in parts, for the one call that it is made for.
type fileAt struct {
	ctx   context.Context //nolint:containedctx // lives as long as the call that reads
	files host.Files
	path  string
}

// ReadAt implements io.ReaderAt.
func (f fileAt) ReadAt(p []byte, offset int64) (int, error) {
	b, err := f.files.ReadRange(f.ctx, f.path, offset, int64(len(p)))
	n := copy(p, b)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// week returns the Monday (UTC) of the week of a time: a fact that stays the same
// for days.
func week(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	at = at.UTC().Truncate(day)
	return at.AddDate(0, 0, -(int(at.Weekday())+6)%7)
}
