package backup

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
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
	}
	v.Reason = checks.Because(code, "datasets", strconv.Itoa(len(p.Datasets)),
		"bad", strconv.Itoa(count[checks.Fail]), "unknown", strconv.Itoa(count[checks.Unknown]))
	return v
}

func judgeDataset(seen dailyFacts, d dataset, p dailyParams, at time.Time) (checks.Status, checks.Reason) {
	i := slices.IndexFunc(seen.Datasets, func(f datasetFacts) bool {
		return f.Name == d.Name && f.Source == d.Source && f.Copies == d.Copies && f.Pattern == d.Pattern
	})
	if i < 0 {
		return checks.Unknown, checks.Because("backup.not_looked_at")
	}
	f, limit := seen.Datasets[i], p.limit(d)
	switch f.Seen.Why {
	case "":
	case "absent":
		return checks.Fail, checks.Because("backup.copies_absent", "folder", d.Copies)
	default:
		return checks.Unknown, checks.Because("backup.copies_unread", "folder", d.Copies, "why", f.Seen.Why)
	}
	unsure := f.Seen.Unread > 0 || f.Seen.BestMore > 0
	newest, ok := f.Seen.good(p.floor(d))
	if !ok {
		return judgeNone(f.Seen, p.floor(d), unsure)
	}
	age := at.Sub(newest.Time)
	if age <= limit {
		return checks.Pass, checks.Because("backup.recent", "age", span(age), "size", size(newest.Size), "limit", span(limit))
	}
	if d.Source != "" && f.Tree != nil {
		status, reason := judgeTree(*f.Tree, newest.Time, time.Duration(p.Quiet), at)
		reason.Args["age"], reason.Args["limit"], reason.Args["source"] = span(age), span(limit), d.Source
		if status != checks.Fail || !unsure {
			return status, reason
		}
	}
	switch late := []string{"age", span(age), "limit", span(limit)}; {
	case unsure:
		return checks.Unknown, checks.Because("backup.copies_partly_unread", late...)
	case d.Source == "":
		return checks.Fail, checks.Because("backup.late", late...)
	default:
		return checks.Unknown, checks.Because("backup.source_not_walked", append(late, "source", d.Source)...)
	}
}

// judgeNone answers where no copy is good.
func judgeNone(c copiesFacts, floor int64, unsure bool) (checks.Status, checks.Reason) {
	switch {
	case unsure:
		return checks.Unknown, checks.Because("backup.none_good_unread", "seen", strconv.Itoa(c.Matching), "unread", strconv.Itoa(c.Unread))
	case c.Matching == 0:
		return checks.Fail, checks.Because("backup.no_copy")
	default:
		return checks.Fail, checks.Because("backup.none_good", "seen", strconv.Itoa(c.Matching), "floor", size(floor),
			"future", strconv.Itoa(c.Future), "writing", strconv.Itoa(c.Writing))
	}
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
