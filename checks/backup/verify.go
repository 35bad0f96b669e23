package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"time"

	"vigia/checks/host"
)

// quarter is the length of the rota in days: each copy has its turn within it, and a
// quarter has 90 days at least.
const quarter = 90

// chunk is how much of a file is read at a time.
const chunk = 256 << 10

// period is the number of days over which the verification of so many bytes is spread so
// that a run reads about share of them. Each period is a multiple of those before: a copy
// does not lose its turn when the period grows.
func period(total, share int64) int {
	for _, days := range []int64{1, 2, 6, 30} {
		if total/days <= share {
			return int(days)
		}
	}
	return quarter
}

// rota tells whose turn it is. It depends on the name of a copy and the date, so that
// each has its turn even where nothing is remembered.
//
// What was found damaged in the last run is read again in each until it is sound: its
// place in the rota is remembered where the agent remembers anything, not its name.
type rota struct {
	day, period int
	suspects    []int
}

// dayOf numbers the days, in universal time.
func dayOf(t time.Time) int { return int(t.Unix() / (24 * 60 * 60)) }

func slot(name string) int {
	h := fnv.New32a()
	_, _ = io.WriteString(h, name)
	return int(h.Sum32() % quarter)
}

func (r rota) turn(name string) bool {
	return slot(name)%r.period == r.day%r.period || slices.Contains(r.suspects, slot(name))
}

// next is the day of the next turn, as YYYY-MM-DD.
func (r rota) next(name string) string {
	for ahead := 1; ; ahead++ {
		if (rota{day: r.day + ahead, period: r.period}).turn(name) {
			return time.Unix(int64(r.day+ahead)*24*60*60, 0).UTC().Format(time.DateOnly)
		}
	}
}

// rota is that of today.
func (l *looker) rota(period int) rota {
	return rota{day: dayOf(l.now), period: period, suspects: l.before.Suspects}
}

// maxSuspects bounds the places in the rota that are remembered.
const maxSuspects = 20

// suspect remembers the place of what is damaged.
func suspect(all []int, name string) []int {
	if s := slot(name); len(all) < maxSuspects && !slices.Contains(all, s) {
		all = append(all, s)
		slices.Sort(all)
	}
	return all
}

// recall finds what the last run saw of each dataset: what was damaged, which is looked at
// again, and what copies weighed.
func recall(ctx context.Context, h *host.Host) dailyFacts {
	var before dailyFacts
	b, err := h.Past.Observed(ctx)
	if err != nil || json.Unmarshal(b, &before) != nil {
		return dailyFacts{} // what is seen now must do
	}
	return before
}

// of returns what was seen of the copies of a dataset.
func (f dailyFacts) of(d dataset) copiesFacts {
	for _, s := range f.Datasets {
		if s.Name == d.Name && s.Copies == d.Copies && s.Pattern == d.Pattern {
			return s.Seen
		}
	}
	return copiesFacts{}
}

// reader reads a file of a host in chunks.
type reader struct {
	ctx   context.Context //nolint:containedctx // lives as long as one verification
	files host.Files
	path  string
	size  int64
	at    int64
	have  []byte
}

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		if off >= r.size {
			return n, io.EOF
		}
		if off < r.at || off >= r.at+int64(len(r.have)) {
			if err := r.fill(off, int64(len(p)-n)); err != nil {
				return n, err
			}
		}
		done := copy(p[n:], r.have[off-r.at:])
		n, off = n+done, off+int64(done)
	}
	return n, nil
}

// fill reads the chunk that holds off. A few bytes far from the last ones are read alone:
// a directory at the end must not cost a chunk for each of its entries.
func (r *reader) fill(off, want int64) error {
	begin := off / chunk * chunk
	length := min(chunk, r.size-begin)
	if want <= 4096 && off != r.at+int64(len(r.have)) {
		begin, length = off, min(4096, r.size-off)
	}
	b, err := r.files.ReadRange(r.ctx, r.path, begin, length)
	if err != nil {
		return err
	}
	if int64(len(b)) <= off-begin {
		return fmt.Errorf("read %d bytes at %d: %w", length, begin, io.ErrUnexpectedEOF)
	}
	r.at, r.have = begin, b
	return nil
}
