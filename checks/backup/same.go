package backup

import (
	"context"
	"io/fs"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

// linked is the damage of a copy that is the source under another name.
const linked = "linked"

// maxLinked bounds the files with more names than one that are looked for in the source.
const maxLinked = 200_000

// isSource tells whether the folder of copies is the source itself: the same path, a link
// to it, or the same folder mounted twice.
func (l *looker) isSource(ctx context.Context) bool {
	if l.d.Source == "" || !native(l.h.OS, l.d.Source) {
		return false
	}
	if plain(l.h.OS, l.d.Source) == plain(l.h.OS, l.d.Copies) {
		return true
	}
	copies, err := l.h.Files.Stat(ctx, l.d.Copies)
	if err != nil {
		return false
	}
	source, err := l.h.Files.Stat(ctx, l.d.Source)
	if err != nil {
		return false
	}
	l.sourceID = source.ID
	return oneFile(copies.ID, source.ID)
}

// oneFile tells whether two names are known to be of one file.
func oneFile(a, b host.FileID) bool { return a == b && a != host.FileID{} }

// holdsSource tells whether an entry of the folder of copies is the source or has it in it.
func (l *looker) holdsSource(path string, e host.FileInfo) bool {
	if l.d.Source == "" {
		return false
	}
	return oneFile(e.ID, l.sourceID) || strings.HasPrefix(plain(l.h.OS, l.d.Source), plain(l.h.OS, path))
}

// link notes a file of a copy that has another name.
func (it *item) link(info host.FileInfo) {
	if info.Links > 1 && info.ID != (host.FileID{}) && len(it.links) < maxLinked {
		it.links = append(it.links, info.ID)
	}
}

// unlinked looks for files of the newest copies in the source: a hard link to a file
// changes and is lost with it. Copies may share files with one another, as snapshots do.
func (l *looker) unlinked(ctx context.Context, newestFirst []item, out *copiesFacts) {
	shared := map[host.FileID][]int{}
	for i := range newestFirst[:min(len(newestFirst), maxRecent)] {
		for _, id := range newestFirst[i].links {
			if id.Device == l.sourceID.Device { // no link leads to another file system
				shared[id] = append(shared[id], i)
			}
		}
	}
	if len(shared) == 0 || l.d.Source == "" {
		return
	}
	walking, cancel := context.WithTimeout(ctx, l.budget)
	defer cancel()
	why, entries := "", 0
	err := l.h.Files.Walk(walking, l.d.Source, func(_ string, info host.FileInfo, err error) error {
		if entries++; entries > maxInSource {
			why = "too_big"
			return fs.SkipAll
		}
		if err != nil {
			why = checks.WhyUnread(err)
			return nil // kept in why: what cannot be read does not end the walk
		}
		for _, i := range shared[info.ID] {
			if c := &newestFirst[i].fact; info.Mode.IsRegular() && c.Damage == "" {
				c.Damage = linked
				out.Damaged++
			}
		}
		return nil
	})
	if err != nil {
		why = checks.WhyUnread(err)
	}
	if why == "" {
		return
	}
	for _, items := range shared {
		for _, i := range items {
			if c := &newestFirst[i].fact; c.Damage == "" && c.Why == "" {
				c.Why = why
			}
		}
	}
}
