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
	entries, err := look.Host.Files.ReadDir(ctx, folderLists)
	if err != nil {
		look.Miss(folderLists, err)
		return
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
	seen.NoSecurity = listed && len(lists) == 0
	if len(lists) == 0 {
		return
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
		return
	}
	pending := make(map[string]pendingPackage)
	mended := make(map[string]bool)
	for _, name := range lists {
		if err := comparePackages(ctx, look.Host.Files, folderLists+"/"+name, installed, pending, mended); err != nil {
			look.Need(folderLists+"/"+name, err)
		}
	}
	if len(pending) > 0 {
		seen.Upgraded = lastUpgrade(ctx, look, mended)
		recallSince(ctx, look.Host, pending)
	}
	seen.pend(pending)
}

// recallSince dates what is pending by when this machine was first seen to miss it, since
// no list of apt tells when an update came out.
func recallSince(ctx context.Context, h *host.Host, pending map[string]pendingPackage) {
	today := dayOf(h.Now())
	var before patchesFacts
	b, err := h.Past.Observed(ctx)
	remembers := err == nil && json.Unmarshal(b, &before) == nil && before.Manager == managerAPT
	// What an earlier run did not list was not missed then, if it saw all there was.
	whole := remembers && before.Lists != "" && before.PendingMore == 0 && len(before.Unread) == 0
	for key, q := range pending {
		q.Since, q.New = today, whole
		for _, was := range before.Pending {
			if day, ok := parseDay(was.Since); remembers && ok && was.Name == q.Name && was.Installed == q.Installed && !day.After(h.Now()) {
				q.Since, q.New = was.Since, was.New
			}
		}
		pending[key] = q
	}
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
