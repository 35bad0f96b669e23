// Package auditing checks that the machine keeps a log of who tried to get in
// and failed (AC-FAIL-LOG) and of what was done to its accounts
// (AC-CHG-NOTIFY), that these logs survive, and what they say.
//
// The user name of a failed log-on is very often a password typed into the
// wrong box. A name is therefore kept only when it is that of an account of the
// machine; every other one is counted as unknown, and neither it nor a hash of
// it nor its length is kept. Remote machines are kept by their IP address, as
// the log of the network source has it, and never by a name. Messages, command
// lines and other fields of the logs are not kept at all.
//
// Facts count whole days (UTC), so that they stay as they are while nothing
// happens.
package auditing

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"time"

	"vigia/checks"
	"vigia/checks/format/shadow"
	"vigia/checks/format/sssd"
	"vigia/checks/host"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check {
	return []checks.Check{failures(), accountChanges()}
}

const (
	// lookBack is how many whole days before today are looked at.
	lookBack = 7
	// reach is how far back a log is asked about: older than that is old enough.
	reach = 30
	// maxEntries bounds the messages and records that are read of one kind of log,
	// maxEvents those of a channel of Windows, which cost more.
	maxEntries = 200_000
	maxEvents  = 10_000
	// maxAttempts bounds the failed log-ons that are counted of one kind of log.
	maxAttempts = 50_000
	maxConfig   = 1 << 20 // bytes of a configuration file
)

const day = "2006-01-02"

// since is the beginning of the first day that is looked at.
func since(now time.Time) time.Time {
	return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -lookBack)
}

// within tells whether a day of the facts is among the last days before at.
func within(d string, days int, at time.Time) bool {
	return d >= at.UTC().AddDate(0, 0, -days).Format(day)
}

// reader reads the machine for one observation.
type reader struct {
	checks.Look
	now, since time.Time
}

func newReader(h *host.Host) *reader {
	now := h.Now()
	return &reader{Look: checks.Look{Host: h}, now: now, since: since(now)}
}

// accounts are the names that may be kept: those of the machine's accounts.
type accounts struct {
	names map[string]bool
	uids  map[string]string // names by user id
}

// passwd reads the accounts of a Linux machine.
func (r *reader) passwd(ctx context.Context) accounts {
	a := accounts{names: map[string]bool{}, uids: map[string]string{}}
	b := r.NeededFile(ctx, "/etc/passwd", maxConfig)
	if b == nil {
		return a
	}
	parsed, err := shadow.ParsePasswd(b)
	if err != nil {
		r.Note("/etc/passwd", "unreadable")
	}
	for _, u := range parsed.Users {
		a.names[u.Name] = true
		a.uids[fmt.Sprint(u.UID)] = u.Name
	}
	return a
}

// directory tells whether accounts of a Linux machine also come from a
// directory service. sss stands in nsswitch.conf by default where nobody ever
// configured it, so its own configuration decides.
func (r *reader) directory(ctx context.Context) bool {
	services := shadow.Directories(r.File(ctx, "/etc/nsswitch.conf", maxConfig), "passwd")
	return slices.ContainsFunc(services, func(service string) bool { return service != "sss" || r.sssd(ctx) })
}

// sssd tells whether sssd is configured; what cannot be looked at is noted, and is taken
// for a configuration.
func (r *reader) sssd(ctx context.Context) bool {
	sources, err := sssd.Sources(filesOf{ctx, r.Host.Files})
	if err != nil {
		r.Need(path.Dir(sssd.Main), err)
	}
	return err != nil || len(sources) > 0
}

// homes adds the accounts of a directory that have logged on to a Linux machine, which
// its passwd does not name: those with a home folder.
func (r *reader) homes(ctx context.Context, a accounts) {
	entries, err := r.Host.Files.ReadDir(ctx, "/home")
	if err != nil {
		r.Miss("/home", err)
	}
	for _, e := range entries {
		if e.Mode.IsDir() {
			a.names[e.Name] = true
		}
	}
}

// at reads a file of the machine in parts.
type at struct {
	ctx   context.Context //nolint:containedctx // lives for one reading, whose interface has none
	files host.Files
	name  string
}

// ReadAt implements io.ReaderAt.
func (a at) ReadAt(p []byte, offset int64) (int, error) {
	b, err := a.files.ReadRange(a.ctx, a.name, offset, int64(len(p)))
	if err != nil {
		return 0, err
	}
	n := copy(p, b)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
