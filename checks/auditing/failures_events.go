package auditing

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/host"
)

// Events of failed log-ons, and the subcategories of the audit policy that they
// belong to (ntsecapi.h).
const (
	logonFailed       = 4625
	kerberosFailed    = 4771 // on a domain controller
	credentialChecked = 4776 // on a domain controller; with status 0 it succeeded

	auditLogon       = "{0CCE9215-69AE-11D9-BED3-505054503030}"
	auditCredentials = "{0CCE923F-69AE-11D9-BED3-505054503030}"
	auditKerberos    = "{0CCE9242-69AE-11D9-BED3-505054503030}"
)

// observeFailuresEvents reads the failed log-ons of a Windows machine.
func observeFailuresEvents(ctx context.Context, h *host.Host) (failureFacts, error) {
	r := newReader(h)
	p := r.users(ctx)
	seen := failureFacts{Log: r.channel(ctx, p), Audit: map[string]bool{}}
	controller := r.controller(ctx)
	q := host.EventQuery{
		Channel: security, IDs: []uint32{logonFailed},
		Data:  []string{"TargetUserName", "Status", "SubStatus", "IpAddress"},
		Known: map[string][]string{"TargetUserName": p.names},
	}
	if controller {
		q.IDs = append(q.IDs, kerberosFailed, credentialChecked)
	}
	log, _ := r.events(ctx, q)
	var here, checked []attempt
	for _, e := range log.Events {
		a, ok := eventAttempt(e, p)
		switch {
		case !ok:
		case e.ID == logonFailed:
			here = append(here, a)
		default: // for the whole domain; a log-on at the controller itself is in both
			checked = append(checked, a)
		}
	}
	seen.tally = count(here).or(count(checked)).bounded()
	has := func(id uint32) bool {
		return slices.ContainsFunc(log.Events, func(e host.Event) bool {
			_, failed := eventAttempt(e, p)
			return e.ID == id && failed
		})
	}
	ask := func(name, subcategory string, id uint32) {
		if on, known := r.audited(ctx, subcategory, true, has(id)); known {
			seen.Audit[name] = on
		}
	}
	ask("logon", auditLogon, logonFailed)
	if controller {
		ask("credentials", auditCredentials, credentialChecked)
		ask("kerberos", auditKerberos, kerberosFailed)
	}
	seen.Unread = one(r.Unread)
	return seen, nil
}

// eventAttempt reads a failed log-on out of an event; ok is false for one that
// succeeded.
func eventAttempt(e host.Event, p *people) (a attempt, ok bool) {
	name := e.Data["TargetUserName"]
	a = attempt{time: e.Time, account: p.account(name), source: address4(e.Data["IpAddress"]), count: 1}
	status := number(e.Data["SubStatus"])
	if status == 0 {
		status = number(e.Data["Status"])
	}
	switch e.ID {
	case kerberosFailed:
		a.why = kerberosWhy(status)
	case credentialChecked:
		if status == 0 {
			return attempt{}, false
		}
		a.why = statusWhy(status)
	default:
		a.why = statusWhy(status)
	}
	if a.why == "no_such_account" && !strings.Contains(name, "@") {
		a.account = "" // of another domain, with the name of one of the machine's
	}
	return a, true
}

// number reads a status, as 0xc000006a or in decimal.
func number(text string) uint64 {
	n, err := strconv.ParseUint(strings.ToLower(text), 0, 64)
	if err != nil {
		return 0
	}
	return n & (1<<32 - 1) // some systems write it as a negative number of 64 bits
}

// statusWhy names the reason of an NTSTATUS (MS-ERREF 2.3).
func statusWhy(status uint64) string {
	switch status {
	case 0xC0000064, 0xC000005E:
		return "no_such_account"
	case 0xC000006A, 0xC000006D:
		return "wrong_password"
	case 0xC000006F, 0xC0000070:
		return "not_now_or_here"
	case 0xC0000071, 0xC0000224:
		return "password_expired"
	case 0xC0000072:
		return "disabled"
	case 0xC0000193:
		return "account_expired"
	case 0xC0000234:
		return "locked_out"
	case 0xC000015B:
		return "not_granted"
	default:
		return "other"
	}
}

// kerberosWhy names the reason of a Kerberos error (RFC 4120 section 7.5.9).
func kerberosWhy(code uint64) string {
	switch code {
	case 0x06:
		return "no_such_account"
	case 0x12:
		return "disabled" // or locked out, or expired
	case 0x17:
		return "password_expired"
	case 0x18:
		return "wrong_password"
	default:
		return "other"
	}
}
