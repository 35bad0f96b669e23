package backup

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// Bits of an access mask ([MS-DTYP] 2.4.3) that let copies be read, and be changed,
// removed or taken over.
const (
	readBits  = 0x80000000 | 0x10000000 | 0x1
	writeBits = 0x40000000 | 0x10000000 | 0x2 | 0x4 | 0x40 | 0x10000 | 0x40000 | 0x80000
	// removeBits let what is in a folder be replaced, on a folder on the way.
	removeBits = 0x10000000 | 0x40 | 0x40000 | 0x80000
)

const (
	administrators  = "S-1-5-32-544"
	backupOperators = "S-1-5-32-551"
)

// isDaily tells of the groups in which everybody who works is: Everyone, Network,
// Interactive, Authenticated Users, Users, Guests, Power Users, Remote Desktop Users, and
// the users and guests of a domain.
func isDaily(sid string) bool {
	switch sid {
	case "S-1-1-0", "S-1-5-2", "S-1-5-4", "S-1-5-7", "S-1-5-11", "S-1-5-13",
		"S-1-5-32-545", "S-1-5-32-546", "S-1-5-32-547", "S-1-5-32-555":
		return true
	}
	return domainRID(sid, "513", "514", "515")
}

// isTrusted tells of the system, its services and those who administer it.
func isTrusted(sid string) bool {
	switch sid {
	case "S-1-5-18", "S-1-5-19", "S-1-5-20", "S-1-5-9", administrators, backupOperators, "S-1-5-32-549":
		return true
	}
	return strings.HasPrefix(sid, "S-1-5-80-") || strings.HasPrefix(sid, "S-1-15-") || strings.HasPrefix(sid, "S-1-3-") ||
		domainRID(sid, "500", "512", "516", "518", "519", "520")
}

func domainRID(sid string, rids ...string) bool {
	if !strings.HasPrefix(sid, "S-1-5-21-") {
		return false
	}
	return slices.Contains(rids, sid[strings.LastIndexByte(sid, '-')+1:])
}

// lists follows the access lists of Windows.
type lists struct {
	h          *host.Host
	f          *reachFacts
	names      map[string]string // of local accounts of daily work, by SID
	admins     []string
	readers    map[string]bool
	writers    map[string]bool
	unresolved map[string]bool
}

// observeLists reads the access lists of Windows on the folder of copies, on the newest
// things in it and on the way to it.
func observeLists(ctx context.Context, h *host.Host, p accessParams) (accessFacts, error) {
	var out accessFacts
	if len(p.Datasets) == 0 {
		return out, nil
	}
	look := &checks.Look{Host: h}
	base := lists{h: h, names: map[string]string{}}
	for _, group := range []string{administrators, backupOperators} {
		members, err := h.Accounts.Members(ctx, group)
		if err != nil {
			if group == administrators {
				look.Need(group, err)
			}
			continue
		}
		for _, m := range members {
			base.admins = append(base.admins, m.SID)
		}
	}
	users, err := h.Accounts.Users(ctx)
	if err != nil {
		look.Need("NetUserEnum", err)
	}
	for _, u := range users {
		if !slices.Contains(base.admins, u.SID) && !isTrusted(u.SID) {
			base.names[u.SID] = u.Name
		}
	}
	volumes, _ := h.System.Volumes(ctx) // for a recommendation only
	out.Unread = look.Unread
	for _, d := range p.Datasets {
		f := reachFacts{Name: d.Name, Source: d.Source, Copies: d.Copies}
		l := base
		l.f, l.readers, l.writers, l.unresolved = &f, map[string]bool{}, map[string]bool{}, map[string]bool{}
		if native(h.OS, d.Copies) {
			l.follow(ctx, strings.TrimRight(strings.ReplaceAll(d.Copies, "/", `\`), `\`))
			f.Together = together(h.OS, volumes, d.Source, d.Copies)
		} else {
			l.miss(d.Copies, host.ErrUnsupported)
		}
		out.Datasets = append(out.Datasets, f)
	}
	return out, nil
}

func (l *lists) miss(source string, err error) {
	l.f.Unread = append(l.f.Unread, checks.Unread{Source: source, Why: checks.WhyUnread(err)})
}

func (l *lists) follow(ctx context.Context, copies string) {
	if isShare(copies) {
		l.mapped(ctx, copies)
	}
	root := copies
	if len(root) == 2 {
		root += `\`
	}
	l.object(ctx, root, readBits, writeBits)
	entries, err := newestEntries(ctx, l.h, root)
	if err != nil {
		l.miss(root, err)
	}
	for _, e := range entries {
		l.object(ctx, join(l.h.OS, copies, e.Name), readBits, writeBits)
	}
	for p := copies; !isShare(p); {
		i := strings.LastIndexByte(p, '\\')
		if i < 0 {
			break
		}
		if p = p[:i]; len(p) == 2 {
			l.object(ctx, p+`\`, 0, removeBits)
			break
		}
		l.object(ctx, p, 0, removeBits)
	}
	l.f.Readers, l.f.ReadersMore = named(l.readers)
	l.f.Writers, l.f.WritersMore = named(l.writers)
	for u := range l.unresolved {
		l.f.Unresolved = append(l.f.Unresolved, u)
	}
	slices.Sort(l.f.Unresolved)
}

// object notes who has any of the bits on one object.
func (l *lists) object(ctx context.Context, name string, reading, writing uint32) {
	a, err := l.h.Permissions.Access(ctx, name)
	if err != nil {
		l.miss(name, err)
		return
	}
	note := func(who string, rights uint32) {
		if rights&reading != 0 {
			l.readers[who] = true
		}
		if rights&writing != 0 {
			l.writers[who] = true
		}
	}
	if a.Unrestricted {
		note(anyAccount, reading|writing)
		return
	}
	everybody := granted(a, isDaily)
	note(anyAccount, everybody)
	for sid, user := range l.names {
		rights := granted(a, func(s string) bool { return s == sid || isDaily(s) })
		if a.Owner == sid {
			rights |= 0x40000 // an owner may always change the list
		}
		note(user, rights&^everybody)
	}
	for _, e := range a.Entries {
		known := isDaily(e.Who) || isTrusted(e.Who) || l.names[e.Who] != "" || slices.Contains(l.admins, e.Who)
		if e.Allow && !e.InheritOnly && !known && e.Rights&(reading|writing) != 0 {
			l.unresolved[e.Who] = true
		}
	}
}

// granted is what a list gives to somebody who is in all the groups that member names: in
// the order of the entries, and what is denied first stays denied.
func granted(a host.Access, member func(sid string) bool) uint32 {
	var allowed, denied uint32
	for _, e := range a.Entries {
		if e.InheritOnly || !member(e.Who) {
			continue
		}
		if e.Allow {
			allowed |= e.Rights &^ denied
		} else {
			denied |= e.Rights &^ allowed
		}
	}
	return allowed
}

// mapped finds the accounts that have the share of the copies, or a folder above them, as
// a drive.
func (l *lists) mapped(ctx context.Context, copies string) {
	const profiles = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	sids, err := l.h.Registry.Subkeys(ctx, profiles)
	if err != nil {
		l.miss(profiles, err)
		return
	}
	for _, sid := range sids {
		if isTrusted(sid) || slices.Contains(l.admins, sid) {
			continue
		}
		drives := `HKU\` + sid + `\Network`
		letters, err := l.h.Registry.Subkeys(ctx, drives)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				l.miss(drives, err)
			}
			continue
		}
		for _, letter := range letters {
			v, err := l.h.Registry.Value(ctx, drives+`\`+letter, "RemotePath")
			if err == nil && strings.HasPrefix(plain(l.h.OS, copies), plain(l.h.OS, v.String)) {
				who := l.names[sid]
				if who == "" {
					who = sid
				}
				l.f.Mapped = append(l.f.Mapped, who)
			}
		}
	}
	slices.Sort(l.f.Mapped)
	l.f.Mapped = slices.Compact(l.f.Mapped)
}
