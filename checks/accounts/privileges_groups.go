package accounts

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks/host"
)

const keyPoliciesSystem = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`

// Groups that every Windows knows by the same number ([MS-DTYP] 2.4.2.4), and the last
// part of the SIDs that every domain has.
const (
	sidEveryone           = "S-1-1-0"
	sidAnonymous          = "S-1-5-7"
	sidAuthenticatedUsers = "S-1-5-11"
	sidInteractive        = "S-1-5-4"
	sidNetwork            = "S-1-5-2"

	sidAdministrators   = "S-1-5-32-544"
	sidUsers            = "S-1-5-32-545"
	sidGuests           = "S-1-5-32-546"
	sidPowerUsers       = "S-1-5-32-547"
	sidAccountOperators = "S-1-5-32-548"
	sidServerOperators  = "S-1-5-32-549"
	sidPrintOperators   = "S-1-5-32-550"
	sidBackupOperators  = "S-1-5-32-551"
	sidRemoteDesktop    = "S-1-5-32-555"
	sidHyperV           = "S-1-5-32-578"
	sidRemoteManagement = "S-1-5-32-580"

	ridAdministrator = "-500"
	ridGuest         = "-501"
	ridDomainAdmins  = "-512"
	ridDomainUsers   = "-513"
	ridDomainGuests  = "-514"
)

// The kinds of adminFact.
const (
	kindGroup     = "group"
	kindEverybody = "everybody"
	kindCloud     = "cloud"
)

// cloudRoles is how many roles of Entra ID its join puts into the administrators' group,
// by SIDs that each tenant has of its own and that have no name here: those of its global
// administrators and of its administrators of devices.
const cloudRoles = 2

// powerfulGroups are those whose members can read every file, load a driver, change
// accounts or run what they like as the system, and those who may come from afar.
func powerfulGroups() []string {
	return []string{
		sidPowerUsers, sidAccountOperators, sidServerOperators, sidPrintOperators, sidBackupOperators,
		sidRemoteDesktop, sidHyperV, sidRemoteManagement,
	}
}

// everybody tells whether a SID stands for whoever logs on, or for more.
func everybody(sid string) bool {
	switch sid {
	case sidEveryone, sidAnonymous, sidAuthenticatedUsers, sidInteractive, sidNetwork, sidUsers, sidGuests:
		return true
	}
	return domainAccount(sid, ridDomainUsers) || domainAccount(sid, ridDomainGuests) || domainAccount(sid, ridGuest)
}

// domainAccount tells whether a SID is that of an account that every machine and domain
// has under the same last part.
func domainAccount(sid, rid string) bool {
	return strings.HasPrefix(sid, "S-1-5-21-") && strings.HasSuffix(sid, rid)
}

// maxNested bounds how deep groups within groups are followed.
const maxNested = 8

// observeWindowsPrivileges reads the members of the administrators' group and of those
// that come near to it, by their well-known SIDs and so in any language, whether UAC is
// on, and what is shared with everybody.
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
	nested := nestedGroups{r: r, machine: machineSID(members), joined: r.cloudJoined(ctx)}
	// Advice only: of whom nothing is told stays an account that is open.
	nested.users, err = h.Accounts.Users(ctx)
	nested.listed = err == nil
	seen.Admins = nested.facts(ctx, sidAdministrators, members)
	for _, group := range powerfulGroups() {
		members, err := h.Accounts.Members(ctx, group)
		if err != nil {
			if err := notTwice(r, err); err != nil {
				r.Miss(group, err)
			}
			continue // not every edition has every group
		}
		seen.Powerful = append(seen.Powerful, nested.facts(ctx, group, members)...)
	}
	seen.UAC, seen.UACSilent = r.uac(ctx)
	seen.OpenShares = r.windowsOpenShares(ctx)
	seen.Unread = r.Unread
	return seen, nil
}

// notTwice drops an error when the members of the administrators' group were not told for
// the same reason: then nothing is, and once says it.
func notTwice(r *reader, err error) error {
	if len(r.Unread) > 0 && r.Unread[0].Source == sidAdministrators {
		return nil
	}
	return err
}

// machineSID is the part of SIDs that names this machine, told by the built-in
// administrator among its own accounts; empty if it is not there.
func machineSID(members []host.Member) string {
	for _, m := range members {
		if prefix, ok := strings.CutSuffix(m.SID, ridAdministrator); ok && m.Kind == "user" {
			return prefix
		}
	}
	return ""
}

// nestedGroups follows groups of this machine (or of the domain that this machine itself
// keeps) to their members. Groups of a domain elsewhere are not asked for: their members
// are the directory's to tell, and a controller that does not answer would hold the check
// up.
type nestedGroups struct {
	r       *reader
	machine string
	users   []host.User // of this machine, if listed
	listed  bool
	joined  bool // to Entra ID
}

// closed tells whether a member is an account that nobody can use: deleted, disabled or
// expired.
func (n nestedGroups) closed(m host.Member) bool {
	if m.Kind == "deleted" {
		return true
	}
	if !n.listed || n.machine == "" || !strings.HasPrefix(m.SID, n.machine+"-") || m.Kind == "group" {
		return false
	}
	i := slices.IndexFunc(n.users, func(u host.User) bool { return u.SID == m.SID })
	if i < 0 {
		// Without its own name an account of this machine is one that was deleted; one
		// with a name may be a group, or was made just now.
		return m.Name == "" && len(n.users) > 0
	}
	return !usable(n.users[i], n.r.Host.Now())
}

// cloud tells whether a member is a role or group of Entra ID on a machine that joined it.
// A person has a name as soon as they log on, and a profile.
func (n nestedGroups) cloud(ctx context.Context, m host.Member) bool {
	if !n.joined || m.Name != "" || m.Kind == "user" || !strings.HasPrefix(m.SID, "S-1-12-1-") {
		return false
	}
	_, err := n.r.Host.Registry.Value(ctx, keyProfileList+`\`+m.SID, "ProfileImagePath")
	return err != nil && n.r.Miss(keyProfileList, err)
}

func (n nestedGroups) facts(ctx context.Context, via string, members []host.Member) []adminFact {
	var out []adminFact
	inside := []string{via}
	var add func(members []host.Member, depth int)
	add = func(members []host.Member, depth int) {
		for _, m := range members {
			f := adminFact{
				Name: m.Name, SID: m.SID, Via: via, Closed: n.closed(m),
				BuiltIn: strings.HasSuffix(m.SID, ridAdministrator) || strings.HasSuffix(m.SID, ridDomainAdmins),
			}
			switch {
			case everybody(m.SID):
				f.Kind = kindEverybody
			case n.cloud(ctx, m):
				f.Kind = kindCloud
			case m.Kind == "group" && !f.BuiltIn:
				if below, ok := n.below(ctx, m.SID); ok && depth < maxNested && !slices.Contains(inside, m.SID) {
					inside = append(inside, m.SID)
					add(below, depth+1)
					continue
				}
				f.Kind = kindGroup
			}
			if !slices.ContainsFunc(out, func(g adminFact) bool { return g.SID == f.SID && g.Name == f.Name }) {
				out = append(out, f)
			}
		}
	}
	add(members, 0)
	return out
}

// below lists the members of a group of this machine.
func (n nestedGroups) below(ctx context.Context, sid string) ([]host.Member, bool) {
	own := n.machine != "" && strings.HasPrefix(sid, n.machine+"-") || strings.HasPrefix(sid, "S-1-5-32-")
	if !own {
		return nil, false
	}
	members, err := n.r.Host.Accounts.Members(ctx, sid)
	return members, err == nil
}

// uac reads whether UAC is on, and whether it raises rights without asking.
func (r *reader) uac(ctx context.Context) (on *bool, silent bool) {
	switch v, err := r.Host.Registry.Value(ctx, keyPoliciesSystem, "EnableLUA"); {
	case err == nil && v.Kind == host.RegistryInteger:
		is := v.Integer != 0
		on = &is
	case err == nil:
		r.Note(keyPoliciesSystem+`\EnableLUA`, "unreadable")
	default:
		// Setup always writes this value; what Windows does without it is not
		// documented, so its absence tells nothing.
		r.Need(keyPoliciesSystem+`\EnableLUA`, err)
	}
	v, err := r.Host.Registry.Value(ctx, keyPoliciesSystem, "ConsentPromptBehaviorAdmin")
	if err != nil && !errors.Is(err, fs.ErrNotExist) && on != nil {
		r.Need(keyPoliciesSystem+`\ConsentPromptBehaviorAdmin`, err)
	}
	return on, on != nil && *on && err == nil && v.Kind == host.RegistryInteger && v.Integer == 0
}
