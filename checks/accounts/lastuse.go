package accounts

import (
	"context"
	"errors"
	"io"
	"time"

	"vigia/checks/format/sqlite"
	"vigia/checks/format/utmp"
	"vigia/checks/host"
)

const (
	lastlogFile = "/var/log/lastlog"
	wtmpFile    = "/var/log/wtmp"
	// What newer systems, such as Debian 13, have instead: databases of SQLite.
	lastlog2File = "/var/lib/lastlog/lastlog2.db"
	wtmpdbFile   = "/var/lib/wtmpdb/wtmp.db"
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
// writes, and wtmp, which all do and which starts anew each month; or the databases
// that came after them.
func (r *reader) lastUses(ctx context.Context, accounts []localAccount) uses {
	u := uses{last: map[string]time.Time{}}
	names := map[string]bool{}
	for _, a := range accounts {
		names[a.Name] = true
	}
	newer := func(name string, at time.Time) {
		if names[name] && at.After(u.last[name]) {
			u.last[name] = at
		}
	}
	began := func(at time.Time) {
		if u.since.IsZero() || at.Before(u.since) {
			u.since = at
		}
	}
	for _, path := range []string{wtmpFile, wtmpFile + ".1"} {
		for _, rec := range r.sessions(ctx, path, names) {
			if rec.User != "" && rec.Kind == utmp.User {
				newer(rec.User, rec.Time)
			}
			began(rec.Time)
		}
	}
	r.lastlog(ctx, accounts, newer)
	r.table(ctx, lastlog2File, "Lastlog2", func(v []sqlite.Value) { // Name, Time, TTY, RemoteHost, Service
		newer(v[0].Text, time.Unix(v[1].Integer, 0).UTC())
	})
	r.table(ctx, wtmpdbFile, "wtmp", func(v []sqlite.Value) { // ID, Type, User, Login, ...
		at := time.UnixMicro(v[3].Integer).UTC()
		if began(at); v[1].Integer == wtmpdbUser {
			newer(v[2].Text, at)
		}
	})
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
		r.Miss(lastlogFile, err)
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

// wtmpdbUser is the type of a user's session in the table of wtmpdb(8).
const wtmpdbUser = 3

// table hands over the rows of a table of a database, which have four columns at
// least. A database that is not there has none.
func (r *reader) table(ctx context.Context, path, table string, row func([]sqlite.Value)) {
	info, err := r.Host.Files.Stat(ctx, path)
	if err != nil {
		r.Miss(path, err)
		return
	}
	log, err := r.Host.Files.Stat(ctx, path+"-wal")
	if err != nil && !r.Miss(path+"-wal", err) {
		return
	}
	db, err := sqlite.Open(fileAt{ctx, r.Host.Files, path}, info.Size, fileAt{ctx, r.Host.Files, path + "-wal"}, log.Size)
	if err != nil {
		r.Need(path, err)
		return
	}
	n := 0
	for rec, err := range db.Rows(table) {
		switch n++; {
		case err != nil:
		case len(rec.Values) < 4:
			err = sqlite.ErrDamaged
		case n > maxRows || ctx.Err() != nil:
			err = errors.Join(host.ErrTooBig, ctx.Err())
		}
		if err != nil {
			r.Need(path, err)
			return
		}
		row(rec.Values)
	}
}

// maxRows bounds the rows that are read of one table.
const maxRows = 200_000

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
