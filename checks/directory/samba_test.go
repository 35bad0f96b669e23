package directory

import (
	"encoding/json"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
	"vigia/checks/host/ldap/ldaptest"
)

// says is what a check answers, and with which findings.
type says struct {
	status   checks.Status
	findings map[string]string // code by key
}

// answers runs a check on a real directory and compares.
func answers(t *testing.T, d host.Directory, c checks.Check, params string, want says) {
	t.Helper()
	want.compare(t, c, checktest.Run(t, c, host.Host{OS: host.Linux, Directory: d}, params))
}

func (want says) compare(t *testing.T, c checks.Check, res checks.Result) {
	t.Helper()
	got := map[string]string{}
	for _, f := range res.Findings {
		got[f.Key] = f.Reason.Code
	}
	if res.Status != want.status {
		t.Errorf("%s: got %s %v, want %s\nobserved %s", c.Info().ID, res.Status, res.Reason, want.status, res.Observed)
	}
	for key, code := range want.findings {
		if got[key] != code {
			t.Errorf("%s: finding %s is %q, want %q; all: %v\nobserved %s", c.Info().ID, key, got[key], code, got, res.Observed)
		}
	}
}

// grant begins a script that gives the account that reads a right.
const grant = `
from samba.dcerpc import security
from samba.ndr import ndr_unpack
from samba.sd_utils import SDUtils
sid = str(ndr_unpack(security.dom_sid, db.search(base, expression="(sAMAccountName=lector)", attrs=["objectSid"])[0]["objectSid"][0]))
utils = SDUtils(db)
`

// A domain as it comes, then with what makes each check speak. One domain serves all
// steps, since making one takes long; they are in order.
func TestOnSamba(t *testing.T) {
	if testing.Short() {
		t.Skip("provisions a domain")
	}
	dc := ldaptest.Samba(t)
	d := dc.Open(t)
	// What is shown here is not counted as proven: without root there is no domain.
	answers := func(t *testing.T, d host.Directory, c checks.Check, params string, want says) {
		t.Helper()
		h := host.New(host.Host{OS: host.Linux, Directory: d})
		want.compare(t, c, c.Run(t.Context(), h, json.RawMessage(params)))
	}

	// As it comes: the fine-grained policies are hidden, so no rule may pass.
	answers(t, d, passwordLength(), "", says{checks.Unknown, map[string]string{
		"policy": "directory.length_legal_only", "unread/password_settings": "directory.unread"}})
	answers(t, d, passwordComposition(), "", says{checks.Unknown, map[string]string{"policy": "directory.composition_enough"}})
	answers(t, d, lockout(), "", says{checks.Fail, map[string]string{"policy": "directory.lockout_off"}})
	answers(t, d, passwordBlank(), "", says{checks.Pass, nil})
	answers(t, d, privileges(), "", says{checks.Pass, nil})

	// The reader may see the container and what is in it.
	dc.Python(t, grant+`
container = "CN=Password Settings Container,CN=System," + base
utils.dacl_prepend_aces(container, "(A;CI;RPLCRCLO;;;%s)" % sid)
replace(base, minPwdLength="12", pwdHistoryLength="24", minPwdAge="-864000000000", lockoutThreshold="3", lockoutDuration="-36000000000")
`)
	answers(t, d, passwordLength(), "", says{checks.Pass, map[string]string{"policy": "directory.length_enough"}})
	answers(t, d, passwordComposition(), "", says{checks.Pass, nil})
	answers(t, d, passwordHistory(), "", says{checks.Pass, nil})
	answers(t, d, lockout(), "", says{checks.Pass, nil})
	answers(t, d, lockoutRelease(), `{"minutes":60}`, says{checks.Pass, map[string]string{"policy": "directory.release_late"}})
	answers(t, d, passwordStore(), "", says{checks.Pass, nil})
	answers(t, d, passwordAge(), "", says{checks.Pass, nil})
	answers(t, d, accounts(), `{"users":[{"account":"lector"},{"account":"dns-dc1"}]}`, says{checks.Pass, nil})

	// A lax fine-grained policy, old passwords, flags, an admin deep in a nested group.
	dc.Python(t, `
for name in ("ana", "luis", "marta", "eva", "jubilado"):
    db.newuser(name, "Palabra-inventada-1")
replace(dn_of("ana"), pwdLastSet=ticks(400), lastLogonTimestamp=ticks(3))
replace(dn_of("luis"), userAccountControl=str(0x200 | 0x10000))
replace(dn_of("marta"), userAccountControl=str(0x200 | 0x20 | 0x80))
replace(dn_of("eva"), pwdLastSet="0")
replace(dn_of("jubilado"), userAccountControl=str(0x202), pwdLastSet=ticks(4000))
db.newgroup("informatica")
db.newgroup("exteriores")
db.add_remove_group_members("informatica", ["luis"])
db.add_remove_group_members("Domain Admins", ["informatica", "jubilado"])
db.add({"dn": "CN=laxa,CN=Password Settings Container,CN=System," + base, "objectClass": "msDS-PasswordSettings",
    "msDS-PasswordSettingsPrecedence": "10", "msDS-PasswordReversibleEncryptionEnabled": "TRUE", "msDS-PasswordHistoryLength": "0",
    "msDS-PasswordComplexityEnabled": "FALSE", "msDS-MinimumPasswordLength": "4", "msDS-MinimumPasswordAge": "0",
    "msDS-MaximumPasswordAge": "-9223372036854775808", "msDS-LockoutThreshold": "0", "msDS-LockoutObservationWindow": "-18000000000",
    "msDS-LockoutDuration": "-18000000000", "msDS-PSOAppliesTo": dn_of("exteriores")})
`)
	answers(t, d, passwordLength(), "", says{checks.Fail, map[string]string{"policy": "directory.length_enough", "policy/laxa": "directory.length_short"}})
	answers(t, d, passwordComposition(), "", says{checks.Fail, map[string]string{"policy/laxa": "directory.composition_off"}})
	answers(t, d, passwordHistory(), "", says{checks.Fail, map[string]string{"policy/laxa": "directory.history_short"}})
	answers(t, d, lockout(), "", says{checks.Fail, map[string]string{"policy/laxa": "directory.lockout_off"}})
	answers(t, d, lockoutRelease(), `{"minutes":60}`, says{checks.Fail, map[string]string{"policy/laxa": "directory.release_never_locks"}})
	answers(t, d, passwordStore(), "", says{checks.Fail, map[string]string{"policy/laxa": "directory.store_reversible", "account/marta": "directory.store_reversible_account"}})
	answers(t, d, passwordBlank(), "", says{checks.Fail, map[string]string{"account/marta": "directory.blank_allowed"}})
	answers(t, d, passwordAge(), "", says{checks.Fail, map[string]string{
		"policy": "directory.age_rule_set", "policy/laxa": "directory.age_rule_off", "account/ana": "directory.age_old",
		"account/luis": "directory.age_never_expires", "account/eva": "", "account/jubilado": ""}})
	answers(t, d, passwordAge(), `{"exempt":["ana","luis"],"max_days":30000}`, says{checks.Fail, nil}) // never expires by rule
	said := func(account, kind string) string {
		return "change/" + account + "/" + kind + "/" + time.Now().UTC().Format(time.DateOnly)
	}
	answers(t, d, accountChanges(), "", says{checks.Warn, map[string]string{said("ana", "created"): "directory.changed", said("ana", "opened"): "", said("Administrator", "created"): "directory.changed"}})
	answers(t, d, privileges(), "", says{checks.Fail, map[string]string{"admin/luis": "directory.privileges_not_authorised", "admin/jubilado": "", "admin/Administrator": ""}})
	answers(t, d, privileges(), `{"admins":["VILLA\\luis"]}`, says{checks.Pass, nil})

	answers(t, d, accounts(), `{"users":[{"account":"lector"},{"account":"dns-dc1"}]}`, says{checks.Fail, map[string]string{
		"account/ana": "directory.register_unlisted", "account/lector": "", "account/jubilado": ""}})
	answers(t, d, leavers(), `{"leavers":[{"account":"jubilado","left":"2020-01-01T00:00:00Z"},{"account":"ana","left":"2026-01-01T00:00:00Z"}]}`, says{
		checks.Fail, map[string]string{"account/ana": "directory.leavers_open", "used/ana": "directory.leavers_used", "account/jubilado": ""}})

	// A policy that is hidden while its container is not: those it is for point to it.
	dc.Python(t, `
from samba.sd_utils import SDUtils
utils = SDUtils(db)
utils.modify_sd_on_dn("CN=laxa,CN=Password Settings Container,CN=System," + base, "D:P(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)")
`)
	answers(t, d, passwordLength(), "", says{checks.Unknown, map[string]string{"unread/password_settings": "directory.unread"}})

	// A year later by the clock of the machine: accounts that nobody used.
	later := host.New(host.Host{OS: host.Windows, Directory: d, Now: func() time.Time { return time.Now().Add(400 * 24 * time.Hour) }})
	says{checks.Fail, nil}.compare(t, accounts(), accounts().Run(t.Context(), later, nil))

	// A hardened domain hides flags and dates from whoever is not told of them, and shows
	// them again with the rights that the guide names.
	dc.Python(t, `
group = db.search(base, expression="(objectSid=S-1-5-32-554)", attrs=["member"])[0]
m = Message(group.dn)
m["member"] = MessageElement([], FLAG_MOD_REPLACE, "member")
db.modify(m)
`)
	answers(t, d, passwordAge(), "", says{checks.Unknown, map[string]string{"unread/directory_accounts": "directory.unread", "account/luis": ""}})
	answers(t, d, passwordBlank(), "", says{checks.Unknown, map[string]string{"unread/directory_accounts": "directory.unread"}})
	answers(t, d, privileges(), `{"admins":["luis"]}`, says{checks.Unknown, map[string]string{"unread/directory_groups": "directory.unread"}})
	answers(t, d, accounts(), "", says{checks.Unknown, nil})
	dc.Python(t, grant+`
for rights in ("4c164200-20c0-11d0-a768-00aa006e0529", "5f202010-79a5-11d0-9020-00c04fc2d4cf", "bc0ac240-79a9-11d0-9020-00c04fc2d4cf"):
    utils.dacl_prepend_aces(base, "(OA;CIIO;RP;%s;bf967aba-0de6-11d0-a285-00aa003049e2;%s)" % (rights, sid))
`)
	answers(t, d, passwordBlank(), "", says{checks.Fail, map[string]string{"account/marta": "directory.blank_allowed"}})
	answers(t, d, passwordAge(), "", says{checks.Fail, map[string]string{"account/luis": "directory.age_never_expires"}})
	answers(t, d, privileges(), `{"admins":["luis"]}`, says{checks.Pass, nil})

	// When an account was closed is in its metadata, which a hardened domain hides too.
	when := func(in string) string {
		return `{"in_time":true,"leavers":[{"account":"jubilado","left":"` + in + `"}]}`
	}
	today := time.Now().UTC().Format(time.RFC3339)
	answers(t, d, leavers(), when(today), says{checks.Unknown, map[string]string{"closed/jubilado": "directory.leavers_when"}})
	dc.Python(t, grant+`
utils.dacl_prepend_aces(base, "(OA;CIIO;RP;281416c0-1968-11d0-a28f-00aa003049e2;bf967aba-0de6-11d0-a285-00aa003049e2;%s)" % sid)
`)
	answers(t, d, leavers(), when(today), says{checks.Pass, map[string]string{"closed/jubilado": ""}})
	answers(t, d, leavers(), when("2020-01-01T00:00:00Z"), says{checks.Unknown, map[string]string{"closed/jubilado": "directory.leavers_perhaps_late"}})

	// Whom wrong passwords have locked, now and long ago.
	dc.Python(t, `
replace(dn_of("ana"), lockoutTime=ticks(0.001))
replace(dn_of("eva"), lockoutTime=ticks(30))
`+grant+`
utils.dacl_prepend_aces(base, "(OA;CIIO;RP;28630ebf-41d5-11d1-a9c1-0000f80367c1;bf967aba-0de6-11d0-a285-00aa003049e2;%s)" % sid)
`)
	answers(t, d, lockout(), `{"locked_many":1}`, says{checks.Unknown, map[string]string{
		"locked/ana": "directory.lockout_locked", "locked/eva": "", "locked": "directory.lockout_locked_many"}})

	// A member of the administrators whom the reader may not see.
	dc.Python(t, `
from samba.sd_utils import SDUtils
utils = SDUtils(db)
db.create_ou("OU=oculta," + base)
db.newuser("oculto", "Palabra-inventada-1", userou="OU=oculta")
db.add_remove_group_members("Domain Admins", ["oculto"])
utils.modify_sd_on_dn("OU=oculta," + base, "D:P(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)")
`)
	answers(t, d, privileges(), `{"admins":["luis"]}`, says{checks.Unknown, map[string]string{"unread/directory_groups": "directory.unread"}})
	hidden := map[string]string{"hidden/OU=oculta,DC=villaejemplo,DC=example": "directory.hidden"}
	answers(t, d, leavers(), left("oculto", 40), says{checks.Unknown, hidden})
	answers(t, d, leavers(), `{"leavers":[{"account":"jubilado","left":"2020-01-01T00:00:00Z"}]}`, says{checks.Pass, nil})

	// The right that the guide names shows it.
	dc.Python(t, grant+`
utils.dacl_prepend_aces("OU=oculta," + base, "(A;CI;RPLCRCLO;;;%s)" % sid)
`)
	answers(t, d, leavers(), left("oculto", 40), says{checks.Fail, map[string]string{"account/oculto": "directory.leavers_open"}})
	answers(t, d, leavers(), left("nadie", 40), says{checks.Pass, map[string]string{"account/nadie": "directory.leavers_absent"}})

	// A unit that shows itself and not what it holds.
	dc.Python(t, `
from samba.sd_utils import SDUtils
utils = SDUtils(db)
utils.modify_sd_on_dn("OU=oculta," + base, "D:P(A;;RPRC;;;AU)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)")
`)
	answers(t, d, leavers(), left("oculto", 40), says{checks.Unknown, hidden})

	// And one account that hides itself where its neighbours do not.
	dc.Python(t, `
from samba.sd_utils import SDUtils
utils = SDUtils(db)
utils.modify_sd_on_dn(dn_of("ana"), "D:P(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)")
`)
	answers(t, d, leavers(), left("ana", 40), says{checks.Unknown, map[string]string{"hidden/CN=ana,CN=Users,DC=villaejemplo,DC=example": "directory.hidden"}})
}
