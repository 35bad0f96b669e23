package auditing

import (
	"context"
	"slices"
	"strings"

	"vigia/checks/host"
)

// Subcategories of the audit policy (ntsecapi.h).
const (
	auditAccounts = "{0CCE9235-69AE-11D9-BED3-505054503030}" // user account management
	auditGroups   = "{0CCE9237-69AE-11D9-BED3-505054503030}" // security group management
)

// changeEvents are the events of the Security channel that tell of a change, with
// its kind. Those of groups name the member apart from the group.
func changeEvents() map[uint32]string {
	return map[uint32]string{
		4720: "created", 4722: "enabled", 4724: "password_set", 4725: "disabled", 4726: "deleted",
		4738: "changed", 4740: "locked_out", 4767: "unlocked", 4781: "renamed",
		4728: "joined", 4729: "left", // a global group
		4732: "joined", 4733: "left", // a local one
		4756: "joined", 4757: "left", // a universal one
	}
}

// groupEvents tell of a member of a group.
func groupEvents() []uint32 { return []uint32{4728, 4729, 4732, 4733, 4756, 4757} }

// observeChangesEvents reads what was done to the accounts of a Windows machine.
// Accounts are SIDs; a name stands beside it where the machine knows it now.
func observeChangesEvents(ctx context.Context, h *host.Host) (changeFacts, error) {
	r := newReader(h)
	p := r.users(ctx)
	seen := changeFacts{Log: r.channel(ctx, p), Audit: map[string]bool{}}
	kinds := changeEvents()
	q := host.EventQuery{Channel: security, Data: []string{"TargetSid", "MemberSid", "SubjectUserSid"}}
	for id := range kinds {
		q.IDs = append(q.IDs, id)
	}
	slices.Sort(q.IDs)
	log, _ := r.events(ctx, q)
	list := changeList{}
	proven := map[bool]bool{}
	for _, e := range log.Events {
		c := change{Day: e.Time.UTC().Format(day), Kind: kinds[e.ID], Account: e.Data["TargetSid"], By: e.Data["SubjectUserSid"]}
		ofGroup := slices.Contains(groupEvents(), e.ID)
		proven[ofGroup] = true
		if ofGroup {
			c.Group, c.Account = c.Account, e.Data["MemberSid"]
		}
		if c.Kind == "changed" && c.By == c.Account {
			continue // one's own password
		}
		if c.Kind == "locked_out" {
			c.By = "" // nobody did it
		}
		if strings.HasPrefix(c.Group, "S-1-5-21-") && strings.HasSuffix(c.Group, "-513") {
			continue // every new account enters the group of all
		}
		c.Name, c.ByName = p.bySID[c.Account], p.bySID[c.By]
		list.add(c)
	}
	seen.Changes, seen.More = list.facts()
	for name, subcategory := range map[string]string{"accounts": auditAccounts, "groups": auditGroups} {
		if on, known := r.audited(ctx, subcategory, false, proven[name == "groups"]); known {
			seen.Audit[name] = on
		}
	}
	id, err := h.System.Identity(ctx)
	if err != nil {
		r.Need("NetGetJoinInformation", err)
	}
	seen.Elsewhere = id.Domain != "" && !r.controller(ctx)
	seen.Cloud = len(r.subkeys(ctx, keyCloudJoin)) > 0
	seen.Unread = one(r.Unread)
	return seen, nil
}
