package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/format/intact"
	"vigia/checks/host"
)

// stored is one file of a repository.
type stored struct {
	path string
	host.FileInfo
}

// list lists the files below a folder of a repository.
func (l *looker) list(ctx context.Context, folder string) (files []stored, why string) {
	err := l.h.Files.Walk(ctx, join(l.h.OS, l.d.Copies, folder), func(path string, info host.FileInfo, err error) error {
		switch {
		case err != nil:
			if why == "" {
				why = checks.WhyUnread(err)
			}
		case len(files) >= maxInCopy:
			why = "too_big"
			return fs.SkipAll
		case info.Mode.IsRegular():
			files = append(files, stored{path, info})
		case info.Mode&(fs.ModeSymlink|fs.ModeIrregular) != 0:
			why = "link"
		}
		return nil
	})
	if err != nil && why == "" {
		why = checks.WhyUnread(err)
	}
	return files, why
}

// restic looks at a repository of restic without its password: the newest file of
// snapshots/ that came with data dates the last copy that was completed, and all files but
// config are named by the SHA-256 of what they hold (doc/design.rst).
func (l *looker) restic(ctx context.Context) copiesFacts {
	out := copiesFacts{Store: storeRestic}
	walking, cancel := context.WithTimeout(ctx, l.budget)
	defer cancel()
	c := copyFact{Folder: true, Format: storeRestic, Depth: string(intact.Whole)}
	var all, snapshots, packs []stored
	for _, folder := range []string{"snapshots", "index", "keys", "data"} {
		files, why := l.list(walking, folder)
		if why != "" && c.Why == "" {
			c.Why = why
		}
		if folder == "snapshots" {
			snapshots = slices.Clone(files)
		}
		if folder == "data" {
			packs = slices.Clone(files)
		}
		if folder != "snapshots" && len(files) == 0 && why == "" {
			c.Damage = string(intact.Truncated)
		}
		all = append(all, files...)
	}
	for _, f := range all {
		c.Files++
		c.Size += f.Size
	}
	if info, err := l.h.Files.Stat(ctx, join(l.h.OS, l.d.Copies, "config")); err != nil || info.Size == 0 {
		c.Damage = string(intact.Truncated)
	}
	// A snapshot may be left half written under its name on a disk that was pulled out;
	// its contents tell then.
	var made []time.Time
	for _, s := range snapshots {
		out.Matching++
		switch t := s.ModTime.UTC(); {
		case t.After(l.now):
			out.Future++
		case s.Size == 0:
			out.Damaged++
		default:
			made = append(made, t)
		}
	}
	slices.SortFunc(made, time.Time.Compare)
	if n := len(made); n > 0 && c.Why == "" {
		if c.Time = added(made, packs); !c.Time.Equal(made[n-1]) {
			out.Doubtful = made[n-1]
		}
		if c.Time.IsZero() {
			c.Time, c.Why = made[n-1], unproved
		}
	}
	l.lock(walking, &out, "locks")
	if out.Matching == 0 && c.Why == "" || c.Time.IsZero() && c.Why == "" {
		return out
	}
	if c.Damage == "" && (c.Why == "" || c.Why == unproved) {
		l.verifyNamed(ctx, all, c.Size, &c, &out)
	}
	if c.Damage != "" {
		out.Damaged++
	}
	out.list([]item{{fact: c}})
	return out
}

// unproved is why a copy is not a good one of which it cannot be told when it was made.
const unproved = "unproved"

// added is the time of the newest of the snapshots, oldest first, that came with data; zero
// if none did. A run that copies something new writes a pack of data and one of folders
// right before its snapshot. "restic tag" and "restic rewrite" put an old snapshot there
// anew, with no pack or one of folders; so does a run that found nothing new, and nothing
// in an encrypted repository tells them apart.
func added(snapshots []time.Time, packs []stored) time.Time {
	const (
		last  = 10 * time.Minute // between the last packs of a run and its snapshot
		least = 2
	)
	written := make([]time.Time, 0, len(packs))
	for _, p := range packs {
		written = append(written, p.ModTime.UTC())
	}
	slices.SortFunc(written, time.Time.Compare)
	upTo := func(t time.Time) int { // how many packs were written up to then
		n, _ := slices.BinarySearchFunc(written, t.Add(1), time.Time.Compare)
		return n
	}
	for i, s := range slices.Backward(snapshots) {
		from := s.Add(-last)
		if i > 0 && snapshots[i-1].After(from) {
			from = snapshots[i-1]
		}
		if upTo(s)-upTo(from) >= least {
			return s
		}
	}
	return time.Time{}
}

// verifyNamed compares files with the sums that are their names.
func (l *looker) verifyNamed(ctx context.Context, files []stored, total int64, c *copyFact, out *copiesFacts) {
	r := l.rota(period(total, l.share))
	out.Period = r.period
	for _, f := range files {
		if f.Size == 0 {
			c.Damage = string(intact.Empty)
			return
		}
		if !r.turn(f.Name) {
			c.Depth = string(intact.Edges)
			continue
		}
		if time.Now().After(l.reading) { // a stopwatch
			c.Depth, c.Limit = string(intact.Edges), "time"
			return
		}
		sum := sha256.New()
		at := &reader{ctx: ctx, files: l.h.Files, path: f.path, size: f.Size}
		if _, err := io.Copy(sum, io.NewSectionReader(at, 0, f.Size)); err != nil {
			if _, gone := l.h.Files.Stat(ctx, f.path); checks.WhyUnread(gone) == "absent" && gone != nil {
				continue // a run that prunes took it meanwhile
			}
			c.Why = checks.WhyUnread(err)
			return
		}
		if hex.EncodeToString(sum.Sum(nil)) != strings.ToLower(f.Name) {
			c.Damage = string(intact.Checksum)
			out.Suspects = suspect(out.Suspects, f.Name)
			return
		}
	}
}

// lock notes the oldest lock in a folder or file of a repository.
func (l *looker) lock(ctx context.Context, out *copiesFacts, names ...string) {
	for _, name := range names {
		path := join(l.h.OS, l.d.Copies, name)
		info, err := l.h.Files.Stat(ctx, path)
		if err != nil {
			continue
		}
		found := []host.FileInfo{info}
		if info.Mode.IsDir() && name == "locks" {
			if found, err = l.h.Files.ReadDir(ctx, path); err != nil {
				continue
			}
		}
		for _, f := range found {
			if t := f.ModTime.UTC(); out.Lock.IsZero() || t.Before(out.Lock) {
				out.Lock = t
			}
		}
	}
}
