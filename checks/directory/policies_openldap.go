package directory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"vigia/checks/host"
)

// ldapPolicies reads the policies of OpenLDAP's overlay ppolicy (slapo-ppolicy(5)). Each
// is an entry; which of them holds for those who have none of their own stands in
// cn=config, and nowhere else.
func (r *reader) ldapPolicies(ctx context.Context, seen *policyFacts) {
	if !slices.Contains(r.controls, controlPolicy) {
		seen.None = "module" // a server that has the overlay says so
		return
	}
	found, err := r.below(ctx, "(objectClass=pwdPolicy)", maxPolicies, "cn", "pwdMaxAge", "pwdMinAge", "pwdMinLength",
		"pwdInHistory", "pwdMaxFailure", "pwdLockout", "pwdLockoutDuration", "pwdFailureCountInterval", "pwdCheckQuality", "pwdCheckModule", "pwdUseCheckModule")
	if err != nil {
		r.need(sourcePolicies, err)
		return
	}
	assigned, err := r.below(ctx, "(pwdPolicySubentry=*)", maxAccounts, "pwdPolicySubentry")
	if err != nil {
		r.need(sourcePolicies, err)
	}
	bound := map[string][]string{} // by DN of the policy in small letters
	for _, e := range assigned {
		for _, dn := range e.Attributes["pwdPolicySubentry"] {
			bound[strings.ToLower(dn)] = append(bound[strings.ToLower(dn)], e.DN)
		}
	}
	// Each database with accounts has a default of its own.
	defaults, readAll := map[string]bool{}, true
	for _, suffix := range r.peopled(ctx) {
		config := r.slapdConfig(ctx, suffix)
		readAll = readAll && config.read
		switch {
		case !config.read:
		case !config.overlay:
			seen.None = "overlay"
		case config.policy == "":
			seen.None = cmp.Or(seen.None, "default")
		default:
			defaults[strings.ToLower(config.policy)] = true
		}
	}
	for _, e := range found {
		p := r.ldapPolicy(e)
		dn := strings.ToLower(e.DN)
		p.apply(bound[dn])
		delete(bound, dn)
		p.Default = defaults[dn]
		delete(defaults, dn)
		p.Candidate = !readAll
		seen.Policies = append(seen.Policies, p)
	}
	if len(bound) > 0 || len(defaults) > 0 || !readAll && len(found) == 0 {
		r.note(sourcePolicies, "permission")
	}
	slices.SortFunc(seen.Policies, func(a, b policyFact) int { return strings.Compare(a.Name, b.Name) })
}

// peopled are the databases in which there are accounts: a server may also hold a log of
// changes. Where none is seen, it is all of them but such logs.
func (r *reader) peopled(ctx context.Context) []string {
	if len(r.contexts) < 2 {
		return r.contexts
	}
	var out []string
	for _, suffix := range r.contexts {
		found, err := r.Host.Directory.Search(ctx, host.DirectoryQuery{Base: suffix, Scope: "subtree", Filter: ldapAccountFilter, Attributes: []string{"uid"}, Max: 1})
		if errors.Is(err, host.ErrTooBig) || len(found) > 0 {
			out = append(out, suffix)
		}
	}
	if len(out) == 0 {
		out = slices.DeleteFunc(slices.Clone(r.contexts), changeLog)
	}
	return out
}

// changeLog tells the usual suffix of a log of changes (slapo-accesslog(5)).
func changeLog(suffix string) bool {
	return strings.EqualFold(suffix, "cn=accesslog") || strings.EqualFold(suffix, "cn=log")
}

// ldapPolicy reads one policy. What an entry does not set is switched off, and a minimum
// length counts only where new passwords are looked at (pwdCheckQuality).
func (r *reader) ldapPolicy(e host.DirectoryEntry) policyFact {
	number := func(name string) *int64 {
		n := r.number(e, name, sourcePolicies)
		if n == nil {
			n = new(int64)
		}
		return n
	}
	p := policyFact{
		Name:   e.DN,
		MaxAge: number("pwdMaxAge"), MinAge: number("pwdMinAge"), Length: number("pwdMinLength"), History: number("pwdInHistory"),
		Threshold: number("pwdMaxFailure"), Locked: number("pwdLockoutDuration"),
		Window: number("pwdFailureCountInterval"), Classes: new(int64),
	}
	if on, _ := boolean(e, "pwdLockout"); !on {
		p.Threshold = new(int64)
	}
	switch quality := *number("pwdCheckQuality"); quality {
	case 0:
		p.Length = new(int64)
	case 1:
		p.Lenient = true
	}
	if _, ok := first(e, "pwdCheckModule"); ok {
		p.Module = "pwdCheckModule"
	} else if on, _ := boolean(e, "pwdUseCheckModule"); on {
		p.Module = "pwdUseCheckModule"
	}
	return p
}

// slapdConfig is what cn=config tells of a database.
type slapdConfig struct {
	read    bool // the account may read it
	overlay bool // ppolicy is on
	policy  string
	// hashes are the schemes for new passwords; empty is the server's own choice.
	hashes []string
	// cleartext: a password that arrives in clear by an add or modify stays so.
	cleartext bool
	// crypt is the format of salts of {CRYPT}; empty where it is not set, and then
	// cryptSeen tells that it would be seen if it were.
	crypt     string
	cryptSeen bool
}

const saltFormat = "olcPasswordCryptSaltFormat"

// slapdConfig reads cn=config, which only few may.
func (r *reader) slapdConfig(ctx context.Context, suffix string) slapdConfig {
	entries, err := r.Host.Directory.Search(ctx, host.DirectoryQuery{
		Base: "cn=config", Scope: "subtree", Filter: "(|(objectClass=olcGlobal)(objectClass=olcDatabaseConfig)(objectClass=olcPPolicyConfig))", Max: maxPolicies,
		Attributes: []string{
			"objectClass", "olcDatabase", "olcSuffix", "olcPPolicyDefault", "olcPPolicyHashCleartext", "olcPasswordHash",
			saltFormat, "olcAccess", "olcRootDN",
		},
	})
	var c slapdConfig
	if err != nil {
		return c // it is hidden from most
	}
	c.cleartext = true
	database := "?"
	for _, e := range entries {
		name, _ := first(e, "olcDatabase")
		if format, ok := first(e, saltFormat); ok {
			c.crypt, c.cryptSeen = format, true
		}
		switch {
		case strings.HasSuffix(name, "config"):
			c.cryptSeen = c.cryptSeen || r.readsAll(e, "cn=config", []string{saltFormat})
		case slices.ContainsFunc(e.Attributes["olcSuffix"], func(s string) bool { return sameDN(s, suffix) }):
			c.read, database = true, ","+strings.ToLower(e.DN)
		case strings.HasSuffix(name, "frontend"):
			c.hashes = e.Attributes["olcPasswordHash"]
		}
	}
	for _, e := range entries {
		if slices.Contains(e.Attributes["objectClass"], "olcPPolicyConfig") && strings.HasSuffix(strings.ToLower(e.DN), database) {
			c.overlay = true
			c.policy, _ = first(e, "olcPPolicyDefault")
			on, _ := boolean(e, "olcPPolicyHashCleartext")
			c.cleartext = !on
		}
	}
	return c
}
