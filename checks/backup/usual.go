package backup

import (
	"slices"
	"time"
)

const (
	// usualLeast is from how many copies on their usual size is known, and usualMost how
	// many of the newest decide it.
	usualLeast = 3
	usualMost  = 7
	// usualFall is in how many hours the usual size may fall to nothing: 1 % a day.
	usualFall = 24 * 100
)

// usualFacts is what the copies of a dataset weigh as a rule. Only copies that are no
// shrunk ones themselves can change it, and it falls by 1 % a day at most, so that neither
// many small copies nor many small steps make a small copy a usual one. It is carried from
// run to run, for a folder in which old copies are removed forgets what they weighed, and
// begins anew only when the policy says from when on sizes count (sizes_from).
type usualFacts struct {
	// Bytes is the usual size; 0 until there were a few copies.
	Bytes int64 `json:"bytes,omitempty"`
	// Sizes are those of the newest copies that made it, oldest first, and Time is the
	// newest of them.
	Sizes []int64   `json:"sizes,omitempty"`
	Time  time.Time `json:"time,omitzero"`
	// From is the sizes_from of the policy under which it was made.
	From string `json:"from,omitempty"`
}

// take lets a copy of this size and time change the usual size.
func (u *usualFacts) take(size int64, at time.Time) {
	u.Sizes = append(u.Sizes, size)
	u.Sizes = u.Sizes[max(0, len(u.Sizes)-usualMost):]
	sorted := slices.Sorted(slices.Values(u.Sizes))
	if len(sorted) >= usualLeast {
		// The middle one: a large one among them is no measure.
		floor := u.Bytes
		if !u.Time.IsZero() {
			hours := min(int64(at.Sub(u.Time)/time.Hour), usualFall)
			floor -= int64(float64(u.Bytes) * float64(hours) / usualFall)
		}
		u.Bytes = max(sorted[len(sorted)/2], floor)
	}
	u.Time = at
}

// weigh notes with each copy the usual size when it was made, and what that is now.
// newestFirst are the copies of a folder; from is when sizes begin to count.
func (l *looker) weigh(newestFirst []item, out *copiesFacts) {
	if l.drop >= 100 {
		return
	}
	from, err := time.Parse(time.DateOnly, l.d.SizesFrom)
	if err != nil {
		from = time.Time{} // none: the policy has been validated
	}
	u := usualFacts{From: l.d.SizesFrom}
	var until time.Time // up to here the copies were weighed before
	if b := l.before.Usual; b != nil && b.From == l.d.SizesFrom {
		u = *b
		u.Sizes = slices.Clone(b.Sizes)
		if u.Time.After(l.now) {
			u.Time = l.now // the clock was ahead then
		}
		until = u.Time
	}
	for i := range slices.Backward(newestFirst) {
		c := &newestFirst[i].fact
		if c.Time.Before(from) {
			continue
		}
		if !c.Time.After(until) {
			c.Usual = l.weighed(*c, u.Bytes)
			continue
		}
		c.Usual = u.Bytes
		if c.Damage == "" && c.Why == "" && c.Size >= l.floor && !c.shrunk(l.drop) {
			u.take(c.Size, c.Time)
		}
	}
	if u.Time.IsZero() {
		return
	}
	out.Usual = &u
}

// weighed is the usual size that an earlier run noted with a copy; of one that it did not
// see, that of now.
func (l *looker) weighed(c copyFact, now int64) int64 {
	for _, b := range l.before.Recent {
		if b.Time.Equal(c.Time) && b.Size == c.Size {
			return b.Usual
		}
	}
	return now
}

// shrunk tells whether a copy is much smaller than copies were when it was made.
func (f copyFact) shrunk(drop int64) bool {
	return drop < 100 && float64(f.Size) < float64(f.Usual)*float64(100-drop)/100
}
