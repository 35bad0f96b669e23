package journal

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Match is the value of a field, such as SYSLOG_IDENTIFIER and "sshd".
type Match struct{ Field, Value string }

// Query chooses entries of a file.
type Query struct {
	Any   []Match   // entries with at least one of these
	None  []Match   // and none of these
	Since time.Time // entries from then on
	// Fields are the names of the fields that are wanted. No other is decoded.
	Fields []string
}

// Entry is one entry of the log.
type Entry struct {
	Time     time.Time // by the machine's clock
	Sequence uint64
	Fields   map[string]string // the first value of each
}

// Limits that a file of systemd never comes near to.
const (
	maxChain = 1 << 16 // data objects of one hash, arrays of one list
	maxItems = 1 << 12 // fields of one entry
	maxValue = 8 << 10 // bytes of a value that is returned; more is cut off
	maxKnown = 1 << 16 // data objects remembered as not wanted
	// older is how many entries in a row must be from before Query.Since to end the
	// search: a clock that was set leaves entries out of order.
	older = 64
)

// Each calls yield for the entries that q chooses, newest first, until it answers
// false. When the file turns out to be damaged, what was found until then has been
// yielded before the error comes.
func (f *File) Each(ctx context.Context, q Query, yield func(Entry) bool) error {
	var lists []*list
	for _, m := range q.Any {
		l, err := f.list(m)
		if err != nil {
			return fmt.Errorf("look %s up: %w", m.Field, err)
		}
		if l != nil {
			lists = append(lists, l)
		}
	}
	without := make(map[uint64]bool, len(q.None)) // by their data objects
	for _, m := range q.None {
		at, err := f.data(m.Field + "=" + m.Value)
		if err != nil {
			return fmt.Errorf("look %s up: %w", m.Field, err)
		}
		if at != 0 {
			without[at] = true
		}
	}
	for tooOld := 0; tooOld < older; {
		if err := ctx.Err(); err != nil {
			return err
		}
		offset, err := newest(lists)
		if err != nil {
			return err
		}
		if offset == 0 {
			break
		}
		e, wanted, err := f.entry(offset, q, without)
		if err != nil {
			return fmt.Errorf("read the entry at %d: %w", offset, err)
		}
		if e.Time.Before(q.Since) {
			tooOld++
			continue
		}
		tooOld = 0
		if wanted && !yield(e) {
			break
		}
	}
	return nil
}

// newest takes the entry that stands last in the file from the lists; 0 when
// they are at their end.
func newest(lists []*list) (uint64, error) {
	var last uint64
	for _, l := range lists {
		offset, err := l.peek()
		if err != nil {
			return 0, err
		}
		last = max(last, offset)
	}
	for _, l := range lists {
		if offset, err := l.peek(); err == nil && offset == last {
			l.pop()
		}
	}
	return last, nil
}

// list goes backwards through the entries that have one field value: the first
// of them stands in the data object itself, the others in a chain of arrays
// that only leads forward.
type list struct {
	f      *File
	first  uint64
	arrays []array
	next   uint64 // entries that are left in the last of arrays
	front  uint64 // the entry to be taken next, 0: to be looked for
	done   bool
}

type array struct{ offset, items uint64 }

// list finds the entries with a field value; nil when the file has none.
func (f *File) list(m Match) (*list, error) {
	want := m.Field + "=" + m.Value
	at, err := f.data(want)
	if err != nil || at == 0 {
		return nil, err
	}
	b, err := f.in.bytes(at, dataHeader)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	l := &list{f: f, first: le.Uint64(b[40:])}
	next, total := le.Uint64(b[48:]), le.Uint64(b[56:])
	if l.first == 0 || total == 0 {
		return nil, nil //nolint:nilnil // a value that no entry has any more
	}
	total--
	for before := uint64(0); next != 0 && total > 0; {
		if next <= before || len(l.arrays) >= maxChain {
			return nil, fmt.Errorf("array at %d: %w", next, ErrCorrupt)
		}
		_, size, err := f.object(next, 6, arrayHeader)
		if err != nil {
			return nil, err
		}
		width := uint64(8)
		if f.compact() {
			width = 4
		}
		items := min((size-arrayHeader)/width, total)
		l.arrays = append(l.arrays, array{next, items})
		total -= items
		if b, err = f.in.bytes(next+objectHeader, 8); err != nil {
			return nil, err
		}
		before, next = next, le.Uint64(b)
	}
	if n := len(l.arrays); n > 0 {
		l.next = l.arrays[n-1].items
	}
	return l, nil
}

// peek returns the entry that comes next, 0 at the end.
func (l *list) peek() (uint64, error) {
	for l.front == 0 && !l.done {
		n := len(l.arrays)
		switch {
		case n == 0:
			l.front, l.done = l.first, true
		case l.next == 0:
			l.arrays = l.arrays[:n-1]
			if n > 1 {
				l.next = l.arrays[n-2].items
			}
		default:
			l.next--
			width := uint64(8)
			if l.f.compact() {
				width = 4
			}
			// A place that is not filled yet holds 0 and is passed over.
			offset, err := l.f.number(l.arrays[n-1].offset + arrayHeader + l.next*width)
			if err != nil {
				return 0, err
			}
			l.front = offset
		}
	}
	return l.front, nil
}

func (l *list) pop() { l.front = 0 }

// data finds the data object of "FIELD=value" in the hash table; 0 when there
// is none.
func (f *File) data(want string) (uint64, error) {
	if f.nBucket == 0 {
		return 0, nil
	}
	hash := f.hash(want)
	b, err := f.in.bytes(f.buckets+hash%f.nBucket*16, 8)
	if err != nil {
		return 0, err
	}
	at, before := binary.LittleEndian.Uint64(b), uint64(0)
	for range maxChain {
		if at == 0 {
			return 0, nil
		}
		if at <= before {
			break // it would go round
		}
		flags, size, err := f.object(at, 1, f.payload())
		if err != nil {
			return 0, err
		}
		if b, err = f.in.bytes(at+objectHeader, 16); err != nil {
			return 0, err
		}
		sum, next := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		if sum == hash && flags&compressed == 0 && size-f.payload() == uint64(len(want)) {
			value, err := f.in.bytes(at+f.payload(), uint64(len(want)))
			if err != nil {
				return 0, err
			}
			if string(value) == want {
				return at, nil
			}
		}
		before, at = at, next
	}
	return 0, fmt.Errorf("hash chain: %w", ErrCorrupt)
}

// payload is where the value of a data object begins.
func (f *File) payload() uint64 {
	if f.compact() {
		return dataCompact
	}
	return dataHeader
}

// entry reads one entry with the wanted fields; wanted is false for one that has a
// value of without.
func (f *File) entry(offset uint64, q Query, without map[uint64]bool) (e Entry, wanted bool, err error) {
	_, size, err := f.object(offset, 3, entryHeader)
	if err != nil {
		return Entry{}, false, err
	}
	b, err := f.in.bytes(offset+objectHeader, 16)
	if err != nil {
		return Entry{}, false, err
	}
	e = Entry{Sequence: binary.LittleEndian.Uint64(b), Time: moment(binary.LittleEndian.Uint64(b[8:]))}
	if e.Time.Before(q.Since) {
		return e, false, nil
	}
	width := uint64(16)
	if f.compact() {
		width = 4
	}
	n := (size - entryHeader) / width
	if n > maxItems {
		return Entry{}, false, ErrCorrupt
	}
	f.items = f.items[:0]
	for i := range n {
		at, err := f.number(offset + entryHeader + i*width)
		if err != nil {
			return Entry{}, false, err
		}
		if without[at] {
			return e, false, nil
		}
		if at != 0 && !f.other[at] {
			f.items = append(f.items, at)
		}
	}
	for _, at := range f.items {
		if err := f.field(at, q.Fields, &e); err != nil {
			return Entry{}, false, err
		}
		if len(e.Fields) == len(q.Fields) {
			break
		}
	}
	return e, true, nil
}

// field adds the value of a data object to e, if it is of a wanted field.
func (f *File) field(at uint64, wanted []string, e *Entry) error {
	flags, size, err := f.object(at, 1, f.payload())
	if err != nil {
		return err
	}
	size -= f.payload()
	is := func(start []byte) string {
		i := slices.IndexFunc(wanted, func(name string) bool {
			return len(start) > len(name) && start[len(name)] == '=' && string(start[:len(name)]) == name
		})
		if i < 0 {
			return ""
		}
		return wanted[i]
	}
	var value []byte
	if flags&compressed == 0 {
		start, err := f.in.bytes(at+f.payload(), min(size, 64))
		if err != nil {
			return err
		}
		if is(start) != "" {
			if value, err = f.in.bytes(at+f.payload(), min(size, maxValue)); err != nil {
				return err
			}
		}
	} else {
		packed, err := f.in.bytes(at+f.payload(), min(size, maxPacked))
		if err != nil {
			return err
		}
		if value, err = f.unpack.start(flags, packed, maxValue, is); err != nil {
			return fmt.Errorf("unpack a value: %w", err)
		}
	}
	name := is(value)
	if name == "" {
		if len(f.other) < maxKnown {
			f.other[at] = true
		}
		return nil
	}
	if e.Fields == nil {
		e.Fields = make(map[string]string, len(wanted))
	}
	if _, ok := e.Fields[name]; !ok {
		e.Fields[name] = strings.ToValidUTF8(string(value[len(name)+1:]), "\uFFFD")
	}
	return nil
}
