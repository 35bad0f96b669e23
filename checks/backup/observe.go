package backup

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

const (
	// settled is how long a copy must be untouched to count as finished.
	settled = 2 * time.Minute
	// maxBest bounds the list of best copies of a dataset.
	maxBest = 20
	// maxInCopy and maxInSource bound the entries looked at in one folder that
	// is a copy and in one source.
	maxInCopy   = 2_000_000
	maxInSource = 5_000_000
	// lookTime is what all walks together may take, and walkTime the copies or
	// the source of one dataset. It ends before the check's own deadline: what
	// was seen until then is kept.
	lookTime = 25 * time.Minute
	walkTime = 5 * time.Minute
)

// observe looks at the copies of every dataset, and at its source where the
// copies are late: then only the source can tell whether that matters.
func observe(ctx context.Context, h *host.Host, p dailyParams) (dailyFacts, error) {
	now := h.Now()
	budget := min(walkTime, lookTime/time.Duration(2*max(1, len(p.Datasets))))
	var out dailyFacts
	for _, d := range p.Datasets {
		f := datasetFacts{
			Name: d.Name, Source: d.Source, Copies: d.Copies, Pattern: d.Pattern,
			Seen: observeCopies(ctx, h, d, now, budget),
		}
		newest, ok := f.Seen.good(p.floor(d))
		late := ok && now.Sub(newest.Time) > p.limit(d)
		if late && d.Source != "" {
			tree := observeSource(ctx, h, d.Source, now, budget)
			f.Tree = &tree
		}
		out.Datasets = append(out.Datasets, f)
	}
	return out, nil
}

// good returns the newest finished copy of at least min bytes.
func (c copiesFacts) good(minBytes int64) (copyFact, bool) {
	i := slices.IndexFunc(c.Best, func(f copyFact) bool { return f.Size >= minBytes })
	if i < 0 {
		return copyFact{}, false
	}
	return c.Best[i], true
}

func observeCopies(ctx context.Context, h *host.Host, d dataset, now time.Time, budget time.Duration) copiesFacts {
	if !native(h.OS, d.Copies) {
		return copiesFacts{Why: checks.WhyUnread(host.ErrUnsupported)}
	}
	entries, err := h.Files.ReadDir(ctx, d.Copies)
	if err != nil {
		return copiesFacts{Why: checks.WhyUnread(err)}
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	// What was touched last is likely the newest copy: when time runs out, it
	// has been looked at.
	slices.SortStableFunc(entries, func(a, b host.FileInfo) int { return b.ModTime.Compare(a.ModTime) })
	var out copiesFacts
	var finished []copyFact
	for _, e := range entries {
		if !e.Mode.IsDir() && !e.Mode.IsRegular() || !selects(h.OS, d.Pattern, e.Name) {
			continue
		}
		out.Matching++
		c, whole := copyFact{Time: e.ModTime.UTC(), Size: e.Size}, true
		if e.Mode.IsDir() {
			c, whole = observeFolder(ctx, h, join(h.OS, d.Copies, e.Name))
		}
		if !whole || c.Time.IsZero() && e.Mode.IsRegular() {
			out.Unread++
		}
		switch {
		case c.Time.IsZero():
			// An empty folder, or one that could not be looked at, is no copy.
		case c.Time.After(now):
			out.Future++
		case now.Sub(c.Time) < settled:
			out.Writing++
		default:
			finished = append(finished, c)
		}
	}
	out.Best, out.BestMore = best(finished)
	return out
}

// best keeps the copies of which none newer is as large, newest first.
func best(all []copyFact) (kept []copyFact, more int) {
	slices.SortFunc(all, func(a, b copyFact) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.Size, a.Size))
	})
	largest := int64(-1)
	for _, c := range all {
		if c.Size <= largest {
			continue
		}
		largest = c.Size
		if len(kept) == maxBest {
			more++
			continue
		}
		kept = append(kept, c)
	}
	return kept, more
}

// observeFolder sums up a folder that is one copy. What it holds at least is
// true even when whole is false.
func observeFolder(ctx context.Context, h *host.Host, folder string) (c copyFact, whole bool) {
	c, whole = copyFact{Folder: true}, true
	entries := 0
	err := h.Files.Walk(ctx, folder, func(_ string, info host.FileInfo, err error) error {
		if entries++; entries > maxInCopy {
			whole = false
			return fs.SkipAll
		}
		if err != nil {
			whole = false
			return nil //nolint:nilerr // kept in whole: what cannot be read does not end the walk
		}
		if info.Mode.IsRegular() {
			c.Files++
			c.Size += info.Size
			if info.ModTime.After(c.Time) {
				c.Time = info.ModTime.UTC()
			}
		}
		return nil
	})
	return c, whole && err == nil
}

// selects tells whether an entry of the folder of copies is a copy. Without
// pattern everything is, but what programs leave beside copies.
func selects(os host.OS, pattern, name string) bool {
	if os == host.Windows {
		pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	}
	if pattern != "" {
		ok, err := path.Match(pattern, name)
		return err == nil && ok
	}
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, ".") || strings.HasPrefix(lower, "~$") {
		return false
	}
	return !slices.Contains(besideNames(), lower) && !slices.Contains(besideExtensions(), path.Ext(lower))
}

// besideNames and besideExtensions are files that are found beside copies and
// are none: a log that is written each night must not pass for a copy.
func besideNames() []string {
	return []string{"desktop.ini", "thumbs.db", "lost+found", "$recycle.bin", "system volume information", "@eadir"}
}

func besideExtensions() []string {
	return []string{".log", ".txt", ".tmp", ".part", ".partial", ".lock", ".lck", ".md5", ".sha1", ".sha256", ".sha512", ".lnk"}
}

// native tells whether a path is written as the system writes paths.
func native(os host.OS, p string) bool {
	if os == host.Windows {
		return strings.HasPrefix(p, `\\`) || len(p) >= 3 && p[1] == ':' && (p[2] == '\\' || p[2] == '/')
	}
	return strings.HasPrefix(p, "/")
}

func join(os host.OS, folder, name string) string {
	if os == host.Windows {
		return strings.TrimRight(folder, `\/`) + `\` + name
	}
	return path.Join(folder, name)
}
