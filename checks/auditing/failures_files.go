package auditing

import (
	"context"
	"slices"
	"time"

	"vigia/checks/format/utmp"
	"vigia/checks/host"
)

const (
	btmp    = "/var/log/btmp"
	sshLine = "ssh:notty"
)

// observeFailuresFiles reads the failed log-ons of a Linux machine: those that
// sshd and PAM write to the journal or to a log file, and btmp.
func observeFailuresFiles(ctx context.Context, h *host.Host) (failureFacts, error) {
	r := newReader(h)
	var seen failureFacts
	known, foreign := r.passwd(ctx), r.directory(ctx)
	var all tally
	var witnesses [2][]attempt
	tell := func() {
		for i, attempts := range witnesses {
			all = all.or(count(attempts))
			witnesses[i] = nil
		}
	}
	seen.Log = r.messages(ctx, logOns(), tell, func(l line) {
		if a, who, ok := parseAttempt(l, known.names, foreign); ok {
			witnesses[who] = append(witnesses[who], a)
		}
	})
	tell()
	var records []attempt
	for _, file := range []string{btmp, btmp + ".1"} {
		got, present := r.btmp(ctx, file, known)
		seen.Btmp = seen.Btmp || present
		records = append(records, got...)
	}
	seen.tally = all.or(count(records)).bounded()
	seen.Unread = r.Unread
	return seen, nil
}

// btmp reads the failed log-ons that login and sshd record there.
func (r *reader) btmp(ctx context.Context, file string, known accounts) (attempts []attempt, present bool) {
	info, err := r.Host.Files.Stat(ctx, file)
	if err != nil {
		r.Miss(file, err)
		return nil, false
	}
	records, more, err := utmp.Newest(ctx, at{ctx, r.Host.Files, file}, info.Size,
		utmp.Query{Since: r.since, Max: maxEntries, Names: known.names})
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
