package backup

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

const (
	maxAccounts      = 4 << 20 // bytes of /etc/passwd and /etc/group
	maxDaily         = 500     // accounts that are looked at
	read        mode = 4
	write       mode = 2
	search      mode = 1
)

// mode is a set of the three rights of Linux.
type mode uint32

// account is somebody who could reach the copies.
type account struct {
	name   string
	uid    string // empty: any account that is named nowhere
	groups []string
}

// people are the accounts of a Linux machine.
type people struct {
	daily  []account
	groups map[string]bool // numbers that are known
}

// observeModes follows the modes and access lists of Linux for each account of daily
// work, from the root down to the copies.
func observeModes(ctx context.Context, h *host.Host, p accessParams) (accessFacts, error) {
	var out accessFacts
	if len(p.Datasets) == 0 {
		return out, nil
	}
	look := &checks.Look{Host: h}
	who := readPeople(ctx, look)
	volumes, _ := h.System.Volumes(ctx) // for a recommendation only
	out.Unread = look.Unread
	for _, d := range p.Datasets {
		f := reachFacts{Name: d.Name, Source: d.Source, Copies: d.Copies}
		if native(h.OS, d.Copies) {
			m := &modes{h: h, who: who, f: &f, readers: map[string]bool{}, writers: map[string]bool{}, unresolved: map[string]bool{}}
			m.follow(ctx, path.Clean(d.Copies))
			f.Together = together(h.OS, volumes, d.Source, d.Copies)
		} else {
			f.Unread = append(f.Unread, checks.Unread{Source: d.Copies, Why: checks.WhyUnread(host.ErrUnsupported)})
		}
		out.Datasets = append(out.Datasets, f)
	}
	return out, nil
}

// readPeople reads the accounts of people and their groups. Those who may become root by
// sudo are administrators.
func readPeople(ctx context.Context, look *checks.Look) people {
	p := people{groups: map[string]bool{}}
	lowest := 1000
	for line := range lines(look.File(ctx, "/etc/login.defs", 1<<20)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "UID_MIN" {
			if n, err := strconv.Atoi(f[1]); err == nil && n > 0 {
				lowest = n
			}
		}
	}
	members := map[string][]string{}
	var admins []string
	for line := range lines(look.NeededFile(ctx, "/etc/group", maxAccounts)) {
		f := strings.Split(line, ":")
		if len(f) < 4 {
			continue
		}
		p.groups[f[2]] = true
		for m := range strings.SplitSeq(f[3], ",") {
			if m = strings.TrimSpace(m); m != "" {
				members[m] = append(members[m], f[2])
				if slices.Contains([]string{"sudo", "wheel", "admin", "root"}, f[0]) {
					admins = append(admins, m)
				}
			}
		}
	}
	for line := range lines(look.NeededFile(ctx, "/etc/passwd", maxAccounts)) {
		f := strings.Split(line, ":")
		const nobody = 65534
		if len(f) < 7 {
			continue
		}
		uid, err := strconv.Atoi(f[2])
		if err != nil || uid < lowest || uid == nobody || slices.Contains(admins, f[0]) || len(p.daily) >= maxDaily {
			continue
		}
		p.daily = append(p.daily, account{name: f[0], uid: f[2], groups: append([]string{f[3]}, members[f[0]]...)})
	}
	p.daily = append(p.daily, account{name: anyAccount})
	return p
}

// lines yields the lines of a file that say something.
func lines(b []byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		s := bufio.NewScanner(bytes.NewReader(b))
		s.Buffer(nil, maxAccounts)
		for s.Scan() {
			if line := strings.TrimSpace(s.Text()); line != "" && line[0] != '#' && !yield(line) {
				return
			}
		}
	}
}

// modes follows one dataset.
type modes struct {
	h          *host.Host
	who        people
	f          *reachFacts
	readers    map[string]bool
	writers    map[string]bool
	unresolved map[string]bool
}

// object is a file or folder with who may do what.
type object struct {
	info host.FileInfo
	list []host.AccessEntry // nil: the mode bits say it all
}

func (m *modes) object(ctx context.Context, name string, info host.FileInfo) (object, bool) {
	o := object{info: info}
	a, err := m.h.Permissions.Access(ctx, name)
	switch {
	case err == nil:
		o.list = a.Entries
	case errors.Is(err, fs.ErrNotExist):
	default:
		m.f.Unread = append(m.f.Unread, checks.Unread{Source: name, Why: checks.WhyUnread(err)})
		return o, false
	}
	return o, true
}

// follow goes down to the copies. Whoever may write in a folder on the way may put
// another one in place of what is in it.
func (m *modes) follow(ctx context.Context, copies string) {
	reach := slices.Clone(m.who.daily)
	var way []string
	for p := copies; ; p = path.Dir(p) {
		way = append(way, p)
		if p == "/" {
			break
		}
	}
	slices.Reverse(way)
	for i, p := range way {
		info, err := m.h.Files.Stat(ctx, p)
		if err != nil {
			m.f.Unread = append(m.f.Unread, checks.Unread{Source: p, Why: checks.WhyUnread(err)})
			return
		}
		o, ok := m.object(ctx, p, info)
		if !ok {
			continue
		}
		last := i == len(way)-1
		if last {
			m.folder(ctx, p, o, reach)
			break
		}
		var next []account
		for _, a := range reach {
			rights := m.rights(o, a, last)
			if rights&search == 0 {
				continue
			}
			if rights&write != 0 && o.info.Mode&fs.ModeSticky == 0 {
				m.writers[a.name] = true
			}
			next = append(next, a)
		}
		reach = next
	}
	m.f.Readers, m.f.ReadersMore = named(m.readers)
	m.f.Writers, m.f.WritersMore = named(m.writers)
	for u := range m.unresolved {
		m.f.Unresolved = append(m.f.Unresolved, u)
	}
	slices.Sort(m.f.Unresolved)
}

// folder looks at the folder of copies and what is in it.
func (m *modes) folder(ctx context.Context, name string, o object, reach []account) {
	var inside []account
	if !o.info.Mode.IsDir() {
		m.judge(o, reach)
		return
	}
	for _, a := range reach {
		rights := m.rights(o, a, true)
		if rights&search == 0 {
			continue
		}
		if rights&write != 0 && (o.info.Mode&fs.ModeSticky == 0 || a.uid == o.info.Owner && a.uid != "") {
			m.writers[a.name] = true
		}
		inside = append(inside, a)
	}
	if len(inside) == 0 {
		return
	}
	entries, err := newestEntries(ctx, m.h, name)
	if err != nil {
		m.f.Unread = append(m.f.Unread, checks.Unread{Source: name, Why: checks.WhyUnread(err)})
		return
	}
	for _, e := range entries {
		if o, ok := m.object(ctx, path.Join(name, e.Name), e); ok {
			m.judge(o, inside)
		}
	}
}

// judge notes who may read or change a copy.
func (m *modes) judge(o object, reach []account) {
	for _, a := range reach {
		rights := m.rights(o, a, true)
		if o.info.Mode.IsDir() && rights&search == 0 {
			continue // its names can be listed, and nothing in it
		}
		if rights&read != 0 {
			m.readers[a.name] = true
		}
		if rights&write != 0 {
			m.writers[a.name] = true
		}
	}
}

// rights is what an account may do with an object (acl(5), "access check algorithm").
func (m *modes) rights(o object, a account, note bool) mode {
	bits := mode(o.info.Mode.Perm())
	owner, group, other, mask := bits>>6&7, bits>>3&7, bits&7, mode(7)
	users, groups := map[string]mode{}, map[string]mode{}
	for _, e := range o.list {
		switch kind, id, _ := strings.Cut(e.Who, ":"); {
		case kind == "mask":
			mask = mode(e.Rights)
		case kind == "user" && id != "":
			users[id] = mode(e.Rights)
		case kind == "group" && id != "":
			groups[id] = mode(e.Rights)
		case kind == "group":
			group = mode(e.Rights)
		}
	}
	groups[o.info.Group] |= group
	if note {
		for g, r := range groups {
			if r&mask&(read|write) != 0 && g != "0" && !m.who.groups[g] {
				m.unresolved["gid "+g] = true
			}
		}
	}
	if a.uid == "" {
		return other
	}
	if a.uid == o.info.Owner {
		return owner
	}
	if r, ok := users[a.uid]; ok {
		return r & mask
	}
	in, all := false, mode(0)
	for _, g := range a.groups {
		if r, ok := groups[g]; ok {
			in, all = true, all|r&mask
		}
	}
	if in {
		return all
	}
	return other
}
