package directory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// lockoutFacts is the evidence of directory.lockout: the rules, and whom they lock now.
type lockoutFacts struct {
	policyFacts
	// LockedNow names the accounts that are locked after wrong passwords, LockedMore
	// counts those left out. Of accounts whose lock is hidden nothing is told.
	LockedNow  []string `json:"locked_now,omitempty"`
	LockedMore int      `json:"locked_more,omitempty"`
}

func observeLockout(ctx context.Context, h *host.Host) (lockoutFacts, error) {
	r := open(ctx, h)
	var seen lockoutFacts
	r.policies(ctx, &seen.policyFacts)
	var names []string
	switch r.Kind {
	case activeDirectory:
		names = r.domainLocked(ctx)
	case openLDAP:
		names = r.ldapLocked(ctx, seen.Policies)
	}
	slices.Sort(names)
	seen.LockedMore = max(0, len(names)-maxNamed)
	seen.LockedNow = names[:len(names)-seen.LockedMore]
	seen.about = r.facts()
	return seen, nil
}

// flagLockout is computed by the domain controller, with the duration that holds for the
// account (MS-ADTS 3.1.1.4.5.17); lockoutTime alone stays after the lock has ended.
const flagLockout = 0x10

func (r *reader) domainLocked(ctx context.Context) []string {
	found, err := r.below(ctx, "(&"+userAccountFilter+"(lockoutTime>=1))", maxAccounts, "sAMAccountName", "msDS-User-Account-Control-Computed")
	if err != nil {
		r.need(sourceAccounts, err)
		return nil
	}
	var names []string
	for _, e := range found {
		computed := r.number(e, "msDS-User-Account-Control-Computed", sourceAccounts)
		if name, ok := first(e, "sAMAccountName"); ok && computed != nil && *computed&flagLockout != 0 {
			names = append(names, name)
		}
	}
	return names
}

// ldapLocked finds whom ppolicy has locked: the lock ends after the policy's duration,
// which is that of the account or the default.
func (r *reader) ldapLocked(ctx context.Context, policies []policyFact) []string {
	found, err := r.below(ctx, "(pwdAccountLockedTime=*)", maxAccounts, "uid", "pwdAccountLockedTime", "pwdPolicySubentry")
	if err != nil {
		r.need(sourceAccounts, err)
		return nil
	}
	var names []string
	for _, e := range found {
		value, _ := first(e, "pwdAccountLockedTime")
		since, ok := generalizedTime(value)
		name, named := first(e, "uid")
		if !ok || !named { // locked by an administrator, which is no lockout
			continue
		}
		own, _ := first(e, "pwdPolicySubentry")
		i := slices.IndexFunc(policies, func(p policyFact) bool {
			return own != "" && strings.EqualFold(p.Name, own) || own == "" && p.Default
		})
		lasts := time.Duration(0)
		if i >= 0 && policies[i].Locked != nil {
			lasts = time.Duration(min(*policies[i].Locked, 1<<31)) * time.Second
		}
		if lasts == 0 || r.Host.Now().Before(since.Add(lasts)) {
			names = append(names, name)
		}
	}
	return names
}

// report names the accounts that are locked: the rule works, and many at once are an
// attack.
func (seen lockoutFacts) report(f *findings, p lockoutParams) {
	for _, name := range seen.LockedNow {
		f.add("locked/"+name, checks.Pass, "directory.lockout_locked", "account", name)
	}
	if n := len(seen.LockedNow) + seen.LockedMore; p.LockedMany > 0 && n >= p.LockedMany {
		f.add("locked", checks.Warn, "directory.lockout_locked_many", "count", strconv.Itoa(n), "bar", strconv.Itoa(p.LockedMany))
	}
}
