package accounts

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// privileges is AC-LEASTPRIV: nobody administers a machine but the authorised
// administrators, and no daily work is done with their rights.
func privileges() checks.Check {
	return checks.New(checks.Info{ID: "accounts.privileges", Messages: privilegeMessages(), Covers: privilegeCovers()},
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
	// Commands are those of rules that name no administrator and make one all the same.
	Commands []commandFact `json:"commands,omitempty"`
	// Powerful are those in groups by which one can take control of the machine,
	// without being administrators by name.
	Powerful []adminFact `json:"powerful,omitempty"`
	// OpenRules are files of polkit that allow users everything, and sockets by which
	// anybody gives orders to root.
	OpenRules []string `json:"open_rules,omitempty"`
	// OpenShares are shared folders to which anybody may write.
	OpenShares []openShare `json:"open_shares,omitempty"`
	// UAC tells whether Windows asks before it raises rights (EnableLUA); nil
	// on other systems or when unread.
	UAC *bool `json:"uac,omitempty"`
	// UACSilent tells that it is on and raises the rights of administrators
	// without asking (ConsentPromptBehaviorAdmin = 0).
	UACSilent bool            `json:"uac_silent,omitempty"`
	Unread    []checks.Unread `json:"unread,omitempty"`
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
	// Closed marks accounts that are deleted, disabled or expired.
	Closed bool `json:"closed,omitempty"`
	// Kind is "group" for a group whose members are not known here,
	// "everybody" for one that holds whoever logs on, and "cloud" for a role or group
	// of Entra ID that has no name here.
	Kind string `json:"kind,omitempty"`
}

// openShare is a shared folder to which anybody may write, and what says so.
type openShare struct {
	Name   string `json:"name"`
	Source string `json:"source"`
}

// commandFact is a command that an account may run as root and by which it gets hold of
// the machine. Its arguments are not kept.
type commandFact struct {
	Who     string `json:"who"`
	Command string `json:"command"`
	Source  string `json:"source"`
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
	cloud, open := 0, 0
	for _, a := range seen.Admins {
		if a.Kind == kindCloud {
			cloud++
		}
		if !a.Closed {
			open++
		}
	}
	for _, a := range seen.Admins {
		name := cmp.Or(a.Name, a.SID)
		switch {
		case a.Kind == kindEverybody:
			add("admin/"+name, checks.Fail, "privileges.everybody", "account", name, "via", a.Via)
		case a.BuiltIn || a.Closed || listed(p.Admins, a.Name, a.SID):
		case a.Kind == kindCloud && cloud <= cloudRoles:
			add("admin/"+name, checks.Warn, "privileges.cloud_role", "account", name)
		case a.Kind == kindGroup || a.Kind == kindCloud:
			add("admin/"+name, checks.Fail, "privileges.group_not_authorised", "account", name, "via", a.Via)
		default:
			add("admin/"+name, checks.Fail, "privileges.not_authorised", "account", name, "via", a.Via)
		}
	}
	for _, a := range seen.Powerful {
		name := cmp.Or(a.Name, a.SID)
		switch {
		case a.Kind == kindEverybody && (a.Via == sidRemoteDesktop || a.Via == sidRemoteManagement):
			add("powerful/"+a.Via+"/"+name, checks.Warn, "privileges.everybody", "account", name, "via", a.Via)
		case a.Kind == kindEverybody:
			add("powerful/"+a.Via+"/"+name, checks.Fail, "privileges.everybody", "account", name, "via", a.Via)
		case a.Via == sidRemoteDesktop || a.Via == sidRemoteManagement:
			// To work at a machine from afar is no right over it.
		case !a.BuiltIn && !a.Closed && !listed(p.Admins, a.Name, a.SID):
			add("powerful/"+a.Via+"/"+name, checks.Fail, "privileges.powerful_group", "account", name, "via", a.Via)
		}
	}
	for _, c := range seen.Commands {
		if !listed(p.Admins, c.Who) {
			add("command/"+c.Who+"/"+c.Command, checks.Fail, "privileges.root_command", "account", c.Who, "command", c.Command, "source", c.Source)
		}
	}
	for _, path := range seen.OpenRules {
		if slices.Contains(rootSockets(), path) {
			add("socket/"+path, checks.Fail, "privileges.socket_open", "source", path)
			continue
		}
		add("rule/"+path, checks.Fail, "privileges.rule_open", "source", path)
	}
	for _, share := range seen.OpenShares {
		add("share/"+share.Name, checks.Fail, "privileges.open_share", "share", share.Name, "source", share.Source)
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
	if seen.UACSilent {
		add("uac", checks.Warn, "privileges.uac_silent")
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
	case v.Status == checks.Warn:
		v.Reason = checks.Because("privileges.several_warned", "bad", strconv.Itoa(len(bad)))
	case v.Status == checks.Unknown:
		v.Reason = checks.Because("privileges.several_unread", "bad", strconv.Itoa(len(bad)))
	case open == 0:
		v.Reason = checks.Because("privileges.only_root")
	default:
		v.Reason = checks.Because("privileges.least", "admins", strconv.Itoa(open))
	}
	return v
}
