package scan

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"vigia/checks/host"
	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/isolate"
)

// ServiceShare is the part of one core that a scan takes behind a user's back.
const ServiceShare = 0.05

// maxListed is how many files with findings, and folders with unread files, a summary
// for a check lists.
const maxListed = 300

// maxFolders is how many folders with unread files are told apart.
const maxFolders = 10_000

// PersonalData is the facet of host.Host behind which a check sees the scan. The zero
// value scans without bounds on its share of a core; it is safe for concurrent use.
type PersonalData struct {
	Share float64    // of one core; see Options.Share
	Jobs  int        // files at a time without a Share; default 1
	File  FileLimits // bounds on each file
	// Folders are the roots of a request that names none; empty: UserFolders.
	Folders []string
	// Cache is the file that remembers what was read and has not changed; see Options.
	Cache string
	// Load tells what the machine has to spare; see Options.
	Load func() host.Load
	// Worker looks into the files; see Options.
	Worker *isolate.Program
}

var _ host.PersonalData = PersonalData{}

// UserFolders lists the folders of this machine where users keep files.
func UserFolders() []string {
	candidates := []string{"/home", "/root", "/srv"}
	if runtime.GOOS == "windows" {
		// Not the profile of this process: a service has one under the system's folder.
		candidates = []string{filepath.Dir(os.Getenv("PUBLIC")), os.Getenv("SystemDrive") + `\Users`}
	}
	var folders []string
	for _, c := range candidates {
		if !filepath.IsAbs(c) {
			continue
		}
		if info, err := os.Stat(c); err == nil && info.IsDir() { //nolint:gosec // the environment of this process is its administrator's
			folders = append(folders, c)
		}
	}
	return sortedRoots(folders, isInside)
}

// Scan implements host.PersonalData. It ends a little before the context's deadline, so
// that what was seen until then is reported and said to be a part.
func (p PersonalData) Scan(ctx context.Context, req host.ScanRequest) (host.ScanSummary, error) {
	roots := req.Roots
	if len(roots) == 0 {
		roots = p.Folders
	}
	if len(roots) == 0 {
		roots = UserFolders()
	}
	if len(roots) == 0 {
		return host.ScanSummary{Files: map[string]int64{}, Complete: true}, nil // nobody keeps files here
	}
	opts := Options{
		Roots: roots, Jobs: max(p.Jobs, 1), Share: p.Share, File: p.File,
		MaxFiles: req.MaxFiles, MaxBytes: req.MaxBytes, Cache: p.Cache, Load: p.Load, Worker: p.Worker,
		Credentials: req.Credentials,
	}
	if deadline, ok := ctx.Deadline(); ok {
		opts.MaxTime = timeWithin(time.Until(deadline))
	}
	var found foundFiles
	unread := unreadFolders{}
	sum, err := Run(ctx, opts, func(r FileResult) error {
		switch {
		case r.Status == Found:
			found.add(r)
		case r.leftUnread():
			unread.add(r)
		}
		return nil
	})
	if err != nil {
		return host.ScanSummary{}, err
	}
	out := host.ScanSummary{
		Roots: sum.Roots, Bytes: sum.Bytes, Persons: int64(sum.Persons),
		Files: texts(sum.Files), Reasons: texts(sum.Reasons), Counts: numbers(sum.Counts),
		Complete: sum.Complete, Stopped: string(sum.Stopped), Unchanged: sum.Unchanged,
	}
	out.Unread, out.UnreadMore = unread.list()
	out.Found, out.FoundMore = found.list()
	return out, nil
}

// timeWithin is the time to scan when so much is left: a little less, but some.
func timeWithin(left time.Duration) time.Duration {
	return max(left-min(left/10, 5*time.Second), time.Millisecond)
}

// foundFiles keeps the files with the most persons.
type foundFiles struct {
	files []host.FoundFile
	total int64
}

func (l *foundFiles) add(r FileResult) {
	l.total++
	l.files = append(l.files, host.FoundFile{
		Path: r.Path, Folder: filepath.Dir(r.Path), Owner: r.Owner, Level: string(r.Level),
		Persons: int64(r.Persons), Counts: numbers(r.Counts), Categories: r.Categories,
		Whole: r.Whole(), Modified: r.Modified,
	})
	if len(l.files) >= 2*maxListed {
		l.trim()
	}
}

func (l *foundFiles) trim() {
	slices.SortFunc(l.files, func(a, b host.FoundFile) int {
		return cmp.Or(cmp.Compare(b.Persons, a.Persons), cmp.Compare(a.Path, b.Path))
	})
	l.files = l.files[:min(len(l.files), maxListed)]
}

// list returns the files, most persons first, and how many more there were.
func (l *foundFiles) list() ([]host.FoundFile, int64) {
	l.trim()
	return l.files, l.total - int64(len(l.files))
}

// unreadFolders counts files that were not read whole, by folder and reason.
type unreadFolders map[unreadAt]int64

type unreadAt struct {
	folder string
	reason Reason
}

func (u unreadFolders) add(r FileResult) {
	at := unreadAt{filepath.Dir(r.Path), r.Reason}
	if r.Format == "directory" {
		at.folder = r.Path
	}
	if _, ok := u[at]; !ok && len(u) >= maxFolders {
		at.folder = "" // so many that no list helps: they are only counted
	}
	u[at]++
}

// list returns the folders with the most files, and how many files the others hold.
func (u unreadFolders) list() (list []host.UnreadFolder, more int64) {
	for at, n := range u {
		if at.folder == "" {
			more += n
			continue
		}
		list = append(list, host.UnreadFolder{Folder: at.folder, Reason: string(at.reason), Files: n})
	}
	slices.SortFunc(list, func(a, b host.UnreadFolder) int {
		return cmp.Or(cmp.Compare(b.Files, a.Files), cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.Reason, b.Reason))
	})
	for _, left := range list[min(len(list), maxListed):] {
		more += left.Files
	}
	return list[:min(len(list), maxListed)], more
}

// texts returns m with its keys as plain strings.
func texts[K ~string](m map[K]int64) map[string]int64 {
	out := make(map[string]int64, len(m))
	for k, n := range m {
		out[string(k)] = n
	}
	return out
}

// numbers returns counts by type as the host's contract has them.
func numbers(m map[detect.Type]int) map[string]int64 {
	out := make(map[string]int64, len(m))
	for k, n := range m {
		out[string(k)] = int64(n)
	}
	return out
}
