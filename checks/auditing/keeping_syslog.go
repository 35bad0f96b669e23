package auditing

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks/format/utmp"
	"vigia/checks/host"
)

// journalSource names the journal where something of it is too much to be read.
const journalSource = "journal"

// levels notes which messages about log-ons the journal drops, and which it does not hand
// on: failed log-ons and changes of accounts are of the level info.
func (r *reader) levels(ctx context.Context, k *keeping, setting func(string) string) {
	k.StoreLevel, k.SyslogLevel = drops(setting("MaxLevelStore")), drops(setting("MaxLevelSyslog"))
	switch {
	case k.StoreLevel == "" && setting("Storage") != "none":
	case !r.fromJournal(ctx):
	case k.StoreLevel != "":
		k.SyslogLevel = k.StoreLevel
	default:
		k.SyslogLevel = "none"
	}
}

// drops is a level of journald.conf(5), as a word, if messages of the level info are above
// it; else empty.
func drops(level string) string {
	words := []string{"emerg", "alert", "crit", "err", "warning", "notice"}
	if n, err := strconv.Atoi(level); err == nil && n >= 0 && n < len(words) {
		return words[n]
	}
	if slices.Contains(words, level) {
		return level
	}
	return ""
}

// fromJournal tells whether rsyslog takes its messages out of the files of the journal,
// as on Red Hat, and not from the socket.
func (r *reader) fromJournal(ctx context.Context) bool {
	files := []string{"/etc/rsyslog.conf"}
	entries, err := r.Host.Files.ReadDir(ctx, "/etc/rsyslog.d")
	if err != nil {
		r.Miss("/etc/rsyslog.d", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name, ".conf") {
			files = append(files, "/etc/rsyslog.d/"+e.Name)
		}
	}
	return slices.ContainsFunc(files, func(file string) bool {
		for l := range strings.Lines(string(r.File(ctx, file, maxConfig))) {
			code, _, _ := strings.Cut(l, "#")
			if strings.Contains(strings.ToLower(code), "imjournal") {
				return true
			}
		}
		return false
	})
}

// Where log-ons are noted beside the log, see utmp(5).
const (
	wtmp     = "/var/log/wtmp"
	utmpNow  = "/run/utmp"
	quiet    = 24 * time.Hour      // without a message: it is asked who logged on since
	silent   = 30 * 24 * time.Hour // and after that, nobody can tell
	lateness = time.Hour           // of a message after what it tells of
)

// silence finds out whether a syslog daemon that should write does not: somebody logged
// on or tried to, and the log knows nothing of it. written is when it was last written
// to, logged the time of the newest message in a journal that is not kept.
func (r *reader) silence(ctx context.Context, k *keeping, written, logged time.Time) {
	if k.Syslog == "" || r.now.Sub(written) <= quiet {
		return
	}
	used := logged
	for _, file := range []string{wtmp, utmpNow, btmp} {
		used = later(used, r.lastUse(ctx, file))
	}
	rest := r.restWritten(ctx)
	switch {
	case used.After(written.Add(lateness)), !rest.IsZero() && r.now.Sub(rest) > stale && r.alive(ctx, rest.Add(stale)):
		k.SyslogStopped = written.UTC().Format(day)
	case r.now.Sub(written) > silent && r.alive(ctx, written.Add(silent)):
		k.SyslogSilent = written.UTC().Format(day)
	}
}

// restWritten is when the daemon last wrote down anything at all: what the system does by
// itself each day goes to a log of its own, whether anybody logs on or not.
func (r *reader) restWritten(ctx context.Context) time.Time {
	var newest time.Time
	for _, file := range []string{"/var/log/syslog", syslogRest} {
		info, err := r.Host.Files.Stat(ctx, file)
		switch {
		case err != nil:
			r.Miss(file, err)
		case info.Size > 0:
			newest = later(newest, info.ModTime)
		default: // made anew when the last was put aside
			newest = later(newest, r.rotated(ctx, file).written)
		}
	}
	return newest
}

// lastUse is the time of the newest log-on, or failed one, in a list of records.
func (r *reader) lastUse(ctx context.Context, file string) time.Time {
	info, err := r.Host.Files.Stat(ctx, file)
	if err != nil {
		r.Miss(file, err)
		return time.Time{}
	}
	const enough = 2000
	records, _, err := utmp.Newest(ctx, at{ctx, r.Host.Files, file}, info.Size, utmp.Query{Since: r.now.AddDate(0, 0, -reach), Max: enough})
	if err != nil {
		r.Miss(file, err)
	}
	var newest time.Time
	for _, rec := range records {
		if (rec.Kind == utmp.User || file == btmp) && !rec.Time.After(r.now) {
			newest = later(newest, rec.Time)
		}
	}
	return newest
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// logState is what a log file and those before it tell of themselves.
type logState struct {
	found   bool
	first   time.Time // from which on there are messages
	written time.Time // the last one
	foreign bool      // its lines are in a form that nobody here reads
}

// syslog reads a log file and, where it does not reach back far enough, the one
// before it.
func (r *reader) syslog(ctx context.Context, name string, take func(line) bool) logState {
	info, err := r.Host.Files.Stat(ctx, name)
	if err != nil {
		return logState{found: !r.Miss(name, err), written: r.now}
	}
	zone := r.zone(ctx)
	read := r.logFile(ctx, name, info, zone, take)
	log := logState{found: true, first: read.first, written: info.ModTime, foreign: read.foreign()}
	before := r.rotated(ctx, name)
	if before.last != "" && (log.first.IsZero() || log.first.After(r.since)) {
		if info, err := r.Host.Files.Stat(ctx, before.last); err == nil {
			read := r.logFile(ctx, before.last, info, zone, take)
			if !read.first.IsZero() {
				log.first = read.first
			}
			log.foreign = log.foreign || read.foreign()
		}
	}
	if !before.oldest.IsZero() && (log.first.IsZero() || before.oldest.Before(log.first)) {
		log.first = before.oldest
	}
	if info.Size == 0 && !before.written.IsZero() { // made anew when the last was put aside
		log.written = before.written
	}
	return log
}

// rotation is what is known of the log files before the current one.
type rotation struct {
	last    string    // the newest that is not compressed
	oldest  time.Time // the time at which the oldest ended
	written time.Time // and the newest
}

// rotated finds the log files before the current one.
func (r *reader) rotated(ctx context.Context, name string) rotation {
	var out rotation
	entries, err := r.Host.Files.ReadDir(ctx, path.Dir(name))
	if err != nil {
		r.Miss(path.Dir(name), err)
		return out
	}
	var newest time.Time
	for _, e := range entries {
		if !strings.HasPrefix(e.Name, path.Base(name)) || len(e.Name) == len(path.Base(name)) || !e.Mode.IsRegular() {
			continue
		}
		if out.oldest.IsZero() || e.ModTime.Before(out.oldest) {
			out.oldest = e.ModTime
		}
		if e.Size > 0 {
			out.written = later(out.written, e.ModTime)
		}
		if path.Ext(e.Name) != ".gz" && path.Ext(e.Name) != ".xz" && e.ModTime.After(newest) {
			out.last, newest = path.Join(path.Dir(name), e.Name), e.ModTime
		}
	}
	return out
}

// fileRead is what came out of one log file.
type fileRead struct {
	first        time.Time // line that could be read
	lines, wrong int       // lines, and those of them in no known form
}

// foreign tells that most of a file is in a form that nobody here reads, such as JSON. A
// message of several lines makes some that have none.
func (f fileRead) foreign() bool { return f.wrong > 0 && 2*f.wrong >= f.lines }

// logFile reads one log file, from its end if it is long.
func (r *reader) logFile(ctx context.Context, name string, info host.FileInfo, zone *time.Location, take func(line) bool) (read fileRead) {
	offset := max(info.Size-maxLog, 0)
	whole := offset == 0
	var rest []byte
	for offset < info.Size {
		part, err := r.Host.Files.ReadRange(ctx, name, offset, logPart)
		if err != nil {
			r.Miss(name, err)
			return read
		}
		if len(part) == 0 {
			break
		}
		offset += int64(len(part))
		rest = append(rest, part...)
		for {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				break
			}
			text := string(rest[:min(i, 4096)])
			rest = rest[i+1:]
			if strings.TrimSpace(text) == "" {
				continue
			}
			read.lines++
			l, ok := parseLine(text, zone, info.ModTime)
			if !ok {
				read.wrong++
				continue
			}
			if read.first.IsZero() {
				read.first = l.time
			}
			if !l.time.Before(r.since) && !take(l) {
				return read
			}
		}
		if len(rest) > logPart {
			rest = nil // no line is that long
		}
	}
	if !whole && read.first.After(r.since) {
		r.Note(name, "too_big")
	}
	return read
}

// zone is the machine's time zone, UTC where it has none.
func (r *reader) zone(ctx context.Context) *time.Location {
	if b := r.File(ctx, "/etc/localtime", maxConfig); b != nil {
		zone, err := time.LoadLocationFromTZData("", b)
		if err == nil {
			return zone
		}
		r.Note("/etc/localtime", "unreadable")
	}
	return time.UTC
}

// syslogDaemon tells whether a syslog daemon is started with the machine. A log
// file may be left of one that is not there any more.
func (r *reader) syslogDaemon(ctx context.Context) bool {
	for _, dir := range []string{"/etc/systemd/system/multi-user.target.wants", "/etc/rc2.d", "/etc/runlevels/boot", "/etc/runlevels/default"} {
		entries, err := r.Host.Files.ReadDir(ctx, dir)
		if err != nil {
			r.Miss(dir, err)
		}
		for _, e := range entries {
			name := strings.TrimSuffix(strings.TrimLeft(e.Name, "S0123456789"), ".service")
			if slices.Contains([]string{"rsyslog", "syslog-ng", "syslog", "inetutils-syslogd", "busybox-syslogd"}, name) {
				return true
			}
		}
	}
	return false
}
