package auditing

import (
	"context"
	"slices"
	"strings"

	"vigia/checks/host"
)

// Where Windows tells who has logged on: the profiles, the names for mail of accounts of
// Entra ID and of Microsoft by SID, and the domain's name in the DNS.
const (
	keyProfiles   = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	keyIdentities = `HKLM\SOFTWARE\Microsoft\IdentityStore\Cache`
	keyLogons     = `HKLM\SOFTWARE\Microsoft\IdentityStore\LogonCache`
	// keyCloudJoin has a subkey for each tenant of Entra ID that the machine has joined.
	keyCloudJoin = `HKLM\SYSTEM\CurrentControlSet\Control\CloudDomainJoin\JoinInfo`
	keyNetwork   = `HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`
)

// people are the accounts of a Windows machine, and those of a domain or of Entra ID that
// have logged on to it. One person may go by several names: the account, the folder of
// the profile, the name for mail.
type people struct {
	names []string          // all of them
	known map[string]string // the name by which facts call the account, by each in small letters
	bySID map[string]string // the same by SID
}

// add notes names of an account; the first is the one for facts, unless its SID has one.
func (p *people) add(sid string, names ...string) {
	for _, name := range names {
		if name == "" || strings.ContainsAny(name, "\r\n") {
			continue
		}
		if p.bySID[sid] == "" {
			p.bySID[sid] = name
		}
		if lower := strings.ToLower(name); p.known[lower] == "" {
			p.known[lower] = p.bySID[sid]
			p.names = append(p.names, name)
		}
	}
}

// account is the name for facts of what an event calls an account; empty where it is none
// that is known.
func (p *people) account(name string) string { return p.known[strings.ToLower(name)] }

// users lists the names that may be kept.
func (r *reader) users(ctx context.Context) *people {
	p := &people{known: map[string]string{}, bySID: map[string]string{}}
	users, err := r.Host.Accounts.Users(ctx)
	if err != nil {
		r.Need("NetUserEnum", err)
	}
	for _, u := range users {
		p.add(u.SID, u.Name)
	}
	domain, dns := r.domain(ctx)
	if dns != "" && r.controller(ctx) { // its accounts are the domain's
		for _, u := range users {
			p.add(u.SID, u.Name+"@"+dns)
		}
	}
	for _, sid := range r.subkeys(ctx, keyProfiles) {
		if p.bySID[sid] != "" || !strings.HasPrefix(sid, "S-1-5-21-") && !entra(sid) {
			continue
		}
		folder := r.text(ctx, keyProfiles+`\`+sid, "ProfileImagePath")
		folder = folder[strings.LastIndex(folder, `\`)+1:]
		name := withoutDomain(folder, domain)
		if p.account(name) != "" { // of two persons with one name, Windows names the folder of the second so
			name = folder
		}
		p.add(sid, name, folder)
		if dns != "" && name != "" && !entra(sid) {
			p.add(sid, name+"@"+dns)
		}
	}
	r.identities(ctx, p)
	return p
}

// identities adds the names by which the identity providers of Windows know accounts.
func (r *reader) identities(ctx context.Context, p *people) {
	for _, sid := range r.subkeys(ctx, keyIdentities) {
		for _, of := range r.subkeys(ctx, keyIdentities+`\`+sid+`\IdentityCache`) {
			p.add(of, r.text(ctx, keyIdentities+`\`+sid+`\IdentityCache\`+of, "UserName"))
		}
	}
	for _, provider := range r.subkeys(ctx, keyLogons) {
		key := keyLogons + `\` + provider + `\Sid2Name`
		for _, sid := range r.subkeys(ctx, key) {
			p.add(sid, r.text(ctx, key+`\`+sid, "SAMName"), r.text(ctx, key+`\`+sid, "IdentityName"))
		}
	}
}

// entra tells the SIDs of Entra ID.
func entra(sid string) bool { return strings.HasPrefix(sid, "S-1-12-1-") }

// domain is the domain that the machine has joined, by its short name and in the DNS;
// empty for none.
func (r *reader) domain(ctx context.Context) (short, dns string) {
	id, err := r.Host.System.Identity(ctx)
	if err != nil || id.Domain == "" {
		return "", "" // names are then taken as they stand
	}
	return id.Domain, r.text(ctx, keyNetwork, "Domain")
}

// withoutDomain takes off a profile's folder what Windows adds to tell it from others:
// the domain, and a number of three digits.
func withoutDomain(folder, domain string) string {
	name := folder
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i == 4 && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	label, _, _ := strings.Cut(domain, ".")
	if i := strings.LastIndexByte(name, '.'); i > 0 && label != "" && strings.EqualFold(name[i+1:], label) {
		name = name[:i]
	}
	return name
}

// subkeys lists a key; a key that is not there has none.
func (r *reader) subkeys(ctx context.Context, key string) []string {
	names, err := r.Host.Registry.Subkeys(ctx, key)
	if err != nil {
		r.Miss(key, err)
	}
	if len(names) > maxProfiles {
		r.Note(key, "too_big")
		names = names[:maxProfiles]
	}
	return slices.Sorted(slices.Values(names))
}

// maxProfiles bounds the accounts that are looked up in one key.
const maxProfiles = 2000

// text reads a value that is a name; empty where there is none, or none that may be known.
func (r *reader) text(ctx context.Context, key, name string) string {
	v, err := r.Host.Registry.Value(ctx, key, name)
	if err != nil || v.Kind != host.RegistryString {
		return ""
	}
	return v.String
}
