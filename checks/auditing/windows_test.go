package auditing

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// now is the time of the machines of these tests, a Friday.
var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	machineSID = "S-1-5-21-11111111-22222222-33333333"
	anaSID     = machineSID + "-1001"
	bertaSID   = machineSID + "-1002"
	adminSID   = machineSID + "-500"
)

// accountsOf answers Accounts with a fixed list of users; nil is unsupported.
type accountsOf []host.User

func (a accountsOf) Users(ctx context.Context) ([]host.User, error) {
	if a == nil {
		return host.Unsupported{}.Users(ctx)
	}
	return a, nil
}

func (accountsOf) PasswordPolicy(ctx context.Context) (host.PasswordPolicy, error) {
	return host.Unsupported{}.PasswordPolicy(ctx)
}

func (accountsOf) Members(ctx context.Context, sid string) ([]host.Member, error) {
	return host.Unsupported{}.Members(ctx, sid)
}

// windows is a machine that logs as it should and on which nothing happened.
type windows struct {
	users    accountsOf
	values   map[string]any
	denied   []string
	security host.EventLog
	system   host.EventLog
	audit    map[string]host.AuditSetting
	errors   map[string]error
	services []host.Service
	domain   string
}

// identity is a machine of which only the domain is told.
type identity struct {
	host.Unsupported
	domain string
}

// Identity implements host.System.
func (i identity) Identity(context.Context) (host.Identity, error) {
	return host.Identity{Domain: i.domain}, nil
}

func newWindows(change func(*windows)) host.Host {
	w := windows{
		users: accountsOf{{Name: "ana", SID: anaSID}, {Name: "berta", SID: bertaSID}, {Name: "Administrador", SID: adminSID}},
		values: map[string]any{
			keyEventLog + `\Start`:                                                  2,
			keySecurity + `\MaxSize`:                                                200 << 20,
			keySecurity + `\Retention`:                                              0,
			keyVersion + `\InstallDate`:                                             int(now.AddDate(-1, 0, 0).Unix()),
			keyProduct + `\ProductType`:                                             "WinNT",
			keyProfiles + `\` + anaSID + `\ProfileImagePath`:                        `C:\Users\ana`,
			keyProfiles + `\S-1-5-21-7-8-9-1105\ProfileImagePath`:                   `C:\Users\carla`,
			keyProfiles + `\S-1-5-18\ProfileImagePath`:                              `%systemroot%\system32\config\systemprofile`,
			`HKLM\SYSTEM\CurrentControlSet\Control\Lsa\SCENoApplyLegacyAuditPolicy`: 1,
		},
		security: host.EventLog{Oldest: now.AddDate(0, -6, 0)},
		system:   host.EventLog{Oldest: now.AddDate(0, -6, 0)},
		audit:    map[string]host.AuditSetting{},
		errors:   map[string]error{},
	}
	for _, guid := range []string{auditLogon, auditCredentials, auditKerberos, auditAccounts, auditGroups} {
		w.audit[guid] = host.AuditSetting{Success: true, Failure: true}
	}
	if change != nil {
		change(&w)
	}
	slices.SortFunc(w.security.Events, func(a, b host.Event) int { return b.Time.Compare(a.Time) })
	slices.SortFunc(w.system.Events, func(a, b host.Event) int { return b.Time.Compare(a.Time) })
	return checktest.Answers{
		EventsOf: map[string]host.EventLog{"Security": w.security, "System": w.system},
		AuditOf:  w.audit, Errors: w.errors, ServiceList: w.services,
	}.On(host.Host{
		OS: host.Windows, Now: checktest.Clock(now), Accounts: w.users, System: identity{domain: w.domain},
		Registry: checktest.Registry{Values: w.values, Unreadable: w.denied},
	})
}

// logons are n failed log-ons, one each step.
func logons(n int, step time.Duration, data map[string]string) []host.Event {
	var out []host.Event
	for i := range n {
		d := maps.Clone(data)
		out = append(out, host.Event{
			ID: logonFailed, Provider: "Microsoft-Windows-Security-Auditing", Record: uint64(i + 1),
			Time: now.AddDate(0, 0, -2).Add(time.Duration(i) * step), Data: d,
		})
	}
	return out
}

func failed(name, source, status string) map[string]string {
	return map[string]string{"TargetUserName": name, "IpAddress": source, "Status": "0xc000006d", "SubStatus": status}
}

func codes(res checks.Result) []string {
	out := []string{}
	for _, f := range res.Findings {
		out = append(out, f.Reason.Code)
	}
	return out
}

const entraSID = "S-1-12-1-1-2-3-4"

// entraUser gives a machine a person of Entra ID.
func entraUser(w *windows) {
	w.values[keyProfiles+`\`+entraSID+`\ProfileImagePath`] = `C:\Users\MariaLopez`
	w.values[keyIdentities+`\`+entraSID+`\IdentityCache\`+entraSID+`\UserName`] = "maria.lopez@ayto.example"
}

// domainUser makes a machine one of a domain, with a person of it who has a folder.
func domainUser(w *windows, folder string) {
	w.domain = "AYTO"
	w.values[keyNetwork+`\Domain`] = "ayto.example"
	w.values[keyProfiles+`\S-1-5-21-7-8-9-1106\ProfileImagePath`] = folder
}

func TestFailuresOnWindows(t *testing.T) {
	t.Parallel()
	spray := func(n int) []host.Event {
		var out []host.Event
		for i := range n {
			e := logons(1, 0, failed([]string{"ana", "berta", "Administrador", "CARLA", "nadie", "ninguno"}[i], "192.0.2.7", "0xc000006a"))[0]
			e.Time = e.Time.Add(time.Duration(i) * time.Hour)
			out = append(out, e)
		}
		return out
	}
	for _, row := range []struct {
		name   string
		change func(*windows)
		params string
		want   checks.Status
		codes  []string
	}{
		{"as it should be", nil, "", checks.Pass, nil},
		{"some mistakes", func(w *windows) {
			w.security.Events = append(logons(9, time.Second, failed("ana", "-", "0xc000006a")), logons(2, time.Hour, failed("nadie", "192.0.2.9", "0xc0000064"))...)
		}, "", checks.Pass, nil},
		{"ten within ten minutes", func(w *windows) { w.security.Events = logons(10, time.Minute, failed("ana", "-", "0xc000006a")) }, "", checks.Fail, []string{"failures.account"}},
		{"in another letter case", func(w *windows) { w.security.Events = logons(10, time.Minute, failed("ANA", "-", "0xc000006a")) }, "", checks.Fail, []string{"failures.account"}},
		{"ten within two hours", func(w *windows) { w.security.Events = logons(10, 12*time.Minute, failed("ana", "-", "0xc000006a")) }, "", checks.Pass, nil},
		{"a lower bar", func(w *windows) { w.security.Events = logons(5, time.Minute, failed("ana", "-", "0xc000006a")) }, `{"account_failures": 5}`, checks.Fail, []string{"failures.account"}},
		{"older than asked for", func(w *windows) { w.security.Events = logons(10, time.Minute, failed("ana", "-", "0xc000006a")) }, `{"days": 1}`, checks.Pass, nil},
		{"five accounts from one address", func(w *windows) { w.security.Events = spray(6) }, "", checks.Fail, []string{"failures.source"}},
		{"four accounts from one address", func(w *windows) { w.security.Events = spray(4) }, "", checks.Pass, nil},
		{"a scan of names", func(w *windows) {
			w.security.Events = logons(50, time.Second, failed("nadie", "192.0.2.7", "0xc0000064"))
		}, "", checks.Warn, []string{"failures.source_unknown"}},
		{"slowly, all day", func(w *windows) {
			w.security.Events = logons(60, 6*time.Minute, failed("ana", "192.0.2.7", "0xc000006a"))
		}, "", checks.Warn, []string{"failures.account_slow"}},
		{"slowly, where that is not looked at", func(w *windows) {
			w.security.Events = logons(60, 6*time.Minute, failed("ana", "192.0.2.7", "0xc000006a"))
		}, `{"day_failures": 0}`, checks.Pass, nil},
		{"names that nobody has, slowly", func(w *windows) {
			w.security.Events = logons(60, 6*time.Minute, failed("nadie", "192.0.2.7", "0xc0000064"))
		}, "", checks.Warn, []string{"failures.source_unknown"}},
		{"names that nobody has, at the machine itself", func(w *windows) {
			w.security.Events = logons(50, time.Second, failed("nadie", "-", "0xc0000064"))
		}, "", checks.Warn, []string{"failures.unknown_here"}},
		{"Entra ID by the name for mail", func(w *windows) {
			entraUser(w)
			w.security.Events = logons(10, time.Second, failed("Maria.Lopez@ayto.example", "127.0.0.1", "0xc000006a"))
		}, "", checks.Fail, []string{"failures.account"}},
		{"Entra ID by the folder", func(w *windows) {
			entraUser(w)
			w.security.Events = logons(10, time.Second, failed("MariaLopez", "-", "0xc000006a"))
		}, "", checks.Fail, []string{"failures.account"}},
		{"Entra ID by either", func(w *windows) {
			entraUser(w)
			w.security.Events = append(logons(5, time.Minute, failed("MariaLopez", "-", "0xc000006a")), logons(5, time.Minute, failed("maria.lopez@ayto.example", "-", "0xc0000064"))...)
		}, "", checks.Fail, []string{"failures.account"}},
		{"Entra ID of somebody who has no profile any more", func(w *windows) {
			w.values[keyLogons+`\B16898C6-A148-4967-9171-64D755DA8520\Sid2Name\`+entraSID+`\IdentityName`] = "maria.lopez@ayto.example"
			w.security.Events = logons(10, time.Second, failed("maria.lopez@ayto.example", "-", "0xc000006a"))
		}, "", checks.Fail, []string{"failures.account"}},
		{"a local account by its name of Microsoft", func(w *windows) {
			w.values[keyIdentities+`\`+anaSID+`\IdentityCache\`+anaSID+`\UserName`] = "ana@correo.example"
			w.security.Events = append(logons(5, time.Minute, failed("ana", "-", "0xc000006a")), logons(5, time.Minute, failed("ana@correo.example", "-", "0xc000006a"))...)
		}, "", checks.Fail, []string{"failures.account"}},
		{"of the domain, by three names", func(w *windows) {
			domainUser(w, `C:\Users\diego.AYTO.000`)
			w.security.Events = slices.Concat(logons(4, time.Minute, failed("diego", "-", "0xc000006a")),
				logons(3, time.Minute, failed("diego@ayto.example", "-", "0xc000006a")), logons(3, time.Minute, failed("diego.AYTO.000", "-", "0xc000006a")))
		}, "", checks.Fail, []string{"failures.account"}},
		{"of the domain, with the name of a local account", func(w *windows) {
			domainUser(w, `C:\Users\ana.AYTO`)
			w.security.Events = append(logons(6, time.Minute, failed("ana", "-", "0xc000006a")), logons(6, time.Minute, failed("ana@ayto.example", "-", "0xc000006a"))...)
		}, "", checks.Pass, nil},
		{"a name for mail at a controller", func(w *windows) {
			domainUser(w, `C:\Users\ana`)
			w.values[keyProduct+`\ProductType`] = "LanmanNT"
			w.security.Events = logons(10, time.Second, failed("berta@ayto.example", "-", "0xc000006a"))
		}, "", checks.Fail, []string{"failures.account"}},
		{"who logs on with Entra ID may not be read", func(w *windows) { entraUser(w); w.denied = []string{keyIdentities} }, "", checks.Unknown, []string{"auditing.unread"}},
		{"Kerberos at a controller", func(w *windows) {
			w.values[keyProduct+`\ProductType`] = "LanmanNT"
			w.security.Events = logons(10, time.Second, map[string]string{"TargetUserName": "ana", "IpAddress": "::ffff:192.0.2.7", "Status": "0x18"})
			for i := range w.security.Events {
				w.security.Events[i].ID = kerberosFailed
			}
		}, "", checks.Fail, []string{"failures.account"}},
		{"credentials at a controller", func(w *windows) {
			w.values[keyProduct+`\ProductType`] = "LanmanNT"
			w.security.Events = logons(40, time.Second, map[string]string{"TargetUserName": "ana", "Status": "0x0"})
			for i := range w.security.Events {
				w.security.Events[i].ID = credentialChecked
				if i%4 == 0 {
					w.security.Events[i].Data["Status"] = "0xc000006a"
				}
			}
		}, "", checks.Fail, []string{"failures.account"}},
		{"the same attempt in two events", func(w *windows) {
			w.values[keyProduct+`\ProductType`] = "LanmanNT"
			w.security.Events = logons(18, time.Second, failed("ana", "-", "0xc000006a"))
			for i := range w.security.Events {
				if i%2 == 0 {
					w.security.Events[i].ID = credentialChecked
					w.security.Events[i].Data = map[string]string{"TargetUserName": "ana", "Status": "0xc000006a"}
				}
			}
		}, "", checks.Pass, nil},
		{"failures are not audited", func(w *windows) { w.audit[auditLogon] = host.AuditSetting{Success: true} }, "", checks.Fail, []string{"failures.not_audited"}},
		{"a controller that does not audit Kerberos", func(w *windows) {
			w.values[keyProduct+`\ProductType`] = "LanmanNT"
			w.audit[auditKerberos] = host.AuditSetting{}
		}, "", checks.Fail, []string{"failures.not_audited"}},
		{"the policy may not be asked, but events show it", func(w *windows) {
			w.errors["audit_policy"] = fs.ErrPermission
			w.security.Events = logons(1, 0, failed("ana", "-", "0xc000006a"))
		}, "", checks.Pass, nil},
		{"the policy may not be asked", func(w *windows) { w.errors["audit_policy"] = fs.ErrPermission }, "", checks.Unknown, []string{"auditing.unread"}},
		{"the log may not be read", func(w *windows) { w.errors["events Security"] = fs.ErrPermission }, "", checks.Unknown, []string{"auditing.unread"}},
		{"nobody runs the log", func(w *windows) {
			w.errors["events"] = fs.ErrInvalid
			w.services = []host.Service{{Name: "eventlog", State: "stopped"}}
		}, "", checks.Fail, []string{"log.disabled", "auditing.unread", "auditing.unread"}},
		{"somebody runs it", func(w *windows) {
			w.errors["events"] = fs.ErrInvalid
			w.services = []host.Service{{Name: "EventLog", State: "running"}}
		}, "", checks.Unknown, []string{"auditing.unread", "auditing.unread"}},
		{"the accounts are not told", func(w *windows) { w.users = nil }, "", checks.Unknown, []string{"auditing.unread"}},
		{"unread does not hide a fail", func(w *windows) {
			w.users = nil
			w.audit[auditLogon] = host.AuditSetting{}
		}, "", checks.Fail, []string{"failures.not_audited", "auditing.unread"}},
		{"the service is disabled", func(w *windows) { w.values[keyEventLog+`\Start`] = 4 }, "", checks.Fail, []string{"log.disabled"}},
		{"stops when full", func(w *windows) { w.values[keySecurity+`\Retention`] = 7 * 86400 }, "", checks.Warn, []string{"log.stops_when_full"}},
		{"archives when full", func(w *windows) {
			w.values[keySecurity+`\Retention`] = 7 * 86400
			w.values[keySecurity+`\AutoBackupLogFiles`] = 1
		}, "", checks.Pass, nil},
		{"a policy that says so", func(w *windows) { w.values[keyLogPolicy+`\Retention`] = "1" }, "", checks.Warn, []string{"log.stops_when_full"}},
		{"a small log", func(w *windows) { w.values[keySecurity+`\MaxSize`] = 1 << 20 }, "", checks.Warn, []string{"log.small"}},
		{"a policy makes it larger", func(w *windows) {
			w.values[keySecurity+`\MaxSize`] = 1 << 20
			w.values[keyLogPolicy+`\MaxSize`] = 196608
		}, "", checks.Pass, nil},
		{"a log of three days", func(w *windows) { w.security.Oldest = now.AddDate(0, 0, -3) }, "", checks.Warn, []string{"log.short"}},
		{"a machine of three days", func(w *windows) {
			w.security.Oldest = now.AddDate(0, 0, -3)
			w.values[keyVersion+`\InstallDate`] = int(now.AddDate(0, 0, -4).Unix())
		}, "", checks.Pass, nil},
		{"cleared", func(w *windows) {
			w.security.Events = []host.Event{{ID: logCleared, Provider: "Microsoft-Windows-Eventlog", Time: now.AddDate(0, 0, -3), Data: map[string]string{clearedBy: adminSID}}}
		}, "", checks.Fail, []string{"log.cleared"}},
		{"another log cleared", func(w *windows) {
			w.system.Events = []host.Event{{ID: otherCleared, Time: now.AddDate(0, 0, -3), Data: map[string]string{clearedChannel: "System"}}}
		}, "", checks.Fail, []string{"log.cleared"}},
		{"a log that programs empty", func(w *windows) {
			w.system.Events = []host.Event{{ID: otherCleared, Time: now.AddDate(0, 0, -3), Data: map[string]string{clearedChannel: "Microsoft-Windows-X/Operational"}}}
		}, "", checks.Pass, nil},
		{"full", func(w *windows) { w.security.Events = []host.Event{{ID: logFull, Time: now.AddDate(0, 0, -1)}} }, "", checks.Fail, []string{"log.lost"}},
		{"service stopped", func(w *windows) {
			w.system.Events = []host.Event{
				{ID: serviceStopped, Provider: eventLog, Time: now.Add(-5 * time.Hour)},
				{ID: serviceStarted, Provider: eventLog, Time: now.Add(-4 * time.Hour)},
			}
		}, "", checks.Fail, []string{"log.gap"}},
		{"restarted with the machine", func(w *windows) {
			w.system.Events = []host.Event{
				{ID: serviceStopped, Provider: eventLog, Time: now.Add(-5 * time.Hour)},
				{ID: systemStarted, Provider: kernelGeneral, Time: now.Add(-4 * time.Hour)},
				{ID: serviceStarted, Provider: eventLog, Time: now.Add(-4 * time.Hour).Add(time.Minute)},
			}
		}, "", checks.Pass, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			res := checktest.Run(t, failures(), newWindows(row.change), row.params)
			if res.Status != row.want || !slices.Equal(codes(res), row.codes) {
				t.Errorf("got %s %v %v, want %s %v\n%s", res.Status, res.Reason, codes(res), row.want, row.codes, res.Observed)
			}
		})
	}
}

// edited is one change of an account.
func edited(id uint32, days int, target, by string) host.Event {
	return host.Event{ID: id, Provider: "Microsoft-Windows-Security-Auditing", Time: now.AddDate(0, 0, -days),
		Data: map[string]string{"TargetSid": target, "SubjectUserSid": by}}
}

func TestChangesOnWindows(t *testing.T) {
	t.Parallel()
	joined := func(days int, group, member string) host.Event {
		e := edited(4732, days, group, adminSID)
		e.Data["MemberSid"] = member
		return e
	}
	for _, row := range []struct {
		name   string
		change func(*windows)
		params string
		want   checks.Status
		codes  []string
		kinds  string // of the first finding
	}{
		{"nothing happened", nil, "", checks.Pass, nil, ""},
		{"a new account", func(w *windows) {
			w.security.Events = []host.Event{
				edited(4720, 1, bertaSID, adminSID), edited(4722, 1, bertaSID, adminSID), edited(4724, 1, bertaSID, adminSID), edited(4738, 1, bertaSID, adminSID),
				edited(4738, 1, bertaSID, adminSID), joined(1, "S-1-5-32-544", bertaSID),
			}
		}, "", checks.Warn, []string{"changes.account_groups_by"}, "changed 2, created, enabled, joined, password_set"},
		{"one's own password", func(w *windows) { w.security.Events = []host.Event{edited(4738, 1, anaSID, anaSID)} }, "", checks.Pass, nil, ""},
		{"disabled and removed", func(w *windows) {
			w.security.Events = []host.Event{edited(4725, 2, anaSID, adminSID), edited(4726, 1, anaSID, adminSID)}
		}, "", checks.Warn, []string{"changes.account_by", "changes.account_by"}, "deleted"},
		{"locked out", func(w *windows) { w.security.Events = []host.Event{edited(4740, 1, anaSID, "S-1-5-18")} }, "", checks.Warn, []string{"changes.account"}, "locked_out"},
		{"into the group of all", func(w *windows) {
			e := edited(4728, 1, machineSID+"-513", adminSID)
			e.Data["MemberSid"] = bertaSID
			w.security.Events = []host.Event{e}
		}, "", checks.Pass, nil, ""},
		{"where nothing may change", func(w *windows) { w.security.Events = []host.Event{edited(4720, 1, bertaSID, adminSID)} }, `{"changes": "fail"}`, checks.Fail, []string{"changes.account_by"}, "created"},
		{"as a fact only", func(w *windows) { w.security.Events = []host.Event{edited(4720, 1, bertaSID, adminSID)} }, `{"changes": "pass"}`, checks.Pass, []string{"changes.account_by"}, "created"},
		{"days ago", func(w *windows) { w.security.Events = []host.Event{edited(4720, 5, bertaSID, adminSID)} }, `{"days": 3}`, checks.Pass, nil, ""},
		{"accounts are not audited", func(w *windows) { w.audit[auditAccounts] = host.AuditSetting{Failure: true} }, "", checks.Fail, []string{"changes.not_audited"}, ""},
		{"groups are not audited", func(w *windows) { w.audit[auditGroups] = host.AuditSetting{} }, "", checks.Fail, []string{"changes.not_audited"}, ""},
		{"cleared", func(w *windows) {
			w.security.Events = []host.Event{{ID: logCleared, Time: now.AddDate(0, 0, -3)}}
		}, "", checks.Fail, []string{"log.cleared"}, ""},
		{"the log may not be read", func(w *windows) { w.errors["events"] = fs.ErrPermission }, "", checks.Unknown, []string{"auditing.unread", "auditing.unread"}, ""},
		{"the policy may not be asked", func(w *windows) { w.errors["audit_policy"] = host.ErrUnsupported }, "", checks.Unknown, []string{"auditing.unread"}, ""},
		{"a member of a domain", func(w *windows) { w.domain = "DOMINIO" }, "", checks.Pass, []string{"changes.elsewhere"}, ""},
		{"of one that nobody watches", func(w *windows) { w.domain = "DOMINIO" }, `{"elsewhere": "unknown"}`, checks.Unknown, []string{"changes.elsewhere"}, ""},
		{"a member of Entra ID", func(w *windows) { w.values[keyCloudJoin+`\AB12\TenantId`] = "x" }, "", checks.Pass, []string{"changes.elsewhere_cloud"}, ""},
		{"a member of Entra ID on which somebody of it became administrator", func(w *windows) {
			entraUser(w)
			w.values[keyCloudJoin+`\AB12\TenantId`] = "x"
			w.security.Events = []host.Event{joined(1, "S-1-5-32-544", entraSID)}
		}, "", checks.Warn, []string{"changes.account_groups_by", "changes.elsewhere_cloud"}, "joined"},
		{"a member of Entra ID that may not be read", func(w *windows) { w.denied = []string{keyCloudJoin} }, "", checks.Unknown, []string{"auditing.unread"}, ""},
		{"its controller", func(w *windows) {
			w.domain, w.values[keyProduct+`\ProductType`] = "DOMINIO", "LanmanNT"
		}, "", checks.Pass, nil, ""},
		{"a member on which an account was made", func(w *windows) {
			w.domain = "DOMINIO"
			w.security.Events = []host.Event{edited(4720, 1, bertaSID, adminSID)}
		}, `{"changes": "fail"}`, checks.Fail, []string{"changes.account_by", "changes.elsewhere"}, ""},
		{"the registry may not be read", func(w *windows) { w.denied = []string{keyEventLog} }, "", checks.Unknown, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			res := checktest.Run(t, accountChanges(), newWindows(row.change), row.params)
			if res.Status != row.want || row.codes != nil && !slices.Equal(codes(res), row.codes) {
				t.Errorf("got %s %v %v, want %s %v\n%s", res.Status, res.Reason, codes(res), row.want, row.codes, res.Observed)
			}
			if row.kinds != "" && res.Findings[0].Reason.Args["done"] != row.kinds {
				t.Errorf("got %s, want %s", res.Findings[0].Reason.Args["done"], row.kinds)
			}
		})
	}
}

// Many changes are cut, and that is said.
func TestManyChanges(t *testing.T) {
	t.Parallel()
	res := checktest.Run(t, accountChanges(), newWindows(func(w *windows) {
		for i := range maxChanges + 5 {
			w.security.Events = append(w.security.Events, edited(4720, 1, fmt.Sprintf("%s-%d", machineSID, 2000+i), adminSID))
		}
	}), "")
	if res.Status != checks.Warn || len(res.Findings) != maxChanges+1 || res.Findings[maxChanges].Reason.Code != "changes.more" {
		t.Errorf("got %s with %d findings", res.Status, len(res.Findings))
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		check  checks.Check
		params string
		ok     bool
	}{
		{failures(), `{"days": 7, "keep_days": 0, "min_log_kb": 0}`, true},
		{failures(), `{"days": 8}`, false},
		{failures(), `{"days": 0}`, false},
		{failures(), `{"keep_days": 31}`, false},
		{failures(), `{"changes": "warn"}`, false},
		{accountChanges(), `{"changes": "unknown"}`, false},
		{accountChanges(), `{"days": 9}`, false},
		{accountChanges(), `{"elsewhere": "warn"}`, false},
		{accountChanges(), `{"changes": "fail"}`, true},
	} {
		if err := row.check.CheckParams([]byte(row.params)); (err == nil) != row.ok {
			t.Errorf("%s %s: got %v", row.check.Info().ID, row.params, err)
		}
	}
}
