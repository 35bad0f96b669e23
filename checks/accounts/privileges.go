package accounts

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// privileges is AC-LEASTPRIV: nobody administers a machine but the authorised
// administrators, and no daily work is done with their rights.
func privileges() checks.Check {
	return checks.New(checks.Info{ID: "accounts.privileges", Messages: privilegeMessages()},
		privilegeParams{},
		checks.On[privilegeFacts]{host.Windows: observeWindowsPrivileges, host.Linux: observeLinuxPrivileges},
		judgePrivileges)
}

type privilegeParams struct {
	// Admins lists who may administer, by name or SID, besides root and the
	// built-in administrator.
	Admins []string `json:"admins,omitempty"`
}

// privilegeFacts is the evidence of accounts.privileges.
type privilegeFacts struct {
	// Admins are the accounts and groups with full rights.
	Admins []adminFact `json:"admins,omitempty"`
	// Root lists accounts other than root that have its number, 0.
	Root []string `json:"root,omitempty"`
	// NoPassword lists who may take an administrator's rights without giving a
	// password, and what says so.
	NoPassword []grantFact `json:"no_password,omitempty"`
	// UAC tells whether Windows asks before it raises rights (EnableLUA); nil
	// on other systems or when unread.
	UAC    *bool           `json:"uac,omitempty"`
	Unread []checks.Unread `json:"unread,omitempty"`
}

// adminFact is one account or group with full rights.
type adminFact struct {
	Name string `json:"name,omitempty"`
	SID  string `json:"sid,omitempty"`
	// Via says where the rights come from: a group or a file.
	Via string `json:"via"`
	// BuiltIn marks the accounts that exist to administer: RID 500 and the
	// Domain Admins on Windows.
	BuiltIn bool `json:"built_in,omitempty"`
}

type grantFact struct {
	Who    string `json:"who"`
	Source string `json:"source"`
}

func judgePrivileges(seen privilegeFacts, p privilegeParams, _ time.Time) checks.Verdict {
	var v checks.Verdict
	add := func(key string, status checks.Status, code string, args ...string) {
		if slices.ContainsFunc(v.Findings, func(f checks.Finding) bool { return f.Key == key }) {
			return // of several rules that say the same of an account, the first speaks
		}
		v.Findings = append(v.Findings, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, args...)})
	}
	for _, a := range seen.Admins {
		name := a.Name
		if name == "" {
			name = a.SID
		}
		if !a.BuiltIn && !listed(p.Admins, a.Name, a.SID) {
			add("admin/"+name, checks.Fail, "privileges.not_authorised", "account", name, "via", a.Via)
		}
	}
	for _, name := range seen.Root {
		add("root/"+name, checks.Fail, "privileges.second_root", "account", name)
	}
	for _, g := range seen.NoPassword {
		add("no_password/"+g.Who, checks.Fail, "privileges.no_password", "account", g.Who, "source", g.Source)
	}
	if seen.UAC != nil && !*seen.UAC {
		add("uac", checks.Fail, "privileges.uac_off")
	}
	for _, u := range seen.Unread {
		add("unread/"+u.Source, checks.Unknown, "accounts.unread", "source", u.Source, "why", u.Why)
	}
	statuses := []checks.Status{checks.Pass}
	for _, f := range v.Findings {
		statuses = append(statuses, f.Status)
	}
	v.Status = checks.Worst(statuses...)
	bad := slices.DeleteFunc(slices.Clone(v.Findings), func(f checks.Finding) bool { return f.Status != v.Status })
	switch {
	case len(bad) == 1:
		v.Reason = bad[0].Reason
	case v.Status == checks.Fail:
		v.Reason = checks.Because("privileges.several", "bad", strconv.Itoa(len(bad)))
	case v.Status == checks.Unknown:
		v.Reason = checks.Because("privileges.several_unread", "bad", strconv.Itoa(len(bad)))
	case len(seen.Admins) == 0:
		v.Reason = checks.Because("privileges.only_root")
	default:
		v.Reason = checks.Because("privileges.least", "admins", strconv.Itoa(len(seen.Admins)))
	}
	return v
}

const (
	sidAdministrators = "S-1-5-32-544"
	ridAdministrator  = "-500"
	ridDomainAdmins   = "-512"
	keyPoliciesSystem = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`
)

// observeWindowsPrivileges reads the members of the administrators' group, by
// its well-known SID and so in any language, and whether UAC is on.
func observeWindowsPrivileges(ctx context.Context, h *host.Host) (privilegeFacts, error) {
	r := newReader(h)
	var seen privilegeFacts
	members, err := h.Accounts.Members(ctx, sidAdministrators)
	switch {
	case err != nil:
		r.Need(sidAdministrators, err)
	case len(members) == 0:
		// Windows lets nobody take the built-in administrator out of this
		// group: an empty answer is none.
		r.Note(sidAdministrators, "unreadable")
	}
	for _, m := range members {
		seen.Admins = append(seen.Admins, adminFact{
			Name: m.Name, SID: m.SID, Via: sidAdministrators,
			BuiltIn: strings.HasSuffix(m.SID, ridAdministrator) || strings.HasSuffix(m.SID, ridDomainAdmins),
		})
	}
	switch v, err := h.Registry.Value(ctx, keyPoliciesSystem, "EnableLUA"); {
	case err == nil && v.Kind == host.RegistryInteger:
		on := v.Integer != 0
		seen.UAC = &on
	case err == nil:
		r.Note(keyPoliciesSystem+`\EnableLUA`, "unreadable")
	default:
		// Setup always writes this value; what Windows does without it is not
		// documented, so its absence tells nothing.
		r.Need(keyPoliciesSystem+`\EnableLUA`, err)
	}
	seen.Unread = r.Unread
	return seen, nil
}
