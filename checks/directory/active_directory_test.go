package directory

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// today is the moment of every observation here.
func today() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

const (
	adBase      = "DC=villaejemplo,DC=example"
	adContainer = "CN=Password Settings Container,CN=System," + adBase
	never       = "-9223372036854775808"
)

// Keys of the questions to Active Directory.
const (
	askRoot      = "base  " + anything
	askHead      = "base " + adBase + " " + anything
	askContainer = "base " + adContainer + " " + anything
	askSettings  = "one " + adContainer + " (objectClass=msDS-PasswordSettings)"
	askApplied   = "subtree " + adBase + " (msDS-PSOApplied=*)"
	askAll       = "subtree " + adBase + " " + anything
	askHolders   = "subtree " + adBase + " " + containers
	askPeople    = "subtree " + adBase + " " + userAccountFilter
	askLocked    = "subtree " + adBase + " (&" + userAccountFilter + "(lockoutTime>=1))"
	askChanged   = "subtree " + adBase + " (&" + userAccountFilter + "(whenChanged>=20261113000000.0Z))"
	askGroups    = "subtree " + adBase + " (|(objectSid=S-1-5-21-1-2-3-512)(objectSid=S-1-5-21-1-2-3-518)(objectSid=S-1-5-21-1-2-3-519)(objectSid=S-1-5-32-544))"
)

// askMembers is the question for the members of a group.
func askMembers(dn, rid string) string {
	return "subtree " + adBase + " (|(memberOf:" + ruleInChain + ":=" + dn + ")(primaryGroupID=" + rid + "))"
}

// sid is the bytes of S-1-AUTHORITY-parts.
func sid(parts ...uint32) string {
	b := []byte{1, byte(len(parts)), 0, 0, 0, 0, 0, 5}
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, p)
	}
	return string(b)
}

// ace is one entry of a list of rights: for a SID, of a kind, with flags and a mask.
func ace(kind, flags byte, mask uint32, sid string) string {
	b := []byte{kind, flags, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, mask)
	if kind == aceAllowObject || kind == aceDenyObject {
		b = append(append(b, aceHasType, 0, 0, 0), make([]byte, 16)...)
	}
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)+len(sid)))
	return string(b) + sid
}

// rights is a security descriptor with nothing but a list of rights.
func rights(aces ...string) string {
	all := strings.Join(aces, "")
	b := append([]byte{1, 0, 4, 0x80}, make([]byte, 12)...)
	b = binary.LittleEndian.AppendUint32(b, 20)
	b = append(b, 4, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(8+len(all)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(aces)))
	return string(append(b, 0, 0)) + all
}

// readable lets everybody who logged on list and read.
func readable() string { return rights(ace(aceAllow, 0, 0x20094, sid(11))) }

// changes is replPropertyMetaData: numbers of attributes, and how many days ago.
func changes(pairs ...int) string {
	b := binary.LittleEndian.AppendUint64([]byte{1, 0, 0, 0, 0, 0, 0, 0}, uint64(len(pairs)/2))
	for i := 0; i+1 < len(pairs); i += 2 {
		b = binary.LittleEndian.AppendUint64(b, uint64(pairs[i])|1<<32)
		b = binary.LittleEndian.AppendUint64(b, uint64(today().AddDate(0, 0, -pairs[i+1]).Unix()+ticksTo1970/ticksPerSecond))
		b = append(b, make([]byte, 32)...)
	}
	return string(b)
}

// object is an entry of pairs of attribute and value.
func object(dn string, pairs ...string) host.DirectoryEntry {
	e := host.DirectoryEntry{DN: dn, Attributes: map[string][]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		e.Attributes[pairs[i]] = append(e.Attributes[pairs[i]], pairs[i+1])
	}
	return e
}

// with replaces attributes of an entry; an empty value takes one away.
func with(e host.DirectoryEntry, pairs ...string) host.DirectoryEntry {
	out := host.DirectoryEntry{DN: e.DN, Attributes: maps.Clone(e.Attributes)}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Attributes[pairs[i]] = []string{pairs[i+1]}
		if pairs[i+1] == "" {
			delete(out.Attributes, pairs[i])
		}
	}
	return out
}

// ago is the moment some days ago, as Active Directory counts.
func ago(days int) string {
	t := today().Add(-time.Duration(days) * 24 * time.Hour)
	return strconv.FormatInt(t.Unix()*ticksPerSecond+ticksTo1970, 10)
}

func head() host.DirectoryEntry {
	return object(adBase, "objectSid", sid(21, 1, 2, 3), "maxPwdAge", "-156960000000000", "minPwdAge", "-864000000000", "minPwdLength", "12",
		"pwdHistoryLength", "24", "pwdProperties", "1", "lockoutThreshold", "3", "lockoutDuration", never)
}

// user is an enabled account in use.
func user(name string, number uint32, pairs ...string) host.DirectoryEntry {
	return with(object("CN="+name+",CN=Users,"+adBase, "sAMAccountName", name, "objectSid", sid(21, 1, 2, 3, number),
		"objectClass", "user", "userAccountControl", "512", "pwdLastSet", ago(30), "lastLogonTimestamp", ago(5),
		"whenCreated", "20200102030405.0Z"), pairs...)
}

func settings(name string, pairs ...string) host.DirectoryEntry {
	return with(object("CN="+name+","+adContainer, "msDS-PasswordSettingsPrecedence", "10", "msDS-MaximumPasswordAge", "-77760000000000",
		"msDS-MinimumPasswordAge", "-864000000000", "msDS-MinimumPasswordLength", "14", "msDS-PasswordHistoryLength", "24",
		"msDS-PasswordComplexityEnabled", "TRUE", "msDS-PasswordReversibleEncryptionEnabled", "FALSE", "msDS-LockoutThreshold", "3",
		"msDS-LockoutDuration", "0", "msDS-PSOAppliesTo", "CN=Jefatura,CN=Users,"+adBase), pairs...)
}

const (
	dnAdmins = "CN=Administradores,CN=Builtin," + adBase
	dnDomain = "CN=Admins. del dominio,CN=Users," + adBase
)

const adUsers = "CN=Users," + adBase

// everything is what the entries of a domain show of themselves, and more.
func everything(more ...host.DirectoryEntry) []host.DirectoryEntry {
	return append([]host.DirectoryEntry{
		object(adBase, "objectClass", "domainDNS"), object(adUsers, "objectClass", "container"),
		object("CN=ana,"+adUsers, "objectClass", "user", "sAMAccountType", "805306368"),
		object("CN=PC1,"+adUsers, "objectClass", "user", "objectClass", "computer"),
		object("CN=clave,CN=PC1," + adUsers), // a key for recovery: nobody's account
		object("CN=NTDS Quotas," + adBase), object("CN=TPM Devices," + adBase), object("CN=Keys," + adBase), object("CN=Infrastructure," + adBase), object("CN=x,CN=IP Security,CN=System," + adBase),
	}, more...)
}

// holders is the rights over the containers of a domain, and more.
func holders(more ...host.DirectoryEntry) []host.DirectoryEntry {
	return append([]host.DirectoryEntry{
		object(adBase, "nTSecurityDescriptor", readable()), object(adUsers, "nTSecurityDescriptor", readable()), object("CN=System," + adBase),
	}, more...)
}

// domain is a good Active Directory; more replaces answers, nil takes one away.
func domain(more map[string][]host.DirectoryEntry) map[string][]host.DirectoryEntry {
	admin := user("Administrador", 500)
	out := map[string][]host.DirectoryEntry{
		askRoot:                     {object("", "defaultNamingContext", adBase, "supportedCapabilities", capActiveDirectory, "tokenGroups", sid(21, 1, 2, 3, 1100))},
		askAll:                      everything(),
		askHolders:                  holders(),
		askHead:                     {head()},
		askContainer:                {object(adContainer, "objectClass", "msDS-PasswordSettingsContainer")},
		askSettings:                 {},
		askApplied:                  {},
		askPeople:                   {admin, user("ana", 1001)},
		askLocked:                   {},
		askChanged:                  {user("ana", 1001, "replPropertyMetaData", changes(numberControl, 900, 9<<16|96, 2))},
		askGroups:                   {object(dnDomain, "objectSid", sid(21, 1, 2, 3, 512), "member", admin.DN), object(dnAdmins, "objectSid", sid(32, 544), "member", admin.DN)},
		askMembers(dnDomain, "512"): {admin},
		askMembers(dnAdmins, "544"): {admin},
	}
	for k, v := range more {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

// listOf is a register of the accounts that may be.
const listOf = `{"users":[{"account":"VILLA\\Ana"},{"account":"eva"}]}`

// left is the register of somebody who left some days ago.
func left(account string, days int) string {
	return fmt.Sprintf(`{"leavers":[{"account":%q,"left":%q}]}`, account, today().Add(-time.Duration(days)*24*time.Hour).Format(time.RFC3339))
}

// leftInTime is the same where the account had to be closed in time.
func leftInTime(days int) string {
	return strings.Replace(left("luis", days), "{", `{"in_time":true,`, 1)
}

const (
	adHidden = "OU=oculta," + adBase
	askLuis  = "subtree " + adBase + " (|(objectSid=S-1-5-21-1-2-3-1005))"
)

// locked is accounts that were locked once, with what the controller computes of them.
func locked(n int, flags string) []host.DirectoryEntry {
	var out []host.DirectoryEntry
	for i := range n {
		out = append(out, object(fmt.Sprintf("CN=u%d,%s", i, adUsers), "sAMAccountName", fmt.Sprintf("u%d", i), "msDS-User-Account-Control-Computed", flags))
	}
	return out
}

// many is units that hide.
func many(n int) []host.DirectoryEntry {
	var out []host.DirectoryEntry
	for i := range n {
		out = append(out, object(fmt.Sprintf("OU=oculta%02d,%s", i, adBase)))
	}
	return out
}

// closed is a disabled account with the changes that the directory tells of.
func closed(changes string) entries {
	return entries{
		askPeople: {user("luis", 1005, "userAccountControl", "514", "lastLogonTimestamp", ago(45))},
		askLuis:   {with(object("CN=luis,"+adUsers), "replPropertyMetaData", changes)},
	}
}

// ended is an account with an end some days ago.
func ended(days int, changes string) entries {
	out := closed(changes)
	out[askPeople] = []host.DirectoryEntry{user("luis", 1005, "accountExpires", ago(days), "lastLogonTimestamp", ago(45))}
	return out
}

type entries = map[string][]host.DirectoryEntry

func one(key string, e ...host.DirectoryEntry) entries { return entries{key: e} }

func TestActiveDirectory(t *testing.T) {
	denied := map[string]error{"search " + askSettings: fs.ErrPermission}
	for _, row := range []struct {
		name   string
		check  checks.Check
		more   entries
		errors map[string]error
		params string
		want   checks.Status
		code   string
	}{
		{"length recommended", passwordLength(), nil, nil, "", checks.Pass, "directory.length_good"},
		{"length legal", passwordLength(), one(askHead, with(head(), "minPwdLength", "7")), nil, "", checks.Warn, "directory.length_legal_only"},
		{"length short", passwordLength(), one(askHead, with(head(), "minPwdLength", "5")), nil, "", checks.Fail, "directory.length_short"},
		{"length off", passwordLength(), one(askHead, with(head(), "minPwdLength", "0")), nil, "", checks.Fail, "directory.length_off"},
		{"length short for some", passwordLength(), one(askSettings, settings("corta", "msDS-MinimumPasswordLength", "4")), nil, "", checks.Fail, "directory.length_short"},
		{"a policy for nobody binds nobody", passwordLength(), one(askSettings, settings("nadie", "msDS-MinimumPasswordLength", "4", "msDS-PSOAppliesTo", "")), nil, "", checks.Pass, "directory.length_good"},
		{"length hidden", passwordLength(), one(askHead, with(head(), "minPwdLength", "")), nil, "", checks.Unknown, "directory.rule_unread"},
		{"length not a number", passwordLength(), one(askHead, with(head(), "minPwdLength", "doce")), nil, "", checks.Unknown, "directory.several_unknown"},
		{"a fine-grained length hidden", passwordLength(), one(askSettings, settings("media", "msDS-MinimumPasswordLength", "")), nil, "", checks.Unknown, "directory.rule_unread"},
		{"container hidden", passwordLength(), one(askContainer, object(adContainer)), nil, "", checks.Unknown, "directory.unread"},
		{"container not there", passwordLength(), nil, map[string]error{"search " + askContainer: fs.ErrNotExist}, "", checks.Unknown, "directory.unread"},
		{"settings denied", passwordLength(), nil, denied, "", checks.Unknown, "directory.unread"},
		{"settings denied, and short anyway", passwordLength(), one(askHead, with(head(), "minPwdLength", "5")), denied, "", checks.Fail, "directory.length_short"},
		{"a hidden policy that somebody points to", passwordLength(), one(askApplied, object("CN=ana,"+adBase, "msDS-PSOApplied", "CN=oculta,"+adContainer)), nil, "", checks.Unknown, "directory.unread"},
		{"a policy that somebody points to", passwordLength(), entries{askSettings: {settings("media")}, askApplied: {object("CN=ana,"+adBase, "msDS-PSOApplied", "cn=media,"+adContainer)}}, nil, "", checks.Pass, "directory.length_good"},

		{"complexity on", passwordComposition(), nil, nil, "", checks.Pass, "directory.composition_good"},
		{"complexity off", passwordComposition(), one(askHead, with(head(), "pwdProperties", "16")), nil, "", checks.Fail, "directory.composition_off"},
		{"complexity off for some", passwordComposition(), one(askSettings, settings("simple", "msDS-PasswordComplexityEnabled", "FALSE")), nil, "", checks.Fail, "directory.composition_off"},
		{"four classes asked", passwordComposition(), nil, nil, `{"min_classes":4}`, checks.Fail, "directory.composition_off"},
		{"complexity hidden", passwordComposition(), one(askHead, with(head(), "pwdProperties", "")), nil, "", checks.Unknown, "directory.rule_unread"},

		{"history", passwordHistory(), nil, nil, "", checks.Pass, "directory.history_good"},
		{"history short", passwordHistory(), one(askHead, with(head(), "pwdHistoryLength", "3")), nil, "", checks.Warn, "directory.history_legal_only"},
		{"no history", passwordHistory(), one(askHead, with(head(), "pwdHistoryLength", "0")), nil, "", checks.Fail, "directory.history_short"},
		{"history that is cycled", passwordHistory(), one(askHead, with(head(), "minPwdAge", "0")), nil, "", checks.Fail, "directory.history_cycled"},
		{"no history for some", passwordHistory(), one(askSettings, settings("breve", "msDS-PasswordHistoryLength", "0")), nil, "", checks.Fail, "directory.history_short"},
		{"history hidden", passwordHistory(), one(askHead, with(head(), "pwdHistoryLength", "")), nil, "", checks.Unknown, "directory.rule_unread"},

		{"three attempts", lockout(), nil, nil, "", checks.Pass, "directory.lockout_good"},
		{"five attempts where they are legal", lockout(), one(askHead, with(head(), "lockoutThreshold", "5")), nil, `{"max":5}`, checks.Warn, "directory.lockout_legal_only"},
		{"five attempts", lockout(), one(askHead, with(head(), "lockoutThreshold", "5")), nil, "", checks.Fail, "directory.lockout_many"},
		{"no lockout", lockout(), one(askHead, with(head(), "lockoutThreshold", "0")), nil, "", checks.Fail, "directory.lockout_off"},
		{"no lockout for some", lockout(), one(askSettings, settings("sin", "msDS-LockoutThreshold", "0")), nil, "", checks.Fail, "directory.lockout_off"},
		{"attempts forgotten at once", lockout(), one(askHead, with(head(), "lockOutObservationWindow", "-300000000")), nil, "", checks.Fail, "directory.lockout_forgets"},
		{"attempts forgotten soon", lockout(), one(askHead, with(head(), "lockOutObservationWindow", "-1800000000")), nil, "", checks.Warn, "directory.lockout_forgets"},
		{"attempts forgotten soon for some", lockout(), one(askSettings, settings("corta", "msDS-LockoutObservationWindow", "-600000000")), nil, "", checks.Warn, "directory.lockout_forgets"},
		{"attempts kept for half an hour", lockout(), one(askHead, with(head(), "lockOutObservationWindow", "-18000000000")), nil, "", checks.Pass, "directory.lockout_good"},
		{"one locked now", lockout(), one(askLocked, locked(1, "16")...), nil, "", checks.Pass, "directory.lockout_good"},
		{"many locked now", lockout(), one(askLocked, locked(5, "16")...), nil, "", checks.Warn, "directory.lockout_locked_many"},
		{"many whose lock has ended", lockout(), one(askLocked, locked(5, "0")...), nil, "", checks.Pass, "directory.lockout_good"},
		{"many locked, where that is not looked at", lockout(), one(askLocked, locked(5, "16")...), nil, `{"locked_many":0}`, checks.Pass, "directory.lockout_good"},
		{"who is locked cannot be read", lockout(), nil, map[string]error{"search " + askLocked: fs.ErrPermission}, "", checks.Unknown, "directory.unread"},
		{"lockout hidden", lockout(), one(askHead, with(head(), "lockoutThreshold", "")), nil, "", checks.Unknown, "directory.rule_unread"},

		{"unlocked by an administrator", lockoutRelease(), nil, nil, "", checks.Pass, "directory.release_good"},
		{"unlocks by itself", lockoutRelease(), one(askHead, with(head(), "lockoutDuration", "-18000000000")), nil, "", checks.Fail, "directory.release_by_itself"},
		{"unlocks soon", lockoutRelease(), one(askHead, with(head(), "lockoutDuration", "-18000000000")), nil, `{"minutes":60}`, checks.Fail, "directory.release_soon"},
		{"an hour", lockoutRelease(), one(askHead, with(head(), "lockoutDuration", "-36000000000")), nil, `{"minutes":60}`, checks.Pass, "directory.release_good"},
		{"never locks", lockoutRelease(), one(askHead, with(head(), "lockoutThreshold", "0")), nil, `{"minutes":60}`, checks.Fail, "directory.release_never_locks"},
		{"locks late", lockoutRelease(), one(askHead, with(head(), "lockoutThreshold", "9")), nil, `{"minutes":60,"attempts":3}`, checks.Fail, "directory.release_many"},
		{"duration hidden", lockoutRelease(), one(askHead, with(head(), "lockoutDuration", "")), nil, "", checks.Unknown, "directory.rule_unread"},

		{"ages", passwordAge(), nil, nil, "", checks.Pass, "directory.age_good"},
		{"exactly a year", passwordAge(), one(askPeople, user("ana", 1001, "pwdLastSet", ago(365))), nil, "", checks.Pass, "directory.age_good"},
		{"a year and a day", passwordAge(), one(askPeople, user("ana", 1001, "pwdLastSet", ago(366))), nil, "", checks.Fail, "directory.age_old"},
		{"old, and disabled", passwordAge(), one(askPeople, user("ana", 1001), user("baja", 1002, "pwdLastSet", ago(900), "userAccountControl", "514")), nil, "", checks.Pass, "directory.age_good"},
		{"old, and past its end", passwordAge(), one(askPeople, user("ana", 1001), user("baja", 1002, "pwdLastSet", ago(900), "accountExpires", ago(10))), nil, "", checks.Pass, "directory.age_good"},
		{"old, and without end", passwordAge(), one(askPeople, user("ana", 1001, "pwdLastSet", ago(900), "accountExpires", "9223372036854775807")), nil, "", checks.Fail, "directory.age_old"},
		{"never expires", passwordAge(), one(askPeople, user("ana", 1001, "userAccountControl", "66048")), nil, "", checks.Fail, "directory.age_never_expires"},
		{"never expires and must change: it need not", passwordAge(), one(askPeople, user("ana", 1001, "userAccountControl", "66048", "pwdLastSet", "0")), nil, "", checks.Fail, "directory.age_never_expires"},
		{"must change", passwordAge(), one(askPeople, user("ana", 1001, "pwdLastSet", "0")), nil, "", checks.Pass, "directory.age_good"},
		{"exempt by name", passwordAge(), one(askPeople, user("svc", 1001, "userAccountControl", "66048")), nil, `{"exempt":["VILLA\\SVC"]}`, checks.Pass, "directory.age_good"},
		{"exempt by SID", passwordAge(), one(askPeople, user("svc", 1001, "pwdLastSet", ago(999))), nil, `{"exempt":["S-1-5-21-1-2-3-1001"]}`, checks.Pass, "directory.age_good"},
		{"rule off", passwordAge(), one(askHead, with(head(), "maxPwdAge", never)), nil, "", checks.Fail, "directory.age_rule_off"},
		{"rule off, written as 0", passwordAge(), one(askHead, with(head(), "maxPwdAge", "0")), nil, "", checks.Fail, "directory.age_rule_off"},
		{"rule long", passwordAge(), one(askHead, with(head(), "maxPwdAge", "-345600000000000")), nil, "", checks.Fail, "directory.age_rule_long"},
		{"rule of half a day is not never", passwordAge(), one(askHead, with(head(), "maxPwdAge", "-432000000000")), nil, "", checks.Pass, "directory.age_good"},
		{"date hidden", passwordAge(), one(askPeople, user("ana", 1001, "pwdLastSet", "")), nil, "", checks.Unknown, "directory.age_not_known"},
		{"date to come", passwordAge(), one(askPeople, user("ana", 1001, "pwdLastSet", ago(-40))), nil, "", checks.Unknown, "directory.age_not_known"},
		{"flags hidden", passwordAge(), one(askPeople, user("Administrador", 500), user("ana", 1001, "userAccountControl", "")), nil, "", checks.Unknown, "directory.unread"},
		{"accounts hidden", passwordAge(), one(askPeople), nil, "", checks.Unknown, "directory.unread"},

		{"all have passwords", passwordBlank(), nil, nil, "", checks.Pass, "directory.blank_none"},
		{"not required", passwordBlank(), one(askPeople, user("ana", 1001, "userAccountControl", "544")), nil, "", checks.Fail, "directory.blank_allowed"},
		{"not required of two", passwordBlank(), one(askPeople, user("ana", 1001, "userAccountControl", "544"), user("eva", 1002, "userAccountControl", "544")), nil, "", checks.Fail, "directory.several_fail"},
		{"not required, and one hidden", passwordBlank(), one(askPeople, user("eva", 1001, "userAccountControl", "544"), user("luis", 1002, "userAccountControl", "")), nil, "", checks.Fail, "directory.blank_allowed"},
		{"not required, and disabled", passwordBlank(), one(askPeople, user("ana", 1001), user("invitado", 501, "userAccountControl", "546")), nil, "", checks.Pass, "directory.blank_none"},
		{"flags of all hidden", passwordBlank(), one(askPeople, user("ana", 1001, "userAccountControl", "")), nil, "", checks.Unknown, "directory.unread"},

		{"kept well", passwordStore(), nil, nil, "", checks.Pass, "directory.store_good"},
		{"reversible", passwordStore(), one(askHead, with(head(), "pwdProperties", "17")), nil, "", checks.Fail, "directory.store_reversible"},
		{"reversible for some", passwordStore(), one(askSettings, settings("chap", "msDS-PasswordReversibleEncryptionEnabled", "TRUE")), nil, "", checks.Fail, "directory.store_reversible"},
		{"reversible for one", passwordStore(), one(askPeople, user("ana", 1001, "userAccountControl", "640")), nil, "", checks.Fail, "directory.store_reversible_account"},
		{"DES for one", passwordStore(), one(askPeople, user("ana", 1001, "userAccountControl", "2097664")), nil, "", checks.Fail, "directory.store_weak_account"},
		{"properties hidden", passwordStore(), one(askHead, with(head(), "pwdProperties", "")), nil, "", checks.Unknown, "directory.rule_unread"},

		{"all listed and in use", accounts(), nil, nil, listOf, checks.Pass, "directory.register_equal"},
		{"listed by SID", accounts(), nil, nil, `{"users":[{"account":"S-1-5-21-1-2-3-1001"}]}`, checks.Pass, "directory.register_equal"},
		{"no register", accounts(), nil, nil, "", checks.Unknown, "directory.register_none"},
		{"not in the register", accounts(), one(askPeople, user("ana", 1001), user("pedro", 1002)), nil, listOf, checks.Fail, "directory.register_unlisted"},
		{"not in the register, and disabled", accounts(), one(askPeople, user("ana", 1001), user("pedro", 1002, "userAccountControl", "514")), nil, listOf, checks.Pass, "directory.register_equal"},
		{"longer than the register says", accounts(), nil, nil, `{"users":[{"account":"ana","until":"2026-11-19"}]}`, checks.Fail, "directory.register_over"},
		{"on the last day", accounts(), nil, nil, `{"users":[{"account":"ana","until":"2026-11-20"}]}`, checks.Pass, "directory.register_equal"},
		{"within what a controller lags behind", accounts(), one(askPeople, user("ana", 1001, "lastLogonTimestamp", ago(103))), nil, listOf, checks.Pass, "directory.register_equal"},
		{"not used for a season", accounts(), one(askPeople, user("ana", 1001, "lastLogonTimestamp", ago(120))), nil, listOf, checks.Warn, "directory.idle"},
		{"not used for a year", accounts(), one(askPeople, user("ana", 1001, "lastLogonTimestamp", ago(400))), nil, listOf, checks.Fail, "directory.idle"},
		{"not used for a year, and no register", accounts(), one(askPeople, user("ana", 1001, "lastLogonTimestamp", ago(400))), nil, "", checks.Fail, "directory.idle"},
		{"never used", accounts(), one(askPeople, user("Administrador", 500), user("ana", 1001, "lastLogonTimestamp", "")), nil, listOf, checks.Fail, "directory.idle_never_used"},
		{"not used for two years by two", accounts(), one(askPeople, user("ana", 1001, "lastLogonTimestamp", ago(800)), user("eva", 1002, "lastLogonTimestamp", ago(800))), nil, listOf, checks.Fail, "directory.several_fail"},
		{"new, and not used yet", accounts(), one(askPeople, user("Administrador", 500), user("ana", 1001, "lastLogonTimestamp", "", "whenCreated", "20261110000000.0Z")), nil, listOf, checks.Pass, "directory.register_equal"},
		{"the administrator of every domain rests", accounts(), one(askPeople, user("Administrador", 500, "lastLogonTimestamp", ago(900)), user("ana", 1001)), nil, listOf, checks.Pass, "directory.register_equal"},
		{"not used, and disabled", accounts(), one(askPeople, user("Administrador", 500), user("ana", 1001, "lastLogonTimestamp", ago(400), "userAccountControl", "514")), nil, listOf, checks.Pass, "directory.register_equal"},
		{"nobody's log-on is told", accounts(), one(askPeople, user("ana", 1001, "lastLogonTimestamp", "")), nil, listOf, checks.Unknown, "directory.unread"},

		{"nothing changed", accountChanges(), nil, nil, "", checks.Pass, "directory.changed_none"},
		{"a new account", accountChanges(), one(askChanged, user("eva", 1002, "whenCreated", "20261118100000.0Z", "replPropertyMetaData", changes(numberControl, 2, numberName, 2))), nil, "", checks.Warn, "directory.changed"},
		{"a new account, where none may be", accountChanges(), one(askChanged, user("eva", 1002, "whenCreated", "20261118100000.0Z", "replPropertyMetaData", changes(numberControl, 2))), nil, `{"changes":"fail"}`, checks.Fail, "directory.changed"},
		{"closed, where nothing may change", accountChanges(), one(askChanged, user("eva", 1002, "userAccountControl", "514", "replPropertyMetaData", changes(numberControl, 3))), nil, `{"changes":"fail"}`, checks.Fail, "directory.changed"},
		{"renamed and given an end, where nothing may change", accountChanges(), one(askChanged, user("eva", 1002, "replPropertyMetaData", changes(numberName, 3, numberExpires, 4))), nil, `{"changes":"fail"}`, checks.Fail, "directory.several_fail"},
		{"enabled", accountChanges(), one(askChanged, user("eva", 1002, "replPropertyMetaData", changes(numberControl, 3))), nil, "", checks.Warn, "directory.changed"},
		{"enabled, as a fact only", accountChanges(), one(askChanged, user("eva", 1002, "replPropertyMetaData", changes(numberControl, 3))), nil, `{"changes":"pass"}`, checks.Pass, "directory.changed_none"},
		{"what changed is hidden", accountChanges(), one(askChanged, user("eva", 1002)), nil, "", checks.Unknown, "directory.unread"},
		{"changes, and a unit hides", accountChanges(), one(askAll, everything(object(adHidden))...), nil, "", checks.Unknown, "directory.hidden"},
		{"changes denied", accountChanges(), nil, map[string]error{"search " + askChanged: fs.ErrPermission}, "", checks.Unknown, "directory.unread"},

		{"nobody left", leavers(), nil, nil, "", checks.NotApplicable, "directory.leavers_nobody"},
		{"left, and has no account", leavers(), nil, nil, left("luis", 40), checks.Pass, "directory.leavers_gone"},
		{"left, and closed", leavers(), one(askPeople, user("luis", 1005, "userAccountControl", "514", "lastLogonTimestamp", ago(45))), nil, left("luis", 40), checks.Pass, "directory.leavers_gone"},
		{"left, and open", leavers(), one(askPeople, user("luis", 1005, "lastLogonTimestamp", ago(45))), nil, left("luis", 40), checks.Fail, "directory.leavers_open"},
		{"left, and open, by the name for mail", leavers(), one(askPeople, user("luis", 1005, "lastLogonTimestamp", ago(45))), nil, left("Luis@municipio.example", 40), checks.Fail, "directory.leavers_open"},
		{"left, and open, by SID", leavers(), one(askPeople, user("luis", 1005, "lastLogonTimestamp", ago(45))), nil, left("S-1-5-21-1-2-3-1005", 40), checks.Fail, "directory.leavers_open"},
		{"left today, and open", leavers(), one(askPeople, user("luis", 1005, "lastLogonTimestamp", ago(45))), nil, left("luis", 0), checks.Warn, "directory.leavers_due"},
		{"will leave", leavers(), one(askPeople, user("luis", 1005)), nil, left("luis", -3), checks.Pass, "directory.leavers_gone"},
		{"left, closed, and used", leavers(), one(askPeople, user("luis", 1005, "userAccountControl", "514", "lastLogonTimestamp", ago(5))), nil, left("luis", 40), checks.Fail, "directory.leavers_used"},
		{"left, open and used", leavers(), one(askPeople, user("luis", 1005)), nil, left("luis", 40), checks.Fail, "directory.several_fail"},
		{"left, by the name of mail that is another", leavers(), one(askPeople, user("llopez", 1005, "userPrincipalName", "luis.lopez@municipio.example")), nil, left("Luis.Lopez@municipio.example", 3), checks.Fail, "directory.leavers_open"},
		{"left, and open, written with a space", leavers(), one(askPeople, user("luis", 1005, "lastLogonTimestamp", ago(45))), nil, left(" luis ", 40), checks.Fail, "directory.leavers_open"},
		{"left, and a unit hides", leavers(), one(askAll, everything(object(adHidden))...), nil, left("luis", 40), checks.Unknown, "directory.hidden"},
		{"left, and found, and a unit hides", leavers(), entries{askAll: everything(object(adHidden)), askPeople: {user("luis", 1005, "userAccountControl", "514", "lastLogonTimestamp", ago(45))}}, nil, left("luis", 40), checks.Pass, "directory.leavers_gone"},
		{"left, and one account hides itself", leavers(), one(askAll, everything(object("CN=luis,"+adUsers, "objectClass", "user"))...), nil, left("luis", 40), checks.Unknown, "directory.hidden"},
		{"left, and a unit does not list", leavers(), one(askHolders, holders(object(adHidden, "nTSecurityDescriptor", rights(ace(aceAllow, 0, 0x20090, sid(11)))))...), nil, left("luis", 40), checks.Unknown, "directory.hidden"},
		{"left, and a unit lists for others", leavers(), one(askHolders, holders(object(adHidden, "nTSecurityDescriptor", rights(ace(aceAllow, 0, 0xf01ff, sid(21, 1, 2, 3, 512)))))...), nil, left("luis", 40), checks.Unknown, "directory.hidden"},
		{"left, and a unit denies the reader's group", leavers(), one(askHolders, holders(object(adHidden, "nTSecurityDescriptor", rights(ace(aceDeny, 0, 4, sid(21, 1, 2, 3, 1100)), ace(aceAllow, 0, 0x20094, sid(11)))))...), nil, left("luis", 40), checks.Unknown, "directory.hidden"},
		{"left, and a unit lists what is below it only", leavers(), one(askHolders, holders(object(adHidden, "nTSecurityDescriptor", rights(ace(aceAllow, aceInheritOnly, 0x20094, sid(11)))))...), nil, left("luis", 40), checks.Unknown, "directory.hidden"},
		{"left, and a unit does not tell its rights", leavers(), one(askHolders, holders(object(adHidden))...), nil, left("luis", 40), checks.Unknown, "directory.hidden"},
		{"left, and who reads is not told", leavers(), one(askRoot, object("", "defaultNamingContext", adBase, "supportedCapabilities", capActiveDirectory)), nil, left("luis", 40), checks.Unknown, "directory.sight_unproven"},
		{"left, and many units hide", leavers(), one(askAll, everything(many(12)...)...), nil, left("luis", 40), checks.Unknown, "directory.several_unknown"},
		{"ages, and a unit hides", passwordAge(), one(askAll, everything(object(adHidden))...), nil, "", checks.Unknown, "directory.hidden"},
		{"blank, and a unit hides", passwordBlank(), one(askAll, everything(object(adHidden))...), nil, "", checks.Unknown, "directory.hidden"},
		{"kept well, and a unit hides", passwordStore(), one(askAll, everything(object(adHidden))...), nil, "", checks.Unknown, "directory.hidden"},
		{"all listed, and a unit hides", accounts(), one(askAll, everything(object(adHidden))...), nil, listOf, checks.Unknown, "directory.hidden"},
		{"not listed, and a unit hides", accounts(), entries{askAll: everything(object(adHidden)), askPeople: {user("pedro", 1002)}}, nil, listOf, checks.Fail, "directory.register_unlisted"},

		{"closed in time", leavers(), closed(changes(numberControl, 40)), nil, leftInTime(40), checks.Pass, "directory.leavers_gone"},
		{"closed before leaving", leavers(), closed(changes(numberControl, 60)), nil, leftInTime(40), checks.Pass, "directory.leavers_gone"},
		{"closed late, or changed since", leavers(), closed(changes(numberControl, 30)), nil, leftInTime(40), checks.Unknown, "directory.leavers_perhaps_late"},
		{"closed late, where that is not asked", leavers(), closed(changes(numberControl, 30)), nil, left("luis", 40), checks.Pass, "directory.leavers_gone"},
		{"closed, and when is hidden", leavers(), closed(""), nil, leftInTime(40), checks.Unknown, "directory.leavers_when"},
		{"closed, and when is damaged", leavers(), closed(changes(numberControl, 40)[:60]), nil, leftInTime(40), checks.Unknown, "directory.leavers_when"},
		{"closed late, as its use shows", leavers(), entries{askPeople: {user("luis", 1005, "userAccountControl", "514", "lastLogonTimestamp", ago(35))}, askLuis: {object("CN=luis,"+adUsers, "replPropertyMetaData", changes(numberControl, 30))}}, nil, leftInTime(40), checks.Fail, "directory.several_fail"},
		{"ended in time", leavers(), ended(38, changes(numberExpires, 90)), nil, leftInTime(39), checks.Pass, "directory.leavers_gone"},
		{"ended late", leavers(), ended(30, changes(numberExpires, 90)), nil, leftInTime(39), checks.Fail, "directory.leavers_late"},
		{"ended the same day", leavers(), ended(39, changes(numberExpires, 90)), nil, leftInTime(39), checks.Pass, "directory.leavers_gone"},
		{"an end that was written later than it", leavers(), ended(39, changes(numberExpires, 10)), nil, leftInTime(39), checks.Unknown, "directory.leavers_perhaps_late"},
		{"open, where closing in time is asked", leavers(), one(askPeople, user("luis", 1005, "lastLogonTimestamp", ago(45))), nil, leftInTime(40), checks.Fail, "directory.leavers_open"},

		{"left, and hidden", leavers(), one(askPeople, user("luis", 1005, "userAccountControl", "")), nil, left("luis", 40), checks.Unknown, "directory.unread"},
		{"left, and all accounts hidden", leavers(), one(askPeople), nil, left("luis", 40), checks.Unknown, "directory.unread"},

		{"only the one that every domain has", privileges(), nil, nil, "", checks.Pass, "directory.privileges_least"},
		{"one more", privileges(), one(askMembers(dnDomain, "512"), user("Administrador", 500), user("luis", 1005)), nil, "", checks.Fail, "directory.privileges_not_authorised"},
		{"one more, authorised", privileges(), one(askMembers(dnDomain, "512"), user("Administrador", 500), user("luis", 1005)), nil, `{"admins":["luis"]}`, checks.Pass, "directory.privileges_least"},
		{"one more, disabled", privileges(), one(askMembers(dnDomain, "512"), user("Administrador", 500), user("luis", 1005, "userAccountControl", "514")), nil, "", checks.Pass, "directory.privileges_least"},
		{"two more", privileges(), one(askMembers(dnAdmins, "544"), user("Administrador", 500), user("luis", 1005), user("eva", 1006)), nil, "", checks.Fail, "directory.several_fail"},
		{"everybody", privileges(), one(askMembers(dnAdmins, "544"), user("Administrador", 500), object("CN=S-1-5-11,CN=ForeignSecurityPrincipals,"+adBase, "objectClass", classForeign, "objectSid", sid(11))), nil, "", checks.Fail, "directory.privileges_foreign"},
		{"somebody hidden", privileges(), one(askGroups, object(dnDomain, "objectSid", sid(21, 1, 2, 3, 512), "member", "CN=oculto,"+adBase), object(dnAdmins, "objectSid", sid(32, 544))),
			map[string]error{"search base CN=oculto," + adBase + " " + anything: fs.ErrNotExist}, "", checks.Unknown, "directory.unread"},
		{"more members than are given", privileges(), one(askGroups, object(dnDomain, "objectSid", sid(21, 1, 2, 3, 512), "member;range=0-1499", "CN=x"), object(dnAdmins, "objectSid", sid(32, 544))), nil, "", checks.Unknown, "directory.unread"},
		{"groups hidden", privileges(), one(askGroups), nil, "", checks.Unknown, "directory.unread"},
		{"the domain's SID hidden", privileges(), one(askHead, with(head(), "objectSid", "")), nil, "", checks.Unknown, "directory.unread"},
	} {
		for _, os := range []host.OS{host.Windows, host.Linux} {
			t.Run(row.name+" "+string(os), func(t *testing.T) {
				a := checktest.Answers{Entries: domain(row.more), Errors: row.errors}
				res := checktest.Run(t, row.check, a.On(host.Host{Now: today, OS: os}), row.params)
				if res.Status != row.want || res.Reason.Code != row.code {
					t.Errorf("got %s %v, want %s %s\nfindings %v\nobserved %s", res.Status, res.Reason, row.want, row.code, res.Findings, res.Observed)
				}
			})
		}
	}
}

// What no check needs to tell apart: who reads the directory, and whether it answers.
func TestTheDirectoryItself(t *testing.T) {
	for _, row := range []struct {
		name string
		host func(*host.Host)
		want checks.Status
		code string
		why  string
	}{
		{"a machine that was not chosen", func(*host.Host) {}, checks.NotApplicable, "directory.not_chosen", ""},
		{"no answer", failing(host.ErrDirectoryUnreachable), checks.Unknown, "directory.unread", "unreachable"},
		{"no trust", failing(fmt.Errorf("connect: %w", host.ErrDirectoryTrust)), checks.Unknown, "directory.unread", "untrusted"},
		{"no log-in", failing(host.ErrDirectoryLogin), checks.Unknown, "directory.unread", "refused"},
		{"no recording", failing(host.ErrNotRecorded), checks.Unknown, "directory.unread", "not_recorded"},
		{"the configuration hidden from who asks", failing(fs.ErrPermission), checks.Unknown, "directory.unread", "permission"},
		{"another product", answering(object("", "namingContexts", "dc=otro", "vendorName", "Otro")), checks.Unknown, "directory.other_kind", ""},
		{"a root that hides", answering(object("", "supportedCapabilities", capActiveDirectory)), checks.Unknown, "directory.unread", "permission"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, c := range Checks() {
				h := host.Host{OS: host.Windows, Now: today}
				row.host(&h)
				res := checktest.Run(t, c, h, "")
				if res.Status != row.want || res.Reason.Code != row.code || res.Reason.Args["why"] != row.why {
					t.Errorf("%s: got %s %v, want %s %s %s", c.Info().ID, res.Status, res.Reason, row.want, row.code, row.why)
				}
			}
		})
	}
}

func failing(err error) func(*host.Host) {
	return func(h *host.Host) {
		h.Directory = checktest.Answers{Errors: map[string]error{"search": err}}
	}
}

func answering(root host.DirectoryEntry) func(*host.Host) {
	return func(h *host.Host) {
		h.Directory = checktest.Answers{Entries: entries{askRoot: {root}}}
	}
}
