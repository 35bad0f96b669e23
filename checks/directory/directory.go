// Package directory checks the accounts of an organisation that live in its directory,
// Active Directory or OpenLDAP, once for the whole domain: how old passwords may be and
// are, how long and varied they must be, how accounts lock, how passwords are kept, who
// uses no account and who administers.
//
// One agent is chosen to read the directory; on every other the checks do not apply.
// Policies, flags and dates are read, never a password or its hash. A directory leaves
// out what the reading account may not see and does not say so: nothing that can be
// hidden counts as absent unless the account is shown to see the place.
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

// Checks lists the checks of this domain.
func Checks() []checks.Check {
	return []checks.Check{
		passwordAge(), passwordLength(), passwordComposition(), passwordHistory(), passwordStore(), passwordBlank(),
		lockout(), lockoutRelease(), accounts(), leavers(), privileges(), accountChanges(),
	}
}

// deadline bounds a check: twenty thousand accounts come in forty answers.
const deadline = 3 * time.Minute

// Limits of what is asked for and of what is kept.
const (
	maxAccounts = 50000
	maxPolicies = 500
	maxNamed    = 200 // accounts named in the facts of one check
	maxApplies  = 20  // groups and accounts named of one policy
)

// about is what the facts of every check begin with.
type about struct {
	// NotChosen: this machine is not the one that reads the directory.
	NotChosen bool `json:"not_chosen,omitempty"`
	// Kind is active_directory or openldap; empty when it is not known.
	Kind string `json:"kind,omitempty"`
	// Domain is the DN of the domain.
	Domain string `json:"domain,omitempty"`
	sightFacts
	Unread []checks.Unread `json:"unread,omitempty"`
}

// The directories that are understood.
const (
	activeDirectory = "active_directory"
	openLDAP        = "openldap"
)

// settled answers for what all checks share: a machine that was not chosen, a directory
// that did not answer or is of a kind that nobody here understands.
func (a about) settled() (checks.Verdict, bool) {
	switch {
	case a.NotChosen:
		return checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("directory.not_chosen")}, true
	case a.Kind == "" && len(a.Unread) > 0:
		return checks.Verdict{Status: checks.Unknown, Reason: unreadReason(a.Unread[0])}, true
	case a.Kind == "":
		return checks.Verdict{Status: checks.Unknown, Reason: checks.Because("directory.other_kind")}, true
	default:
		return checks.Verdict{}, false
	}
}

// reader asks the directory for one observation.
type reader struct {
	checks.Look
	about
	contexts []string // the DNs of all that it holds
	controls []string // what it says it can do
	// account is who reads (OpenLDAP), token the SIDs that it goes by (Active Directory).
	account string
	token   map[string]bool
}

// Names of what is read, for Unread and the messages.
const (
	sourceRoot     = "directory_root"
	sourceDomain   = "directory_domain"
	sourceSettings = "password_settings" // fine-grained policies of Active Directory
	sourcePolicies = "password_policies" // policies of OpenLDAP
	sourceDefault  = "default_policy"    // which of them holds by default
	sourceConfig   = "slapd_config"
	sourceAccounts = "directory_accounts"
	sourceLogons   = "directory_logons"
	sourceGroups   = "directory_groups"
)

// Object identifiers with which servers say what they are.
const (
	capActiveDirectory = "1.2.840.113556.1.4.800"
	controlPolicy      = "1.3.6.1.4.1.42.2.27.8.5.1" // draft-behera-ldap-password-policy
)

// anything is the filter that every entry matches.
const anything = "(objectClass=*)"

// open recognises the directory by its root DSE (RFC 4512 section 5.1). Kind stays empty
// when that does not work; Unread or NotChosen say why.
func open(ctx context.Context, h *host.Host) *reader {
	r := &reader{Look: checks.Look{Host: h}}
	root, err := r.entry(ctx, "", "defaultNamingContext", "namingContexts", "supportedCapabilities", "supportedControl", "objectClass",
		"tokenGroups", host.DirectoryAccount)
	switch {
	case errors.Is(err, host.ErrUnsupported):
		r.NotChosen = true
		return r
	case err != nil:
		r.need(sourceRoot, err)
		return r
	}
	r.controls = root.Attributes["supportedControl"]
	r.account, _ = first(root, host.DirectoryAccount)
	r.token = tokenOf(root)
	switch {
	case slices.Contains(root.Attributes["supportedCapabilities"], capActiveDirectory):
		r.contexts = root.Attributes["defaultNamingContext"]
		r.Kind = activeDirectory
	case slices.Contains(root.Attributes["objectClass"], "OpenLDAProotDSE"):
		r.contexts = root.Attributes["namingContexts"]
		r.Kind = openLDAP
	}
	if r.Kind != "" && len(r.contexts) == 0 {
		r.Kind = ""
		r.Note(sourceRoot, "permission")
	}
	if r.Kind != "" {
		r.Domain = r.contexts[0]
	}
	return r
}

// facts is what the reader found out about the directory itself.
func (r *reader) facts() about {
	a := r.about
	a.Unread = r.Look.Unread
	return a
}

// need notes why something could not be read, once for each source.
func (r *reader) need(source string, err error) { r.note(source, whyUnread(err)) }

func (r *reader) note(source, why string) {
	if !slices.ContainsFunc(r.Look.Unread, func(u checks.Unread) bool { return u.Source == source }) {
		r.Note(source, why)
	}
}

// whyUnread is checks.WhyUnread with the codes that only a directory has.
func whyUnread(err error) string {
	switch {
	case errors.Is(err, host.ErrDirectoryUnreachable):
		return "unreachable"
	case errors.Is(err, host.ErrDirectoryTrust):
		return "untrusted"
	case errors.Is(err, host.ErrDirectoryLogin):
		return "refused"
	default:
		return checks.WhyUnread(err)
	}
}

// entry reads one entry.
func (r *reader) entry(ctx context.Context, dn string, attributes ...string) (host.DirectoryEntry, error) {
	found, err := r.Host.Directory.Search(ctx, host.DirectoryQuery{Base: dn, Scope: "base", Filter: anything, Attributes: attributes, Max: 1})
	if err != nil {
		return host.DirectoryEntry{}, err
	}
	if len(found) == 0 {
		return host.DirectoryEntry{DN: dn}, nil // there, and hidden
	}
	return found[0], nil
}

// below searches everything under all that the directory holds.
func (r *reader) below(ctx context.Context, filter string, most int, attributes ...string) ([]host.DirectoryEntry, error) {
	var out []host.DirectoryEntry
	for _, base := range r.contexts {
		found, err := r.Host.Directory.Search(ctx, host.DirectoryQuery{
			Base: base, Scope: "subtree", Filter: filter, Attributes: attributes, Max: most,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// first is the first value of an attribute; ok is false when there is none.
func first(e host.DirectoryEntry, name string) (value string, ok bool) {
	if v := e.Attributes[name]; len(v) > 0 {
		return v[0], true
	}
	return "", false
}

// number is an attribute that is a whole number; nil when it has no value, or one that
// is none, which is noted.
func (r *reader) number(e host.DirectoryEntry, name, source string) *int64 {
	text, ok := first(e, name)
	if !ok {
		return nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		r.note(source, "unreadable")
		return nil
	}
	return &n
}

// findings collects the findings of one judgement.
type findings []checks.Finding

func (f *findings) add(key string, status checks.Status, code string, args ...string) {
	*f = append(*f, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, args...)})
}

func (f *findings) unread(list []checks.Unread) {
	for _, u := range list {
		*f = append(*f, checks.Finding{Key: "unread/" + u.Source, Status: checks.Unknown, Reason: unreadReason(u)})
	}
}

// verdict is the worst of the findings; good says why where all is well. Of several
// equally bad ones the first speaks, and how many there are is told.
func (f findings) verdict(good checks.Reason) checks.Verdict {
	v := checks.Verdict{Status: checks.Pass, Reason: good, Findings: f}
	var statuses []checks.Status
	for _, one := range f {
		statuses = append(statuses, one.Status)
	}
	if len(f) > 0 {
		v.Status = checks.Worst(statuses...)
	}
	if v.Status == checks.Pass || v.Status == checks.NotApplicable {
		v.Status = checks.Pass
		return v
	}
	count := 0
	for _, one := range slices.Backward(f) {
		if one.Status == v.Status {
			v.Reason = one.Reason
			count++
		}
	}
	if count > 1 {
		v.Reason = checks.Because(several()[v.Status], "count", strconv.Itoa(count))
	}
	return v
}

// several are the codes for more than one finding of a status.
func several() map[checks.Status]string {
	return map[checks.Status]string{
		checks.Fail: "directory.several_fail", checks.Warn: "directory.several_warn", checks.Unknown: "directory.several_unknown",
	}
}

func unreadReason(u checks.Unread) checks.Reason {
	return checks.Because("directory.unread", "source", u.Source, "why", u.Why)
}

// listed tells whether a name or SID is in an allow-list, without regard to case.
func listed(list []string, names ...string) bool {
	return slices.ContainsFunc(list, func(allowed string) bool {
		short := shortName(allowed)
		return slices.ContainsFunc(names, func(name string) bool {
			return name != "" && (strings.EqualFold(allowed, name) || strings.EqualFold(short, name))
		})
	})
}

// shortName is an account as the directory calls it, of DOMAIN\name or name@domain.
func shortName(account string) string {
	account = account[strings.LastIndex(account, `\`)+1:]
	account, _, _ = strings.Cut(account, "@")
	return account
}
