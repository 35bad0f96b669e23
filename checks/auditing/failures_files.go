package auditing

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"vigia/checks/format/sshd"
	"vigia/checks/format/utmp"
	"vigia/checks/host"
)

const (
	btmp    = "/var/log/btmp"
	sshLine = "ssh:notty"
	// manyAttempts stands for the attempts that are too many to be counted.
	manyAttempts = "journal"
)

// observeFailuresFiles reads the failed log-ons of a Linux machine: those that
// sshd and PAM write to the journal or to a log file, and btmp.
func observeFailuresFiles(ctx context.Context, h *host.Host) (failureFacts, error) {
	r := newReader(h)
	var seen failureFacts
	known, foreign := r.passwd(ctx), r.directory(ctx)
	local := known.names
	if foreign {
		local = maps.Clone(local)
		r.homes(ctx, known)
	}
	var all tally
	var witnesses [2][]attempt
	tell := func() {
		for i, attempts := range witnesses {
			all = all.or(count(attempts))
			witnesses[i] = nil
		}
	}
	seen.Log = r.messages(ctx, logOns(), tell, func(l line) {
		a, who, ok := parseAttempt(l, known.names, local, foreign)
		switch {
		case !ok:
		case len(witnesses[who]) == maxAttempts:
			r.Note(manyAttempts, "too_big")
		default:
			witnesses[who] = append(witnesses[who], a)
		}
	})
	tell()
	r.sshd(ctx, &seen)
	var records []attempt
	for _, file := range []string{btmp, btmp + ".1"} {
		got, present := r.btmp(ctx, file, known)
		seen.Btmp = seen.Btmp || present
		records = append(records, got...)
	}
	seen.tally = all.or(count(records)).bounded()
	seen.Unread = one(r.Unread)
	return seen, nil
}

// sshd reads how much the SSH server logs.
func (r *reader) sshd(ctx context.Context, seen *failureFacts) {
	if _, err := r.Host.Files.Stat(ctx, "/usr/sbin/sshd"); err != nil {
		return // it is not installed, or this is not its usual place
	}
	c, err := sshd.Load(sshdFile, filesOf{ctx, r.Host.Files})
	if errors.Is(err, fs.ErrNotExist) {
		c, err = sshd.Load("/usr"+sshdFile, filesOf{ctx, r.Host.Files})
	}
	if err != nil {
		r.Need(sshdFile, err)
		return
	}
	if v, ok := c.Get("LogLevel"); ok {
		seen.SSHLevel = strings.ToUpper(v.Text)
	}
}

const sshdFile = "/etc/ssh/sshd_config"

// filesOf lets packages such as sshd read the machine's files.
type filesOf struct {
	ctx   context.Context //nolint:containedctx // lives for one call such as sshd.Load, whose interface has none
	files host.Files
}

// Read implements sshd.Files.
func (f filesOf) Read(name string) ([]byte, error) {
	return f.files.ReadFile(f.ctx, name, sshd.MaxSize)
}

// Exists implements sssd.Files.
func (f filesOf) Exists(name string) error {
	_, err := f.files.Stat(f.ctx, name)
	return err
}

// List implements sshd.Files and sssd.Files.
func (f filesOf) List(dir string) ([]string, error) {
	entries, err := f.files.ReadDir(f.ctx, dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return names, err
}

// btmp reads the failed log-ons that login and sshd record there.
func (r *reader) btmp(ctx context.Context, file string, known accounts) (attempts []attempt, present bool) {
	info, err := r.Host.Files.Stat(ctx, file)
	if err != nil {
		r.Miss(file, err)
		return nil, false
	}
	records, more, err := utmp.Newest(ctx, at{ctx, r.Host.Files, file}, info.Size,
		utmp.Query{Since: r.since, Max: maxAttempts, Names: known.names})
	if err != nil {
		r.Miss(file, err)
	}
	if more {
		r.Note(file, "too_big")
	}
	first := map[int32]time.Time{} // of each sshd, when it last wrote
	for _, rec := range slices.Backward(records) {
		if rec.Line == sshLine && !rec.Known {
			// sshd writes one record when it hears a name that does not exist, and one more
			// for each password.
			last, again := first[rec.PID]
			first[rec.PID] = rec.Time
			if !again || rec.Time.Sub(last) > window {
				continue
			}
		}
		attempts = append(attempts, attempt{time: rec.Time, account: rec.User, source: address4(rec.Address), count: 1})
	}
	return attempts, true
}
