package scan

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"

	"vigia/checks/personaldata/detect"
)

// The first byte of a message tells what it is. Both sides are one build of one program,
// so that the format may change with any version.
const (
	frameSetup    = 's' // to the worker: how to work
	frameTasks    = 't' // to the worker: files to look into
	frameStop     = 'x' // to the worker: begin no file, end those that are begun
	frameSum      = '+' // to the worker: what do all files add up to?
	frameResults  = 'r' // of the worker: results of some files
	frameProgress = 'p' // of the worker: how many bytes of a large file have been read
	frameHung     = 'h' // of the worker: a file that does not come to an end; it ends itself
	frameTotals   = '=' // of the worker: what all files add up to
)

var errFrame = errors.New("the message is none of the protocol")

// A frame is read from its beginning. What is wrong with it is told once, at its end.
type frame struct {
	rest []byte
	bad  bool
}

func (f *frame) number() uint64 {
	v, n := binary.Uvarint(f.rest)
	if n <= 0 {
		f.bad, f.rest = true, nil
		return 0
	}
	f.rest = f.rest[n:]
	return v
}

// count is a number that fits an int, and is none of the absurd ones that overflow sums.
func (f *frame) count() int {
	v := f.number()
	if v > math.MaxInt/4 {
		f.bad = true
		return 0
	}
	return int(v)
}

func (f *frame) long() int64 {
	v := f.number()
	if v > math.MaxInt64/4 {
		f.bad = true
		return 0
	}
	return int64(v)
}

func (f *frame) bytes(most int) []byte {
	n := f.number()
	if n > uint64(len(f.rest)) || n > uint64(most) {
		f.bad, f.rest = true, nil
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *frame) err() error {
	if f.bad || len(f.rest) > 0 {
		return errFrame
	}
	return nil
}

func appendBytes(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// setup is how a worker is to work.
type setup struct {
	jobs       int
	share      float64
	background bool
	passwords  bool // are looked for, and nothing else
	limits     FileLimits
}

func (s setup) encode() []byte {
	b := []byte{frameSetup}
	for _, v := range []uint64{
		uint64(s.jobs), math.Float64bits(s.share),
		uint64(s.limits.Bytes), uint64(s.limits.Inflated), uint64(s.limits.Ratio), uint64(s.limits.Depth),
		uint64(s.limits.Entries), uint64(s.limits.Held), uint64(s.limits.Time),
	} {
		b = binary.AppendUvarint(b, v)
	}
	for _, flag := range []bool{s.background, s.passwords} {
		if flag {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	return b
}

func decodeSetup(msg []byte) (setup, error) {
	if len(msg) == 0 || msg[0] != frameSetup {
		return setup{}, errFrame
	}
	f := frame{rest: msg[1:]}
	s := setup{jobs: f.count(), share: math.Float64frombits(f.number())}
	s.limits = FileLimits{
		Bytes: f.long(), Inflated: f.long(), Ratio: f.long(), Depth: f.count(),
		Entries: f.count(), Held: f.long(), Time: time.Duration(f.long()),
	}
	s.background = f.number() != 0
	s.passwords = f.number() != 0
	return s, f.err()
}

// results writes and reads results. It is not safe for concurrent use.
type results struct {
	types []detect.Type
	index map[detect.Type]int
	words map[string]string // that were read before, so that each is in memory once
}

func newResults() *results {
	c := &results{types: detect.Types(), index: map[detect.Type]int{}, words: map[string]string{}}
	for i, t := range c.types {
		c.index[t] = i
	}
	return c
}

const (
	// dropped stands for a status where a file was not looked into after all.
	dropped = 0xff
	// maxWord is how long a reason, a format or a category may be. A worker that was
	// taken over by a file must not hand on what it read in their place.
	maxWord       = 40
	maxWords      = 1000 // different ones
	maxCategories = 64
)

func levels() []Level { return []Level{"", Basic, Medium, High} }

// append appends a result under the number of its task.
func (c *results) append(b []byte, id uint64, r FileResult) []byte {
	b = binary.AppendUvarint(b, id)
	b = append(b, byte(slices.Index(Statuses(), r.Status)))
	b = appendBytes(b, string(r.Reason))
	b = appendBytes(b, r.Format)
	b = binary.AppendUvarint(b, uint64(max(r.Bytes, 0)))
	b = binary.AppendUvarint(b, uint64(max(r.Pictures, 0)))
	if r.Status != Found {
		return b
	}
	b = binary.AppendUvarint(b, uint64(r.Persons))
	b = append(b, byte(slices.Index(levels(), r.Level)))
	b = c.appendCounts(b, r.Counts)
	b = c.appendCounts(b, r.Distinct)
	b = binary.AppendUvarint(b, uint64(len(r.Categories)))
	for _, category := range r.Categories {
		b = appendBytes(b, category)
	}
	return b
}

func (c *results) appendDropped(b []byte, id uint64) []byte {
	return append(binary.AppendUvarint(b, id), dropped)
}

func (c *results) appendCounts(b []byte, counts map[detect.Type]int) []byte {
	b = binary.AppendUvarint(b, uint64(len(counts)))
	for t, n := range counts {
		b = binary.AppendUvarint(b, uint64(c.index[t]))
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// next reads the next result. It is not ok when the file was dropped.
func (c *results) next(f *frame) (id uint64, r FileResult, ok bool) {
	id = f.number()
	if len(f.rest) == 0 {
		f.bad = true
		return id, r, false
	}
	status := f.rest[0]
	f.rest = f.rest[1:]
	if status == dropped {
		return id, r, false
	}
	if int(status) >= len(Statuses()) {
		f.bad = true
		return id, r, false
	}
	r = newFileResult(Statuses()[status], Reason(c.word(f)))
	r.Format, r.Bytes, r.Pictures = c.word(f), f.long(), f.count()
	if r.Status != Found {
		return id, r, true
	}
	r.Persons = f.count()
	if len(f.rest) == 0 || int(f.rest[0]) >= len(levels()) {
		f.bad = true
		return id, r, false
	}
	r.Level = levels()[f.rest[0]]
	f.rest = f.rest[1:]
	r.Counts, r.Distinct = c.counts(f), c.counts(f)
	n := f.number()
	if n > maxCategories {
		f.bad = true
		return id, r, false
	}
	for range n {
		r.Categories = append(r.Categories, c.word(f))
	}
	return id, r, !f.bad
}

func (c *results) counts(f *frame) map[detect.Type]int {
	n := f.number()
	if n > uint64(len(c.types)) {
		f.bad = true
		return nil
	}
	counts := make(map[detect.Type]int, n)
	for range n {
		i, v := f.number(), f.count()
		if i >= uint64(len(c.types)) {
			f.bad = true
			return nil
		}
		counts[c.types[i]] = v
	}
	return counts
}

// word reads a code: small letters, digits and a few signs.
func (c *results) word(f *frame) string {
	b := f.bytes(maxWord)
	if s, ok := c.words[string(b)]; ok {
		return s
	}
	for _, ch := range b {
		letter := ch >= 'a' && ch <= 'z' || ch >= '0' && ch <= '9'
		if !letter && ch != '.' && ch != '_' && ch != '-' && ch != '+' {
			f.bad = true
			return ""
		}
	}
	s := string(b)
	if len(c.words) < maxWords {
		c.words[s] = s
	}
	return s
}

// appendTotals appends what files add up to, but for the counts, which the results tell.
func (c *results) appendTotals(b []byte, t *detect.Tally) []byte {
	b = append(b, frameTotals)
	b = c.appendCounts(b, t.Distinct())
	return binary.AppendUvarint(b, uint64(t.Persons()))
}

func (c *results) totals(f *frame) totals {
	return totals{Distinct: c.counts(f), Persons: f.count()}
}

// aTask is a task as a worker knows it.
type aTask struct {
	id          uint64
	size, limit int64
}

func (t aTask) append(b []byte) []byte {
	b = binary.AppendUvarint(b, t.id)
	b = binary.AppendUvarint(b, uint64(t.size))
	return binary.AppendUvarint(b, uint64(t.limit))
}

func nextTask(f *frame) aTask { return aTask{id: f.number(), size: f.long(), limit: f.long()} }
