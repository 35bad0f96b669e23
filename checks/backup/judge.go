package backup

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/format/intact"
)

// judge answers for every dataset of the parameters; the whole is the worst.
func judge(seen dailyFacts, p dailyParams, at time.Time) checks.Verdict {
	if len(p.Datasets) == 0 {
		return checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("backup.no_datasets")}
	}
	var v checks.Verdict
	var statuses []checks.Status
	count := map[checks.Status]int{}
	for _, d := range p.Datasets {
		status, reason := judgeDataset(seen, d, p, at)
		v.Findings = append(v.Findings, checks.Finding{Key: d.Name, Status: status, Reason: reason})
		statuses = append(statuses, status)
		count[status]++
	}
	v.Status = checks.Worst(statuses...)
	code := "backup.all_copied"
	switch {
	case count[checks.Fail] > 0:
		code = "backup.some_not_copied"
	case count[checks.Unknown] > 0:
		code = "backup.some_unknown"
	case count[checks.Warn] > 0:
		code = "backup.some_doubtful"
	}
	v.Reason = checks.Because(code, "datasets", strconv.Itoa(len(p.Datasets)),
		"bad", strconv.Itoa(count[checks.Fail]), "unknown", strconv.Itoa(count[checks.Unknown]))
	if code == "backup.some_doubtful" {
		v.Reason.Args["doubtful"] = strconv.Itoa(count[checks.Warn])
	}
	return v
}

func judgeDataset(seen dailyFacts, d dataset, p dailyParams, at time.Time) (checks.Status, checks.Reason) {
	i := slices.IndexFunc(seen.Datasets, func(f datasetFacts) bool {
		return f.Name == d.Name && f.Source == d.Source && f.Copies == d.Copies && f.Pattern == d.Pattern
	})
	if i < 0 {
		return checks.Unknown, checks.Because("backup.not_looked_at")
	}
	f := seen.Datasets[i]
	switch {
	case f.Seen.Why == "absent":
		return checks.Fail, checks.Because("backup.copies_absent", "folder", d.Copies)
	case f.Seen.Why == "share":
		return checks.Unknown, checks.Because("backup.copies_on_share", "folder", d.Copies)
	case f.Seen.Why != "":
		return checks.Unknown, checks.Because("backup.copies_unread", "folder", d.Copies, "why", f.Seen.Why)
	case f.Seen.IsSource:
		return checks.Fail, checks.Because("backup.copies_are_source", "folder", d.Copies)
	case f.Seen.Guests > 1:
		return checks.Unknown, checks.Because("backup.several_guests", "folder", d.Copies, "guests", strconv.Itoa(f.Seen.Guests))
	case f.Seen.Mirror != nil:
		return judgeMirror(*f.Seen.Mirror, d, p, at)
	}
	return judgeCopies(f, d, p, at)
}

func judgeCopies(f datasetFacts, d dataset, p dailyParams, at time.Time) (checks.Status, checks.Reason) {
	limit := p.limit(d)
	unsure := f.Seen.Unread > 0 || f.Seen.Links > 0 || f.Seen.BestMore > 0
	newest, ok := f.Seen.good(p, d)
	doubt, doubtful := f.Seen.Doubtful, !f.Seen.Doubtful.IsZero() && f.Seen.Damaged == 0
	if !ok && doubtful {
		args := []string{"age", span(at.Sub(doubt)), "limit", span(limit)}
		if at.Sub(doubt) > limit && d.Source == "" { // whatever it was
			return checks.Fail, checks.Because("backup.late", args...)
		}
		return checks.Unknown, checks.Because("backup.copy_unproved", args...)
	}
	if !ok {
		return judgeNone(f.Seen, p.floor(d), p.drop(d), unsure)
	}
	age := at.Sub(newest.Time)
	if lock := f.Seen.Lock; !lock.IsZero() && at.Sub(lock) > staleLock && lock.After(newest.Time) {
		return checks.Fail, checks.Because("backup.lock_left", "age", span(age), "lock", span(at.Sub(lock)))
	}
	if age <= limit {
		if since, frozen := f.Seen.frozenSince(newest, p.frozen(d)); frozen {
			if status, reason := judgeFrozen(f, newest, since, p, at); status != checks.Pass {
				return status, reason
			}
		}
		return judgeRecent(f.Seen, newest, age, limit, p.drop(d))
	}
	late := []string{"age", span(age), "limit", span(limit), "source", d.Source}
	status, reason := checks.Unknown, checks.Because("backup.source_not_walked", late...)
	switch {
	case d.Source == "" && unsure:
		return checks.Unknown, checks.Because("backup.copies_partly_unread", late[:4]...)
	case d.Source == "" && f.Seen.newerBad(newest) > 0:
		status, reason = checks.Fail, checks.Because("backup.late_newer_bad", append(late[:4:4], "bad", strconv.Itoa(f.Seen.newerBad(newest)))...)
	case d.Source == "":
		status, reason = checks.Fail, checks.Because("backup.late", late[:4]...)
	case f.Server != nil:
		status, reason = judgeServer(*f.Server, newest.Time, time.Duration(p.Quiet), at)
	case f.Tree != nil:
		status, reason = judgeTree(*f.Tree, newest.Time, time.Duration(p.Quiet), at)
	case unsure:
		return checks.Unknown, checks.Because("backup.copies_partly_unread", late[:4]...)
	}
	if status == checks.Fail && unsure {
		return checks.Unknown, checks.Because("backup.copies_partly_unread", late[:4]...)
	}
	if status == checks.Fail && doubtful && at.Sub(doubt) <= limit {
		return checks.Unknown, checks.Because("backup.copy_unproved", "age", span(at.Sub(doubt)), "limit", span(limit))
	}
	if last, n := f.Seen.shrunk(newest, p.drop(d)); status == checks.Fail && n > 0 {
		return status, checks.Because("backup.shrunk", append(late[:4:4], "copies", strconv.Itoa(n), "size", size(last.Size), "usual", size(last.Usual))...)
	}
	if d.Source != "" {
		reason.Args["age"], reason.Args["limit"], reason.Args["source"] = span(age), span(limit), d.Source
	}
	return status, reason
}

// staleLock is how old a lock is that nobody holds any more: restic renews its own every
// few minutes, and no run of borg takes so long.
const staleLock = 24 * time.Hour

// judgeRecent answers where the newest good copy is recent enough.
func judgeRecent(c copiesFacts, newest copyFact, age, limit time.Duration, drop int64) (checks.Status, checks.Reason) {
	args := []string{"age", span(age), "size", size(newest.Size), "limit", span(limit)}
	last, fewer := c.shrunk(newest, drop)
	newer := slices.ContainsFunc(c.Recent, func(f copyFact) bool { return f.Damage != "" && f.Time.After(newest.Time) })
	switch {
	case c.Failed.After(newest.Time):
		return checks.Warn, checks.Because("backup.recent_then_failed", args...)
	case newer:
		return checks.Warn, checks.Because("backup.recent_then_damaged", append(args, "damaged", strconv.Itoa(c.Damaged))...)
	case fewer > 0:
		return checks.Warn, checks.Because("backup.recent_then_shrunk", append(args, "copies", strconv.Itoa(fewer), "last", size(last.Size), "usual", size(last.Usual))...)
	case c.Damaged > 0:
		return checks.Warn, checks.Because("backup.recent_some_damaged", append(args, "damaged", strconv.Itoa(c.Damaged))...)
	}
	switch intact.Depth(newest.Depth) {
	case intact.Whole:
		return checks.Pass, checks.Because("backup.recent_whole", args...)
	case intact.Walked:
		return checks.Pass, checks.Because("backup.recent_walked", args...)
	case intact.Edges:
		if newest.Turn != "" {
			return checks.Pass, checks.Because("backup.recent_turn", append(args, "turn", newest.Turn)...)
		}
		return checks.Pass, checks.Because("backup.recent_edges", args...)
	case intact.None:
		return checks.Pass, checks.Because("backup.recent_unverified", args...)
	}
	return checks.Pass, checks.Because("backup.recent", args...)
}

// good returns the newest finished copy that is sound and as large as it should be.
func (c copiesFacts) good(p dailyParams, d dataset) (copyFact, bool) {
	fits := func(f copyFact) bool { return f.Size >= p.floor(d) && !f.shrunk(p.drop(d)) }
	for _, f := range c.Recent {
		if f.Damage == "" && f.Why == "" && fits(f) {
			return f, true
		}
	}
	var oldest time.Time
	if n := len(c.Recent); n > 0 {
		oldest = c.Recent[n-1].Time
	}
	for _, f := range c.Best {
		if fits(f) && (oldest.IsZero() || f.Time.Before(oldest)) {
			return f, true
		}
	}
	return copyFact{}, false
}

// shrunk returns the newest of the sound copies that are newer than the newest good one
// and much smaller than copies usually are, and how many they are.
func (c copiesFacts) shrunk(newest copyFact, drop int64) (last copyFact, n int) {
	for _, f := range c.Recent {
		if f.Damage == "" && f.Why == "" && f.Time.After(newest.Time) && f.shrunk(drop) {
			if n++; n == 1 {
				last = f
			}
		}
	}
	return last, n
}

// newerBad counts the finished copies that are newer than the newest good one.
func (c copiesFacts) newerBad(newest copyFact) (n int) {
	for _, f := range c.Recent {
		if f.Time.After(newest.Time) {
			n++
		}
	}
	return n
}

// frozenSince tells whether the newest copies have all the same size to the byte, and the
// time of the oldest of them. Formats whose size does not depend on what they hold are
// left out.
func (c copiesFacts) frozenSince(newest copyFact, n int) (time.Time, bool) {
	same, since := 0, newest.Time
	switch newest.Format {
	case "vhd", "vhdx", "sqlite", "access", "mtf", storeRestic, storeBorg, "windows_image":
		return since, false
	}
	if n == 0 || newest.Folder {
		return since, false
	}
	for _, f := range c.Recent {
		if f.Time.After(newest.Time) || f.Damage != "" {
			continue
		}
		if f.Size != newest.Size {
			break
		}
		same, since = same+1, f.Time
	}
	return since, same >= n
}

// judgeFrozen answers where the copies have always the same size: Pass when it is proved
// that the source did not change meanwhile.
func judgeFrozen(f datasetFacts, newest copyFact, since time.Time, p dailyParams, at time.Time) (checks.Status, checks.Reason) {
	args := []string{"age", span(at.Sub(newest.Time)), "size", size(newest.Size), "days", strconv.Itoa(int(newest.Time.Sub(since).Hours()) / 24)}
	quiet := time.Duration(p.Quiet)
	switch {
	case f.Server != nil:
		if s, _ := judgeServer(*f.Server, since, quiet, at); s == checks.Pass {
			return s, checks.Reason{}
		}
	case f.Tree != nil:
		if f.Tree.Between > 0 && f.Tree.From.Equal(since) {
			return checks.Fail, checks.Because("backup.frozen", append(args, "files", strconv.FormatInt(f.Tree.Between, 10))...)
		}
		if s, _ := judgeTree(*f.Tree, since, quiet, at); s == checks.Pass {
			return s, checks.Reason{}
		}
	}
	return checks.Unknown, checks.Because("backup.frozen_unproved", args...)
}

// judgeNone answers where no copy is good.
func judgeNone(c copiesFacts, floor, drop int64, unsure bool) (checks.Status, checks.Reason) {
	n := strconv.Itoa
	last, shrunk := c.shrunk(copyFact{}, drop)
	switch {
	case unsure && c.Links > 0 && c.Unread == 0:
		return checks.Unknown, checks.Because("backup.copies_are_links", "links", n(c.Links))
	case unsure:
		return checks.Unknown, checks.Because("backup.none_good_unread", "seen", n(c.Matching), "unread", n(c.Unread))
	case c.Matching == 0:
		return checks.Fail, checks.Because("backup.no_copy")
	case c.Damaged > 0:
		i := slices.IndexFunc(c.Recent, func(f copyFact) bool { return f.Damage != "" })
		damage := string(intact.Empty)
		if i >= 0 {
			damage = c.Recent[i].Damage
		}
		return checks.Fail, checks.Because("backup.none_whole", "seen", n(c.Matching), "damaged", n(c.Damaged), "damage", damage)
	case shrunk > 0:
		return checks.Fail, checks.Because("backup.all_shrunk", "seen", n(c.Matching), "size", size(last.Size), "usual", size(last.Usual))
	default:
		return checks.Fail, checks.Because("backup.none_good", "seen", n(c.Matching), "floor", size(floor),
			"drop", strconv.FormatInt(drop, 10), "future", n(c.Future), "writing", n(c.Writing))
	}
}

// judgeMirror answers for a mirror that was compared with its source: what is missing in
// it may be so for as long as a copy may take.
func judgeMirror(m mirrorFacts, d dataset, p dailyParams, at time.Time) (checks.Status, checks.Reason) {
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	pending := time.Duration(0)
	if m.Missing+m.Behind > 0 {
		pending = at.Sub(m.PendingSince)
	}
	limit := p.limit(d)
	switch {
	case m.Files > 0 && m.Missing == m.Files:
		return checks.Fail, checks.Because("backup.no_copy")
	case m.Same > 0:
		return checks.Fail, checks.Because("backup.mirror_linked", "same", n(m.Same), "files", n(m.Files))
	case m.Damaged > 0:
		return checks.Fail, checks.Because("backup.mirror_damaged", "damaged", n(m.Damaged), "files", n(m.Files))
	case pending > limit:
		return checks.Fail, checks.Because("backup.mirror_behind", "missing", n(m.Missing), "behind", n(m.Behind), "age", span(pending), "limit", span(limit))
	case m.Unfinished > 0 && at.Sub(m.Temp) > settledMirror:
		return checks.Fail, checks.Because("backup.mirror_unfinished", "files", n(m.Unfinished), "age", span(at.Sub(m.Temp)))
	case m.Unread > 0 || m.Stopped != "":
		return checks.Unknown, checks.Because("backup.mirror_unread", "entries", n(m.Unread), "why", cmp.Or(m.Why, m.Stopped))
	case m.Files == 0:
		return checks.Unknown, checks.Because("backup.mirror_source_empty", "source", d.Source)
	case m.Missing+m.Behind > 0 && at.Sub(m.Written) > limit:
		// What is missing may have been missing for long: a file shows its last change only.
		return checks.Unknown, checks.Because("backup.mirror_not_written", "missing", n(m.Missing+m.Behind), "age", span(at.Sub(m.Written)), "limit", span(limit))
	case m.Unfinished > 0:
		return checks.Unknown, checks.Because("backup.mirror_being_written", "files", n(m.Unfinished))
	case m.Bytes < p.floor(d):
		return checks.Fail, checks.Because("backup.none_good", "seen", "1", "floor", size(p.floor(d)), "drop", "0", "future", "0", "writing", "0")
	}
	return checks.Pass, checks.Because("backup.mirror_equal", "files", n(m.Files), "size", size(m.Bytes), "missing", n(m.Missing+m.Behind))
}

// settledMirror is how old a file of a transfer is that nobody writes any more.
const settledMirror = time.Hour

// judgeServer tells whether a PostgreSQL server is proved to have written nothing since a
// copy was made.
func judgeServer(s serverFacts, copied time.Time, quiet time.Duration, at time.Time) (checks.Status, checks.Reason) {
	args := []string{"place", s.Checkpoint}
	// What is written brings a checkpoint within checkpoint_timeout, a day at most: so
	// nothing was, up to a day ago.
	const longest = 24 * time.Hour
	switch {
	case s.Why != "":
		return checks.Unknown, checks.Because("backup.server_unread", "why", s.Why)
	case s.Time.After(at):
		return checks.Unknown, checks.Because("backup.server_unread", "why", "control")
	case s.Time.After(copied):
		return checks.Fail, checks.Because("backup.server_wrote", append(args, "written", span(at.Sub(s.Time)))...)
	case s.Crashed:
		return checks.Unknown, checks.Because("backup.server_crashed", args...)
	case s.Time.After(copied.Add(-quiet)):
		return checks.Unknown, checks.Because("backup.changed_near_copy", "quiet", span(quiet))
	case !s.Stopped && at.Sub(copied) < longest:
		return checks.Unknown, checks.Because("backup.server_too_soon", args...)
	}
	return checks.Pass, checks.Because("backup.server_still", append(args, "changed", span(at.Sub(s.Time)))...)
}

// judgeTree tells whether the source is proved to be as it was when the copy
// was made. One write after the copy is enough to fail; for a pass everything
// must have been seen, and seen to be older.
func judgeTree(t treeFacts, copied time.Time, quiet time.Duration, at time.Time) (checks.Status, checks.Reason) {
	args := []string{"files", strconv.FormatInt(t.Files, 10)}
	unknown := func(code string, more ...string) (checks.Status, checks.Reason) {
		return checks.Unknown, checks.Because(code, append(args, more...)...)
	}
	count := func(n int64) []string { return []string{"entries", strconv.FormatInt(n, 10)} }
	switch {
	case t.Why == "absent":
		return unknown("backup.source_absent")
	case t.Why != "":
		return unknown("backup.source_unread", "why", t.Why)
	case t.Written.After(copied):
		return checks.Fail, checks.Because("backup.changed_since", append(args, "written", span(at.Sub(t.Written)))...)
	case t.Stopped != "":
		return unknown("backup.source_stopped", "why", t.Stopped)
	case t.Files == 0:
		return unknown("backup.source_empty")
	case t.Unread > 0:
		return unknown("backup.source_partly_unread", count(t.Unread)...)
	case t.Links > 0:
		return unknown("backup.source_links", count(t.Links)...)
	case t.MountsWhy != "":
		return unknown("backup.source_unread", "why", t.MountsWhy)
	case t.Mounts > 0:
		return unknown("backup.source_mounts", count(int64(t.Mounts))...)
	case t.Future > 0:
		return unknown("backup.source_future", count(t.Future)...)
	case t.Untimed > 0:
		return unknown("backup.source_untimed", count(t.Untimed)...)
	case t.Lazy > 0:
		return unknown("backup.source_databases", count(t.Lazy)...)
	case t.Fingerprint == "":
		return unknown("backup.source_unread", "why", "unreadable")
	case t.Changed.After(copied):
		return unknown("backup.attributes_changed", "changed", span(at.Sub(t.Changed)))
	case latest(t).After(copied.Add(-quiet)):
		return unknown("backup.changed_near_copy", "quiet", span(quiet))
	}
	return checks.Pass, checks.Because("backup.unchanged_since",
		append(args, "changed", span(at.Sub(latest(t))), "fingerprint", t.Fingerprint[:min(12, len(t.Fingerprint))])...)
}

func latest(t treeFacts) time.Time {
	if t.Changed.After(t.Written) {
		return t.Changed
	}
	return t.Written
}

// span writes a length of time in units that read alike in both languages.
func span(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
	}
}

// size writes bytes with a decimal prefix, without decimals: a point means
// thousands to some readers.
func size(n int64) string {
	const kilo = 1000
	units := []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for n >= 10*kilo && i < len(units)-1 {
		n /= kilo
		i++
	}
	return fmt.Sprintf("%d %s", n, units[i])
}
