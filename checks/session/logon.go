package session

import (
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// logon is AC-LOGON-REQ: nobody gets a session without giving a password.
func logon() checks.Check {
	return checks.New(checks.Info{ID: "session.logon", Messages: logonMessages(), Covers: logonCovers()},
		struct{}{},
		checks.On[logonFacts]{
			host.Windows: observeLogonRegistry,
			host.Linux:   observeLogonFiles,
		}, judgeLogon)
}

// logonFacts is the evidence of session.logon.
type logonFacts struct {
	// Automatic are the ways in which this machine logs somebody on by itself.
	Automatic []autologon `json:"automatic,omitempty"`
	// Blank are enabled accounts that have no password, or need none.
	Blank []string `json:"blank,omitempty"`
	// BlankAllowed tells that a Windows machine takes empty passwords and has accounts of
	// which nothing says that they have another.
	BlankAllowed bool `json:"blank_allowed,omitempty"`
	// Open are the services of PAM that let in somebody who gives no password.
	Open []string `json:"open,omitempty"`
	// Stored tells that a password for an automatic log-on is kept in clear text although
	// nobody is logged on by it.
	Stored bool `json:"stored,omitempty"`
	// Guest tells whether the guest account is enabled; nil when unread or on
	// a system that has none.
	Guest *bool `json:"guest,omitempty"`
	// GuestSession is the file by which a display manager of Linux offers a session to
	// guests; empty where none does.
	GuestSession string `json:"guest_session,omitempty"`
	// BlankFromNetwork tells that blank passwords are accepted over the
	// network too (LimitBlankPasswordUse is 0).
	BlankFromNetwork bool `json:"blank_from_network,omitempty"`
	// NullOK lists the PAM services that accept a blank password.
	NullOK []string `json:"null_ok,omitempty"`
	// Looked counts the sources that answered, so that an empty list is not
	// mistaken for "nothing was read".
	Looked int             `json:"looked"`
	Unread []checks.Unread `json:"unread,omitempty"`
}

// autologon is one automatic log-on: what does it, and for which account.
type autologon struct {
	Program string `json:"program"` // winlogon, gdm, lightdm, sddm, lxdm, greetd, nodm, getty, debug-shell
	Source  string `json:"source"`  // file or key
	Account string `json:"account,omitempty"`
	// Stored tells that a password stands in clear text beside it.
	Stored bool `json:"stored,omitempty"`
}

func judgeLogon(seen logonFacts, _ struct{}, _ time.Time) checks.Verdict {
	var v checks.Verdict
	add := func(key string, status checks.Status, code string, args ...string) {
		v.Findings = append(v.Findings, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, args...)})
	}
	for _, a := range seen.Automatic {
		code := "logon.automatic"
		if a.Stored {
			code = "logon.automatic_stored"
		}
		add("automatic/"+a.Program+"/"+a.Account, checks.Fail, code, "program", a.Program, "source", a.Source, "account", a.Account)
	}
	for _, service := range seen.Open {
		add("open/"+service, checks.Fail, "logon.open", "service", service)
	}
	if seen.Stored {
		add("stored", checks.Fail, "logon.stored", "source", keyWinlogon+`\DefaultPassword`)
	}
	for _, name := range seen.Blank {
		add("blank/"+name, checks.Fail, "logon.blank", "account", name)
	}
	if seen.BlankAllowed {
		add("blank_allowed", checks.Unknown, "logon.blank_allowed")
	}
	if seen.Guest != nil && *seen.Guest {
		add("guest", checks.Fail, "logon.guest")
	}
	if seen.GuestSession != "" {
		add("guest_session", checks.Fail, "logon.guest_session", "source", seen.GuestSession)
	}
	if seen.BlankFromNetwork {
		add("blank_from_network", checks.Fail, "logon.blank_from_network")
	}
	for _, service := range seen.NullOK {
		add("null_ok/"+service, checks.Warn, "logon.null_ok", "service", service)
	}
	for _, u := range seen.Unread {
		add("unread/"+u.Source, checks.Unknown, "logon.unread", "source", u.Source, "why", u.Why)
	}
	statuses := []checks.Status{checks.Pass}
	for _, f := range v.Findings {
		statuses = append(statuses, f.Status)
	}
	if seen.Looked == 0 {
		statuses = append(statuses, checks.Unknown)
	}
	v.Status = checks.Worst(statuses...)
	v.Reason = logonReason(v.Status, v.Findings)
	return v
}

func logonReason(status checks.Status, findings []checks.Finding) checks.Reason {
	n, firstOf := 0, checks.Reason{}
	for _, f := range findings {
		if f.Status == status {
			if n == 0 {
				firstOf = f.Reason
			}
			n++
		}
	}
	switch {
	case status == checks.Pass:
		return checks.Because("logon.required")
	case n == 0:
		return checks.Because("logon.nothing_read")
	case n == 1:
		return firstOf
	case status == checks.Fail:
		return checks.Because("logon.several", "bad", strconv.Itoa(n))
	case status == checks.Warn:
		return checks.Because("logon.several_warn", "bad", strconv.Itoa(n))
	default:
		return checks.Because("logon.several_unread", "bad", strconv.Itoa(n))
	}
}
