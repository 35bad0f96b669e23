package tempfiles

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

const (
	keyVersion     = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`
	keyManager     = `HKLM\SYSTEM\CurrentControlSet\Control\Session Manager`
	keyEnvironment = keyManager + `\Environment`
	keyMemory      = keyManager + `\Memory Management`
	keyCrash       = `HKLM\SYSTEM\CurrentControlSet\Control\CrashControl`
	keyLocalDumps  = `HKLM\SOFTWARE\Microsoft\Windows\Windows Error Reporting\LocalDumps`
)

// strangers are those who are nobody in particular, each as Windows sees him: an account of
// the machine, a guest, and whoever comes without a name.
func strangers() [][]string {
	return [][]string{
		{"S-1-1-0", "S-1-5-11", "S-1-5-4", "S-1-5-32-545"},
		{"S-1-1-0", "S-1-5-32-546"},
		{"S-1-1-0", "S-1-5-7"},
	}
}

// observeLists reads the access lists of a Windows machine's places.
func observeLists(ctx context.Context, h *host.Host, p params) (facts, error) {
	l := looker{Look: checks.Look{Host: h}}
	root := l.text(ctx, keyVersion, "SystemRoot", `C:\Windows`)
	expand := func(path string) string {
		for _, v := range []struct{ name, value string }{
			{"%SystemRoot%", root}, {"%windir%", root}, {"%SystemDrive%", root[:min(2, len(root))]},
			{"%ProgramData%", root[:min(2, len(root))] + `\ProgramData`},
		} {
			path = replaceFold(path, v.name, v.value)
		}
		return path
	}
	// In the system's own temporary folder users make files and do not see each
	// other's: they may not list it.
	l.list(ctx, place{Path: expand(l.text(ctx, keyEnvironment, "TEMP", `%SystemRoot%\TEMP`)), Kind: kindTemp})
	l.list(ctx, place{Path: expand(`%SystemDrive%\inetpub\logs\LogFiles`), Kind: kindLog, Known: true})
	dumps := []string{
		l.text(ctx, keyCrash, "DumpFile", `%SystemRoot%\MEMORY.DMP`),
		l.text(ctx, keyCrash, "MinidumpDir", `%SystemRoot%\Minidump`),
		l.text(ctx, keyLocalDumps, "DumpFolder", ""),
	}
	programs, err := h.Registry.Subkeys(ctx, keyLocalDumps)
	if err != nil {
		l.Miss(keyLocalDumps, err)
	}
	for _, program := range programs {
		dumps = append(dumps, l.text(ctx, keyLocalDumps+`\`+program, "DumpFolder", ""))
	}
	for _, path := range dumps {
		// A folder of each user's own, as it is without the setting, is in the profile.
		if path = expand(path); path != "" && !strings.Contains(path, "%") {
			l.list(ctx, place{Path: path, Kind: kindDump})
		}
	}
	l.facts.Declared = slices.Clone(p.Folders)
	for _, path := range p.Folders {
		l.list(ctx, place{Path: path, Kind: kindApp})
	}
	l.pageFile(ctx)
	l.facts.Unread = l.Unread
	return l.facts, nil
}

// text reads a path from the registry.
func (l *looker) text(ctx context.Context, key, name, otherwise string) string {
	v, err := l.Host.Registry.Value(ctx, key, name)
	switch {
	case err != nil:
		l.Miss(key+`\`+name, err)
	case v.Kind != host.RegistryString:
		l.Note(key+`\`+name, "unreadable")
	case v.String != "":
		return v.String
	}
	return otherwise
}

// list looks at the access list of a place that may not exist.
func (l *looker) list(ctx context.Context, p place) {
	a, err := l.Host.Permissions.Access(ctx, p.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.Need(p.Path, err)
		return
	}
	people := strangers()
	for _, e := range a.Entries { // those of a domain have the domain in the middle
		switch {
		case !strings.HasPrefix(e.Who, "S-1-5-21-"):
		case strings.HasSuffix(e.Who, "-513"): // users of the domain
			people = append(people, append(strangers()[0], e.Who))
		case strings.HasSuffix(e.Who, "-514"): // guests of the domain
			people = append(people, append(strangers()[1], e.Who))
		}
	}
	rights := a.RightsOfAny(people...)
	change := host.Changes
	if p.Kind == kindTemp { // making a file in it is what it is for
		change &^= host.WriteData | host.AppendData
	}
	switch {
	case rights&change != 0 && p.Kind == kindTemp:
		p.Others = mayDelete
	case rights&change != 0:
		p.Others = mayWrite
	case rights&host.ReadData != 0:
		p.Others = mayRead
	}
	l.facts.add(p)
}

// pageFile reads whether Windows clears its page file when it shuts down; it does not
// unless it is told to.
func (l *looker) pageFile(ctx context.Context) {
	const name = "ClearPageFileAtShutdown"
	v, err := l.Host.Registry.Value(ctx, keyMemory, name)
	if err != nil && !l.Miss(keyMemory+`\`+name, err) {
		return
	}
	l.facts.PageFileKept = err != nil || v.Integer == 0
}

// replaceFold replaces a variable, which Windows names without letter case.
func replaceFold(path, name, value string) string {
	i := strings.Index(strings.ToLower(path), strings.ToLower(name))
	if i < 0 || len(strings.ToLower(path)) != len(path) {
		return path
	}
	return path[:i] + value + path[i+len(name):]
}
