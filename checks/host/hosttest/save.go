package hosttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vigia/checks/host"
)

// Save writes what was recorded as a recording, replacing everything that
// names a person, a machine or an organisation. dir must not exist or be
// empty. Look through the result before it leaves the organisation: names that
// the machine itself does not know as such, in a comment for instance, are not
// recognised.
func (r *Recorder) Save(dir string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	doc, contents, err := r.document()
	if err != nil {
		return fmt.Errorf("save recording: %w", err)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("save recording: %w", err)
	}
	if err := writeRecording(dir, doc.OS, buf.Bytes(), contents); err != nil {
		return fmt.Errorf("save recording: %w", err)
	}
	return nil
}

func writeRecording(dir string, system host.OS, doc []byte, contents map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s: not empty", dir)
	}
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		rel, err := contentPath(system, name)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, contentDir, rel)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, contents[name], 0o600); err != nil {
			return err
		}
	}
	// Last, since it makes the directory a recording.
	return os.WriteFile(filepath.Join(dir, documentName), doc, 0o600)
}

// document is the recording without names, and the contents of its files.
func (r *Recorder) document() (*document, map[string][]byte, error) {
	p, err := r.gather()
	if err != nil {
		return nil, nil, err
	}
	doc := &document{Version: formatVersion, OS: r.inner.OS, Origin: originRecorded, Time: r.time}
	if r.full {
		doc.Note = fmt.Sprintf("only the first %d paths were kept", maxEntries)
	}
	contents, err := r.saveFiles(doc, p)
	if err != nil {
		return nil, nil, err
	}
	if r.inner.OS == host.Windows {
		if err := r.saveRegistry(doc, p); err != nil {
			return nil, nil, err
		}
		doc.Accounts = r.saveAccounts(p)
	}
	doc.System = r.saveSystem(p)
	for _, s := range r.scans {
		doc.PersonalData = append(doc.PersonalData, saveScan(s, p))
	}
	for _, a := range r.answers {
		saved, err := p.saveAnswer(a)
		if err != nil {
			return nil, nil, err
		}
		doc.Answers = append(doc.Answers, saved)
	}
	return doc, contents, nil
}

func (r *Recorder) saveFiles(doc *document, p *pseudonyms) (map[string][]byte, error) {
	doc.Files = make(map[string]*file)
	contents := make(map[string][]byte)
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		s := r.files[name]
		f := &file{
			Listed: s.listed, Walked: s.walked && !s.walkedEmpty, ListError: s.listErr,
			Error: s.statErr, ContentError: s.contentErr, Withheld: s.withheld,
		}
		if s.walkedEmpty && !s.listed {
			f.Walked = true
		}
		f.Mount = s.walkedEmpty && s.listed && r.hasEntriesBelow(name)
		switch {
		case s.entry == nil && s.stat != nil:
			f.meta = *s.stat
		case s.entry != nil:
			f.meta = *s.entry
			if mode, err := s.entry.Mode.parse(); err == nil && mode&fs.ModeSymlink != 0 && s.stat != nil {
				target := *s.stat
				f.Target = &target
			}
		}
		if s.hasContent {
			data, ok := p.content(name, s.content)
			if ok {
				contents[p.path(name)] = data
				f.resize(int64(len(s.content)), int64(len(data)))
			}
			f.Withheld = !ok
		}
		for _, m := range []*meta{&f.meta, f.Target} {
			if m != nil {
				m.Owner, m.Group = p.text(m.Owner), p.text(m.Group)
			}
		}
		to := p.path(name)
		if doc.Files[to] != nil {
			return nil, fmt.Errorf("two files would be called %s", to)
		}
		doc.Files[to] = f
	}
	return contents, nil
}

// resize makes the recorded size that of the content as it was changed. A
// size that was not the content's is a link's own, or none, as in /proc.
func (f *file) resize(from, to int64) {
	for _, m := range []*meta{&f.meta, f.Target} {
		if m != nil && m.Mode != "" && m.Size == from {
			m.Size = to
		}
	}
}

func (r *Recorder) hasEntriesBelow(dir string) bool {
	for name, s := range r.files {
		if s.entry != nil && name != dir && r.style.dir(name) == dir {
			return true
		}
	}
	return false
}

func (r *Recorder) saveRegistry(doc *document, p *pseudonyms) error {
	doc.Registry = make(map[string]registryKey)
	doc.RegistrySubkeys = make(map[string][]string)
	doc.RegistryErrors = make(map[string]errorCode)
	for _, key := range slices.Sorted(maps.Keys(r.registry)) {
		values := make(registryKey)
		for _, name := range slices.Sorted(maps.Keys(r.registry[key])) {
			if v, ok := p.registryValue(name, r.registry[key][name]); ok {
				values[p.text(name)] = v
			}
		}
		to := p.text(key)
		if doc.Registry[to] != nil {
			return fmt.Errorf("two registry keys would be called %s", to)
		}
		doc.Registry[to] = values
	}
	doc.RegistryValues = make(map[string][]string)
	for _, list := range []struct{ from, to map[string][]string }{
		{r.subkeys, doc.RegistrySubkeys}, {r.names, doc.RegistryValues},
	} {
		for _, key := range slices.Sorted(maps.Keys(list.from)) {
			names := make([]string, 0, len(list.from[key]))
			for _, name := range list.from[key] {
				names = append(names, p.text(name))
			}
			list.to[p.text(key)] = names
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.keyErrors)) {
		doc.RegistryErrors[p.text(key)] = r.keyErrors[key]
	}
	return nil
}

// registryValue prepares a value for Save. It answers false for binary data
// that names somebody: it cannot be changed without knowing what it is.
func (p *pseudonyms) registryValue(name string, v registryValue) (registryValue, bool) {
	if v.value == nil {
		return v, true
	}
	to := *v.value
	secret := secretValues[strings.ToLower(name)]
	switch to.Kind {
	case host.RegistryString:
		if secret && to.String != "" {
			to.String = removed
		}
		if _, whole := p.exact[strings.ToLower(to.String)]; whole && namesSomebody[strings.ToLower(name)] {
			to.String = p.name(to.String)
		}
		to.String = p.text(to.String)
	case host.RegistryStrings:
		to.Strings = slices.Clone(to.Strings)
		for i, s := range to.Strings {
			to.Strings[i] = p.text(s)
		}
	case host.RegistryBinary:
		if secret || p.mentions(to.Binary) {
			return registryValue{}, false
		}
		to.Binary = p.binarySIDs(to.Binary)
	case host.RegistryInteger:
	}
	return registryValue{value: &to}, true
}

// namesSomebody are values that are an account or machine name as a whole.
var namesSomebody = map[string]bool{
	"defaultusername": true, "altdefaultusername": true, "lastusedusername": true, "computername": true,
	"hostname": true, "nv hostname": true, "domain": true, "nv domain": true, "defaultdomainname": true,
}

func (r *Recorder) saveAccounts(p *pseudonyms) *accounts {
	a := accounts{PasswordPolicy: r.accounts.PasswordPolicy, Errors: r.accounts.Errors}
	if r.accounts.Users != nil {
		users := slices.Clone(*r.accounts.Users)
		for i := range users {
			if isPerson(users[i].SID) {
				users[i].Name = p.name(users[i].Name)
			}
			users[i].SID = p.sid(users[i].SID)
		}
		a.Users = &users
	}
	for _, group := range slices.Sorted(maps.Keys(r.accounts.Members)) {
		members := slices.Clone(r.accounts.Members[group])
		for i := range members {
			m := &members[i]
			if domain, name, ok := strings.Cut(m.Name, `\`); ok && strings.HasPrefix(m.SID, "S-1-5-21-") {
				domain = p.name(domain)
				if isPerson(m.SID) {
					name = p.name(name)
				}
				m.Name = domain + `\` + name
			}
			m.SID = p.sid(m.SID)
		}
		if a.Members == nil {
			a.Members = make(map[string][]host.Member)
		}
		a.Members[p.sid(group)] = members
	}
	return &a
}

func (r *Recorder) saveSystem(p *pseudonyms) *system {
	s := system{Errors: r.system.Errors}
	if r.system.Identity != nil {
		id := *r.system.Identity
		short, domain, dotted := strings.Cut(id.Hostname, ".")
		if id.Hostname = p.name(short); dotted {
			id.Hostname += "." + p.name(domain)
		}
		id.Domain = p.name(id.Domain)
		s.Identity = &id
	}
	if r.system.Hardware != nil {
		h := *r.system.Hardware
		h.Serial = p.serial(h.Serial)
		h.Disks = slices.Clone(h.Disks)
		for i := range h.Disks {
			h.Disks[i].Serial = p.serial(h.Disks[i].Serial)
		}
		s.Hardware = &h
	}
	if r.system.Volumes != nil {
		volumes := slices.Clone(*r.system.Volumes)
		for i := range volumes {
			v := &volumes[i]
			if m := serverPattern().FindStringSubmatch(v.Device); m != nil {
				p.server(m[1] + m[2])
			}
			v.Mount, v.Device = p.path(v.Mount), p.text(v.Device)
		}
		s.Volumes = &volumes
	}
	if r.system.Interfaces != nil {
		interfaces := slices.Clone(*r.system.Interfaces)
		for i := range interfaces {
			n := &interfaces[i]
			mac := macPattern().ReplaceAllStringFunc(n.MAC, p.mac)
			// A name such as enx001122334455 is made of the address.
			n.Name = p.text(strings.ReplaceAll(n.Name, strings.ReplaceAll(n.MAC, ":", ""), strings.ReplaceAll(mac, ":", "")))
			n.MAC = mac
		}
		s.Interfaces = &interfaces
	}
	return &s
}

func saveScan(s scan, p *pseudonyms) scan {
	paths := func(in []string) []string {
		out := slices.Clone(in)
		for i, s := range out {
			out[i] = p.path(s)
		}
		return out
	}
	request := *s.Request
	request.Roots = paths(request.Roots)
	out := scan{Request: &request, Error: s.Error}
	if s.Summary != nil {
		summary := *s.Summary
		summary.Roots = paths(summary.Roots)
		summary.Found = slices.Clone(summary.Found)
		for i := range summary.Found {
			f := &summary.Found[i]
			f.Path, f.Folder, f.Owner = p.path(f.Path), p.path(f.Folder), p.name(f.Owner)
		}
		out.Summary = &summary
	}
	return out
}
