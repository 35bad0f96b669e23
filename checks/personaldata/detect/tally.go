package detect

// MaxDistinct is how many different values of a type, and persons, a Tally tells
// apart. What comes after is counted as a match and no longer as a new value: a file
// with ten thousand persons is no better than one with more.
const MaxDistinct = 10_000

// A Tally counts matches: how many of each type, how many different values, how many
// persons. It knows values only by the tags of this process, and keeps those in memory
// alone. All its matches must come from scanners with one seed. The zero Tally is
// empty and ready.
type Tally struct {
	counts [kinds]int
	values [kinds]set
	// roots holds the first ten characters that a person's CURP and RFC share, and in
	// which of both they were seen.
	roots map[uint64]seenIn
}

type set map[uint64]struct{}

type seenIn uint8

const (
	seenInCURP seenIn = 1 << iota
	seenInRFC
)

// Add counts a match if its score reaches Report.
func (t *Tally) Add(m Match) {
	if m.Score < Report || m.kind >= kinds {
		return
	}
	t.counts[m.kind]++
	t.values[m.kind] = t.values[m.kind].add(m.tag)
	if m.person == 0 {
		return
	}
	switch m.kind {
	case kindCURP:
		t.addRoot(m.person, seenInCURP)
	case kindRFC:
		t.addRoot(m.person, seenInRFC)
	case kindNSS, kindDNI, kindNIE, kinds: // their values tell persons apart
	}
}

// Merge counts everything that o has counted.
func (t *Tally) Merge(o *Tally) {
	for k := range kinds {
		t.counts[k] += o.counts[k]
		for tag := range o.values[k] {
			t.values[k] = t.values[k].add(tag)
		}
	}
	for root, in := range o.roots {
		t.addRoot(root, in)
	}
}

// Reset empties the tally, and keeps memory for the next text but not that of a large one.
func (t *Tally) Reset() {
	const keep = 512 // clearing takes as long as the map was ever large
	for k := range kinds {
		t.counts[k] = 0
		if len(t.values[k]) > keep {
			t.values[k] = nil
		}
		clear(t.values[k])
	}
	if len(t.roots) > keep {
		t.roots = nil
	}
	clear(t.roots)
}

// Empty tells whether nothing has been counted.
func (t *Tally) Empty() bool { return t.counts == [kinds]int{} }

// Counts is how many matches there were of each type that had any.
func (t *Tally) Counts() map[Type]int {
	m := make(map[Type]int)
	for k, n := range t.counts {
		if n > 0 {
			m[typeOf[k]] = n
		}
	}
	return m
}

// Distinct is how many different values there were of each type that had any, up to
// MaxDistinct.
func (t *Tally) Distinct() map[Type]int {
	m := make(map[Type]int)
	for k := range t.values {
		if n := len(t.values[k]); n > 0 {
			m[typeOf[k]] = n
		}
	}
	return m
}

// Persons is at least how many different persons the matches speak of. A CURP and an
// RFC that share their first ten characters are one person. An NSS may be of a person
// already counted, so only the larger of both numbers stands. Companies are no persons.
func (t *Tally) Persons() int {
	mexico := len(t.values[kindCURP])
	for _, in := range t.roots {
		if in == seenInRFC {
			mexico++
		}
	}
	return max(mexico, len(t.values[kindNSS])) + len(t.values[kindDNI]) + len(t.values[kindNIE])
}

func (t *Tally) addRoot(root uint64, in seenIn) {
	if t.roots == nil {
		t.roots = make(map[uint64]seenIn)
	}
	if was, ok := t.roots[root]; ok || len(t.roots) < 2*MaxDistinct {
		t.roots[root] = was | in
	}
}

// add returns the set with tag in it, unless it is full.
func (s set) add(tag uint64) set {
	if s == nil {
		s = make(set)
	}
	if len(s) < MaxDistinct {
		s[tag] = struct{}{}
	}
	return s
}
