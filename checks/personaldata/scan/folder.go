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
	known []entry        // of the walker's lane: not used after end
	at    int            // the entry of known that most likely is the next file's
	byID  map[uint64]int // the entries of known, once the order has proved no help

	// As long as files are as they are known, in the same order, that is all there is to
	// keep: they are known[:at]. From the first that is not on, now holds them.
	differs bool

	format     [formatBytes]byte // of the file before, and what that is
	formatWord string

	mu      sync.Mutex
	now     []entry
	changed bool // now is not what the cache has
	waiting int  // files that have no result yet
	listed  bool // the walker has met all of its files
}

// newFolder returns the folder of a directory; r is not used by another before end.
func newFolder(c *cache, id dirID, r *record) *folder {
	f := &folder{cache: c, id: id}
	if c != nil {
		f.known = r.load(c, id)
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
	if !f.differs {
		if f.at < len(f.known) && f.known[f.at].id == id {
			if r, ok := f.believe(&f.known[f.at], size); ok {
				f.at++
				return r, 0, true
			}
		}
		f.differ()
	}
	e, ok := f.find(id)
	if ok {
		if r, ok = f.believe(&e, size); ok {
			f.mu.Lock()
			f.now = append(f.now, e)
			f.mu.Unlock()
			return r, 0, true
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = f.changed || e.id != id || e.status != statusMustRead
	f.waiting++
	f.now = append(f.now, entry{id: id, day: f.cache.today, status: statusMustRead})
	return r, len(f.now) - 1, false
}

// differ begins to hold the entries of the files.
func (f *folder) differ() {
	f.differs = true
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = make([]entry, f.at, max(len(f.known), f.at+1))
	copy(f.now, f.known)
}

// believe returns what an entry says, if it is not too old.
func (f *folder) believe(e *entry, size int64) (r FileResult, ok bool) {
	if int(e.status) >= len(cachedStatuses) || int(e.reason) >= len(cachedReasons) || f.cache.today-e.day >= f.cache.days {
		return r, false
	}
	if f.format != e.format { // most are the same: a string each would be too many
		f.format, f.formatWord = e.format, string(bytes.TrimRight(e.format[:], "\x00"))
	}
	r = newFileResult(cachedStatuses[e.status], cachedReasons[e.reason])
	r.Pictures, r.Format, r.Bytes = int(e.pictures), f.formatWord, size
	return r, true
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
	if f.cache == nil || !f.differs && f.at == len(f.known) {
		return // it is as it was
	}
	if !f.differs {
		f.differ() // files are gone
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed = true
	f.changed = f.changed || len(f.now) != len(f.known)
	f.save()
	f.known, f.byID = nil, nil
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
