package auditing

import (
	"strconv"
	"time"

	"vigia/checks"
)

// keeping is whether and how a machine keeps the log that a check needs.
type keeping struct {
	// Journal is where the systemd journal of a Linux machine lies: persistent,
	// volatile (in memory, lost when it is switched off), none (Storage=none), or
	// absent where no file of it is.
	Journal string `json:"journal,omitempty"`
	// Stopped is the day of the last entry, when that is days ago: nobody writes.
	Stopped string `json:"stopped,omitempty"`
	// StoreLevel is the level above which the journal drops messages, where it drops
	// those about log-ons and accounts.
	StoreLevel string `json:"store_level,omitempty"`
	// Syslog is the file that a syslog daemon keeps besides.
	Syslog string `json:"syslog,omitempty"`
	// SyslogStopped is the day on which it was last written to, although somebody has
	// logged on since; SyslogSilent the same where nothing tells of log-ons.
	SyslogStopped string `json:"syslog_stopped,omitempty"`
	SyslogSilent  string `json:"syslog_silent,omitempty"`
	// SyslogLevel is the level above which the daemon gets no messages, where it does not
	// get those about log-ons and accounts; none where it gets nothing.
	SyslogLevel string `json:"syslog_level,omitempty"`
	// Disabled tells that the event log service of a Windows machine does not run.
	Disabled bool `json:"disabled,omitempty"`
	// SizeKB is how large the Security channel may grow.
	SizeKB uint64 `json:"size_kb,omitempty"`
	// WhenFull is what happens then: overwrite, archive or stop.
	WhenFull string `json:"when_full,omitempty"`
	// Cleared are the times that somebody emptied a log, newest first.
	Cleared []clearing `json:"cleared,omitempty"`
	// Gaps are the times that the log service was stopped while the machine ran.
	Gaps []gap `json:"gaps,omitempty"`
	// Lost are the days on which events were lost because the log was full.
	Lost []string `json:"lost,omitempty"`
	// Since is the day of the oldest entry, empty when that is old enough.
	Since string `json:"since,omitempty"`
	// Installed is the day since when the machine exists, empty when not known.
	Installed string `json:"installed,omitempty"`
}

// clearing is one time that a log was emptied.
type clearing struct {
	Day     string `json:"day"`
	Channel string `json:"channel"`
	By      string `json:"by,omitempty"` // SID
	Name    string `json:"name,omitempty"`
}

// gap is one time without a log.
type gap struct {
	Day     string `json:"day"`
	Minutes int    `json:"minutes"`
}

// journalKeeps tells that the journal keeps what is asked of a log.
func (k *keeping) journalKeeps() bool {
	return k.Journal == "persistent" && k.Stopped == "" && k.StoreLevel == ""
}

// setSince notes how far back a log reaches.
func (k *keeping) setSince(oldest, now time.Time) {
	if !oldest.IsZero() && oldest.After(now.AddDate(0, 0, -reach)) {
		k.Since = oldest.UTC().Format(day)
	}
}

func (k *keeping) setInstalled(t, now time.Time) {
	if !t.IsZero() && t.Before(now) {
		k.Installed = t.UTC().Format(day)
	}
}

// keepingParams are the bars for a log.
type keepingParams struct {
	// MinKB is the least size of the Security channel, in kilobytes.
	MinKB uint64 `json:"min_log_kb"`
	// KeepDays is how far back a log should reach, if the machine is that old.
	KeepDays int `json:"keep_days"`
	// Days is for how long something stays a finding.
	Days int `json:"days"`
}

// judge says what is wrong with how the log is kept.
func (k keeping) judge(p keepingParams, at time.Time) []checks.Finding {
	var out []checks.Finding
	add := func(key string, status checks.Status, code string, pairs ...string) {
		out = append(out, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, pairs...)})
	}
	switch {
	case k.Disabled:
		add("log", checks.Fail, "log.disabled")
	case k.Journal == "": // Windows
	case k.journalKeeps() || k.Syslog != "" && k.SyslogStopped == "" && k.SyslogSilent == "" && k.SyslogLevel == "":
	case k.SyslogStopped != "":
		add("log", checks.Fail, "log.syslog_stopped", "path", k.Syslog, "day", k.SyslogStopped)
	case k.Syslog != "" && k.SyslogLevel != "":
		add("log", checks.Fail, "log.drops", "level", k.SyslogLevel)
	case k.SyslogSilent != "":
		add("log", checks.Unknown, "log.syslog_silent", "path", k.Syslog, "day", k.SyslogSilent)
	case k.StoreLevel != "" && k.Journal == "persistent":
		add("log", checks.Fail, "log.drops", "level", k.StoreLevel)
	case k.Journal == "persistent":
		add("log", checks.Fail, "log.stopped", "day", k.Stopped)
	case k.Journal == "volatile":
		add("log", checks.Fail, "log.volatile")
	default:
		add("log", checks.Fail, "log.none")
	}
	for _, c := range k.Cleared {
		if within(c.Day, p.Days, at) {
			who := c.Name
			if who == "" {
				who = c.By
			}
			add("cleared:"+c.Channel+":"+c.Day, checks.Fail, "log.cleared", "channel", c.Channel, "day", c.Day, "by", who)
		}
	}
	for _, g := range k.Gaps {
		if within(g.Day, p.Days, at) {
			add("gap:"+g.Day, checks.Fail, "log.gap", "day", g.Day, "minutes", strconv.Itoa(g.Minutes))
		}
	}
	for _, d := range k.Lost {
		if within(d, p.Days, at) {
			add("lost:"+d, checks.Fail, "log.lost", "day", d)
		}
	}
	if k.WhenFull == "stop" && !k.Disabled {
		add("full", checks.Warn, "log.stops_when_full")
	}
	if k.SizeKB != 0 && k.SizeKB < p.MinKB {
		add("size", checks.Warn, "log.small", "kb", strconv.FormatUint(k.SizeKB, 10), "limit", strconv.FormatUint(p.MinKB, 10))
	}
	if k.short(p.KeepDays, at) {
		add("reach", checks.Warn, "log.short", "since", k.Since, "limit", strconv.Itoa(p.KeepDays))
	}
	return out
}

// short tells that a log reaches less far back than it should, on a machine that
// is older than the log: what was before is overwritten or was deleted.
func (k keeping) short(days int, at time.Time) bool {
	if k.Since == "" || k.Installed == "" || !within(k.Since, days, at) {
		return false
	}
	installed, err := time.Parse(day, k.Installed)
	return err == nil && k.Since > installed.AddDate(0, 0, 2).Format(day)
}

// sum makes the verdict of findings: what could not be read is unknown, unless a
// violation is proven all the same.
func sum(findings []checks.Finding, unread []checks.Unread, good checks.Reason) checks.Verdict {
	v := checks.Verdict{Status: checks.Pass, Reason: good, Findings: findings}
	for _, u := range unread {
		v.Findings = append(v.Findings, checks.Finding{Key: "unread:" + u.Source, Status: checks.Unknown,
			Reason: checks.Because("auditing.unread", "source", u.Source, "why", u.Why)})
	}
	var statuses []checks.Status
	for _, f := range v.Findings {
		statuses = append(statuses, f.Status)
	}
	if len(statuses) > 0 {
		v.Status = checks.Worst(append(statuses, checks.Pass)...)
	}
	if v.Status == checks.Pass {
		return v
	}
	n := 0
	for _, f := range v.Findings {
		if f.Status != v.Status {
			continue
		}
		if n++; n == 1 {
			v.Reason = f.Reason
		}
	}
	if n > 1 {
		v.Reason = checks.Because("auditing.several", "bad", strconv.Itoa(n))
	}
	return v
}
