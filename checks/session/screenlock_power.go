package session

import (
	"context"
	"slices"
	"strings"
	"time"

	"vigia/checks"
)

// The power setting "require a password on wakeup" (CONSOLELOCK), in its group of
// settings without a group, and where Windows keeps its value: by policy, in the scheme
// that is active, or as the scheme came.
const (
	powerPolicy   = `HKLM\SOFTWARE\Policies\Microsoft\Power\PowerSettings\` + consoleLock
	powerSchemes  = `HKLM\SYSTEM\CurrentControlSet\Control\Power\User\PowerSchemes`
	powerDefaults = `HKLM\SYSTEM\CurrentControlSet\Control\Power\PowerSettings\` + noSubgroup + `\` + consoleLock + `\DefaultPowerSchemeValues\`
	noSubgroup    = "fea3413e-7e05-4911-9a71-700331f1c294"
	consoleLock   = "0e796bdb-100d-47d6-a2d5-f7d2daa51f51"
)

// resumeFact tells whether the machine asks for a password when it wakes from sleep.
type resumeFact struct {
	Supply string   `json:"supply"`         // ac or battery
	Asks   *setting `json:"asks,omitempty"` // 0: it does not
	// Unread is what could not be read, and might decide.
	Unread []checks.Unread `json:"unread,omitempty"`
}

// observeResume reads the setting for both supplies. What nobody set asks for a
// password: Windows comes so.
func observeResume(ctx context.Context, r *reader) []resumeFact {
	scheme := ""
	if v, err := r.Host.Registry.Value(ctx, powerSchemes, "ActivePowerScheme"); err == nil {
		scheme = strings.ToLower(v.String)
	} else {
		r.Miss(powerSchemes+`\ActivePowerScheme`, err)
	}
	unread := r.Unread
	var out []resumeFact
	for _, supply := range []struct{ name, policy, scheme, given string }{
		{"ac", "ACSettingIndex", "ACSettingIndex", "AcSettingIndex"},
		{"battery", "DCSettingIndex", "DCSettingIndex", "DcSettingIndex"},
	} {
		r.Unread = nil
		asks, known := r.dword(ctx, powerPolicy, supply.policy, fromMachine)
		if asks == nil && known && scheme != "" {
			asks, known = r.dword(ctx, powerSchemes+`\`+scheme+`\`+noSubgroup+`\`+consoleLock, supply.scheme, fromSystem)
			if asks == nil && known {
				asks, known = r.dword(ctx, powerDefaults+scheme, supply.given, fromProgram)
			}
		}
		f := resumeFact{Supply: supply.name, Asks: asks}
		switch {
		case asks != nil:
		case known && len(unread) == 0:
			f.Asks = &setting{Value: 1, From: fromProgram}
		default:
			f.Unread = append(slices.Clone(unread), r.Unread...)
		}
		out = append(out, f)
	}
	r.Unread = nil
	return out
}

// judgeResume gives a finding for each supply on which the machine wakes open, or may.
func judgeResume(facts []resumeFact) []checks.Finding {
	var out []checks.Finding
	for _, f := range facts {
		switch {
		case len(f.Unread) > 0:
			out = append(out, checks.Finding{Key: "resume/" + f.Supply, Status: checks.Unknown, Reason: unreadReason(f.Unread)})
		case f.Asks != nil && f.Asks.Value == 0:
			out = append(out, checks.Finding{Key: "resume/" + f.Supply, Status: checks.Fail,
				Reason: checks.Because("screenlock.wakes_open", "supply", f.Supply, "from", f.Asks.From)})
		}
	}
	return out
}

// Machines that fall asleep without the old sleep states ask for a password by a setting of
// each person ("if you have been away"), which a policy may take from them; in a domain it
// is theirs only where a policy gives it.
const (
	valueDelay      = "DelayLockInterval"
	keySystemPolicy = `HKLM\SOFTWARE\Policies\Microsoft\Windows\System`
	valueAllowDelay = "AllowDomainDelayLock"

	neverAsks = 1<<32 - 1
)

// delayAllowed tells whether a person may choose when a password is asked.
func delayAllowed(ctx context.Context, r *reader) bool {
	allow, known := r.dword(ctx, keySystemPolicy, valueAllowDelay, fromMachine)
	r.Unread = nil // then what people chose counts
	if allow != nil || !known {
		return allow == nil || allow.Value != 0
	}
	id, err := r.Host.System.Identity(ctx)
	return err != nil || id.Domain == ""
}

// judgeWake gives a finding for each person whose session may come back without a password
// after a time that is too long. Whether a Windows machine sleeps in the way for which
// that counts is not seen.
func judgeWake(lockers []lockFact, p lockParams, at time.Time) []checks.Finding {
	var out []checks.Finding
	for _, f := range lockers {
		if _, left := leftOut(f, p.UnusedDays, at); left || f.Wake == nil || f.Wake.Value <= p.MaxIdle {
			continue
		}
		finding := checks.Finding{Key: f.key() + "/wake", Status: checks.Fail, Reason: checks.Because("screenlock.resumes_open", "profile", f.name(), "from", f.Wake.From)}
		if f.Locker == lockerWindows {
			finding.Status, finding.Reason.Code = checks.Unknown, "screenlock.standby_open"
		}
		out = append(out, finding)
	}
	return out
}
