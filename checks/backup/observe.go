package backup

import (
	"context"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

const (
	// settled is how long a copy must be untouched to count as finished.
	settled = 2 * time.Minute
	// maxBest and maxRecent bound the lists of copies of a dataset.
	maxBest   = 20
	maxRecent = 12
	// maxInCopy and maxInSource bound the entries looked at in one folder that
	// is a copy and in one source.
	maxInCopy   = 2_000_000
	maxInSource = 5_000_000
	// lookTime is what all walks together may take, walkTime the copies or the source of
	// one dataset, and readTime all reading of contents. Together they end before the
	// check's own deadline: what was seen until then is kept.
	lookTime = 20 * time.Minute
	walkTime = 5 * time.Minute
	readTime = 15 * time.Minute
)

// looker looks at the copies of one dataset.
type looker struct {
	h   *host.Host
	d   dataset
	now time.Time
	// budget bounds a walk, and reading all contents that are read; share is about how
	// many bytes of contents this dataset may read.
	budget  time.Duration
	reading time.Time
	share   int64
	quiet   time.Duration
	// sourceID is the folder or file of the source.
	sourceID host.FileID
	// before is what the last run saw of the same copies, where that is remembered.
	before copiesFacts
	// drop and floor are those of the sizes of copies, in per cent and bytes.
	drop, floor int64
}

// observe looks at the copies of every dataset, and at its source where the
// copies are late: then only the source can tell whether that matters.
func observe(ctx context.Context, h *host.Host, p dailyParams) (dailyFacts, error) {
	now := h.Now()
	n := max(1, len(p.Datasets))
	reading := time.Now().Add(readTime) // a stopwatch, and no fact
	before := recall(ctx, h)
	var out dailyFacts
	for _, d := range p.Datasets {
		l := &looker{
			before: before.of(d), drop: p.drop(d), floor: p.floor(d),
			h: h, d: d, now: now, budget: min(walkTime, lookTime/time.Duration(2*n)),
			reading: reading, share: p.VerifyBytes / int64(n), quiet: time.Duration(p.Quiet),
		}
		f := datasetFacts{Name: d.Name, Source: d.Source, Copies: d.Copies, Pattern: d.Pattern, Seen: l.copies(ctx)}
		if f.Seen.Usual == nil {
			f.Seen.Usual = l.before.Usual // what the copies weighed is not forgotten when they cannot be seen
		}
		l.source(ctx, p, &f)
		out.Datasets = append(out.Datasets, f)
	}
	return out, nil
}

// source looks at the source of a dataset where its copies leave a question that only
// the source can answer.
func (l *looker) source(ctx context.Context, p dailyParams, f *datasetFacts) {
	d := l.d
	newest, ok := f.Seen.good(p, d)
	if !ok || d.Source == "" || f.Seen.Mirror != nil {
		return
	}
	since, frozen := f.Seen.frozenSince(newest, p.frozen(d))
	if l.now.Sub(newest.Time) <= p.limit(d) && !frozen {
		return
	}
	var from, to time.Time
	if frozen {
		from, to = since, newest.Time.Add(-l.quiet)
	}
	if server, ok := observeServer(ctx, l.h, d.Source); ok {
		f.Server = &server
		return
	}
	tree := observeSource(ctx, l.h, d.Source, l.now, l.budget, from, to)
	f.Tree = &tree
}

// copies looks at the folder of copies.
func (l *looker) copies(ctx context.Context) copiesFacts {
	if !native(l.h.OS, l.d.Copies) {
		return copiesFacts{Why: checks.WhyUnread(host.ErrUnsupported)}
	}
	entries, err := l.h.Files.ReadDir(ctx, l.d.Copies)
	if err != nil {
		why := checks.WhyUnread(err)
		if isShare(l.d.Copies) && (why == "absent" || why == "permission" || why == "unreadable") {
			why = "share" // what a share does not show this machine may still be there
		}
		return copiesFacts{Why: why}
	}
	if l.isSource(ctx) {
		return copiesFacts{IsSource: true}
	}
	store := l.d.Format
	if store == "" || store == storeAuto {
		store = recognise(l.h.OS, entries)
	}
	switch store {
	case storeMirror:
		return l.mirror(ctx)
	case storeRestic:
		return l.restic(ctx)
	case storeBorg:
		return l.borg(ctx)
	case storeRsnapshot:
		return l.rsnapshot(ctx, entries)
	case storeWindows:
		return l.windowsBackup(ctx, entries)
	default:
		return l.files(ctx, entries, store)
	}
}

// recognise tells what writes into a folder, by what it keeps there; empty for files.
func recognise(os host.OS, entries []host.FileInfo) string {
	has := func(names ...string) bool {
		for _, n := range names {
			if !slices.ContainsFunc(entries, func(e host.FileInfo) bool { return strings.EqualFold(e.Name, n) }) {
				return false
			}
		}
		return true
	}
	switch {
	case has("config", "data", "index", "keys", "snapshots"):
		return storeRestic
	case has("config", "data") && slices.ContainsFunc(entries, func(e host.FileInfo) bool {
		_, ok := numbered(e.Name, "index.")
		return ok || e.Name == "README"
	}):
		return storeBorg
	case os == host.Windows && (has("WindowsImageBackup") || has("Catalog", "MediaId") || has("MediaId") && hasImages(entries)):
		return storeWindows
	case slices.ContainsFunc(entries, func(e host.FileInfo) bool { _, ok := vzdumpGuest(e.Name); return ok }):
		return storeVzdump
	case slices.ContainsFunc(entries, func(e host.FileInfo) bool { return e.Mode.IsDir() && isInterval(e.Name) }):
		return storeRsnapshot
	default:
		return ""
	}
}

// mountsBelow counts what is mounted inside a folder: a walk does not enter it,
// so it says nothing about the data there.
func mountsBelow(ctx context.Context, h *host.Host, folder string) (n int, why string) {
	volumes, err := h.System.Volumes(ctx)
	if err != nil {
		return 0, checks.WhyUnread(err)
	}
	for _, v := range volumes {
		if m := plain(h.OS, v.Mount); m != plain(h.OS, folder) && strings.HasPrefix(m, plain(h.OS, folder)) {
			n++
		}
	}
	return n, ""
}
