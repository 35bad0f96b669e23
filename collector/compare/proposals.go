package compare

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vigia/collector/enroll"
	"vigia/collector/registers"
	"vigia/collector/registers/assets"
	"vigia/collector/registers/grants"
	"vigia/collector/registers/media"
	"vigia/collector/registers/people"
	"vigia/collector/registers/software"
	"vigia/collector/registers/systems"
	"vigia/collector/storage"
)

// Proposal is a row that a book lacks by what was measured.
type Proposal struct {
	// Key names it for as long as it is proposed, so that one who ticks it means it.
	Key    string
	Values registers.Values
	// Machines are the host names where it was seen, sorted.
	Machines []string
}

// Proposes tells whether rows of a book can be proposed.
func Proposes(book string) bool { return proposers()[book] != nil }

// ProposedBooks are the names of the books whose rows can be proposed, in the order in
// which it is best to begin: later ones name rows of earlier ones.
func ProposedBooks() []string {
	return []string{people.Name, assets.Name, software.Name, media.Name, systems.Name, grants.Name}
}

func proposers() map[string]func(world) []Proposal {
	return map[string]func(world) []Proposal{
		people.Name: world.newPeople, assets.Name: world.newAssets, software.Name: world.newSoftware,
		media.Name: world.newMedia, systems.Name: world.newSystems, grants.Name: world.newGrants,
	}
}

// By are the fields that name who decides: whoever confirms a proposal does.
func by() []string { return []string{"decided_by", "authorised_by"} }

// Proposals lists the rows that a book lacks, those seen on most machines first. It is
// empty for a book of which nothing is proposed. Each is a row that the book takes when
// somebody confirms it.
func (s *Store) Proposals(ctx context.Context, tx *storage.Tx, b *registers.Book, at time.Time) ([]Proposal, error) {
	propose := proposers()[b.Name]
	if propose == nil {
		return nil, nil
	}
	w, err := s.look(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(propose(w), func(p Proposal) bool { return b.Review(p.signed(b, "x")) != nil })
	for i := range out {
		slices.Sort(out[i].Machines)
		out[i].Machines = slices.Compact(out[i].Machines)
		out[i].Key = keyOf(out[i].Values, b.Key)
	}
	slices.SortStableFunc(out, func(a, b Proposal) int { return cmp.Compare(len(b.Machines), len(a.Machines)) })
	return out, nil
}

// keyOf is a short name of what a row is about.
func keyOf(v registers.Values, fields []string) string {
	var text strings.Builder
	for _, f := range fields {
		text.WriteString(v[f] + "\x00")
	}
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:8])
}

// signed are the values with who decides.
func (p Proposal) signed(b *registers.Book, name string) registers.Values {
	v := maps.Clone(p.Values)
	for _, field := range by() {
		if _, has := b.Field(field); has && v[field] == "" {
			v[field] = name
		}
	}
	return v
}

// Writer adds rows to books; *registers.Store is one.
type Writer interface {
	Carry(ctx context.Context, tx *storage.Tx, b *registers.Book, p registers.Plan, act registers.Act) ([]registers.Row, error)
}

// Confirm adds proposed rows to a book, all that are proposed now when keys is nil, and
// says how many. What is not proposed any more is left out.
func (s *Store) Confirm(ctx context.Context, tx *storage.Tx, to Writer, b *registers.Book, at time.Time, keys []string, act registers.Act) (int, error) {
	all, err := s.Proposals(ctx, tx, b, at)
	if err != nil {
		return 0, err
	}
	var plan registers.Plan
	for _, p := range all {
		if keys == nil || slices.Contains(keys, p.Key) {
			plan.Changes = append(plan.Changes, registers.Planned{Action: registers.Added, New: p.signed(b, act.By)})
		}
	}
	if len(plan.Changes) == 0 {
		return 0, nil
	}
	rows, err := to.Carry(ctx, tx, b, plan, act)
	if err != nil {
		return 0, fmt.Errorf("add what was measured: %w", err)
	}
	return len(rows), nil
}

// many is from how many machines on an account or a right is one of all machines.
const many = 3

// newPeople are the accounts that are nobody's, one row each. Who they are of, a person
// writes; until then the account stands for them.
func (w world) newPeople() []Proposal {
	type found struct {
		name     string
		builtIn  bool
		machines []enroll.Machine
	}
	byName := map[string]*found{}
	for _, m := range w.machines {
		for _, a := range w.facts.accounts[m.ID] {
			if a.root() || w.shelf.owned(m.Hostname, a.Name) {
				continue
			}
			f := byName[strings.ToLower(a.Name)]
			if f == nil {
				f = &found{name: a.Name}
				byName[strings.ToLower(a.Name)] = f
			}
			f.builtIn = f.builtIn || a.BuiltIn
			f.machines = append(f.machines, m)
		}
	}
	taken := map[string]bool{}
	for _, p := range w.shelf.people {
		taken[strings.ToLower(p.Name)] = true
	}
	var out []Proposal
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		f := byName[name]
		v := registers.Values{"name": f.name, "kind": string(people.Staff), "status": string(people.Active)}
		if f.builtIn {
			v["kind"] = string(people.Service)
		}
		if taken[name] {
			v["name"] = f.name + " (" + short(f.machines[0].Hostname) + ")"
		}
		var accounts []string
		for _, m := range f.machines {
			accounts = append(accounts, people.Account{Machine: short(m.Hostname), Name: f.name}.String())
		}
		if len(f.machines) >= many {
			accounts = []string{f.name}
		}
		v["accounts"] = strings.Join(slices.Compact(accounts), "\n")
		if d := department(f.machines); d != "" {
			v["department"] = d
		}
		out = append(out, Proposal{Values: v, Machines: hosts(f.machines)})
	}
	return out
}

// department is that of all machines, empty where they differ.
func department(machines []enroll.Machine) string {
	for _, m := range machines[1:] {
		if m.Department != machines[0].Department {
			return ""
		}
	}
	return machines[0].Department
}

func hosts(machines []enroll.Machine) []string {
	var out []string
	for _, m := range machines {
		out = append(out, m.Hostname)
	}
	return out
}

// newAssets are the machines that report and are not in the inventory.
func (w world) newAssets() []Proposal {
	listed := map[string]bool{}
	for _, a := range w.shelf.assets {
		listed[short(a.Hostname)] = true
	}
	var out []Proposal
	for _, m := range w.machines {
		host := strings.ToLower(m.Hostname)
		if host == "" || listed[short(host)] {
			continue
		}
		listed[short(host)] = true // of two of one name, the other waits for its own
		v := registers.Values{"hostname": host, "kind": w.kindOf(m), "status": string(assets.InUse)}
		if v["kind"] == "laptop" {
			v["outside"] = "yes"
		}
		if m.Department != "" {
			v["department"] = m.Department
		}
		if owner := w.onlyUser(m); owner != 0 {
			v["user"] = folio(owner)
		}
		out = append(out, Proposal{Values: v, Machines: []string{m.Hostname}})
	}
	return out
}

// kindOf tells a server from a portable and a desktop, by what the machine says of itself.
func (w world) kindOf(m enroll.Machine) string {
	switch w.facts.portable[m.ID] { // System Management BIOS 3.7, 7.4.1
	case 8, 9, 10, 11, 14, 30, 31, 32:
		return "laptop"
	case 17, 23, 28, 29:
		return "server"
	}
	if w.server(m) {
		return "server"
	}
	return "desktop"
}

// server tells of a machine that serves others, as its system or its name has it.
func (w world) server(m enroll.Machine) bool {
	host, system := strings.ToLower(m.Hostname), strings.ToLower(m.OSName)
	return strings.Contains(system, "server") || strings.HasPrefix(host, "srv") || strings.Contains(host, "servidor") || strings.HasPrefix(host, "nas")
}

// onlyUser is the one person whose account a machine has, 0 where there are several.
func (w world) onlyUser(m enroll.Machine) int64 {
	var one int64
	for _, a := range w.facts.accounts[m.ID] {
		if a.BuiltIn {
			continue
		}
		for _, owner := range w.ownersOf(m, a) {
			if one != 0 && one != owner {
				return 0
			}
			one = owner
		}
	}
	return one
}

func (w world) ownersOf(m enroll.Machine, a account) []int64 {
	names := w.shelf.owners[strings.ToLower(a.Name)]
	return append(slices.Clone(names[""]), names[short(m.Hostname)]...)
}

// newSoftware are the programs about which nobody decided, each once whatever its version.
func (w world) newSoftware() []Proposal {
	type found struct {
		publisher string
		differ    bool
		machines  map[string]bool
		product   string
	}
	known := newNames(w.shelf.software)
	byName := map[string]*found{}
	of := map[program]*found{} // nil for those that somebody decided on; most are on many machines
	for _, m := range w.machines {
		for _, p := range w.facts.programs[m.ID] {
			f, again := of[p]
			if !again && !known.covers(p) {
				product := withoutVersion(p)
				if f = byName[strings.ToLower(product)]; f == nil {
					f = &found{product: product, publisher: p.Publisher, machines: map[string]bool{}}
					byName[strings.ToLower(product)] = f
				}
				f.differ = f.differ || f.publisher != p.Publisher
			}
			if of[p] = f; f != nil {
				f.machines[m.Hostname] = true
			}
		}
	}
	var out []Proposal
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		f := byName[name]
		v := registers.Values{"product": f.product, "decision": "allowed", "decided": w.today(), "why": "instalado cuando se empezó a medir"}
		if f.publisher != "" && !f.differ {
			v["publisher"] = f.publisher
		}
		out = append(out, Proposal{Values: v, Machines: slices.Collect(maps.Keys(f.machines))})
	}
	return out
}

func (w world) today() string { return w.at.In(w.zone).Format(time.DateOnly) }

// withoutVersion is a program's name with * in place of its version, where it says it, be
// it in part: LibreOffice 25.2 of the version 25.2.3.
func withoutVersion(p program) string {
	for version := p.Version; strings.Contains(version, "."); version = version[:strings.LastIndex(version, ".")] {
		if strings.Contains(p.Name, version) {
			return strings.Replace(p.Name, version, "*", 1)
		}
	}
	return p.Name
}

// newMedia are the media that were plugged in and are not in the inventory.
func (w world) newMedia() []Proposal {
	known, codes := map[string]bool{}, map[string]bool{}
	for _, m := range w.shelf.media {
		known[strings.ToLower(m.Serial)] = true
		codes[strings.ToLower(m.Code)] = true
	}
	type found struct {
		medium
		machines []enroll.Machine
	}
	bySerial := map[string]*found{}
	for _, m := range w.machines {
		for _, medium := range w.facts.media[m.ID] {
			serial := strings.ToLower(medium.Serial)
			if serial == "" || known[serial] {
				continue // one without a number is like any other
			}
			if bySerial[serial] == nil {
				bySerial[serial] = &found{medium: medium}
			}
			bySerial[serial].machines = append(bySerial[serial].machines, m)
		}
	}
	var out []Proposal
	for _, serial := range slices.Sorted(maps.Keys(bySerial)) {
		f := bySerial[serial]
		kind := "usb"
		if _, ok := media.Book().Fields[1].Parse(f.Kind, w.zone); ok == nil && f.Kind != "disk" {
			kind = f.Kind
		}
		code := mediumCode(f.Serial, codes)
		codes[strings.ToLower(code)] = true
		v := registers.Values{"code": code, "kind": kind, "serial": f.Serial, "status": string(media.InUse)}
		if model := strings.TrimSpace(f.Vendor + " " + f.Model); model != "" {
			v["model"] = model
		}
		if d := department(f.machines); d != "" {
			v["department"] = d
		}
		out = append(out, Proposal{Values: v, Machines: hosts(f.machines)})
	}
	return out
}

// mediumCode makes a code that no other medium has, from the end of a serial number.
func mediumCode(serial string, taken map[string]bool) string {
	for n := min(6, len(serial)); n <= len(serial); n++ {
		if code := "USB-" + strings.ToUpper(serial[len(serial)-n:]); !taken[strings.ToLower(code)] {
			return code
		}
	}
	return "USB-" + strings.ToUpper(serial)
}

// bigPlace is from how many persons on a folder of a server is a system of its own.
const bigPlace = 100

// newSystems are the folders of servers that hold the data of many and are no system yet.
// What lies on other machines asks for a permit, or to be taken away.
func (w world) newSystems() []Proposal {
	var out []Proposal
	names := map[string]bool{}
	for _, s := range w.shelf.systems {
		names[strings.ToLower(s.Name)] = true
	}
	for _, m := range w.machines {
		if w.kindOf(m) != "server" {
			continue
		}
		for _, p := range w.facts.places[m.ID] {
			name := fmt.Sprintf("Datos en %s de %s", p.Folder, m.Hostname)
			if p.Persons < bigPlace || len(p.Data) == 0 || names[strings.ToLower(name)] || w.declared(m, p.Folder) {
				continue
			}
			v := registers.Values{"name": name, "data": inOrder(p.Data), "format": "electronic", "machines": strings.ToLower(m.Hostname), "folders": p.Folder}
			if m.Department != "" {
				v["department"] = m.Department
			}
			out = append(out, Proposal{Values: v, Machines: []string{m.Hostname}})
		}
	}
	return out
}

// declared tells whether a system stands in a folder of a machine.
func (w world) declared(m enroll.Machine, folder string) bool {
	return slices.ContainsFunc(w.shelf.systems, func(s systems.System) bool {
		return slices.ContainsFunc(s.Machines, func(name string) bool { return short(name) == short(m.Hostname) }) &&
			(len(s.Folders) == 0 || slices.ContainsFunc(s.Folders, func(f string) bool { return within(folder, f) }))
	})
}

// inOrder joins codes of data as a field of Choices holds them.
func inOrder(codes []string) string {
	var out []string
	for _, o := range systems.Data() {
		if slices.Contains(codes, o.Code) {
			out = append(out, o.Code)
		}
	}
	return strings.Join(out, "\n")
}

// newGrants are the rights to administer that people have and nobody wrote down.
func (w world) newGrants() []Proposal {
	granted := map[int64][]string{} // by person: machines, "" for all
	for _, g := range w.shelf.grants {
		if g.System == 0 && g.Level == grants.Admin && g.Holds(w.today()) {
			granted[g.Person] = append(granted[g.Person], short(g.Machine))
		}
	}
	found := map[int64][]string{}
	for _, m := range w.machines {
		for _, a := range w.facts.accounts[m.ID] {
			if len(a.Privileges) == 0 || a.root() {
				continue
			}
			for _, owner := range w.ownersOf(m, a) {
				_, gone := w.shelf.person[owner].GoneBy(w.at, w.zone)
				if !gone && !slices.Contains(granted[owner], "") && !slices.Contains(granted[owner], short(m.Hostname)) {
					found[owner] = append(found[owner], strings.ToLower(m.Hostname))
				}
			}
		}
	}
	var out []Proposal
	for _, owner := range slices.Sorted(maps.Keys(found)) {
		machines := slices.Compact(slices.Sorted(slices.Values(found[owner])))
		v := func(machine string) registers.Values {
			v := registers.Values{"person": folio(owner), "level": string(grants.Admin), "authorised": w.today()}
			if machine != "" {
				v["machine"] = machine
			}
			return v
		}
		if len(machines) >= many {
			out = append(out, Proposal{Values: v(""), Machines: machines})
			continue
		}
		for _, machine := range machines {
			out = append(out, Proposal{Values: v(machine), Machines: []string{machine}})
		}
	}
	return out
}
