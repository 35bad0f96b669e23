package backup

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/format/intact"
)

// numbered reads the number of a name such as index.17.
func numbered(name, prefix string) (n int, ok bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(rest)
	return n, err == nil && n >= 0
}

// borg looks at a repository of borg 1.x without its password. The last transaction is
// complete when the segment N of its log, or one before it that is not compacted away, ends
// with a commit, and every entry of the log carries a CRC
// (docs/internals/data-structures.rst). Runs that delete, prune, rename
// and compact write into the log too, so the last copy is dated by borgLog.
func (l *looker) borg(ctx context.Context) copiesFacts {
	out := copiesFacts{Store: storeBorg}
	walking, cancel := context.WithTimeout(ctx, l.budget)
	defer cancel()
	c := copyFact{Folder: true, Format: storeBorg, Depth: string(intact.Whole)}
	top, err := l.h.Files.ReadDir(ctx, l.d.Copies)
	if err != nil {
		return copiesFacts{Store: storeBorg, Why: checks.WhyUnread(err)}
	}
	newest := -1
	for _, e := range top {
		if n, ok := numbered(e.Name, "index."); ok && n > newest {
			newest, c.Time = n, e.ModTime.UTC()
		}
	}
	segments, why := l.list(walking, "data")
	c.Why = why
	for _, s := range segments {
		c.Files++
		c.Size += s.Size
	}
	l.lock(walking, &out, "lock.exclusive", "lock.roster")
	if newest < 0 || len(segments) == 0 && why == "" {
		return out
	}
	out.Matching = 1
	if c.Time.After(l.now) {
		out.Future++
		return out
	}
	slices.SortFunc(segments, func(a, b stored) int {
		x, _ := strconv.Atoi(a.Name)
		y, _ := strconv.Atoi(b.Name)
		return x - y
	})
	if c.Why == "" {
		c.Damage, c.Why = l.committed(ctx, segments, newest)
	}
	if c.Damage == "" && c.Why == "" {
		made := l.lastArchive(walking, segments)
		if made.none {
			out.Matching = 0 // a repository in which nothing was ever put
			return out
		}
		switch c.Why = made.why; {
		case c.Why == "" && made.at.IsZero():
			c.Time, c.Why, out.Doubtful = made.latest, unproved, made.latest
		case c.Why == "":
			c.Time = made.at
		}
		if c.Time.After(l.now) {
			out.Future++
			return out
		}
	}
	if c.Damage == "" && (c.Why == "" || c.Why == unproved) {
		l.verifyLog(ctx, segments, &c, &out)
	}
	if c.Damage != "" {
		out.Damaged++
	}
	out.list([]item{{fact: c}})
	return out
}

// committed tells whether the log ends with the transaction that the index is of.
func (l *looker) committed(ctx context.Context, segments []stored, transaction int) (damage, why string) {
	for _, s := range slices.Backward(segments) {
		n, err := strconv.Atoi(s.Name)
		if err != nil {
			continue
		}
		if n < transaction {
			return string(intact.Truncated), "" // the segment of the transaction is gone
		}
		const tail = 64
		b, err := l.h.Files.ReadRange(ctx, s.path, max(0, s.Size-tail), tail)
		if err != nil {
			return "", checks.WhyUnread(err)
		}
		if intact.BorgCommitted(b) {
			return "", ""
		}
		if n == transaction {
			return string(intact.Unfinished), ""
		}
	}
	return string(intact.Truncated), ""
}

// verifyLog verifies the segments whose turn it is.
func (l *looker) verifyLog(ctx context.Context, segments []stored, c *copyFact, out *copiesFacts) {
	r := l.rota(period(c.Size, l.share))
	out.Period = r.period
	for _, s := range segments {
		if !r.turn(s.Name) {
			c.Depth = string(intact.Edges)
			continue
		}
		if time.Now().After(l.reading) { // a stopwatch
			c.Depth, c.Limit = string(intact.Edges), "time"
			return
		}
		res, why := l.intact(ctx, part{path: s.path, size: s.Size}, true)
		switch {
		case why == "absent":
			continue // a run that compacts took it meanwhile
		case why != "":
			c.Why = why
			return
		case res.Damage != "":
			c.Damage = string(res.Damage)
			out.Suspects = suspect(out.Suspects, s.Name)
			return
		case res.Format != "borg":
			c.Damage = string(intact.NotItsName)
			return
		}
	}
}
