package directory

import (
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/host/ldap/ldaptest"
)

const ldapBase = "dc=villaejemplo,dc=example"

// ldif joins entries, each a DN below the domain and its lines.
func ldif(entries ...string) string {
	var b strings.Builder
	for _, e := range entries {
		dn, lines, _ := strings.Cut(e, "|")
		b.WriteString("dn: " + dn + "," + ldapBase + "\n" + strings.ReplaceAll(lines, "|", "\n") + "\n\n")
	}
	return b.String()
}

// policyEntry is a pwdPolicy with good values, which more changes.
func policyEntry(name string, more ...string) string {
	values := map[string]string{
		"pwdMaxAge": "31536000", "pwdMinAge": "86400", "pwdMinLength": "12", "pwdInHistory": "5", "pwdCheckQuality": "2",
		"pwdLockout": "TRUE", "pwdMaxFailure": "3", "pwdLockoutDuration": "3600",
	}
	for _, m := range more {
		key, value, _ := strings.Cut(m, "=")
		values[key] = value
	}
	out := "cn=" + name + ",ou=politicas|objectClass: device|objectClass: pwdPolicy|cn: " + name + "|pwdAttribute: userPassword"
	for _, key := range []string{"pwdMaxAge", "pwdMinAge", "pwdMinLength", "pwdInHistory", "pwdCheckQuality", "pwdLockout", "pwdMaxFailure", "pwdLockoutDuration"} {
		if values[key] != "" {
			out += "|" + key + ": " + values[key]
		}
	}
	return out
}

// userEntry is a person whose password changed some days ago.
func userEntry(name string, days int, more ...string) string {
	changed := time.Now().Add(-time.Duration(days) * 24 * time.Hour).UTC().Format("20060102150405Z")
	out := "uid=" + name + ",ou=personas|objectClass: inetOrgPerson|uid: " + name + "|cn: Persona|sn: Inventada|userPassword: {SSHA}inventada|pwdChangedTime: " + changed
	for _, m := range more {
		out += "|" + m
	}
	return out
}

const folders = "ou=personas|objectClass: organizationalUnit|ou: personas"

const policyFolder = "ou=politicas|objectClass: organizationalUnit|ou: politicas"

func TestOnSlapd(t *testing.T) {
	if testing.Short() {
		t.Skip("starts slapd")
	}
	now := time.Now().UTC().Format("20060102150405Z")
	long := time.Now().Add(-500 * 24 * time.Hour).UTC().Format("20060102150405Z")
	good := ldif(folders, policyFolder, policyEntry("todos"), userEntry("ana", 10, "pwdLastSuccess: "+now))
	const byDefault = "cn=todos,ou=politicas," + ldapBase

	t.Run("all readable and good", func(t *testing.T) {
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Policies: true, Default: byDefault, Config: true, Hash: "{CRYPT}", Crypt: "$6$%.16s", Entries: good}).Open(t)
		answers(t, d, passwordLength(), "", says{checks.Pass, map[string]string{"policy/" + byDefault: "directory.length_enough"}})
		answers(t, d, passwordHistory(), "", says{checks.Pass, nil})
		answers(t, d, lockout(), "", says{checks.Pass, nil})
		answers(t, d, lockoutRelease(), `{"minutes":60}`, says{checks.Pass, nil})
		answers(t, d, passwordAge(), "", says{checks.Pass, nil})
		answers(t, d, accounts(), `{"users":[{"account":"ana"}]}`, says{checks.Pass, nil})
		answers(t, d, leavers(), left("luis", 3), says{checks.Pass, nil})
		answers(t, d, passwordComposition(), "", says{checks.Fail, map[string]string{"policy/" + byDefault: "directory.composition_off"}})
		answers(t, d, passwordStore(), "", says{checks.Warn, map[string]string{"cleartext": "directory.store_cleartext"}})
		answers(t, d, passwordBlank(), "", says{checks.NotApplicable, nil})
		answers(t, d, privileges(), "", says{checks.Unknown, nil})
	})
	t.Run("a part that the reader does not see", func(t *testing.T) {
		const others = "ou=externos|objectClass: organizationalUnit|ou: externos"
		const luis = "uid=luis,ou=externos|objectClass: inetOrgPerson|uid: luis|cn: Persona|sn: Inventada|userPassword: {SSHA}x|pwdChangedTime: 20200101000000Z"
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Policies: true, Default: byDefault, Config: true, Hash: "{CRYPT}",
			Entries: ldif(folders, others, policyFolder, policyEntry("todos"), userEntry("ana", 10, "pwdLastSuccess: "+now),
				userEntry("eva", 10, "pwdLastSuccess: "+long, "pwdAccountLockedTime: 000001010000Z"), luis),
			Access: []string{`to dn.subtree="ou=externos,` + ldapBase + `" by * none`}}).Open(t)
		unproven := says{checks.Unknown, map[string]string{"sight": "directory.sight_unproven"}}
		answers(t, d, leavers(), left("luis", 40), unproven)
		answers(t, d, leavers(), left("eva", 40), says{checks.Pass, map[string]string{"sight": ""}})
		answers(t, d, passwordAge(), "", unproven)
		answers(t, d, accounts(), `{"users":[{"account":"ana"}]}`, unproven)
		answers(t, d, passwordStore(), "", says{checks.Fail, map[string]string{"scheme/{CRYPT}": "directory.store_crypt_weak"}})
	})
	t.Run("the reader comes first, whatever follows", func(t *testing.T) {
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Policies: true, Default: byDefault, Config: true, Entries: good,
			Access: []string{"to attrs=shadowLastChange by self write by users read", `to * by dn.exact="cn=lector,ou=servicios,` + ldapBase + `" read by * break`,
				`to dn.subtree="ou=personas,` + ldapBase + `" by * none`}}).Open(t)
		answers(t, d, leavers(), left("luis", 3), says{checks.Pass, map[string]string{"account/luis": "directory.leavers_absent"}})
		answers(t, d, passwordAge(), "", says{checks.Pass, nil})
	})
	t.Run("locked, and closed in time", func(t *testing.T) {
		lock := func(ago time.Duration) string {
			return "pwdAccountLockedTime: " + time.Now().Add(-ago).UTC().Format("20060102150405Z")
		}
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Policies: true, Default: byDefault, Config: true, Entries: ldif(folders, policyFolder, policyEntry("todos"),
			userEntry("ana", 10, lock(time.Minute)), userEntry("luis", 10, lock(48*time.Hour)),
			userEntry("eva", 10, "pwdAccountLockedTime: 000001010000Z", "modifyTimestamp: 20260301100000Z"))}).Open(t)
		answers(t, d, lockout(), "", says{checks.Pass, map[string]string{"locked/ana": "directory.lockout_locked", "locked/luis": "", "locked/eva": ""}})
		answers(t, d, lockout(), `{"locked_many":1}`, says{checks.Warn, map[string]string{"locked": "directory.lockout_locked_many"}})
		in := func(day string) string {
			return `{"in_time":true,"leavers":[{"account":"eva","left":"` + day + `T09:00:00Z"}]}`
		}
		answers(t, d, leavers(), in("2026-03-01"), says{checks.Pass, nil})
		answers(t, d, leavers(), in("2026-02-01"), says{checks.Unknown, map[string]string{"closed/eva": "directory.leavers_perhaps_late"}})
	})
	t.Run("accounts that were made and changed", func(t *testing.T) {
		past := func(days int) string {
			return time.Now().Add(-time.Duration(days) * 24 * time.Hour).UTC().Format("20060102150405Z")
		}
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Policies: true, Default: byDefault, Config: true, Entries: ldif(folders, policyFolder, policyEntry("todos"),
			userEntry("ana", 1, "createTimestamp: "+past(900), "modifyTimestamp: "+past(1)), // a new password
			userEntry("luis", 90, "createTimestamp: "+past(900), "modifyTimestamp: "+past(2)),
			userEntry("eva", 90, "createTimestamp: "+past(900), "modifyTimestamp: "+past(3), "pwdAccountLockedTime: 000001010000Z"),
			userEntry("nueva", 4, "createTimestamp: "+past(4), "modifyTimestamp: "+past(4)),
			userEntry("vieja", 90, "createTimestamp: "+past(900), "modifyTimestamp: "+past(30)))}).Open(t)
		on := func(days int) string {
			return time.Now().Add(-time.Duration(days) * 24 * time.Hour).UTC().Format(time.DateOnly)
		}
		answers(t, d, accountChanges(), "", says{checks.Warn, map[string]string{
			"change/luis/changed/" + on(2): "directory.changed", "change/eva/closed/" + on(3): "directory.changed", "change/nueva/created/" + on(4): "directory.changed",
			"change/ana/changed/" + on(1): "", "change/vieja/changed/" + on(30): ""}})
	})
	t.Run("a second database without policies", func(t *testing.T) {
		const empty = "dn: ou=nada,dc=segunda\nobjectClass: organizationalUnit\nou: nada\n\n"
		o := ldaptest.OpenLDAP{Policies: true, Default: byDefault, Config: true, Entries: good, Second: empty}
		answers(t, ldaptest.Slapd(t, o).Open(t), passwordLength(), "", says{checks.Pass, nil})
		o.Second = "dn: uid=luis,dc=segunda\nobjectClass: inetOrgPerson\nuid: luis\ncn: Persona\nsn: Inventada\n\n"
		d := ldaptest.Slapd(t, o).Open(t)
		answers(t, d, passwordLength(), "", says{checks.Fail, map[string]string{"policy": "directory.rule_none_overlay"}})
		answers(t, d, leavers(), left("luis", 40), says{checks.Fail, map[string]string{"account/luis": "directory.leavers_open"}})
	})
	t.Run("which policy is the default is hidden", func(t *testing.T) {
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Policies: true, Default: byDefault, Entries: good}).Open(t)
		answers(t, d, passwordLength(), "", says{checks.Unknown, map[string]string{"unread/default_policy": "directory.unread"}})
		answers(t, d, passwordComposition(), "", says{checks.Fail, nil}) // whichever it is
		answers(t, d, passwordStore(), "", says{checks.Unknown, map[string]string{"unread/slapd_config": "directory.unread"}})
		answers(t, d, leavers(), left("luis", 3), says{checks.Unknown, map[string]string{"sight": "directory.sight_unproven"}})
	})
	t.Run("no default", func(t *testing.T) {
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Policies: true, Config: true, Entries: good}).Open(t)
		answers(t, d, lockout(), "", says{checks.Fail, map[string]string{"policy": "directory.rule_none_default"}})
	})
	t.Run("no policies at all", func(t *testing.T) {
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Entries: ldif(folders, "uid=caja,ou=personas|objectClass: account|objectClass: simpleSecurityObject|uid: caja|userPassword: {SSHA}x"), Access: []string{"to attrs=userPassword by * read"}}).Open(t)
		answers(t, d, passwordLength(), "", says{checks.Fail, map[string]string{"policy": "directory.rule_none_module"}})
		answers(t, d, passwordStore(), "", says{checks.Fail, map[string]string{"visible": "directory.store_visible"}})
		answers(t, d, passwordAge(), "", says{checks.Fail, map[string]string{"account/caja": "directory.age_not_known"}})
	})
	t.Run("a policy of their own for some", func(t *testing.T) {
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Policies: true, Default: byDefault, Config: true, Hash: "{MD5}", Entries: ldif(folders, policyFolder,
			policyEntry("todos", "pwdCheckQuality=1"), policyEntry("laxa", "pwdMinLength=4", "pwdMaxAge=", "pwdInHistory=", "pwdLockout=FALSE"),
			policyEntry("nadie", "pwdMinLength=1"),
			userEntry("ana", 10, "pwdLastSuccess: "+now), userEntry("luis", 400, "pwdLastSuccess: "+long, "pwdPolicySubentry: cn=laxa,ou=politicas,"+ldapBase),
			userEntry("eva", 900, "pwdReset: TRUE"), userEntry("baja", 900, "pwdAccountLockedTime: 000001010000Z"),
			"uid=nueva,ou=personas|objectClass: inetOrgPerson|uid: nueva|cn: Persona|sn: Inventada|userPassword: {SSHA}x",
		)}).Open(t)
		const lax = "policy/cn=laxa,ou=politicas," + ldapBase
		answers(t, d, passwordLength(), "", says{checks.Fail, map[string]string{
			lax: "directory.length_short", "policy/" + byDefault: "directory.length_lenient", "policy/cn=nadie,ou=politicas," + ldapBase: ""}})
		answers(t, d, lockout(), "", says{checks.Fail, map[string]string{lax: "directory.lockout_off", "policy/" + byDefault: "directory.lockout_enough"}})
		answers(t, d, passwordHistory(), "", says{checks.Fail, map[string]string{lax: "directory.history_short"}})
		answers(t, d, passwordAge(), "", says{checks.Fail, map[string]string{
			lax: "directory.age_rule_off", "account/luis": "directory.age_old", "account/eva": "", "account/baja": "", "account/ana": ""}})
		answers(t, d, accounts(), "", says{checks.Fail, map[string]string{"idle/luis": "directory.idle", "idle/ana": ""}})
		answers(t, d, leavers(), `{"leavers":[{"account":"baja","left":"2026-01-01T00:00:00Z"},{"account":"ana","left":"2026-01-01T00:00:00Z"}]}`,
			says{checks.Fail, map[string]string{"account/ana": "directory.leavers_open", "account/baja": ""}})
		answers(t, d, passwordStore(), "", says{checks.Fail, map[string]string{"scheme/{MD5}": "directory.store_weak"}})
	})
	t.Run("a policy that is hidden", func(t *testing.T) {
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Policies: true, Default: byDefault, Config: true, Entries: good,
			Access: []string{`to dn.subtree="ou=politicas,` + ldapBase + `" by * none`}}).Open(t)
		answers(t, d, passwordLength(), "", says{checks.Unknown, map[string]string{"unread/password_policies": "directory.unread"}})
	})
	t.Run("more accounts than the server gives", func(t *testing.T) {
		entries := []string{folders, policyFolder, policyEntry("todos")}
		for i := range 501 {
			entries = append(entries, userEntry("u"+text(int64(i)), 10))
		}
		d := ldaptest.Slapd(t, ldaptest.OpenLDAP{Policies: true, Default: byDefault, Config: true, Entries: ldif(entries...)}).Open(t)
		answers(t, d, passwordAge(), "", says{checks.Unknown, map[string]string{"unread/directory_accounts": "directory.unread"}})
	})
}
