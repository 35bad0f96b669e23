package directory

import (
	"context"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// sightFacts is whether the reading account sees all accounts of the directory: what it
// may not see is left out of an answer without a word.
type sightFacts struct {
	// Hidden are entries that show nothing of themselves or of what is below them,
	// HiddenMore counts those left out.
	Hidden     []string `json:"hidden,omitempty"`
	HiddenMore int      `json:"hidden_more,omitempty"`
	// Unproven: nothing tells that the account sees everything.
	Unproven bool `json:"unproven,omitempty"`
}

// maxHidden bounds the hidden entries that are named.
const maxHidden = 10

// reportHidden adds what is not known because it is not seen.
func (s sightFacts) reportHidden(f *findings) {
	for _, dn := range s.Hidden {
		f.add("hidden/"+dn, checks.Unknown, "directory.hidden", "place", dn)
	}
	if s.HiddenMore > 0 {
		f.add("hidden_more", checks.Unknown, "directory.hidden_more", "more", text(int64(s.HiddenMore)))
	}
	if s.Unproven {
		f.add("sight", checks.Unknown, "directory.sight_unproven")
	}
}

// sight finds out whether the reading account sees all accounts.
func (r *reader) sight(ctx context.Context) {
	var hidden []string
	switch r.Kind {
	case activeDirectory:
		hidden = r.domainSight(ctx)
	case openLDAP:
		r.Unproven = !r.ldapSight(ctx)
	}
	slices.Sort(hidden)
	r.HiddenMore = max(0, len(hidden)-maxHidden)
	r.Hidden = hidden[:len(hidden)-r.HiddenMore]
}

// containers are the entries of a domain that may hold accounts.
const containers = "(|(objectClass=domainDNS)(objectClass=organizationalUnit)(objectClass=container)(objectClass=builtinDomain)(objectClass=lostAndFound))"

// domainSight lists the entries of a domain that are hidden. An entry is shown to whoever
// may list what its parent holds, be it without a single attribute, and (objectClass=*)
// finds it even so (MS-ADTS 5.1.3.3.6). So no account is hidden where every container
// says of itself that it lists its children, and every entry says what it is.
func (r *reader) domainSight(ctx context.Context) []string {
	entries, err := r.below(ctx, anything, maxAccounts, "objectClass", "sAMAccountType")
	if err != nil {
		r.need(sourceAccounts, err)
		return nil
	}
	listed, err := r.below(ctx, containers, maxAccounts, "nTSecurityDescriptor")
	if err != nil {
		r.need(sourceAccounts, err)
		return nil
	}
	if len(r.token) == 0 || len(listed) == 0 {
		r.Unproven = true
		return nil
	}
	var hidden []string
	holds := map[string]bool{} // by DN in small letters
	for _, e := range listed {
		holds[strings.ToLower(e.DN)] = true
		descriptor, _ := first(e, "nTSecurityDescriptor")
		if !r.unpeopled(e.DN) && !listsChildren(binaryValue(descriptor), r.token) {
			hidden = append(hidden, e.DN)
		}
	}
	for _, e := range entries {
		if hides(e) && !r.unpeopled(e.DN) && holds[strings.ToLower(parentOf(e.DN))] {
			hidden = append(hidden, e.DN)
		}
	}
	return hidden
}

// hides tells of an entry that may be an account and does not say so, or is one that
// cannot be searched for.
func hides(e host.DirectoryEntry) bool {
	classes := e.Attributes["objectClass"]
	_, typed := first(e, "sAMAccountType")
	return len(classes) == 0 || slices.Contains(classes, "user") && !slices.Contains(classes, "computer") && !typed
}

// unpeopled tells of what every domain hides from most and where nobody has an account:
// the settings of the system, quotas, keys and the like.
func (r *reader) unpeopled(dn string) bool {
	lower, domain := strings.ToLower(dn), strings.ToLower(r.Domain)
	return slices.ContainsFunc([]string{"system", "ntds quotas", "keys", "tpm devices", "infrastructure"}, func(name string) bool {
		place := "cn=" + name + "," + domain
		return lower == place || strings.HasSuffix(lower, ","+place)
	})
}

// parentOf is the DN without its first part.
func parentOf(dn string) string {
	for i := 0; i < len(dn); i++ {
		switch dn[i] {
		case '\\':
			i++
		case ',':
			return dn[i+1:]
		}
	}
	return ""
}

// tokenOf is the SIDs of the account that reads, and of its groups, as the root DSE tells
// them, with those that every account has.
func tokenOf(root host.DirectoryEntry) map[string]bool {
	const everyone, authenticated = "S-1-1-0", "S-1-5-11"
	sids := root.Attributes["tokenGroups"]
	if len(sids) == 0 {
		return nil
	}
	token := map[string]bool{everyone: true, authenticated: true}
	for _, sid := range sids {
		token[sidText(sid)] = true
	}
	return token
}
