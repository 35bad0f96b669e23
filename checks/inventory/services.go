package inventory

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks/host"
)

// Limits of what runs by itself.
const (
	maxServices = 1500
	maxService  = 120 // characters of one line
)

// services are kept by what they are, each list sorted.
type services map[string][]string

// add adds a line; beyond the limits it is told as unread.
func (s services) add(r *reader, source, kind, line string) {
	n := 0
	for _, lines := range s {
		n += len(lines)
	}
	if n >= maxServices {
		if !r.missed(source) {
			r.miss(source, host.ErrTooBig)
		}
		return
	}
	if runes := []rune(plain(line)); len(runes) > 0 {
		s[kind] = append(s[kind], string(runes[:min(len(runes), maxService)]))
	}
}

func (s services) sorted() services {
	if len(s) == 0 {
		return nil
	}
	for kind, lines := range s {
		slices.Sort(lines)
		s[kind] = slices.Compact(lines)
	}
	return s
}

// linuxServices lists the units of systemd that somebody enabled, and those whose files no
// package brought, being where administrators put them (systemd.unit(5)).
func linuxServices(ctx context.Context, r *reader) services {
	const dir = "/etc/systemd/system"
	out := services{}
	for _, e := range r.entries(ctx, dir) {
		switch {
		case e.Mode.IsDir() && (strings.HasSuffix(e.Name, ".wants") || strings.HasSuffix(e.Name, ".requires")):
			for _, unit := range r.entries(ctx, dir+"/"+e.Name) {
				out.add(r, dir, "enabled", unit.Name)
			}
		case e.Mode.IsRegular() && strings.Contains(e.Name, "."):
			out.add(r, dir, "local", e.Name)
		}
	}
	return out.sorted()
}

const servicesKey = `HKLM\SYSTEM\CurrentControlSet\Services`

// windowsServices lists services and drivers that are not disabled, by name, and with
// their program where that is outside the folder of Windows. Neither how they start, which
// Windows itself changes, nor the instances of services that each person has, whose names
// change with each logon, are told; nor are their command lines.
func windowsServices(ctx context.Context, r *reader) services {
	// Of winnt.h and winsvc.h.
	const (
		drivers  = 0x01 | 0x02 | 0x08
		programs = 0x10 | 0x20
		instance = 0x80
		disabled = 4
	)
	out := services{}
	for _, name := range r.subkeys(ctx, servicesKey, true) {
		key := servicesKey + `\` + name
		kind, ok := r.number(ctx, key, "Type")
		if !ok || kind&instance != 0 || strings.HasPrefix(name, "MpKsl") { // Defender's, with a number that changes daily
			continue
		}
		if start, ok := r.number(ctx, key, "Start"); !ok || start == disabled {
			continue
		}
		switch {
		case kind&drivers != 0:
			out.add(r, servicesKey, "driver", strings.TrimSpace(name+" "+image(r.text(ctx, key, "ImagePath"))))
		case kind&programs != 0:
			out.add(r, servicesKey, "service", strings.TrimSpace(name+" "+image(r.text(ctx, key, "ImagePath"))))
		}
	}
	return out.sorted()
}

func (r *reader) number(ctx context.Context, key, name string) (uint64, bool) {
	v, err := r.h.Registry.Value(ctx, key, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !r.missed(key) {
		r.miss(key, err)
	}
	return v.Integer, err == nil && v.Kind == host.RegistryInteger
}

// image is the program of an ImagePath, without its arguments, which may hold anything;
// empty for one in the folder of Windows. A folder that is named by a GUID is another with
// each update.
func image(command string) string {
	s := strings.TrimPrefix(strings.TrimSpace(command), `\??\`)
	if rest, ok := strings.CutPrefix(s, `"`); ok {
		s, _, _ = strings.Cut(rest, `"`)
	} else {
		end := len(s)
		for _, suffix := range []string{".exe", ".sys"} {
			if at := strings.Index(lower(s), suffix); at >= 0 {
				end = min(end, at+len(suffix))
			}
		}
		if end == len(s) {
			s, _, _ = strings.Cut(s, " ")
		} else {
			s = s[:end]
		}
	}
	for _, own := range []string{`%systemroot%\`, `\systemroot\`, `system32\`, `c:\windows\`, `%windir%\`} {
		if strings.HasPrefix(lower(s), own) {
			return ""
		}
	}
	parts := strings.Split(s, `\`)
	for i, p := range parts {
		if strings.HasPrefix(p, "{") && strings.HasSuffix(p, "}") {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, `\`)
}

// lower makes letters of ASCII small, and keeps every index.
func lower(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}
