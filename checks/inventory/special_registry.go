package inventory

import (
	"context"
	"slices"
	"strings"

	"vigia/checks/host"
)

// observeSpecialRegistry looks, on Windows, among what is installed and in the folders in
// which programs are or in which people can put them.
func observeSpecialRegistry(ctx context.Context, h *host.Host, p specialParams) (specialFacts, error) {
	box, err := newToolbox(p.Tools)
	if err != nil {
		return specialFacts{}, err
	}
	r := &reader{h: h}
	var f specialFacts
	all := windowsPrograms(ctx, r)
	for _, p := range all.chosen {
		if u, ok := box.byPackage(p); ok {
			f.add(found{Tool: u.ID, Name: u.Name, Kind: u.Kind, How: "product", Where: p.Name, Everyone: r.everyone(ctx, p.folder)})
		}
	}
	s := &search{reader: r, box: box, facts: &f, separator: `\`, windows: true}
	// Where people can write comes first: it is where a tool is found that nobody
	// installed, and the search is bounded.
	for _, p := range r.windowsPeople(ctx) {
		if p.home == "" {
			continue
		}
		s.folder(ctx, p.home, p.name, 0)
		dirs := []string{p.downloads, p.desktop, p.home + `\Documents`}
		slices.Sort(dirs)
		for _, dir := range slices.Compact(dirs) {
			s.folder(ctx, dir, p.name, 3)
		}
		for _, dir := range []string{`\AppData\Local\Temp`, `\AppData\Roaming`, `\AppData\Local`} {
			s.folder(ctx, p.home+dir, p.name, 2)
		}
		s.folder(ctx, p.home+`\AppData\Local\Programs`, p.name, 3)
	}
	s.folder(ctx, `C:\Users\Public`, "", 3)
	s.folder(ctx, `C:\ProgramData`, "", 2)
	s.folder(ctx, `C:\Windows\Temp`, "", 2)
	for _, e := range r.entries(ctx, `C:\`) {
		if e.Mode.IsDir() && !slices.Contains(ownFolders(), strings.ToLower(e.Name)) {
			s.folder(ctx, `C:\`+e.Name, "", 2)
		}
	}
	s.folder(ctx, `C:\Program Files`, "", 2)
	s.folder(ctx, `C:\Program Files (x86)`, "", 2)
	// Of the thousands of programs of Windows itself only the names are looked at:
	// there tools are copied to be found by name.
	s.namesOnly = true
	s.folder(ctx, `C:\Windows`, "", 0)
	s.folder(ctx, `C:\Windows\System32`, "", 0)
	s.end()
	return f.finish(ctx, r, box, p)
}

// ownFolders are the folders of a system disk that Windows itself fills, and those that
// are looked at by themselves.
func ownFolders() []string {
	return []string{
		"windows", "windows.old", "users", "program files", "program files (x86)", "programdata",
		"$recycle.bin", "$windows.~bt", "$windows.~ws", "$winreagent", "system volume information", "recovery", "perflogs", "boot", "msocache", "config.msi",
	}
}

// everyone tells whether people who are no administrators may run what is at a path, by
// its access list; nil when that cannot be told.
func (r *reader) everyone(ctx context.Context, path string) *bool {
	if path == "" {
		return nil
	}
	access, err := r.h.Permissions.Access(ctx, path)
	if err != nil {
		return nil // what it means is the judge's: who may run it is not known
	}
	answer := mayRun(access)
	return &answer
}

// mayRun tells whether an access list lets one of the groups that every person is in run
// a file, entries being evaluated in their order (MS-DTYP 2.5.3.2).
func mayRun(a host.Access) bool {
	if a.Unrestricted {
		return true
	}
	const execute, genericExecute, genericAll = 0x20, 0x20000000, 0x10000000
	// Everyone, authenticated users, interactive, local users, domain users of the machine.
	groups := []string{"S-1-1-0", "S-1-5-11", "S-1-5-4", "S-1-5-32-545"}
	denied := map[string]bool{}
	for _, e := range a.Entries {
		if e.InheritOnly || e.Rights&(execute|genericExecute|genericAll) == 0 || !slices.Contains(groups, e.Who) && !strings.HasSuffix(e.Who, "-513") {
			continue
		}
		if !e.Allow {
			denied[e.Who] = true
		} else if !denied[e.Who] && !denied["S-1-1-0"] && !denied["S-1-5-11"] {
			return true
		}
	}
	return false
}
