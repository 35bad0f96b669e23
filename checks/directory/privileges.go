package directory

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// privileges is AC-LEASTPRIV in the directory: only authorised accounts administer the
// domain, however deep the groups lie in each other.
func privileges() checks.Check {
	return checks.New(checks.Info{ID: "directory.privileges", Deadline: deadline, Covers: privilegeCovers(), Messages: privilegeMessages()},
		privilegeParams{}, onBoth(observePrivileges), judgePrivileges)
}

type privilegeParams struct {
	// Admins lists the accounts that may administer the domain, by name or SID.
	Admins []string `json:"admins,omitempty"`
}

// privilegeFacts is the evidence of directory.privileges.
type privilegeFacts struct {
	about
	Admins []adminFact `json:"admins,omitempty"`
	More   int         `json:"more,omitempty"`
}

// adminFact is one enabled account that administers the domain.
type adminFact struct {
	Name string `json:"name"`
	SID  string `json:"sid,omitempty"`
	// Groups are the privileged groups that hold it, by the codes of privileged.
	Groups []string `json:"groups"`
	// BuiltIn marks the administrator that every domain has (RID 500).
	BuiltIn bool `json:"built_in,omitempty"`
	// Foreign is an account or group of another domain, or one known to every system.
	Foreign bool `json:"foreign,omitempty"`
}

const (
	// sidAdministrators is the group of the domain controllers' administrators.
	sidAdministrators = "S-1-5-32-544"
	// ridAdministrator ends the SID of the administrator that every domain has.
	ridAdministrator = "500"
)

// privileged are the groups that rule the domain, by the last part of their SIDs
// (MS-DTYP 2.4.2.4).
func privileged() map[string]string {
	return map[string]string{
		"512": "domain_admins", "518": "schema_admins", "519": "enterprise_admins", "544": "administrators",
	}
}

func observePrivileges(ctx context.Context, h *host.Host) (privilegeFacts, error) {
	r := open(ctx, h)
	var seen privilegeFacts
	if r.Kind == activeDirectory {
		seen.Admins = r.admins(ctx)
		if n := len(seen.Admins); n > maxNamed {
			seen.Admins, seen.More = seen.Admins[:maxNamed], n-maxNamed
		}
	}
	seen.about = r.facts()
	return seen, nil
}

// admins finds the members of the privileged groups.
func (r *reader) admins(ctx context.Context) []adminFact {
	head, err := r.entry(ctx, r.Domain, "objectSid")
	if err != nil {
		r.need(sourceDomain, err)
		return nil
	}
	binary, _ := first(head, "objectSid")
	domain := sidText(binary)
	if domain == "" {
		r.note(sourceDomain, "permission")
		return nil
	}
	var filter strings.Builder
	for _, sid := range []string{domain + "-512", domain + "-518", domain + "-519", sidAdministrators} {
		filter.WriteString("(objectSid=" + sid + ")")
	}
	groups, err := r.below(ctx, "(|"+filter.String()+")", maxPolicies, "objectSid", "member")
	if err != nil {
		r.need(sourceGroups, err)
		return nil
	}
	found := map[string]*adminFact{} // by DN in small letters
	kinds := map[string]bool{}
	for _, g := range groups {
		binary, _ := first(g, "objectSid")
		code := privileged()[rid(sidText(binary))]
		kinds[code] = true
		r.membersOf(ctx, g, rid(sidText(binary)), code, found)
	}
	if !kinds["domain_admins"] || !kinds["administrators"] || len(found) == 0 {
		// Every domain has both, and somebody in them: they are hidden.
		r.note(sourceGroups, "permission")
	}
	out := make([]adminFact, 0, len(found))
	for _, a := range found {
		slices.Sort(a.Groups)
		out = append(out, *a)
	}
	slices.SortFunc(out, func(a, b adminFact) int { return strings.Compare(a.Name+a.SID, b.Name+b.SID) })
	return out
}

// Rules and types of what a search for members meets.
const (
	ruleInChain      = "1.2.840.113556.1.4.1941" // LDAP_MATCHING_RULE_IN_CHAIN (MS-ADTS 3.1.1.3.4.4.3)
	classGroup       = "group"
	classForeign     = "foreignSecurityPrincipal"
	partOfMembership = "member;" // a server that gives only the first of many values says so
)

// membersOf adds the members of a group, and of the groups in it, to found. Those who
// have the group as their primary one are in no list of members.
func (r *reader) membersOf(ctx context.Context, group host.DirectoryEntry, number, code string, found map[string]*adminFact) {
	members, err := r.below(ctx, "(|(memberOf:"+ruleInChain+":="+escape(group.DN)+")(primaryGroupID="+number+"))", maxAccounts,
		"objectClass", "sAMAccountName", "objectSid", "userAccountControl", "member")
	if err != nil {
		r.need(sourceGroups, err)
		return
	}
	visible := map[string]bool{}
	for _, m := range members {
		visible[strings.ToLower(m.DN)] = true
	}
	for _, g := range append(members, group) {
		for name, dns := range g.Attributes {
			if strings.HasPrefix(name, partOfMembership) {
				r.note(sourceGroups, "too_big")
			}
			if name != "member" {
				continue
			}
			for _, dn := range dns {
				if !visible[strings.ToLower(dn)] {
					r.unseen(ctx, dn)
				}
			}
		}
	}
	for _, m := range members {
		classes := m.Attributes["objectClass"]
		flags := r.number(m, "userAccountControl", sourceGroups)
		foreign := slices.Contains(classes, classForeign)
		switch {
		case slices.Contains(classes, classGroup), flags != nil && *flags&flagDisabled != 0:
			continue
		case flags == nil && !foreign: // hidden, or of a kind that is not understood
			r.note(sourceGroups, "permission")
			continue
		}
		key := strings.ToLower(m.DN)
		a := found[key]
		if a == nil {
			a = &adminFact{Foreign: foreign}
			a.Name, _ = first(m, "sAMAccountName")
			if binary, ok := first(m, "objectSid"); ok {
				a.SID = sidText(binary)
			}
			if a.Name == "" {
				a.Name = nameOf(m.DN)
			}
			a.BuiltIn = !foreign && rid(a.SID) == ridAdministrator
			found[key] = a
		}
		if !slices.Contains(a.Groups, code) {
			a.Groups = append(a.Groups, code)
		}
	}
}

// unseen notes that a member is hidden from the account that reads. One of another
// domain of the forest is not in this directory either.
func (r *reader) unseen(ctx context.Context, dn string) {
	_, err := r.entry(ctx, dn, "objectClass")
	if err == nil {
		err = errors.New("a member that its groups do not answer for")
	}
	r.need(sourceGroups, hidden(err))
}

func judgePrivileges(seen privilegeFacts, p privilegeParams, _ time.Time) checks.Verdict {
	if v, ok := seen.settled(); ok {
		return v
	}
	if seen.Kind != activeDirectory {
		return checks.Verdict{Status: checks.Unknown, Reason: checks.Because("directory.privileges_not_told")}
	}
	var f findings
	var names []string
	for _, a := range seen.Admins {
		names = append(names, a.Name)
		if a.BuiltIn || listed(p.Admins, a.Name, a.SID) {
			continue
		}
		code := "directory.privileges_not_authorised"
		if a.Foreign {
			code = "directory.privileges_foreign"
		}
		f.add("admin/"+a.Name, checks.Fail, code, "account", a.Name, "groups", strings.Join(a.Groups, ", "))
	}
	if seen.More > 0 {
		f.add("more", checks.Fail, "directory.accounts_more", "more", strconv.Itoa(seen.More))
	}
	f.unread(seen.Unread)
	return f.verdict(checks.Because("directory.privileges_least", "admins", strings.Join(names, ", ")))
}
