package backup

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/format/intact"
	"vigia/checks/host"
)

// isInterval tells of a folder of rsnapshot: daily.0, alpha.3.
func isInterval(name string) bool {
	level, ok := interval(name)
	return ok && slices.Contains([]string{"hourly", "daily", "weekly", "monthly", "yearly", "alpha", "beta", "gamma", "delta"}, level)
}

// interval reads the level of a snapshot from its name.
func interval(name string) (level string, ok bool) {
	level, number, ok := strings.Cut(name, ".")
	n, err := strconv.Atoi(number)
	return level, ok && level != "" && err == nil && n >= 0
}

// rsnapshot looks at the snapshots. Each is dated by its own folder, which rsnapshot
// touches when it has finished: the files in it have the times of their sources. Of the
// newest the contents are compared with the source; the others are links to the same.
func (l *looker) rsnapshot(ctx context.Context, entries []host.FileInfo) copiesFacts {
	out := copiesFacts{Store: storeRsnapshot}
	var items []item
	for _, e := range entries {
		if _, ok := interval(e.Name); !ok || !e.Mode.IsDir() || l.d.Pattern != "" && !l.selects(e.Name) {
			continue
		}
		out.Matching++
		it := item{name: e.Name, path: join(l.h.OS, l.d.Copies, e.Name), entry: e}
		it.fact = copyFact{Time: e.ModTime.UTC(), Folder: true}
		switch {
		case it.fact.Time.After(l.now):
			out.Future++
		case l.now.Sub(it.fact.Time) < settled:
			out.Writing++
		default:
			items = append(items, it)
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return b.fact.Time.Compare(a.fact.Time) })
	walking, cancel := context.WithTimeout(ctx, l.budget)
	defer cancel()
	const weighed = 4 // enough for a usual size; each is walked
	items = items[:min(len(items), weighed)]
	for i := range items {
		it := &items[i]
		made := it.fact.Time
		_, whole := l.folder(walking, it)
		it.parts, it.many, it.fact.Time = nil, false, made
		switch {
		case !whole:
			it.fact.Why = "unreadable"
		case it.fact.Files == 0:
			it.fact.Damage = string(intact.Empty)
		case i == 0 && l.d.Source != "":
			l.compareFolder(walking, it, true)
		}
		it.fact.Depth = cmp.Or(it.fact.Depth, string(intact.None))
		if it.fact.Damage != "" {
			out.Damaged++
		}
	}
	l.weigh(items, &out)
	out.list(items)
	return out
}
