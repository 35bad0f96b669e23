package protection

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/format/dpkg"
	"vigia/checks/format/lz4"
	"vigia/checks/host"
)

const (
	fileDpkgStatus = "/var/lib/dpkg/status"
	folderLists    = "/var/lib/apt/lists"
)

// observeAPT compares what is installed with the lists of security updates.
func observeAPT(ctx context.Context, look *checks.Look, seen *patchesFacts) {
	pending := make(map[string]pendingPackage)
	mended := pendingAPT(ctx, look, seen, pending)
	if len(pending) > 0 {
		seen.Upgraded = lastUpgrade(ctx, look, mended)
	}
	recallSince(ctx, look, seen, pending)
	seen.pend(pending)
}

// pendingAPT notes what is pending, and returns the installed packages of which there are
// security updates.
func pendingAPT(ctx context.Context, look *checks.Look, seen *patchesFacts, pending map[string]pendingPackage) map[string]bool {
	entries, err := look.Host.Files.ReadDir(ctx, folderLists)
	if err != nil {
		look.Miss(folderLists, err)
		return nil
	}
	var lists, dates []string
	listed := false
	for _, e := range entries {
		name := listName(e.Name)
		listed = listed || strings.HasSuffix(name, "_Packages")
		switch {
		case !securityList(name):
		case strings.HasSuffix(name, "_Packages"):
			lists = append(lists, e.Name)
		case strings.HasSuffix(name, "_InRelease"), strings.HasSuffix(name, "_Release"):
			dates = append(dates, e.Name)
		}
	}
	if release := codename(ctx, look); release != "" {
		lists = slices.DeleteFunc(lists, func(name string) bool { return !ofRelease(name, release) })
	}
	seen.NoSecurity = listed && len(lists) == 0
	seen.Extended = slices.ContainsFunc(lists, func(name string) bool { return strings.HasPrefix(name, "esm.ubuntu.com_infra_ubuntu_dists_") })
	seen.NoParts = partsWithout(entries, lists)
	if len(lists) == 0 {
		return nil
	}
	for _, name := range dates {
		if day := releaseDay(ctx, look, folderLists+"/"+name); day != "" && (seen.Lists == "" || day < seen.Lists) {
			seen.Lists = day
		}
	}
	if seen.Lists == "" {
		look.Note(folderLists, "unreadable")
	}
	installed := installedPackages(ctx, look)
	if installed == nil {
		return nil
	}
	mended := make(map[string]bool)
	for _, name := range lists {
		if err := comparePackages(ctx, look.Host.Files, folderLists+"/"+name, installed, pending, mended); err != nil {
			look.Need(folderLists+"/"+name, err)
		}
	}
	return mended
}

// recallSince dates what is pending by when this machine was first seen to miss it, since
// no list of apt tells when an update came out. What was missed before and could not be
// seen this time is kept for the next.
func recallSince(ctx context.Context, look *checks.Look, seen *patchesFacts, pending map[string]pendingPackage) {
	today := dayOf(look.Host.Now())
	var before patchesFacts
	b, err := look.Host.Past.Observed(ctx)
	if err != nil || json.Unmarshal(b, &before) != nil || before.Manager != managerAPT {
		before = patchesFacts{}
	}
	// What an earlier run did not list was not missed then, if it saw all there was.
	whole := before.Lists != "" && before.PendingMore == 0 && len(before.Unread) == 0
	missed := slices.DeleteFunc(slices.Concat(before.Pending, before.Missed), func(q pendingPackage) bool {
		_, ok := parseDay(q.Since)
		return !ok || q.Since > today
	})
	for key, q := range pending {
		q.Since, q.New = today, whole
		if i := slices.IndexFunc(missed, q.same); i >= 0 {
			q.Since, q.New = missed[i].Since, missed[i].New
		}
		pending[key] = q
	}
	if len(look.Unread) == 0 && seen.Lists != "" {
		return
	}
	for _, q := range missed {
		if len(seen.Missed) < maxPending && !slices.ContainsFunc(slices.Collect(maps.Values(pending)), q.same) {
			seen.Missed = append(seen.Missed, q)
		}
	}
}

// same tells whether it is the same package in the same version.
func (q pendingPackage) same(other pendingPackage) bool {
	return q.Name == other.Name && q.Installed == other.Installed
}

// pend keeps what is pending, sorted and cut: critical ones first, then by the day since
// which they wait, where that is known, and by their name.
func (f *patchesFacts) pend(pending map[string]pendingPackage) {
	for _, q := range pending {
		f.Pending = append(f.Pending, q)
	}
	slices.SortFunc(f.Pending, func(a, b pendingPackage) int {
		critical := func(q pendingPackage) int {
			if q.Critical {
				return 0
			}
			return 1
		}
		return cmp.Or(critical(a)-critical(b), strings.Compare(a.Since, b.Since), strings.Compare(a.Name, b.Name), strings.Compare(a.Installed, b.Installed), strings.Compare(a.Candidate, b.Candidate))
	})
	if n := min(len(f.Pending), maxPending); n < len(f.Pending) {
		f.PendingMore, f.Pending = len(f.Pending)-n, f.Pending[:n]
	}
}

// listName is the name of a list without its compression.
func listName(name string) string {
	for _, suffix := range []string{".lz4", ".gz", ".xz", ".bz2", ".zst"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// securityList tells whether a list is of security updates, by its source and suite:
// HOST_PATH_dists_SUITE_...
func securityList(name string) bool {
	source, rest, ok := strings.Cut(name, "_dists_")
	suite, _, _ := strings.Cut(rest, "_")
	return ok && (strings.HasSuffix(suite, "-security") || strings.Contains(source, "security.debian.org") || strings.HasSuffix(source, "_debian-security"))
}

// codename is the name under which the distribution, or the one it is made of, has its
// sources; empty where that is not known for sure.
func codename(ctx context.Context, look *checks.Look) string {
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		b, err := look.Host.Files.ReadFile(ctx, path, maxSmallFile)
		if err != nil {
			continue // noted where the release is read
		}
		if !slices.Contains([]string{"debian", "ubuntu", "linuxmint"}, shellValue(b, "ID")) {
			return ""
		}
		return cmp.Or(shellValue(b, "UBUNTU_CODENAME"), shellValue(b, "DEBIAN_CODENAME"), shellValue(b, "VERSION_CODENAME"))
	}
	return ""
}

// ofRelease tells whether a list is of a release, or of one that has no name of its own:
// "stable" is whatever is stable.
func ofRelease(list, release string) bool {
	_, rest, _ := strings.Cut(list, "_dists_")
	suite, _, _ := strings.Cut(rest, "_")
	name, _, _ := strings.Cut(suite, "-")
	return slices.Contains([]string{release, "stable", "oldstable", "oldoldstable", "testing"}, name)
}

// partsWithout names the parts of the archive, such as universe, of which there is a list
// and none of security updates. The others hardly ever have any.
func partsWithout(entries []host.FileInfo, security []string) []string {
	var out []string
	for _, part := range []string{"main", "universe"} {
		has := func(name string) bool { return strings.Contains(name, "_"+part+"_binary-") }
		own := slices.ContainsFunc(entries, func(e host.FileInfo) bool {
			return has(e.Name) && !securityList(listName(e.Name)) && distribution(e.Name)
		})
		if len(security) > 0 && own && !slices.ContainsFunc(security, has) {
			out = append(out, part)
		}
	}
	return out
}

// distribution tells whether a list is of the distribution itself, whose address ends in
// its name, and not of somebody who makes packages for it.
func distribution(name string) bool {
	source, _, _ := strings.Cut(name, "_dists_")
	return strings.HasSuffix(source, "_debian") || strings.HasSuffix(source, "_ubuntu") || strings.HasSuffix(source, "_ubuntu-ports")
}

// releaseDay reads the day on which a source published its lists: apt keeps them with
// the date of the server, so that the date of the file says nothing.
func releaseDay(ctx context.Context, look *checks.Look, path string) string {
	const head = 16 << 10 // the fields; the checksums of all files are behind
	b, err := look.Host.Files.ReadRange(ctx, path, 0, head)
	if err != nil {
		look.Need(path, err)
		return ""
	}
	for line := range bytes.Lines(b) {
		if value, ok := bytes.CutPrefix(line, []byte("Date:")); ok {
			if t, err := time.Parse("Mon, _2 Jan 2006 15:04:05 MST", strings.TrimSpace(string(value))); err == nil {
				return dayOf(t)
			}
		}
	}
	return ""
}

// installedPackage is what is there of one package.
type installedPackage struct {
	version string
	held    bool
}

// installedPackages reads the state of dpkg, by name and architecture; nil if it could
// not be read whole.
func installedPackages(ctx context.Context, look *checks.Look) map[string]installedPackage {
	out := make(map[string]installedPackage)
	for p, err := range dpkg.Packages(&fileReader{ctx: ctx, files: look.Host.Files, path: fileDpkgStatus}) {
		var stanza *dpkg.StanzaError
		switch {
		case errors.As(err, &stanza):
			look.Note(fileDpkgStatus, "unreadable")
			return nil
		case err != nil:
			look.Need(fileDpkgStatus, err)
			return nil
		case p.Present():
			out[p.Name+":"+p.Arch] = installedPackage{p.Version, p.Want == "hold"}
		}
	}
	return out
}

// comparePackages notes the packages of which a list has a newer version, and all of those
// installed that it has.
func comparePackages(ctx context.Context, files host.Files, path string, installed map[string]installedPackage, pending map[string]pendingPackage, mended map[string]bool) error {
	var r io.Reader = &fileReader{ctx: ctx, files: files, path: path}
	switch {
	case strings.HasSuffix(path, ".lz4"):
		r = lz4.NewReader(r)
	case strings.HasSuffix(path, ".gz"):
		z, err := gzip.NewReader(r)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		r = z
	case !strings.HasSuffix(path, "_Packages"):
		return host.ErrUnsupported
	}
	for c, err := range dpkg.Candidates(r) {
		if errors.Is(err, dpkg.ErrTooLarge) {
			return host.ErrTooBig
		}
		if err != nil {
			return err
		}
		key := c.Name + ":" + c.Arch
		is, ok := installed[key]
		mended[key] = mended[key] || ok
		if !ok || dpkg.Compare(is.version, c.Version) >= 0 {
			continue
		}
		if known, ok := pending[key]; !ok || dpkg.Compare(known.Candidate, c.Version) < 0 {
			pending[key] = pendingPackage{Name: c.Name, Installed: is.version, Candidate: c.Version, Held: is.held}
		}
	}
	return nil
}

// lastUpgrade is the day on which dpkg last put a newer version of one of the packages in
// place, by its log; empty if that does not tell. That others were upgraded, such as a
// browser from its maker's own source, says nothing of security updates.
func lastUpgrade(ctx context.Context, look *checks.Look, of map[string]bool) string {
	const tail = 512 << 10
	for _, path := range []string{"/var/log/dpkg.log", "/var/log/dpkg.log.1"} {
		info, err := look.Host.Files.Stat(ctx, path)
		if err != nil {
			continue // only to know better
		}
		b, err := look.Host.Files.ReadRange(ctx, path, max(0, info.Size-tail), tail)
		if err != nil {
			continue
		}
		day := ""
		for line := range bytes.Lines(b) { // 2026-11-21 06:12:11 upgrade curl:amd64 OLD NEW
			if fields := bytes.Fields(line); len(fields) == 6 && string(fields[2]) == "upgrade" && of[string(fields[3])] {
				day = isoDay(string(fields[0]))
			}
		}
		if day != "" {
			return day
		}
	}
	return ""
}

// fileReader reads a file of the machine from its start to its end, a part at a time.
type fileReader struct {
	ctx   context.Context //nolint:containedctx // of one observation, which ends before it
	files host.Files
	path  string
	at    int64
	part  []byte
	err   error
}

// Read implements io.Reader.
func (r *fileReader) Read(p []byte) (int, error) {
	const size = 1 << 20
	for len(r.part) == 0 && r.err == nil {
		r.part, r.err = r.files.ReadRange(r.ctx, r.path, r.at, size)
		r.at += int64(len(r.part))
		if r.err == nil && len(r.part) == 0 {
			r.err = io.EOF
		}
	}
	if len(r.part) == 0 {
		return 0, r.err
	}
	n := copy(p, r.part)
	r.part = r.part[n:]
	return n, nil
}
