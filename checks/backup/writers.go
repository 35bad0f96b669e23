package backup

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"vigia/checks/format/intact"
	"vigia/checks/host"
)

const (
	// writerAge is how old a copy is that nobody writes any more, whatever is open.
	writerAge = 24 * time.Hour
	// maxOpen bounds the open files that are looked at.
	maxOpen = 100_000
)

// unwritten leaves out the newest copies that a program has open for writing though
// nothing was written for minutes, as where a disk or a network is slow: a format without
// an end does not tell. Linux shows what is open (proc_pid_fd(5)); Windows refuses to read
// what is kept open so, or tells a size that has moved.
func (l *looker) unwritten(ctx context.Context, newestFirst []item, out *copiesFacts) []item {
	if l.h.OS != host.Linux {
		return newestFirst
	}
	young := func(it item) bool {
		depth := intact.Depth(it.fact.Depth)
		return it.entry.Mode.IsRegular() && it.entry.ID != (host.FileID{}) && l.now.Sub(it.fact.Time) < writerAge &&
			it.fact.Damage == "" && depth != intact.Whole && depth != intact.Walked
	}
	if !slices.ContainsFunc(newestFirst[:min(len(newestFirst), maxRecent)], young) {
		return newestFirst
	}
	open := l.openForWriting(ctx)
	return slices.DeleteFunc(newestFirst, func(it item) bool {
		if !open[it.entry.ID] || !young(it) {
			return false
		}
		out.Writing++
		return true
	})
}

// openForWriting lists the files that programs have open for writing, of those programs
// that this one may look at.
func (l *looker) openForWriting(ctx context.Context) map[host.FileID]bool {
	const write = 0o200 // the link is writable for its owner when the file is open for writing
	found := map[host.FileID]bool{}
	processes, err := l.h.Files.ReadDir(ctx, "/proc")
	if err != nil {
		return found
	}
	looked := 0
	for _, p := range processes {
		if strings.Trim(p.Name, "0123456789") != "" {
			continue
		}
		folder := path.Join("/proc", p.Name, "fd")
		files, err := l.h.Files.ReadDir(ctx, folder)
		if err != nil {
			continue // it has ended, or is somebody else's
		}
		for _, f := range files {
			if looked++; looked > maxOpen {
				return found
			}
			if f.Mode.Perm()&write == 0 {
				continue
			}
			if to, err := l.h.Files.Stat(ctx, path.Join(folder, f.Name)); err == nil && to.Mode.IsRegular() {
				found[to.ID] = true
			}
		}
	}
	return found
}
