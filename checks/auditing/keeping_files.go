package auditing

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"vigia/checks/format/conf"
	"vigia/checks/format/journal"
	"vigia/checks/host"
)

const (
	journalKept   = "/var/log/journal"
	journalMemory = "/run/log/journal"
	// maxJournals bounds the files of the journal that are opened, newest first: systemd
	// keeps a hundred by default, most of which are older than what is looked at.
	maxJournals = 128
	// stale is for how long nothing was written to a journal that nobody writes to.
	stale = 3 * 24 * time.Hour
	// maxLog is how much of a log file is read, from its end, in bytes.
	maxLog  = 16 << 20
	logPart = 1 << 20
)

// syslogFiles are where the messages about log-ons go on Debian and on Red Hat, and,
// where neither exists, on SUSE and Alpine.
func syslogFiles() []string { return []string{"/var/log/auth.log", "/var/log/secure", syslogRest} }

const syslogRest = "/var/log/messages"

// logOns chooses the messages about log-ons out of a journal: those of the
// facilities authpriv and auth.
func logOns() []journal.Match {
	return []journal.Match{{Field: "SYSLOG_FACILITY", Value: "10"}, {Field: "SYSLOG_FACILITY", Value: "4"}}
}

// chatter are those that come by the thousand and tell of no attempt and no change.
func chatter() []journal.Match {
	var out []journal.Match
	for _, p := range []string{"CRON", "cron", "crond", "systemd-logind", "systemd", "(systemd)", "polkitd", "dbus-daemon"} {
		out = append(out, journal.Match{Field: "SYSLOG_IDENTIFIER", Value: p})
	}
	return out
}

// messages calls take for what was logged about log-ons and accounts since the
// first day that is looked at, store by store, and tells how the logs are kept.
// store begins another store, in which the same messages may stand again. which
// chooses the messages of the journal; a log file is read whole.
func (r *reader) messages(ctx context.Context, which []journal.Match, store func(), take func(line)) keeping {
	var k keeping
	left := maxEntries
	var newest time.Time // of the messages in the journal
	bounded := func(source string) func(line) bool {
		return func(l line) bool {
			if left--; left < 0 {
				r.Note(source, "too_big")
				return false
			}
			if source == journalSource && l.time.After(newest) {
				newest = l.time
			}
			take(l)
			return true
		}
	}
	store()
	oldest := r.journals(ctx, &k, which, bounded(journalSource))
	left = maxEntries
	found, foreign := false, []string(nil)
	var written time.Time
	for _, file := range syslogFiles() {
		if file == syslogRest && found {
			break
		}
		store()
		log := r.syslog(ctx, file, bounded(file))
		found = found || log.found
		if log.found && r.syslogDaemon(ctx) {
			k.Syslog, written = file, later(written, log.written)
		}
		if log.found && (oldest.IsZero() || !log.first.IsZero() && log.first.Before(oldest)) {
			oldest = log.first
		}
		if log.foreign {
			foreign = append(foreign, file)
		}
	}
	if !k.journalKeeps() {
		for _, file := range foreign {
			r.Note(file, "unreadable")
		}
		r.silence(ctx, &k, written, newest)
	}
	k.setSince(oldest, r.now)
	if info, err := r.Host.Files.Stat(ctx, "/etc/machine-id"); err == nil {
		k.setInstalled(info.ModTime, r.now)
	}
	return k
}

// journals reads the files of the systemd journal and returns the time of its
// oldest entry.
func (r *reader) journals(ctx context.Context, k *keeping, which []journal.Match, take func(line) bool) time.Time {
	kept, newest, oldest := r.journalFolder(ctx, journalKept, which, take)
	inMemory, _, first := r.journalFolder(ctx, journalMemory, which, take)
	setting := r.journald(ctx)
	r.levels(ctx, k, setting)
	switch {
	case setting("Storage") == "none":
		k.Journal = "none"
	case kept:
		k.Journal = "persistent"
		if r.now.Sub(newest) > stale && r.alive(ctx, newest.Add(stale)) {
			k.Stopped = newest.UTC().Format(day)
		}
	case inMemory:
		k.Journal, oldest = "volatile", first
	default:
		k.Journal = "absent"
	}
	return oldest
}

// alive tells whether the machine ran after a time: it runs now, or another log was
// written. Of a machine that is only looked at, the last is all there is to see.
func (r *reader) alive(ctx context.Context, after time.Time) bool {
	if id, err := r.Host.System.Identity(ctx); err == nil && !id.BootTime.IsZero() {
		return true
	}
	entries, err := r.Host.Files.ReadDir(ctx, path.Dir(journalKept))
	if err != nil {
		r.Miss(path.Dir(journalKept), err)
	}
	return slices.ContainsFunc(entries, func(e host.FileInfo) bool { return e.Mode.IsRegular() && e.ModTime.After(after) })
}

// journald is what journald.conf(5) says, in the order of its drop-ins.
func (r *reader) journald(ctx context.Context) (setting func(key string) string) {
	const main, name = "systemd/journald.conf", "Journal"
	var files []*conf.INI
	add := func(file string) {
		if b := r.File(ctx, file, maxConfig); b != nil {
			parsed, err := conf.ParseINI(b)
			if err != nil {
				r.Note(file, "unreadable")
				return
			}
			files = append(files, parsed)
		}
	}
	for _, dir := range []string{"/usr/lib/", "/usr/local/lib/", "/run/", "/etc/"} {
		add(dir + main)
	}
	// A drop-in is read in the order of its name, and hides those of the same name in
	// folders before its own.
	places := map[string]string{}
	for _, dir := range []string{"/usr/lib/", "/usr/local/lib/", "/run/", "/etc/"} {
		entries, err := r.Host.Files.ReadDir(ctx, dir+main+".d")
		if err != nil {
			r.Miss(dir+main+".d", err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name, ".conf") {
				places[e.Name] = dir + main + ".d/" + e.Name
			}
		}
	}
	names := make([]string, 0, len(places))
	for n := range places {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		add(places[n])
	}
	return func(key string) string {
		return strings.ToLower(strings.TrimSpace(conf.Resolve(files, name, key).Value))
	}
}

// journalFolder reads the journals of one folder, each machine's in a folder of
// its own, and tells whether there are any, and the times of the newest write and
// of the oldest entry.
func (r *reader) journalFolder(ctx context.Context, dir string, which []journal.Match, take func(line) bool) (found bool, newest, oldest time.Time) {
	machines, err := r.Host.Files.ReadDir(ctx, dir)
	if err != nil {
		r.Miss(dir, err)
		return false, newest, oldest
	}
	type file struct {
		path string
		info host.FileInfo
	}
	var files []file
	for _, m := range machines {
		if !m.Mode.IsDir() {
			continue
		}
		sub := path.Join(dir, m.Name)
		entries, err := r.Host.Files.ReadDir(ctx, sub)
		if err != nil {
			r.Miss(sub, err)
			continue
		}
		for _, e := range entries {
			// A file that was not closed properly is put aside under a name with a tilde.
			if name := strings.TrimSuffix(e.Name, "~"); e.Mode.IsRegular() && strings.HasSuffix(name, ".journal") {
				files = append(files, file{path.Join(sub, e.Name), e})
			}
		}
	}
	slices.SortFunc(files, func(a, b file) int { return b.info.ModTime.Compare(a.info.ModTime) })
	for i, f := range files {
		if i == maxJournals {
			break // older than those that were read: their entries are, too
		}
		first, last, err := r.journal(ctx, f.path, which, take)
		if errors.Is(err, fs.ErrNotExist) {
			continue // rotated away meanwhile
		}
		if err != nil {
			// A journal holds the machine's id in its path, and names of users' numbers.
			r.Need(dir, err)
		}
		found = true
		if !first.IsZero() && (oldest.IsZero() || first.Before(oldest)) {
			oldest = first
		}
		for _, t := range []time.Time{last, f.info.ModTime} {
			if t.After(newest) && !t.After(r.now.Add(24*time.Hour)) {
				newest = t
			}
		}
	}
	return found, newest, oldest
}

// journal reads one file of the journal.
func (r *reader) journal(ctx context.Context, name string, which []journal.Match, take func(line) bool) (first, last time.Time, err error) {
	f, err := journal.Open(at{ctx, r.Host.Files, name})
	if err != nil {
		return first, last, err
	}
	info := f.Info()
	if info.State != journal.Online && info.Last.Before(r.since) {
		return info.First, info.Last, nil
	}
	err = f.Each(ctx, journal.Query{
		Any:    which,
		None:   chatter(),
		Since:  r.since,
		Fields: []string{"MESSAGE", "SYSLOG_IDENTIFIER", "_AUDIT_LOGINUID"},
	}, func(e journal.Entry) bool {
		return take(line{
			time: e.Time, program: program(e.Fields["SYSLOG_IDENTIFIER"]),
			message: e.Fields["MESSAGE"], login: e.Fields["_AUDIT_LOGINUID"],
		})
	})
	return info.First, info.Last, err
}
