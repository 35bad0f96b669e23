package protection

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/format/rpm"
	"vigia/checks/format/sqlite"
	"vigia/checks/format/updateinfo"
	"vigia/checks/host"
)

// folderDNF is where dnf keeps what repositories offer; each has a folder of its own.
const folderDNF = "/var/cache/dnf"

// folderModules is where dnf notes which streams of modules the machine follows.
const folderModules = "/etc/dnf/modules.d"

// rpmDatabases are the places of the database, one of which is a link to the other.
func rpmDatabases() []string {
	return []string{"/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite"}
}

// observeRPM compares what is installed with the security notices that dnf has.
func observeRPM(ctx context.Context, look *checks.Look, seen *patchesFacts) {
	repositories := enabledRepositories(ctx, look)
	if repositories == nil {
		return
	}
	cached, err := look.Host.Files.ReadDir(ctx, folderDNF)
	if err != nil {
		look.Miss(folderDNF, err)
		return
	}
	parts := ownParts(seen.System)
	missing := slices.Clone(parts)
	release := releaseVariable(ctx, look)
	notices := make(map[string]string) // by their file, the source
	for _, r := range repositories {
		c := newestCache(ctx, look, r.id, cached)
		own := len(parts) == 0 && len(c.notices) > 0 // of other distributions those that have some
		for _, part := range parts {
			if r.is(part) {
				own = true
				missing = slices.DeleteFunc(missing, func(m string) bool { return m == part })
			}
		}
		for _, file := range c.notices {
			notices[file] = r.id
		}
		if !own {
			continue
		}
		seen.Sources = append(seen.Sources, rpmSource{ID: r.id, NoNotices: len(c.notices) == 0, Archive: r.archive(), Pinned: r.pinned(release)})
		switch {
		case len(c.notices) == 0:
		case c.asked.IsZero():
			look.Note(folderDNF+"/"+r.id, "unreadable")
		default:
			if day := dayOf(c.asked); seen.Lists == "" || day < seen.Lists {
				seen.Lists = day
			}
		}
	}
	seen.NoParts = missing
	slices.SortFunc(seen.Sources, func(a, b rpmSource) int { return strings.Compare(a.ID, b.ID) })
	if len(notices) == 0 {
		return
	}
	installed := installedRPM(ctx, look)
	if installed == nil {
		return
	}
	pending := make(map[string]pendingPackage)
	streams := moduleStreams(ctx, look)
	for _, is := range installed {
		if len(streams) == 0 && modular(is) {
			look.Note(folderModules, "absent")
			break
		}
	}
	for _, path := range slices.Sorted(maps.Keys(notices)) {
		newest, err := compareNotices(ctx, look.Host.Files, path, installed, streams, pending)
		if err != nil {
			look.Need(path, err)
			continue
		}
		i := slices.IndexFunc(seen.Sources, func(s rpmSource) bool { return s.ID == notices[path] })
		if i >= 0 && !newest.IsZero() {
			seen.Sources[i].Newest = max(seen.Sources[i].Newest, dayOf(newest))
		}
	}
	seen.pend(pending)
}

// cache is what dnf keeps of one source.
type cache struct {
	notices []string
	// asked is when dnf last asked for news; it touches one of the files when it has and
	// nothing is new.
	asked time.Time
}

// newestCache finds the cache of a source, in a folder with its name and 16 digits for
// its address. A source that has moved leaves the older one behind.
func newestCache(ctx context.Context, look *checks.Look, id string, cached []host.FileInfo) cache {
	const digits = 16
	var out cache
	found := false
	for _, folder := range cached {
		sum, ok := strings.CutPrefix(folder.Name, id+"-")
		if !ok || len(sum) != digits || strings.Trim(sum, "0123456789abcdef") != "" || !folder.Mode.IsDir() {
			continue
		}
		path := folderDNF + "/" + folder.Name + "/repodata"
		entries, err := look.Host.Files.ReadDir(ctx, path)
		if err != nil {
			look.Miss(path, err)
			continue
		}
		var c cache
		for _, f := range entries {
			if strings.Contains(f.Name, "updateinfo.xml") {
				c.notices = append(c.notices, path+"/"+f.Name)
			}
			if f.ModTime.After(c.asked) {
				c.asked = f.ModTime
			}
		}
		if !found || c.asked.After(out.asked) {
			out, found = c, true
		}
	}
	return out
}

// installedRPM is the newest of each package by name and architecture; nil if the
// database could not be read whole.
func installedRPM(ctx context.Context, look *checks.Look) map[string]rpm.Package {
	for _, path := range rpmDatabases() {
		info, err := look.Host.Files.Stat(ctx, path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var out map[string]rpm.Package
		if err == nil {
			out, err = readRPM(ctx, look.Host.Files, path, info.Size)
		}
		if err != nil {
			look.Need(path, err)
			return nil
		}
		return out
	}
	look.Note(rpmDatabases()[0], "unsupported") // an older form of the database
	return nil
}

func readRPM(ctx context.Context, files host.Files, path string, size int64) (map[string]rpm.Package, error) {
	const maxDatabase = 1 << 30
	if size > maxDatabase {
		return nil, host.ErrTooBig
	}
	var logSize int64
	if log, err := files.Stat(ctx, path+"-wal"); err == nil {
		logSize = log.Size
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	open := func(path string) io.ReaderAt { return &pages{ctx: ctx, files: files, path: path} }
	db, err := sqlite.Open(open(path), size, open(path+"-wal"), logSize)
	if err != nil {
		return nil, err
	}
	out := make(map[string]rpm.Package)
	for row, err := range db.Rows("Packages") {
		if err == nil && len(row.Values) < 2 {
			err = sqlite.ErrDamaged
		}
		if err != nil {
			return nil, err
		}
		p, err := rpm.Parse(row.Values[1].Blob)
		if err != nil {
			return nil, err
		}
		key := p.Name + "." + p.Arch
		if known, ok := out[key]; !ok || rpm.Compare(known, p) < 0 {
			out[key] = p
		}
	}
	return out, nil
}

// compareNotices notes the packages that a notice mends and whose installed version is
// older, and returns the day of the newest notice. Those of modules count where the
// machine follows their stream.
func compareNotices(ctx context.Context, files host.Files, path string, installed map[string]rpm.Package, streams map[string]string, pending map[string]pendingPackage) (newest time.Time, err error) {
	var r io.Reader = &fileReader{ctx: ctx, files: files, path: path}
	switch {
	case strings.HasSuffix(path, ".gz"):
		z, err := gzip.NewReader(r)
		if err != nil {
			return newest, fmt.Errorf("read %s: %w", path, err)
		}
		r = z
	case !strings.HasSuffix(path, ".xml"):
		return newest, host.ErrUnsupported
	}
	for n, err := range updateinfo.Security(r) {
		if errors.Is(err, updateinfo.ErrTooLarge) {
			return newest, host.ErrTooBig
		}
		if err != nil {
			return newest, err
		}
		newest = latest(newest, n.Issued)
		for _, u := range n.Packages {
			key := u.Name + "." + u.Arch
			is, ok := installed[key]
			offered := rpm.Package{Epoch: u.Epoch, Version: u.Version, Release: u.Release}
			if !ok || rpm.Compare(is, offered) >= 0 || !follows(is, u.Module, streams) {
				continue
			}
			q := pendingPackage{Name: u.Name, Installed: is.EVR(), Candidate: offered.EVR(), Critical: critical(n.Severity)}
			if !n.Issued.IsZero() {
				q.Since = dayOf(n.Issued)
			}
			if known, ok := pending[key]; ok { // the oldest notice says since when
				q.Critical = q.Critical || known.Critical
				if known.Since != "" && (q.Since == "" || known.Since < q.Since) {
					q.Since = known.Since
				}
				if rpm.Compare(parsedEVR(known.Candidate), offered) > 0 {
					q.Candidate = known.Candidate
				}
			}
			pending[key] = q
		}
	}
	return newest, nil
}

// moduleStreams reads which stream of each module the machine follows.
func moduleStreams(ctx context.Context, look *checks.Look) map[string]string {
	out := make(map[string]string)
	entries, err := look.Host.Files.ReadDir(ctx, folderModules)
	if err != nil {
		look.Miss(folderModules, err)
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name, ".module"); ok {
			if b := look.File(ctx, folderModules+"/"+e.Name, maxSmallFile); shellValue(b, "state") == "enabled" {
				out[name] = shellValue(b, "stream")
			}
		}
	}
	return out
}

// modular tells whether a package is of a stream of a module, as its release says.
func modular(is rpm.Package) bool { return strings.Contains(is.Release, ".module") }

// follows tells whether what a notice says of a module is about the installed package:
// which is of no module, or of the stream that the machine follows.
func follows(is rpm.Package, module string, streams map[string]string) bool {
	if module == "" || !modular(is) {
		return (module == "") == !modular(is)
	}
	name, stream, _ := strings.Cut(module, ":")
	followed, known := streams[name]
	return known && followed == stream
}

// critical tells whether a notice is, as far as is known: one that nobody graded may be.
func critical(severity string) bool {
	return !slices.Contains([]string{"important", "moderate", "low"}, strings.ToLower(severity))
}

// parsedEVR is a version as rpm.Package.EVR wrote it.
func parsedEVR(s string) rpm.Package {
	var p rpm.Package
	if epoch, rest, ok := strings.Cut(s, ":"); ok {
		if _, err := fmt.Sscanf(epoch, "%d", &p.Epoch); err == nil {
			s = rest
		}
	}
	p.Version, p.Release, _ = strings.Cut(s, "-")
	return p
}

// pages reads a file of the machine in parts that are larger than what is asked for,
// since each costs an opening. It remembers the last few, and is for one reader.
type pages struct {
	ctx   context.Context //nolint:containedctx // of one observation, which ends before it
	files host.Files
	path  string
	held  [8]struct {
		number int64 // of the part, from 1; 0 is none
		b      []byte
	}
	next int
}

// ReadAt implements io.ReaderAt.
func (p *pages) ReadAt(b []byte, off int64) (int, error) {
	const size = 256 << 10
	n := 0
	for n < len(b) {
		at := off + int64(n)
		part, err := p.part(at/size+1, size)
		if err != nil {
			return n, err
		}
		from := at % size
		if from >= int64(len(part)) {
			return n, io.EOF
		}
		n += copy(b[n:], part[from:])
	}
	return n, nil
}

func (p *pages) part(number, size int64) ([]byte, error) {
	for i := range p.held {
		if p.held[i].number == number {
			return p.held[i].b, nil
		}
	}
	b, err := p.files.ReadRange(p.ctx, p.path, (number-1)*size, size)
	if err != nil {
		return nil, err
	}
	p.held[p.next].number, p.held[p.next].b = number, b
	p.next = (p.next + 1) % len(p.held)
	return b, nil
}
