package backup

import (
	"bytes"
	"cmp"
	"context"
	"io/fs"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

const (
	maxCompared = 1_000_000 // entries of a source that are compared
	maxDeep     = 200       // folders in folders
	// grain is how exactly the coarsest of file systems (FAT) keeps a time.
	grain = 2 * time.Second
)

// mirror compares a folder that holds one copy of the source, as rsync and robocopy keep
// it. Without a source here, only its times can be told.
func (l *looker) mirror(ctx context.Context) copiesFacts {
	out := copiesFacts{Store: storeMirror}
	it := item{path: l.d.Copies}
	walking, cancel := context.WithTimeout(ctx, l.budget)
	defer cancel()
	if l.d.Source != "" {
		at, ok := l.counterpart(walking, l.d.Copies)
		if !ok {
			at = l.d.Copies
		}
		m, suspects := l.compare(walking, at)
		out.Mirror, out.Matching, out.Suspects = &m, 1, suspects
		return out
	}
	unfinished, whole := l.folder(walking, &it)
	if it.fact.Files == 0 && whole {
		return out
	}
	out.Matching = 1
	if t, ok := l.changed(walking, l.d.Copies); ok {
		it.fact.Time = t
	}
	switch {
	case unfinished:
		out.Writing++
	case !whole:
		out.Unread++
	case it.fact.Time.After(l.now):
		out.Future++
	default:
		it.fact.Depth = "none"
		out.list([]item{it})
	}
	return out
}

// changed is when anything below a folder was last put there: programs that copy set the
// time of writing to that of the source, and cannot set the time of change.
func (l *looker) changed(ctx context.Context, folder string) (newest time.Time, ok bool) {
	err := l.h.Files.Walk(ctx, folder, func(_ string, info host.FileInfo, err error) error {
		if err == nil && info.ChangeTime.After(newest) {
			newest = info.ChangeTime.UTC()
		}
		return nil
	})
	return newest, err == nil && !newest.IsZero()
}

// counterpart finds where in a copy the source is: the copy itself, a folder in it of the
// name of the source, or the whole path of the source, below a folder or not.
func (l *looker) counterpart(ctx context.Context, folder string) (string, bool) {
	source, err := l.h.Files.ReadDir(ctx, l.d.Source)
	if err != nil || len(source) == 0 {
		return "", false
	}
	path := strings.TrimLeft(l.d.Source, "/")
	if l.h.OS == host.Windows {
		path = strings.ReplaceAll(l.d.Source, ":", "")
	}
	candidates := []string{folder, join(l.h.OS, folder, lastPart(l.h.OS, l.d.Source)), join(l.h.OS, folder, path)}
	if below, err := l.h.Files.ReadDir(ctx, folder); err == nil && len(below) <= 100 {
		for _, b := range below {
			if b.Mode.IsDir() {
				candidates = append(candidates, join(l.h.OS, join(l.h.OS, folder, b.Name), path))
			}
		}
	}
	best, found := 0, ""
	for _, c := range candidates {
		there, err := l.h.Files.ReadDir(ctx, c)
		if err != nil {
			continue
		}
		same := 0
		for _, s := range source {
			if _, ok := slices.BinarySearchFunc(there, s.Name, func(e host.FileInfo, name string) int { return cmp.Compare(e.Name, name) }); ok {
				same++
			}
		}
		if same > best {
			best, found = same, c
		}
	}
	return found, best > 0
}

// comparison compares a source with its copy, folder by folder.
type comparison struct {
	*looker
	m mirrorFacts
	// found are the places in the rota of what is damaged.
	found   []int
	entries int
	rota    rota
	read    int64 // bytes of contents
}

// compare compares the files of the source with those of a copy at a place.
func (l *looker) compare(ctx context.Context, at string) (m mirrorFacts, suspects []int) {
	c := &comparison{looker: l}
	// How much there is to compare is known at the end only; the source of a mirror
	// changes little from day to day, and a first look at its folders would cost as much.
	c.rota = l.rota(quarter)
	c.folder(ctx, l.d.Source, at, 0)
	if err := ctx.Err(); err != nil && c.m.Stopped == "" {
		c.m.Stopped = checks.WhyUnread(err)
	}
	return c.m, c.found
}

func (c *comparison) miss(why string) {
	c.m.Unread++
	if c.m.Why == "" {
		c.m.Why = why
	}
}

func (c *comparison) folder(ctx context.Context, source, at string, deep int) {
	if c.m.Stopped != "" || ctx.Err() != nil {
		return
	}
	if deep > maxDeep {
		c.miss("too_big")
		return
	}
	entries, err := c.h.Files.ReadDir(ctx, source)
	if err != nil {
		c.miss(checks.WhyUnread(err))
		return
	}
	copied, err := c.h.Files.ReadDir(ctx, at)
	if err != nil && checks.WhyUnread(err) != "absent" {
		c.miss(checks.WhyUnread(err))
		return
	}
	byName := make(map[string]host.FileInfo, len(copied))
	for _, e := range copied {
		byName[c.fold(e.Name)] = e
		t := e.ModTime
		if !e.ChangeTime.IsZero() {
			t = e.ChangeTime
		}
		if !t.After(c.now) && t.After(c.m.Written) {
			c.m.Written = t.UTC()
		}
	}
	for _, e := range entries {
		twin, ok := byName[c.fold(e.Name)]
		delete(byName, c.fold(e.Name))
		if c.entries++; c.entries > maxCompared {
			c.m.Stopped = "too_big"
			return
		}
		from, to := join(c.h.OS, source, e.Name), join(c.h.OS, at, e.Name)
		switch {
		case e.Mode.IsDir():
			c.folder(ctx, from, to, deep+1)
		case e.Mode.IsRegular():
			c.file(ctx, e, twin, ok && twin.Mode.IsRegular(), from, to)
		case e.Mode&fs.ModeIrregular != 0:
			c.miss("link") // a junction: where it leads is not followed
		}
	}
	for _, left := range byName {
		if left.Mode.IsRegular() && isTransfer(left.Name) || left.Name == ".rsync-partial" || left.Name == ".~tmp~" {
			c.m.Unfinished++
			if t := cmp.Or(left.ChangeTime, left.ModTime).UTC(); t.After(c.m.Temp) {
				c.m.Temp = t
			}
		}
	}
}

// isTransfer recognises the file into which rsync receives, .NAME.XXXXXX, and those of
// other programs.
func isTransfer(name string) bool {
	if isTemp(name) {
		return true
	}
	n := len(name)
	if n < 9 || name[0] != '.' || name[n-7] != '.' {
		return false
	}
	return strings.Trim(name[n-6:], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// file compares one file with its copy.
func (c *comparison) file(ctx context.Context, e, twin host.FileInfo, there bool, from, to string) {
	c.m.Files++
	pending := func() {
		t := e.ModTime
		if e.ChangeTime.After(t) {
			t = e.ChangeTime // it was put here later than it was written
		}
		if t = t.UTC(); c.m.PendingSince.IsZero() || t.Before(c.m.PendingSince) {
			c.m.PendingSince = t
		}
	}
	if !there {
		c.m.Missing++
		pending()
		return
	}
	c.m.Bytes += twin.Size
	if oneFile(e.ID, twin.ID) {
		c.m.Same++
		return
	}
	switch later := e.ModTime.Sub(twin.ModTime); {
	case later > grain:
		c.m.Behind++
		if t := e.ModTime.UTC(); c.m.BehindSince.IsZero() || t.Before(c.m.BehindSince) {
			c.m.BehindSince = t
		}
		pending()
	case e.Size != twin.Size:
		c.m.Damaged++
	case e.Size > 0 && (c.read+e.Size <= c.share/2 || c.rota.turn(from)):
		c.contents(ctx, e, from, to)
	}
}

// contents compares what both files hold.
func (c *comparison) contents(ctx context.Context, e host.FileInfo, from, to string) {
	if time.Now().After(c.reading) {
		return // a stopwatch: the next run reads on
	}
	c.read += e.Size
	for off := int64(0); off < e.Size; off += chunk {
		a, err := c.h.Files.ReadRange(ctx, from, off, chunk)
		if err != nil {
			c.miss(checks.WhyUnread(err))
			return
		}
		b, err := c.h.Files.ReadRange(ctx, to, off, chunk)
		if err != nil {
			c.miss(checks.WhyUnread(err))
			return
		}
		if bytes.Equal(a, b) {
			continue
		}
		// It may have been written while it was read.
		if now, err := c.h.Files.Stat(ctx, from); err == nil && now.ModTime.Equal(e.ModTime) && now.Size == e.Size {
			c.m.Damaged++
			c.found = suspect(c.found, from)
		}
		return
	}
	c.m.Compared++
}
