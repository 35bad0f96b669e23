package local

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"vigia/checks/format/sssd"
	"vigia/checks/host"
)

// maxConfig bounds each configuration file that names the machine.
const maxConfig = 1 << 20

// mountedSystem is what the files of a Linux machine that is not running tell
// of it: its names. The rest is unsupported.
type mountedSystem struct{ files host.Files }

func (s mountedSystem) Identity(ctx context.Context) (host.Identity, error) {
	return identityFromFiles(ctx, s.files)
}

func (mountedSystem) Hardware(context.Context) (host.Hardware, error) {
	return host.Hardware{}, host.ErrUnsupported
}

func (mountedSystem) Volumes(context.Context) ([]host.Volume, error) {
	return nil, host.ErrUnsupported
}

func (mountedSystem) Interfaces(context.Context) ([]host.Interface, error) {
	return nil, host.ErrUnsupported
}

// identityFromFiles names a Linux machine and its system by /etc/hostname,
// os-release(5) and, where it is joined to a directory, the configuration of
// SSSD or Samba. It errors when neither a name nor a system can be read.
func identityFromFiles(ctx context.Context, files host.Files) (host.Identity, error) {
	var id host.Identity
	name, nameErr := readText(ctx, files, "/etc/hostname")
	for line := range strings.Lines(name) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			id.Hostname = line
			break
		}
	}
	release, err := readText(ctx, files, "/etc/os-release")
	if errors.Is(err, fs.ErrNotExist) {
		release, err = readText(ctx, files, "/usr/lib/os-release")
	}
	if err != nil && nameErr != nil {
		return host.Identity{}, err
	}
	fields := osRelease(release)
	id.OSName, id.OSVer = fields["ID"], fields["VERSION_ID"]
	if id.OSName == "debian" { // whose os-release leaves out the point release
		point, err := readText(ctx, files, "/etc/debian_version")
		if point = strings.TrimSpace(point); err == nil && strings.HasPrefix(point, id.OSVer+".") {
			id.OSVer = point
		}
	}
	id.Domain = domainFromFiles(ctx, files)
	return id, nil
}

func readText(ctx context.Context, files host.Files, name string) (string, error) {
	data, err := files.ReadFile(ctx, name, maxConfig)
	return string(data), err
}

// osRelease parses os-release(5): NAME=value lines with shell quoting.
func osRelease(text string) map[string]string {
	fields := make(map[string]string)
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			quote := value[0]
			value = value[1 : n-1]
			if quote == '"' {
				value = unescape(value)
			}
		}
		fields[name] = value
	}
	return fields
}

// unescape removes the backslashes that a shell would inside double quotes.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\\\"$`", s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// domainFromFiles names the Active Directory domain that the machine's logins
// come from, empty for none or when that may not be read.
func domainFromFiles(ctx context.Context, files host.Files) string {
	// What cannot be looked at tells of no domain, as what cannot be read.
	if parts, _ := sssd.Sources(sssdOf{ctx, files}); len(parts) > 0 {
		var text strings.Builder // one text: a later part goes over those before it
		for _, part := range parts {
			own, _ := readText(ctx, files, part)
			text.WriteString("\n" + own + "\n")
		}
		sections := parseINI(text.String())
		for name := range strings.SplitSeq(sections["sssd"]["domains"], ",") {
			name = strings.TrimSpace(name)
			domain := sections["domain/"+strings.ToLower(name)]
			if domain["id_provider"] != "ad" {
				continue
			}
			if ad := domain["ad_domain"]; ad != "" {
				return ad
			}
			return name
		}
	}
	if text, err := readText(ctx, files, "/etc/samba/smb.conf"); err == nil {
		if global := parseINI(text)["global"]; strings.EqualFold(global["security"], "ads") {
			return global["realm"]
		}
	}
	return ""
}

// sssdOf lets package sssd look at the machine's files.
type sssdOf struct {
	ctx   context.Context //nolint:containedctx // lives for one call of sssd.Sources, whose interface has none
	files host.Files
}

func (s sssdOf) Exists(name string) error {
	_, err := s.files.Stat(s.ctx, name)
	return err
}

func (s sssdOf) List(dir string) ([]string, error) {
	entries, err := s.files.ReadDir(s.ctx, dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return names, err
}

// parseINI reads "[section]" and "key = value" lines; section names and keys
// are lower-cased. Of a repeated key the last counts.
func parseINI(text string) map[string]map[string]string {
	sections := make(map[string]map[string]string)
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' && line[len(line)-1] == ']' {
			section = strings.ToLower(strings.TrimSpace(line[1 : len(line)-1]))
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		if sections[section] == nil {
			sections[section] = make(map[string]string)
		}
		sections[section][strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
	}
	return sections
}

// why names the reason for which a source could not be read, in the words of
// Hardware.Unread.
func why(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "absent"
	case errors.Is(err, fs.ErrPermission):
		return "permission"
	case errors.Is(err, host.ErrUnsupported), errors.Is(err, errors.ErrUnsupported):
		return "unsupported"
	default:
		return "unreadable"
	}
}
