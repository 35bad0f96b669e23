package directory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks/host"
)

// person is one account of the directory, as all checks of accounts read it.
type person struct {
	dn       string
	name     string
	others   []string // by which it may be called besides: for mail, or of several names
	sid      string
	disabled bool // or past its end
	// closedBy is the last moment by which a disabled account is known to have been so;
	// zero when that is not told, or was not asked (Active Directory, see closings).
	closedBy time.Time
	// openUntil is the end that closed the account, when it was set before.
	openUntil time.Time
	ends      time.Time // zero for none
	flags     int64     // userAccountControl
	changed   time.Time // the password; zero when it is not known
	// mustChange asks for a new password at the next log-on.
	mustChange bool
	used       time.Time // the last log-on that was noted; zero for none
	created    time.Time
}

// Bits of userAccountControl (MS-ADTS 2.2.16).
const (
	flagDisabled      = 0x2
	flagNotRequired   = 0x20
	flagReversible    = 0x80
	flagNeverExpires  = 0x10000
	flagWeakKerberos  = 0x200000
	userAccountFilter = "(sAMAccountType=805306368)" // people and services, no machines
)

// people lists the accounts that can log on, and those that are disabled.
func (r *reader) people(ctx context.Context) []person {
	var out []person
	switch r.Kind {
	case activeDirectory:
		out = r.domainPeople(ctx)
	case openLDAP:
		out = r.ldapPeople(ctx)
	}
	if r.Kind != "" && len(out) == 0 {
		r.note(sourceAccounts, "permission") // no directory is without accounts: they are hidden
	}
	if r.Kind != "" {
		r.sight(ctx)
	}
	slices.SortFunc(out, func(a, b person) int { return strings.Compare(a.name, b.name) })
	return out
}

func (r *reader) domainPeople(ctx context.Context) []person {
	found, err := r.below(ctx, userAccountFilter, maxAccounts, "sAMAccountName", "userPrincipalName", "objectSid", "userAccountControl",
		"pwdLastSet", "lastLogonTimestamp", "whenCreated", "accountExpires")
	if err != nil {
		r.need(sourceAccounts, err)
		return nil
	}
	out := make([]person, 0, len(found))
	for _, e := range found {
		flags := r.number(e, "userAccountControl", sourceAccounts)
		if flags == nil { // it is hidden: every account has it
			r.note(sourceAccounts, "permission")
			continue
		}
		p := person{dn: e.DN, flags: *flags, disabled: *flags&flagDisabled != 0}
		p.name, _ = first(e, "sAMAccountName")
		p.others = e.Attributes["userPrincipalName"]
		if sid, ok := first(e, "objectSid"); ok {
			p.sid = sidText(sid)
		}
		if set := r.number(e, "pwdLastSet", sourceAccounts); set != nil {
			p.changed, _ = fileTime(*set)
			p.mustChange = *set == 0 && *flags&flagNeverExpires == 0
		}
		if used := r.number(e, "lastLogonTimestamp", sourceAccounts); used != nil {
			p.used, _ = fileTime(*used)
		}
		if ends := r.number(e, "accountExpires", sourceAccounts); ends != nil {
			if t, ok := fileTime(*ends); ok && t.Before(r.Host.Now()) {
				p.disabled, p.ends = true, t
			}
		}
		if made, ok := first(e, "whenCreated"); ok {
			p.created, _ = generalizedTime(made)
		}
		out = append(out, p)
	}
	return out
}

// lockedForGood is the pwdAccountLockedTime of an account that an administrator locked.
const lockedForGood = "000001010000Z"

// ldapAccountFilter finds people and services of OpenLDAP.
const ldapAccountFilter = "(&(uid=*)(|(objectClass=posixAccount)(objectClass=inetOrgPerson)(objectClass=account)))"

// ldapPeople reads the accounts of OpenLDAP: entries with a user name. What a password
// policy writes beside them is operational and must be asked for by name.
func (r *reader) ldapPeople(ctx context.Context) []person {
	found, err := r.below(ctx, ldapAccountFilter, maxAccounts,
		"uid", "pwdChangedTime", "pwdReset", "pwdAccountLockedTime", "pwdEndTime", "shadowLastChange", "shadowExpire",
		"authTimestamp", "pwdLastSuccess", "createTimestamp", "modifyTimestamp")
	if err != nil {
		r.need(sourceAccounts, err)
		return nil
	}
	now := r.Host.Now()
	out := make([]person, 0, len(found))
	for _, e := range found {
		p := person{dn: e.DN, others: e.Attributes["uid"]}
		p.name, _ = first(e, "uid")
		at := func(name string) time.Time {
			value, _ := first(e, name)
			t, _ := generalizedTime(value)
			return t
		}
		p.changed, p.created = at("pwdChangedTime"), at("createTimestamp")
		if p.changed.IsZero() {
			p.changed, _ = shadowDay(e, "shadowLastChange")
		}
		p.mustChange, _ = boolean(e, "pwdReset")
		if last, ok := first(e, "shadowLastChange"); ok && last == "0" {
			p.mustChange = true
		}
		for _, name := range []string{"authTimestamp", "pwdLastSuccess"} {
			if t := at(name); t.After(p.used) {
				p.used = t
			}
		}
		locked, _ := first(e, "pwdAccountLockedTime")
		ends := at("pwdEndTime")
		if day, ok := shadowDay(e, "shadowExpire"); ok && (ends.IsZero() || day.Before(ends)) {
			ends = day
		}
		p.disabled = locked == lockedForGood || !ends.IsZero() && ends.Before(now)
		// An administrator's lock bears no date, and an end may have been written later
		// than it: the entry's last change is after either.
		if p.closedBy = at("modifyTimestamp"); locked != lockedForGood && ends.After(p.closedBy) {
			p.closedBy, p.openUntil = ends, ends
		}
		out = append(out, p)
	}
	return out
}

// shadowDay reads a number of days since 1970, as shadow(5) counts; -1 and 0 are none.
func shadowDay(e host.DirectoryEntry, name string) (time.Time, bool) {
	text, _ := first(e, name)
	days, err := strconv.ParseInt(text, 10, 32)
	if err != nil || days <= 0 {
		return time.Time{}, false
	}
	return time.Unix(days*86400, 0).UTC(), true
}
