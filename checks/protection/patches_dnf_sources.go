package protection

import (
	"context"
	"slices"
	"strings"

	"vigia/checks"
)

// folderRepos is where dnf and yum have their sources configured.
const folderRepos = "/etc/yum.repos.d"

// rpmSource is a source of packages from which the distribution's own fixes come.
type rpmSource struct {
	ID string `json:"id"`
	// Newest is the day of its newest security notice in the cache. NoNotices tells that
	// the cache has none of it.
	Newest    string `json:"newest,omitempty"`
	NoNotices bool   `json:"no_notices,omitempty"`
	// Archive tells that it is a store of old releases, which gets nothing new. Pinned
	// tells that it is fixed to one minor release, which gets nothing new once there is a
	// later one.
	Archive bool `json:"archive,omitempty"`
	Pinned  bool `json:"pinned,omitempty"`
}

// repository is a section of a file of sources.
type repository struct {
	id      string
	enabled bool
	address string // baseurl, mirrorlist and metalink, in lower case
}

// enabledRepositories reads which sources are in use; nil if that could not be read.
func enabledRepositories(ctx context.Context, look *checks.Look) []repository {
	entries, err := look.Host.Files.ReadDir(ctx, folderRepos)
	if err != nil {
		look.Need(folderRepos, err)
		return nil
	}
	out := []repository{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name, ".repo") {
			continue
		}
		b := look.NeededFile(ctx, folderRepos+"/"+e.Name, maxSmallFile)
		if b == nil {
			return nil
		}
		for _, r := range parseRepositories(string(b)) {
			if r.enabled {
				out = append(out, r)
			}
		}
	}
	return out
}

// parseRepositories reads a file of sources (dnf.conf(5)): sections with key=value lines,
// which go on where a line begins with a blank.
func parseRepositories(text string) []repository {
	var out []repository
	key := ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		if id, ok := strings.CutPrefix(trimmed, "["); ok {
			id, _, _ = strings.Cut(id, "]")
			out, key = append(out, repository{id: id, enabled: true}), ""
			continue
		}
		if len(out) == 0 {
			continue
		}
		value := trimmed
		if line[0] != ' ' && line[0] != '\t' {
			key, value, _ = strings.Cut(trimmed, "=")
			key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		}
		at := &out[len(out)-1]
		switch key {
		case "enabled":
			at.enabled = !slices.Contains([]string{"0", "no", "false", "off"}, strings.ToLower(value))
		case "baseurl", "mirrorlist", "metalink":
			at.address += " " + strings.ToLower(value)
		}
	}
	return out
}

// ownParts are the parts of which the distributions of the family of Red Hat consist.
// Each has security notices of its own.
func ownParts(system string) []string {
	id, version, _ := strings.Cut(system, " ")
	if slices.Contains([]string{"rocky", "almalinux", "centos", "rhel", "ol"}, id) && version != "7" {
		return []string{"baseos", "appstream"}
	}
	return nil
}

// is tells whether a source is a part of the distribution, by its name or its address.
func (r repository) is(part string) bool {
	id := strings.ToLower(r.id)
	for _, other := range []string{"debug", "source", "-src"} {
		if strings.Contains(id, other) {
			return false
		}
	}
	return strings.Contains(id, part) || strings.Contains(r.address, "/"+part+"/") || strings.Contains(r.address, "repo="+part)
}

// archive tells whether a source is a store of old releases.
func (r repository) archive() bool {
	for _, place := range []string{"/vault/", "//vault.", "//archives.", "/archive/", "/pub/archive"} {
		if strings.Contains(r.address, place) {
			return true
		}
	}
	return false
}

// pinned tells whether a source is fixed to a minor release, such as 9.3, in its address
// or by the variable that stands for the release there. Releases that are mended for
// longer, whose sources say so, are meant to be.
func (r repository) pinned(release string) bool {
	for _, longer := range []string{"-eus", "-e4s", "-aus", "-tus", "/eus/", "/e4s/", "/aus/", "/tus/"} {
		if strings.Contains(r.id, longer) || strings.Contains(r.address, longer) {
			return false
		}
	}
	if strings.Contains(r.address, "$releasever") && minor(release) {
		return true
	}
	return slices.ContainsFunc(strings.FieldsFunc(r.address, func(c rune) bool { return strings.ContainsRune("/?&=- ", c) }), minor)
}

// minor tells whether a text is a minor release: 9.3, not 9.
func minor(text string) bool {
	major, rest, ok := strings.Cut(text, ".")
	digits := func(s string) bool { return s != "" && len(s) <= 2 && strings.Trim(s, "0123456789") == "" }
	return ok && digits(major) && digits(rest)
}

// releaseVariable is what stands for $releasever where an administrator has set it.
func releaseVariable(ctx context.Context, look *checks.Look) string {
	for _, path := range []string{"/etc/dnf/vars/releasever", "/etc/yum/vars/releasever"} {
		if b := look.File(ctx, path, 100); b != nil {
			return strings.TrimSpace(string(b))
		}
	}
	return ""
}
