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
	"vigia/checks/format/intact"
	"vigia/checks/host"
)

// item is one entry of a folder of copies.
type item struct {
	name  string
	path  string
	entry host.FileInfo
	fact  copyFact
	// parts are the files of a folder that can be verified; nil for a file, which is its
	// only part, and for a folder of too many.
	parts []part
	many  bool
	links []host.FileID // its files that have more names than one
	// dumps are the folders in it with data of PostgreSQL, and whether their table of
	// contents is there.
	dumps map[string]bool
}

// part is one file that can be verified.
type part struct {
	path string
	size int64
	sum  *sidecar // the checksum beside it, if there is one
}

// files looks at a folder in which each file and each folder is a copy.
func (l *looker) files(ctx context.Context, entries []host.FileInfo, store string) copiesFacts {
	out := copiesFacts{Store: store}
	if store == storeFiles {
		out.Store = ""
	}
	if store == storeVzdump && l.d.Pattern == "" {
		if n := guests(entries); n > 1 {
			out.Guests = n
		}
	}
	walking, cancel := context.WithTimeout(ctx, l.budget)
	defer cancel()
	// What was touched last is likely the newest copy: when time runs out, it
	// has been looked at.
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b host.FileInfo) int { return b.ModTime.Compare(a.ModTime) })
	names := make(map[string]host.FileInfo, len(entries))
	for _, e := range entries {
		names[l.fold(e.Name)] = e
	}
	var finished []item
	for _, e := range entries {
		if it, ok := l.entry(walking, e, names, &out); ok {
			finished = append(finished, it)
		}
	}
	slices.SortStableFunc(finished, func(a, b item) int {
		return cmp.Or(b.fact.Time.Compare(a.fact.Time), cmp.Compare(b.fact.Size, a.fact.Size))
	})
	l.verify(ctx, finished, &out)
	finished = l.unwritten(ctx, l.unmoved(ctx, finished, &out), &out)
	l.unlinked(ctx, finished, &out)
	l.weigh(finished, &out)
	out.list(finished)
	return out
}

// entry looks at one entry, counts it and tells whether it is a finished copy.
func (l *looker) entry(ctx context.Context, e host.FileInfo, names map[string]host.FileInfo, out *copiesFacts) (item, bool) {
	it := item{name: e.Name, path: join(l.h.OS, l.d.Copies, e.Name), entry: e}
	if !l.selects(e.Name) || l.holdsSource(it.path, e) {
		return it, false
	}
	switch {
	case e.Mode&(fs.ModeSymlink|fs.ModeIrregular) != 0:
		if !l.linksInside(ctx, it.path, names) {
			out.Matching++
			out.Links++
		}
		return it, false
	case !e.Mode.IsDir() && !e.Mode.IsRegular():
		return it, false
	}
	out.Matching++
	if isTemp(e.Name) || l.rewritten(e.Name, names) {
		out.Writing++
		return it, false
	}
	it.fact = copyFact{Time: e.ModTime.UTC(), Size: e.Size}
	whole := true
	if e.Mode.IsDir() {
		var unfinished bool
		unfinished, whole = l.folder(ctx, &it)
		if unfinished {
			out.Writing++
			return it, false
		}
	} else {
		it.parts = []part{{it.path, e.Size, l.beside(e.Name, names)}}
		it.link(e)
	}
	if !whole || it.fact.Time.IsZero() && e.Mode.IsRegular() {
		out.Unread++
	}
	switch {
	case it.fact.Time.IsZero():
		// An empty folder, or one that could not be looked at, is no copy.
	case it.fact.Time.After(l.now):
		out.Future++
	case l.now.Sub(it.fact.Time) < settled:
		out.Writing++
	default:
		return it, true
	}
	return it, false
}

// linksInside tells whether a link leads to another entry of the same folder, as
// "latest" does: that entry is looked at as itself.
func (l *looker) linksInside(ctx context.Context, path string, names map[string]host.FileInfo) bool {
	to, err := l.h.Files.Stat(ctx, path)
	if err != nil {
		return false
	}
	for _, e := range names {
		if e.Mode.Type() == to.Mode.Type() && e.Size == to.Size && e.ModTime.Equal(to.ModTime) && e.ChangeTime.Equal(to.ChangeTime) {
			return true
		}
	}
	return false
}

// verify looks at the edges of the copies and reads those whole whose turn it is. The
// newest is read first, in each run where it fits: it is the one that counts.
func (l *looker) verify(ctx context.Context, items []item, out *copiesFacts) {
	var total int64
	for _, it := range items {
		total += it.fact.Size
	}
	r := l.rota(period(total, l.share))
	out.Period = r.period
	for i := range items {
		it := &items[i]
		turn := r.turn(it.name) || i == 0 && it.fact.Size <= l.share
		l.verifyItem(ctx, it, turn, i < maxRecent)
		if it.fact.Damage != "" {
			out.Damaged++
			out.Suspects = suspect(out.Suspects, it.name)
		}
		if !turn && it.fact.Depth == string(intact.Edges) && it.fact.Damage == "" && it.fact.Limit == "" {
			it.fact.Turn = r.next(it.name)
		}
	}
}

func (l *looker) verifyItem(ctx context.Context, it *item, turn, look bool) {
	if len(it.dumps) > 0 {
		what, why := l.dumped(ctx, it)
		if it.fact.Damage, it.fact.Why = string(what), why; what != "" || why != "" {
			it.fact.Format, it.fact.Depth = "pgdump", string(intact.Edges)
			return
		}
	}
	if it.many {
		l.compareFolder(ctx, it, turn)
		return
	}
	if len(it.parts) == 0 || !turn && !look {
		return
	}
	worst := intact.Result{Depth: intact.Whole}
	for _, p := range it.parts {
		res, why := l.intact(ctx, p, turn)
		if why != "" {
			it.fact.Why = why
			return
		}
		if res.Damage != "" {
			it.fact.Format, it.fact.Depth, it.fact.Damage = res.Format, string(res.Depth), string(res.Damage)
			return
		}
		if it.fact.Format == "" {
			it.fact.Format = res.Format
		}
		if rank(res.Depth) < rank(worst.Depth) || worst.Limit == "" {
			worst.Limit = res.Limit
		}
		if rank(res.Depth) < rank(worst.Depth) {
			worst.Depth = res.Depth
		}
	}
	it.fact.Depth, it.fact.Limit = string(worst.Depth), worst.Limit
	if out := l.vzdumpLog(ctx, it); out != "" {
		it.fact.Damage = string(out)
	}
}

func rank(d intact.Depth) int {
	return slices.Index([]intact.Depth{intact.None, intact.Edges, intact.Walked, intact.Whole}, d)
}

// unmoved looks again at the newest copies: what has moved since is being written.
func (l *looker) unmoved(ctx context.Context, items []item, out *copiesFacts) []item {
	return slices.DeleteFunc(items, func(it item) bool {
		if !it.entry.Mode.IsRegular() {
			return false
		}
		e, err := l.h.Files.Stat(ctx, it.path)
		if err != nil || e.Size == it.entry.Size && e.ModTime.Equal(it.entry.ModTime) {
			return false
		}
		out.Writing++
		if it.fact.Damage != "" {
			out.Damaged--
		}
		return true
	})
}

// list keeps the newest copies, and of all the sound ones the best.
func (c *copiesFacts) list(items []item) {
	var sound []copyFact
	for i, it := range items {
		if i < maxRecent {
			c.Recent = append(c.Recent, it.fact)
		}
		if it.fact.Damage == "" && it.fact.Why == "" {
			sound = append(sound, it.fact)
		}
		if it.fact.Why != "" {
			c.Unread++
		}
	}
	c.Best, c.BestMore = best(sound)
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

// maxParts is the number of files up to which a folder is taken for one of archives and
// dumps, which can be verified by themselves.
const maxParts = 64

// folder sums up a folder that is one copy. What it holds at least is true even when
// whole is false.
func (l *looker) folder(ctx context.Context, it *item) (unfinished, whole bool) {
	c := copyFact{Folder: true}
	whole = true
	entries := 0
	err := l.h.Files.Walk(ctx, it.path, func(path string, info host.FileInfo, err error) error {
		if entries++; entries > maxInCopy {
			whole = false
			return fs.SkipAll
		}
		if err != nil {
			whole = false
			return nil //nolint:nilerr // kept in whole: what cannot be read does not end the walk
		}
		if !info.Mode.IsRegular() {
			return nil
		}
		if isTemp(info.Name) {
			unfinished = true
		}
		c.Files++
		c.Size += info.Size
		it.link(info)
		it.dumping(l.h.OS, path, info.Name)
		if info.ModTime.After(c.Time) {
			c.Time = info.ModTime.UTC()
		}
		if intact.Known(info.Name) || info.Name == "toc.dat" {
			if len(it.parts) < maxParts {
				it.parts = append(it.parts, part{path: path, size: info.Size})
			}
		}
		return nil
	})
	if c.Files > maxParts {
		it.parts, it.many = nil, true
	}
	if n, _ := mountsBelow(ctx, l.h, it.path); n > 0 {
		whole = false
	}
	it.fact = c
	return unfinished, whole && err == nil
}

// compareFolder compares a folder of many files with the source.
func (l *looker) compareFolder(ctx context.Context, it *item, turn bool) {
	if l.d.Source == "" || !turn {
		return
	}
	at, ok := l.counterpart(ctx, it.path)
	if !ok {
		it.fact.Depth, it.fact.Limit = string(intact.None), intact.Unknown
		return
	}
	m, _ := l.compare(ctx, at)
	it.fact.judge(m, it.fact.Time.Add(-l.quiet))
}

// judge takes over from a comparison what it says about a copy that was made at a time:
// changes after it are none of its faults.
func (c *copyFact) judge(m mirrorFacts, made time.Time) {
	switch {
	case m.Same > 0:
		c.Damage = linked
	case m.Damaged > 0:
		c.Damage = string(intact.Checksum)
	case m.Unfinished > 0:
		c.Damage = string(intact.Unfinished)
	case m.Behind > 0 && m.BehindSince.Before(made):
		// Files that were changed before the copy and are not in it as they were then: it
		// was dated and not made, as rsnapshot does when its rsync fails.
		c.Damage = string(intact.Unfinished)
	case m.Missing > m.Files/2 && m.PendingSince.Before(made):
		c.Damage = string(intact.Truncated)
	case m.Unread > 0 || m.Stopped != "":
		c.Depth, c.Limit = string(intact.None), cmp.Or(m.Why, m.Stopped)
		return
	}
	c.Depth = string(intact.Edges)
	if m.Compared > 0 && m.Compared == m.Files {
		c.Depth = string(intact.Whole)
	}
}

func (l *looker) fold(name string) string {
	if l.h.OS == host.Windows {
		return strings.ToLower(name)
	}
	return name
}

// selects tells whether an entry of the folder of copies is a copy. Without
// pattern everything is, but what programs leave beside copies.
func (l *looker) selects(name string) bool {
	pattern := l.fold(l.d.Pattern)
	if pattern != "" {
		ok, err := path.Match(pattern, l.fold(name))
		return err == nil && ok && !slices.Contains(besideExtensions(), path.Ext(strings.ToLower(name)))
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
	return []string{"desktop.ini", "thumbs.db", "lost+found", "$recycle.bin", "system volume information", "@eadir", "sha256sums", "md5sums"}
}

func besideExtensions() []string {
	return []string{".log", ".txt", ".notes", ".vbm", ".lock", ".lck", ".md5", ".sha1", ".sha256", ".sha512", ".lnk", ".err"}
}

// isTemp tells of a name that programs give to what they have not finished.
func isTemp(name string) bool {
	lower := strings.ToLower(name)
	switch path.Ext(lower) {
	case ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".incomplete", ".swp":
		return true
	case ".dat", ".tmp~": // vzdump writes NAME.vma.zst.dat
		_, ok := vzdumpGuest(name)
		return ok
	default:
		return strings.HasSuffix(lower, "~tmp~")
	}
}

// rewritten tells whether something beside a copy says that it is being made anew.
func (l *looker) rewritten(name string, names map[string]host.FileInfo) bool {
	for _, ext := range []string{".tmp", ".temp", ".part", ".partial", ".lock", ".lck"} {
		if _, ok := names[l.fold(name)+ext]; ok {
			return true
		}
	}
	return false
}

// intact verifies a part; why is set where it could not be read.
func (l *looker) intact(ctx context.Context, p part, all bool) (res intact.Result, why string) {
	at := &reader{ctx: ctx, files: l.h.Files, path: p.path, size: p.size}
	var err error
	if all {
		limited, cancel := context.WithDeadline(ctx, l.reading)
		defer cancel() // at the end: it is read again for a checksum beside it
		at.ctx = limited
		res, err = intact.Verify(limited, at, p.size, p.path)
	} else {
		res, err = intact.Look(ctx, at, p.size, p.path)
	}
	if err == nil && all && p.sum != nil && res.Damage == "" {
		return l.compareSum(at.ctx, p, res)
	}
	if err == nil {
		return res, ""
	}
	if why = checks.WhyUnread(err); why == "timed_out" && all {
		// Out of time for contents: the edges take none worth mentioning.
		if res, why := l.intact(ctx, p, false); why == "" {
			res.Limit = "time"
			return res, ""
		}
	}
	return intact.Result{}, why
}
