package directory

import (
	"context"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// policyFacts is the evidence of every check of rules.
type policyFacts struct {
	about
	Policies []policyFact `json:"policies,omitempty"`
	// None says why nothing is enforced on those who have no policy of their own:
	// module, overlay or default, whichever is missing (OpenLDAP).
	None string `json:"none,omitempty"`
}

// policyFact is one set of rules. Times are seconds; a number that was not read is nil,
// and 0 is the rule switched off.
type policyFact struct {
	// Name is the policy's own; empty for the domain's in Active Directory.
	Name string `json:"name,omitempty"`
	// Default holds for all who have no other. Candidate may be that one: the account
	// that reads cannot see which is.
	Default   bool `json:"default,omitempty"`
	Candidate bool `json:"candidate,omitempty"`
	// Precedence decides between fine-grained policies: the lowest wins.
	Precedence *int64 `json:"precedence,omitempty"`
	// Applies names groups and accounts, AppliesMore counts those left out.
	Applies     []string `json:"applies,omitempty"`
	AppliesMore int      `json:"applies_more,omitempty"`

	MaxAge    *int64 `json:"max_age,omitempty"`
	MinAge    *int64 `json:"min_age,omitempty"`
	Length    *int64 `json:"length,omitempty"`
	History   *int64 `json:"history,omitempty"`
	Threshold *int64 `json:"threshold,omitempty"` // attempts
	Locked    *int64 `json:"locked,omitempty"`    // 0: until an administrator unlocks
	Window    *int64 `json:"window,omitempty"`    // after which attempts are forgotten; 0: never
	Classes   *int64 `json:"classes,omitempty"`   // of characters
	// Reversible: passwords are kept so that they can be read again.
	Reversible *bool `json:"reversible,omitempty"`
	// Module decides on new passwords by rules of its own (OpenLDAP).
	Module string `json:"module,omitempty"`
	// Lenient: what arrives already hashed is accepted unseen (pwdCheckQuality 1).
	Lenient bool `json:"lenient,omitempty"`
}

// effective tells whether the policy is known to bind anybody.
func (p policyFact) effective() bool { return p.Default || len(p.Applies) > 0 }

// apply names whom a policy is for.
func (p *policyFact) apply(dns []string) {
	for _, dn := range dns {
		p.Applies = append(p.Applies, nameOf(dn))
	}
	slices.Sort(p.Applies)
	if n := len(p.Applies); n > maxApplies {
		p.Applies, p.AppliesMore = p.Applies[:maxApplies], n-maxApplies
	}
}

// observePolicies reads the rules of the directory.
func observePolicies(ctx context.Context, h *host.Host) (policyFacts, error) {
	r := open(ctx, h)
	var seen policyFacts
	r.policies(ctx, &seen)
	seen.about = r.facts()
	return seen, nil
}

// policies fills in what is known of rules.
func (r *reader) policies(ctx context.Context, seen *policyFacts) {
	switch r.Kind {
	case activeDirectory:
		seen.Policies = append(r.domainPolicy(ctx), r.fineGrained(ctx)...)
	case openLDAP:
		r.ldapPolicies(ctx, seen)
	}
}

// ruling is what one rule of one policy comes to.
type ruling struct {
	status checks.Status
	code   string
	args   []string
}

// unread is the ruling on a number that nobody told.
func unreadRule() ruling { return ruling{status: checks.Unknown, code: "directory.rule_unread"} }

// rule judges each policy that binds somebody, by one.
func (seen policyFacts) rule(f *findings, one func(policyFact) ruling) {
	add := func(p policyFact, r ruling) {
		f.add(p.key(), r.status, r.code, append(r.args, "policy", p.label(seen.Kind))...)
	}
	candidates, bad := 0, 0
	for _, p := range seen.Policies {
		if p.effective() {
			add(p, one(p))
		}
		if p.Candidate {
			candidates++
			if one(p).status == checks.Fail {
				bad++
			}
		}
	}
	if seen.None != "" {
		f.add("policy", checks.Fail, none()[seen.None])
	}
	switch candidates {
	case 0:
	case bad: // whichever of them is the default
		for _, p := range seen.Policies {
			if p.Candidate && !p.effective() {
				add(p, one(p))
			}
		}
	default:
		f.unread([]checks.Unread{{Source: sourceDefault, Why: "permission"}})
	}
}

// key is what findings about the policy go by.
func (p policyFact) key() string {
	if p.Name == "" {
		return "policy"
	}
	return "policy/" + p.Name
}

// none are the codes for what is missing where no rule is enforced.
func none() map[string]string {
	return map[string]string{
		"module": "directory.rule_none_module", "overlay": "directory.rule_none_overlay", "default": "directory.rule_none_default",
	}
}

// label names a policy: a code of the messages for that of the domain.
func (p policyFact) label(kind string) string {
	switch {
	case p.Name == "":
		return "domain_policy"
	case kind == openLDAP: // a DN
		return nameOf(p.Name)
	default:
		return p.Name
	}
}

// judge is the verdict of a check that looks at rules only.
func (seen policyFacts) judge(good string, one func(policyFact) ruling) checks.Verdict {
	return seen.judgeWith(good, func(*findings) {}, one)
}

// judgeWith is judge with what a check says besides.
func (seen policyFacts) judgeWith(good string, more func(*findings), one func(policyFact) ruling) checks.Verdict {
	if v, ok := seen.settled(); ok {
		return v
	}
	var f findings
	seen.rule(&f, one)
	more(&f)
	f.unread(seen.Unread)
	return f.verdict(checks.Because(good, "policies", strconv.Itoa(seen.count())))
}

// count is how many policies bind somebody.
func (seen policyFacts) count() int {
	n := 0
	for _, p := range seen.Policies {
		if p.effective() {
			n++
		}
	}
	return n
}

// domainPolicy reads the rules that hold for all who have no fine-grained policy.
func (r *reader) domainPolicy(ctx context.Context) []policyFact {
	head, err := r.entry(ctx, r.Domain, "maxPwdAge", "minPwdAge", "minPwdLength", "pwdHistoryLength", "pwdProperties",
		"lockoutThreshold", "lockoutDuration", "lockOutObservationWindow")
	if err != nil {
		r.need(sourceDomain, err)
		return nil
	}
	p := policyFact{
		Default: true,
		MaxAge:  r.duration(head, "maxPwdAge", sourceDomain), MinAge: r.duration(head, "minPwdAge", sourceDomain),
		Length: r.number(head, "minPwdLength", sourceDomain), History: r.number(head, "pwdHistoryLength", sourceDomain),
		Threshold: r.number(head, "lockoutThreshold", sourceDomain), Locked: r.duration(head, "lockoutDuration", sourceDomain),
		Window: r.duration(head, "lockOutObservationWindow", sourceDomain),
	}
	if bits := r.number(head, "pwdProperties", sourceDomain); bits != nil {
		p.setComplex(*bits&passwordComplex != 0)
		reversible := *bits&passwordStoreCleartext != 0
		p.Reversible = &reversible
	}
	return []policyFact{p}
}

// Bits of pwdProperties (MS-SAMR 2.2.1.15): DOMAIN_PASSWORD_COMPLEX demands three classes
// of characters and no account name inside.
const (
	passwordComplex        = 1
	passwordStoreCleartext = 16
	complexClasses         = 3
)

func (p *policyFact) setComplex(on bool) {
	var classes int64
	if on {
		classes = complexClasses
	}
	p.Classes = &classes
}

func (r *reader) duration(e host.DirectoryEntry, name, source string) *int64 {
	ticks := r.number(e, name, source)
	if ticks == nil {
		return nil
	}
	s := seconds(*ticks)
	return &s
}

// fineGrained reads the password settings objects. Only domain administrators may see
// them by default, and a directory does not say that it hides something: the container
// must show itself, and each object that groups or accounts point back to must be there.
func (r *reader) fineGrained(ctx context.Context) []policyFact {
	container := "CN=Password Settings Container,CN=System," + r.Domain
	head, err := r.entry(ctx, container, "objectClass")
	if err != nil {
		r.need(sourceSettings, hidden(err))
		return nil
	}
	if _, ok := first(head, "objectClass"); !ok {
		r.note(sourceSettings, "permission")
	}
	objects, err := r.Host.Directory.Search(ctx, host.DirectoryQuery{
		Base: container, Scope: "one", Filter: "(objectClass=msDS-PasswordSettings)", Max: maxPolicies,
		Attributes: []string{
			"cn", "msDS-PasswordSettingsPrecedence", "msDS-MaximumPasswordAge", "msDS-MinimumPasswordAge", "msDS-MinimumPasswordLength",
			"msDS-PasswordHistoryLength", "msDS-PasswordComplexityEnabled", "msDS-PasswordReversibleEncryptionEnabled",
			"msDS-LockoutThreshold", "msDS-LockoutDuration", "msDS-LockoutObservationWindow", "msDS-PSOAppliesTo",
		},
	})
	if err != nil {
		r.need(sourceSettings, hidden(err))
		return nil
	}
	var out []policyFact
	for _, e := range objects {
		out = append(out, r.passwordSettings(e))
	}
	pointing, err := r.below(ctx, "(msDS-PSOApplied=*)", maxAccounts, "msDS-PSOApplied")
	if err != nil {
		r.need(sourceSettings, err)
	}
	for _, e := range pointing {
		for _, dn := range e.Attributes["msDS-PSOApplied"] {
			if !slices.ContainsFunc(objects, func(o host.DirectoryEntry) bool { return strings.EqualFold(o.DN, dn) }) {
				r.note(sourceSettings, "permission")
			}
		}
	}
	slices.SortFunc(out, func(a, b policyFact) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// hidden turns "does not exist" into "may not be seen": every domain has it since 2008.
func hidden(err error) error {
	if whyUnread(err) == "absent" {
		return fs.ErrPermission
	}
	return err
}

func (r *reader) passwordSettings(e host.DirectoryEntry) policyFact {
	p := policyFact{
		Name:       nameOf(e.DN),
		Precedence: r.number(e, "msDS-PasswordSettingsPrecedence", sourceSettings),
		MaxAge:     r.duration(e, "msDS-MaximumPasswordAge", sourceSettings), MinAge: r.duration(e, "msDS-MinimumPasswordAge", sourceSettings),
		Length: r.number(e, "msDS-MinimumPasswordLength", sourceSettings), History: r.number(e, "msDS-PasswordHistoryLength", sourceSettings),
		Threshold: r.number(e, "msDS-LockoutThreshold", sourceSettings), Locked: r.duration(e, "msDS-LockoutDuration", sourceSettings),
		Window: r.duration(e, "msDS-LockoutObservationWindow", sourceSettings),
	}
	if on, ok := boolean(e, "msDS-PasswordComplexityEnabled"); ok {
		p.setComplex(on)
	}
	if on, ok := boolean(e, "msDS-PasswordReversibleEncryptionEnabled"); ok {
		p.Reversible = &on
	}
	p.apply(e.Attributes["msDS-PSOAppliesTo"])
	return p
}

// boolean reads TRUE or FALSE (RFC 4517 section 3.3.3).
func boolean(e host.DirectoryEntry, name string) (on, ok bool) {
	text, ok := first(e, name)
	return strings.EqualFold(text, "TRUE"), ok && (strings.EqualFold(text, "TRUE") || strings.EqualFold(text, "FALSE"))
}
