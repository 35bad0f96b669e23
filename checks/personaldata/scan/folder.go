package scan

import (
	"bytes"
	"math"
	"slices"
	"sync"
)

// A folder is one directory of a walk, with what the cache knows of its files. Without
// a cache every file of it is read. The walker alone uses it, but for settle.
type folder struct {
	cache *cache
	id    dirID
	known []entry
	at    int            // the entry of known that most likely is the next file's
	byID  map[uint64]int // the entries of known, once the order has proved no help

	mu      sync.Mutex
	now     []entry
	changed bool // now is not what the cache has
	waiting int  // files that have no result yet
	listed  bool // the walker has met all of its files
}

func newFolder(c *cache, id dirID) *folder {
	f := &folder{cache: c, id: id}
	if c != nil {
		f.known = c.entries(id)
	}
	return f
}

// recall returns the result of an unchanged file. Otherwise the file must be read, and
// settle be given the slot. The result lacks the path.
func (f *folder) recall(identity uint64, size int64) (r FileResult, slot int, known bool) {
	if f.cache == nil {
		return r, 0, false
	}
	id := mix(f.cache.key, identity)
	e, ok := f.find(id)
	if ok && e.status != statusMustRead && f.cache.today-e.day < f.cache.days {
		if r, ok = e.result(); ok {
			r.Bytes = size
			f.mu.Lock()
			f.now = append(f.now, e)
			f.mu.Unlock()
			return r, 0, true
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = f.changed || !ok || e.status != statusMustRead
	f.waiting++
	f.now = append(f.now, entry{id: id, day: f.cache.today, status: statusMustRead})
	return r, len(f.now) - 1, false
}

// find looks for a file among the known ones: mostly they come in the same order.
func (f *folder) find(id uint64) (entry, bool) {
	if f.at < len(f.known) && f.known[f.at].id == id {
		f.at++
		return f.known[f.at-1], true
	}
	if f.byID == nil {
		f.byID = make(map[uint64]int, len(f.known))
		for i, e := range f.known {
			f.byID[e.id] = i
		}
	}
	i, ok := f.byID[id]
	if !ok {
		return entry{}, false
	}
	f.at = i + 1
	return f.known[i], true
}

// settle keeps what reading a file came to.
func (f *folder) settle(slot int, r FileResult) {
	if f == nil || f.cache == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e := &f.now[slot]
	if e.keep(r) {
		f.changed = true
	}
	f.waiting--
	f.save()
}

// end says that all files have been met.
func (f *folder) end() {
	if f.cache == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed = true
	f.changed = f.changed || len(f.now) != len(f.known)
	f.save()
}

// save writes the folder once everything about it is known.
func (f *folder) save() {
	if f.listed && f.waiting == 0 && f.changed {
		f.cache.put(f.id, f.now)
		f.changed = false
	}
}

// keep fills an entry with a result, if it is one that stays true while the file does
// not change.
func (e *entry) keep(r FileResult) bool {
	status := slices.Index(cachedStatuses[:], r.Status)
	reason := slices.Index(cachedReasons[:], r.Reason)
	if status < 0 || reason < 0 || len(r.Format) > formatBytes {
		return false
	}
	e.status, e.reason = uint8(status), uint8(reason)
	e.pictures = uint16(min(r.Pictures, math.MaxUint16))
	copy(e.format[:], r.Format)
	return true
}

// result is what an entry says of its file.
func (e entry) result() (FileResult, bool) {
	if int(e.status) >= len(cachedStatuses) || int(e.reason) >= len(cachedReasons) {
		return FileResult{}, false
	}
	r := newFileResult(cachedStatuses[e.status], cachedReasons[e.reason])
	r.Pictures = int(e.pictures)
	r.Format = string(bytes.TrimRight(e.format[:], "\x00"))
	return r, true
}
