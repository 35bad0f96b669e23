package hosttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks/host"
)

// gatherTimeout bounds the questions that Save itself asks the machine.
const gatherTimeout = 30 * time.Second

// Linux gives people user ids from firstPerson on; the one kept out is nobody.
const (
	firstPerson = 1000
	nobody      = 65534
)

// gather learns every name that must not leave the machine: from what was
// recorded, and by asking the machine itself, since a check may have read a
// file that mentions an account without having asked for the accounts.
func (r *Recorder) gather() (*pseudonyms, error) {
	ctx, cancel := context.WithTimeout(context.Background(), gatherTimeout)
	defer cancel()
	p := newPseudonyms(r.style)
	id, err := r.inner.System.Identity(ctx)
	if err != nil && r.system.Identity != nil {
		id = *r.system.Identity
	}
	p.addHost(id.Hostname)
	p.addDomain(id.Domain)
	if r.inner.OS == host.Windows {
		r.gatherWindows(ctx, p)
		return p, nil
	}
	return p, r.gatherLinux(ctx, p)
}

func (p *pseudonyms) addHost(name string) {
	short, domain, _ := strings.Cut(name, ".")
	p.alias(short, "equipo")
	p.addDomain(domain)
}

func (p *pseudonyms) addDomain(name string) {
	p.add(name, "DOMINIO")
	if first, _, ok := strings.Cut(name, "."); ok {
		p.add(first, "DOMINIO") // the short name is mostly the first label
	}
}

// person adds an account of a person.
func (p *pseudonyms) person(name string) string {
	if name = strings.TrimSpace(name); name == "" {
		return ""
	}
	return p.alias(name, "usuario")
}

// gatherLinux takes people from passwd, the members of groups, the folders in
// /home and full names from GECOS.
func (r *Recorder) gatherLinux(ctx context.Context, p *pseudonyms) error {
	text := func(name string) (string, error) {
		if s := r.files[name]; s != nil && s.hasContent {
			return string(s.content), nil
		}
		data, err := r.inner.Files.ReadFile(ctx, name, maxContent)
		return string(data), err
	}
	passwd, err := text("/etc/passwd")
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, host.ErrNotRecorded) {
		return fmt.Errorf("learn the accounts to hide: %w", err)
	}
	system := map[string]bool{"root": true, "nobody": true}
	for line := range strings.Lines(passwd) {
		fields := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(fields) < 6 {
			continue
		}
		uid, err := strconv.ParseUint(fields[2], 10, 32)
		if err == nil && (uid < firstPerson || uid == nobody) && path.Dir(fields[5]) != "/home" {
			system[fields[0]] = true
			continue
		}
		to := p.person(fields[0])
		if path.Dir(fields[5]) == "/home" {
			p.add(path.Base(fields[5]), to)
		} else if strings.Count(path.Clean(fields[5]), "/") > 1 { // not /, not /var
			p.homes = append(p.homes, path.Clean(fields[5]))
		}
		if full, _, _ := strings.Cut(fields[4], ","); strings.Contains(full, " ") {
			p.add(full, "Persona "+to)
		}
	}
	for _, file := range []string{"/etc/group", "/etc/gshadow"} {
		groups, _ := text(file) // none, or not ours to read: then not recorded either
		for line := range strings.Lines(groups) {
			fields := strings.Split(strings.TrimSpace(line), ":")
			for member := range strings.SplitSeq(fields[len(fields)-1], ",") {
				if len(fields) == 4 && !system[member] {
					p.person(member)
				}
			}
		}
	}
	homes, _ := r.inner.Files.ReadDir(ctx, "/home") // as for groups
	for _, h := range homes {
		if h.Mode.IsDir() && h.Name != "lost+found" && !system[h.Name] {
			p.person(h.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		if rest, ok := strings.CutPrefix(name, "/home/"); ok {
			if user, _, _ := strings.Cut(rest, "/"); user != "lost+found" && !system[user] && !r.absentFile("/home/"+user) {
				p.person(user)
			}
		}
	}
	if table, err := text("/etc/fstab"); err == nil {
		for _, m := range serverPattern().FindAllStringSubmatch(table, -1) {
			p.server(cmp.Or(m[1], m[2]))
		}
	}
	return nil
}

// serverPattern finds the servers of fstab(5): //server/share, server:/path.
var serverPattern = compiled(`(?m)^(?://([^/\s]+)/|([^\s:#/=]+):/)`)

// server adds another machine of the network.
func (p *pseudonyms) server(name string) {
	short, domain, _ := strings.Cut(name, ".")
	if strings.Trim(name, "0123456789.") == "" {
		return // an address
	}
	p.alias(short, "equipo")
	p.addDomain(domain)
}

func (r *Recorder) absentFile(name string) bool {
	s := r.files[name]
	return s != nil && s.statErr == codeAbsent
}

// gatherWindows takes people from the accounts, the profiles, the members of
// groups and the values that remember who logged on.
func (r *Recorder) gatherWindows(ctx context.Context, p *pseudonyms) {
	users, err := r.inner.Accounts.Users(ctx)
	if err != nil && r.accounts.Users != nil {
		users = *r.accounts.Users
	}
	keep := map[string]bool{"public": true, "default": true, "default user": true, "all users": true, "defaultuser0": true}
	for _, u := range users {
		if isPerson(u.SID) {
			p.person(u.Name)
		} else {
			keep[strings.ToLower(u.Name)] = true
		}
	}
	profile := func(folder string) {
		i := strings.LastIndexAny(folder, `\/`)
		if name := folder[i+1:]; strings.HasSuffix(strings.ToLower(folder[:max(i, 0)]), `\users`) && !keep[strings.ToLower(name)] {
			// Windows appends ".MACHINE" or ".DOMAIN" to a folder already taken.
			short, _, _ := strings.Cut(name, ".")
			if to, ok := p.exact[strings.ToLower(short)]; ok {
				p.add(name, to)
			} else {
				p.person(name)
			}
		}
	}
	const profileList = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	sids, _ := r.inner.Registry.Subkeys(ctx, profileList) // if not, recorded values must do
	for _, sid := range sids {
		if v, err := r.inner.Registry.Value(ctx, profileList+`\`+sid, "ProfileImagePath"); err == nil {
			profile(v.String)
		}
	}
	for _, group := range slices.Sorted(maps.Keys(r.accounts.Members)) {
		for _, m := range r.accounts.Members[group] {
			domain, name, ok := strings.Cut(m.Name, `\`)
			if ok && strings.HasPrefix(m.SID, "S-1-5-21-") {
				p.addDomain(domain) // the machine itself already has its stand-in
			}
			if ok && isPerson(m.SID) && m.Kind != "group" {
				p.person(name)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.registry)) {
		for _, name := range slices.Sorted(maps.Keys(r.registry[key])) {
			if v := r.registry[key][name].value; v != nil && v.Kind == host.RegistryString {
				gatherValue(p, strings.ToLower(name), v.String, profile, keep)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		parts := strings.SplitN(name, `\`, 4)
		if len(parts) > 2 && strings.EqualFold(parts[1], "users") && !r.absentFile(strings.Join(parts[:3], `\`)) {
			profile(strings.Join(parts[:3], `\`))
		}
	}
}

// gatherValue learns from the registry values that name somebody or something.
func gatherValue(p *pseudonyms, name, value string, profile func(string), keep map[string]bool) {
	switch name {
	case "profileimagepath":
		profile(value)
	case "defaultusername", "altdefaultusername", "lastloggedonuser", "lastloggedonsamuser", "lastusedusername":
		who, _, _ := strings.Cut(value[strings.LastIndexByte(value, '\\')+1:], "@")
		if !keep[strings.ToLower(who)] {
			p.person(who)
		}
	case "computername", "hostname", "nv hostname":
		p.addHost(value)
	case "domain", "nv domain", "defaultdomainname", "altdefaultdomainname":
		p.addDomain(value)
	}
}
