package auditing

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// failures is AC-FAIL-LOG: each failed log-on is logged with time, account,
// origin and reason, the log is kept, and what it shows is no attack.
func failures() checks.Check {
	return checks.New(checks.Info{ID: "auditing.failures", Covers: failuresCovers(), Messages: failuresMessages()},
		failureParams{keepingParams: defaultKeeping(), AccountFailures: 10, SourceAccounts: 5, DayFailures: 50},
		checks.On[failureFacts]{
			host.Windows: observeFailuresEvents,
			host.Linux:   observeFailuresFiles,
		}, judgeFailures)
}

// defaultKeeping asks that a log is as large as Windows makes it, and that the days
// which are looked at are in it.
func defaultKeeping() keepingParams {
	return keepingParams{MinKB: 20480, KeepDays: lookBack, Days: lookBack}
}

// Validate reports days that the facts cannot answer for.
func (p keepingParams) Validate() error {
	if p.Days < 1 || p.Days > lookBack {
		return errors.New("days: 1 to " + strconv.Itoa(lookBack))
	}
	if p.KeepDays < 0 || p.KeepDays > reach {
		return errors.New("keep_days: 0 to " + strconv.Itoa(reach))
	}
	return nil
}

type failureParams struct {
	keepingParams
	// AccountFailures is how many failed log-ons at one account within ten minutes
	// are an attack, and from one address at names that are no accounts.
	AccountFailures int `json:"account_failures"`
	// SourceAccounts is how many different accounts tried from one address on one day
	// are one. Names that are no accounts count as one together.
	SourceAccounts int `json:"source_accounts"`
	// DayFailures is how many failed log-ons on one day, however slowly, are worth a look:
	// at one account, or at names that are no accounts; 0 does not look at that.
	DayFailures int `json:"day_failures"`
}

// failureFacts is the evidence of auditing.failures.
type failureFacts struct {
	Log keeping `json:"log"`
	// Audit tells what of the failures a Windows machine writes to its log, by the
	// subcategory of its audit policy: logon, credentials and kerberos, the last two on
	// a domain controller only.
	Audit map[string]bool `json:"audit,omitempty"`
	// SSHLevel is the LogLevel that an SSH server is given, in capitals.
	SSHLevel string `json:"ssh_level,omitempty"`
	// Btmp tells that a Linux machine has the file for failed log-ons.
	Btmp bool `json:"btmp,omitempty"`
	tally
	Unread []checks.Unread `json:"unread,omitempty"`
}

func judgeFailures(seen failureFacts, p failureParams, at time.Time) checks.Verdict {
	findings := seen.Log.judge(p.keepingParams, at)
	for _, name := range []string{"logon", "credentials", "kerberos"} {
		if on, known := seen.Audit[name]; known && !on {
			findings = append(findings, checks.Finding{Key: "audit:" + name, Status: checks.Fail,
				Reason: checks.Because("failures.not_audited", "audit", name)})
		}
	}
	if slices.Contains([]string{"QUIET", "FATAL", "ERROR"}, seen.SSHLevel) { // they are told at INFO
		findings = append(findings, checks.Finding{Key: "sshd", Status: checks.Warn,
			Reason: checks.Because("failures.sshd_quiet", "level", seen.SSHLevel)})
	}
	total := 0
	for _, d := range seen.Days {
		if within(d.Day, p.Days, at) {
			total += d.Count
		}
	}
	slow := func(count int) bool { return p.DayFailures > 0 && count >= p.DayFailures }
	for _, a := range seen.Accounts {
		f := checks.Finding{Key: "account:" + a.Account + ":" + a.Day}
		args := []string{"account", a.Account, "day", a.Day, "peak", strconv.Itoa(a.Peak), "count", strconv.Itoa(a.Count)}
		switch {
		case !within(a.Day, p.Days, at):
			continue
		case a.Peak >= p.AccountFailures:
			f.Status, f.Reason = checks.Fail, checks.Because("failures.account", append(args, "limit", strconv.Itoa(p.AccountFailures))...)
		case slow(a.Count):
			f.Status, f.Reason = checks.Warn, checks.Because("failures.account_slow", append(args, "limit", strconv.Itoa(p.DayFailures))...)
		default:
			continue
		}
		findings = append(findings, f)
	}
	for _, s := range seen.Sources {
		if !within(s.Day, p.Days, at) {
			continue
		}
		because := func(code string) checks.Reason {
			return checks.Because(code, "source", s.Source, "day", s.Day, "count", strconv.Itoa(s.Count),
				"accounts", strconv.Itoa(s.Accounts), "limit", strconv.Itoa(p.SourceAccounts))
		}
		key := "source:" + s.Source + ":" + s.Day
		switch {
		case s.Accounts >= p.SourceAccounts:
			findings = append(findings, checks.Finding{Key: key, Status: checks.Fail, Reason: because("failures.source")})
		case s.Source == "" && (s.Peak >= p.AccountFailures || slow(s.Count)):
			findings = append(findings, checks.Finding{Key: "unknown:" + s.Day, Status: checks.Warn, Reason: because("failures.unknown_here")})
		case (s.Peak >= p.AccountFailures || slow(s.Count)) && s.Unknown == s.Count:
			findings = append(findings, checks.Finding{Key: key, Status: checks.Warn, Reason: because("failures.source_unknown")})
		}
	}
	return sum(findings, seen.Unread, checks.Because("failures.logged", "count", strconv.Itoa(total), "days", strconv.Itoa(p.Days)))
}
